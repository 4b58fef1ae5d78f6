/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MariaDB and MySQL as an engine, through the client library of either. One connection. Looking at
 * tables is mylook.c, sending rows myload.c, going from staging into a table mymove.c; here are the
 * connection, the transaction, and which way rows go.
 *
 * Where rows are new (sql_dont_try_update, a bin that was not written before) they go straight
 * into the table. Otherwise they go into a temporary table, made before BEGIN and emptied by
 * DELETE, and from there by INSERT ... ON DUPLICATE KEY UPDATE; where no unique index lies on
 * exactly our key, or another one might be hit, by UPDATE of the rows that are there and INSERT of
 * the rest.
 */
#include "sql/mysql_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "sql/move.h"
#include "sql/statement.h"

#define KNOWN_MOST	64		/* tables whose staging is kept between writes */
#define WAIT_S		600		/* longest silence of the server within a statement */

/* --- connection ----------------------------------------------------------------------------------- */

/*
 * Is the last error about a row? By the class of SQLSTATE (data, constraints, what a trigger
 * signals), or MySQL's CHECK and a signal of any other state.
 */
static bool
about_rows(MYSQL *c)
{
	static const char *const classes[] = { "22", "23", "44", "45" };

	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (strncmp(mysql_sqlstate(c), classes[i], 2) == 0)
			return true;
	return mysql_errno(c) == 3819 || mysql_errno(c) == 1644;
}

int
my_run(struct my *m, const char *sql, struct sbuf *err)
{
	if (mysql_query(m->c, sql) == 0)
		return 0;
	m->refused = about_rows(m->c);
	sbuf_printf(err, "%s, by: %.200s", mysql_error(m->c), sql);
	return -1;
}

MYSQL_RES *
my_ask(struct my *m, const char *sql, struct sbuf *err)
{
	MYSQL_RES *r = my_run(m, sql, err) == 0 ? mysql_store_result(m->c) : NULL;

	if (r == NULL && err->len == 0)
		sbuf_printf(err, "%s, by: %.200s", mysql_error(m->c), sql);
	return r;
}

void
my_quote(void *self, const char *text, struct sbuf *out)
{
	struct my *m = self;
	size_t len = strlen(text);
	char *room = mem_new(2 * len + 1);

	sbuf_char(out, '\'');
	sbuf_add(out, room, mysql_real_escape_string(m->c, room, text, len));
	sbuf_char(out, '\'');
	mem_free(room);
}

static void
forget_tables(struct my *m)
{
	for (size_t i = 0; i < m->count; i++) {
		mem_free(m->known[i].table);
		live_done(&m->known[i].live);
	}
	mem_free(m->known);
	m->known = NULL;
	m->count = m->last = 0;
}

static void
hang_up(struct my *m)
{
	if (m->c != NULL)
		mysql_close(m->c);
	m->c = NULL;
	m->ledger = false;
	forget_tables(m);
}

static void
set_tls(MYSQL *c, const char *ca_file)
{
	mysql_options(c, MYSQL_OPT_SSL_CA, ca_file);
#ifdef MARIADB_PACKAGE_VERSION
	mysql_options(c, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &(char){ 1 });
#else
	mysql_options(c, MYSQL_OPT_SSL_MODE, &(unsigned){ SSL_MODE_VERIFY_IDENTITY });
#endif
}

/*
 * Staging need not be undone. MariaDB's engine for such takes rows in half the time; a server that
 * logs statements would warn of it in every transaction.
 */
static int
find_aria(struct my *m, struct sbuf *err)
{
	MYSQL_RES *r = my_ask(m, "SELECT VERSION() LIKE '%MariaDB%' AND NOT (@@log_bin AND "
	    "@@binlog_format = 'STATEMENT')", err);
	MYSQL_ROW row = r != NULL ? mysql_fetch_row(r) : NULL;

	m->aria = row != NULL && row[0] != NULL && strcmp(row[0], "1") == 0;
	mysql_free_result(r);
	return r != NULL ? 0 : -1;
}

