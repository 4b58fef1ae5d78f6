/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet headers. Each header is a step that reads itself and names the next one; a table per
 * family says which step a code leads to. Steps are bounded, so that no packet walks for long.
 *
 * IEEE 802.1Q; RFC 791, 8200, 2516 (PPPoE), 3032 (MPLS), 2784 and 2890 (GRE), 7348 (VXLAN).
 */
#include "net/packet.h"

#include "core/bytes.h"
#include "core/mem.h"

#define STEPS	32

struct walk;
typedef void step(struct walk *w);

struct walk {
	struct rd r;
	struct packet *p;
	struct packet_layer *at;	/* the layer being filled */
	step *next;			/* NULL: the end */
};

struct row {
	uint16_t code;
	step *step;
};

static step ethernet, vlan, pppoe, mpls, ip4, ip6, ports, tcp, icmp, udp, gre, vxlan;
static step ext_header, ext_fragment;

static const struct row ethertypes[] = {
	{ 0x0800, ip4 }, { 0x86dd, ip6 }, { 0x8100, vlan }, { 0x88a8, vlan }, { 0x9100, vlan },
	{ 0x8847, mpls }, { 0x8848, mpls }, { 0x8864, pppoe }, { 0x6558, ethernet },
};
static const struct row protocols[] = {
	{ 0, ext_header }, { 1, icmp }, { 4, ip4 }, { 6, tcp }, { 17, udp }, { 41, ip6 },
	{ 43, ext_header }, { 44, ext_fragment }, { 47, gre }, { 58, icmp }, { 60, ext_header },
	{ 132, ports }, { 136, ports },
};
static const struct row udp_ports[] = {		/* of the destination */
	{ 4789, vxlan }, { 6635, mpls },
};
static const struct row ppp_protocols[] = {
	{ 0x21, ip4 }, { 0x57, ip6 }, { 0x281, mpls },
};

static step *
row_find(const struct row *rows, size_t count, unsigned code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == code)
			return rows[i].step;
	return NULL;
}
#define FIND(rows, code)	row_find(rows, ARRAY_LEN(rows), code)

/* What follows is the inner packet; false: it is inside one already, and not looked at. */
static bool
go_inside(struct walk *w)
{
	if (w->p->tunnel)
		return false;
	w->p->tunnel = true;
	w->at = &w->p->inner;
	return true;
}

static void
by_ethertype(struct walk *w, uint16_t etype)
{
	w->at->etype = etype;
	w->next = FIND(ethertypes, etype);
}

static void
ethernet(struct walk *w)
{
	rd_copy(&w->r, w->at->dst_mac, 6);
	rd_copy(&w->r, w->at->src_mac, 6);
	if (!w->r.bad)
		w->at->has |= PACKET_HAS_MAC;
	by_ethertype(w, rd_u16(&w->r));
}

/* The outermost tag is vlan, the next one cvlan; further ones are passed over. */
static void
vlan(struct walk *w)
{
	uint16_t tci = rd_u16(&w->r), etype = rd_u16(&w->r);

	if (w->r.bad)
		return;
	if (!(w->at->has & PACKET_HAS_VLAN)) {
		w->at->has |= PACKET_HAS_VLAN;
		w->at->vlan = tci & 0xfff;
		w->at->cos = (uint8_t)(tci >> 13);
	} else if (!(w->at->has & PACKET_HAS_CVLAN)) {
		w->at->has |= PACKET_HAS_CVLAN;
		w->at->cvlan = tci & 0xfff;
	}
	by_ethertype(w, etype);
}

static void
pppoe(struct walk *w)
{
	uint16_t proto;

	rd_skip(&w->r, 6);
	proto = rd_u16(&w->r);
	if (w->r.bad)
		return;
	w->at->has |= PACKET_HAS_PPPOE;
	w->next = FIND(ppp_protocols, proto);
}

/* The bottom of the stack does not say what follows: the version of IP does. */
static void
mpls(struct walk *w)
{
	uint32_t entry = rd_u32(&w->r);

	if (w->r.bad)
		return;
	if (w->at->has & PACKET_HAS_IP && !go_inside(w))
		return;
	if (w->at->labels < PACKET_LABELS)
		w->at->label[w->at->labels++] = entry >> 12;
	if (!(entry & 0x100))
		w->next = mpls;
	else if (rd_left(&w->r) > 0)
		w->next = *w->r.at >> 4 == 4 ? ip4 : *w->r.at >> 4 == 6 ? ip6 : NULL;
}

static void
by_protocol(struct walk *w, uint8_t proto)
{
	w->at->proto = proto;
	w->next = w->at->frag_offset == 0 ? FIND(protocols, proto) : NULL;
}

/* What is behind the length of the packet is padding. */
static void
end_at(struct walk *w, size_t len)
{
	if (len < rd_left(&w->r))
		w->r = rd_sub(&w->r, len);
}

