/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bins of time in Europe/Paris, where clocks go forward on 2024-03-31 at 02:00 and back on 2024-10-27
 * at 03:00: starts, next starts, and late flows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agg/plan.h"
#include "agg_test.h"
#include "core/mem.h"

/* Local time as text -> ns. */
static int64_t
at(const char *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * NS_PER_SEC;
}

static void
bins_of(const char *lines, const char *start, struct bins *ret)
{
	struct conf *conf = agg_conf(lines);
	struct conf_notes notes = { 0 };

	assert_int_equal(bins_compile(conf, 0, (wall_t){ at(start) }, ret, &notes), 0);
	conf_notes_done(&notes);
	conf_free(conf);
}

#define START	"2024-03-15 21:38:41"		/* a Friday */

static const struct {
	const char *lines, *flow, *from, *to;
} rows[] = {
	/* Without roundoff bins count from the daemon's start minute. */
	{ "print_history: 5m", "2024-03-15 21:40:00", "2024-03-15 21:38:00",
	    "2024-03-15 21:43:00" },
	{ "print_history: 5m", "2024-03-15 21:37:59", "2024-03-15 21:33:00",
	    "2024-03-15 21:38:00" },
	{ "print_history: 30s", "2024-03-15 21:40:31", "2024-03-15 21:40:30",
	    "2024-03-15 21:41:00" },
	{ "print_history: 5m\nprint_history_roundoff: m", "2024-03-15 21:44:59",
	    "2024-03-15 21:40:00", "2024-03-15 21:45:00" },
	{ "print_history: 300\nprint_history_roundoff: m", "2024-03-15 21:45:00",
	    "2024-03-15 21:45:00", "2024-03-15 21:50:00" },
	{ "print_history: 30m\nprint_history_roundoff: m\nprint_history_offset: 900",
	    "2024-03-15 21:44:59", "2024-03-15 21:15:00", "2024-03-15 21:45:00" },
	{ "print_history: 6h\nprint_history_roundoff: mh", "2024-03-15 17:00:00",
	    "2024-03-15 12:00:00", "2024-03-15 18:00:00" },
	/* Days from midnight follow the local calendar: 23, 25 and 24 hours. */
	{ "print_history: 1d\nprint_history_roundoff: mh", "2024-03-31 12:00:00",
	    "2024-03-31 00:00:00", "2024-04-01 00:00:00" },
	{ "print_history: 1d\nprint_history_roundoff: mh", "2024-10-27 23:59:59",
	    "2024-10-27 00:00:00", "2024-10-28 00:00:00" },
	{ "print_history: 1d\nprint_history_roundoff: mh", "2024-11-01 00:00:00",
	    "2024-11-01 00:00:00", "2024-11-02 00:00:00" },
	{ "print_history: 2d\nprint_history_roundoff: mhd", "2024-03-04 10:00:00",
	    "2024-03-03 00:00:00", "2024-03-05 00:00:00" },
	{ "print_history: 1d\nprint_history_roundoff: mh", "2024-01-01 00:00:01",
	    "2024-01-01 00:00:00", "2024-01-02 00:00:00" },
	/* Days that do not start at midnight have 24 hours. */
	{ "print_history: 1d", "2024-03-17 01:00:00", "2024-03-16 21:38:00",
	    "2024-03-17 21:38:00" },
	/* Weeks start on Sunday. */
	{ "print_history: 1w\nprint_history_roundoff: w", "2024-03-15 22:00:00",
	    "2024-03-10 00:00:00", "2024-03-17 00:00:00" },
	{ "print_history: 1w\nprint_history_roundoff: w", "2024-04-06 23:59:59",
	    "2024-03-31 00:00:00", "2024-04-07 00:00:00" },
	/* Months. */
	{ "print_history: 1M\nprint_history_roundoff: mhd", "2024-02-29 12:00:00",
	    "2024-02-01 00:00:00", "2024-03-01 00:00:00" },
	{ "print_history: 1M\nprint_history_roundoff: mhd", "2023-12-31 23:59:59",
	    "2023-12-01 00:00:00", "2024-01-01 00:00:00" },
	{ "print_history: 3M\nprint_history_roundoff: mhM", "2024-05-20 00:00:00",
	    "2024-04-01 00:00:00", "2024-07-01 00:00:00" },
	{ "print_history: 1M\nprint_history_roundoff: mhd\nprint_history_offset: 86400",
	    "2024-03-01 12:00:00", "2024-02-02 00:00:00", "2024-03-02 00:00:00" },
};

