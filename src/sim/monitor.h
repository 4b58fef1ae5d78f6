/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BMP side of the simulator: each router dials the station and tells the RIBs of its peers, in a
 * thread of its own. The first RIB it is asked to tell has the routes of the table, as over BGP; of
 * several peers the first one's are preferred. All other RIBs have a MED that is 500000 higher, so
 * that sums show where an answer came from.
 */
#ifndef WB_SIM_MONITOR_H
#define WB_SIM_MONITOR_H

#include "sim/table.h"

enum sim_rib { SIM_LOC_RIB, SIM_POST, SIM_PRE, SIM_OUT, SIM_RIBS };

struct monitor_conf {
	const struct table *table;
	unsigned routers, peers;	/* monitored peers of each router */
	struct addr first;		/* as in struct speaker_conf */
	struct addr to;
	uint16_t port;
	uint32_t as;
	enum sim_rib rib[SIM_RIBS];	/* told in this order */
	unsigned ribs;
	double flap_s;			/* while flows go: the last peer goes down and comes back; 0: never */
};

struct monitor;

/* "loc-rib,post-policy,pre-policy,adj-rib-out", as bmp_daemon_rib_view has them. */
int	monitor_ribs(const char *text, struct monitor_conf *conf);

struct monitor *monitor_start(const struct monitor_conf *conf);
void	monitor_stop(struct monitor *m);		/* Termination, close, join */
uint64_t monitor_announced(const struct monitor *m);	/* routes, of all routers, peers and RIBs */
unsigned monitor_done(const struct monitor *m);	/* routers whose every RIB was taken */
void	monitor_unrest(struct monitor *m);		/* begin with flapping */
uint64_t monitor_flaps(const struct monitor *m);
const char *monitor_error(const struct monitor *m);	/* NULL: none */

#endif
