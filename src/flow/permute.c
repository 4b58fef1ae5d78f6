/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permutations: what a program moves is gathered byte by byte, then made into what one way of doing it
 * runs. A byte of the head is either picked from the record or stays what the prototype says.
 */
#include "flow/permute.h"

#include <string.h>

#include "core/mem.h"

#define LINES		(FLOW_HEAD / FLOW_LINE)
#define HALF		32u
#define HALVES		(FLOW_HEAD / HALF)
#define WINDOW		16u			/* bytes that a half of a half is picked from */
#define ROUNDS_MOST	(HALVES * WINDOW)	/* every byte from elsewhere */
#define NOWHERE		UINT16_MAX
#define NOT_PICKED	0x80			/* in a mask of pshufb: 0 */

/* What a program moves. */
struct moves {
	uint16_t from[FLOW_HEAD];		/* by byte of the head: byte of the record, or NOWHERE */
	uint8_t fixed[FLOW_HEAD];		/* over the prototype: what IPv4 addresses begin with */
};

/* PERMUTE_LINES */
struct line {
	uint8_t pick[FLOW_LINE];		/* which byte of the record */
	uint64_t picked;			/* a bit per byte: picked, not the prototype's */
};

/* PERMUTE_HALVES: a window for each half of a half, and what is picked from it. */
struct round {
	uint16_t at[2];
	uint8_t mask[HALF];
};

struct permute {
	const struct way *way;
	uint8_t fixed[FLOW_HEAD];
	struct line line[LINES];
	uint64_t there[2];			/* a bit per byte of the record */
	uint8_t keep[FLOW_HEAD];		/* 0xff: not picked */
	uint16_t rounds[HALVES];		/* of each half, one behind the other in `round` */
	uint16_t round_count;
	struct round *round;
};

struct way {
	enum permute_way name;
	size_t record_least, record_most;	/* bytes */
	bool (*can)(void);			/* this machine */
	void (*make)(struct permute *p, const struct moves *m, size_t rec_len);
	void (*run)(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
	    const uint8_t *proto, uint8_t *head);
};

/* --- what is moved ----------------------------------------------------------------------------- */

static void
pick(struct moves *m, size_t to, size_t from)
{
	m->from[to] = (uint16_t)from;
}

/* A number in network order, its low bytes to a place of `width` bytes on a little-endian machine. */
static void
pick_number(struct moves *m, const struct step *s)
{
	size_t n = s->len < s->width ? s->len : s->width;

	for (size_t i = 0; i < n; i++)
		pick(m, s->dst + i, s->src + s->len - 1u - i);
}

