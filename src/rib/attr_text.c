/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes as text, in the forms pmacct's users know, and what can be counted from an AS path.
 * AS paths: RFC 4271 4.3, RFC 5065 3 (confederations), RFC 6793. Communities: RFC 1997, 4360, 5668,
 * 8092. Route distinguishers: RFC 4364 4.2. Bytes that end too early end the text.
 */
#include "rib/attr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mem.h"

enum { SEG_SET = 1, SEG_SEQUENCE = 2, SEG_CONFED_SEQUENCE = 3, SEG_CONFED_SET = 4 };

struct segment {
	uint8_t type, count;
	struct rd as;
};

static bool
segment_next(struct rd *path, struct segment *ret)
{
	if (rd_left(path) == 0)
		return false;
	ret->type = rd_u8(path);
	ret->count = rd_u8(path);
	ret->as = rd_sub(path, 4u * ret->count);
	return !path->bad;
}

/* How each type of segment is written; '\0' stands for nothing, 's' for the separator. */
static const struct {
	char open, between, close;
} segment_style[] = {
	[SEG_SET] = { '{', ',', '}' },
	[SEG_SEQUENCE] = { '\0', 's', '\0' },
	[SEG_CONFED_SEQUENCE] = { '(', 's', ')' },
	[SEG_CONFED_SET] = { '[', ',', ']' },
};

static void
segment_text(struct sbuf *b, struct segment *s, char separator)
{
	unsigned style = s->type < ARRAY_LEN(segment_style) && s->type != 0 ? s->type : SEG_SET;
	char between = segment_style[style].between;

	if (segment_style[style].open != '\0')
		sbuf_char(b, segment_style[style].open);
	for (unsigned i = 0; i < s->count; i++) {
		if (i > 0)
			sbuf_char(b, between == 's' ? separator : between);
		sbuf_u64(b, rd_u32(&s->as));
	}
	if (segment_style[style].close != '\0')
		sbuf_char(b, segment_style[style].close);
}

void
aspath_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	struct rd path = rd_of(bytes, len);
	struct segment s;

	for (bool first = true; segment_next(&path, &s); first = false) {
		if (!first)
			sbuf_char(b, separator);
		segment_text(b, &s, separator);
	}
}

const uint8_t *
others_find(const uint8_t *bytes, size_t len, enum other_attr code, size_t *ret_len)
{
	struct rd r = rd_of(bytes, len);

	while (rd_left(&r) > 0) {
		uint8_t found = rd_u8(&r);
		struct rd value = rd_sub(&r, rd_u16(&r));

		if (found != code || r.bad)
			continue;
		*ret_len = rd_left(&value);
		return value.at;
	}
	return NULL;
}

uint32_t
aspath_first(const uint8_t *bytes, size_t len)
{
	struct rd path = rd_of(bytes, len);
	struct segment s;

	while (segment_next(&path, &s))
		if (s.count > 0)
			return rd_u32(&s.as);
	return 0;
}

uint32_t
aspath_last(const uint8_t *bytes, size_t len)
{
	struct rd path = rd_of(bytes, len);
	struct segment s;
	uint32_t last = 0;

	while (segment_next(&path, &s)) {
		bool set = s.type == SEG_SET || s.type == SEG_CONFED_SET;

		for (unsigned i = 0; i < s.count; i++)
			last = rd_u32(&s.as);
		if (set)
			last = 0;
	}
	return last;
}

unsigned
aspath_hops(const uint8_t *bytes, size_t len)
{
	struct rd path = rd_of(bytes, len);
	struct segment s;
	unsigned hops = 0;

	/* Segments of a confederation do not count (RFC 5065 5.3). */
	while (segment_next(&path, &s)) {
		if (s.type == SEG_SEQUENCE)
			hops += s.count;
		else if (s.type == SEG_SET)
			hops++;
	}
	return hops;
}

static const struct {
	uint32_t value;
	const char *name;
} comm_names[] = {
	{ 0x00000000, "internet" },
	{ 0xffffff01, "no-export" },
	{ 0xffffff02, "no-advertise" },
	{ 0xffffff03, "local-AS" },
};

static const char *
comm_name(uint32_t value)
{
	for (size_t i = 0; i < ARRAY_LEN(comm_names); i++)
		if (comm_names[i].value == value)
			return comm_names[i].name;
	return NULL;
}

void
comms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	struct rd r = rd_of(bytes, len);

	for (bool first = true; rd_left(&r) >= 4; first = false) {
		uint32_t v = rd_u32(&r);
		const char *name = numeric ? NULL : comm_name(v);

		if (!first)
			sbuf_char(b, separator);
		if (name != NULL)
			sbuf_str(b, name);
		else
			sbuf_printf(b, "%" PRIu32 ":%" PRIu32, v >> 16, v & 0xffff);
	}
}

