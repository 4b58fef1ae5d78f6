/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merged columns: what many tellers of one RIB of a router tell is one answer, held against a model
 * that asks each of them; the order of a router's RIBs; tellers that are down, gone or stale.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "fix.h"

#define TELLERS		12
#define PREFIXES	40
#define PATHS		30
#define IDS		3

static struct teller *
teller(struct fix *f, enum teller_rib rib, uint8_t rank, const char *name)
{
	struct teller_info info = {
		.kind = TELLER_BMP, .router = addr("192.0.2.1"), .router_id = addr("192.0.2.101"),
		.name = name, .rib = rib, .rank = rank,
	};

	return teller_new(f->rib, &info);
}

/* Path i: preferred the more the higher i is, with a next hop of its own. */
static uint32_t
path_of(struct teller *t, unsigned i)
{
	struct attrs a = {
		.aspath = (const uint8_t[]){ 2, 1, 0, 0, 0xfd, 0xe8 }, .aspath_len = 6,
		.local_pref = i, .has_local_pref = true, .next_hop = addr_of_v4(0x0a000000 + i),
	};

	return attrs_put(t, &a);
}

static struct nlri
nlri(unsigned prefix, uint32_t path_id)
{
	return (struct nlri){ .safi = RIB_UNICAST, .path_id = path_id,
	    .prefix = { .addr = addr_of_v4(0x0a000000 + (prefix << 8)), .len = 24 } };
}

static void
say(struct teller *t, unsigned prefix, uint32_t path_id, unsigned path)
{
	struct nlri n = nlri(prefix, path_id);

	assert_int_not_equal(rib_announce(t, &n, path_of(t, path)), RIB_FULL);
}

static struct route
ask(struct fix *f, uint32_t v4, unsigned hint_path)
{
	struct addr router = addr("192.0.2.101"), a = addr_of_v4(v4);
	struct addr hop = addr_of_v4(0x0a000000 + hint_path);
	const struct addr_field pa = { &a, 0 }, ph = { hint_path != 0 ? &hop : NULL, 0 };
	const struct view *v = view_find(f->rib, &router, 0, true);
	struct route r = { .kind = ROUTE_NONE };

	if (v != NULL)
		view_lookup(f->rib, v, pa, ph, &r, 1);
	return r;
}

static unsigned
pref(struct fix *f, struct route r)
{
	return r.path != 0 ? rib_path(f->rib, r.path)->local_pref : 0;
}

static void
work(struct fix *f)
{
	while (rib_work(f->rib, mono_add(mono_now(), 10 * NS_PER_MS)))
		;
}

/* --- against a model ---------------------------------------------------------------------------- */

struct model {
	struct teller *t[TELLERS];
	unsigned path[TELLERS][PREFIXES][IDS];		/* 0: none */
};

static void
check(struct fix *f, struct model *m)
{
	struct addr router = addr("192.0.2.1");
	const struct view *v = view_find(f->rib, &router, 0, false);

	for (unsigned p = 0; p < PREFIXES; p++) {
		struct view_candidate got[TELLERS * IDS];
		struct view_answer answer;
		struct addr a = addr_of_v4(0x0a000001 + (p << 8));
		unsigned best = 0, n = 0, any = 0;

		for (unsigned t = 0; t < TELLERS; t++)
			for (unsigned i = 0; i < IDS; i++) {
				unsigned path = m->path[t][p][i];

				n += path != 0;
				best = path > best ? path : best;
				any = path != 0 && rand() % 4 == 0 ? path : any;
			}
		assert_int_equal(pref(f, ask(f, 0x0a000001 + (p << 8), 0)), best);
		if (any != 0)
			assert_int_equal(pref(f, ask(f, 0x0a000001 + (p << 8), any)), any);
		if (v != NULL)
			assert_int_equal(view_candidates(f->rib, v, &a, NULL, got, ARRAY_LEN(got),
			    &answer), n);
	}
}

static void
random_step(struct fix *f, struct model *m)
{
	unsigned t = (unsigned)rand() % TELLERS, p = (unsigned)rand() % PREFIXES;
	unsigned i = rand() % 3 == 0 ? (unsigned)rand() % IDS : 0, path;
	struct nlri n = nlri(p, i);

	if (rand() % 400 == 0 && m->t[t] != NULL) {
		teller_gone(m->t[t]);
		m->t[t] = NULL;
		memset(m->path[t], 0, sizeof(m->path[t]));
		work(f);
		return;
	}
	if (m->t[t] == NULL)
		m->t[t] = teller(f, TELLER_IN_PRE, 2, "");
	if (rand() % 3 == 0) {
		(void)rib_withdraw(m->t[t], &n);
		m->path[t][p][i] = 0;
	} else {
		path = 1 + (unsigned)rand() % PATHS;
		say(m->t[t], p, i, path);
		m->path[t][p][i] = path;
	}
}

static void
many_tellers_are_one(void **state)
{
	struct fix f;
	struct rib_stats s;
	static struct model m;

	(void)state;
	up(&f, NULL);
	srand(7);
	for (unsigned step = 0; step < 30000; step++) {
		random_step(&f, &m);
		if (step % 50 == 0)
			check(&f, &m);
		if (step % 500 == 0)
			work(&f);
	}
	rib_stats(f.rib, &s);
	assert_int_equal(s.merged, 1);
	assert_int_equal(s.merged_full, 0);
	for (unsigned t = 0; t < TELLERS; t++)
		if (m.t[t] != NULL)
			teller_gone(m.t[t]);
	assert_int_equal(ask(&f, 0x0a000001, 0).kind, ROUTE_NONE);
	work(&f);
	rib_stats(f.rib, &s);
	assert_int_equal(s.merged + s.routes + s.prefixes[RIB_IP4] + s.column_bytes, 0);
	down(&f);
}

