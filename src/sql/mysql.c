/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MariaDB and MySQL as an engine, through the client library of either. One connection. Looking at
 * tables is mylook.c, going from staging into a table mymove.c; here are the connection, the
 * transaction and the rows.
 *
 * Rows go by LOAD DATA LOCAL INFILE from memory: there is no file. Where they are new
 * (sql_dont_try_update, a bin that was not written before) they go straight into the table; LOCAL
 * makes the server skip what a unique index refuses, so where fewer rows went in than were sent
 * that is undone, back to a savepoint. Otherwise they go into a temporary table, made before BEGIN
 * and emptied by DELETE, and from there by INSERT ... ON DUPLICATE KEY UPDATE; where no unique index
 * lies on exactly our key, or another one might be hit, by UPDATE of the rows that are there and
 * INSERT of the rest. LOCAL turns errors into warnings too: a warning is an error here.
 */
#include "sql/mysql_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/move.h"
#include "sql/statement.h"

#define PART		(256u << 10)	/* bytes of rows made at a time */
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
	return 0;
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

/* Staging with the types of the table; another for which rows of it are there already. */
static int
make_stage(struct my *m, const struct sql_target *t, struct known *k, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	snprintf(k->stage, sizeof(k->stage), "waybill_stage_%u", ++m->stages);
	snprintf(k->match, sizeof(k->match), "waybill_match_%u", m->stages);
	sbuf_printf(&sql, "CREATE TEMPORARY TABLE %s (waybill_n BIGINT NOT NULL PRIMARY KEY) "
	    "ENGINE=InnoDB AS SELECT 0 AS waybill_n, ", k->stage);
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

static int
empty(struct my *m, const struct known *k, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	sbuf_printf(&sql, "DELETE FROM %s", k->stage);
	ret = my_run(m, sql.text, err);
	sbuf_clear(&sql);
	sbuf_printf(&sql, "DELETE FROM %s", k->match);
	if (ret == 0 && k->live.conflict.len == 0)
		ret = my_run(m, sql.text, err);
	sbuf_done(&sql);
	return ret;
}

static int
my_prepare(void *self, const struct sql_target *t, struct sbuf *err)
{
	struct my *m = self;
	struct known k = { 0 };

	if (connect_now(m, err) != 0 || (t->ledger && prepare_ledger(m, err) != 0))
		return -1;
	for (m->last = 0; m->last < m->count; m->last++)
		if (strcmp(m->known[m->last].table, t->table) == 0)
			return empty(m, &m->known[m->last], err);
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

/* What the client library reads in place of a file: rows, made as it asks for them. */
struct infile {
	struct load *load;
	struct sbuf part;
	size_t given;			/* of part */
};

static int
infile_init(void **ret, const char *name, void *ctx)
{
	(void)name;
	*ret = ctx;
	return 0;
}

static int
infile_read(void *ctx, char *to, unsigned room)
{
	struct infile *f = ctx;
	size_t n;

	if (f->given == f->part.len) {
		sbuf_clear(&f->part);
		f->given = 0;
		if (!load_more(f->load, PART, &f->part))
			return 0;
	}
	n = f->part.len - f->given < room ? f->part.len - f->given : room;
	memcpy(to, f->part.text + f->given, n);
	f->given += n;
	return (int)n;
}

static void
infile_end(void *ctx)
{
	struct infile *f = ctx;

	sbuf_done(&f->part);
	f->given = 0;
}

static int
infile_error(void *ctx, char *to, unsigned room)
{
	(void)ctx;
	if (room > 0)
		to[0] = '\0';
	return 0;
}

static bool
as_hex(const struct column *c)
{
	return c->role == COLUMN_KEY && c->field->prim->type == VT_ADDR;
}

/* The list of fields and what is set from them. */
static void
load_statement(const struct load *load, const char *table, struct sbuf *sql)
{
	const struct columns *cols = load->cols;
	const char *between = " SET ";
	bool hex = cols->shape.num_hosts;

	sbuf_str(sql, "LOAD DATA LOCAL INFILE 'rows' INTO TABLE ");
	statement_table(SQL_MYSQL, table, sql);
	sbuf_str(sql, " CHARACTER SET utf8mb4 (");
	if (load->numbered)
		sbuf_str(sql, "waybill_n, ");
	for (size_t i = 0, n = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];

		if (c->param == 0 || column_fixed(c))
			continue;
		sbuf_printf(sql, "%s%s%s", n++ > 0 ? ", " : "", hex && as_hex(c) ? "@" : "", c->name);
	}
	sbuf_char(sql, ')');
	for (size_t i = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];
		bool fixed = c->param == 0 || column_fixed(c);

		if (fixed ? load->numbered : !(hex && as_hex(c)))
			continue;
		sbuf_printf(sql, "%s%s = ", between, c->name);
		between = ", ";
		if (fixed)
			load_literal(load, c, sql);
		else
			sbuf_printf(sql, "IF(LEFT(@%s, 1) = 'x', UNHEX(SUBSTR(@%s, 2)), "
			    "CAST(@%s AS BINARY))", c->name,
			    c->name, c->name);
	}
	if (!load->numbered && load->live->implied_set.len > 0)
		sbuf_printf(sql, "%s%s", between, load->live->implied_set.text + 2);
}

