/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first bits of what an index compares, as two words a row, sorted by radix. Addresses that
 * stand in the table as text are put in the order of their texts, which is not that of the
 * numbers: 10.0.0.10 comes before 10.0.0.2.
 */
#include "sql/order.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define WORDS		2u		/* of 64 bits: what is sorted by */
#define BITS		(64u * WORDS)
#define DIGIT_BITS	11u
#define DIGITS		(1u << DIGIT_BITS)

struct item {
	uint64_t word[WORDS];		/* the first decides */
	size_t row;
};

/* How a number has to be changed for its order to be that of what the table has. */
enum spelling {
	SPELLED_NUMBER,
	SPELLED_QUAD,			/* an address in dotted decimals */
	SPELLED_DIGITS,			/* sql_num_hosts of MariaDB: digits in a column of bytes */
};

/* A column that counts, read once. */
struct part {
	const struct plan_field *field;
	enum spelling spelling;
	unsigned bits;
};

static enum spelling
spelling_of(const struct columns *cols, enum value_type type)
{
	if (type != VT_ADDR || cols->shape.engine == SQL_PGSQL)
		return SPELLED_NUMBER;
	if (!cols->shape.num_hosts)
		return SPELLED_QUAD;
	return cols->shape.engine == SQL_MYSQL ? SPELLED_DIGITS : SPELLED_NUMBER;
}

/* The columns that count, until the words are full. plain: all as numbers. part: [BITS / 8]. */
static size_t
choose_parts(const struct columns *cols, const size_t *by, size_t n_by, bool plain,
    struct part *part)
{
	unsigned used = 0;
	size_t n = 0;

	for (size_t i = 0; i < n_by && used < BITS; i++) {
		const struct column *col = &cols->col[by[i]];
		enum value_type type;

		if (col->role != COLUMN_KEY)
			continue;
		type = col->field->prim->type;
		if (value_rows[type].by_reference || value_is_name(type))
			continue;
		part[n] = (struct part){ col->field, plain ? SPELLED_NUMBER : spelling_of(cols, type),
			value_rows[type].key_bytes >= 8 ? 64 : 8u * value_rows[type].key_bytes };
		used += part[n++].bits;
	}
	return n;
}

/* The digits of a number as what orders like their text: base 11, 0 where it has ended. */
static uint64_t
digits_order(uint64_t n, unsigned most)
{
	unsigned char digit[20];
	unsigned len = 0;
	uint64_t order = 0;

	do
		digit[len++] = (unsigned char)(n % 10);
	while ((n /= 10) > 0);
	for (unsigned i = 0; i < most; i++)
		order = order * 11 + (i < len ? digit[len - 1 - i] + 1u : 0);
	return order;
}

/* IPv4 before IPv6, of which the first half counts. */
static uint64_t
addr_order(const struct addr *a, enum spelling spelling)
{
	uint64_t order = 0;

	if (!addr_is_v4(a)) {
		for (size_t i = 0; i < 8; i++)
			order = order << 8 | a->b[i];
		return order;
	}
	switch (spelling) {
	case SPELLED_NUMBER:
		return addr_v4(a);
	case SPELLED_DIGITS:
		return digits_order(addr_v4(a), 10);
	case SPELLED_QUAD:
		break;
	}
	for (int shift = 24; shift >= 0; shift -= 8)
		order = order << DIGIT_BITS | digits_order(addr_v4(a) >> shift & 0xff, 3);
	return order;
}

/* Append the lowest `bits` of a number; what has no room is left out. */
static void
append_bits(struct item *item, unsigned *used, uint64_t x, unsigned bits)
{
	while (bits > 0 && *used < BITS) {
		unsigned room = 64 - *used % 64, take = bits < room ? bits : room;
		uint64_t part = take == 64 ? x : x >> (bits - take) & ((UINT64_C(1) << take) - 1);

		item->word[*used / 64] |= part << (room - take);
		*used += take;
		bits -= take;
	}
}

static struct item
item_of(const struct rowset *rs, size_t row, const struct part *part, size_t parts)
{
	struct item item = { .row = row };
	unsigned used = 0;

	for (size_t i = 0; i < parts; i++) {
		struct value v;

		rowset_value(rs, row, part[i].field, &v);
		append_bits(&item, &used, v.type == VT_ADDR ? addr_order(&v.addr, part[i].spelling) :
		    v.u, part[i].bits);
	}
	return item;
}

