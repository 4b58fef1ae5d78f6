/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Staged rows into a table of MariaDB or MySQL. By UPDATE and INSERT where no unique index lies on the
 * key: a list of which staged rows the table has, and how often, tells who goes which way, and the
 * counts of rows say whether all found their place.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "sql/move.h"
#include "sql/mysql_priv.h"
#include "sql/statement.h"

int
mymove_upsert(struct my *m, const struct sql_target *t, const struct known *k, const struct load *load,
    struct sbuf *err)
{
	struct sbuf sql = { 0 }, old = { 0 };
	int ret;

	statement_table(SQL_MYSQL, t->table, &old);
	sbuf_char(&old, '.');
	move_insert(load, t->table, NULL, &sql);
	sbuf_printf(&sql, " FROM %s s ON DUPLICATE KEY UPDATE ", k->stage);
	move_additions(load, old.text, old.text, "s.", &sql);
	ret = my_run(m, sql.text, err);
	sbuf_done(&sql);
	sbuf_done(&old);
	return ret;
}

/* Which staged rows are in the table already, and how often. */
static int
find_matches(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	sbuf_printf(&sql, "INSERT INTO %s SELECT s.waybill_n, COUNT(*) FROM %s s JOIN ", k->match,
	    k->stage);
	statement_table(SQL_MYSQL, t->table, &sql);
	sbuf_str(&sql, " t ON ");
	move_match(load, "BINARY", &sql);
	sbuf_str(&sql, " GROUP BY s.waybill_n");
	ret = my_run(m, sql.text, err);
	sbuf_done(&sql);
	return ret;
}

/* -1, or how many rows a statement touched. */
static int64_t
touch(struct my *m, struct sbuf *sql, struct sbuf *err)
{
	int64_t n = my_run(m, sql->text, err) == 0 ? (int64_t)mysql_affected_rows(m->c) : -1;

	sbuf_done(sql);
	return n;
}

static int64_t
update_single(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };

	sbuf_str(&sql, "UPDATE ");
	statement_table(SQL_MYSQL, t->table, &sql);
	sbuf_printf(&sql, " t JOIN %s s ON ", k->stage);
	move_match(load, "BINARY", &sql);
	sbuf_printf(&sql, " JOIN %s m ON m.waybill_n = s.waybill_n AND m.hits = 1 SET ", k->match);
	move_additions(load, "t.", "t.", "s.", &sql);
	return touch(m, &sql, err);
}

/* A staged row whose key several rows of the table have: it is added to one of them. */
static int
update_one_of(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, const char *n, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	const char *between = " WHERE ";
	int ret;

	sbuf_str(&sql, "SELECT ");
	move_staged(load->cols, "", &sql);
	sbuf_str(&sql, " INTO ");
	move_staged(load->cols, "@", &sql);
	sbuf_printf(&sql, " FROM %s WHERE waybill_n = %s", k->stage, n);
	ret = my_run(m, sql.text, err);
	sbuf_clear(&sql);
	sbuf_str(&sql, "UPDATE ");
	statement_table(SQL_MYSQL, t->table, &sql);
	sbuf_str(&sql, " SET ");
	move_additions(load, "", "", "@", &sql);
	for (size_t i = 0; i < load->cols->count; i++) {
		const struct column *c = &load->cols->col[i];

		if (!c->key)
			continue;
		sbuf_printf(&sql, "%s%s = ", between, c->name);
		between = " AND ";
		if (c->param != 0 && !column_fixed(c))
			sbuf_printf(&sql, "@%s", c->name);
		else
			load_literal(load, c, &sql);
	}
	sbuf_str(&sql, " LIMIT 1");
	if (ret == 0 && touch(m, &sql, err) != 1) {
		sbuf_printf(err, "%srows of '%s' were changed by others at the same time",
		    err->len > 0 ? "; " : "", t->table);
		ret = -1;
	}
	sbuf_done(&sql);
	return ret;
}

static int
update_ambiguous(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	MYSQL_RES *r;
	MYSQL_ROW row;
	int ret = 0;

	sbuf_printf(&sql, "SELECT waybill_n FROM %s WHERE hits > 1", k->match);
	r = my_ask(m, sql.text, err);
	sbuf_done(&sql);
	if (r == NULL)
		return -1;
	while (ret == 0 && (row = mysql_fetch_row(r)) != NULL)
		ret = update_one_of(m, t, k, load, row[0], err);
	mysql_free_result(r);
	return ret;
}

static int64_t
insert_rest(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };

	move_insert(load, t->table, NULL, &sql);
	sbuf_printf(&sql, " FROM %s s LEFT JOIN %s m ON m.waybill_n = s.waybill_n "
	    "WHERE m.waybill_n IS NULL", k->stage, k->match);
	return touch(m, &sql, err);
}

int
mymove_plain(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	return insert_rest(m, t, k, load, err) == (int64_t)load->rows->rows ? 0 : -1;
}

static int64_t
count_matches(struct my *m, const struct known *k, const char *which, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	MYSQL_RES *r;
	int64_t n = -1;

	sbuf_printf(&sql, "SELECT COUNT(*) FROM %s%s", k->match, which);
	r = my_ask(m, sql.text, err);
	if (r != NULL)
		n = strtoll(mysql_fetch_row(r)[0], NULL, 10);
	mysql_free_result(r);
	sbuf_done(&sql);
	return n;
}

/*
 * Rows of ours that are the same in the table share its row, which a join updates once only: then
 * all go one by one.
 */
int
mymove_twin(struct my *m, const struct sql_target *t, const struct known *k,
    const struct load *load, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int64_t single, all, n;

	if (find_matches(m, t, k, load, err) != 0 ||
	    (single = count_matches(m, k, " WHERE hits = 1", err)) < 0 ||
	    (all = count_matches(m, k, "", err)) < 0 ||
	    my_run(m, "SAVEPOINT waybill", err) != 0 ||
	    (n = single > 0 ? update_single(m, t, k, load, err) : 0) < 0)
		return -1;
	if (n != single) {
		sbuf_printf(&sql, "UPDATE %s SET hits = 2", k->match);
		if (my_run(m, "ROLLBACK TO SAVEPOINT waybill", err) != 0 || touch(m, &sql, err) < 0)
			return -1;
		single = 0;
	}
	if (all > single && update_ambiguous(m, t, k, load, err) != 0)
		return -1;
	n = insert_rest(m, t, k, load, err);
	if (n >= 0 && n + all != (int64_t)load->rows->rows)
		sbuf_printf(err, "%lld rows of %zu found no place in '%s'",
		    (long long)((int64_t)load->rows->rows - n - all), load->rows->rows, t->table);
	return n + all == (int64_t)load->rows->rows ? 0 : -1;
}