/* The first warning of the last statement, as an error. */
static void
say_warning(struct my *m, const char *table, struct sbuf *err)
{
	struct sbuf not_used = { 0 };
	MYSQL_RES *r = my_ask(m, "SHOW WARNINGS LIMIT 1", &not_used);
	MYSQL_ROW row = r != NULL ? mysql_fetch_row(r) : NULL;

	sbuf_printf(err, "table '%s' does not take the rows: %s", table,
	    row != NULL ? row[2] : "the server does not say why");
	mysql_free_result(r);
	sbuf_done(&not_used);
	m->refused = true;
}

/* -1 with a sentence; else how many rows went in. No warning was given unless rows were skipped. */
static int64_t
load_rows(struct my *m, const char *table, struct load *load, struct sbuf *err)
{
	struct infile infile = { .load = load };
	struct sbuf sql = { 0 };
	int64_t n = -1;

	load_statement(load, table, &sql);
	mysql_set_local_infile_handler(m->c, infile_init, infile_read, infile_end, infile_error,
	    &infile);
	if (my_run(m, sql.text, err) == 0) {
		n = (int64_t)mysql_affected_rows(m->c);
		if (n >= (int64_t)load->rows->rows && mysql_warning_count(m->c) > 0) {
			say_warning(m, table, err);
			n = -1;
		}
	}
	sbuf_done(&infile.part);
	sbuf_done(&sql);
	return n;
}

/* Did the server, or a file of settings, not let clients send files? */
static bool
infile_refused(struct my *m)
{
	static const unsigned numbers[] = { 1148, 2068, 3948, 4166 };	/* MySQL 5, client, MySQL 8, MariaDB */

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (mysql_errno(m->c) == numbers[i])
			return true;
	return false;
}

/* The same by INSERT, for servers that have local_infile switched off. Staging only. */
static int
insert_rows(struct my *m, const char *table, struct load *load, struct sbuf *err)
{
	struct sbuf part = { 0 }, sql = { 0 };
	int ret = 0;

	load_rewind(load, true, false);
	load->values = true;
	while (ret == 0 && load_more(load, PART, &part)) {
		sbuf_clear(&sql);
		sbuf_printf(&sql, "INSERT INTO %s (waybill_n, ", table);
		move_staged(load->cols, "", &sql);
		sbuf_str(&sql, ") VALUES ");
		sbuf_add(&sql, part.text, part.len - 1);
		ret = my_run(m, sql.text, err);
		sbuf_clear(&part);
	}
	sbuf_done(&part);
	sbuf_done(&sql);
	return ret;
}

static int
stage_rows(struct my *m, const struct known *k, struct load *load, struct sbuf *err)
{
	struct sbuf why = { 0 };
	int64_t n = -1;

	load_rewind(load, true, false);
	if (!m->no_infile)
		n = load_rows(m, k->stage, load, &why);
	if (!m->no_infile && n < 0 && infile_refused(m)) {
		m->no_infile = true;
		log_write(LOG_LVL_INFO, m->place.subject, "the server refuses LOAD DATA LOCAL; rows go "
		    "by INSERT. Faster: SET GLOBAL local_infile = ON");
	}
	if (m->no_infile)
		n = insert_rows(m, k->stage, load, err) == 0 ? (int64_t)load->rows->rows : -1;
	else if (n < 0)
		sbuf_str(err, sbuf_text(&why));
	else if (n < (int64_t)load->rows->rows)
		say_warning(m, k->table, err);
	sbuf_done(&why);
	return n == (int64_t)load->rows->rows ? 0 : -1;
}

/* Straight into the table. 1: not all went in, and it is as if nothing had been tried. */
static int
put_straight(struct my *m, const struct sql_target *t, struct load *load, struct sbuf *err)
{
	int64_t n;

	if (m->no_infile)
		return 1;
	if (my_run(m, "SAVEPOINT waybill", err) != 0)
		return -1;
	load_rewind(load, false, false);
	n = load_rows(m, t->table, load, err);
	if (n == (int64_t)load->rows->rows)
		return 0;
	if (n < 0 && !infile_refused(m))
		return -1;
	sbuf_clear(err);
	return my_run(m, "ROLLBACK TO SAVEPOINT waybill", err) == 0 ? 1 : -1;
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
	const struct known *k = NULL;
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
		ret = put_straight(m, t, &load, err);
	if (ret == 1) {
		ret = stage_rows(m, k, &load, err);
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
	.commit = my_commit,
	.rollback = my_rollback,
};
