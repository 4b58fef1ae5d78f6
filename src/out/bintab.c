/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bin table: dense rows behind slots. Adding first translates the ids of the RIB (or of the
 * table the rows come from) to ids of the table's own values, each distinct id once (a memo), then
 * finds or appends the row, in blocks so that the misses of a block overlap. Sorting is rowset.c's.
 */
#include "out/bintab.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "out/bintab_priv.h"

#define BLOCK	32			/* entries whose slots are fetched together */

/* Where the values of the keys being added stand: in the RIB, or in another table. */
struct source {
	const struct rib *rib;
	const struct valtab *values;
};

/* Ids of the source seen so far -> ids of our values. Open addressing; 0 is a free place. */
struct memo {
	uint32_t *from, *to;
	uint32_t mask;
	size_t used;
};

static const enum attr_kind attr_of[VT_TYPES] = {
	[VT_ASPATH] = ATTR_ASPATH,
	[VT_COMMS] = ATTR_COMMS,
	[VT_ECOMMS] = ATTR_ECOMMS,
	[VT_LCOMMS] = ATTR_LCOMMS,
};

struct bintab *
bintab_new(const struct plan *plan)
{
	struct bintab *tab = mem_new(sizeof(*tab));

	tab->plan = plan;
	tab->stride = plan->key_words + plan->counters;
	tab->seed = hash_seed();
	tab->values = valtab_new();
	tab->column = mem_new(EC_COUNT * sizeof(*tab->column));
	for (size_t c = 0; c < EC_COUNT; c++)
		tab->column[c] = -1;
	for (size_t i = 0; i < plan->counters; i++)
		tab->column[plan->counter[i]] = (int)(plan->key_words + i);
	tab->ref = mem_array(plan->fields + 1, sizeof(*tab->ref));
	for (size_t i = 0; i < plan->fields; i++)
		if (value_rows[plan->field[i].prim->type].by_reference)
			tab->ref[tab->refs++] = (struct ref_field){ plan->field[i].at,
			    plan->field[i].prim->type };
	slots_init(&tab->slots, 64);
	return tab;
}

void
bintab_free(struct bintab *tab)
{
	if (tab == NULL)
		return;
	slots_done(&tab->slots);
	valtab_free(tab->values);
	entries_give_back(tab->entry, tab->room, tab->stride);
	mem_free(tab->column);
	mem_free(tab->ref);
	mem_free(tab);
}

void
bintab_clear(struct bintab *tab)
{
	/* A table that was once large gives its memory back: the next one may be small. */
	entries_give_back(tab->entry, tab->room, tab->stride);
	tab->entry = NULL;
	tab->entries = tab->room = 0;
	slots_done(&tab->slots);
	slots_init(&tab->slots, 64);
	tab->slots_stale = false;
	tab->sums = (struct bintab_sums){ 0 };
	valtab_clear(tab->values);
}

size_t
bintab_rows(const struct bintab *tab)
{
	return tab->entries;
}

size_t
bintab_bytes(const struct bintab *tab)
{
	return tab->entries * tab->stride * sizeof(*tab->entry) + valtab_bytes(tab->values) +
	    (tab->slots.mask + 1) * sizeof(*tab->slots.slot);
}

struct bintab_sums
bintab_sums(const struct bintab *tab)
{
	return tab->sums;
}

static uint64_t
hash_of_row(const void *ctx, uint32_t index)
{
	const struct bintab *tab = ctx;

	return hash_words(tab->entry + index * tab->stride, tab->plan->key_words, tab->seed);
}

/* The order of the rows has changed: make the slots anew. */
static void
rebuild_slots(struct bintab *tab)
{
	slots_done(&tab->slots);
	slots_init(&tab->slots, tab->entries);
	for (uint32_t i = 0; i < tab->entries; i++)
		slots_put(&tab->slots, hash_of_row(tab, i), i, hash_of_row, tab);
	tab->slots_stale = false;
}

static void
memo_place(struct memo *memo, uint32_t from, uint32_t to)
{
	uint32_t at = from * UINT32_C(2654435769);

	while (memo->from[at & memo->mask] != 0)
		at++;
	memo->from[at & memo->mask] = from;
	memo->to[at & memo->mask] = to;
	memo->used++;
}

