/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection as the files about PostgreSQL share it. */
#ifndef WB_SQL_PGSQL_PRIV_H
#define WB_SQL_PGSQL_PRIV_H

#include <libpq-fe.h>

#include "sql/load.h"

/* A table as it was found, with its staging. */
struct known {
	char *table;
	struct live live;
	char stage[32];
	bool used;			/* staging has rows of this transaction */
};

struct pg {
	struct sql_place place;
	PGconn *c;			/* NULL: not connected */
	struct known *known;
	size_t count, last;		/* last: the one of the last prepare */
	unsigned stages;		/* made on this connection */
	bool ledger;			/* is there */
	char state[6];			/* SQLSTATE of the last error */
	struct sbuf said;
};

int	pg_run(struct pg *p, const char *sql, struct sbuf *err);
/* NULL with a sentence; else rows, to be cleared. */
PGresult *pg_ask(struct pg *p, const char *sql, struct sbuf *err);
/* A statement; -1, or how many rows it changed. self: struct pg. */
int64_t	pg_change(void *self, const char *sql, struct sbuf *err);
/* Takes the result. -1 with a sentence and p->state where it is an error. */
int	pg_settle(struct pg *p, PGresult *r, const char *sql, struct sbuf *err);
void	pg_quote(void *self, const char *text, struct sbuf *out);

/* -1 with a sentence, 0 no, 1 yes. */
int	pglook_exists(struct pg *p, const char *table, struct sbuf *err);

/*
 * The table of a target: made where it is missing, read, what is wrong with it said, and its
 * staging made. -1 with a sentence; what k holds by then is the caller's to free.
 */
int	pglook_table(struct pg *p, const struct sql_target *t, struct known *k, struct sbuf *err);

/* The staged rows into the table. */
int	pgmove_rows(struct pg *p, const struct sql_target *t, const struct known *k,
	    const struct load *load, struct sbuf *err);

#endif
