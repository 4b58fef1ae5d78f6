/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Export messages of the simulator: NetFlow v5, v9 and IPFIX. A message is built once and sent many
 * times; what differs between sendings is stamped into it.
 */
#ifndef WB_SIM_WIRE_H
#define WB_SIM_WIRE_H

#include "core/clock.h"
#include "sim/traffic.h"

struct wire {
	unsigned version;		/* 5, 9, 10 */
	uint32_t domain;		/* source id, observation domain */
	uint32_t sampling;		/* announced by options (v5: in the header); 0: none */
};

/* Records that a message of so many bytes holds. v5 knows no IPv6. */
unsigned wire_fits(const struct wire *wire, unsigned bytes, bool v6);

/* A whole message with n records, or with the templates and options (not in v5); not stamped yet. */
void	wire_data(struct wr *w, const struct wire *wire, const struct record *r, unsigned n, bool v6);
void	wire_templates(struct wr *w, const struct wire *wire);

struct wire_stamp {
	wall_t now;
	uint32_t uptime_ms, sequence;
};

/* The header's times and sequence number; gives the next one, behind so many data records. */
uint32_t wire_stamp(const struct wire *wire, uint8_t *message, const struct wire_stamp *stamp,
	    unsigned records);

/*
 * The times of the records. Every flow began 1 s before its export and ended then: bins by flow start
 * stay next to those by arrival.
 */
void	wire_stamp_records(const struct wire *wire, uint8_t *message, const struct wire_stamp *stamp,
	    unsigned records, bool v6);

#endif
