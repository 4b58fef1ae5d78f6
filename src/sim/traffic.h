/* SPDX-License-Identifier: BSD-2-Clause */
/* The traffic of the simulator: what its flows say, by seed and number alone, and what must come of it. */
#ifndef WB_SIM_TRAFFIC_H
#define WB_SIM_TRAFFIC_H

#include <stdio.h>

#include "sim/table.h"

struct traffic {
	const struct table *table;
	double zipf;			/* exponent; 0: uniform */
	uint64_t seed;
};

/* What a flow record says. */
struct record {
	struct addr src, dst, next_hop;
	uint64_t bytes, packets;
	uint32_t in_iface, out_iface;
	uint16_t src_port, dst_port;
	uint8_t proto, tos, tcp_flags, src_mask, dst_mask;
	int32_t src_prefix, dst_prefix;		/* of the table, -1: no route */
};

/* The i-th record, as an exporter with the routes of `router` has it. */
void	traffic_draw(const struct traffic *t, unsigned router, uint64_t i, bool v6,
	    struct record *ret);

/* One line of CSV: what a collector must have of a record that was sent so many times. */
void	traffic_expect_header(FILE *f);
void	traffic_expect(const struct traffic *t, FILE *f, const struct addr *exporter, unsigned router,
	    const struct record *r, uint64_t times, uint64_t scale);

#endif
