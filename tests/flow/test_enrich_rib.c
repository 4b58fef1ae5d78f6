/* SPDX-License-Identifier: BSD-2-Clause */
/* The enrichment over the real RIB, against a plain list of what every router announced. */
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
#include "flow/enrich.h"
#include "rib/rib.h"

enum { ROUTERS = 5, ROUTES = 400, FLOWS = 5000, EVERYTHING = 0x3ff };

static const char conf_name[] = "test_enrich_rib.conf";

/* A route as the model keeps it. */
struct told {
	bool there;
	struct prefix prefix;
	uint32_t hops, peer_as, origin_as, med, local_pref, next_hop;
};

struct world {
	struct epoch *ep;
	struct epoch_reader *reader;
	struct rib *rib;
	struct teller *teller[ROUTERS];
	struct told told[ROUTERS][ROUTES];
	struct prefix prefix[ROUTES];
	struct enrich *en;
	struct exporter exporter[ROUTERS + 1];	/* the last one has no session */
	uint64_t seed;
};

static uint32_t
random_below(struct world *w, uint32_t n)
{
	w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(w->seed >> 33) % n;
}

/* Addresses close to each other, a third of them IPv6. */
static struct addr
random_addr(struct world *w)
{
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (random_below(w, 3) != 0)
		return addr_of_v4(10u << 24 | random_below(w, 4) << 16 |
		    random_below(w, 8) << 8 | random_below(w, 256));
	six[4] = (uint8_t)random_below(w, 4);
	six[5] = (uint8_t)random_below(w, 8);
	six[15] = (uint8_t)random_below(w, 4);
	return addr_of_bytes16(six);
}

static void
make_prefixes(struct world *w)
{
	for (unsigned i = 0; i < ROUTES; i++) {
		struct addr a = random_addr(w);
		uint8_t len = (uint8_t)(i == 0 ? 0 : 1 + random_below(w, addr_bits(&a)));

		w->prefix[i] = (struct prefix){ .addr = addr_masked(&a, len), .len = len };
	}
}

static void
announce(struct world *w, unsigned r, unsigned i)
{
	uint8_t path[2 + 3 * 4] = { 2, 0 };
	struct told told = { .there = true, .prefix = w->prefix[i], .hops = random_below(w, 4),
	    .med = random_below(w, 100), .local_pref = 100 + random_below(w, 5),
	    .next_hop = 0xc0000200 + random_below(w, 20) };
	struct attrs attrs = { .aspath = path, .med = told.med, .local_pref = told.local_pref,
	    .has_med = true, .has_local_pref = true, .next_hop = addr_of_v4(told.next_hop) };
	struct nlri nlri = { .safi = RIB_UNICAST, .prefix = told.prefix };
	uint32_t id;

	path[1] = (uint8_t)told.hops;
	for (unsigned h = 0; h < told.hops; h++) {
		uint32_t as = 64500 + random_below(w, 50);

		path[2 + 4 * h + 2] = (uint8_t)(as >> 8);
		path[2 + 4 * h + 3] = (uint8_t)as;
		told.peer_as = h == 0 ? as : told.peer_as;
		told.origin_as = as;
	}
	attrs.aspath_len = told.hops > 0 ? (uint16_t)(2 + 4 * told.hops) : 0;
	id = attrs_put(w->teller[r], &attrs);
	assert_int_not_equal(id, 0);
	assert_true(rib_announce(w->teller[r], &nlri, id) <= RIB_SAME);
	w->told[r][i] = told;
}

static void
withdraw(struct world *w, unsigned r, unsigned i)
{
	struct nlri nlri = { .safi = RIB_UNICAST, .prefix = w->prefix[i] };

	rib_withdraw(w->teller[r], &nlri);
	w->told[r][i].there = false;
}

static bool
same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_eq(&a->addr, &b->addr);
}

/* The model's answer; NULL: no route. */
static const struct told *
model(const struct world *w, unsigned r, const struct addr *a)
{
	const struct told *best = NULL;

	for (unsigned i = 0; r < ROUTERS && i < ROUTES; i++) {
		const struct told *t = &w->told[r][i];

		if (t->there && prefix_covers(&t->prefix, a) &&
		    (best == NULL || t->prefix.len > best->prefix.len))
			best = t;
	}
	return best;
}

static uint8_t
kind_of(const struct told *t)
{
	return t == NULL ? ROUTE_NONE : t->prefix.len == 0 ? ROUTE_DEFAULT :
	    t->hops == 0 ? ROUTE_OWN : ROUTE_FOUND;
}

