/* SPDX-License-Identifier: BSD-2-Clause */
#include "rib_double.h"

#include <assert.h>

#include "core/bytes.h"
#include "core/mem.h"

struct held {
	struct nlri nlri;
	uint32_t path;
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
		    t->held[i].nlri.prefix.len == n->prefix.len)
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
rib_sweep(struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	(void)t;
	(void)afi;
	(void)safi;
}

uint64_t
teller_routes(const struct teller *t, enum rib_afi afi, enum rib_safi safi)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->held[i].nlri.safi == safi &&
		    addr_is_v4(&t->held[i].nlri.prefix.addr) == (afi == RIB_IP4);
	return n;
}

void
double_routes(const struct teller *t, struct sbuf *b)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; t != NULL && i < t->count; i++)
		sbuf_printf(b, "%s%s%s", i > 0 ? "; " : "",
		    prefix_text(&t->held[i].nlri.prefix, text), t->path[t->held[i].path - 1]);
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
