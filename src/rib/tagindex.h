/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash index of millions of entries that stays dense and whose growth never stops the writer. A
 * slot is a 32-bit tag and an entry's number + 1. Slots stand in the order of their tags, each at
 * its home (the tag times the number of homes) or not far behind, so a search ends at the first
 * larger tag, and growing or shrinking moves slots within the same space, a few at each call,
 * without a look at the entries.
 *
 * One thread only. The caller compares keys.
 */
#ifndef WB_RIB_TAGINDEX_H
#define WB_RIB_TAGINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAGINDEX_NONE	UINT32_MAX

struct tagindex {
	uint64_t *slot;			/* reserved space */
	size_t space_bytes;
	size_t homes;			/* of tags that are settled */
	size_t homes_before;		/* of the others; equal to homes: none are under way */
	uint64_t border;		/* growing: tags from here on are settled; shrinking: below */
	size_t at;			/* the next slot to settle: growing, the one before it */
	size_t used;			/* entries */
	size_t huge;			/* bytes for which large pages were asked */
};

/* most: entries that there may ever be at once. */
void	tagindex_init(struct tagindex *t, size_t most);
void	tagindex_done(struct tagindex *t);

/* The entry that has this tag and is `same`; TAGINDEX_NONE where there is none. */
uint32_t tagindex_find(const struct tagindex *t, uint32_t tag,
	    int (*same)(const void *ctx, uint32_t entry), const void *ctx);
/* The first entry that has this tag, whether or not it is the same: to be prefetched. */
uint32_t tagindex_guess(const struct tagindex *t, uint32_t tag);
void	tagindex_put(struct tagindex *t, uint32_t tag, uint32_t entry);
void	tagindex_remove(struct tagindex *t, uint32_t tag, uint32_t entry);

/* Ahead of any of them. */
void	tagindex_prefetch(const struct tagindex *t, uint32_t tag);

/* After many were removed: shrink by some slots. True when there is more to do. */
bool	tagindex_shrink(struct tagindex *t);

size_t	tagindex_bytes(const struct tagindex *t);

#endif
