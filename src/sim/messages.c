/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the simulator's speakers say. RFC 4271 4, RFC 4760 3 and 8, RFC 8277 2, RFC 4364 4.3.4,
 * RFC 4659 3.2, RFC 7911 3 and 4, RFC 4724 2 and 3.
 */
#include "sim/messages.h"

#include "core/mem.h"

#define RESTART_S	120
#define VRF_LABEL	1000		/* labels of VRF n: n thousands, and one by group */

/* Churn: prefixes of 10.0.0.0/8, which the table and so the traffic never uses. */
#define CHURN_GROUPS	(65536 / CHURN_GROUP)

static const uint8_t safis[] = { [TELL_UNICAST] = 1, [TELL_LABELLED] = 4, [TELL_VPN] = 128 };

static size_t
begin(struct wr *w, unsigned type)
{
	static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	size_t mark;

	wr_bytes(w, marker, 16);
	mark = wr_mark16(w);
	wr_u8(w, (uint8_t)type);
	return mark;
}

static void
give_family(struct wr *w, unsigned afi, unsigned safi)
{
	wr_u16(w, (uint16_t)afi);
	wr_u8(w, (uint8_t)safi);
}

/* One capability, with a piece for each family that is told: AFI, SAFI and a byte. */
static void
give_list(struct wr *w, const struct telling *t, unsigned code, const uint8_t *head, size_t n,
    unsigned byte)
{
	uint8_t *len;

	wr_u8(w, (uint8_t)code);
	len = wr_room(w, 1);
	wr_bytes(w, head, n);
	for (unsigned kind = 0; kind < TELL_KINDS; kind++)
		for (unsigned afi = 1; afi <= 2 && (t->kinds >> kind & 1); afi++) {
			give_family(w, afi, safis[kind]);
			wr_u8(w, (uint8_t)byte);
		}
	if (len != NULL)
		*len = (uint8_t)(w->at - len - 1);
}

static void
give_capabilities(struct wr *w, const struct telling *t, bool again)
{
	const uint8_t restart[] = { (uint8_t)(again ? 0x80 : 0), RESTART_S };

	for (unsigned kind = 0; kind < TELL_KINDS; kind++)
		for (unsigned afi = 1; afi <= 2 && (t->kinds >> kind & 1); afi++) {
			wr_bytes(w, "\x01\x04", 2);
			wr_u16(w, (uint16_t)afi);
			wr_u8(w, 0);
			wr_u8(w, safis[kind]);
		}
	wr_bytes(w, "\x41\x04", 2);			/* 4-byte AS */
	wr_u32(w, t->as);
	if (t->paths > 1)
		give_list(w, t, 69, NULL, 0, 2);	/* sends several paths */
	if (t->restarts)
		give_list(w, t, 64, restart, sizeof(restart), 0x80);
}

void
put_open(struct wr *w, const struct telling *t, const struct addr *id, bool again)
{
	size_t mark = begin(w, MSG_OPEN);
	uint8_t room[250];
	struct wr caps = wr_of(room, sizeof(room));

	give_capabilities(&caps, t, again);
	wr_u8(w, 4);
	wr_u16(w, t->as > 65535 ? 23456 : (uint16_t)t->as);
	wr_u16(w, HOLD_S);
	wr_bytes(w, id->b + 12, 4);
	wr_u8(w, (uint8_t)(wr_len(&caps) + 2));
	wr_u8(w, 2);
	wr_u8(w, (uint8_t)wr_len(&caps));
	wr_bytes(w, room, wr_len(&caps));
	wr_fill16(w, mark, 18);
}

void
put_keepalive(struct wr *w)
{
	wr_fill16(w, begin(w, MSG_KEEPALIVE), 18);
}

void
put_cease(struct wr *w)
{
	size_t mark = begin(w, MSG_NOTIFICATION);

	wr_bytes(w, "\x06\x02", 2);			/* Cease, administrative shutdown */
	wr_fill16(w, mark, 18);
}

/* Attribute header: flags, code, 1-byte length. */
static void
put_attr(struct wr *w, unsigned flags, unsigned code, unsigned len)
{
	wr_u8(w, (uint8_t)flags);
	wr_u8(w, (uint8_t)code);
	wr_u8(w, (uint8_t)len);
}

