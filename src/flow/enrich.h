/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enrichment: from a decoded flow to the fields that keys are made of (flow->r). What depends on
 * an output's settings (`*_net`, `*_as`, networks_*, ports_file, ...) is a profile; outputs with
 * equal settings share one. A profile and all files behind it are compiled by the loader, are
 * read-only afterwards and are switched by one pointer.
 */
#ifndef WB_FLOW_ENRICH_H
#define WB_FLOW_ENRICH_H

#include "conf/conf.h"
#include "core/names.h"
#include "flow/exporter.h"
#include "flow/flow.h"
#include "rib/view.h"

/*
 * What the plans of a profile need, so that stages nobody asks for are not run. SRC_ROUTE and
 * DST_ROUTE say of which end, the others what of it.
 */
enum enrich_needs {
	ENRICH_SRC_ROUTE = 1u << 0,	/* src_as, src_net, src_mask, src_* attributes */
	ENRICH_DST_ROUTE = 1u << 1,
	ENRICH_ATTRS = 1u << 2,		/* the hot records */
	ENRICH_COMMS = 1u << 3,		/* community sets */
	ENRICH_NETS = 1u << 4,		/* masked addresses */
	ENRICH_HOSTS = 1u << 5,		/* hosts, to which the networks filter applies */
	ENRICH_PORTS = 1u << 6,		/* ports, protocol, ToS, to which lists apply */
	ENRICH_SRC_ATTRS = 1u << 7,	/* src_* attributes, peer_src_as */
	ENRICH_AS = 1u << 8,
	ENRICH_PEER_DST_IP = 1u << 9,
	ENRICH_RD = 1u << 10,
	ENRICH_TAGS = 1u << 11,
	ENRICH_ROA = 1u << 12,		/* origin validation (RPKI) of the ends whose routes are asked for */
};

struct profile;

/*
 * Compile the settings of an output (or of all: CONF_ALL). Errors go to notes with file and line
 * and give NULL. `prefix` is the input's: "nfacctd". profile_equal tells which can be shared.
 */
struct profile *profile_compile(const struct conf *conf, size_t output, const char *prefix,
	    uint32_t needs, struct conf_notes *notes);
bool	profile_equal(const struct profile *a, const struct profile *b);

/*
 * The same in two steps, of which the second one reads the files: for profiles that turn out to be
 * shared it is left out. The first one never gives NULL; after errors the second one tells those of the
 * files as well.
 */
struct profile *profile_prepare(const struct conf *conf, size_t output, const char *prefix,
	    uint32_t needs, struct conf_notes *notes);
void	profile_load(struct profile *p, struct conf_notes *notes);

/*
 * Before it is published: let p serve the plans of `other` as well, which differ at most in what
 * they need. False, and p as it was, where their settings differ.
 */
bool	profile_share(struct profile *p, const struct profile *other);
void	profile_free(struct profile *p);

/* Before it is published: where the states of routes come from; borrowed for its life. NULL: nowhere. */
struct roas;
void	profile_use_roas(struct profile *p, const struct roas *roas);

/*
 * Which of HOSTS, PORTS and TAGS this profile may make something else of than the record said.
 * Plans take the others from the record.
 */
uint32_t profile_decides(const struct profile *p);

/* Some rule of its pre_tag_map says that flows are for no output (FLOW_IGNORED). */
bool	profile_ignores(const struct profile *p);

/* Before it is published: where labels of its pre_tag_map get their ids. */
void	profile_use_names(struct profile *p, struct names *names);

/* State of one worker: the views its exporters resolve to. */
struct enrich;
struct enrich *enrich_new(const struct rib *rib);	/* rib may be NULL: no BGP */
void	enrich_free(struct enrich *en);

/* Fill flow->r of n flows, for this profile. Inside an epoch. */
void	enrich_batch(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n);

/*
 * Each step for one flow, for `waybill explain`: what every source said and which of them set each
 * field. Members of an object that the caller opened. Runs and counts as a batch of one.
 */
void	enrich_explain(struct enrich *en, const struct profile *p, struct flow *flow,
	    struct json *j);

/* Shares of the books that only the enrichment knows: bytes zeroed by the networks filter, flows
   without a view, without a route. */
struct enrich_counters {
	counter_t flows, no_view, no_src_route, no_dst_route, default_only, own_prefix;
	counter_t filtered_hosts, filtered_bytes;	/* by ends: a flow has two */
	counter_t filtered_flow_bytes;			/* of flows with both ends zeroed */
};
extern const struct counter_row enrich_counter_rows[];
extern const size_t enrich_counter_count;
const struct enrich_counters *enrich_counters(const struct enrich *en);

#endif
