/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An exporter: (source address, observation domain or engine), owned by one worker. What other
 * folders may know of it; the rest (templates, options, sequence) is the collector's own.
 */
#ifndef WB_FLOW_EXPORTER_H
#define WB_FLOW_EXPORTER_H

#include "core/clock.h"
#include "core/counter.h"
#include "net/addr.h"

/* The input books of an exporter (DESIGN.md decision 8): one row per counter in exporter.c. */
struct exporter_counters {
	counter_t datagrams, bytes;
	counter_t records;			/* received: data records seen in sets */
	counter_t made;				/* reverse of a biflow */
	counter_t flows;			/* handed on */
	counter_t option_records;		/* taken as options data */
	counter_t held;				/* records waiting for a template or a rate, now */
	counter_t drop_no_template;		/* ... and the bound of held data was reached, or it
						   never came */
	counter_t drop_malformed;		/* records of a datagram refused for its form */
	counter_t seq_lost, seq_jumps, seq_reordered, seq_restarts;
	counter_t datagrams_malformed, unknown_version, templates, template_errors;
	counter_t unrated;			/* flows whose rate never came */
	counter_t late;				/* flows binned by arrival */
};
extern const struct counter_row exporter_counter_rows[];
extern const size_t exporter_counter_count;

struct exporter {
	struct addr addr;
	uint32_t domain;			/* v9 source id, IPFIX domain, v5 engine type<<8|id */
	uint32_t index;				/* dense within its worker: others key arrays by it */
	uint16_t version;			/* 5, 9, 10 */
	mono_t first_seen, last_seen;
	struct exporter_counters c;
};

#endif
