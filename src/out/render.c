/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The renderer. A column is a field of the key, a counter, or a stamp; the columns are sorted once
 * per plan and format. How a value looks is the business of its type (agg/value.h); here is only
 * where it stands and, in the formatted output, how wide its cell is.
 */
#include "out/render.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

enum column_kind { COL_FIELD, COL_COUNTER, COL_INSERTED, COL_UPDATED };

struct column {
	enum column_kind kind;
	const char *name;
	unsigned order;
	unsigned width;			/* of a formatted cell, with the gap behind it */
	enum value_type type;
	const struct plan_field *field;	/* NULL: not in the plan, written empty */
	enum entry_counter counter;
};

struct render {
	struct render_conf conf;
	struct value_style stamp_style;	/* stamps never have a fraction */
	struct column *column;
	size_t columns;
};

/* Widths of cells as pmacct prints them, where the rule in cell_width does not give them. */
static const struct {
	const char *name;
	unsigned width;
} cell_widths[] = {
	{ "TAG", 12 }, { "TAG2", 12 }, { "CLASS", 18 }, { "VLAN", 7 }, { "COS", 4 },
	{ "SRC_AS", 12 }, { "DST_AS", 12 }, { "PREF", 9 }, { "SRC_PREF", 9 }, { "MED", 8 },
	{ "SRC_MED", 8 }, { "SRC_ROA", 8 }, { "DST_ROA", 8 }, { "PEER_SRC_AS", 12 },
	{ "PEER_DST_AS", 12 }, { "IN_IFACE", 12 }, { "OUT_IFACE", 12 }, { "MPLS_VPN_RD", 20 },
	{ "PROTOCOL", 12 }, { "TOS", 7 }, { "SH_COUNTRY", 12 }, { "DH_COUNTRY", 12 },
	{ "SH_POCODE", 14 }, { "DH_POCODE", 14 }, { "SAMPLING_RATE", 14 },
	{ "SAMPLING_DIRECTION", 19 }, { "NAT_EVENT", 10 }, { "FW_EVENT", 10 }, { "VXLAN", 10 },
	{ "NVGRE", 10 }, { "PACKETS", 22 }, { "FLOWS", 22 },
};

static unsigned
cell_width(const char *name, enum value_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(cell_widths); i++)
		if (strcmp(cell_widths[i].name, name) == 0)
			return cell_widths[i].width;
	switch (type) {
	case VT_ADDR:
		return 47;
	case VT_MAC:
		return 19;
	case VT_TIME:
		return 31;
	case VT_ASPATH:
	case VT_COMMS:
	case VT_ECOMMS:
	case VT_LCOMMS:
	case VT_NAME:
	case VT_CLASS:
		return 25;
	case VT_U8:
	case VT_U16:
	case VT_U32:
	case VT_U64:
	case VT_PROTO:
	case VT_ETYPE:
	case VT_CHAR:
	case VT_RD:
	case VT_FWD_STATUS:
	case VT_TCP_FLAGS:
	case VT_LABELS:
	case VT_TYPES:
		break;
	}
	return (unsigned)strlen(name) + 2;
}

static void
add_column(struct render *r, const struct column *col)
{
	r->column = mem_grow(r->column, r->columns + 1, sizeof(*r->column));
	r->column[r->columns++] = *col;
}

static const struct plan_field *
field_of(const struct plan *plan, const struct prim *prim)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (plan->field[i].prim == prim)
			return &plan->field[i];
	return NULL;
}

static bool
is_json(const struct render *r)
{
	return r->conf.format == RENDER_JSON;
}

/* The client's columns are those of print but for the interfaces. */
static unsigned
client_order(const struct prim *prim, unsigned order)
{
	if (strcmp(prim->word, "in_iface") == 0 || strcmp(prim->word, "out_iface") == 0)
		return 2u * prim_by_word("src_mac")->csv_order - 1;
	return order;
}

