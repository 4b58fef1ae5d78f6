/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RIB's promises one by one: default routes that flap, views and ties, VPN tables, several
 * paths per prefix, budgets, memory that comes back, sweeps while routes are told.
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

static struct teller *
teller(struct fix *f, const char *router, const char *router_id)
{
	struct teller_info info = { .router = addr(router), .as = 65000, .name = router };

	if (router_id != NULL)
		info.router_id = addr(router_id);
	return teller_new(f->rib, &info);
}

static uint32_t
path_of(struct teller *t, uint32_t origin_as, uint32_t local_pref, const char *hop)
{
	uint8_t aspath[] = { 2, 1, (uint8_t)(origin_as >> 24), (uint8_t)(origin_as >> 16),
	    (uint8_t)(origin_as >> 8), (uint8_t)origin_as };
	struct attrs a = {
		.aspath = aspath, .aspath_len = origin_as != 0 ? sizeof(aspath) : 0,
		.local_pref = local_pref, .has_local_pref = true, .next_hop = addr(hop),
	};

	return attrs_put(t, &a);
}

static struct nlri
nlri(const char *prefix)
{
	struct nlri n = { .safi = RIB_UNICAST };

	assert_int_equal(prefix_parse(prefix, &n.prefix), 0);
	return n;
}

static void
say(struct teller *t, const char *prefix, uint32_t origin_as)
{
	struct nlri n = nlri(prefix);

	assert_int_not_equal(rib_announce(t, &n, path_of(t, origin_as, 100, "192.0.2.9")), RIB_FULL);
}

static struct route
ask(struct fix *f, const struct view *v, const char *text, const char *hint)
{
	struct addr a = addr(text), h = { { 0 } };
	struct route r;

	if (hint != NULL)
		h = addr(hint);
	view_lookup(f->rib, v, (struct addr_field){ &a, 0 },
	    (struct addr_field){ hint != NULL ? &h : NULL, 0 }, &r, 1);
	assert_ptr_equal(r.record, rib_path(f->rib, r.path));
	return r;
}

static void
work(struct fix *f)
{
	while (rib_work(f->rib, mono_add(mono_now(), 10 * NS_PER_MS)))
		;
}

static void
kinds_of_answers(void **state)
{
	struct fix f;
	struct teller *t;
	const struct view *v;
	static const struct {
		const char *addr;
		int kind, len;
	} rows[] = {
		{ "10.1.2.3", ROUTE_FOUND, 24 }, { "10.1.3.3", ROUTE_OWN, 16 },
		{ "10.2.0.0", ROUTE_DEFAULT, 0 }, { "2001:db8::1", ROUTE_FOUND, 32 },
		{ "2002::", ROUTE_NONE, 0 },
	};

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	say(t, "10.1.2.0/24", 7);
	say(t, "10.1.0.0/16", 0);
	say(t, "0.0.0.0/0", 9);
	say(t, "2001:db8::/32", 5);
	v = view_find(f.rib, &teller_info(t)->router, 0, true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct route r = ask(&f, v, rows[i].addr, NULL);

		assert_int_equal(r.kind, rows[i].kind);
		assert_int_equal(r.len, rows[i].len);
		assert_int_equal(r.path != 0, r.kind != ROUTE_NONE);
	}
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.2.0.0", NULL).path)->origin_as, 9);
	assert_int_equal(rib_path(f.rib, 0)->flags, 0);
	down(&f);
}

