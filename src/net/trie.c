/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building the read-only prefix table of networks_trie.h.
 *
 * The rows come sorted by address and then by length, so a prefix stands before all that lie
 * inside of it. One pass over the rows of a block therefore does: a row that ends inside the block
 * paints its slots, a longer one that comes later paints over it, and the rows that reach deeper
 * stand together, behind the one that gives their slot its background.
 *
 * The idea of counting children out of a bit map: H. Asai, Y. Ohara, "Poptrie", SIGCOMM 2015.
 */
#include "net/trie.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"

#define ROOT_BITS	18		/* 1 MiB; 24 = 18 + 6, 48 = 18 + 5 * 6 */
#define ROOT_BITS_SMALL	12		/* 16 KiB: what a small site has */
#define SMALL_ROWS	4096
#define DIGITS		17		/* of a row, for sorting: a length and a key of 16 bytes */

/* The slots of one block while it is being filled: a colour each, and the rows that go deeper. */
struct block {
	uint32_t value[1u << TRIE_STRIDE];
	uint32_t from[1u << TRIE_STRIDE];	/* first row that goes deeper, and ... */
	uint32_t to[1u << TRIE_STRIDE];		/* ... the one behind the last */
};

int
trie_row_cmp(const void *a, const void *b)
{
	const struct trie_row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (int)x->len - (int)y->len;
}

/* Digit d of a row: its length, then the bytes of its key from the last to the first. */
static uint8_t
digit(const struct trie_row *row, unsigned d)
{
	return d == 0 ? row->len : (uint8_t)(row->key >> (8 * (d - 1)));
}

