/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ordered linear probing in one space. The home of a tag is tag * homes / 2^32, which grows with
 * the tag, so the slots are sorted whatever the number of homes is. To grow, slots are settled at
 * their new homes from the last one down: what is settled stands behind what is not, and a slot
 * whose new home is not beyond its place stays there. To shrink, from the first one up.
 */
#include "rib/tagindex.h"

#include <assert.h>

#include "core/mem.h"

#define FIRST_HOMES	256
#define SPILL		8192			/* slots behind the last home */
#define FULL_NUM	4			/* grows at 4/5 ... */
#define FULL_DEN	5
#define GROW_NUM	4			/* ... to 4/3 as many homes */
#define GROW_DEN	3
#define SPARSE_NUM	3			/* shrinks below 3/5 ... */
#define SPARSE_DEN	5
#define DENSE_NUM	7			/* ... until 7/10 are used, or to a quarter at once */
#define DENSE_DEN	10
#define SHRINK_MOST	4
#define SETTLE_PER_PUT	16			/* growing ends before the next one is due */
#define SHRINK_PER_PUT	64			/* nor does it fill up while it shrinks */
#define SETTLE_PER_SHRINK 4096
#define HUGE		((size_t)2 << 20)

static size_t
bytes_of(size_t homes)
{
	return (homes + SPILL) * sizeof(uint64_t);
}

void
tagindex_init(struct tagindex *t, size_t most)
{
	size_t homes = most / FULL_NUM * FULL_DEN / GROW_DEN * GROW_NUM;

	*t = (struct tagindex){ .homes = FIRST_HOMES, .homes_before = FIRST_HOMES };
	t->space_bytes = bytes_of(homes > FIRST_HOMES ? homes : FIRST_HOMES);
	t->slot = mem_reserve(t->space_bytes, 0);
}

void
tagindex_done(struct tagindex *t)
{
	mem_unreserve(t->slot, t->space_bytes);
}

static uint32_t
tag_of(uint64_t slot)
{
	return (uint32_t)(slot >> 32);
}

static bool
is_settled(const struct tagindex *t, uint32_t tag)
{
	return t->homes >= t->homes_before ? tag >= t->border : tag < t->border;
}

static size_t
home(const struct tagindex *t, uint32_t tag)
{
	size_t homes = is_settled(t, tag) ? t->homes : t->homes_before;

	return (size_t)((uint64_t)tag * homes >> 32);
}

void
tagindex_prefetch(const struct tagindex *t, uint32_t tag)
{
	__builtin_prefetch(&t->slot[home(t, tag)]);
}

uint32_t
tagindex_guess(const struct tagindex *t, uint32_t tag)
{
	size_t i = home(t, tag);

	while (t->slot[i] != 0 && tag_of(t->slot[i]) < tag)
		i++;
	return tag_of(t->slot[i]) == tag ? (uint32_t)t->slot[i] - 1 : TAGINDEX_NONE;
}

uint32_t
tagindex_find(const struct tagindex *t, uint32_t tag,
    int (*same)(const void *ctx, uint32_t entry), const void *ctx)
{
	for (size_t i = home(t, tag); t->slot[i] != 0 && tag_of(t->slot[i]) <= tag; i++)
		if (tag_of(t->slot[i]) == tag && same(ctx, (uint32_t)t->slot[i] - 1))
			return (uint32_t)t->slot[i] - 1;
	return TAGINDEX_NONE;
}

/* Put a slot at place i; what stands there moves on, as far as the next empty place. */
static void
insert_at(struct tagindex *t, size_t i, uint64_t slot)
{
	for (; t->slot[i] != 0; i++) {
		uint64_t next = t->slot[i];

		t->slot[i] = slot;
		slot = next;
	}
	assert((i + 1) * sizeof(t->slot[0]) < t->space_bytes);
	t->slot[i] = slot;
}

/* The first tag whose home, among so many, is place i or behind it. */
static uint64_t
first_tag(size_t i, size_t homes)
{
	return (((uint64_t)i << 32) + homes - 1) / homes;
}

/* All slots of a tag at once, for the border lies between tags. */
static void
settle_up(struct tagindex *t)
{
	uint32_t tag = tag_of(t->slot[t->at - 1]);
	size_t to = (size_t)((uint64_t)tag * t->homes >> 32);

	do {
		size_t from = --t->at;
		uint64_t slot = t->slot[from];

		if (to <= from)
			continue;
		t->slot[from] = 0;
		insert_at(t, to, slot);
	} while (t->at > 0 && t->slot[t->at - 1] != 0 && tag_of(t->slot[t->at - 1]) == tag);
	if (tag < t->border)
		t->border = tag;
}

