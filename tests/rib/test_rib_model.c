/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RIB against a plain list: thousands of random announces, withdraws, stale periods, sweeps
 * and tellers that go away, IPv4 and IPv6, across the growth of a table, with and without threads
 * that look things up meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "rib/rib.h"

enum { TELLERS = 4, PATH_IDS = 3, VARIANTS = 200, READERS = 2 };

struct model {
	struct rib *rib;
	struct epoch *ep;
	struct teller *teller[TELLERS];
	unsigned born[TELLERS], births;		/* of two tellers the older one answers */
	size_t prefixes;
	struct prefix *prefix;			/* the universe; distinct */
	/* By prefix, teller and path id: variant + 1, 0 none. */
	uint8_t (*told)[TELLERS][PATH_IDS];
	bool (*stale)[TELLERS][PATH_IDS];
	uint64_t routes[TELLERS];
	uint64_t random, peak;			/* most prefixes seen */
	bool v6;
	_Atomic bool stop;
};

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static uint64_t
pick(struct model *m, uint64_t below)
{
	return next_random(&m->random) % below;
}

/* Tellers 0 and 1 are one router, the others have their own. */
static struct addr
router_of(size_t teller)
{
	return addr_of_v4(0xc0000201u + (teller > 1 ? (uint32_t)teller : 0));
}

static struct addr
hop_of(unsigned variant)
{
	return addr_of_v4(0x0a000000u + variant % 8);
}

static void
teller_up(struct model *m, size_t i)
{
	struct teller_info info = { .router = router_of(i), .router_id = router_of(i),
	    .as = 65000, .name = "model" };

	m->teller[i] = teller_new(m->rib, &info);
	m->born[i] = ++m->births;
}

/* A variant's attributes follow from its number, so that a reader can check what it sees. */
static uint32_t
variant_path(struct model *m, size_t teller, unsigned v)
{
	uint8_t aspath[] = { 2, 2, 0, 0, 1, (uint8_t)v, 0, 0, 2, (uint8_t)v };
	uint8_t comm[] = { 1, 2, 3, (uint8_t)v };
	struct attrs a = {
		.aspath = aspath, .aspath_len = v % 16 != 0 ? sizeof(aspath) : 0,
		.comms = comm, .comms_len = v % 3 == 0 ? sizeof(comm) : 0,
		.next_hop = hop_of(v), .med = v, .has_med = true,
		.local_pref = v / 2, .has_local_pref = true,
	};
	uint32_t path = attrs_put(m->teller[teller], &a);

	assert_int_not_equal(path, 0);
	return path;
}

static void
check_path(const struct rib *rib, uint32_t path)
{
	const struct path *p = rib_path(rib, path);
	uint32_t v = p->med;
	size_t len;
	const uint8_t *bytes = rib_attr(rib, ATTR_ASPATH, p->aspath, &len);
	struct addr hop = rib_addr(rib, p->next_hop), want = hop_of(v);

	assert_true(v < VARIANTS);
	assert_int_equal(p->local_pref, v / 2);
	assert_int_equal(len, v % 16 != 0 ? 10 : 0);
	if (len > 0)
		assert_int_equal(bytes[9], v);
	assert_int_equal(p->origin_as, v % 16 != 0 ? 0x200 + v : 0);
	assert_true(addr_eq(&hop, &want));
	if (v % 3 == 0) {
		bytes = rib_attr(rib, ATTR_COMMS, rib_comms(rib, p).comms, &len);
		assert_int_equal(len, 4);
		assert_int_equal(bytes[3], v);
	} else {
		assert_int_equal(p->comm_set, 0);
	}
}

static struct addr
random_addr(uint64_t *random, bool v6)
{
	struct addr a = addr_of_v4((uint32_t)next_random(random) & 0x0f3fffff);

	if (!v6)
		return a;
	for (unsigned i = 0; i < 16; i++)
		a.b[i] = (uint8_t)next_random(random) & (i < 2 ? 0x21 : i < 6 ? 0xff : 3);
	a.b[0] |= 0x20;
	return a;
}

