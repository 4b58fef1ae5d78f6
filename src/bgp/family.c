/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of families and the NLRIs of each. RFC 4271 4.3 (the form of a prefix), RFC 4760 5,
 * RFC 2545 3 (IPv6 next hops), RFC 8277 2.2 to 2.4 (labels), RFC 4364 4.3.4 and 4659 3.2 (VPN),
 * RFC 7432 7 and 9136 3.1 (EVPN), RFC 7911 3 (path ids), RFC 7606 5.3 (what is malformed).
 */
#include "bgp/family.h"

#include "core/mem.h"

#define EVPN_IP_PREFIX	5		/* RFC 9136 3 */

/* `len` bits of an address of f, from bytes of which bits behind the length mean nothing. */
static void
put_prefix(uint8_t family_bits, uint8_t len, const uint8_t *bytes, struct prefix *ret)
{
	uint8_t *to = ret->addr.b;
	size_t n = ((size_t)len + 7) / 8;

	ret->len = len;
	if (family_bits == 32) {
		to[10] = to[11] = 0xff;
		to += 12;
	}
	/* A loop of a few steps: cheaper here than a call. */
	for (size_t i = 0; i < n; i++)
		to[i] = bytes[i];
	if (len % 8 != 0)
		to[n - 1] &= (uint8_t)(0xff << (8 - len % 8));
}

/* How many prefixes of that form a field has, -1 where one is malformed: without taking them. */
static int
count_prefixes(const struct family *f, struct rd field)
{
	int n = 0;

	if (field.bad)
		return 0;
	for (; field.at < field.end; n++) {
		uint8_t len = *field.at++;
		size_t bytes = ((size_t)len + 7) / 8;

		if (len > f->bits || (size_t)(field.end - field.at) < bytes)
			return -1;
		field.at += bytes;
	}
	return n;
}

/* A length in bits and as many bytes as hold it. */
static enum nlri_got
next_prefix(const struct family *f, unsigned form, struct rd *field, struct nlri *ret)
{
	uint8_t len = rd_u8(field);
	const uint8_t *p;

	(void)form;
	if (len > f->bits || (p = rd_bytes(field, ((size_t)len + 7) / 8)) == NULL)
		return NLRI_BAD;
	*ret = (struct nlri){ .safi = (uint8_t)f->rib_safi };
	put_prefix(f->bits, len, p, &ret->prefix);
	return NLRI_ROUTE;
}

/* The outermost of a stack of labels; gives how many bits the stack has. */
static unsigned
take_labels(unsigned form, struct rd *r, uint32_t *ret_label)
{
	uint32_t label = rd_u24(r);
	unsigned bits = 24;

	*ret_label = form & NLRI_GONE ? 0 : label >> 4;
	while ((form & (NLRI_LABELS | NLRI_GONE)) == NLRI_LABELS && !(label & 1) && !r->bad) {
		label = rd_u24(r);
		bits += 24;
	}
	return bits;
}

/* A length in bits that counts labels, route distinguisher and prefix. */
static enum nlri_got
next_labelled(const struct family *f, unsigned form, struct rd *field, struct nlri *ret)
{
	unsigned len = rd_u8(field), head;
	struct rd r = rd_sub(field, (len + 7) / 8);

	*ret = (struct nlri){ .safi = (uint8_t)f->rib_safi };
	head = take_labels(form, &r, &ret->label);
	if (f->rd) {
		ret->rd = rd_u64(&r);
		head += 64;
	}
	if (r.bad || len < head || len - head > f->bits)
		return NLRI_BAD;
	put_prefix(f->bits, (uint8_t)(len - head), r.at, &ret->prefix);
	/* The RIB's table 0 is the global one. */
	return f->rd && ret->rd == 0 ? NLRI_OTHER : NLRI_ROUTE;
}

/*
 * RFC 9136 3.1: route distinguisher, segment, tag, prefix, gateway, label. The tag is part of the
 * route's name; it takes the place of the path id, for ADD-PATH is not agreed on with EVPN. Whether the
 * last 24 bits are a VNI, the attributes of the UPDATE say.
 */
