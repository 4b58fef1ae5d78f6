/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VRFs by import route target: two PEs with an RD each and one customer between them; then random routes
 * against a plain list, over sweeps, tellers that go and maps that change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "rib/rib.h"
#include "rib/vrfmap.h"

static const char map_name[] = "test_vrf.map";

static uint64_t
rd(const char *text)
{
	uint64_t got;

	assert_int_equal(rd_parse_any(text, &got), 0);
	return got;
}

static uint64_t
rt(const char *text)
{
	uint64_t got;

	assert_int_equal(rt_parse(text, &got), 0);
	return got;
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* A map by its lines, as the file has them. */
static struct vrfmap *
map_of(const char *text, struct conf_notes *notes)
{
	FILE *file = fopen(map_name, "w");
	struct vrfmap *map;

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	map = vrfmap_load(map_name, notes);
	unlink(map_name);
	return map;
}

struct fix {
	struct epoch *ep;
	struct rib *rib;
	struct conf_notes notes;
};

static void
up(struct fix *f, const char *map)
{
	*f = (struct fix){ .ep = epoch_new() };
	f->rib = rib_new(f->ep, NULL);
	rib_import(f->rib, map_of(map, &f->notes));
	assert_int_equal(f->notes.errors, 0);
}

static void
down(struct fix *f)
{
	rib_free(f->rib);
	epoch_free(f->ep);
	conf_notes_done(&f->notes);
}

static void
work(struct fix *f)
{
	while (rib_work(f->rib, (mono_t){ INT64_MAX }))
		continue;
}

static struct teller *
teller(struct fix *f, const char *router)
{
	return teller_new(f->rib, &(struct teller_info){ .router = addr(router), .as = 65000,
	    .name = router });
}

/* Attributes with an origin AS and route targets, a bit each of the first eight 65000:100+n. */
static uint32_t
path_of(struct teller *t, uint16_t as, unsigned rts, const char *hop)
{
	uint8_t aspath[] = { 2, 1, 0, 0, (uint8_t)(as >> 8), (uint8_t)as }, ecomms[64];
	struct attrs a = { .aspath = aspath, .aspath_len = sizeof(aspath), .ecomms = ecomms,
	    .next_hop = addr(hop) };
	uint32_t id;

	for (unsigned i = 0; i < 8; i++)
		if (rts >> i & 1) {
			const uint8_t one[] = { 0, 2, 0xfd, 0xe8, 0, 0, 0, (uint8_t)(100 + i) };

			memcpy(ecomms + a.ecomms_len, one, 8);
			a.ecomms_len += 8;
		}
	id = attrs_put(t, &a);
	assert_int_not_equal(id, 0);
	return id;
}

static struct nlri
nlri(const char *in, const char *prefix, uint32_t path_id)
{
	struct nlri n = { .rd = rd(in), .safi = RIB_VPN, .path_id = path_id, .label = 16 };

	assert_int_equal(prefix_parse(prefix, &n.prefix), 0);
	return n;
}

static uint32_t
origin_as(const struct fix *f, const char *router, const char *in, const char *to, const char *hint)
{
	struct addr r = addr(router), a = addr(to), h = addr(hint != NULL ? hint : "::");
	const struct view *v = view_find(f->rib, &r, rd(in), false);
	struct route route;

	if (v == NULL)
		return 0;
	view_lookup(f->rib, v, (struct addr_field){ &a, sizeof(a) }, (struct addr_field){ &h, sizeof(h) },
	    &route, 1);
	return rib_path(f->rib, route.path)->origin_as;
}

/*
 * PE 1 (RD 65000:1) and PE 2 (RD 65000:2) have the customer whose route target is 65000:100, PE 2 another
 * customer, of 65000:101, with the same addresses. PE 1's session tells all of it.
 */
static const char pes[] = "! one customer, two PEs\nrd=0:65000:1 import=65000:100\n"
    "rd=0:65000:2 import=RT:65000:100\nrd=0:65000:3 import=0:65000:101\n";

static void
a_site_behind_another_pe_is_found(void **state)
{
	struct nlri here = nlri("65000:1", "10.1.0.0/16", 0), there = nlri("65000:2", "10.2.0.0/16", 0),
	    other = nlri("65000:3", "10.2.0.0/16", 0);
	struct teller *pe1;
	struct fix f;

	(void)state;
	up(&f, pes);
	pe1 = teller(&f, "172.16.0.1");
	rib_announce(pe1, &here, path_of(pe1, 64601, 1, "172.16.0.1"));
	rib_announce(pe1, &there, path_of(pe1, 64602, 1, "172.16.0.2"));
	rib_announce(pe1, &other, path_of(pe1, 64603, 2, "172.16.0.2"));
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.1.0.1", NULL), 64601);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", NULL), 64602);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:3", "10.2.0.1", NULL), 64603);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:3", "10.1.0.1", NULL), 0);
	/* The route target goes, the route stays: no longer of this VRF. */
	rib_announce(pe1, &there, path_of(pe1, 64602, 4, "172.16.0.2"));
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", NULL), 0);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:2", "10.2.0.1", NULL), 64602);
	rib_announce(pe1, &there, path_of(pe1, 64602, 1, "172.16.0.2"));
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", NULL), 64602);
	assert_int_equal(rib_withdraw(pe1, &there), RIB_REMOVED);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", NULL), 0);
	down(&f);
}

