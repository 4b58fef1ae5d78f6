/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the RIB for people and dumps: all matches of an address, all routes of a teller. */
#include <assert.h>

#include "rib/rib_priv.h"

static bool
prefix_is_stale(const struct column *c, uint32_t id)
{
	return c->told != NULL &&
	    (id >= c->told_ids || (c->told[id / 64] >> id % 64 & 1) == 0);
}

/* The n-th member of a cell, a plain path being the only one. False behind the last. */
static bool
member_at(const struct column *c, uint32_t id, uint32_t cell, size_t n, struct member *ret)
{
	uint32_t stale = prefix_is_stale(c, id) ? MEMBER_STALE : 0;
	const struct member *m;
	size_t count;

	if (cell == 0)
		return false;
	if (!(cell & CELL_SET)) {
		*ret = (struct member){ 0, cell,
		    (c->label.dir != NULL ? pages_get(&c->label, id) : 0) | stale };
		return n == 0;
	}
	m = attrstore_members(&c->teller->rib->attrs, cell, &count);
	if (n >= count)
		return false;
	*ret = m[n];
	ret->label |= stale;
	return true;
}

struct matches {
	struct rib_match *ret;
	size_t n, room;
};

static void
match_cell(const struct column *c, uint32_t id, struct matches *to)
{
	struct member m;

	for (size_t i = 0; member_at(c, id, pages_get(&c->path, id), i, &m); i++, to->n++) {
		if (to->n >= to->room)
			continue;
		to->ret[to->n] = (struct rib_match){
			.prefix = prefixset_prefix(&c->table->prefixes, id),
			.teller = c->teller,
			.path = m.path,
			.path_id = m.path_id,
			.stale = (m.label & MEMBER_STALE) != 0,
		};
	}
}

size_t
rib_matches(const struct rib *rib, const struct teller *t, uint64_t rd, const struct addr *a,
    struct rib_match *ret, size_t room)
{
	const struct table *table = table_find(rib, rd, afi_of(a));
	struct matches to = { ret, 0, room };
	struct lpm_key key = lpm_key_of(a);
	const struct lpm *l;

	if (table == NULL)
		return 0;
	l = prefixset_lpm(&table->prefixes);
	for (uint32_t id = lpm_first(l, key); id != 0; id = lpm_next(l, key, id)) {
		const struct teller *x = t != NULL ? t : rib->first;

		for (; x != NULL; x = t != NULL ? NULL : x->next)
			for (const struct column *c = x->columns; c != NULL; c = c->next)
				if (c->table == table)
					match_cell(c, id, &to);
	}
	return to.n;
}

void
nlri_of(const struct column *c, uint32_t id, const struct member *m, struct nlri *ret)
{
	*ret = (struct nlri){
		.rd = c->table->rd,
		.safi = (uint8_t)c->safi,
		.prefix = prefixset_prefix(&c->table->prefixes, id),
		.path_id = m->path_id,
		.label = m->label & ~MEMBER_STALE,
	};
}

size_t
rib_walk(const struct teller *t, struct rib_cursor *cursor, struct nlri *ret_nlri,
    uint32_t *ret_path, size_t most)
{
	const struct column *c = t->columns;
	struct rib_cursor at = *cursor;
	struct member m;
	size_t n = 0;

	for (uint32_t i = 0; c != NULL && i < at.column; i++)
		c = c->next;
	for (; c != NULL; c = c->next, at.column++, at.prefix = 0) {
		if (rd_is_vrf(c->table->rd))
			continue;
		for (; at.prefix / PAGE_CELLS < c->path.top; at.prefix++, at.sub = 0) {
			if (c->path.count[at.prefix / PAGE_CELLS] == 0) {
				at.prefix |= PAGE_CELLS - 1;
				continue;
			}
			while (member_at(c, at.prefix, pages_get(&c->path, at.prefix), at.sub, &m)) {
				if (n == most) {
					*cursor = at;
					return n;
				}
				nlri_of(c, at.prefix, &m, &ret_nlri[n]);
				ret_path[n++] = m.path;
				at.sub++;
			}
		}
	}
	*cursor = at;
	return n;
}
