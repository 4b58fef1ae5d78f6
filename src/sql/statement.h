/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQL text made from columns. Parameters are ?1, ?2, ... by column.param, the same in each
 * statement of a table, so that one row is bound once for all of them.
 */
#ifndef WB_SQL_STATEMENT_H
#define WB_SQL_STATEMENT_H

#include "sql/columns.h"

/* A name in the engine's quotes. */
void	statement_name(enum sql_engine engine, const char *name, struct sbuf *out);

/*
 * The name of a table as pmacct's users spell it: PostgreSQL's plain ones stand without quotes, so
 * that case folds and a schema may stand in front.
 */
void	statement_table(enum sql_engine engine, const char *name, struct sbuf *out);

/* A text as SQL, for tools. */
void	statement_text(enum sql_engine engine, const char *text, struct sbuf *out);

/* CREATE TABLE; `keyed`: with a primary key. `tail`: what follows the bracket, or "". */
void	statement_create(const struct columns *cols, const char *table, bool keyed,
	    const char *tail, struct sbuf *out);
/* Of several rows; those of row i, from 0, have the parameters from i * cols->params on. */
void	statement_insert(const struct columns *cols, const char *table, unsigned rows,
	    struct sbuf *out);

/* INSERT that adds to the row that is there; conflict: the names of the unique index, "a, b". */
void	statement_upsert(const struct columns *cols, const char *table, const char *conflict,
	    unsigned rows, struct sbuf *out);

/* The plain twin's first half: adds to one row of this key. `rowid`: see sqlite.c. */
void	statement_update(const struct columns *cols, const char *table, bool rowid,
	    struct sbuf *out);

/* DELETE of the row with this key, none of which is a literal. */
void	statement_remove(const struct columns *cols, const char *table, struct sbuf *out);

/* The ledger: DESIGN.md 7. */
void	statement_ledger_create(enum sql_engine engine, struct sbuf *out);

/*
 * The same in plain SQL, for engines whose bulk goes other ways. Texts in a row of the ledger are
 * escaped by `quote`, which is the engine's.
 */
struct ledger_row;
typedef void statement_quote(void *db, const char *text, struct sbuf *out);
void	statement_ledger_insert(enum sql_engine engine, const struct ledger_row *row,
	    statement_quote *quote, void *db, struct sbuf *out);
void	statement_ledger_find(const struct ledger_row *row, statement_quote *quote, void *db,
	    struct sbuf *out);
void	ledger_digest(const struct ledger_row *row, char ret[17]);

/* "other rows under this key": a sentence with both digests. */
void	ledger_differs(const struct ledger_row *row, const char *there, struct sbuf *err);

/* What to do where the ledger cannot be made: DDL and GRANT, behind the engine's own words. */
void	ledger_refused(enum sql_engine engine, const char *user, struct sbuf *err);

#endif
