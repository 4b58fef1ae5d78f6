/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OPEN: fixed part and optional parameters. Capabilities have a file of their own. RFC 4271 4.2 and
 * 6.2, RFC 6793, RFC 9072.
 */
#include "bgp/open.h"

#include "bgp/as4.h"
#include "core/mem.h"

#define PARAMETER_CAPABILITY	2
#define PARAMETER_EXTENDED	255	/* RFC 9072 2 */

static int
refuse(struct bgp_fault *ret, uint8_t subcode, uint32_t value, const char *why)
{
	*ret = (struct bgp_fault){
		.code = BGP_ERR_OPEN, .subcode = subcode, .why = why, .value = value,
	};
	return -1;
}

/* Optional parameters; the first one's type says how wide the lengths are (RFC 9072 2). */
static int
take_parameters(struct bgp_open *o, struct rd body, struct bgp_fault *fault)
{
	size_t total = rd_u8(&body), width = 1;
	struct rd list;

	if (total > 0 && rd_left(&body) > 0 && body.at[0] == PARAMETER_EXTENDED) {
		rd_skip(&body, 1);
		total = rd_u16(&body);
		width = 2;
	}
	list = rd_sub(&body, total);
	if (body.bad || rd_left(&body) > 0)
		return refuse(fault, OPEN_UNSPECIFIC, (uint32_t)total,
		    "the length of the optional parameters does not fit the OPEN (RFC 4271 6.2)");
	while (rd_left(&list) > 0) {
		uint8_t type = rd_u8(&list);
		struct rd value = rd_sub(&list, (size_t)rd_uint(&list, width));

		if (list.bad)
			return refuse(fault, OPEN_UNSPECIFIC, type,
			    "an optional parameter is longer than the OPEN (RFC 4271 6.2)");
		if (type != PARAMETER_CAPABILITY)
			return refuse(fault, OPEN_PARAMETER, type,
			    "an optional parameter is not known (RFC 4271 6.2)");
		if (capabilities_decode(o, value, fault) != 0)
			return -1;
	}
	return 0;
}

int
open_decode(struct rd body, struct bgp_open *ret, struct bgp_fault *ret_fault)
{
	struct bgp_open o = { 0 };
	uint8_t version = rd_u8(&body);

	o.as = rd_u16(&body);
	o.hold_s = rd_u16(&body);
	o.id = rd_u32(&body);
	if (body.bad)
		return refuse(ret_fault, OPEN_UNSPECIFIC, 0, "an OPEN is too short (RFC 4271 4.2)");
	if (version != 4) {
		refuse(ret_fault, OPEN_VERSION, version,
		    "the version of BGP is not 4 (RFC 4271 6.2)");
		ret_fault->data[1] = 4;
		ret_fault->data_len = 2;
		return -1;
	}
	if (take_parameters(&o, body, ret_fault) != 0)
		return -1;
	if (o.as == 0)
		return refuse(ret_fault, OPEN_PEER_AS, 0, "AS 0 is not a neighbor (RFC 7607 2)");
	if (o.id == 0)
		return refuse(ret_fault, OPEN_ID, 0, "the BGP identifier is 0 (RFC 6286 2.1)");
	if (o.hold_s == 1 || o.hold_s == 2)
		return refuse(ret_fault, OPEN_HOLD_TIME, o.hold_s,
		    "the hold time is neither 0 nor 3 and more (RFC 4271 6.2)");
	if (!o.multiprotocol)
		o.families = family_bit(FAMILY_IP4_UNICAST);
	*ret = o;
	return 0;
}

void
open_encode(struct wr *w, const struct bgp_open *o)
{
	uint8_t room[255];
	struct wr caps = wr_of(room, sizeof(room) - 2);	/* with its own type and length: 255 */
	size_t start = wr_len(w), n;

	capabilities_encode(&caps, o);
	n = wr_len(&caps);

	message_begin(w, BGP_OPEN);
	wr_u8(w, 4);
	wr_u16(w, o->as > UINT16_MAX ? AS_TRANS : (uint16_t)o->as);
	wr_u16(w, o->hold_s);
	wr_u32(w, o->id);
	if (n > 0) {
		wr_u8(w, (uint8_t)(n + 2));
		wr_u8(w, PARAMETER_CAPABILITY);
		wr_u8(w, (uint8_t)n);
		wr_bytes(w, room, n);
	} else {
		wr_u8(w, 0);
	}
	message_end(w, start);
	w->bad |= caps.bad;
}
