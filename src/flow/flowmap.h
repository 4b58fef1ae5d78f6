/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps over flows: rules of key=value tests, of which the first that fits says something about a
 * flow (compat/interface.md 8.3, 8.5). Compiled by the loader, read-only afterwards.
 */
#ifndef WB_FLOW_FLOWMAP_H
#define WB_FLOW_FLOWMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "flow/flow.h"

enum flowmap_kind {
	FLOWMAP_AGENT,			/* bgp_agent_map: whose routes an exporter's flows see */
	FLOWMAP_PEER_SRC_AS,		/* bgp_peer_src_as_map */
	FLOWMAP_SRC_LOCAL_PREF,		/* bgp_src_local_pref_map */
	FLOWMAP_SRC_MED,		/* bgp_src_med_map */
	FLOWMAP_BMP_AGENT,		/* bmp_agent_map: asked after bgp_agent_map */
	FLOWMAP_RD,			/* flow_to_rd_map: in which VPN a flow is looked up */
	FLOWMAP_PEER_DST_IP,		/* bgp_peer_dst_ip_map: which next hop an exported one stands for */
	FLOWMAP_KINDS
};

/* What rules may test: the flow, and what the routes said about its source. */
struct flowmap_subject {
	const struct flow *flow;
	struct addr bgp_next_hop;
	uint32_t peer_as;
};

/* What a rule gives. */
struct flowmap_result {
	unsigned line;			/* of the rule, for people */
	bool from_bgp;			/* id=bgp: the routes decide */
	uint32_t number;
	uint64_t rd;			/* id= of flow_to_rd_map */
	struct addr addr;		/* bgp_ip=, bmp_ip=, id= of bgp_peer_dst_ip_map */
};

struct flowmap;

struct flowmap *flowmap_load(enum flowmap_kind kind, const char *path, struct conf_notes *notes);
void	flowmap_free(struct flowmap *map);

/* The first rule that fits; NULL where none does. */
const struct flowmap_result *flowmap_match(const struct flowmap *map,
	    const struct flowmap_subject *subject);

/* All rules that fit, one after the other: *at starts as 0. NULL behind the last. */
const struct flowmap_result *flowmap_next(const struct flowmap *map,
	    const struct flowmap_subject *subject, size_t *at);

/* No rule looks at more than the exporter's address: one answer holds for all its flows. */
bool	flowmap_by_exporter(const struct flowmap *map);

/* Equal for maps of equal rules: what was cached of one holds for the other. Never 0. */
uint64_t flowmap_digest(const struct flowmap *map);

#endif
