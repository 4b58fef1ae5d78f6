/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering keys. A word of the key that is put together from several fields is complete before it
 * is stored, so that every 8 bytes of a key are written by exactly one store: a key that is
 * stored in pieces and then loaded wider for its hash waits for the pieces to drain behind the cache
 * misses of earlier flows, which costs four times as much as the gathering itself.
 */
#include "agg/pack.h"

#include <assert.h>
#include <string.h>

#include "agg/plan.h"
#include "core/mem.h"

#define CHUNK	32			/* flows whose lines stay near while the words go by */

struct pack_program *
pack_new(size_t most, const struct pack_style *style)
{
	struct pack_program *prog = mem_new(sizeof(*prog));

	prog->style = *style;
	prog->part = mem_array(most, sizeof(*prog->part));
	prog->word = mem_array(most, sizeof(*prog->word));
	return prog;
}

void
pack_free(struct pack_program *prog)
{
	if (prog == NULL)
		return;
	mem_free(prog->part);
	mem_free(prog->word);
	mem_free(prog);
}

static void
add_part(struct pack_program *prog, enum pack_from from, size_t at, size_t bytes, size_t flow_at)
{
	size_t byte = at % 8;
	struct pack_part *part = &prog->part[prog->parts++];

	assert(byte + bytes <= 8 && flow_at < sizeof(struct flow));
	part->from = from;
	part->bytes = from == PACK_PLAIN ? (uint8_t)bytes : 0;
	part->word = (uint16_t)(at / 8);
	part->at = (uint16_t)flow_at;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	part->shift = (uint8_t)(8 * byte);
#else
	part->shift = (uint8_t)(64 - 8 * (byte + bytes));
#endif
}

void
pack_field(struct pack_program *prog, const struct prim *prim, size_t at, size_t from)
{
	size_t bytes = value_rows[prim->type].key_bytes;

	switch (prim->take) {
	case TAKE_COPY:
		if (bytes == 16) {
			add_part(prog, PACK_PLAIN, at, 8, from);
			add_part(prog, PACK_PLAIN, at + 8, 8, from + 8);
		} else {
			add_part(prog, PACK_PLAIN, at, bytes, from);
		}
		break;
	case TAKE_TOS:
		add_part(prog, prog->style.tos_shift == 0 ? PACK_PLAIN : PACK_TOS, at, bytes, from);
		break;
	case TAKE_TIME:
		add_part(prog, PACK_TIME, at, bytes, from);
		break;
	case TAKE_RD:
		add_part(prog, PACK_RD, at, bytes, from);
		break;
	case TAKE_DIRECTION:
		add_part(prog, PACK_DIRECTION, at, bytes, from);
		break;
	case TAKE_ETYPE:
		add_part(prog, PACK_ETYPE, at, bytes, from);
		break;
	case TAKE_BOTTOM_LABEL:
		add_part(prog, PACK_BOTTOM_LABEL, at, bytes, from);
		break;
	case TAKE_NOTHING:
		break;
	}
}

void
pack_constant(struct pack_program *prog, const struct prim *prim, size_t at, uint64_t number)
{
	add_part(prog, PACK_CONSTANT, at, value_rows[prim->type].key_bytes, 0);
	prog->part[prog->parts - 1].number = number;
}

/*
 * Neighbours in the flow that are neighbours in the key as well are one number: ports, or the AS of
 * both ends, as long as struct flow keeps them side by side. Of any length up to 8.
 */
static bool
join(struct pack_part *a, const struct pack_part *b)
{
	unsigned low = a->shift < b->shift ? a->shift : b->shift;

	if (a->word != b->word || a->bytes == 0 || b->bytes == 0 || a->at + a->bytes != b->at)
		return false;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (a->shift + 8 * a->bytes != b->shift)
#else
	if (b->shift + 8 * b->bytes != a->shift)
#endif
		return false;
	a->bytes += b->bytes;
	a->shift = (uint8_t)low;
	return true;
}

static void
join_neighbours(struct pack_program *prog)
{
	size_t kept = 0;

	for (size_t i = 1; i < prog->parts; i++)
		if (!join(&prog->part[kept], &prog->part[i]))
			prog->part[++kept] = prog->part[i];
	if (prog->parts > 0)
		prog->parts = kept + 1;
}

/* A part as 8 bytes of the flow that it lies in. */
static void
fuse(struct pack_word *w, const struct pack_part *part)
{
	size_t i = w->parts, at = part->at;
	unsigned down = 0;

	if (at + sizeof(uint64_t) > sizeof(struct flow))
		at = sizeof(struct flow) - sizeof(uint64_t);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	down = 8 * (unsigned)(part->at - at);
#else
	down = 64 - 8 * (unsigned)(part->at - at + part->bytes);
#endif
	w->at[i] = (uint16_t)at;
	w->down[i] = (uint8_t)down;
	w->shift[i] = part->shift;
	w->mask[i] = UINT64_MAX >> (64 - 8 * part->bytes);
}

void
pack_seal(struct pack_program *prog)
{
	struct pack_word *w = NULL;

	join_neighbours(prog);
	for (size_t i = 0; i < prog->parts; i++) {
		const struct pack_part *part = &prog->part[i];

		if (w == NULL || w->word != part->word) {
			w = &prog->word[prog->words++];
			*w = (struct pack_word){ .word = part->word, .first = (uint16_t)i,
			    .fused = true };
		}
		if (part->bytes == 0)
			w->fused = false;
		else
			fuse(w, part);
		w->parts++;
	}
}

static inline uint64_t
load_64(const struct flow *flow, size_t at)
{
	uint64_t v;

	memcpy(&v, (const char *)flow + at, sizeof(v));
	return v;
}