void
trie_sort(struct trie_row *row, size_t n)
{
	uint32_t (*count)[256] = mem_array(DIGITS, sizeof(*count));
	struct trie_row *from = row, *to = mem_array(n, sizeof(*to)), *spare = to, *swap;

	for (size_t i = 0; i < n; i++)
		for (unsigned d = 0; d < DIGITS; d++)
			count[d][digit(&row[i], d)]++;
	for (unsigned d = 0; n > 0 && d < DIGITS; d++) {
		uint32_t at = 0, here;

		if (count[d][digit(&from[0], d)] == n)
			continue;		/* all alike: most bytes of an IPv6 network */
		for (unsigned i = 0; i < 256; i++, at += here) {
			here = count[d][i];
			count[d][i] = at;
		}
		for (size_t i = 0; i < n; i++)
			to[count[d][digit(&from[i], d)]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != row)
		memcpy(row, from, n * sizeof(*row));
	mem_free(spare);
	mem_free(count);
}

/* The slot of a key in the block that begins at bit `depth` and is `bits` wide. */
static uint32_t
slot_of(trie_key key, unsigned depth, unsigned bits)
{
	return (uint32_t)(key << depth >> (128 - bits));
}

/* Paint the rows from..to, which all lie inside of a block, over its background. */
static void
paint(struct block *b, const struct trie_row *row, uint32_t from, uint32_t to, unsigned depth,
    uint32_t background)
{
	for (unsigned i = 0; i < ARRAY_LEN(b->value); i++) {
		b->value[i] = background;
		b->from[i] = b->to[i] = 0;
	}
	for (uint32_t r = from; r < to; r++) {
		uint32_t slot = slot_of(row[r].key, depth, TRIE_STRIDE);

		if (row[r].len <= depth + TRIE_STRIDE) {
			uint32_t n = 1u << (depth + TRIE_STRIDE - row[r].len);

			for (uint32_t i = slot; i < slot + n; i++)
				b->value[i] = row[r].value;
			continue;
		}
		if (b->to[slot] == 0)
			b->from[slot] = r;
		b->to[slot] = r + 1;
	}
}

static uint32_t
take_nodes(struct trie *t, uint32_t n)
{
	uint32_t first = t->nodes;

	if (t->nodes + n > t->node_room) {
		t->node_room = (t->nodes + n) * 2;
		t->node = mem_grow(t->node, t->node_room, sizeof(*t->node));
	}
	t->nodes += n;
	assert(t->nodes < TRIE_NODE);
	return first;
}

static void
put_leaf(struct trie *t, uint32_t value)
{
	if (t->leaves == t->leaf_room) {
		t->leaf_room = t->leaf_room * 2 + 64;
		t->leaf = mem_grow(t->leaf, t->leaf_room, sizeof(*t->leaf));
	}
	t->leaf[t->leaves++] = value;
}

/* Fill node `at`, which begins at bit `depth`, from rows that all lie inside of it. */
static void
build_node(struct trie *t, uint32_t at, const struct trie_row *row, uint32_t from, uint32_t to,
    unsigned depth, uint32_t background)
{
	struct trie_node node = { .first_leaf = t->leaves };
	struct block b;
	uint32_t last = 0, child;

	paint(&b, row, from, to, depth, background);
	for (unsigned i = 0; i < ARRAY_LEN(b.value); i++) {
		if (b.to[i] != 0) {
			node.child |= UINT64_C(1) << i;
			continue;
		}
		if (node.leaf == 0 || b.value[i] != last) {
			node.leaf |= UINT64_C(1) << i;
			last = b.value[i];
			put_leaf(t, last);
		}
	}
	node.first_child = take_nodes(t, (uint32_t)__builtin_popcountll(node.child));
	t->node[at] = node;
	child = node.first_child;
	for (unsigned i = 0; i < ARRAY_LEN(b.value); i++)
		if (b.to[i] != 0)
			build_node(t, child++, row, b.from[i], b.to[i], depth + TRIE_STRIDE,
			    b.value[i]);
}

/* Give back what doubling took too much of: the table no longer grows. */
static void
trim(struct trie *t)
{
	t->node_room = t->nodes;
	t->leaf_room = t->leaves;
	t->node = mem_grow(t->node, t->node_room, sizeof(*t->node));
	t->leaf = mem_grow(t->leaf, t->leaf_room, sizeof(*t->leaf));
}

void
trie_build(struct trie *t, const struct trie_row *row, size_t n)
{
	uint32_t slot, at, background, r = 0;

	memset(t, 0, sizeof(*t));
	assert(n < TRIE_NODE);
	t->root_bits = n <= SMALL_ROWS ? ROOT_BITS_SMALL : ROOT_BITS;
	t->root = mem_array((size_t)1 << t->root_bits, sizeof(*t->root));
	while (r < n) {
		uint32_t from;

		slot = slot_of(row[r].key, 0, t->root_bits);
		if (row[r].len <= t->root_bits) {
			uint32_t end = slot + (1u << (t->root_bits - row[r].len));

			for (uint32_t i = slot; i < end; i++)
				t->root[i] = row[r].value;
			r++;
			continue;
		}
		for (from = r; r < n && slot_of(row[r].key, 0, t->root_bits) == slot; r++)
			continue;
		at = take_nodes(t, 1);
		background = t->root[slot];
		t->root[slot] = TRIE_NODE | at;
		build_node(t, at, row, from, r, t->root_bits, background);
	}
	trim(t);
}

void
trie_done(struct trie *t)
{
	mem_free(t->root);
	mem_free(t->node);
	mem_free(t->leaf);
	memset(t, 0, sizeof(*t));
}

size_t
trie_bytes(const struct trie *t)
{
	return sizeof(*t->root) * ((size_t)1 << t->root_bits) + sizeof(*t->node) * t->node_room +
	    sizeof(*t->leaf) * t->leaf_room;
}

/* ---- many at once ------------------------------------------------------------------------ */

/* One node further. False when the walk has arrived. What is touched next is prefetched. */
static inline bool
walk_on(struct trie_walk *w)
{
	const struct trie_node *node = &w->trie->node[w->at & ~TRIE_NODE];
	unsigned slot = (unsigned)(w->key >> (128 - TRIE_STRIDE));
	uint64_t upto = UINT64_MAX >> (63 - slot);

	if (node->child >> slot & 1) {
		w->at = TRIE_NODE | (node->first_child +
		    (unsigned)__builtin_popcountll(node->child & upto) - 1);
		w->key <<= TRIE_STRIDE;
		__builtin_prefetch(&w->trie->node[w->at & ~TRIE_NODE]);
		return true;
	}
	w->value = &w->trie->leaf[node->first_leaf +
	    (unsigned)__builtin_popcountll(node->leaf & upto) - 1];
	__builtin_prefetch(w->value);
	return false;
}

void
trie_walk_all(struct trie_walk *walk, unsigned n)
{
	uint8_t open[TRIE_WALKS];
	unsigned opened = 0, left;

	for (unsigned i = 0; i < n; i++) {
		struct trie_walk *w = &walk[i];

		w->at = *w->value;
		w->key <<= w->trie->root_bits;
		if (w->at & TRIE_NODE) {
			__builtin_prefetch(&w->trie->node[w->at & ~TRIE_NODE]);
			open[opened++] = (uint8_t)i;
		}
	}
	for (; opened > 0; opened = left) {
		left = 0;
		for (unsigned i = 0; i < opened; i++)
			if (walk_on(&walk[open[i]]))
				open[left++] = open[i];
	}
}
