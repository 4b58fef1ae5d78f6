/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routecols.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* n with so many digits, and what follows. */
static char *
put_digits(char *p, unsigned n, int digits, char behind)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	p[digits] = behind;
	return p + digits + 1;
}

/* As strftime and printf do, for millions of rows. */
static void
put_time(struct cell *c, wall_t t)
{
	time_t sec = (time_t)wall_sec(t);
	char text[40], *p = text;
	struct tm tm;

	gmtime_r(&sec, &tm);
	p = put_digits(p, (unsigned)tm.tm_year + 1900, 4, '-');
	p = put_digits(p, (unsigned)tm.tm_mon + 1, 2, '-');
	p = put_digits(p, (unsigned)tm.tm_mday, 2, ' ');
	p = put_digits(p, (unsigned)tm.tm_hour, 2, ':');
	p = put_digits(p, (unsigned)tm.tm_min, 2, ':');
	p = put_digits(p, (unsigned)tm.tm_sec, 2, '.');
	put_digits(p, wall_usec(t), 6, '\0');
	put_text(c, text);
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

	put_text(c, words[r->event]);
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
	put_number(c, r->run);
}

static void
put_addr(struct cell *c, const struct addr *a)
{
	char text[ADDR_TEXT];

	put_text(c, addr_text(a, text));
}

static void
cell_router(const struct route_row *r, struct cell *c)
{
	put_addr(c, &r->teller->router);
}

static void
cell_id(const struct route_row *r, struct cell *c)
{
	static const struct addr none = { .b = { [10] = 0xff, [11] = 0xff } };

	put_addr(c, addr_is_set(&r->teller->id) ? &r->teller->id : &none);
}

static void
cell_peer(const struct route_row *r, struct cell *c)
{
	put_addr(c, &r->teller->peer);
}

static void
cell_as(const struct route_row *r, struct cell *c)
{
	put_number(c, r->teller->as);
}

static void
cell_rib(const struct route_row *r, struct cell *c)
{
	static const char *const words[TELLER_RIBS] = {
		[TELLER_RIB_ONE] = "", [TELLER_LOC_RIB] = "loc-rib",
		[TELLER_IN_POST] = "in-post", [TELLER_IN_PRE] = "in-pre",
		[TELLER_OUT_POST] = "out-post", [TELLER_OUT_PRE] = "out-pre",
	};

	put_text(c, words[r->teller->rib]);
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
	put_rd(c, r->teller->pd);
}

static bool
of_route(const struct route_row *r)
{
	return r->event == ROUTE_UPDATE || r->event == ROUTE_WITHDRAW || r->event == ROUTE_DELETE;
}

static void
cell_afi(const struct route_row *r, struct cell *c)
{
	put_number(c, !of_route(r) ? 0 : addr_is_v4(&r->key->addr) ? 1 : 2);
}

static void
cell_safi(const struct route_row *r, struct cell *c)
{
	static const uint8_t on_wire[RIB_SAFIS] = {
		[RIB_UNICAST] = 1, [RIB_LABELLED] = 4, [RIB_VPN] = 128, [RIB_EVPN] = 70,
	};

	put_number(c, of_route(r) ? on_wire[r->key->safi] : 0);
}

static void
cell_rd(const struct route_row *r, struct cell *c)
{
	put_rd(c, r->key->rd);
}

