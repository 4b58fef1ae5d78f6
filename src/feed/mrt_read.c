/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading MRT: one row per type and subtype, and from an entry of a table to an UPDATE. */
#include <string.h>

#include "core/mem.h"
#include "feed/mrt.h"

#define HEAD_BYTES	12		/* RFC 6396 2 */

enum { ATTR_MP_REACH = 14, ATTR_MP_UNREACH = 15 };
enum { FLAG_OPTIONAL = 0x80, FLAG_EXTENDED = 0x10 };	/* RFC 4271 4.3 */
enum { AFI_IP4 = 1, AFI_IP6 = 2 };

struct mrt_kind {
	uint16_t type, subtype;
	void (*take)(struct mrt *m, const struct mrt_kind *k, struct rd body);
	uint16_t afi;
	uint8_t safi;
	bool as4, path_ids, micros;	/* micros: 4 bytes of microseconds stand in front */
};

void
mrt_done(struct mrt *m)
{
	mem_free(m->peer);
	m->peer = NULL;
	m->peers = 0;
}

static struct addr
take_addr(struct rd *r, bool v6)
{
	uint8_t bytes[16];

	rd_copy(r, bytes, v6 ? 16 : 4);
	return v6 ? addr_of_bytes16(bytes) : addr_of_bytes4(bytes);
}

/* The number of a peer that is named by its address; UINT32_MAX: there are too many. */
static uint32_t
peer_of(struct mrt *m, const struct addr *addr, uint32_t as)
{
	for (uint32_t i = 0; i < m->peers; i++)
		if (addr_eq(&m->peer[i].addr, addr) && m->peer[i].as == as)
			return i;
	if (m->peers == MRT_PEERS_MOST)
		return UINT32_MAX;
	m->peer = mem_grow(m->peer, m->peers + 1, sizeof(*m->peer));
	m->peer[m->peers] = (struct mrt_peer){ .addr = *addr, .as = as };
	return m->peers++;
}

static void
count_parts(struct mrt *m)
{
	const struct bgp_update *u = &m->u;

	m->c.skipped += u->skipped;
	if (u->verdict >= VERDICT_WITHDRAW)
		m->c.malformed++;
	for (int i = 0; i < UPDATE_PARTS; i++) {
		bool gone = i < PART_NLRI || u->verdict >= VERDICT_WITHDRAW;

		if (u->part[i].family != NULL)
			*(gone ? &m->c.withdrawn : &m->c.announced) += u->part[i].count;
	}
}

static void
hand_on(struct mrt *m, uint32_t peer, uint32_t path_id, struct rd body, bool as4, bool path_ids)
{
	m->context = (struct bgp_context){ .families = families_all(), .as4 = as4,
		.add_path = path_ids ? families_add_path() : 0,
		/* Then a local preference is believed; a table has it only where it was so. */
		.internal = true };
	update_decode(body, &m->context, &m->u);
	if (m->u.verdict == VERDICT_RESET) {
		m->c.malformed++;
		return;
	}
	count_parts(m);
	m->update(m->ctx, m, peer, path_id, &m->u);
}

/* --- tables -------------------------------------------------------------------------------------- */

/* An entry of a table: whose, and what it says. */
struct entry {
	uint32_t peer, path_id;
	uint16_t afi;
	uint8_t safi;
	struct rd nlri;			/* length and prefix as on the wire */
	struct rd attrs;
	bool as4;
};

/*
 * The next hop of MP_REACH_NLRI: in a table it is mostly only that (RFC 6396 4.3.4), but some write
 * the attribute as it was on the wire.
 */
static struct rd
table_hop(struct rd value)
{
	if (rd_left(&value) > 0 && value.at[0] != rd_left(&value) - 1)
		rd_skip(&value, 3);
	return rd_sub(&value, rd_u8(&value));
}

/* Copy the attributes but for the two of RFC 4760; ret_hop is what the first one said. */
static int
copy_attrs(struct rd r, struct wr *w, struct rd *ret_hop)
{
	while (rd_left(&r) > 0) {
		const uint8_t *start = r.at;
		uint8_t flags = rd_u8(&r), code = rd_u8(&r);
		struct rd value = rd_sub(&r, flags & FLAG_EXTENDED ? rd_u16(&r) : rd_u8(&r));

		if (r.bad)
			return -1;
		if (code == ATTR_MP_REACH)
			*ret_hop = table_hop(value);
		else if (code != ATTR_MP_UNREACH)
			wr_bytes(w, start, (size_t)(r.at - start));
	}
	return w->bad || ret_hop->bad ? -1 : 0;
}

