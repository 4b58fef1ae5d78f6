/* SPDX-License-Identifier: BSD-2-Clause */
/* From a decoded UPDATE to the RIB: attributes are interned once, then told for runs of NLRIs. */
#include "bgp/session.h"

#define RUN	64			/* NLRIs handed over at a time */

static void
withdraw_part(struct session *s, const struct update_part_nlri *part)
{
	struct rd field = part->nlri;
	struct nlri nlri[RUN];
	size_t n;

	while ((n = nlri_take(part->family, &field, nlri, RUN)) > 0)
		for (size_t i = 0; i < n; i++)
			(void)rib_withdraw(s->teller, &nlri[i]);
}

/* How many the RIB took. */
static size_t
announce_part(struct session *s, const struct update_part_nlri *part, uint32_t path)
{
	struct rd field = part->nlri;
	struct nlri nlri[RUN];
	size_t n, taken, total = 0;

	while ((n = nlri_take(part->family, &field, nlri, RUN)) > 0) {
		taken = rib_announce_many(s->teller, nlri, n, path);
		total += taken;
		if (taken < n)
			break;
	}
	return total;
}

/* The id of the attributes for the routes of one part; 0: not now. */
static uint32_t
path_of(struct session *s, const struct ahead *ahead, unsigned part)
{
	struct attrs attrs = ahead->update.attrs;

	attrs.next_hop = ahead->update.part[part].next_hop;
	if (part == ahead->part)
		return attrs_put_hashed(s->teller, &attrs, &ahead->hash);
	return attrs_put(s->teller, &attrs);
}

bool
routes_tell(struct session *s, const struct ahead *a)
{
	const struct bgp_update *u = &a->update;
	struct bgp_peer_counters *c = &s->peer->c;
	uint64_t came = 0, took = 0, went = 0;
	bool gone = u->verdict >= VERDICT_WITHDRAW;

	for (unsigned i = 0; i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];
		uint32_t path;

		if (part->family == NULL || part->count == 0)
			continue;
		if (i < PART_NLRI || gone) {
			withdraw_part(s, part);
			went += part->count;
			continue;
		}
		if ((path = path_of(s, a, i)) == 0)
			return false;
		took += announce_part(s, part, path);
		came += part->count;
	}
	count_add(&c->announced, took);
	count_add(&c->refused, came - took);
	count_add(&c->withdrawn, went);
	if (took < came)
		peer_log(s->peer, LOG_LVL_WARN, "%llu routes refused: the table is full",
		    (unsigned long long)(came - took));
	return true;
}
