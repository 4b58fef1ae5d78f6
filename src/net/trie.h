/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A read-only longest-prefix table for one family: a direct root and below it nodes of 64 slots
 * whose children and leaves are counted out of two bit maps (a "poptrie"). About 7 bytes a prefix
 * on a full table, one to three cache lines a lookup. Built once by the loader, then only read.
 */
#ifndef WB_NET_TRIE_H
#define WB_NET_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address left-aligned in 128 bits, so that one code serves both families. */
__extension__ typedef unsigned __int128 trie_key;

struct trie_row {
	trie_key key;			/* bits behind len are zero */
	uint32_t value;			/* what a lookup gives; below 2^31 */
	uint8_t len;
};

struct trie_node {
	uint64_t child;			/* slots that go on in a node */
	uint64_t leaf;			/* slots where a new run of equal leaves begins */
	uint32_t first_child;
	uint32_t first_leaf;
};

struct trie {
	uint32_t *root;			/* a leaf's value, or TRIE_NODE and a node's number */
	struct trie_node *node;
	uint32_t *leaf;
	uint32_t nodes, leaves;
	uint32_t node_room, leaf_room;
	uint8_t root_bits;
};

#define TRIE_NODE	UINT32_C(0x80000000)
#define TRIE_STRIDE	6

/* Sort as trie_row_cmp does, in linear time; rows of one prefix stay in their order. */
void	trie_sort(struct trie_row *row, size_t n);

/* Rows sorted by trie_row_cmp, no prefix twice. n 0 gives a table in which nothing matches. */
void	trie_build(struct trie *t, const struct trie_row *row, size_t n);
void	trie_done(struct trie *t);
size_t	trie_bytes(const struct trie *t);
int	trie_row_cmp(const void *a, const void *b);	/* by key, shorter prefixes first */

/* The value of the longest prefix that covers the key; 0 where none does. */
static inline uint32_t
trie_find(const struct trie *t, trie_key key)
{
	uint32_t at = t->root[(uint32_t)(key >> (128 - t->root_bits))];

	key <<= t->root_bits;
	while (at & TRIE_NODE) {
		const struct trie_node *node = &t->node[at & ~TRIE_NODE];
		unsigned slot = (unsigned)(key >> (128 - TRIE_STRIDE));
		uint64_t upto = UINT64_MAX >> (63 - slot);	/* slots 0..slot */

		if ((node->child >> slot & 1) == 0)
			return t->leaf[node->first_leaf +
			    (unsigned)__builtin_popcountll(node->leaf & upto) - 1];
		at = TRIE_NODE | (node->first_child +
		    (unsigned)__builtin_popcountll(node->child & upto) - 1);
		key <<= TRIE_STRIDE;
	}
	return at;
}

/* Many at once: all walks go one step per round, so that their misses overlap. */
#define TRIE_WALKS	64

/* An address on its way down its trie. */
struct trie_walk {
	trie_key key;
	const struct trie *trie;
	const uint32_t *value;		/* where the answer stands, once that is known */
	uint32_t at;
};

static inline void
trie_walk_begin(struct trie_walk *w, const struct trie *t, trie_key key)
{
	w->trie = t;
	w->key = key;
	w->value = &t->root[(uint32_t)(key >> (128 - t->root_bits))];
	__builtin_prefetch(w->value);
}

/* To their ends: *value is then what trie_find gives. */
void	trie_walk_all(struct trie_walk *walk, unsigned n);

#endif