static void
views_are_found_by_router_id_then_by_address(void **state)
{
	struct fix f;
	struct teller *a, *b;
	struct addr ra = addr("192.0.2.1"), rb = addr("192.0.2.2"), none = addr("192.0.2.3");
	uint32_t generation;

	(void)state;
	up(&f, NULL);
	generation = rib_generation(f.rib);
	assert_null(view_find(f.rib, &ra, 0, true));
	a = teller(&f, "192.0.2.1", "192.0.2.2");	/* its id is b's address */
	b = teller(&f, "192.0.2.2", "198.51.100.1");
	assert_int_not_equal(rib_generation(f.rib), generation);
	say(a, "10.0.0.0/8", 1);
	say(b, "10.0.0.0/8", 2);
	assert_int_equal(rib_path(f.rib, ask(&f, view_find(f.rib, &rb, 0, true), "10.1.1.1",
	    NULL).path)->origin_as, 1);
	assert_int_equal(rib_path(f.rib, ask(&f, view_find(f.rib, &rb, 0, false), "10.1.1.1",
	    NULL).path)->origin_as, 2);
	assert_null(view_find(f.rib, &none, 0, true));
	generation = rib_generation(f.rib);
	teller_gone(a);
	assert_int_not_equal(rib_generation(f.rib), generation);
	assert_int_equal(rib_path(f.rib, ask(&f, view_find(f.rib, &rb, 0, true), "10.1.1.1",
	    NULL).path)->origin_as, 2);
	assert_null(view_find(f.rib, &ra, 0, true));
	down(&f);
}

static void
the_longest_match_of_the_list_decides(void **state)
{
	struct fix f;
	struct teller *a, *b;
	const struct view *v;
	struct nlri labelled = nlri("10.1.0.0/16");

	(void)state;
	up(&f, NULL);
	a = teller(&f, "192.0.2.1", NULL);
	b = teller(&f, "192.0.2.1", NULL);
	labelled.safi = RIB_LABELLED;
	labelled.label = 77;
	rib_announce(a, &labelled, path_of(a, 3, 100, "192.0.2.9"));
	say(a, "10.0.0.0/8", 1);
	say(b, "10.0.0.0/8", 2);
	say(b, "10.1.1.0/24", 4);
	v = view_find(f.rib, &teller_info(a)->router, 0, true);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.2.1.1", NULL).path)->origin_as, 1);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.2.1", NULL).path)->origin_as, 3);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.1.1", NULL).path)->origin_as, 4);
	assert_int_equal(ask(&f, v, "10.1.1.1", NULL).column, 1);
	say(b, "10.1.0.0/16", 5);			/* unicast goes before labelled */
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.2.1", NULL).path)->origin_as, 5);
	down(&f);
}

static void
a_vpn_table_goes_before_the_global_one(void **state)
{
	struct fix f;
	struct teller *t;
	const struct view *global, *vpn;
	struct nlri n = nlri("10.0.0.0/8"), back;
	struct rib_cursor cursor = { 0 };
	uint32_t path;
	uint64_t rd;

	(void)state;
	up(&f, NULL);
	assert_int_equal(rd_parse("0:65000:1", &rd), 0);
	t = teller(&f, "192.0.2.1", "192.0.2.1");
	assert_ptr_equal(view_find(f.rib, &teller_info(t)->router, rd, true),
	    view_find(f.rib, &teller_info(t)->router, 0, true));
	n.rd = rd;
	n.safi = RIB_VPN;
	n.label = 12345;
	rib_announce(t, &n, path_of(t, 1, 100, "192.0.2.9"));
	assert_int_equal(rib_walk(t, &cursor, &back, &path, 1), 1);
	assert_int_equal(back.label, 12345);
	assert_true(back.rd == rd);
	say(t, "10.0.0.0/8", 2);
	say(t, "10.1.0.0/16", 3);
	global = view_find(f.rib, &teller_info(t)->router, 0, true);
	vpn = view_find(f.rib, &teller_info(t)->router, rd, true);
	assert_ptr_not_equal(global, vpn);
	assert_int_equal(rib_path(f.rib, ask(&f, global, "10.2.0.1", NULL).path)->origin_as, 2);
	assert_int_equal(rib_path(f.rib, ask(&f, vpn, "10.2.0.1", NULL).path)->origin_as, 1);
	assert_int_equal(rib_path(f.rib, ask(&f, vpn, "10.1.0.1", NULL).path)->origin_as, 3);
	assert_int_equal(ask(&f, vpn, "10.1.0.1", NULL).column, 1);
	assert_int_equal(ask(&f, vpn, "2001:db8::", NULL).kind, ROUTE_NONE);
	down(&f);
}

