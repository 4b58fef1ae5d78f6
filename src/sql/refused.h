/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows that a server refuses although their values fit: a CHECK constraint, a trigger that signals,
 * a sum that leaves its column. One such row would hold its whole batch, so those rows are looked
 * for, by halves, in a transaction that is rolled back: what then is sent has only rows that are
 * taken, under one row of the ledger, as any other batch.
 *
 * A table that takes hardly any row is wrong itself: then the batch waits for the operator.
 */
#ifndef WB_SQL_REFUSED_H
#define WB_SQL_REFUSED_H

#include "sql/rows.h"

#define REFUSED_MOST	4096		/* rows of a batch, and not more than half of it ... */
#define REFUSED_FEW	16		/* ... unless so few */

/* Rows by their digest, which is the same when the batch is tried again, also by a later run. */
struct refused {
	uint64_t *row;
	char **why;			/* the server's words */
	size_t count;
};

/*
 * Which of the rows of a target, which is prepared, are refused. Begins a transaction and leaves it
 * rolled back. -1 with a sentence: something else went wrong, or too many are; what ret holds by
 * then is to be freed, too.
 */
int	refused_find(const struct sql_backend *backend, void *db, const struct sql_target *target,
	    const struct rows *rows, struct refused *ret, struct sbuf *err);

/* NULL, or why the row of this digest was refused. */
const char *refused_why(const struct refused *r, uint64_t digest);

/* Add those of `from`, which is empty then. */
void	refused_take(struct refused *r, struct refused *from);
void	refused_done(struct refused *r);

#endif
