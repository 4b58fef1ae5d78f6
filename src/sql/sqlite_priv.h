/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection as the files about SQLite share it. */
#ifndef WB_SQL_SQLITE_PRIV_H
#define WB_SQL_SQLITE_PRIV_H

#include <sqlite3.h>

#include "sql/backend.h"

enum way { WAY_UPSERT, WAY_TWIN, WAY_INSERT };

struct lite {
	sqlite3 *db;
	char *subject;
	char *table;			/* the one that the statements are for; NULL: none */
	enum way way;
	sqlite3_stmt *insert, *update;	/* insert: or the upsert */
	sqlite3_stmt *bulk;		/* the same for BULK_ROWS rows; NULL: one by one */
	sqlite3_stmt *remove;		/* NULL: not asked for yet */
	sqlite3_stmt *ledger, *landed;
	bool said_twin;
	bool refused;			/* the last put, by a constraint */
};

/* Rows of a statement: beginning and ending one takes as long as two rows do. */
#define BULK_ROWS	16u

int	lite_fail(struct lite *l, const char *what, struct sbuf *err);
int	lite_statement(struct lite *l, const char *sql, sqlite3_stmt **ret, struct sbuf *err);
int	lite_prepare(void *self, const struct sql_target *t, struct sbuf *err);

/* Rows into the table of the last prepare (liteput.c). */
int	lite_put(void *self, const struct sql_target *t, const struct sql_rows *rows, struct sbuf *err);

#endif
