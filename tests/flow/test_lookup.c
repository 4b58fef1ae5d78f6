/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes that are followed, chosen or read in other ways than as they stand (compat/interface.md 7.3, 7.4,
 * 9.2): a few routers over the real RIB, a row for each arrangement.
 *
 *   172.16.0.1  edge       0/0 via 172.16.0.2; 20.1/16 via 172.16.0.2; 30/8 via 192.0.2.99, own 10/8
 *   172.16.0.2  core       0/0 via 172.16.0.3; 20.1/16 via 172.16.0.3; 40/8
 *   172.16.0.3  border     20.1/16 via 192.0.2.1; 50/8; 60/8 by way of a confederation
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "flow/enrich.h"
#include "rib/roa.h"
#include "rib/rib.h"
#include "rib/vrfmap.h"

enum { ROUTERS = 3, EVERYTHING = 0x1fff };

static const char conf_name[] = "test_lookup.conf", map_name[] = "test_lookup.map";

struct world {
	struct epoch *ep;
	struct epoch_reader *reader;
	struct rib *rib;
	struct teller *teller[ROUTERS];
	struct enrich *en;
	struct exporter exporter;
	struct flow flow;
	struct conf_notes notes;
	const struct roas *roas;	/* NULL: no states */
};

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* A route of router r. The path as bytes of segments; comms as numbers, 0 ends them. */
struct told {
	unsigned r;
	const char *rd, *prefix, *next_hop;
	uint8_t path[32];
	uint8_t path_len;
	uint32_t comm[3], lcomm[3];
	uint32_t path_id;
};

static void
put_u32(uint8_t *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void
tell(struct world *w, const struct told *t)
{
	uint8_t comms[12], lcomms[12];
	struct attrs attrs = { .aspath = t->path, .aspath_len = t->path_len, .comms = comms,
	    .lcomms = lcomms, .next_hop = addr(t->next_hop) };
	struct nlri nlri = { .safi = t->rd != NULL ? RIB_VPN : RIB_UNICAST, .path_id = t->path_id };
	uint32_t id;

	assert_int_equal(prefix_parse(t->prefix, &nlri.prefix), 0);
	if (t->rd != NULL)
		assert_int_equal(rd_parse(t->rd, &nlri.rd), 0);
	for (; attrs.comms_len < 12 && t->comm[attrs.comms_len / 4] != 0; attrs.comms_len += 4)
		put_u32(comms + attrs.comms_len, t->comm[attrs.comms_len / 4]);
	for (unsigned i = 0; t->lcomm[0] != 0 && i < 3; i++, attrs.lcomms_len += 4)
		put_u32(lcomms + 4 * i, t->lcomm[i]);
	id = attrs_put(w->teller[t->r], &attrs);
	assert_int_not_equal(id, 0);
	assert_true(rib_announce(w->teller[t->r], &nlri, id) <= RIB_SAME);
}

#define SEQ(as)		{ 2, 1, 0, 0, (as) >> 8, (as) & 0xff }, 6
#define STD(a, b)	((uint32_t)(a) << 16 | (b))

static const struct told routes[] = {
	{ 0, NULL, "0.0.0.0/0", "172.16.0.2", SEQ(64901), { 0 }, { 0 }, 0 },
	{ 1, NULL, "0.0.0.0/0", "172.16.0.3", SEQ(64902), { 0 }, { 0 }, 0 },
	{ 0, NULL, "20.1.0.0/16", "172.16.0.2", SEQ(64601), { 0 }, { 0 }, 0 },
	{ 1, NULL, "20.1.0.0/16", "172.16.0.3", SEQ(64602), { 0 }, { 0 }, 0 },
	{ 2, NULL, "20.1.0.0/16", "192.0.2.1", SEQ(64603), { 0 }, { 0 }, 0 },
	{ 0, NULL, "30.0.0.0/8", "192.0.2.99", SEQ(64604), { 0 }, { 0 }, 0 },
	{ 1, NULL, "40.0.0.0/8", "192.0.2.40", SEQ(64640), { 0 }, { 0 }, 0 },
	{ 2, NULL, "50.0.0.0/8", "192.0.2.50", SEQ(64650), { 0 }, { 0 }, 0 },
	/* Our own, by communities a customer's. */
	{ 0, NULL, "10.0.0.0/8", "192.0.2.7", { 0 }, 0, { STD(1, 2), STD(64512, 777) }, { 0 }, 0 },
	{ 0, NULL, "11.0.0.0/8", "192.0.2.7", { 0 }, 0, { 0 }, { 4200000001, 4200000002, 3 }, 0 },
	{ 0, NULL, "12.0.0.0/8", "192.0.2.7", { 0 }, 0, { STD(1, 2) }, { 0 }, 0 },
	/* (65001 65002) 64660; (65001); 64661 (65001). */
	{ 0, NULL, "60.0.0.0/8", "192.0.2.60", { 3, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea,
	  2, 1, 0, 0, 0xfc, 0x94 }, 16, { 0 }, { 0 }, 0 },
	{ 0, NULL, "61.0.0.0/8", "192.0.2.61", { 3, 1, 0, 0, 0xfd, 0xe9 }, 6, { 0 }, { 0 }, 0 },
	/* The same prefix in two VPNs. */
	{ 0, "0:65000:1", "10.1.0.0/16", "192.0.2.11", SEQ(64701), { 0 }, { 0 }, 0 },
	{ 0, "0:65000:2", "10.1.0.0/16", "192.0.2.12", SEQ(64702), { 0 }, { 0 }, 0 },
	/* Two ways (ADD-PATH). */
	{ 0, NULL, "70.0.0.0/8", "192.0.2.71", SEQ(64671), { 0 }, { 0 }, 1 },
	{ 0, NULL, "70.0.0.0/8", "192.0.2.72", SEQ(64672), { 0 }, { 0 }, 2 },
};

static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->ep = epoch_new();
	w->reader = epoch_join(w->ep);
	w->rib = rib_new(w->ep, NULL);
	w->en = enrich_new(w->rib);
	for (unsigned r = 0; r < ROUTERS; r++)
		w->teller[r] = teller_new(w->rib, &(struct teller_info){ .kind = TELLER_BGP,
		    .router = addr_of_v4(0xac100001 + r), .as = 64496, .name = "r" });
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		tell(w, &routes[i]);
	w->exporter.addr = addr("172.16.0.1");
	epoch_tick(w->ep, w->reader);
}

