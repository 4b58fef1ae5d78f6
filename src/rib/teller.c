/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tellers: interning what they send, announcing, withdrawing, staleness, going away. How prefixes
 * are found and pages kept is prefixset.c's and column.c's; lookups are view.c's.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/mem.h"
#include "rib/import.h"

#define SWEEP_SLICE	(NS_PER_MS / 5)		/* of one kind of routes; rib_work does the rest */
#define BATCH		32
#define OWNER_FROM	(1 << 20)		/* pool bytes a teller has caused */

struct teller *
teller_new(struct rib *rib, const struct teller_info *info)
{
	struct teller *t = mem_new(sizeof(*t));

	t->rib = rib;
	t->columns_end = &t->columns;
	t->info = *info;
	t->name = mem_strdup(info->name != NULL ? info->name : "");
	t->info.name = t->name;
	t->number = ++rib->tellers;
	t->prev = rib->last;
	if (rib->last != NULL)
		rib->last->next = t;
	else
		rib->first = t;
	rib->last = t;
	views_teller(rib, t, 1);
	tell_watcher(rib, t, TELLER_UP);
	return t;
}

const char *
teller_rib_name(unsigned rib)
{
	static const char *const names[TELLER_RIBS] = {
		[TELLER_RIB_ONE] = "RIB",
		[TELLER_LOC_RIB] = "Loc-RIB",
		[TELLER_IN_POST] = "Adj-RIB-In post-policy",
		[TELLER_IN_PRE] = "Adj-RIB-In pre-policy",
		[TELLER_OUT_POST] = "Adj-RIB-Out post-policy",
		[TELLER_OUT_PRE] = "Adj-RIB-Out pre-policy",
	};

	return names[rib];
}

/* The watcher hears of each change once, whoever lost and found the teller. */
void
teller_say(struct teller *t, bool up)
{
	if (t->said_down == !up)
		return;
	t->said_down = !up;
	tell_watcher(t->rib, t, up ? TELLER_UP : TELLER_DOWN);
}

static void
set_down(struct teller *t, bool down)
{
	if (t->down == down)
		return;
	t->down = down;
	views_down(t->rib, t, down ? 1 : -1);
}

void
teller_down(struct teller *t, bool down)
{
	set_down(t, down);
	teller_say(t, !down);
}

const struct teller_info *
teller_info(const struct teller *t)
{
	return &t->info;
}

void
teller_gone(struct teller *t)
{
	struct rib *rib = t->rib;
	struct column *col, *next;

	for (col = t->columns; col != NULL; col = next) {
		next = col->next;
		if (rib->watcher != NULL && !rd_is_vrf(col->table->rd)) {
			col->ghost = t;
			t->buried++;
			rib->ghosts++;
		}
		column_detach(rib, col);
	}
	set_down(t, false);
	views_teller(rib, t, -1);
	attrstore_disown(&rib->attrs, t->owner);
	*(t->prev != NULL ? &t->prev->next : &rib->first) = t->next;
	*(t->next != NULL ? &t->next->prev : &rib->last) = t->prev;
	if (t->buried == 0)
		teller_free(t);
}

void
teller_free(struct teller *t)
{
	teller_say(t, false);
	tell_watcher(t->rib, t, TELLER_END);
	mem_free(t->name);
	mem_free(t);
}

struct teller *
teller_next(const struct rib *rib, const struct teller *after)
{
	return after != NULL ? after->next : rib->first;
}

uint64_t
teller_routes(const struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	uint64_t n = 0;

	for (const struct column *c = t->columns; c != NULL; c = c->next)
		if (c->table->afi == afi && c->safi == safi && !rd_is_vrf(c->table->rd))
			n += c->routes;
	return n;
}

void
attrs_hash(const struct teller *t, const struct attrs *attrs, struct attrs_hash *ret)
{
	attrstore_hash(&t->rib->attrs, attrs, ret);
}

void
attrs_warm(const struct teller *t, const struct attrs_hash *hash)
{
	attrstore_warm(&t->rib->attrs, hash);
}

/* Charge a teller with what the pool has grown by. One that tells much gets room of its own. */
void
teller_charge(struct teller *t, size_t before)
{
	size_t now = attrstore_bytes(&t->rib->attrs);

	if (now <= before)
		return;
	t->spent += now - before;
	t->told += now - before;
	if (t->owner == NULL && t->told > OWNER_FROM)
		t->owner = attrstore_own();
}

