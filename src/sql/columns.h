/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an output writes into its table: a list of columns with roles, made from the plan and the
 * sql_* keys that choose a schema. Immutable once made.
 */
#ifndef WB_SQL_COLUMNS_H
#define WB_SQL_COLUMNS_H

#include "agg/plan.h"
#include "core/sbuf.h"
#include "sql/schema.h"

/* What the configuration says of the table. */
struct sql_shape {
	enum sql_engine engine;
	unsigned version;		/* sql_table_version, 1..9 */
	bool bgp;			/* sql_table_type; see columns_want_bgp */
	bool optimize;			/* sql_optimize_clauses */
	bool history;			/* sql_history is set: stamps are written */
	bool num_protos, num_hosts;
	bool epoch, secs;		/* stamps as numbers; no residual columns */
};

enum column_role {
	COLUMN_KEY,			/* a field of the aggregate */
	COLUMN_RESIDUAL,		/* microseconds of a time */
	COLUMN_FAKE,			/* of the schema, not of the aggregate: a fixed value */
	COLUMN_COUNTER,
	COLUMN_STAMP_INSERTED,		/* start of the bin */
	COLUMN_STAMP_UPDATED,		/* time of the last write */
	COLUMN_KEPT,			/* of rows that are no aggregate: stays as first written ... */
	COLUMN_REPLACED,		/* ... or is what came last; may be NULL */
};

#define COLUMN_NAME	64

struct column {
	char name[COLUMN_NAME];
	enum column_role role;
	bool key;			/* one of those that an update compares */
	unsigned param;			/* number in statements, from 1; 0: stands there as a literal */
	const struct plan_field *field;	/* KEY, RESIDUAL */
	enum entry_counter counter;	/* COUNTER */
	const char *fake;		/* FAKE, as SQL */
	const char *type, *dflt;	/* for CREATE TABLE; dflt NULL: none */
	unsigned order;			/* in CREATE TABLE */
};

/* Stamps stay the same within a set of rows. */
static inline bool
column_fixed(const struct column *c)
{
	return c->role == COLUMN_STAMP_INSERTED || c->role == COLUMN_STAMP_UPDATED;
}

/* Set where the row is there already. */
static inline bool
column_changes(const struct column *c)
{
	return c->role == COLUMN_COUNTER || c->role == COLUMN_STAMP_UPDATED ||
	    c->role == COLUMN_REPLACED;
}

struct columns {
	struct sql_shape shape;
	struct column *col;		/* in the order of an INSERT */
	size_t count;
	unsigned params;
};

/*
 * -1 with a sentence where the schema cannot hold the aggregate; pmacct's words: "... not supported
 * for selected sql_table_version/_type. ... sql_optimize_clauses."
 */
int	columns_make(const struct plan *plan, const struct sql_shape *shape, struct columns *ret,
	    struct sbuf *err);
void	columns_done(struct columns *cols);

/* Without sql_table_type: BGP primitives make the table type bgp. */
bool	columns_want_bgp(const struct plan *plan);

#endif
