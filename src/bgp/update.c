/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UPDATE: the three parts of the body, and the rules that concern the message as a whole. The
 * attributes have a file of their own. RFC 4271 4.3 and 6.3, RFC 4724 2, RFC 7606 3 to 5.
 */
#include "bgp/update.h"

#include "bgp/as4.h"
#include "bgp/open.h"

enum { ORIGIN = 1, AS_PATH = 2, NEXT_HOP = 3, MP_REACH = 14, MP_UNREACH = 15, AS4_AGGREGATOR = 18 };

struct bgp_context
context_agree(const struct bgp_open *ours, const struct bgp_open *theirs)
{
	uint32_t both = ours->families & theirs->families;

	return (struct bgp_context){
		.families = both,
		.add_path = both & ours->path_receive & theirs->path_send,
		.labels = both & ours->labels & theirs->labels,
		.as4 = ours->as4 && theirs->as4,
		.internal = ours->as == theirs->as,
	};
}

void
update_fault(struct bgp_update *u, enum verdict verdict, uint8_t attr, uint8_t subcode,
    uint32_t value, const char *why)
{
	if (verdict == VERDICT_DISCARD)
		u->discarded++;
	if (verdict <= u->verdict)
		return;
	u->verdict = verdict;
	u->fault_attr = attr;
	u->fault = (struct bgp_fault){
		.code = BGP_ERR_UPDATE, .subcode = subcode, .value = value, .why = why,
	};
}

void
update_skip(struct bgp_update *u, uint16_t afi, uint8_t safi)
{
	u->skip[u->skipped].afi = afi;
	u->skip[u->skipped++].safi = safi;
}

/* Withdrawn Routes and NLRI: IPv4 unicast by birth. RFC 7606 5.3. */
static void
take_plain_part(struct bgp_update *u, enum update_part part, struct rd bytes)
{
	const struct family *f = FAMILY_IP4_UNICAST;

	if (rd_left(&bytes) == 0)
		return;
	if (part == PART_NLRI)
		u->reachable = true;
	if (!(u->context->families & family_bit(f)))
		update_skip(u, f->afi, f->safi);
	else if (update_take_part(u, part, f, bytes, &u->attrs.next_hop) != 0)
		update_fault(u, VERDICT_RESET, 0, UPDATE_NETWORK, (uint32_t)rd_left(&bytes),
		    "a prefix is longer than 32 bits or than its field (RFC 7606 5.3)");
}

/* RFC 4271 5 and RFC 7606 3 (d): what must be there when routes come. */
static void
check_mandatory(struct bgp_update *u)
{
	static const struct {
		uint8_t code;
		const char *why;
	} rules[] = {
		{ ORIGIN, "ORIGIN is missing (RFC 7606 3 d)" },
		{ AS_PATH, "AS_PATH is missing (RFC 7606 3 d)" },
		{ NEXT_HOP, "NEXT_HOP is missing (RFC 7606 3 d)" },
	};
	bool plain = u->part[PART_NLRI].family != NULL;

	for (size_t i = 0; u->reachable && i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!update_has(u, rules[i].code) && (rules[i].code != NEXT_HOP || plain))
			update_fault(u, VERDICT_WITHDRAW, rules[i].code, UPDATE_MISSING,
			    rules[i].code, rules[i].why);
}

/*
 * A next hop is an address of a host: neither 0.0.0.0 nor of class D or E (RFC 4271 6.3). Where all
 * routes come in MP_REACH_NLRI it means nothing (RFC 4760 3), and real routers send 0.0.0.0 there.
 */
static void
check_next_hop(struct bgp_update *u)
{
	uint32_t hop = addr_v4(&u->attrs.next_hop);

	if (u->part[PART_NLRI].family == NULL || !update_has(u, NEXT_HOP))
		return;
	if (hop == 0 || hop >= 0xe0000000)
		update_fault(u, VERDICT_WITHDRAW, NEXT_HOP, UPDATE_NEXT_HOP, hop,
		    "it is not an address of a host (RFC 4271 6.3, RFC 7606 3 e)");
}

/*
 * Attributes without routes that came, and one of them is malformed: then the routes may be what
 * is missing, and nobody knows which (RFC 7606 5.2).
 */
