/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows in the order of their keys, and what stands in them. Sorting goes word by word: a radix
 * sort of (word, row) pairs that skips the bytes all of them share, then each run of equal words
 * by the next word; short runs are compared row by row. The rows are then moved into place.
 */
#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "out/bintab_priv.h"

#define SHORT_RUN	24

struct pair {
	uint64_t word;
	uint32_t row;
};

struct sort {
	const struct bintab *tab;
	struct pair *spare;		/* as long as the whole table */
};

static const uint64_t *
row_at(const struct bintab *tab, uint32_t row)
{
	return tab->entry + (size_t)row * tab->stride;
}

static bool
before(const struct bintab *tab, uint32_t a, uint32_t b, size_t word)
{
	const uint64_t *x = row_at(tab, a), *y = row_at(tab, b);

	for (; word < tab->plan->key_words; word++)
		if (x[word] != y[word])
			return x[word] < y[word];
	return false;
}

static void
insertion_sort(const struct bintab *tab, struct pair *a, size_t n, size_t word)
{
	for (size_t i = 1; i < n; i++) {
		struct pair moved = a[i];
		size_t j = i;

		for (; j > 0 && before(tab, moved.row, a[j - 1].row, word); j--)
			a[j] = a[j - 1];
		a[j] = moved;
	}
}

/* One stable pass over one byte of the word. */
static void
radix_pass(const struct pair *from, struct pair *to, size_t n, unsigned shift)
{
	size_t start[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		start[(from[i].word >> shift & 0xff) + 1]++;
	for (size_t b = 1; b < 257; b++)
		start[b] += start[b - 1];
	for (size_t i = 0; i < n; i++)
		to[start[from[i].word >> shift & 0xff]++] = from[i];
}

static void
sort_by_word(struct sort *s, struct pair *a, size_t n)
{
	struct pair *from = a, *to = s->spare, *swap;
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= a[i].word ^ a[0].word;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if ((differ >> shift & 0xff) == 0)
			continue;
		radix_pass(from, to, n, shift);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != a)
		memcpy(a, from, n * sizeof(*a));
}

static void
sort_run(struct sort *s, struct pair *a, size_t n, size_t word)
{
	if (n < 2 || word == s->tab->plan->key_words)
		return;
	if (n <= SHORT_RUN) {
		insertion_sort(s->tab, a, n, word);
		return;
	}
	for (size_t i = 0; i < n; i++)
		a[i].word = row_at(s->tab, a[i].row)[word];
	sort_by_word(s, a, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && a[end].word == a[i].word; end++)
			;
		sort_run(s, a + i, end - i, word + 1);
	}
}

/* Move the rows into the order of `a`, along the cycles of the permutation. */
static void
permute(struct bintab *tab, struct pair *a)
{
	size_t bytes = tab->stride * sizeof(*tab->entry);
	uint64_t *held = mem_new(bytes);

	for (uint32_t i = 0; i < tab->entries; i++) {
		uint32_t to = i;

		if (a[i].row == i)
			continue;
		memcpy(held, row_at(tab, i), bytes);
		while (a[to].row != i) {
			uint32_t from = a[to].row;

			memcpy(tab->entry + (size_t)to * tab->stride, row_at(tab, from), bytes);
			a[to].row = to;
			to = from;
		}
		memcpy(tab->entry + (size_t)to * tab->stride, held, bytes);
		a[to].row = to;
	}
	mem_free(held);
	tab->slots_stale = true;
}

static void
sort_rows(struct bintab *tab)
{
	struct pair *a = mem_array(tab->entries, sizeof(*a));
	struct sort s = { .tab = tab, .spare = mem_array(tab->entries, sizeof(*a)) };

	for (uint32_t i = 0; i < tab->entries; i++)
		a[i].row = i;
	sort_run(&s, a, tab->entries, 0);
	permute(tab, a);
	mem_free(s.spare);
	mem_free(a);
}

static struct rowset
rowset_of(const struct bintab *tab, size_t from, size_t rows)
{
	const uint64_t *row = tab->entry + from * tab->stride;
	struct bintab_sums sums = bintab_sums_of(tab, row, rows);

	return (struct rowset){
		.plan = tab->plan,
		.bin = { rows > 0 ? (int64_t)row[0] : 0 },
		.row = row,
		.rows = rows,
		.stride = tab->stride,
		.values = tab->values,
		.bytes = sums.bytes,
		.packets = sums.packets,
		.flows = sums.flows,
	};
}

int
bintab_each(struct bintab *tab, int (*each)(const struct rowset *, void *), void *ctx)
{
	size_t end;

	if (tab->entries > 1)
		sort_rows(tab);
	for (size_t i = 0; i < tab->entries; i = end) {
		struct rowset rs;
		int ret;

		for (end = i + 1; end < tab->entries; end++)
			if (tab->entry[end * tab->stride] != tab->entry[i * tab->stride])
				break;
		rs = rowset_of(tab, i, end - i);
		ret = each(&rs, ctx);
		if (ret != 0)
			return ret;
	}
	return 0;
}

void
bintab_all(const struct bintab *tab, struct rowset *ret)
{
	*ret = rowset_of(tab, 0, tab->entries);
}

/* A number of 1, 2, 4 or 8 bytes as it lies in the key. */
static uint64_t
key_number(const uint8_t *at, size_t bytes)
{
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (bytes) {
	case 1:
		return *at;
	case 2:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	default:
		assert(bytes == 8);
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

void
rowset_value(const struct rowset *rs, size_t row, const struct plan_field *field, struct value *ret)
{
	const struct value_row *type = &value_rows[field->prim->type];
	const uint8_t *at = (const uint8_t *)(rs->row + row * rs->stride) + field->at;

	memset(ret, 0, sizeof(*ret));
	ret->type = field->prim->type;
	if (type->cls == VC_ADDR) {
		memcpy(&ret->addr, at, sizeof(ret->addr));
		return;
	}
	ret->u = key_number(at, type->key_bytes);
	if (type->by_reference)
		ret->bytes = valtab_get(rs->values, (uint32_t)ret->u, &ret->len);
}

uint64_t
rowset_counter(const struct rowset *rs, size_t row, enum entry_counter counter)
{
	for (size_t i = 0; i < rs->plan->counters; i++)
		if (rs->plan->counter[i] == counter)
			return rs->row[row * rs->stride + rs->plan->key_words + i];
	return 0;
}
