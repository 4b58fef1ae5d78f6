/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of items under one epoch number at a time: what has gathered is closed with a number,
 * and while that number has not passed, newer items gather behind it.
 */
#include "rib/limbo.h"

#include "core/mem.h"

#define CHUNK_ITEMS	1023
#define FREE_PER_LOOK	16			/* a page of memory given back takes 1 to 2 us, most others less */

struct limbo_chunk {
	struct limbo_chunk *next;
	struct limbo_item item[CHUNK_ITEMS];
};

void
limbo_init(struct limbo *lb, struct epoch *ep)
{
	*lb = (struct limbo){ .ep = ep };
}

/* All of the first chunk has been taken. */
static void
first_done(struct limbo *lb)
{
	struct limbo_chunk *done = lb->first;

	lb->first = done->next;
	if (lb->first == NULL)
		lb->last = NULL;
	mem_free(lb->spare);
	lb->spare = done;
}

static void
free_first(struct limbo *lb)
{
	struct limbo_item i = lb->first->item[lb->head++ % CHUNK_ITEMS];

	if (lb->head % CHUNK_ITEMS == 0)
		first_done(lb);
	i.free(i.owner, i.thing, i.number);
}

void
limbo_done(struct limbo *lb)
{
	while (!limbo_empty(lb))
		free_first(lb);
	mem_free(lb->first);
	mem_free(lb->spare);
}

static void
chunk_add(struct limbo *lb)
{
	struct limbo_chunk *c = lb->spare != NULL ? lb->spare : mem_new(sizeof(*c));

	lb->spare = NULL;
	c->next = NULL;
	*(lb->last != NULL ? &lb->last->next : &lb->first) = c;
	lb->last = c;
}

void
limbo_put(struct limbo *lb, struct limbo_item item)
{
	if (lb->tail % CHUNK_ITEMS == 0)
		chunk_add(lb);
	lb->last->item[lb->tail++ % CHUNK_ITEMS] = item;
}

bool
limbo_work(struct limbo *lb, mono_t until)
{
	for (;;) {
		if (lb->head == lb->closed) {
			if (limbo_empty(lb))
				return false;
			lb->closed = lb->tail;
			lb->epoch = epoch_retire(lb->ep);
		}
		if (!epoch_passed(lb->ep, lb->epoch))
			return false;
		for (unsigned n = 1; lb->head != lb->closed; n++) {
			free_first(lb);
			if (n % FREE_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
				return !limbo_empty(lb);
		}
		if (mono_since(mono_now(), until) >= 0)
			return !limbo_empty(lb);
	}
}
