/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows as COPY ... WITH BINARY takes them ("Binary Format" of COPY in PostgreSQL's manual): the server has
 * nothing to parse, which is a third of what text costs it. For tables all of whose columns are of a few
 * types, and rows whose cells are of them (sql_target.typed).
 */
#ifndef WB_SQL_PGBINARY_H
#define WB_SQL_PGBINARY_H

#include "sql/load.h"

struct pgbinary;

/* NULL: the table has a column that is not spoken here. */
struct pgbinary *pgbinary_new(const struct load *load);
void	pgbinary_free(struct pgbinary *b);

/*
 * Append the head, rows until `out` holds `most` bytes and more, the tail. false: there are no more. As
 * load_more does, it takes the rows that load->next names.
 */
bool	pgbinary_more(struct pgbinary *b, struct load *load, size_t most, struct sbuf *out);

/* NULL, or why a row could not be told: a value larger than its column. Nothing may be kept then. */
const char *pgbinary_failed(const struct pgbinary *b);

#endif
