/* SPDX-License-Identifier: BSD-2-Clause */
/* Blobs with free lists by size class, paths, their indices, and what marking leaves over. */
#include "rib/attrstore.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

#define SWEEP_PER_LOOK	1024
#define FIRST_BLOB	(3 * BLOB_GRANULE)	/* id 0 reads as no bytes, or as an unset address */
#define SPACE_MOST	(UINT64_C(12) << 30)	/* ids of 8-byte granules, below CELL_SET */

_Static_assert(sizeof(struct blob) == 4, "bytes of a blob are aligned for words");

void
attrstore_init(struct attrstore *as, size_t most)
{
	*as = (struct attrstore){ .most = most, .seed = hash_seed(), .color = 1 };
	if (most > SPACE_MOST)
		most = as->most = SPACE_MOST;
	as->space_bytes = most + most / 8;
	as->paths_most = most / sizeof(struct path) < CELL_INDEX ? most / sizeof(struct path) :
	    CELL_INDEX;
	as->space = mem_reserve(as->space_bytes, 1);
	as->path = mem_reserve(as->paths_most * sizeof(struct path), 1);
	as->path_color = mem_reserve(as->paths_most, 0);
	as->space_at = FIRST_BLOB;
	as->paths_at = 1;
	tagindex_init(&as->blobs, as->space_bytes / BLOB_GRANULE);
	tagindex_init(&as->paths, as->paths_most);
}

void
attrstore_done(struct attrstore *as)
{
	mem_unreserve(as->space, as->space_bytes);
	mem_unreserve(as->path, as->paths_most * sizeof(struct path));
	mem_unreserve(as->path_color, as->paths_most);
	tagindex_done(&as->blobs);
	tagindex_done(&as->paths);
	mem_free(as->free_path.id);
	mem_free(as->dead_blob.id);
	mem_free(as->dead_path.id);
}

size_t
attrstore_bytes(const struct attrstore *as)
{
	return as->blob_bytes + as->path_count * (sizeof(struct path) + 1) +
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

/* Of a blob's length: its class, and the granules that a blob of this class takes. */
static unsigned
class_of(size_t len, size_t *ret_granules)
{
	size_t g = (sizeof(struct blob) + len + BLOB_GRANULE - 1) / BLOB_GRANULE;

	/* A free blob links to the next one, behind its header. */
	if (g <= BLOB_EXACT) {
		*ret_granules = g;
		return (unsigned)g;
	}
	*ret_granules = (g + BLOB_EXACT - 1) / BLOB_EXACT * BLOB_EXACT;
	return BLOB_EXACT + (unsigned)(*ret_granules / BLOB_EXACT);
}

static struct blob *
blob_at(struct attrstore *as, uint32_t id)
{
	return (void *)(as->space + (size_t)id * BLOB_GRANULE);
}

static uint32_t
blob_alloc(struct attrstore *as, size_t len)
{
	size_t granules;
	unsigned class = class_of(len, &granules);
	uint32_t id = as->free_blob[class];

	if (id != 0) {
		memcpy(&as->free_blob[class], blob_at(as, id)->bytes, sizeof(id));
	} else {
		if (as->space_bytes - as->space_at < granules * BLOB_GRANULE)
			return 0;
		id = (uint32_t)(as->space_at / BLOB_GRANULE);
		as->space_at += granules * BLOB_GRANULE;
	}
	as->blob_bytes += granules * BLOB_GRANULE;
	as->blob_count++;
	return id;
}

static void
blob_free(struct attrstore *as, uint32_t id)
{
	struct blob *b = blob_at(as, id);
	size_t granules;
	unsigned class = class_of(b->len, &granules);

	as->kind_count[b->kind]--;
	memcpy(b->bytes, &as->free_blob[class], sizeof(id));
	as->free_blob[class] = id;
	as->blob_bytes -= granules * BLOB_GRANULE;
	as->blob_count--;
}

/* Bytes to be interned; the tag is known ahead, so that the index can be prefetched. */
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
	const struct blob *b = attrstore_blob(k->as, id);

	return b->len == k->len && memcmp(b->bytes, k->bytes, k->len) == 0;
}

static uint32_t
blob_tag(const struct attrstore *as, const void *bytes, size_t len)
{
	return (uint32_t)(hash_bytes(bytes, len, as->seed) >> 32);
}

