/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RPKI states of the routes to both ends (RFC 6811 2, compat/interface.md 12). The state of a prefix and
 * origin is remembered. Where a route is invalid, the router's less specific ones are asked, for it may have
 * dropped that route: V, one of them is valid; U, unknown.
 */
#include <string.h>

#include "core/hash.h"
#include "flow/enrich_worker.h"

static struct roa_memos *
memos_for(struct enrich *en, const struct roa_table *roas)
{
	struct roa_memos *m = en->roa_memos;

	if (m == NULL)
		m = en->roa_memos = mem_new(sizeof(*m));
	if (m->roas != roas || m->made.ns != roa_made(roas).ns)
		memset(m, 0, sizeof(*m));
	m->roas = roas;
	m->made = roa_made(roas);
	return m;
}

static char
state_of(struct roa_memos *m, const struct addr *a, uint8_t len, uint32_t origin)
{
	const struct prefix prefix = { .addr = addr_masked(a, len), .len = len };
	uint64_t word[3] = { 0, 0, (uint64_t)origin << 8 | len };
	struct roa_memo *memo;

	memcpy(word, &prefix.addr, sizeof(prefix.addr));
	memo = &m->memo[hash_words(word, 3, 0) % ROA_MEMOS];
	if (memo->state == 0 || memo->len != len || memo->origin != origin ||
	    !addr_eq(&memo->addr, &prefix.addr))
		*memo = (struct roa_memo){ prefix.addr, origin, len,
		    roa_check(m->roas, &prefix, origin) };
	return memo->state;
}

/* A network of the router's own AS has no origin that could be looked up: unknown, as no route is. */
static char
state_of_route(struct roa_memos *m, const struct addr *a, const struct route *route)
{
	if (route->kind != ROUTE_FOUND && route->kind != ROUTE_DEFAULT)
		return ROA_UNKNOWN;
	return state_of(m, a, route->len, route->record->origin_as);
}

static char
judge(const struct enrich *en, struct roa_memos *m, const struct view *view, const struct addr *a,
    struct route route)
{
	char state = state_of_route(m, a, &route);

	if (state != ROA_INVALID)
		return state;
	while (view_shorter(en->rib, view, a, route.len, &route)) {
		state = state_of_route(m, a, &route);
		if (state != ROA_INVALID)
			return state == ROA_VALID ? 'V' : 'U';
	}
	return ROA_INVALID;
}

void
enrich_roa(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n)
{
	const struct roa_table *roas = p->roas != NULL ? roas_now(p->roas) : NULL;
	const bool src = roas != NULL && p->set.after & AFTER_SRC_ROA &&
	    p->set.ask_src & TRUTH_BGP;
	const bool dst = roas != NULL && p->set.ask_dst & TRUTH_BGP;
	struct roa_memos *m = src || dst ? memos_for(en, roas) : NULL;

	for (unsigned i = 0; i < n; i++) {
		flow[i].r.src_roa = flow[i].r.dst_roa = ROA_UNKNOWN;
		if (src)
			flow[i].r.src_roa = (uint8_t)judge(en, m, en->view[i], &flow[i].src,
			    en->route[END_SRC][i]);
		if (dst)
			flow[i].r.dst_roa = (uint8_t)judge(en, m, en->view[i], &flow[i].dst,
			    en->route[END_DST][i]);
	}
}
