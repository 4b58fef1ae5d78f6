/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of src/agg share: a configuration out of lines, and flows out of a seed. */
#ifndef WB_TESTS_AGG_TEST_H
#define WB_TESTS_AGG_TEST_H

#include "conf/conf.h"
#include "flow/flow.h"

/* Lines separated by '\n', for an output "out" of type print. Ends the test where it is wrong. */
struct conf *agg_conf(const char *lines);

/* The plan of those lines, the daemon started at `start`; ends the test where it is wrong. */
struct plan *agg_plan(const char *lines, wall_t start);

struct rand {
	uint64_t state;
};
uint64_t rand_next(struct rand *r);

/* Every byte random, but times, kinds and counts in their ranges. */
void	rand_flow(struct rand *r, struct flow *flow);

#endif
