/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/route.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* A BMP teller's name says whom it tells of: "ADDRESS", "ADDRESS of RD", or "Loc-RIB". */
static void
read_name(const char *name, struct route_teller *ret)
{
	const char *of = strstr(name, " of ");
	struct sbuf who = { 0 };

	sbuf_add(&who, name, of != NULL ? (size_t)(of - name) : strlen(name));
	(void)addr_parse(sbuf_text(&who), &ret->peer);
	if (of != NULL)
		(void)rd_parse(of + 4, &ret->pd);
	sbuf_done(&who);
}

void
route_teller_of(const struct teller_info *info, struct route_teller *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->router = info->router;
	ret->id = info->router_id;
	ret->as = info->as;
	ret->kind = (uint8_t)info->kind;
	ret->rib = (uint8_t)info->rib;
	if (info->kind == TELLER_BMP && info->name != NULL)
		read_name(info->name, ret);
}

bool
route_teller_is(const struct route_teller *a, const struct route_teller *b)
{
	return addr_eq(&a->router, &b->router) && addr_eq(&a->id, &b->id) &&
	    addr_eq(&a->peer, &b->peer) && a->pd == b->pd && a->kind == b->kind &&
	    a->rib == b->rib;
}

struct route_key
route_key_of(const struct nlri *nlri, uint32_t teller)
{
	struct route_key key;

	memset(&key, 0, sizeof(key));
	key.rd = nlri->rd;
	key.addr = nlri->prefix.addr;
	key.len = nlri->prefix.len;
	key.safi = nlri->safi;
	key.path_id = nlri->path_id;
	key.teller = teller;
	return key;
}

/* --- attributes ----------------------------------------------------------------------------------- */

void
route_attrs_put(const struct rib *rib, uint32_t path, struct sbuf *out)
{
	static const uint8_t zero[8];
	const struct path *p = rib_path(rib, path);
	const struct comm_set set = rib_comms(rib, p);
	const struct { enum attr_kind kind; uint32_t id; } text[ROUTE_TEXTS] = {
		{ ATTR_ASPATH, p->aspath }, { ATTR_COMMS, set.comms },
		{ ATTR_ECOMMS, set.ecomms }, { ATTR_LCOMMS, set.lcomms },
	};
	const uint8_t *bytes[ROUTE_TEXTS];
	struct route_attrs a;
	size_t n = sizeof(a);

	memset(&a, 0, sizeof(a));
	a.next_hop = rib_addr(rib, p->next_hop);
	a.med = p->med;
	a.local_pref = p->local_pref;
	a.flags = p->flags & (PATH_ORIGIN | PATH_HAS_MED | PATH_HAS_LOCAL_PREF);
	for (unsigned i = 0; i < ROUTE_TEXTS; i++) {
		size_t len;

		bytes[i] = rib_attr(rib, text[i].kind, text[i].id, &len);
		a.len[i] = (uint16_t)len;
		n += len;
	}
	a.size = (uint32_t)((n + 7) & ~(size_t)7);
	sbuf_add(out, &a, sizeof(a));
	for (unsigned i = 0; i < ROUTE_TEXTS; i++)
		if (a.len[i] > 0)
			sbuf_add(out, bytes[i], a.len[i]);
	sbuf_add(out, zero, a.size - n);
}

const uint8_t *
route_attrs_bytes(const struct route_attrs *a, unsigned which)
{
	const uint8_t *bytes = (const uint8_t *)(a + 1);

	for (unsigned i = 0; i < which; i++)
		bytes += a->len[i];
	return bytes;
}

/* --- pool ----------------------------------------------------------------------------------------- */

void
route_pool_init(struct route_pool *pool)
{
	*pool = (struct route_pool){ 0 };
	slots_init(&pool->at, 256);
}

void
route_pool_done(struct route_pool *pool)
{
	sbuf_done(&pool->bytes);
	slots_done(&pool->at);
}

uint32_t
route_pool_put(struct route_pool *pool, const struct route_attrs *a)
{
	uint64_t hash = hash_bytes(a, a->size, hash_seed());
	struct slots_at at;
	uint32_t id;

	for (id = slots_first(&pool->at, hash, &at); id != SLOTS_NONE; id = slots_next(&pool->at, &at)) {
		const struct route_attrs *there = route_pool_get(pool, id);

		if (there->size == a->size && memcmp(there, a, a->size) == 0)
			return id;
	}
	id = (uint32_t)(pool->bytes.len / 8);
	sbuf_add(&pool->bytes, a, a->size);
	slots_add(&pool->at, hash, id);
	return id;
}
