/* SPDX-License-Identifier: BSD-2-Clause */
/* Blobs and paths in slabs, their indices, and what marking leaves over. */
#include "rib/attrstore.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

#define SPACE_MOST	(UINT64_C(12) << 30)	/* ids of 8-byte granules, below CELL_SET */
#define RECLAIM_PER_LOOK 1024
#define DEAD_AT_ONCE	16			/* searched for in the index side by side */

_Static_assert(sizeof(struct blob) == 4, "bytes of a blob are aligned for words");
_Static_assert(sizeof(struct blob) + UINT16_MAX - 4 <= SLAB_BYTES, "the longest blob fits a slab");

void
attrstore_init(struct attrstore *as, size_t most)
{
	*as = (struct attrstore){ .most = most, .seed = hash_seed(), .color = 1 };
	if (most > SPACE_MOST)
		most = as->most = SPACE_MOST;
	as->paths_most = most / sizeof(struct path) < CELL_INDEX ? most / sizeof(struct path) :
	    CELL_INDEX;
	/* Slabs are not always full: room for as much again, within what ids can name. */
	slabs_init(&as->blob_slabs, most + most / 4 + ((size_t)16 << 20), BLOB_GRANULE,
	    offsetof(struct blob, bytes));
	slabs_init(&as->path_slabs, as->paths_most * sizeof(struct path), sizeof(struct path), 0);
	as->space = as->blob_slabs.space;
	as->path = (void *)as->path_slabs.space;
	as->path_color = mem_reserve(as->path_slabs.space_bytes / sizeof(struct path), 0);
	as->shared = attrstore_own();
	tagindex_init(&as->blobs, as->blob_slabs.space_bytes / BLOB_GRANULE);
	tagindex_init(&as->paths, as->paths_most);
}

void
attrstore_done(struct attrstore *as)
{
	mem_unreserve(as->path_color, as->path_slabs.space_bytes / sizeof(struct path));
	slabs_done(&as->blob_slabs);
	slabs_done(&as->path_slabs);
	tagindex_done(&as->blobs);
	tagindex_done(&as->paths);
	mem_free(as->shared);
	mem_free(as->dead_blob.id);
	mem_free(as->dead_path.id);
}

struct attr_owner *
attrstore_own(void)
{
	return mem_new(sizeof(struct attr_owner));
}

void
attrstore_disown(struct attrstore *as, struct attr_owner *owner)
{
	if (owner == NULL)
		return;
	slabs_disown(&as->blob_slabs, &owner->blob);
	slabs_disown(&as->path_slabs, &owner->path);
	mem_free(owner);
}

size_t
attrstore_bytes(const struct attrstore *as)
{
	return as->blob_slabs.bytes + as->path_count * (sizeof(struct path) + 1) +
	    tagindex_bytes(&as->blobs) + tagindex_bytes(&as->paths);
}

size_t
attrstore_held(const struct attrstore *as)
{
	return (as->blob_slabs.used + as->path_slabs.used) * SLAB_BYTES +
	    tagindex_bytes(&as->blobs) + tagindex_bytes(&as->paths);
}

static void
idlist_push(struct idlist *l, uint32_t id)
{
	if (l->n == l->room) {
		l->room = l->room > 0 ? 2 * l->room : 256;
		l->id = mem_grow(l->id, l->room, sizeof(l->id[0]));
	}
	l->id[l->n++] = id;
}

static struct blob *
blob_at(struct attrstore *as, uint32_t id)
{
	return (void *)(as->space + (size_t)id * BLOB_GRANULE);
}

static bool
blob_is(const struct blob *b, const void *bytes, size_t len)
{
	return b->len == len && (len == 0 || memcmp(b->bytes, bytes, len) == 0);
}

/* --- hashes ---------------------------------------------------------------------------------- */

static uint64_t
hash_of(const struct attrstore *as, const void *bytes, size_t len)
{
	return len > 0 ? hash_bytes(bytes, len, as->seed) : 0;
}

