/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routeddl.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "sql/statement.h"

/* The column by which a part is joined with the rows. */
static const char *const number_of[ROUTES_PARTS] = {
	[ROUTES_SOURCES] = "source", [ROUTES_ATTRS] = "attrs",
};

/* "NAME_rows" as the engine spells it. */
static void
put_part(enum sql_engine engine, const char *name, enum route_part part, struct sbuf *out)
{
	struct sbuf full = { 0 };

	routecols_part_name(name, part, &full);
	statement_table(engine, full.text, out);
	sbuf_done(&full);
}

/* --- tables ----------------------------------------------------------------------------------------- */

/* By what a source is known again. */
static void
put_unique(struct sbuf *out)
{
	const struct route_column *c;
	const char *between = ",\n\tUNIQUE (";

	for (size_t i = 0; (c = routecols_nth(ROUTES_CURRENT, ROUTES_SOURCES, i)) != NULL; i++) {
		if (c->how != ROUTE_KEY || route_column_joins(c))
			continue;
		sbuf_printf(out, "%s%s", between, c->name);
		between = ", ";
	}
	sbuf_char(out, ')');
}

static void
make_table(enum sql_engine engine, enum route_table table, enum route_part part, const char *name,
    struct sbuf *out)
{
	struct routecols rc;
	size_t keys = 0;

	routecols_make(engine, table, part, &rc);
	sbuf_str(out, "CREATE TABLE IF NOT EXISTS ");
	put_part(engine, name, part, out);
	for (size_t i = 0; i < rc.cols.count; i++) {
		const struct column *c = &rc.cols.col[i];

		sbuf_printf(out, "%s\t%s %s%s", i > 0 ? ",\n" : " (\n", c->name, c->type,
		    c->role == COLUMN_REPLACED ? "" : " NOT NULL");
	}
	for (size_t i = 0; i < rc.cols.count; i++)
		if (rc.cols.col[i].key)
			sbuf_printf(out, "%s%s", keys++ > 0 ? ", " : ",\n\tPRIMARY KEY (",
			    rc.cols.col[i].name);
	sbuf_str(out, keys > 0 ? ")" : "");
	if (part == ROUTES_SOURCES && table == ROUTES_CURRENT)
		put_unique(out);
	/* In SQLite rows lie in their key itself then: one tree to change instead of two. */
	sbuf_printf(out, "\n)%s", engine == SQL_MYSQL ? " ENGINE=InnoDB" :
	    engine == SQL_SQLITE && keys > 1 ? " WITHOUT ROWID" : "");
	routecols_done(&rc);
}

/* All columns but the numbers, in their order. */
static void
make_view(enum sql_engine engine, enum route_table table, const char *name, struct sbuf *out)
{
	const struct route_column *c;
	const char *between = " AS\nSELECT ";

	sbuf_str(out, engine == SQL_SQLITE ? "CREATE VIEW IF NOT EXISTS " :
	    "CREATE OR REPLACE VIEW ");
	statement_table(engine, name, out);
	for (size_t i = 0; (c = routecols_nth(table, ROUTES_PARTS, i)) != NULL; i++) {
		if (route_column_joins(c))
			continue;
		sbuf_printf(out, "%s%c.%s", between, (c->parts & 1u << ROUTES_ROWS) != 0 ? 'r' :
		    (c->parts & 1u << ROUTES_ATTRS) != 0 ? 'a' : 's', c->name);
		between = ", ";
	}
	sbuf_str(out, "\nFROM ");
	put_part(engine, name, ROUTES_ROWS, out);
	sbuf_str(out, " r\nJOIN ");
	put_part(engine, name, ROUTES_SOURCES, out);
	sbuf_str(out, " s ON s.source = r.source\nLEFT JOIN ");
	put_part(engine, name, ROUTES_ATTRS, out);
	sbuf_str(out, " a ON a.attrs = r.attrs");
}

void
routeddl_make(enum sql_engine engine, enum route_table table, const char *name,
    struct sbuf ret[ROUTEDDL_STATEMENTS])
{
	for (unsigned part = 0; part < ROUTES_PARTS; part++)
		make_table(engine, table, part, name, &ret[part]);
	make_view(engine, table, name, &ret[ROUTES_PARTS]);
}

/* --- what a sweep takes ------------------------------------------------------------------------------ */

static void
put_older(uint64_t generation, struct sbuf *out)
{
	sbuf_printf(out, " WHERE generation <> %llu", (unsigned long long)generation);
}

void
routeddl_sweep(enum sql_engine engine, const char *name, uint64_t generation, struct sbuf *out)
{
	sbuf_str(out, "DELETE FROM ");
	put_part(engine, name, ROUTES_ROWS, out);
	put_older(generation, out);
}

