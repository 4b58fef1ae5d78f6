/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From changes of a RIB to what is written: a map of current routes, batches of history. Owned by one
 * thread, which hands over maps and batches as they are due.
 *
 * The tables name a teller by what it is (sql/route.h), a RIB by its pointer. One that comes back while the
 * routes of its former session are still being swept is both at once: what is swept then and was told
 * anew already is not gone.
 */
#ifndef WB_SQL_ROUTETAKE_H
#define WB_SQL_ROUTETAKE_H

#include "agg/plan.h"
#include "core/counter.h"
#include "rib/changes.h"
#include "rib/scan.h"
#include "sql/routemap.h"
#include "sql/routespool.h"

/*
 * Two books. Of current routes: changes + scanned = written + removed + conflated + unknown + held. Of
 * history: changes + recovered = written + lost + bad + held.
 */
struct routes_counters {
	/* of the thread that takes */
	counter_t changes;		/* of routes */
	counter_t scanned;		/* routes taken from the RIB */
	counter_t conflated;		/* changes that a later one took the place of */
	counter_t unknown;		/* of more tellers than are kept apart */
	counter_t map_held;		/* routes in the map that is being filled */
	counter_t history_in;		/* changes of routes and tellers, also those that were lost */
	counter_t history_lost;		/* found no room on their way from the RIB, or in the spool */
	counter_t open_held;		/* in the batch that is being filled */
	counter_t rescans;
	/* of the thread that writes */
	counter_t written, removed;
	counter_t writing_held;		/* routes in the map that is being written */
	counter_t history_written;
	counter_t swept;		/* rows of earlier runs */
	counter_t retries;
	/* of the spool, as of when they are asked for */
	counter_t recovered;		/* found on disk at the start */
	counter_t spool_held, spool_bytes;
	counter_t bad;			/* in files that were set aside */
};
extern const struct counter_row routes_current_rows[], routes_history_rows[];
extern const size_t routes_current_count, routes_history_count;

struct routetake_conf {
	const struct rib *rib;
	bool current;
	struct routespool *spool;	/* NULL: no history; borrowed */
	struct bins bins;
	const char *subject;
};

struct routetake;

struct routetake *routetake_new(const struct routetake_conf *conf, struct routes_counters *c);
void	routetake_free(struct routetake *t);

/* Inside what the batch names. */
void	routetake_changes(struct routetake *t, const struct change_batch *b);

/*
 * All routes are taken from the RIB anew: what waits in the map is forgotten, and rows that are not told
 * from now on are of an older generation. `now` is the new one's name.
 */
void	routetake_begin_scan(struct routetake *t, wall_t now);
/* Inside an epoch. */
void	routetake_scanned(struct routetake *t, const struct teller_info *info,
	    const struct rib_scanned *r, size_t n, wall_t now);

/* Routes in the map, and the map itself, for the caller; another one is begun. */
size_t	routetake_waiting(const struct routetake *t);
struct routemap *routetake_map(struct routetake *t);

/* The open batch goes to the spool, if it has anything. */
void	routetake_close_batch(struct routetake *t);

#endif
