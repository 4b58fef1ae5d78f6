/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routecols.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "sql/statement.h"

/* --- cells ---------------------------------------------------------------------------------------- */

static void
put_number(struct cell *c, uint64_t n)
{
	c->kind = CELL_INT;
	c->number = (int64_t)n;
}

/* What stands in the cell's room. */
static void
put_room(struct cell *c)
{
	c->kind = CELL_TEXT;
	c->bytes = sbuf_text(&c->room);
	c->len = c->room.len;
}

static void
put_text(struct cell *c, const char *text)
{
	sbuf_str(&c->room, text);
	put_room(c);
}

/* One that stays. */
static void
put_word(struct cell *c, const char *word)
{
	c->kind = CELL_TEXT;
	c->bytes = word;
	c->len = strlen(word);
}

void
routecols_time(wall_t t, struct sbuf *out)
{
	char text[CELL_TIME_TEXT];

	cell_time_text(t, text);
	sbuf_printf(out, "'%s'", text);
}

static void
put_time(struct cell *c, wall_t t)
{
	c->kind = CELL_TIME;
	c->number = t.ns;
}

static void
cell_when(const struct route_row *r, struct cell *c)
{
	put_time(c, r->when);
}

static void
cell_first(const struct route_row *r, struct cell *c)
{
	put_time(c, r->first);
}

static void
cell_seq(const struct route_row *r, struct cell *c)
{
	put_number(c, r->seq);
}

static void
cell_event(const struct route_row *r, struct cell *c)
{
	static const char *const words[ROUTE_EVENTS] = {
		[ROUTE_UPDATE] = "update", [ROUTE_WITHDRAW] = "withdraw",
		[ROUTE_DELETE] = "delete", [ROUTE_LOG_INIT] = "log_init",
		[ROUTE_LOG_CLOSE] = "log_close", [ROUTE_LOST] = "lost",
	};

	put_word(c, words[r->event]);
}

static void
cell_source(const struct route_row *r, struct cell *c)
{
	put_number(c, r->source_id);
}

static void
cell_attrs(const struct route_row *r, struct cell *c)
{
	if (r->attrs_id != 0)
		put_number(c, r->attrs_id);
}

static void
cell_entries(const struct route_row *r, struct cell *c)
{
	put_number(c, r->entries);
}

static void
cell_generation(const struct route_row *r, struct cell *c)
{
	put_number(c, r->generation);
}

static void
cell_run(const struct route_row *r, struct cell *c)
{
	put_number(c, r->source->run);
}

static void
put_addr(struct cell *c, const struct addr *a)
{
	c->kind = CELL_NET;
	c->bytes = a;
	c->len = CELL_HOST;
}

static void
cell_router(const struct route_row *r, struct cell *c)
{
	put_addr(c, &r->source->teller.router);
}

static void
cell_id(const struct route_row *r, struct cell *c)
{
	static const struct addr none = { .b = { [10] = 0xff, [11] = 0xff } };

	put_addr(c, addr_is_set(&r->source->teller.id) ? &r->source->teller.id : &none);
}

static void
cell_peer(const struct route_row *r, struct cell *c)
{
	put_addr(c, &r->source->teller.peer);
}

static void
cell_as(const struct route_row *r, struct cell *c)
{
	put_number(c, r->source->teller.as);
}

static void
cell_rib(const struct route_row *r, struct cell *c)
{
	static const char *const words[TELLER_RIBS] = {
		[TELLER_RIB_ONE] = "", [TELLER_LOC_RIB] = "loc-rib",
		[TELLER_IN_POST] = "in-post", [TELLER_IN_PRE] = "in-pre",
		[TELLER_OUT_POST] = "out-post", [TELLER_OUT_PRE] = "out-pre",
	};

	put_word(c, words[r->source->teller.rib]);
}

static void
put_rd(struct cell *c, uint64_t rd)
{
	char text[RD_TEXT];

	put_text(c, rd != 0 ? rd_text(rd, text) : "");
}

static void
cell_pd(const struct route_row *r, struct cell *c)
{
	put_rd(c, r->source->teller.pd);
}

static void
cell_afi(const struct route_row *r, struct cell *c)
{
	put_number(c, r->source->afi);
}