static void
put_route_attrs(struct wr *w, const struct sim_route *route, bool v4)
{
	put_attr(w, 0x40, 1, 1);
	wr_u8(w, 0);					/* ORIGIN IGP */
	put_attr(w, 0x40, 2, 2 + 4 * route->hops);
	wr_u8(w, 2);					/* AS_SEQUENCE */
	wr_u8(w, (uint8_t)route->hops);
	for (unsigned i = 0; i < route->hops; i++)
		wr_u32(w, route->aspath[i]);
	if (v4) {
		put_attr(w, 0x40, 3, 4);
		wr_bytes(w, route->next_hop.b + 12, 4);
	}
	put_attr(w, 0x80, 4, 4);
	wr_u32(w, route->med);
	put_attr(w, 0x40, 5, 4);
	wr_u32(w, route->local_pref);
	if (route->n_comms > 0) {
		put_attr(w, 0xc0, 8, 4 * route->n_comms);
		for (unsigned i = 0; i < route->n_comms; i++)
			wr_u32(w, route->comms[i]);
	}
	if (route->lcomm[0] != 0) {
		put_attr(w, 0xc0, 32, 12);
		for (unsigned i = 0; i < 3; i++)
			wr_u32(w, route->lcomm[i]);
	}
}

/* The passes over the table: unicast, labelled, then each VRF. */
static enum tell_kind
kind_of(const struct telling *t, unsigned pass, unsigned *ret_vrf)
{
	*ret_vrf = 0;
	for (unsigned kind = 0; kind < TELL_VPN; kind++)
		if ((t->kinds >> kind & 1) && pass-- == 0)
			return (enum tell_kind)kind;
	*ret_vrf = pass;
	return TELL_VPN;
}

unsigned
telling_passes(const struct telling *t)
{
	return (t->kinds & 1) + (t->kinds >> TELL_LABELLED & 1) +
	    (t->kinds >> TELL_VPN & 1 ? t->vrfs : 0);
}

/* What stands in front of a prefix, and the prefix. RD 0:AS:VRF with the low half of the AS. */
static void
put_nlri(struct wr *w, const struct telling *t, const struct place *at, unsigned path_id,
    const struct prefix *p)
{
	unsigned vrf;
	enum tell_kind kind = kind_of(t, at->pass, &vrf);
	uint32_t label = (vrf + 1) * VRF_LABEL + table_group(t->table, at->next) % VRF_LABEL;

	if (t->paths > 1)
		wr_u32(w, path_id);
	wr_u8(w, (uint8_t)(p->len + (kind == TELL_UNICAST ? 0 : kind == TELL_LABELLED ? 24 : 88)));
	if (kind != TELL_UNICAST)
		wr_u24(w, label << 4 | 1);
	if (kind == TELL_VPN) {
		wr_u16(w, 0);
		wr_u16(w, (uint16_t)t->as);
		wr_u32(w, vrf + 1);
	}
	wr_bytes(w, p->addr.b + (addr_is_v4(&p->addr) ? 12 : 0), (p->len + 7u) / 8);
}

/* MP_REACH_NLRI up to its NLRIs; gives the place of its length. */
static size_t
put_reach(struct wr *w, enum tell_kind kind, bool v4, const struct addr *next_hop)
{
	size_t place, hop = v4 ? 4 : 16;

	wr_u8(w, 0x90);					/* optional, 2-byte length */
	wr_u8(w, 14);
	place = wr_mark16(w);
	give_family(w, v4 ? 1 : 2, safis[kind]);
	wr_u8(w, (uint8_t)(hop + (kind == TELL_VPN ? 8 : 0)));
	if (kind == TELL_VPN)
		wr_u64(w, 0);
	wr_bytes(w, next_hop->b + 16 - hop, hop);
	wr_u8(w, 0);
	return place;
}

/* The prefixes of one group and family from `at` on that this router has; gives how many. */
static unsigned
put_group(struct wr *w, const struct telling *t, unsigned router, const struct twist *twist,
    struct place *at, unsigned path)
{
	uint32_t group = table_group(t->table, at->next);
	bool v4 = addr_is_v4(&table_prefix(t->table, at->next)->addr), plain;
	size_t mark, attrs, reach = 0;
	struct sim_route route;
	unsigned told = 0, vrf;
	enum tell_kind kind = kind_of(t, at->pass, &vrf);