static enum nlri_got
next_evpn(const struct family *f, unsigned form, struct rd *field, struct nlri *ret)
{
	uint8_t type = rd_u8(field), len;
	struct rd r = rd_sub(field, rd_u8(field));
	size_t addr_bytes;
	const uint8_t *p;

	if (field->bad)
		return NLRI_BAD;
	if (type != EVPN_IP_PREFIX)
		return NLRI_OTHER;
	if (rd_left(&r) != 34 && rd_left(&r) != 58)
		return NLRI_BAD;
	addr_bytes = rd_left(&r) == 34 ? 4 : 16;
	*ret = (struct nlri){ .safi = (uint8_t)f->rib_safi };
	ret->rd = rd_u64(&r);
	rd_skip(&r, 10);
	ret->path_id = rd_u32(&r);
	len = rd_u8(&r);
	p = rd_bytes(&r, addr_bytes);
	rd_skip(&r, addr_bytes);
	ret->label = rd_u24(&r) >> (form & NLRI_VNI ? 0 : 4);
	if (len > 8 * addr_bytes)
		return NLRI_BAD;
	put_prefix((uint8_t)(8 * addr_bytes), len, p, &ret->prefix);
	return ret->rd == 0 ? NLRI_OTHER : NLRI_ROUTE;
}

bool
evpn_says_vni(const uint8_t *bytes, size_t len)
{
	enum { ENCAPSULATION = 0x030c, VXLAN = 8, NVGRE = 9, VXLAN_GPE = 12, GENEVE = 19 };
	struct rd r = rd_of(bytes, len);

	while (rd_left(&r) >= 8) {
		struct rd one = rd_sub(&r, 8);
		uint16_t type = rd_u16(&one), tunnel;

		rd_skip(&one, 4);
		tunnel = rd_u16(&one);
		if (type == ENCAPSULATION && (tunnel == VXLAN || tunnel == NVGRE ||
		    tunnel == VXLAN_GPE || tunnel == GENEVE))
			return true;
	}
	return false;
}

#define IP4(safi, name, rib, ...)	{ 1, safi, "IPv4 " name, RIB_IP4, rib, 32, __VA_ARGS__ }
#define IP6(safi, name, rib, ...)	{ 2, safi, "IPv6 " name, RIB_IP6, rib, 128, __VA_ARGS__ }

const struct family families[] = {
/*	  SAFI name          of the RIB     rd     both   next hops               NLRI */
	IP4(1, "unicast",    RIB_UNICAST,   false, false, { 4, 16, 32 },          next_prefix),
	IP6(1, "unicast",    RIB_UNICAST,   false, false, { 16, 32 },             next_prefix),
	IP4(4, "labelled",   RIB_LABELLED,  false, false, { 4, 16, 32 },          next_labelled),
	IP6(4, "labelled",   RIB_LABELLED,  false, false, { 16, 32, 4 },          next_labelled),
	IP4(128, "VPN",      RIB_VPN,       true,  false, { 12, 24, 48 },         next_labelled),
	IP6(128, "VPN",      RIB_VPN,       true,  false, { 24, 48, 12 },         next_labelled),
	{ 25, 70, "EVPN",    RIB_IP4, RIB_EVPN, 128, true, true, { 4, 16 },       next_evpn },
};
const size_t family_count = ARRAY_LEN(families);

_Static_assert(ARRAY_LEN(families) <= FAMILIES_MOST, "arrays by row have room");

const struct family *
family_find(uint16_t afi, uint8_t safi)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (families[i].afi == afi && families[i].safi == safi)
			return &families[i];
	return NULL;
}

uint32_t
families_all(void)
{
	return (UINT32_C(1) << ARRAY_LEN(families)) - 1;
}

/* Those that are `is` so. */
static uint32_t
families_that(bool (*is)(const struct family *f))
{
	uint32_t set = 0;

	for (const struct family *f = families; f < families + ARRAY_LEN(families); f++)
		set |= is(f) ? family_bit(f) : 0;
	return set;
}

static bool may_have_paths(const struct family *f) { return f->rib_safi != RIB_EVPN; }
static bool may_have_stacks(const struct family *f) { return f->next == next_labelled; }
static bool is_vpn(const struct family *f) { return f->rib_safi == RIB_VPN; }
static bool is_ip4(const struct family *f) { return f->afi == 1; }

