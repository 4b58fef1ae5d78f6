/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other AS numbers than a path's record has: by communities, for networks of our own
 * (bgp_stdcomm_pattern_to_asn, bgp_lrgcomm_pattern_to_asn), and the first AS outside of a confederation
 * (bgp_peer_as_skip_subas). The route gets a record of ours, so that whoever fills fields sees no
 * difference. The text of communities is judged once per list and batch: ids are good that long.
 */
#include "flow/enrich_worker.h"

#define MEMOS	64			/* of one batch, a power of two */

struct as_memo {
	uint32_t comm_set;		/* 0: nothing yet */
	bool alone, found;
	uint32_t peer, origin;
};

static bool
ask_pattern(const struct enrich *en, const struct commpat *cp, enum attr_kind kind, uint32_t id,
    struct as_memo *memo)
{
	const uint8_t *bytes;
	size_t len;

	if (cp == NULL || id == 0)
		return false;
	bytes = rib_attr(en->rib, kind, id, &len);
	return commpat_as(cp, kind, bytes, len, &memo->peer, &memo->origin);
}

static const struct as_memo *
as_of_communities(const struct enrich *en, const struct profile *p, const struct path *path,
    struct as_memo *memos)
{
	struct as_memo *memo = &memos[path->comm_set % MEMOS];
	bool alone = (path->flags & PATH_COMMS_ALONE) != 0;
	struct comm_set comms;

	if (memo->comm_set == path->comm_set && memo->alone == alone)
		return memo;
	comms = rib_comms(en->rib, path);
	*memo = (struct as_memo){ .comm_set = path->comm_set, .alone = alone };
	memo->found = ask_pattern(en, p->std_as, ATTR_COMMS, comms.comms, memo) ||
	    ask_pattern(en, p->lrg_as, ATTR_LCOMMS, comms.lcomms, memo);
	return memo;
}

static uint32_t
external_as(const struct enrich *en, const struct path *path)
{
	size_t len;
	const uint8_t *bytes = rib_attr(en->rib, ATTR_ASPATH, path->aspath, &len);

	return aspath_first_external(bytes, len);
}

/* The record to go by; false: the route's own. */
static bool
other_record(const struct enrich *en, const struct profile *p, const struct route *route,
    struct as_memo *memos, struct path *ret)
{
	const struct path *path = route->record;
	const struct as_memo *memo;

	if (p->set.after & AFTER_SUBAS && path->flags & PATH_CONFED) {
		*ret = *path;
		ret->peer_as = external_as(en, path);
		return true;
	}
	if (!(p->set.after & AFTER_ASN) || route->kind != ROUTE_OWN || path->comm_set == 0)
		return false;
	memo = as_of_communities(en, p, path, memos);
	if (!memo->found)
		return false;
	*ret = *path;
	ret->peer_as = memo->peer;
	ret->origin_as = memo->origin;
	return true;
}

void
enrich_replace(struct enrich *en, const struct profile *p, unsigned n)
{
	struct as_memo memos[MEMOS] = { { 0 } };
	struct after *after = enrich_after(en);

	for (enum end end = END_SRC; end < ENDS; end++)
		for (unsigned i = 0; i < n; i++)
			if (other_record(en, p, &en->route[end][i], memos, &after->path[end][i]))
				en->route[end][i].record = &after->path[end][i];
}
