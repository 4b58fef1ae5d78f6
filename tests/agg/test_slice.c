/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slices against a plain map over many random flows: the same keys, the same sums, however flows are
 * cut into batches; sum_* from both ends; events; the pin of a slice with references.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agg/slice.h"
#include "agg_test.h"
#include "core/mem.h"

#define FLOWS	300000

static const wall_t start = { 1700000000 * NS_PER_SEC };

/* The model: all keys with what each adds, sorted and added up afterwards. */
struct model_row {
	uint64_t key[8];
	uint64_t bytes, packets, flows, tcp_flags;
};

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct model_row *)a)->key, ((const struct model_row *)b)->key,
	    sizeof(((const struct model_row *)a)->key));
}

static size_t
model_merge(struct model_row *row, size_t n)
{
	size_t rows = 0;

	qsort(row, n, sizeof(*row), by_key);
	for (size_t i = 0; i < n; i++) {
		if (rows == 0 || by_key(&row[rows - 1], &row[i]) != 0) {
			row[rows++] = row[i];
			continue;
		}
		row[rows - 1].bytes += row[i].bytes;
		row[rows - 1].packets += row[i].packets;
		row[rows - 1].flows += row[i].flows;
		row[rows - 1].tcp_flags |= row[i].tcp_flags;
	}
	return rows;
}

static void
small_flow(struct rand *r, struct flow *flow)
{
	uint64_t key = rand_next(r) % 20011;

	rand_flow(r, flow);
	flow->r.src_host = addr_of_v4((uint32_t)key);
	flow->r.dst_host = addr_of_v4((uint32_t)(key % 300));
	flow->r.src_port = (uint16_t)(rand_next(r) % 4);
	flow->r.dst_port = (uint16_t)(rand_next(r) % 4);
	flow->r.proto = 6;
	flow->r.tag = key % 3;
}

static void
compare(const struct slice *s, struct model_row *model, size_t rows)
{
	struct model_row *got = mem_array(s->entries, sizeof(*got));
	size_t words = s->plan->key_words;

	assert_int_equal(s->entries, rows);
	for (size_t i = 0; i < s->entries; i++) {
		const uint64_t *counter = slice_counters(s, i);

		memcpy(got[i].key, slice_key(s, i), words * sizeof(uint64_t));
		got[i].bytes = counter[0];
		got[i].packets = counter[1];
		got[i].flows = counter[2];
		got[i].tcp_flags = s->plan->counters > 3 ? counter[3] : 0;
	}
	qsort(got, s->entries, sizeof(*got), by_key);
	assert_memory_equal(got, model, rows * sizeof(*got));
	mem_free(got);
}

/* Gives where the slice's entries lay: only to be compared. */
static const void *
run(const char *lines, struct rack *rack)
{
	struct rand r = { 42 };
	struct plan *plan = agg_plan(lines, start);
	struct slice *s = slice_open(plan, 0, NULL, NULL, 0, rack);
	const void *place = s->entry;
	struct model_row *model = mem_array((size_t)FLOWS * plan->sides, sizeof(*model));
	struct flow flow[FLOW_BATCH];
	uint64_t *keys = mem_array(FLOW_BATCH * plan->key_words, sizeof(*keys));
	uint64_t bytes = 0, packets = 0, late;
	size_t rows = 0;

	for (unsigned done = 0, n; done < FLOWS; done += n) {
		n = 1 + (unsigned)(rand_next(&r) % FLOW_BATCH);
		if (n > FLOWS - done)
			n = FLOWS - done;
		for (unsigned i = 0; i < n; i++)
			small_flow(&r, &flow[i]);
		for (unsigned side = 0; side < plan->sides; side++) {
			plan_pack(plan, side, flow, n, keys, &late);
			slice_add(s, flow, keys, n);
			for (unsigned i = 0; i < n; i++) {
				struct model_row *row = &model[rows++];

				memcpy(row->key, keys + i * plan->key_words, plan->key_words * 8);
				if (flow[i].kind != FLOW_TRAFFIC)
					continue;
				row->bytes = flow[i].bytes;
				row->packets = flow[i].packets;
				row->flows = flow[i].flows;
				row->tcp_flags = plan->counters > 3 ? flow[i].tcp_flags : 0;
				bytes += flow[i].bytes;
				packets += flow[i].packets;
			}
		}
	}
	assert_int_equal(s->flows_in, (uint64_t)FLOWS * plan->sides);
	assert_int_equal(s->bytes_in, bytes);
	assert_int_equal(s->packets_in, packets);
	compare(s, model, model_merge(model, rows));
	mem_free(keys);
	mem_free(model);
	slice_free(s, rack);
	plan_free(plan);
	return place;
}

/* Each twice: the second time in the memory of the first, whatever that left behind. */
static void
test_model(void **state)
{
	static const char *const lines[] = {
		"aggregate: src_host, dst_host, src_port, dst_port, proto, tcpflags, flows",
		"aggregate: src_host\nprint_history: 1m",
		"aggregate: sum_host, tag\nprint_history: 5m",
		"aggregate: sum_port",
		"aggregate: none",
		"aggregate: none, tag, tcpflags\nprint_history: 1h\nprint_history_roundoff: m",
	};

	struct rack *rack = rack_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const void *place = run(lines[i], rack);

		assert_ptr_equal(run(lines[i], rack), place);
	}
	rack_free(rack);
}