static void
memo_grow(struct memo *memo)
{
	struct memo old = *memo;
	size_t n = old.from == NULL ? 64 : 2 * ((size_t)old.mask + 1);

	memo->from = mem_array(n, sizeof(*memo->from));
	memo->to = mem_array(n, sizeof(*memo->to));
	memo->mask = (uint32_t)(n - 1);
	memo->used = 0;
	for (size_t i = 0; old.from != NULL && i <= old.mask; i++)
		if (old.from[i] != 0)
			memo_place(memo, old.from[i], old.to[i]);
	mem_free(old.from);
	mem_free(old.to);
}

/* Intern what the output shows of a value. */
static uint32_t
put_value(struct bintab *tab, enum value_type type, const uint8_t *bytes, size_t len)
{
	uint8_t *left;
	uint32_t id;

	if (!trim_touches(tab->plan->trim, type))
		return valtab_put(tab->values, bytes, len);
	left = mem_new(len + 1);
	id = valtab_put(tab->values, left, trim_apply(tab->plan->trim, type, bytes, len, left));
	mem_free(left);
	return id;
}

/* Our id of a value of the source. */
static uint32_t
translate(struct bintab *tab, const struct source *src, struct memo *memo, enum value_type type,
    uint32_t id)
{
	const uint8_t *bytes;
	uint32_t ours;
	size_t len;

	if (id == 0)
		return 0;
	if (memo->from == NULL || 2 * (memo->used + 1) > memo->mask)
		memo_grow(memo);
	for (uint32_t at = id * UINT32_C(2654435769); memo->from[at & memo->mask] != 0; at++)
		if (memo->from[at & memo->mask] == id)
			return memo->to[at & memo->mask];
	bytes = src->values != NULL ? valtab_get(src->values, id, &len) :
	    rib_attr(src->rib, attr_of[type], id, &len);
	ours = put_value(tab, type, bytes, len);
	memo_place(memo, id, ours);
	return ours;
}

static void
translate_key(struct bintab *tab, const struct source *src, struct memo *memos, uint64_t *key)
{
	for (size_t i = 0; i < tab->refs; i++) {
		uint8_t *at = (uint8_t *)key + tab->ref[i].at;
		uint32_t id;

		memcpy(&id, at, sizeof(id));
		id = translate(tab, src, &memos[tab->ref[i].type], tab->ref[i].type, id);
		memcpy(at, &id, sizeof(id));
	}
}

static void
merge_counters(const struct plan *plan, uint64_t *to, const uint64_t *from)
{
	for (size_t i = 0; i < plan->counters; i++) {
		switch (entry_counter_rows[plan->counter[i]].op) {
		case OP_ADD:
			to[i] += from[i];
			break;
		case OP_OR:
			to[i] |= from[i];
			break;
		case OP_MIN:
			to[i] = from[i] < to[i] ? from[i] : to[i];
			break;
		case OP_MAX:
			to[i] = from[i] > to[i] ? from[i] : to[i];
			break;
		}
	}
}

static void
append_row(struct bintab *tab, uint64_t hash, const uint64_t *key, const uint64_t *counters)
{
	uint64_t *row;

	if (tab->entry == NULL) {
		tab->room = ENTRIES_ROOM;
		tab->entry = entries_reserve(tab->room, tab->stride);
	} else if (tab->entries == tab->room) {
		tab->entry = entries_double(tab->entry, &tab->room, tab->stride);
	}
	assert(tab->entries < SLOTS_NONE - 1);
	row = tab->entry + tab->entries * tab->stride;
	memcpy(row, key, tab->plan->key_words * sizeof(*key));
	memcpy(row + tab->plan->key_words, counters, tab->plan->counters * sizeof(*counters));
	tab->entries++;		/* before the put: growing asks for the hash of every row */
	slots_put(&tab->slots, hash, (uint32_t)(tab->entries - 1), hash_of_row, tab);
}

static void
add_row(struct bintab *tab, uint64_t hash, const uint64_t *key, const uint64_t *counters)
{
	size_t key_words = tab->plan->key_words;
	struct slots_at at;
	uint32_t i;

	for (i = slots_first(&tab->slots, hash, &at); i != SLOTS_NONE;
	    i = slots_next(&tab->slots, &at)) {
		uint64_t *row = tab->entry + i * tab->stride;

		if (memcmp(row, key, key_words * sizeof(*key)) == 0) {
			merge_counters(tab->plan, row + key_words, counters);
			return;
		}
	}
	append_row(tab, hash, key, counters);
}

