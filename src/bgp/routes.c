/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a decoded UPDATE to the RIB: attributes are interned once, then told for each run of NLRIs.
 * Most UPDATEs have the attributes of the one before; these are not even asked for again.
 */
#include "bgp/session.h"

#include <assert.h>
#include <string.h>

#define RUN	64			/* NLRIs handed over at a time */

static bool
same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool
same_attrs(const struct attrs *a, const struct attrs *b)
{
	return addr_eq(&a->next_hop, &b->next_hop) && a->origin == b->origin &&
	    a->has_med == b->has_med && a->med == b->med &&
	    a->has_local_pref == b->has_local_pref && a->local_pref == b->local_pref &&
	    same_bytes(a->aspath, a->aspath_len, b->aspath, b->aspath_len) &&
	    same_bytes(a->comms, a->comms_len, b->comms, b->comms_len) &&
	    same_bytes(a->ecomms, a->ecomms_len, b->ecomms, b->ecomms_len) &&
	    same_bytes(a->lcomms, a->lcomms_len, b->lcomms, b->lcomms_len);
}

static const uint8_t *
keep_bytes(struct wr *w, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = w->at;

	wr_bytes(w, bytes, len);
	return at;
}

static void
memo_keep(struct attrs_memo *memo, const struct attrs *a, uint32_t path, uint64_t slice)
{
	struct wr w = wr_of(memo->bytes, sizeof(memo->bytes));

	memo->attrs = *a;
	memo->attrs.aspath = keep_bytes(&w, a->aspath, a->aspath_len);
	memo->attrs.comms = keep_bytes(&w, a->comms, a->comms_len);
	memo->attrs.ecomms = keep_bytes(&w, a->ecomms, a->ecomms_len);
	memo->attrs.lcomms = keep_bytes(&w, a->lcomms, a->lcomms_len);
	memo->path = w.bad ? 0 : path;
	memo->slice = slice;
}

/* The id of the attributes, from the memo where that is of this slice; 0: not now. */
static uint32_t
path_of(struct session *s, const struct attrs *a)
{
	struct attrs_memo *memo = &s->memo;
	uint32_t path;

	if (memo->path != 0 && memo->slice == s->bgp->slice && same_attrs(&memo->attrs, a))
		return memo->path;
	path = attrs_put(s->teller, a);
	memo_keep(memo, a, path, s->bgp->slice);
	return path;
}

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

bool
routes_tell(struct session *s, const struct bgp_update *u)
{
	struct bgp_peer_counters *c = &s->peer->c;
	uint64_t came = 0, took = 0, went = 0;
	bool gone = u->verdict >= VERDICT_WITHDRAW;

	for (int i = 0; i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];
		struct attrs attrs = u->attrs;
		uint32_t path;

		if (part->family == NULL || part->count == 0)
			continue;
		if (i < PART_NLRI || gone) {
			withdraw_part(s, part);
			went += part->count;
			continue;
		}
		attrs.next_hop = part->next_hop;
		if ((path = path_of(s, &attrs)) == 0)
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
