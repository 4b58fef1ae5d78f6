/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQL about tables of routes: what makes them and the view over them, what sweeps them, and the files of
 * sql/. The columns are those of sql/routecols.h.
 */
#ifndef WB_SQL_ROUTEDDL_H
#define WB_SQL_ROUTEDDL_H

#include "sql/routecols.h"
#include "sql/routemap.h"

/* What makes a table with its view: a statement each. */
#define ROUTEDDL_STATEMENTS	(ROUTES_PARTS + 1)
void	routeddl_make(enum sql_engine engine, enum route_table table, const char *name,
	    struct sbuf ret[ROUTEDDL_STATEMENTS]);

/* Takes the rows of other generations out of current routes. */
void	routeddl_sweep(enum sql_engine engine, const char *name, uint64_t generation, struct sbuf *out);

/*
 * Tells a history of them before, as deleted at a time: a statement per table. Its numbers are those of
 * the current tables, taken from `below`, which is 0 or the least number that the history has.
 */
void	routeddl_told(enum sql_engine engine, const char *name, const char *history,
	    const struct routemap *m, const int64_t below[ROUTES_PARTS],
	    struct sbuf ret[ROUTES_PARTS]);

/* Takes out of current routes the attributes that no row has any more. */
void	routeddl_tidy(enum sql_engine engine, const char *name, struct sbuf *out);

/* The files of sql/. */
struct route_file {
	const char *name;
	enum sql_engine engine;
};

const struct route_file *routeddl_files(size_t *ret_count);
void	routeddl_file_print(const struct route_file *file, struct sbuf *out);

/* "bgp_routes", "bmp_routes", "routes": by the tellers an output is of. */
const char *routeddl_table_name(bool bgp, bool bmp);

#endif
