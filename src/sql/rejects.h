/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reject file of an output: rows that the table does not take, a JSON object a line, with the
 * column and the reason. It stands beside the output's journal. A row is never cut to fit: two long
 * AS paths cut alike would be added together.
 */
#ifndef WB_SQL_REJECTS_H
#define WB_SQL_REJECTS_H

#include "out/output.h"
#include "sql/rows.h"

struct rejects {
	const struct columns *cols;
	const char *table;
	const struct purge *purge;
	struct cell *cells;
	struct sql_rows rows;
	struct sbuf text;
	struct rows_sums sums;		/* of the rows put here */
	size_t count;
};

void	rejects_init(struct rejects *r, const struct columns *cols, struct rows *rows,
	    const char *table, const struct purge *purge);
void	rejects_done(struct rejects *r);

/* Row i of `rows`; for rows_split and rows_drop. c NULL: no column of its own is at fault. */
void	rejects_add(void *rejects, size_t i, const struct column *c, const char *why);

/* Append to the file and force it to disk. -1 with a sentence. */
int	rejects_write(const struct rejects *r, const char *path, struct sbuf *err);

#endif
