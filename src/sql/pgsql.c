/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PostgreSQL as an engine, through libpq; servers from 10 on. One connection. Looking at tables is
 * pglook.c, going from staging into a table pgmove.c; here are the connection, the transaction and
 * COPY.
 *
 * Rows go by COPY. Where they are new (sql_dont_try_update, a bin that was not written before) they
 * go straight into the table; a row that a unique index refuses undoes that, back to a savepoint.
 * Otherwise they go into a temporary table, made before BEGIN and empty at each COMMIT, and on from
 * there.
 */
#include "sql/pgsql_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "sql/move.h"
#include "sql/pgbinary.h"
#include "sql/statement.h"

#define PART		(64u << 10)	/* bytes handed to libpq at a time */
#define KNOWN_MOST	64		/* tables whose staging is kept between writes */
#define STATE_UNIQUE	"23505"		/* SQLSTATE: unique_violation */

/* --- connection ----------------------------------------------------------------------------------- */

static void
forget_tables(struct pg *p)
{
	for (size_t i = 0; i < p->count; i++) {
		mem_free(p->known[i].table);
		live_done(&p->known[i].live);
	}
	mem_free(p->known);
	p->known = NULL;
	p->count = p->last = 0;
}

static void
hang_up(struct pg *p)
{
	PQfinish(p->c);
	p->c = NULL;
	p->ledger = false;
	forget_tables(p);
}

/* libpq ends its messages with a line end, and has several lines in some. */
static void
add_message(const char *text, struct sbuf *err)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		sbuf_char(err, text[i] == '\n' ? ' ' : text[i]);
}

int
pg_settle(struct pg *p, PGresult *r, const char *sql, struct sbuf *err)
{
	ExecStatusType status = PQresultStatus(r);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
	int ret = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : -1;

	if (ret != 0) {
		snprintf(p->state, sizeof(p->state), "%s", state != NULL ? state : "");
		add_message(text != NULL ? text : PQerrorMessage(p->c), err);
		if (detail != NULL)
			sbuf_printf(err, " (%s)", detail);
		sbuf_printf(err, ", by: %.200s", sql);
	}
	PQclear(r);
	return ret;
}

int
pg_run(struct pg *p, const char *sql, struct sbuf *err)
{
	return pg_settle(p, PQexec(p->c, sql), sql, err);
}

PGresult *
pg_ask(struct pg *p, const char *sql, struct sbuf *err)
{
	PGresult *r = PQexec(p->c, sql);

	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		return r;
	pg_settle(p, r, sql, err);
	return NULL;
}

void
pg_quote(void *self, const char *text, struct sbuf *out)
{
	struct pg *p = self;
	char *literal = PQescapeLiteral(p->c, text, strlen(text));

	sbuf_str(out, literal != NULL ? literal : "NULL");
	PQfreemem(literal);
}

/* The folder of "unix:/folder" or "unix:/folder/.s.PGSQL.5432"; else the host itself. */
static void
find_host(const char *host, struct sbuf *out)
{
	char *file;

	if (strncmp(host, "unix:", 5) != 0) {
		sbuf_str(out, host);
		return;
	}
	sbuf_str(out, host + 5);
	file = strstr(sbuf_text(out), "/.s.PGSQL.");
	if (file != NULL)
		*file = '\0';
}

/* What holds for a session: no silent loss of what was committed, nothing waited for without end. */
static int
begin_session(struct pg *p, struct sbuf *err)
{
	if (pg_run(p, "SET client_min_messages = warning; SET lock_timeout = '10s'; "
	    "SET temp_buffers = '64MB'; SET work_mem = '64MB'; "
	    "SET standard_conforming_strings = on; SET datestyle = 'ISO, YMD'; "
	    "SELECT set_config('synchronous_commit', 'on', false) "
	    "WHERE current_setting('synchronous_commit') = 'off'", err) != 0)
		return -1;
	return p->place.utc ? pg_run(p, "SET TIME ZONE 'UTC'", err) : 0;
}

