/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache behind a plan: slots of (tag, index) and dense entries in the order of their first flow.
 * Flows are added in blocks: all keys are hashed and their slots fetched, then the slots are read and
 * the entries they point to fetched, then keys are compared and counters added, so that the cache
 * misses of a block overlap: it is they that an update costs.
 *
 * Nothing here takes longer than its block: slots grow in steps, and entries lie in reserved address
 * space, which is touched as they come and given back by the output's thread.
 */
#include "agg/slice.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"

#define BLOCK		GROWSLOTS_STEP	/* flows whose misses overlap; of the counts tried the best */
#define HUGE_FROM	(UINT64_C(4) << 20)	/* bytes of entries from which large pages pay */
#define SLOTS_FIRST	(1u << 20)	/* entries that slots are made for at once: the first flows of a
					   slice touch all their pages */
#define LINE		64

static bool
has_reference(const struct plan *plan)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (value_rows[plan->field[i].prim->type].by_reference)
			return true;
	return false;
}

uint64_t *
entries_reserve(size_t room, size_t stride)
{
	return mem_reserve(room * stride * sizeof(uint64_t), 0);
}

void
entries_give_back(uint64_t *entry, size_t room, size_t stride)
{
	if (entry != NULL)
		mem_unreserve(entry, room * stride * sizeof(*entry));
}

uint64_t *
entries_double(uint64_t *entry, size_t *room, size_t stride)
{
	uint64_t *more = entries_reserve(2 * *room, stride);

	mem_prefer_huge(more, 2 * *room * stride * sizeof(*more));
	memcpy(more, entry, *room * stride * sizeof(*more));
	entries_give_back(entry, *room, stride);
	*room *= 2;
	return more;
}

