/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite as an engine, or a library with its interface (Berkeley DB's has the grammar of SQLite
 * 3.7). One connection, write-ahead log where it is not refused, commits that are durable.
 *
 * Update-or-insert has three ways, chosen when the table is first looked at: an upsert where a
 * unique index lies on exactly our key columns; else UPDATE, and INSERT where nothing was there;
 * INSERT alone with sql_dont_try_update, where a row that a unique index refuses is added to the
 * one that is there.
 */
#include "sql/sqlite_priv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/statement.h"

#define BUSY_MS		2000		/* the output's thread waits so long, then keeps the rows */
#define CACHE_KIB	262144		/* page cache, used only where a table needs it */
#define UPSERT_FROM	3024000		/* sqlite3_libversion_number() that has ON CONFLICT DO */
#define ROWLESS_FROM	3008002		/* ... WITHOUT ROWID */

int
lite_fail(struct lite *l, const char *what, struct sbuf *err)
{
	sbuf_printf(err, "%s: %s", what, sqlite3_errmsg(l->db));
	return -1;
}

static int
execute(struct lite *l, const char *sql, struct sbuf *err)
{
	if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	sbuf_printf(err, "%s, by: %.200s", sqlite3_errmsg(l->db), sql);
	return -1;
}

int
lite_statement(struct lite *l, const char *sql, sqlite3_stmt **ret, struct sbuf *err)
{
	if (sqlite3_prepare_v2(l->db, sql, -1, ret, NULL) == SQLITE_OK)
		return 0;
	sbuf_printf(err, "%s, by: %.400s", sqlite3_errmsg(l->db), sql);
	return -1;
}

static void
forget_table(struct lite *l)
{
	sqlite3_finalize(l->insert);
	sqlite3_finalize(l->update);
	sqlite3_finalize(l->bulk);
	sqlite3_finalize(l->remove);
	l->insert = l->update = l->bulk = l->remove = NULL;
	mem_free(l->table);
	l->table = NULL;
}

static void
lite_close(void *self)
{
	struct lite *l = self;

	if (l == NULL)
		return;
	forget_table(l);
	sqlite3_finalize(l->ledger);
	sqlite3_finalize(l->landed);
	sqlite3_close(l->db);
	mem_free(l->subject);
	mem_free(l);
}

