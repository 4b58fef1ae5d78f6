/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of keys. Most are numbers or addresses of struct flow, compared as words; a list of
 * communities, a libpcap expression and a number that may stand in either of two fields are
 * questions.
 */
#include "flow/flowkeys.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "flow/enrich.h"
#include "flow/flow_packet.h"
#include "flow/networks.h"
#include "rib/commlist.h"

/* ---- values ------------------------------------------------------------------------------ */

static int
parse_up_to(const char *text, uint64_t most, struct rules_value *ret)
{
	ret->mask[0] = UINT64_MAX;
	return rules_parse_number(text, most, &ret->word[0]);
}

static int
parse_asn(const char *text, struct rules_value *ret)
{
	uint32_t n;

	if (asn_parse(text, &n) != 0)
		return -1;
	ret->word[0] = n;
	ret->mask[0] = UINT64_MAX;
	return 0;
}

static int
parse_u32(const char *text, struct rules_value *ret)
{
	return parse_up_to(text, UINT32_MAX, ret);
}

static int
parse_u16(const char *text, struct rules_value *ret)
{
	return parse_up_to(text, UINT16_MAX, ret);
}

static int
parse_u8(const char *text, struct rules_value *ret)
{
	return parse_up_to(text, UINT8_MAX, ret);
}

static int
parse_vlan(const char *text, struct rules_value *ret)
{
	return parse_up_to(text, 4096, ret);
}

static int
parse_label(const char *text, struct rules_value *ret)
{
	return parse_up_to(text, (1u << 20) - 1, ret);
}

static int
parse_mac(const char *text, struct rules_value *ret)
{
	unsigned b[6];
	char more;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
	    &more) != 6)
		return -1;
	for (unsigned i = 0; i < 6; i++)
		ret->word[0] = ret->word[0] << 8 | b[i];
	ret->mask[0] = UINT64_MAX;
	return 0;
}

static int
parse_hex(const char *text, struct rules_value *ret)
{
	unsigned long n;
	char *end;

	if (strspn(text, "0123456789abcdefABCDEFxX") != strlen(text) || *text == '\0')
		return -1;
	n = strtoul(text, &end, 16);
	if (*end != '\0' || n > UINT8_MAX)
		return -1;
	ret->word[0] = n;
	ret->mask[0] = UINT64_MAX;
	return 0;
}

static int
parse_bool(const char *text, struct rules_value *ret)
{
	ret->word[0] = strcasecmp(text, "true") == 0;
	ret->mask[0] = UINT64_MAX;
	return ret->word[0] == 0 && strcasecmp(text, "false") != 0 ? -1 : 0;
}

/* An RD, or the number of a VRF whose RD is not known. */
static int
parse_rd(const char *text, struct rules_value *ret)
{
	uint64_t n;

	ret->mask[0] = UINT64_MAX;
	if (strncmp(text, "vrfid:", 6) != 0)
		return rd_parse_any(text, &ret->word[0]);
	if (rules_parse_number(text + 6, UINT32_MAX, &n) != 0)
		return -1;
	ret->word[0] = RD_OF_VRFID(n);
	return 0;
}

static int
parse_roa(const char *text, struct rules_value *ret)
{
	ret->word[0] = (uint8_t)text[0];
	ret->mask[0] = UINT64_MAX;
	return strlen(text) == 1 && strchr("uivVU", *text) != NULL ? 0 : -1;
}

/* ---- what the flow says ------------------------------------------------------------------ */

#define TAKE(name, value) \
	static void								\
	take_##name(const void *subject, uint64_t *ret)				\
	{									\
		const struct flowmap_subject *s = subject;			\
										\
		*ret = (value);							\
	}

#define TAKE_ADDR(name, value) \
	static void								\
	take_##name(const void *subject, uint64_t *ret)				\
	{									\
		const struct flowmap_subject *s = subject;			\
										\
		rules_addr(&(value), ret);					\
	}

static inline uint64_t
mac_number(const uint8_t mac[8])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 6; i++)
		n = n << 8 | mac[i];
	return n;
}

