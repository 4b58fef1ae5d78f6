/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A deterministic table of routes: by seed and index alone, so that the simulator can announce it
 * and know beforehand what a collector must find. The simulator's longest match is its own (sorted
 * intervals), independent of the daemon's RIB.
 */
#ifndef WB_SIM_TABLE_H
#define WB_SIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/sbuf.h"
#include "net/addr.h"

struct table_conf {
	uint64_t seed;
	uint32_t prefixes;		/* of both families together */
	unsigned v6_percent;		/* of the prefixes */
	unsigned miss_percent;		/* routes that a router lacks */
	bool shared;			/* all routers tell the same attributes */
	uint32_t as;			/* of the routers */
};

struct table;

struct table *table_new(const struct table_conf *conf);
void	table_free(struct table *t);

uint32_t table_count(const struct table *t);
const struct prefix *table_prefix(const struct table *t, uint32_t i);

/* Prefixes with equal attributes stand in groups of about six, as in real UPDATEs. */
uint32_t table_group(const struct table *t, uint32_t i);
bool	table_has(const struct table *t, unsigned router, uint32_t i);

/* The longest match of an address among what a router announces; -1 for none. */
int64_t	table_match(const struct table *t, unsigned router, const struct addr *a);

#define SIM_PATH	8
#define SIM_COMMS	4

struct sim_route {
	uint32_t aspath[SIM_PATH];
	unsigned hops;
	uint32_t comms[SIM_COMMS];
	unsigned n_comms;
	uint32_t lcomm[3];		/* one large community, or zeros */
	struct addr next_hop;
	uint32_t local_pref, med;
};

void	table_route(const struct table *t, unsigned router, uint32_t i, struct sim_route *ret);

/* A well-mixed 64-bit number from two others. */
uint64_t sim_mix(uint64_t a, uint64_t b);

#endif
