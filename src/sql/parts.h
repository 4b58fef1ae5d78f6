/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bin in parts, each with a row of the ledger of its own: by table, and large tables by ranges
 * of the key. The same rows make the same parts in the same order every time, whatever the tables
 * in the database or sql_connections are, so that what has landed is known again after a restart.
 */
#ifndef WB_SQL_PARTS_H
#define WB_SQL_PARTS_H

#include "out/dynname.h"
#include "out/output.h"
#include "sql/rows.h"

/* The rows of a bin that go to one table, or a range of them. */
struct part {
	struct sbuf name, schema;
	size_t *pick;			/* NULL: all */
	size_t rows, room;
	struct rows *cells;
	struct sql_target target;
	uint64_t digest;		/* of all rows, also of those that did not fit */
	struct rows_sums sums;		/* of those that did */
	struct out_rejected rejected;
};

struct parts {
	struct part *part;
	size_t count;
};

void	parts_done(struct parts *parts);

/* Parts by the name of the table, in the order of names. `names` is the pattern's surroundings. */
void	parts_split(const char *pattern, struct dynname_env *names, const struct rowset *rs,
	    struct parts *parts);

/* Large parts in pieces. */
void	parts_cut(const struct columns *cols, const struct rowset *rs, struct parts *parts);

#endif
