/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering keys. A word of the key that is put together from several fields is collected in a
 * small array first, so that every 8 bytes of a key are written by exactly one store: a key that is
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
	struct pack_program *prog = mem_new(sizeof(*prog) + most * sizeof(*prog->part));

	prog->style = *style;
	return prog;
}

void
pack_free(struct pack_program *prog)
{
	mem_free(prog);
}

static void
add_part(struct pack_program *prog, enum pack_from from, size_t at, size_t bytes, size_t flow_at)
{
	size_t byte = at % 8;
	struct pack_part *part = &prog->part[prog->parts++];

	assert(byte + bytes <= 8 && flow_at < sizeof(struct flow));
	part->from = from;
	part->word = (uint16_t)(at / 8);
	part->at = (uint16_t)flow_at;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	part->shift = (uint8_t)(8 * byte);
#else
	part->shift = (uint8_t)(64 - 8 * (byte + bytes));
#endif
}

static enum pack_from
plain_from(size_t bytes)
{
	assert(bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
	return bytes == 1 ? PACK_8 : bytes == 2 ? PACK_16 : bytes == 4 ? PACK_32 : PACK_64;
}

void
pack_field(struct pack_program *prog, const struct prim *prim, size_t at, size_t from)
{
	size_t bytes = value_rows[prim->type].key_bytes;

	switch (prim->take) {
	case TAKE_COPY:
		if (bytes == 16) {
			add_part(prog, PACK_64, at, 8, from);
			add_part(prog, PACK_64, at + 8, 8, from + 8);
		} else {
			add_part(prog, plain_from(bytes), at, bytes, from);
		}
		break;
	case TAKE_TOS:
		add_part(prog, PACK_TOS, at, bytes, from);
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
pack_seal(struct pack_program *prog)
{
	for (size_t i = 0; i < prog->parts; i++)
		prog->part[i].last = i + 1 == prog->parts ||
		    prog->part[i + 1].word != prog->part[i].word;
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

/* Or one part into the words of n flows. */
static void
gather(const struct pack_part *part, const struct pack_style *style, const struct flow *flow,
    unsigned n, uint64_t *restrict word)
{
	const size_t at = part->at;
	const unsigned shift = part->shift;

	switch (part->from) {
	case PACK_8:
		GATHER(load_8(&flow[i], at));
	case PACK_16:
		GATHER(load_16(&flow[i], at));
	case PACK_32:
		GATHER(load_32(&flow[i], at));
	case PACK_64:
		GATHER(load_64(&flow[i], at));
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
	}
}

static void
run_chunk(const struct pack_program *prog, const struct flow *flow, unsigned n, uint64_t *keys,
    size_t stride)
{
	uint64_t word[CHUNK];
	bool fresh = true;

	for (size_t p = 0; p < prog->parts; p++) {
		const struct pack_part *part = &prog->part[p];

		if (fresh && part->last && part->from == PACK_64) {
			for (unsigned i = 0; i < n; i++)
				keys[i * stride + part->word] = load_64(&flow[i], part->at);
			continue;
		}
		if (fresh)
			memset(word, 0, n * sizeof(*word));
		gather(part, &prog->style, flow, n, word);
		fresh = part->last;
		if (!part->last)
			continue;
		for (unsigned i = 0; i < n; i++)
			keys[i * stride + part->word] = word[i];
	}
}

void
pack_run(const struct pack_program *prog, const struct flow *flow, unsigned n, uint64_t *keys,
    size_t stride)
{
	for (unsigned from = 0; from < n; from += CHUNK)
		run_chunk(prog, flow + from, n - from < CHUNK ? n - from : CHUNK,
		    keys + from * stride, stride);
}