static void
cell_safi(const struct route_row *r, struct cell *c)
{
	static const uint8_t on_wire[RIB_SAFIS] = {
		[RIB_UNICAST] = 1, [RIB_LABELLED] = 4, [RIB_VPN] = 128, [RIB_EVPN] = 70,
	};

	put_number(c, r->source->afi != 0 ? on_wire[r->source->safi] : 0);
}

static void
cell_rd(const struct route_row *r, struct cell *c)
{
	put_rd(c, r->source->rd);
}

static void
cell_prefix(const struct route_row *r, struct cell *c)
{
	c->kind = CELL_NET;
	c->bytes = &r->key->addr;
	c->len = r->key->len;
}

static void
cell_path_id(const struct route_row *r, struct cell *c)
{
	put_number(c, r->key->path_id);
}

static void
cell_label(const struct route_row *r, struct cell *c)
{
	if (r->label != 0)
		put_number(c, r->label);
}

static void
cell_next_hop(const struct route_row *r, struct cell *c)
{
	if (r->attrs != NULL && addr_is_set(&r->attrs->next_hop))
		put_addr(c, &r->attrs->next_hop);
}

static void
cell_as_path(const struct route_row *r, struct cell *c)
{
	if (r->attrs == NULL)
		return;
	aspath_text(&c->room, route_attrs_bytes(r->attrs, ROUTE_ASPATH),
	    r->attrs->len[ROUTE_ASPATH], ' ');
	put_room(c);
}

static void
cell_comms(const struct route_row *r, struct cell *c)
{
	if (r->attrs == NULL || r->attrs->len[ROUTE_COMMS] == 0)
		return;
	comms_text(&c->room, route_attrs_bytes(r->attrs, ROUTE_COMMS),
	    r->attrs->len[ROUTE_COMMS], ' ', false);
	put_room(c);
}

static void
cell_ecomms(const struct route_row *r, struct cell *c)
{
	if (r->attrs == NULL || r->attrs->len[ROUTE_ECOMMS] == 0)
		return;
	ecomms_text(&c->room, route_attrs_bytes(r->attrs, ROUTE_ECOMMS),
	    r->attrs->len[ROUTE_ECOMMS], ' ', false);
	put_room(c);
}

static void
cell_lcomms(const struct route_row *r, struct cell *c)
{
	if (r->attrs == NULL || r->attrs->len[ROUTE_LCOMMS] == 0)
		return;
	lcomms_text(&c->room, route_attrs_bytes(r->attrs, ROUTE_LCOMMS),
	    r->attrs->len[ROUTE_LCOMMS], ' ');
	put_room(c);
}

static void
cell_origin(const struct route_row *r, struct cell *c)
{
	static const char *const words[] = { "i", "e", "u", "u" };

	if (r->attrs != NULL)
		put_word(c, words[r->attrs->flags & PATH_ORIGIN]);
}

static void
cell_local_pref(const struct route_row *r, struct cell *c)
{
	if (r->attrs != NULL && (r->attrs->flags & PATH_HAS_LOCAL_PREF) != 0)
		put_number(c, r->attrs->local_pref);
}

static void
cell_med(const struct route_row *r, struct cell *c)
{
	if (r->attrs != NULL && (r->attrs->flags & PATH_HAS_MED) != 0)
		put_number(c, r->attrs->med);
}

/* --- the table of columns --------------------------------------------------------------------------- */

#define ASCII		" CHARACTER SET ascii COLLATE ascii_bin"
#define TIME_TYPES	{ "DATETIME(6)", "timestamp(6)", "TEXT" }
#define ADDR_TYPES	{ "VARCHAR(45)" ASCII, "inet", "TEXT" }
#define RD_TYPES	{ "VARCHAR(40)" ASCII, "VARCHAR(40)", "TEXT" }
#define TEXT_TYPES	{ "MEDIUMTEXT" ASCII, "TEXT", "TEXT" }
#define WORD_TYPES	{ "VARCHAR(16)" ASCII, "VARCHAR(16)", "TEXT" }
#define U8_TYPES	{ "TINYINT UNSIGNED", "SMALLINT", "INTEGER" }
#define U32_TYPES	{ "INT UNSIGNED", "BIGINT", "INTEGER" }
#define U31_TYPES	{ "INT", "INTEGER", "INTEGER" }
#define U64_TYPES	{ "BIGINT", "BIGINT", "INTEGER" }