static int
begin_session(struct my *m, struct sbuf *err)
{
	struct sbuf not_used = { 0 };

	if (my_run(m, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO', autocommit = 1, "
	    "innodb_lock_wait_timeout = 10, lock_wait_timeout = 10", err) != 0 ||
	    (m->place.utc && my_run(m, "SET SESSION time_zone = '+00:00'", err) != 0))
		return -1;
	/* MariaDB's: joins by hash. MySQL has no such setting and does it anyway. */
	my_run(m, "SET SESSION join_cache_level = 4", &not_used);
	sbuf_done(&not_used);
	return find_aria(m, err);
}

static int
dial(struct my *m, struct sbuf *err)
{
	const struct sql_place *p = &m->place;
	bool socket = strncmp(p->host, "unix:", 5) == 0;
	unsigned connect_s = 3, wait_s = WAIT_S, infile = 1;
	int ret = 0;

	m->c = mysql_init(NULL);
	if (m->c == NULL) {
		sbuf_str(err, "no memory for a connection");
		return -1;
	}
	mysql_options(m->c, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(m->c, MYSQL_OPT_READ_TIMEOUT, &wait_s);
	mysql_options(m->c, MYSQL_OPT_WRITE_TIMEOUT, &wait_s);
	mysql_options(m->c, MYSQL_OPT_LOCAL_INFILE, &infile);
	mysql_options(m->c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (p->ca_file != NULL)
		set_tls(m->c, p->ca_file);
	if (mysql_real_connect(m->c, socket ? NULL : p->host, p->user, p->password, p->db, p->port,
	    socket ? p->host + 5 : NULL, CLIENT_FOUND_ROWS) == NULL) {
		sbuf_str(err, mysql_error(m->c));
		ret = -1;
	} else {
		ret = begin_session(m, err);
	}
	if (ret != 0)
		hang_up(m);
	return ret;
}

/* A connection that answers. One that died while nothing was to do is opened again. */
static int
connect_now(struct my *m, struct sbuf *err)
{
	if (m->c != NULL && mysql_ping(m->c) != 0)
		hang_up(m);
	return m->c != NULL ? 0 : dial(m, err);
}

static void *
my_open(const struct sql_place *place, struct sbuf *err)
{
	struct my *m = mem_new(sizeof(*m));

	(void)err;
	m->place = *place;
	return m;
}

static void
my_close(void *self)
{
	struct my *m = self;

	if (m == NULL)
		return;
	hang_up(m);
	sbuf_done(&m->said);
	mem_free(m);
	mysql_thread_end();
}

static void
my_leave(void *self)
{
	(void)self;
	mysql_thread_end();
}

/* --- before a transaction ------------------------------------------------------------------------- */

static int
prepare_ledger(struct my *m, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int there;

	if (m->ledger)
		return 0;
	there = mylook_exists(m, "waybill_ledger", err);
	if (there == 0) {
		statement_ledger_create(SQL_MYSQL, &sql);
		there = my_run(m, sql.text, err) == 0 ? 1 : -1;
		if (there < 0)
			ledger_refused(SQL_MYSQL, m->place.user, err);
	}
	sbuf_done(&sql);
	m->ledger = there == 1;
	return m->ledger ? 0 : -1;
}

/*
 * ON DUPLICATE KEY takes whatever unique index is hit first, so there must be only ours; and where
 * there is none at all, sql_dont_try_update has nothing to be refused by.
 */
static bool
upserts(const struct known *k)
{
	return k->live.conflict.len > 0 && k->live.others == 0;
}

/*
 * Staging with the types of the table; another for which rows of it are there already, which are
 * found by number.
 */
static int
make_stage(struct my *m, const struct sql_target *t, struct known *k, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	snprintf(k->stage, sizeof(k->stage), "waybill_stage_%u", ++m->stages);
	snprintf(k->match, sizeof(k->match), "waybill_match_%u", m->stages);
	sbuf_printf(&sql, "CREATE TEMPORARY TABLE %s (waybill_n BIGINT NOT NULL%s AS SELECT 0 AS "
	    "waybill_n, ", k->stage, m->aria && upserts(k) ? ") ENGINE=Aria TRANSACTIONAL=0" :
	    " PRIMARY KEY) ENGINE=InnoDB");
	move_staged(t->columns, "", &sql);
	sbuf_str(&sql, " FROM ");
	statement_table(SQL_MYSQL, t->table, &sql);
	sbuf_str(&sql, " LIMIT 0");
	ret = my_run(m, sql.text, err);
	sbuf_clear(&sql);
	sbuf_printf(&sql, "CREATE TEMPORARY TABLE %s (waybill_n BIGINT NOT NULL PRIMARY KEY, "
	    "hits BIGINT NOT NULL) ENGINE=InnoDB", k->match);
	if (ret == 0)
		ret = my_run(m, sql.text, err);
	sbuf_done(&sql);
	return ret;
}

/* Staging as it was made. What the last write left in it goes when the next one comes. */
static int
empty(struct my *m, struct known *k, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	if (!k->used)
		return 0;
	sbuf_printf(&sql, "DELETE FROM %s", k->stage);
	ret = my_run(m, sql.text, err);
	sbuf_clear(&sql);
	sbuf_printf(&sql, "DELETE FROM %s", k->match);
	if (ret == 0 && k->live.conflict.len == 0)
		ret = my_run(m, sql.text, err);
	k->used = ret != 0;
	sbuf_done(&sql);
	return ret;
}

static int
my_prepare(void *self, const struct sql_target *t, struct sbuf *err)
{
	struct my *m = self;
	struct known k = { 0 };

	mysql_thread_init();
	if (connect_now(m, err) != 0 || (t->ledger && prepare_ledger(m, err) != 0))
		return -1;
	for (m->last = 0; m->last < m->count; m->last++)
		if (strcmp(m->known[m->last].table, t->table) == 0)
			return 0;
	if (mylook_table(m, t, &k.live, err) != 0 || (!t->look && make_stage(m, t, &k, err) != 0)) {
		live_done(&k.live);
		return -1;
	}
	k.table = mem_strdup(t->table);
	m->known = mem_grow(m->known, m->count + 1, sizeof(*m->known));
	m->known[m->count++] = k;
	return 0;
}

static const struct live *
my_live(void *self)
{
	struct my *m = self;

	return m->last < m->count ? &m->known[m->last].live : NULL;
}

/* --- a transaction -------------------------------------------------------------------------------- */

static int
my_begin(void *self, struct sbuf *err)
{
	struct my *m = self;

	return my_run(m, "BEGIN", err);
}

/* The names of tables change with the days: what was staged for long ago goes with the session. */
static int
my_commit(void *self, struct sbuf *err)
{
	struct my *m = self;

	if (my_run(m, "COMMIT", err) != 0)
		return -1;
	if (m->count > KNOWN_MOST)
		hang_up(m);
	return 0;
}

/* The table may have been changed under us: look again, in a session of its own. */
static void
my_rollback(void *self)
{
	struct my *m = self;
	struct sbuf not_used = { 0 };

	if (m->c != NULL)
		my_run(m, "ROLLBACK", &not_used);
	sbuf_done(&not_used);
	hang_up(m);
}

static enum ledger_answer
my_ledger(void *self, const struct ledger_row *row, struct sbuf *err)
{
	struct my *m = self;
	enum ledger_answer answer = LEDGER_NEW;
	struct sbuf sql = { 0 };
	char digest[17];
	MYSQL_ROW there;
	MYSQL_RES *r;

	ledger_digest(row, digest);
	statement_ledger_find(row, my_quote, m, &sql);
	r = my_ask(m, sql.text, err);
	if (r == NULL) {
		answer = LEDGER_ERROR;
	} else if ((there = mysql_fetch_row(r)) != NULL) {
		answer = LEDGER_LANDED;
		if (strcmp(there[0], digest) != 0) {
			ledger_differs(row, there[0], err);
			answer = LEDGER_ERROR;
		}
	}
	mysql_free_result(r);
	if (answer == LEDGER_NEW) {
		sbuf_clear(&sql);
		statement_ledger_insert(SQL_MYSQL, row, my_quote, m, &sql);
		if (my_run(m, sql.text, err) != 0)
			answer = LEDGER_ERROR;
	}
	sbuf_done(&sql);
	return answer;
}

/* --- rows into a table ---------------------------------------------------------------------------- */

static int
move(struct my *m, const struct sql_target *t, const struct known *k, const struct load *load,
    struct sbuf *err)
{
	if (upserts(k))
		return mymove_upsert(m, t, k, load, err);
	if (t->insert_only && k->live.conflict.len == 0 && k->live.others == 0)
		return mymove_plain(m, t, k, load, err);
	return mymove_twin(m, t, k, load, err);
}

static int
remove_rows(struct my *m, const struct sql_target *t, const struct known *k, const struct load *load,
    struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	sbuf_str(&sql, "DELETE t FROM ");
	statement_table(SQL_MYSQL, t->table, &sql);
	sbuf_printf(&sql, " t JOIN %s s ON ", k->stage);
	move_match(load, "", &sql);
	ret = my_run(m, sql.text, err);
	sbuf_done(&sql);
	return ret;
}

static int
my_put(void *self, const struct sql_target *t, const struct sql_rows *rows, struct sbuf *err)
{
	struct my *m = self;
	struct known *k = NULL;
	struct load load;
	int ret = 1;

	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->known[i].table, t->table) == 0)
			k = &m->known[i];
	if (k == NULL) {
		sbuf_printf(err, "table '%s' was not prepared", t->table);
		return -1;
	}
	m->refused = false;
	load_init(&load, t->columns, rows, &k->live);
	if (!t->remove && (t->insert_only || (t->fresh && upserts(k))))
		ret = myload_straight(m, t, &load, err);
	if (ret == 1) {
		ret = empty(m, k, err);
		k->used = true;
		if (ret == 0)
			ret = myload_stage(m, k, &load, err);
		if (ret == 0)
			ret = t->remove ? remove_rows(m, t, k, &load, err) :
			    move(m, t, k, &load, err);
	}
	load_done(&load);
	return ret;
}