static struct attr_owner *
owner_of(struct teller *t)
{
	return t->owner != NULL ? t->owner : t->rib->attrs.shared;
}

uint32_t
attrs_put_hashed(struct teller *t, const struct attrs *attrs, const struct attrs_hash *hash)
{
	struct rib *rib = t->rib;
	size_t before = attrstore_bytes(&rib->attrs);
	uint32_t path = t->spent < rib->conf.teller_bytes ?
	    attrstore_path(&rib->attrs, owner_of(t), attrs, hash) : 0;

	teller_charge(t, before);
	if (path == 0) {
		rib->refused++;
		rib->gc_wanted = true;
	}
	return path;
}

uint32_t
attrs_put(struct teller *t, const struct attrs *attrs)
{
	struct attrs_hash hash;

	attrs_hash(t, attrs, &hash);
	return attrs_put_hashed(t, attrs, &hash);
}

/* --- told again ---------------------------------------------------------------------------- */

static bool
is_told(const struct column *col, uint32_t id)
{
	return col->told == NULL ||
	    (id < col->told_ids && (col->told[id / 64] >> id % 64 & 1) != 0);
}

static void
tell(struct column *col, uint32_t id)
{
	if (col->told == NULL)
		return;
	if (id >= col->told_ids) {
		uint32_t ids = 2 * (id + 64) & ~UINT32_C(63);

		col->told = mem_grow(col->told, ids / 64, 8);
		memset(&col->told[col->told_ids / 64], 0, (ids - col->told_ids) / 8);
		col->told_ids = ids;
	}
	col->told[id / 64] |= UINT64_C(1) << id % 64;
}

/* --- cells ---------------------------------------------------------------------------------- */

static uint32_t
label_of(const struct column *col, uint32_t id)
{
	return col->label.dir != NULL ? pages_get(&col->label, id) : 0;
}

/* What a cell says, as members; those of a prefix not told again are stale. */
static size_t
members_of(const struct column *col, uint32_t id, uint32_t cell, struct member *ret)
{
	uint32_t stale = is_told(col, id) ? 0 : MEMBER_STALE;
	const struct member *m;
	size_t n;

	if (cell == 0)
		return 0;
	if (!(cell & CELL_SET)) {
		ret[0] = (struct member){ 0, cell, label_of(col, id) | stale };
		return 1;
	}
	m = attrstore_members(&col->teller->rib->attrs, cell, &n);
	for (size_t i = 0; i < n; i++) {
		ret[i] = m[i];
		ret[i].label |= stale;
	}
	return n;
}

size_t
column_members(const struct column *col, uint32_t id, struct member *ret)
{
	return members_of(col, id, pages_get(&col->path, id), ret);
}

static void
store(struct column *col, uint32_t id, uint32_t old, uint32_t cell, uint32_t label)
{
	struct rib *rib = col->teller->rib;

	if (rib->gc == GC_MARK)
		attrstore_mark(&rib->attrs, cell);
	if (old != 0 && old != cell)
		rib->gc_loosened++;
	if (col->label.dir != NULL)
		pages_put(&col->label, &rib->pool, id, label);
	if (old == 0 && cell != 0)
		prefixset_hold(&col->table->prefixes, id);
	pages_put(&col->path, &rib->pool, id, cell);
	if (col->merged != NULL && old != cell)
		merged_change(col, id, old, cell);
	if (old != 0 && cell == 0)
		prefixset_drop(&col->table->prefixes, id);
}

static void
count_routes(struct column *col, size_t before, size_t after)
{
	col->routes += after - before;
	col->teller->rib->routes += after - before;
}

/* Store n members; -1 where the pool has no room for the set. */
static int
store_members(struct column *col, uint32_t id, uint32_t old, size_t before, struct member *m,
    size_t n)
{
	struct rib *rib = col->teller->rib;
	size_t bytes = attrstore_bytes(&rib->attrs);
	uint32_t cell = 0, label = 0;

	if (n == 1 && m[0].path_id == 0 && !(m[0].label & MEMBER_STALE)) {
		cell = m[0].path;
		label = m[0].label;
	} else if (n > 0) {
		cell = attrstore_set(&rib->attrs, owner_of(col->teller), m, n);
		if (cell == 0)
			return -1;
		teller_charge(col->teller, bytes);
	}
	store(col, id, old, cell, label);
	count_routes(col, before, n);
	return 0;
}