static inline unsigned
labels_of(const struct flow *flow)
{
	return flow->mpls_labels < FLOW_LABELS ? flow->mpls_labels : FLOW_LABELS;
}

/* None is a number of its own, which no rule has. */
static inline uint64_t
bottom_label(const struct flow *flow)
{
	unsigned n = labels_of(flow);

	return n > 0 ? flow->mpls_label[n - 1] : UINT64_MAX;
}

TAKE_ADDR(ip, s->flow->peer_src_ip)
TAKE(in, s->flow->in_iface)
TAKE(out, s->flow->out_iface)
TAKE(engine_type, s->flow->engine_type)
TAKE(engine_id, s->flow->engine_id)
TAKE(source_id, s->flow->export_sysid)
TAKE(flowset_id, s->flow->template_id)
TAKE_ADDR(nexthop, s->flow->ip_next_hop)
TAKE_ADDR(bgp_nexthop, s->bgp_next_hop)
TAKE_ADDR(chosen_nexthop, s->flow->r.peer_dst_ip)
TAKE(peer_as, s->peer_as)
TAKE(peer_dst_as, s->flow->r.peer_dst_as)
TAKE(src_as, s->flow->r.src_as)
TAKE(dst_as, s->flow->r.dst_as)
TAKE(peer_src_as, s->flow->r.peer_src_as)
TAKE(local_pref, s->flow->r.local_pref)
TAKE(src_local_pref, s->flow->r.src_local_pref)
TAKE(src_roa, s->flow->r.src_roa)
TAKE(dst_roa, s->flow->r.dst_roa)
TAKE(rd, s->flow->r.rd)
TAKE(in_vrf_id, s->flow->in_vrf_id)
TAKE(out_vrf_id, s->flow->out_vrf_id)
TAKE(pw_id, s->flow->mpls_pw_id)
TAKE(label_bottom, bottom_label(s->flow))
TAKE(src_mac, mac_number(s->flow->src_mac))
TAKE(dst_mac, mac_number(s->flow->dst_mac))
TAKE(is_multicast, s->flow->dst_mac[0] & 1)
TAKE(vlan, s->flow->vlan)
TAKE(cvlan, s->flow->in_cvlan)
TAKE_ADDR(src, s->flow->src)
TAKE_ADDR(dst, s->flow->dst)
TAKE(proto, s->flow->proto)
TAKE(src_port, s->flow->src_port)
TAKE(dst_port, s->flow->dst_port)
TAKE(tcp_flags, s->flow->tcp_flags)
TAKE(fwd_status, s->flow->fwd_status)
TAKE(direction, s->flow->direction)
TAKE(sampling_rate, s->flow->sampling_rate)
TAKE(is_nel, s->flow->kind == FLOW_NAT_EVENT)
TAKE(is_nsel, s->flow->fw_event != 0)

/* The words of sample_type, a bit each; a flow is several at once. */
static const struct sample_type { const char *word; uint64_t bit; } sample_types[] = {
	{ "flow", 1 }, { "flow-ipv4", 2 }, { "flow-ipv6", 4 }, { "flow-mpls-ipv4", 8 },
	{ "flow-mpls-ipv6", 16 }, { "event", 32 }, { "option", 64 },
};

static int
parse_sample_type(const char *text, struct rules_value *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(sample_types); i++)
		if (strcmp(sample_types[i].word, text) == 0) {
			ret->word[0] = ret->mask[0] = sample_types[i].bit;
			return 0;
		}
	return -1;
}

static void
take_sample_type(const void *subject, uint64_t *ret)
{
	const struct flow *flow = ((const struct flowmap_subject *)subject)->flow;
	uint16_t etype = flow_etype(flow);
	unsigned family = etype == ETYPE_IP4 ? 0 : etype == ETYPE_IP6 ? 1 : 8;

	if (flow->kind == FLOW_OPTION)
		*ret = 64;
	else if (flow->kind != FLOW_TRAFFIC)
		*ret = 32;
	else
		*ret = 1 | ((labels_of(flow) > 0 ? 8u : 2u) << family & 31);
}

/* ---- questions --------------------------------------------------------------------------- */

