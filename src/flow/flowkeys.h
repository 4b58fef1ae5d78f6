/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of all maps over flows, a row each (conf/rules.h): what rules of pre_tag_map,
 * bgp_agent_map, flow_to_rd_map and their kin may test, and what they may say. Which maps know a
 * key stands in its row.
 */
#ifndef WB_FLOW_FLOWKEYS_H
#define WB_FLOW_FLOWKEYS_H

#include "conf/rules.h"
#include "flow/flow.h"

struct rib;

enum flowmap_kind {
	FLOWMAP_AGENT,			/* bgp_agent_map: whose routes an exporter's flows see */
	FLOWMAP_PEER_SRC_AS,		/* bgp_peer_src_as_map */
	FLOWMAP_SRC_LOCAL_PREF,		/* bgp_src_local_pref_map */
	FLOWMAP_SRC_MED,		/* bgp_src_med_map */
	FLOWMAP_BMP_AGENT,		/* bmp_agent_map: asked after bgp_agent_map */
	FLOWMAP_RD,			/* flow_to_rd_map: in which VPN a flow is looked up */
	FLOWMAP_PEER_DST_IP,		/* bgp_peer_dst_ip_map: which next hop an exported one stands for */
	FLOWMAP_KINDS,
	FLOWMAP_TAGS = FLOWMAP_KINDS,	/* pre_tag_map: see flow/tagging.h */
};

/*
 * What rules may test: the flow, and what the routes said about it. pre_tag_map is asked when the
 * flow's own fields have it already, so that it looks at those; others are asked on the way to
 * them.
 */
struct flowmap_subject {
	const struct flow *flow;
	const struct rib *rib;		/* where communities are spelled; only for pre_tag_map */
	struct addr bgp_next_hop;	/* not for pre_tag_map, and so is the next one */
	uint32_t peer_as;
};

/* What a rule gives. */
struct flowmap_result {
	unsigned line;			/* of the rule, for people */
	bool is_said, from_bgp;		/* id=bgp: the routes decide */
	uint32_t number;
	uint64_t rd;			/* id= of flow_to_rd_map */
	struct addr addr;		/* bgp_ip=, bmp_ip=, id= of bgp_peer_dst_ip_map */
};

/* The same of pre_tag_map. */
enum tag_sets { SETS_TAG = 1, SETS_TAG2 = 2, SETS_LABEL = 4, SETS_TOS = 8, SETS_IGNORE = 16 };
enum tag_stack { STACK_NONE, STACK_SUM, STACK_OR };

struct tag_result {
	uint8_t sets;			/* enum tag_sets */
	uint8_t stack;			/* enum tag_stack */
	uint8_t tos;
	bool rising : 1;		/* N++: one more each time it fits */
	bool crowded : 1;		/* more than one of set_tag, set_tag2, set_label: refused */
	/* Of a number: which counter, see flow/tagging.c; of a label: its names id, 0 until
	   tagging_use_names. */
	uint32_t id;
	union {
		uint64_t tag;		/* or tag2 */
		char *text;		/* the label's; with SETS_LABEL */
	};
};

/* A kind of map without its results; `what` follows from the kind. */
extern const struct rules_key flow_keys[];
extern const size_t flow_key_count;

/* The place of a key that only looks at the exporter's address, in flow_keys: for rules_tests. */
#define FLOW_KEY_IP	0

#endif
