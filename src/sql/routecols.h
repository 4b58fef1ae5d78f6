/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of routes as one table of columns: names, types and cells, for a table of current routes
 * and for a history of changes. Names are those of pmacct's logs (compat/interface.md 9.5) where there
 * is one. Times are UTC. From it come the files in sql/ and what an output makes and writes.
 */
#ifndef WB_SQL_ROUTECOLS_H
#define WB_SQL_ROUTECOLS_H

#include "sql/backend.h"
#include "sql/routemap.h"
#include "sql/routespool.h"

enum route_table { ROUTES_CURRENT, ROUTES_HISTORY, ROUTES_TABLES };

/* The columns of a table, for backends; columns_done. */
void	routecols_make(enum sql_engine engine, enum route_table table, struct columns *ret);

/* A row to be written. */
struct route_row {
	const struct route_teller *teller;	/* all zero: of nobody */
	const struct route_key *key;		/* all zero: of no route */
	const struct route_attrs *attrs;	/* NULL: none */
	wall_t first, when;
	uint64_t seq, label, entries, generation, run;
	enum route_event event;
};

/* cells: [params]. */
void	routecols_fill(const struct columns *cols, const struct route_row *row, struct cell *cells);

/*
 * What takes the rows of other generations out of a table of current routes, and before that tells a
 * history of them, as deleted at a time.
 */
void	routecols_sweep(const struct columns *current, const char *table, uint64_t generation,
	    struct sbuf *out);
void	routecols_sweep_told(const struct columns *history, const char *current_table,
	    const char *history_table, const struct routemap *m, struct sbuf *out);

/* The files of sql/ with them. */
struct route_file {
	const char *name;
	enum sql_engine engine;
};

const struct route_file *routecols_files(size_t *ret_count);
void	routecols_file_print(const struct route_file *file, struct sbuf *out);

/* "bgp_routes", "bmp_routes", "routes": by the tellers an output is of. */
const char *routecols_table_name(bool bgp, bool bmp);

#endif
