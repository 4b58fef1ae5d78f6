/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables that pmacct's users have: versions 1 to 9 and bgp, for each engine, as one table of
 * columns (compat/interface.md 15). From it come the files in sql/, the tables that an output
 * makes itself, and what an output without sql_optimize_clauses writes. Names, order and keys are
 * pmacct's; types are equal or wider.
 */
#ifndef WB_SQL_SCHEMA_H
#define WB_SQL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sbuf.h"

enum sql_engine { SQL_MYSQL, SQL_PGSQL, SQL_SQLITE, SQL_ENGINES };

#define SCHEMA_VERSIONS	9
#define SCHEMA_COLUMNS	24		/* most columns of a version */

struct schema_column {
	const char *name;
	uint8_t from, to;		/* versions; 0: none but bgp */
	uint8_t bgp;			/* SCHEMA_ON() of the engines whose bgp table has it */
	uint8_t engines;		/* SCHEMA_ON() of the engines whose versions have it */
	bool key;			/* part of the primary key */
	const char *type[SQL_ENGINES];	/* without NOT NULL */
	const char *dflt[SQL_ENGINES];	/* DEFAULT, as SQL; NULL: none */
	const char *fake;		/* written where the aggregate lacks it, as SQL; NULL: stamps */
};

#define SCHEMA_ON(engine)	(1u << (engine))

/* The columns of a version (1..9), or of the bgp table, in their order. Gives how many. */
size_t	schema_columns(enum sql_engine engine, unsigned version, bool bgp,
	    const struct schema_column *ret[SCHEMA_COLUMNS]);

/* The table a version stands for: "acct", "acct_v7", "acct_bgp". */
void	schema_table_name(unsigned version, bool bgp, struct sbuf *out);

/* The files of sql/. */
struct schema_file {
	const char *name;		/* "pmacct-create-db_v7.mysql" */
	enum sql_engine engine;
	uint8_t version;		/* 0: bgp, or no table */
	enum { SCHEMA_TABLE, SCHEMA_DATABASE, SCHEMA_GRANT } what;
};

const struct schema_file *schema_files(size_t *ret_count);
void	schema_file_print(const struct schema_file *file, struct sbuf *out);

#endif