static void
make_universe(struct model *m)
{
	static const uint8_t len4[] = { 24, 24, 24, 24, 23, 22, 20, 19, 16, 12, 10, 8, 32, 30, 25 };
	static const uint8_t len6[] = { 48, 48, 48, 48, 32, 32, 40, 44, 29, 20, 16, 64, 128, 56 };
	static const uint8_t low[] = { 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15 };

	for (size_t i = 0; i < m->prefixes; i++) {
		struct addr a = random_addr(&m->random, m->v6);
		uint8_t len = m->v6 ? len6[pick(m, sizeof(len6))] : len4[pick(m, sizeof(len4))];

		if (i < 40)
			len = low[i % sizeof(low)];
		m->prefix[i] = (struct prefix){ addr_masked(&a, len), len };
		if (m->v6 && len < 8)
			m->prefix[i].addr.b[15] = 0;
	}
}

/* Equal prefixes are one: the later ones are dropped from the universe. */
static int
prefix_cmp(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct prefix));
}

static void
make_distinct(struct model *m)
{
	size_t n = 0;

	qsort(m->prefix, m->prefixes, sizeof(m->prefix[0]), prefix_cmp);
	for (size_t i = 0; i < m->prefixes; i++)
		if (i == 0 || prefix_cmp(&m->prefix[i], &m->prefix[n - 1]) != 0)
			m->prefix[n++] = m->prefix[i];
	m->prefixes = n;
}

static struct model *
model_new(bool v6, size_t prefixes)
{
	struct model *m = mem_new(sizeof(*m));

	m->v6 = v6;
	m->random = 88172645463325252u + v6;
	m->ep = epoch_new();
	m->rib = rib_new(m->ep, NULL);
	m->prefixes = prefixes;
	m->prefix = mem_array(prefixes, sizeof(m->prefix[0]));
	m->told = mem_array(prefixes, sizeof(m->told[0]));
	m->stale = mem_array(prefixes, sizeof(m->stale[0]));
	make_universe(m);
	make_distinct(m);
	for (size_t i = 0; i < TELLERS; i++)
		teller_up(m, i);
	return m;
}

static void
model_free(struct model *m)
{
	rib_free(m->rib);
	epoch_free(m->ep);
	mem_free(m->prefix);
	mem_free(m->told);
	mem_free(m->stale);
	mem_free(m);
}

static void
work_all(struct model *m)
{
	while (rib_work(m->rib, mono_add(mono_now(), 10 * NS_PER_MS)))
		;
}

static struct nlri
nlri_of(struct model *m, size_t at, uint32_t path_id)
{
	return (struct nlri){ .safi = RIB_UNICAST, .prefix = m->prefix[at], .path_id = path_id };
}

static void
step_announce(struct model *m)
{
	size_t at = pick(m, m->prefixes), t = pick(m, TELLERS);
	uint32_t id = pick(m, 10) == 0 ? (uint32_t)pick(m, PATH_IDS) : 0;
	unsigned v = (unsigned)pick(m, VARIANTS);
	struct nlri n = nlri_of(m, at, id);
	uint8_t old = m->told[at][t][id];
	enum rib_change got = rib_announce(m->teller[t], &n, variant_path(m, t, v));

	assert_int_equal(got, old == 0 ? RIB_NEW : old == v + 1 ? RIB_SAME : RIB_REPLACED);
	m->routes[t] += old == 0;
	m->told[at][t][id] = (uint8_t)(v + 1);
	m->stale[at][t][id] = false;
}

static void
step_withdraw(struct model *m)
{
	size_t at = pick(m, m->prefixes), t = pick(m, TELLERS);
	uint32_t id = pick(m, 10) == 0 ? (uint32_t)pick(m, PATH_IDS) : 0;
	struct nlri n = nlri_of(m, at, id);

	assert_int_equal(rib_withdraw(m->teller[t], &n),
	    m->told[at][t][id] != 0 ? RIB_REMOVED : RIB_UNKNOWN);
	m->routes[t] -= m->told[at][t][id] != 0;
	m->told[at][t][id] = 0;
	m->stale[at][t][id] = false;
}

static void
step_stale(struct model *m)
{
	size_t t = pick(m, TELLERS);

	rib_stale(m->teller[t], m->v6, RIB_UNICAST);
	for (size_t at = 0; at < m->prefixes; at++)
		for (size_t id = 0; id < PATH_IDS; id++)
			m->stale[at][t][id] = m->told[at][t][id] != 0;
}

