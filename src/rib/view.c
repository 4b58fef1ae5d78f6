/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: which columns answer for a router, and what people want to know of that. Looking up in
 * them is lookup.c's.
 *
 * A view is made at the first teller of a router (twice: by its session address, by its router
 * id) or at the first column of one of its VPN tables; it stays for the life of the RIB, so its
 * pointer is always good. What changes is its list of columns per address family, published whole.
 */
#include "rib/view.h"

#include <assert.h>

#include "core/mem.h"
#include "rib/rib_priv.h"
#include "rib/view_priv.h"

#define BUCKETS		4096

struct views {
	struct view *_Atomic bucket[BUCKETS];
};

void
views_init(struct rib *rib)
{
	rib->views = mem_new(sizeof(*rib->views));
}

void
views_done(struct rib *rib)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct view *v = rib->views->bucket[i], *next;

		for (; v != NULL; v = next) {
			next = v->next;
			for (size_t afi = 0; afi < RIB_AFIS; afi++)
				mem_free(v->list[afi]);
			mem_free(v);
		}
	}
	mem_free(rib->views);
}

static struct view *_Atomic *
bucket_of(const struct rib *rib, const struct addr *router, uint64_t rd, bool by_id)
{
	uint64_t word[4] = { 0, 0, rd, by_id };

	memcpy(word, router->b, sizeof(router->b));
	return &rib->views->bucket[hash_words(word, ARRAY_LEN(word), hash_seed()) % BUCKETS];
}

static struct view *
find(const struct rib *rib, const struct addr *router, uint64_t rd, bool by_id)
{
	struct view *v = atomic_load_explicit(bucket_of(rib, router, rd, by_id),
	    memory_order_acquire);

	while (v != NULL && (v->rd != rd || v->by_id != by_id || !addr_eq(&v->router, router)))
		v = v->next;
	return v;
}

static bool
has_users(const struct view *v)
{
	return v != NULL && atomic_load_explicit(&((struct view *)(uintptr_t)v)->users,
	    memory_order_acquire) > 0;
}

const struct view *
view_find(const struct rib *rib, const struct addr *router, uint64_t rd, bool by_router_id)
{
	const struct view *v = by_router_id ? find(rib, router, 0, true) : NULL;
	const struct view *vpn;

	if (!has_users(v))
		v = find(rib, router, 0, false);
	if (!has_users(v))
		return NULL;
	vpn = rd != 0 ? find(rib, router, rd | RD_VRF, v->by_id) : NULL;
	if (rd != 0 && !has_users(vpn))
		vpn = find(rib, router, rd, v->by_id);
	return has_users(vpn) ? vpn : v;
}

bool
view_is_up(const struct view *view)
{
	struct view *v = (struct view *)(uintptr_t)(view->global != NULL ? view->global : view);

	return atomic_load_explicit(&v->down, memory_order_relaxed) <
	    atomic_load_explicit(&v->users, memory_order_relaxed);
}

uint64_t
view_rd(const struct view *view)
{
	return view->rd;
}

uint32_t
rib_generation(const struct rib *rib)
{
	return atomic_load_explicit(&((struct rib *)(uintptr_t)rib)->generation,
	    memory_order_acquire);
}

/* --- the writer's side ------------------------------------------------------------------------ */

static struct view *
get(struct rib *rib, const struct addr *router, uint64_t rd, bool by_id)
{
	struct view *v = find(rib, router, rd, by_id);
	struct view *_Atomic *bucket;

	if (v != NULL)
		return v;
	bucket = bucket_of(rib, router, rd, by_id);
	v = mem_new(sizeof(*v));
	v->router = *router;
	v->rd = rd;
	v->by_id = by_id;
	if (rd != 0)
		v->global = get(rib, router, 0, by_id);
	v->next = atomic_load_explicit(bucket, memory_order_relaxed);
	atomic_store_explicit(bucket, v, memory_order_release);
	return v;
}

static void
count_users(struct rib *rib, struct view *v, int by)
{
	uint32_t users = atomic_load_explicit(&v->users, memory_order_relaxed);
	uint32_t now = users + (uint32_t)by;

	atomic_store_explicit(&v->users, now, memory_order_release);
	if (users == 0 || now == 0)
		atomic_fetch_add_explicit(&rib->generation, 1, memory_order_release);
}

void
views_teller(struct rib *rib, const struct teller *t, int by)
{
	if (t->info.rank == TELLER_UNSEEN)
		return;
	count_users(rib, get(rib, &t->info.router, 0, false), by);
	if (addr_is_set(&t->info.router_id))
		count_users(rib, get(rib, &t->info.router_id, 0, true), by);
}

static void
count_down(struct rib *rib, struct view *v, int by)
{
	atomic_fetch_add_explicit(&v->down, (uint32_t)by, memory_order_relaxed);
	atomic_fetch_add_explicit(&rib->generation, 1, memory_order_release);
}

void
views_down(struct rib *rib, const struct teller *t, int by)
{
	if (t->info.rank == TELLER_UNSEEN)
		return;
	count_down(rib, get(rib, &t->info.router, 0, false), by);
	if (addr_is_set(&t->info.router_id))
		count_down(rib, get(rib, &t->info.router_id, 0, true), by);
}

/*
 * What answers first: tiers, which are a kind of teller and of BMP one of the router's RIBs, are tried
 * one after the other; in a tier VPN, EVPN, unicast, labelled; then by age.
 */