/* Large pages from here on: asked for once there are entries enough to fill some. */
static void
prefer_huge(struct slice *s)
{
	s->huge = true;
	mem_prefer_huge(s->entry + s->entries * s->stride,
	    (s->room - s->entries) * s->stride * sizeof(*s->entry));
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

/* The counters behind bytes, packets and flows. */
static void
add_others(const struct plan *plan, const struct flow *flow, uint64_t *counter)
{
	if (flow->kind != FLOW_TRAFFIC)
		return;
	for (size_t i = PLAN_COUNTERS_ALWAYS; i < plan->counters; i++) {
		enum entry_counter c = plan->counter[i];

		counter[i] = combine(entry_counter_rows[c].op, counter[i], counter_of(flow, c));
	}
}

static inline bool
key_equal(const uint64_t *a, const uint64_t *b, size_t words)
{
	uint64_t differ = 0;

#pragma GCC unroll 16
	for (size_t i = 0; i < words; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static uint64_t *
append(struct slice *s, struct slots *slots, uint64_t hash, const uint64_t *key)
{
	size_t words = s->plan->key_words;
	uint64_t *entry;

	if (s->entries == s->room)
		s->entry = entries_double(s->entry, &s->room, s->stride);
	if (!s->huge && s->entries * s->stride * sizeof(*s->entry) >= HUGE_FROM)
		prefer_huge(s);
	entry = s->entry + s->entries * s->stride;
	memcpy(entry, key, words * sizeof(*key));
	for (size_t i = 0; i < s->plan->counters; i++)
		entry[words + i] = entry_counter_rows[s->plan->counter[i]].op == OP_MIN ?
		    UINT64_MAX : 0;
	slots_place(slots, slots_make(hash, (uint32_t)s->entries++));
	return entry;
}

/* Where the first look did not find it: behind other tags, in this very block, or nowhere yet. */
static __attribute__((noinline)) uint64_t *
find(struct slice *s, uint64_t hash, const uint64_t *key)
{
	struct slots *slots = growslots_of(&s->slots, hash);
	struct slots_at at;

	for (uint32_t i = slots_first(slots, hash, &at); i != SLOTS_NONE;
	    i = slots_next(slots, &at)) {
		uint64_t *entry = s->entry + i * s->stride;

		if (key_equal(entry, key, s->plan->key_words))
			return entry;
	}
	return append(s, slots, hash, key);
}

/* Hash all keys, and fetch the slots they have their homes in. */
static inline __attribute__((always_inline)) void
hash_block(struct slice *s, const uint64_t *keys, unsigned n, size_t words, uint64_t *hash)
{
	for (unsigned i = 0; i < n; i++) {
		hash[i] = hash_words(keys + i * words, words, s->seed);
		slots_prefetch(growslots_of(&s->slots, hash[i]), hash[i]);
	}
}

/* Read the slots, and fetch all lines of the entries that they most likely lead to. */
static inline __attribute__((always_inline)) void
seek_block(struct slice *s, const uint64_t *hash, unsigned n, uint32_t *index)
{
	const size_t bytes = s->stride * sizeof(uint64_t);

	for (unsigned i = 0; i < n; i++) {
		struct slots_at at;
		const char *entry;

		index[i] = slots_first(growslots_of(&s->slots, hash[i]), hash[i], &at);
		if (index[i] == SLOTS_NONE)
			continue;
		entry = (const char *)(s->entry + index[i] * s->stride);
		__builtin_prefetch(entry, 1);
		for (size_t line = LINE; line < bytes; line += LINE)
			__builtin_prefetch(entry + line, 1);
		__builtin_prefetch(entry + bytes - 1, 1);
	}
}

/*
 * Events, NAT events and options records make an entry, and add nothing to it. Every plan's counters
 * begin with bytes, packets and flows (plan.c), which are added without looking.
 */
static inline __attribute__((always_inline)) void
add_block(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n, size_t words)
{
	const bool others = s->plan->counters > PLAN_COUNTERS_ALWAYS;
	uint64_t hash[BLOCK], bytes_in = 0, packets_in = 0;
	uint32_t index[BLOCK];

	growslots_step(&s->slots);
	hash_block(s, keys, n, words, hash);
	seek_block(s, hash, n, index);
	for (unsigned i = 0; i < n; i++) {
		const uint64_t traffic = flow[i].kind == FLOW_TRAFFIC ? UINT64_MAX : 0;
		const uint64_t *key = keys + i * words;
		uint64_t *entry = s->entry + index[i] * s->stride;

		if (index[i] == SLOTS_NONE || !key_equal(entry, key, words))
			entry = find(s, hash[i], key);
		entry[words] += flow[i].bytes & traffic;
		entry[words + 1] += flow[i].packets & traffic;
		entry[words + 2] += flow[i].flows & traffic;
		bytes_in += flow[i].bytes & traffic;
		packets_in += flow[i].packets & traffic;
		if (others)
			add_others(s->plan, &flow[i], entry + words);
	}
	s->flows_in += n;
	s->bytes_in += bytes_in;
	s->packets_in += packets_in;
}

/* The same for keys of any and of the usual lengths: a constant, so that loops over words vanish. */
static void
add_any(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n)
{
	add_block(s, flow, keys, n, s->plan->key_words);
}

#define ADDER(words)									\
	static void									\
	add_##words(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n)	\
	{										\
		add_block(s, flow, keys, n, words);					\
	}

ADDER(1) ADDER(2) ADDER(3) ADDER(4) ADDER(5) ADDER(6) ADDER(7) ADDER(8) ADDER(9) ADDER(10)
ADDER(11) ADDER(12) ADDER(13) ADDER(14)

static slice_adder *const adders[] = {
	NULL, add_1, add_2, add_3, add_4, add_5, add_6, add_7, add_8, add_9, add_10, add_11, add_12,
	add_13, add_14,
};

void
slice_add(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n)
{
	for (unsigned from = 0; from < n; from += BLOCK)
		s->add(s, flow + from, keys + from * s->plan->key_words,
		    n - from < BLOCK ? n - from : BLOCK);
}

/* Memory for the entries and their slots, of an earlier slice where there is some. */
static void
make_room(struct slice *s, size_t expected, struct rack *rack)
{
	struct room room = { 0 };

	if (expected > SLOTS_FIRST)
		expected = SLOTS_FIRST;
	if (rack_take(rack, s->stride, &room)) {
		s->entry = room.entry;
		s->huge = room.huge;
	} else {
		s->entry = entries_reserve(ENTRIES_ROOM, s->stride);
	}
	s->room = ENTRIES_ROOM;
	if (room.slots.mask + 1 >= 2 * expected && room.slots.slot != NULL) {
		growslots_adopt(&s->slots, &room.slots);
		return;
	}
	slots_done(&room.slots);
	growslots_init(&s->slots, expected);
}

struct slice *
slice_open(const struct plan *plan, unsigned worker, struct epoch *ep,
    const struct epoch_reader *follow, size_t expected, struct rack *rack)
{
	struct slice *s = mem_new(sizeof(*s));

	assert(plan->counter[0] == EC_BYTES && plan->counter[1] == EC_PACKETS &&
	    plan->counter[2] == EC_FLOWS);
	s->plan = plan;
	s->stride = plan->key_words + plan->counters;
	s->seed = hash_seed();
	s->worker = worker;
	s->opened = wall_now();
	make_room(s, expected, rack);
	if (!s->huge && expected * s->stride * sizeof(*s->entry) >= HUGE_FROM)
		prefer_huge(s);
	s->add = plan->key_words < ARRAY_LEN(adders) ? adders[plan->key_words] : add_any;
	if (ep != NULL && has_reference(plan)) {
		s->epoch = ep;
		s->pin = epoch_join(ep);
		assert(s->pin != NULL);		/* 4,096 slots, and outputs x workers of slices */
		epoch_follow(s->pin, follow);
	}
	return s;
}

/* Entries that were copied to more room are not worth keeping; slots that are growing neither. */
static void
leave_room(struct slice *s, struct rack *rack)
{
	struct room room = { .entry = s->entry, .stride = s->stride, .huge = s->huge };

	if (s->room != ENTRIES_ROOM || rack == NULL)
		return;
	if (s->slots.old.slot == NULL) {
		room.slots = s->slots.now;
		s->slots.now = (struct slots){ 0 };
	}
	rack_put(rack, &room, s->entries);
	s->entry = NULL;
}

void
slice_free(struct slice *s, struct rack *rack)
{
	if (s == NULL)
		return;
	if (s->pin != NULL) {
		epoch_offline(s->pin);
		epoch_leave(s->epoch, s->pin);
	}
	leave_room(s, rack);
	growslots_done(&s->slots);
	entries_give_back(s->entry, s->room, s->stride);
	mem_free(s);
}