static int
dial(struct pg *p, struct sbuf *err)
{
	struct sbuf host = { 0 };
	char port[8];
	const char *word[20], *value[20];
	const struct { const char *word, *value; } param[] = {
		{ "host", (find_host(p->place.host, &host), sbuf_text(&host)) },
		{ "port", p->place.port != 0 ? port : NULL },
		{ "dbname", p->place.db }, { "user", p->place.user },
		{ "password", p->place.password },
		{ "sslmode", p->place.ca_file != NULL ? "verify-full" : NULL },
		{ "sslrootcert", p->place.ca_file },
		{ "connect_timeout", "3" }, { "client_encoding", "UTF8" },
		{ "application_name", "waybill" },
		{ "keepalives_idle", "30" }, { "keepalives_interval", "10" },
		{ "keepalives_count", "3" }, { "tcp_user_timeout", "60000" },
	};
	size_t n = 0;
	int ret = 0;

	snprintf(port, sizeof(port), "%u", p->place.port);
	for (size_t i = 0; i < ARRAY_LEN(param); i++)
		if (param[i].value != NULL) {
			word[n] = param[i].word;
			value[n++] = param[i].value;
		}
	word[n] = value[n] = NULL;
	p->c = PQconnectdbParams(word, value, 0);
	sbuf_done(&host);
	if (PQstatus(p->c) != CONNECTION_OK) {
		add_message(PQerrorMessage(p->c), err);
		ret = -1;
	} else if (begin_session(p, err) != 0) {
		ret = -1;
	}
	if (ret != 0)
		hang_up(p);
	return ret;
}

/* A connection that answers. One that died while nothing was to do is opened again. */
static int
connect_now(struct pg *p, struct sbuf *err)
{
	struct sbuf not_used = { 0 };

	if (p->c != NULL && pg_run(p, "SELECT 1", &not_used) != 0)
		hang_up(p);
	sbuf_done(&not_used);
	return p->c != NULL ? 0 : dial(p, err);
}

static void *
pg_open(const struct sql_place *place, struct sbuf *err)
{
	struct pg *p = mem_new(sizeof(*p));

	(void)err;
	p->place = *place;
	return p;
}

static void
pg_close(void *self)
{
	struct pg *p = self;

	if (p == NULL)
		return;
	hang_up(p);
	sbuf_done(&p->said);
	mem_free(p);
}

/* --- before a transaction ------------------------------------------------------------------------- */

static int
prepare_ledger(struct pg *p, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int there;

	if (p->ledger)
		return 0;
	there = pglook_exists(p, "waybill_ledger", err);
	if (there < 0)
		return -1;
	if (there == 0) {
		statement_ledger_create(SQL_PGSQL, &sql);
		if (pg_run(p, sql.text, err) != 0) {
			ledger_refused(SQL_PGSQL, p->place.user, err);
			sbuf_done(&sql);
			return -1;
		}
	}
	sbuf_done(&sql);
	p->ledger = true;
	return 0;
}

static int
pg_prepare(void *self, const struct sql_target *t, struct sbuf *err)
{
	struct pg *p = self;
	struct known k = { 0 };

	if (connect_now(p, err) != 0 || (t->ledger && prepare_ledger(p, err) != 0))
		return -1;
	for (p->last = 0; p->last < p->count; p->last++)
		if (strcmp(p->known[p->last].table, t->table) == 0)
			return 0;
	if (pglook_table(p, t, &k, err) != 0) {
		live_done(&k.live);
		return -1;
	}
	k.table = mem_strdup(t->table);
	p->known = mem_grow(p->known, p->count + 1, sizeof(*p->known));
	p->known[p->count++] = k;
	return 0;
}

static const struct live *
pg_live(void *self)
{
	struct pg *p = self;

	return p->last < p->count ? &p->known[p->last].live : NULL;
}

/* --- a transaction -------------------------------------------------------------------------------- */

/*
 * Staging is emptied by COMMIT and ROLLBACK. What a constraint that is deferred refuses would be refused by
 * COMMIT, for no row that one could set aside.
 */
static int
pg_begin(void *self, struct sbuf *err)
{
	struct pg *p = self;

	for (size_t i = 0; i < p->count; i++)
		p->known[i].used = false;
	return pg_run(p, "BEGIN; SET CONSTRAINTS ALL IMMEDIATE", err);
}

/* The names of tables change with the days: what was staged for long ago goes. */
static void
tidy(struct pg *p)
{
	struct sbuf not_used = { 0 };

	if (p->count <= KNOWN_MOST)
		return;
	pg_run(p, "DISCARD TEMP", &not_used);
	sbuf_done(&not_used);
	forget_tables(p);
}

static int
pg_commit(void *self, struct sbuf *err)
{
	struct pg *p = self;
	PGresult *r = PQexec(p->c, "COMMIT");
	bool committed = PQresultStatus(r) == PGRES_COMMAND_OK &&
	    strcmp(PQcmdStatus(r), "COMMIT") == 0;

	if (committed) {
		PQclear(r);
		tidy(p);
		return 0;
	}
	if (pg_settle(p, r, "COMMIT", err) == 0)
		sbuf_str(err, "the server rolled back instead of committing");
	return -1;
}

