/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of SQL outputs share: an output from configuration lines, and rows from flows. */
#ifndef WB_TESTS_SQL_SUPPORT_H
#define WB_TESTS_SQL_SUPPORT_H

#include <sqlite3.h>

#include "conf/conf.h"
#include "out/output.h"

struct bench {
	struct conf *conf;
	struct plan *plan;
	struct names *names;
	struct out_env env;
	char dir[64];			/* a folder of its own */
	char db[96];			/* a database file in it */
};

/* `lines` end with NULL; plugins, sql_db, the journal's place, $WB_SQL_EXTRA's line are added. */
void	bench_open(struct bench *b, const char *const *lines);
/* The same for another type; mysql and pgsql go to the server of $WB_SQL_HOST. */
void	bench_open_as(struct bench *b, const char *type, const char *const *lines);
void	bench_close(struct bench *b);		/* removes the folder */

/* Flow number i: source 10.0.0.0 + i, port 1000 + i % 50000, TCP, i + 1 packets, 100 bytes each. */
struct flow bench_flow(uint32_t i, int64_t start_s);

/* Rows of `n` flows from number `from` on, added to the table. */
void	bench_add(struct bench *b, struct bintab *tab, uint32_t from, uint32_t n, int64_t start_s);

/* The one number that a query gives; -1 where it fails. */
int64_t	bench_number(const char *db, const char *sql);
/* The rows that a query gives, as "a|b\nc|d\n". To be freed. */
char	*bench_rows(const char *db, const char *sql);
void	bench_sql(const char *db, const char *sql);	/* has to work */

#endif
