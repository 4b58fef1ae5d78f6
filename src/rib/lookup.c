/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups: from the addresses of a batch of flows to their routes.
 *
 * What costs time is memory that no cache has. So all ends of all flows of a batch go through the
 * same stages together, whatever their family and whoever's routes they see: the root of the
 * index, its nodes, the cell of the column, the record of the path. Each stage reads what the one
 * before it asked for, and by then some hundred other requests were on their way.
 */
#include "rib/view.h"

#include <assert.h>

#include "rib/view_priv.h"

#define BATCH		64
#define SEEKS		(BATCH * VIEW_ENDS)

typedef struct page *const _Atomic *dir_t;

/* One family of a view, loaded once per run of flows that share it. */
struct way {
	const struct collist *list;	/* NULL: nothing is told of this family */
	const struct lpm *lpm;
	dir_t dir;			/* of the first column */
};

/* One address on its way through the stages. */
struct seek {
	struct lpm_key key;
	const struct way *way;
	const cell_t *at;		/* what is read next: of the root, of a node, of the first column;
					   NULL: the column has nothing there */
	const struct addr *hint;	/* may be NULL */
	struct route *ret;
	uint32_t id;			/* the longest match */
	uint8_t len;			/* of it */
	uint8_t bits;			/* of the key that are behind us */
};

/* All that are looked for at once. */
struct hunt {
	const struct rib *rib;
	size_t n;
	struct seek seek[SEEKS];
	struct way way[BATCH][RIB_AFIS];	/* by run */
};

static inline const struct addr *
field_at(struct addr_field f, size_t i)
{
	return (const void *)((const char *)f.first + i * f.stride);
}

static dir_t
dir_of(const struct column *c)
{
	return atomic_load_explicit(&((struct column *)(uintptr_t)c)->dir, memory_order_acquire);
}

static struct way
way_of(const struct view *v, enum rib_afi afi)
{
	struct way w = { .list = v != NULL ? view_list(v, afi) : NULL };

	if (w.list != NULL) {
		w.lpm = prefixset_lpm(&w.list->table->prefixes);
		w.dir = dir_of(w.list->col[0]);
	}
	return w;
}

/* --- the answer --------------------------------------------------------------------------------- */

uint32_t
set_choose(const struct rib *rib, uint32_t cell, const struct addr *hint)
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

static inline void
answer(const struct rib *rib, struct route *ret, uint32_t cell, uint8_t len, uint16_t column)
{
	ret->path = cell;
	ret->record = attrstore_record(&rib->attrs, cell);
	__builtin_prefetch(ret->record);
	ret->len = cell != 0 ? len : 0;
	ret->kind = cell == 0 ? ROUTE_NONE : ret->len == 0 ? ROUTE_DEFAULT :
	    cell & CELL_OWN ? ROUTE_OWN : ROUTE_FOUND;
	ret->column = column;
}

/*
 * From the longest match on to shorter ones, until a column of the tier has a route. Mostly that
 * is the first column, and its cell is on its way here since arrive.
 */
static inline void
resolve(const struct rib *rib, const struct seek *s)
{
	const struct way *w = s->way;
	uint32_t id = s->id, cell = s->at != NULL ? cell_get(s->at) : 0;
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
		cell = set_choose(rib, cell, s->hint);
	answer(rib, s->ret, cell, len, column);
}

/* --- the way there ------------------------------------------------------------------------------ */

/* At a prefix, or where there is none: bring what the answer will need, the first column's cell. */
static inline void
arrive(struct seek *s, uint32_t entry)
{
	const struct way *w = s->way;
	uint32_t id = lpm_entry_id(entry);
	const struct page *page;

	s->at = NULL;
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
	s->at = &page->cell[id % PAGE_CELLS];
	__builtin_prefetch(s->at);
}

/* One level down. False: it ended at a prefix, or at none. */
static inline bool
step(struct seek *s)
{
	const struct lpm *l = s->way->lpm;
	uint32_t entry = cell_get(s->at);

	if (!(entry & LPM_NODE)) {
		arrive(s, entry);
		return false;
	}
	s->at = lpm_node_at(l, entry, s->key, s->bits);
	s->bits += l->shape.stride;
	__builtin_prefetch(s->at);
	return true;
}

/* All of them to their ids, a level at a time. */
static void
descend(struct hunt *h)
{
	uint8_t waiting[SEEKS];
	size_t left = 0, still;

	static_assert(SEEKS <= UINT8_MAX, "places fit a byte");
	for (size_t i = 0; i < h->n; i++)
		if (step(&h->seek[i]))
			waiting[left++] = (uint8_t)i;
	for (; left > 0; left = still) {
		still = 0;
		for (size_t k = 0; k < left; k++)
			if (step(&h->seek[waiting[k]]))
				waiting[still++] = waiting[k];
	}
}

