/* SPDX-License-Identifier: BSD-2-Clause */
/* A loss is told at once, for ten minutes after the last one, and then no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mem.h"
#include "waybilld/health.h"

static void
losses_are_told_for_a_while(void **state)
{
	static const struct { int second; uint64_t n; bool noted, recent; } rows[] = {
		{ 0, 0, true, false },
		{ 10, 3, false, true },		/* before it was noted */
		{ 12, 3, true, true },
		{ 611, 3, true, true },
		{ 612, 3, true, false },
		{ 5000, 4, true, true },
		{ 5599, 4, false, true },
		{ 5601, 4, true, false },
		{ 5602, 5, true, true },
		{ 5603, 2, true, true },	/* an output went, and its counter */
		{ 6202, 2, true, false },
	};
	struct health h = { { 0 }, { { 0 } } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint64_t n[HEALTH_KINDS] = { 0, rows[i].n };
		mono_t now = { rows[i].second * NS_PER_SEC + 1 };

		if (rows[i].noted)
			health_note(&h, n, now);
		assert_int_equal(health_recent(&h, 1, rows[i].n, now), rows[i].recent);
		assert_false(health_recent(&h, 0, 0, now));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_told_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