static void
several_paths_of_one_prefix(void **state)
{
	struct fix f;
	struct teller *t;
	const struct view *v;
	struct nlri n = nlri("10.0.0.0/8");
	struct rib_match m[4];
	struct addr a = addr("10.1.1.1");

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	n.path_id = 5;
	assert_int_equal(rib_announce(t, &n, path_of(t, 1, 100, "192.0.2.5")), RIB_NEW);
	n.path_id = 3;
	assert_int_equal(rib_announce(t, &n, path_of(t, 2, 100, "192.0.2.3")), RIB_NEW);
	n.path_id = 9;
	assert_int_equal(rib_announce(t, &n, path_of(t, 3, 200, "192.0.2.7")), RIB_NEW);
	assert_int_equal(rib_announce(t, &n, path_of(t, 3, 200, "192.0.2.7")), RIB_SAME);
	v = view_find(f.rib, &teller_info(t)->router, 0, true);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.1.1", NULL).path)->origin_as, 3);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.1.1", "192.0.2.5").path)->origin_as, 1);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.1.1", "192.0.2.1").path)->origin_as, 3);
	assert_int_equal(rib_matches(f.rib, NULL, 0, &a, m, 2), 3);
	assert_int_equal(rib_withdraw(t, &n), RIB_REMOVED);
	assert_int_equal(rib_withdraw(t, &n), RIB_UNKNOWN);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.1.1.1", NULL).path)->origin_as, 2);
	assert_int_equal(teller_routes(t, RIB_IP4, RIB_UNICAST), 2);

	/* One of the two is told again; the other one is swept. */
	rib_stale(t, RIB_IP4, RIB_UNICAST);
	n.path_id = 5;
	assert_int_equal(rib_announce(t, &n, path_of(t, 1, 100, "192.0.2.5")), RIB_SAME);
	assert_int_equal(rib_matches(f.rib, t, 0, &a, m, 4), 2);
	assert_int_equal(m[0].stale + m[1].stale, 1);
	rib_sweep(t, RIB_IP4, RIB_UNICAST);
	work(&f);
	assert_int_equal(rib_matches(f.rib, t, 0, &a, m, 4), 1);
	assert_int_equal(m[0].path_id, 5);
	assert_false(m[0].stale);
	down(&f);
}

static void
as_many_paths_as_there_may_be(void **state)
{
	struct fix f;
	struct teller *t;
	struct nlri n = nlri("10.0.0.0/8");

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	for (n.path_id = 1; n.path_id <= 256; n.path_id++)
		assert_int_equal(rib_announce(t, &n, path_of(t, 1, 1, "192.0.2.5")), RIB_NEW);
	assert_int_equal(rib_announce(t, &n, path_of(t, 1, 1, "192.0.2.5")), RIB_FULL);
	for (n.path_id = 1; n.path_id <= 256; n.path_id++)
		assert_int_equal(rib_withdraw(t, &n), RIB_REMOVED);
	assert_int_equal(teller_routes(t, RIB_IP4, RIB_UNICAST), 0);
	down(&f);
}

/* A table large enough for direct indexing. */
static void
fill(struct teller *t, size_t prefixes)
{
	uint32_t path = path_of(t, 64500, 100, "192.0.2.9");

	for (size_t i = 0; i < prefixes; i++) {
		struct nlri n = { .safi = RIB_UNICAST };

		n.prefix = (struct prefix){ addr_of_v4((uint32_t)(0x01000000 + i * 256 * 7)), 24 };
		assert_int_not_equal(rib_announce(t, &n, path), RIB_FULL);
		memset(n.prefix.addr.b, 0, sizeof(n.prefix.addr));
		n.prefix.addr.b[0] = 0x20 + (uint8_t)(i >> 16);
		n.prefix.addr.b[1] = (uint8_t)(i >> 8);
		n.prefix.addr.b[2] = (uint8_t)i;
		n.prefix.len = 32;
		assert_int_not_equal(rib_announce(t, &n, path), RIB_FULL);
	}
}

