/* SPDX-License-Identifier: BSD-2-Clause */
/* Background work whose time is over does one small step of each kind, however much there is to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "rib/column.h"
#include "fix.h"

enum { TELLERS = 50, ROUTES = 3000, THINGS = 100000, FREED_MOST = 16 };

static const mono_t over = { 1 }, ever = { INT64_MAX };

/* --- limbo ---------------------------------------------------------------------------------------- */

static void
free_thing(void *owner, void *thing, uint32_t number)
{
	uint32_t *freed = owner;

	(void)thing;
	assert_int_equal(number, *freed);
	++*freed;
}

static void
limbo_frees_a_few_at_a_time_in_their_order(void **state)
{
	struct epoch *ep = epoch_new();
	struct limbo lb;
	uint32_t freed = 0, put = 0;

	(void)state;
	limbo_init(&lb, ep);
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < THINGS; i++)
			limbo_put(&lb, (struct limbo_item){ free_thing, &freed, NULL, put++ });
		while (!limbo_empty(&lb)) {
			uint32_t before = freed;
			bool more = limbo_work(&lb, over);

			assert_int_equal(more, !limbo_empty(&lb));
			assert_in_range(freed - before, 1, FREED_MOST);
			/* What comes meanwhile stands behind the others. */
			if (put % 1000 == 0 && round == 1)
				limbo_put(&lb, (struct limbo_item){ free_thing, &freed, NULL, put++ });
		}
		assert_int_equal(freed, put);
	}
	limbo_put(&lb, (struct limbo_item){ free_thing, &freed, NULL, put++ });
	limbo_done(&lb);
	assert_int_equal(freed, put);
	epoch_free(ep);
}

static void
limbo_waits_for_readers(void **state)
{
	struct epoch *ep = epoch_new();
	struct epoch_reader *r = epoch_join(ep);
	struct limbo lb;
	uint32_t freed = 0;

	(void)state;
	limbo_init(&lb, ep);
	epoch_tick(ep, r);
	for (uint32_t i = 0; i < THINGS; i++)
		limbo_put(&lb, (struct limbo_item){ free_thing, &freed, NULL, i });
	assert_false(limbo_work(&lb, ever));
	assert_int_equal(freed, 0);
	epoch_tick(ep, r);
	assert_false(limbo_work(&lb, ever));
	assert_int_equal(freed, THINGS);
	limbo_done(&lb);
	epoch_leave(ep, r);
	epoch_free(ep);
}

/* --- routes --------------------------------------------------------------------------------------- */

static struct nlri
nlri_at(uint32_t i)
{
	return (struct nlri){ .prefix = { .addr = addr_of_v4((10u << 24) + (i << 8)), .len = 24 } };
}

static struct teller *
told(struct fix *f, uint32_t number, enum teller_kind kind)
{
	struct teller_info info = {
		.kind = kind, .router = addr_of_v4(0xc0000200), .as = number,
		.router_id = addr_of_v4(0x0a000001), .rib = kind == TELLER_BMP ? TELLER_IN_POST : TELLER_RIB_ONE,
	};
	struct attrs attrs = { .local_pref = number, .has_local_pref = true };
	struct teller *t;

	t = teller_new(f->rib, &info);
	for (uint32_t i = 0; i < ROUTES; i++) {
		struct nlri nlri = nlri_at(i);

		assert_int_equal(rib_announce(t, &nlri, attrs_put(t, &attrs)), RIB_NEW);
	}
	return t;
}

static uint64_t
routes(const struct fix *f)
{
	struct rib_stats s;

	rib_stats(f->rib, &s);
	return s.routes;
}

