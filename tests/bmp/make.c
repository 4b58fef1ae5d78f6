/* SPDX-License-Identifier: BSD-2-Clause */
#include "make.h"

#include <assert.h>
#include <string.h>

size_t
make_begin(struct wr *w, uint8_t version, uint8_t type)
{
	size_t start = wr_len(w);

	wr_u8(w, version);
	wr_u32(w, 0);
	wr_u8(w, type);
	return start;
}

void
make_end(struct wr *w, size_t start)
{
	struct wr len = wr_of(w->start + start + 1, 4);

	assert(!w->bad);
	wr_u32(&len, (uint32_t)(wr_len(w) - start));
}

static void
put_addr(struct wr *w, const struct addr *a)
{
	static const uint8_t zero[12];

	if (addr_is_v4(a)) {
		wr_bytes(w, zero, 12);
		wr_bytes(w, a->b + 12, 4);
	} else {
		wr_bytes(w, a->b, 16);
	}
}

void
make_peer(struct wr *w, const struct bmp_peer_header *h)
{
	wr_u8(w, h->type);
	wr_u8(w, h->flags);
	wr_u64(w, h->rd);
	put_addr(w, &h->addr);
	wr_u32(w, h->as);
	wr_u32(w, h->id);
	wr_u32(w, h->sec);
	wr_u32(w, h->usec);
}

void
make_tlv(struct wr *w, uint16_t type, const char *text)
{
	wr_u16(w, type);
	wr_u16(w, (uint16_t)strlen(text));
	wr_bytes(w, text, strlen(text));
}

void
make_open(struct wr *w, uint32_t as, uint32_t id)
{
	const struct bgp_open open = {
		.as = as, .id = id, .hold_s = 90, .as4 = true, .refresh = true, .families = 3,
	};

	open_encode(w, &open);
}

static void
put_attr(struct wr *w, uint8_t flags, uint8_t code, uint8_t len)
{
	wr_u8(w, flags);
	wr_u8(w, code);
	wr_u8(w, len);
}

static void
put_prefix(struct wr *w, const struct prefix *p)
{
	wr_u8(w, p->len);
	wr_bytes(w, p->addr.b + (addr_is_v4(&p->addr) ? 12 : 0), (p->len + 7u) / 8);
}

static void
put_paths(struct wr *w, const struct make_route *r, const struct prefix *p)
{
	for (unsigned id = 1; id <= r->paths; id++) {
		wr_u32(w, id);
		put_prefix(w, p);
	}
	if (r->paths == 0)
		put_prefix(w, p);
}

static void
put_attrs(struct wr *w, const struct make_route *r)
{
	uint8_t as_bytes = r->as_bytes != 0 ? (uint8_t)r->as_bytes : 4;
	struct addr hop;

	assert(addr_parse(r->next_hop, &hop) == 0);
	put_attr(w, 0x40, 1, 1);
	wr_u8(w, 0);
	put_attr(w, 0x40, 2, (uint8_t)(2 + as_bytes));
	wr_u8(w, 2);
	wr_u8(w, 1);
	wr_uint(w, r->as, as_bytes);
	put_attr(w, 0x40, 3, 4);
	wr_bytes(w, hop.b + 12, 4);
	if (r->local_pref == 0)
		return;
	put_attr(w, 0x40, 5, 4);
	wr_u32(w, r->local_pref);
}

void
make_update(struct wr *w, const struct make_route *route)
{
	size_t start = wr_len(w), mark;
	struct prefix p;

	message_begin(w, BGP_UPDATE);
	if (route == NULL) {
		wr_u32(w, 0);
		message_end(w, start);
		return;
	}
	assert(prefix_parse(route->prefix, &p) == 0);
	mark = wr_mark16(w);
	if (route->as == 0)
		put_paths(w, route, &p);
	wr_fill16(w, mark, 0);
	mark = wr_mark16(w);
	if (route->as != 0)
		put_attrs(w, route);
	wr_fill16(w, mark, 0);
	if (route->as != 0)
		put_paths(w, route, &p);
	message_end(w, start);
}

void
make_initiation(struct wr *w, const char *sysname)
{
	size_t start = make_begin(w, 3, BMP_INITIATION);

	make_tlv(w, BMP_INFO_SYSDESCR, "test router");
	make_tlv(w, BMP_INFO_SYSNAME, sysname);
	make_end(w, start);
}

void
make_termination(struct wr *w, uint16_t reason)
{
	size_t start = make_begin(w, 3, BMP_TERMINATION);

	wr_u16(w, 1);
	wr_u16(w, 2);
	wr_u16(w, reason);
	make_end(w, start);
}

void
make_peer_up(struct wr *w, const struct bmp_peer_header *h, uint32_t local_as, uint32_t local_id)
{
	size_t start = make_begin(w, 3, BMP_PEER_UP);
	const struct addr local = addr_of_v4(local_id);

	make_peer(w, h);
	put_addr(w, &local);
	wr_u16(w, 179);
	wr_u16(w, 40000);
	make_open(w, local_as, local_id);
	make_open(w, h->as, h->id);
	make_end(w, start);
}

void
make_peer_down(struct wr *w, const struct bmp_peer_header *h, uint8_t reason)
{
	static const struct bgp_fault cease = { .code = BGP_ERR_CEASE, .subcode = CEASE_SHUTDOWN };
	size_t start = make_begin(w, 3, BMP_PEER_DOWN);

	make_peer(w, h);
	wr_u8(w, reason);
	if (reason == 1 || reason == 3)
		notification_encode(w, &cease);
	if (reason == 2)
		wr_u16(w, 18);
	make_end(w, start);
}

void
make_monitoring(struct wr *w, const struct bmp_peer_header *h, const struct make_route *route)
{
	size_t start = make_begin(w, 3, BMP_ROUTE_MONITORING);

	make_peer(w, h);
	make_update(w, route);
	make_end(w, start);
}