/* A prefix with several paths, or one that has a path id. */
static enum rib_change
announce_member(struct column *col, uint32_t id, uint32_t old, const struct nlri *nlri,
    uint32_t path)
{
	struct member m[SET_MOST + 1];
	size_t n = members_of(col, id, old, m), i = 0;
	struct member new = { nlri->path_id, path, nlri->label };
	size_t before = n;
	enum rib_change change = RIB_REPLACED;

	while (i < n && m[i].path_id != nlri->path_id)
		i++;
	if (i == n) {
		if (n == SET_MOST || attrstore_is_full(&col->teller->rib->attrs))
			return RIB_FULL;
		change = RIB_NEW;
		n++;
	} else if (m[i].path == path && (m[i].label & ~MEMBER_STALE) == nlri->label) {
		change = RIB_SAME;
	}
	col->teller->rib->was = change == RIB_NEW ? 0 : m[i].path;
	m[i] = new;
	if (store_members(col, id, old, before, m, n) != 0)
		return RIB_FULL;
	tell(col, id);
	return change;
}

static enum rib_change
announce(struct column *col, uint32_t id, const struct nlri *nlri, uint32_t path)
{
	uint32_t old = pages_get(&col->path, id);
	enum rib_change change;

	if (nlri->path_id != 0 || (old & CELL_SET))
		return announce_member(col, id, old, nlri, path);
	change = old == 0 ? RIB_NEW :
	    old == path && label_of(col, id) == nlri->label ? RIB_SAME : RIB_REPLACED;
	col->teller->rib->was = old;
	store(col, id, old, path, nlri->label);
	if (old == 0)
		count_routes(col, 0, 1);
	tell(col, id);
	return change;
}

/* The prefix's id; a new one's index nodes are charged to the teller that caused them. */
static uint32_t
prefix_get(struct teller *t, struct prefixset *ps, const struct prefix *p)
{
	struct lpm_key key = lpm_masked(lpm_key_of(&p->addr), p->len);
	uint32_t id = prefixset_find(ps, key, p->len);
	const struct lpm *l;
	uint32_t nodes;

	if (id != 0)
		return id;
	l = prefixset_lpm(ps);
	nodes = l->nodes_high;
	id = prefixset_get(ps, key, p->len);
	if (prefixset_lpm(ps) == l)
		t->spent += (size_t)(l->nodes_high - nodes) << (l->shape.stride + 2);
	return id;
}

/* Outlined: who has no watcher pays for a test that is foreseen. */
static void
watched(const struct teller *t, const struct nlri *nlri, enum rib_change change, uint32_t old,
    uint32_t path)
{
	const struct rib_watcher *w = t->rib->watcher;
	const struct rib_event e = { t, nlri, change, old, path };

	if (!rd_is_vrf(nlri->rd))	/* copies are nobody's news */
		w->route(w->ctx, &e);
}

/* col: NULL where there is no room for it; id: of the prefix, 0 where that is not known yet. */
static enum rib_change
announce_nlri(struct teller *t, struct column *col, uint32_t id, const struct nlri *nlri,
    uint32_t path)
{
	struct rib *rib = t->rib;
	bool imported = rib->imports != NULL && col != NULL && column_is_imported(col);
	enum rib_change change = RIB_FULL;
	uint32_t was = 0;

	assert(path != 0);
	rib->announces++;
	if (id == 0 && col != NULL && nlri->prefix.len <= addr_bits(&nlri->prefix.addr))
		id = prefix_get(t, &col->table->prefixes, &nlri->prefix);
	if (id != 0) {
		change = announce(col, id, nlri, path);
		was = rib->was;
		if (change == RIB_FULL && pages_get(&col->path, id) == 0)
			prefixset_unused(&col->table->prefixes, id);
	}
	if (change == RIB_FULL) {
		rib->refused++;
		rib->gc_loosened++;
		return change;
	}
	if (rib->watcher != NULL)
		watched(t, nlri, change, was, path);
	if (imported)
		import_change(t, col->table, nlri, was, path);
	return change;
}

enum rib_change
copy_announce(struct teller *t, const struct nlri *nlri, uint32_t path)
{
	return announce_nlri(t, column_of(t, nlri->safi, nlri->rd, afi_of(&nlri->prefix.addr), true),
	    0, nlri, path);
}