static struct blob_key
blob_key(const struct attrstore *as, enum blob_kind kind, const void *bytes, size_t len)
{
	struct blob_key k = { as, kind, bytes, len, 0 };

	if (len > 0) {
		k.tag = blob_tag(as, bytes, len);
		tagindex_prefetch(&as->blobs, k.tag);
	}
	return k;
}

static uint32_t
blob_new(struct attrstore *as, const struct blob_key *k)
{
	uint32_t id;
	struct blob *b;

	if (k->kind != BLOB_SET && attrstore_bytes(as) + k->len > as->most)
		return 0;
	id = blob_alloc(as, k->len);
	if (id == 0)
		return 0;
	b = blob_at(as, id);
	b->len = (uint16_t)k->len;
	b->kind = (uint8_t)k->kind;
	memcpy(b->bytes, k->bytes, k->len);
	as->kind_count[k->kind]++;
	tagindex_put(&as->blobs, k->tag, id);
	return id;
}

/* The id of these bytes; 0 for none, and with `full` set where there is no room. */
static uint32_t
blob_put(struct attrstore *as, const struct blob_key *k, bool *full)
{
	uint32_t id;

	if (k->len == 0)
		return 0;
	id = tagindex_find(&as->blobs, k->tag, same_blob, k);
	if (id == TAGINDEX_NONE)
		id = blob_new(as, k);
	if (id == 0) {
		*full = true;
		return 0;
	}
	blob_at(as, id)->color = as->color;
	return id;
}

struct path_key {
	const struct attrstore *as;
	const struct path *path;
};

static int
same_path(const void *ctx, uint32_t id)
{
	const struct path_key *k = ctx;

	return memcmp(&k->as->path[id], k->path, sizeof(struct path)) == 0;
}

static uint32_t
path_tag(const struct attrstore *as, const struct path *p)
{
	uint64_t word[sizeof(*p) / 8];

	memcpy(word, p, sizeof(word));
	return (uint32_t)(hash_words(word, ARRAY_LEN(word), as->seed) >> 32);
}

static uint32_t
path_put(struct attrstore *as, const struct path *p)
{
	const struct path_key key = { as, p };
	uint32_t tag = path_tag(as, p);
	uint32_t id = tagindex_find(&as->paths, tag, same_path, &key);

	if (id == TAGINDEX_NONE) {
		if (as->free_path.n > 0)
			id = as->free_path.id[--as->free_path.n];
		else if (as->paths_at < as->paths_most &&
		    attrstore_bytes(as) + sizeof(*p) <= as->most)
			id = as->paths_at++;
		else
			return 0;
		as->path[id] = *p;
		as->path_count++;
		tagindex_put(&as->paths, tag, id);
	}
	as->path_color[id] = as->color;
	return id | (p->flags & PATH_EMPTY_ASPATH ? CELL_OWN : 0);
}

uint32_t
attrstore_path(struct attrstore *as, const struct attrs *a)
{
	const struct blob_key aspath = blob_key(as, BLOB_ASPATH, a->aspath, a->aspath_len);
	const struct blob_key comms = blob_key(as, BLOB_COMMS, a->comms, a->comms_len);
	const struct blob_key ecomms = blob_key(as, BLOB_COMMS, a->ecomms, a->ecomms_len);
	const struct blob_key lcomms = blob_key(as, BLOB_COMMS, a->lcomms, a->lcomms_len);
	const struct blob_key next_hop = blob_key(as, BLOB_ADDR, &a->next_hop,
	    addr_is_set(&a->next_hop) ? sizeof(a->next_hop) : 0);
	bool full = false;
	struct comm_set set = {
		.comms = blob_put(as, &comms, &full),
		.ecomms = blob_put(as, &ecomms, &full),
		.lcomms = blob_put(as, &lcomms, &full),
	};
	bool any = set.comms != 0 || set.ecomms != 0 || set.lcomms != 0;
	const struct blob_key three = blob_key(as, BLOB_COMM_SET, &set, any ? sizeof(set) : 0);
	struct path p = {
		.aspath = blob_put(as, &aspath, &full),
		.comm_set = blob_put(as, &three, &full),
		.next_hop = blob_put(as, &next_hop, &full),
		.med = a->has_med ? a->med : 0,
		.local_pref = a->has_local_pref ? a->local_pref : 0,
		.origin_as = aspath_last(a->aspath, a->aspath_len),
		.peer_as = aspath_first(a->aspath, a->aspath_len),
		.flags = (a->origin & PATH_ORIGIN) | (a->has_med ? PATH_HAS_MED : 0) |
		    (a->has_local_pref ? PATH_HAS_LOCAL_PREF : 0) |
		    (a->aspath_len == 0 ? PATH_EMPTY_ASPATH : 0),
	};

	return full ? 0 : path_put(as, &p);
}

