/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/move.h"

#include "core/mem.h"
#include "sql/statement.h"

static bool
staged(const struct column *c)
{
	return c->param != 0 && !column_fixed(c);
}

/* Text that engines may compare loosely. Addresses and numbers have one spelling. */
static bool
loose(const struct column *c)
{
	return c->field != NULL && c->role == COLUMN_KEY && value_is_name(c->field->prim->type);
}

void
move_staged(const struct columns *cols, const char *prefix, struct sbuf *out)
{
	const char *between = "";

	for (size_t i = 0; i < cols->count; i++) {
		if (!staged(&cols->col[i]))
			continue;
		sbuf_printf(out, "%s%s%s", between, prefix, cols->col[i].name);
		between = ", ";
	}
}

void
move_insert(const struct load *load, const char *table, const char *alias, struct sbuf *out)
{
	const struct columns *cols = load->cols;

	sbuf_str(out, "INSERT INTO ");
	statement_table(cols->shape.engine, table, out);
	if (alias != NULL)
		sbuf_printf(out, " AS %s", alias);
	for (size_t i = 0; i < cols->count; i++)
		sbuf_printf(out, "%s%s", i > 0 ? ", " : " (", cols->col[i].name);
	if (load->live->implied_names.len > 0)
		sbuf_str(out, load->live->implied_names.text);
	sbuf_str(out, ") SELECT ");
	for (size_t i = 0; i < cols->count; i++) {
		if (i > 0)
			sbuf_str(out, ", ");
		if (staged(&cols->col[i]))
			sbuf_printf(out, "s.%s", cols->col[i].name);
		else
			load_literal(load, &cols->col[i], out);
	}
	if (load->live->implied_values.len > 0)
		sbuf_str(out, load->live->implied_values.text);
}

void
move_additions(const struct load *load, const char *left, const char *old, const char *from,
    struct sbuf *out)
{
	const char *between = "";

	for (size_t i = 0; i < load->cols->count; i++) {
		const struct column *c = &load->cols->col[i];

		if (!column_changes(c))
			continue;
		sbuf_printf(out, "%s%s%s = ", between, left, c->name);
		between = ", ";
		if (c->role == COLUMN_STAMP_UPDATED)
			load_literal(load, c, out);
		else if (c->role == COLUMN_REPLACED)
			sbuf_printf(out, "%s%s", from, c->name);
		else
			sbuf_printf(out, "%s%s %c %s%s", old, c->name,
			    c->counter == EC_TCP_FLAGS ? '|' : '+', from, c->name);
	}
}

void
move_match(const struct load *load, const char *binary, struct sbuf *out)
{
	const char *between = "";

	for (size_t i = 0; i < load->cols->count; i++) {
		const struct column *c = &load->cols->col[i];

		if (!c->key)
			continue;
		sbuf_printf(out, "%st.%s = ", between, c->name);
		between = " AND ";
		if (staged(c))
			sbuf_printf(out, "s.%s", c->name);
		else
			load_literal(load, c, out);
		if (*binary != '\0' && staged(c) && loose(c))
			sbuf_printf(out, " AND %s t.%s = %s s.%s", binary, c->name, binary, c->name);
	}
	if (*between == '\0')
		sbuf_str(out, "1 = 1");
}

void
move_grouped(const struct columns *cols, const char *stage, struct sbuf *out)
{
	const char *between = " GROUP BY ";

	sbuf_str(out, "(SELECT min(waybill_n) AS waybill_n");
	for (size_t i = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];

		if (!staged(c))
			continue;
		sbuf_str(out, ", ");
		if (c->role == COLUMN_COUNTER)
			sbuf_printf(out, "%s(%s) AS ", c->counter == EC_TCP_FLAGS ? "bit_or" : "sum",
			    c->name);
		sbuf_str(out, c->name);
	}
	sbuf_printf(out, " FROM %s", stage);
	for (size_t i = 0; i < cols->count; i++) {
		if (!staged(&cols->col[i]) || cols->col[i].role == COLUMN_COUNTER)
			continue;
		sbuf_printf(out, "%s%s", between, cols->col[i].name);
		between = ", ";
	}
	sbuf_char(out, ')');
}
