/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes and the index half of hash tables. */
#include "core/hash.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "core/clock.h"
#include "core/mem.h"

#define RESERVE_FROM	(UINT64_C(1) << 20)	/* bytes from which slots get pages of their own, */
#define HUGE_FROM	(UINT64_C(4) << 20)	/* and from which large ones pay */

static uint64_t the_seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void
draw_seed(void)
{
	const char *fixed = getenv("WAYBILL_HASH_SEED");	/* for repeatable tests */
	FILE *f;

	if (fixed != NULL) {
		the_seed = strtoull(fixed, NULL, 0);
		return;
	}
	f = fopen("/dev/urandom", "rb");
	if (f == NULL || fread(&the_seed, sizeof(the_seed), 1, f) != 1)
		the_seed = (uint64_t)wall_now().ns ^ (uint64_t)mono_now().ns << 20;
	if (f != NULL)
		fclose(f);
}

uint64_t
hash_seed(void)
{
	pthread_once(&seed_once, draw_seed);
	return the_seed;
}

uint64_t
hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes, len, seed);
}

void
slots_init_lazily(struct slots *s, size_t expected)
{
	size_t n = 16;

	while (n < 2 * expected)
		n *= 2;
	/* The allocator may hand out used memory, and clear it: all of it at once. */
	if (n * sizeof(*s->slot) >= RESERVE_FROM)
		s->slot = mem_reserve(n * sizeof(*s->slot), 0);
	else
		s->slot = mem_array(n, sizeof(*s->slot));
	s->mask = n - 1;
	s->used = 0;
}

void
slots_prefer_huge(struct slots *s)
{
	if ((s->mask + 1) * sizeof(*s->slot) >= HUGE_FROM)
		mem_prefer_huge(s->slot, (s->mask + 1) * sizeof(*s->slot));
}

void
slots_init(struct slots *s, size_t expected)
{
	slots_init_lazily(s, expected);
	slots_prefer_huge(s);
}

void
slots_done(struct slots *s)
{
	if (s->slot != NULL && (s->mask + 1) * sizeof(*s->slot) >= RESERVE_FROM)
		mem_unreserve(s->slot, (s->mask + 1) * sizeof(*s->slot));
	else
		mem_free(s->slot);
	*s = (struct slots){ 0 };
}

void
slots_clear(struct slots *s)
{
	memset(s->slot, 0, (s->mask + 1) * sizeof(*s->slot));
	s->used = 0;
}

/* A slot goes to one of two places, each of which is walked in order: no cache misses. */
static void
grow(struct slots *s)
{
	struct slots bigger;

	slots_init(&bigger, s->mask + 1);
	for (uint64_t i = 0; i <= s->mask; i++)
		if (s->slot[i] != 0)
			slots_place(&bigger, s->slot[i]);
	slots_done(s);
	*s = bigger;
}

void
slots_add(struct slots *s, uint64_t hash, uint32_t index)
{
	assert(index < UINT32_MAX / 2);
	if (2 * (s->used + 1) > s->mask + 1)
		grow(s);
	slots_place(s, slots_make(hash, index));
}

void
slots_drop(struct slots *s, uint64_t hash, uint32_t index)
{
	struct slots_at it;
	uint64_t hole, at;
	uint32_t found;

	for (found = slots_first(s, hash, &it); found != index; found = slots_next(s, &it))
		assert(found != SLOTS_NONE);
	hole = it.place & s->mask;
	for (at = (hole + 1) & s->mask; s->slot[at] != 0; at = (at + 1) & s->mask) {
		uint64_t home = (s->slot[at] >> 32) & s->mask;

		/* Move back whatever may not stand behind the hole. */
		if (((at - home) & s->mask) >= ((at - hole) & s->mask)) {
			s->slot[hole] = s->slot[at];
			hole = at;
		}
	}
	s->slot[hole] = 0;
	s->used--;
}
