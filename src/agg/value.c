/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of value types, and those types that are numbers, addresses or words. Times are in
 * value_time.c; what is bytes by reference (AS paths, communities, labels) in value_bytes.c.
 * Looks are those of compat/interface.md 4, 4.1 and 4.2.
 */
#include "agg/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agg/value_priv.h"
#include "core/mem.h"

/* Protocols that have a name in pmacct's outputs; every other one is written as a number. */
static const char *const proto_names[256] = {
	[1] = "icmp", [2] = "igmp", [3] = "ggp", [4] = "ipencap", [6] = "tcp", [8] = "egp",
	[9] = "igp", [17] = "udp", [18] = "mux", [41] = "ipv6", [43] = "ipv6-route",
	[44] = "ipv6-frag", [46] = "rsvp", [47] = "gre", [50] = "esp", [51] = "ah", [55] = "mobile",
	[56] = "tlsp", [58] = "ipv6-icmp", [59] = "ipv6-nonxt", [60] = "ipv6-opts", [80] = "iso-ip",
	[83] = "vines", [88] = "eigrp", [89] = "ospf", [91] = "larp", [93] = "ax.25", [94] = "ipip",
	[98] = "encap", [102] = "pnni", [103] = "pim", [108] = "IPcomp", [111] = "ipx-in-ip",
	[112] = "vrrp", [115] = "l2tp", [124] = "isis", [132] = "sctp", [133] = "fc",
};

/* RFC 7270 4.12: two bits of class, six of reason; reason 0 of each class is "unknown". */
static const char *const fwd_classes[4] = { "UNKNOWN", "FORWARDED", "DROPPED", "CONSUMED" };
static const char *const fwd_reasons[256] = {
	[64] = "Unknown", [65] = "Fragmented", [66] = "Not Fragmented",
	[128] = "Unknown", [129] = "ACL deny", [130] = "ACL drop", [131] = "Unroutable",
	[132] = "Adjacency", [133] = "Fragmentation and DF set", [134] = "Bad header checksum",
	[135] = "Bad total Length", [136] = "Bad header length", [137] = "bad TTL",
	[138] = "Policer", [139] = "WRED", [140] = "RPF", [141] = "For us",
	[142] = "Bad output interface", [143] = "Hardware",
	[192] = "Unknown", [193] = "Punt Adjacency", [194] = "Incomplete Adjacency",
	[195] = "For us",
};

static const struct {
	uint8_t bit;
	const char *name;
} tcp_flag_names[] = {
	{ 0x20, "URG" }, { 0x10, "ACK" }, { 0x08, "PSH" }, { 0x04, "RST" }, { 0x02, "SYN" },
	{ 0x01, "FIN" },
};

/* By enum rd_origin (flow/flow.h). */
static const char *const rd_origins[] = { "unknown", "flow", "map", "bgp", "bmp" };

/* A JSON string that holds the value's text. */
void
value_json_text(const struct value *v, const struct value_style *style, const char *name,
    struct json *j)
{
	struct sbuf text = { 0 };

	value_rows[v->type].text(v, style, &text);
	json_str(j, name, sbuf_text(&text));
	sbuf_done(&text);
}

static void
uint_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	(void)style;
	sbuf_u64(out, v->u);
}

static void
uint_json(const struct value *v, const struct value_style *style, const char *name, struct json *j)
{
	(void)style;
	json_u64(j, name, v->u);
}

/* A whole number of `base` up to `most`; -1 for anything else. */
static int
parse_number(const char *text, int base, uint64_t most, uint64_t *ret)
{
	unsigned long long n;
	char *end;

	if (!isxdigit((unsigned char)*text))
		return -1;
	errno = 0;
	n = strtoull(text, &end, base);
	if (errno != 0 || *end != '\0' || n > most)
		return -1;
	*ret = n;
	return 0;
}

static int
parse_uint(const char *text, enum value_type type, int base, uint64_t most, struct value *ret)
{
	uint64_t n;

	if (parse_number(text, base, most, &n) < 0)
		return -1;
	*ret = (struct value){ .type = type, .u = n };
	return 0;
}

#define UINT_PARSE(name, type, base, most)							\
static int											\
name(const char *text, const struct value_style *style, struct value *ret, struct sbuf *room)	\
{												\
	(void)style;										\
	(void)room;										\
	return parse_uint(text, type, base, most, ret);						\
}