/* An index has 32 bits of a hash. */
static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static uint32_t
comm_set_tag(const struct attrstore *as, uint64_t comms, uint64_t ecomms, uint64_t lcomms,
    uint64_t others)
{
	const uint64_t word[] = { comms, ecomms, lcomms, others };

	return tag_of(hash_words(word, ARRAY_LEN(word), as->seed));
}

/* What of a path is not in its blobs. */
struct scalars {
	uint32_t med, local_pref, flags;
};

static uint32_t
path_tag(const struct attrstore *as, const struct attrs_hash *h, const struct addr *next_hop,
    const struct scalars *s)
{
	uint64_t word[9] = {
		h->aspath, h->comms, h->ecomms, h->lcomms, h->others,
		(uint64_t)s->med << 32 | s->local_pref, s->flags,
	};

	memcpy(&word[7], next_hop->b, sizeof(next_hop->b));
	return tag_of(hash_words(word, ARRAY_LEN(word), as->seed));
}

static struct scalars
scalars_of(const struct attrs *a)
{
	return (struct scalars){
		.med = a->has_med ? a->med : 0,
		.local_pref = a->has_local_pref ? a->local_pref : 0,
		.flags = (a->origin & PATH_ORIGIN) | (a->has_med ? PATH_HAS_MED : 0) |
		    (a->has_local_pref ? PATH_HAS_LOCAL_PREF : 0) |
		    (a->aspath_len == 0 ? PATH_EMPTY_ASPATH : 0) |
		    (a->llgr_stale ? PATH_LLGR_STALE : 0) | (a->no_llgr ? PATH_NO_LLGR : 0) |
		    (aspath_is_confed(a->aspath, a->aspath_len) ? PATH_CONFED : 0),
	};
}

void
attrstore_hash(const struct attrstore *as, const struct attrs *a, struct attrs_hash *ret)
{
	const struct scalars s = scalars_of(a);
	struct attrs_hash h = {
		.aspath = hash_of(as, a->aspath, a->aspath_len),
		.comms = hash_of(as, a->comms, a->comms_len),
		.ecomms = hash_of(as, a->ecomms, a->ecomms_len),
		.lcomms = hash_of(as, a->lcomms, a->lcomms_len),
		.others = hash_of(as, a->others, a->others_len),
	};

	h.path = path_tag(as, &h, &a->next_hop, &s);
	tagindex_prefetch(&as->paths, h.path);
	if (h.aspath != 0)
		tagindex_prefetch(&as->blobs, tag_of(h.aspath));
	if (h.comms != 0)
		tagindex_prefetch(&as->blobs, tag_of(h.comms));
	if (h.ecomms != 0)
		tagindex_prefetch(&as->blobs, tag_of(h.ecomms));
	if (h.lcomms != 0)
		tagindex_prefetch(&as->blobs, tag_of(h.lcomms));
	if (h.others != 0)
		tagindex_prefetch(&as->blobs, tag_of(h.others));
	if ((h.ecomms | h.lcomms | h.others) != 0) {
		h.comm_set = comm_set_tag(as, h.comms, h.ecomms, h.lcomms, h.others);
		tagindex_prefetch(&as->blobs, h.comm_set);
	}
	*ret = h;
}

static void
warm_blob(const struct attrstore *as, uint64_t hash)
{
	uint32_t id = hash != 0 ? tagindex_guess(&as->blobs, tag_of(hash)) : TAGINDEX_NONE;

	if (id != TAGINDEX_NONE)
		__builtin_prefetch(attrstore_blob(as, id), 1);
}

void
attrstore_warm(const struct attrstore *as, const struct attrs_hash *h)
{
	uint32_t id = tagindex_guess(&as->paths, h->path);

	if (id != TAGINDEX_NONE) {
		__builtin_prefetch(&as->path[id]);
		__builtin_prefetch(&as->path_color[id], 1);
	}
	warm_blob(as, h->aspath);
	warm_blob(as, h->comms);
	warm_blob(as, h->ecomms);
	warm_blob(as, h->lcomms);
	warm_blob(as, h->others);
}

