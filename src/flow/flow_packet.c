/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the packet that stands for a flow. Checksums are left out: no expression reads them. */
#include "flow/flow_packet.h"

#include <assert.h>

#include "core/bytes.h"

#define ETYPE_VLAN	0x8100
#define ETYPE_MPLS	0x8847

#define PROTO_ICMP	1
#define PROTO_TCP	6
#define PROTO_ICMP6	58

#define L4_BYTES	20		/* as long as a TCP header, whatever the protocol */

static uint16_t
network_etype(const struct flow *flow)
{
	uint16_t etype = flow_etype(flow);

	return etype != 0 ? etype : flow->etype;
}

static void
put_link(struct wr *w, const struct flow *flow)
{
	unsigned labels = flow->mpls_labels < FLOW_LABELS ? flow->mpls_labels : FLOW_LABELS;

	wr_bytes(w, flow->dst_mac, 6);
	wr_bytes(w, flow->src_mac, 6);
	if (flow->vlan != 0) {
		wr_u16(w, ETYPE_VLAN);
		wr_u16(w, (uint16_t)((flow->cos & 7) << 13 | (flow->vlan & 0xfff)));
	}
	wr_u16(w, labels > 0 ? ETYPE_MPLS : network_etype(flow));
	for (unsigned i = 0; i < labels; i++)
		wr_u32(w, (flow->mpls_label[i] & 0xfffff) << 12 | (i + 1 == labels) << 8 | 255);
}

static void
put_ip4(struct wr *w, const struct flow *flow)
{
	wr_u8(w, 0x45);
	wr_u8(w, flow->tos);
	wr_u16(w, 20 + L4_BYTES);
	wr_u32(w, 0);				/* identification, no fragment */
	wr_u8(w, 255);
	wr_u8(w, flow->proto);
	wr_u16(w, 0);
	wr_bytes(w, flow->src.b + 12, 4);
	wr_bytes(w, flow->dst.b + 12, 4);
}

static void
put_ip6(struct wr *w, const struct flow *flow)
{
	wr_u32(w, UINT32_C(6) << 28 | (uint32_t)flow->tos << 20 | (flow->flow_label & 0xfffff));
	wr_u16(w, L4_BYTES);
	wr_u8(w, flow->proto);
	wr_u8(w, 255);
	wr_bytes(w, flow->src.b, 16);
	wr_bytes(w, flow->dst.b, 16);
}

/* Ports at the start and TCP flags where TCP has them; ICMP type and code. The rest is zero. */
static void
put_l4(struct wr *w, const struct flow *flow)
{
	uint8_t l4[L4_BYTES] = { 0 };

	if (flow->proto == PROTO_ICMP || flow->proto == PROTO_ICMP6) {
		l4[0] = flow->icmp_type;
		l4[1] = flow->icmp_code;
	} else {
		l4[0] = (uint8_t)(flow->src_port >> 8);
		l4[1] = (uint8_t)flow->src_port;
		l4[2] = (uint8_t)(flow->dst_port >> 8);
		l4[3] = (uint8_t)flow->dst_port;
	}
	if (flow->proto == PROTO_TCP) {
		l4[12] = 5 << 4;
		l4[13] = flow->tcp_flags;
	}
	wr_bytes(w, l4, sizeof(l4));
}

size_t
flow_packet(const struct flow *flow, uint8_t *room)
{
	struct wr w = wr_of(room, FLOW_PACKET);
	uint16_t etype = network_etype(flow);

	assert(room != NULL);
	put_link(&w, flow);
	if (etype == ETYPE_IP4)
		put_ip4(&w, flow);
	else if (etype == ETYPE_IP6)
		put_ip6(&w, flow);
	if (etype == ETYPE_IP4 || etype == ETYPE_IP6)
		put_l4(&w, flow);
	return wr_len(&w);
}
