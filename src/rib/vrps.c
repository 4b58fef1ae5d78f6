/* SPDX-License-Identifier: BSD-2-Clause */
/* The set: entries lie densely, the last one takes the place of one that goes. */
#include "rib/vrps.h"

#include "core/hash.h"
#include "core/mem.h"

struct vrps {
	struct vrp *vrp;
	size_t count, room;
	struct slots at;
};

static uint64_t
vrp_hash(const struct vrp *p)
{
	uint64_t word[3] = { 0, 0, (uint64_t)p->as << 16 | (uint64_t)p->prefix.len << 8 | p->max_len };

	memcpy(word, p->prefix.addr.b, 16);
	return hash_words(word, 3, hash_seed());
}

static bool
same(const struct vrp *a, const struct vrp *b)
{
	return a->as == b->as && a->max_len == b->max_len && a->prefix.len == b->prefix.len &&
	    addr_eq(&a->prefix.addr, &b->prefix.addr);
}

static uint32_t
find(const struct vrps *v, const struct vrp *vrp)
{
	struct slots_at at;
	uint32_t i = slots_first(&v->at, vrp_hash(vrp), &at);

	while (i != SLOTS_NONE && !same(&v->vrp[i], vrp))
		i = slots_next(&v->at, &at);
	return i;
}

struct vrps *
vrps_new(void)
{
	struct vrps *v = mem_new(sizeof(*v));

	slots_init(&v->at, 1024);
	return v;
}

void
vrps_free(struct vrps *v)
{
	if (v == NULL)
		return;
	slots_done(&v->at);
	mem_free(v->vrp);
	mem_free(v);
}

int
vrps_add(struct vrps *v, const struct vrp *vrp)
{
	if (vrp->max_len < vrp->prefix.len || vrp->max_len > addr_bits(&vrp->prefix.addr) ||
	    v->count == VRPS_MOST || find(v, vrp) != SLOTS_NONE)
		return -1;
	if (v->count == v->room) {
		v->room = v->room > 0 ? 2 * v->room : 1024;
		v->vrp = mem_grow(v->vrp, v->room, sizeof(v->vrp[0]));
	}
	v->vrp[v->count] = *vrp;
	slots_add(&v->at, vrp_hash(vrp), (uint32_t)v->count++);
	return 0;
}

int
vrps_remove(struct vrps *v, const struct vrp *vrp)
{
	uint32_t i = find(v, vrp), last = (uint32_t)v->count - 1;

	if (i == SLOTS_NONE)
		return -1;
	slots_drop(&v->at, vrp_hash(vrp), i);
	if (i != last) {
		slots_drop(&v->at, vrp_hash(&v->vrp[last]), last);
		v->vrp[i] = v->vrp[last];
		slots_add(&v->at, vrp_hash(&v->vrp[i]), i);
	}
	v->count--;
	return 0;
}

size_t
vrps_count(const struct vrps *v)
{
	return v->count;
}

struct roa_table *
vrps_table(const struct vrps *v)
{
	struct roa_table *t = roa_new();

	for (size_t i = 0; i < v->count; i++)
		(void)roa_add(t, &v->vrp[i].prefix, v->vrp[i].max_len, v->vrp[i].as);
	return t;
}
