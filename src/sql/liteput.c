/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows into a table of SQLite, bound and stepped. */
#include "core/mem.h"
#include "sql/sqlite_priv.h"
#include "sql/statement.h"

/* row: of the statement, from 0. */
static void
bind_row(sqlite3_stmt *st, const struct columns *cols, struct cell *cells, bool fixed, unsigned row)
{
	for (size_t i = 0; i < cols->count; i++) {
		unsigned p = cols->col[i].param;
		struct cell *c;

		if (p == 0 || column_fixed(&cols->col[i]) != fixed)
			continue;
		c = &cells[p - 1];
		cell_plain(c);
		p += row * cols->params;
		switch (c->kind) {
		case CELL_NULL:
			sqlite3_bind_null(st, (int)p);
			break;
		case CELL_INT:
			sqlite3_bind_int64(st, (int)p, c->number);
			break;
		case CELL_TEXT:
		case CELL_TIME:
		case CELL_NET:
			sqlite3_bind_text(st, (int)p, c->bytes, (int)c->len, SQLITE_STATIC);
			break;
		case CELL_BYTES:
			sqlite3_bind_blob(st, (int)p, c->bytes, (int)c->len, SQLITE_STATIC);
			break;
		}
	}
}

static void
bind_cells(sqlite3_stmt *st, const struct columns *cols, struct cell *cells, bool fixed)
{
	bind_row(st, cols, cells, fixed, 0);
}

static int
step(sqlite3_stmt *st)
{
	sqlite3_step(st);
	return sqlite3_reset(st);
}

/* One row by the way of this table. */
static int
put_row(struct lite *l, const struct columns *cols, struct cell *cells)
{
	int rc;

	if (l->way == WAY_TWIN) {
		bind_cells(l->update, cols, cells, false);
		rc = step(l->update);
		if (rc != SQLITE_OK || sqlite3_changes(l->db) > 0)
			return rc;
	}
	bind_cells(l->insert, cols, cells, false);
	rc = step(l->insert);
	if (l->way != WAY_INSERT || (rc & 0xff) != SQLITE_CONSTRAINT)
		return rc;
	bind_cells(l->update, cols, cells, false);
	if (step(l->update) == SQLITE_OK && sqlite3_changes(l->db) > 0)
		return SQLITE_OK;
	return rc;
}

/* A statement has the parameters that it names, the others are passed over. */
static int
remove_row(struct lite *l, const struct columns *cols, struct cell *cells)
{
	bind_cells(l->remove, cols, cells, false);
	return step(l->remove);
}

static int
prepare_remove(struct lite *l, const struct sql_target *t, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	if (l->remove != NULL)
		return 0;
	statement_remove(t->columns, t->table, &sql);
	ret = lite_statement(l, sql.text, &l->remove, err);
	sbuf_done(&sql);
	return ret;
}

static int
put_failed(struct lite *l, const char *table, int rc, struct sbuf *err)
{
	l->refused = (rc & 0xff) == SQLITE_CONSTRAINT || (rc & 0xff) == SQLITE_MISMATCH;
	return lite_fail(l, table, err);
}

/* Rows [from, from + BULK_ROWS), in one statement; where that is refused, one by one. */
static int
put_bulk(struct lite *l, const struct columns *cols, const struct sql_rows *rows, size_t from,
    struct cell *cells)
{
	int rc;

	for (unsigned k = 0; k < BULK_ROWS; k++) {
		rows->fill(rows->ctx, from + k, cells + k * cols->params);
		bind_row(l->bulk, cols, cells + k * cols->params, false, k);
	}
	rc = step(l->bulk);
	if ((rc & 0xff) != SQLITE_CONSTRAINT)
		return rc;
	rc = SQLITE_OK;
	for (unsigned k = 0; k < BULK_ROWS && rc == SQLITE_OK; k++)
		rc = put_row(l, cols, cells + k * cols->params);
	return rc;
}

static void
bind_fixed(struct lite *l, const struct columns *cols, const struct sql_rows *rows,
    struct cell *cells)
{
	rows->fill(rows->ctx, SQL_FIXED, cells);
	bind_cells(l->insert, cols, cells, true);
	if (l->update != NULL)
		bind_cells(l->update, cols, cells, true);
}

static void
unbind(struct lite *l)
{
	sqlite3_stmt *const all[] = { l->insert, l->update, l->bulk, l->remove };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] != NULL)
			sqlite3_clear_bindings(all[i]);
}

int
lite_put(void *self, const struct sql_target *t, const struct sql_rows *rows, struct sbuf *err)
{
	struct lite *l = self;
	const struct columns *cols = t->columns;
	struct cell *cells;
	size_t i = 0, n;
	int rc = SQLITE_OK;

	l->refused = false;
	if (lite_prepare(l, t, err) != 0 || (t->remove && prepare_remove(l, t, err) != 0))
		return -1;
	n = (size_t)cols->params * (l->bulk != NULL ? BULK_ROWS : 1);
	cells = mem_array(n + 1, sizeof(*cells));
	bind_fixed(l, cols, rows, cells);
	if (l->bulk != NULL && !t->remove)
		for (; rc == SQLITE_OK && i + BULK_ROWS <= rows->rows; i += BULK_ROWS)
			rc = put_bulk(l, cols, rows, i, cells);
	for (; rc == SQLITE_OK && i < rows->rows; i++) {
		rows->fill(rows->ctx, i, cells);
		rc = t->remove ? remove_row(l, cols, cells) : put_row(l, cols, cells);
	}
	unbind(l);
	for (size_t k = 0; k < n; k++)
		sbuf_done(&cells[k].room);
	mem_free(cells);
	return rc == SQLITE_OK ? 0 : put_failed(l, t->table, rc, err);
}
