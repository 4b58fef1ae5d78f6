/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing MRT: TABLE_DUMP_V2, RFC 6396 4.3, a record per route; path ids as in RFC 8050 4. */
#include <string.h>

#include "core/mem.h"
#include "feed/mrt.h"

enum { TABLE_DUMP_V2 = 13, PEER_INDEX_TABLE = 1, RIB_GENERIC = 6, RIB_GENERIC_ADDPATH = 12 };
enum { FLAG_OPTIONAL = 0x80, FLAG_TRANSITIVE = 0x40, FLAG_EXTENDED = 0x10 };

static size_t
begin(struct wr *w, wall_t time, uint16_t subtype)
{
	wr_u32(w, (uint32_t)wall_sec(time));
	wr_u16(w, TABLE_DUMP_V2);
	wr_u16(w, subtype);
	wr_u32(w, 0);
	return wr_len(w);
}

static void
end(struct wr *w, size_t start)
{
	struct wr len = wr_of(w->start + start - 4, 4);

	if (!w->bad)
		wr_u32(&len, (uint32_t)(wr_len(w) - start));
}

void
mrt_put_peers(struct wr *w, const struct mrt_peer *peer, size_t peers, wall_t time)
{
	size_t start = begin(w, time, PEER_INDEX_TABLE);

	wr_u32(w, 0);			/* our identifier */
	wr_u16(w, 0);			/* no name of a view */
	wr_u16(w, (uint16_t)peers);
	for (size_t i = 0; i < peers; i++) {
		bool v4 = addr_is_v4(&peer[i].addr);

		wr_u8(w, v4 ? 2 : 3);
		wr_u32(w, addr_is_v4(&peer[i].id) ? addr_v4(&peer[i].id) : 0);
		wr_bytes(w, peer[i].addr.b + (v4 ? 12 : 0), v4 ? 4 : 16);
		wr_u32(w, peer[i].as);
	}
	end(w, start);
}

static void
put_attr(struct wr *w, uint8_t flags, uint8_t code, const uint8_t *bytes, size_t len)
{
	bool extended = len > 255;

	wr_u8(w, extended ? flags | FLAG_EXTENDED : flags);
	wr_u8(w, code);
	wr_uint(w, len, extended ? 2 : 1);
	wr_bytes(w, bytes, len);
}

static void
put_u32_attr(struct wr *w, uint8_t flags, uint8_t code, uint32_t n)
{
	uint8_t bytes[4];
	struct wr v = wr_of(bytes, sizeof(bytes));

	wr_u32(&v, n);
	put_attr(w, flags, code, bytes, sizeof(bytes));
}

/* NEXT_HOP, or the shortened MP_REACH_NLRI (RFC 6396 4.3.4); of a VPN with an RD of zeros. */
static void
put_hop(struct wr *w, const struct mrt_route *r, const struct addr *hop)
{
	bool v4 = addr_is_v4(hop), vpn = r->nlri->rd != 0;
	uint8_t value[1 + 8 + 16] = { 0 };
	size_t len = (vpn ? 8 : 0) + (v4 ? 4 : 16);

	if (v4 && r->nlri->safi == RIB_UNICAST && addr_is_v4(&r->nlri->prefix.addr)) {
		put_attr(w, FLAG_TRANSITIVE, 3, hop->b + 12, 4);
		return;
	}
	value[0] = (uint8_t)len;
	memcpy(value + 1 + (vpn ? 8 : 0), hop->b + (v4 ? 12 : 0), v4 ? 4 : 16);
	put_attr(w, FLAG_OPTIONAL, 14, value, 1 + len);
}

static void
put_list(struct wr *w, const struct rib *rib, uint8_t code, enum attr_kind kind, uint32_t id)
{
	size_t len;
	const uint8_t *bytes = rib_attr(rib, kind, id, &len);

	if (len > 0)
		put_attr(w, FLAG_OPTIONAL | FLAG_TRANSITIVE, code, bytes, len);
}

static void
put_attrs(struct wr *w, const struct mrt_route *r)
{
	const struct path *p = rib_path(r->rib, r->path);
	const struct comm_set set = rib_comms(r->rib, p);
	struct addr hop = rib_addr(r->rib, p->next_hop);
	uint8_t origin = p->flags & PATH_ORIGIN;
	size_t len;
	const uint8_t *aspath = rib_attr(r->rib, ATTR_ASPATH, p->aspath, &len);

	put_attr(w, FLAG_TRANSITIVE, 1, &origin, 1);
	put_attr(w, FLAG_TRANSITIVE, 2, aspath, len);
	if (addr_is_set(&hop))
		put_hop(w, r, &hop);
	if (p->flags & PATH_HAS_MED)
		put_u32_attr(w, FLAG_OPTIONAL, 4, p->med);
	if (p->flags & PATH_HAS_LOCAL_PREF)
		put_u32_attr(w, FLAG_TRANSITIVE, 5, p->local_pref);
	put_list(w, r->rib, 8, ATTR_COMMS, set.comms);
	put_list(w, r->rib, 16, ATTR_ECOMMS, set.ecomms);
	put_list(w, r->rib, 32, ATTR_LCOMMS, set.lcomms);
}

/* The NLRI as on the wire, with label (RFC 8277 2.2) and RD (RFC 4364 4.3.4) where it has them. */
static void
put_nlri(struct wr *w, const struct nlri *n)
{
	bool label = n->safi != RIB_UNICAST;
	unsigned more = (label ? 24 : 0) + (n->rd != 0 ? 64 : 0);

	wr_u8(w, (uint8_t)(more + n->prefix.len));
	if (label)
		wr_uint(w, n->label << 4 | 1, 3);
	if (n->rd != 0)
		wr_u64(w, n->rd);
	wr_bytes(w, n->prefix.addr.b + (addr_is_v4(&n->prefix.addr) ? 12 : 0),
	    (n->prefix.len + 7u) / 8);
}

void
mrt_put_route(struct wr *w, const struct mrt_route *r)
{
	const struct nlri *n = r->nlri;
	bool v4 = addr_is_v4(&n->prefix.addr), id = n->path_id != 0;
	bool generic = n->safi != RIB_UNICAST;
	size_t start, len;

	start = begin(w, r->time, generic ? (id ? RIB_GENERIC_ADDPATH : RIB_GENERIC) :
	    (uint16_t)((v4 ? 2 : 4) + (id ? 6 : 0)));
	wr_u32(w, r->sequence);
	if (generic) {
		wr_u16(w, v4 ? 1 : 2);
		wr_u8(w, n->safi == RIB_LABELLED ? 4 : 128);
		if (id)
			wr_u32(w, n->path_id);
	}
	put_nlri(w, n);
	wr_u16(w, 1);			/* entries */
	wr_u16(w, r->peer);
	wr_u32(w, (uint32_t)wall_sec(r->time));
	if (id && !generic)
		wr_u32(w, n->path_id);
	len = wr_mark16(w);
	put_attrs(w, r);
	wr_fill16(w, len, 0);
	end(w, start);
}
