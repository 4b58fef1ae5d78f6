/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Following routes from router to router: default routes (bgp_follow_default), next hops
 * (bgp_follow_nexthop); and the next hop that an exported one stands for (bgp_peer_dst_ip_map).
 *
 * A round takes all flows of the batch that are still on their way a step further. Flows that stand before
 * the same router are looked up together.
 */
#include <string.h>

#include "flow/enrich_worker.h"

#define HOPS_MOST	20		/* of bgp_follow_nexthop, against loops; pmacct's own limit */

/* Flows on their way: where each stands, and what it found there last. */
struct walk {
	uint8_t open[FLOW_BATCH];	/* those still going, by their place in the batch */
	unsigned left;
	const struct view *view[FLOW_BATCH];
	struct addr router[FLOW_BATCH];
	struct route route[FLOW_BATCH];
	uint32_t answer[FLOW_BATCH];	/* ids of next hops; 0: none so far */
	enum end end;
	bool by_default;
};

static const struct addr *
end_of(const struct flow *flow, enum end end)
{
	return end == END_SRC ? &flow->src : &flow->dst;
}

static void
note(struct steps *steps, const struct walk *w, uint8_t i)
{
	if (steps != NULL && steps->n < STEPS_MOST)
		steps->step[steps->n++] = (struct step){ w->router[i], w->end, w->by_default,
		    w->route[i].kind };
}

/* Look every open flow's end up where it stands. */
static void
step(const struct enrich *en, struct walk *w, const struct flow *flow)
{
	const struct view *view[FLOW_BATCH];
	struct addr addr[FLOW_BATCH];
	struct route route[FLOW_BATCH];
	const struct view_end end = { { addr, sizeof(addr[0]) }, { NULL, 0 }, route };

	for (unsigned k = 0; k < w->left; k++) {
		view[k] = w->view[w->open[k]];
		addr[k] = *end_of(&flow[w->open[k]], w->end);
	}
	view_lookup_ends(en->rib, view, &end, 1, w->left);
	for (unsigned k = 0; k < w->left; k++) {
		w->route[w->open[k]] = route[k];
		note(en->steps, w, w->open[k]);
	}
}

/* ---- default routes ---------------------------------------------------------------------- */

/* Which of the open flows have a router at the end of their default route that we know. */
static void
to_gateways(struct enrich *en, const struct profile *p, struct walk *w, const struct flow *flow)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < w->left; k++) {
		uint8_t i = w->open[k];
		const struct view *here = w->view[i];
		struct addr hop = rib_addr(en->rib, w->route[i].record->next_hop);

		w->router[i] = hop;
		w->view[i] = addr_is_set(&hop) ? enrich_view_at(en, p, &flow[i], &hop) : NULL;
		if (w->view[i] != NULL && w->view[i] != here)
			w->open[kept++] = i;
	}
	w->left = kept;
}

/* What they found there. A route ends the way; no route leaves the answer of the router before. */
static void
take_found(struct enrich *en, struct walk *w)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < w->left; k++) {
		uint8_t i = w->open[k];

		if (w->route[i].kind == ROUTE_DEFAULT)
			w->open[kept++] = i;
		else if (w->route[i].kind != ROUTE_NONE)
			en->route[w->end][i] = w->route[i];
	}
	w->left = kept;
}

static void
follow_default(struct enrich *en, const struct profile *p, const struct flow *flow, enum end end,
    unsigned n)
{
	struct walk w;

	w.left = 0;
	w.end = end;
	w.by_default = true;
	for (unsigned i = 0; i < n; i++) {
		if (en->route[end][i].kind != ROUTE_DEFAULT)
			continue;
		w.view[i] = en->view[i];
		w.route[i] = en->route[end][i];
		w.open[w.left++] = (uint8_t)i;
	}
	for (unsigned round = 0; round < p->set.follow_default && w.left > 0; round++) {
		to_gateways(en, p, &w, flow);
		step(en, &w, flow);
		take_found(en, &w);
	}
}

/* ---- next hops --------------------------------------------------------------------------- */

static bool
is_followed(const struct profile *p, const struct addr *hop)
{
	for (unsigned i = 0; i < p->follows; i++)
		if (prefix_covers(&p->follow[i], hop))
			return true;
	return false;
}

/*
 * Take what the open flows found: the next hop of where each stands. Inside of the prefixes it is the
 * answer so far, and the way goes on there where that is another router that we know.
 */
static void
to_next_hops(struct enrich *en, const struct profile *p, struct walk *w, const struct flow *flow)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < w->left; k++) {
		uint8_t i = w->open[k];
		const struct view *here = w->view[i];
		uint32_t id = w->route[i].record->next_hop;
		struct addr hop = rib_addr(en->rib, id);
		bool inside = is_followed(p, &hop);

		if (w->route[i].kind == ROUTE_NONE || !addr_is_set(&hop))
			continue;
		if (inside || (p->set.after & AFTER_EXTERNAL && w->answer[i] != 0))
			w->answer[i] = id;
		if (!inside)
			continue;
		w->router[i] = hop;
		w->view[i] = enrich_view_at(en, p, &flow[i], &hop);
		if (w->view[i] != NULL && w->view[i] != here)
			w->open[kept++] = i;
	}
	w->left = kept;
}

/* The flow's route with another next hop, in a record of ours. */
static void
put_next_hop(struct enrich *en, unsigned i, uint32_t id)
{
	struct path *path = &enrich_after(en)->path[END_DST][i];

	*path = *en->route[END_DST][i].record;
	path->next_hop = id;
	en->route[END_DST][i].record = path;
}

static void
follow_next_hops(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n)
{
	struct walk w;

	w.left = 0;
	w.end = END_DST;
	w.by_default = false;
	memset(w.answer, 0, sizeof(w.answer));
	for (unsigned i = 0; i < n; i++) {
		w.view[i] = en->view[i];
		w.route[i] = en->route[END_DST][i];
		w.open[w.left++] = (uint8_t)i;
	}
	to_next_hops(en, p, &w, flow);
	for (unsigned round = 0; round < HOPS_MOST && w.left > 0; round++) {
		step(en, &w, flow);
		to_next_hops(en, p, &w, flow);
	}
	for (unsigned i = 0; i < n; i++)
		if (w.answer[i] != 0)
			put_next_hop(en, i, w.answer[i]);
}

void
enrich_follow(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n)
{
	if (p->set.after & AFTER_DEFAULT)
		for (enum end end = END_SRC; end < ENDS; end++)
			follow_default(en, p, flow, end, n);
	if (p->set.after & AFTER_HOPS)
		follow_next_hops(en, p, flow, n);
}

/* ---- what an exported next hop stands for ------------------------------------------------ */

void
enrich_hints(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n)
{
	struct addr *hint = enrich_after(en)->hint;

	for (unsigned i = 0; i < n; i++) {
		const struct flowmap_subject subject = { .flow = &flow[i],
		    .bgp_next_hop = flow[i].bgp_next_hop };
		const struct flowmap_result *result = flowmap_match(p->map[FLOWMAP_PEER_DST_IP],
		    &subject);

		hint[i] = result != NULL ? result->addr : flow[i].bgp_next_hop;
	}
}
