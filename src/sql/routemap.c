/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routemap.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct routemap *
routemap_new(const struct route_teller *tellers, uint64_t generation)
{
	struct routemap *m = mem_new(sizeof(*m));

	m->tellers = tellers;
	m->generation = generation;
	slots_init(&m->at, 256);
	route_pool_init(&m->pool);
	return m;
}

void
routemap_free(struct routemap *m)
{
	if (m == NULL)
		return;
	slots_done(&m->at);
	route_pool_done(&m->pool);
	mem_free(m->entry);
	mem_free(m->order);
	mem_free(m);
}

static uint64_t
key_hash(const struct route_key *key)
{
	uint64_t word[sizeof(*key) / 8];

	memcpy(word, key, sizeof(word));
	return hash_words(word, ARRAY_LEN(word), hash_seed());
}

static uint32_t
find(const struct routemap *m, const struct route_key *key, uint64_t hash)
{
	struct slots_at at;
	uint32_t i;

	for (i = slots_first(&m->at, hash, &at); i != SLOTS_NONE; i = slots_next(&m->at, &at))
		if (memcmp(&m->entry[i].key, key, sizeof(*key)) == 0)
			break;
	return i;
}

struct route_entry *
routemap_find(const struct routemap *m, const struct route_key *key)
{
	uint32_t i = find(m, key, key_hash(key));

	return i != SLOTS_NONE ? &m->entry[i] : NULL;
}

struct route_entry *
routemap_entry(struct routemap *m, const struct route_key *key, bool *ret_there)
{
	uint64_t hash = key_hash(key);
	uint32_t i = find(m, key, hash);

	*ret_there = i != SLOTS_NONE;
	if (*ret_there)
		return &m->entry[i];
	if (m->count == m->room) {
		m->room = m->room == 0 ? 256 : m->room * 2;
		m->entry = mem_grow(m->entry, m->room, sizeof(*m->entry));
	}
	i = m->count++;
	memset(&m->entry[i], 0, sizeof(m->entry[i]));
	m->entry[i].key = *key;
	slots_add(&m->at, hash, i);
	return &m->entry[i];
}

/* --- order ---------------------------------------------------------------------------------------- */

struct ordered {
	uint64_t rd, head[2];
	uint32_t entry, group, path_id, len;
};

/* Texts sort as texts: the first 16 characters; else the address. */
static void
set_head(const struct route_entry *e, enum sql_engine engine, struct ordered *o)
{
	struct prefix p = route_prefix(&e->key);
	char text[PREFIX_TEXT] = { 0 };

	if (engine == SQL_PGSQL)
		memcpy(text, &p.addr, sizeof(p.addr));
	else
		prefix_text(&p, text);
	for (unsigned i = 0; i < 16; i++)
		o->head[i / 8] = o->head[i / 8] << 8 | (uint8_t)text[i];
}

static int
compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_key(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	const int order[] = {
		compare_u64(x->group, y->group), compare_u64(x->rd, y->rd),
		compare_u64(x->head[0], y->head[0]), compare_u64(x->head[1], y->head[1]),
		compare_u64(x->len, y->len), compare_u64(x->path_id, y->path_id),
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i] != 0)
			return order[i];
	return 0;
}

void
routemap_sort(struct routemap *m, enum sql_engine engine)
{
	struct ordered *o = mem_array(m->count + 1, sizeof(*o));

	for (uint32_t i = 0; i < m->count; i++) {
		const struct route_key *k = &m->entry[i].key;

		/* State, teller, family and SAFI, as they come first in the key of the table. */
		o[i].entry = i;
		o[i].rd = k->rd;
		o[i].path_id = k->path_id;
		o[i].len = k->len;
		o[i].group = (uint32_t)m->entry[i].state << 30 | (k->teller & 0xffffff) << 3 |
		    (uint32_t)!addr_is_v4(&k->addr) << 2 | (k->safi & 3u);
		set_head(&m->entry[i], engine, &o[i]);
		m->first[m->entry[i].state + 1]++;
	}
	qsort(o, m->count, sizeof(*o), by_key);
	m->order = mem_array(m->count + 1, sizeof(*m->order));
	for (uint32_t i = 0; i < m->count; i++)
		m->order[i] = o[i].entry;
	for (unsigned s = 1; s <= ROUTE_STATES; s++)
		m->first[s] += m->first[s - 1];
	mem_free(o);
}
