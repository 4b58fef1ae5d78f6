/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views and lookups: the readers' side of the RIB.
 *
 * A view is made at the first teller of a router (twice: by its session address, by its router
 * id) or at the first column of one of its VPN tables; it stays for the life of the RIB, so its
 * pointer is always good. What changes is its list of columns per address family, published whole.
 */
#include "rib/view.h"

#include <assert.h>

#include "core/mem.h"
#include "rib/rib_priv.h"

#define BUCKETS		4096
#define BATCH		64

/* Columns of one table, in the order of preference. */
struct collist {
	const struct table *table;
	uint32_t n;
	uint32_t first;				/* those of the first tier */
	struct column *col[];
};

struct view {
	struct addr router;
	uint64_t rd;
	bool by_id;
	_Atomic uint32_t users;			/* tellers, or columns of a VPN table; 0: not found */
	_Atomic uint32_t down;			/* tellers that are down */
	struct collist *_Atomic list[RIB_AFIS];
	const struct view *global;		/* of a VPN view: looked at together with it */
	struct view *next;			/* in the bucket; set before it is published */
};

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

/* Where the tier that begins at a column ends. */
static uint32_t
tier_end(const struct collist *list, uint32_t from)
{
	uint32_t end = from;

	while (end < list->n && list->col[end]->tier == list->col[from]->tier)
		end++;
	return end;
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

/* --- lookups ---------------------------------------------------------------------------------- */

typedef struct page *const _Atomic *dir_t;

/* One family of a view, loaded once per batch. */
struct way {
	const struct collist *list;	/* NULL: nothing is told of this family */
	const struct lpm *lpm;
	dir_t dir;			/* of the first column */
};

static inline const struct addr *
field_at(struct addr_field f, size_t i)
{
	return (const void *)((const char *)f.first + i * f.stride);
}

/* One address on its way through the stages. */
struct seek {
	struct lpm_key key;
	const cell_t *cell;		/* the first column's for this id; NULL: it has none */
	uint32_t id;			/* a node on the way down; then the longest match */
	uint16_t at;			/* where in the batch */
	uint8_t len;			/* of the longest match */
};

static dir_t
dir_of(const struct column *c)
{
	return atomic_load_explicit(&((struct column *)(uintptr_t)c)->dir, memory_order_acquire);
}

static struct way
way_of(const struct view *v, enum rib_afi afi)
{
	struct way w = { .list = atomic_load_explicit(
	    &((struct view *)(uintptr_t)v)->list[afi], memory_order_acquire) };

	if (w.list != NULL) {
		w.lpm = prefixset_lpm(&w.list->table->prefixes);
		w.dir = dir_of(w.list->col[0]);
	}
	return w;
}

/* At a prefix, or where there is none: bring what the answer will need, the first column's cell. */
static inline void
arrive(const struct way *w, struct seek *s, uint32_t entry)
{
	uint32_t id = lpm_entry_id(entry);
	const struct page *page;

	s->cell = NULL;
	if (id != 0) {
		s->len = lpm_entry_len(entry);
	} else {
		id = lpm_short(w->lpm, s->key);
		s->len = lpm_len(w->lpm, id);
	}
	s->id = id;
	if (id == 0 || w->dir == NULL)
		return;
	page = atomic_load_explicit(
	    &((struct page *_Atomic *)(uintptr_t)w->dir)[id / PAGE_CELLS], memory_order_acquire);
	if (page == NULL)
		return;
	s->cell = &page->cell[id % PAGE_CELLS];
	__builtin_prefetch(s->cell);
}

/* All addresses down to ids, a level at a time, each level prefetched for the whole batch. */
static void
descend(const struct way *w, struct seek *s, size_t n)
{
	const struct lpm *l = w->lpm;
	const unsigned stride = l->shape.stride;
	unsigned at = l->shape.root_bits;
	uint8_t waiting[BATCH];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t entry = cell_get(lpm_root_at(l, s[i].key));

		if (!(entry & LPM_NODE)) {
			arrive(w, &s[i], entry);
			continue;
		}
		__builtin_prefetch(lpm_node_at(l, entry, s[i].key, at));
		s[i].id = entry;
		waiting[left++] = (uint8_t)i;
	}
	for (; left > 0; at += stride) {
		size_t still = 0;

		for (size_t k = 0; k < left; k++) {
			struct seek *x = &s[waiting[k]];
			uint32_t entry = cell_get(lpm_node_at(l, x->id, x->key, at));

			if (!(entry & LPM_NODE)) {
				arrive(w, x, entry);
				continue;
			}
			__builtin_prefetch(lpm_node_at(l, entry, x->key, at + stride));
			x->id = entry;
			waiting[still++] = waiting[k];
		}
		left = still;
	}
}