#define CURRENT		(1u << ROUTES_CURRENT)
#define HISTORY		(1u << ROUTES_HISTORY)
#define BOTH		(CURRENT | HISTORY)

#define ROWS		(1u << ROUTES_ROWS)
#define SOURCES		(1u << ROUTES_SOURCES)
#define ATTRS		(1u << ROUTES_ATTRS)

#define KEY		ROUTE_KEY
#define ONCE		ROUTE_ONCE
#define LAST		ROUTE_LAST

static const struct route_column route_columns[] = {
	{ "timestamp",      HISTORY, ROWS,    ONCE, TIME_TYPES, cell_when, NULL },
	{ "run",            HISTORY, SOURCES, ONCE, U64_TYPES,  cell_run, NULL },
	{ "seq",            HISTORY, ROWS,    ONCE, U64_TYPES,  cell_seq, NULL },
	{ "log_type",       HISTORY, ROWS,    ONCE, WORD_TYPES, cell_event, "'delete'" },
	{ "entries",        HISTORY, ROWS,    ONCE, U64_TYPES,  cell_entries, "0" },
	{ "source",         BOTH, ROWS | SOURCES, KEY, U31_TYPES, cell_source, NULL },
	{ "peer_ip_src",    BOTH,    SOURCES, KEY,  ADDR_TYPES, cell_router, NULL },
	{ "bgp_id",         BOTH,    SOURCES, KEY,  ADDR_TYPES, cell_id, NULL },
	{ "peer_ip",        BOTH,    SOURCES, KEY,  ADDR_TYPES, cell_peer, NULL },
	{ "bmp_rib_type",   BOTH,    SOURCES, KEY,  WORD_TYPES, cell_rib, NULL },
	{ "pd",             BOTH,    SOURCES, KEY,  RD_TYPES,   cell_pd, NULL },
	{ "afi",            BOTH,    SOURCES, KEY,  U8_TYPES,   cell_afi, NULL },
	{ "safi",           BOTH,    SOURCES, KEY,  U8_TYPES,   cell_safi, NULL },
	{ "rd",             BOTH,    SOURCES, KEY,  RD_TYPES,   cell_rd, NULL },
	{ "ip_prefix",      BOTH,    ROWS,    KEY,
	    { "VARCHAR(49)" ASCII, "inet", "TEXT" },            cell_prefix, NULL },
	{ "as_path_id",     BOTH,    ROWS,    KEY,  U32_TYPES,  cell_path_id, NULL },
	{ "peer_asn",       BOTH,    SOURCES, LAST, U32_TYPES,  cell_as, NULL },
	{ "mpls_label",     BOTH,    ROWS,    LAST, U32_TYPES,  cell_label, NULL },
	{ "attrs",          BOTH, ROWS | ATTRS, LAST, U64_TYPES, cell_attrs, NULL },
	{ "bgp_nexthop",    BOTH,    ATTRS,   LAST, ADDR_TYPES, cell_next_hop, NULL },
	{ "as_path",        BOTH,    ATTRS,   LAST, TEXT_TYPES, cell_as_path, NULL },
	{ "origin",         BOTH,    ATTRS,   LAST,
	    { "CHAR(1)" ASCII, "CHAR(1)", "TEXT" },             cell_origin, NULL },
	{ "local_pref",     BOTH,    ATTRS,   LAST, U32_TYPES,  cell_local_pref, NULL },
	{ "med",            BOTH,    ATTRS,   LAST, U32_TYPES,  cell_med, NULL },
	{ "comms",          BOTH,    ATTRS,   LAST, TEXT_TYPES, cell_comms, NULL },
	{ "ecomms",         BOTH,    ATTRS,   LAST, TEXT_TYPES, cell_ecomms, NULL },
	{ "lcomms",         BOTH,    ATTRS,   LAST, TEXT_TYPES, cell_lcomms, NULL },
	{ "stamp_inserted", CURRENT, ROWS,    ONCE, TIME_TYPES, cell_first, NULL },
	{ "stamp_updated",  CURRENT, ROWS,    LAST, TIME_TYPES, cell_when, NULL },
	{ "seq",            CURRENT, ROWS,    LAST, U64_TYPES,  cell_seq, NULL },
	{ "generation",     CURRENT, ROWS,    LAST, U64_TYPES,  cell_generation, NULL },
};