static void
pg_rollback(void *self)
{
	struct pg *p = self;
	struct sbuf not_used = { 0 };

	if (p->c == NULL)
		return;
	/* The table may have been changed under us: look again. */
	if (PQtransactionStatus(p->c) != PQTRANS_IDLE && pg_run(p, "ROLLBACK", &not_used) != 0)
		hang_up(p);
	else if (PQstatus(p->c) != CONNECTION_OK || pg_run(p, "DISCARD TEMP", &not_used) != 0)
		hang_up(p);
	forget_tables(p);
	p->ledger = false;
	sbuf_done(&not_used);
}

static enum ledger_answer
pg_ledger(void *self, const struct ledger_row *row, struct sbuf *err)
{
	struct pg *p = self;
	enum ledger_answer answer = LEDGER_NEW;
	struct sbuf sql = { 0 };
	char digest[17];
	PGresult *r;

	ledger_digest(row, digest);
	statement_ledger_find(row, pg_quote, p, &sql);
	r = pg_ask(p, sql.text, err);
	if (r == NULL) {
		answer = LEDGER_ERROR;
	} else if (PQntuples(r) > 0) {
		answer = LEDGER_LANDED;
		if (strcmp(PQgetvalue(r, 0, 0), digest) != 0) {
			ledger_differs(row, PQgetvalue(r, 0, 0), err);
			answer = LEDGER_ERROR;
		}
	}
	PQclear(r);
	if (answer == LEDGER_NEW) {
		sbuf_clear(&sql);
		statement_ledger_insert(SQL_PGSQL, row, pg_quote, p, &sql);
		if (pg_run(p, sql.text, err) != 0)
			answer = LEDGER_ERROR;
	}
	sbuf_done(&sql);
	return answer;
}

/* --- rows ----------------------------------------------------------------------------------------- */

/* Rows on their way; b NULL: as text. A reason not to go on is told to the server, which then rolls back. */
static bool
send_rows(struct pg *p, struct load *load, struct pgbinary *b)
{
	struct sbuf part = { 0 };
	bool sent = true;

	while (sent && (b != NULL ? pgbinary_more(b, load, PART, &part) : load_more(load, PART, &part))) {
		sent = PQputCopyData(p->c, part.text, (int)part.len) == 1;
		sbuf_clear(&part);
	}
	sbuf_done(&part);
	if (sent)
		PQputCopyEnd(p->c, b != NULL ? pgbinary_failed(b) : NULL);
	return sent;
}

/* COPY by this statement, but for how. */
static int
copy_rows(struct pg *p, struct sbuf *copy, bool typed, struct load *load, struct sbuf *err)
{
	struct pgbinary *b = typed ? pgbinary_new(load) : NULL;
	const char *sql = (sbuf_str(copy, b != NULL ? " (FORMAT binary)" : ""), copy->text);
	PGresult *r = PQexec(p->c, sql);
	bool sent = PQresultStatus(r) == PGRES_COPY_IN;

	if (!sent) {
		pgbinary_free(b);
		return pg_settle(p, r, sql, err);
	}
	PQclear(r);
	sent = send_rows(p, load, b);
	pgbinary_free(b);
	/* A server that has seen enough says why here; a lost one says so as well. */
	r = PQgetResult(p->c);
	if (!sent && PQresultStatus(r) == PGRES_COPY_IN) {
		PQclear(r);
		sbuf_printf(err, "%s, by: %.200s", "connection lost", sql);
		return -1;
	}
	if (pg_settle(p, r, sql, err) != 0) {
		while ((r = PQgetResult(p->c)) != NULL)
			PQclear(r);
		return -1;
	}
	while ((r = PQgetResult(p->c)) != NULL)
		PQclear(r);
	return 0;
}

/* Straight into the table. 1: a unique index refused a row, and it is as if nothing had been tried. */
static int
put_straight(struct pg *p, const struct sql_target *t, struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 }, why = { 0 };
	int ret = pg_run(p, "SAVEPOINT waybill", err);

	if (ret == 0) {
		load_rewind(load, false, true);
		sbuf_str(&sql, "COPY ");
		statement_table(SQL_PGSQL, t->table, &sql);
		for (size_t i = 0; i < t->columns->count; i++)
			sbuf_printf(&sql, "%s%s", i > 0 ? ", " : " (", t->columns->col[i].name);
		sbuf_str(&sql, ") FROM STDIN");
		ret = copy_rows(p, &sql, t->typed, load, &why);
		if (ret != 0 && strcmp(p->state, STATE_UNIQUE) == 0)
			ret = pg_run(p, "ROLLBACK TO SAVEPOINT waybill", err) == 0 ? 1 : -1;
		else if (ret != 0)
			sbuf_str(err, sbuf_text(&why));
	}
	sbuf_done(&sql);
	sbuf_done(&why);
	return ret;
}

