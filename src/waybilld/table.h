/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for people: columns as wide as their widest cell, numbers to the right. */
#ifndef WB_WAYBILLD_TABLE_H
#define WB_WAYBILLD_TABLE_H

#include "core/sbuf.h"

struct table;

struct table *table_new(const char *const *heads, size_t columns);
void	table_free(struct table *t);
void	table_text(struct table *t, const char *text);		/* next cell of the row */
void	table_u64(struct table *t, uint64_t n);
void	table_i64(struct table *t, int64_t n);
void	table_row(struct table *t);				/* the row is complete */
void	table_print(const struct table *t, struct sbuf *out);

#endif
