/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Path attributes, a row each: flags, lengths, what it costs when one is malformed, and what is
 * taken from it. Attributes without a row are passed over; nothing is ever announced onwards, so
 * they are not kept. Some are kept for the record only, one behind the other (struct attrs, others).
 *
 * RFC 4271 5 and 6.3, RFC 4760 3 and 4, RFC 6793 6, RFC 1997, RFC 4360, RFC 8092, RFC 4456 8,
 * RFC 5701 2, RFC 7311 3, RFC 8669 3, RFC 9234 5, RFC 9494 4.6, RFC 7606 3, 4 and 7, RFC 7607.
 */
#include "bgp/update.h"

#include "bgp/as4.h"
#include "core/mem.h"

enum { FLAG_OPTIONAL = 0x80, FLAG_TRANSITIVE = 0x40, FLAG_LONG = 0x10 };
enum {
	WELL_KNOWN = FLAG_TRANSITIVE,
	OPTIONAL = FLAG_OPTIONAL,
	OPTIONAL_TRANSITIVE = FLAG_OPTIONAL | FLAG_TRANSITIVE,
};

/* Who may send it; from others it is discarded. */
enum { LLGR_STALE = 0xffff0006, NO_LLGR = 0xffff0007 };	/* RFC 9494 4.6, 4.7 */

enum from { FROM_ANY, FROM_INTERNAL, FROM_OLD };	/* OLD: no 4-byte AS numbers, RFC 6793 6 */

struct attr_row {
	uint8_t code;
	const char *name;
	uint8_t flags;
	uint16_t min, max;		/* bytes */
	uint16_t unit;			/* the length is a multiple of it */
	enum verdict verdict;		/* where it is malformed */
	uint8_t subcode;		/* where its value is */
	enum from from;
	const char *rule;
	/* Take the value; VERDICT_OK, or what it costs. NULL: the length was all there is to see. */
	enum verdict (*decode)(struct bgp_update *u, const struct attr_row *row, struct rd value);
};

static enum verdict
take_origin(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	u->attrs.origin = rd_u8(&value);
	return u->attrs.origin <= ORIGIN_INCOMPLETE ? VERDICT_OK : row->verdict;
}

static enum verdict
take_as_path(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	if (!as4_path_ok(value, u->context->as4 ? 4 : 2))
		return row->verdict;
	if (u->context->as4) {
		u->attrs.aspath = value.at;
		u->attrs.aspath_len = (uint16_t)rd_left(&value);
	} else {
		u->path2 = value;
	}
	return VERDICT_OK;
}

static enum verdict
take_as4_path(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	if (!as4_path_ok(value, 4))
		return row->verdict;
	u->path4 = value;
	return VERDICT_OK;
}

/* Whether it is an address of a host matters only where IPv4 routes come with it: update.c. */
static enum verdict
take_next_hop(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	(void)row;
	u->attrs.next_hop = addr_of_v4(rd_u32(&value));
	return VERDICT_OK;
}

static enum verdict
take_med(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	(void)row;
	u->attrs.med = rd_u32(&value);
	u->attrs.has_med = true;
	return VERDICT_OK;
}

static enum verdict
take_local_pref(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	(void)row;
	u->attrs.local_pref = rd_u32(&value);
	u->attrs.has_local_pref = true;
	return VERDICT_OK;
}

/* AS and address; the AS is as wide as in AS_PATH (RFC 7606 7.7). */
static enum verdict
take_aggregator(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	if (rd_left(&value) != (u->context->as4 ? 8 : 6))
		return row->verdict;
	u->aggregator = (uint32_t)rd_uint(&value, u->context->as4 ? 4 : 2);
	return u->aggregator != 0 ? VERDICT_OK : row->verdict;
}

