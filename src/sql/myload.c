/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows to MariaDB or MySQL by LOAD DATA LOCAL INFILE from memory: there is no file. LOCAL makes
 * the server skip what a unique index refuses, so where fewer rows went in than were sent that is
 * undone, back to a savepoint. It turns errors into warnings too: a warning is an error here.
 * Servers that refuse it get the rows by INSERT.
 */
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/move.h"
#include "sql/mysql_priv.h"
#include "sql/statement.h"

#define PART		(64u << 10)	/* bytes of rows made at a time */

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
load_statement(const struct load *load, const char *table, bool ascii, struct sbuf *sql)
{
	const struct columns *cols = load->cols;
	const char *between = " SET ";
	bool hex = cols->shape.num_hosts;

	sbuf_str(sql, "LOAD DATA LOCAL INFILE 'rows' INTO TABLE ");
	statement_table(SQL_MYSQL, table, sql);
	sbuf_printf(sql, " CHARACTER SET %s (", ascii ? "ascii" : "utf8mb4");
	if (load->numbered)
		sbuf_str(sql, "waybill_n, ");
	for (size_t i = 0, n = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];

		if (!load_has_field(load, i))
			continue;
		sbuf_printf(sql, "%s%s%s", n++ > 0 ? ", " : "", hex && as_hex(c) ? "@" : "", c->name);
	}
	sbuf_char(sql, ')');
	for (size_t i = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];
		bool fixed = !load_has_field(load, i);

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
load_rows(struct my *m, const char *table, bool ascii, struct load *load, struct sbuf *err)
{
	struct infile infile = { .load = load };
	struct sbuf sql = { 0 };
	int64_t n = -1;

	load_statement(load, table, ascii, &sql);
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

int
myload_stage(struct my *m, const struct known *k, struct load *load, struct sbuf *err)
{
	struct sbuf why = { 0 };
	int64_t n = -1;

	load_rewind(load, true, false);
	if (!m->no_infile)
		n = load_rows(m, k->stage, false, load, &why);
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

int
myload_straight(struct my *m, const struct sql_target *t, struct load *load, struct sbuf *err)
{
	int64_t n;

	if (m->no_infile)
		return 1;
	if (my_run(m, "SAVEPOINT waybill", err) != 0)
		return -1;
	load_rewind(load, false, false);
	/* What is the same in all rows stands in the statement; the cells have it from the first row. */
	load->same = t->same;
	if (t->same != 0)
		load->rows->fill(load->rows->ctx, 0, load->cells);
	n = load_rows(m, t->table, t->typed, load, err);
	if (n == (int64_t)load->rows->rows)
		return 0;
	if (n < 0 && !infile_refused(m))
		return -1;
	sbuf_clear(err);
	return my_run(m, "ROLLBACK TO SAVEPOINT waybill", err) == 0 ? 1 : -1;
}
