/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame with a kind of output that fails as often as a test wants: whatever happens, each row
 * lands once, a retry repeats the same rows under the same purge, and the books balance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "support.h"

#define LANDED_MOST	4096

/* What the fake kind has; one per test, handed over through the name of the output. */
struct fake {
	unsigned fail_first;		/* this many writes */
	_Atomic unsigned fail_one_in;	/* and then one of so many, 0: none */
	unsigned writes, failures, purged, closed, reopened;
	uint64_t bytes, packets, rows;
	struct { uint64_t seq; int64_t bin; } landed[LANDED_MOST];
	size_t landings;
	/* of the bin that failed last: it has to come again as it was */
	uint64_t failed_seq, failed_bytes;
	size_t failed_rows;
	int64_t failed_bin;
	bool refused, last_seen;
};

static void *
fake_open(const struct out_env *env, struct sbuf *err)
{
	struct fake *f = (struct fake *)(uintptr_t)env->name;

	if (!f->refused)
		return f;
	sbuf_str(err, "no such place");
	return NULL;
}

static int
fake_write(void *self, const struct purge *purge, const struct rowset *rs, struct sbuf *err)
{
	struct fake *f = self;

	if (f->failed_rows > 0) {
		assert_int_equal(purge->seq, f->failed_seq);
		assert_int_equal(rs->bin.ns, f->failed_bin);
		assert_int_equal(rs->rows, f->failed_rows);
		assert_int_equal(rs->bytes, f->failed_bytes);
		f->failed_rows = 0;
	}
	f->writes++;
	if (f->writes <= f->fail_first || (f->fail_one_in > 0 && f->writes % f->fail_one_in == 0)) {
		f->failures++;
		f->failed_seq = purge->seq;
		f->failed_bin = rs->bin.ns;
		f->failed_rows = rs->rows;
		f->failed_bytes = rs->bytes;
		sbuf_str(err, "the disk is full");
		return -1;
	}
	for (size_t i = 0; i < f->landings; i++)
		assert_false(f->landed[i].seq == purge->seq && f->landed[i].bin == rs->bin.ns);
	assert_true(f->landings < LANDED_MOST);
	f->landed[f->landings].seq = purge->seq;
	f->landed[f->landings++].bin = rs->bin.ns;
	for (size_t i = 0; i < rs->rows; i++) {
		f->bytes += rowset_counter(rs, i, EC_BYTES);
		f->packets += rowset_counter(rs, i, EC_PACKETS);
	}
	f->rows += rs->rows;
	return 0;
}

static void
fake_purged(void *self, const struct purge *purge, size_t rows)
{
	struct fake *f = self;

	(void)rows;
	f->purged++;
	f->last_seen |= purge->last;
}

static void
fake_reopen(void *self)
{
	((struct fake *)self)->reopened++;
}

static void
fake_close(void *self)
{
	((struct fake *)self)->closed++;
}

static const struct out_kind fake_kind = {
	.type = "fake",
	.open = fake_open,
	.write = fake_write,
	.purged = fake_purged,
	.reopen = fake_reopen,
	.close = fake_close,
};

static const struct key minutes[] = {
	{ "aggregate", "src_host, dst_host" },
	{ "print_history", "1m" },
	{ "print_history_roundoff", "m" },
	{ "print_refresh_time", "3600" },
	{ 0 }
};

static struct output *
start(struct bench *b, struct fake *f, const struct key *row)
{
	struct sbuf err = { 0 };
	struct output *o;

	bench_open(b, row);
	b->env.name = (const char *)f;
	o = output_start(&fake_kind, &b->env, NULL, &err);
	if (o == NULL)
		assert_string_equal(sbuf_text(&err), "no such place");
	sbuf_done(&err);
	return o;
}

/* Give a slice; where the output is behind, wait for it as a worker would at its next batch. */
static void
give(struct output *o, struct slice *s)
{
	while (!output_give(o, s))
		usleep(1000);
}

struct totals {
	uint64_t flows, bytes, packets;
};

