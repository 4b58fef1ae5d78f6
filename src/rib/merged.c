/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merged columns. A BMP router tells the Adj-RIBs of all its neighbours, each by a teller of its own;
 * its exporter's flows see them as one column, so that their cost does not depend on how many there
 * are. Here the writer keeps it: each change of a teller's cell changes the merged cell as well.
 *
 * A merged cell is the bag of paths that the tellers have for the prefix: nothing, one path, or a
 * set whose members are told apart by their path and say in `label` how many tellers have it. So it
 * needs no names of tellers, and equal bags are one set. Which path of a set answers is decided as in
 * any set (view.c, attrstore.c).
 *
 * When a teller goes, its routes leave the merged column as its own column is emptied, in the
 * background; when the last one goes, the merged column is detached at once. A Loc-RIB is told once
 * and stands for itself.
 */
#include <assert.h>

#include "core/mem.h"
#include "rib/rib_priv.h"

#define BUCKETS	1024

struct merged {
	struct rib *rib;
	struct teller owner;		/* of the column; known to nobody else */
	struct column *col;		/* NULL: detached */
	struct column *sources;		/* by next_source; those of tellers that went as well */
	uint32_t live, refs;		/* sources that have a teller, all sources */
	struct merged *next;		/* in the bucket */
	size_t bucket;
};

struct merges {
	struct merged *bucket[BUCKETS];
};

void
merges_init(struct rib *rib)
{
	rib->merges = mem_new(sizeof(*rib->merges));
}

void
merges_done(struct rib *rib)
{
	mem_free(rib->merges);
}

/* --- coming and going --------------------------------------------------------------------------- */

static size_t
bucket_of(const struct column *col)
{
	const struct teller_info *info = &col->teller->info;
	uint64_t word[5] = { 0 };

	memcpy(word, info->router.b, sizeof(info->router));
	memcpy(word + 2, info->router_id.b, sizeof(info->router_id));
	word[4] = (uint64_t)col->table->number << 16 | (uint64_t)col->safi << 8 | info->rib;
	return hash_words(word, ARRAY_LEN(word), hash_seed()) % BUCKETS;
}

static bool
belongs(const struct merged *m, const struct column *col)
{
	const struct teller_info *x = &m->owner.info, *y = &col->teller->info;

	return m->col->table == col->table && m->col->safi == col->safi && x->rib == y->rib &&
	    x->rank == y->rank && addr_eq(&x->router, &y->router) &&
	    addr_eq(&x->router_id, &y->router_id);
}

static struct merged *
merged_new(struct column *col, size_t bucket)
{
	struct rib *rib = col->teller->rib;
	struct merged *m = mem_new(sizeof(*m));

	m->rib = rib;
	m->bucket = bucket;
	m->owner = (struct teller){
		.rib = rib, .info = col->teller->info, .number = ++rib->tellers, .merges = true,
	};
	m->owner.info.name = "";
	m->owner.columns_end = &m->owner.columns;
	m->col = column_of(&m->owner, col->safi, col->table->rd, col->table->afi, true);
	m->next = rib->merges->bucket[bucket];
	rib->merges->bucket[bucket] = m;
	rib->merged++;
	return m;
}

bool
merged_join(struct column *col)
{
	const struct teller *t = col->teller;
	struct merged *m;
	size_t bucket;

	if (t->merges || t->info.kind != TELLER_BMP || t->info.rib == TELLER_LOC_RIB ||
	    t->info.rank == TELLER_UNSEEN)
		return false;
	bucket = bucket_of(col);
	for (m = t->rib->merges->bucket[bucket]; m != NULL && !belongs(m, col); m = m->next)
		;
	if (m == NULL)
		m = merged_new(col, bucket);
	col->merged = m;
	col->next_source = m->sources;
	m->sources = col;
	m->live++;
	m->refs++;
	return true;
}

void
merged_leave(struct column *col)
{
	struct merged *m = col->merged, **at = &m->rib->merges->bucket[m->bucket];

	if (--m->live > 0)
		return;
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	m->rib->merged--;
	column_detach(m->rib, m->col);
	m->col = NULL;
}

void
merged_forget(struct column *col)
{
	struct merged *m = col->merged;
	struct column **at = &m->sources;

	while (*at != col)
		at = &(*at)->next_source;
	*at = col->next_source;
	if (--m->refs == 0)
		mem_free(m);
}

struct column *
merged_sources(const struct column *merged)
{
	const struct merged *m = (const void *)((const char *)merged->teller -
	    offsetof(struct merged, owner));

	return m->sources;
}

