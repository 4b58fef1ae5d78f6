/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of items under one epoch number at a time: what has gathered is closed with a number,
 * and while that number has not passed, newer items gather behind it.
 */
#include "rib/limbo.h"

#include "core/mem.h"

#define PIECE	1023			/* items: 32 KiB */

struct limbo_piece {
	struct limbo_piece *next;
	uint32_t from, to;		/* of its items those that wait */
	struct limbo_item item[PIECE];
};

void
limbo_init(struct limbo *lb, struct epoch *ep)
{
	*lb = (struct limbo){ .ep = ep };
}

/* The first piece is used up: it is the next one's turn, or its own from the start. */
static void
next_piece(struct limbo *lb)
{
	struct limbo_piece *p = lb->first;

	if (p->next == NULL) {
		p->from = p->to = 0;
		return;
	}
	lb->first = p->next;
	mem_free(p);
}

static void
free_first(struct limbo *lb)
{
	struct limbo_piece *p = lb->first;
	struct limbo_item i = p->item[p->from++];

	lb->head++;
	if (p->from == p->to)
		next_piece(lb);
	i.free(i.owner, i.thing, i.number);
}

void
limbo_done(struct limbo *lb)
{
	while (!limbo_empty(lb))
		free_first(lb);
	mem_free(lb->first);
}

static struct limbo_piece *
piece_with_room(struct limbo *lb)
{
	struct limbo_piece *p = lb->last;

	if (p != NULL && p->to < PIECE)
		return p;
	p = mem_new(sizeof(*p));
	if (lb->first == NULL)
		lb->first = p;
	else
		lb->last->next = p;
	lb->last = p;
	return p;
}

void
limbo_put(struct limbo *lb, struct limbo_item item)
{
	struct limbo_piece *p = piece_with_room(lb);

	p->item[p->to++] = item;
	lb->tail++;
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
		for (unsigned n = 0; lb->head != lb->closed; n++) {
			if (n % 64 == 63 && mono_since(mono_now(), until) >= 0)
				return true;
			free_first(lb);
		}
		if (mono_since(mono_now(), until) >= 0)
			return !limbo_empty(lb);
	}
}
