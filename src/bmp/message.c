/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding BMP messages: the header, the per-peer header and a row per type of message. What is in
 * TLVs and statistics is in tlv.c. RFC 7854 4, RFC 8671 4 and 5, RFC 9069 4 and 5.
 */
#include "bmp/message.h"

#include "core/mem.h"

#define VERSION_OLDEST	3
#define VERSION_NEWEST	4

static const char too_short[] = "it is shorter than its type asks for";

/* The body of a message behind its headers. NULL, or what is wrong with it. */
typedef const char *decode_fn(struct bmp_message *m, struct rd body);

/* TLVs up to the end of the message. */
static const char *
take_tlvs(struct bmp_message *m, struct rd body, enum bmp_tlv_kind kind)
{
	struct bmp_tlvs tlvs = {
		.list = body, .kind = kind, .enterprise = m->version > 3,
		.indexed = kind == BMP_TLV_MONITORING,
	}, walk = tlvs;
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&walk, &tlv))
		;
	if (walk.list.bad)
		return "a TLV is longer than the message";
	m->tlvs = tlvs;
	return NULL;
}

/* The next BGP message of a type; its body. */
static int
take_bgp(struct rd *r, uint8_t type, struct rd *ret_body)
{
	struct bgp_fault fault;
	struct bgp_message m;

	if (r->bad || bgp_frame(r->at, rd_left(r), BGP_MESSAGE_MAX, &m, &fault) != 1 ||
	    m.type != type)
		return -1;
	rd_skip(r, m.len);
	*ret_body = m.body;
	return 0;
}

/* RFC 7854 4.6: an UPDATE; in version 4, TLVs one of which it is. */
static const char *
route_monitoring(struct bmp_message *m, struct rd body)
{
	struct bmp_tlv tlv;
	const char *why;

	if (m->version > 3) {
		if ((why = take_tlvs(m, body, BMP_TLV_MONITORING)) != NULL)
			return why;
		if (!bmp_tlv_find(m->tlvs, BMP_MONITOR_MESSAGE, &tlv))
			return "there is no TLV with a BGP message";
		body = tlv.value;
	}
	if (take_bgp(&body, BGP_UPDATE, &m->bgp) != 0)
		return "there is no whole UPDATE in it";
	return NULL;
}

/* RFC 7854 4.8. */
static const char *
statistics(struct bmp_message *m, struct rd body)
{
	struct bmp_stats walk;
	struct bmp_stat stat;

	m->stats.left = rd_u32(&body);
	m->stats.list = body;
	walk = m->stats;
	while (bmp_stat_next(&walk, &stat))
		;
	if (body.bad)
		return too_short;
	return walk.list.bad ? "a statistic is longer than the message" : NULL;
}

/* RFC 7854 4.9; RFC 9069 5.3. What follows is named by the reason. */
static const char *
peer_down(struct bmp_message *m, struct rd body)
{
	const struct bmp_row *row;
	struct rd unused;

	m->reason.code = rd_u8(&body);
	if (body.bad)
		return too_short;
	row = bmp_down_reason(m->reason.code);
	if (row == NULL || row->form == BMP_FORM_NONE)
		return NULL;
	if (row->form == BMP_FORM_TLVS)
		return take_tlvs(m, body, BMP_TLV_INFORMATION);
	if (row->form == BMP_FORM_U16) {
		m->reason.event = rd_u16(&body);
		return body.bad ? too_short : NULL;
	}
	unused = body;
	return take_bgp(&unused, BGP_NOTIFICATION, &m->bgp) != 0 ?
	    "there is no whole NOTIFICATION in it" : NULL;
}

static struct addr
addr_of_16(struct rd *r, bool v6)
{
	uint8_t bytes[16];

	rd_copy(r, bytes, sizeof(bytes));
	return v6 ? addr_of_bytes16(bytes) : addr_of_bytes4(bytes + 12);
}

/* RFC 7854 4.10: what both sides said when the session came up. */
static const char *
peer_up(struct bmp_message *m, struct rd body)
{
	struct bgp_fault fault = { 0 };
	struct rd sent, received;

	m->up.local = addr_of_16(&body, m->peer.type != BMP_PEER_LOC_RIB &&
	    (m->peer.flags & BMP_FLAG_V) != 0);
	m->up.local_port = rd_u16(&body);
	m->up.remote_port = rd_u16(&body);
	if (body.bad)
		return too_short;
	if (take_bgp(&body, BGP_OPEN, &sent) != 0 || take_bgp(&body, BGP_OPEN, &received) != 0)
		return "there are no two whole OPENs in it";
	if (open_decode(sent, &m->up.sent, &fault) != 0 ||
	    open_decode(received, &m->up.received, &fault) != 0)
		return fault.why;
	return take_tlvs(m, body, BMP_TLV_INFORMATION);
}