/* The number its exporter gave the VRF, of either side. */
static bool
fits_vpn_id(const struct rules_value *v, const void *subject)
{
	const struct flow *flow = ((const struct flowmap_subject *)subject)->flow;

	return flow->in_vrf_id == v->word[0] || flow->out_vrf_id == v->word[0];
}

static int
parse_comms(const char *text, struct rules_value *ret)
{
	struct commlist list;

	if (commlist_parse(text, &list) != 0)
		return -1;
	ret->more = mem_dup(&list, sizeof(list));
	return 0;
}

static bool
has_comm(const struct rules_value *v, const struct flowmap_subject *s, uint32_t comms)
{
	const uint8_t *bytes;
	size_t len;

	if (comms == 0 || s->rib == NULL)
		return false;
	bytes = rib_attr(s->rib, ATTR_COMMS, comms, &len);
	return commlist_any(v->more, bytes, len);
}

static bool
fits_comms(const struct rules_value *v, const void *subject)
{
	const struct flowmap_subject *s = subject;

	return has_comm(v, s, s->flow->r.comms);
}

static bool
fits_src_comms(const struct rules_value *v, const void *subject)
{
	const struct flowmap_subject *s = subject;

	return has_comm(v, s, s->flow->r.src_comms);
}

static void
free_more(struct rules_value *v)
{
	mem_free(v->more);
}

static int
parse_filter(const char *text, struct rules_value *ret)
{
	pcap_t *handle = pcap_open_dead(DLT_EN10MB, FLOW_PACKET);
	struct bpf_program *prog = mem_new(sizeof(*prog));
	int bad = handle == NULL ? -1 :
	    pcap_compile(handle, prog, text, 1, PCAP_NETMASK_UNKNOWN);

	if (handle != NULL)
		pcap_close(handle);
	if (bad != 0) {
		mem_free(prog);
		return -1;
	}
	ret->more = prog;
	return 0;
}

static void
free_filter(struct rules_value *v)
{
	if (v->more != NULL)
		pcap_freecode(v->more);
	mem_free(v->more);
}

static bool
fits_filter(const struct rules_value *v, const void *subject)
{
	const struct flowmap_subject *s = subject;
	struct pcap_pkthdr header = { 0 };
	uint8_t packet[FLOW_PACKET];

	header.len = header.caplen = (bpf_u_int32)flow_packet(s->flow, packet);
	return pcap_offline_filter(v->more, &header, packet) != 0;
}

/* ---- what a rule says -------------------------------------------------------------------- */

static int
set_addr(const char *text, void *result)
{
	struct flowmap_result *r = result;

	r->is_said = true;
	return addr_parse(text, &r->addr);
}

static int
set_rd(const char *text, void *result)
{
	struct flowmap_result *r = result;

	r->is_said = true;
	return rd_parse_any(text, &r->rd);
}

static int
set_number(const char *text, void *result)
{
	struct flowmap_result *r = result;

	r->is_said = true;
	r->from_bgp = strcasecmp(text, "bgp") == 0;
	return r->from_bgp ? 0 : asn_parse(text, &r->number);
}

/* There is one place for the three of them: a rule has one (flow/tagging.c). */
static void
make_room(struct tag_result *r, enum tag_sets sets)
{
	const uint8_t all = SETS_TAG | SETS_TAG2 | SETS_LABEL;

	if (r->sets & SETS_LABEL)
		mem_free(r->text);
	r->text = NULL;
	r->crowded |= (r->sets & all) != 0;
	r->sets = (uint8_t)((r->sets & ~all) | sets);
}

/* N, or N++: N for the first flow that fits, then one more for each. */
static int
set_number_or_rising(const char *text, enum tag_sets sets, struct tag_result *r)
{
	size_t len = strlen(text);
	char room[32];

	make_room(r, sets);
	if (len >= sizeof(room))
		return -1;
	memcpy(room, text, len + 1);
	r->rising = len > 2 && strcmp(room + len - 2, "++") == 0;
	if (r->rising)
		room[len - 2] = '\0';
	return rules_parse_number(room, UINT64_MAX, &r->tag);
}

static int
set_tag(const char *text, void *result)
{
	return set_number_or_rising(text, SETS_TAG, result);
}

