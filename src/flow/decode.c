/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running programs. Common shapes (1, 2, 4 and 8 bytes, addresses) have a loop of their own, all
 * others go through one function per value. Nothing here can fail: lengths were looked at when
 * the step was made, except for variable ones, which step_fits looks at per record.
 */
#include "flow/decode.h"

#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "flow/flow.h"
#include "net/addr.h"

enum step_op {
	OP_U8, OP_U16, OP_U16_32, OP_U32, OP_U32_64, OP_U64,
	OP_MSECS, OP_ADDR4, OP_ADDR6, OP_MAC,	/* these have loops */
	OP_SLOW,			/* the rest: by the element's type, OP_SLOW + type */
};

static uint64_t
load_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* The compiler makes one load and one swap of these, on any byte order. */
static uint16_t
load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static uint64_t
load64(const uint8_t *p)
{
	return (uint64_t)load32(p) << 32 | load32(p + 4);
}

/* A number into a place of 1, 2, 4 or 8 bytes; of a longer one the low bytes (TCP flags, RFC 9565). */
static void
store(void *to, uint8_t width, uint64_t v)
{
	switch (width) {
	case 1: *(uint8_t *)to = (uint8_t)v; break;
	case 2: *(uint16_t *)to = (uint16_t)v; break;
	case 4: *(uint32_t *)to = (uint32_t)v; break;
	case 8: *(uint64_t *)to = v; break;
	default: assert(!"a place of 1, 2, 4 or 8 bytes");
	}
}

/* NTP time (RFC 5905 6: seconds since 1900 and a fraction) to ns since 1970; 0 stays "not said". */
static int64_t
ntp_ns(uint64_t ntp)
{
	int64_t sec = (int64_t)(ntp >> 32) - INT64_C(2208988800);

	if (ntp == 0)
		return 0;
	if (sec < 0)
		sec += INT64_C(1) << 32;			/* the era that begins in 2036 */
	return sec * NS_PER_SEC + (int64_t)(((ntp & UINT32_MAX) * (uint64_t)NS_PER_SEC) >> 32);
}

/* Stamps are kept in ns: those beyond the year 2262 are nonsense and become "not said". */
static uint64_t
scaled(uint64_t v, int64_t ns)
{
	return v <= (uint64_t)(INT64_MAX / ns) ? v * (uint64_t)ns : 0;
}

/* One byte engine, then the selector: the engine in the top byte, whatever the length. */
static uint64_t
app_id(const uint8_t *p, size_t len)
{
	return (uint64_t)p[0] << 56 | load_be(p + 1, len - 1);
}

/* layer2SegmentId has two places: VXLAN is type 1, NVGRE type 2; flow.h keeps them side by side. */
static void
store_vni(const uint8_t *p, uint8_t *to)
{
	uint32_t pair[2] = { 0, 0 };
	uint32_t number = (uint32_t)load_be(p + 5, 3);

	if (p[0] == 1 || p[0] == 2)
		pair[p[0] - 1] = number;
	memcpy(to, pair, sizeof(pair));
}

static void
run_slow(const struct step *s, const uint8_t *p, size_t len, uint8_t *to, struct names *names)
{
	struct addr a;

	switch ((enum ie_type)(s->op - OP_SLOW)) {
	case IE_UINT:
	case IE_UPTIME:
	case IE_DELTA:
		store(to, s->width, load_be(p, len));
		return;
	case IE_ADDR4:
		a = addr_of_bytes4(p);
		memcpy(to, &a, sizeof(a));
		return;
	case IE_ADDR6:
		memcpy(to, p, 16);
		return;
	case IE_BYTES:
		memcpy(to, p, len);
		return;
	case IE_SECONDS:
		store(to, 8, scaled(load_be(p, len), NS_PER_SEC));
		return;
	case IE_MSECS:
		store(to, 8, scaled(load_be(p, len), NS_PER_MS));
		return;
	case IE_NTP:
		store(to, 8, (uint64_t)ntp_ns(load_be(p, len)));
		return;
	case IE_NAME:
		store(to, 4, names != NULL ? names_put(names, (const char *)p, len) : 0);
		return;
	case IE_APP:
		store(to, 8, app_id(p, len));
		return;
	case IE_VNI:
		store_vni(p, to);
		return;
	case IE_MARK:
		return;
	}
}

static bool
all_zero(const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0)
		p++, len--;
	return len == 0;
}

static void
run_one(const struct step *s, const uint8_t *p, size_t len, uint8_t *to, struct names *names)
{
	if (!s->unless_zero || !all_zero(p, len))
		run_slow(s, p, len, to, names);
}

struct step
step_of(const struct ie *ie, uint16_t src, uint16_t len, bool unless_zero)
{
	struct step s = { .op = (uint8_t)(OP_SLOW + ie->type), .width = ie->width,
	    .into = ie->into, .unless_zero = unless_zero, .len = len, .src = src, .dst = ie->at };

	if (unless_zero || len == 0)
		return s;
	if (ie->type == IE_ADDR4)
		s.op = OP_ADDR4;
	if (ie->type == IE_ADDR6)
		s.op = OP_ADDR6;
	if (ie->type == IE_MSECS)
		s.op = OP_MSECS;
	if (ie->type == IE_BYTES && len == 6)
		s.op = OP_MAC;
	if (ie->type != IE_UINT && ie->type != IE_UPTIME && ie->type != IE_DELTA)
		return s;
	if (len == 1 && ie->width == 1)
		s.op = OP_U8;
	else if (len == 2 && ie->width == 2)
		s.op = OP_U16;
	else if (len == 2 && ie->width == 4)
		s.op = OP_U16_32;
	else if (len == 4 && ie->width == 4)
		s.op = OP_U32;
	else if (len == 4 && ie->width == 8)
		s.op = OP_U32_64;
	else if (len == 8 && ie->width == 8)
		s.op = OP_U64;
	return s;
}

