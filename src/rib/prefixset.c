/* SPDX-License-Identifier: BSD-2-Clause */
/* Ids, growth and idle prefixes of a table; matching is lpm.c's. */
#include "rib/prefixset.h"

#include <assert.h>

#include "core/mem.h"

#define STATE_PRESENT	(UINT32_C(1) << 31)	/* in the index */
#define STATE_IDLE	(UINT32_C(1) << 30)	/* in the list of idle ones */
#define STATE_HOLDERS	(STATE_IDLE - 1)

#define RELEASE_FROM	4096			/* ids, below which there is little to give back */

#define COPY_PER_CALL	16
#define COPY_PER_LOOK	64			/* between two looks at the clock */

static size_t
key_bytes(const struct prefixset *ps)
{
	return ps->v6 ? sizeof(struct lpm_key) : sizeof(uint32_t);
}

void
prefixset_init(struct prefixset *ps, bool v6, struct limbo *limbo)
{
	*ps = (struct prefixset){ .v6 = v6, .small = true, .limbo = limbo };
	ps->state = mem_reserve(LPM_IDS * sizeof(ps->state[0]), 0);
	ps->key = mem_reserve(LPM_IDS * key_bytes(ps), 0);
	atomic_store_explicit(&ps->lpm, lpm_new(&lpm_small), memory_order_release);
}

void
prefixset_done(struct prefixset *ps)
{
	lpm_free(prefixset_lpm(ps));
	lpm_free(ps->next);
	mem_free(ps->free_id);
	mem_free(ps->idle);
	mem_unreserve(ps->state, LPM_IDS * sizeof(ps->state[0]));
	mem_unreserve(ps->key, LPM_IDS * key_bytes(ps));
}

static struct lpm_key
key_get(const struct prefixset *ps, uint32_t id)
{
	if (ps->v6)
		return ((const struct lpm_key *)ps->key)[id];
	return (struct lpm_key){ .hi = (uint64_t)((const uint32_t *)ps->key)[id] << 32 };
}

static void
key_set(struct prefixset *ps, uint32_t id, struct lpm_key key)
{
	if (ps->v6)
		((struct lpm_key *)ps->key)[id] = key;
	else
		((uint32_t *)ps->key)[id] = (uint32_t)(key.hi >> 32);
}

struct prefix
prefixset_prefix(const struct prefixset *ps, uint32_t id)
{
	struct lpm_key key = key_get(ps, id);
	struct prefix p = { .len = lpm_len(prefixset_lpm(ps), id) };

	if (!ps->v6) {
		p.addr = addr_of_v4((uint32_t)(key.hi >> 32));
		return p;
	}
	for (unsigned i = 0; i < 8; i++) {
		p.addr.b[i] = (uint8_t)(key.hi >> (56 - 8 * i));
		p.addr.b[8 + i] = (uint8_t)(key.lo >> (56 - 8 * i));
	}
	return p;
}

static void
push(uint32_t **list, uint32_t *n, uint32_t *room, uint32_t id)
{
	if (*n == *room) {
		*room = *room > 0 ? 2 * *room : 64;
		*list = mem_grow(*list, *room, sizeof(**list));
	}
	(*list)[(*n)++] = id;
}

/* Grace periods are over: an id, a node, a whole index. */
static void
id_free(void *owner, void *thing, uint32_t id)
{
	struct prefixset *ps = owner;

	(void)thing;
	push(&ps->free_id, &ps->free_ids, &ps->free_room, id);
}

static void
node_free(void *owner, void *thing, uint32_t node)
{
	(void)owner;
	lpm_node_free(thing, node);
}

static void
index_free(void *owner, void *thing, uint32_t number)
{
	(void)owner;
	(void)number;
	lpm_free(thing);
}

static void
node_retire(void *ctx, struct lpm *l, uint32_t node)
{
	limbo_put(ctx, (struct limbo_item){ node_free, NULL, l, node });
}

/* Copy up to n ids into the next index; publish it when it has all. */
static void
grow(struct prefixset *ps, unsigned n)
{
	struct lpm *old = prefixset_lpm(ps);

	for (; n > 0 && ps->next_at <= ps->high; n--, ps->next_at++) {
		uint32_t id = ps->next_at;

		if (!(ps->state[id] & STATE_PRESENT))
			continue;
		/* Its nodes cannot run out: the small set had bounded it long before. */
		if (lpm_insert(ps->next, key_get(ps, id), lpm_len(old, id), id) != 0)
			assert(!"room in a fresh index");
	}
	if (ps->next_at <= ps->high)
		return;
	atomic_store_explicit(&ps->lpm, ps->next, memory_order_release);
	limbo_put(ps->limbo, (struct limbo_item){ index_free, NULL, old, 0 });
	ps->next = NULL;
	ps->small = false;
}