static void
ip4(struct walk *w)
{
	uint8_t first = rd_u8(&w->r), tos = rd_u8(&w->r), ttl, proto, src[4] = { 0 }, dst[4] = { 0 };
	uint16_t len = rd_u16(&w->r), id = rd_u16(&w->r), frag = rd_u16(&w->r);
	size_t head = (first & 0xfu) * 4;

	ttl = rd_u8(&w->r);
	proto = rd_u8(&w->r);
	rd_skip(&w->r, 2);
	rd_copy(&w->r, src, 4);
	rd_copy(&w->r, dst, 4);
	if (w->r.bad || first >> 4 != 4 || head < 20 ||
	    (w->at->has & PACKET_HAS_IP && !go_inside(w)))
		return;
	w->at->has |= PACKET_HAS_IP;
	w->at->etype = 0x0800;
	w->at->src = addr_of_bytes4(src);
	w->at->dst = addr_of_bytes4(dst);
	w->at->tos = tos;
	w->at->ttl = ttl;
	w->at->proto = proto;
	w->at->l3_len = len;
	w->at->frag_id = id;
	w->at->frag_offset = (uint16_t)((frag & 0x1fff) * 8);
	w->at->more_frags = frag & 0x2000;
	if (frag & 0x3fff)
		w->at->has |= PACKET_HAS_FRAGMENT;
	rd_skip(&w->r, head - 20);
	if (len >= head)		/* 0: left to the card to fill in */
		end_at(w, len - head);
	by_protocol(w, proto);
}

static void
ip6(struct walk *w)
{
	uint32_t first = rd_u32(&w->r);
	uint16_t len = rd_u16(&w->r);
	uint8_t proto = rd_u8(&w->r), ttl = rd_u8(&w->r), src[16] = { 0 }, dst[16] = { 0 };

	rd_copy(&w->r, src, 16);
	rd_copy(&w->r, dst, 16);
	if (w->r.bad || first >> 28 != 6 || (w->at->has & PACKET_HAS_IP && !go_inside(w)))
		return;
	w->at->has |= PACKET_HAS_IP;
	w->at->etype = 0x86dd;
	w->at->src = addr_of_bytes16(src);
	w->at->dst = addr_of_bytes16(dst);
	w->at->tos = (uint8_t)(first >> 20);
	w->at->flow_label = first & 0xfffff;
	w->at->ttl = ttl;
	if (len > 0) {
		w->at->l3_len = len + 40u;
		end_at(w, len);
	}
	by_protocol(w, proto);
}

static void
ext_header(struct walk *w)
{
	uint8_t proto = rd_u8(&w->r), units = rd_u8(&w->r);

	rd_skip(&w->r, 6 + units * 8u);
	if (!w->r.bad)
		by_protocol(w, proto);
}

static void
ext_fragment(struct walk *w)
{
	uint8_t proto = rd_u8(&w->r);
	uint16_t frag;

	rd_skip(&w->r, 1);
	frag = rd_u16(&w->r);
	w->at->frag_id = rd_u32(&w->r);
	if (w->r.bad)
		return;
	w->at->has |= PACKET_HAS_FRAGMENT;
	w->at->frag_offset = frag & 0xfff8;
	w->at->more_frags = frag & 1;
	by_protocol(w, proto);
}

static void
ports(struct walk *w)
{
	uint16_t src = rd_u16(&w->r), dst = rd_u16(&w->r);

	if (w->r.bad)
		return;
	w->at->src_port = src;
	w->at->dst_port = dst;
	w->at->has |= PACKET_HAS_PORTS;
}

static void
tcp(struct walk *w)
{
	ports(w);
	rd_skip(&w->r, 9);
	w->at->tcp_flags = rd_u8(&w->r);
}

static void
udp(struct walk *w)
{
	ports(w);
	rd_skip(&w->r, 4);
	if (!w->r.bad)
		w->next = FIND(udp_ports, w->at->dst_port);
}

static void
icmp(struct walk *w)
{
	uint8_t type = rd_u8(&w->r), code = rd_u8(&w->r);

	if (w->r.bad)
		return;
	w->at->icmp_type = type;
	w->at->icmp_code = code;
	w->at->has |= PACKET_HAS_ICMP;
}

/* Version 0; checksum, key and sequence number are 4 bytes each. */
static void
gre(struct walk *w)
{
	uint16_t flags = rd_u16(&w->r), etype = rd_u16(&w->r);

	for (unsigned bit = 0x8000; bit >= 0x1000; bit >>= 1)
		if (flags & bit & 0xb000)
			rd_skip(&w->r, 4);
	if (!w->r.bad && (flags & 0x4007) == 0 && FIND(ethertypes, etype) != NULL && go_inside(w))
		by_ethertype(w, etype);
}

static void
vxlan(struct walk *w)
{
	uint8_t flags = rd_u8(&w->r);
	uint32_t vni;

	rd_skip(&w->r, 3);
	vni = rd_u32(&w->r) >> 8;
	if (w->r.bad || !(flags & 0x08) || w->p->tunnel)
		return;
	w->at->vni = vni;
	w->at->has |= PACKET_HAS_VNI;
	if (go_inside(w))
		w->next = ethernet;
}

void
packet_read(enum packet_link link, const void *bytes, size_t len, struct packet *ret)
{
	static step *const links[PACKET_LINK_COUNT] = {
		[PACKET_ETHERNET] = ethernet, [PACKET_IP4] = ip4, [PACKET_IP6] = ip6,
		[PACKET_MPLS] = mpls,
	};
	struct walk w = { .r = rd_of(bytes, len), .p = ret, .next = links[link] };

	*ret = (struct packet){ 0 };
	w.at = &ret->outer;
	for (unsigned i = 0; i < STEPS && w.next != NULL && !w.r.bad; i++) {
		step *now = w.next;

		w.next = NULL;
		now(&w);
	}
	ret->cut = w.r.bad;
}
