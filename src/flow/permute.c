/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permutations: made on any machine from the steps of a program, run where the processor can. A byte
 * of the head is either picked from the record or stays what the prototype says.
 */
#include "flow/permute.h"

#include <string.h>

#include "core/mem.h"

#define LINES		(FLOW_HEAD / FLOW_LINE)
#define RECORD_MOST	(2 * FLOW_LINE)		/* bytes that one instruction picks from */

struct permute {
	uint8_t pick[LINES][FLOW_LINE];		/* by byte of the head: which byte of the record */
	uint64_t picked[LINES];			/* a bit per byte: picked, not the prototype's */
	uint64_t there[2];			/* a bit per byte of the record */
	uint8_t fixed[FLOW_HEAD];		/* over the prototype: what IPv4 addresses begin with */
};

static void
pick(struct permute *p, size_t to, size_t from)
{
	p->pick[to / FLOW_LINE][to % FLOW_LINE] = (uint8_t)from;
	p->picked[to / FLOW_LINE] |= UINT64_C(1) << to % FLOW_LINE;
}

/* A number in network order, its low bytes to a place of `width` bytes on a little-endian machine. */
static void
pick_number(struct permute *p, const struct step *s)
{
	size_t n = s->len < s->width ? s->len : s->width;

	for (size_t i = 0; i < n; i++)
		pick(p, s->dst + i, s->src + s->len - 1u - i);
}

static void
pick_bytes(struct permute *p, const struct step *s, size_t to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pick(p, to + i, s->src + i);
}

/* How many bytes of its struct a step may write: of one that stays, all that it might. */
static size_t
reach(const struct step *s)
{
	switch (step_moves(s)) {
	case MOVE_NONE:
		return 16;
	case MOVE_NUMBER:
		return s->width;
	case MOVE_BYTES:
		return s->len;
	case MOVE_ADDR4:
		return 16;
	}
	return 16;
}

/*
 * A step may be taken over only if no step that stays, and so runs after it, came before it to the same
 * place (the type and the code of ICMP, told together and each by itself).
 */
static bool
is_free(const struct program *kept, unsigned n, const struct step *s)
{
	for (unsigned i = 0; i < n; i++) {
		const struct step *k = &kept->step[i];

		if (k->into == s->into && k->dst < s->dst + reach(s) && s->dst < k->dst + reach(k))
			return false;
	}
	return true;
}

/* True where the step is done by picking. */
static bool
take_over(struct permute *p, const struct step *s)
{
	if (s->into != IE_FLOW || s->dst + reach(s) > FLOW_HEAD || s->src + s->len > RECORD_MOST)
		return false;
	switch (step_moves(s)) {
	case MOVE_NONE:
		return false;
	case MOVE_NUMBER:
		pick_number(p, s);
		return true;
	case MOVE_BYTES:
		pick_bytes(p, s, s->dst, s->len);
		return true;
	case MOVE_ADDR4:
		memset(p->fixed + s->dst + 10, 0xff, 2);
		pick_bytes(p, s, s->dst + 12u, 4);
		return true;
	}
	return false;
}

/* The first n bytes, as bits. */
static uint64_t
first_bits(size_t n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

void
permute_free(struct permute *p)
{
	mem_free(p);
}

size_t
permute_memory(const struct permute *p)
{
	return p != NULL ? sizeof(*p) : 0;
}

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define WITH_VBMI	__attribute__((target("avx512f,avx512bw,avx512vbmi")))

static bool
machine_can(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vbmi");
}

/* Masked loads touch nothing beyond the record: it may be the last of its buffer. */
WITH_VBMI void
permute_run(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
    const struct flow *proto, struct flow *flow)
{
	__m512i pick[LINES], base[LINES];

	for (size_t l = 0; l < LINES; l++) {
		pick[l] = _mm512_loadu_si512(p->pick[l]);
		base[l] = _mm512_or_si512(_mm512_loadu_si512((const char *)proto + l * FLOW_LINE),
		    _mm512_loadu_si512(p->fixed + l * FLOW_LINE));
	}
	for (; n > 0; n--, rec += rec_len, flow++) {
		__m512i a = _mm512_maskz_loadu_epi8(p->there[0], rec);
		__m512i b = _mm512_maskz_loadu_epi8(p->there[1], rec + FLOW_LINE);

		for (size_t l = 0; l < LINES; l++)
			_mm512_storeu_si512((char *)flow + l * FLOW_LINE,
			    _mm512_mask_blend_epi8(p->picked[l], base[l],
			    _mm512_permutex2var_epi8(a, pick[l], b)));
	}
}

#else

static bool
machine_can(void)
{
	return false;
}

void
permute_run(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
    const struct flow *proto, struct flow *flow)
{
	(void)p, (void)rec, (void)rec_len, (void)n, (void)proto, (void)flow;
}

#endif

struct permute *
permute_of(struct program *prog, size_t rec_len)
{
	struct permute *p;
	unsigned kept = 0;

	if (!machine_can())
		return NULL;
	p = mem_new(sizeof(*p));
	p->there[0] = first_bits(rec_len);
	p->there[1] = rec_len > FLOW_LINE ? first_bits(rec_len - FLOW_LINE) : 0;
	for (unsigned i = 0; i < prog->n; i++)
		if (!is_free(prog, kept, &prog->step[i]) || !take_over(p, &prog->step[i]))
			prog->step[kept++] = prog->step[i];
	prog->n = kept;
	return p;
}
