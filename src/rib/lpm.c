/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct indexing in place. Inserting a prefix and removing it are the same act, done in opposite
 * directions: over the prefix's range, entries of `from` become entries of `to`, and what is
 * longer has its topmost ancestor below `from` moved over to `to` (DESIGN.md 5, LIMITS.md 2.2).
 */
#include "rib/lpm.h"

#include <assert.h>

#include "core/mem.h"

const struct lpm_shape lpm_small = { 8, 4, 8, UINT32_C(1) << 20 };
const struct lpm_shape lpm_big4 = { 24, 8, 8, UINT32_C(1) << 21 };
const struct lpm_shape lpm_big6 = { 24, 8, 16, UINT32_C(1) << 21 };

static size_t
root_bytes(const struct lpm *l)
{
	return sizeof(cell_t) << l->shape.root_bits;
}

static size_t
node_bytes(const struct lpm *l)
{
	return sizeof(cell_t) << l->shape.stride;
}

static size_t
short_bytes(const struct lpm *l)
{
	return sizeof(cell_t) << (l->shape.short_bits - 1);
}

struct lpm *
lpm_new(const struct lpm_shape *shape)
{
	struct lpm *l = mem_new(sizeof(*l));
	int huge = shape->root_bits > 16;

	l->shape = *shape;
	l->free_node = LPM_NODE;
	l->root = huge ? mem_reserve(root_bytes(l), 1) : mem_aligned(root_bytes(l));
	l->node = mem_reserve(shape->nodes_most * node_bytes(l), huge);
	/* Not in large pages: these are read where a longest match has no answer only, and the first route
	   after growing would have to wait until the kernel has cleared one of each. */
	l->link = mem_reserve(LPM_IDS * sizeof(cell_t), 0);
	l->len = mem_reserve(LPM_IDS, 0);
	l->shorts = mem_aligned(short_bytes(l));
	l->filled = mem_reserve(shape->nodes_most * sizeof(l->filled[0]), 0);
	return l;
}

void
lpm_free(struct lpm *l)
{
	if (l == NULL)
		return;
	if (l->shape.root_bits > 16)
		mem_unreserve(l->root, root_bytes(l));
	else
		mem_free(l->root);
	mem_unreserve(l->node, l->shape.nodes_most * node_bytes(l));
	mem_unreserve(l->link, LPM_IDS * sizeof(cell_t));
	mem_unreserve(l->len, LPM_IDS);
	mem_free(l->shorts);
	mem_unreserve(l->filled, l->shape.nodes_most * sizeof(l->filled[0]));
	mem_free(l);
}

size_t
lpm_areas(const struct lpm *l, struct mem_area ret[LPM_AREAS])
{
	size_t n = 0;

	assert(l->nodes == 0);
	if (l->shape.root_bits > 16)
		ret[n++] = (struct mem_area){ l->root, root_bytes(l) };
	ret[n++] = (struct mem_area){ l->node, l->nodes_high * (size_t)node_bytes(l) };
	ret[n++] = (struct mem_area){ l->link, LPM_IDS * sizeof(cell_t) };
	ret[n++] = (struct mem_area){ l->len, LPM_IDS };
	ret[n++] = (struct mem_area){ l->filled, l->nodes_high * sizeof(l->filled[0]) };
	return n;
}

void
lpm_released(struct lpm *l)
{
	l->nodes_high = 0;
	l->free_node = LPM_NODE;
}

uint64_t
lpm_bytes(const struct lpm *l)
{
	return root_bytes(l) + short_bytes(l) + l->nodes_high * (uint64_t)node_bytes(l);
}

static uint32_t
parent_of(const struct lpm *l, uint32_t id)
{
	return cell_get(&l->link[id]) >> 8;
}

static void
set_parent(struct lpm *l, uint32_t id, uint32_t parent)
{
	cell_put(&l->link[id], parent << 8 | (cell_get(&l->link[id]) & 0xff));
}

/* The longest prefix of `len` bits or less that covers the key, among those of its class. */
static uint32_t
cover(const struct lpm *l, struct lpm_key key, uint8_t len)
{
	uint32_t id = len < l->shape.short_bits ? lpm_short(l, key) :
	    lpm_entry_id(lpm_descend(l, cell_get(lpm_root_at(l, key)), key));

	while (id != 0 && lpm_len(l, id) > len)
		id = parent_of(l, id);
	return id;
}

uint32_t
lpm_find(const struct lpm *l, struct lpm_key key, uint8_t len)
{
	uint32_t id = cover(l, key, len);

	return id != 0 && lpm_len(l, id) == len ? id : 0;
}

static cell_t *
node_cells(struct lpm *l, uint32_t entry)
{
	return &l->node[(size_t)(entry & ~LPM_NODE) << l->shape.stride];
}