static void
check_flow(const struct world *w, const struct flow *flow)
{
	static const struct told nothing;
	unsigned r = flow->exporter->index;
	const struct told *src = model(w, r, &flow->src), *dst = model(w, r, &flow->dst);
	struct addr net;

	assert_int_equal(flow->r.src_kind, kind_of(src));
	assert_int_equal(flow->r.dst_kind, kind_of(dst));
	src = src != NULL ? src : &nothing;
	dst = dst != NULL ? dst : &nothing;
	assert_int_equal(flow->r.src_as, src->prefix.len != 0 ? src->origin_as : 0);
	assert_int_equal(flow->r.dst_as, dst->prefix.len != 0 ? dst->origin_as : 0);
	assert_int_equal(flow->r.src_len, src->prefix.len);
	assert_int_equal(flow->r.dst_len, dst->prefix.len);
	net = addr_masked(&flow->dst, dst->prefix.len);
	if (dst->prefix.len != 0)
		assert_true(addr_eq(&flow->r.dst_net, &net));
	assert_int_equal(flow->r.peer_src_as, src->peer_as);
	assert_int_equal(flow->r.peer_dst_as, dst->peer_as);
	assert_int_equal(flow->r.med, dst->med);
	assert_int_equal(flow->r.local_pref, dst->local_pref);
	assert_int_equal(flow->r.src_med, src->med);
	if (dst->next_hop != 0)
		assert_int_equal(addr_v4(&flow->r.peer_dst_ip), dst->next_hop);
	else
		assert_false(addr_is_set(&flow->r.peer_dst_ip));
}

static struct profile *
compile(void)
{
	struct conf_notes notes = { 0 };
	FILE *file = fopen(conf_name, "w");
	struct profile *p;
	struct conf *conf;

	assert_non_null(file);
	fputs("plugins: print[one]\nbgp_daemon: true\nnfacctd_as: bgp\nnfacctd_net: bgp\n"
	    "bgp_peer_src_as_type: bgp\nbgp_src_med_type: bgp\n", file);
	fclose(file);
	conf = conf_read(CONF_WAYBILLD, conf_name, NULL, 0, &notes);
	assert_non_null(conf);
	p = profile_compile(conf, 0, "nfacctd", EVERYTHING, &notes);
	assert_non_null(p);
	conf_free(conf);
	conf_notes_done(&notes);
	unlink(conf_name);
	return p;
}

static void
world_init(struct world *w)
{
	w->seed = 7;
	w->ep = epoch_new();
	w->reader = epoch_join(w->ep);
	w->rib = rib_new(w->ep, &(struct rib_conf){ 0 });
	w->en = enrich_new(w->rib);
	make_prefixes(w);
	for (unsigned r = 0; r <= ROUTERS; r++)
		w->exporter[r] = (struct exporter){ .addr = addr_of_v4(0xac100001 + r),
		    .index = r };
	for (unsigned r = 0; r < ROUTERS; r++)
		w->teller[r] = teller_new(w->rib, &(struct teller_info){ .kind = TELLER_BGP,
		    .router = w->exporter[r].addr, .as = 64496, .name = "r" });
}

static void
world_done(struct world *w)
{
	enrich_free(w->en);
	for (unsigned r = 0; r < ROUTERS; r++)
		if (w->teller[r] != NULL)
			teller_gone(w->teller[r]);
	epoch_offline(w->reader);
	epoch_leave(w->ep, w->reader);
	rib_free(w->rib);
	epoch_free(w->ep);
}

/* Routes come and go, a router leaves; after each round all flows agree with the list. */
static void
fields_equal_the_plain_list(void **state)
{
	struct world *w = mem_new(sizeof(*w));
	struct flow *flow = mem_array(FLOWS, sizeof(*flow));
	struct profile *p = compile();

	(void)state;
	world_init(w);
	for (unsigned round = 0; round < 8; round++) {
		for (unsigned step = 0; step < 1500; step++) {
			unsigned r = random_below(w, ROUTERS), i = random_below(w, ROUTES);
			bool twin = false;

			for (unsigned k = 0; k < i; k++)
				twin |= same_prefix(&w->prefix[k], &w->prefix[i]);
			if (twin || w->teller[r] == NULL)
				continue;
			if (random_below(w, 3) != 0)
				announce(w, r, i);
			else
				withdraw(w, r, i);
			rib_work(w->rib, mono_add(mono_now(), NS_PER_MS));
		}
		if (round == 6) {
			teller_gone(w->teller[2]);
			w->teller[2] = NULL;
			memset(w->told[2], 0, sizeof(w->told[2]));
		}
		for (unsigned i = 0; i < FLOWS; i++) {
			const struct exporter *ex = &w->exporter[i / 20 % (ROUTERS + 1)];

			flow[i] = (struct flow){ .src = random_addr(w), .dst = random_addr(w),
			    .exporter = ex, .peer_src_ip = ex->addr };
		}
		epoch_tick(w->ep, w->reader);
		enrich_batch(w->en, p, flow, FLOWS);
		for (unsigned i = 0; i < FLOWS; i++)
			check_flow(w, &flow[i]);
	}
	assert_int_equal(counter_get(&enrich_counters(w->en)->flows), 8 * FLOWS);
	world_done(w);
	profile_free(p);
	mem_free(flow);
	mem_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_equal_the_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