static int
fill_staging(struct pg *p, const struct sql_target *t, struct known *k, struct load *load,
    struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret = 0;

	sbuf_printf(&sql, "TRUNCATE %s", k->stage);
	if (k->used)
		ret = pg_run(p, sql.text, err);
	k->used = true;
	load_rewind(load, true, false);
	sbuf_clear(&sql);
	sbuf_printf(&sql, "COPY %s (waybill_n, ", k->stage);
	move_staged(t->columns, "", &sql);
	sbuf_str(&sql, ") FROM STDIN");
	if (ret == 0)
		ret = copy_rows(p, &sql, t->typed, load, err);
	sbuf_done(&sql);
	return ret;
}

static int
put_staged(struct pg *p, const struct sql_target *t, struct known *k, struct load *load,
    struct sbuf *err)
{
	return fill_staging(p, t, k, load, err) == 0 ? pgmove_rows(p, t, k, load, err) : -1;
}

static int
put_removed(struct pg *p, const struct sql_target *t, struct known *k, struct load *load,
    struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret = fill_staging(p, t, k, load, err);

	sbuf_printf(&sql, "ANALYZE %s", k->stage);
	if (ret == 0)
		ret = pg_run(p, sql.text, err);
	sbuf_clear(&sql);
	sbuf_str(&sql, "DELETE FROM ");
	statement_table(SQL_PGSQL, t->table, &sql);
	sbuf_printf(&sql, " t USING %s s WHERE ", k->stage);
	move_match(load, "", &sql);
	if (ret == 0)
		ret = pg_run(p, sql.text, err);
	sbuf_done(&sql);
	return ret;
}

static int
pg_put(void *self, const struct sql_target *t, const struct sql_rows *rows, struct sbuf *err)
{
	struct pg *p = self;
	struct known *k = NULL;
	struct load load;
	int ret = 1;

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->known[i].table, t->table) == 0)
			k = &p->known[i];
	if (k == NULL) {
		sbuf_printf(err, "table '%s' was not prepared", t->table);
		return -1;
	}
	p->state[0] = '\0';
	load_init(&load, t->columns, rows, &k->live);
	if (t->remove)
		ret = put_removed(p, t, k, &load, err);
	else if (t->insert_only || (t->fresh && k->live.conflict.len > 0))
		ret = put_straight(p, t, &load, err);
	if (ret == 1)
		ret = put_staged(p, t, k, &load, err);
	load_done(&load);
	return ret;
}

/* Classes of SQLSTATE: data, constraints, a view's check; and what a trigger raises. */
static bool
pg_refused(void *self)
{
	static const char *const states[] = { "22", "23", "44", "P0001" };
	struct pg *p = self;

	for (size_t i = 0; p->c != NULL && i < ARRAY_LEN(states); i++)
		if (strncmp(p->state, states[i], strlen(states[i])) == 0)
			return PQstatus(p->c) == CONNECTION_OK;
	return false;
}

int64_t
pg_change(void *self, const char *sql, struct sbuf *err)
{
	struct pg *p = self;
	PGresult *r = PQexec(p->c, sql);
	int64_t n = strtoll(PQcmdTuples(r), NULL, 10);

	return pg_settle(p, r, sql, err) == 0 ? n : -1;
}

static int
pg_ask_rows(void *self, const char *sql, sql_answer *row, void *ctx, struct sbuf *err)
{
	struct pg *p = self;
	PGresult *r = connect_now(p, err) == 0 ? pg_ask(p, sql, err) : NULL;
	const char *cell[ASK_CELLS];

	for (int i = 0; r != NULL && i < PQntuples(r); i++) {
		for (int k = 0; k < PQnfields(r) && k < ASK_CELLS; k++)
			cell[k] = PQgetisnull(r, i, k) ? NULL : PQgetvalue(r, i, k);
		row(ctx, cell);
	}
	PQclear(r);
	return r != NULL ? 0 : -1;
}

const struct sql_backend sql_pgsql = {
	.type = "pgsql",
	.engine = SQL_PGSQL,
	.open = pg_open,
	.close = pg_close,
	.prepare = pg_prepare,
	.live = pg_live,
	.begin = pg_begin,
	.ledger = pg_ledger,
	.put = pg_put,
	.refused = pg_refused,
	.run = pg_change,
	.ask = pg_ask_rows,
	.commit = pg_commit,
	.rollback = pg_rollback,
};
