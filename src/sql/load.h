/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows as the text that bulk loaders read: tabs between fields, a line per row, \N for NULL,
 * backslash before what has a meaning. PostgreSQL's COPY and MariaDB's LOAD DATA both take it.
 * Bytes stand as x and their hex digits; the statement that loads them turns them back.
 */
#ifndef WB_SQL_LOAD_H
#define WB_SQL_LOAD_H

#include "sql/backend.h"

struct load {
	const struct columns *cols;
	const struct sql_rows *rows;
	const struct live *live;	/* the table they are for */
	struct cell *cells;		/* [params]; the fixed ones are filled in */
	size_t next;			/* row */
	bool numbered;			/* a first field: the row's number from 1 */
	uint64_t same;			/* columns without a field: as sql_target.same */
	bool whole;			/* also fields for what is the same in all rows */
	bool values;			/* as SQL instead: "(1, 'a'),", a comma behind each row */
};

void	load_init(struct load *load, const struct columns *cols, const struct sql_rows *rows,
	    const struct live *live);
void	load_done(struct load *load);

/* The cells that are the same in all rows, as SQL. */
void	load_literal(const struct load *load, const struct column *c, struct sbuf *out);

/* Does a column have a field in each row? */
bool	load_has_field(const struct load *load, size_t column);

/* Append rows until `out` holds `most` bytes and more. false: there are no more. */
bool	load_more(struct load *load, size_t most, struct sbuf *out);

/* Begin again, all columns having fields. */
void	load_rewind(struct load *load, bool numbered, bool whole);

#endif
