/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame around BGP messages, and the small messages: NOTIFICATION, KEEPALIVE, ROUTE-REFRESH.
 * OPEN and UPDATE have files of their own. RFC 4271 4.1, 4.4, 4.5, 6.1; RFC 2918; RFC 9003.
 */
#include "bgp/message.h"

#include <string.h>

#include "core/mem.h"

/* Lengths of whole messages, RFC 4271 6.1, RFC 7313 5, RFC 8654 4; most 0: as long as any may be. */
static const struct {
	const char *name;
	uint16_t least, most;
} types[] = {
	[BGP_OPEN]         = { "OPEN",          29, BGP_MESSAGE_MAX },
	[BGP_UPDATE]       = { "UPDATE",        23, 0 },
	[BGP_NOTIFICATION] = { "NOTIFICATION",  21, 0 },
	[BGP_KEEPALIVE]    = { "KEEPALIVE",     19, 19 },
	[BGP_REFRESH]      = { "ROUTE-REFRESH", 23, 0 },
};

static const char *const errors[] = {
	[BGP_ERR_HEADER] = "Message Header Error",
	[BGP_ERR_OPEN] = "OPEN Message Error",
	[BGP_ERR_UPDATE] = "UPDATE Message Error",
	[BGP_ERR_HOLD] = "Hold Timer Expired",
	[BGP_ERR_FSM] = "Finite State Machine Error",
	[BGP_ERR_CEASE] = "Cease",
	[BGP_ERR_REFRESH] = "ROUTE-REFRESH Message Error",
	[BGP_ERR_SEND_HOLD] = "Send Hold Timer Expired",
};

/* RFC 4271 4.5, RFC 4486 4, RFC 5492 5, RFC 6608 4, RFC 7313 5, RFC 8538 3.1, RFC 9234 5. */
static const struct {
	uint8_t code, subcode;
	const char *name;
} suberrors[] = {
	{ 1, 1, "Connection Not Synchronized" },
	{ 1, 2, "Bad Message Length" },
	{ 1, 3, "Bad Message Type" },
	{ 2, 1, "Unsupported Version Number" },
	{ 2, 2, "Bad Peer AS" },
	{ 2, 3, "Bad BGP Identifier" },
	{ 2, 4, "Unsupported Optional Parameter" },
	{ 2, 6, "Unacceptable Hold Time" },
	{ 2, 7, "Unsupported Capability" },
	{ 2, 11, "Role Mismatch" },
	{ 3, 1, "Malformed Attribute List" },
	{ 3, 2, "Unrecognized Well-known Attribute" },
	{ 3, 3, "Missing Well-known Attribute" },
	{ 3, 4, "Attribute Flags Error" },
	{ 3, 5, "Attribute Length Error" },
	{ 3, 6, "Invalid ORIGIN Attribute" },
	{ 3, 8, "Invalid NEXT_HOP Attribute" },
	{ 3, 9, "Optional Attribute Error" },
	{ 3, 10, "Invalid Network Field" },
	{ 3, 11, "Malformed AS_PATH" },
	{ 5, 1, "Receive Unexpected Message in OpenSent State" },
	{ 5, 2, "Receive Unexpected Message in OpenConfirm State" },
	{ 5, 3, "Receive Unexpected Message in Established State" },
	{ 6, 1, "Maximum Number of Prefixes Reached" },
	{ 6, 2, "Administrative Shutdown" },
	{ 6, 3, "Peer De-configured" },
	{ 6, 4, "Administrative Reset" },
	{ 6, 5, "Connection Rejected" },
	{ 6, 6, "Other Configuration Change" },
	{ 6, 7, "Connection Collision Resolution" },
	{ 6, 8, "Out of Resources" },
	{ 6, 9, "Hard Reset" },
	{ 6, 10, "BFD Down" },
	{ 7, 1, "Invalid Message Length" },
};

const char *
bgp_type_name(uint8_t type)
{
	if (type >= ARRAY_LEN(types) || types[type].name == NULL)
		return "unknown message";
	return types[type].name;
}

static int
refuse(struct bgp_fault *ret, uint8_t subcode, uint32_t value, size_t data_len, const char *why)
{
	*ret = (struct bgp_fault){
		.code = BGP_ERR_HEADER, .subcode = subcode, .data_len = (uint8_t)data_len,
		.why = why, .value = value,
	};
	ret->data[0] = (uint8_t)(data_len == 2 ? value >> 8 : value);
	ret->data[1] = (uint8_t)value;
	return -1;
}

int
bgp_frame(const uint8_t *bytes, size_t len, size_t most, struct bgp_message *ret,
    struct bgp_fault *ret_fault)
{
	static const uint8_t marker[16] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	struct rd r = rd_of(bytes, len);
	const uint8_t *mark = rd_bytes(&r, sizeof(marker));
	uint16_t size = rd_u16(&r);
	uint8_t type = rd_u8(&r);