static void
test_starts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bins bins;
		int64_t from, to;

		bins_of(rows[i].lines, START, &bins);
		from = bins_start(&bins, at(rows[i].flow));
		to = bins_next(&bins, from);
		if (from != at(rows[i].from) || to != at(rows[i].to))
			fail_msg("row %zu: %s: %lld..%lld s off", i, rows[i].lines,
			    (long long)((from - at(rows[i].from)) / NS_PER_SEC),
			    (long long)((to - at(rows[i].to)) / NS_PER_SEC));
		assert_int_equal(bins_start(&bins, from), from);
		assert_int_equal(bins_start(&bins, to - 1), from);
		assert_int_equal(bins_start(&bins, to), to);
	}
}

/* Bins of any kind cover the year without a gap, whatever the clocks do. */
static void
test_no_gaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t end = at("2025-01-03 00:00:00"), from;
		struct bins bins;
		unsigned steps = 0;

		bins_of(rows[i].lines, START, &bins);
		from = bins_start(&bins, at("2023-12-30 05:00:00"));
		for (; from < end && steps < 20000; steps++) {
			int64_t to = bins_next(&bins, from), middle = from + (to - from) / 2;

			assert_true(to > from);
			assert_int_equal(bins_start(&bins, middle), from);
			assert_int_equal(bins_start(&bins, to), to);
			from = to;
		}
	}
}

static void
test_late(void **state)
{
	static const struct {
		const char *lines, *flow, *arrival, *bin;
		unsigned late;
	} cases[] = {
		{ "", "2024-03-15 11:59:00", "2024-03-15 12:03:00", "2024-03-15 11:55:00", 0 },
		{ "", "2024-03-14 12:03:01", "2024-03-15 12:03:00", "2024-03-14 12:00:00", 0 },
		{ "", "2024-03-14 12:02:59", "2024-03-15 12:03:00", "2024-03-15 12:00:00", 1 },
		{ "", "2024-03-15 12:08:00", "2024-03-15 12:03:00", "2024-03-15 12:05:00", 0 },
		{ "", "2024-03-15 12:08:01", "2024-03-15 12:03:00", "2024-03-15 12:00:00", 1 },
		{ "bin_past: 1m", "2024-03-15 11:59:00", "2024-03-15 12:03:00",
		    "2024-03-15 12:00:00", 1 },
		{ "nfacctd_time_new: true", "2024-03-15 11:59:00", "2024-03-15 12:03:00",
		    "2024-03-15 12:00:00", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct flow flow[2] = { { .bytes = 1 } };
		uint64_t keys[2], late;
		struct sbuf lines = { 0 };
		struct plan *plan;

		sbuf_printf(&lines, "aggregate: none\nprint_history: 5m\n"
		    "print_history_roundoff: m\n%s", cases[i].lines);
		plan = agg_plan(sbuf_text(&lines), (wall_t){ at(START) });
		flow[0].start.ns = at(cases[i].flow);
		flow[0].arrival.ns = flow[1].arrival.ns = at(cases[i].arrival);
		plan_pack(plan, 0, flow, 2, keys, &late);
		assert_int_equal(keys[0], at(cases[i].bin));
		assert_int_equal(keys[1], at("2024-03-15 12:00:00"));	/* no start said */
		assert_int_equal(late, cases[i].late);
		plan_free(plan);
		sbuf_done(&lines);
	}
}

static void
test_no_history(void **state)
{
	struct bins bins;

	(void)state;
	bins_of("aggregate: none", START, &bins);
	assert_int_equal(bins_start(&bins, at(START)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts),
		cmocka_unit_test(test_no_gaps),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_no_history),
	};

	setenv("TZ", "Europe/Paris", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
