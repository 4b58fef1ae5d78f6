/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection as the files about MariaDB and MySQL share it. */
#ifndef WB_SQL_MYSQL_PRIV_H
#define WB_SQL_MYSQL_PRIV_H

#include <mysql.h>
#include <stdio.h>

#include "sql/load.h"

/* A table as it was found, with its staging. */
struct known {
	char *table;
	struct live live;
	char stage[32];
	char match[32];			/* staged rows that the table has, and how often */
};

struct my {
	struct sql_place place;
	MYSQL *c;			/* NULL: not connected */
	struct known *known;
	size_t count, last;		/* last: the one of the last prepare */
	unsigned stages;		/* made on this connection */
	bool ledger;			/* is there */
	bool no_infile;			/* refused by the server */
	bool refused;			/* the last error was about rows */
	struct sbuf said;
};

int	my_run(struct my *m, const char *sql, struct sbuf *err);
/* NULL with a sentence; else rows, to be freed. */
MYSQL_RES *my_ask(struct my *m, const char *sql, struct sbuf *err);
void	my_quote(void *self, const char *text, struct sbuf *out);

/* -1 with a sentence, 0 no, 1 yes. */
int	mylook_exists(struct my *m, const char *table, struct sbuf *err);

/* The table of a target: made where it is missing, read, and what is wrong with it said. */
int	mylook_table(struct my *m, const struct sql_target *t, struct live *ret, struct sbuf *err);

/*
 * The staged rows into the table: without looking for those that are there; where there is a unique
 * index on the key; and where not.
 */
int	mymove_plain(struct my *m, const struct sql_target *t, const struct known *k,
	    const struct load *load, struct sbuf *err);
int	mymove_upsert(struct my *m, const struct sql_target *t, const struct known *k,
	    const struct load *load, struct sbuf *err);
int	mymove_twin(struct my *m, const struct sql_target *t, const struct known *k,
	    const struct load *load, struct sbuf *err);

#endif
