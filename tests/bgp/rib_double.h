/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for the RIB that only remembers what it was told, as text. For tests of sessions; the
 * real one has tests of its own.
 */
#ifndef WB_TESTS_BGP_RIB_DOUBLE_H
#define WB_TESTS_BGP_RIB_DOUBLE_H

#include "core/sbuf.h"
#include "rib/rib.h"

struct rib {
	struct teller *tellers;		/* newest first */
	unsigned made, gone, puts;
	unsigned refuse_puts;		/* this many next calls of attrs_put give 0 */
};

/* "10.1.2.0/24 via 10.0.0.9 path 65001 65002; ..." in the order of announcement. */
void	double_routes(const struct teller *t, struct sbuf *b);
struct teller *double_teller(const struct rib *rib, const char *router);	/* NULL: none */
void	double_done(struct rib *rib);

#endif
