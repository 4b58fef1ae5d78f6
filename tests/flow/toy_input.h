/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WB_TESTS_FLOW_TOY_INPUT_H
#define WB_TESTS_FLOW_TOY_INPUT_H

#include "flow/source.h"

#define TOY_VERSION	7749
#define TOY_FIELDS	5
extern const struct field_spec toy_layout[TOY_FIELDS];

void	toy_datagram(struct collector *col, const struct dgram *d, struct rd r,
	    struct flow_batch *out);

#endif
