/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has to be changed in a table of current routes: the last state of each route that was told of
 * since the map was begun, however often. Filled by one thread, then handed to another that writes it.
 */
#ifndef WB_SQL_ROUTEMAP_H
#define WB_SQL_ROUTEMAP_H

#include "sql/route.h"
#include "sql/schema.h"

/* ROUTE_NEW: the first thing told was that it had not been there: likely not in the table. */
enum route_state { ROUTE_NEW, ROUTE_THERE, ROUTE_GONE, ROUTE_STATES };

struct route_entry {
	struct route_key key;
	wall_t first, when;		/* first and last told, of what is held here */
	uint64_t seq;
	uint32_t attrs;			/* of the pool; not where it is gone */
	uint32_t label;
	uint8_t state;			/* enum route_state */
};

struct routemap {
	struct route_entry *entry;
	uint32_t count, room;
	struct slots at;
	struct route_pool pool;
	const struct route_teller *tellers;	/* by key.teller; of who filled the map, never moved */
	uint64_t generation;		/* of the rows it makes */
	uint64_t run;			/* of the daemon, for a history */
	wall_t upto;			/* nothing before it is missing */
	bool sweep;			/* rows of other generations go, once it is written */
	uint32_t *order;		/* by state, then by key; see routemap_sort */
	size_t first[ROUTE_STATES + 1];	/* in order */
	size_t done;			/* of order, by who writes */
};

struct routemap *routemap_new(const struct route_teller *tellers, uint64_t generation);
void	routemap_free(struct routemap *m);

/* The entry of a key; *ret_there: was there before, else zero but for its key. */
struct route_entry *routemap_entry(struct routemap *m, const struct route_key *key, bool *ret_there);
/* NULL: none. */
struct route_entry *routemap_find(const struct routemap *m, const struct route_key *key);

/*
 * Put the entries in order: new ones first, then those that are there, then those that are gone, each in
 * the order of an index of the engine, so that a database walks along it instead of jumping.
 */
void	routemap_sort(struct routemap *m, enum sql_engine engine);

#endif
