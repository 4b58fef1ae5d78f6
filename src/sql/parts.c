/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "sql/order.h"

/* Part of what is stored: left over batches are known by their parts. */
#define PIECE_ROWS	200000u

void
parts_done(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		struct part *p = &parts->part[i];

		sbuf_done(&p->name);
		sbuf_done(&p->schema);
		mem_free(p->pick);
		rows_free(p->cells);
	}
	mem_free(parts->part);
}

static struct part *
part_of(struct parts *parts, const char *name)
{
	struct part *p;

	for (size_t i = 0; i < parts->count; i++)
		if (strcmp(parts->part[i].name.text, name) == 0)
			return &parts->part[i];
	parts->part = mem_grow(parts->part, parts->count + 1, sizeof(*p));
	p = &parts->part[parts->count++];
	memset(p, 0, sizeof(*p));
	sbuf_str(&p->name, name);
	return p;
}

static void
part_add(struct part *p, size_t row)
{
	if (p->rows == p->room) {
		p->room = p->room == 0 ? 64 : p->room * 2;
		p->pick = mem_grow(p->pick, p->room, sizeof(*p->pick));
	}
	p->pick[p->rows++] = row;
}

static int
by_name(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return strcmp(x->name.text, y->name.text);
}

void
parts_split(const char *pattern, struct dynname_env *names, const struct rowset *rs,
    struct parts *parts)
{
	struct sbuf name = { 0 };

	if (!dynname_has_row(pattern)) {
		dynname_expand(pattern, names, &name);
		part_of(parts, name.text)->rows = rs->rows;
	}
	for (size_t i = 0; dynname_has_row(pattern) && i < rs->rows; i++) {
		names->row = i;
		sbuf_clear(&name);
		dynname_expand(pattern, names, &name);
		part_add(part_of(parts, name.text), i);
	}
	sbuf_done(&name);
	qsort(parts->part, parts->count, sizeof(*parts->part), by_name);
}

static void
cut_part(const struct columns *cols, const struct rowset *rs, const struct part *p,
    struct parts *out)
{
	const struct order_rows rows = { cols, rs, p->pick, p->rows };
	size_t *row, *start;
	size_t n = order_cut(&rows, (p->rows + PIECE_ROWS - 1) / PIECE_ROWS, &row, &start);

	out->part = mem_grow(out->part, out->count + n, sizeof(*out->part));
	for (size_t i = 0; i < n; i++) {
		size_t from = start[i], count = start[i + 1] - start[i];
		struct part *piece = &out->part[out->count++];

		*piece = (struct part){ .rows = count,
			.pick = mem_dup(row + from, count * sizeof(*row)) };
		sbuf_str(&piece->name, p->name.text);
	}
	mem_free(row);
	mem_free(start);
}

void
parts_cut(const struct columns *cols, const struct rowset *rs, struct parts *parts)
{
	struct parts whole = *parts;

	*parts = (struct parts){ 0 };
	for (size_t i = 0; i < whole.count; i++) {
		if (whole.part[i].rows > PIECE_ROWS) {
			cut_part(cols, rs, &whole.part[i], parts);
			continue;
		}
		parts->part = mem_grow(parts->part, parts->count + 1, sizeof(*parts->part));
		parts->part[parts->count++] = whole.part[i];
		whole.part[i] = (struct part){ 0 };
	}
	parts_done(&whole);
}