static void
add_field(struct render *r, const struct prim *prim, const struct plan_field *field)
{
	struct column col = { .kind = COL_FIELD, .type = prim->type, .field = field };

	col.name = is_json(r) ? prim->json : prim->csv;
	col.order = 2u * (is_json(r) ? prim->json_order : prim->csv_order);
	if (col.name == NULL)
		return;
	if (r->conf.client && !is_json(r))
		col.order = client_order(prim, col.order);
	if (!is_json(r))
		col.width = cell_width(col.name, col.type);
	add_column(r, &col);
}

/* A counter that stands among the fields, or at the end (order 0). */
static void
add_counter(struct render *r, enum entry_counter counter, enum value_type type, const char *name,
    unsigned order)
{
	struct column col = { .kind = COL_COUNTER, .counter = counter, .type = type };

	col.name = name;
	col.order = order;
	col.width = is_json(r) ? 0 : cell_width(name, type);
	add_column(r, &col);
}

#define LAST	(2u * (UINT16_MAX + 1))	/* behind every field */

static void
add_counters(struct render *r, const struct plan *plan)
{
	const struct prim *flags = prim_by_word("tcpflags"), *flows = prim_by_word("flows");
	unsigned flows_order = is_json(r) ? 2u * flows->json_order : LAST + 1;

	if (r->conf.all || plan_has(plan, "tcpflags"))
		add_counter(r, EC_TCP_FLAGS, VT_TCP_FLAGS, is_json(r) ? flags->json : flags->csv,
		    2u * (is_json(r) ? flags->json_order : flags->csv_order));
	if (is_json(r) && r->conf.stamps) {
		add_column(r, &(struct column){ .kind = COL_INSERTED, .name = "stamp_inserted",
		    .order = flows_order - 1, .type = VT_TIME });
		add_column(r, &(struct column){ .kind = COL_UPDATED, .name = "stamp_updated",
		    .order = flows_order - 1, .type = VT_TIME });
	}
	if (r->conf.events)
		return;
	if (r->conf.all || plan_has(plan, "flows"))
		add_counter(r, EC_FLOWS, VT_U64, is_json(r) ? flows->json : flows->csv, flows_order);
	add_counter(r, EC_PACKETS, VT_U64, is_json(r) ? "packets" : "PACKETS", LAST);
	add_counter(r, EC_BYTES, VT_U64, is_json(r) ? "bytes" : "BYTES", LAST + 2);
}

/* Stable: columns of equal order stay as they were added. */
static void
sort_columns(struct render *r)
{
	for (size_t i = 1; i < r->columns; i++) {
		struct column moved = r->column[i];
		size_t j = i;

		for (; j > 0 && moved.order < r->column[j - 1].order; j--)
			r->column[j] = r->column[j - 1];
		r->column[j] = moved;
	}
}

struct render *
render_new(const struct plan *plan, const struct render_conf *conf)
{
	struct render *r = mem_new(sizeof(*r));
	const struct prim *prim;
	size_t n;

	r->conf = *conf;
	if (r->conf.separator == '\0')
		r->conf.separator = ',';
	r->stamp_style = conf->style;
	r->stamp_style.secs = true;
	if (conf->all) {
		prim = prims(&n);
		for (size_t i = 0; i < n; i++)
			if (!(prim[i].flags & PRIM_COUNTER) && prim[i].group != PRIM_SUM)
				add_field(r, &prim[i], field_of(plan, &prim[i]));
	} else {
		for (size_t i = 0; i < plan->fields; i++)
			add_field(r, plan->field[i].prim, &plan->field[i]);
	}
	add_counters(r, plan);
	sort_columns(r);
	return r;
}

void
render_free(struct render *r)
{
	if (r == NULL)
		return;
	mem_free(r->column);
	mem_free(r);
}