/* The same from what was interned. */
static uint64_t
hash_of_blob(const struct attrstore *as, uint32_t id)
{
	const struct blob *b = attrstore_blob(as, id);

	return hash_of(as, b->bytes, b->len);
}

static uint32_t
blob_tag(const struct attrstore *as, const struct blob *b)
{
	struct comm_set set;

	if (b->kind != BLOB_COMM_SET)
		return tag_of(hash_of(as, b->bytes, b->len));
	memcpy(&set, b->bytes, sizeof(set));
	return comm_set_tag(as, hash_of_blob(as, set.comms), hash_of_blob(as, set.ecomms),
	    hash_of_blob(as, set.lcomms), hash_of_blob(as, set.others));
}

static struct comm_set
comm_set_of(const struct attrstore *as, const struct path *p)
{
	struct comm_set set = { 0 };

	if (p->flags & PATH_COMMS_ALONE)
		set.comms = p->comm_set;
	else if (p->comm_set != 0)
		memcpy(&set, attrstore_blob(as, p->comm_set)->bytes, sizeof(set));
	return set;
}

static uint32_t
path_tag_of(const struct attrstore *as, const struct path *p)
{
	const struct comm_set set = comm_set_of(as, p);
	const struct scalars s = { p->med, p->local_pref, p->flags & ~(uint32_t)PATH_COMMS_ALONE };
	const struct attrs_hash h = {
		.aspath = hash_of_blob(as, p->aspath), .comms = hash_of_blob(as, set.comms),
		.ecomms = hash_of_blob(as, set.ecomms), .lcomms = hash_of_blob(as, set.lcomms),
		.others = hash_of_blob(as, set.others),
	};
	struct addr hop = addr_of_bytes16(attrstore_blob(as, p->next_hop)->bytes);

	return path_tag(as, &h, &hop, &s);
}

/* --- putting --------------------------------------------------------------------------------- */

/* Bytes to be interned. */
struct blob_key {
	const struct attrstore *as;
	enum blob_kind kind;
	const void *bytes;
	size_t len;
	uint32_t tag;
};

static int
same_blob(const void *ctx, uint32_t id)
{
	const struct blob_key *k = ctx;

	return blob_is(attrstore_blob(k->as, id), k->bytes, k->len);
}

static uint32_t
blob_new(struct attrstore *as, struct attr_owner *owner, const struct blob_key *k)
{
	uint32_t id;
	struct blob *b;

	if (k->kind != BLOB_SET && attrstore_bytes(as) + k->len > as->most)
		return 0;
	id = slabs_take(&as->blob_slabs, &owner->blob, sizeof(*b) + k->len);
	if (id == 0)
		return 0;
	b = blob_at(as, id);
	b->len = (uint16_t)k->len;
	b->kind = (uint8_t)k->kind;
	memcpy(b->bytes, k->bytes, k->len);
	as->kind_count[k->kind]++;
	as->blob_count++;
	tagindex_put(&as->blobs, k->tag, id);
	return id;
}

/* The id of these bytes; 0 for none, and with `full` set where there is no room. */
static uint32_t
blob_put(struct attrstore *as, struct attr_owner *owner, enum blob_kind kind, const void *bytes,
    size_t len, uint32_t tag, bool *full)
{
	const struct blob_key k = { as, kind, bytes, len, tag };
	uint32_t id;

	if (len == 0)
		return 0;
	id = tagindex_find(&as->blobs, tag, same_blob, &k);
	if (id == TAGINDEX_NONE)
		id = blob_new(as, owner, &k);
	if (id == 0) {
		*full = true;
		return 0;
	}
	blob_at(as, id)->color = as->color;
	return id;
}

struct path_key {
	const struct attrstore *as;
	const struct attrs *attrs;
	struct scalars scalars;
};