static void
cell_prefix(const struct route_row *r, struct cell *c)
{
	struct prefix p = route_prefix(r->key);
	char text[PREFIX_TEXT];

	put_text(c, prefix_text(&p, text));
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
		put_text(c, words[r->attrs->flags & PATH_ORIGIN]);
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
#define U64_TYPES	{ "BIGINT", "BIGINT", "INTEGER" }

#define CURRENT		(1u << ROUTES_CURRENT)
#define HISTORY		(1u << ROUTES_HISTORY)
#define BOTH		(CURRENT | HISTORY)

/* KEY: names a route; ONCE: stays as first written; LAST: what came last, NULL where there is none. */
enum how { KEY, ONCE, LAST };

static const struct route_column {
	const char *name;
	unsigned in;
	enum how how;			/* in a table of current routes */
	const char *type[SQL_ENGINES];
	void (*put)(const struct route_row *r, struct cell *c);
	const char *swept;		/* in the history of what a sweep took; NULL: as it was,
					   but for time and run, the first two */
} route_columns[] = {
	{ "timestamp",      HISTORY, ONCE, TIME_TYPES, cell_when, NULL },
	{ "run",            HISTORY, ONCE, U64_TYPES,  cell_run, NULL },
	{ "seq",            HISTORY, ONCE, U64_TYPES,  cell_seq, NULL },
	{ "log_type",       HISTORY, ONCE, WORD_TYPES, cell_event, "'delete'" },
	{ "entries",        HISTORY, ONCE, U64_TYPES,  cell_entries, "0" },
	{ "peer_ip_src",    BOTH,    KEY,  ADDR_TYPES, cell_router, NULL },
	{ "bgp_id",         BOTH,    KEY,  ADDR_TYPES, cell_id, NULL },
	{ "peer_ip",        BOTH,    KEY,  ADDR_TYPES, cell_peer, NULL },
	{ "bmp_rib_type",   BOTH,    KEY,  WORD_TYPES, cell_rib, NULL },
	{ "pd",             BOTH,    KEY,  RD_TYPES,   cell_pd, NULL },
	{ "afi",            BOTH,    KEY,  U8_TYPES,   cell_afi, NULL },
	{ "safi",           BOTH,    KEY,  U8_TYPES,   cell_safi, NULL },
	{ "rd",             BOTH,    KEY,  RD_TYPES,   cell_rd, NULL },
	{ "ip_prefix",      BOTH,    KEY,
	    { "VARCHAR(49)" ASCII, "inet", "TEXT" },   cell_prefix, NULL },
	{ "as_path_id",     BOTH,    KEY,  U32_TYPES,  cell_path_id, NULL },
	{ "peer_asn",       BOTH,    LAST, U32_TYPES,  cell_as, NULL },
	{ "mpls_label",     BOTH,    LAST, U32_TYPES,  cell_label, NULL },
	{ "bgp_nexthop",    BOTH,    LAST, ADDR_TYPES, cell_next_hop, NULL },
	{ "as_path",        BOTH,    LAST, TEXT_TYPES, cell_as_path, NULL },
	{ "origin",         BOTH,    LAST,
	    { "CHAR(1)" ASCII, "CHAR(1)", "TEXT" },    cell_origin, NULL },
	{ "local_pref",     BOTH,    LAST, U32_TYPES,  cell_local_pref, NULL },
	{ "med",            BOTH,    LAST, U32_TYPES,  cell_med, NULL },
	{ "comms",          BOTH,    LAST, TEXT_TYPES, cell_comms, NULL },
	{ "ecomms",         BOTH,    LAST, TEXT_TYPES, cell_ecomms, NULL },
	{ "lcomms",         BOTH,    LAST, TEXT_TYPES, cell_lcomms, NULL },
	{ "stamp_inserted", CURRENT, ONCE, TIME_TYPES, cell_first, NULL },
	{ "stamp_updated",  CURRENT, LAST, TIME_TYPES, cell_when, NULL },
	{ "seq",            CURRENT, LAST, U64_TYPES,  cell_seq, NULL },
	{ "generation",     CURRENT, LAST, U64_TYPES,  cell_generation, NULL },
};

static const struct route_column *
find(const struct column *c, unsigned in)
{
	for (size_t i = 0; i < ARRAY_LEN(route_columns); i++)
		if ((route_columns[i].in & in) != 0 && strcmp(route_columns[i].name, c->name) == 0)
			return &route_columns[i];
	return NULL;
}

void
routecols_make(enum sql_engine engine, enum route_table table, struct columns *ret)
{
	*ret = (struct columns){ .shape = { .engine = engine } };
	ret->col = mem_array(ARRAY_LEN(route_columns), sizeof(*ret->col));
	for (size_t i = 0; i < ARRAY_LEN(route_columns); i++) {
		const struct route_column *rc = &route_columns[i];
		struct column *c = &ret->col[ret->count];

		if ((rc->in & 1u << table) == 0)
			continue;
		snprintf(c->name, sizeof(c->name), "%s", rc->name);
		c->role = rc->how == LAST ? COLUMN_REPLACED : COLUMN_KEPT;
		c->key = rc->how == KEY && table == ROUTES_CURRENT;
		c->type = rc->type[engine];
		c->order = (unsigned)ret->count;
		c->param = (unsigned)++ret->count;
		ret->params++;
	}
}

static bool
is_history(const struct columns *cols)
{
	return !cols->col[0].key;
}

void
routecols_fill(const struct columns *cols, const struct route_row *row, struct cell *cells)
{
	const unsigned in = is_history(cols) ? HISTORY : CURRENT;
	size_t k = 0;

	for (size_t i = 0; i < ARRAY_LEN(route_columns); i++) {
		if ((route_columns[i].in & in) == 0)
			continue;
		sbuf_clear(&cells[k].room);
		cells[k].kind = CELL_NULL;
		route_columns[i].put(row, &cells[k]);
		k++;
	}
}

/* --- what a sweep takes ------------------------------------------------------------------------------ */

void
routecols_sweep(const struct columns *current, const char *table, uint64_t generation,
    struct sbuf *out)
{
	sbuf_str(out, "DELETE FROM ");
	statement_table(current->shape.engine, table, out);
	sbuf_printf(out, " WHERE generation <> %llu", (unsigned long long)generation);
}

void
routecols_sweep_told(const struct columns *history, const char *current_table,
    const char *history_table, const struct routemap *m, struct sbuf *out)
{
	struct cell time = { 0 };

	put_time(&time, m->upto);
	sbuf_str(out, "INSERT INTO ");
	statement_table(history->shape.engine, history_table, out);
	for (size_t i = 0; i < history->count; i++)
		sbuf_printf(out, "%s%s", i > 0 ? ", " : " (", history->col[i].name);
	sbuf_str(out, ") SELECT ");
	for (size_t i = 0; i < history->count; i++) {
		const struct route_column *rc = find(&history->col[i], HISTORY);

		if (i > 0)
			sbuf_str(out, ", ");
		if (i == 0)
			sbuf_printf(out, "'%s'", (const char *)time.bytes);
		else if (i == 1)
			sbuf_u64(out, m->run);
		else
			sbuf_str(out, rc->swept != NULL ? rc->swept : rc->name);
	}
	sbuf_str(out, " FROM ");
	statement_table(history->shape.engine, current_table, out);
	sbuf_printf(out, " WHERE generation <> %llu", (unsigned long long)m->generation);
	sbuf_done(&time.room);
}

/* --- files ------------------------------------------------------------------------------------------ */

static const struct route_file files[] = {
	{ "waybill-create-routes.mysql", SQL_MYSQL },
	{ "waybill-create-routes.pgsql", SQL_PGSQL },
	{ "waybill-create-routes.sqlite3", SQL_SQLITE },
};

const struct route_file *
routecols_files(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(files);
	return files;
}

static const char *const stems[] = { "bgp_routes", "bmp_routes", "routes" };

const char *
routecols_table_name(bool bgp, bool bmp)
{
	return stems[bgp && !bmp ? 0 : bmp && !bgp ? 1 : 2];
}

static void
print_table(enum sql_engine engine, enum route_table table, const char *name, struct sbuf *out)
{
	struct columns cols;
	size_t keys = 0;

	routecols_make(engine, table, &cols);
	sbuf_printf(out, "\nCREATE TABLE IF NOT EXISTS %s (\n", name);
	for (size_t i = 0; i < cols.count; i++) {
		const struct column *c = &cols.col[i];
		bool ends = i + 1 == cols.count && table == ROUTES_HISTORY;

		sbuf_printf(out, "\t%s %s%s%s\n", c->name, c->type,
		    c->role == COLUMN_REPLACED ? "" : " NOT NULL", ends ? "" : ",");
	}
	for (size_t i = 0; i < cols.count; i++)
		if (cols.col[i].key)
			sbuf_printf(out, "%s%s", keys++ > 0 ? ", " : "\tPRIMARY KEY (",
			    cols.col[i].name);
	sbuf_printf(out, "%s)%s;\n", keys > 0 ? ")\n" : "", engine == SQL_MYSQL ? " ENGINE=InnoDB" :
	    engine == SQL_SQLITE && keys > 0 ? " WITHOUT ROWID" : "");
	columns_done(&cols);
}

static void
print_index(const char *table, struct sbuf *out)
{
	sbuf_printf(out, "-- For questions about one prefix; it costs a part of the speed of writing:\n"
	    "-- CREATE INDEX %s_prefix ON %s (ip_prefix, timestamp);\n", table, table);
}

void
routecols_file_print(const struct route_file *file, struct sbuf *out)
{
	static const char *const begin[SQL_ENGINES] = {
		[SQL_MYSQL] = "CREATE DATABASE IF NOT EXISTS pmacct;\nUSE pmacct;\n",
		[SQL_PGSQL] = "\\c pmacct\n",
		[SQL_SQLITE] = "",
	};

	sbuf_printf(out, "-- %s: made from Waybill's table of columns; do not edit.\n"
	    "-- bgp_routes is pmbgpd's default, bmp_routes pmbmpd's, routes that of a daemon with both.\n"
	    "%s", file->name, begin[file->engine]);
	for (size_t i = 0; i < ARRAY_LEN(stems); i++) {
		char history[64];

		snprintf(history, sizeof(history), "%s_history", stems[i]);
		print_table(file->engine, ROUTES_CURRENT, stems[i], out);
		print_table(file->engine, ROUTES_HISTORY, history, out);
		print_index(history, out);
		if (file->engine == SQL_PGSQL)
			sbuf_printf(out, "GRANT SELECT, INSERT, UPDATE, DELETE ON %s, %s TO pmacct;\n",
			    stems[i], history);
	}
}