static void
world_done(struct world *w)
{
	enrich_free(w->en);
	for (unsigned r = 0; r < ROUTERS; r++)
		teller_gone(w->teller[r]);
	epoch_offline(w->reader);
	epoch_leave(w->ep, w->reader);
	rib_free(w->rib);
	epoch_free(w->ep);
	conf_notes_done(&w->notes);
}

/* A profile by a few lines; NULL where they have a fault, which is then in the notes. */
static struct profile *
compile(struct world *w, const char *lines)
{
	FILE *file = fopen(conf_name, "w");
	struct profile *p;
	struct conf *conf;

	assert_non_null(file);
	fprintf(file, "plugins: print[one]\nbgp_daemon: true\nnfacctd_as: bgp\nnfacctd_net: bgp\n"
	    "bgp_peer_src_as_type: bgp\n%s", lines);
	fclose(file);
	conf = conf_read(CONF_WAYBILLD, conf_name, NULL, 0, &w->notes);
	assert_non_null(conf);
	p = profile_compile(conf, 0, "nfacctd", EVERYTHING, &w->notes);
	if (p != NULL)
		profile_use_roas(p, w->roas);
	conf_free(conf);
	return p;
}

static void
run(struct world *w, const char *lines, const char *src, const char *dst)
{
	struct profile *p = compile(w, lines);
	struct addr from = w->flow.peer_src_ip;

	assert_non_null(p);
	w->flow.exporter = &w->exporter;
	w->flow.peer_src_ip = addr_is_set(&from) ? from : w->exporter.addr;
	w->flow.src = addr(src);
	w->flow.dst = addr(dst);
	enrich_batch(w->en, p, &w->flow, 1);
	profile_free(p);
}