/* A site with two PEs: one prefix from two RDs in one VRF, told apart by the next hop of the export. */
static void
a_site_of_two_pes_has_two_paths(void **state)
{
	struct nlri x = nlri("65000:2", "10.2.0.0/16", 0), y = nlri("65000:4", "10.2.0.0/16", 0);
	struct teller *t;
	struct fix f;

	(void)state;
	up(&f, pes);
	t = teller(&f, "172.16.0.1");
	rib_announce(t, &x, path_of(t, 64602, 1, "172.16.0.2"));
	rib_announce(t, &y, path_of(t, 64604, 1, "172.16.0.4"));
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", "172.16.0.2"), 64602);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", "172.16.0.4"), 64604);
	rib_withdraw(t, &x);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", "172.16.0.2"), 64604);
	down(&f);
}

/* A VRF's table cannot be told from outside; copies are counted apart and no dump has them. */
static void
copies_are_nobody_elses(void **state)
{
	struct nlri n = nlri("65000:2", "10.2.0.0/16", 0), forged = n, walked[8];
	struct rib_cursor cursor = { 0 };
	struct rib_stats s;
	struct teller *t;
	uint32_t paths[8];
	struct fix f;

	(void)state;
	up(&f, pes);
	t = teller(&f, "172.16.0.1");
	rib_announce(t, &n, path_of(t, 64602, 1, "172.16.0.2"));
	forged.rd = rd("65000:1") | RD_VRF;
	assert_int_equal(rib_announce(t, &forged, path_of(t, 6, 1, "172.16.0.6")), RIB_FULL);
	assert_int_equal(rib_announce_many(t, &forged, 1, path_of(t, 6, 1, "172.16.0.6")), 0);
	assert_int_equal(rib_withdraw(t, &forged), RIB_UNKNOWN);
	assert_int_equal(origin_as(&f, "172.16.0.1", "65000:1", "10.2.0.1", NULL), 64602);
	assert_int_equal(teller_routes(t, RIB_IP4, RIB_VPN), 1);
	rib_stats(f.rib, &s);
	assert_int_equal(s.routes, 1);
	assert_int_equal(s.imported, 2);
	assert_int_equal(rib_walk(t, &cursor, walked, paths, 8), 1);
	assert_int_equal(rib_walk(t, &cursor, walked, paths, 8), 0);
	down(&f);
}

static void
wrong_lines_are_told(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ "rd=65000:1\n", "test_vrf.map:1: error: import= is missing" },
		{ "\nimport=65000:1\n", "test_vrf.map:2: error: rd= is missing" },
		{ "rd=1 import=65000:1\n", "rd=1: expected a route distinguisher" },
		{ "rd=0:0:0 import=65000:1\n", "rd=0:0:0: expected a route distinguisher" },
		{ "rd=65000:1 import=65000:1,x\n", "import=x: expected a route target" },
		{ "rd=65000:1 export=65000:1\n", "this map has no key 'export'" },
		{ "rd=65000:1 import\n", "syntax error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_notes notes = { 0 };
		struct sbuf b = { 0 };

		assert_null(map_of(rows[i].text, &notes));
		conf_notes_print(&notes, &b);
		if (strstr(sbuf_text(&b), rows[i].says) == NULL)
			fail_msg("%s\nis not in\n%s", rows[i].says, sbuf_text(&b));
		sbuf_done(&b);
		conf_notes_done(&notes);
	}
}

/* ---- against a plain list ---------------------------------------------------------------- */

enum { TELLERS = 2, RDS = 5, PREFIXES = 12, PATH_IDS = 3, RTS = 4, VRFS = 3, STEPS = 6000 };

/* Some beyond what is kept as it is. */
static const uint32_t path_ids[PATH_IDS] = { 0, 7, 4000000000 };

struct told {
	bool there, stale;
	unsigned rts, as;
};

struct model {
	struct fix f;
	struct teller *t[TELLERS];
	struct told told[TELLERS][RDS][PREFIXES][PATH_IDS];
	unsigned imports[VRFS];			/* of VRF n, whose RD is 65000:n */
	unsigned next_as;
};

static struct nlri
nlri_at(unsigned r, unsigned p, unsigned i)
{
	struct nlri n = { .rd = rd("65000:0") + r, .safi = RIB_VPN, .path_id = path_ids[i] };

	n.prefix.addr = addr_of_v4(10u << 24 | p << 16);
	n.prefix.len = 16;
	return n;
}

static void
set_map(struct model *m)
{
	struct vrfmap *map = vrfmap_new();

	for (unsigned v = 0; v < VRFS; v++) {
		m->imports[v] = (unsigned)(random() % (1 << RTS));
		for (unsigned i = 0; i < RTS; i++)
			if (m->imports[v] >> i & 1)
				assert_int_equal(vrfmap_add(map, rd("65000:0") + v, rt("65000:100") + i), 0);
	}
	vrfmap_seal(map);
	rib_import(m->f.rib, map);
}