static void
grow_step(struct prefixset *ps)
{
	if (ps->next == NULL && ps->small && ps->live > PREFIXSET_SMALL) {
		ps->next = lpm_new(ps->v6 ? &lpm_big6 : &lpm_big4);
		ps->next_at = 1;
		mem_prefer_huge(ps->state, LPM_IDS * sizeof(ps->state[0]));
		mem_prefer_huge(ps->key, LPM_IDS * key_bytes(ps));
	}
	if (ps->next != NULL)
		grow(ps, COPY_PER_CALL);
}

uint32_t
prefixset_find(const struct prefixset *ps, struct lpm_key key, uint8_t len)
{
	return lpm_find(prefixset_lpm(ps), key, len);
}

static uint32_t
add(struct prefixset *ps, struct lpm_key key, uint8_t len)
{
	uint32_t id = ps->free_ids > 0 ? ps->free_id[ps->free_ids - 1] : ps->high + 1;

	if (id >= LPM_IDS || lpm_insert(prefixset_lpm(ps), key, len, id) != 0)
		return 0;
	if (ps->next != NULL && id < ps->next_at && lpm_insert(ps->next, key, len, id) != 0)
		assert(!"room in a fresh index");
	if (ps->free_ids > 0)
		ps->free_ids--;
	else
		ps->high = id;
	key_set(ps, id, key);
	ps->state[id] = STATE_PRESENT;
	ps->live++;
	grow_step(ps);
	return id;
}

uint32_t
prefixset_get(struct prefixset *ps, struct lpm_key key, uint8_t len)
{
	uint32_t id = prefixset_find(ps, key, len);

	return id != 0 ? id : add(ps, key, len);
}

void
prefixset_hold(struct prefixset *ps, uint32_t id)
{
	ps->state[id]++;
}

void
prefixset_drop(struct prefixset *ps, uint32_t id)
{
	assert((ps->state[id] & STATE_HOLDERS) > 0);
	ps->state[id]--;
	prefixset_unused(ps, id);
}

void
prefixset_unused(struct prefixset *ps, uint32_t id)
{
	if ((ps->state[id] & (STATE_HOLDERS | STATE_IDLE)) != 0)
		return;
	ps->state[id] |= STATE_IDLE;
	push(&ps->idle, &ps->idles, &ps->idle_room, id);
}

static void
remove_prefix(struct prefixset *ps, uint32_t id)
{
	struct lpm *l = prefixset_lpm(ps);
	const struct lpm_retire retire = { node_retire, ps->limbo };
	struct lpm_key key = key_get(ps, id);
	uint8_t len = lpm_len(l, id);

	lpm_remove(l, key, len, id, &retire);
	if (ps->next != NULL && id < ps->next_at)
		lpm_remove(ps->next, key, len, id, &retire);
	ps->state[id] = 0;
	ps->live--;
	limbo_put(ps->limbo, (struct limbo_item){ id_free, ps, NULL, id });
}

/* The last prefix has gone, and every id came back: the memory may go as well. True: more of it. */
static bool
release(struct prefixset *ps)
{
	struct lpm *l = prefixset_lpm(ps);
	struct mem_area area[LPM_AREAS + 2];
	size_t n;

	if (ps->live > 0 || ps->high < RELEASE_FROM || ps->free_ids < ps->high || ps->next != NULL ||
	    l->nodes > 0) {
		ps->released = 0;
		return false;
	}
	n = lpm_areas(l, area);
	area[n++] = (struct mem_area){ ps->state, LPM_IDS * sizeof(ps->state[0]) };
	area[n++] = (struct mem_area){ ps->key, LPM_IDS * key_bytes(ps) };
	if (mem_release_some(area, n, &ps->released))
		return true;
	lpm_released(l);
	mem_free(ps->free_id);
	ps->free_id = NULL;
	ps->free_ids = ps->free_room = ps->high = 0;
	return false;
}

bool
prefixset_work(struct prefixset *ps, mono_t until)
{
	for (unsigned n = 1; ps->idles > 0; n++) {
		uint32_t id = ps->idle[--ps->idles];

		ps->state[id] &= ~STATE_IDLE;
		if ((ps->state[id] & STATE_HOLDERS) == 0)
			remove_prefix(ps, id);
		if (n % COPY_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
			return true;
	}
	if (ps->idle_room > 1024) {
		mem_free(ps->idle);
		ps->idle = NULL;
		ps->idle_room = 0;
	}
	while (release(ps))
		if (mono_since(mono_now(), until) >= 0)
			return true;
	while (ps->next != NULL) {
		grow(ps, COPY_PER_LOOK);
		if (mono_since(mono_now(), until) >= 0)
			return ps->next != NULL;
	}
	return false;
}

uint64_t
prefixset_bytes(const struct prefixset *ps)
{
	return lpm_bytes(prefixset_lpm(ps)) + (ps->next != NULL ? lpm_bytes(ps->next) : 0) +
	    ps->high * (uint64_t)(key_bytes(ps) + sizeof(ps->state[0]) + sizeof(cell_t));
}
