/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limbo: what was unpublished waits here until no reader can hold it any more. First in, first
 * out, so a thing never outlives what it points into. The writer's own.
 *
 * It stands in chunks and is never copied: when tables end, a million things may wait here at once.
 */
#ifndef WB_RIB_LIMBO_H
#define WB_RIB_LIMBO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/epoch.h"

struct limbo_item {
	void (*free)(void *owner, void *thing, uint32_t number);
	void *owner, *thing;
	uint32_t number;
};

struct limbo_chunk;

struct limbo {
	struct epoch *ep;
	struct limbo_chunk *first, *last;
	struct limbo_chunk *spare;	/* emptied last, for the next one that is needed; or NULL */
	uint64_t head, tail;		/* items ever taken and ever put */
	uint64_t closed;		/* items before this one wait for `epoch` */
	uint64_t epoch;
};

void	limbo_init(struct limbo *lb, struct epoch *ep);
void	limbo_done(struct limbo *lb);		/* no reader left: frees all */
void	limbo_put(struct limbo *lb, struct limbo_item item);

/* Free what is due, until `until` but some at least. True when there is more to do at once. */
bool	limbo_work(struct limbo *lb, mono_t until);

static inline bool
limbo_empty(const struct limbo *lb)
{
	return lb->head == lb->tail;
}

#endif