static enum verdict
take_comms(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	(void)row;
	u->attrs.comms = value.at;
	u->attrs.comms_len = (uint16_t)rd_left(&value);
	while (rd_left(&value) > 0) {
		uint32_t community = rd_u32(&value);

		u->attrs.llgr_stale |= community == LLGR_STALE;
		u->attrs.no_llgr |= community == NO_LLGR;
	}
	return VERDICT_OK;
}

static enum verdict
take_ecomms(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	(void)row;
	u->attrs.ecomms = value.at;
	u->attrs.ecomms_len = (uint16_t)rd_left(&value);
	return VERDICT_OK;
}

static enum verdict
take_lcomms(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	(void)row;
	u->attrs.lcomms = value.at;
	u->attrs.lcomms_len = (uint16_t)rd_left(&value);
	return VERDICT_OK;
}

/* Kept as it is, behind its code and length. */
static enum verdict
keep_other(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	struct wr w = wr_of(u->others + u->attrs.others_len,
	    sizeof(u->others) - u->attrs.others_len);

	wr_u8(&w, row->code);
	wr_u16(&w, (uint16_t)rd_left(&value));
	wr_bytes(&w, value.at, rd_left(&value));
	if (w.bad)
		return VERDICT_DISCARD;
	u->attrs.others = u->others;
	u->attrs.others_len = (uint16_t)(u->attrs.others_len + wr_len(&w));
	return VERDICT_OK;
}

/* TLVs of a type and a length; `whole` bytes are counted by the length besides the value. */
static bool
tlvs_fit(struct rd value, size_t whole)
{
	while (rd_left(&value) > 0) {
		rd_skip(&value, 1);
		rd_skip(&value, rd_u16(&value) - (size_t)whole);
	}
	return !value.bad;
}

/* RFC 7311 3: the length counts type and length, too. */
static enum verdict
take_aigp(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	return tlvs_fit(value, 3) ? keep_other(u, row, value) : row->verdict;
}

/* RFC 8669 3. */
static enum verdict
take_prefix_sid(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	return tlvs_fit(value, 0) ? keep_other(u, row, value) : row->verdict;
}

static unsigned
form_of(const struct bgp_update *u, enum update_part part, const struct family *f)
{
	uint32_t bit = family_bit(f);

	return (u->context->add_path & bit ? NLRI_PATH_ID : 0u) |
	    (u->context->labels & bit ? NLRI_LABELS : 0u) |
	    (part == PART_WITHDRAWN || part == PART_MP_UNREACH ? NLRI_GONE : 0u);
}

int
update_take_part(struct bgp_update *u, enum update_part part, const struct family *f,
    struct rd nlri, const struct addr *next_hop)
{
	unsigned form = form_of(u, part, f);
	int n;

	if (u->context->guess_paths)
		form = nlri_guess(f, form, nlri);
	n = nlri_check(f, form, nlri, &u->others_seen);
	if (n < 0)
		return -1;
	u->part[part] = (struct update_part_nlri){ f, form, nlri, (unsigned)n, *next_hop };
	return 0;
}

/* The NLRIs of a family that was agreed on go to their part, all others are passed over. */
static enum verdict
take_mp_part(struct bgp_update *u, enum update_part part, uint16_t afi, uint8_t safi,
    struct rd nlri, const struct addr *next_hop)
{
	const struct family *f = family_find(afi, safi);

	if (f == NULL || !(u->context->families & family_bit(f))) {
		update_skip(u, afi, safi);
		return VERDICT_OK;
	}
	return update_take_part(u, part, f, nlri, next_hop) == 0 ? VERDICT_OK : VERDICT_RESET;
}

/* RFC 4760 3; RFC 7606 5.3 and 7.11. */
static enum verdict
take_mp_reach(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	uint16_t afi = rd_u16(&value);
	uint8_t safi = rd_u8(&value);
	const struct family *f = family_find(afi, safi);
	struct rd hop = rd_sub(&value, rd_u8(&value));
	struct addr next_hop;

	rd_skip(&value, 1);		/* reserved */
	if (value.bad || (f != NULL && !family_hop_fits(f, rd_left(&hop))))
		return row->verdict;
	if (rd_left(&value) > 0)
		u->reachable = true;
	next_hop = next_hop_decode(hop);
	return take_mp_part(u, PART_MP_REACH, afi, safi, value, &next_hop);
}

