/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one worker's enrichment, for the files that are it: which views its exporters
 * resolve to, and what the stages of a batch hand to each other. No other thread writes here.
 */
#ifndef WB_FLOW_ENRICH_WORKER_H
#define WB_FLOW_ENRICH_WORKER_H

#include "core/mem.h"
#include "flow/enrich_end.h"

#define ROUTED	1024		/* cached (router, RD) pairs, a power of two */
#define RD_MEMOS	1024	/* cached answers of flow_to_rd_map, a power of two */

/* What an exporter, by its index, resolved to. */
struct seen {
	uint64_t rules;			/* by which rules; 0: nothing yet */
	const struct view *view;	/* of the global table */
	struct addr addr;		/* the exporter's address then, and ... */
	struct addr router;		/* ... whose routes its flows see */
	const char *map;		/* by which map, and ... */
	unsigned line;			/* ... its line; 0: the exporter's own address */
	uint32_t generation;
	bool per_flow;			/* the map looks at interfaces: ask it for each flow */
};

struct routed {
	uint64_t rules, rd;
	const struct view *view;
	struct addr router;
	uint32_t generation;
};

/* The route distinguisher of a flow, who said it, and by which line of flow_to_rd_map (0: none). */
struct rd_said {
	uint64_t rd;
	uint8_t origin;			/* enum rd_origin */
	unsigned line;
};

/* What flow_to_rd_map may look at, in whole words, and what it said. */
#define RD_WORDS	7

struct rd_memo {
	uint64_t rules;			/* of the map; 0: nothing yet */
	uint64_t word[RD_WORDS];
	uint64_t rd;
	unsigned line;			/* 0: no rule fits */
};

/* The routers that routes were followed to, for `waybill explain`. */
#define STEPS_MOST	64

struct step {
	struct addr router;
	enum end end;
	bool by_default;		/* else by a next hop */
	uint8_t kind;			/* enum route_kind: what was found there */
};

struct steps {
	struct step step[STEPS_MOST];
	unsigned n;
};

/* Between the stages as well, but only for profiles that ask for it. */
struct after {
	struct addr hint[FLOW_BATCH];		/* bgp_peer_dst_ip_map: which next hop was meant */
	struct path path[ENDS][FLOW_BATCH];	/* records with other numbers or next hops in */
};

/* States of routes by one table of ROAs, as it was made then. */
#define ROA_MEMOS	4096		/* a power of two */

struct roa_memo {
	struct addr addr;
	uint32_t origin;
	uint8_t len;
	char state;			/* 0: nothing yet */
};

struct roa_memos {
	const struct roa_table *roas;
	wall_t made;
	struct roa_memo memo[ROA_MEMOS];
};

struct enrich {
	const struct rib *rib;
	struct enrich_counters c;
	struct seen *seen;
	size_t seen_room;
	struct routed routed[ROUTED];

	/* between the stages of a batch */
	const struct view *view[FLOW_BATCH];
	struct route route[ENDS][FLOW_BATCH];
	const struct network *net[ENDS][FLOW_BATCH];

	/* what most profiles do without */
	struct rd_memo *rd_memo;	/* NULL: no map was asked yet */
	struct steps *steps;		/* NULL: nobody wants to know */
	struct roa_memos *roa_memos;	/* NULL until a profile asks for states */
	struct after *after;		/* NULL until a profile needs it */
	struct tagging_room *tagging;	/* NULL until a profile has a pre_tag_map */
};

/* Whose routes a flow sees. The line is that of the rule that said so, 0 for none. */
struct whose {
	const struct view *view;
	struct addr router;
	const char *map;
	unsigned line;
};

/* The maps that name agents, in the order they are asked. */
#define AGENT_MAPS	2
extern const struct agent_map {
	enum flowmap_kind kind;
	const char *word;
} agent_maps[AGENT_MAPS];

/*
 * In which VPN: the map's word goes before the export's, and that before what options told of the
 * VRF's number (compat/interface.md 7.4). An origin of RD_UNKNOWN is a number that no RD is known
 * for: no route is looked up by it.
 */
struct rd_said enrich_rd(struct enrich *en, const struct profile *p, const struct flow *flow);

static inline uint64_t
rd_to_look_in(struct rd_said said)
{
	return said.origin == RD_UNKNOWN ? 0 : said.rd;
}

struct whose enrich_whose(struct enrich *en, const struct profile *p, const struct flow *flow);

/* The view of each flow of a batch, into en->view. */
void	enrich_views(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n);

/* The view of another router, as if the flow had come from there; bgp_agent_map is asked for it too. */
const struct view *enrich_view_at(struct enrich *en, const struct profile *p,
	    const struct flow *flow, const struct addr *router);

/*
 * What a profile wants done with routes before fields are made of them; each by rounds over the batch.
 *
 * follow    default routes to the next router, and next hops to where traffic leaves
 * replace   peer and origin AS by communities or confederations: a route's record is then one of ours
 */
void	enrich_follow(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n);
void	enrich_replace(struct enrich *en, const struct profile *p, unsigned n);

/* Which next hops were meant by those exported (bgp_peer_dst_ip_map). */
void	enrich_hints(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n);

/* Room for all of these. */
static inline struct after *
enrich_after(struct enrich *en)
{
	if (en->after == NULL)
		en->after = mem_new(sizeof(*en->after));
	return en->after;
}

/* Origin validation of both ends (RFC 6811), into flow->r. */
void	enrich_roa(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n);

/* The three fields of the source's route that a map may give; `field` up to SOURCE_MED. */
enum truth enrich_source_number(const struct enrich *en, const struct profile *p,
	    enum source_field field, const struct flow *flow, const struct said *said,
	    uint32_t *ret, unsigned *ret_line);

#endif
