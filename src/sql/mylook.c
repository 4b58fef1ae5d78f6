/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of MariaDB and MySQL as information_schema tells them. */
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/mysql_priv.h"
#include "sql/statement.h"

/* "... WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'acct'" asked. */
static MYSQL_RES *
ask_schema(struct my *m, const char *select, const char *table, const char *tail,
    struct sbuf *err)
{
	struct sbuf sql = { 0 };
	MYSQL_RES *r;

	sbuf_printf(&sql, "%s WHERE x.TABLE_SCHEMA = DATABASE() AND x.TABLE_NAME = ", select);
	my_quote(m, table, &sql);
	sbuf_str(&sql, tail);
	r = my_ask(m, sql.text, err);
	sbuf_done(&sql);
	return r;
}

int
mylook_exists(struct my *m, const char *table, struct sbuf *err)
{
	MYSQL_RES *r = ask_schema(m, "SELECT 1 FROM information_schema.TABLES x", table, "", err);
	int ret = r == NULL ? -1 : mysql_num_rows(r) > 0;

	mysql_free_result(r);
	return ret;
}

/* A file of sql_table_schema may hold several statements. */
static int
run_schema(struct my *m, const char *sql, struct sbuf *err)
{
	int ret, more = 0;

	mysql_set_server_option(m->c, MYSQL_OPTION_MULTI_STATEMENTS_ON);
	ret = my_run(m, sql, err);
	while (ret == 0 && more == 0) {
		mysql_free_result(mysql_store_result(m->c));
		more = mysql_next_result(m->c);
		if (more > 0) {
			sbuf_printf(err, "%s, by: %.200s", mysql_error(m->c), sql);
			ret = -1;
		}
	}
	mysql_set_server_option(m->c, MYSQL_OPTION_MULTI_STATEMENTS_OFF);
	return ret;
}

static int
make_table(struct my *m, const struct sql_target *t, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	if (t->schema != NULL)
		return run_schema(m, t->schema, err);
	statement_create(t->made, t->table, t->keyed, " ENGINE=InnoDB", &sql);
	ret = my_run(m, sql.text, err);
	if (ret == 0)
		log_write(LOG_LVL_INFO, m->place.subject, "made table '%s'", t->table);
	sbuf_done(&sql);
	return ret;
}

/* Rows and ledger have to commit together, or not at all. */
static int
check_engine(struct my *m, const struct sql_target *t, struct sbuf *err)
{
	MYSQL_RES *r = ask_schema(m, "SELECT e.ENGINE FROM information_schema.TABLES x JOIN "
	    "information_schema.ENGINES e ON e.ENGINE = x.ENGINE", t->table,
	    " AND e.TRANSACTIONS <> 'YES'", err);
	MYSQL_ROW row = r != NULL ? mysql_fetch_row(r) : NULL;
	int ret = r != NULL ? 0 : -1;

	if (row != NULL && t->ledger) {
		sbuf_printf(err, "table '%s' is of engine %s, which has no transactions, so a purge "
		    "cannot be written exactly once: ALTER TABLE `%s` ENGINE=InnoDB, or sql_ledger: "
		    "false", t->table, row[0], t->table);
		ret = -1;
	}
	mysql_free_result(r);
	return ret;
}

static bool
folds(const char *collation)
{
	size_t len = collation != NULL ? strlen(collation) : 0;

	return len > 4 && strcmp(collation + len - 4, "_bin") != 0 && strstr(collation, "_cs") == NULL;
}

/* What MySQL in its lax mode takes for a column that must have a value and was given none. */
static const char *
implied_value(const char *type)
{
	static const struct { const char *type, *value; } values[] = {
		{ "datetime", "'0000-00-00 00:00:00'" }, { "timestamp", "'0000-00-00 00:00:00'" },
		{ "date", "'0000-00-00'" }, { "time", "'00:00:00'" }, { "char", "''" },
		{ "varchar", "''" }, { "binary", "''" }, { "varbinary", "''" }, { "tinytext", "''" },
		{ "text", "''" }, { "mediumtext", "''" }, { "longtext", "''" }, { "blob", "''" },
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strcmp(values[i].type, type) == 0)
			return values[i].value;
	return "0";
}

static int
read_columns(struct my *m, const char *table, const struct columns *cols, struct live *live,
    struct sbuf *err)
{
	MYSQL_RES *r = ask_schema(m, "SELECT x.COLUMN_NAME, x.COLUMN_TYPE, x.COLLATION_NAME, "
	    "x.DATA_TYPE, x.IS_NULLABLE = 'NO' AND x.COLUMN_DEFAULT IS NULL AND x.EXTRA = '' FROM "
	    "information_schema.COLUMNS x", table, " ORDER BY x.ORDINAL_POSITION", err);
	MYSQL_ROW row;

	if (r == NULL)
		return -1;
	while ((row = mysql_fetch_row(r)) != NULL) {
		live_column(live, row[0], row[1], folds(row[2]));
		if (row[4] != NULL && row[4][0] == '1')
			live_implied(live, cols, row[0], implied_value(row[3]));
	}
	mysql_free_result(r);
	return 0;
}

static int
read_indexes(struct my *m, const char *table, const struct columns *cols, struct live *live,
    struct sbuf *err)
{
	MYSQL_RES *r = ask_schema(m, "SELECT x.INDEX_NAME, IF(x.SUB_PART IS NULL, x.COLUMN_NAME, NULL), "
	    "c.EXTRA LIKE '%auto_increment%' FROM information_schema.STATISTICS x LEFT JOIN "
	    "information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)", table,
	    " AND x.NON_UNIQUE = 0 ORDER BY x.INDEX_NAME, x.SEQ_IN_INDEX", err);
	const char *name[64];
	char *index = NULL;
	bool generated = false;
	MYSQL_ROW row;
	size_t n = 0;

	if (r == NULL)
		return -1;
	while ((row = mysql_fetch_row(r)) != NULL) {
		if (index != NULL && strcmp(index, row[0]) != 0) {
			live_index(live, cols, name, n, generated);
			n = 0;
			generated = false;
		}
		index = row[0];		/* rows of a stored result stay until it is freed */
		if (n < ARRAY_LEN(name))
			name[n++] = row[1];
		generated |= row[2] != NULL && row[2][0] == '1';
	}
	if (n > 0)
		live_index(live, cols, name, n, generated);
	mysql_free_result(r);
	return 0;
}

int
mylook_table(struct my *m, const struct sql_target *t, struct live *ret, struct sbuf *err)
{
	int there = mylook_exists(m, t->table, err);

	if (there == 0 && t->look)
		return 0;
	if (there < 0 || (there == 0 && make_table(m, t, err) != 0) || check_engine(m, t, err) != 0)
		return -1;
	ret->engine = SQL_MYSQL;
	if (read_columns(m, t->table, t->columns, ret, err) != 0 ||
	    read_indexes(m, t->table, t->columns, ret, err) != 0)
		return -1;
	if (!t->quiet)
		live_advise(ret, t->columns, t->table, t->insert_only, m->place.subject, &m->said);
	return 0;
}