/* Memory of another shape is given back, and so is what finds no place. */
static void
test_rack(void **state)
{
	struct plan *hosts = agg_plan("aggregate: src_host", start);
	struct plan *both = agg_plan("aggregate: src_host, dst_host", start);
	struct rack *rack = rack_new();
	struct slice *s[40];
	struct room room = { 0 };
	size_t kept = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		s[i] = slice_open(hosts, 0, NULL, NULL, 0, rack);
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		slice_free(s[i], rack);
	slice_free(slice_open(both, 0, NULL, NULL, 0, rack), NULL);
	assert_false(rack_take(rack, both->key_words + both->counters, &room));
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		slice_free(slice_open(hosts, 0, NULL, NULL, 0, rack), rack);
	while (rack_take(rack, hosts->key_words + hosts->counters, &room)) {
		rack_put(NULL, &room, 0);
		kept++;
	}
	assert_int_equal(kept, 1);
	/* Ten that were used for 60 MiB each: four of them are 256 MiB at most. */
	for (size_t i = 0; i < 10; i++) {
		room = (struct room){ .entry = entries_reserve(ENTRIES_ROOM, 8), .stride = 8 };
		rack_put(rack, &room, ((size_t)60 << 20) / (8 * sizeof(uint64_t)));
	}
	for (kept = 0; rack_take(rack, 8, &room); kept++)
		rack_put(NULL, &room, 0);
	assert_int_equal(kept, 4);
	rack_free(rack);
	plan_free(hosts);
	plan_free(both);
}

/* A flow between equal ends is counted twice under its key. */
static void
test_equal_ends(void **state)
{
	struct plan *plan = agg_plan("aggregate: sum_port", start);
	struct slice *s = slice_open(plan, 0, NULL, NULL, 0, NULL);
	struct flow flow = { .bytes = 100, .packets = 1, .flows = 1 };
	uint64_t keys[2], late;

	(void)state;
	flow.r.src_port = flow.r.dst_port = 53;
	for (unsigned side = 0; side < plan->sides; side++) {
		plan_pack(plan, side, &flow, 1, keys, &late);
		slice_add(s, &flow, keys, 1);
	}
	assert_int_equal(s->entries, 1);
	assert_int_equal(slice_counters(s, 0)[0], 200);
	assert_int_equal(s->bytes_in, 200);
	slice_free(s, NULL);
	plan_free(plan);
}

/* What a slice's ids name may go only when the slice is gone; without ids nothing is held. */
static void
test_pin(void **state)
{
	struct plan *paths = agg_plan("aggregate: as_path", start);
	struct plan *hosts = agg_plan("aggregate: src_host", start);
	struct epoch *ep = epoch_new();
	struct epoch_reader *worker = epoch_join(ep);
	struct slice *a, *b;
	uint64_t number;

	(void)state;
	epoch_tick(ep, worker);
	a = slice_open(paths, 0, ep, worker, 0, NULL);
	b = slice_open(hosts, 0, ep, worker, 0, NULL);
	assert_non_null(a->pin);
	assert_null(b->pin);
	number = epoch_retire(ep);
	epoch_tick(ep, worker);
	assert_false(epoch_passed(ep, number));
	slice_free(a, NULL);
	assert_true(epoch_passed(ep, number));
	slice_free(b, NULL);
	epoch_offline(worker);
	epoch_leave(ep, worker);
	epoch_free(ep);
	plan_free(paths);
	plan_free(hosts);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MANY	300000u
#else
#define MANY	10000000u
#endif
#define LONGEST	(20 * NS_PER_MS)

/* CPU time of the longest slice_add while a slice grows to MANY entries from nothing. */
static int64_t
longest_add(const struct plan *plan)
{
	struct slice *s = slice_open(plan, 0, NULL, NULL, 0, NULL);
	struct flow *flow = mem_array(FLOW_BATCH, sizeof(*flow));
	uint64_t *keys = mem_array(FLOW_BATCH * plan->key_words, sizeof(*keys)), late;
	int64_t longest = 0;

	for (uint32_t k = 0; k < MANY; k += FLOW_BATCH) {
		int64_t took;

		for (uint32_t i = 0; i < FLOW_BATCH; i++) {
			flow[i].bytes = flow[i].packets = flow[i].flows = 1;
			flow[i].r.src_host = addr_of_v4((k + i) % MANY);
		}
		plan_pack(plan, 0, flow, FLOW_BATCH, keys, &late);
		took = cpu_ns();
		slice_add(s, flow, keys, FLOW_BATCH);
		took = cpu_ns() - took;
		longest = took > longest ? took : longest;
	}
	assert_int_equal(s->entries, MANY);
	assert_true(s->bytes_in >= MANY);
	mem_free(keys);
	mem_free(flow);
	slice_free(s, NULL);
	return longest;
}

/* The best of a few runs: a busy machine interrupts at random, growing would at the same place. */
static void
test_growing_does_not_stop(void **state)
{
	struct plan *plan = agg_plan("aggregate: src_host", start);
	int64_t longest = longest_add(plan);

	(void)state;
	for (unsigned tries = 1; longest >= LONGEST && tries < 4; tries++)
		longest = longest_add(plan);
	print_message("longest slice_add: %.1f ms\n", (double)longest / 1e6);
	assert_true(longest < LONGEST);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_rack),
		cmocka_unit_test(test_equal_ends),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_growing_does_not_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