static int
set_tag2(const char *text, void *result)
{
	return set_number_or_rising(text, SETS_TAG2, result);
}

static int
set_label(const char *text, void *result)
{
	struct tag_result *r = result;

	make_room(r, SETS_LABEL);
	r->text = mem_strdup(text);
	return 0;
}

static int
set_tos(const char *text, void *result)
{
	struct tag_result *r = result;
	uint64_t n = 0;
	int bad = rules_parse_number(text, UINT8_MAX, &n);

	r->sets |= SETS_TOS;
	r->tos = (uint8_t)n;
	return bad;
}

static int
set_ignore(const char *text, void *result)
{
	struct tag_result *r = result;

	if (strcasecmp(text, "true") == 0)
		r->sets |= SETS_IGNORE;
	else if (strcasecmp(text, "false") != 0)
		return -1;
	return 0;
}

static int
set_stack(const char *text, void *result)
{
	static const struct { const char *word; enum tag_stack stack; } words[] = {
		{ "sum", STACK_SUM }, { "A", STACK_SUM }, { "+", STACK_SUM }, { "or", STACK_OR },
	};
	struct tag_result *r = result;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].word, text) == 0) {
			r->stack = (uint8_t)words[i].stack;
			return 0;
		}
	return -1;
}

/* What only pmacct before 1.7 did, and 1.7.7 ends by: a second copy of the flow. */
static int
set_return(const char *text, void *result)
{
	(void)result;
	return strcasecmp(text, "false") == 0 ? 0 : -1;
}

/* ---- the table --------------------------------------------------------------------------- */

#define BIT(kind)	(1u << FLOWMAP_##kind)
#define AGENT	(BIT(AGENT) | BIT(BMP_AGENT))
#define SOURCE	(BIT(PEER_SRC_AS) | BIT(SRC_LOCAL_PREF) | BIT(SRC_MED))
#define VPN	BIT(RD)
#define HOP	BIT(PEER_DST_IP)
#define TAGS	BIT(TAGS)
#define IFACE	(AGENT | SOURCE | VPN | TAGS)

#define SRC_NUMBERS	(ENRICH_SRC_ATTRS | ENRICH_SRC_ROUTE)
#define DST_NUMBERS	(ENRICH_ATTRS | ENRICH_DST_ROUTE)

#define HOP_DOC	"The BGP next hop: of pre_tag_map as peer_dst_ip has it, of flow_to_rd_map and " \
	"bgp_peer_dst_ip_map the exported one, else that of the route to the source."
#define PEER_DOC "The neighbor AS: of pre_tag_map as the primitive has it, else that of the route " \
	"to the source."

