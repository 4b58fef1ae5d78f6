/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BGP side of the simulator: dials the daemon as each of its routers, announces the table and
 * keeps the sessions up, in a thread of its own.
 */
#ifndef WB_SIM_SPEAKER_H
#define WB_SIM_SPEAKER_H

#include "sim/table.h"

struct speaker_conf {
	const struct table *table;
	unsigned routers;
	unsigned number;		/* of the first of them: what it tells follows from that */
	struct addr first;		/* address and router-id of router 0; the others follow */
	struct addr to;
	uint16_t port;
	uint32_t as;
	uint64_t churn;			/* route changes a second, of all routers together; 0: none */
	double flap_s;			/* router 0 drops its session so often; 0: never */
	bool flap_all;			/* not only router 0: each */
	unsigned flap_times;		/* so often at most; 0: without end */
	unsigned kinds, vrfs, paths;	/* struct telling (sim/messages.h) */
	bool restarts;
};

struct speaker;

struct speaker *speaker_start(const struct speaker_conf *conf);
void	speaker_stop(struct speaker *sp);		/* Cease, close, join */

uint64_t speaker_announced(const struct speaker *sp);	/* routes written so far, of all routers */
unsigned speaker_done(const struct speaker *sp);	/* routers whose whole table was taken */

/* Begin with churn and flapping, where asked for. The table itself does not change. */
void	speaker_unrest(struct speaker *sp);
uint64_t speaker_changes(const struct speaker *sp);
uint64_t speaker_flaps(const struct speaker *sp);

const char *speaker_error(const struct speaker *sp);	/* NULL: none */

/* The address of router i: the first one plus i. */
struct addr sim_router(const struct addr *first, unsigned i);

#endif
