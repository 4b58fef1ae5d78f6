/* SPDX-License-Identifier: BSD-2-Clause */
/* Linear probing over two halves, the present one and the one being moved out of. */
#include "rib/tagindex.h"

#include "core/mem.h"

#define FIRST_BITS	8
#define MOVE_PER_PUT	8
#define HUGE_FROM	((size_t)4 << 20)	/* bytes of slots for which large pages are asked */
#define REMOVED		(UINT64_C(0xffffffff) << 32)	/* entry part 0: nobody's */

static size_t
half_slots(const struct tagindex_half *h)
{
	return (size_t)1 << h->bits;
}

static struct tagindex_half
half_new(unsigned bits)
{
	struct tagindex_half h = { mem_array((size_t)1 << bits, sizeof(uint64_t)), bits };
	size_t bytes = half_slots(&h) * sizeof(uint64_t);

	if (bytes >= HUGE_FROM)
		mem_prefer_huge(h.slot, bytes);
	return h;
}

void
tagindex_init(struct tagindex *t)
{
	*t = (struct tagindex){ .now = half_new(FIRST_BITS) };
}

void
tagindex_done(struct tagindex *t)
{
	mem_free(t->now.slot);
	mem_free(t->old.slot);
}

static size_t
place(const struct tagindex_half *h, uint32_t tag)
{
	return tag >> (32 - h->bits);
}

void
tagindex_prefetch(const struct tagindex *t, uint32_t tag)
{
	__builtin_prefetch(&t->now.slot[place(&t->now, tag)]);
	if (t->old.slot != NULL)
		__builtin_prefetch(&t->old.slot[place(&t->old, tag)]);
}

static uint32_t
half_find(const struct tagindex_half *h, uint32_t tag,
    int (*same)(const void *ctx, uint32_t entry), const void *ctx)
{
	size_t mask = half_slots(h) - 1;

	for (size_t i = place(h, tag); h->slot[i & mask] != 0; i++) {
		uint64_t v = h->slot[i & mask];

		if (v >> 32 == tag && (uint32_t)v != 0 && same(ctx, (uint32_t)v - 1))
			return (uint32_t)v - 1;
	}
	return TAGINDEX_NONE;
}

uint32_t
tagindex_find(const struct tagindex *t, uint32_t tag,
    int (*same)(const void *ctx, uint32_t entry), const void *ctx)
{
	uint32_t entry = half_find(&t->now, tag, same, ctx);

	if (entry == TAGINDEX_NONE && t->old.slot != NULL)
		entry = half_find(&t->old, tag, same, ctx);
	return entry;
}

static void
half_put(struct tagindex *t, uint64_t slot)
{
	size_t mask = half_slots(&t->now) - 1;
	size_t i = place(&t->now, (uint32_t)(slot >> 32));

	while ((uint32_t)t->now.slot[i & mask] != 0)
		i++;
	if (t->now.slot[i & mask] == 0)
		t->taken++;
	t->now.slot[i & mask] = slot;
}

static void
move(struct tagindex *t, size_t n)
{
	for (; n > 0 && t->old_at < half_slots(&t->old); n--, t->old_at++) {
		uint64_t v = t->old.slot[t->old_at];

		if ((uint32_t)v == 0)
			continue;
		half_put(t, v);
		t->old.slot[t->old_at] = REMOVED;
	}
	if (t->old_at < half_slots(&t->old))
		return;
	mem_free(t->old.slot);
	t->old = (struct tagindex_half){ 0 };
}

void
tagindex_put(struct tagindex *t, uint32_t tag, uint32_t entry)
{
	if (t->old.slot != NULL)
		move(t, MOVE_PER_PUT);
	if (t->old.slot == NULL && 2 * (t->taken + 1) > half_slots(&t->now)) {
		/* As many slots again where most of those taken are of removed entries. */
		t->old = t->now;
		t->old_at = 0;
		t->taken = 0;
		t->now = half_new(t->old.bits + (4 * t->used > half_slots(&t->old)));
	}
	half_put(t, (uint64_t)tag << 32 | (entry + 1));
	t->used++;
}

static int
half_remove(struct tagindex_half *h, uint64_t slot)
{
	size_t mask = half_slots(h) - 1;

	for (size_t i = place(h, (uint32_t)(slot >> 32)); h->slot[i & mask] != 0; i++) {
		if (h->slot[i & mask] == slot) {
			h->slot[i & mask] = REMOVED;
			return 1;
		}
	}
	return 0;
}

void
tagindex_remove(struct tagindex *t, uint32_t tag, uint32_t entry)
{
	uint64_t slot = (uint64_t)tag << 32 | (entry + 1);

	if (half_remove(&t->now, slot) || (t->old.slot != NULL && half_remove(&t->old, slot)))
		t->used--;
}

size_t
tagindex_bytes(const struct tagindex *t)
{
	return sizeof(uint64_t) * (half_slots(&t->now) +
	    (t->old.slot != NULL ? half_slots(&t->old) : 0));
}
