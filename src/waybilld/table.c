/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for people. */
#include "waybilld/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

struct cell {
	char *text;
	bool number;
};

struct table {
	const char *const *heads;
	size_t columns, cells;		/* cells: a whole number of rows, but for the row begun */
	struct cell *cell;
};

struct table *
table_new(const char *const *heads, size_t columns)
{
	struct table *t = mem_new(sizeof(*t));

	t->heads = heads;
	t->columns = columns;
	return t;
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->cells; i++)
		mem_free(t->cell[i].text);
	mem_free(t->cell);
	mem_free(t);
}

static void
add_cell(struct table *t, const char *text, bool number)
{
	t->cell = mem_grow(t->cell, t->cells + 1, sizeof(*t->cell));
	t->cell[t->cells++] = (struct cell){ mem_strdup(text), number };
}

void
table_text(struct table *t, const char *text)
{
	add_cell(t, text, false);
}

void
table_u64(struct table *t, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	add_cell(t, text, true);
}

void
table_i64(struct table *t, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	add_cell(t, text, true);
}

void
table_row(struct table *t)
{
	while (t->cells % t->columns != 0)
		add_cell(t, "", false);
}

static size_t
width_of(const struct table *t, size_t column)
{
	size_t width = strlen(t->heads[column]);

	for (size_t i = column; i < t->cells; i += t->columns)
		if (strlen(t->cell[i].text) > width)
			width = strlen(t->cell[i].text);
	return width;
}

static void
put(struct sbuf *out, const char *text, size_t width, bool right, bool last)
{
	size_t pad = width > strlen(text) ? width - strlen(text) : 0;

	if (right)
		sbuf_printf(out, "%*s", (int)pad, "");
	sbuf_str(out, text);
	if (!right && !last)
		sbuf_printf(out, "%*s", (int)pad, "");
	sbuf_str(out, last ? "\n" : "  ");
}

void
table_print(const struct table *t, struct sbuf *out)
{
	size_t *width = mem_array(t->columns, sizeof(*width));

	for (size_t c = 0; c < t->columns; c++)
		width[c] = width_of(t, c);
	for (size_t c = 0; c < t->columns; c++)
		put(out, t->heads[c], width[c], t->cells > c && t->cell[c].number,
		    c + 1 == t->columns);
	for (size_t i = 0; i < t->cells; i++)
		put(out, t->cell[i].text, width[i % t->columns], t->cell[i].number,
		    (i + 1) % t->columns == 0);
	mem_free(width);
}
