/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQL outputs as kinds of output; for out/kinds.c's table. */
#ifndef WB_SQL_OUTPUT_H
#define WB_SQL_OUTPUT_H

#include "out/output.h"

/* mysql and pgsql are there where their client libraries were built in. */
extern const struct out_kind out_sqlite3, out_mysql, out_pgsql;

/* The kind of a type; NULL: it writes to no database, or the build lacks the engine. */
const struct out_kind *sql_kind(const char *type);

#endif