enum { EXT_AS2, EXT_IP4, EXT_AS4 };		/* the low six bits of the type, RFC 7153 */

static void
ecomm_values(struct sbuf *b, unsigned kind, const uint8_t v[8])
{
	uint32_t high = (uint32_t)v[2] << 24 | (uint32_t)v[3] << 16 | (uint32_t)v[4] << 8 | v[5];
	uint32_t low = (uint32_t)v[4] << 24 | (uint32_t)v[5] << 16 | (uint32_t)v[6] << 8 | v[7];
	unsigned last = (unsigned)v[6] << 8 | v[7];

	if (kind == EXT_IP4)
		sbuf_printf(b, "%u.%u.%u.%u:%u", v[2], v[3], v[4], v[5], last);
	else if (kind == EXT_AS4)
		sbuf_printf(b, "%" PRIu32 ":%u", high, last);
	else
		sbuf_printf(b, "%u:%" PRIu32, (unsigned)v[2] << 8 | v[3], low);
}

static void
ecomm_text(struct sbuf *b, const uint8_t v[8], bool numeric)
{
	bool target = v[0] <= EXT_AS4 && v[1] == 2, origin = v[0] <= EXT_AS4 && v[1] == 3;

	if (numeric) {
		sbuf_printf(b, "%u:%u:", v[0], v[1]);
		ecomm_values(b, v[0] & 0x3f, v);
	} else if (target || origin) {
		sbuf_str(b, target ? "RT:" : "SoO:");
		ecomm_values(b, v[0], v);
	} else {
		sbuf_printf(b, "0x%02x%02x%02x%02x%02x%02x%02x%02x",
		    v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
	}
}

void
ecomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		if (i > 0)
			sbuf_char(b, separator);
		ecomm_text(b, bytes + i, numeric);
	}
}

void
lcomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	struct rd r = rd_of(bytes, len);

	for (bool first = true; rd_left(&r) >= 12; first = false) {
		if (!first)
			sbuf_char(b, separator);
		sbuf_u64(b, rd_u32(&r));
		sbuf_char(b, ':');
		sbuf_u64(b, rd_u32(&r));
		sbuf_char(b, ':');
		sbuf_u64(b, rd_u32(&r));
	}
}

const char *
rd_text(uint64_t rd, char room[RD_TEXT])
{
	unsigned type = (unsigned)(rd >> 48);
	uint32_t high = (uint32_t)(rd >> 16), low = (uint32_t)rd;

	if (type == RD_TYPE_VRFID)
		snprintf(room, RD_TEXT, "vrfid:%" PRIu32, low);
	else if (type == 0)
		snprintf(room, RD_TEXT, "0:%u:%" PRIu32, (unsigned)(rd >> 32) & 0xffff, low);
	else if (type == 1)
		snprintf(room, RD_TEXT, "1:%u.%u.%u.%u:%u", high >> 24, high >> 16 & 0xff,
		    high >> 8 & 0xff, high & 0xff, low & 0xffff);
	else
		snprintf(room, RD_TEXT, "%u:%" PRIu32 ":%u", type, high, low & 0xffff);
	return room;
}

/* A decimal number of at most `most`, ended by `end`; moves the text behind that. */
static int
number(const char **text, uint64_t most, char end, uint64_t *ret)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > most)
			return -1;
	}
	if (*p != end)
		return -1;
	*text = end != '\0' ? p + 1 : p;
	*ret = n;
	return 0;
}

static int
dotted(const char **text, uint64_t *ret)
{
	static const char end[] = { '.', '.', '.', ':' };
	uint64_t ip = 0, part;

	for (size_t i = 0; i < ARRAY_LEN(end); i++) {
		if (number(text, 255, end[i], &part) != 0)
			return -1;
		ip = ip << 8 | part;
	}
	*ret = ip;
	return 0;
}

int
rd_parse(const char *text, uint64_t *ret_rd)
{
	uint64_t type, high, low;

	if (strncmp(text, "vrfid:", 6) == 0) {
		text += 6;
		if (number(&text, UINT32_MAX, '\0', &low) != 0)
			return -1;
		*ret_rd = RD_OF_VRFID(low);
		return 0;
	}
	if (number(&text, UINT16_MAX, ':', &type) != 0)
		return -1;
	if ((type == 1 ? dotted(&text, &high) :
	    number(&text, type == 0 ? UINT16_MAX : UINT32_MAX, ':', &high)) != 0)
		return -1;
	if (number(&text, type == 0 ? UINT32_MAX : UINT16_MAX, '\0', &low) != 0)
		return -1;
	*ret_rd = type << 48 | high << (type == 0 ? 32 : 16) | low;
	return 0;
}