static void
check_routes_found(struct bgp_update *u, bool has_attrs)
{
	if (u->verdict == VERDICT_WITHDRAW && has_attrs && !u->reachable)
		u->verdict = VERDICT_RESET;
}

/* What the neighbour said in 2 bytes per AS, in 4 (RFC 6793 4.2.3). */
static void
join_aspath(struct bgp_update *u)
{
	struct wr w = wr_of(u->path, sizeof(u->path));
	bool old_aggregate = update_has(u, AS4_AGGREGATOR) && u->aggregator != 0 &&
	    u->aggregator != AS_TRANS;

	if (u->context->as4)
		return;
	if (u->path4.at == NULL || old_aggregate)
		as4_widen(u->path2, &w);
	else
		as4_merge(u->path2, u->path4, &w);
	if (w.bad)
		update_fault(u, VERDICT_WITHDRAW, AS_PATH, UPDATE_AS_PATH, sizeof(u->path),
		    "with 4 bytes per AS the path is longer than an attribute may be");
	u->attrs.aspath = u->path;
	u->attrs.aspath_len = (uint16_t)wr_len(&w);
}

/* The community may stand behind the routes, so this is known last (RFC 8365 5.1.3). */
static void
mark_vnis(struct bgp_update *u)
{
	struct update_part_nlri *part = &u->part[PART_MP_REACH];

	if (part->family != NULL && part->family->rib_safi == RIB_EVPN &&
	    evpn_says_vni(u->attrs.ecomms, u->attrs.ecomms_len))
		part->form |= NLRI_VNI;
}

static const struct family *
end_of_rib(const struct bgp_update *u, size_t withdrawn, size_t attrs, size_t nlri)
{
	const struct update_part_nlri *gone = &u->part[PART_MP_UNREACH];

	if (withdrawn != 0 || nlri != 0)
		return NULL;
	if (attrs == 0)
		return FAMILY_IP4_UNICAST;
	for (unsigned i = 0; i < 8; i++)
		if (u->seen[i] & ~(i == MP_UNREACH / 32 ? UINT32_C(1) << MP_UNREACH % 32 : 0))
			return NULL;
	return gone->family != NULL && rd_left(&gone->nlri) == 0 ? gone->family : NULL;
}

static void
update_clear(struct bgp_update *u, const struct bgp_context *context)
{
	memset(u, 0, offsetof(struct bgp_update, others));
	u->context = context;
}

void
update_decode(struct rd body, const struct bgp_context *context, struct bgp_update *u)
{
	struct rd withdrawn, attrs, nlri;
	size_t attrs_len;

	update_clear(u, context);
	withdrawn = rd_sub(&body, rd_u16(&body));
	attrs = rd_sub(&body, rd_u16(&body));
	attrs_len = rd_left(&attrs);
	nlri = rd_sub(&body, rd_left(&body));
	if (body.bad) {
		update_fault(u, VERDICT_RESET, 0, UPDATE_ATTR_LIST, 0,
		    "the parts are longer than the message (RFC 4271 6.3)");
		return;
	}
	attributes_decode(u, attrs);
	take_plain_part(u, PART_WITHDRAWN, withdrawn);
	take_plain_part(u, PART_NLRI, nlri);
	check_mandatory(u);
	check_next_hop(u);
	check_routes_found(u, attrs_len > 0);
	if (u->verdict < VERDICT_WITHDRAW) {
		join_aspath(u);
		mark_vnis(u);
		u->end_of_rib = end_of_rib(u, rd_left(&withdrawn), attrs_len, rd_left(&nlri));
	}
}

void
end_of_rib_encode(struct wr *w, const struct family *f)
{
	size_t start = wr_len(w), attrs;

	message_begin(w, BGP_UPDATE);
	wr_u16(w, 0);
	attrs = wr_mark16(w);
	if (f != FAMILY_IP4_UNICAST) {
		wr_u8(w, 0x80);		/* optional */
		wr_u8(w, MP_UNREACH);
		wr_u8(w, 3);
		wr_u16(w, f->afi);
		wr_u8(w, f->safi);
	}
	wr_fill16(w, attrs, 0);
	message_end(w, start);
}
