/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where slices that are through leave their memory for the next ones. A page that the kernel hands out
 * anew costs as much as the flows that fill it; a worker that opens a slice in memory of an earlier
 * one pays nothing. Outputs put, workers take; neither ever waits.
 *
 * A room keeps what its last slice used, so memory follows the traffic down as well; all rooms of a rack
 * together keep 256 MiB at most, also behind an output that had many slices waiting.
 */
#ifndef WB_AGG_RACK_H
#define WB_AGG_RACK_H

#include "core/hash.h"

struct rack;

/* Entries in reserved space for ENTRIES_ROOM of them, not cleared; slots, all free (none: mask 0). */
struct room {
	uint64_t *entry;
	size_t stride;			/* words of an entry */
	bool huge;			/* large pages were asked for */
	struct slots slots;
	size_t bytes;			/* the rack's: what it keeps of memory */
};

struct rack *rack_new(void);
void	rack_free(struct rack *rack);			/* NULL is fine, as below */

/* Some room for entries of that stride; of another one it is given back. False: there is none. */
bool	rack_take(struct rack *rack, size_t stride, struct room *ret);

/* Takes the room, of which `used` entries were in use. */
void	rack_put(struct rack *rack, struct room *room, size_t used);

#endif
