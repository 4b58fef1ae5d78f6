/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AS paths as text, in the form pmacct's users know, and what can be counted from one: RFC 4271 4.3,
 * RFC 5065 3 (confederations), RFC 6793. Bytes that end too early end the text. Communities are
 * comm_text.c's, route distinguishers rd_text.c's.
 */
#include "rib/attr.h"

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