UINT_PARSE(u8_parse, VT_U8, 10, UINT8_MAX)
UINT_PARSE(u16_parse, VT_U16, 10, UINT16_MAX)
UINT_PARSE(u32_parse, VT_U32, 10, UINT32_MAX)
UINT_PARSE(u64_parse, VT_U64, 10, UINT64_MAX)
UINT_PARSE(etype_parse, VT_ETYPE, 16, UINT16_MAX)
UINT_PARSE(fwd_parse, VT_FWD_STATUS, 10, UINT32_MAX)
UINT_PARSE(tcp_flags_parse, VT_TCP_FLAGS, 10, UINT8_MAX)

static void
addr_value_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	char room[ADDR_TEXT];

	(void)style;
	if (addr_is_set(&v->addr))
		sbuf_str(out, addr_text(&v->addr, room));
}

static int
addr_value_parse(const char *text, const struct value_style *style, struct value *ret,
    struct sbuf *room)
{
	struct value v = { .type = VT_ADDR };

	(void)style;
	(void)room;
	if (*text != '\0' && addr_parse(text, &v.addr) < 0)
		return -1;
	*ret = v;
	return 0;
}

static void
mac_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	uint8_t b[8];

	(void)style;
	memcpy(b, &v->u, sizeof(b));
	sbuf_printf(out, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static int
mac_parse(const char *text, const struct value_style *style, struct value *ret, struct sbuf *room)
{
	uint8_t b[8] = { 0 };

	(void)style;
	(void)room;
	for (size_t i = 0; i < 6; i++) {
		char *end;
		unsigned long byte;

		if (!isxdigit((unsigned char)*text))
			return -1;
		byte = strtoul(text, &end, 16);
		if (byte > 0xff || *end != (i < 5 ? ':' : '\0'))
			return -1;
		b[i] = (uint8_t)byte;
		text = end + 1;
	}
	*ret = (struct value){ .type = VT_MAC };
	memcpy(&ret->u, b, sizeof(ret->u));
	return 0;
}

static void
proto_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	const char *name = proto_names[v->u & 0xff];

	if (name != NULL && !style->num_protos)
		sbuf_str(out, name);
	else
		sbuf_u64(out, v->u);
}

static int
proto_parse(const char *text, const struct value_style *style, struct value *ret,
    struct sbuf *room)
{
	(void)style;
	(void)room;
	for (size_t i = 0; i < ARRAY_LEN(proto_names); i++)
		if (proto_names[i] != NULL && strcasecmp(proto_names[i], text) == 0) {
			*ret = (struct value){ .type = VT_PROTO, .u = i };
			return 0;
		}
	return parse_uint(text, VT_PROTO, 10, UINT8_MAX, ret);
}

static void
etype_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	(void)style;
	sbuf_printf(out, "%llx", (unsigned long long)v->u);
}

static void
char_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	(void)style;
	if (v->u != 0)
		sbuf_char(out, (char)v->u);
}

static int
char_parse(const char *text, const struct value_style *style, struct value *ret, struct sbuf *room)
{
	(void)style;
	(void)room;
	if (text[0] == '\0' || text[1] != '\0')
		return -1;
	*ret = (struct value){ .type = VT_CHAR, .u = (uint8_t)text[0] };
	return 0;
}

static void
name_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	sbuf_str(out, names_get(style->names, (uint32_t)v->u));
}

static void
class_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	sbuf_str(out, v->u != 0 ? names_get(style->names, (uint32_t)v->u) : "unknown");
}

static void
rd_value_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	char room[RD_TEXT];

	(void)style;
	sbuf_str(out, rd_text(v->u & VALUE_RD_MASK, room));
}

/* Two fields: the RD, and where it was learnt. */
static void
rd_json(const struct value *v, const struct value_style *style, const char *name, struct json *j)
{
	uint64_t origin = v->u >> VALUE_RD_ORIGIN_SHIFT;
	struct sbuf origin_name = { 0 };

	value_json_text(v, style, name, j);
	sbuf_printf(&origin_name, "%s_origin", name);
	json_str(j, sbuf_text(&origin_name), rd_origins[origin < ARRAY_LEN(rd_origins) ? origin : 0]);
	sbuf_done(&origin_name);
}

static int
rd_value_parse(const char *text, const struct value_style *style, struct value *ret,
    struct sbuf *room)
{
	uint64_t rd;

	(void)style;
	(void)room;
	if (rd_parse(text, &rd) < 0)
		return -1;
	*ret = (struct value){ .type = VT_RD, .u = rd };
	return 0;
}