static void
put_reach(struct wr *w, const struct entry *e, const struct rd *hop)
{
	size_t len;

	wr_u16(w, (FLAG_OPTIONAL | FLAG_EXTENDED) << 8 | ATTR_MP_REACH);
	len = wr_mark16(w);
	wr_u16(w, e->afi);
	wr_u8(w, e->safi);
	wr_u8(w, (uint8_t)rd_left(hop));
	wr_bytes(w, hop->at, rd_left(hop));
	wr_u8(w, 0);
	wr_bytes(w, e->nlri.at, rd_left(&e->nlri));
	wr_fill16(w, len, 0);
}

/* The UPDATE that an entry stands for: RFC 4271 4.3, with MP_REACH_NLRI where it had one. */
static void
take_entry(struct mrt *m, const struct entry *e)
{
	struct wr w = wr_of(m->room, sizeof(m->room));
	struct rd hop = { 0 };
	size_t len;

	m->c.entries++;
	if (family_find(e->afi, e->safi) == NULL) {
		m->c.skipped++;
		return;
	}
	wr_u16(&w, 0);
	len = wr_mark16(&w);
	if (e->peer == UINT32_MAX || copy_attrs(e->attrs, &w, &hop) != 0) {
		m->c.malformed++;
		return;
	}
	if (hop.at != NULL)
		put_reach(&w, e, &hop);
	wr_fill16(&w, len, 0);
	if (hop.at == NULL)
		wr_bytes(&w, e->nlri.at, rd_left(&e->nlri));
	if (w.bad || (hop.at == NULL && (e->afi != AFI_IP4 || e->safi != 1))) {
		m->c.malformed++;
		return;
	}
	hand_on(m, e->peer, e->path_id, rd_of(m->room, wr_len(&w)), e->as4, false);
}

/* RFC 6396 4.2. */
static void
take_table_dump(struct mrt *m, const struct mrt_kind *k, struct rd body)
{
	bool v6 = k->afi == AFI_IP6;
	struct entry e = { .afi = k->afi, .safi = k->safi };
	uint8_t nlri[17];
	const uint8_t *prefix;
	struct addr peer;
	uint16_t as;

	rd_skip(&body, 4);		/* view, sequence */
	prefix = rd_bytes(&body, v6 ? 16 : 4);
	nlri[0] = rd_u8(&body);
	rd_skip(&body, 5);		/* status, time */
	peer = take_addr(&body, v6);
	as = rd_u16(&body);
	e.attrs = rd_sub(&body, rd_u16(&body));
	if (body.bad || nlri[0] > (v6 ? 128 : 32)) {
		m->c.malformed++;
		return;
	}
	memcpy(nlri + 1, prefix, (nlri[0] + 7u) / 8);
	e.nlri = rd_of(nlri, 1 + (nlri[0] + 7u) / 8);
	e.peer = peer_of(m, &peer, as);
	take_entry(m, &e);
}

/* RFC 6396 4.3.1. */
static void
take_peers(struct mrt *m, const struct mrt_kind *k, struct rd body)
{
	uint16_t count;

	(void)k;
	rd_skip(&body, 4);
	rd_skip(&body, rd_u16(&body));
	count = rd_u16(&body);
	mrt_done(m);
	m->index = true;
	for (; count > 0 && !body.bad && m->peers < MRT_PEERS_MOST; count--) {
		uint8_t type = rd_u8(&body);
		struct mrt_peer p = { .id = addr_of_v4(rd_u32(&body)) };

		p.addr = take_addr(&body, type & 1);
		p.as = type & 2 ? rd_u32(&body) : rd_u16(&body);
		m->peer = mem_grow(m->peer, m->peers + 1, sizeof(*m->peer));
		m->peer[m->peers++] = p;
	}
	if (body.bad || count > 0)
		m->c.malformed++;
}

/* RFC 6396 4.3.4, RFC 8050 4.1. */
static void
take_entries(struct mrt *m, struct entry *e, struct rd *body, bool path_ids)
{
	uint32_t given = e->path_id;

	for (uint16_t count = rd_u16(body); count > 0; count--) {
		e->peer = rd_u16(body);
		rd_skip(body, 4);	/* time */
		e->path_id = path_ids ? rd_u32(body) : given;
		e->attrs = rd_sub(body, rd_u16(body));
		if (body->bad || e->peer >= m->peers) {
			m->c.malformed++;
			return;
		}
		take_entry(m, e);
	}
}

/* A length in bits and its bytes, as all families that are kept have it. */
static struct rd
take_nlri(struct rd *body)
{
	const uint8_t *start = body->at;

	rd_skip(body, (rd_u8(body) + 7u) / 8);
	return body->bad ? (struct rd){ .bad = true } : rd_of(start, (size_t)(body->at - start));
}

