/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities, a row each: how long, what is taken from it, how it is offered. RFC 5492 3 and 4,
 * RFC 4760 8, RFC 2918 2, RFC 6793 3, RFC 8950 4, RFC 8654 3, RFC 8277 2.1, RFC 9234 4.1,
 * RFC 4724 3, RFC 7911 4, RFC 7313 3.1, RFC 9494 4.2.
 */
#include "bgp/open.h"

#include "core/mem.h"

enum { PATH_RECEIVE = 1, PATH_SEND = 2 };		/* RFC 7911 4 */
enum { RESTARTING = 0x8000, RESTART_TIME = 0x0fff, FORWARDING = 0x80 };	/* RFC 4724 3 */

const char *
bgp_role_name(uint8_t role)
{
	static const char *const names[] = {
		[ROLE_PROVIDER] = "provider", [ROLE_RS] = "route-server",
		[ROLE_RS_CLIENT] = "route-server-client", [ROLE_CUSTOMER] = "customer",
		[ROLE_PEER] = "peer",
	};

	return role < ARRAY_LEN(names) ? names[role] : "unknown";
}

/* The bit of the family that stands next, 0 for one without a row. */
static uint32_t
take_bit(struct rd *value)
{
	uint16_t afi = rd_u16(value);
	const struct family *f = family_find(afi, rd_u8(value));

	return f != NULL ? family_bit(f) : 0;
}

static void
give_family(struct wr *w, const struct family *f)
{
	wr_u16(w, f->afi);
	wr_u8(w, f->safi);
}

static int
take_multiprotocol(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	uint16_t afi = rd_u16(&value);
	const struct family *f;

	(void)fault;
	rd_skip(&value, 1);
	f = family_find(afi, rd_u8(&value));
	o->multiprotocol = true;
	o->families |= f != NULL ? family_bit(f) : 0;
	return 0;
}

static bool
give_multiprotocol(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	if (!(o->families & family_bit(f)))
		return false;
	wr_u16(w, f->afi);
	wr_u8(w, 0);
	wr_u8(w, f->safi);
	return true;
}

static int
take_refresh(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)value;
	(void)fault;
	o->refresh = true;
	return 0;
}

static bool
give_refresh(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	(void)w;
	(void)f;
	return o->refresh;
}

/* AFI, SAFI and AFI of the next hop, 2 bytes each. */
static int
take_ext_hop(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)fault;
	while (rd_left(&value) > 0) {
		uint16_t afi = rd_u16(&value), safi = rd_u16(&value);
		const struct family *f = safi <= UINT8_MAX ? family_find(afi, (uint8_t)safi) : NULL;

		if (rd_u16(&value) == 2 && f != NULL)
			o->ext_hop |= family_bit(f);
	}
	return 0;
}

static bool
give_ext_hop(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	if (!(o->ext_hop & family_bit(f)))
		return false;
	wr_u16(w, f->afi);
	wr_u16(w, f->safi);
	wr_u16(w, 2);
	return true;
}

static int
take_ext_message(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)value;
	(void)fault;
	o->ext_message = true;
	return 0;
}

static bool
give_ext_message(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	(void)w;
	(void)f;
	return o->ext_message;
}

/* Fewer than two labels is what is there without the capability. */
static int
take_labels(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)fault;
	while (rd_left(&value) > 0) {
		uint32_t bit = take_bit(&value);

		if (rd_u8(&value) > 1)
			o->labels |= bit;
	}
	return 0;
}

static bool
give_labels(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	if (!(o->labels & family_bit(f)))
		return false;
	give_family(w, f);
	wr_u8(w, 255);			/* as many as fit */
	return true;
}

/* The same one twice is one; two that differ are refused. */
static int
take_role(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	uint8_t role = rd_u8(&value);

	if (o->has_role && o->role != role) {
		*fault = (struct bgp_fault){ .code = BGP_ERR_OPEN, .subcode = OPEN_ROLE,
			.value = role, .why = "two roles that differ (RFC 9234 4.2)" };
		return -1;
	}
	o->has_role = true;
	o->role = role;
	return 0;
}

