/* SPDX-License-Identifier: BSD-2-Clause */
/* Readers and writers, channels, epochs, slots, names, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/chan.h"
#include "core/counter.h"
#include "core/epoch.h"
#include "core/growslots.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/names.h"
#include "core/sbuf.h"

static void
reader_stops_at_every_shorter_length(void **state)
{
	const uint8_t msg[] = { 0x12, 0x34, 0x56, 1, 2, 3, 4, 0xff };

	(void)state;
	for (size_t n = 0; n <= sizeof(msg); n++) {
		struct rd r = rd_of(msg, n);
		uint16_t a = rd_u16(&r);
		uint8_t b = rd_u8(&r);
		uint32_t c = rd_u32(&r);
		uint8_t d = rd_u8(&r);

		assert_int_equal(r.bad, n < sizeof(msg));
		if (n >= 2)
			assert_int_equal(a, 0x1234);
		else
			assert_int_equal(a, 0);
		assert_int_equal(b, n >= 3 ? 0x56 : 0);
		assert_int_equal(c, n >= 7 ? 0x01020304 : 0);
		assert_int_equal(d, n >= 8 ? 0xff : 0);
		assert_int_equal(rd_left(&r), 0);
	}
}

static void
sub_reader_cannot_reach_past_its_parent(void **state)
{
	const uint8_t msg[] = { 2, 9, 8, 7 };
	struct rd r = rd_of(msg, sizeof(msg));
	struct rd sub = rd_sub(&r, rd_u8(&r));

	(void)state;
	assert_int_equal(rd_u16(&sub), 0x0908);
	assert_false(sub.bad);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.bad);
	assert_int_equal(rd_u8(&r), 7);
	sub = rd_sub(&r, 1);
	assert_true(r.bad);
	assert_true(sub.bad);
}

static void
writer_fills_lengths_and_stops_at_its_end(void **state)
{
	uint8_t room[6];
	struct wr w = wr_of(room, sizeof(room));
	size_t mark;

	(void)state;
	wr_u8(&w, 7);
	mark = wr_mark16(&w);
	wr_u24(&w, 0xabcdef);
	wr_fill16(&w, mark, 0);
	assert_false(w.bad);
	assert_memory_equal(room, "\x07\x00\x03\xab\xcd\xef", 6);
	wr_u8(&w, 1);
	assert_true(w.bad);
	assert_int_equal(wr_len(&w), 6);
}

static void
counters_balance(void **state)
{
	struct { counter_t in, out, drop; } c = { 0 };
	const struct counter_row rows[] = {
		{ "in", offsetof(__typeof__(c), in), COUNTER_IN, "" },
		{ "out", offsetof(__typeof__(c), out), COUNTER_OUT, "" },
		{ "drop", offsetof(__typeof__(c), drop), COUNTER_DROP, "" },
	};

	(void)state;
	count_add(&c.in, 5);
	count_add(&c.out, 3);
	count(&c.drop);
	assert_int_equal(counter_balance(&c, rows, 3), 1);
	count(&c.drop);
	assert_int_equal(counter_balance(&c, rows, 3), 0);
}

#define SENDERS	4
#define SENT	20000

static void *
send_numbers(void *arg)
{
	struct chan *ch = arg;

	for (uintptr_t i = 1; i <= SENT; i++)
		while (!chan_send(ch, (void *)i))
			sched_yield();
	return NULL;
}

static void
channel_delivers_everything_once(void **state)
{
	struct chan *ch = chan_new(64);
	pthread_t t[SENDERS];
	uint64_t sum = 0, n = 0;

	(void)state;
	for (int i = 0; i < SENDERS; i++)
		pthread_create(&t[i], NULL, send_numbers, ch);
	while (n < SENDERS * SENT) {
		void *thing = chan_take(ch);

		if (thing == NULL) {
			chan_wait(ch, 1000);
			continue;
		}
		sum += (uintptr_t)thing;
		n++;
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	assert_null(chan_take(ch));
	assert_int_equal(sum, (uint64_t)SENDERS * SENT * (SENT + 1) / 2);
	chan_free(ch);
}

static void
epoch_waits_for_online_readers_only(void **state)
{
	struct epoch *ep = epoch_new();
	struct epoch_reader *a = epoch_join(ep), *b = epoch_join(ep);
	uint64_t number;

	(void)state;
	epoch_tick(ep, a);
	number = epoch_retire(ep);
	assert_false(epoch_passed(ep, number));
	epoch_follow(b, a);		/* as old as a, though it came online later */
	epoch_tick(ep, a);
	assert_false(epoch_passed(ep, number));
	epoch_offline(b);
	assert_true(epoch_passed(ep, number));
	epoch_leave(ep, a);
	epoch_leave(ep, b);
	epoch_free(ep);
}