/* --- cells -------------------------------------------------------------------------------------- */

/* A bag of paths: members by path, `label` counts who has it. */
struct bag {
	size_t n;
	struct member m[SET_MOST];
};

static void
bag_read(struct bag *bag, const struct attrstore *as, uint32_t cell)
{
	const struct member *m;

	bag->n = 0;
	if (cell & CELL_SET) {
		m = attrstore_members(as, cell, &bag->n);
		memcpy(bag->m, m, bag->n * sizeof(*m));
	} else if (cell != 0) {
		bag->m[bag->n++] = (struct member){ cell, cell, 1 };
	}
}

static size_t
bag_find(const struct bag *bag, uint32_t path)
{
	size_t i = 0;

	while (i < bag->n && bag->m[i].path != path)
		i++;
	return i;
}

static void
bag_take(struct bag *bag, uint32_t path)
{
	size_t i = bag_find(bag, path);

	if (i < bag->n && --bag->m[i].label == 0)
		bag->m[i] = bag->m[--bag->n];
}

static void
bag_give(struct rib *rib, struct bag *bag, uint32_t path)
{
	size_t i = bag_find(bag, path);

	if (i < bag->n)
		bag->m[i].label++;
	else if (bag->n < SET_MOST)
		bag->m[bag->n++] = (struct member){ path, path, 1 };
	else
		rib->merged_full++;
}

/* All paths of a teller's cell, added or taken. */
static void
bag_cell(struct rib *rib, struct bag *bag, uint32_t cell, bool give)
{
	const struct member *m;
	size_t n;

	if (cell == 0)
		return;
	if (!(cell & CELL_SET)) {
		if (give)
			bag_give(rib, bag, cell);
		else
			bag_take(bag, cell);
		return;
	}
	m = attrstore_members(&rib->attrs, cell, &n);
	for (size_t i = 0; i < n; i++)
		if (give)
			bag_give(rib, bag, m[i].path);
		else
			bag_take(bag, m[i].path);
}

/* From all sources anew: what a full set had no room for may have it now. */
static void
bag_rebuild(struct merged *m, struct bag *bag, const struct column *col, uint32_t id, uint32_t cell)
{
	uint64_t full = m->rib->merged_full;

	bag->n = 0;
	for (const struct column *s = m->sources; s != NULL; s = s->next_source)
		bag_cell(m->rib, bag, s == col ? cell : pages_get(&s->path, id), true);
	m->rib->merged_full = full;		/* counted when they came */
}

/* The cell for a bag; 0 where the pool has no room: no answer is better than a wrong one. */
static uint32_t
bag_cell_of(struct rib *rib, struct bag *bag)
{
	if (bag->n == 0)
		return 0;
	if (bag->n == 1 && bag->m[0].label == 1)
		return bag->m[0].path;
	return attrstore_set(&rib->attrs, rib->attrs.shared, bag->m, bag->n);
}

static void
put(struct merged *m, uint32_t id, uint32_t was, uint32_t now)
{
	struct prefixset *ps = &m->col->table->prefixes;

	if (m->rib->gc == GC_MARK)
		attrstore_mark(&m->rib->attrs, now);
	if (was == 0 && now != 0)
		prefixset_hold(ps, id);
	pages_put(&m->col->path, &m->rib->pool, id, now);
	if (was != 0 && now == 0)
		prefixset_drop(ps, id);
}

/* The path of a cell that a teller has changed, where it is no set and neither is the bag. */
static bool
is_simple(uint32_t was, uint32_t old, uint32_t cell)
{
	return was == old && !((was | cell) & CELL_SET);
}

void
merged_change(struct column *col, uint32_t id, uint32_t old, uint32_t cell)
{
	struct merged *m = col->merged;
	struct rib *rib = m->rib;
	size_t bytes = attrstore_bytes(&rib->attrs);
	uint32_t was, now = cell;
	struct bag bag;

	if (m->col == NULL)
		return;
	was = pages_get(&m->col->path, id);
	if (!is_simple(was, old, cell)) {
		bag_read(&bag, &rib->attrs, was);
		if (bag.n == SET_MOST && old != 0) {
			bag_rebuild(m, &bag, col, id, cell);
		} else {
			bag_cell(rib, &bag, old, false);
			bag_cell(rib, &bag, cell, true);
		}
		now = bag_cell_of(rib, &bag);
	}
	put(m, id, was, now);
	if (col->teller != NULL)
		teller_charge(col->teller, bytes);
}
