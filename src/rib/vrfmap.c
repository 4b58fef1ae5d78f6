/* SPDX-License-Identifier: BSD-2-Clause */
/* VRFs by the route targets they import, and by their own RD: two sorted lists. Files: vrfmap_file.c. */
#include "rib/vrfmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

struct pair {
	uint64_t value;			/* a route target, or an RD */
	uint64_t vrf;
};

struct vrfmap {
	uint64_t *rd;			/* by VRF, in the order they were told */
	size_t vrfs;
	struct pair *rt, *own;		/* sorted once sealed; own: by RD */
	size_t rts, rt_room;
	uint32_t *mark, stamp;		/* by VRF: found already */
	uint64_t digest;
};

struct vrfmap *
vrfmap_new(void)
{
	return mem_new(sizeof(struct vrfmap));
}

void
vrfmap_free(struct vrfmap *map)
{
	if (map == NULL)
		return;
	mem_free(map->rd);
	mem_free(map->rt);
	mem_free(map->own);
	mem_free(map->mark);
	mem_free(map);
}

/* The VRF's number; SIZE_MAX: there is no room. Maps are told once, by people: a plain search will do. */
static size_t
vrf_of(struct vrfmap *map, uint64_t rd)
{
	for (size_t i = map->vrfs; i-- > 0;)
		if (map->rd[i] == rd)
			return i;
	if (map->vrfs == VRFS_MOST)
		return SIZE_MAX;
	map->rd = mem_grow(map->rd, map->vrfs + 1, sizeof(*map->rd));
	map->rd[map->vrfs] = rd;
	return map->vrfs++;
}

int
vrfmap_add(struct vrfmap *map, uint64_t rd, uint64_t rt)
{
	size_t vrf = vrf_of(map, rd);

	if (vrf == SIZE_MAX)
		return -1;
	if (map->rts == map->rt_room) {
		map->rt_room = map->rt_room * 2 + 16;
		map->rt = mem_grow(map->rt, map->rt_room, sizeof(*map->rt));
	}
	map->rt[map->rts++] = (struct pair){ rt, vrf };
	return 0;
}

static int
by_value(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->vrf < b->vrf ? -1 : a->vrf > b->vrf;
}

void
vrfmap_seal(struct vrfmap *map)
{
	map->own = mem_array(map->vrfs + 1, sizeof(*map->own));
	for (size_t i = 0; i < map->vrfs; i++)
		map->own[i] = (struct pair){ map->rd[i], i };
	qsort(map->own, map->vrfs, sizeof(*map->own), by_value);
	if (map->rts > 0)
		qsort(map->rt, map->rts, sizeof(*map->rt), by_value);
	map->mark = mem_array(map->vrfs + 1, sizeof(*map->mark));
	map->digest = hash_seed() | 1;
	for (size_t i = 0; i < map->rts; i++)
		map->digest = hash_words((const uint64_t[]){ map->rt[i].value,
		    map->rd[map->rt[i].vrf] }, 2, map->digest);
	map->digest |= 1;
}

uint64_t
vrfmap_digest(const struct vrfmap *map)
{
	return map != NULL ? map->digest : 0;
}

size_t
vrfmap_count(const struct vrfmap *map)
{
	return map->vrfs;
}

uint64_t
vrfmap_rd(const struct vrfmap *map, uint16_t vrf)
{
	assert(vrf < map->vrfs);
	return map->rd[vrf];
}

bool
vrfmap_was_found(const struct vrfmap *map, uint16_t vrf)
{
	return map->mark[vrf] == map->stamp;
}

/* Where pairs of this value begin. */
static size_t
first_of(const struct pair *pair, size_t n, uint64_t value)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (pair[mid].value < value)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static size_t
take(struct vrfmap *map, const struct pair *pair, size_t pairs, uint64_t value, uint16_t *ret, size_t n)
{
	for (size_t i = first_of(pair, pairs, value); i < pairs && pair[i].value == value; i++) {
		if (map->mark[pair[i].vrf] == map->stamp)
			continue;
		map->mark[pair[i].vrf] = map->stamp;
		ret[n++] = (uint16_t)pair[i].vrf;
	}
	return n;
}

size_t
vrfmap_members(struct vrfmap *map, uint64_t rd, const uint8_t *ecomms, size_t len, uint16_t *ret)
{
	size_t n;

	if (++map->stamp == 0) {
		memset(map->mark, 0, map->vrfs * sizeof(*map->mark));
		map->stamp = 1;
	}
	n = take(map, map->own, map->vrfs, rd, ret, 0);
	for (size_t at = 0; at + 8 <= len; at += 8) {
		uint64_t rt = 0;

		for (unsigned i = 0; i < 8; i++)
			rt = rt << 8 | ecomms[at + i];
		n = take(map, map->rt, map->rts, rt, ret, n);
	}
	return n;
}
