/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash index of millions of entries whose growth never stops the writer: a larger one is filled
 * from the old one a few slots at each call. A slot is a 32-bit tag and an entry's number + 1, and
 * the tag's upper bits are its place, so moving a slot does not touch the entry.
 *
 * One thread only. The caller compares keys.
 */
#ifndef WB_RIB_TAGINDEX_H
#define WB_RIB_TAGINDEX_H

#include <stddef.h>
#include <stdint.h>

#define TAGINDEX_NONE	UINT32_MAX

struct tagindex_half {
	uint64_t *slot;
	unsigned bits;
};

struct tagindex {
	struct tagindex_half now, old;	/* old.slot is NULL unless it is being moved */
	size_t old_at;			/* slots of old before this one were moved */
	size_t used;			/* entries */
	size_t taken;			/* slots of `now` that are not empty, removed ones included */
};

void	tagindex_init(struct tagindex *t);
void	tagindex_done(struct tagindex *t);

/* The entry that has this tag and is `same`; TAGINDEX_NONE where there is none. */
uint32_t tagindex_find(const struct tagindex *t, uint32_t tag,
	    int (*same)(const void *ctx, uint32_t entry), const void *ctx);
void	tagindex_put(struct tagindex *t, uint32_t tag, uint32_t entry);
void	tagindex_remove(struct tagindex *t, uint32_t tag, uint32_t entry);

/* Ahead of a find. */
void	tagindex_prefetch(const struct tagindex *t, uint32_t tag);

size_t	tagindex_bytes(const struct tagindex *t);

#endif