/* Of several paths: the one with the flow's own next hop, else the preferred one. */
static uint32_t
choose(const struct rib *rib, uint32_t cell, const struct addr *hint)
{
	const struct member *m;
	size_t n;

	m = attrstore_members(&rib->attrs, cell, &n);
	if (hint == NULL || !addr_is_set(hint))
		return m[0].path;
	for (size_t i = 0; i < n; i++) {
		struct addr hop = rib_addr(rib, attrstore_record(&rib->attrs, m[i].path)->next_hop);

		if (addr_eq(&hop, hint))
			return m[i].path;
	}
	return m[0].path;
}

/* The first column of a tier that has a route for an id, and its cell; 0: none has. */
static uint32_t
cell_of(const struct way *w, uint32_t from, uint32_t end, uint32_t id, uint16_t *ret_column)
{
	for (uint32_t c = from; c < end; c++) {
		dir_t dir = c == 0 ? w->dir : dir_of(w->list->col[c]);
		uint32_t cell = dir != NULL ? pages_cell(dir, id) : 0;

		if (cell != 0) {
			*ret_column = (uint16_t)c;
			return cell;
		}
	}
	return 0;
}

/* What the first tier has no answer for at all, from the next ones. */
static uint32_t
ask_tiers(const struct way *w, const struct seek *s, uint8_t *ret_len, uint16_t *ret_column)
{
	uint32_t end, cell = 0;

	for (uint32_t from = w->list->first; cell == 0 && from < w->list->n; from = end) {
		uint32_t id = s->id;

		end = tier_end(w->list, from);
		while (id != 0 && (cell = cell_of(w, from, end, id, ret_column)) == 0)
			id = lpm_next(w->lpm, s->key, id);
		*ret_len = id != 0 ? lpm_len(w->lpm, id) : 0;
	}
	return cell;
}

/*
 * From the longest match on to shorter ones, until a column of the tier has a route. Mostly that
 * is the first column, and its cell is on its way here since arrive.
 */
static inline void
resolve(const struct rib *rib, const struct way *w, const struct seek *s, struct addr_field hint,
    struct route *ret)
{
	uint32_t id = s->id, cell = s->cell != NULL ? cell_get(s->cell) : 0;
	uint16_t column = 0;
	uint8_t len = s->len;

	while (cell == 0 && id != 0) {
		cell = cell_of(w, 0, w->list->first, id, &column);
		if (cell == 0) {
			id = lpm_next(w->lpm, s->key, id);
			len = lpm_len(w->lpm, id);
		}
	}
	if (cell == 0 && w->list->first < w->list->n)
		cell = ask_tiers(w, s, &len, &column);
	if (cell & CELL_SET)
		cell = choose(rib, cell, hint.first != NULL ? field_at(hint, s->at) : NULL);
	ret->path = cell;
	ret->record = attrstore_record(&rib->attrs, cell);
	__builtin_prefetch(ret->record);
	ret->len = cell != 0 ? len : 0;
	ret->kind = cell == 0 ? ROUTE_NONE : ret->len == 0 ? ROUTE_DEFAULT :
	    cell & CELL_OWN ? ROUTE_OWN : ROUTE_FOUND;
	ret->column = column;
}

/* The addresses of one family that are in a batch; their keys and places are set. */
static void
look(const struct rib *rib, const struct way *w, struct seek *s, size_t n, struct addr_field hint,
    struct route *ret)
{
	if (w->list == NULL) {
		for (size_t i = 0; i < n; i++)
			ret[s[i].at] = (struct route){ .kind = ROUTE_NONE,
			    .record = attrstore_record(&rib->attrs, 0) };
		return;
	}
	descend(w, s, n);
	for (size_t i = 0; i < n; i++)
		resolve(rib, w, &s[i], hint, &ret[s[i].at]);
}

