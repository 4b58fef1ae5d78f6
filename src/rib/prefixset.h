/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prefixes of one table: each has an id (1..2^24-1), and the columns that hold a route for it
 * are counted. A prefix that no column holds stays until background work removes it, so that a
 * flap costs nothing; its id is used again after a grace period.
 *
 * A set starts small and grows into direct indexing at PREFIXSET_SMALL prefixes: the large index
 * is filled beside the small one, a few prefixes at each call, and then takes its place.
 */
#ifndef WB_RIB_PREFIXSET_H
#define WB_RIB_PREFIXSET_H

#include "core/clock.h"
#include "rib/limbo.h"
#include "rib/lpm.h"

#define PREFIXSET_SMALL	20000

struct prefixset {
	struct lpm *_Atomic lpm;	/* the readers' way in */
	/* The writer's own: */
	struct lpm *next;		/* being filled, or NULL */
	uint32_t next_at;		/* ids below this one are in `next` */
	bool v6, small;
	uint32_t high, live;		/* highest id ever, prefixes now */
	uint32_t *free_id, free_ids, free_room;
	uint32_t *idle, idles, idle_room;	/* perhaps held by no column any more */
	uint32_t *state;		/* by id: how many columns hold it, and flags */
	void *key;			/* by id: uint32_t or struct lpm_key */
	size_t released;		/* bytes that the kernel has back of an empty table */
	struct limbo *limbo;
};

void	prefixset_init(struct prefixset *ps, bool v6, struct limbo *limbo);
void	prefixset_done(struct prefixset *ps);

static inline struct lpm *
prefixset_lpm(const struct prefixset *ps)
{
	return atomic_load_explicit(&((struct prefixset *)(uintptr_t)ps)->lpm, memory_order_acquire);
}

/* The id of a prefix; 0 where it is absent (find) or there is no room for it (get). */
uint32_t prefixset_find(const struct prefixset *ps, struct lpm_key key, uint8_t len);
uint32_t prefixset_get(struct prefixset *ps, struct lpm_key key, uint8_t len);
struct prefix prefixset_prefix(const struct prefixset *ps, uint32_t id);

/* Ahead of an announce of this id. */
static inline void
prefixset_prefetch(const struct prefixset *ps, uint32_t id)
{
	__builtin_prefetch(&prefixset_lpm(ps)->len[id]);
	__builtin_prefetch(&ps->state[id], 1);
}

/* A column took the prefix up, or gave it up. */
void	prefixset_hold(struct prefixset *ps, uint32_t id);
void	prefixset_drop(struct prefixset *ps, uint32_t id);

/* After an announce that failed: nobody holds the prefix, unless somebody did before. */
void	prefixset_unused(struct prefixset *ps, uint32_t id);

/* Remove idle prefixes, go on growing. True when there is more to do. */
bool	prefixset_work(struct prefixset *ps, mono_t until);

uint64_t prefixset_bytes(const struct prefixset *ps);

#endif