/* VRFs without any import are not in the map. */
static bool
belongs(const struct model *m, unsigned v, unsigned r, const struct told *told)
{
	return told->there && m->imports[v] != 0 && (r == v || (told->rts & m->imports[v]) != 0);
}

/* What VRF v has of a prefix by teller t, as a sum over the origins, which are all different. */
static void
check_cell(const struct model *m, unsigned t, unsigned v, unsigned p)
{
	struct nlri n = nlri_at(v, p, 0);
	struct rib_match match[64];
	size_t got = rib_matches(m->f.rib, m->t[t], n.rd | RD_VRF, &n.prefix.addr, match, 64), want = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < got; i++)
		sum += rib_path(m->f.rib, match[i].path)->origin_as;
	for (unsigned r = 0; r < RDS; r++)
		for (unsigned i = 0; i < PATH_IDS; i++)
			if (belongs(m, v, r, &m->told[t][r][p][i])) {
				sum -= m->told[t][r][p][i].as;
				want++;
			}
	assert_int_equal(got, want);
	assert_int_equal(sum, 0);
}

static void
check_all(const struct model *m)
{
	for (unsigned t = 0; t < TELLERS; t++)
		for (unsigned v = 0; v < VRFS; v++)
			for (unsigned p = 0; p < PREFIXES; p++)
				check_cell(m, t, v, p);
}

static void
announce_one(struct model *m, unsigned t, unsigned r, unsigned p, unsigned i)
{
	struct told *told = &m->told[t][r][p][i];
	struct nlri n = nlri_at(r, p, i);

	/* Sometimes the same once more, as after a restart of the session. */
	if (!told->there || random() % 3 != 0)
		*told = (struct told){ .there = true, .rts = (unsigned)(random() % (1 << RTS)),
		    .as = 1 + m->next_as++ % 60000 };
	told->stale = false;
	assert_true(rib_announce(m->t[t], &n, path_of(m->t[t], (uint16_t)told->as, told->rts,
	    "192.0.2.1")) <= RIB_SAME);
}

static void
mark_stale(struct model *m, unsigned t)
{
	struct told *told = &m->told[t][0][0][0];

	rib_stale(m->t[t], RIB_IP4, RIB_VPN);
	for (unsigned k = 0; k < RDS * PREFIXES * PATH_IDS; k++)
		told[k].stale = told[k].there;
}

static void
sweep(struct model *m, unsigned t)
{
	struct told *told = &m->told[t][0][0][0];

	rib_sweep(m->t[t], RIB_IP4, RIB_VPN);
	work(&m->f);
	for (unsigned k = 0; k < RDS * PREFIXES * PATH_IDS; k++)
		if (told[k].stale)
			told[k] = (struct told){ .there = false };
}

static void
step(struct model *m, unsigned n)
{
	unsigned t = (unsigned)random() % TELLERS, r = (unsigned)random() % RDS,
	    p = (unsigned)random() % PREFIXES, i = (unsigned)random() % PATH_IDS;
	struct nlri nlri = nlri_at(r, p, i);
	bool there = m->told[t][r][p][i].there;

	if (n % 500 == 499) {
		set_map(m);
		work(&m->f);
	} else if (n % 700 == 200) {
		mark_stale(m, t);
	} else if (n % 700 == 400) {
		for (unsigned k = 0; k < TELLERS; k++)
			sweep(m, k);
	} else if (n % 1500 == 1499) {
		teller_gone(m->t[t]);
		m->t[t] = teller(&m->f, t == 0 ? "172.16.0.1" : "172.16.0.2");
		memset(m->told[t], 0, sizeof(m->told[t]));
		work(&m->f);
	} else if (random() % 3 != 0) {
		announce_one(m, t, r, p, i);
	} else {
		assert_int_equal(rib_withdraw(m->t[t], &nlri), there ? RIB_REMOVED : RIB_UNKNOWN);
		m->told[t][r][p][i] = (struct told){ .there = false };
	}
}

static void
vrfs_equal_the_plain_list(void **state)
{
	struct model *m = mem_new(sizeof(*m));

	(void)state;
	srandom(11);
	m->f.ep = epoch_new();
	m->f.rib = rib_new(m->f.ep, NULL);
	set_map(m);
	for (unsigned t = 0; t < TELLERS; t++)
		m->t[t] = teller(&m->f, t == 0 ? "172.16.0.1" : "172.16.0.2");
	for (unsigned n = 0; n < STEPS; n++) {
		step(m, n);
		if (n % 7 == 0)
			check_all(m);
	}
	rib_import(m->f.rib, NULL);
	memset(m->imports, 0, sizeof(m->imports));
	check_all(m);
	down(&m->f);
	mem_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_site_behind_another_pe_is_found),
		cmocka_unit_test(a_site_of_two_pes_has_two_paths),
		cmocka_unit_test(copies_are_nobody_elses),
		cmocka_unit_test(wrong_lines_are_told),
		cmocka_unit_test(vrfs_equal_the_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
