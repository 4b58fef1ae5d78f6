/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/load.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

void
load_init(struct load *load, const struct columns *cols, const struct sql_rows *rows,
    const struct live *live)
{
	*load = (struct load){ .cols = cols, .rows = rows, .live = live,
		.cells = mem_array(cols->params + 1, sizeof(*load->cells)) };
	rows->fill(rows->ctx, SQL_FIXED, load->cells);
}

void
load_done(struct load *load)
{
	for (size_t i = 0; i < load->cols->params; i++)
		sbuf_done(&load->cells[i].room);
	mem_free(load->cells);
}

void
load_rewind(struct load *load, bool numbered, bool whole)
{
	load->next = 0;
	load->numbered = numbered;
	load->whole = whole;
	load->same = 0;
	load->values = false;
}

void
load_literal(const struct load *load, const struct column *c, struct sbuf *out)
{
	const struct cell *cell = &load->cells[c->param - 1];

	if (c->param == 0)
		sbuf_str(out, c->fake);
	else if (cell->kind == CELL_NULL)
		sbuf_str(out, "NULL");
	else if (cell->kind == CELL_INT)
		sbuf_printf(out, "%lld", (long long)cell->number);
	else
		sbuf_printf(out, "'%.*s'", (int)cell->len, (const char *)cell->bytes);
}

static void
put_number(struct sbuf *out, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (n < 0)
		*--p = '-';
	sbuf_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

static void
put_text(struct sbuf *out, const char *text, size_t len)
{
	static const char special[256] = { ['\\'] = '\\', ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r' };
	size_t plain = 0;

	for (size_t i = 0; i < len; i++) {
		char instead = special[(unsigned char)text[i]];

		if (instead == 0)
			continue;
		sbuf_add(out, text + plain, i - plain);
		sbuf_char(out, '\\');
		sbuf_char(out, instead);
		plain = i + 1;
	}
	sbuf_add(out, text + plain, len - plain);
}

/* A text in MySQL's quotes. */
static void
put_quoted(struct sbuf *out, const char *text, size_t len)
{
	sbuf_char(out, '\'');
	for (const char *q; (q = memchr(text, '\'', len)) != NULL; text = q + 1) {
		put_text(out, text, (size_t)(q - text));
		sbuf_str(out, "''");
		len -= (size_t)(q - text) + 1;
	}
	put_text(out, text, len);
	sbuf_char(out, '\'');
}

/* A cell as SQL. */
static void
put_value(struct sbuf *out, struct cell *c)
{
	const unsigned char *b;

	cell_plain(c);
	b = c->bytes;
	switch (c->kind) {
	case CELL_NULL:
		sbuf_str(out, "NULL");
		break;
	case CELL_INT:
		put_number(out, c->number);
		break;
	case CELL_TEXT:
	case CELL_TIME:
	case CELL_NET:
		put_quoted(out, c->bytes, c->len);
		break;
	case CELL_BYTES:
		sbuf_str(out, "x'");
		for (size_t i = 0; i < c->len; i++)
			sbuf_printf(out, "%02x", b[i]);
		sbuf_char(out, '\'');
		break;
	}
}

static void
put_cell(struct sbuf *out, struct cell *c)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *b;

	cell_plain(c);
	b = c->bytes;
	switch (c->kind) {
	case CELL_NULL:
		sbuf_str(out, "\\N");
		break;
	case CELL_INT:
		put_number(out, c->number);
		break;
	case CELL_TEXT:
	case CELL_TIME:
	case CELL_NET:
		put_text(out, c->bytes, c->len);
		break;
	case CELL_BYTES:
		sbuf_char(out, 'x');
		for (size_t i = 0; i < c->len; i++) {
			sbuf_char(out, hex[b[i] >> 4]);
			sbuf_char(out, hex[b[i] & 15]);
		}
		break;
	}
}

/* A fake is SQL: a number, or a text without anything special in quotes. */
static void
put_fake(struct sbuf *out, const char *sql)
{
	size_t len = strlen(sql);

	if (sql[0] == '\'')
		sbuf_add(out, sql + 1, len - 2);
	else
		sbuf_add(out, sql, len);
}

bool
load_has_field(const struct load *load, size_t column)
{
	const struct column *c = &load->cols->col[column];

	if (column < 64 && (load->same >> column & 1) != 0)
		return false;
	return load->whole || (c->param != 0 && !column_fixed(c));
}

static void
put_row(struct load *load, struct sbuf *out)
{
	bool more = load->numbered;

	load->rows->fill(load->rows->ctx, load->next, load->cells);
	if (load->values)
		sbuf_char(out, '(');
	if (load->numbered)
		put_number(out, (int64_t)load->next + 1);
	for (size_t i = 0; i < load->cols->count; i++) {
		const struct column *c = &load->cols->col[i];

		if (!load_has_field(load, i))
			continue;
		if (more)
			sbuf_char(out, load->values ? ',' : '\t');
		more = true;
		if (c->param == 0)
			put_fake(out, c->fake);
		else if (load->values)
			put_value(out, &load->cells[c->param - 1]);
		else
			put_cell(out, &load->cells[c->param - 1]);
	}
	sbuf_str(out, load->values ? ")," : "\n");
}

bool
load_more(struct load *load, size_t most, struct sbuf *out)
{
	for (; load->next < load->rows->rows; load->next++) {
		if (out->len >= most)
			return true;
		put_row(load, out);
	}
	return out->len > 0;
}