/* A row: a number, an address, a question, something said. */
#define NUMBER(word, maps, parse, take, needs, expected, doc) \
	{ word, maps, parse_##parse, NULL, 1, take_##take, NULL, NULL, true, needs, expected, doc }
#define ADDRESS(word, maps, take, negatable, needs, expected, doc) \
	{ word, maps, rules_parse_prefix, NULL, 2, take_##take, NULL, NULL, negatable, needs, \
	  expected, doc }
#define ASK(word, maps, parse, done, fits, negatable, needs, expected, doc) \
	{ word, maps, parse_##parse, done, 0, NULL, fits_##fits, NULL, negatable, needs, expected, doc }
#define SAY(word, maps, set, expected, doc) \
	{ word, maps, NULL, NULL, 0, NULL, NULL, set, false, 0, expected, doc }

const struct rules_key flow_keys[] = {
	[FLOW_KEY_IP] =
	ADDRESS("ip", IFACE | HOP, ip, false, 0, "an exporter's address or prefix",
	    "The exporter."),
	NUMBER("in", IFACE, u32, in, 0, "an interface number",
	    "The interface it came in by."),
	NUMBER("out", IFACE, u32, out, 0, "an interface number",
	    "The interface it left by."),
	NUMBER("engine_type", TAGS, u8, engine_type, 0, "0 to 255",
	    "Of NetFlow v5, in its header."),
	NUMBER("engine_id", TAGS, u8, engine_id, 0, "0 to 255",
	    "Of NetFlow v5, in its header."),
	NUMBER("source_id", TAGS, u32, source_id, 0, "a number",
	    "The source id of NetFlow v9, the domain of IPFIX."),
	NUMBER("flowset_id", TAGS, u16, flowset_id, 0, "a template's number",
	    "The template of the record."),
	ADDRESS("nexthop", TAGS, nexthop, true, 0, "an address or prefix",
	    "The next hop as exported (IE 15)."),
	ADDRESS("bgp_nexthop", SOURCE | VPN | HOP, bgp_nexthop, true, 0, "an address or prefix",
	    HOP_DOC),
	ADDRESS("bgp_nexthop", TAGS, chosen_nexthop, true, ENRICH_PEER_DST_IP | ENRICH_DST_ROUTE,
	    "an address or prefix",
	    HOP_DOC),
	NUMBER("peer_dst_as", SOURCE, asn, peer_as, 0, "an AS number",
	    PEER_DOC),
	NUMBER("peer_dst_as", TAGS, asn, peer_dst_as, ENRICH_AS | DST_NUMBERS, "an AS number",
	    PEER_DOC),
	NUMBER("peer_src_as", TAGS, asn, peer_src_as, SRC_NUMBERS, "an AS number",
	    "As the primitive has it."),
	NUMBER("src_as", TAGS, asn, src_as, ENRICH_AS | ENRICH_SRC_ROUTE | ENRICH_ATTRS, "an AS number",
	    "As the primitive has it."),
	NUMBER("dst_as", TAGS, asn, dst_as, ENRICH_AS | DST_NUMBERS, "an AS number",
	    "As the primitive has it."),
	NUMBER("local_pref", TAGS, u32, local_pref, DST_NUMBERS, "a number",
	    "Of the route to the destination."),
	NUMBER("src_local_pref", TAGS, u32, src_local_pref, SRC_NUMBERS, "a number",
	    "As the primitive has it."),
	NUMBER("src_roa", TAGS, roa, src_roa, ENRICH_ROA | ENRICH_SRC_ROUTE, "u, i, v, V or U",
	    "The state of the route to the source (RPKI)."),
	NUMBER("dst_roa", TAGS, roa, dst_roa, ENRICH_ROA | DST_NUMBERS, "u, i, v, V or U",
	    "The state of the route to the destination (RPKI)."),
	ASK("comms", TAGS, comms, free_more, comms, false, ENRICH_COMMS | DST_NUMBERS, COMMLIST_EXPECTED,
	    "Standard communities of the route to the destination: any of them."),
	ASK("src_comms", TAGS, comms, free_more, src_comms, false, ENRICH_COMMS | SRC_NUMBERS,
	    COMMLIST_EXPECTED,
	    "Standard communities of the route to the source: any of them."),
	NUMBER("mpls_vpn_rd", TAGS, rd, rd, ENRICH_RD,
	    "a route distinguisher as 0:65000:1, 1:192.0.2.1:1 or 2:4200000000:1, or vrfid:N",
	    "The route distinguisher, as the primitive has it."),
	ASK("mpls_vpn_id", VPN | TAGS, u32, NULL, vpn_id, true, 0, "the number of a VRF",
	    "The number of the VRF, of either side (IE 234, 235)."),
	NUMBER("mpls_vpn_id_in", TAGS, u32, in_vrf_id, 0, "the number of a VRF",
	    "The number of the VRF it came in by (IE 234)."),
	NUMBER("mpls_vpn_id_out", TAGS, u32, out_vrf_id, 0, "the number of a VRF",
	    "The number of the VRF it left by (IE 235)."),
	NUMBER("mpls_pw_id", TAGS, u32, pw_id, 0, "the number of a pseudowire",
	    "The pseudowire."),
	NUMBER("mpls_label_bottom", VPN | TAGS, label, label_bottom, 0, "a label, 0 to 1048575",
	    "The last label of the stack."),
	NUMBER("src_mac", SOURCE | TAGS, mac, src_mac, 0, "six bytes as 00:11:22:33:44:55",
	    "The source MAC address."),
	NUMBER("dst_mac", TAGS, mac, dst_mac, 0, "six bytes as 00:11:22:33:44:55",
	    "The destination MAC address."),
	NUMBER("is_multicast", TAGS, bool, is_multicast, 0, "true or false",
	    "The destination MAC address is one of a group."),
	NUMBER("vlan", SOURCE | TAGS, vlan, vlan, 0, "0 to 4096",
	    "The VLAN."),
	NUMBER("cvlan", TAGS, vlan, cvlan, 0, "0 to 4096",
	    "The inner VLAN (IE 245)."),
	ADDRESS("src_net", SOURCE | TAGS, src, true, 0, "an address or prefix",
	    "The source address."),
	ADDRESS("dst_net", SOURCE | TAGS, dst, true, 0, "an address or prefix",
	    "The destination address."),
	NUMBER("ip_proto", TAGS, u8, proto, 0, "0 to 255",
	    "The protocol."),
	NUMBER("src_port", TAGS, u16, src_port, 0, "0 to 65535",
	    "The source port."),
	NUMBER("dst_port", TAGS, u16, dst_port, 0, "0 to 65535",
	    "The destination port."),
	NUMBER("tcp_flags", TAGS, hex, tcp_flags, 0, "flags in hexadecimal, 0 to ff",
	    "All TCP flags, no more and no less."),
	NUMBER("fwd_status", TAGS, u32, fwd_status, 0, "a forwarding status",
	    "The forwarding status (IE 89)."),
	NUMBER("direction", TAGS, u8, direction, 0, "0 or 1",
	    "0 in, 1 out (IE 61)."),
	NUMBER("sampling_rate", TAGS, u32, sampling_rate, 0, "a number",
	    "The rate that was found for it."),
	NUMBER("sample_type", TAGS, sample_type, sample_type, 0,
	    "flow, flow-ipv4, flow-ipv6, flow-mpls-ipv4, flow-mpls-ipv6, event or option",
	    "What kind of record it is."),
	NUMBER("is_nel", TAGS, bool, is_nel, 0, "true or false",
	    "It is a NAT event (IE 230)."),
	NUMBER("is_nsel", TAGS, bool, is_nsel, 0, "true or false",
	    "It is a firewall event (IE 233)."),
	ASK("filter", TAGS, filter, free_filter, filter, false, 0, "an expression of libpcap",
	    "An expression about a packet made from the flow."),
	SAY("bgp_ip", AGENT, set_addr, "a router's address",
	    "Whose routes its flows see."),
	SAY("bmp_ip", AGENT, set_addr, "a router's address",
	    "Whose routes its flows see."),
	SAY("id", AGENT, set_addr, "a router's address",
	    "As bgp_ip and bmp_ip."),
	SAY("id", SOURCE, set_number, "a number, or bgp",
	    "The number; bgp: that of the route to the source."),
	SAY("id", VPN, set_rd, "a route distinguisher as 0:65000:1, 1:192.0.2.1:1 or 2:4200000000:1",
	    "The VPN."),
	SAY("id", HOP, set_addr, "an address",
	    "The next hop that is meant."),
	SAY("set_tag", TAGS, set_tag, "a number, or N++",
	    "The tag."),
	SAY("id", TAGS, set_tag, "a number, or N++",
	    "As set_tag."),
	SAY("set_tag2", TAGS, set_tag2, "a number, or N++",
	    "The second tag."),
	SAY("id2", TAGS, set_tag2, "a number, or N++",
	    "As set_tag2."),
	SAY("set_label", TAGS, set_label, "a text",
	    "Added to the label."),
	SAY("set_tos", TAGS, set_tos, "0 to 255",
	    "The ToS."),
	SAY("ignore", TAGS, set_ignore, "true or false",
	    "The flow is for no output of this map."),
	SAY("stack", TAGS, set_stack, "sum, + or or",
	    "What becomes of the tag that was there before."),
	SAY("return", TAGS, set_return,
	    "false: flows are not handed on twice here, nor by pmacct 1.7.7 and later",
	    "Known, but only as false."),
};
const size_t flow_key_count = ARRAY_LEN(flow_keys);