	if (r.bad)
		return 0;
	if (memcmp(mark, marker, sizeof(marker)) != 0)
		return refuse(ret_fault, HEADER_NOT_SYNCHRONIZED, 0, 0,
		    "the marker is not all ones (RFC 4271 6.1)");
	if (size < BGP_HEADER_LEN || size > most)
		return refuse(ret_fault, HEADER_BAD_LENGTH, size, 2,
		    "a message's length is out of range (RFC 4271 6.1)");
	if (type >= ARRAY_LEN(types) || types[type].name == NULL)
		return refuse(ret_fault, HEADER_BAD_TYPE, type, 1,
		    "a message's type is unknown (RFC 4271 6.1)");
	if (size < types[type].least || (types[type].most != 0 && size > types[type].most))
		return refuse(ret_fault, HEADER_BAD_LENGTH, size, 2,
		    "a message's length does not fit its type (RFC 4271 6.1)");
	if (len < size)
		return 0;
	ret->type = type;
	ret->len = size;
	ret->body = rd_of(bytes + BGP_HEADER_LEN, (size_t)size - BGP_HEADER_LEN);
	return 1;
}

int
notification_decode(struct rd body, struct bgp_notification *ret)
{
	struct bgp_notification n;

	n.code = rd_u8(&body);
	n.subcode = rd_u8(&body);
	if (body.bad)
		return -1;
	n.data_len = rd_left(&body);
	n.data = rd_bytes(&body, n.data_len);
	*ret = n;
	return 0;
}

static const char *
suberror_name(uint8_t code, uint8_t subcode)
{
	for (size_t i = 0; i < ARRAY_LEN(suberrors); i++)
		if (suberrors[i].code == code && suberrors[i].subcode == subcode)
			return suberrors[i].name;
	return NULL;
}

void
notification_text(struct sbuf *b, const struct bgp_notification *n)
{
	const char *sub = suberror_name(n->code, n->subcode);
	struct rd data = rd_of(n->data, n->data_len), text;

	if (n->code < ARRAY_LEN(errors) && errors[n->code] != NULL)
		sbuf_str(b, errors[n->code]);
	else
		sbuf_printf(b, "error %u", n->code);
	if (sub != NULL)
		sbuf_printf(b, ", %s", sub);
	else if (n->subcode != 0)
		sbuf_printf(b, ", subcode %u", n->subcode);

	/* RFC 9003 2: a length and that many bytes of UTF-8, with these two subcodes only. */
	if (n->code != BGP_ERR_CEASE || (n->subcode != 2 && n->subcode != 4))
		return;
	text = rd_sub(&data, rd_u8(&data));
	if (!text.bad && rd_left(&text) > 0) {
		sbuf_str(b, ", saying ");
		sbuf_quoted(b, text.at, rd_left(&text));
	}
}

int
refresh_decode(struct rd body, struct bgp_refresh *ret, struct bgp_fault *ret_fault)
{
	struct bgp_refresh r;
	size_t len = rd_left(&body);

	r.afi = rd_u16(&body);
	r.subtype = rd_u8(&body);
	r.safi = rd_u8(&body);
	/* A longer one carries filters (RFC 5291), which only its sender's sender would use. */
	if (body.bad || (len != 4 && r.subtype != 0)) {
		*ret_fault = (struct bgp_fault){
			.code = BGP_ERR_REFRESH, .subcode = 1, .value = (uint32_t)len,
			.why = "a ROUTE-REFRESH has the wrong length (RFC 7313 5)",
		};
		return -1;
	}
	*ret = r;
	return 0;
}

void
message_begin(struct wr *w, uint8_t type)
{
	uint8_t *marker = wr_room(w, 16);

	if (marker != NULL)
		memset(marker, 0xff, 16);
	wr_u16(w, 0);
	wr_u8(w, type);
}

void
message_end(struct wr *w, size_t start)
{
	wr_fill16(w, start + 16, 18);
}

void
keepalive_encode(struct wr *w)
{
	size_t start = wr_len(w);

	message_begin(w, BGP_KEEPALIVE);
	message_end(w, start);
}

void
notification_encode(struct wr *w, const struct bgp_fault *fault)
{
	size_t start = wr_len(w);

	message_begin(w, BGP_NOTIFICATION);
	wr_u8(w, fault->code);
	wr_u8(w, fault->subcode);
	wr_bytes(w, fault->data, fault->data_len);
	message_end(w, start);
}

void
refresh_encode(struct wr *w, const struct bgp_refresh *refresh)
{
	size_t start = wr_len(w);

	message_begin(w, BGP_REFRESH);
	wr_u16(w, refresh->afi);
	wr_u8(w, refresh->subtype);
	wr_u8(w, refresh->safi);
	message_end(w, start);
}