static bool
give_role(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	(void)f;
	if (o->has_role)
		wr_u8(w, o->role);
	return o->has_role;
}

/* Where it comes twice, the last one counts (RFC 4724 3). */
static int
take_restart(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	uint16_t head = rd_u16(&value);

	(void)fault;
	o->can_restart = true;
	o->restarting = (head & RESTARTING) != 0;
	o->restart_s = head & RESTART_TIME;
	o->restart = o->forwarding = 0;
	while (rd_left(&value) > 0) {
		uint32_t bit = take_bit(&value);

		o->restart |= bit;
		o->forwarding |= rd_u8(&value) & FORWARDING ? bit : 0;
	}
	return 0;
}

static bool
give_restart(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	if (!o->can_restart)
		return false;
	wr_u16(w, (uint16_t)((o->restarting ? RESTARTING : 0) | o->restart_s));
	for (f = families; f < families + family_count; f++) {
		if (!(o->restart & family_bit(f)))
			continue;
		give_family(w, f);
		wr_u8(w, o->forwarding & family_bit(f) ? FORWARDING : 0);
	}
	return true;
}

static int
take_as4(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)fault;
	o->as4 = true;
	o->as = rd_u32(&value);
	return 0;
}

static bool
give_as4(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	(void)f;
	if (o->as4)
		wr_u32(w, o->as);
	return o->as4;
}

/* A family with any other number than 1 to 3 is passed over. */
static int
take_add_path(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)fault;
	while (rd_left(&value) > 0) {
		uint32_t bit = take_bit(&value);
		uint8_t way = rd_u8(&value);

		if (way > (PATH_RECEIVE | PATH_SEND))
			continue;
		o->path_receive |= way & PATH_RECEIVE ? bit : 0;
		o->path_send |= way & PATH_SEND ? bit : 0;
	}
	return 0;
}

static bool
give_add_path(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	uint8_t way = (o->path_receive & family_bit(f) ? PATH_RECEIVE : 0) |
	    (o->path_send & family_bit(f) ? PATH_SEND : 0);

	if (way == 0)
		return false;
	give_family(w, f);
	wr_u8(w, way);
	return true;
}

static int
take_enhanced_refresh(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)value;
	(void)fault;
	o->enhanced_refresh = true;
	return 0;
}

static bool
give_enhanced_refresh(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	(void)w;
	(void)f;
	return o->enhanced_refresh;
}

static int
take_llgr(struct bgp_open *o, struct rd value, struct bgp_fault *fault)
{
	(void)fault;
	o->can_llgr = true;
	while (rd_left(&value) > 0) {
		uint16_t afi = rd_u16(&value);
		const struct family *f = family_find(afi, rd_u8(&value));
		uint8_t flags = rd_u8(&value);
		uint32_t seconds = rd_u24(&value);

		if (f == NULL)
			continue;
		o->llgr |= family_bit(f);
		o->llgr_forwarding |= flags & FORWARDING ? family_bit(f) : 0;
		o->llgr_s[f - families] = seconds;
	}
	return 0;
}

static bool
give_llgr(struct wr *w, const struct bgp_open *o, const struct family *f)
{
	for (f = families; o->can_llgr && f < families + family_count; f++) {
		if (!(o->llgr & family_bit(f)))
			continue;
		give_family(w, f);
		wr_u8(w, o->llgr_forwarding & family_bit(f) ? FORWARDING : 0);
		wr_u24(w, o->llgr_s[f - families]);
	}
	return o->can_llgr;
}

/* How a capability is written: one for all families, one with a piece of each, or one of each. */
enum shape { SHAPE_ONE, SHAPE_PIECES, SHAPE_EACH };

