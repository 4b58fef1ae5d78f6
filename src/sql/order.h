/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows in the order of an index, so that a database walks along it instead of jumping, and cut
 * into pieces along their key, so that several connections can write at once and each has a range
 * of its own. Texts that are known by an id, and what lies beyond the first 128 bits that columns
 * have, are not looked at: an order is a hint, never a promise.
 */
#ifndef WB_SQL_ORDER_H
#define WB_SQL_ORDER_H

#include "out/bintab.h"
#include "sql/columns.h"

/* Rows pick[0..n) of a row set, or all of them where pick is NULL. Borrowed. */
struct order_rows {
	const struct columns *cols;
	const struct rowset *rs;
	const size_t *pick;
	size_t n;
};

/*
 * The rows by these columns (numbers of columns.col), as an array of row numbers that is the
 * caller's to free. NULL: they stand in that order already.
 */
size_t	*order_by(const struct order_rows *rows, const size_t *by, size_t n_by);

/*
 * Cut the rows into `pieces` of about as many, by ranges of their key: piece i has the rows
 * ret_row[ret_start[i]..ret_start[i + 1]). Gives how many pieces it made, fewer than asked for
 * where rows cannot be told apart. Both arrays are the caller's to free.
 *
 * The same rows come to the same pieces whatever their order, ids or the table in the database: a
 * piece is known again after a restart.
 */
size_t	order_cut(const struct order_rows *rows, size_t pieces, size_t **ret_row,
	    size_t **ret_start);

#endif