static struct totals
give_random(struct bench *b, struct output *o, unsigned slices, unsigned seed)
{
	struct totals t = { 0 };
	struct flow flow[20];

	for (unsigned i = 0; i < slices; i++) {
		unsigned n = 1 + (unsigned)rand_r(&seed) % 20;

		for (unsigned k = 0; k < n; k++) {
			flow[k] = a_flow((uint8_t)(rand_r(&seed) % 9), (uint8_t)(rand_r(&seed) % 9),
			    1 + (uint64_t)(rand_r(&seed) % 5), (uint64_t)(rand_r(&seed) % 1500),
			    1600000000 + rand_r(&seed) % 600);
			t.bytes += flow[k].bytes;
			t.packets += flow[k].packets;
		}
		t.flows += n;
		give(o, bench_slice(b, flow, n));
		if (rand_r(&seed) % 4 == 0)
			output_flush(o);
		if (rand_r(&seed) % 4 == 0)
			usleep(500);
	}
	return t;
}

static void
check_books(struct output *o)
{
	struct out_counters *c = output_counters(o);

	assert_int_equal(counter_balance(c, out_counter_rows, out_counter_count), 0);
	assert_int_equal(counter_get(&c->flows_in) + counter_get(&c->made),
	    counter_get(&c->filtered) + counter_get(&c->flows_added));
	assert_int_equal(counter_get(&c->bytes_added), counter_get(&c->bytes_purged) +
	    counter_get(&c->bytes_rejected) + counter_get(&c->bytes_held));
	assert_int_equal(counter_get(&c->packets_added), counter_get(&c->packets_purged) +
	    counter_get(&c->packets_rejected) + counter_get(&c->packets_held));
}