static bool
is_key(const struct route_column *c, enum route_table table, enum route_part part)
{
	return part != ROUTES_ROWS ? route_column_joins(c) : c->how == KEY && table == ROUTES_CURRENT;
}

const struct route_column *
routecols_nth(enum route_table table, enum route_part part, size_t i)
{
	for (size_t k = 0; k < ARRAY_LEN(route_columns); k++)
		if ((route_columns[k].in & 1u << table) != 0 &&
		    (part == ROUTES_PARTS || (route_columns[k].parts & 1u << part) != 0) &&
		    i-- == 0)
			return &route_columns[k];
	return NULL;
}

void
routecols_make(enum sql_engine engine, enum route_table table, enum route_part part,
    struct routecols *ret)
{
	const struct route_column *rc;
	struct columns *cols = &ret->cols;

	*ret = (struct routecols){ .cols = { .shape = { .engine = engine } } };
	cols->col = mem_array(ARRAY_LEN(route_columns), sizeof(*cols->col));
	ret->from = mem_array(ARRAY_LEN(route_columns), sizeof(*ret->from));
	while ((rc = routecols_nth(table, part, cols->count)) != NULL) {
		struct column *c = &cols->col[cols->count];

		ret->from[cols->count] = rc;
		snprintf(c->name, sizeof(c->name), "%s", rc->name);
		c->key = is_key(rc, table, part);
		c->role = rc->how == LAST && !c->key ? COLUMN_REPLACED : COLUMN_KEPT;
		c->type = rc->type[engine];
		c->order = (unsigned)cols->count;
		c->param = (unsigned)++cols->count;
		cols->params++;
	}
}

void
routecols_done(struct routecols *rc)
{
	columns_done(&rc->cols);
	mem_free(rc->from);
}

void
routecols_fill(const struct routecols *rc, const struct route_row *row, struct cell *cells)
{
	for (size_t i = 0; i < rc->cols.count; i++) {
		sbuf_clear(&cells[i].room);
		cells[i].kind = CELL_NULL;
		rc->from[i]->put(row, &cells[i]);
	}
}

uint64_t
routecols_same(const struct routecols *rc, const char *const *name, size_t names)
{
	uint64_t same = 0;

	for (size_t i = 0; i < rc->cols.count && i < 64; i++)
		for (size_t k = 0; k < names; k++)
			if (strcmp(rc->from[i]->name, name[k]) == 0)
				same |= UINT64_C(1) << i;
	return same;
}

void
routecols_part_name(const char *name, enum route_part part, struct sbuf *out)
{
	static const char *const tails[ROUTES_PARTS] = {
		[ROUTES_SOURCES] = "sources", [ROUTES_ATTRS] = "attrs", [ROUTES_ROWS] = "rows",
	};

	sbuf_printf(out, "%s_%s", name, tails[part]);
}

/* Addresses, numbers and words: none has anything to be escaped. */
void
routecols_source_is(enum sql_engine engine, const struct route_source *source, struct sbuf *out)
{
	const struct route_row row = { .source = source };
	struct cell cell = { 0 };
	const char *between = "";

	for (size_t i = 0; i < ARRAY_LEN(route_columns); i++) {
		const struct route_column *c = &route_columns[i];

		if (c->parts != SOURCES || c->how != KEY)
			continue;
		sbuf_clear(&cell.room);
		c->put(&row, &cell);
		cell_plain(&cell);
		sbuf_printf(out, "%s%s = ", between, c->name);
		between = " AND ";
		if (cell.kind == CELL_INT)
			sbuf_u64(out, (uint64_t)cell.number);
		else
			statement_text(engine, cell.bytes, out);
	}
	sbuf_done(&cell.room);
}
