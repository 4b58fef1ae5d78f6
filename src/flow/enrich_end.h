/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of a flow: what every source says about it, and whose word counts. Pure functions, so
 * that the batch and `waybill explain` decide by the same lines (compat/interface.md 7.1).
 */
#ifndef WB_FLOW_ENRICH_END_H
#define WB_FLOW_ENRICH_END_H

#include "flow/profile.h"

enum end { END_SRC, END_DST, ENDS };

/* What is known about an end. Pointers are borrowed for the batch. */
struct said {
	const struct addr *addr;
	const struct network *net;	/* networks_file; NULL: not covered, or not asked */
	const struct route *route;	/* BGP; kind ROUTE_NONE as well where it was not asked */
	const struct path *path;	/* its record; zeros where there is none */
	uint32_t as;			/* as exported ... */
	uint8_t mask;
	bool has_as, has_mask;		/* ... and whether it was */
};

/* Who won, and what that means. */
struct choice {
	uint8_t as_from, net_from;	/* enum truth */
	uint8_t len;			/* of the network */
	uint32_t as;
};

static inline struct said
said_of(const struct flow *flow, enum end end, const struct network *net,
    const struct route *route)
{
	bool src = end == END_SRC;

	return (struct said){
		.addr = src ? &flow->src : &flow->dst, .net = net, .route = route,
		.path = route->record,
		.as = src ? flow->src_as : flow->dst_as,
		.mask = src ? flow->src_mask : flow->dst_mask,
		.has_as = flow->has & (src ? FLOW_HAS_SRC_AS : FLOW_HAS_DST_AS),
		.has_mask = flow->has & (src ? FLOW_HAS_SRC_MASK : FLOW_HAS_DST_MASK),
	};
}

/*
 * The origin AS. The longest prefix decides, a tie goes to the later of file, export, BGP. A
 * default route names no origin unless the operator wants it so; the router's own prefix does: 0.
 */
static inline __attribute__((always_inline)) void
choose_as(const struct settings *set, const struct said *said, struct choice *choice)
{
	int best = -1, len;

	choice->as_from = TRUTH_NONE;
	choice->as = 0;
	if ((set->as_from & TRUTH_FILE) && said->net != NULL) {
		*choice = (struct choice){ .as_from = TRUTH_FILE, .as = said->net->as };
		best = set->file_first ? 255 : said->net->len;
	}
	len = said->has_mask ? said->mask : 0;
	if ((set->as_from & TRUTH_EXPORT) && said->has_as && len >= best) {
		choice->as_from = TRUTH_EXPORT;
		choice->as = said->as;
		best = len;
	}
	if ((set->as_from & TRUTH_BGP) && said->route->len >= best &&
	    (said->route->kind == ROUTE_FOUND || said->route->kind == ROUTE_OWN ||
	    (said->route->kind == ROUTE_DEFAULT && set->default_origin))) {
		choice->as_from = TRUTH_BGP;
		choice->as = said->path->origin_as;
	}
}

/* The network's length, by the same rule; networks_mask cuts what a networks file gives. */
static inline __attribute__((always_inline)) void
choose_net(const struct settings *set, const struct said *said, struct choice *choice)
{
	int best = -1;

	choice->net_from = TRUTH_NONE;
	choice->len = 0;
	if ((set->net_from & TRUTH_FILE) && said->net != NULL) {
		choice->net_from = TRUTH_FILE;
		choice->len = said->net->len;
		best = set->file_first ? 255 : said->net->len;
	}
	if ((set->net_from & TRUTH_EXPORT) && said->has_mask && said->mask >= best) {
		choice->net_from = TRUTH_EXPORT;
		choice->len = said->mask;
		best = said->mask;
	}
	if ((set->net_from & TRUTH_BGP) && said->route->kind != ROUTE_NONE &&
	    said->route->len >= best) {
		choice->net_from = TRUTH_BGP;
		choice->len = said->route->len;
	}
	if (set->net_from == TRUTH_MASK)
		choice->net_from = TRUTH_MASK;
	if ((set->net_from & TRUTH_MASK) &&
	    (choice->net_from == TRUTH_MASK || choice->len > set->mask))
		choice->len = set->mask;
}

static inline __attribute__((always_inline)) struct choice
choose(const struct settings *set, const struct said *said)
{
	struct choice choice;
	uint8_t bits = addr_bits(said->addr);

	choose_as(set, said, &choice);
	choose_net(set, said, &choice);
	if (choice.len > bits)
		choice.len = bits;
	return choice;
}

/*
 * The neighbour AS towards the destination: the winner's, or where a networks file or an export
 * does not say one, the next source's that does. BGP's 0 is an answer: the router's own prefix.
 */
static inline enum truth
choose_peer_as(const struct settings *set, const struct choice *choice, const struct said *said,
    const struct flow *flow, uint32_t *ret_as)
{
	bool bgp = (set->as_from & TRUTH_BGP) && said->route->kind != ROUTE_NONE;
	bool export = (set->as_from & TRUTH_EXPORT) && (flow->has & FLOW_HAS_PEER_DST_AS);
	bool file = (set->as_from & TRUTH_FILE) && said->net != NULL && said->net->peer_as != 0;
	enum truth from = bgp ? TRUTH_BGP : export ? TRUTH_EXPORT : file ? TRUTH_FILE : TRUTH_NONE;

	if (choice->as_from == TRUTH_FILE && file)
		from = TRUTH_FILE;
	else if (choice->as_from == TRUTH_EXPORT && export)
		from = TRUTH_EXPORT;
	*ret_as = from == TRUTH_BGP ? said->path->peer_as :
	    from == TRUTH_EXPORT ? flow->peer_dst_as :
	    from == TRUTH_FILE ? said->net->peer_as : 0;
	return from;
}

/* The next hop as exported: a BGP next hop, else a plain one where the operator allows it. */
static inline const struct addr *
exported_hop(const struct settings *set, const struct flow *flow)
{
	if (flow->has & FLOW_HAS_BGP_NEXT_HOP)
		return &flow->bgp_next_hop;
	if (set->use_ip_next_hop && (flow->has & FLOW_HAS_IP_NEXT_HOP))
		return &flow->ip_next_hop;
	return NULL;
}

/* Whose next hop is peer_dst_ip; as for the neighbour AS, but by who gave the network. */
static inline enum truth
choose_hop(const struct settings *set, const struct choice *choice, const struct said *said,
    const struct flow *flow)
{
	uint8_t by = set->net_from;
	bool bgp = (by & TRUTH_BGP) && said->path->next_hop != 0;
	bool export = (by & TRUTH_EXPORT || by == TRUTH_MASK) &&
	    exported_hop(set, flow) != NULL;
	bool file = (by & TRUTH_FILE) && said->net != NULL && said->net->hop != 0;

	if (choice->net_from == TRUTH_FILE && file)
		return TRUTH_FILE;
	if (choice->net_from == TRUTH_EXPORT && export)
		return TRUTH_EXPORT;
	return bgp ? TRUTH_BGP : export ? TRUTH_EXPORT : file ? TRUTH_FILE : TRUTH_NONE;
}

#endif