static void
take_rib(struct mrt *m, const struct mrt_kind *k, struct rd body)
{
	struct entry e = { .afi = k->afi, .safi = k->safi, .as4 = true };

	rd_skip(&body, 4);		/* sequence */
	e.nlri = take_nlri(&body);
	take_entries(m, &e, &body, k->path_ids);
}

/* RFC 6396 4.3.3; with path ids the NLRI has one, not the entries (RFC 8050 4.2). */
static void
take_generic(struct mrt *m, const struct mrt_kind *k, struct rd body)
{
	struct entry e = { .as4 = true };

	rd_skip(&body, 4);
	e.afi = rd_u16(&body);
	e.safi = rd_u8(&body);
	e.path_id = k->path_ids ? rd_u32(&body) : 0;
	e.nlri = take_nlri(&body);
	take_entries(m, &e, &body, false);
}

/* --- messages ------------------------------------------------------------------------------------ */

/* What all of BGP4MP begin with, RFC 6396 4.4; the peer's number. */
static uint32_t
take_session(struct mrt *m, const struct mrt_kind *k, struct rd *body)
{
	uint32_t as = k->as4 ? rd_u32(body) : rd_u16(body);
	struct addr peer;
	bool v6;

	rd_skip(body, k->as4 ? 4 : 2);
	rd_skip(body, 2);		/* interface */
	v6 = rd_u16(body) == AFI_IP6;
	peer = take_addr(body, v6);
	(void)take_addr(body, v6);
	return body->bad ? UINT32_MAX : peer_of(m, &peer, as);
}

static void
take_state(struct mrt *m, const struct mrt_kind *k, struct rd body)
{
	if (take_session(m, k, &body) == UINT32_MAX || rd_left(&body) < 4)
		m->c.malformed++;
	else
		m->c.states++;
}

static void
take_message(struct mrt *m, const struct mrt_kind *k, struct rd body)
{
	uint32_t peer = take_session(m, k, &body);
	struct bgp_message msg;
	struct bgp_fault fault;

	if (peer == UINT32_MAX ||
	    bgp_frame(body.at, rd_left(&body), BGP_MESSAGE_MAX, &msg, &fault) != 1) {
		m->c.malformed++;
	} else if (msg.type != BGP_UPDATE) {
		m->c.states++;
	} else {
		m->c.updates++;
		hand_on(m, peer, 0, msg.body, k->as4, k->path_ids);
	}
}

#define TABLE(afi)	12, afi, take_table_dump, afi, 1, false, false, false
#define RIB(n, afi, safi, path_ids) 13, n, take_rib, afi, safi, true, path_ids, false
#define BGP4MP(n, take, as4, path_ids) \
	{ 16, n, take, 0, 0, as4, path_ids, false }, { 17, n, take, 0, 0, as4, path_ids, true }

static const struct mrt_kind kinds[] = {
	{ TABLE(AFI_IP4) }, { TABLE(AFI_IP6) },
	{ 13, 1, take_peers, 0, 0, false, false, false },
	{ RIB(2, AFI_IP4, 1, false) }, { RIB(3, AFI_IP4, 2, false) },
	{ RIB(4, AFI_IP6, 1, false) }, { RIB(5, AFI_IP6, 2, false) },
	{ 13, 6, take_generic, 0, 0, true, false, false },
	{ RIB(8, AFI_IP4, 1, true) }, { RIB(9, AFI_IP4, 2, true) },
	{ RIB(10, AFI_IP6, 1, true) }, { RIB(11, AFI_IP6, 2, true) },
	{ 13, 12, take_generic, 0, 0, true, true, false },
	BGP4MP(0, take_state, false, false), BGP4MP(5, take_state, true, false),
	BGP4MP(1, take_message, false, false), BGP4MP(4, take_message, true, false),
	/* What the collector itself sent (6, 7, 10, 11) is not in its table: no rows. */
	BGP4MP(8, take_message, false, true), BGP4MP(9, take_message, true, true),
};

int
mrt_take(struct mrt *m, struct rd *r)
{
	struct rd head = *r, body;
	uint16_t type, subtype;
	uint32_t len;
	size_t i = 0;

	if (rd_left(r) < HEAD_BYTES)
		return 0;
	rd_skip(&head, 4);
	type = rd_u16(&head);
	subtype = rd_u16(&head);
	len = rd_u32(&head);
	if (len > MRT_RECORD_MOST)
		return -1;
	if (rd_left(&head) < len)
		return 0;
	body = rd_sub(&head, len);
	*r = head;
	m->c.records++;
	while (i < ARRAY_LEN(kinds) && (kinds[i].type != type || kinds[i].subtype != subtype))
		i++;
	if (i == ARRAY_LEN(kinds)) {
		m->c.other++;
		return 1;
	}
	if (kinds[i].micros)
		rd_skip(&body, 4);
	kinds[i].take(m, &kinds[i], body);
	return 1;
}