static void
assert_hop(const struct world *w, const char *text)
{
	char room[ADDR_TEXT];

	assert_string_equal(addr_text(&w->flow.r.peer_dst_ip, room), text);
}

static void
write_map(const char *text)
{
	FILE *file = fopen(map_name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* ---- following --------------------------------------------------------------------------- */

static void
default_routes_are_followed(void **state)
{
	static const struct {
		const char *lines, *dst;
		uint32_t as, peer_as;
		uint8_t kind;
		const char *hop;
	} rows[] = {
		{ "", "40.1.1.1", 0, 64901, ROUTE_DEFAULT, "172.16.0.2" },
		{ "bgp_follow_default: 1\n", "40.1.1.1", 64640, 64640, ROUTE_FOUND, "192.0.2.40" },
		/* One step is not enough, and what was known at first stands. */
		{ "bgp_follow_default: 1\n", "50.1.1.1", 0, 64901, ROUTE_DEFAULT, "172.16.0.2" },
		{ "bgp_follow_default: 2\n", "50.1.1.1", 64650, 64650, ROUTE_FOUND, "192.0.2.50" },
		/* The border has neither route nor default. */
		{ "bgp_follow_default: 9\n", "99.1.1.1", 0, 64901, ROUTE_DEFAULT, "172.16.0.2" },
		/* Nothing to follow where there is a route. */
		{ "bgp_follow_default: 9\n", "20.1.1.1", 64601, 64601, ROUTE_FOUND, "172.16.0.2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		run(&w, rows[i].lines, "40.1.1.1", rows[i].dst);
		assert_int_equal(w.flow.r.dst_as, rows[i].as);
		assert_int_equal(w.flow.r.peer_dst_as, rows[i].peer_as);
		assert_int_equal(w.flow.r.dst_kind, rows[i].kind);
		assert_hop(&w, rows[i].hop);
		assert_int_equal(w.flow.r.src_as, rows[i].lines[0] != '\0' ? 64640 : 0);
		world_done(&w);
	}
}

/* A batch of flows on different ways gives each its own answer. */
static void
a_batch_is_followed_flow_by_flow(void **state)
{
	static const char *const dst[] = { "40.1.1.1", "50.1.1.1", "99.1.1.1", "20.1.1.1" };
	static const uint32_t as[] = { 64640, 64650, 0, 64601 };
	struct flow *flow = mem_array(FLOW_BATCH, sizeof(*flow));
	struct profile *p;
	struct world w;

	(void)state;
	world_init(&w);
	p = compile(&w, "bgp_follow_default: 5\nbgp_follow_nexthop: 172.16.0.0/24\n");
	assert_non_null(p);
	for (unsigned i = 0; i < FLOW_BATCH; i++)
		flow[i] = (struct flow){ .exporter = &w.exporter, .peer_src_ip = w.exporter.addr,
		    .src = addr(dst[i / 3 % 4]), .dst = addr(dst[i % 4]) };
	enrich_batch(w.en, p, flow, FLOW_BATCH);
	for (unsigned i = 0; i < FLOW_BATCH; i++) {
		assert_int_equal(flow[i].r.src_as, as[i / 3 % 4]);
		assert_int_equal(flow[i].r.dst_as, as[i % 4]);
	}
	profile_free(p);
	mem_free(flow);
	world_done(&w);
}

static void
next_hops_are_followed(void **state)
{
	static const struct { const char *lines, *dst, *hop; } rows[] = {
		{ "", "20.1.1.1", "172.16.0.2" },
		{ "bgp_follow_nexthop: 172.16.0.0/16\n", "20.1.1.1", "172.16.0.3" },
		{ "bgp_follow_nexthop: 172.16.0.2/32, 10.0.0.0/8\n", "20.1.1.1", "172.16.0.2" },
		{ "bgp_follow_nexthop: 10.0.0.0/8\n", "20.1.1.1", "172.16.0.2" },
		{ "bgp_follow_nexthop: 172.16.0.0/16\nbgp_follow_nexthop_external: true\n", "20.1.1.1",
		  "192.0.2.1" },
		/* A next hop outside of the prefixes is not followed, external or not. */
		{ "bgp_follow_nexthop: 172.16.0.0/16\nbgp_follow_nexthop_external: true\n", "30.1.1.1",
		  "192.0.2.99" },
		/* Inside, but no router that we know. */
		{ "bgp_follow_nexthop: 0.0.0.0/0\n", "30.1.1.1", "192.0.2.99" },
		{ "bgp_follow_nexthop: 0.0.0.0/0\n", "20.1.1.1", "192.0.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		run(&w, rows[i].lines, "40.1.1.1", rows[i].dst);
		assert_hop(&w, rows[i].hop);
		/* Only peer_dst_ip is another one. */
		assert_int_equal(w.flow.r.dst_as, rows[i].dst[0] == '2' ? 64601 : 64604);
		world_done(&w);
	}
}

static void
next_hops_that_go_in_circles_end(void **state)
{
	const struct told back = { 2, NULL, "20.1.0.0/16", "172.16.0.1", SEQ(64603), { 0 }, { 0 }, 0 };
	const struct told self = { 1, NULL, "20.1.0.0/16", "172.16.0.2", SEQ(64603), { 0 }, { 0 }, 0 };
	struct world w;

	(void)state;
	world_init(&w);
	tell(&w, &back);
	run(&w, "bgp_follow_nexthop: 172.16.0.0/16\n", "40.1.1.1", "20.1.1.1");
	assert_true(addr_is_v4(&w.flow.r.peer_dst_ip));
	tell(&w, &self);
	run(&w, "bgp_follow_nexthop: 172.16.0.0/16\n", "40.1.1.1", "20.1.1.1");
	assert_hop(&w, "172.16.0.2");
	world_done(&w);
}

static void
the_agent_map_is_asked_on_the_way(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	/* The edge's next hop is an address that the map knows as the border's. */
	write_map("bgp_ip=172.16.0.3 ip=192.0.2.99\nbgp_ip=172.16.0.1 ip=172.16.0.1\n");
	tell(&w, &(struct told){ 2, NULL, "30.0.0.0/8", "192.0.2.98", SEQ(64605), { 0 }, { 0 }, 0 });
	run(&w, "bgp_agent_map: test_lookup.map\nbgp_follow_nexthop: 192.0.2.0/24\n", "40.1.1.1",
	    "30.1.1.1");
	assert_hop(&w, "192.0.2.98");
	world_done(&w);
}

/* ---- other AS numbers -------------------------------------------------------------------- */

static void
communities_give_as_numbers_to_our_own(void **state)
{
	static const struct { const char *lines, *src; uint32_t peer_as, as; } rows[] = {
		{ "", "10.1.1.1", 0, 0 },
		{ "bgp_stdcomm_pattern_to_asn: 64512:\n", "10.1.1.1", 64512, 777 },
		{ "bgp_stdcomm_pattern_to_asn: 64512:...\n", "10.1.1.1", 64512, 777 },
		{ "bgp_stdcomm_pattern_to_asn: 64512:..\n", "10.1.1.1", 0, 0 },
		{ "bgp_stdcomm_pattern_to_asn: 9:9, 64512:\n", "10.1.1.1", 64512, 777 },
		{ "bgp_stdcomm_pattern_to_asn: 64512:\n", "12.1.1.1", 0, 0 },
		{ "bgp_lrgcomm_pattern_to_asn: 4200000001:\n", "11.1.1.1", 4200000001, 4200000002 },
		{ "bgp_lrgcomm_pattern_to_asn: 4200000001:\n", "10.1.1.1", 0, 0 },
		/* Others' networks keep what their paths say. */
		{ "bgp_stdcomm_pattern_to_asn: 6\n", "20.1.1.1", 64601, 64601 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		run(&w, rows[i].lines, rows[i].src, rows[i].src);
		assert_int_equal(w.flow.r.src_as, rows[i].as);
		assert_int_equal(w.flow.r.dst_as, rows[i].as);
		assert_int_equal(w.flow.r.peer_src_as, rows[i].peer_as);
		assert_int_equal(w.flow.r.peer_dst_as, rows[i].peer_as);
		assert_int_equal(counter_get(&enrich_counters(w.en)->own_prefix), rows[i].src[0] == '1' ? 2 : 0);
		world_done(&w);
	}
}

static void
members_of_a_confederation_are_left_out(void **state)
{
	static const struct { const char *lines, *dst; uint32_t peer_as; } rows[] = {
		{ "", "60.1.1.1", 65001 },
		{ "bgp_peer_as_skip_subas: true\n", "60.1.1.1", 64660 },
		{ "bgp_peer_as_skip_subas: true\n", "61.1.1.1", 65001 },
		{ "bgp_peer_as_skip_subas: true\n", "20.1.1.1", 64601 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		run(&w, rows[i].lines, rows[i].dst, rows[i].dst);
		assert_int_equal(w.flow.r.peer_dst_as, rows[i].peer_as);
		assert_int_equal(w.flow.r.peer_src_as, rows[i].peer_as);
		world_done(&w);
	}
}

/* ---- VPNs -------------------------------------------------------------------------------- */

#define RD(n)	((uint64_t)65000 << 32 | (n))

static void
flows_are_mapped_to_their_vpn(void **state)
{
	static const struct {
		const char *map;		/* NULL: none */
		struct flow flow;
		uint32_t as;
		uint64_t rd;
		uint8_t origin;
	} rows[] = {
		{ NULL, { .in_iface = 1 }, 0, 0, RD_UNKNOWN },
		{ "id=0:65000:1 in=1\nid=0:65000:2 in=2\n", { .in_iface = 1 }, 64701, RD(1), RD_MAP },
		{ "id=0:65000:1 in=1\nid=0:65000:2 in=2\n", { .in_iface = 2 }, 64702, RD(2), RD_MAP },
		{ "id=0:65000:1 in=1\nid=0:65000:2 in=2\n", { .in_iface = 3 }, 0, 0, RD_UNKNOWN },
		{ "id=65000:2 out=-2\n", { .out_iface = 1 }, 64702, RD(2), RD_MAP },
		{ "id=0:65000:2 ip=172.16.0.0/24\n", { .in_iface = 3 }, 64702, RD(2), RD_MAP },
		{ "id=0:65000:2 ip=172.16.1.0/24\n", { .in_iface = 3 }, 0, 0, RD_UNKNOWN },
		{ "id=0:65000:1 mpls_vpn_id=77\n", { .in_vrf_id = 77 }, 64701, RD(1), RD_MAP },
		{ "id=0:65000:1 mpls_vpn_id=77\n", { .out_vrf_id = 77 }, 64701, RD(1), RD_MAP },
		{ "id=0:65000:1 mpls_vpn_id=77\n", { .in_vrf_id = 78 }, 0, RD_OF_VRFID(78), RD_UNKNOWN },
		{ "id=0:65000:2 mpls_label_bottom=18\n", { .mpls_labels = 2, .mpls_label = { 17, 18 } },
		  64702, RD(2), RD_MAP },
		{ "id=0:65000:2 mpls_label_bottom=17\n", { .mpls_labels = 2, .mpls_label = { 17, 18 } },
		  0, 0, RD_UNKNOWN },
		{ "id=0:65000:2 bgp_nexthop=192.0.2.12\n",
		  { .bgp_next_hop.b = { [10] = 255, [11] = 255, 192, 0, 2, 12 } }, 64702, RD(2), RD_MAP },
		/* The export's word, and the map's before it; an RD that nobody announces by. */
		{ NULL, { .rd = RD(2), .has = FLOW_HAS_RD }, 64702, RD(2), RD_FLOW },
		{ "id=0:65000:1 ip=0.0.0.0/0\n", { .rd = RD(2), .has = FLOW_HAS_RD }, 64701, RD(1), RD_MAP },
		{ "id=0:65000:1 in=9\n", { .rd = RD(2), .has = FLOW_HAS_RD }, 64702, RD(2), RD_FLOW },
		{ "id=0:65000:9 ip=0.0.0.0/0\n", { .in_iface = 1 }, 0, RD(9), RD_MAP },
		/* The global table, said explicitly. */
		{ "id=0:0:0 ip=0.0.0.0/0\n", { .rd = RD(2), .has = FLOW_HAS_RD }, 0, 0, RD_MAP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		write_map(rows[i].map != NULL ? rows[i].map : "");
		w.flow = rows[i].flow;
		/* Twice: the second answer is remembered. */
		for (unsigned round = 0; round < 2; round++) {
			run(&w, rows[i].map != NULL ? "flow_to_rd_map: test_lookup.map\n" : "", "40.1.1.1",
			    "10.1.1.1");
			assert_int_equal(w.flow.r.dst_as, rows[i].as);
			assert_int_equal(w.flow.r.rd, rows[i].rd);
			assert_int_equal(w.flow.r.rd_origin, rows[i].origin);
		}
		world_done(&w);
	}
}

/* Both PEs' flows find the customer's other site, whose route has the other PE's RD. */
static void
a_vrf_finds_routes_of_other_rds(void **state)
{
	const uint8_t ecomms[] = { 0, 2, 0xfd, 0xe8, 0, 0, 0, 100 };
	static const uint8_t path[] = { 2, 1, 0, 0, 0xfc, 0xff };
	const struct attrs attrs = { .ecomms = ecomms, .ecomms_len = sizeof(ecomms), .aspath = path,
	    .aspath_len = sizeof(path), .next_hop = addr("172.16.0.3") };
	struct nlri nlri = { .rd = RD(22), .safi = RIB_VPN };
	struct vrfmap *map = vrfmap_new();
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(prefix_parse("10.9.0.0/16", &nlri.prefix), 0);
	rib_announce(w.teller[0], &nlri, attrs_put(w.teller[0], &attrs));
	write_map("id=0:65000:21 in=1\n");
	w.flow.in_iface = 1;
	run(&w, "flow_to_rd_map: test_lookup.map\n", "10.1.1.1", "10.9.1.1");
	assert_int_equal(w.flow.r.dst_kind, ROUTE_OWN);		/* the global table's 10/8 */
	assert_int_equal(vrfmap_add(map, RD(21), UINT64_C(0x0002fde800000064)), 0);
	vrfmap_seal(map);
	rib_import(w.rib, map);
	while (rib_work(w.rib, (mono_t){ INT64_MAX }))
		continue;
	run(&w, "flow_to_rd_map: test_lookup.map\n", "10.1.1.1", "10.9.1.1");
	assert_int_equal(w.flow.r.dst_as, 64767);
	assert_int_equal(w.flow.r.rd, RD(21));
	assert_hop(&w, "172.16.0.3");
	w.flow.in_iface = 2;
	run(&w, "flow_to_rd_map: test_lookup.map\n", "10.1.1.1", "10.9.1.1");
	assert_int_equal(w.flow.r.dst_kind, ROUTE_OWN);
	world_done(&w);
}

static void
a_wrong_map_names_file_and_line(void **state)
{
	static const struct { const char *map, *says; } rows[] = {
		{ "! a comment\nid=65536:65536:1 in=1\n", "test_lookup.map:2: error: id=65536:65536:1: expected a route" },
		{ "id=0:1:1 in=x\n", "test_lookup.map:1: error: in=x: expected an interface" },
		{ "id=0:1:1 mpls_label_bottom=1048576\n", "test_lookup.map:1: error: mpls_label_bottom=1048576" },
		{ "id=0:1:1 vlan=1\n", "test_lookup.map:1: error: this map has no key 'vlan'" },
		{ "in=1\n", "test_lookup.map:1: error: the rule says no result" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sbuf b = { 0 };
		struct world w;

		world_init(&w);
		write_map(rows[i].map);
		assert_null(compile(&w, "flow_to_rd_map: test_lookup.map\n"));
		conf_notes_print(&w.notes, &b);
		if (strstr(sbuf_text(&b), rows[i].says) == NULL)
			fail_msg("%s\nis not in\n%s", rows[i].says, sbuf_text(&b));
		sbuf_done(&b);
		world_done(&w);
	}
}

/* ---- one of several paths ---------------------------------------------------------------- */

static void
an_exported_next_hop_may_stand_for_another(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.flow.bgp_next_hop = addr("192.0.2.72");
	run(&w, "", "40.1.1.1", "70.1.1.1");
	assert_int_equal(w.flow.r.dst_as, 64672);
	write_map("id=192.0.2.71 ip=172.16.0.1 bgp_nexthop=192.0.2.72\n");
	run(&w, "bgp_peer_dst_ip_map: test_lookup.map\n", "40.1.1.1", "70.1.1.1");
	assert_int_equal(w.flow.r.dst_as, 64671);
	assert_hop(&w, "192.0.2.71");
	w.flow.bgp_next_hop = addr("192.0.2.71");
	run(&w, "bgp_peer_dst_ip_map: test_lookup.map\n", "40.1.1.1", "70.1.1.1");
	assert_int_equal(w.flow.r.dst_as, 64671);
	world_done(&w);
}

/* ---- RPKI -------------------------------------------------------------------------------- */

static void
routes_are_validated(void **state)
{
	/* 20.1/16 by 64601, 40/8 by 64640 over the default route, 0/0 by 64901. */
	static const struct { const char *roas, *dst; char dst_roa; } rows[] = {
		{ "", "20.1.1.1", 'u' },
		{ "{\"prefix\":\"20.0.0.0/8\",\"asn\":\"AS64601\",\"maxLength\":16}", "20.1.1.1", 'v' },
		/* Too long; nothing shorter but the default route, which no one may deny. */
		{ "{\"prefix\":\"20.0.0.0/8\",\"asn\":\"AS64601\",\"maxLength\":15}", "20.1.1.1", 'U' },
		{ "{\"prefix\":\"20.0.0.0/8\",\"asn\":64602,\"maxLength\":16},"
		  "{\"prefix\":\"0.0.0.0/0\",\"asn\":64901,\"maxLength\":0}", "20.1.1.1", 'V' },
		{ "{\"prefix\":\"20.0.0.0/8\",\"asn\":64602,\"maxLength\":16},"
		  "{\"prefix\":\"0.0.0.0/0\",\"asn\":64902,\"maxLength\":0}", "20.1.1.1", 'i' },
		{ "{\"prefix\":\"10.0.0.0/8\",\"asn\":64602,\"maxLength\":8}", "10.1.1.1", 'u' },
		{ "{\"prefix\":\"20.0.0.0/8\",\"asn\":64602,\"maxLength\":16}", "2001:db8::1", 'u' },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct roas roas = { NULL };
		struct sbuf text = { 0 };
		struct roa_table *was;
		struct world w;

		world_init(&w);
		w.roas = &roas;
		sbuf_printf(&text, "{\"roas\":[%s]}", rows[i].roas);
		write_map(sbuf_text(&text));
		sbuf_clear(&text);
		atomic_store(&roas.now, roa_read(map_name, &text));
		assert_string_equal(sbuf_text(&text), "");
		sbuf_done(&text);
		/* Twice: the second answer is remembered. */
		for (unsigned round = 0; round < 2; round++) {
			run(&w, "", rows[i].dst, rows[i].dst);
			assert_int_equal(w.flow.r.dst_roa, rows[i].dst_roa);
			assert_int_equal(w.flow.r.src_roa, 'u');
		}
		run(&w, "bgp_src_roa_type: bgp\n", rows[i].dst, rows[i].dst);
		assert_int_equal(w.flow.r.src_roa, rows[i].dst_roa);
		/* Another table, and then none, is asked at once. */
		was = atomic_exchange(&roas.now, roa_new());
		run(&w, "", rows[i].dst, rows[i].dst);
		assert_int_equal(w.flow.r.dst_roa, 'u');
		roa_free(atomic_exchange(&roas.now, was));
		run(&w, "", rows[i].dst, rows[i].dst);
		assert_int_equal(w.flow.r.dst_roa, rows[i].dst_roa);
		roa_free(atomic_exchange(&roas.now, NULL));
		run(&w, "", rows[i].dst, rows[i].dst);
		assert_int_equal(w.flow.r.dst_roa, 'u');
		w.roas = NULL;
		run(&w, "", rows[i].dst, rows[i].dst);
		assert_int_equal(w.flow.r.dst_roa, 'u');
		world_done(&w);
	}
}

/* ---- explain ----------------------------------------------------------------------------- */

static void
explain_names_each_decision(void **state)
{
	static const struct { const char *lines, *map, *dst, *says[3]; } rows[] = {
		{ "flow_to_rd_map: test_lookup.map\n", "\nid=0:65000:1 in=3\n", "10.1.1.1",
		  { "\"rd\": {\"value\": \"0:65000:1\", \"from\": \"flow_to_rd_map\", \"line\": 2, "
		    "\"looked_up_in\": \"routes of this RD\"}" } },
		{ "bgp_follow_default: 3\n", "", "50.1.1.1",
		  { "\"default_followed_to\": [{\"router\": \"172.16.0.2\", \"match\": \"default route only\"}, "
		    "{\"router\": \"172.16.0.3\", \"match\": \"route\"}]" } },
		{ "bgp_follow_nexthop: 172.16.0.0/16\n", "", "20.1.1.1",
		  { "\"peer_dst_ip\": {\"value\": \"172.16.0.3\"", "\"next_hop_followed_to\": "
		    "[{\"router\": \"172.16.0.2\"" } },
		{ "bgp_stdcomm_pattern_to_asn: 64512:\n", "", "10.1.1.1",
		  { "\"as_numbers_by\": \"communities", "\"peer_as\": 64512, \"origin_as\": 777" } },
		{ "bgp_peer_as_skip_subas: true\n", "", "60.1.1.1",
		  { "\"as_numbers_by\": \"bgp_peer_as_skip_subas\", \"peer_as\": 64660" } },
		{ "bgp_peer_dst_ip_map: test_lookup.map\n", "id=192.0.2.71 ip=0.0.0.0/0\n", "70.1.1.1",
		  { "\"meant_by_bgp_peer_dst_ip_map\": \"192.0.2.71\"" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sbuf text = { 0 };
		struct json j = json_of(&text);
		struct profile *p;
		struct world w;

		world_init(&w);
		write_map(rows[i].map);
		p = compile(&w, rows[i].lines);
		assert_non_null(p);
		w.flow = (struct flow){ .exporter = &w.exporter, .peer_src_ip = w.exporter.addr,
		    .in_iface = 3, .src = addr("40.1.1.1"), .dst = addr(rows[i].dst) };
		json_object(&j, NULL);
		enrich_explain(w.en, p, &w.flow, &j);
		json_end(&j, '}');
		for (size_t k = 0; k < 3 && rows[i].says[k] != NULL; k++)
			if (strstr(sbuf_text(&text), rows[i].says[k]) == NULL)
				fail_msg("%s\nis not in\n%s", rows[i].says[k], sbuf_text(&text));
		sbuf_done(&text);
		profile_free(p);
		world_done(&w);
	}
}

static int
remove_files(void **state)
{
	(void)state;
	unlink(conf_name);
	unlink(map_name);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_routes_are_followed),
		cmocka_unit_test(a_batch_is_followed_flow_by_flow),
		cmocka_unit_test(next_hops_are_followed),
		cmocka_unit_test(next_hops_that_go_in_circles_end),
		cmocka_unit_test(the_agent_map_is_asked_on_the_way),
		cmocka_unit_test(communities_give_as_numbers_to_our_own),
		cmocka_unit_test(members_of_a_confederation_are_left_out),
		cmocka_unit_test(flows_are_mapped_to_their_vpn),
		cmocka_unit_test(a_vrf_finds_routes_of_other_rds),
		cmocka_unit_test(a_wrong_map_names_file_and_line),
		cmocka_unit_test(an_exported_next_hop_may_stand_for_another),
		cmocka_unit_test(routes_are_validated),
		cmocka_unit_test(explain_names_each_decision),
	};

	return cmocka_run_group_tests(tests, NULL, remove_files);
}
