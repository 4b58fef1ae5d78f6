/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The information elements that are understood: one row per (element, place it goes to). A new
 * element is a row. An element that feeds two places has two rows; several elements that can fill
 * one place are told apart by their rank, the lowest one wins.
 *
 * Sources: IANA's IPFIX registry, RFC 3954 section 8, RFC 5102, vendors' documents.
 */
#ifndef WB_FLOW_IE_TABLE_H
#define WB_FLOW_IE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* How the bytes of an element become a value. */
enum ie_type {
	IE_UINT,		/* 1..8 bytes, network order (reduced size: RFC 7011 6.2) */
	IE_ADDR4, IE_ADDR6,	/* into a struct addr */
	IE_BYTES,		/* copied as they are: MAC addresses, ICMP type and code */
	IE_SECONDS, IE_MSECS,	/* since 1970 */
	IE_NTP,			/* micro- and nanoseconds: NTP format, RFC 7011 6.1.9 */
	IE_UPTIME,		/* milliseconds since the exporter's start; needs its start */
	IE_DELTA,		/* microseconds before the export time */
	IE_NAME,		/* text, kept as an id of the names pool */
	IE_APP,			/* application id: 1 byte engine, the rest the selector (RFC 6759) */
	IE_MARK,		/* not read, of any length: only says that it is there */
	IE_VNI,			/* layer2SegmentId: 1 byte type, 7 bytes number (RFC 7637, 7348) */
};

/* Which struct the place is in. */
enum ie_into { IE_FLOW, IE_EXTRA, IE_OPTION };

enum ie_when {
	IE_ALWAYS,
	IE_ASA,			/* with tmp_asa_bi_flow only */
};

struct ie {
	uint32_t pen;			/* enterprise, 0: IANA; IE_PEN_SCOPE: a v9 scope type */
	uint16_t id;
	uint8_t type;			/* enum ie_type */
	uint8_t len_min, len_max;	/* lengths that make sense; others are skipped */
	uint8_t into;			/* enum ie_into */
	uint16_t at;			/* offset and width of the place */
	uint8_t width;
	uint8_t rank;			/* preference within the place, 1 is best */
	uint32_t has;			/* enum flow_has, or enum option_has for IE_OPTION */
	uint8_t when;			/* enum ie_when */
	const char *name;
};

#define IE_PEN_SCOPE	UINT32_MAX	/* NetFlow v9 scope types are numbers of their own */

/* Ids that the compiler of templates has to know by number. */
enum {
	IE_SYSTEM_INIT = 160, IE_NAT_EVENT = 230,
};

extern const struct ie ie_table[];		/* sorted by enterprise and id */
extern const size_t ie_count;

/* The rows of an element; 0 where it is not known. */
size_t	ie_find(uint32_t pen, uint16_t id, const struct ie **ret_first);

/* What stands beside the flow while its record is decoded. */
struct ie_extra {
	uint64_t init_ms;		/* systemInitTimeMilliseconds */
	uint64_t delay_sum_us;
};

/* A record of options data. `has` says what its template had. */
struct ie_option {
	uint64_t app_id, vrf_rd, selector_id;
	uint64_t interval, random_interval, packet_interval, packet_space, size, population;
	uint64_t init_ms;
	uint32_t sampler_id, template_id, if_index;
	uint32_t if_name, if_description, app_name, vrf_name;	/* ids of names */
	uint32_t in_vrf, out_vrf;
	uint8_t exporter[16];					/* struct addr */
	uint8_t algorithm, system;
};

enum option_has {
	OPTION_HAS_APP = 1u << 0,
	OPTION_HAS_RD = 1u << 1,
	OPTION_HAS_SELECTOR = 1u << 2,
	OPTION_HAS_RATE = 1u << 3,	/* any of the elements a rate is made of */
	OPTION_HAS_SAMPLER = 1u << 4,
	OPTION_HAS_TEMPLATE = 1u << 5,
	OPTION_HAS_IFACE = 1u << 6,
	OPTION_HAS_IF_NAME = 1u << 7,
	OPTION_HAS_APP_NAME = 1u << 8,
	OPTION_HAS_VRF_NAME = 1u << 9,
	OPTION_HAS_IN_VRF = 1u << 10,
	OPTION_HAS_OUT_VRF = 1u << 11,
	OPTION_HAS_EXPORTER = 1u << 12,
	OPTION_HAS_INIT = 1u << 13,
	OPTION_HAS_SYSTEM = 1u << 14,
};

#endif
