/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A profile, as the files of the enrichment see it: an output's settings in compiled form, with
 * the tables behind them. Read-only once compiled.
 */
#ifndef WB_FLOW_PROFILE_H
#define WB_FLOW_PROFILE_H

#include "flow/enrich.h"
#include "flow/flowmap.h"
#include "flow/lists.h"
#include "flow/networks.h"
#include "flow/tagging.h"
#include "rib/commpat.h"
#include "rib/roa.h"

/* Who may say what an end's AS or network is; in the order in which a tie is decided. */
enum truth {
	TRUTH_NONE = 0,
	TRUTH_FILE = 1 << 0,		/* networks_file */
	TRUTH_EXPORT = 1 << 1,		/* NetFlow, sFlow */
	TRUTH_BGP = 1 << 2,
	TRUTH_MASK = 1 << 3,		/* networks_mask; networks only */
	TRUTH_MAP = 1 << 4,		/* bgp_*_map; fields of the source's route only */
};

/* Fields that a route to the source may give; each has a key of its own, `bgp_..._type`. */
enum source_field {
	SOURCE_PEER_AS, SOURCE_LOCAL_PREF, SOURCE_MED, SOURCE_AS_PATH,
	SOURCE_COMMS, SOURCE_ECOMMS, SOURCE_LCOMMS, SOURCE_FIELDS
};

enum profile_file {
	FILE_NETWORKS, FILE_PORTS, FILE_PROTOS, FILE_TOS,
	FILE_AGENT, FILE_PEER_SRC_AS, FILE_SRC_LOCAL_PREF, FILE_SRC_MED,
	FILE_BMP_AGENT, FILE_RD, FILE_PEER_DST_IP, FILE_PRE_TAG,
	PROFILE_FILES
};

/* No padding and no pointers: two are compared as bytes. */
struct settings {
	uint32_t needs;			/* enum enrich_needs */
	uint8_t as_from, net_from;	/* enum truth; several: the longest decides */
	uint8_t source_from[SOURCE_FIELDS];
	uint8_t mask;			/* networks_mask */
	uint8_t filter;			/* enum filter */
	uint8_t file_first;		/* networks_file_no_lpm */
	uint8_t keep_unmasked;		/* networks_no_mask_if_zero */
	uint8_t use_ip_next_hop;
	uint8_t by_router_id;		/* not bgp_disable_router_id_check */
	uint8_t default_origin;		/* bgp_default_origin */
	uint8_t ask_src, ask_dst;	/* enum truth: what has to be looked up, from the above */
	uint8_t after;			/* enum after_lookup */
	uint8_t follow_default;		/* how often */
};

enum filter {
	FILTER_NONE,
	FILTER_HOSTS,			/* pmacct 0.14.1: a networks file that nothing else uses */
	FILTER_ALL,			/* networks_file_filter: hosts and networks */
};

/* What is done with routes between lookup and fields; most profiles have none of it. */
enum after_lookup {
	AFTER_DEFAULT = 1 << 0,		/* bgp_follow_default */
	AFTER_HOPS = 1 << 1,		/* bgp_follow_nexthop */
	AFTER_EXTERNAL = 1 << 2,	/* bgp_follow_nexthop_external */
	AFTER_ASN = 1 << 3,		/* bgp_stdcomm_pattern_to_asn, bgp_lrgcomm_pattern_to_asn */
	AFTER_SUBAS = 1 << 4,		/* bgp_peer_as_skip_subas */
	AFTER_SRC_ROA = 1 << 5,		/* bgp_src_roa_type: src_roa is more than unknown */
};

#define FOLLOW_PREFIXES	32

struct profile {
	struct settings set;
	char *path[PROFILE_FILES];		/* NULL: none */
	unsigned missing;			/* a bit for each that cannot be read, which was said */
	struct networks *networks;
	struct list *list[LIST_KINDS];
	struct flowmap *map[FLOWMAP_KINDS];
	struct tagging *tagging;		/* pre_tag_map; NULL: none */
	/* Of keys that hold for all outputs, so that they are no part of what tells profiles apart: */
	struct prefix follow[FOLLOW_PREFIXES];	/* bgp_follow_nexthop */
	unsigned follows;
	struct commpat *std_as, *lrg_as;	/* of the patterns to_asn, NULL: none */
	const struct roas *roas;		/* the setup's or the cache's; NULL: none is asked */
};

#endif
