/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots (core/hash.h) that grow a little at a time, for a table whose thread must not stop: while it
 * grows there are two, and a hash belongs to one of them. Places of the old one go over in their
 * order, so the larger one is written in two streams, and its pages are not all touched at once.
 */
#ifndef WB_CORE_GROWSLOTS_H
#define WB_CORE_GROWSLOTS_H

#include "core/hash.h"

#define GROWSLOTS_STEP	64	/* entries that may be added between two calls of growslots_step */

struct growslots {
	struct slots now;
	struct slots old;		/* not growing: no slots, and a mask of 0 */
	uint64_t start, moved;		/* in old: the first place that went over, and how many did */
};

void	growslots_init(struct growslots *g, size_t expected);
void	growslots_adopt(struct growslots *g, struct slots *slots);	/* takes them; free, 64 at least */
void	growslots_done(struct growslots *g);

/* To be called before every GROWSLOTS_STEP entries: makes room for them, moves a few places. */
void	growslots_step(struct growslots *g);

/* Move all that is left: `now` holds everything afterwards. */
void	growslots_settle(struct growslots *g);

/* The slots a hash belongs to, until the next step: to be searched, and to be added to. */
static inline struct slots *
growslots_of(struct growslots *g, uint64_t hash)
{
	return (((hash >> 32) - g->start) & g->old.mask) < g->moved ? &g->now : &g->old;
}

static inline size_t
growslots_bytes(const struct growslots *g)
{
	return (g->now.mask + 1 + (g->old.slot != NULL ? g->old.mask + 1 : 0)) * sizeof(uint64_t);
}

#endif
