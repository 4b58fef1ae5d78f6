/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits for readers: in order, in any number, never before they have moved on; and areas given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/mem.h"
#include "rib/limbo.h"

static void
take(void *owner, void *thing, uint32_t number)
{
	uint32_t *next = owner;

	assert_null(thing);
	assert_int_equal(number, *next);
	++*next;
}

static void
put_until(struct limbo *lb, uint32_t *next, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		limbo_put(lb, (struct limbo_item){ take, next, NULL, from });
}

static const mono_t ever = { INT64_MAX };

static void
items_come_back_in_order_once_readers_moved(void **state)
{
	struct epoch *ep = epoch_new();
	struct epoch_reader *reader = epoch_join(ep);
	struct limbo lb;
	uint32_t next = 0;

	(void)state;
	limbo_init(&lb, ep);
	epoch_tick(ep, reader);
	put_until(&lb, &next, 0, 5000);
	assert_false(limbo_work(&lb, ever));
	assert_int_equal(next, 0);			/* the reader may still look at them */
	put_until(&lb, &next, 5000, 5010);
	epoch_tick(ep, reader);
	assert_false(limbo_work(&lb, ever));
	assert_int_equal(next, 5000);			/* what was put later waits for a later epoch */
	epoch_tick(ep, reader);
	assert_false(limbo_work(&lb, ever));
	assert_int_equal(next, 5010);
	assert_true(limbo_empty(&lb));
	for (unsigned round = 0; round < 3000; round++) {
		put_until(&lb, &next, next, next + 3);
		epoch_tick(ep, reader);
		(void)limbo_work(&lb, ever);
		epoch_tick(ep, reader);
		(void)limbo_work(&lb, ever);
		assert_true(limbo_empty(&lb));
	}
	put_until(&lb, &next, next, next + 2000);
	epoch_leave(ep, reader);
	limbo_done(&lb);
	assert_int_equal(next, 5010 + 9000 + 2000);
	epoch_free(ep);
}

static void
work_ends_with_its_time(void **state)
{
	struct epoch *ep = epoch_new();
	struct limbo lb;
	uint32_t next = 0;
	unsigned calls = 0;

	(void)state;
	limbo_init(&lb, ep);
	put_until(&lb, &next, 0, 1000);
	while (limbo_work(&lb, (mono_t){ 0 }))
		calls++;
	assert_int_equal(next, 1000);
	assert_in_range(calls, 1000 / 16 - 1, 1000 / 16 + 1);
	limbo_done(&lb);
	epoch_free(ep);
}

static void
areas_are_given_back_in_steps(void **state)
{
	const size_t step = (size_t)16 << 20;
	uint8_t *a = mem_reserve(3 * step, 0), *b = mem_reserve(step, 0);
	const struct mem_area area[] = { { a, 2 * step + 4096 }, { NULL, 0 }, { b, step } };
	size_t at = 0;
	unsigned calls = 0;

	(void)state;
	memset(a, 1, 3 * step);
	memset(b, 1, step);
	while (mem_release_some(area, ARRAY_LEN(area), &at))
		calls++;
	assert_int_equal(calls, 4);			/* two, a short one, and that of b */
	assert_int_equal(a[0] | a[step] | a[2 * step] | b[0] | b[step - 1], 0);
	assert_int_equal(a[2 * step + 4096], 1);	/* what was not said to go */
	mem_unreserve(a, 3 * step);
	mem_unreserve(b, step);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_back_in_order_once_readers_moved),
		cmocka_unit_test(work_ends_with_its_time),
		cmocka_unit_test(areas_are_given_back_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