static const char *
initiation(struct bmp_message *m, struct rd body)
{
	return take_tlvs(m, body, BMP_TLV_INFORMATION);
}

static const char *
termination(struct bmp_message *m, struct rd body)
{
	return take_tlvs(m, body, BMP_TLV_TERMINATION);
}

static const char *
route_mirroring(struct bmp_message *m, struct rd body)
{
	return take_tlvs(m, body, BMP_TLV_MIRRORING);
}

static const struct type_row {
	const char *name;
	bool has_peer;
	decode_fn *decode;
} types[BMP_TYPES] = {
	[BMP_ROUTE_MONITORING] = { "Route Monitoring",  true,  route_monitoring },
	[BMP_STATISTICS]       = { "Statistics Report", true,  statistics },
	[BMP_PEER_DOWN]        = { "Peer Down",         true,  peer_down },
	[BMP_PEER_UP]          = { "Peer Up",           true,  peer_up },
	[BMP_INITIATION]       = { "Initiation",        false, initiation },
	[BMP_TERMINATION]      = { "Termination",       false, termination },
	[BMP_ROUTE_MIRRORING]  = { "Route Mirroring",   true,  route_mirroring },
};

static const char *const peer_types[BMP_PEER_TYPES] = {
	[BMP_PEER_GLOBAL] = "Global Instance Peer",
	[BMP_PEER_RD] = "RD Instance Peer",
	[BMP_PEER_LOCAL] = "Local Instance Peer",
	[BMP_PEER_LOC_RIB] = "Loc-RIB Instance Peer",
};

const char *
bmp_type_name(uint8_t type)
{
	return type < BMP_TYPES ? types[type].name : "unknown";
}

const char *
bmp_peer_type_name(uint8_t type)
{
	return type < BMP_PEER_TYPES ? peer_types[type] : "unknown";
}

enum teller_rib
bmp_rib_of(const struct bmp_peer_header *h)
{
	bool post = (h->flags & BMP_FLAG_L) != 0;

	if (h->type == BMP_PEER_LOC_RIB)
		return TELLER_LOC_RIB;
	if (h->flags & BMP_FLAG_O)
		return post ? TELLER_OUT_POST : TELLER_OUT_PRE;
	return post ? TELLER_IN_POST : TELLER_IN_PRE;
}

int
bmp_frame(const uint8_t *bytes, size_t len, size_t *ret_len, const char **ret_why)
{
	struct rd r = rd_of(bytes, len);
	uint8_t version = rd_u8(&r);
	uint32_t whole = rd_u32(&r);

	if (len > 0 && (version < VERSION_OLDEST || version > VERSION_NEWEST)) {
		*ret_why = "the version is neither 3 nor 4 (RFC 7854 4.1)";
		return -1;
	}
	if (r.bad)
		return 0;
	if (whole < BMP_HEADER_LEN || whole > BMP_MESSAGE_MAX) {
		*ret_why = whole < BMP_HEADER_LEN ?
		    "a message is shorter than its header (RFC 7854 4.1)" :
		    "a message is longer than 256 KiB";
		return -1;
	}
	*ret_len = whole;
	return len >= whole;
}

/* RFC 7854 4.2, RFC 9069 4.1. */
static const char *
take_peer(struct bmp_message *m, struct rd *r)
{
	struct bmp_peer_header *h = &m->peer;

	h->type = rd_u8(r);
	h->flags = rd_u8(r);
	h->rd = rd_u64(r);
	h->addr = addr_of_16(r, (h->flags & BMP_FLAG_V) != 0);
	h->as = rd_u32(r);
	h->id = rd_u32(r);
	h->sec = rd_u32(r);
	h->usec = rd_u32(r);
	if (r->bad)
		return too_short;
	if (h->type == BMP_PEER_LOC_RIB)
		h->addr = (struct addr){ { 0 } };
	return NULL;
}

int
bmp_decode(const uint8_t *bytes, size_t len, struct bmp_message *ret, const char **ret_why)
{
	struct rd r = rd_of(bytes, len);
	const struct type_row *row;
	const char *why = NULL;

	*ret = (struct bmp_message){ .version = rd_u8(&r), .bytes = bytes,
	    .len = len };
	rd_skip(&r, 4);
	ret->type = rd_u8(&r);
	if (r.bad) {
		*ret_why = too_short;
		return -1;
	}
	if (ret->type >= BMP_TYPES)
		return 0;
	row = &types[ret->type];
	ret->has_peer = row->has_peer;
	if (row->has_peer)
		why = take_peer(ret, &r);
	if (why == NULL)
		why = row->decode(ret, r);
	if (why == NULL)
		return 0;
	*ret_why = why;
	return -1;
}