/* Rows as they lie in a slice or a row set: key words, then counters. */
static void
add_entries(struct bintab *tab, const struct source *src, const uint64_t *entry, size_t entries)
{
	struct memo memos[VT_TYPES] = { 0 };
	uint64_t key[BLOCK][PLAN_KEY_WORDS];
	uint64_t hash[BLOCK];
	size_t key_words = tab->plan->key_words;

	for (size_t from = 0; from < entries; from += BLOCK) {
		size_t n = entries - from < BLOCK ? entries - from : BLOCK;

		for (size_t i = 0; i < n; i++) {
			memcpy(key[i], entry + (from + i) * tab->stride, key_words * sizeof(**key));
			translate_key(tab, src, memos, key[i]);
			hash[i] = hash_words(key[i], key_words, tab->seed);
			slots_prefetch(&tab->slots, hash[i]);
		}
		for (size_t i = 0; i < n; i++)
			add_row(tab, hash[i], key[i],
			    entry + (from + i) * tab->stride + key_words);
	}
	for (size_t k = 0; k < VT_TYPES; k++) {
		mem_free(memos[k].from);
		mem_free(memos[k].to);
	}
}

static uint64_t
sum_of(const struct bintab *tab, const uint64_t *row, size_t rows, enum entry_counter counter)
{
	uint64_t sum = 0;

	if (tab->column[counter] < 0)
		return 0;
	for (size_t i = 0; i < rows; i++)
		sum += row[i * tab->stride + (size_t)tab->column[counter]];
	return sum;
}

struct bintab_sums
bintab_sums_of(const struct bintab *tab, const uint64_t *row, size_t rows)
{
	return (struct bintab_sums){
		.bytes = sum_of(tab, row, rows, EC_BYTES),
		.packets = sum_of(tab, row, rows, EC_PACKETS),
		.flows = sum_of(tab, row, rows, EC_FLOWS),
	};
}

static void
add_sums(struct bintab *tab, struct bintab_sums sums)
{
	tab->sums.bytes += sums.bytes;
	tab->sums.packets += sums.packets;
	tab->sums.flows += sums.flows;
}

/* Entries and the slots that find them: both hash with the seed of the process. */
static void
adopt(struct bintab *tab, struct slice *slice)
{
	assert(tab->seed == slice->seed);
	entries_give_back(tab->entry, tab->room, tab->stride);
	tab->entry = slice->entry;
	tab->entries = slice->entries;
	tab->room = slice->room;
	slice->entry = NULL;
	slice->entries = slice->room = 0;
	growslots_settle(&slice->slots);
	slots_done(&tab->slots);
	tab->slots = slice->slots.now;
	slice->slots.now = (struct slots){ 0 };
	tab->slots_stale = false;
}

void
bintab_add(struct bintab *tab, const struct rib *rib, struct slice *slice)
{
	struct source src = { .rib = rib };

	assert(slice->plan == tab->plan && slice->stride == tab->stride);
	add_sums(tab, bintab_sums_of(tab, slice->entry, slice->entries));
	if (tab->entries == 0 && tab->refs == 0 && slice->entries > 0) {
		adopt(tab, slice);
		return;
	}
	if (tab->slots_stale)
		rebuild_slots(tab);
	add_entries(tab, &src, slice->entry, slice->entries);
}

void
bintab_add_rows(struct bintab *tab, const struct rowset *rs)
{
	struct source src = { .values = rs->values };

	assert(rs->stride == tab->stride && rs->plan->key_words == tab->plan->key_words);
	add_sums(tab, bintab_sums_of(tab, rs->row, rs->rows));
	if (tab->slots_stale)
		rebuild_slots(tab);
	add_entries(tab, &src, rs->row, rs->rows);
}

void
bintab_remove(struct bintab *tab, const uint8_t *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < tab->entries; i++) {
		if (gone[i])
			continue;
		if (kept != i)
			memcpy(tab->entry + kept * tab->stride, tab->entry + i * tab->stride,
			    tab->stride * sizeof(*tab->entry));
		kept++;
	}
	if (kept == 0) {
		bintab_clear(tab);
		return;
	}
	tab->entries = kept;
	tab->sums = bintab_sums_of(tab, tab->entry, kept);
	tab->slots_stale = true;
}