int
render_parse_format(const char *word, struct render_conf *ret)
{
	static const struct {
		const char *word;
		enum render_format format;
		bool events;
	} formats[] = {
		{ "formatted", RENDER_FORMATTED, false }, { "csv", RENDER_CSV, false },
		{ "json", RENDER_JSON, false }, { "event_formatted", RENDER_FORMATTED, true },
		{ "event_csv", RENDER_CSV, true }, { "event_json", RENDER_JSON, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcasecmp(formats[i].word, word) == 0) {
			ret->format = formats[i].format;
			ret->events = formats[i].events;
			return 0;
		}
	return -1;
}

char
render_parse_separator(const char *word)
{
	if (strcmp(word, "\\t") == 0)
		return '\t';
	if (strcmp(word, "\\s") == 0)
		return ' ';
	return strlen(word) == 1 ? word[0] : '\0';
}

/* A cell: padded to its width, and at least one space before the next. */
static void
pad(struct sbuf *out, size_t from, unsigned width)
{
	do
		sbuf_char(out, ' ');
	while (out->len - from < width);
}

static void
put_cell(const struct render *r, size_t i, const char *text, struct sbuf *out)
{
	const struct column *col = &r->column[i];
	size_t from = out->len;

	if (r->conf.format == RENDER_FORMATTED) {
		sbuf_str(out, text);
		if (col->kind != COL_COUNTER || col->counter != EC_BYTES)
			pad(out, from, col->width);
		return;
	}
	if (i > 0)
		sbuf_char(out, r->conf.separator);
	csv_field(out, text, r->conf.separator);
}

void
render_header(const struct render *r, struct sbuf *out)
{
	if (is_json(r))
		return;
	for (size_t i = 0; i < r->columns; i++)
		put_cell(r, i, r->column[i].name, out);
	sbuf_char(out, '\n');
}

static void
column_value(const struct column *col, const struct rowset *rs, size_t row, wall_t updated,
    struct value *ret)
{
	*ret = (struct value){ .type = col->type };
	switch (col->kind) {
	case COL_FIELD:
		if (col->field != NULL)
			rowset_value(rs, row, col->field, ret);
		break;
	case COL_COUNTER:
		ret->u = rowset_counter(rs, row, col->counter);
		break;
	case COL_INSERTED:
		ret->u = (uint64_t)rs->bin.ns;
		break;
	case COL_UPDATED:
		ret->u = (uint64_t)updated.ns;
		break;
	}
}

static const struct value_style *
style_of(const struct render *r, const struct column *col)
{
	bool stamp = col->kind == COL_INSERTED || col->kind == COL_UPDATED;

	return stamp ? &r->stamp_style : &r->conf.style;
}

static void
row_json(const struct render *r, const struct rowset *rs, size_t row, wall_t updated,
    struct sbuf *out)
{
	struct json j = json_of(out);
	struct value v;

	json_object(&j, NULL);
	if (r->conf.event_type)
		json_str(&j, "event_type", "purge");
	for (size_t i = 0; i < r->columns; i++) {
		const struct column *col = &r->column[i];

		column_value(col, rs, row, updated, &v);
		value_rows[col->type].json(&v, style_of(r, col), col->name, &j);
	}
	json_end(&j, '}');
	sbuf_char(out, '\n');
}

void
render_row(const struct render *r, const struct rowset *rs, size_t row, wall_t updated,
    struct sbuf *out)
{
	struct sbuf cell = { 0 };
	struct value v;

	if (is_json(r)) {
		row_json(r, rs, row, updated, out);
		return;
	}
	for (size_t i = 0; i < r->columns; i++) {
		const struct column *col = &r->column[i];

		column_value(col, rs, row, updated, &v);
		sbuf_clear(&cell);
		value_rows[col->type].text(&v, style_of(r, col), &cell);
		put_cell(r, i, sbuf_text(&cell), out);
	}
	sbuf_char(out, '\n');
	sbuf_done(&cell);
}