static int
same_path(const void *ctx, uint32_t id)
{
	const struct path_key *k = ctx;
	const struct attrstore *as = k->as;
	const struct attrs *a = k->attrs;
	const struct path *p = &as->path[id];
	const struct comm_set set = comm_set_of(as, p);
	struct addr hop = addr_of_bytes16(attrstore_blob(as, p->next_hop)->bytes);

	return p->med == k->scalars.med && p->local_pref == k->scalars.local_pref &&
	    (p->flags & ~(uint32_t)PATH_COMMS_ALONE) == k->scalars.flags && addr_eq(&hop, &a->next_hop) &&
	    blob_is(attrstore_blob(as, p->aspath), a->aspath, a->aspath_len) &&
	    blob_is(attrstore_blob(as, set.comms), a->comms, a->comms_len) &&
	    blob_is(attrstore_blob(as, set.ecomms), a->ecomms, a->ecomms_len) &&
	    blob_is(attrstore_blob(as, set.lcomms), a->lcomms, a->lcomms_len) &&
	    blob_is(attrstore_blob(as, set.others), a->others, a->others_len);
}

static uint32_t
path_new(struct attrstore *as, struct attr_owner *owner, const struct attrs *a,
    const struct attrs_hash *h, const struct scalars *s)
{
	bool full = false;
	struct comm_set set = {
		.comms = blob_put(as, owner, BLOB_COMMS, a->comms, a->comms_len, tag_of(h->comms),
		    &full),
		.ecomms = blob_put(as, owner, BLOB_COMMS, a->ecomms, a->ecomms_len,
		    tag_of(h->ecomms), &full),
		.lcomms = blob_put(as, owner, BLOB_COMMS, a->lcomms, a->lcomms_len,
		    tag_of(h->lcomms), &full),
		.others = blob_put(as, owner, BLOB_COMMS, a->others, a->others_len,
		    tag_of(h->others), &full),
	};
	bool rest = set.ecomms != 0 || set.lcomms != 0 || set.others != 0;
	bool alone = set.comms != 0 && !rest;
	bool hop = addr_is_set(&a->next_hop);
	struct path p = {
		.aspath = blob_put(as, owner, BLOB_ASPATH, a->aspath, a->aspath_len,
		    tag_of(h->aspath), &full),
		.comm_set = alone ? set.comms : blob_put(as, owner, BLOB_COMM_SET, &set,
		    rest ? sizeof(set) : 0, h->comm_set, &full),
		.next_hop = blob_put(as, owner, BLOB_ADDR, &a->next_hop, hop ? sizeof(a->next_hop) : 0,
		    tag_of(hash_of(as, &a->next_hop, sizeof(a->next_hop))), &full),
		.med = s->med, .local_pref = s->local_pref,
		.flags = s->flags | (alone ? PATH_COMMS_ALONE : 0),
		.origin_as = aspath_last(a->aspath, a->aspath_len),
		.peer_as = aspath_first(a->aspath, a->aspath_len),
	};
	uint32_t id;

	if (full || attrstore_bytes(as) + sizeof(p) > as->most)
		return TAGINDEX_NONE;
	id = slabs_take(&as->path_slabs, &owner->path, sizeof(p));
	if (id == 0 || id > CELL_INDEX)
		return TAGINDEX_NONE;
	as->path[id] = p;
	as->path_count++;
	tagindex_put(&as->paths, h->path, id);
	return id;
}

/* What is used again must not be swept, nor what it names. */
static void	mark_path(struct attrstore *as, uint32_t path);

uint32_t
attrstore_path(struct attrstore *as, struct attr_owner *owner, const struct attrs *a,
    const struct attrs_hash *h)
{
	const struct path_key key = { as, a, scalars_of(a) };
	uint32_t id = tagindex_find(&as->paths, h->path, same_path, &key);

	if (id == TAGINDEX_NONE)
		id = path_new(as, owner, a, h, &key.scalars);
	if (id == TAGINDEX_NONE)
		return 0;
	mark_path(as, id);
	return id | (key.scalars.flags & PATH_EMPTY_ASPATH ? CELL_OWN : 0);
}

