/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OPEN: fixed part, optional parameters, capabilities. Says what a neighbour offered; what is made
 * of it is the session's business. RFC 4271 4.2, 6.2; RFC 5492; RFC 6793; RFC 9072.
 */
#include "bgp/open.h"

#include "bgp/as4.h"
#include "bgp/family.h"
#include "core/mem.h"

#define PARAMETER_CAPABILITY	2
#define PARAMETER_EXTENDED	255	/* RFC 9072 2 */

static void
take_family(struct bgp_open *o, struct rd value)
{
	uint16_t afi = rd_u16(&value);
	const struct family *f;

	rd_skip(&value, 1);
	f = family_find(afi, rd_u8(&value));
	o->multiprotocol = true;
	if (f != NULL)
		o->families |= family_bit(f);
}

static void
give_families(struct wr *w, const struct bgp_open *o, uint8_t code)
{
	for (size_t i = 0; i < family_count; i++) {
		if (!(o->families & family_bit(&families[i])))
			continue;
		wr_u8(w, code);
		wr_u8(w, 4);
		wr_u16(w, families[i].afi);
		wr_u8(w, 0);
		wr_u8(w, families[i].safi);
	}
}

static void
take_refresh(struct bgp_open *o, struct rd value)
{
	(void)value;
	o->refresh = true;
}

static void
give_refresh(struct wr *w, const struct bgp_open *o, uint8_t code)
{
	if (!o->refresh)
		return;
	wr_u8(w, code);
	wr_u8(w, 0);
}

static void
take_as4(struct bgp_open *o, struct rd value)
{
	o->as4 = true;
	o->as = rd_u32(&value);
}

static void
give_as4(struct wr *w, const struct bgp_open *o, uint8_t code)
{
	if (!o->as4)
		return;
	wr_u8(w, code);
	wr_u8(w, 4);
	wr_u32(w, o->as);
}

/* What is not in the table is passed over (RFC 5492 3). A row without `give` is never offered. */
static const struct capability {
	uint8_t code;
	uint8_t len;
	const char *malformed;
	void (*take)(struct bgp_open *o, struct rd value);
	void (*give)(struct wr *w, const struct bgp_open *o, uint8_t code);
} capabilities[] = {
	{ 1, 4, "the multiprotocol capability is not 4 bytes long (RFC 4760 8)",
	    take_family, give_families },
	{ 2, 0, "the route refresh capability is not empty (RFC 2918 2)",
	    take_refresh, give_refresh },
	{ 65, 4, "the capability of 4-byte AS numbers is not 4 bytes long (RFC 6793 3)",
	    take_as4, give_as4 },
};

static int
refuse(struct bgp_fault *ret, uint8_t subcode, uint32_t value, const char *why)
{
	*ret = (struct bgp_fault){
		.code = BGP_ERR_OPEN, .subcode = subcode, .why = why, .value = value,
	};
	return -1;
}

static int
take_capability(struct bgp_open *o, uint8_t code, struct rd value, struct bgp_fault *fault)
{
	for (const struct capability *c = capabilities;
	    c < capabilities + ARRAY_LEN(capabilities); c++) {
		if (c->code != code)
			continue;
		if (rd_left(&value) != c->len)
			return refuse(fault, OPEN_UNSPECIFIC, (uint32_t)rd_left(&value),
			    c->malformed);
		c->take(o, value);
		return 0;
	}
	o->unknown++;
	return 0;
}

static int
take_capabilities(struct bgp_open *o, struct rd list, struct bgp_fault *fault)
{
	while (rd_left(&list) > 0) {
		uint8_t code = rd_u8(&list);
		struct rd value = rd_sub(&list, rd_u8(&list));

		if (list.bad)
			return refuse(fault, OPEN_UNSPECIFIC, code,
			    "a capability is longer than its parameter (RFC 5492 4)");
		if (take_capability(o, code, value, fault) != 0)
			return -1;
	}
	return 0;
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
		if (take_capabilities(o, value, fault) != 0)
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

	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (capabilities[i].give != NULL)
			capabilities[i].give(&caps, o, capabilities[i].code);
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