static struct column *
column_for(struct teller *t, const struct nlri *nlri)
{
	if (rd_is_vrf(nlri->rd))
		return NULL;
	return column_of(t, nlri->safi, nlri->rd, afi_of(&nlri->prefix.addr), true);
}

enum rib_change
rib_announce(struct teller *t, const struct nlri *nlri, uint32_t path)
{
	return announce_nlri(t, column_for(t, nlri), 0, nlri, path);
}

/* A prefix on its way down the index, ahead of its announce. */
struct ahead {
	struct column *col;		/* NULL: there is none */
	const struct lpm *lpm;
	struct lpm_key key;
	uint32_t entry;
	uint8_t len;
};

/* At an id: what the announce will touch of it. */
static void
warm_id(const struct ahead *a)
{
	const uint32_t id = lpm_entry_id(a->entry);
	struct page *page;

	if (id == 0)
		return;
	prefixset_prefetch(&a->col->table->prefixes, id);
	page = atomic_load_explicit(&a->col->path.dir[id / PAGE_CELLS], memory_order_relaxed);
	if (page != NULL)
		__builtin_prefetch(&page->cell[id % PAGE_CELLS], 1);
}

/* Down by one level, all of them at the same one. True: it is not at an id yet. */
static bool
warm_step(struct ahead *a, unsigned down)
{
	const struct lpm *l = a->lpm;
	unsigned at = l->shape.root_bits + down * l->shape.stride;

	a->entry = cell_get(down == 0 ? lpm_root_at(l, a->key) :
	    lpm_node_at(l, a->entry, a->key, at - l->shape.stride));
	if (!(a->entry & LPM_NODE)) {
		warm_id(a);
		return false;
	}
	__builtin_prefetch(lpm_node_at(l, a->entry, a->key, at));
	return true;
}

/* Passes of prefetches ahead of the stores: level by level through the index, then the cells. */
static void
warm(struct teller *t, const struct nlri *nlri, size_t n, struct ahead *ret)
{
	uint8_t waiting[BATCH];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct ahead *a = &ret[i];

		a->col = column_for(t, &nlri[i]);
		if (a->col == NULL)
			continue;
		a->lpm = prefixset_lpm(&a->col->table->prefixes);
		a->len = nlri[i].prefix.len;
		a->key = lpm_masked(lpm_key_of(&nlri[i].prefix.addr), a->len);
		__builtin_prefetch(lpm_root_at(a->lpm, a->key), 1);
		waiting[left++] = (uint8_t)i;
	}
	for (unsigned down = 0; left > 0; down++) {
		size_t still = 0;

		for (size_t i = 0; i < left; i++)
			if (warm_step(&ret[waiting[i]], down))
				waiting[still++] = waiting[i];
		left = still;
	}
}

/* Where the longest match of its address is the prefix itself, its id; else 0: to be looked for. */
static uint32_t
id_ahead(const struct ahead *a)
{
	if (a->col == NULL || a->entry == 0 || a->lpm != prefixset_lpm(&a->col->table->prefixes))
		return 0;
	return lpm_entry_len(a->entry) == a->len ? lpm_entry_id(a->entry) : 0;
}

size_t
rib_announce_many(struct teller *t, const struct nlri *nlri, size_t n, uint32_t path)
{
	for (size_t at = 0; at < n; at += BATCH) {
		size_t m = n - at < BATCH ? n - at : BATCH;
		struct ahead ahead[BATCH];

		warm(t, nlri + at, m, ahead);
		for (size_t i = 0; i < m; i++)
			if (announce_nlri(t, ahead[i].col, id_ahead(&ahead[i]), &nlri[at + i],
			    path) == RIB_FULL)
				return at + i;
	}
	return n;
}

static enum rib_change
withdraw_member(struct column *col, uint32_t id, uint32_t old, uint32_t path_id)
{
	struct member m[SET_MOST];
	size_t n = members_of(col, id, old, m), before = n, i = 0;

	while (i < n && m[i].path_id != path_id)
		i++;
	if (i == n)
		return RIB_UNKNOWN;
	col->teller->rib->was = m[i].path;
	m[i] = m[--n];
	/* Where the pool has no room for the smaller set, no answer is better than a wrong one. */
	if (store_members(col, id, old, before, m, n) != 0)
		(void)store_members(col, id, old, before, m, 0);
	else if (col->told != NULL)
		tell(col, id);		/* each member says itself whether it is stale */
	return RIB_REMOVED;
}