static void
grow_step(struct tagindex *t, unsigned n)
{
	uint64_t border;

	for (; n > 0 && t->at > 0; n--) {
		if (t->slot[t->at - 1] == 0)
			t->at--;
		else
			settle_up(t);
	}
	/* What is not there, but had its home behind, is settled as well. */
	border = first_tag(t->at, t->homes_before);
	if (border < t->border)
		t->border = border;
	if (t->at == 0)
		t->homes_before = t->homes;
}

static void
settle_down(struct tagindex *t)
{
	uint64_t slot = t->slot[t->at];
	size_t to = (size_t)((uint64_t)tag_of(slot) * t->homes >> 32);

	t->slot[t->at++] = 0;
	while (t->slot[to] != 0)
		to++;
	t->slot[to] = slot;
}

/* A whole run at a time: what is moved out of one leaves a gap that a search would end at. */
static void
shrink_step(struct tagindex *t, size_t n)
{
	for (size_t end = t->at + n; t->at < end || t->slot[t->at] != 0;) {
		if (t->slot[t->at] != 0)
			settle_down(t);
		else if (t->at < t->homes_before)
			t->at++;
		else
			break;
	}
	t->border = first_tag(t->at, t->homes_before);
	if (t->at < t->homes_before)
		return;
	mem_release((char *)t->slot + bytes_of(t->homes),
	    bytes_of(t->homes_before) - bytes_of(t->homes));
	t->homes_before = t->homes;
	t->border = 0;
}

static void
step(struct tagindex *t, unsigned n)
{
	if (t->homes > t->homes_before)
		grow_step(t, n);
	else if (t->homes < t->homes_before)
		shrink_step(t, n);
}

/* Large pages where the index is large, from whole ones on. */
static void
prefer_huge(struct tagindex *t)
{
	size_t bytes = bytes_of(t->homes);

	if (bytes < 2 * HUGE || bytes <= t->huge)
		return;
	mem_prefer_huge((char *)t->slot + t->huge, bytes - t->huge);
	t->huge = bytes;
}

static void
grow(struct tagindex *t)
{
	size_t homes = t->homes / GROW_DEN * GROW_NUM;

	assert(bytes_of(homes) <= t->space_bytes);
	t->at = t->homes;
	while (t->slot[t->at] != 0)
		t->at++;
	t->homes = homes;
	t->border = UINT64_C(1) << 32;
	prefer_huge(t);
}

bool
tagindex_shrink(struct tagindex *t)
{
	if (t->homes == t->homes_before) {
		size_t homes = t->used / DENSE_NUM * DENSE_DEN;

		if (t->homes <= FIRST_HOMES || t->used >= t->homes / SPARSE_DEN * SPARSE_NUM)
			return false;
		if (homes < t->homes / SHRINK_MOST)
			homes = t->homes / SHRINK_MOST;
		t->homes = homes > FIRST_HOMES ? homes : FIRST_HOMES;
		t->border = 0;
		t->at = 0;
	}
	step(t, SETTLE_PER_SHRINK);
	return true;
}

void
tagindex_put(struct tagindex *t, uint32_t tag, uint32_t entry)
{
	size_t i;

	if (t->homes != t->homes_before)
		step(t, t->homes > t->homes_before ? SETTLE_PER_PUT : SHRINK_PER_PUT);
	if (t->homes == t->homes_before && t->used >= t->homes / FULL_DEN * FULL_NUM)
		grow(t);
	i = home(t, tag);
	while (t->slot[i] != 0 && tag_of(t->slot[i]) <= tag)
		i++;
	insert_at(t, i, (uint64_t)tag << 32 | (entry + 1));
	t->used++;
	/* What is not settled must stay before `at`: it may have moved on by one. */
	if (t->homes > t->homes_before && t->slot[t->at] != 0 && tag_of(t->slot[t->at]) < t->border)
		t->at++;
}

void
tagindex_remove(struct tagindex *t, uint32_t tag, uint32_t entry)
{
	uint64_t slot = (uint64_t)tag << 32 | (entry + 1);
	size_t i = home(t, tag);

	while (t->slot[i] != slot) {
		if (t->slot[i] == 0 || tag_of(t->slot[i]) > tag)
			return;
		i++;
	}
	/* What stands behind it and not at home moves up by one. */
	for (; t->slot[i + 1] != 0 && home(t, tag_of(t->slot[i + 1])) <= i; i++)
		t->slot[i] = t->slot[i + 1];
	t->slot[i] = 0;
	t->used--;
}

size_t
tagindex_bytes(const struct tagindex *t)
{
	return t->homes * sizeof(uint64_t);
}