/* --- one by one --------------------------------------------------------------------------------- */

static void
ribs_in_order(void **state)
{
	struct fix f;
	struct teller *loc, *post, *pre, *out;

	(void)state;
	up(&f, NULL);
	out = teller(&f, TELLER_OUT_POST, TELLER_UNSEEN, "");
	say(out, 1, 0, 9);
	assert_int_equal(ask(&f, 0x0a000101, 0).kind, ROUTE_NONE);
	pre = teller(&f, TELLER_IN_PRE, 2, "");
	say(pre, 1, 0, 3);
	say(pre, 2, 0, 3);
	post = teller(&f, TELLER_IN_POST, 1, "");
	say(post, 1, 0, 2);
	loc = teller(&f, TELLER_LOC_RIB, 0, "");
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 2);
	/* A shorter prefix of the first RIB goes before a longer one of the next, ... */
	assert_int_not_equal(rib_announce(loc, &(struct nlri){ .safi = RIB_UNICAST,
	    .prefix = { addr_of_v4(0x0a000000), 23 } }, path_of(loc, 1)), RIB_FULL);
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 1);
	assert_int_equal(ask(&f, 0x0a000101, 0).len, 23);
	/* ... which has what the first one knows nothing of. */
	assert_int_equal(pref(&f, ask(&f, 0x0a000201, 0)), 3);
	teller_gone(loc);
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 2);
	teller_gone(post);
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 3);
	down(&f);
}

static void
a_set_that_is_full(void **state)
{
	struct fix f;
	struct teller *t[300];
	struct rib_stats s;

	(void)state;
	up(&f, NULL);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		t[i] = teller(&f, TELLER_IN_POST, 1, "");
		say(t[i], 1, 0, i + 1);
	}
	rib_stats(f.rib, &s);
	assert_int_equal(s.merged_full, 300 - 256);
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 256);
	/* What had no room has it once others have gone. */
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(rib_withdraw(t[i], &(struct nlri){ .safi = RIB_UNICAST,
		    .prefix = nlri(1, 0).prefix }), RIB_REMOVED);
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 300);
	for (unsigned i = 299; i > 100; i--) {
		teller_gone(t[i]);
		work(&f);
		assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), i);
	}
	down(&f);
}

static void
stale_and_down(void **state)
{
	struct fix f;
	struct teller *a, *b;
	struct addr router = addr("192.0.2.1");
	const struct view *v;
	uint32_t generation;

	(void)state;
	up(&f, NULL);
	a = teller(&f, TELLER_IN_POST, 1, "a");
	b = teller(&f, TELLER_IN_POST, 1, "b");
	say(a, 1, 0, 5);
	say(b, 1, 0, 4);
	say(a, 2, 0, 5);
	v = view_find(f.rib, &router, 0, false);
	assert_true(view_is_up(v));
	generation = rib_generation(f.rib);
	teller_down(a, true);
	assert_true(view_is_up(v));
	teller_down(b, true);
	assert_false(view_is_up(v));
	assert_int_not_equal(rib_generation(f.rib), generation);
	rib_stale(a, RIB_IP4, RIB_UNICAST);
	assert_int_equal(pref(&f, ask(&f, 0x0a000201, 0)), 5);
	teller_down(a, false);
	assert_true(view_is_up(v));
	say(a, 2, 0, 6);
	rib_sweep(a, RIB_IP4, RIB_UNICAST);
	work(&f);
	assert_int_equal(pref(&f, ask(&f, 0x0a000101, 0)), 4);
	assert_int_equal(pref(&f, ask(&f, 0x0a000201, 0)), 6);
	teller_gone(b);
	assert_true(view_is_up(v));
	work(&f);
	assert_int_equal(ask(&f, 0x0a000101, 0).kind, ROUTE_NONE);
	down(&f);
}

static void
who_had_it(void **state)
{
	struct fix f;
	struct addr router = addr("192.0.2.1"), at = addr("10.0.1.9"), hop = addr("10.0.0.4");
	struct view_candidate c[8];
	struct view_answer answer;
	const struct view *v;

	(void)state;
	up(&f, NULL);
	say(teller(&f, TELLER_IN_POST, 1, "a"), 1, 0, 5);
	v = view_find(f.rib, &router, 0, false);
	assert_int_equal(view_candidates(f.rib, v, &at, NULL, c, 8, &answer), 1);
	assert_int_equal(answer.why, VIEW_ALONE);
	assert_int_equal(answer.rib, TELLER_IN_POST);
	say(teller(&f, TELLER_IN_POST, 1, "b"), 1, 0, 4);
	assert_int_equal(view_candidates(f.rib, v, &at, NULL, c, 8, &answer), 2);
	assert_int_equal(answer.why, VIEW_PREFERRED);
	assert_string_equal(c[0].teller, "b");
	assert_int_equal(rib_path(f.rib, c[1].path)->local_pref, 5);
	assert_int_equal(view_candidates(f.rib, v, &at, &hop, c, 1, &answer), 2);
	assert_int_equal(answer.why, VIEW_NEXT_HOP);
	at = addr("10.9.9.9");
	assert_int_equal(view_candidates(f.rib, v, &at, NULL, c, 8, &answer), 0);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_tellers_are_one),
		cmocka_unit_test(ribs_in_order),
		cmocka_unit_test(a_set_that_is_full),
		cmocka_unit_test(stale_and_down),
		cmocka_unit_test(who_had_it),
	};

	return cmocka_run_group_tests_name("merged columns", tests, NULL, NULL);
}