static void
step_sweep(struct model *m)
{
	size_t t = pick(m, TELLERS);

	rib_sweep(m->teller[t], m->v6, RIB_UNICAST);
	work_all(m);
	assert_false(teller_is_stale(m->teller[t]));
	for (size_t at = 0; at < m->prefixes; at++) {
		for (size_t id = 0; id < PATH_IDS; id++) {
			if (!m->stale[at][t][id])
				continue;
			m->told[at][t][id] = 0;
			m->stale[at][t][id] = false;
			m->routes[t]--;
		}
	}
}

static void
step_gone(struct model *m)
{
	size_t t = pick(m, TELLERS);

	teller_gone(m->teller[t]);
	for (size_t at = 0; at < m->prefixes; at++) {
		memset(m->told[at][t], 0, sizeof(m->told[at][t]));
		memset(m->stale[at][t], 0, sizeof(m->stale[at][t]));
	}
	m->routes[t] = 0;
	teller_up(m, t);
}

/* The preferred path of a prefix: highest local preference, and so on, lowest path id. */
static unsigned
expected_of(const uint8_t told[PATH_IDS], const struct addr *hint)
{
	unsigned best = 0;

	for (unsigned id = 0; hint != NULL && id < PATH_IDS; id++) {
		struct addr hop = hop_of(told[id] - 1u);

		/* Which of several with that hop is not promised: only ask where it is one. */
		if (told[id] != 0 && addr_eq(&hop, hint))
			return told[id];
	}
	for (unsigned id = 0; id < PATH_IDS; id++) {
		unsigned p = told[id] - 1u, q = best - 1u;

		if (told[id] == 0)
			continue;
		if (best == 0 || p / 2 > q / 2 || (p / 2 == q / 2 && (p % 16 == 0) > (q % 16 == 0)))
			best = told[id];
	}
	return best;
}

static void
check_one(struct model *m, size_t router, const struct addr *a, const struct addr *hint,
    const struct route *got)
{
	int best = -1;
	unsigned want = 0;
	size_t teller[2] = { router + 1, router + 1 };

	if (router == 0) {
		teller[0] = m->born[0] > m->born[1];
		teller[1] = !teller[0];
	}
	for (size_t at = 0; at < m->prefixes; at++) {
		if (m->prefix[at].len <= best || !prefix_covers(&m->prefix[at], a))
			continue;
		for (size_t t = 0; t < 2; t++) {
			unsigned e = expected_of(m->told[at][teller[t]], hint);

			if (e == 0)
				continue;
			best = m->prefix[at].len;
			want = e;
			break;
		}
	}
	if (want == 0) {
		assert_int_equal(got->kind, ROUTE_NONE);
		assert_int_equal(got->path, 0);
		return;
	}
	assert_int_equal(got->len, best);
	check_path(m->rib, got->path);
	assert_int_equal(rib_path(m->rib, got->path)->med, want - 1);
	assert_int_equal(got->kind, best == 0 ? ROUTE_DEFAULT :
	    (rib_path(m->rib, got->path)->flags & PATH_EMPTY_ASPATH) ? ROUTE_OWN : ROUTE_FOUND);
}

enum { LOOKS = 70 };

static void
check_lookups(struct model *m, size_t looks)
{
	for (size_t router = 0; router < TELLERS - 1; router++) {
		struct addr from = router_of(router == 0 ? 0 : router + 1);
		const struct view *v = view_find(m->rib, &from, 0, pick(m, 2));
		struct addr a[LOOKS];
		struct route r[LOOKS];

		assert_non_null(v);
		for (size_t i = 0; i < looks; i++) {
			a[i] = random_addr(&m->random, m->v6);
			if (pick(m, 2) == 0)
				a[i] = m->prefix[pick(m, m->prefixes)].addr;
		}
		view_lookup(m->rib, v, (struct addr_field){ a, sizeof(*a) },
		    (struct addr_field){ NULL, 0 }, r, looks);
		for (size_t i = 0; i < looks; i++)
			check_one(m, router, &a[i], NULL, &r[i]);
	}
}

static void
check_walk(struct model *m, size_t t)
{
	struct rib_cursor cursor = { 0 };
	struct nlri n[100];
	uint32_t path[100];
	uint64_t total = 0;
	size_t got;

	while ((got = rib_walk(m->teller[t], &cursor, n, path, 100)) > 0) {
		for (size_t i = 0; i < got; i++)
			check_path(m->rib, path[i]);
		total += got;
	}
	assert_int_equal(total, m->routes[t]);
	assert_int_equal(teller_routes(m->teller[t], m->v6, RIB_UNICAST), m->routes[t]);
}

