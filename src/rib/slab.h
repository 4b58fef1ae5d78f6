/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slabs: room for millions of small things in reserved space, named by their place, given back to
 * the kernel when they go. A slab holds things of one size, and things that will go together
 * mostly stand together: each owner (a teller) fills slabs of its own.
 *
 * One writer; readers may look at things by their names.
 */
#ifndef WB_RIB_SLAB_H
#define WB_RIB_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_BYTES	((size_t)64 << 10)
#define SLAB_EXACT	64		/* classes of 1..64 granules, then by 64s */
#define SLAB_CLASSES	(SLAB_EXACT + SLAB_BYTES / 8 / SLAB_EXACT + 1)

struct slab {
	uint32_t free;			/* a thing that was given back, 0: none */
	uint32_t prev, next;		/* of those with room that nobody owns, or of the empty ones */
	uint16_t live;			/* things taken */
	uint16_t fresh;			/* things ever taken: those behind were never */
	uint16_t most;
	uint8_t class;			/* 0: empty */
	uint8_t owned;
};

/* The slab that an owner fills, by class; 0: none yet. */
struct slab_owner {
	uint32_t slab[SLAB_CLASSES];
};

struct slabs {
	uint8_t *space;			/* a thing is named by its place in granules, never 0 */
	size_t space_bytes;
	struct slab *slab;		/* by number; the first one is nobody's */
	uint32_t count;			/* ever used */
	uint32_t most;
	uint32_t empty;			/* list of those given back */
	uint32_t used;			/* slabs that are not */
	uint32_t room[SLAB_CLASSES];	/* lists of those with room that nobody owns */
	unsigned granule;		/* bytes, 8 or more */
	unsigned link;			/* where in a free thing the next one is named */
	size_t bytes;			/* of things taken */
	size_t touched;			/* of the space, ahead of its use */
};

/* Room for so many bytes at most; link: place of 4 bytes that a free thing may be overwritten at. */
void	slabs_init(struct slabs *s, size_t space_bytes, unsigned granule, unsigned link);
void	slabs_done(struct slabs *s);

/* A thing of `bytes` bytes, at most SLAB_BYTES; 0: no room. What is in it is not defined. */
uint32_t slabs_take(struct slabs *s, struct slab_owner *owner, size_t bytes);
void	slabs_give(struct slabs *s, uint32_t thing);

/* Have memory for the next slabs at hand; true: that took its time, and there may be more to do. */
bool	slabs_ahead(struct slabs *s);

/* The owner takes nothing more: what room it has left is anybody's. */
void	slabs_disown(struct slabs *s, struct slab_owner *owner);

/* For a walk over all that was ever taken from slab n: its first thing, and their distance. */
static inline uint32_t
slabs_first(const struct slabs *s, uint32_t n)
{
	return (uint32_t)(n * (SLAB_BYTES / s->granule));
}

static inline uint32_t
slabs_granules(const struct slab *b)
{
	return b->class <= SLAB_EXACT ? b->class : (b->class - SLAB_EXACT) * SLAB_EXACT;
}

#endif
