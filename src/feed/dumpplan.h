/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a dump will write, put together by control: a unit is a dump_init, routes and a dump_close in
 * a file. A unit is a teller of BGP, or a router of BMP with all its tellers, and what it told besides.
 */
#ifndef WB_FEED_DUMPPLAN_H
#define WB_FEED_DUMPPLAN_H

#include "feed/kept.h"
#include "rib/scan.h"

struct dump_unit {
	struct teller_info info;	/* what its records have in common; without a name */
	uint32_t first, tellers;	/* of the scan */
	struct sbuf notes;		/* kept_next */
};

struct dump_plan {
	const struct rib *rib;
	struct rib_scan *scan;		/* NULL: there are no tellers */
	bool *filtered;			/* by teller of the scan: a Loc-RIB that is not whole */
	struct dump_unit *unit;
	size_t units;
	struct kept *kept;		/* NULL: none */
	uint64_t notes;			/* of all units */
};

struct dump_who {
	enum teller_kind kind;		/* BMP: by router */
	unsigned slot, slots;		/* only routers of this slot; slots 0: all */
	struct kept *kept;		/* what is to be written besides; NULL: nothing */
	bool (*is_filtered)(const void *ctx, const struct teller *t);	/* NULL: none is */
	const void *ctx;
};

/* Control, both. Pins what the scan comes to until its end. */
struct dump_plan *dump_plan_begin(struct rib *rib, const struct dump_who *who);
void	dump_plan_end(struct dump_plan *p, uint64_t notes_written);

#endif
