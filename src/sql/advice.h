/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table that Waybill recommends for an output: the columns that the output writes, in types as
 * narrow as their values allow, a primary key on the aggregate that begins with the bin, a partition
 * per day, and indexes for those who ask by one column. For tools; outputs take whatever is there.
 */
#ifndef WB_SQL_ADVICE_H
#define WB_SQL_ADVICE_H

#include "sql/settings.h"

struct advice_conf {
	const char *const *indexed;	/* columns that reports group by; ends with NULL */
	wall_t today;			/* the first day with a partition */
	unsigned days;			/* 0: no partitions */
};

/*
 * The statements, each with ";\n" behind it. `engine` need not be that of the output. -1 with a
 * sentence: the schema cannot hold the aggregate.
 */
int	advice_print(const struct out_env *env, enum sql_engine engine, const struct advice_conf *conf,
	    struct sbuf *out, struct sbuf *err);

/*
 * Compare the table that is there (NULL: that of the settings) with the recommended one. Gives how
 * many differences there are, a line each in `out`; -1 with a sentence.
 */
int	advice_check(const struct out_env *env, const struct advice_conf *conf, const char *table,
	    struct sbuf *out, struct sbuf *err);

#endif