static inline void
set_out(struct hunt *h, const struct way way[RIB_AFIS], const struct addr *a,
    const struct addr *hint, struct route *ret)
{
	const struct way *w = &way[afi_of(a)];
	struct seek *s = &h->seek[h->n];

	if (w->list == NULL) {
		answer(h->rib, ret, 0, 0, 0);
		return;
	}
	s->key = lpm_key_of(a);
	s->way = w;
	s->at = lpm_root_at(w->lpm, s->key);
	s->hint = hint;
	s->ret = ret;
	s->bits = w->lpm->shape.root_bits;
	__builtin_prefetch(s->at);
	h->n++;
}

/* At most BATCH flows, which begin at `from` of the ends' fields. */
static void
look(const struct rib *rib, const struct view *const view[], const struct view_end *end, size_t ends,
    size_t from, size_t n)
{
	struct hunt h;			/* not cleared: eleven kilobytes, of which what is used is set */

	h.rib = rib;
	h.n = 0;
	for (size_t at = 0, to; at < n; at = to) {
		struct way *way = h.way[at];

		for (to = at + 1; to < n && view[to] == view[at]; to++)
			continue;
		for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++)
			way[afi] = way_of(view[at], afi);
		for (const struct view_end *e = end; e < end + ends; e++)
			for (size_t i = from + at; i < from + to; i++)
				set_out(&h, way, field_at(e->addr, i),
				    e->hint.first != NULL ? field_at(e->hint, i) : NULL, &e->ret[i]);
	}
	descend(&h);
	for (size_t i = 0; i < h.n; i++)
		resolve(rib, &h.seek[i]);
}

/* --- the global tables beside a VPN table ------------------------------------------------------- */

/* Only a longer match goes before what the VPN table answered. */
static void
put_behind(const struct view *vpn, const struct addr *a, const struct route *other,
    struct route *ret)
{
	const struct collist *list = view_list(vpn, afi_of(a));

	if (other->path == 0 || (ret->path != 0 && ret->len >= other->len))
		return;
	*ret = *other;
	ret->column += (uint16_t)(list != NULL ? list->n : 0);
}

static void
look_behind(const struct rib *rib, const struct view *const view[], const struct view_end *end,
    size_t ends, size_t from, size_t n)
{
	const struct view *global[BATCH];
	struct route other[BATCH];

	for (size_t i = 0; i < n; i++)
		global[i] = view[i] != NULL ? view[i]->global : NULL;
	for (const struct view_end *e = end; e < end + ends; e++) {
		const struct view_end there = { { field_at(e->addr, from), e->addr.stride },
		    { e->hint.first != NULL ? field_at(e->hint, from) : NULL, e->hint.stride }, other };

		look(rib, global, &there, 1, 0, n);
		for (size_t i = 0; i < n; i++)
			if (global[i] != NULL)
				put_behind(view[i], field_at(there.addr, i), &other[i],
				    &e->ret[from + i]);
	}
}

static bool
some_vpn(const struct view *const view[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (view[i] != NULL && view[i]->global != NULL)
			return true;
	return false;
}

/* --- what others ask ---------------------------------------------------------------------------- */

void
view_lookup_ends(const struct rib *rib, const struct view *const view[], const struct view_end *end,
    size_t ends, size_t n)
{
	assert(ends <= VIEW_ENDS);
	for (size_t from = 0; from < n; from += BATCH) {
		size_t some = n - from < BATCH ? n - from : BATCH;

		look(rib, view + from, end, ends, from, some);
		if (some_vpn(view + from, some))
			look_behind(rib, view + from, end, ends, from, some);
	}
}

void
view_lookup(const struct rib *rib, const struct view *view, struct addr_field addr,
    struct addr_field hint, struct route *ret, size_t n)
{
	const struct view *same[BATCH];

	for (size_t i = 0; i < BATCH && i < n; i++)
		same[i] = view;
	for (size_t from = 0; from < n; from += BATCH) {
		const struct view_end end = { { field_at(addr, from), addr.stride },
		    { hint.first != NULL ? field_at(hint, from) : NULL, hint.stride }, ret + from };

		view_lookup_ends(rib, same, &end, 1, n - from < BATCH ? n - from : BATCH);
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
	const struct collist *list = view_list(view, afi_of(a));
	const struct lpm *l = list != NULL ? prefixset_lpm(&list->table->prefixes) : NULL;
	struct lpm_key key = lpm_key_of(a);

	for (uint32_t id = l != NULL ? lpm_first(l, key) : 0; id != 0; id = lpm_next(l, key, id)) {
		uint8_t bits = lpm_len(l, id);
		uint16_t column = 0;
		uint32_t cell = bits < len ? any_cell(list, id, &column) : 0;

		if (cell == 0)
			continue;
		if (cell & CELL_SET)
			cell = set_choose(rib, cell, NULL);
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
