/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a row set to what a backend binds, and to the digest by which the ledger knows it again.
 */
#ifndef WB_SQL_ROWS_H
#define WB_SQL_ROWS_H

#include "out/bintab.h"
#include "sql/backend.h"

struct rows;

/*
 * Rows `pick[0..n)` of a row set, or all of them where pick is NULL. `now` is stamp_updated.
 * Everything is borrowed.
 */
struct rows *rows_new(const struct columns *cols, const struct value_style *style,
	    const struct rowset *rs, const size_t *pick, size_t n, wall_t now);
void	rows_free(struct rows *r);
struct sql_rows rows_cells(struct rows *r);		/* good as long as r */

struct rows_sums {
	uint64_t packets, bytes, flows;
};

/*
 * A hash of the rows, whatever their order. It does not depend on ids, so it is the same for rows
 * that come back from a journal after a restart.
 */
uint64_t rows_digest(const struct rows *r, struct rows_sums *ret_sums);

/*
 * Put the rows in the order of an index, so that a database walks along it instead of jumping: `by`
 * are its columns as numbers of columns.col. Texts and what lies beyond the first columns that
 * differ are not looked at.
 */
void	rows_sort(struct rows *r, const size_t *by, size_t n);

/*
 * Take out the rows with a value that a column does not take; `misfit` hears of each while it is
 * still there. limit: [params].
 */
void	rows_split(struct rows *r, const struct limit *limit,
	    void (*misfit)(void *ctx, size_t i, const struct column *c, const char *why), void *ctx);

/*
 * Take out the rows that `why` has a reason for, by their digest; `misfit` hears of each as above,
 * with no column. NULL: nobody hears.
 */
void	rows_drop(struct rows *r, const char *(*why)(const void *ctx, uint64_t digest),
	    const void *ctx, void (*misfit)(void *ctx, size_t i, const struct column *c,
	    const char *why), void *misfit_ctx);

/* Rows [from, from + n) of r, to be freed before r. */
struct rows *rows_slice(const struct rows *r, size_t from, size_t n);

/* The digest of row i alone: the same wherever the row comes from. */
uint64_t rows_digest_of(const struct rows *r, size_t i);

/* "2026-11-23 22:33:00", without history zero's own form of the engine. UTC or local. */
void	stamp_text(wall_t t, bool utc, enum sql_engine engine, struct sbuf *out);

#endif
