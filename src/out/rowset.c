/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows in the order of their keys, and what stands in them. Sorting takes from every row the bits
 * of its key in which rows differ at all, the first 64 of them as one number, and sorts pairs of
 * that number and the row by radix; rows of equal numbers are compared. The rows then move into
 * place, each fetched well before its turn.
 */
#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "out/bintab_priv.h"

#define SHORT_RUN	24
#define DIGIT_BITS	11
#define DIGITS		(1u << DIGIT_BITS)
#define HUGE_ROWS	(1u << 18)	/* from which large pages pay for pairs */
#define AHEAD		16		/* steps that a row is fetched before its turn */

struct pair {
	uint64_t word;
	uint32_t row;
};

/* Bits from..from + bits of a word of the key. */
struct cut {
	size_t word;
	unsigned from, bits;
};

struct sort {
	const struct bintab *tab;
	struct pair *spare;		/* as long as the whole table */
	uint64_t differ[PLAN_KEY_WORDS];	/* bits that are not the same in all rows */
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

/* One stable pass over one digit of the number. */
static void
radix_pass(const struct pair *from, struct pair *to, size_t n, unsigned shift)
{
	size_t start[DIGITS + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		start[(from[i].word >> shift & (DIGITS - 1)) + 1]++;
	for (size_t d = 1; d <= DIGITS; d++)
		start[d] += start[d - 1];
	for (size_t i = 0; i < n; i++)
		to[start[from[i].word >> shift & (DIGITS - 1)]++] = from[i];
}

static void
sort_by_number(struct sort *s, struct pair *a, size_t n)
{
	struct pair *from = a, *to = s->spare, *swap;
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= a[i].word ^ a[0].word;
	for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
		if ((differ >> shift & (DIGITS - 1)) == 0)
			continue;
		radix_pass(from, to, n, shift);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != a)
		memcpy(a, from, n * sizeof(*a));
}

/*
 * What of the words from *word on goes into one number: of each the bits between the highest and
 * the lowest that differ, until 64 are full. *word is then the first that did not fit.
 */
static size_t
make_cuts(const struct sort *s, size_t *word, struct cut *cut)
{
	unsigned room = 64;
	size_t cuts = 0;

	for (; *word < s->tab->plan->key_words; ++*word) {
		uint64_t differ = s->differ[*word];
		unsigned high, low;

		if (differ == 0)
			continue;
		high = 64 - (unsigned)__builtin_clzll(differ);
		low = (unsigned)__builtin_ctzll(differ);
		if (high - low > room && cuts > 0)
			break;
		cut[cuts++] = (struct cut){ *word, low, high - low };
		room -= high - low;
	}
	return cuts;
}

static uint64_t
number_of(const uint64_t *row, const struct cut *cut, size_t cuts)
{
	uint64_t number = 0;

	for (size_t i = 0; i < cuts; i++) {
		uint64_t bits = row[cut[i].word] >> cut[i].from;

		if (cut[i].bits == 64)
			return bits;
		number = number << cut[i].bits | (bits & ((UINT64_C(1) << cut[i].bits) - 1));
	}
	return number;
}

static void
sort_run(struct sort *s, struct pair *a, size_t n, size_t word)
{
	struct cut cut[64];
	size_t cuts, next = word;

	if (n < 2)
		return;
	if (n <= SHORT_RUN) {
		insertion_sort(s->tab, a, n, word);
		return;
	}
	cuts = make_cuts(s, &next, cut);
	if (cuts == 0)
		return;
	for (size_t i = 0; i < n; i++)
		a[i].word = number_of(row_at(s->tab, a[i].row), cut, cuts);
	sort_by_number(s, a, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && a[end].word == a[i].word; end++)
			;
		sort_run(s, a + i, end - i, next);
	}
}

static void
fetch_row(const struct bintab *tab, uint32_t row)
{
	const char *at = (const char *)row_at(tab, row);
	size_t bytes = tab->stride * sizeof(*tab->entry);

	for (size_t line = 0; line < bytes; line += 64)
		__builtin_prefetch(at + line, 1);
	__builtin_prefetch(at + bytes - 1, 1);
}

/* Move the rows of the cycle that place `first` is on; place i gets what stands at from[i]. */
static void
permute_cycle(struct bintab *tab, uint32_t *from, uint32_t first, uint64_t *held)
{
	size_t bytes = tab->stride * sizeof(*tab->entry);
	uint32_t to = first, ahead = first;

	for (unsigned i = 0; i < AHEAD && from[ahead] != first; i++)
		ahead = from[ahead];
	memcpy(held, row_at(tab, first), bytes);
	while (from[to] != first) {
		uint32_t next = from[to];

		ahead = from[ahead];
		fetch_row(tab, ahead);
		memcpy(tab->entry + (size_t)to * tab->stride, row_at(tab, next), bytes);
		from[to] = to;
		to = next;
	}
	memcpy(tab->entry + (size_t)to * tab->stride, held, bytes);
	from[to] = to;
}

/* Move the rows into the order of `a`, in place; `from` is room for one number a row. */
static void
permute(struct bintab *tab, const struct pair *a, uint32_t *from)
{
	uint64_t *held = mem_array(tab->stride, sizeof(*held));

	for (uint32_t i = 0; i < tab->entries; i++)
		from[i] = a[i].row;
	for (uint32_t i = 0; i < tab->entries; i++)
		if (from[i] != i)
			permute_cycle(tab, from, i, held);
	mem_free(held);
	tab->slots_stale = true;
}

/* Which bits of the keys differ; gives whether the rows stand in order already. */
static bool
look_over(struct sort *s)
{
	const struct bintab *tab = s->tab;
	const uint64_t *first = tab->entry;
	bool sorted = true;

	for (uint32_t i = 1; i < tab->entries; i++) {
		const uint64_t *row = row_at(tab, i);

		for (size_t w = 0; w < tab->plan->key_words; w++)
			s->differ[w] |= row[w] ^ first[w];
		sorted = sorted && before(tab, i - 1, i, 0);
	}
	return sorted;
}

static void
sort_rows(struct bintab *tab)
{
	struct sort s = { .tab = tab };
	struct pair *a;

	if (look_over(&s))
		return;
	a = mem_reserve(tab->entries * sizeof(*a), tab->entries >= HUGE_ROWS);
	s.spare = mem_reserve(tab->entries * sizeof(*a), tab->entries >= HUGE_ROWS);
	for (uint32_t i = 0; i < tab->entries; i++)
		a[i].row = i;
	sort_run(&s, a, tab->entries, 0);
	permute(tab, a, (uint32_t *)s.spare);
	mem_unreserve(s.spare, tab->entries * sizeof(*a));
	mem_unreserve(a, tab->entries * sizeof(*a));
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