static void
fwd_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	const char *reason = fwd_reasons[v->u & 0xff];

	if (style->fwd_status_text)
		sbuf_printf(out, "%s %s", fwd_classes[v->u >> 6 & 3],
		    reason != NULL ? reason : "Unclassified");
	else
		sbuf_u64(out, v->u);
}

/* A value with ECE or CWR (0x40, 0x80) set gives an empty array, as pmacct has it. */
static void
tcp_flags_json(const struct value *v, const struct value_style *style, const char *name,
    struct json *j)
{
	if (!style->tcpflags_array) {
		json_u64(j, name, v->u);
		return;
	}
	json_array(j, name);
	for (size_t i = 0; v->u < 0x40 && i < ARRAY_LEN(tcp_flag_names); i++)
		if (v->u & tcp_flag_names[i].bit)
			json_str(j, NULL, tcp_flag_names[i].name);
	json_end(j, ']');
}

#define INT1	"INT(1) UNSIGNED", "SMALLINT", "INT(2)"
#define INT2	"INT(2) UNSIGNED", "INT", "INT(4)"
#define INT4	"INT(4) UNSIGNED", "BIGINT", "INT(8)"
#define SAME(type)	type, type, type

const struct value_row value_rows[VT_TYPES] = {
	[VT_U8] = { "u8", 1, VC_UINT, false, INT1, uint_text, uint_json, u8_parse },
	[VT_U16] = { "u16", 2, VC_UINT, false, INT2, uint_text, uint_json, u16_parse },
	[VT_U32] = { "u32", 4, VC_UINT, false, INT4, uint_text, uint_json, u32_parse },
	[VT_U64] = { "u64", 8, VC_UINT, false, INT4, uint_text, uint_json, u64_parse },
	[VT_ADDR] = { "address", 16, VC_ADDR, false, "CHAR(45)", "inet", "CHAR(45)",
	    addr_value_text, value_json_text, addr_value_parse },
	[VT_MAC] = { "mac", 8, VC_UINT, false, "CHAR(17)", "macaddr", "CHAR(17)",
	    mac_text, value_json_text, mac_parse },
	[VT_PROTO] = { "protocol", 1, VC_UINT, false, "CHAR(6)", "SMALLINT", "CHAR(6)",
	    proto_text, value_json_text, proto_parse },
	[VT_ETYPE] = { "ethertype", 2, VC_UINT, false, SAME("CHAR(5)"),
	    etype_text, value_json_text, etype_parse },
	[VT_CHAR] = { "character", 1, VC_UINT, false, SAME("CHAR(1)"),
	    char_text, value_json_text, char_parse },
	[VT_NAME] = { "name", 4, VC_UINT, false, SAME("VARCHAR(32)"),
	    name_text, value_json_text, NULL },
	[VT_CLASS] = { "class", 4, VC_UINT, false, SAME("CHAR(16)"),
	    class_text, value_json_text, NULL },
	[VT_RD] = { "rd", 8, VC_UINT, false, SAME("CHAR(18)"),
	    rd_value_text, rd_json, rd_value_parse },
	[VT_TIME] = { "time", 8, VC_UINT, false, "DATETIME", "timestamp without time zone",
	    "DATETIME", value_time_text, value_json_text, value_time_parse },
	[VT_FWD_STATUS] = { "forwarding status", 4, VC_UINT, false, "INT(1) UNSIGNED", "INT",
	    "INT(2)", fwd_text, value_json_text, fwd_parse },
	[VT_TCP_FLAGS] = { "tcp flags", 1, VC_UINT, false, "INT(2) UNSIGNED", "SMALLINT", "INT(2)",
	    uint_text, tcp_flags_json, tcp_flags_parse },
	[VT_LABELS] = { "mpls labels", 4, VC_BYTES, true, SAME("VARCHAR(255)"),
	    value_labels_text, value_labels_json, NULL },
	[VT_ASPATH] = { "as path", 4, VC_BYTES, true, SAME("CHAR(21)"),
	    value_aspath_text, value_aspath_json, NULL },
	[VT_COMMS] = { "communities", 4, VC_BYTES, true, SAME("CHAR(24)"),
	    value_comms_text, value_comms_json, NULL },
	[VT_ECOMMS] = { "extended communities", 4, VC_BYTES, true, SAME("CHAR(24)"),
	    value_comms_text, value_comms_json, NULL },
	[VT_LCOMMS] = { "large communities", 4, VC_BYTES, true, SAME("CHAR(24)"),
	    value_comms_text, value_comms_json, NULL },
};