/* In CPU time: what else the machine does meanwhile is not the RIB's. */
/* A sanitizer makes everything so many times slower (tests/run is told by ./check). */
static int64_t
slower(void)
{
	const char *times = getenv("WB_SLOWER");

	return times != NULL ? atoi(times) : 1;
}

static int64_t
longest(int64_t worst, int64_t from)
{
	int64_t took = cpu_ns() - from;

	return took > worst ? took : worst;
}

static void
default_routes_that_flap_cost_nothing(void **state)
{
	static const char *const text[] = { "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0" };
	struct fix f;
	struct teller *t;
	int64_t worst = 0;

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	fill(t, 100000);
	work(&f);
	for (int i = 0; i < 10000; i++) {
		uint32_t path = path_of(t, 1, 100, "192.0.2.9");
		struct nlri n = nlri(text[i % ARRAY_LEN(text)]);
		int64_t from = cpu_ns();

		assert_int_equal(rib_announce(t, &n, path), RIB_NEW);
		worst = longest(worst, from);
		from = cpu_ns();
		assert_int_equal(rib_withdraw(t, &n), RIB_REMOVED);
		worst = longest(worst, from);
		if (i % 3 == 0)
			continue;
		from = cpu_ns();
		(void)rib_work(f.rib, mono_add(mono_now(), 10 * NS_PER_MS));
		worst = longest(worst, from);
	}
	printf("longest step: %.3f ms\n", (double)worst / NS_PER_MS);
	assert_true(worst < 20 * NS_PER_MS * slower());
	down(&f);
}

static void
growing_never_stops_the_writer(void **state)
{
	struct fix f;
	struct teller *t;
	uint32_t path;
	int64_t worst = 0;

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	path = path_of(t, 1, 100, "192.0.2.9");
	for (uint32_t i = 0; i < 40000; i++) {
		struct nlri n = { .safi = RIB_UNICAST };
		int64_t from = cpu_ns();

		n.prefix = (struct prefix){ addr_of_v4(0x01000000 + i * 256 * 317), 24 };
		assert_int_equal(rib_announce(t, &n, path), RIB_NEW);
		worst = longest(worst, from);
	}
	printf("longest step: %.3f ms\n", (double)worst / NS_PER_MS);
	assert_true(worst < 20 * NS_PER_MS * slower());
	down(&f);
}

static void
unused_attributes_are_freed(void **state)
{
	struct fix f;
	struct teller *t, *u;
	struct rib_stats before, after;
	struct nlri n = nlri("10.0.0.0/8");
	uint32_t kept;

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	u = teller(&f, "192.0.2.2", NULL);
	kept = path_of(u, 12345, 100, "192.0.2.77");
	rib_announce(u, &n, kept);
	rib_stats(f.rib, &before);
	for (uint32_t i = 1; i <= 300000; i++) {
		rib_announce(t, &n, path_of(t, i, 100, "192.0.2.9"));
		if (i % 1000 == 0)
			(void)rib_work(f.rib, mono_add(mono_now(), slower() * NS_PER_MS));
	}
	rib_stats(f.rib, &after);
	assert_true(after.markings > 0);
	assert_true(after.paths < 200000);
	teller_gone(t);
	work(&f);
	work(&f);
	rib_stats(f.rib, &after);
	assert_int_equal(after.paths, 1);
	assert_int_equal(after.routes, 1);
	assert_int_equal(after.aspaths, 1);
	assert_int_equal(rib_path(f.rib, kept)->origin_as, 12345);
	teller_gone(u);
	work(&f);
	work(&f);
	rib_stats(f.rib, &after);
	assert_int_equal(after.paths, 0);
	assert_int_equal(after.aspaths + after.addrs + after.comm_lists, 0);
	assert_true(after.pool_bytes <= before.pool_bytes);
	down(&f);
}