static void
see_peak(struct model *m)
{
	struct rib_stats st;

	rib_stats(m->rib, &st);
	if (st.prefixes[m->v6] > m->peak)
		m->peak = st.prefixes[m->v6];
}

static void
run(struct model *m, unsigned steps, unsigned looks_every, unsigned stale_every)
{
	for (unsigned s = 1; s <= steps; s++) {
		unsigned dice = (unsigned)pick(m, 100);

		if (dice < 70)
			step_announce(m);
		else if (dice < 90)
			step_withdraw(m);
		else if (dice < 92)
			(void)rib_work(m->rib, mono_add(mono_now(), 1 * NS_PER_MS));
		if (s % stale_every == 0)
			step_stale(m);
		if (s % stale_every == stale_every / 3)
			step_sweep(m);
		if (s % (4 * stale_every) == 2 * stale_every)
			step_gone(m);
		if (s % looks_every == 0) {
			see_peak(m);
			check_lookups(m, 1 + pick(m, LOOKS));
			check_walk(m, pick(m, TELLERS));
		}
	}
}

/* Everything is withdrawn: prefixes, columns and attributes are gone too. */
static void
check_empties(struct model *m)
{
	struct rib_stats st;

	for (size_t t = 0; t < TELLERS; t++)
		teller_gone(m->teller[t]);
	for (unsigned i = 0; i < 4; i++)
		work_all(m);
	rib_stats(m->rib, &st);
	assert_int_equal(st.prefixes[RIB_IP4] + st.prefixes[RIB_IP6], 0);
	assert_int_equal(st.routes, 0);
	assert_int_equal(st.paths, 0);
	assert_int_equal(st.column_bytes, 0);
}

static void
small_tables_agree_with_a_list(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct model *m = model_new(v6, 400);

		run(m, 60000, 50, 4096);
		check_empties(m);
		model_free(m);
	}
}

static void
large_tables_agree_with_a_list(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct model *m = model_new(v6, 60000);

		run(m, 160000, 8000, 30000);
		assert_true(m->peak > 20000);
		check_empties(m);
		model_free(m);
	}
}

struct reader {
	struct model *m;
	uint64_t random;
	uint64_t found;
};

static void *
reader_main(void *arg)
{
	struct reader *rd = arg;
	struct model *m = rd->m;
	struct epoch_reader *er = epoch_join(m->ep);

	while (!atomic_load_explicit(&m->stop, memory_order_relaxed)) {
		struct addr from = router_of(next_random(&rd->random) % TELLERS), a[LOOKS];
		struct route r[LOOKS];
		const struct view *v;

		epoch_tick(m->ep, er);
		v = view_find(m->rib, &from, 0, true);
		for (size_t i = 0; v != NULL && i < LOOKS; i++)
			a[i] = random_addr(&rd->random, m->v6);
		if (v != NULL)
			view_lookup(m->rib, v, (struct addr_field){ a, sizeof(*a) },
			    (struct addr_field){ NULL, 0 }, r, LOOKS);
		for (size_t i = 0; v != NULL && i < LOOKS; i++) {
			if (r[i].path == 0)
				continue;
			check_path(m->rib, r[i].path);
			rd->found++;
		}
		if (next_random(&rd->random) % 64 == 0)
			epoch_offline(er);
	}
	epoch_leave(m->ep, er);
	return NULL;
}

static void
readers_see_old_or_new_routes_only(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct model *m = model_new(v6, 60000);
		struct reader rd[READERS];
		pthread_t thread[READERS];

		for (size_t i = 0; i < READERS; i++) {
			rd[i] = (struct reader){ .m = m, .random = 77 + i };
			assert_int_equal(pthread_create(&thread[i], NULL, reader_main, &rd[i]), 0);
		}
		run(m, 45000, 15000, 30000);
		assert_true(m->peak > 20000);
		atomic_store(&m->stop, true);
		for (size_t i = 0; i < READERS; i++) {
			pthread_join(thread[i], NULL);
			assert_true(rd[i].found > 0);
		}
		check_empties(m);
		model_free(m);
	}
}

/* An argument is a pattern of tests to run, for instance the one with threads. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_tables_agree_with_a_list),
		cmocka_unit_test(large_tables_agree_with_a_list),
		cmocka_unit_test(readers_see_old_or_new_routes_only),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