static void *
lite_open(const struct sql_place *place, struct sbuf *err)
{
	struct lite *l = mem_new(sizeof(*l));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	char pragma[64];

	l->subject = mem_strdup(place->subject);
	if (sqlite3_open_v2(place->db, &l->db, flags, NULL) != SQLITE_OK) {
		lite_fail(l, place->db, err);
		lite_close(l);
		return NULL;
	}
	sqlite3_extended_result_codes(l->db, 1);
	sqlite3_busy_timeout(l->db, BUSY_MS);
	/* A locked file refuses the log for now; another journal mode does as well. */
	sqlite3_exec(l->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	sqlite3_exec(l->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
	snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = -%d", CACHE_KIB);
	sqlite3_exec(l->db, pragma, NULL, NULL, NULL);
	if (sqlite3_exec(l->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL) ==
	    SQLITE_NOTADB) {
		lite_fail(l, place->db, err);
		lite_close(l);
		return NULL;
	}
	return l;
}

/* --- looking at the table ------------------------------------------------------------------------ */

/* Are the columns of an index exactly our key columns (beside a stamp we do not write)? */
static bool
index_fits(struct lite *l, const char *index, const struct columns *cols, struct sbuf *conflict)
{
	struct sbuf sql = { 0 };
	sqlite3_stmt *st = NULL;
	size_t keys = 0, found = 0;
	bool fits = true;

	for (size_t i = 0; i < cols->count; i++)
		keys += cols->col[i].key;
	sbuf_str(&sql, "PRAGMA index_info(");
	statement_name(SQL_SQLITE, index, &sql);
	sbuf_char(&sql, ')');
	if (sqlite3_prepare_v2(l->db, sql.text, -1, &st, NULL) != SQLITE_OK)
		fits = false;
	while (fits && sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 2);
		bool ours = false, written = false;

		for (size_t i = 0; name != NULL && i < cols->count; i++)
			if (strcasecmp(cols->col[i].name, name) == 0) {
				written = true;
				ours = cols->col[i].key;
			}
		found += ours;
		if (!ours && (written || name == NULL || strcmp(name, "stamp_inserted") != 0))
			fits = false;
		else
			sbuf_printf(conflict, "%s%s", conflict->len > 0 ? ", " : "", name);
	}
	sqlite3_finalize(st);
	sbuf_done(&sql);
	return fits && found == keys;
}

/* The unique index that an upsert may name. A partial index is none. */
static bool
find_index(struct lite *l, const struct sql_target *t, struct sbuf *conflict)
{
	struct sbuf sql = { 0 };
	sqlite3_stmt *st = NULL;
	bool found = false;

	if (sqlite3_libversion_number() < UPSERT_FROM)
		return false;
	sbuf_str(&sql, "PRAGMA index_list(");
	statement_name(SQL_SQLITE, t->table, &sql);
	sbuf_char(&sql, ')');
	if (sqlite3_prepare_v2(l->db, sql.text, -1, &st, NULL) == SQLITE_OK)
		while (!found && sqlite3_step(st) == SQLITE_ROW) {
			if (sqlite3_column_int(st, 2) == 0 || sqlite3_column_int(st, 4) != 0)
				continue;
			sbuf_clear(conflict);
			found = index_fits(l, (const char *)sqlite3_column_text(st, 1),
			    t->columns, conflict);
		}
	sqlite3_finalize(st);
	sbuf_done(&sql);
	return found;
}

static bool
table_exists(struct lite *l, const char *table)
{
	sqlite3_stmt *st = NULL;
	bool yes = false;

	if (sqlite3_prepare_v2(l->db, "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') "
	    "AND lower(name) = lower(?1)", -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
		yes = sqlite3_step(st) == SQLITE_ROW;
	}
	sqlite3_finalize(st);
	return yes;
}

static void
say_twin(struct lite *l, const struct sql_target *t)
{
	struct sbuf keys = { 0 };

	if (l->said_twin)
		return;
	l->said_twin = true;
	if (sqlite3_libversion_number() < UPSERT_FROM) {
		log_write(LOG_LVL_INFO, l->subject, "the library is SQLite %s, which cannot add to rows "
		    "that are there in one step; they are looked for one by one", sqlite3_libversion());
		return;
	}
	for (size_t i = 0; i < t->columns->count; i++)
		if (t->columns->col[i].key)
			sbuf_printf(&keys, "%s%s", keys.len > 0 ? ", " : "",
			    t->columns->col[i].name);
	log_write(LOG_LVL_INFO, l->subject, "table '%s' has no unique index on the key of this "
	    "output; rows are looked for one by one. Faster: CREATE UNIQUE INDEX ... ON %s (%s)",
	    t->table, t->table, sbuf_text(&keys));
	sbuf_done(&keys);
}

static bool
has_key(const struct columns *cols)
{
	for (size_t i = 0; i < cols->count; i++)
		if (cols->col[i].key)
			return true;
	return false;
}

static int
make_table(struct lite *l, const struct sql_target *t, struct sbuf *err)
{
	/* In a table of our own the rows lie in the key itself: one tree to change instead of two. */
	bool rowless = t->ours && t->keyed && sqlite3_libversion_number() >= ROWLESS_FROM;
	struct sbuf sql = { 0 };
	int ret;

	if (t->schema != NULL)
		return execute(l, t->schema, err);
	if (t->made == NULL)
		return 0;
	statement_create(t->made, t->table, t->keyed, rowless ? " WITHOUT ROWID" : "", &sql);
	ret = execute(l, sql.text, err);
	if (ret == 0)
		log_write(LOG_LVL_INFO, l->subject, "made table '%s'", t->table);
	sbuf_done(&sql);
	return ret;
}

static void
put_statement(const struct lite *l, const struct sql_target *t, const char *conflict, unsigned rows,
    struct sbuf *out)
{
	if (l->way == WAY_UPSERT)
		statement_upsert(t->columns, t->table, conflict, rows, out);
	else
		statement_insert(t->columns, t->table, rows, out);
}

/* Statements of a table: the way is chosen by what it looks like now. */
static int
make_statements(struct lite *l, const struct sql_target *t, struct sbuf *err)
{
	struct sbuf sql = { 0 }, conflict = { 0 };
	int ret;

	l->way = t->insert_only ? WAY_INSERT :
	    has_key(t->columns) && find_index(l, t, &conflict) ? WAY_UPSERT : WAY_TWIN;
	put_statement(l, t, conflict.text, 1, &sql);
	ret = lite_statement(l, sql.text, &l->insert, err);
	if (ret == 0 && t->typed && l->way != WAY_TWIN) {
		sbuf_clear(&sql);
		put_statement(l, t, conflict.text, BULK_ROWS, &sql);
		ret = lite_statement(l, sql.text, &l->bulk, err);
	}
	if (ret == 0 && l->way != WAY_UPSERT && has_key(t->columns)) {
		struct sbuf not_used = { 0 };

		/* A table without rowid has no number to pick one row by, but then it has a key. */
		sbuf_clear(&sql);
		statement_update(t->columns, t->table, true, &sql);
		if (lite_statement(l, sql.text, &l->update, &not_used) != 0) {
			sbuf_clear(&sql);
			statement_update(t->columns, t->table, false, &sql);
			ret = lite_statement(l, sql.text, &l->update, err);
		}
		sbuf_done(&not_used);
	}
	if (ret == 0 && l->way == WAY_TWIN)
		say_twin(l, t);
	sbuf_done(&sql);
	sbuf_done(&conflict);
	return ret;
}

static int
prepare_ledger(struct lite *l, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret = 0;

	if (l->ledger != NULL && l->landed != NULL)
		return 0;
	statement_ledger_create(SQL_SQLITE, &sql);
	if (!table_exists(l, "waybill_ledger"))
		ret = execute(l, sql.text, err);
	sbuf_done(&sql);
	if (ret == 0 && l->ledger == NULL)
		ret = lite_statement(l, "INSERT INTO waybill_ledger VALUES "
		    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &l->ledger, err);
	if (ret == 0 && l->landed == NULL)
		ret = lite_statement(l, "SELECT digest FROM waybill_ledger WHERE instance = ?1 AND "
		    "output = ?2 AND seq = ?3 AND chunk = ?4 AND bin = ?5", &l->landed, err);
	return ret;
}

int
lite_prepare(void *self, const struct sql_target *t, struct sbuf *err)
{
	struct lite *l = self;

	if (t->ledger && prepare_ledger(l, err) != 0)
		return -1;
	if (l->table != NULL && strcmp(l->table, t->table) == 0)
		return 0;
	forget_table(l);
	if (!table_exists(l, t->table) && make_table(l, t, err) != 0)
		return -1;
	if (make_statements(l, t, err) != 0) {
		forget_table(l);
		return -1;
	}
	l->table = mem_strdup(t->table);
	return 0;
}

/* --- a transaction ------------------------------------------------------------------------------- */

static int
lite_begin(void *self, struct sbuf *err)
{
	struct lite *l = self;

	/* The write lock now: a deferred one could be refused in the middle. */
	return sqlite3_exec(l->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK ? 0 :
	    lite_fail(l, "database not to be had", err);
}

static int
lite_commit(void *self, struct sbuf *err)
{
	struct lite *l = self;

	return sqlite3_exec(l->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 :
	    lite_fail(l, "not committed", err);
}

static void
lite_rollback(void *self)
{
	struct lite *l = self;

	if (!sqlite3_get_autocommit(l->db))
		sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	/* The table may have been changed under us: look again. */
	forget_table(l);
}

static enum ledger_answer
landed_before(struct lite *l, const struct ledger_row *row, const char *digest, struct sbuf *err)
{
	enum ledger_answer answer = LEDGER_ERROR;
	sqlite3_stmt *st = l->landed;

	sqlite3_bind_text(st, 1, row->instance, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, row->output, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, (int64_t)row->seq);
	sqlite3_bind_int64(st, 4, row->chunk);
	sqlite3_bind_int64(st, 5, row->bin);
	switch (sqlite3_step(st)) {
	case SQLITE_DONE:
		answer = LEDGER_NEW;
		break;
	case SQLITE_ROW:
		if (strcmp((const char *)sqlite3_column_text(st, 0), digest) == 0)
			answer = LEDGER_LANDED;
		else
			ledger_differs(row, (const char *)sqlite3_column_text(st, 0), err);
		break;
	default:
		lite_fail(l, "waybill_ledger", err);
	}
	sqlite3_reset(st);
	return answer;
}

static enum ledger_answer
lite_ledger(void *self, const struct ledger_row *row, struct sbuf *err)
{
	struct lite *l = self;
	sqlite3_stmt *st = l->ledger;
	enum ledger_answer answer;
	char digest[17];

	ledger_digest(row, digest);
	answer = landed_before(l, row, digest, err);
	if (answer != LEDGER_NEW)
		return answer;
	sqlite3_bind_text(st, 1, row->instance, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, row->output, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, (int64_t)row->seq);
	sqlite3_bind_int64(st, 4, row->chunk);
	sqlite3_bind_int64(st, 5, row->bin);
	sqlite3_bind_text(st, 6, row->table, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 7, (int64_t)row->rows);
	sqlite3_bind_int64(st, 8, (int64_t)row->packets);
	sqlite3_bind_int64(st, 9, (int64_t)row->bytes);
	sqlite3_bind_int64(st, 10, (int64_t)row->flows);
	sqlite3_bind_text(st, 11, digest, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 12, row->written);
	if (sqlite3_step(st) != SQLITE_DONE)
		answer = (enum ledger_answer)lite_fail(l, "waybill_ledger", err);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return answer;
}

static bool
lite_refused(void *self)
{
	struct lite *l = self;

	return l->refused;
}

static int64_t
lite_run(void *self, const char *sql, struct sbuf *err)
{
	struct lite *l = self;
	int64_t before = sqlite3_total_changes(l->db);

	return execute(l, sql, err) == 0 ? sqlite3_total_changes(l->db) - before : -1;
}

static int
lite_ask(void *self, const char *sql, sql_answer *row, void *ctx, struct sbuf *err)
{
	struct lite *l = self;
	const char *cell[ASK_CELLS];
	sqlite3_stmt *st = NULL;
	int rc;

	if (lite_statement(l, sql, &st, err) != 0)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st) && i < ASK_CELLS; i++)
			cell[i] = (const char *)sqlite3_column_text(st, i);
		row(ctx, cell);
	}
	if (rc != SQLITE_DONE)
		lite_fail(l, "not answered", err);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* Tables of routes take many rows in a statement, and have no row ids. */
static const char *
lite_no_routes(void)
{
	return sqlite3_libversion_number() >= ROWLESS_FROM ? NULL :
	    "routes in SQL need SQLite 3.8.2 or later, and this library is older (Berkeley DB's is 3.7)";
}

const struct sql_backend sql_sqlite = {
	.type = "sqlite3",
	.engine = SQL_SQLITE,
	.open = lite_open,
	.close = lite_close,
	.prepare = lite_prepare,
	.begin = lite_begin,
	.ledger = lite_ledger,
	.put = lite_put,
	.refused = lite_refused,
	.run = lite_run,
	.ask = lite_ask,
	.commit = lite_commit,
	.one_writer = true,
	.no_routes = lite_no_routes,
	.rollback = lite_rollback,
};
