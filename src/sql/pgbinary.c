/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/pgbinary.h"

#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "net/addr.h"

#define EPOCH_US	INT64_C(946684800000000)	/* 2000-01-01, from where PostgreSQL counts */
#define FAMILY_V4	2			/* of inet, whatever the machine's AF_INET is */
#define FAMILY_V6	3

enum wire { WIRE_INT2, WIRE_INT4, WIRE_INT8, WIRE_TIME, WIRE_INET, WIRE_TEXT, WIRES };

/* As format_type() spells them; a tail in brackets may follow. */
static const struct { const char *name; enum wire wire; } types[] = {
	{ "smallint", WIRE_INT2 }, { "integer", WIRE_INT4 }, { "bigint", WIRE_INT8 },
	{ "timestamp(6) without time zone", WIRE_TIME }, { "timestamp without time zone", WIRE_TIME },
	{ "inet", WIRE_INET }, { "text", WIRE_TEXT }, { "character varying", WIRE_TEXT },
	{ "character", WIRE_TEXT },
};

struct pgbinary {
	enum wire *wire;		/* by column */
	bool begun, ended;
	const char *failed;
};

static bool
is_type(const char *type, const char *name)
{
	size_t len = strlen(name);

	return strncmp(type, name, len) == 0 && (type[len] == '\0' || type[len] == '(');
}

static enum wire
wire_of(const struct live *live, const char *column)
{
	for (size_t i = 0; i < live->count; i++)
		if (strcasecmp(live->col[i].name, column) == 0)
			for (size_t k = 0; k < ARRAY_LEN(types); k++)
				if (is_type(live->col[i].type, types[k].name))
					return types[k].wire;
	return WIRES;
}

struct pgbinary *
pgbinary_new(const struct load *load)
{
	struct pgbinary *b = mem_new(sizeof(*b));

	b->wire = mem_array(load->cols->count + 1, sizeof(*b->wire));
	for (size_t i = 0; i < load->cols->count; i++) {
		b->wire[i] = wire_of(load->live, load->cols->col[i].name);
		if (b->wire[i] == WIRES) {
			pgbinary_free(b);
			return NULL;
		}
	}
	return b;
}

void
pgbinary_free(struct pgbinary *b)
{
	if (b == NULL)
		return;
	mem_free(b->wire);
	mem_free(b);
}

const char *
pgbinary_failed(const struct pgbinary *b)
{
	return b->failed;
}

/* In the order of the network, as everything here. */
static void
put_int(struct sbuf *out, uint64_t n, unsigned bytes)
{
	char b[8];

	for (unsigned i = 0; i < bytes; i++)
		b[i] = (char)(n >> 8 * (bytes - 1 - i));
	sbuf_add(out, b, bytes);
}

static void
put_number(struct pgbinary *b, int64_t n, unsigned bytes, struct sbuf *out)
{
	const int64_t most = INT64_MAX >> (64 - 8 * bytes);

	if (n > most || n < -most - 1)
		b->failed = "a number is larger than its column takes";
	put_int(out, bytes, 4);
	put_int(out, (uint64_t)n, bytes);
}

static void
put_inet(const struct cell *c, struct sbuf *out)
{
	const struct addr *a = c->bytes;
	const bool v4 = addr_is_v4(a);
	const unsigned len = v4 ? 4 : 16;

	put_int(out, 4 + len, 4);
	put_int(out, v4 ? FAMILY_V4 : FAMILY_V6, 1);
	put_int(out, c->len == CELL_HOST ? len * 8 : c->len, 1);
	put_int(out, 0, 1);		/* no cidr */
	put_int(out, len, 1);
	sbuf_add(out, a->b + 16 - len, len);
}

static void
put_cell(struct pgbinary *b, enum wire wire, const struct cell *c, struct sbuf *out)
{
	static const enum cell_kind kind[WIRES] = {
		[WIRE_INT2] = CELL_INT, [WIRE_INT4] = CELL_INT, [WIRE_INT8] = CELL_INT,
		[WIRE_TIME] = CELL_TIME, [WIRE_INET] = CELL_NET, [WIRE_TEXT] = CELL_TEXT,
	};
	static const unsigned bytes[WIRES] = {
		[WIRE_INT2] = 2, [WIRE_INT4] = 4, [WIRE_INT8] = 8,
	};

	if (c->kind == CELL_NULL) {
		put_int(out, UINT32_MAX, 4);
		return;
	}
	if (c->kind != kind[wire]) {
		b->failed = "a column is not of the type that it was made with";
		return;
	}
	switch (wire) {
	case WIRE_INT2:
	case WIRE_INT4:
	case WIRE_INT8:
		put_number(b, c->number, bytes[wire], out);
		break;
	case WIRE_TIME:
		put_int(out, 8, 4);
		put_int(out, (uint64_t)(c->number / 1000 - EPOCH_US), 8);
		break;
	case WIRE_INET:
		put_inet(c, out);
		break;
	case WIRE_TEXT:
		put_int(out, c->len, 4);
		sbuf_add(out, c->bytes, c->len);
		break;
	case WIRES:
		break;
	}
}

static void
put_row(struct pgbinary *b, struct load *load, struct sbuf *out)
{
	const struct columns *cols = load->cols;

	load->rows->fill(load->rows->ctx, load->next, load->cells);
	put_int(out, cols->count + load->numbered, 2);
	if (load->numbered)
		put_number(b, (int64_t)load->next + 1, 8, out);
	for (size_t i = 0; i < cols->count; i++)
		put_cell(b, b->wire[i], &load->cells[cols->col[i].param - 1], out);
}

bool
pgbinary_more(struct pgbinary *b, struct load *load, size_t most, struct sbuf *out)
{
	static const char head[19] = "PGCOPY\n\377\r\n";	/* with a NUL, no flags, no extension */

	if (!b->begun)
		sbuf_add(out, head, sizeof(head));
	b->begun = true;
	for (; load->next < load->rows->rows && b->failed == NULL; load->next++) {
		if (out->len >= most)
			return true;
		put_row(b, load, out);
	}
	if (!b->ended)
		put_int(out, UINT16_MAX, 2);
	b->ended = true;
	return out->len > 0;
}
