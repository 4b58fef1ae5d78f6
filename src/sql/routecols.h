/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of routes as one table of columns: names, types and cells, for current routes and for a
 * history of changes. Names are those of pmacct's logs (compat/interface.md 9.5) where there is one.
 * Times are UTC. From it come the files in sql/ and what an output makes and writes.
 *
 * Of either there are three tables and a view over them, whose name is the one that users know. A row of
 * NAME_rows is a route, or a change; what many have in common stands once, in NAME_sources (who tells, of
 * which family and VRF) and NAME_attrs (attributes), and the row has their numbers. So a full table is
 * written in a third of the time that it takes with all columns in each row (docs/performance.md).
 */
#ifndef WB_SQL_ROUTECOLS_H
#define WB_SQL_ROUTECOLS_H

#include "sql/backend.h"
#include "sql/route.h"
#include "sql/routespool.h"

enum route_table { ROUTES_CURRENT, ROUTES_HISTORY, ROUTES_TABLES };
enum route_part { ROUTES_SOURCES, ROUTES_ATTRS, ROUTES_ROWS, ROUTES_PARTS };

enum route_how { ROUTE_KEY, ROUTE_ONCE, ROUTE_LAST };

struct route_row;

struct route_column {
	const char *name;
	unsigned in, parts;		/* bits of tables and parts; of more than one part: the number
					   by which they are joined */
	enum route_how how;		/* KEY: names a route; ONCE: stays as first written; LAST: what
					   came last, NULL where there is none */
	const char *type[SQL_ENGINES];
	void (*put)(const struct route_row *r, struct cell *c);
	const char *swept;		/* SQL for the history of what a sweep took; NULL: as it was */
};

/* Column i of a part (ROUTES_PARTS: of any); NULL: there are no more. */
const struct route_column *routecols_nth(enum route_table table, enum route_part part, size_t i);

static inline bool
route_column_joins(const struct route_column *c)
{
	return (c->parts & (c->parts - 1)) != 0;
}

/* A table's columns, for backends. */
struct routecols {
	struct columns cols;
	const struct route_column **from;	/* by column */
};

void	routecols_make(enum sql_engine engine, enum route_table table, enum route_part part,
	    struct routecols *ret);
void	routecols_done(struct routecols *rc);

/* What a row of any of the tables is made of, as far as it has columns for it. */
struct route_row {
	const struct route_source *source;
	const struct route_key *key;		/* all zero: of no route */
	const struct route_attrs *attrs;	/* NULL: none */
	uint64_t source_id, attrs_id;		/* attrs_id 0: none */
	wall_t first, when;
	uint64_t seq, label, entries, generation;
	enum route_event event;
};

/* cells: [params]. */
void	routecols_fill(const struct routecols *rc, const struct route_row *row, struct cell *cells);

/* sql_target.same, by the names of columns; those that the table lacks are passed over. */
uint64_t routecols_same(const struct routecols *rc, const char *const *name, size_t names);

/* A time as SQL, in quotes. */
void	routecols_time(wall_t t, struct sbuf *out);

/* "NAME_rows" */
void	routecols_part_name(const char *name, enum route_part part, struct sbuf *out);

/* The cells of a source by which it is known again, as a condition: "afi = 1 AND ...". */
void	routecols_source_is(enum sql_engine engine, const struct route_source *source,
	    struct sbuf *out);

#endif
