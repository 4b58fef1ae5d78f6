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

/* CREATE TABLE; `keyed`: with a primary key. `tail`: what follows the bracket, or "". */
void	statement_create(const struct columns *cols, const char *table, bool keyed,
	    const char *tail, struct sbuf *out);
void	statement_insert(const struct columns *cols, const char *table, struct sbuf *out);

/* INSERT that adds to the row that is there; conflict: the names of the unique index, "a, b". */
void	statement_upsert(const struct columns *cols, const char *table, const char *conflict,
	    struct sbuf *out);

/* The plain twin's first half: adds to one row of this key. `rowid`: see sqlite.c. */
void	statement_update(const struct columns *cols, const char *table, bool rowid,
	    struct sbuf *out);

/* The ledger: DESIGN.md 7. */
void	statement_ledger_create(enum sql_engine engine, struct sbuf *out);

#endif
