/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers that rows have in place of their source and attributes. What is new gets the next number
 * and goes into its table in the same transaction as the rows that name it; what was written is known
 * for as long as the connection does not fail, within bounds, and then is written anew under another number:
 * the same attributes may stand in a table twice, but a number never stands for two.
 *
 * A source of current routes is part of their key, so it is looked for in the database first.
 */
#ifndef WB_SQL_ROUTEREFS_H
#define WB_SQL_ROUTEREFS_H

#include "sql/routecols.h"

struct routerefs;

struct routerefs *routerefs_new(const struct sql_backend *backend, void *db, enum route_table table);
void	routerefs_free(struct routerefs *r);

/* The table that the following is about, and what it has. To be called before each transaction. */
int	routerefs_open(struct routerefs *r, const char *name, struct sbuf *err);

/* -1 with a sentence. Before the transaction. */
int	routerefs_source(struct routerefs *r, const struct route_source *source, uint32_t *ret,
	    struct sbuf *err);
uint64_t routerefs_attrs(struct routerefs *r, const struct route_attrs *attrs);

/* In the transaction: what is new goes into its tables. */
int	routerefs_put(struct routerefs *r, struct sbuf *err);
/* It was committed; or it was not, or nobody knows. */
void	routerefs_kept(struct routerefs *r);
void	routerefs_lost(struct routerefs *r);

/* Sets of attributes written since this was last asked to be forgotten. */
uint64_t routerefs_written(const struct routerefs *r);
void	routerefs_tidied(struct routerefs *r);

#endif