/* The global tables beside a VPN table: only a longer match goes before what it answered. */
static void
look_behind(const struct rib *rib, const struct way *vpn, const struct way *global,
    struct seek *s, size_t n, struct addr_field hint, struct route *ret)
{
	struct route other[BATCH];

	look(rib, global, s, n, hint, other);
	for (size_t i = 0; i < n; i++) {
		const struct route *o = &other[s[i].at];
		struct route *r = &ret[s[i].at];

		if (o->path == 0 || (r->path != 0 && r->len >= o->len))
			continue;
		*r = *o;
		r->column += (uint16_t)(vpn->list != NULL ? vpn->list->n : 0);
	}
}

static void
look_batch(const struct rib *rib, const struct view *view, struct addr_field addr,
    struct addr_field hint, struct route *ret, size_t n)
{
	const struct way way[RIB_AFIS] = { way_of(view, RIB_IP4), way_of(view, RIB_IP6) };
	struct seek seek[RIB_AFIS][BATCH];
	size_t count[RIB_AFIS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct addr *a = field_at(addr, i);
		enum rib_afi afi = afi_of(a);
		struct seek *s = &seek[afi][count[afi]++];

		s->key = lpm_key_of(a);
		s->at = (uint16_t)i;
		if (way[afi].lpm != NULL)
			__builtin_prefetch(lpm_root_at(way[afi].lpm, s->key));
	}
	for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++) {
		struct way global;

		if (count[afi] == 0)
			continue;
		look(rib, &way[afi], seek[afi], count[afi], hint, ret);
		if (view->global == NULL)
			continue;
		global = way_of(view->global, afi);
		look_behind(rib, &way[afi], &global, seek[afi], count[afi], hint, ret);
	}
}

void
view_lookup(const struct rib *rib, const struct view *view, struct addr_field addr,
    struct addr_field hint, struct route *ret, size_t n)
{
	for (size_t at = 0; at < n; at += BATCH) {
		look_batch(rib, view, addr, hint, ret + at, n - at < BATCH ? n - at : BATCH);
		addr.first = field_at(addr, BATCH);
		if (hint.first != NULL)
			hint.first = field_at(hint, BATCH);
	}
}

/* The first column's cell that says something about a prefix; not the way of a batch. */
static uint32_t
any_cell(const struct collist *list, uint32_t id, uint16_t *ret_column)
{
	uint32_t cell = 0;

	for (uint32_t c = 0; c < list->n && cell == 0; c++) {
		dir_t dir = dir_of(list->col[c]);

		cell = dir != NULL ? pages_cell(dir, id) : 0;
		*ret_column = (uint16_t)c;
	}
	return cell;
}

bool
view_shorter(const struct rib *rib, const struct view *view, const struct addr *a, uint8_t len,
    struct route *ret)
{
	const struct collist *list = atomic_load_explicit(
	    &((struct view *)(uintptr_t)view)->list[afi_of(a)], memory_order_acquire);
	const struct lpm *l = list != NULL ? prefixset_lpm(&list->table->prefixes) : NULL;
	struct lpm_key key = lpm_key_of(a);

	for (uint32_t id = l != NULL ? lpm_first(l, key) : 0; id != 0; id = lpm_next(l, key, id)) {
		uint8_t bits = lpm_len(l, id);
		uint16_t column = 0;
		uint32_t cell = bits < len ? any_cell(list, id, &column) : 0;

		if (cell == 0)
			continue;
		if (cell & CELL_SET)
			cell = choose(rib, cell, NULL);
		*ret = (struct route){ .path = cell, .len = bits, .column = column,
		    .record = attrstore_record(&rib->attrs, cell),
		    .kind = bits == 0 ? ROUTE_DEFAULT : cell & CELL_OWN ? ROUTE_OWN : ROUTE_FOUND };
		return true;
	}
	return view->global != NULL && view_shorter(rib, view->global, a, len, ret);
}

void
rib_comm_sets_prefetch(const struct rib *rib, const struct route *route, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(route[i].record->flags & PATH_COMMS_ALONE))
			__builtin_prefetch(attrstore_blob(&rib->attrs, route[i].record->comm_set));
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