static inline uint64_t
load_32(const struct flow *flow, size_t at)
{
	uint32_t v;

	memcpy(&v, (const char *)flow + at, sizeof(v));
	return v;
}

static inline uint64_t
load_16(const struct flow *flow, size_t at)
{
	uint16_t v;

	memcpy(&v, (const char *)flow + at, sizeof(v));
	return v;
}

static inline uint64_t
load_8(const struct flow *flow, size_t at)
{
	return ((const uint8_t *)flow)[at];
}

static inline uint64_t
take_time(const struct flow *flow, size_t at, int64_t unit)
{
	int64_t ns = (int64_t)load_64(flow, at);

	return (uint64_t)(ns - ns % unit);
}

static inline uint64_t
take_rd(const struct flow *flow, size_t at)
{
	return (load_64(flow, at) & VALUE_RD_MASK) |
	    (uint64_t)flow->r.rd_origin << VALUE_RD_ORIGIN_SHIFT;
}

static inline uint64_t
take_direction(const struct flow *flow)
{
	if (!(flow->has & FLOW_HAS_DIRECTION))
		return 'u';
	return flow->direction == 0 ? 'i' : flow->direction == 1 ? 'e' : 'u';
}

static inline uint64_t
take_etype(const struct flow *flow, size_t at)
{
	uint64_t told = load_16(flow, at);

	return told != 0 ? told : flow_etype(flow);
}

static inline uint64_t
take_bottom_label(const struct flow *flow, size_t at)
{
	unsigned n = flow->mpls_labels < FLOW_LABELS ? flow->mpls_labels : FLOW_LABELS;

	return n > 0 ? load_32(flow, at + (n - 1) * sizeof(uint32_t)) : 0;
}

#define GATHER(load)	for (unsigned i = 0; i < n; i++) word[i] |= (load) << shift; break

/* Or one part that is not plain into the words of n flows. */
static void
gather(const struct pack_part *part, const struct pack_style *style, const struct flow *flow,
    unsigned n, uint64_t *restrict word)
{
	const size_t at = part->at;
	const unsigned shift = part->shift;

	switch (part->from) {
	case PACK_PLAIN:
		break;
	case PACK_TOS:
		GATHER(load_8(&flow[i], at) >> style->tos_shift);
	case PACK_TIME:
		GATHER(take_time(&flow[i], at, style->time_unit_ns));
	case PACK_RD:
		GATHER(take_rd(&flow[i], at));
	case PACK_DIRECTION:
		GATHER(take_direction(&flow[i]));
	case PACK_ETYPE:
		GATHER(take_etype(&flow[i], at));
	case PACK_BOTTOM_LABEL:
		GATHER(take_bottom_label(&flow[i], at));
	case PACK_CONSTANT:
		GATHER(part->number);
	}
}

static inline uint64_t
take_plain(const struct pack_word *w, size_t p, const struct flow *flow)
{
	return (load_64(flow, w->at[p]) >> w->down[p] & w->mask[p]) << w->shift[p];
}

/* A word of plain numbers, their count a constant. */
static inline __attribute__((always_inline)) void
run_fused(const struct pack_word *w, const struct flow *flow, unsigned n, uint64_t *restrict key,
    size_t stride, size_t parts)
{
	const struct pack_word my = *w;

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++) {
		uint64_t word = 0;

#pragma GCC unroll 4
		for (size_t p = 0; p < parts; p++)
			word |= take_plain(&my, p, &flow[i]);
		key[i * stride] = word;
	}
}

/* A word that is 8 bytes of the flow as they are. */
static void
run_copy(const struct pack_word *w, const struct flow *flow, unsigned n, uint64_t *restrict key,
    size_t stride)
{
	const size_t at = w->at[0];

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++)
		key[i * stride] = load_64(&flow[i], at);
}

/* A word with parts that are taken in ways of their own. */
static void
run_gathered(const struct pack_program *prog, const struct pack_word *w, const struct flow *flow,
    unsigned n, uint64_t *restrict key, size_t stride)
{
	uint64_t word[CHUNK] = { 0 };

	for (size_t p = 0; p < w->parts; p++) {
		const struct pack_part *part = &prog->part[w->first + p];

		if (part->from != PACK_PLAIN)
			gather(part, &prog->style, flow, n, word);
		else
			for (unsigned i = 0; i < n; i++)
				word[i] |= take_plain(w, p, &flow[i]);
	}
	for (unsigned i = 0; i < n; i++)
		key[i * stride] = word[i];
}

static void
run_word(const struct pack_program *prog, const struct pack_word *w, const struct flow *flow,
    unsigned n, uint64_t *key, size_t stride)
{
	if (!w->fused)
		run_gathered(prog, w, flow, n, key, stride);
	else if (w->parts == 1 && w->mask[0] == UINT64_MAX)
		run_copy(w, flow, n, key, stride);
	else if (w->parts == 1)
		run_fused(w, flow, n, key, stride, 1);
	else if (w->parts == 2)
		run_fused(w, flow, n, key, stride, 2);
	else if (w->parts == 3)
		run_fused(w, flow, n, key, stride, 3);
	else if (w->parts == 4)
		run_fused(w, flow, n, key, stride, 4);
	else
		run_fused(w, flow, n, key, stride, w->parts);
}

void
pack_run(const struct pack_program *prog, const struct flow *flow, unsigned n, uint64_t *keys,
    size_t stride)
{
	for (unsigned from = 0; from < n; from += CHUNK) {
		unsigned m = n - from < CHUNK ? n - from : CHUNK;

		for (size_t i = 0; i < prog->words; i++)
			run_word(prog, &prog->word[i], flow + from, m,
			    keys + from * stride + prog->word[i].word, stride);
	}
}
