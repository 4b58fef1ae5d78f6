/* SPDX-License-Identifier: BSD-2-Clause */
/* Slabs that are owned, those with room that nobody owns, and those given back to the kernel. */
#include "rib/slab.h"

#include <string.h>

#include "core/mem.h"

_Static_assert(SLAB_CLASSES <= UINT8_MAX + 1, "a class fits a byte");

void
slabs_init(struct slabs *s, size_t space_bytes, unsigned granule, unsigned link)
{
	*s = (struct slabs){ .granule = granule, .link = link, .count = 1 };
	s->most = (uint32_t)(space_bytes / SLAB_BYTES + 2);
	s->space_bytes = s->most * SLAB_BYTES;
	s->space = mem_reserve(s->space_bytes, 1);
	s->slab = mem_reserve(s->most * sizeof(s->slab[0]), 0);
}

void
slabs_done(struct slabs *s)
{
	mem_unreserve(s->space, s->space_bytes);
	mem_unreserve(s->slab, s->most * sizeof(s->slab[0]));
}

static unsigned
class_of(const struct slabs *s, size_t bytes)
{
	size_t g = (bytes + s->granule - 1) / s->granule;

	return (unsigned)(g <= SLAB_EXACT ? g : SLAB_EXACT + (g + SLAB_EXACT - 1) / SLAB_EXACT);
}

static void
list_add(struct slabs *s, uint32_t *head, uint32_t n)
{
	struct slab *b = &s->slab[n];

	b->prev = 0;
	b->next = *head;
	if (*head != 0)
		s->slab[*head].prev = n;
	*head = n;
}

static void
list_remove(struct slabs *s, uint32_t *head, uint32_t n)
{
	struct slab *b = &s->slab[n];

	*(b->prev != 0 ? &s->slab[b->prev].next : head) = b->next;
	if (b->next != 0)
		s->slab[b->next].prev = b->prev;
}

static uint32_t
slab_new(struct slabs *s, unsigned class)
{
	uint32_t n = s->empty;
	struct slab *b;

	if (n != 0)
		list_remove(s, &s->empty, n);
	else if (s->count < s->most)
		n = s->count++;
	else
		return 0;
	s->used++;
	b = &s->slab[n];
	*b = (struct slab){ .class = (uint8_t)class };
	b->most = (uint16_t)(SLAB_BYTES / s->granule / slabs_granules(b));
	return n;
}

/* Nothing is in it: the kernel may have it. */
static void
slab_free(struct slabs *s, uint32_t n)
{
	mem_release(s->space + n * SLAB_BYTES, SLAB_BYTES);
	s->slab[n] = (struct slab){ 0 };
	s->used--;
	list_add(s, &s->empty, n);
}

/* A slab with room for an owner whose own is full: one that nobody owns, or a new one. */
static uint32_t
slab_own(struct slabs *s, struct slab_owner *owner, unsigned class)
{
	uint32_t n = owner->slab[class];

	if (n != 0)
		s->slab[n].owned = 0;
	n = s->room[class];
	if (n != 0)
		list_remove(s, &s->room[class], n);
	else
		n = slab_new(s, class);
	if (n != 0)
		s->slab[n].owned = 1;
	owner->slab[class] = n;
	return n;
}

uint32_t
slabs_take(struct slabs *s, struct slab_owner *owner, size_t bytes)
{
	unsigned class = class_of(s, bytes);
	uint32_t n = owner->slab[class], thing;
	struct slab *b = &s->slab[n];

	if (n == 0 || b->live == b->most) {
		n = slab_own(s, owner, class);
		if (n == 0)
			return 0;
		b = &s->slab[n];
	}
	thing = b->free;
	if (thing != 0)
		memcpy(&b->free, s->space + (size_t)thing * s->granule + s->link, sizeof(b->free));
	else
		thing = slabs_first(s, n) + b->fresh++ * slabs_granules(b);
	b->live++;
	s->bytes += (size_t)slabs_granules(b) * s->granule;
	return thing;
}

bool
slabs_ahead(struct slabs *s)
{
	size_t used = s->count > 1 ? s->count * SLAB_BYTES : 0;

	return mem_touch_ahead(s->space, s->space_bytes, used, &s->touched);
}

void
slabs_give(struct slabs *s, uint32_t thing)
{
	uint32_t n = (uint32_t)((size_t)thing * s->granule / SLAB_BYTES);
	struct slab *b = &s->slab[n];

	memcpy(s->space + (size_t)thing * s->granule + s->link, &b->free, sizeof(b->free));
	b->free = thing;
	s->bytes -= (size_t)slabs_granules(b) * s->granule;
	b->live--;
	if (b->owned)
		return;
	if (b->live == b->most - 1 && b->live > 0)
		list_add(s, &s->room[b->class], n);
	if (b->live > 0)
		return;
	if (b->most > 1)
		list_remove(s, &s->room[b->class], n);
	slab_free(s, n);
}

void
slabs_disown(struct slabs *s, struct slab_owner *owner)
{
	for (unsigned class = 1; class < SLAB_CLASSES; class++) {
		uint32_t n = owner->slab[class];

		owner->slab[class] = 0;
		if (n == 0)
			continue;
		s->slab[n].owned = 0;
		if (s->slab[n].live == 0)
			slab_free(s, n);
		else if (s->slab[n].live < s->slab[n].most)
			list_add(s, &s->room[s->slab[n].class], n);
	}
}
