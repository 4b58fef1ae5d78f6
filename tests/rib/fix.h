/* SPDX-License-Identifier: BSD-2-Clause */
/* A RIB of its own for each test of tests/rib. Behind cmocka.h. */
#ifndef WB_TESTS_RIB_FIX_H
#define WB_TESTS_RIB_FIX_H

#include "rib/rib.h"

struct fix {
	struct epoch *ep;
	struct rib *rib;
};

static inline void
up(struct fix *f, const struct rib_conf *conf)
{
	f->ep = epoch_new();
	f->rib = rib_new(f->ep, conf);
}

static inline void
down(struct fix *f)
{
	rib_free(f->rib);
	epoch_free(f->ep);
}

static inline struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

#endif