/* RFC 4760 4. */
static enum verdict
take_mp_unreach(struct bgp_update *u, const struct attr_row *row, struct rd value)
{
	static const struct addr none;
	uint16_t afi = rd_u16(&value);
	uint8_t safi = rd_u8(&value);

	(void)row;
	return take_mp_part(u, PART_MP_UNREACH, afi, safi, value, &none);
}

#define ANY_LEN	UINT16_MAX

/* A row stands at its code. */
static const struct attr_row rows[] = {
	[1] = { 1, "ORIGIN", WELL_KNOWN, 1, 1, 1, VERDICT_WITHDRAW, UPDATE_ORIGIN, FROM_ANY,
	    "malformed ORIGIN (RFC 7606 7.1)", take_origin },
	{ 2, "AS_PATH", WELL_KNOWN, 0, ANY_LEN, 1, VERDICT_WITHDRAW, UPDATE_AS_PATH, FROM_ANY,
	    "malformed AS_PATH (RFC 7606 7.2)", take_as_path },
	{ 3, "NEXT_HOP", WELL_KNOWN, 4, 4, 1, VERDICT_WITHDRAW, UPDATE_NEXT_HOP, FROM_ANY,
	    "malformed NEXT_HOP (RFC 7606 7.3)", take_next_hop },
	{ 4, "MULTI_EXIT_DISC", OPTIONAL, 4, 4, 1, VERDICT_WITHDRAW, UPDATE_OPTIONAL, FROM_ANY,
	    "malformed MULTI_EXIT_DISC (RFC 7606 7.4)", take_med },
	{ 5, "LOCAL_PREF", WELL_KNOWN, 4, 4, 1, VERDICT_WITHDRAW, UPDATE_LENGTH, FROM_INTERNAL,
	    "malformed LOCAL_PREF (RFC 7606 7.5)", take_local_pref },
	{ 6, "ATOMIC_AGGREGATE", WELL_KNOWN, 0, 0, 1, VERDICT_DISCARD, UPDATE_LENGTH, FROM_ANY,
	    "malformed ATOMIC_AGGREGATE (RFC 7606 7.6)", NULL },
	{ 7, "AGGREGATOR", OPTIONAL_TRANSITIVE, 6, 8, 2, VERDICT_DISCARD, UPDATE_OPTIONAL, FROM_ANY,
	    "malformed AGGREGATOR (RFC 7606 7.7)", take_aggregator },
	{ 8, "COMMUNITIES", OPTIONAL_TRANSITIVE, 4, ANY_LEN, 4, VERDICT_WITHDRAW, UPDATE_OPTIONAL,
	    FROM_ANY, "malformed COMMUNITIES (RFC 7606 7.8)", take_comms },
	{ 9, "ORIGINATOR_ID", OPTIONAL, 4, 4, 1, VERDICT_WITHDRAW, UPDATE_OPTIONAL, FROM_INTERNAL,
	    "malformed ORIGINATOR_ID (RFC 7606 7.9)", NULL },
	{ 10, "CLUSTER_LIST", OPTIONAL, 4, ANY_LEN, 4, VERDICT_WITHDRAW, UPDATE_OPTIONAL,
	    FROM_INTERNAL, "malformed CLUSTER_LIST (RFC 7606 7.10)", NULL },
	[14] = { 14, "MP_REACH_NLRI", OPTIONAL, 5, ANY_LEN, 1, VERDICT_RESET, UPDATE_OPTIONAL, FROM_ANY,
	    "malformed MP_REACH_NLRI (RFC 7606 5.3, 7.11)", take_mp_reach },
	{ 15, "MP_UNREACH_NLRI", OPTIONAL, 3, ANY_LEN, 1, VERDICT_RESET, UPDATE_OPTIONAL, FROM_ANY,
	    "malformed MP_UNREACH_NLRI (RFC 7606 5.3)", take_mp_unreach },
	{ 16, "EXTENDED COMMUNITIES", OPTIONAL_TRANSITIVE, 8, ANY_LEN, 8, VERDICT_WITHDRAW,
	    UPDATE_OPTIONAL, FROM_ANY, "malformed EXTENDED COMMUNITIES (RFC 7606 7.14)",
	    take_ecomms },
	{ 17, "AS4_PATH", OPTIONAL_TRANSITIVE, 6, ANY_LEN, 2, VERDICT_DISCARD, UPDATE_OPTIONAL,
	    FROM_OLD, "malformed AS4_PATH (RFC 6793 6)", take_as4_path },
	{ 18, "AS4_AGGREGATOR", OPTIONAL_TRANSITIVE, 8, 8, 1, VERDICT_DISCARD, UPDATE_OPTIONAL,
	    FROM_OLD, "malformed AS4_AGGREGATOR (RFC 6793 6)", NULL },
	[OTHER_IPV6_ECOMMS] = { OTHER_IPV6_ECOMMS, "IPV6 EXTENDED COMMUNITIES", OPTIONAL_TRANSITIVE, 20, ANY_LEN, 20,
	    VERDICT_WITHDRAW, UPDATE_OPTIONAL, FROM_ANY,
	    "malformed IPV6 EXTENDED COMMUNITIES (RFC 7606 7.15)", keep_other },
	[OTHER_AIGP] = { OTHER_AIGP, "AIGP", OPTIONAL, 3, ANY_LEN, 1, VERDICT_DISCARD, UPDATE_OPTIONAL, FROM_ANY,
	    "malformed AIGP (RFC 7311 3)", take_aigp },
	[32] = { 32, "LARGE_COMMUNITY", OPTIONAL_TRANSITIVE, 12, ANY_LEN, 12, VERDICT_WITHDRAW,
	    UPDATE_OPTIONAL, FROM_ANY, "malformed LARGE_COMMUNITY (RFC 8092 5)", take_lcomms },
	[OTHER_OTC] = { OTHER_OTC, "ONLY_TO_CUSTOMER", OPTIONAL_TRANSITIVE, 4, 4, 1, VERDICT_WITHDRAW,
	    UPDATE_OPTIONAL, FROM_ANY, "malformed ONLY_TO_CUSTOMER (RFC 9234 5)", keep_other },
	[OTHER_PREFIX_SID] = { OTHER_PREFIX_SID, "PREFIX_SID", OPTIONAL_TRANSITIVE, 3, ANY_LEN, 1, VERDICT_DISCARD,
	    UPDATE_OPTIONAL, FROM_ANY, "malformed PREFIX_SID (RFC 8669 6)", take_prefix_sid },
};