/*
 * RFC 4271 9.1.2.2 as far as the attributes say, after the local preference of 9.1.1 (100 where
 * none was told). A missing MED counts as 0, and it is compared within one neighbor AS only.
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
attrstore_set(struct attrstore *as, struct member *m, size_t n)
{
	bool full = false;
	size_t best = 0;
	struct member first;
	struct blob_key key;
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
	key = blob_key(as, BLOB_SET, m, n * sizeof(m[0]));
	id = blob_put(as, &key, &full);
	assert(id < CELL_SET);
	return full ? 0 : id | CELL_SET;
}

void
attrstore_begin(struct attrstore *as)
{
	as->color = as->color == 1 ? 2 : 1;
	as->sweep_path = 1;
	as->sweep_space = FIRST_BLOB;
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
	const struct comm_set *set;

	if (as->path_color[path & CELL_INDEX] == as->color)
		return;
	as->path_color[path & CELL_INDEX] = as->color;
	mark_blob(as, p->aspath);
	mark_blob(as, p->next_hop);
	if (p->comm_set == 0)
		return;
	set = (const void *)attrstore_blob(as, p->comm_set)->bytes;
	mark_blob(as, p->comm_set);
	mark_blob(as, set->comms);
	mark_blob(as, set->ecomms);
	mark_blob(as, set->lcomms);
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

/*
 * Paths first, and blobs only after the last of them: a path that is found and used again in
 * between still has its blobs.
 */
bool
attrstore_sweep(struct attrstore *as, mono_t until)
{
	for (unsigned n = 1; as->sweep_path < as->paths_at; n++, as->sweep_path++) {
		uint32_t id = as->sweep_path;

		if (n % SWEEP_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
			return true;
		if (as->path_color[id] == 0 || as->path_color[id] == as->color)
			continue;
		tagindex_remove(&as->paths, path_tag(as, &as->path[id]), id);
		as->path_color[id] = 0;
		idlist_push(&as->dead_path, id);
	}
	for (unsigned n = 1; as->sweep_space < as->space_at; n++) {
		uint32_t id = (uint32_t)(as->sweep_space / BLOB_GRANULE);
		struct blob *b = blob_at(as, id);
		size_t granules;

		if (n % SWEEP_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
			return true;
		class_of(b->len, &granules);
		as->sweep_space += granules * BLOB_GRANULE;
		if (b->color == 0 || b->color == as->color)
			continue;
		tagindex_remove(&as->blobs, blob_tag(as, b->bytes, b->len), id);
		b->color = 0;
		idlist_push(&as->dead_blob, id);
	}
	return false;
}

static void
idlist_done(struct idlist *l)
{
	mem_free(l->id);
	*l = (struct idlist){ 0 };
}

/* Nothing is interned at all: the kernel may have the memory. */
static void
give_back(struct attrstore *as)
{
	mem_release(as->space, as->space_at);
	mem_release(as->path, as->paths_at * sizeof(struct path));
	memset(as->free_blob, 0, sizeof(as->free_blob));
	idlist_done(&as->free_path);
	as->space_at = FIRST_BLOB;
	as->paths_at = 1;
}

bool
attrstore_reclaim(struct attrstore *as, mono_t until)
{
	for (unsigned n = 1; as->dead_path.n > 0; n++) {
		if (n % SWEEP_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
			return true;
		idlist_push(&as->free_path, as->dead_path.id[--as->dead_path.n]);
		as->path_count--;
		as->paths_freed++;
	}
	for (unsigned n = 1; as->dead_blob.n > 0; n++) {
		if (n % SWEEP_PER_LOOK == 0 && mono_since(mono_now(), until) >= 0)
			return true;
		blob_free(as, as->dead_blob.id[--as->dead_blob.n]);
	}
	idlist_done(&as->dead_path);
	idlist_done(&as->dead_blob);
	while (tagindex_shrink(&as->paths) || tagindex_shrink(&as->blobs))
		if (mono_since(mono_now(), until) >= 0)
			return true;
	if (as->path_count == 0 && as->blob_count == 0)
		give_back(as);
	return false;
}