/* From and to are entries, or bare ids where the cells are those of `shorts`. */
static void
repaint(struct lpm *l, cell_t *cell, size_t n, uint32_t from, uint32_t to)
{
	const uint32_t from_id = lpm_entry_id(from), to_id = lpm_entry_id(to);
	uint32_t last = to;

	for (size_t i = 0; i < n; i++) {
		uint32_t v = cell_get(&cell[i]);

		if (v == from) {
			cell_put(&cell[i], to);
		} else if (v & LPM_NODE) {
			repaint(l, node_cells(l, v), (size_t)1 << l->shape.stride, from, to);
		} else if (v != last && v != to) {
			uint32_t top = lpm_entry_id(v), up;

			while ((up = parent_of(l, top)) != from_id && up != to_id)
				top = up;
			if (up == from_id)
				set_parent(l, top, to_id);
			last = v;
		}
	}
}

/* Where a prefix lives: the entries it spans, and the nodes on the way to them. */
struct span {
	cell_t *cell;
	size_t n;
	unsigned depth;
	uint32_t node[32];		/* from the root's child down to its own */
	cell_t *above[32];		/* the entry that holds each of them */
};

static uint32_t
node_new(struct lpm *l, uint32_t fill)
{
	uint32_t node = l->free_node;
	cell_t *cell;

	if (node != LPM_NODE) {
		cell = node_cells(l, node);
		l->free_node = cell_get(cell);
	} else {
		node = l->nodes_high++;
		cell = node_cells(l, node);
	}
	l->nodes++;
	l->filled[node] = 0;
	for (size_t i = 0; i < (size_t)1 << l->shape.stride; i++)
		atomic_store_explicit(&cell[i], fill, memory_order_relaxed);
	return node;
}

void
lpm_node_free(struct lpm *l, uint32_t node)
{
	cell_put(node_cells(l, node), l->free_node);
	l->free_node = node;
	l->nodes--;
}

/* Go to a prefix's place; nodes that are missing on the way are made. */
static void
go_to(struct lpm *l, struct lpm_key key, uint8_t len, struct span *ret)
{
	unsigned at = 0, bits = l->shape.root_bits;
	cell_t *cell = l->root;
	struct span s = { 0 };

	while (len > at + bits) {
		cell_t *entry = &cell[lpm_bits(key, at, bits)];
		uint32_t v = cell_get(entry);

		if (!(v & LPM_NODE)) {
			v = node_new(l, v) | LPM_NODE;
			cell_put(entry, v);
			if (s.depth > 0)
				l->filled[s.node[s.depth - 1]]++;
		}
		s.above[s.depth] = entry;
		s.node[s.depth++] = v & ~LPM_NODE;
		cell = node_cells(l, v);
		at += bits;
		bits = l->shape.stride;
	}
	s.n = (size_t)1 << (at + bits - len);
	s.cell = &cell[lpm_bits(key, at, bits) & ~(uint32_t)(s.n - 1)];
	*ret = s;
}

static struct span
short_span(struct lpm *l, struct lpm_key key, uint8_t len)
{
	unsigned bits = l->shape.short_bits - 1u;
	size_t n = (size_t)1 << (bits - len);

	return (struct span){
		.cell = &l->shorts[lpm_bits(key, 0, bits) & ~(uint32_t)(n - 1)],
		.n = n,
	};
}

int
lpm_insert(struct lpm *l, struct lpm_key key, uint8_t len, uint32_t id)
{
	uint32_t parent = cover(l, key, len);
	struct span s;

	assert(id > 0 && id < LPM_IDS && (parent == 0 || lpm_len(l, parent) < len));
	cell_put(&l->link[id], parent << 8 | len);
	atomic_store_explicit(&l->len[id], len, memory_order_relaxed);
	if (len < l->shape.short_bits) {
		s = short_span(l, key, len);
		repaint(l, s.cell, s.n, parent, id);
		return 0;
	}
	if (len > l->shape.root_bits && l->nodes + 32 > l->shape.nodes_most)
		return -1;
	go_to(l, key, len, &s);
	if (s.depth > 0)
		l->filled[s.node[s.depth - 1]]++;
	repaint(l, s.cell, s.n, lpm_entry(parent, lpm_len(l, parent)), lpm_entry(id, len));
	return 0;
}

void
lpm_remove(struct lpm *l, struct lpm_key key, uint8_t len, uint32_t id,
    const struct lpm_retire *retire)
{
	uint32_t parent = parent_of(l, id);
	struct span s;

	if (len < l->shape.short_bits) {
		s = short_span(l, key, len);
		repaint(l, s.cell, s.n, id, parent);
		return;
	}
	go_to(l, key, len, &s);
	repaint(l, s.cell, s.n, lpm_entry(id, len), lpm_entry(parent, lpm_len(l, parent)));
	/* A node in which nothing lives any more says the same everywhere: its entry says it. */
	while (s.depth > 0 && --l->filled[s.node[s.depth - 1]] == 0) {
		s.depth--;
		cell_put(s.above[s.depth], cell_get(node_cells(l, s.node[s.depth])));
		retire->node(retire->ctx, l, s.node[s.depth]);
	}
}
