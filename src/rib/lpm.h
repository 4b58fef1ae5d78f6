/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Longest-prefix match by direct indexing, changed in place: a root of 2^root_bits entries, then
 * nodes of 2^stride entries. An entry is a prefix id or, with LPM_NODE set, a node. Each id has a
 * parent, the longest shorter prefix that covers it, so that a reader can go on to the next match.
 *
 * Prefixes shorter than short_bits are not spread over the root: they live in a table of their
 * own by the leading bits, and a chain of parents that has come to its end goes on there. One
 * default route that comes and goes then costs a hundred stores, not millions.
 *
 * One writer; readers inside an epoch. Keys are left-aligned: an IPv4 address is the upper half
 * of hi. Ids belong to the caller (prefixset.h).
 */
#ifndef WB_RIB_LPM_H
#define WB_RIB_LPM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "net/addr.h"

#define LPM_IDS		(UINT32_C(1) << 24)	/* ids are 1..LPM_IDS-1 */

/*
 * An entry of the root or of a node: a node's number with the top bit set; or a prefix, its id below
 * its length less one, so that who finds it need not ask for the length; 0: nothing. Entries of
 * `shorts` are bare ids.
 */
#define LPM_NODE	(UINT32_C(1) << 31)
#define LPM_LEN_SHIFT	24

typedef _Atomic uint32_t cell_t;	/* what readers load and the writer stores, always one word */

static inline uint32_t
cell_get(const cell_t *c)
{
	return atomic_load_explicit((cell_t *)(uintptr_t)c, memory_order_acquire);
}

static inline void
cell_put(cell_t *c, uint32_t v)
{
	atomic_store_explicit(c, v, memory_order_release);
}

struct lpm_key {
	uint64_t hi, lo;
};

struct lpm_shape {
	uint8_t root_bits, stride, short_bits;
	uint32_t nodes_most;
};

extern const struct lpm_shape lpm_small;	/* up to some ten thousand prefixes */
extern const struct lpm_shape lpm_big4;		/* DIR-24-8 */
extern const struct lpm_shape lpm_big6;

struct lpm {
	struct lpm_shape shape;
	cell_t *root;
	cell_t *node;			/* nodes_most << stride entries of reserved space */
	cell_t *link;			/* by id: parent << 8 | length */
	_Atomic uint8_t *len;		/* by id: the length again, by itself */
	cell_t *shorts;			/* by the leading short_bits - 1 bits */
	/* The writer's own: */
	uint16_t *filled;		/* by node: prefixes and nodes that live in it */
	uint32_t nodes_high;		/* nodes ever used */
	uint32_t nodes;			/* in use, or waiting for their grace period */
	uint32_t free_node;		/* list through the first entry, LPM_NODE: none */
};

/* Where a node goes that readers may still look at; it comes back by lpm_node_free. */
struct lpm_retire {
	void (*node)(void *ctx, struct lpm *l, uint32_t node);
	void *ctx;
};

struct lpm *lpm_new(const struct lpm_shape *shape);
void	lpm_free(struct lpm *l);

/* -1 where there are no nodes left; then nothing has changed. The prefix must be absent. */
int	lpm_insert(struct lpm *l, struct lpm_key key, uint8_t len, uint32_t id);
void	lpm_remove(struct lpm *l, struct lpm_key key, uint8_t len, uint32_t id,
	    const struct lpm_retire *retire);
void	lpm_node_free(struct lpm *l, uint32_t node);

/*
 * Of one that nothing is in, and of which no reader holds an id or a node: what the kernel may have of its
 * memory (what readers still look at reads as zero, as it does now), to be said when it has all of it.
 */
#define LPM_AREAS	5
size_t	lpm_areas(const struct lpm *l, struct mem_area ret[LPM_AREAS]);
void	lpm_released(struct lpm *l);

/* Memory in use, as far as it is known without asking the kernel. */
uint64_t lpm_bytes(const struct lpm *l);