static bool
before(const struct column *x, const struct column *y)
{
	static const uint8_t rank[RIB_SAFIS] = {
		[RIB_VPN] = 0, [RIB_EVPN] = 1, [RIB_UNICAST] = 2, [RIB_LABELLED] = 3,
	};

	if (x->tier != y->tier)
		return x->tier < y->tier;
	if (x->safi != y->safi)
		return rank[x->safi] < rank[y->safi];
	return x->teller->number < y->teller->number;
}

static void
list_free(void *owner, void *thing, uint32_t number)
{
	(void)owner;
	(void)number;
	mem_free(thing);
}

static void
relist(struct rib *rib, struct view *v, struct column *col, bool add)
{
	enum rib_afi afi = col->table->afi;
	struct collist *old = atomic_load_explicit(&v->list[afi], memory_order_relaxed);
	uint32_t n = old != NULL ? old->n : 0;
	struct collist *list = mem_new(sizeof(*list) + (n + 1) * sizeof(list->col[0]));

	list->table = col->table;
	for (uint32_t i = 0; i < n; i++) {
		if (add && before(col, old->col[i])) {
			list->col[list->n++] = col;
			add = false;
		}
		if (old->col[i] != col)
			list->col[list->n++] = old->col[i];
	}
	if (add)
		list->col[list->n++] = col;
	if (list->n == 0) {
		mem_free(list);
		list = NULL;
	} else {
		list->first = tier_end(list, 0);
	}
	atomic_store_explicit(&v->list[afi], list, memory_order_release);
	if (old != NULL)
		limbo_put(&rib->limbo, (struct limbo_item){ list_free, NULL, old, 0 });
}

void
views_column(struct rib *rib, struct column *col, bool add)
{
	const struct teller_info *info = &col->teller->info;
	const struct addr *router[] = { &info->router, &info->router_id };

	if (info->rank == TELLER_UNSEEN)
		return;
	for (size_t by_id = 0; by_id < ARRAY_LEN(router); by_id++) {
		struct view *v;

		if (by_id && !addr_is_set(router[by_id]))
			continue;
		v = get(rib, router[by_id], col->table->rd, by_id);
		relist(rib, v, col, add);
		if (v->global != NULL)
			count_users(rib, v, add ? 1 : -1);
	}
}

/* --- for people ------------------------------------------------------------------------------- */

struct telling {
	const struct rib *rib;
	struct view_candidate *ret;
	size_t n, room;
};

static void
tell_column(struct telling *to, const struct column *c, uint32_t id)
{
	uint32_t cell = c->teller != NULL ? pages_get(&c->path, id) : 0;
	const struct member one = { 0, cell, 0 }, *m = &one;
	size_t n = cell != 0;

	if (cell & CELL_SET)
		m = attrstore_members(&to->rib->attrs, cell, &n);
	for (size_t i = 0; i < n; i++, to->n++)
		if (to->n < to->room)
			to->ret[to->n] = (struct view_candidate){ c->teller->info.name, m[i].path };
}

static void
tell_answer(struct telling *to, const struct column *c, uint32_t id, const struct addr *hint,
    uint32_t path, struct view_answer *ret)
{
	struct addr hop = rib_addr(to->rib, rib_path(to->rib, path)->next_hop);

	if (!c->teller->merges)
		tell_column(to, c, id);
	else
		for (const struct column *s = merged_sources(c); s != NULL; s = s->next_source)
			tell_column(to, s, id);
	ret->rib = c->teller->info.rib;
	ret->why = to->n <= 1 ? VIEW_ALONE :
	    hint != NULL && addr_is_set(hint) && addr_eq(&hop, hint) ? VIEW_NEXT_HOP :
	    VIEW_PREFERRED;
}

size_t
view_candidates(const struct rib *rib, const struct view *view, const struct addr *addr,
    const struct addr *hint, struct view_candidate *ret, size_t room, struct view_answer *ret_answer)
{
	struct telling to = { rib, ret, 0, room };
	const struct collist *list = view->list[afi_of(addr)];
	struct lpm_key key = lpm_key_of(addr);
	struct route route;
	const struct lpm *l;
	uint32_t id;

	view_lookup(rib, view, (struct addr_field){ addr, 0 }, (struct addr_field){ hint, 0 },
	    &route, 1);
	*ret_answer = (struct view_answer){ .rib = TELLER_RIB_ONE };
	if (view->global != NULL && (list == NULL || route.column >= list->n)) {
		route.column -= (uint16_t)(list != NULL ? list->n : 0);
		list = view->global->list[afi_of(addr)];
	}
	if (route.path == 0 || list == NULL)
		return 0;
	l = prefixset_lpm(&list->table->prefixes);
	for (id = lpm_first(l, key); id != 0 && lpm_len(l, id) != route.len;)
		id = lpm_next(l, key, id);
	tell_answer(&to, list->col[route.column], id, hint, route.path, ret_answer);
	return to.n;
}

const struct path *
rib_path(const struct rib *rib, uint32_t id)
{
	return attrstore_record(&rib->attrs, id);
}

const struct comm_set *
rib_comm_set(const struct rib *rib, uint32_t id)
{
	static const struct comm_set none;

	return id != 0 ? (const void *)attrstore_blob(&rib->attrs, id)->bytes : &none;
}

const uint8_t *
rib_attr(const struct rib *rib, enum attr_kind kind, uint32_t id, size_t *ret_len)
{
	const struct blob *b = attrstore_blob(&rib->attrs, id);

	(void)kind;		/* blobs of all kinds share their names */
	*ret_len = b->len;
	return b->bytes;
}

struct addr
rib_addr(const struct rib *rib, uint32_t id)
{
	return addr_of_bytes16(attrstore_blob(&rib->attrs, id)->bytes);
}
