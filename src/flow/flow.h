/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct flow: one record as decoded, in host order, with room for what the later stages add. An
 * element of its worker's batch, overwritten by the next one; it keeps nothing.
 *
 * The fields stand in the order of use, so that the usual record touches few cache lines. Their
 * names are what the element table (flow/ie_table.h) and the primitive table (agg/prim_table.h)
 * refer to.
 */
#ifndef WB_FLOW_FLOW_H
#define WB_FLOW_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "net/addr.h"

struct exporter;

#define FLOW_LABELS	10		/* IEs 70..79 */
#define FLOW_LINE	64u		/* bytes: a line of the cache, near enough everywhere */

enum flow_kind { FLOW_TRAFFIC, FLOW_EVENT, FLOW_NAT_EVENT, FLOW_OPTION };

/* What the record itself said; a bit is set by the decoder for each field that was there. */
enum flow_has {
	FLOW_HAS_SRC_AS = 1u << 0,
	FLOW_HAS_DST_AS = 1u << 1,
	FLOW_HAS_SRC_MASK = 1u << 2,
	FLOW_HAS_DST_MASK = 1u << 3,
	FLOW_HAS_BGP_NEXT_HOP = 1u << 4,
	FLOW_HAS_IP_NEXT_HOP = 1u << 5,
	FLOW_HAS_PEER_SRC_AS = 1u << 6,
	FLOW_HAS_PEER_DST_AS = 1u << 7,
	FLOW_HAS_START = 1u << 8,
	FLOW_HAS_END = 1u << 9,
	FLOW_HAS_RD = 1u << 10,
	FLOW_HAS_FWD_STATUS = 1u << 11,
	FLOW_HAS_DIRECTION = 1u << 12,
	FLOW_HAS_RATE = 1u << 13,	/* in-record sampling rate */
	FLOW_HAS_SAMPLER = 1u << 14,	/* sampler_id is set */
	FLOW_HAS_BYTES = 1u << 15,
	FLOW_HAS_PACKETS = 1u << 16,
	FLOW_REVERSE = 1u << 17,	/* made here from a biflow (RFC 5103) */
	FLOW_UNRATED = 1u << 18,	/* sampled at a rate that never came */
	FLOW_LATE = 1u << 19,		/* binned by arrival: out of bin_past..bin_future */
	FLOW_IGNORED = 1u << 20,	/* by pre_tag_map of the profile at hand: for none of its outputs */
};

/* Who said the route distinguisher; prints as unknown, flow, map, bgp, bmp. */
enum rd_origin { RD_UNKNOWN, RD_FLOW, RD_MAP, RD_BGP, RD_BMP };

/*
 * In three parts, by who writes them, each of whole cache lines:
 *
 *    head    up to `r`: written whole for every record, from a prototype and the record itself
 *    r       by the enrichment, for every flow and what its profile needs; old before
 *    tail    what few records have: zero but for what a record said. `lines` says which lines of
 *            it may be other than zero, so that only those are cleared for the next record
 *
 * A batch is made by mem_aligned, so that lines of it are lines of the cache.
 */
struct flow {
	/* head, line 1: what nearly every record has */
	struct addr src, dst;
	uint64_t bytes, packets;
	uint32_t in_iface, out_iface;
	uint16_t src_port, dst_port;
	uint8_t proto, tos, tcp_flags, kind;	/* enum flow_kind */

	/* line 2 */
	uint8_t src_mask, dst_mask;		/* as exported */
	uint8_t direction;			/* 0 ingress, 1 egress; see FLOW_HAS_DIRECTION */
	uint8_t icmp_type, icmp_code;
	uint8_t engine_type, engine_id;
	uint8_t lines;				/* of the tail: flow_lines() */
	uint32_t has;				/* enum flow_has */
	uint32_t export_sysid;			/* v9 source id, IPFIX domain */
	uint64_t flows;				/* IE 3, else 1 */
	const struct exporter *exporter;	/* good for the batch */
	wall_t start, end;			/* start: the export time where not said */
	wall_t bin_time;			/* what bins go by where it is not `start` */
	uint32_t sampler_id;
	uint32_t sampling_rate;			/* as resolved; 0 unknown, 1 not sampled */

	/* line 3 */
	uint32_t src_as, dst_as, peer_src_as, peer_dst_as;
	struct addr bgp_next_hop, ip_next_hop;
	uint64_t raw_bytes, raw_packets;	/* before renormalisation */

	/* line 4: where it came from */
	struct addr peer_src_ip;		/* exporter's address (or agent, or option 130/131) */
	wall_t arrival, export_time;
	uint64_t rd;				/* IE 90 */
	uint64_t tag;				/* as exported, PEN 43874 */
	uint32_t label;				/* names id, as exported */
	uint16_t export_version, template_id;
	uint32_t export_seqno;
	uint8_t pad0[4];