static inline struct lpm_key
lpm_key_of(const struct addr *a)
{
	struct lpm_key k;

	if (addr_is_v4(a))
		return (struct lpm_key){ .hi = (uint64_t)addr_v4(a) << 32 };
	memcpy(&k.hi, a->b, 8);
	memcpy(&k.lo, a->b + 8, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	k.hi = __builtin_bswap64(k.hi);
	k.lo = __builtin_bswap64(k.lo);
#endif
	return k;
}

/* Clear what stands behind the first len bits. */
static inline struct lpm_key
lpm_masked(struct lpm_key k, uint8_t len)
{
	if (len < 64)
		k.hi = len > 0 ? k.hi & ~UINT64_C(0) << (64 - len) : 0;
	if (len < 128)
		k.lo = len > 64 ? k.lo & ~UINT64_C(0) << (128 - len) : 0;
	return k;
}

/* n bits from bit `at` on; root_bits and stride are such that none are cut by the middle. */
static inline uint32_t
lpm_bits(struct lpm_key k, unsigned at, unsigned n)
{
	uint64_t half = at < 64 ? k.hi << at : k.lo << (at - 64);

	return (uint32_t)(half >> (64 - n));
}

static inline uint8_t
lpm_len(const struct lpm *l, uint32_t id)
{
	return atomic_load_explicit((_Atomic uint8_t *)(uintptr_t)&l->len[id],
	    memory_order_relaxed);
}

static inline const cell_t *
lpm_root_at(const struct lpm *l, struct lpm_key k)
{
	return &l->root[lpm_bits(k, 0, l->shape.root_bits)];
}

static inline const cell_t *
lpm_node_at(const struct lpm *l, uint32_t entry, struct lpm_key k, unsigned at)
{
	return &l->node[((size_t)(entry & ~LPM_NODE) << l->shape.stride) +
	    lpm_bits(k, at, l->shape.stride)];
}

static inline uint32_t
lpm_entry(uint32_t id, uint8_t len)
{
	return id != 0 ? id | (uint32_t)(len - 1) << LPM_LEN_SHIFT : 0;
}

static inline uint32_t
lpm_entry_id(uint32_t entry)
{
	return entry & (LPM_IDS - 1);
}

/* Of an entry that is neither a node nor nothing. */
static inline uint8_t
lpm_entry_len(uint32_t entry)
{
	return (uint8_t)((entry >> LPM_LEN_SHIFT) + 1);
}

/* From an entry of the root down to that of a prefix, 0 for none. */
static inline uint32_t
lpm_descend(const struct lpm *l, uint32_t entry, struct lpm_key k)
{
	for (unsigned at = l->shape.root_bits; entry & LPM_NODE; at += l->shape.stride)
		entry = cell_get(lpm_node_at(l, entry, k, at));
	return entry;
}

static inline uint32_t
lpm_short(const struct lpm *l, struct lpm_key k)
{
	return cell_get(&l->shorts[lpm_bits(k, 0, l->shape.short_bits - 1u)]);
}

/* The longest match, and the next shorter one after it; 0: no more. */
static inline uint32_t
lpm_first(const struct lpm *l, struct lpm_key k)
{
	uint32_t entry = lpm_descend(l, cell_get(lpm_root_at(l, k)), k);

	return entry != 0 ? lpm_entry_id(entry) : lpm_short(l, k);
}

static inline uint32_t
lpm_next(const struct lpm *l, struct lpm_key k, uint32_t id)
{
	uint32_t link = cell_get(&l->link[id]);

	if (link >> 8 != 0 || (link & 0xff) < l->shape.short_bits)
		return link >> 8;
	return lpm_short(l, k);
}

/* Writer: the id of exactly this prefix, 0: absent. */
uint32_t lpm_find(const struct lpm *l, struct lpm_key key, uint8_t len);

#endif