/* Two tellers took turns; the one that goes takes its attributes' memory along. */
static void
memory_comes_back_when_one_of_two_goes(void **state)
{
	enum { ROUTES = 60000 };
	struct fix f;
	struct teller *t[2];
	struct rib_stats one, both, after;

	(void)state;
	up(&f, NULL);
	t[0] = teller(&f, "192.0.2.1", NULL);
	t[1] = teller(&f, "192.0.2.2", NULL);
	for (uint32_t i = 0; i < 2 * ROUTES; i++) {
		struct nlri n = { .safi = RIB_UNICAST };

		n.prefix = (struct prefix){ addr_of_v4(0x01000000 + i / 2 * 256), 24 };
		rib_announce(t[i % 2], &n, path_of(t[i % 2], i + 1, 100, "192.0.2.9"));
	}
	rib_stats(f.rib, &both);
	/* Slabs are full but for the last ones of each kind and owner. */
	assert_true(both.pool_held < both.pool_bytes + both.pool_bytes / 8 + (1 << 20));
	teller_gone(t[0]);
	work(&f);
	work(&f);
	rib_stats(f.rib, &one);
	assert_int_equal(one.paths, ROUTES);
	assert_true(one.pool_held < both.pool_held * 7 / 10);
	teller_gone(t[1]);
	work(&f);
	work(&f);
	rib_stats(f.rib, &after);
	assert_true(after.pool_held < 1 << 20);
	/* The prefixes' ids came back by now; what held them goes as well, and works again. */
	work(&f);
	rib_stats(f.rib, &after);
	t[0] = teller(&f, "192.0.2.1", NULL);
	say(t[0], "10.1.0.0/24", 7);
	assert_int_equal(ask(&f, view_find(f.rib, &teller_info(t[0])->router, 0, true), "10.1.0.9",
	    NULL).len, 24);
	down(&f);
}

/* While a table is told for the first time nothing can be unused: there is nothing to mark. */
static void
a_growing_table_is_not_marked(void **state)
{
	struct fix f;
	struct teller *t;
	struct rib_stats st;

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 150000; i++) {
			struct nlri n = { .safi = RIB_UNICAST };

			n.prefix = (struct prefix){ addr_of_v4(0x01000000 + i * 256), 24 };
			rib_announce(t, &n, path_of(t, i + 1 + 150000 * round, 100, "192.0.2.9"));
			if (i % 1000 == 0)
				(void)rib_work(f.rib, mono_add(mono_now(), 10 * NS_PER_MS));
		}
		rib_stats(f.rib, &st);
		assert_int_equal(st.markings > 0, round > 0);
	}
	down(&f);
}

static void
nothing_is_freed_that_a_reader_holds(void **state)
{
	struct fix f;
	struct epoch_reader *reader;
	struct teller *t;
	struct route r;
	struct rib_stats st;

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	say(t, "10.0.0.0/8", 4711);
	reader = epoch_join(f.ep);
	epoch_tick(f.ep, reader);
	r = ask(&f, view_find(f.rib, &teller_info(t)->router, 0, true), "10.1.1.1", NULL);
	teller_gone(t);
	work(&f);
	rib_stats(f.rib, &st);
	assert_int_equal(st.paths, 1);
	assert_int_equal(rib_path(f.rib, r.path)->origin_as, 4711);
	epoch_offline(reader);
	work(&f);
	rib_stats(f.rib, &st);
	assert_int_equal(st.paths, 0);
	epoch_leave(f.ep, reader);
	down(&f);
}