/*
 * RFC 4271 9.1.2.2 as far as the attributes say, after the local preference of 9.1.1 (100 where
 * none was told), and before it RFC 9494 4.3: what is long-lived stale is the last choice. A missing
 * MED counts as 0, and it is compared within one neighbor AS only.
 */
static bool
preferred(const struct attrstore *as, const struct member *x, const struct member *y)
{
	const struct path *p = attrstore_record(as, x->path), *q = attrstore_record(as, y->path);
	const struct blob *pa = attrstore_blob(as, p->aspath), *qa = attrstore_blob(as, q->aspath);
	uint32_t pl = p->flags & PATH_HAS_LOCAL_PREF ? p->local_pref : 100;
	uint32_t ql = q->flags & PATH_HAS_LOCAL_PREF ? q->local_pref : 100;
	unsigned ph = p->aspath != 0 ? aspath_hops(pa->bytes, pa->len) : 0;
	unsigned qh = q->aspath != 0 ? aspath_hops(qa->bytes, qa->len) : 0;

	if ((p->flags ^ q->flags) & PATH_LLGR_STALE)
		return q->flags & PATH_LLGR_STALE;
	if (pl != ql)
		return pl > ql;
	if (ph != qh)
		return ph < qh;
	if ((p->flags & PATH_ORIGIN) != (q->flags & PATH_ORIGIN))
		return (p->flags & PATH_ORIGIN) < (q->flags & PATH_ORIGIN);
	if (p->peer_as == q->peer_as && p->med != q->med)
		return p->med < q->med;
	return x->path_id < y->path_id;
}

uint32_t
attrstore_set(struct attrstore *as, struct attr_owner *owner, struct member *m, size_t n)
{
	bool full = false;
	size_t best = 0;
	struct member first;
	uint32_t id;

	/* By path id, so that equal sets are equal bytes; then the preferred one to the front. */
	for (size_t i = 1; i < n; i++) {
		struct member x = m[i];
		size_t at = i;

		for (; at > 0 && m[at - 1].path_id > x.path_id; at--)
			m[at] = m[at - 1];
		m[at] = x;
	}
	for (size_t i = 1; i < n; i++)
		if (preferred(as, &m[i], &m[best]))
			best = i;
	first = m[best];
	memmove(&m[1], &m[0], best * sizeof(m[0]));
	m[0] = first;
	id = blob_put(as, owner, BLOB_SET, m, n * sizeof(m[0]),
	    tag_of(hash_of(as, m, n * sizeof(m[0]))), &full);
	assert(id < CELL_SET);
	return full ? 0 : id | CELL_SET;
}

void
attrstore_begin(struct attrstore *as)
{
	as->color = as->color == 1 ? 2 : 1;
	as->sweep_path_slab = as->sweep_blob_slab = 1;
}

static void
mark_blob(struct attrstore *as, uint32_t id)
{
	if (id != 0)
		blob_at(as, id)->color = as->color;
}

static void
mark_path(struct attrstore *as, uint32_t path)
{
	const struct path *p = attrstore_record(as, path);
	struct comm_set set;

	if (as->path_color[path & CELL_INDEX] == as->color)
		return;
	as->path_color[path & CELL_INDEX] = as->color;
	mark_blob(as, p->aspath);
	mark_blob(as, p->next_hop);
	mark_blob(as, p->comm_set);
	set = comm_set_of(as, p);
	mark_blob(as, set.comms);
	mark_blob(as, set.ecomms);
	mark_blob(as, set.lcomms);
	mark_blob(as, set.others);
}

void
attrstore_mark(struct attrstore *as, uint32_t cell)
{
	const struct member *m;
	size_t n;

	if (cell == 0)
		return;
	if (!(cell & CELL_SET)) {
		mark_path(as, cell);
		return;
	}
	mark_blob(as, cell & ~CELL_SET);
	m = attrstore_members(as, cell, &n);
	for (size_t i = 0; i < n; i++)
		mark_path(as, m[i].path);
}