static const struct attr_row *
row_of(uint8_t code)
{
	return code < ARRAY_LEN(rows) && rows[code].name != NULL ? &rows[code] : NULL;
}

const char *
attribute_name(uint8_t code)
{
	const struct attr_row *row = row_of(code);

	return row != NULL ? row->name : "attribute";
}

static bool
welcome(const struct bgp_update *u, enum from from)
{
	switch (from) {
	case FROM_ANY:
		return true;
	case FROM_INTERNAL:
		return u->context->internal;
	case FROM_OLD:
		return !u->context->as4;
	}
	return false;
}

/* RFC 7606 3 (c): wrong flags cost the routes, or the session where routes may hide inside. */
static enum verdict
flags_verdict(const struct attr_row *row)
{
	return row->verdict > VERDICT_WITHDRAW ? row->verdict : VERDICT_WITHDRAW;
}

static void
take_known(struct bgp_update *u, const struct attr_row *row, uint8_t flags, struct rd value)
{
	size_t len = rd_left(&value);
	enum verdict verdict;

	if (!welcome(u, row->from)) {
		update_fault(u, VERDICT_DISCARD, row->code, 0, 0, row->from == FROM_OLD ?
		    "not for a neighbor that knows 4-byte AS numbers (RFC 6793 6)" :
		    "only an internal neighbor may send it (RFC 7606 7.5, 7.9, 7.10)");
		return;
	}
	if ((flags ^ row->flags) & (FLAG_OPTIONAL | FLAG_TRANSITIVE)) {
		update_fault(u, flags_verdict(row), row->code, UPDATE_FLAGS, flags,
		    "its flags are not those of its kind (RFC 7606 3 c)");
		return;
	}
	if (len < row->min || len > row->max || len % row->unit != 0) {
		update_fault(u, row->verdict, row->code, UPDATE_LENGTH, (uint32_t)len, row->rule);
		return;
	}
	verdict = row->decode != NULL ? row->decode(u, row, value) : VERDICT_OK;
	if (verdict != VERDICT_OK)
		update_fault(u, verdict, row->code, row->subcode, (uint32_t)len, row->rule);
}

