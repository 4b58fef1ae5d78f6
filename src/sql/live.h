/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table as a server has it: what its columns take and which unique indexes lie on it. Engines
 * fill it in from their catalogues; what follows from it for an output is decided here, once for
 * all engines: the way rows are added, which values do not fit, and what to tell the operator.
 */
#ifndef WB_SQL_LIVE_H
#define WB_SQL_LIVE_H

#include "core/sbuf.h"
#include "sql/columns.h"

enum live_kind { LIVE_OTHER, LIVE_INT, LIVE_TEXT, LIVE_BYTES };

struct live_column {
	char name[COLUMN_NAME];
	char type[96];			/* as the server spells it */
	enum live_kind kind;
	int64_t min;			/* LIVE_INT */
	uint64_t max;
	size_t most;			/* LIVE_TEXT: characters, LIVE_BYTES: bytes; SIZE_MAX: any */
	bool folds;			/* compares without case */
};

struct live {
	enum sql_engine engine;
	struct live_column *col;
	size_t count;
	/* Of the unique indexes read so far: */
	struct sbuf conflict;		/* "a, b": an index on exactly our key; empty: none */
	size_t key[32], keys;		/* its columns, as numbers of columns.col, in order */
	/*
	 * Columns that are not ours, must have a value and have no default: ", a, b", what the
	 * server would take in its lax mode, ", 0, ''", and the same as ", a = 0, b = ''".
	 */
	struct sbuf implied_names, implied_values, implied_set;
	unsigned others;		/* ... on other columns, so that they may refuse rows of ours */
};

void	live_done(struct live *live);

void	live_column(struct live *live, const char *name, const char *type, bool folds);

/* A column as said above; ours are passed over. */
void	live_implied(struct live *live, const struct columns *cols, const char *name,
	    const char *value);

/*
 * The columns of a unique index, in order; a name of NULL is an expression or a part of a column.
 * `generated`: one of them is numbered by the server, so the index never refuses a row.
 */
void	live_index(struct live *live, const struct columns *cols, const char *const *name, size_t n,
	    bool generated);

/* What a column takes, by cell; for those whose values may be larger. */
struct limit {
	bool on;
	enum live_kind kind;
	uint64_t max;
	size_t most;
};

/* [params] limits; false: every value there can be fits. */
bool	live_limits(const struct live *live, const struct columns *cols, struct limit *ret);

/*
 * A line for each column that is missing, too narrow, or takes two texts for one, with the ALTER
 * that mends it, and one where no index fits the key. `said` holds what was said before.
 */
void	live_advise(const struct live *live, const struct columns *cols, const char *table,
	    bool insert_only, const char *subject, struct sbuf *said);

#endif
