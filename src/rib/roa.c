/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table: entries found by their prefix, and for each family which lengths there are at all, so
 * that a route asks only for those. A file has some twenty lengths of IPv4, thirty of IPv6.
 */
#include "rib/roa.h"

#include <stdbool.h>

#include "core/hash.h"
#include "core/mem.h"

struct roa {
	struct prefix prefix;
	uint8_t max_len;
	uint32_t as;
};

struct roa_table {
	struct roa *roa;
	size_t count, room;
	struct slots at;		/* by prefix; several may have the same */
	bool has[2][129];		/* IPv4, IPv6: lengths that occur */
	wall_t made;
};

static uint64_t
prefix_hash(const struct addr *a, uint8_t len)
{
	uint64_t word[3] = { 0, 0, len };

	memcpy(word, a->b, 16);
	return hash_words(word, 3, hash_seed());
}

struct roa_table *
roa_new(void)
{
	struct roa_table *t = mem_new(sizeof(*t));

	slots_init(&t->at, 1024);
	t->made = wall_now();
	return t;
}

void
roa_free(struct roa_table *t)
{
	if (t == NULL)
		return;
	slots_done(&t->at);
	mem_free(t->roa);
	mem_free(t);
}

int
roa_add(struct roa_table *t, const struct prefix *p, uint8_t max_len, uint32_t as)
{
	if (max_len < p->len || max_len > addr_bits(&p->addr))
		return -1;
	if (t->count == t->room) {
		t->room = t->room > 0 ? 2 * t->room : 1024;
		t->roa = mem_grow(t->roa, t->room, sizeof(t->roa[0]));
	}
	t->roa[t->count] = (struct roa){ *p, max_len, as };
	slots_add(&t->at, prefix_hash(&p->addr, p->len), (uint32_t)t->count++);
	t->has[!addr_is_v4(&p->addr)][p->len] = true;
	return 0;
}

size_t
roa_count(const struct roa_table *t)
{
	return t->count;
}

wall_t
roa_made(const struct roa_table *t)
{
	return t->made;
}

/* RFC 6811 2: covered by one entry is invalid, matched by one is valid. AS 0 matches nothing. */
char
roa_check(const struct roa_table *t, const struct prefix *route, uint32_t origin)
{
	const bool *has = t->has[!addr_is_v4(&route->addr)];
	char state = ROA_UNKNOWN;

	for (unsigned len = 0; len <= route->len; len++) {
		struct addr a;
		struct slots_at at;
		uint32_t i;

		if (!has[len])
			continue;
		a = addr_masked(&route->addr, (uint8_t)len);
		for (i = slots_first(&t->at, prefix_hash(&a, (uint8_t)len), &at); i != SLOTS_NONE;
		    i = slots_next(&t->at, &at)) {
			const struct roa *r = &t->roa[i];

			if (r->prefix.len != len || !addr_eq(&r->prefix.addr, &a))
				continue;
			if (r->as == origin && origin != 0 && route->len <= r->max_len)
				return ROA_VALID;
			state = ROA_INVALID;
		}
	}
	return state;
}
