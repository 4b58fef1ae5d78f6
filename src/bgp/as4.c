/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checking, widening and joining of AS paths. RFC 4271 4.3, RFC 5065 3, RFC 6793 4.2.3 and 6,
 * RFC 7606 7.2, RFC 7607 2.
 */
#include "bgp/as4.h"

struct segment {
	uint8_t type, count;
	struct rd asns;
};

static bool
segment_next(struct rd *path, size_t asn_bytes, struct segment *ret)
{
	if (rd_left(path) == 0)
		return false;
	ret->type = rd_u8(path);
	ret->count = rd_u8(path);
	ret->asns = rd_sub(path, ret->count * asn_bytes);
	return !path->bad;
}

static bool
has_zero(struct rd asns, size_t asn_bytes)
{
	for (; asns.at < asns.end; asns.at += asn_bytes) {
		uint8_t any = 0;

		for (size_t i = 0; i < asn_bytes; i++)
			any |= asns.at[i];
		if (any == 0)
			return true;
	}
	return false;
}

bool
as4_path_ok(struct rd path, size_t asn_bytes)
{
	struct segment s;

	while (rd_left(&path) > 0) {
		if (!segment_next(&path, asn_bytes, &s))
			return false;
		if (s.type < SEGMENT_SET || s.type > SEGMENT_CONFED_SET || s.count == 0)
			return false;
		if (has_zero(s.asns, asn_bytes))
			return false;
	}
	return !path.bad;
}

static bool
is_confed(const struct segment *s)
{
	return s->type == SEGMENT_CONFED_SEQUENCE || s->type == SEGMENT_CONFED_SET;
}

/* As for route selection: a set is one, confederations are none (RFC 4271 9.1.2.2, RFC 5065 5.3). */
static unsigned
count_hops(struct rd path, size_t asn_bytes)
{
	struct segment s;
	unsigned n = 0;

	while (segment_next(&path, asn_bytes, &s))
		if (!is_confed(&s))
			n += s.type == SEGMENT_SET ? 1 : s.count;
	return n;
}

/*
 * Append the first `count` numbers of a segment. A sequence behind a sequence becomes one with it,
 * so that a path has one form however it came. *last: place of the last segment, SIZE_MAX: none.
 */
static void
put_segment(struct wr *w, const struct segment *s, unsigned count, size_t asn_bytes, size_t *last)
{
	struct rd asns = s->asns;

	if (*last != SIZE_MAX && s->type == SEGMENT_SEQUENCE && !w->bad &&
	    w->start[*last] == SEGMENT_SEQUENCE && w->start[*last + 1] + count <= 255) {
		w->start[*last + 1] = (uint8_t)(w->start[*last + 1] + count);
	} else {
		*last = wr_len(w);
		wr_u8(w, s->type);
		wr_u8(w, (uint8_t)count);
	}
	while (count-- > 0)
		wr_u32(w, (uint32_t)rd_uint(&asns, asn_bytes));
}

void
as4_widen(struct rd path, struct wr *w)
{
	struct segment s;

	while (segment_next(&path, 2, &s)) {
		size_t last = SIZE_MAX;

		put_segment(w, &s, s.count, 2, &last);
	}
}

/*
 * Take `keep` numbers from the front of a path of 2-byte numbers. Confederation segments go along
 * while they lead or touch what was taken.
 */
static void
put_leading(struct rd path, unsigned keep, struct wr *w, size_t *last)
{
	struct segment s;

	while (segment_next(&path, 2, &s)) {
		unsigned take = s.count;

		if (is_confed(&s)) {
			put_segment(w, &s, take, 2, last);
			continue;
		}
		if (keep == 0)
			return;
		if (s.type == SEGMENT_SET) {
			keep--;
		} else {
			take = take < keep ? take : keep;
			keep -= take;
		}
		put_segment(w, &s, take, 2, last);
		if (take < s.count)
			return;
	}
}

void
as4_merge(struct rd path, struct rd path4, struct wr *w)
{
	unsigned hops = count_hops(path, 2), hops4 = count_hops(path4, 4);
	size_t last = SIZE_MAX;
	struct segment s;

	if (hops < hops4 || hops4 == 0) {
		as4_widen(path, w);
		return;
	}
	put_leading(path, hops - hops4, w, &last);
	while (segment_next(&path4, 4, &s))
		if (!is_confed(&s))
			put_segment(w, &s, s.count, 4, &last);
}
