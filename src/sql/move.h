/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQL that moves rows from a staging table (alias s) into the table they are for. What is the same
 * in all rows is not staged but stands in the statement.
 */
#ifndef WB_SQL_MOVE_H
#define WB_SQL_MOVE_H

#include "sql/load.h"

/* "a, b": the columns that are staged, in the order of load_more; each after `prefix`. */
void	move_staged(const struct columns *cols, const char *prefix, struct sbuf *out);

/* INSERT INTO table AS alias (...) SELECT ... ; alias NULL: none. FROM is to follow. */
void	move_insert(const struct load *load, const char *table, const char *alias,
	    struct sbuf *out);

/* "packets = old.packets + s.packets, ...": with `left` before the names that are set. */
void	move_additions(const struct load *load, const char *left, const char *old,
	    const char *from, struct sbuf *out);

/* "t.ip_src = s.ip_src AND ...", or a truth without a key. `binary`: texts byte by byte. */
void	move_match(const struct load *load, const char *binary, struct sbuf *out);

/*
 * "(SELECT min(waybill_n) AS waybill_n, keys, sum(...) ... FROM stage s GROUP BY keys)": for rows that differ in the
 * aggregate and are the same in the table.
 */
void	move_grouped(const struct columns *cols, const char *stage, struct sbuf *out);

#endif
