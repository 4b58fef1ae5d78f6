/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded reading and writing of network bytes.
 *
 * A reader cannot run past its end: after the first short read all it yields is zero and `bad`
 * stays set, so a layout is read in one breath and checked once. A sub-reader cannot reach past
 * its parent. A writer stops at its end and sets `bad`. Numbers are in host order on our side and
 * in network order on the wire.
 */
#ifndef WB_CORE_BYTES_H
#define WB_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;			/* a read went past the end; sticky */
};

static inline struct rd
rd_of(const void *bytes, size_t len)
{
	/* Of nothing there may be no address either, and nothing may be added to that. */
	return (struct rd){ .at = bytes, .end = len > 0 ? (const uint8_t *)bytes + len : bytes };
}

static inline size_t
rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->at);
}

/* The next n bytes, borrowed from what the reader reads; NULL where fewer are left. */
static inline const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->at;

	if (r->bad || (size_t)(r->end - r->at) < n) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return p;
}

/* An unsigned number of n bytes, 0..8, network order. */
static inline uint64_t
rd_uint(struct rd *r, size_t n)
{
	const uint8_t *p = n <= 8 ? rd_bytes(r, n) : NULL;
	uint64_t v = 0;

	if (p == NULL) {
		r->bad = true;
		return 0;
	}
	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static inline uint8_t  rd_u8(struct rd *r)  { return (uint8_t)rd_uint(r, 1); }
static inline uint16_t rd_u16(struct rd *r) { return (uint16_t)rd_uint(r, 2); }
static inline uint32_t rd_u24(struct rd *r) { return (uint32_t)rd_uint(r, 3); }
static inline uint32_t rd_u32(struct rd *r) { return (uint32_t)rd_uint(r, 4); }
static inline uint64_t rd_u64(struct rd *r) { return rd_uint(r, 8); }

static inline void
rd_skip(struct rd *r, size_t n)
{
	(void)rd_bytes(r, n);
}

/* A reader of the next n bytes, which are taken from r; bad (and empty) where fewer are left. */
static inline struct rd
rd_sub(struct rd *r, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	return p != NULL ? rd_of(p, n) : (struct rd){ .bad = true };
}

/* Copy n bytes to `to`, or zeros where fewer are left. */
static inline void
rd_copy(struct rd *r, void *to, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (p != NULL)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

struct wr {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool bad;			/* a write would have gone past the end; sticky */
};

static inline struct wr
wr_of(void *room, size_t len)
{
	return (struct wr){ .start = room, .at = room, .end = (uint8_t *)room + len };
}

static inline size_t
wr_len(const struct wr *w)
{
	return (size_t)(w->at - w->start);
}

/* Room for the next n bytes, for the caller to fill; NULL where there is none. */
static inline uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *p = w->at;

	if (w->bad || (size_t)(w->end - w->at) < n) {
		w->bad = true;
		return NULL;
	}
	w->at += n;
	return p;
}

static inline void
wr_uint(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p == NULL)
		return;
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static inline void wr_u8(struct wr *w, uint8_t v)   { wr_uint(w, v, 1); }
static inline void wr_u16(struct wr *w, uint16_t v) { wr_uint(w, v, 2); }
static inline void wr_u24(struct wr *w, uint32_t v) { wr_uint(w, v, 3); }
static inline void wr_u32(struct wr *w, uint32_t v) { wr_uint(w, v, 4); }
static inline void wr_u64(struct wr *w, uint64_t v) { wr_uint(w, v, 8); }

static inline void
wr_bytes(struct wr *w, const void *bytes, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n > 0)
		memcpy(p, bytes, n);
}

/*
 * A length field that is known only later: wr_mark16 leaves room and gives its place, wr_fill16
 * writes how many bytes came after it, plus `extra` (what the length also counts, for example
 * the field itself).
 */
static inline size_t
wr_mark16(struct wr *w)
{
	size_t place = wr_len(w);

	wr_u16(w, 0);
	return place;
}

static inline void
wr_fill16(struct wr *w, size_t place, size_t extra)
{
	size_t n;

	if (w->bad)
		return;
	n = wr_len(w) - place - 2 + extra;
	w->start[place] = (uint8_t)(n >> 8);
	w->start[place + 1] = (uint8_t)n;
}

#endif