static const struct capability {
	uint8_t code;
	enum shape shape;
	uint8_t least, unit;		/* bytes; behind `least` a multiple of `unit`, 0: nothing */
	const char *malformed;		/* what is answered; NULL: it is passed over */
	int (*take)(struct bgp_open *o, struct rd value, struct bgp_fault *fault);
	/* False, with nothing written, where it (or this family's) is not offered. */
	bool (*give)(struct wr *w, const struct bgp_open *o, const struct family *f);
} capabilities[] = {
	{ 1, SHAPE_EACH, 4, 0, "the multiprotocol capability is not 4 bytes long (RFC 4760 8)",
	    take_multiprotocol, give_multiprotocol },
	{ 2, SHAPE_ONE, 0, 0, "the route refresh capability is not empty (RFC 2918 2)",
	    take_refresh, give_refresh },
	{ 5, SHAPE_PIECES, 0, 6, NULL, take_ext_hop, give_ext_hop },
	{ 6, SHAPE_ONE, 0, 0, NULL, take_ext_message, give_ext_message },
	{ 8, SHAPE_PIECES, 0, 4, NULL, take_labels, give_labels },
	{ 9, SHAPE_ONE, 1, 0, NULL, take_role, give_role },
	{ 64, SHAPE_ONE, 2, 4, NULL, take_restart, give_restart },
	{ 65, SHAPE_ONE, 4, 0,
	    "the capability of 4-byte AS numbers is not 4 bytes long (RFC 6793 3)",
	    take_as4, give_as4 },
	{ 69, SHAPE_PIECES, 0, 4, NULL, take_add_path, give_add_path },
	{ 70, SHAPE_ONE, 0, 0, NULL, take_enhanced_refresh, give_enhanced_refresh },
	{ 71, SHAPE_ONE, 0, 7, NULL, take_llgr, give_llgr },
};

static bool
length_fits(const struct capability *c, size_t len)
{
	if (c->unit == 0 || len < c->least)
		return len == c->least;
	return (len - c->least) % c->unit == 0;
}

static const struct capability *
capability_find(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (capabilities[i].code == code)
			return &capabilities[i];
	return NULL;
}

/* What is not in the table is passed over (RFC 5492 3). */
static int
take_capability(struct bgp_open *o, uint8_t code, struct rd value, struct bgp_fault *fault)
{
	const struct capability *c = capability_find(code);

	if (c != NULL && length_fits(c, rd_left(&value)))
		return c->take(o, value, fault);
	o->unknown++;
	if (c == NULL || c->malformed == NULL)
		return 0;
	*fault = (struct bgp_fault){ .code = BGP_ERR_OPEN, .subcode = OPEN_UNSPECIFIC,
		.why = c->malformed, .value = (uint32_t)rd_left(&value) };
	return -1;
}

int
capabilities_decode(struct bgp_open *o, struct rd list, struct bgp_fault *fault)
{
	while (rd_left(&list) > 0) {
		uint8_t code = rd_u8(&list);
		struct rd value = rd_sub(&list, rd_u8(&list));

		if (list.bad) {
			*fault = (struct bgp_fault){ .code = BGP_ERR_OPEN,
				.subcode = OPEN_UNSPECIFIC, .value = code,
				.why = "a capability is longer than its parameter (RFC 5492 4)" };
			return -1;
		}
		if (take_capability(o, code, value, fault) != 0)
			return -1;
	}
	return 0;
}

/* One capability; without anything in it, it is taken back. */
static void
give_one(struct wr *w, const struct capability *c, const struct bgp_open *o,
    const struct family *f, size_t n)
{
	struct wr before = *w;
	size_t place;
	bool any = false;

	wr_u8(w, c->code);
	place = wr_len(w);
	wr_u8(w, 0);
	while (n-- > 0)
		any |= c->give(w, o, f++);
	if (!any)
		*w = before;
	else if (!w->bad)
		w->start[place] = (uint8_t)(wr_len(w) - place - 1);
}

void
capabilities_encode(struct wr *w, const struct bgp_open *o)
{
	for (const struct capability *c = capabilities;
	    c < capabilities + ARRAY_LEN(capabilities); c++) {
		if (c->shape == SHAPE_EACH)
			for (size_t i = 0; i < family_count; i++)
				give_one(w, c, o, &families[i], 1);
		else
			give_one(w, c, o, families, c->shape == SHAPE_ONE ? 1 : family_count);
	}
}
