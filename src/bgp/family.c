/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of families and the NLRIs of each. RFC 4271 4.3 (the form of a prefix), RFC 4760 5,
 * RFC 2545 3 (IPv6 next hops), RFC 7606 5.3 (what is malformed).
 */
#include "bgp/family.h"

#include "core/mem.h"

/* A length in bits and as many bytes as hold it. Bits behind the length mean nothing. */
static int
next_prefix(const struct family *f, struct rd *field, struct nlri *ret)
{
	uint8_t len = rd_u8(field);
	size_t n = ((size_t)len + 7) / 8;
	const uint8_t *p;
	uint8_t *to = ret->prefix.addr.b;

	if (len > f->bits || (p = rd_bytes(field, n)) == NULL)
		return -1;
	*ret = (struct nlri){ .safi = (uint8_t)f->rib_safi, .prefix.len = len };
	if (f->bits == 32) {
		to[10] = to[11] = 0xff;
		to += 12;
	}
	/* A loop of a few steps: cheaper here than a call. */
	for (size_t i = 0; i < n; i++)
		to[i] = p[i];
	if (len % 8 != 0)
		to[n - 1] &= (uint8_t)(0xff << (8 - len % 8));
	return 0;
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

const struct family families[] = {
/*	  AFI SAFI  name            of the RIB               bits  next hops       NLRI */
	{ 1,  1,    "IPv4 unicast", RIB_IP4, RIB_UNICAST,    32,   { 4 },          next_prefix },
	{ 2,  1,    "IPv6 unicast", RIB_IP6, RIB_UNICAST,    128,  { 16, 32 },     next_prefix },
};
const size_t family_count = ARRAY_LEN(families);

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

bool
family_hop_fits(const struct family *f, size_t len)
{
	for (size_t i = 0; i < sizeof(f->hop_lens) && f->hop_lens[i] != 0; i++)
		if (f->hop_lens[i] == len)
			return true;
	return false;
}

/* Of a pair (global, link-local) the global one counts, unless it is not set (RFC 2545 3). */
struct addr
next_hop_decode(struct rd value)
{
	struct addr hop = { { 0 } }, local;

	if (rd_left(&value) == 4)
		return addr_of_bytes4(value.at);
	rd_copy(&value, hop.b, 16);
	rd_copy(&value, local.b, 16);
	return addr_is_set(&hop) ? hop : local;
}

int
nlri_check(const struct family *f, struct rd field)
{
	struct nlri nlri;
	int n = 0;

	if (f->next == next_prefix)
		return count_prefixes(f, field);
	while (rd_left(&field) > 0) {
		if (f->next(f, &field, &nlri) != 0)
			return -1;
		n++;
	}
	return n;
}

size_t
nlri_take(const struct family *f, struct rd *field, struct nlri *ret, size_t most)
{
	size_t n = 0;

	while (n < most && rd_left(field) > 0 && f->next(f, field, &ret[n]) == 0)
		n++;
	return n;
}