/* A second one of a kind: RFC 7606 3 (g). */
static void
take_again(struct bgp_update *u, const struct attr_row *row, uint8_t code)
{
	if (row != NULL && row->verdict == VERDICT_RESET)
		update_fault(u, VERDICT_RESET, code, UPDATE_ATTR_LIST, code,
		    "there is more than one of it (RFC 7606 3 g)");
	else
		update_fault(u, VERDICT_DISCARD, code, UPDATE_ATTR_LIST, code,
		    "there is more than one of it (RFC 7606 3 g)");
}

static void
take_attribute(struct bgp_update *u, const struct attr_row *row, uint8_t flags, uint8_t code,
    struct rd value)
{
	if (update_has(u, code)) {
		take_again(u, row, code);
		return;
	}
	u->seen[code / 32] |= UINT32_C(1) << code % 32;
	if (row != NULL)
		take_known(u, row, flags, value);
	else if (!(flags & FLAG_OPTIONAL))
		update_fault(u, VERDICT_RESET, code, UPDATE_UNKNOWN_WELL_KNOWN, code,
		    "it claims to be well-known, but is not (RFC 4271 6.3)");
}

/* The neighbour gets the attribute that ended the session back, where it fits (RFC 4271 6.3). */
static void
quote_attribute(struct bgp_update *u, const uint8_t *start, const uint8_t *end)
{
	size_t len = (size_t)(end - start);

	if (len > sizeof(u->fault.data))
		return;
	memcpy(u->fault.data, start, len);
	u->fault.data_len = (uint8_t)len;
}

void
attributes_decode(struct bgp_update *u, struct rd list)
{
	while (rd_left(&list) > 0 && u->verdict != VERDICT_RESET) {
		const uint8_t *start = list.at;
		uint8_t flags = rd_u8(&list);
		uint8_t code = rd_u8(&list);
		size_t len = (size_t)rd_uint(&list, flags & FLAG_LONG ? 2 : 1);
		struct rd value = rd_sub(&list, len);
		const struct attr_row *row = row_of(code);

		if (list.bad) {
			/* The routes inside a cut MP_REACH_NLRI cannot be known (RFC 7606 3 j). */
			update_fault(u, row != NULL ? flags_verdict(row) : VERDICT_WITHDRAW, code,
			    UPDATE_ATTR_LIST, (uint32_t)len,
			    "it is longer than the list of attributes (RFC 7606 4)");
			return;
		}
		take_attribute(u, row, flags, code, value);
		if (u->verdict == VERDICT_RESET)
			quote_attribute(u, start, list.at);
	}
}
