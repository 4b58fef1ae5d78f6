/* SPDX-License-Identifier: BSD-2-Clause */
/* A collector with everything it hands on kept, for tests; the books are asserted at every step. */
#ifndef WB_TESTS_FLOW_RIG_H
#define WB_TESTS_FLOW_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "flow/collector.h"

#define RIG_FLOWS	70000

struct rig {
	struct collector_conf conf;
	struct collector *col;
	struct names *names;
	struct flow_batch batch;
	struct flow *flow;		/* all that was handed on; stops at RIG_FLOWS */
	size_t flows;
	struct addr from;
	wall_t arrival;
	mono_t now;
};

void	rig_start(struct rig *r, const struct collector_conf *conf);
void	rig_stop(struct rig *r);
void	rig_feed(struct rig *r, const void *bytes, size_t len);
void	rig_feed_wr(struct rig *r, const struct wr *w);
void	rig_tick(struct rig *r, int64_t later_s);
void	rig_assert_books(const struct rig *r);

/* The counters of the only exporter. */
const struct exporter_counters *rig_counters(const struct rig *r);
#define N(r, name)	counter_get(&rig_counters(r)->name)

/* Heads; the length of an IPFIX message is filled in by ipfix_end. */
void	v9_head(struct wr *w, uint32_t seqno, uint32_t domain);
void	ipfix_head(struct wr *w, uint32_t seqno, uint32_t domain);
void	ipfix_end(struct wr *w);

/* set_begin gives the place for set_end, which fills in the length. */
size_t	set_begin(struct wr *w, uint16_t id);
void	set_end(struct wr *w, size_t place);

/* A template of (id, length) pairs; ids from 0x8000 on stand for enterprise 43874 in IPFIX. */
void	template_put(struct wr *w, uint16_t id, const uint16_t (*field)[2], size_t n);

#define RIG_SECONDS	1700000000	/* export time of all heads */
#define RIG_UPTIME	500000		/* ms, of v9 heads */

#endif
