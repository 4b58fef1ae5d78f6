/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking many routes beside the loop: for snapshots, dumps, exports and searches. Control begins
 * and ends a scan; in between one reader thread takes routes from it, inside an epoch
 * (core/epoch.h), in batches. What a batch names (paths, and all that hangs on them) is good until
 * the reader ticks; the scan itself holds over ticks.
 *
 * A scan gives every route that was there from its beginning to its end once; of what came, went
 * or changed meanwhile, it gives what it meets.
 */
#ifndef WB_RIB_SCAN_H
#define WB_RIB_SCAN_H

#include "rib/rib.h"

struct rib_scan;

/* Of one teller, or of all (NULL), in the order of tellers and their columns. Control. */
struct rib_scan *rib_scan_begin(struct rib *rib, const struct teller *t);
void	rib_scan_add(struct rib_scan *s, const struct teller *t);	/* another one, behind it */
void	rib_scan_end(struct rib_scan *s);

/* Copies as of the beginning: for any thread. */
size_t	rib_scan_tellers(const struct rib_scan *s);
const struct teller_info *rib_scan_teller(const struct rib_scan *s, size_t i);

struct rib_scanned {
	uint32_t teller;		/* for rib_scan_teller */
	uint32_t column;		/* changes where the table, the SAFI or the teller does */
	uint32_t path;
	uint32_t prefix;		/* its number in the table */
	struct nlri nlri;
};

/* The next routes, at most `most`, all of one column; 0 at the end. Reader. */
size_t	rib_scan_next(struct rib_scan *s, struct rib_scanned *ret, size_t most);

/* The same, but 0 where the routes of this teller, no less than the one at hand, end. */
size_t	rib_scan_next_of(struct rib_scan *s, uint32_t teller, struct rib_scanned *ret, size_t most);

/* What another teller of the scan says of the same prefix, its preferred path; 0: nothing. Reader. */
uint32_t rib_scan_path(const struct rib_scan *s, const struct rib_scanned *r, uint32_t teller);

const struct rib *rib_scan_rib(const struct rib_scan *s);	/* for rib_path and its like */

#endif
