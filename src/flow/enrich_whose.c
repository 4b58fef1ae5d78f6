/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose routes a flow sees: DESIGN.md 6, stage 5. Its exporter's, unless a map names agents; and in which
 * VPN. What an exporter, or a router and RD, resolved to is remembered until views come or go.
 */
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "flow/enrich_worker.h"

/* Names the rules that lead from an exporter to a view, so that what was cached by others is not
   taken. Never 0. */
static uint64_t
rules_of(const struct profile *p)
{
	const struct flowmap *bgp = p->map[FLOWMAP_AGENT], *bmp = p->map[FLOWMAP_BMP_AGENT];
	uint64_t maps = (bgp != NULL ? flowmap_digest(bgp) : 0) +
	    (bmp != NULL ? 31 * flowmap_digest(bmp) : 0);

	return maps << 2 | (p->set.by_router_id ? 3 : 1);
}

/* The view of a router and RD, remembered. */
static const struct view *
routed_view(struct enrich *en, const struct profile *p, const struct addr *router, uint64_t rd)
{
	uint32_t generation = rib_generation(en->rib);
	uint64_t rules = rules_of(p), word[3] = { 0, 0, rd };
	struct routed *r;

	memcpy(word, router, sizeof(*router));
	r = &en->routed[hash_words(word, 3, rules) % ROUTED];
	if (r->rules != rules || r->rd != rd || r->generation != generation ||
	    !addr_eq(&r->router, router))
		*r = (struct routed){ .rules = rules, .rd = rd, .router = *router,
		    .generation = generation,
		    .view = view_find(en->rib, router, rd, p->set.by_router_id) };
	return r->view;
}

const struct agent_map agent_maps[AGENT_MAPS] = {
	{ FLOWMAP_AGENT, "bgp_agent_map" },
	{ FLOWMAP_BMP_AGENT, "bmp_agent_map" },
};

/*
 * The agents that the maps name for a flow are a fail-over list: the first that is up, else the first
 * whose routes are still there, else the first.
 */
static void
ask_agent_maps(struct enrich *en, const struct profile *p, const struct flow *flow,
    struct whose *ret)
{
	const struct flowmap_subject subject = { .flow = flow };
	int best = -1;

	*ret = (struct whose){ .router = flow->peer_src_ip };
	for (size_t i = 0; i < AGENT_MAPS && best < 2; i++) {
		const struct flowmap *map = p->map[agent_maps[i].kind];
		const struct flowmap_result *result;
		size_t at = 0;

		while (map != NULL && best < 2 &&
		    (result = flowmap_next(map, &subject, &at)) != NULL) {
			const struct view *view = routed_view(en, p, &result->addr, 0);
			int rank = view == NULL ? 0 : view_is_up(view) ? 2 : 1;

			if (rank <= best)
				continue;
			best = rank;
			*ret = (struct whose){ view, result->addr, agent_maps[i].word, result->line };
		}
	}
}

static bool
has_agent_map(const struct profile *p)
{
	return p->map[FLOWMAP_AGENT] != NULL || p->map[FLOWMAP_BMP_AGENT] != NULL;
}

/* Some rule looks at more than the exporter. */
static bool
asks_per_flow(const struct profile *p)
{
	for (size_t i = 0; i < AGENT_MAPS; i++)
		if (p->map[agent_maps[i].kind] != NULL &&
		    !flowmap_by_exporter(p->map[agent_maps[i].kind]))
			return true;
	return false;
}

/* The exporter's cell, brought up to date. */
static struct seen *
seen_of(struct enrich *en, const struct profile *p, const struct flow *flow)
{
	size_t index = flow->exporter->index;
	uint32_t generation = rib_generation(en->rib);
	uint64_t rules = rules_of(p);
	struct whose whose;
	struct seen *seen;

	if (index >= en->seen_room) {
		size_t room = index * 2 + 16;

		en->seen = mem_grow(en->seen, room, sizeof(*en->seen));
		memset(en->seen + en->seen_room, 0, (room - en->seen_room) * sizeof(*en->seen));
		en->seen_room = room;
	}
	seen = &en->seen[index];
	if (seen->rules == rules && seen->generation == generation &&
	    addr_eq(&seen->addr, &flow->peer_src_ip))
		return seen;
	*seen = (struct seen){ .rules = rules, .generation = generation, .addr = flow->peer_src_ip,
	    .per_flow = asks_per_flow(p) };
	ask_agent_maps(en, p, flow, &whose);
	seen->router = whose.router;
	seen->map = whose.map;
	seen->line = whose.line;
	seen->view = view_find(en->rib, &seen->router, 0, p->set.by_router_id);
	return seen;
}

struct whose
enrich_whose(struct enrich *en, const struct profile *p, const struct flow *flow)
{
	const struct seen *seen = seen_of(en, p, flow);
	struct whose whose = { seen->view, seen->router, seen->map, seen->line };
	uint64_t rd = flow->rd;

	if (seen->per_flow)
		ask_agent_maps(en, p, flow, &whose);
	if (p->map[FLOWMAP_RD] != NULL)
		rd = rd_to_look_in(enrich_rd(en, p, flow));
	if (seen->per_flow || rd != 0)
		whose.view = routed_view(en, p, &whose.router, rd);
	return whose;
}

const struct view *
enrich_view_at(struct enrich *en, const struct profile *p, const struct flow *flow,
    const struct addr *router)
{
	uint64_t rd = p->map[FLOWMAP_RD] != NULL ? rd_to_look_in(enrich_rd(en, p, flow)) : flow->rd;
	struct whose whose = { .router = *router };

	if (has_agent_map(p)) {
		struct flow there = *flow;

		there.peer_src_ip = *router;
		ask_agent_maps(en, p, &there, &whose);
	}
	return routed_view(en, p, &whose.router, rd);
}

/* Where no map is asked: flows of one datagram see the same routes. */
static inline bool
same_router(const struct flow *x, const struct flow *y)
{
	return x->exporter == y->exporter && x->rd == y->rd &&
	    addr_eq(&x->peer_src_ip, &y->peer_src_ip);
}

void
enrich_views(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n)
{
	bool alike = !has_agent_map(p) && p->map[FLOWMAP_RD] == NULL;
	uint64_t no_view = 0;

	for (unsigned i = 0; i < n; i++) {
		if (i > 0 && alike && same_router(&flow[i], &flow[i - 1]))
			en->view[i] = en->view[i - 1];
		else
			en->view[i] = enrich_whose(en, p, &flow[i]).view;
		no_view += en->view[i] == NULL;
	}
	count_add(&en->c.no_view, no_view);
}
