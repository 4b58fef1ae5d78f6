/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An output of routes: current routes and the history of their changes into tables. Its threads: one
 * takes changes as they come and never waits for a database, the others write: current routes and the history
 * at once, where the database is a server.
 */
#ifndef WB_SQL_ROUTEOUT_H
#define WB_SQL_ROUTEOUT_H

#include "out/output.h"
#include "sql/routetake.h"

struct routeout;

struct routeout_conf {
	struct out_env env;		/* without a plan; its texts are borrowed for the run */
	struct rib *rib;
	struct epoch *epoch;
	struct changes *changes;
	bool bgp, bmp;			/* whose routes */
	int64_t stale_s;		/* rows of earlier runs stay so long after the start */
};

/* Does the output named in env write routes? `program` decides where sql_routes does not say. */
bool	routeout_wanted(const struct conf *conf, size_t output);

/* What cannot work, before anything starts. */
void	routeout_check(const struct out_env *env, struct conf_notes *notes);

/* Control. NULL with a sentence. */
struct routeout *routeout_start(const struct routeout_conf *conf, struct sbuf *err);
/* Writes what it has, if the database takes it now; a history stays on disk, and the rest is in the RIB. */
void	routeout_stop(struct routeout *r);

/* Control, some times a second: scans are begun and ended. */
void	routeout_tick(struct routeout *r);

/* Any thread. */
const struct out_env *routeout_env(const struct routeout *r);
void	routeout_counters(struct routeout *r, struct routes_counters *ret);
const char *routeout_state(struct routeout *r, struct sbuf *b);	/* "ok", or what is wrong */
bool	routeout_has(const struct routeout *r, bool history);	/* which of the two it writes */

#endif