static uint64_t
hash_of_number(const void *ctx, uint32_t index)
{
	const uint64_t *number = ctx;

	return hash_words(&number[index], 1, 42);
}

static void
slots_hold_against_a_plain_list(void **state)
{
	enum { N = 3000 };
	static uint64_t number[N];
	static bool in[N];
	struct slots s;

	(void)state;
	srandom(1);
	slots_init(&s, 4);
	for (uint32_t i = 0; i < N; i++)
		number[i] = i % 700;	/* many equal keys: tags collide */
	for (int step = 0; step < 60000; step++) {
		uint32_t i = (uint32_t)random() % N;
		struct slots_at at;
		uint32_t found;

		if (in[i])
			slots_remove(&s, hash_of_number(number, i), i, hash_of_number, number);
		else
			slots_put(&s, hash_of_number(number, i), i, hash_of_number, number);
		in[i] = !in[i];
		i = (uint32_t)random() % N;
		for (found = slots_first(&s, hash_of_number(number, i), &at);
		    found != SLOTS_NONE && found != i; found = slots_next(&s, &at))
			;
		assert_int_equal(found == i, in[i]);
	}
	slots_done(&s);
}

static uint64_t
mixed(uint64_t i)
{
	return hash_words(&i, 1, 42);
}

/* Homes at the end of the slots, whatever their size, so that clusters wrap around. */
static uint64_t
crowded_high(uint64_t i)
{
	return (UINT64_C(0xffffffff) - i % 40 * 3) << 32;
}

static uint64_t
crowded_low(uint64_t i)
{
	return i % 50 << 32;
}

/* As a growth of 2^19 slots begins, a crowd comes at their end and wraps around. */
#define LATE_CROWD(salt)								\
	static uint64_t									\
	late_crowd_##salt(uint64_t i)							\
	{										\
		return i >= 262144 && i < 263144 && i % 8 == 0 ? UINT64_MAX << 32 :	\
		    mixed(i * 8 + salt);						\
	}
LATE_CROWD(0) LATE_CROWD(1) LATE_CROWD(2) LATE_CROWD(3) LATE_CROWD(4) LATE_CROWD(5)

/* Whether growing slots hold `index` under its hash, by the slots that the hash belongs to. */
static bool
grown_holds(struct growslots *g, uint64_t hash, uint32_t index)
{
	const struct slots *s = growslots_of(g, hash);
	struct slots_at at;
	uint32_t found;

	for (found = slots_first(s, hash, &at); found != SLOTS_NONE; found = slots_next(s, &at))
		if (found == index)
			return true;
	return false;
}

/* At every step of many growths all that was added is found; hashes of a kind make long clusters. */
static void
growing_slots_lose_nothing(void **state)
{
	static const struct {
		uint32_t count;
		uint64_t (*of)(uint64_t i);
	} kinds[] = { { 300000, mixed }, { 3000, crowded_high }, { 3000, crowded_low },
		{ 400000, late_crowd_0 }, { 400000, late_crowd_1 }, { 400000, late_crowd_2 },
		{ 400000, late_crowd_3 }, { 400000, late_crowd_4 }, { 400000, late_crowd_5 } };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct growslots g;

		growslots_init(&g, 1);
		for (uint32_t i = 0; i < kinds[k].count; i++) {
			uint64_t hash = kinds[k].of(i);

			if (i % GROWSLOTS_STEP == 0)
				growslots_step(&g);
			slots_place(growslots_of(&g, hash), slots_make(hash, i));
			for (uint32_t probe = i, tries = 0; tries < 12; tries++, probe /= 2)
				assert_true(grown_holds(&g, kinds[k].of(probe), probe));
			assert_false(grown_holds(&g, hash, i + 1));
		}
		growslots_settle(&g);
		assert_int_equal(g.now.used, kinds[k].count);
		for (uint32_t i = 0; i < kinds[k].count; i++)
			assert_true(grown_holds(&g, kinds[k].of(i), i));
		growslots_done(&g);
	}
}

