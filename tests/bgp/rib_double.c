/* SPDX-License-Identifier: BSD-2-Clause */
#include "rib_double.h"

#include <assert.h>

#include "core/bytes.h"
#include "core/mem.h"

struct held {
	struct nlri nlri;
	uint32_t path;
	bool stale;
};

struct teller {
	struct teller *next;
	struct rib *rib;
	struct teller_info info;
	struct held *held;
	size_t count;
	char **path;			/* texts; the id is the place + 1 */
	size_t paths;
};

struct teller *
teller_new(struct rib *rib, const struct teller_info *info)
{
	struct teller *t = mem_new(sizeof(*t));

	t->rib = rib;
	t->info = *info;
	t->info.name = NULL;
	t->next = rib->tellers;
	rib->tellers = t;
	rib->made++;
	return t;
}

const struct teller_info *
teller_info(const struct teller *t)
{
	return &t->info;
}

void
teller_gone(struct teller *t)
{
	struct teller **at = &t->rib->tellers;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->rib->gone++;
	for (size_t i = 0; i < t->paths; i++)
		mem_free(t->path[i]);
	mem_free(t->path);
	mem_free(t->held);
	mem_free(t);
}

static void
add_path(struct sbuf *b, const struct attrs *a)
{
	struct rd r = rd_of(a->aspath, a->aspath_len);

	sbuf_str(b, " path");
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r), n = rd_u8(&r);

		if (type == 1)
			sbuf_str(b, " set");
		while (n-- > 0)
			sbuf_printf(b, " %u", rd_u32(&r));
	}
}

uint32_t
attrs_put(struct teller *t, const struct attrs *a)
{
	struct sbuf b = { 0 };
	char text[ADDR_TEXT];

	t->rib->puts++;
	if (t->rib->refuse_puts > 0) {
		t->rib->refuse_puts--;
		return 0;
	}
	sbuf_printf(&b, " via %s", addr_text(&a->next_hop, text));
	add_path(&b, a);
	if (a->has_med)
		sbuf_printf(&b, " med %u", a->med);
	if (a->has_local_pref)
		sbuf_printf(&b, " pref %u", a->local_pref);
	if (a->no_llgr)
		sbuf_str(&b, " no-llgr");
	t->path = mem_grow(t->path, t->paths + 1, sizeof(*t->path));
	t->path[t->paths++] = mem_strdup(sbuf_text(&b));
	sbuf_done(&b);
	return (uint32_t)t->paths;
}

void
attrs_hash(const struct teller *t, const struct attrs *attrs, struct attrs_hash *ret)
{
	(void)t;
	(void)attrs;
	*ret = (struct attrs_hash){ 0 };
}

void
attrs_warm(const struct teller *t, const struct attrs_hash *hash)
{
	(void)t;
	(void)hash;
}

uint32_t
attrs_put_hashed(struct teller *t, const struct attrs *attrs, const struct attrs_hash *hash)
{
	(void)hash;
	return attrs_put(t, attrs);
}

static struct held *
find(const struct teller *t, const struct nlri *n)
{
	for (size_t i = 0; i < t->count; i++)
		if (addr_eq(&t->held[i].nlri.prefix.addr, &n->prefix.addr) &&
		    t->held[i].nlri.prefix.len == n->prefix.len &&
		    t->held[i].nlri.rd == n->rd && t->held[i].nlri.safi == n->safi &&
		    t->held[i].nlri.path_id == n->path_id)
			return &t->held[i];
	return NULL;
}

static void
announce(struct teller *t, const struct nlri *n, uint32_t path)
{
	struct held *h = find(t, n);

	assert(path >= 1 && path <= t->paths);
	if (h == NULL) {
		t->held = mem_grow(t->held, t->count + 1, sizeof(*t->held));
		h = &t->held[t->count++];
	}
	h->nlri = *n;
	h->path = path;
	h->stale = false;
}

size_t
rib_announce_many(struct teller *t, const struct nlri *nlri, size_t n, uint32_t path)
{
	for (size_t i = 0; i < n; i++)
		announce(t, &nlri[i], path);
	return n;
}

enum rib_change
rib_withdraw(struct teller *t, const struct nlri *n)
{
	struct held *h = find(t, n);

	if (h == NULL)
		return RIB_UNKNOWN;
	memmove(h, h + 1, (size_t)(t->held + t->count - (h + 1)) * sizeof(*h));
	t->count--;
	return RIB_REMOVED;
}

struct teller *
teller_adopt(struct rib *rib, const struct teller_info *info)
{
	(void)rib;
	(void)info;
	return NULL;
}

void
teller_down(struct teller *t, bool down)
{
	(void)t;
	(void)down;
}

static bool
is_of(const struct held *h, enum rib_afi afi, enum rib_safi safi)
{
	return h->nlri.safi == safi && addr_is_v4(&h->nlri.prefix.addr) == (afi == RIB_IP4);
}

void
rib_stale(struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	for (size_t i = 0; i < t->count; i++)
		t->held[i].stale |= is_of(&t->held[i], afi, safi);
}

void
rib_sweep(struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (!t->held[i].stale || !is_of(&t->held[i], afi, safi))
			t->held[kept++] = t->held[i];
	t->count = kept;
}

bool
teller_is_stale(const struct teller *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->held[i].stale)
			return true;
	return false;
}

size_t
rib_walk(const struct teller *t, struct rib_cursor *cursor, struct nlri *ret_nlri,
    uint32_t *ret_path, size_t most)
{
	size_t n = 0;

	for (; n < most && cursor->prefix < t->count; n++, cursor->prefix++) {
		ret_nlri[n] = t->held[cursor->prefix].nlri;
		ret_path[n] = t->held[cursor->prefix].path;
	}
	return n;
}

/* Paths whose text says so are not to be kept for long. */
const struct path *
rib_path(const struct rib *rib, uint32_t id)
{
	static const struct path plain, no_llgr = { .flags = PATH_NO_LLGR };

	for (const struct teller *t = rib->tellers; t != NULL; t = t->next)
		if (id <= t->paths && strstr(t->path[id - 1], " no-llgr") != NULL)
			return &no_llgr;
	return &plain;
}

uint64_t
teller_routes(const struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += is_of(&t->held[i], afi, safi);
	return n;
}

void
double_routes(const struct teller *t, struct sbuf *b)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; t != NULL && i < t->count; i++) {
		const struct nlri *n = &t->held[i].nlri;

		sbuf_str(b, i > 0 ? "; " : "");
		if (n->rd != 0)
			sbuf_printf(b, "%llx ", (unsigned long long)n->rd);
		sbuf_str(b, prefix_text(&n->prefix, text));
		if (n->path_id != 0)
			sbuf_printf(b, " id %u", n->path_id);
		sbuf_printf(b, "%s%s", t->path[t->held[i].path - 1],
		    t->held[i].stale ? " stale" : "");
	}
}

struct teller *
double_teller(const struct rib *rib, const char *router)
{
	struct addr a;

	if (addr_parse(router, &a) != 0)
		return NULL;
	for (struct teller *t = rib->tellers; t != NULL; t = t->next)
		if (addr_eq(&t->info.router, &a))
			return t;
	return NULL;
}

void
double_done(struct rib *rib)
{
	while (rib->tellers != NULL)
		teller_gone(rib->tellers);
}
