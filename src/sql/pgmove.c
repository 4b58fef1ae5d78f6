/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Staged rows into a table of PostgreSQL. Where a unique index lies on our key by UPDATE of the
 * rows that are there, which takes half as long as ON CONFLICT does, and INSERT of the rest; where
 * that does not come out even by INSERT ... ON CONFLICT. Without an index by UPDATE and INSERT in
 * one statement that says whether every row found its place. Rows of ours that share a row of the
 * table are added up before, once a server has refused them.
 */
#include "sql/pgsql_priv.h"

#include <stdlib.h>
#include <string.h>

#include "sql/move.h"
#include "sql/statement.h"

#define STATE_TWICE	"21000"		/* cardinality_violation: two of our rows, one of the table */

static void
upsert_statement(const struct load *load, const char *table, const char *source,
    const char *conflict, struct sbuf *sql)
{
	move_insert(load, table, "old", sql);
	sbuf_printf(sql, " FROM %s s ON CONFLICT (%s) DO UPDATE SET ", source, conflict);
	move_additions(load, "", "old.", "excluded.", sql);
}

/*
 * From staging into the table, the usual case: UPDATE, then INSERT of what is not there. Every row
 * has found a place of its own if the counts add up. 1: they do not, for rows of ours share a row
 * of the table, or somebody else wrote the same ones meanwhile.
 */
static int
update_rows(struct pg *p, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int64_t updated, inserted = 0;

	sbuf_str(&sql, "UPDATE ");
	statement_table(SQL_PGSQL, t->table, &sql);
	sbuf_str(&sql, " t SET ");
	move_additions(load, "", "t.", "s.", &sql);
	sbuf_printf(&sql, " FROM %s s WHERE ", k->stage);
	move_match(load, "", &sql);
	updated = pg_change(p, sql.text, err);
	if (updated >= 0 && updated < (int64_t)load->rows->rows) {
		sbuf_clear(&sql);
		move_insert(load, t->table, NULL, &sql);
		sbuf_printf(&sql, " FROM %s s ON CONFLICT DO NOTHING", k->stage);
		inserted = pg_change(p, sql.text, err);
	}
	sbuf_done(&sql);
	if (updated < 0 || inserted < 0)
		return -1;
	return updated + inserted == (int64_t)load->rows->rows ? 0 : 1;
}

/* Gives how many rows found no place: 0 unless somebody else changed what we were about to. */
static void
twin_statement(const struct load *load, const char *table, const char *source, struct sbuf *sql)
{
	sbuf_printf(sql, "WITH m AS (SELECT DISTINCT ON (s.waybill_n) s.waybill_n, t.tableoid AS o, "
	    "t.ctid AS c FROM %s s JOIN ", source);
	statement_table(SQL_PGSQL, table, sql);
	sbuf_str(sql, " t ON ");
	move_match(load, "", sql);
	sbuf_str(sql, " ORDER BY s.waybill_n), u AS (UPDATE ");
	statement_table(SQL_PGSQL, table, sql);
	sbuf_str(sql, " t SET ");
	move_additions(load, "", "t.", "s.", sql);
	sbuf_printf(sql, " FROM m JOIN %s s ON s.waybill_n = m.waybill_n WHERE t.tableoid = m.o AND "
	    "t.ctid = m.c RETURNING 1), i AS (", source);
	move_insert(load, table, NULL, sql);
	sbuf_printf(sql, " FROM %s s WHERE NOT EXISTS (SELECT 1 FROM m WHERE m.waybill_n = "
	    "s.waybill_n) RETURNING 1) SELECT (SELECT count(*) FROM %s s) - (SELECT count(*) FROM u) "
	    "- (SELECT count(*) FROM i)", source, source);
}

/* From staging into the table. 1: rows of ours share a row of the table; nothing was done. */
static int
merge_rows(struct pg *p, const struct sql_target *t, const struct known *k, const struct load *load,
    const char *source, struct sbuf *err)
{
	bool upsert = k->live.conflict.len > 0;
	struct sbuf sql = { 0 }, why = { 0 };
	PGresult *r;
	int ret = 0;

	if (upsert)
		upsert_statement(load, t->table, source, k->live.conflict.text, &sql);
	else
		twin_statement(load, t->table, source, &sql);
	r = PQexec(p->c, sql.text);
	if (!upsert && PQresultStatus(r) == PGRES_TUPLES_OK && strcmp(PQgetvalue(r, 0, 0), "0") != 0)
		ret = 1;
	if (pg_settle(p, r, sql.text, &why) != 0)
		ret = strcmp(p->state, STATE_TWICE) == 0 ? 1 : -1;
	if (ret < 0)
		sbuf_str(err, sbuf_text(&why));
	sbuf_done(&sql);
	sbuf_done(&why);
	return ret;
}

int
pgmove_rows(struct pg *p, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	sbuf_printf(&sql, "ANALYZE %s", k->stage);
	ret = pg_run(p, sql.text, err);
	if (ret == 0)
		ret = pg_run(p, "SAVEPOINT waybill", err);
	if (ret == 0)
		ret = k->live.conflict.len > 0 ? update_rows(p, t, k, load, err) : 1;
	if (ret == 1)
		ret = pg_run(p, "ROLLBACK TO SAVEPOINT waybill", err) == 0 ?
		    merge_rows(p, t, k, load, k->stage, err) : -1;
	if (ret == 1) {
		sbuf_clear(&sql);
		move_grouped(t->columns, k->stage, &sql);
		ret = pg_run(p, "ROLLBACK TO SAVEPOINT waybill", err);
		if (ret == 0)
			ret = merge_rows(p, t, k, load, sql.text, err);
		if (ret == 1)
			sbuf_printf(err, "rows of '%s' were changed by others at the same time",
			    t->table);
	}
	sbuf_done(&sql);
	return ret == 0 ? 0 : -1;
}