static int
compare(const struct item *a, const struct item *b)
{
	for (size_t i = 0; i < WORDS; i++)
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	return 0;
}

/* One stable pass over one digit of a word. */
static void
radix_pass(const struct item *from, struct item *to, size_t n, size_t word, unsigned shift)
{
	size_t start[DIGITS + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		start[(from[i].word[word] >> shift & (DIGITS - 1)) + 1]++;
	for (size_t d = 1; d <= DIGITS; d++)
		start[d] += start[d - 1];
	for (size_t i = 0; i < n; i++)
		to[start[from[i].word[word] >> shift & (DIGITS - 1)]++] = from[i];
}

/* From the last digit to the first, but for those that all items share. Takes the items. */
static struct item *
sort_items(struct item *item, size_t n)
{
	struct item *spare = mem_array(n + 1, sizeof(*spare));
	uint64_t differ[WORDS] = { 0 };

	for (size_t i = 1; i < n; i++)
		for (size_t w = 0; w < WORDS; w++)
			differ[w] |= item[i].word[w] ^ item[0].word[w];
	for (size_t w = WORDS; w-- > 0;)
		for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
			struct item *sorted = spare;

			if ((differ[w] >> shift & (DIGITS - 1)) == 0)
				continue;
			radix_pass(item, spare, n, w, shift);
			spare = item;
			item = sorted;
		}
	mem_free(spare);
	return item;
}

/* The rows as items in the order they came in; *ret_sorted: which is the right one. */
static struct item *
make_items(const struct order_rows *rows, const size_t *by, size_t n_by, bool plain,
    bool *ret_sorted)
{
	struct item *item = mem_array(rows->n + 1, sizeof(*item));
	struct part part[BITS / 8];
	size_t parts = choose_parts(rows->cols, by, n_by, plain, part);

	*ret_sorted = true;
	for (size_t i = 0; i < rows->n; i++) {
		item[i] = item_of(rows->rs, rows->pick != NULL ? rows->pick[i] : i, part, parts);
		*ret_sorted = *ret_sorted && (i == 0 || compare(&item[i - 1], &item[i]) <= 0);
	}
	return item;
}

static size_t *
rows_of(const struct item *item, size_t n)
{
	size_t *row = mem_array(n + 1, sizeof(*row));

	for (size_t i = 0; i < n; i++)
		row[i] = item[i].row;
	return row;
}

size_t *
order_by(const struct order_rows *rows, const size_t *by, size_t n_by)
{
	size_t *row = NULL;
	bool sorted;
	struct item *item = make_items(rows, by, n_by, false, &sorted);

	if (!sorted) {
		item = sort_items(item, rows->n);
		row = rows_of(item, rows->n);
	}
	mem_free(item);
	return row;
}

/* The columns of the key as a table of our own has them: what the server's has may change. */
static size_t
own_order(const struct columns *cols, size_t *by)
{
	size_t n = 0;

	for (size_t i = 0; i < cols->count; i++)
		if (cols->col[i].key)
			by[n++] = i;
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && cols->col[by[j]].order < cols->col[by[j - 1]].order; j--) {
			size_t swap = by[j];

			by[j] = by[j - 1];
			by[j - 1] = swap;
		}
	return n;
}

size_t
order_cut(const struct order_rows *rows, size_t pieces, size_t **ret_row, size_t **ret_start)
{
	size_t *by = mem_array(rows->cols->count + 1, sizeof(*by)), n = rows->n;
	size_t *start = mem_array(pieces + 1, sizeof(*start)), made = 0;
	bool sorted;
	struct item *item = make_items(rows, by, own_order(rows->cols, by), true, &sorted);

	if (!sorted)
		item = sort_items(item, n);
	/* What sorts alike stays together, for its order is not the same every time. */
	for (size_t i = 0, at = 0; i < pieces && at < n; i++) {
		size_t end = n * (i + 1) / pieces;

		while (end < n && end > 0 && compare(&item[end - 1], &item[end]) == 0)
			end++;
		if (end <= at)
			continue;
		start[made++] = at;
		at = end;
	}
	start[made] = n;
	*ret_row = rows_of(item, n);
	*ret_start = start;
	mem_free(item);
	mem_free(by);
	return made;
}