	table_route(t->table, twist != NULL ? twist->like : router, at->next, &route);
	if (twist != NULL && twist->local_pref != 0)
		route.local_pref = twist->local_pref;
	if (twist != NULL)
		route.med += twist->med;
	/* The further paths are worse, and so leave the answer as it is. */
	route.local_pref -= path - 1 < route.local_pref ? path - 1 : 0;
	route.med += path - 1;
	plain = v4 && kind == TELL_UNICAST;
	mark = begin(w, MSG_UPDATE);
	wr_u16(w, 0);
	attrs = wr_mark16(w);
	put_route_attrs(w, &route, plain);
	if (plain)
		wr_fill16(w, attrs, 0);
	else
		reach = put_reach(w, kind, v4, &route.next_hop);
	for (; at->next < table_count(t->table) && table_group(t->table, at->next) == group;
	    at->next++) {
		const struct prefix *p = table_prefix(t->table, at->next);

		if (addr_is_v4(&p->addr) != v4)
			break;
		if (!table_has(t->table, router, at->next))
			continue;
		put_nlri(w, t, at, path, p);
		told++;
	}
	if (!plain) {
		wr_fill16(w, reach, 0);
		wr_fill16(w, attrs, 0);
	}
	wr_fill16(w, mark, 18);
	return told;
}

void
put_end_of_rib(struct wr *w, enum tell_kind kind, unsigned afi)
{
	bool plain = kind == TELL_UNICAST && afi == 1;
	size_t mark = begin(w, MSG_UPDATE);

	wr_u16(w, 0);
	wr_u16(w, plain ? 0 : 6);
	if (!plain) {
		put_attr(w, 0x80, 15, 3);		/* MP_UNREACH_NLRI */
		give_family(w, afi, safis[kind]);
	}
	wr_fill16(w, mark, 18);
}

static void
put_ends(struct wr *w, const struct telling *t)
{
	for (enum tell_kind kind = TELL_UNICAST; kind < TELL_KINDS; kind++)
		for (unsigned afi = 1; afi <= 2 && (t->kinds >> kind & 1); afi++)
			put_end_of_rib(w, kind, afi);
}

static void
skip_missing(const struct telling *t, unsigned router, struct place *at)
{
	while (at->next < table_count(t->table) && !table_has(t->table, router, at->next))
		at->next++;
}

unsigned
put_update(struct wr *w, const struct telling *t, unsigned router, const struct twist *twist,
    struct place *at)
{
	skip_missing(t, router, at);
	return at->next < table_count(t->table) ? put_group(w, t, router, twist, at, 1) : 0;
}

unsigned
put_updates(struct wr *w, const struct telling *t, unsigned router, struct place *at)
{
	struct place from;
	unsigned told = 0;

	skip_missing(t, router, at);
	from = *at;
	if (at->next < table_count(t->table))
		for (unsigned path = 1; path <= t->paths; path++) {
			*at = from;
			told += put_group(w, t, router, NULL, at, path);
		}
	if (at->next < table_count(t->table))
		return told;
	at->next = 0;
	if (++at->pass == telling_passes(t))
		put_ends(w, t);
	return told;
}

/*
 * One step of churn: all prefixes are announced in turn, then announced with other attributes, then
 * withdrawn. The attributes are new ones in each round.
 */
void
put_change(struct wr *w, const struct telling *t, unsigned router, uint64_t step)
{
	uint64_t round = step / CHURN_GROUPS;
	uint32_t group = (uint32_t)(step % CHURN_GROUPS);
	size_t mark = begin(w, MSG_UPDATE), part = wr_mark16(w);
	struct sim_route route;

	if (round % 3 != 2) {
		table_route(t->table, router, group % table_count(t->table), &route);
		route.next_hop = addr_of_v4(0xc0000201);
		route.med = (uint32_t)round;
		wr_fill16(w, part, 0);
		part = wr_mark16(w);
		put_route_attrs(w, &route, true);
		wr_fill16(w, part, 0);
	}
	for (uint32_t i = 0; i < CHURN_GROUP; i++) {
		if (t->paths > 1)
			wr_u32(w, 1);
		wr_u8(w, 24);
		wr_u8(w, 10);
		wr_u16(w, (uint16_t)(group * CHURN_GROUP + i));
	}
	if (round % 3 == 2) {
		wr_fill16(w, part, 0);
		wr_u16(w, 0);
	}
	wr_fill16(w, mark, 18);
}