static bool
my_refused(void *self)
{
	struct my *m = self;

	return m->c != NULL && m->refused;
}

static int64_t
my_change(void *self, const char *sql, struct sbuf *err)
{
	struct my *m = self;

	return my_run(m, sql, err) == 0 ? (int64_t)mysql_affected_rows(m->c) : -1;
}

static int
my_ask_rows(void *self, const char *sql, sql_answer *row, void *ctx, struct sbuf *err)
{
	struct my *m = self;
	MYSQL_RES *r = connect_now(m, err) == 0 ? my_ask(m, sql, err) : NULL;
	MYSQL_ROW cells;

	while (r != NULL && (cells = mysql_fetch_row(r)) != NULL)
		row(ctx, (const char *const *)cells);
	mysql_free_result(r);
	return r != NULL ? 0 : -1;
}

const struct sql_backend sql_mysql = {
	.type = "mysql",
	.engine = SQL_MYSQL,
	.open = my_open,
	.close = my_close,
	.prepare = my_prepare,
	.live = my_live,
	.begin = my_begin,
	.ledger = my_ledger,
	.put = my_put,
	.refused = my_refused,
	.run = my_change,
	.ask = my_ask_rows,
	.commit = my_commit,
	.rollback = my_rollback,
	.leave = my_leave,
};