static void
nothing_is_lost_or_doubled(void **state)
{
	static const struct { unsigned first, one_in; } ways[] = { { 0, 0 }, { 3, 0 }, { 0, 3 },
		{ 2, 5 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct fake *f = mem_new(sizeof(*f));
		struct sbuf text = { 0 };
		struct totals t;
		struct output *o;
		struct bench b;

		f->fail_first = ways[i].first;
		f->fail_one_in = ways[i].one_in;
		o = start(&b, f, minutes);
		t = give_random(&b, o, 100, (unsigned)i + 1);
		output_reopen(o);
		/* A bin in a row of failures needs its tries: the end gives only a few. */
		f->fail_one_in = f->fail_one_in > 0 ? 50 : 0;
		output_finish(o);
		assert_int_equal(f->bytes, t.bytes);
		assert_int_equal(f->packets, t.packets);
		assert_int_equal(counter_get(&output_counters(o)->flows_in), t.flows);
		assert_int_equal(counter_get(&output_counters(o)->bytes_purged), t.bytes);
		assert_int_equal(counter_get(&output_counters(o)->bytes_held), 0);
		assert_int_equal(counter_get(&output_counters(o)->retries) > 0, f->failures > 0);
		check_books(o);
		assert_string_equal(output_state(o, &text), "ok");
		assert_int_equal(f->closed, 1);
		assert_true(f->last_seen);
		sbuf_done(&text);
		output_stop(o);
		bench_close(&b);
		mem_free(f);
	}
}

static void
what_cannot_be_written_is_held_and_said(void **state)
{
	struct fake *f = mem_new(sizeof(*f));
	struct sbuf text = { 0 };
	struct totals t;
	struct output *o;
	struct bench b;

	(void)state;
	f->fail_first = UINT32_MAX;
	o = start(&b, f, minutes);
	t = give_random(&b, o, 20, 3);
	output_finish(o);
	assert_int_equal(f->bytes, 0);
	assert_int_equal(counter_get(&output_counters(o)->bytes_held), t.bytes);
	check_books(o);
	assert_non_null(strstr(output_state(o, &text), "not written: the disk is full"));
	sbuf_done(&text);
	output_stop(o);
	bench_close(&b);
	mem_free(f);
}

static void
preprocess_keeps_the_books(void **state)
{
	static const struct key row[] = { { "aggregate", "src_host" },
		{ "print_refresh_time", "3600" }, { "print_preprocess", "minb=1000" }, { 0 } };
	struct flow flow[2] = { a_flow(1, 1, 1, 999, 1600000000), a_flow(2, 1, 2, 1000, 1600000000) };
	struct fake *f = mem_new(sizeof(*f));
	struct output *o;
	struct bench b;

	(void)state;
	o = start(&b, f, row);
	give(o, bench_slice(&b, flow, 2));
	output_finish(o);
	assert_int_equal(f->rows, 1);
	assert_int_equal(f->bytes, 1000);
	assert_int_equal(counter_get(&output_counters(o)->rows_rejected), 1);
	assert_int_equal(counter_get(&output_counters(o)->bytes_rejected), 999);
	check_books(o);
	output_stop(o);
	bench_close(&b);
	mem_free(f);
}

static void
sums_are_counted_on_both_sides(void **state)
{
	static const struct key row[] = { { "aggregate", "sum_host" },
		{ "print_refresh_time", "3600" }, { 0 } };
	struct flow flow = a_flow(1, 1, 1, 500, 1600000000);
	struct fake *f = mem_new(sizeof(*f));
	struct output *o;
	struct bench b;

	(void)state;
	o = start(&b, f, row);
	give(o, bench_slice(&b, &flow, 1));
	output_finish(o);
	assert_int_equal(f->rows, 2);
	assert_int_equal(f->bytes, 1000);
	assert_int_equal(counter_get(&output_counters(o)->flows_in), 1);
	assert_int_equal(counter_get(&output_counters(o)->made), 1);
	assert_int_equal(counter_get(&output_counters(o)->flows_added), 2);
	check_books(o);
	output_stop(o);
	bench_close(&b);
	mem_free(f);
}

static void
purges_come_by_themselves(void **state)
{
	static const struct key row[] = { { "aggregate", "src_host" },
		{ "print_refresh_time", "1" }, { 0 } };
	struct flow flow = a_flow(1, 1, 1, 500, 1600000000);
	struct fake *f = mem_new(sizeof(*f));
	struct output *o;
	struct bench b;

	(void)state;
	o = start(&b, f, row);
	assert_int_equal(output_slice_ns(o), NS_PER_SEC);
	give(o, bench_slice(&b, &flow, 1));
	for (unsigned i = 0; i < 1200 && counter_get(&output_counters(o)->rows_purged) == 0; i++)
		usleep(50000);
	assert_int_equal(counter_get(&output_counters(o)->bytes_purged), 500);
	output_stop(o);
	bench_close(&b);
	mem_free(f);
}

static void
an_output_that_does_not_open_does_not_start(void **state)
{
	struct fake f = { .refused = true };
	struct bench b;

	(void)state;
	assert_null(start(&b, &f, minutes));
	bench_close(&b);
}

/* Two workers at once, each with its own reader of the epoch, and control asking in between. */
struct worker {
	struct bench bench;
	struct output *o;
	unsigned seed;
	struct totals t;
};

static void *
work(void *arg)
{
	struct worker *w = arg;

	w->t = give_random(&w->bench, w->o, 150, w->seed);
	return NULL;
}

static void
workers_hand_over_at_once(void **state)
{
	struct fake *f = mem_new(sizeof(*f));
	struct worker w[2];
	pthread_t thread[2];
	struct output *o;
	struct bench b;

	(void)state;
	f->fail_one_in = 7;
	o = start(&b, f, minutes);
	for (unsigned i = 0; i < 2; i++) {
		w[i] = (struct worker){ .bench = b, .o = o, .seed = 10 + i };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct sbuf text = { 0 };

		output_reopen(o);
		(void)output_state(o, &text);
		(void)counter_get(&output_counters(o)->bytes_held);
		usleep(2000);
		sbuf_done(&text);
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	output_finish(o);
	assert_int_equal(f->bytes, w[0].t.bytes + w[1].t.bytes);
	check_books(o);
	assert_true(f->reopened > 0);
	output_stop(o);
	bench_close(&b);
	mem_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_or_doubled),
		cmocka_unit_test(what_cannot_be_written_is_held_and_said),
		cmocka_unit_test(preprocess_keeps_the_books),
		cmocka_unit_test(sums_are_counted_on_both_sides),
		cmocka_unit_test(purges_come_by_themselves),
		cmocka_unit_test(an_output_that_does_not_open_does_not_start),
		cmocka_unit_test(workers_hand_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