static void
pick_bytes(struct moves *m, const struct step *s, size_t to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pick(m, to + i, s->src + i);
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
take_over(struct moves *m, const struct step *s, size_t record_most)
{
	if (s->into != IE_FLOW || s->dst + reach(s) > FLOW_HEAD || s->src + s->len > record_most)
		return false;
	switch (step_moves(s)) {
	case MOVE_NONE:
		return false;
	case MOVE_NUMBER:
		pick_number(m, s);
		return true;
	case MOVE_BYTES:
		pick_bytes(m, s, s->dst, s->len);
		return true;
	case MOVE_ADDR4:
		memset(m->fixed + s->dst + 10, 0xff, 2);
		pick_bytes(m, s, s->dst + 12u, 4);
		return true;
	}
	return false;
}

/* --- the two ways ------------------------------------------------------------------------------- */

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define WITH_VBMI	__attribute__((target("avx512f,avx512bw,avx512vbmi")))
#define WITH_AVX2	__attribute__((target("avx2")))

static bool
can_lines(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vbmi");
}

/* The first n bytes, as bits. */
static uint64_t
first_bits(size_t n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static void
make_lines(struct permute *p, const struct moves *m, size_t rec_len)
{
	p->there[0] = first_bits(rec_len);
	p->there[1] = rec_len > FLOW_LINE ? first_bits(rec_len - FLOW_LINE) : 0;
	for (size_t i = 0; i < FLOW_HEAD; i++) {
		struct line *l = &p->line[i / FLOW_LINE];

		if (m->from[i] == NOWHERE)
			continue;
		l->pick[i % FLOW_LINE] = (uint8_t)m->from[i];
		l->picked |= UINT64_C(1) << i % FLOW_LINE;
	}
}

/* Masked loads touch nothing beyond the record: it may be the last of its buffer. */
WITH_VBMI static void
run_lines(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
    const uint8_t *proto, uint8_t *head)
{
	__m512i pick[LINES], base[LINES];

	for (size_t l = 0; l < LINES; l++) {
		pick[l] = _mm512_loadu_si512(p->line[l].pick);
		base[l] = _mm512_or_si512(_mm512_loadu_si512(proto + l * FLOW_LINE),
		    _mm512_loadu_si512(p->fixed + l * FLOW_LINE));
	}
	for (; n > 0; n--, rec += rec_len, head += sizeof(struct flow)) {
		__m512i a = _mm512_maskz_loadu_epi8(p->there[0], rec);
		__m512i b = _mm512_maskz_loadu_epi8(p->there[1], rec + FLOW_LINE);

		for (size_t l = 0; l < LINES; l++)
			_mm512_storeu_si512(head + l * FLOW_LINE,
			    _mm512_mask_blend_epi8(p->line[l].picked, base[l],
			    _mm512_permutex2var_epi8(a, pick[l], b)));
	}
}

static bool
can_halves(void)
{
	return __builtin_cpu_supports("avx2");
}

/*
 * The next window of a lane, 16 bytes of the head: from the first byte of the record that none of its
 * windows has brought yet, or from where the last window of a record begins. False: it has all.
 */
static bool
next_window(uint16_t *from, size_t rec_len, uint16_t *ret_at, uint8_t *mask)
{
	size_t at = NOWHERE;

	for (size_t i = 0; i < WINDOW; i++)
		at = from[i] < at ? from[i] : at;
	if (at == NOWHERE)
		return false;
	if (at > rec_len - WINDOW)
		at = rec_len - WINDOW;
	for (size_t i = 0; i < WINDOW; i++) {
		if (from[i] == NOWHERE || from[i] >= at + WINDOW)
			continue;
		mask[i] = (uint8_t)(from[i] - at);
		from[i] = NOWHERE;
	}
	*ret_at = (uint16_t)at;
	return true;
}

static void
make_halves(struct permute *p, const struct moves *m, size_t rec_len)
{
	struct round round[ROUNDS_MOST];
	struct moves left = *m;

	for (size_t i = 0; i < FLOW_HEAD; i++)
		p->keep[i] = m->from[i] == NOWHERE ? 0xff : 0;
	for (size_t h = 0; h < HALVES; h++) {
		for (;;) {
			struct round *r = &round[p->round_count];
			bool more = false;

			*r = (struct round){ .at = { 0, 0 } };
			memset(r->mask, NOT_PICKED, sizeof(r->mask));
			for (size_t lane = 0; lane < 2; lane++)
				more |= next_window(&left.from[h * HALF + lane * WINDOW], rec_len,
				    &r->at[lane], &r->mask[lane * WINDOW]);
			if (!more)
				break;
			p->round_count++;
			p->rounds[h]++;
		}
	}
	p->round = mem_dup(round, p->round_count * sizeof(*round));
}

WITH_AVX2 static inline __attribute__((always_inline)) __m256i
load_half(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

WITH_AVX2 static inline __attribute__((always_inline)) void
store_half(uint8_t *p, __m256i v)
{
	_mm256_storeu_si256((__m256i *)(void *)p, v);
}

WITH_AVX2 static inline __attribute__((always_inline)) __m128i
load_window(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

WITH_AVX2 static inline __attribute__((always_inline)) __m256i
pick_half(const struct round *r, const uint8_t *rec, __m256i mask)
{
	__m256i low = _mm256_castsi128_si256(load_window(rec + r->at[0]));

	return _mm256_shuffle_epi8(_mm256_inserti128_si256(low, load_window(rec + r->at[1]), 1),
	    mask);
}

/* One half of n heads: what the prototype says, and over it up to two rounds. */
WITH_AVX2 static inline __attribute__((always_inline)) void
put_half(const struct round *round, unsigned rounds, const uint8_t *rec, size_t rec_len, unsigned n,
    __m256i base, uint8_t *to)
{
	const struct round a = rounds > 0 ? round[0] : (struct round){ .at = { 0, 0 } };
	const struct round b = rounds > 1 ? round[1] : a;
	const __m256i mask_a = load_half(a.mask);
	const __m256i mask_b = load_half(b.mask);

	for (; n > 0; n--, rec += rec_len, to += sizeof(struct flow)) {
		__m256i v = base;

		if (rounds > 0)
			v = _mm256_or_si256(v, pick_half(&a, rec, mask_a));
		if (rounds > 1)
			v = _mm256_or_si256(v, pick_half(&b, rec, mask_b));
		store_half(to, v);
	}
}

/* One more round over what is there. */
WITH_AVX2 static void
add_round(const struct round *r, const uint8_t *rec, size_t rec_len, unsigned n, uint8_t *to)
{
	const __m256i mask = load_half(r->mask);

	for (; n > 0; n--, rec += rec_len, to += sizeof(struct flow))
		store_half(to, _mm256_or_si256(load_half(to), pick_half(r, rec, mask)));
}

/* Windows lie within the record: it may be the last of its buffer. */
WITH_AVX2 static void
run_halves(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
    const uint8_t *proto, uint8_t *head)
{
	const struct round *round = p->round;

	for (size_t h = 0; h < HALVES; round += p->rounds[h++]) {
		const size_t at = h * HALF;
		const __m256i base = _mm256_and_si256(load_half(p->keep + at),
		    _mm256_or_si256(load_half(proto + at), load_half(p->fixed + at)));

		if (p->rounds[h] == 0)
			put_half(round, 0, rec, rec_len, n, base, head + at);
		else if (p->rounds[h] == 1)
			put_half(round, 1, rec, rec_len, n, base, head + at);
		else
			put_half(round, 2, rec, rec_len, n, base, head + at);
		for (size_t i = 2; i < p->rounds[h]; i++)
			add_round(&round[i], rec, rec_len, n, head + at);
	}
}

static const struct way ways[] = {
	{ PERMUTE_LINES, 1, 2 * FLOW_LINE, can_lines, make_lines, run_lines },
	{ PERMUTE_HALVES, WINDOW, NOWHERE - 1, can_halves, make_halves, run_halves },
};
#define WAYS	ARRAY_LEN(ways)

#else

static const struct way ways[1];
#define WAYS	0u

#endif

static const struct way *
way_for(size_t rec_len, enum permute_way asked)
{
	for (size_t i = 0; i < WAYS; i++)
		if ((asked == PERMUTE_BEST || asked == ways[i].name) && ways[i].can() &&
		    rec_len >= ways[i].record_least)
			return &ways[i];
	return NULL;
}

void
permute_free(struct permute *p)
{
	if (p == NULL)
		return;
	mem_free(p->round);
	mem_free(p);
}

size_t
permute_memory(const struct permute *p)
{
	return p != NULL ? sizeof(*p) + p->round_count * sizeof(*p->round) : 0;
}

void
permute_run(const struct permute *p, const uint8_t *rec, size_t rec_len, unsigned n,
    const struct flow *proto, struct flow *flow)
{
	p->way->run(p, rec, rec_len, n, (const uint8_t *)proto, (uint8_t *)flow);
}

struct permute *
permute_of(struct program *prog, size_t rec_len, enum permute_way asked)
{
	const struct way *way = way_for(rec_len, asked);
	struct moves m = { .fixed = { 0 } };
	struct permute *p;
	unsigned kept = 0;

	if (way == NULL)
		return NULL;
	memset(m.from, 0xff, sizeof(m.from));
	for (unsigned i = 0; i < prog->n; i++)
		if (!is_free(prog, kept, &prog->step[i]) ||
		    !take_over(&m, &prog->step[i], way->record_most))
			prog->step[kept++] = prog->step[i];
	prog->n = kept;
	p = mem_new(sizeof(*p));
	p->way = way;
	memcpy(p->fixed, m.fixed, sizeof(p->fixed));
	way->make(p, &m, rec_len);
	return p;
}
