/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Following the sequence numbers of one exporter and domain: what never came, what came late, and
 * when the exporter began anew. Units differ: flows (v5), datagrams (v9), data records (IPFIX,
 * RFC 7011 3.1); the arithmetic is the same, modulo 2^32.
 */
#ifndef WB_FLOW_SEQUENCE_H
#define WB_FLOW_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"
#include "flow/exporter.h"

#define SEQUENCE_WINDOW	64		/* datagrams that a late one may be late by */
#define SEQUENCE_GAPS	16
#define SEQUENCE_MOST	(1 << 20)	/* a longer jump is a new beginning, not a loss */

struct sequence {
	bool known;			/* `next` is */
	uint32_t next;			/* number expected in the next datagram */
	uint64_t seen;			/* datagrams so far */
	int64_t boot_ms;		/* when the exporter says that it started */
	wall_t export_time;		/* of the newest datagram */
	struct sequence_gap {
		uint32_t from, count;
		uint64_t seen;		/* the datagram that showed it */
		wall_t since;
	} gap[SEQUENCE_GAPS];
	unsigned gaps;
};

struct sequence_mark {
	uint32_t number;
	uint32_t count;			/* units in this datagram */
	bool count_known;		/* false: data without its template was in it */
	bool has_uptime;
	uint32_t uptime_ms;
	wall_t export_time, arrival;
};

void	sequence_take(struct sequence *s, const struct sequence_mark *m,
	    struct exporter_counters *c);

/* What is still missing after ten seconds (or, with wall zero, at all) is lost. */
void	sequence_settle(struct sequence *s, wall_t now, struct exporter_counters *c);

#endif