/* Take dead things out of their index; the searches for them go on side by side. */
static void
bury(struct tagindex *index, struct idlist *dead, const uint32_t *tag, const uint32_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tagindex_prefetch(index, tag[i]);
	for (size_t i = 0; i < n; i++) {
		tagindex_remove(index, tag[i], id[i]);
		idlist_push(dead, id[i]);
	}
}

static void
sweep_path_slab(struct attrstore *as, uint32_t n)
{
	const struct slab *b = &as->path_slabs.slab[n];
	uint32_t first = slabs_first(&as->path_slabs, n), tag[DEAD_AT_ONCE], dead[DEAD_AT_ONCE];
	size_t m = 0;

	for (uint32_t id = first; id < first + b->fresh; id++) {
		if (as->path_color[id] == 0 || as->path_color[id] == as->color)
			continue;
		as->path_color[id] = 0;
		tag[m] = path_tag_of(as, &as->path[id]);
		dead[m++] = id;
		if (m == DEAD_AT_ONCE) {
			bury(&as->paths, &as->dead_path, tag, dead, m);
			m = 0;
		}
	}
	bury(&as->paths, &as->dead_path, tag, dead, m);
}

static void
sweep_blob_slab(struct attrstore *as, uint32_t n)
{
	const struct slab *b = &as->blob_slabs.slab[n];
	uint32_t first = slabs_first(&as->blob_slabs, n), step = slabs_granules(b);
	uint32_t tag[DEAD_AT_ONCE], dead[DEAD_AT_ONCE];
	size_t m = 0;

	for (uint32_t id = first; id < first + b->fresh * step; id += step) {
		struct blob *blob = blob_at(as, id);

		if (blob->color == 0 || blob->color == as->color)
			continue;
		blob->color = 0;
		tag[m] = blob_tag(as, blob);
		dead[m++] = id;
		if (m == DEAD_AT_ONCE) {
			bury(&as->blobs, &as->dead_blob, tag, dead, m);
			m = 0;
		}
	}
	bury(&as->blobs, &as->dead_blob, tag, dead, m);
}

/*
 * Paths first, and blobs only after the last of them: a path that is found and used again in
 * between still has its blobs. The bytes of what is dead stay until it is reclaimed.
 */
bool
attrstore_sweep(struct attrstore *as, mono_t until)
{
	for (; as->sweep_path_slab < as->path_slabs.count; as->sweep_path_slab++) {
		if (mono_since(mono_now(), until) >= 0)
			return true;
		sweep_path_slab(as, as->sweep_path_slab);
	}
	for (; as->sweep_blob_slab < as->blob_slabs.count; as->sweep_blob_slab++) {
		if (mono_since(mono_now(), until) >= 0)
			return true;
		sweep_blob_slab(as, as->sweep_blob_slab);
	}
	return false;
}

static void
idlist_done(struct idlist *l)
{
	mem_free(l->id);
	*l = (struct idlist){ 0 };
}

static void
blob_free(struct attrstore *as, uint32_t id)
{
	as->kind_count[blob_at(as, id)->kind]--;
	as->blob_count--;
	slabs_give(&as->blob_slabs, id);
}

static void
path_free(struct attrstore *as, uint32_t id)
{
	as->path_count--;
	as->paths_freed++;
	slabs_give(&as->path_slabs, id);
}

/* Newest first, which is slab by slab. True: not at the end. */
static bool
reclaim(struct attrstore *as, struct idlist *dead, void (*free_one)(struct attrstore *, uint32_t),
    mono_t until)
{
	for (unsigned n = 1; dead->n > 0; n++) {
		if (n % RECLAIM_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
			return true;
		free_one(as, dead->id[--dead->n]);
	}
	idlist_done(dead);
	return false;
}

bool
attrstore_reclaim(struct attrstore *as, mono_t until)
{
	if (reclaim(as, &as->dead_path, path_free, until) ||
	    reclaim(as, &as->dead_blob, blob_free, until))
		return true;
	while (tagindex_shrink(&as->paths) || tagindex_shrink(&as->blobs))
		if (mono_since(mono_now(), until) >= 0)
			return true;
	return false;
}
