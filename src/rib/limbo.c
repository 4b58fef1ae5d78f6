/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of items under one epoch number at a time: what has gathered is closed with a number,
 * and while that number has not passed, newer items gather behind it.
 */
#include "rib/limbo.h"

#include "core/mem.h"

#define KEEP_ROOM	1024

void
limbo_init(struct limbo *lb, struct epoch *ep)
{
	*lb = (struct limbo){ .ep = ep };
}

static void
free_first(struct limbo *lb)
{
	struct limbo_item *i = &lb->ring[lb->head++ & (lb->room - 1)];

	i->free(i->owner, i->thing, i->number);
}

void
limbo_done(struct limbo *lb)
{
	while (!limbo_empty(lb))
		free_first(lb);
	mem_free(lb->ring);
}

static void
widen(struct limbo *lb)
{
	uint64_t room = lb->room > 0 ? 2 * lb->room : 64;
	struct limbo_item *ring = mem_array(room, sizeof(*ring));

	for (uint64_t i = lb->head; i != lb->tail; i++)
		ring[i & (room - 1)] = lb->ring[i & (lb->room - 1)];
	mem_free(lb->ring);
	lb->ring = ring;
	lb->room = room;
}

void
limbo_put(struct limbo *lb, struct limbo_item item)
{
	if (lb->tail - lb->head == lb->room)
		widen(lb);
	lb->ring[lb->tail++ & (lb->room - 1)] = item;
}

/* After a flood of items the ring would be large for ever. */
static void
narrow(struct limbo *lb)
{
	if (lb->room <= KEEP_ROOM)
		return;
	mem_free(lb->ring);
	*lb = (struct limbo){ .ep = lb->ep };
}

bool
limbo_work(struct limbo *lb, mono_t until)
{
	for (;;) {
		if (lb->head == lb->closed) {
			if (limbo_empty(lb)) {
				narrow(lb);
				return false;
			}
			lb->closed = lb->tail;
			lb->epoch = epoch_retire(lb->ep);
		}
		if (!epoch_passed(lb->ep, lb->epoch))
			return false;
		for (unsigned n = 0; lb->head != lb->closed; n++) {
			if (n % 64 == 63 && mono_since(mono_now(), until) >= 0)
				return true;
			free_first(lb);
		}
		if (mono_since(mono_now(), until) >= 0)
			return !limbo_empty(lb);
	}
}
