/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epochs over a fixed array of reader slots.
 *
 * The pairing that makes it sound: a reader stores its number and then issues a full fence before
 * it loads any published pointer; the writer unpublishes, raises the number with a full fence and
 * then reads the slots. So either the writer sees the reader's slot, or the reader sees the thing
 * unpublished.
 */
#include "core/epoch.h"

#include <stdatomic.h>

#include "core/mem.h"

#define EPOCH_SLOTS	4096
#define EPOCH_FREE	UINT64_MAX		/* nobody's slot */
#define EPOCH_OFFLINE	(UINT64_MAX - 1)

struct epoch_reader {
	_Alignas(64) _Atomic uint64_t seen;
};

struct epoch {
	_Alignas(64) _Atomic uint64_t now;
	_Atomic uint32_t used;			/* slots ever taken: how far the writer looks */
	struct epoch_reader slot[EPOCH_SLOTS];
};

struct epoch *
epoch_new(void)
{
	struct epoch *ep = mem_aligned(sizeof(*ep));

	atomic_store(&ep->now, 1);
	for (unsigned i = 0; i < EPOCH_SLOTS; i++)
		atomic_store_explicit(&ep->slot[i].seen, EPOCH_FREE, memory_order_relaxed);
	return ep;
}

void
epoch_free(struct epoch *ep)
{
	mem_free(ep);
}

struct epoch_reader *
epoch_join(struct epoch *ep)
{
	for (uint32_t i = 0; i < EPOCH_SLOTS; i++) {
		uint64_t want = EPOCH_FREE;
		uint32_t used;

		if (!atomic_compare_exchange_strong(&ep->slot[i].seen, &want, EPOCH_OFFLINE))
			continue;
		used = atomic_load(&ep->used);
		while (used < i + 1 && !atomic_compare_exchange_weak(&ep->used, &used, i + 1))
			;
		return &ep->slot[i];
	}
	return NULL;
}

void
epoch_leave(struct epoch *ep, struct epoch_reader *r)
{
	(void)ep;
	if (r != NULL)
		atomic_store_explicit(&r->seen, EPOCH_FREE, memory_order_release);
}

void
epoch_tick(struct epoch *ep, struct epoch_reader *r)
{
	uint64_t now = atomic_load_explicit(&ep->now, memory_order_acquire);

	if (atomic_load_explicit(&r->seen, memory_order_relaxed) == now)
		return;		/* nothing was retired meanwhile: nothing to say */
	/* An exchange is a full barrier, and one that the race checkers understand. */
	atomic_exchange_explicit(&r->seen, now, memory_order_seq_cst);
}

void
epoch_follow(struct epoch_reader *r, const struct epoch_reader *other)
{
	uint64_t seen = atomic_load_explicit(
	    &((struct epoch_reader *)(uintptr_t)other)->seen, memory_order_relaxed);

	/* `other` is online, so the writer has not passed its number and cannot pass ours. */
	atomic_exchange_explicit(&r->seen, seen, memory_order_seq_cst);
}

void
epoch_offline(struct epoch_reader *r)
{
	atomic_store_explicit(&r->seen, EPOCH_OFFLINE, memory_order_release);
}

uint64_t
epoch_retire(struct epoch *ep)
{
	return atomic_fetch_add_explicit(&ep->now, 1, memory_order_seq_cst) + 1;
}

bool
epoch_passed(struct epoch *ep, uint64_t number)
{
	uint32_t used = atomic_load_explicit(&ep->used, memory_order_seq_cst);

	for (uint32_t i = 0; i < used; i++) {
		uint64_t seen = atomic_load_explicit(&ep->slot[i].seen, memory_order_seq_cst);

		if (seen < number)
			return false;
	}
	return true;
}