enum rib_change
copy_withdraw(struct teller *t, const struct nlri *nlri)
{
	const struct prefix *p = &nlri->prefix;
	struct column *col = column_of(t, nlri->safi, nlri->rd, afi_of(&p->addr), false);
	struct lpm_key key = lpm_masked(lpm_key_of(&p->addr), p->len);
	uint32_t id = 0, old = 0, was;

	t->rib->withdraws++;
	if (col != NULL)
		id = prefixset_find(&col->table->prefixes, key, p->len);
	if (id != 0)
		old = pages_get(&col->path, id);
	if (old == 0 || withdraw_member(col, id, old, nlri->path_id) == RIB_UNKNOWN)
		return RIB_UNKNOWN;
	was = t->rib->was;
	if (t->rib->watcher != NULL)
		watched(t, nlri, RIB_REMOVED, was, 0);
	if (t->rib->imports != NULL && column_is_imported(col))
		import_change(t, col->table, nlri, was, 0);
	return RIB_REMOVED;
}

enum rib_change
rib_withdraw(struct teller *t, const struct nlri *nlri)
{
	return rd_is_vrf(nlri->rd) ? RIB_UNKNOWN : copy_withdraw(t, nlri);
}

/* --- stale ----------------------------------------------------------------------------------- */

void
rib_stale(struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	for (struct column *c = t->columns; c != NULL; c = c->next) {
		uint32_t ids;

		if (c->table->afi != afi || c->safi != safi)
			continue;
		c->sweep_at = 0;
		ids = (c->table->prefixes.high + 64) & ~UINT32_C(63);
		mem_free(c->told);
		c->told = mem_array(ids / 64, 8);
		c->told_ids = ids;
	}
}

bool
teller_is_stale(const struct teller *t)
{
	for (const struct column *c = t->columns; c != NULL; c = c->next)
		if (c->told != NULL)
			return true;
	return false;
}

void
tell_swept(const struct rib *rib, const struct teller *t, const struct column *col, uint32_t id,
    const struct member *m)
{
	struct nlri nlri;

	if (rib->watcher == NULL)
		return;
	nlri_of(col, id, m, &nlri);
	watched(t, &nlri, RIB_SWEPT, m->path, 0);
}

static void
import_swept(struct column *col, uint32_t id, const struct member *m)
{
	const struct nlri nlri = { .rd = col->table->rd, .safi = (uint8_t)col->safi,
	    .prefix = prefixset_prefix(&col->table->prefixes, id), .path_id = m->path_id };

	import_change(col->teller, col->table, &nlri, m->path, 0);
}

static void
sweep_cell(struct column *col, uint32_t id)
{
	struct member m[SET_MOST];
	bool imported = col->teller->rib->imports != NULL && column_is_imported(col);
	uint32_t old = pages_get(&col->path, id);
	size_t n, before, kept = 0;

	if (old == 0 || (!(old & CELL_SET) && is_told(col, id)))
		return;
	before = n = members_of(col, id, old, m);
	for (size_t i = 0; i < n; i++)
		if (!(m[i].label & MEMBER_STALE))
			m[kept++] = m[i];
		else {
			tell_swept(col->teller->rib, col->teller, col, id, &m[i]);
			if (imported)
				import_swept(col, id, &m[i]);
		}
	if (kept < n && store_members(col, id, old, before, m, kept) != 0)
		(void)store_members(col, id, old, before, m, 0);
}

bool
column_sweep(struct column *col, mono_t until)
{
	uint32_t end;

	while ((end = pages_run(&col->path, &col->sweep_at)) != 0) {
		while (col->sweep_at < end)
			sweep_cell(col, col->sweep_at++);
		if (mono_since(mono_now(), until) >= 0)
			return true;
	}
	mem_free(col->told);
	col->told = NULL;
	col->told_ids = 0;
	col->sweep_at = 0;
	return false;
}

void
rib_sweep(struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	mono_t until = mono_add(mono_now(), SWEEP_SLICE);

	for (struct column *c = t->columns; c != NULL; c = c->next) {
		if (c->table->afi != afi || c->safi != safi || c->told == NULL)
			continue;
		if (c->sweep_at == 0)
			c->sweep_at = 1;
		if (mono_since(mono_now(), until) < 0)
			(void)column_sweep(c, until);
	}
}
