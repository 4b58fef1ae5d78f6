/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A seeded hash for keys from the network, and slots: the index half of a hash table whose entries
 * live densely elsewhere (LIMITS.md 5.2, "T1").
 *
 * A slot is 8 bytes: the upper 32 bits of the hash as a tag, and an entry's index + 1. The tag's low
 * bits are the slot's home, so growing reads nothing but slots: it never touches an entry, and an
 * index is a name for life. Linear probing, load at most one half, at most 2^31 entries.
 */
#ifndef WB_CORE_HASH_H
#define WB_CORE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Drawn once per process (or fixed by a test), so that nobody outside can make collisions. */
uint64_t hash_seed(void);

static inline uint64_t
hash_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Hash of n 8-byte words. */
static inline uint64_t
hash_words(const uint64_t *word, size_t n, uint64_t seed)
{
	uint64_t h = seed ^ UINT64_C(0x9e3779b97f4a7c15);
	size_t i = 0;

#pragma GCC unroll 8
	for (; i + 1 < n; i += 2)
		h = hash_fold(word[i] ^ h, word[i + 1] ^ UINT64_C(0xa0761d6478bd642f)) + h;
	if (i < n)
		h = hash_fold(word[i] ^ h, UINT64_C(0xe7037ed1a0b428db));
	return hash_fold(h ^ UINT64_C(0x8ebc6af09c88c6e3), seed | 1);
}

/* Hash of bytes of any length. */
uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed);

struct slots {
	uint64_t *slot;
	uint64_t mask;
	size_t used;
};

void	slots_init(struct slots *s, size_t expected);
void	slots_done(struct slots *s);
/* The same in two steps: large pages each take their time when they are first touched. */
void	slots_init_lazily(struct slots *s, size_t expected);
void	slots_prefer_huge(struct slots *s);
void	slots_clear(struct slots *s);

/*
 * Walk the candidates of a hash: start with slots_first, go on with slots_next until SLOTS_NONE.
 * Each result is an entry index whose tag fits; the caller compares the key.
 */
#define SLOTS_NONE	UINT32_MAX

struct slots_at {
	uint64_t place;
	uint32_t tag;
};

static inline uint32_t
slots_seek(const struct slots *s, struct slots_at *at)
{
	for (;;) {
		uint64_t v = s->slot[at->place & s->mask];

		if (v == 0)
			return SLOTS_NONE;
		if ((uint32_t)(v >> 32) == at->tag)
			return (uint32_t)v - 1;
		at->place++;
	}
}

static inline uint32_t
slots_first(const struct slots *s, uint64_t hash, struct slots_at *at)
{
	at->tag = (uint32_t)(hash >> 32);
	at->place = at->tag;
	return slots_seek(s, at);
}

static inline uint32_t
slots_next(const struct slots *s, struct slots_at *at)
{
	at->place++;
	return slots_seek(s, at);
}

static inline void
slots_prefetch(const struct slots *s, uint64_t hash)
{
	__builtin_prefetch(&s->slot[(hash >> 32) & s->mask]);
}

static inline uint64_t
slots_make(uint64_t hash, uint32_t index)
{
	return hash >> 32 << 32 | (uint64_t)(index + 1);
}

/* Enter a slot without growing: the caller minds the load. */
static inline void
slots_place(struct slots *s, uint64_t slot)
{
	uint64_t at = slot >> 32;

	while (s->slot[at & s->mask] != 0)
		at++;
	s->slot[at & s->mask] = slot;
	s->used++;
}

/* Enter an index that is not in the table. */
void	slots_add(struct slots *s, uint64_t hash, uint32_t index);

/* Take an entry's slot out again (backward shift, no tombstones). */
void	slots_drop(struct slots *s, uint64_t hash, uint32_t index);

/* The same for callers that still say how an entry's hash is found. */
static inline void
slots_put(struct slots *s, uint64_t hash, uint32_t index,
    uint64_t (*hash_of)(const void *ctx, uint32_t index), const void *ctx)
{
	(void)hash_of;
	(void)ctx;
	slots_add(s, hash, index);
}

static inline void
slots_remove(struct slots *s, uint64_t hash, uint32_t index,
    uint64_t (*hash_of)(const void *ctx, uint32_t index), const void *ctx)
{
	(void)hash_of;
	(void)ctx;
	slots_drop(s, hash, index);
}

#endif
