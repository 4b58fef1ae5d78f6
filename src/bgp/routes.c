/* SPDX-License-Identifier: BSD-2-Clause */
/* From a decoded UPDATE to the RIB: attributes are interned once, then told for runs of NLRIs. */
#include "bgp/routes.h"

#define RUN	64			/* NLRIs handed over at a time */

/* What a monitored VRF tells without route distinguishers is of that VRF's table. */
static void
place(const struct telling *t, struct nlri *nlri, size_t n)
{
	for (size_t i = 0; t->rd != 0 && i < n; i++)
		if (nlri[i].rd == 0)
			nlri[i].rd = t->rd;
}

static void
withdraw_part(const struct telling *t, const struct update_part_nlri *part)
{
	struct rd field = part->nlri;
	struct nlri nlri[RUN];
	size_t n;

	while ((n = nlri_take(part->family, part->form, &field, nlri, RUN)) > 0) {
		place(t, nlri, n);
		for (size_t i = 0; i < n; i++)
			(void)rib_withdraw(t->teller, &nlri[i]);
	}
}

/* How many the RIB took. */
static size_t
announce_part(const struct telling *t, const struct update_part_nlri *part, uint32_t path)
{
	struct rd field = part->nlri;
	struct nlri nlri[RUN];
	size_t n, taken, total = 0;

	while ((n = nlri_take(part->family, part->form, &field, nlri, RUN)) > 0) {
		place(t, nlri, n);
		taken = rib_announce_many(t->teller, nlri, n, path);
		total += taken;
		if (taken < n)
			break;
	}
	return total;
}

/* The id of the attributes for the routes of one part; 0: not now. */
static uint32_t
path_of(const struct telling *t, const struct bgp_update *u, unsigned part)
{
	struct attrs attrs = u->attrs;

	attrs.next_hop = u->part[part].next_hop;
	if (t->hash != NULL && part == t->hashed)
		return attrs_put_hashed(t->teller, &attrs, t->hash);
	return attrs_put(t->teller, &attrs);
}

bool
routes_tell(const struct telling *t, const struct bgp_update *u, struct told *ret)
{
	uint64_t came = 0, took = 0, went = 0;
	bool gone = u->verdict >= VERDICT_WITHDRAW;

	for (unsigned i = 0; i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];
		uint32_t path;

		if (part->family == NULL || part->count == 0)
			continue;
		if (i < PART_NLRI || gone) {
			withdraw_part(t, part);
			went += part->count;
			continue;
		}
		if ((path = path_of(t, u, i)) == 0)
			return false;
		took += announce_part(t, part, path);
		came += part->count;
	}
	*ret = (struct told){ .announced = took, .refused = came - took, .withdrawn = went };
	return true;
}