uint32_t families_add_path(void) { return families_that(may_have_paths); }
uint32_t families_labels(void) { return families_that(may_have_stacks); }
uint32_t families_vpn(void) { return families_that(is_vpn); }
uint32_t families_ext_hop(void) { return families_that(is_ip4); }

bool
family_hop_fits(const struct family *f, size_t len)
{
	for (size_t i = 0; i < sizeof(f->hop_lens) && f->hop_lens[i] != 0; i++)
		if (f->hop_lens[i] == len)
			return true;
	return false;
}

/*
 * Of a pair (global, link-local) the global one counts, unless it is not set (RFC 2545 3). In VPNs
 * each has a route distinguisher of zero in front (RFC 4364 4.3.2, RFC 4659 3.2.1).
 */
struct addr
next_hop_decode(struct rd value)
{
	struct addr hop = { { 0 } }, local;
	size_t len = rd_left(&value), rd = len == 12 || len == 24 || len == 48 ? 8 : 0;

	rd_skip(&value, rd);
	if (rd_left(&value) == 4)
		return addr_of_bytes4(value.at);
	rd_copy(&value, hop.b, 16);
	rd_skip(&value, rd);
	rd_copy(&value, local.b, 16);
	return addr_is_set(&hop) ? hop : local;
}

/* One NLRI with its path id; EVPN's own takes its place. */
static enum nlri_got
next_nlri(const struct family *f, unsigned form, struct rd *field, struct nlri *ret)
{
	uint32_t path_id;
	enum nlri_got got;

	if (!(form & NLRI_PATH_ID))
		return f->next(f, form, field, ret);
	path_id = rd_u32(field);
	got = f->next(f, form, field, ret);
	if (got == NLRI_ROUTE)
		ret->path_id = path_id;
	return got;
}

int
nlri_check(const struct family *f, unsigned form, struct rd field, unsigned *others)
{
	unsigned other = 0;
	struct nlri nlri;
	int n = 0;

	if (f->next == next_prefix && !(form & NLRI_PATH_ID))
		return count_prefixes(f, field);
	while (rd_left(&field) > 0) {
		switch (next_nlri(f, form, &field, &nlri)) {
		case NLRI_BAD:
			return -1;
		case NLRI_ROUTE:
			n++;
			break;
		case NLRI_OTHER:
			other++;
			break;
		}
	}
	*others += other;
	return field.bad ? -1 : n;
}

/* The bits of the last byte read that lie behind a prefix of this length. */
static bool
bits_behind(const struct rd *field, uint8_t len)
{
	return len % 8 != 0 && (field->at[-1] & 0xff >> len % 8) != 0;
}

/*
 * Ids are small numbers in practice. Read without them, their leading zeros are default routes, and a
 * label's length is too short; a prefix read as an id is a large number.
 */
static bool
looks_right(const struct family *f, unsigned form, struct rd field)
{
	unsigned defaults = 0;
	struct nlri nlri;

	while (rd_left(&field) > 0) {
		if (next_nlri(f, form, &field, &nlri) == NLRI_BAD || nlri.path_id >= 1 << 24 ||
		    bits_behind(&field, nlri.prefix.len))
			return false;
		defaults += !f->rd && nlri.prefix.len == 0;
		if (defaults > 1 && !(form & NLRI_PATH_ID))
			return false;
	}
	return !field.bad;
}

unsigned
nlri_guess(const struct family *f, unsigned form, struct rd field)
{
	unsigned other = form ^ NLRI_PATH_ID;

	if (!may_have_paths(f) || looks_right(f, form, field) || !looks_right(f, other, field))
		return form;
	return other;
}

size_t
nlri_take(const struct family *f, unsigned form, struct rd *field, struct nlri *ret, size_t most)
{
	size_t n = 0;

	while (n < most && rd_left(field) > 0) {
		enum nlri_got got = next_nlri(f, form, field, &ret[n]);

		if (got == NLRI_BAD)
			break;
		n += got == NLRI_ROUTE;
	}
	return n;
}