/* What the history has in a column of a row that was swept. */
static void
put_swept(const struct route_column *c, const struct routemap *m,
    const int64_t below[ROUTES_PARTS], struct sbuf *out)
{
	if (strcmp(c->name, "timestamp") == 0)
		routecols_time(m->upto, out);
	else if (strcmp(c->name, "run") == 0)
		sbuf_u64(out, m->run);
	else if (route_column_joins(c))
		sbuf_printf(out, "%lld - %s", (long long)below[(c->parts & 1u << ROUTES_ATTRS) != 0 ?
		    ROUTES_ATTRS : ROUTES_SOURCES], c->name);
	else
		sbuf_str(out, c->swept != NULL ? c->swept : c->name);
}

static void
tell_part(enum sql_engine engine, const char *name, const char *history, const struct routemap *m,
    const int64_t below[ROUTES_PARTS], enum route_part part, struct sbuf *out)
{
	const struct route_column *c;

	sbuf_str(out, "INSERT INTO ");
	put_part(engine, history, part, out);
	for (size_t i = 0; (c = routecols_nth(ROUTES_HISTORY, part, i)) != NULL; i++)
		sbuf_printf(out, "%s%s", i > 0 ? ", " : " (", c->name);
	sbuf_str(out, ") SELECT ");
	for (size_t i = 0; (c = routecols_nth(ROUTES_HISTORY, part, i)) != NULL; i++) {
		sbuf_str(out, i > 0 ? ", " : "");
		put_swept(c, m, below, out);
	}
	sbuf_str(out, " FROM ");
	put_part(engine, name, part, out);
	if (part != ROUTES_ROWS) {
		sbuf_printf(out, " WHERE %s IN (SELECT %s FROM ", number_of[part], number_of[part]);
		put_part(engine, name, ROUTES_ROWS, out);
	}
	put_older(m->generation, out);
	sbuf_str(out, part != ROUTES_ROWS ? ")" : "");
}

void
routeddl_told(enum sql_engine engine, const char *name, const char *history,
    const struct routemap *m, const int64_t below[ROUTES_PARTS], struct sbuf ret[ROUTES_PARTS])
{
	for (unsigned part = 0; part < ROUTES_PARTS; part++)
		tell_part(engine, name, history, m, below, part, &ret[part]);
}

/*
 * Each engine has one form that it runs by a hash however large the tables are: the others would go through
 * all rows for each set of attributes.
 */
void
routeddl_tidy(enum sql_engine engine, const char *name, struct sbuf *out)
{
	static const struct { const char *before, *between, *behind; } forms[SQL_ENGINES] = {
		[SQL_MYSQL] = { "DELETE a FROM ", " a LEFT JOIN (SELECT DISTINCT attrs FROM ",
		    ") r ON r.attrs = a.attrs WHERE r.attrs IS NULL" },
		[SQL_PGSQL] = { "DELETE FROM ", " a WHERE NOT EXISTS (SELECT 1 FROM ",
		    " r WHERE r.attrs = a.attrs)" },
		[SQL_SQLITE] = { "DELETE FROM ", " WHERE attrs NOT IN (SELECT attrs FROM ",
		    " WHERE attrs IS NOT NULL)" },
	};

	sbuf_str(out, forms[engine].before);
	put_part(engine, name, ROUTES_ATTRS, out);
	sbuf_str(out, forms[engine].between);
	put_part(engine, name, ROUTES_ROWS, out);
	sbuf_str(out, forms[engine].behind);
}

/* --- files ------------------------------------------------------------------------------------------ */

static const struct route_file files[] = {
	{ "waybill-create-routes.mysql", SQL_MYSQL },
	{ "waybill-create-routes.pgsql", SQL_PGSQL },
	{ "waybill-create-routes.sqlite3", SQL_SQLITE },
};

const struct route_file *
routeddl_files(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(files);
	return files;
}

static const char *const stems[] = { "bgp_routes", "bmp_routes", "routes" };

const char *
routeddl_table_name(bool bgp, bool bmp)
{
	return stems[bgp && !bmp ? 0 : bmp && !bgp ? 1 : 2];
}

static void
print_table(enum sql_engine engine, enum route_table table, const char *name, struct sbuf *out)
{
	struct sbuf sql[ROUTEDDL_STATEMENTS] = { 0 };

	routeddl_make(engine, table, name, sql);
	for (size_t i = 0; i < ROUTEDDL_STATEMENTS; i++) {
		sbuf_printf(out, "\n%s;\n", sql[i].text);
		sbuf_done(&sql[i]);
	}
}

static void
print_index(const char *table, struct sbuf *out)
{
	sbuf_printf(out, "-- For questions about one prefix; it costs a part of the speed of writing:\n"
	    "-- CREATE INDEX %s_prefix ON %s_rows (ip_prefix, timestamp);\n", table, table);
}

static void
print_grant(enum sql_engine engine, const char *name, struct sbuf *out)
{
	if (engine == SQL_PGSQL)
		sbuf_printf(out, "GRANT SELECT ON %s TO pmacct;\nGRANT SELECT, INSERT, UPDATE, DELETE "
		    "ON %s_rows, %s_sources, %s_attrs TO pmacct;\n", name, name, name, name);
}

void
routeddl_file_print(const struct route_file *file, struct sbuf *out)
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
		print_grant(file->engine, stems[i], out);
		print_grant(file->engine, history, out);
	}
}
