/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache behind a plan: slots of (tag, index) and dense entries in the order of their first flow.
 * Flows are added in blocks with two prefetch passes, slots first, then the entries that the slots
 * point to, so that the cache misses of a block overlap: it is they that an update costs.
 */
#include "agg/slice.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"

#define BLOCK		64		/* flows whose misses overlap; of the counts tried the best */
#define HUGE_FROM	(UINT64_C(4) << 20)	/* bytes of entries from which large pages pay */

static bool
has_reference(const struct plan *plan)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (value_rows[plan->field[i].prim->type].by_reference)
			return true;
	return false;
}

/*
 * Entries may move while the slice grows (realloc of large blocks moves page tables, not bytes); an
 * index stays good. Large pages are asked for only where the size is known from the slice before:
 * moving them is what makes growing slow.
 */
static void
make_room(struct slice *s, size_t room)
{
	s->entry = mem_grow(s->entry, room, s->stride * sizeof(*s->entry));
	s->room = room;
}

struct slice *
slice_open(const struct plan *plan, unsigned worker, struct epoch *ep,
    const struct epoch_reader *follow, size_t expected)
{
	struct slice *s = mem_new(sizeof(*s));

	assert(plan->counter[0] == EC_BYTES && plan->counter[1] == EC_PACKETS &&
	    plan->counter[2] == EC_FLOWS);
	s->plan = plan;
	s->stride = plan->key_words + plan->counters;
	s->seed = hash_seed();
	s->worker = worker;
	s->opened = wall_now();
	if (expected < 256)
		expected = 256;
	slots_init(&s->slots, expected);
	make_room(s, expected);
	if (expected * s->stride * sizeof(*s->entry) >= HUGE_FROM)
		mem_prefer_huge(s->entry, expected * s->stride * sizeof(*s->entry));
	if (ep != NULL && has_reference(plan)) {
		s->epoch = ep;
		s->pin = epoch_join(ep);
		assert(s->pin != NULL);		/* 4,096 slots, and outputs x workers of slices */
		epoch_follow(s->pin, follow);
	}
	return s;
}

void
slice_free(struct slice *s)
{
	if (s == NULL)
		return;
	if (s->pin != NULL) {
		epoch_offline(s->pin);
		epoch_leave(s->epoch, s->pin);
	}
	slots_done(&s->slots);
	mem_free(s->entry);
	mem_free(s);
}

/* What a flow adds to a counter. */
static inline uint64_t
counter_of(const struct flow *flow, enum entry_counter counter)
{
	switch (counter) {
	case EC_BYTES:
		return flow->bytes;
	case EC_PACKETS:
		return flow->packets;
	case EC_FLOWS:
		return flow->flows;
	case EC_TCP_FLAGS:
		return flow->tcp_flags;
	case EC_FIRST:
		return (uint64_t)flow->start.ns;
	case EC_LAST:
		return (uint64_t)flow->end.ns;
	case EC_SAMPLES:
		return flow->raw_packets;
	case EC_SUMSQ:
		return flow->bytes * flow->bytes;
	case EC_UNRATED:
		return flow->has & FLOW_UNRATED ? flow->bytes : 0;
	case EC_LATE:
		return (flow->has & FLOW_LATE) != 0;
	case EC_COUNT:
		break;
	}
	return 0;
}

static inline uint64_t
combine(enum counter_op op, uint64_t old, uint64_t more)
{
	switch (op) {
	case OP_ADD:
		return old + more;
	case OP_OR:
		return old | more;
	case OP_MIN:
		return more < old ? more : old;
	case OP_MAX:
		return more > old ? more : old;
	}
	return old;
}

/*
 * Events, NAT events and options records make an entry, and add nothing to it. Every plan's counters
 * begin with bytes, packets and flows (plan.c), which are added without looking.
 */
static inline void
add_counters(const struct plan *plan, const struct flow *flow, uint64_t *restrict counter)
{
	if (flow->kind != FLOW_TRAFFIC)
		return;
	counter[0] += flow->bytes;
	counter[1] += flow->packets;
	counter[2] += flow->flows;
	for (size_t i = PLAN_COUNTERS_ALWAYS; i < plan->counters; i++) {
		enum entry_counter c = plan->counter[i];

		counter[i] = combine(entry_counter_rows[c].op, counter[i], counter_of(flow, c));
	}
}

static inline bool
key_equal(const uint64_t *a, const uint64_t *b, size_t words)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < words; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static uint64_t *
append(struct slice *s, uint64_t hash, const uint64_t *key)
{
	size_t words = s->plan->key_words;
	uint64_t *entry;

	if (s->entries == s->room)
		make_room(s, 2 * s->room);
	entry = s->entry + s->entries * s->stride;
	memcpy(entry, key, words * sizeof(*key));
	for (size_t i = 0; i < s->plan->counters; i++)
		entry[words + i] = entry_counter_rows[s->plan->counter[i]].op == OP_MIN ?
		    UINT64_MAX : 0;
	slots_add(&s->slots, hash, (uint32_t)s->entries++);
	return entry;
}

static inline uint64_t *
find(struct slice *s, uint64_t hash, const uint64_t *key)
{
	struct slots_at at;

	for (uint32_t i = slots_first(&s->slots, hash, &at); i != SLOTS_NONE;
	    i = slots_next(&s->slots, &at)) {
		uint64_t *entry = s->entry + i * s->stride;

		if (key_equal(entry, key, s->plan->key_words))
			return entry;
	}
	return append(s, hash, key);
}

/* The lines of the entry that a hash most likely leads to. */
static inline void
prefetch_entry(const struct slice *s, uint64_t hash)
{
	struct slots_at at;
	uint32_t i = slots_first(&s->slots, hash, &at);
	const char *entry;

	if (i == SLOTS_NONE)
		return;
	entry = (const char *)(s->entry + i * s->stride);
	for (size_t line = 0; line < s->stride * sizeof(uint64_t); line += 64)
		__builtin_prefetch(entry + line, 1);
	__builtin_prefetch(entry + s->stride * sizeof(uint64_t) - 1, 1);
}

static void
add_block(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n)
{
	const struct plan *plan = s->plan;
	uint64_t hash[BLOCK];

	for (unsigned i = 0; i < n; i++) {
		hash[i] = hash_words(keys + i * plan->key_words, plan->key_words, s->seed);
		slots_prefetch(&s->slots, hash[i]);
	}
	for (unsigned i = 0; i < n; i++)
		prefetch_entry(s, hash[i]);
	for (unsigned i = 0; i < n; i++) {
		uint64_t *entry = find(s, hash[i], keys + i * plan->key_words);

		add_counters(plan, &flow[i], entry + plan->key_words);
	}
}

static void
add_sums(struct slice *s, const struct flow *flow, unsigned n)
{
	s->flows_in += n;
	for (unsigned i = 0; i < n; i++)
		if (flow[i].kind == FLOW_TRAFFIC) {
			s->bytes_in += flow[i].bytes;
			s->packets_in += flow[i].packets;
		}
}

void
slice_add(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n)
{
	for (unsigned from = 0; from < n; from += BLOCK)
		add_block(s, flow + from, keys + from * s->plan->key_words,
		    n - from < BLOCK ? n - from : BLOCK);
	add_sums(s, flow, n);
}