static void
names_are_interned_and_bounded(void **state)
{
	struct names *names = names_new(4);
	uint32_t a = names_put(names, "xe-0/0/0", 8);

	(void)state;
	assert_int_equal(names_put(names, "xe-0/0/0junk", 8), a);
	assert_string_equal(names_get(names, a), "xe-0/0/0");
	assert_int_equal(names_put(names, "", 0), 0);
	names_put(names, "b", 1);
	names_put(names, "c", 1);
	assert_int_equal(names_put(names, "d", 1), 0);
	assert_int_equal(names_refused(names), 1);
	assert_string_equal(names_get(names, 99), "");
	names_free(names);
}

static const char *
nth_word(const void *ctx, size_t i)
{
	return ((const char *const *)ctx)[i];
}

static void
nearest_word_is_found_or_none(void **state)
{
	const char *const word[] = { "nfacctd_port", "nfacctd_ip", "sql_table", "aggregate" };

	(void)state;
	assert_string_equal(nearest_word("nfaccttd_port", nth_word, word, 4), "nfacctd_port");
	assert_string_equal(nearest_word("agregate", nth_word, word, 4), "aggregate");
	assert_null(nearest_word("zzzzzz", nth_word, word, 4));
}

static void
json_and_csv(void **state)
{
	static const struct { const char *text, *json; } texts[] = {
		{ "", "\"\"" },
		{ "\\ \x01", "\"\\\\ \\u0001\"" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80\"" },
		{ "\xe9t\xe9", "\"\\u00e9t\\u00e9\"" },			/* Latin-1 */
		{ "\xe2\x82", "\"\\u00e2\\u0082\"" },			/* cut off */
		{ "\xc0\xaf", "\"\\u00c0\\u00af\"" },			/* longer than need be */
		{ "\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"" },	/* half of a pair */
		{ "\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"" },
	};
	struct sbuf b = { 0 };
	struct json j = json_of(&b);

	(void)state;
	json_object(&j, NULL);
	json_str(&j, "a", "x\"\n");
	json_u64(&j, "n", UINT64_MAX);
	json_array(&j, "l");
	json_u64(&j, NULL, 1);
	json_u64(&j, NULL, 2);
	json_end(&j, ']');
	json_end(&j, '}');
	assert_string_equal(sbuf_text(&b),
	    "{\"a\": \"x\\\"\\u000a\", \"n\": 18446744073709551615, \"l\": [1, 2]}");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		sbuf_clear(&b);
		j = json_of(&b);
		json_str(&j, NULL, texts[i].text);
		assert_string_equal(sbuf_text(&b), texts[i].json);
	}
	sbuf_clear(&b);
	csv_field(&b, "a,b\"c", ',');
	assert_string_equal(sbuf_text(&b), "\"a,b\"\"c\"");
	sbuf_done(&b);
}

static void
a_plain_tree_has_a_line_per_object(void **state)
{
	struct sbuf b = { 0 };
	struct json j = json_plain(&b);

	(void)state;
	json_array(&j, NULL);
	json_object(&j, NULL);
	json_str(&j, "output", "in");
	json_object(&j, "source");
	json_bool(&j, "known", false);
	json_str(&j, "net", NULL);
	json_end(&j, '}');
	json_u64(&j, "as", 1);
	json_u64(&j, "peer_as", 2);
	json_end(&j, '}');
	json_end(&j, ']');
	assert_string_equal(sbuf_text(&b), "output in\n  source: known no, net none\n  as 1, peer_as 2");
	sbuf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_stops_at_every_shorter_length),
		cmocka_unit_test(sub_reader_cannot_reach_past_its_parent),
		cmocka_unit_test(writer_fills_lengths_and_stops_at_its_end),
		cmocka_unit_test(counters_balance),
		cmocka_unit_test(channel_delivers_everything_once),
		cmocka_unit_test(epoch_waits_for_online_readers_only),
		cmocka_unit_test(slots_hold_against_a_plain_list),
		cmocka_unit_test(growing_slots_lose_nothing),
		cmocka_unit_test(names_are_interned_and_bounded),
		cmocka_unit_test(nearest_word_is_found_or_none),
		cmocka_unit_test(json_and_csv),
		cmocka_unit_test(a_plain_tree_has_a_line_per_object),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