static void
a_budget_refuses_and_a_marking_gives_it_back(void **state)
{
	const struct rib_conf conf = { .teller_bytes = 64 << 10 };
	struct fix f;
	struct teller *t, *u;
	struct nlri n = nlri("10.0.0.0/8");
	uint32_t path = 1, made = 0;

	(void)state;
	up(&f, &conf);
	t = teller(&f, "192.0.2.1", NULL);
	u = teller(&f, "192.0.2.2", NULL);
	for (; path != 0; made++) {
		path = path_of(t, made + 1, 100, "192.0.2.9");
		if (path != 0)
			rib_announce(t, &n, path);
	}
	assert_in_range(made, 100, 5000);
	assert_int_not_equal(path_of(u, 1000000, 100, "192.0.2.9"), 0);
	work(&f);
	assert_int_not_equal(path_of(t, 2000000, 100, "192.0.2.9"), 0);
	down(&f);
}

static void
the_pool_has_an_end(void **state)
{
	const struct rib_conf conf = { .pool_bytes = 1 << 20 };
	struct fix f;
	struct teller *t;
	struct rib_stats st;
	uint32_t made = 0;

	(void)state;
	up(&f, &conf);
	t = teller(&f, "192.0.2.1", NULL);
	while (path_of(t, made + 1, 100, "192.0.2.9") != 0)
		made++;
	assert_in_range(made, 1000, 30000);
	rib_stats(f.rib, &st);
	assert_true(st.pool_bytes < (1 << 20) + 4096 + (1 << 19));
	assert_int_equal(st.refused, 1);
	work(&f);
	work(&f);
	assert_int_not_equal(path_of(t, 1, 100, "192.0.2.9"), 0);
	down(&f);
}

static void
many_at_once_are_as_many_one_by_one(void **state)
{
	struct fix f;
	struct teller *t, *u;
	struct nlri n[100];
	const struct view *v, *w;

	(void)state;
	up(&f, NULL);
	t = teller(&f, "192.0.2.1", NULL);
	u = teller(&f, "192.0.2.2", NULL);
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		char text[PREFIX_TEXT];

		snprintf(text, sizeof(text), i % 2 ? "10.%zu.0.0/16" : "2001:%zx::/32", i + 1);
		n[i] = nlri(text);
	}
	assert_int_equal(rib_announce_many(t, n, 100, path_of(t, 5, 1, "192.0.2.9")), 100);
	assert_int_equal(rib_announce_many(u, n, 100, path_of(u, 6, 1, "192.0.2.9")), 100);
	v = view_find(f.rib, &teller_info(t)->router, 0, true);
	w = view_find(f.rib, &teller_info(u)->router, 0, true);
	assert_int_equal(rib_path(f.rib, ask(&f, v, "10.2.1.1", NULL).path)->origin_as, 5);
	assert_int_equal(rib_path(f.rib, ask(&f, w, "2001:1::1", NULL).path)->origin_as, 6);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_answers),
		cmocka_unit_test(views_are_found_by_router_id_then_by_address),
		cmocka_unit_test(the_longest_match_of_the_list_decides),
		cmocka_unit_test(a_vpn_table_goes_before_the_global_one),
		cmocka_unit_test(several_paths_of_one_prefix),
		cmocka_unit_test(as_many_paths_as_there_may_be),
		cmocka_unit_test(default_routes_that_flap_cost_nothing),
		cmocka_unit_test(growing_never_stops_the_writer),
		cmocka_unit_test(unused_attributes_are_freed),
		cmocka_unit_test(memory_comes_back_when_one_of_two_goes),
		cmocka_unit_test(a_growing_table_is_not_marked),
		cmocka_unit_test(nothing_is_freed_that_a_reader_holds),
		cmocka_unit_test(a_budget_refuses_and_a_marking_gives_it_back),
		cmocka_unit_test(the_pool_has_an_end),
		cmocka_unit_test(many_at_once_are_as_many_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
