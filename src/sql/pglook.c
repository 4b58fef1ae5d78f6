/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of PostgreSQL as its catalogue tells them, and the staging made after them. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/move.h"
#include "sql/pgsql_priv.h"
#include "sql/statement.h"

int
pglook_exists(struct pg *p, const char *name, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	PGresult *r;
	int ret = -1;

	sbuf_str(&sql, "SELECT to_regclass(");
	pg_quote(p, name, &sql);
	sbuf_str(&sql, ") IS NOT NULL");
	r = pg_ask(p, sql.text, err);
	if (r != NULL)
		ret = PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	sbuf_done(&sql);
	return ret;
}

static int
read_columns(struct pg *p, const char *regclass, struct live *live, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	PGresult *r;

	sbuf_printf(&sql, "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
	    "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped", regclass);
	r = pg_ask(p, sql.text, err);
	for (int i = 0; r != NULL && i < PQntuples(r); i++)
		live_column(live, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), false);
	sbuf_done(&sql);
	if (r == NULL)
		return -1;
	PQclear(r);
	return 0;
}

static int
read_indexes(struct pg *p, const char *regclass, const struct columns *cols, struct live *live,
    struct sbuf *err)
{
	const char *name[64];
	struct sbuf sql = { 0 };
	PGresult *r;
	size_t n = 0;

	sbuf_printf(&sql, "SELECT i.indexrelid, a.attname FROM pg_index i "
	    "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, nth) "
	    "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
	    "WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND "
	    "i.indimmediate AND i.indpred IS NULL AND k.nth <= i.indnatts ORDER BY 1, k.nth", regclass);
	r = pg_ask(p, sql.text, err);
	for (int i = 0; r != NULL && i < PQntuples(r); i++) {
		bool ends = i + 1 == PQntuples(r) ||
		    strcmp(PQgetvalue(r, i, 0), PQgetvalue(r, i + 1, 0)) != 0;

		if (n < ARRAY_LEN(name))
			name[n++] = PQgetisnull(r, i, 1) ? NULL : PQgetvalue(r, i, 1);
		if (ends) {
			live_index(live, cols, name, n, false);
			n = 0;
		}
	}
	sbuf_done(&sql);
	if (r == NULL)
		return -1;
	PQclear(r);
	return 0;
}

static int
make_table(struct pg *p, const struct sql_target *t, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	if (t->schema != NULL)
		return pg_run(p, t->schema, err);
	/* A row that is updated within its page costs no change of the index. */
	statement_create(t->made, t->table, t->keyed,
	    t->ours && t->keyed && t->updated ? " WITH (fillfactor = 50)" : "", &sql);
	ret = pg_run(p, sql.text, err);
	if (ret == 0)
		log_write(LOG_LVL_INFO, p->place.subject, "made table '%s'", t->table);
	sbuf_done(&sql);
	return ret;
}

/* Staging with the types of the table, so that values are checked once, on their way in. */
static int
make_stage(struct pg *p, const struct sql_target *t, struct known *k, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	snprintf(k->stage, sizeof(k->stage), "pg_temp.waybill_stage_%u", ++p->stages);
	sbuf_printf(&sql, "CREATE TEMPORARY TABLE %s ON COMMIT DELETE ROWS AS SELECT "
	    "0::bigint AS waybill_n, ", strchr(k->stage, '.') + 1);
	move_staged(t->columns, "", &sql);
	sbuf_str(&sql, " FROM ");
	statement_table(SQL_PGSQL, t->table, &sql);
	sbuf_str(&sql, " WHERE false");
	ret = pg_run(p, sql.text, err);
	sbuf_done(&sql);
	return ret;
}

int
pglook_table(struct pg *p, const struct sql_target *t, struct known *k, struct sbuf *err)
{
	struct sbuf regclass = { 0 };
	int there = pglook_exists(p, t->table, err), ret;

	if (there == 0 && t->look)
		return 0;
	if (there < 0 || (there == 0 && make_table(p, t, err) != 0))
		return -1;
	k->live.engine = SQL_PGSQL;
	pg_quote(p, t->table, &regclass);
	ret = read_columns(p, regclass.text, &k->live, err);
	if (ret == 0)
		ret = read_indexes(p, regclass.text, t->columns, &k->live, err);
	sbuf_done(&regclass);
	if (ret != 0)
		return -1;
	if (!t->quiet)
		live_advise(&k->live, t->columns, t->table, t->insert_only, p->place.subject, &p->said);
	return t->look ? 0 : make_stage(p, t, k, err);
}