	/* what the enrichment decides (flow/enrich.h), per profile */
	struct {
		/* line 1: numbers of both ends */
		uint32_t src_as, dst_as, peer_src_as, peer_dst_as;
		uint32_t src_path, dst_path;		/* ids of struct path, 0: none */
		uint32_t aspath, src_aspath;		/* ids, good within the slice */
		uint32_t comms, ecomms, lcomms;
		uint32_t local_pref, med;
		uint8_t src_len, dst_len;		/* prefix lengths for src_mask, dst_mask */
		uint8_t src_kind, dst_kind;		/* enum route_kind */
		uint8_t src_roa, dst_roa;		/* 'u', 'i', 'v', ... */
		uint8_t rd_origin;			/* enum rd_origin */
		uint8_t pad;

		/* line 2 */
		struct addr src_net, dst_net;		/* masked */
		struct addr peer_dst_ip;		/* BGP next hop */
		uint32_t src_local_pref, src_med;
		uint64_t rd;

		/* line 3 */
		struct addr src_host, dst_host;		/* after networks_file_filter */
		uint64_t tag, tag2;
		uint32_t label;				/* names id */
		uint32_t src_comms, src_ecomms, src_lcomms;

		/* line 4 */
		uint16_t src_port, dst_port;		/* after ports_file */
		uint8_t proto, tos;			/* after protos_file, tos_file */
		uint8_t spare[58];
	} r;

	/* as decoded: the tail, of which most records have little */
	uint8_t src_mac[8], dst_mac[8];		/* 6 bytes used */
	uint16_t vlan, in_vlan, out_vlan, in_cvlan, out_cvlan, etype;
	uint8_t cos, nat_event, fw_event, pad1;
	uint32_t fwd_status;
	uint32_t flow_label;
	uint32_t delay_avg, delay_min, delay_max;	/* usec */
	uint32_t vxlan, nvgre;
	uint64_t tag2;				/* as exported, PEN 43874 */
	uint32_t in_vrf_id, out_vrf_id;		/* IEs 234, 235 */
	uint32_t in_iface_name, out_iface_name;	/* names ids */
	uint32_t vrf_name, in_vrf_name, out_vrf_name;
	uint32_t class_id;			/* names id */
	uint64_t app_id;			/* IE 95 */
	uint32_t mpls_label[FLOW_LABELS];	/* 20-bit labels, top first */
	uint32_t mpls_pw_id;
	uint8_t mpls_labels;
	uint8_t ttl_min, ttl_max;
	uint8_t tun_proto, tun_tos, tun_tcp_flags;
	uint16_t nat_src_port, nat_dst_port;
	struct addr nat_src, nat_dst;
	struct addr tun_src, tun_dst;
	uint8_t tun_src_mac[8], tun_dst_mac[8];
	uint16_t tun_src_port, tun_dst_port;
	uint32_t tun_flow_label;
};

#define ETYPE_IP4	0x800
#define ETYPE_IP6	0x86dd

/* The Ethernet type that follows from the addresses; 0: there are none. */
static inline uint16_t
flow_etype(const struct flow *flow)
{
	const struct addr *a = addr_is_set(&flow->src) ? &flow->src : &flow->dst;

	if (!addr_is_set(a))
		return 0;
	return addr_is_v4(a) ? ETYPE_IP4 : ETYPE_IP6;
}

#define FLOW_HEAD	offsetof(struct flow, r)
#define FLOW_TAIL	offsetof(struct flow, src_mac)
#define FLOW_LINES	((sizeof(struct flow) - FLOW_TAIL) / FLOW_LINE)

static_assert(FLOW_HEAD == 4 * FLOW_LINE && FLOW_TAIL == 8 * FLOW_LINE &&
    sizeof(struct flow) % FLOW_LINE == 0, "the parts are whole lines");
static_assert(FLOW_LINES <= 8, "`lines` has a bit for each");

/* The bits of `lines` for len bytes at this offset of struct flow; 0 before the tail. */
static inline uint8_t
flow_lines(size_t at, size_t len)
{
	if (at < FLOW_TAIL || len == 0)
		return 0;
	return (uint8_t)((2u << (at + len - 1 - FLOW_TAIL) / FLOW_LINE) -
	    (1u << (at - FLOW_TAIL) / FLOW_LINE));
}

#define FLOW_LINES_OF(field) \
	flow_lines(offsetof(struct flow, field), sizeof(((struct flow *)0)->field))

/*
 * A batch: filled by the decoders, walked stage by stage. When it is full in the middle of a
 * datagram, `full` is called, which must process and empty it (count = 0).
 */
#define FLOW_BATCH	64

struct flow_batch {
	struct flow *flow;		/* FLOW_BATCH elements, zero before they are first used */
	unsigned count;
	void (*full)(struct flow_batch *batch, void *ctx);
	void *ctx;
};

#endif