enum step_move
step_moves(const struct step *s)
{
	if (s->unless_zero || s->len == 0)
		return MOVE_NONE;
	switch (s->op) {
	case OP_U8: case OP_U16: case OP_U16_32: case OP_U32: case OP_U32_64: case OP_U64:
	case OP_SLOW + IE_UINT: case OP_SLOW + IE_UPTIME: case OP_SLOW + IE_DELTA:
		return MOVE_NUMBER;
	case OP_ADDR4: case OP_SLOW + IE_ADDR4:
		return MOVE_ADDR4;
	case OP_ADDR6: case OP_SLOW + IE_ADDR6: case OP_MAC: case OP_SLOW + IE_BYTES:
		return MOVE_BYTES;
	default:
		return MOVE_NONE;
	}
}

static inline void
put_addr4(uint8_t *to, const uint8_t *p)
{
	memcpy(to, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	memcpy(to + 12, p, 4);
}

/*
 * One step over many records. Four at a time where the distance of their places is known when this
 * is compiled: most of the work is the counting.
 */
#define ONE(put, k) do { \
		const uint8_t *p = at + (k) * rec_len; \
		uint8_t *q = to + (k) * stride; \
		put; \
	} while (0)
#define EACH(put) do { \
		for (; n >= 4; n -= 4, at += 4 * rec_len, to += 4 * stride) { \
			ONE(put, 0); \
			ONE(put, 1); \
			ONE(put, 2); \
			ONE(put, 3); \
		} \
		for (; n > 0; n--, at += rec_len, to += stride) \
			ONE(put, 0); \
	} while (0)
#define AS(type)	*(type *)(void *)q

static inline __attribute__((always_inline)) void
run_many(const struct step *s, const uint8_t *at, size_t rec_len, unsigned n, uint8_t *to,
    size_t stride, struct names *names)
{
	switch (s->op) {
	case OP_U8:	EACH(*q = *p); break;
	case OP_U16:	EACH(AS(uint16_t) = load16(p)); break;
	case OP_U16_32:	EACH(AS(uint32_t) = load16(p)); break;
	case OP_U32:	EACH(AS(uint32_t) = load32(p)); break;
	case OP_U32_64:	EACH(AS(uint64_t) = load32(p)); break;
	case OP_U64:	EACH(AS(uint64_t) = load64(p)); break;
	case OP_MSECS:	EACH(AS(uint64_t) = scaled(load64(p), NS_PER_MS)); break;
	case OP_ADDR4:	EACH(put_addr4(q, p)); break;
	case OP_ADDR6:	EACH(memcpy(q, p, 16)); break;
	case OP_MAC:	EACH(memcpy(q, p, 6)); break;
	default:
		for (; n > 0; n--, at += rec_len, to += stride)
			run_one(s, at, s->len, to, names);
	}
}

static void
run_step(const struct step *s, const uint8_t *at, size_t rec_len, unsigned n,
    const struct decode_to *d)
{
	uint8_t *to = (uint8_t *)d->base[s->into] + s->dst;

	if (s->into == IE_FLOW)
		run_many(s, at, rec_len, n, to, sizeof(struct flow), d->names);
	else
		run_many(s, at, rec_len, n, to, d->stride[s->into], d->names);
}

void
decode_run(const struct program *prog, const uint8_t *rec, size_t rec_len, unsigned n,
    const struct decode_to *to)
{
	for (unsigned i = 0; i < prog->n; i++)
		run_step(&prog->step[i], rec + prog->step[i].src, rec_len, n, to);
}

/* May this step read a field of this length, known only now? Its type says. */
static bool
step_fits(const struct step *s, size_t len)
{
	switch ((enum ie_type)(s->op - OP_SLOW)) {
	case IE_UINT: case IE_UPTIME: case IE_DELTA: case IE_APP:
		return len >= 1 && len <= 8;
	case IE_ADDR4:
		return len == 4;
	case IE_ADDR6:
		return len == 16;
	case IE_BYTES:
		return len >= 1 && len <= s->width;
	case IE_SECONDS:
		return len == 4 || len == 8;
	case IE_MSECS: case IE_NTP: case IE_VNI:
		return len == 8;
	case IE_NAME:
		return len >= 1;
	case IE_MARK:
		break;
	}
	return false;
}

void
decode_run_fields(const struct program *prog, const uint8_t *const *at, const uint16_t *len,
    const struct decode_to *to)
{
	for (unsigned i = 0; i < prog->n; i++) {
		const struct step *s = &prog->step[i];
		uint8_t *place = (uint8_t *)to->base[s->into] + s->dst;

		if (s->len == 0) {
			if (step_fits(s, len[s->src]))
				run_one(s, at[s->src], len[s->src], place, to->names);
		} else
			run_step(s, at[s->src], 0, 1, to);
	}
}
