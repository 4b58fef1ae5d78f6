/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbors file (bgp_daemon_neighbors_file): what is not the same for all neighbors, a line
 * each in the language of maps. The first line whose `ip` covers an address is its own.
 */
#ifndef WB_BGP_NEIGHBORS_H
#define WB_BGP_NEIGHBORS_H

#include "conf/conf.h"
#include "net/addr.h"

#define INTERFACE_TEXT	16

struct neighbor {
	struct prefix ip;
	struct addr source;		/* dial from; unset: as the system chooses */
	char interface[INTERFACE_TEXT];	/* of a link-local address to dial; "": none */
	bool active;			/* dial it, too */
	uint16_t port;			/* to dial: 179 */
	uint32_t as;			/* it must be; 0: any */
	uint32_t local_as;		/* ours towards it; 0: bgp_daemon_as */
	uint16_t hold_s;		/* 0: the common one */
	uint8_t hops;			/* GTSM: at most so many hops away, 0: any (RFC 5082 3) */
	uint32_t stale_s;
	bool has_stale;			/* else bgp_daemon_stale_time */
	uint32_t max_routes;		/* 0: no limit */
	bool stop_at_max;		/* close the session; else say it once */
};

struct neighbors {
	struct neighbor *row;
	size_t count;
};

/* -1 with what is wrong noted, and *ret as it was. file NULL: nobody is special. */
int	neighbors_read(struct neighbors *ret, const char *file, struct conf_notes *notes);
void	neighbors_done(struct neighbors *n);

/* The line for an address; a row of zeros where there is none. */
const struct neighbor *neighbors_find(const struct neighbors *n, const struct addr *a);

#endif
