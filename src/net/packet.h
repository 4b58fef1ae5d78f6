/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet headers: from the bytes of a packet, often cut short, to values in host order. Knows
 * nothing of flows and keeps nothing.
 */
#ifndef WB_NET_PACKET_H
#define WB_NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

#define PACKET_LABELS	10

enum packet_link { PACKET_ETHERNET, PACKET_IP4, PACKET_IP6, PACKET_MPLS, PACKET_LINK_COUNT };

/* Which headers were there. */
enum packet_has {
	PACKET_HAS_MAC = 1u << 0,
	PACKET_HAS_VLAN = 1u << 1,
	PACKET_HAS_CVLAN = 1u << 2,
	PACKET_HAS_IP = 1u << 3,
	PACKET_HAS_FRAGMENT = 1u << 4,
	PACKET_HAS_PORTS = 1u << 5,
	PACKET_HAS_ICMP = 1u << 6,
	PACKET_HAS_VNI = 1u << 7,
	PACKET_HAS_PPPOE = 1u << 8,
};

struct packet_layer {
	struct addr src, dst;
	uint32_t has;				/* enum packet_has */
	uint32_t flow_label, frag_id, vni;
	uint32_t label[PACKET_LABELS];		/* 20 bits, top first */
	uint32_t l3_len;			/* bytes, as the IP header says; 0: it does not */
	uint16_t etype, vlan, cvlan;		/* etype: behind tags, labels and PPPoE */
	uint16_t frag_offset;			/* bytes */
	uint16_t src_port, dst_port;
	uint8_t src_mac[6], dst_mac[6];
	uint8_t cos, labels;
	uint8_t proto, tos, ttl, tcp_flags;	/* proto: behind extension headers */
	uint8_t icmp_type, icmp_code;
	bool more_frags;
};

struct packet {
	struct packet_layer outer, inner;	/* inner: of a tunnel, if tunnel */
	bool tunnel;
	bool cut;				/* a header goes on behind the end of the bytes */
};

/* What there is of the headers; those before a cut are good. */
void	packet_read(enum packet_link link, const void *bytes, size_t len, struct packet *ret);

#endif
