/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exporting side of the simulator: a fixed set of datagrams with Zipf traffic over the table,
 * sent again and again with fresh sequence numbers and times, so that what a collector must arrive
 * at is the sum over datagrams of (times sent) x (records).
 */
#ifndef WB_SIM_EXPORT_H
#define WB_SIM_EXPORT_H

#include <stdio.h>

#include "sim/wire.h"

struct export_conf {
	struct traffic traffic;
	struct wire wire;		/* counters are sent divided by its sampling rate */
	unsigned exporters;
	struct addr first;		/* source address of exporter 0; the others follow */
	unsigned routers;		/* exporter i has the routes of router i % routers */
	struct addr to;
	uint16_t port;
	uint32_t datagrams;		/* distinct ones, over all exporters */
	unsigned v6_percent;		/* of the datagrams, in tens */
	unsigned mtu;			/* payload bytes of a datagram, 1400 */
	unsigned segments;		/* datagrams handed to the kernel as one (UDP_SEGMENT) */
	bool quiet0;			/* exporters of router 0 send nothing; needs two routers */
};

struct export;

struct export *export_new(const struct export_conf *conf, struct sbuf *err);	/* NULL: err */
void	export_free(struct export *ex);

/* Templates and options data of every exporter. To be sent first and every now and then. */
void	export_templates(struct export *ex);

/* Send about n flows (whole datagrams); gives how many flows it were. */
uint64_t export_send(struct export *ex, uint64_t n);

uint64_t export_flows(const struct export *ex);
uint64_t export_datagrams(const struct export *ex);
uint64_t export_refused(const struct export *ex);	/* datagrams the kernel did not take */

/*
 * The expected sums, as CSV with a header: per exporter, src_as, dst_as, as_path, peer_dst_as,
 * local_pref, med, next hop, communities, src_net, dst_net: flows, packets, bytes.
 */
void	export_expect(const struct export *ex, FILE *f);

#endif