static void
sweeps_of_many_tellers_share_one_step(void **state)
{
	struct fix f;
	struct teller *t[TELLERS];
	uint64_t left;
	bool more = true;

	(void)state;
	up(&f, NULL);
	for (uint32_t i = 0; i < TELLERS; i++) {
		t[i] = told(&f, i + 1, TELLER_BGP);
		rib_stale(t[i], RIB_IP4, RIB_UNICAST);
	}
	for (uint32_t i = 0; i < TELLERS; i++)
		rib_sweep(t[i], RIB_IP4, RIB_UNICAST);
	while ((left = routes(&f)) > 0) {
		assert_true(more);
		more = rib_work(f.rib, over);
		assert_in_range(left - routes(&f), 0, RUN_CELLS);
	}
	for (uint32_t i = 0; i < TELLERS; i++)
		while (teller_is_stale(t[i]))
			(void)rib_work(f.rib, over);
	down(&f);
}

/* A sweep under way is not brought to its end: what it has left is stale again. */
static void
stale_again_in_the_middle_of_a_sweep(void **state)
{
	const struct nlri first = nlri_at(0), last = nlri_at(ROUTES - 1);
	struct attrs attrs = { .local_pref = 7 };
	struct fix f;
	struct teller *t;
	uint64_t left;

	(void)state;
	up(&f, NULL);
	/* So large that the slice within rib_sweep does not do it all. */
	t = told(&f, 1, TELLER_BGP);
	for (uint32_t i = ROUTES; i < 100 * ROUTES; i++) {
		struct nlri nlri = nlri_at(i);

		assert_int_equal(rib_announce(t, &nlri, attrs_put(t, &attrs)), RIB_NEW);
	}
	rib_stale(t, RIB_IP4, RIB_UNICAST);
	assert_int_equal(rib_announce(t, &last, attrs_put(t, &attrs)), RIB_REPLACED);
	rib_sweep(t, RIB_IP4, RIB_UNICAST);
	left = routes(&f);
	assert_true(left > 1);
	rib_stale(t, RIB_IP4, RIB_UNICAST);
	assert_int_equal(routes(&f), left);
	(void)rib_work(f.rib, ever);
	assert_int_equal(routes(&f), left);
	assert_int_equal(rib_announce(t, &first, attrs_put(t, &attrs)), RIB_NEW);
	rib_sweep(t, RIB_IP4, RIB_UNICAST);
	while (teller_is_stale(t))
		(void)rib_work(f.rib, over);
	assert_int_equal(routes(&f), 1);
	assert_int_equal(rib_withdraw(t, &first), RIB_REMOVED);
	down(&f);
}

struct heard { uint64_t swept, ended; };

static void
on_route(void *ctx, const struct rib_event *e)
{
	((struct heard *)ctx)->swept += e->change == RIB_SWEPT;
}

static void
on_teller(void *ctx, const struct teller *t, enum teller_event event)
{
	(void)t;
	((struct heard *)ctx)->ended += event == TELLER_END;
}

/* Those of a router's peers go, of which each is a part of a merged column. */
static void
columns_of_the_gone_are_emptied_by_steps(void **state)
{
	struct heard heard = { 0 };
	const struct rib_watcher watcher = { on_route, on_teller, &heard };
	struct fix f;
	struct teller *t[TELLERS];
	uint64_t before;

	(void)state;
	up(&f, NULL);
	rib_watch(f.rib, &watcher);
	for (uint32_t i = 0; i < TELLERS; i++)
		t[i] = told(&f, i + 1, TELLER_BMP);
	for (uint32_t i = 1; i < TELLERS; i++)
		teller_gone(t[i]);
	assert_int_equal(routes(&f), ROUTES);
	while (heard.ended < TELLERS - 1) {
		before = heard.swept;
		assert_true(rib_work(f.rib, over));
		assert_in_range(heard.swept - before, 0, RUN_CELLS);
	}
	assert_int_equal(heard.swept, (uint64_t)(TELLERS - 1) * ROUTES);
	assert_int_equal(routes(&f), ROUTES);
	rib_watch(f.rib, NULL);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limbo_frees_a_few_at_a_time_in_their_order),
		cmocka_unit_test(limbo_waits_for_readers),
		cmocka_unit_test(sweeps_of_many_tellers_share_one_step),
		cmocka_unit_test(stale_again_in_the_middle_of_a_sweep),
		cmocka_unit_test(columns_of_the_gone_are_emptied_by_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
