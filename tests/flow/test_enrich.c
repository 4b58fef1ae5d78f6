/* SPDX-License-Identifier: BSD-2-Clause */
/* Which source sets which field: a world of one flow, and every arrangement that matters. */
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
#include "view_double.h"

#define EVERYTHING	0x3ff
#define ROWS		16

struct row { const char *output, *var, *value; };	/* output NULL: for all */

static const char conf_file_name[] = "test_enrich.conf",
    net_file[] = "test_enrich.networks", map_file[] = "test_enrich.map",
    list_file[] = "test_enrich.list";

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void
assert_addr(const struct addr *a, const char *text)
{
	char room[ADDR_TEXT];

	assert_string_equal(addr_text(a, room), text);
}

/* ---- the world --------------------------------------------------------------------------- */

/*
 *              source 10.1.2.3      destination 20.1.2.3
 *   export     AS 100, /20          AS 200, /20, BGP next hop .9, plain next hop .8
 *   file       AS 701, /24          AS 702, peer 72, /18, next hop .7
 *   BGP        AS 1001, /16         AS 1002, peer 12, /20, next hop .2
 */
struct world {
	struct rib *rib;
	unsigned router;
	uint32_t src_path, dst_path;
	struct enrich *en;
	struct exporter exporter;
	struct flow flow;
	struct conf_notes notes;
};

static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	write_file(net_file, "71_701,10.1.2.0/24\n192.0.2.7,72_702,20.1.0.0/18\n");
	w->rib = rib_double_new();
	w->router = rib_double_router(w->rib, "172.16.0.1", "1.1.1.1", 0);
	w->src_path = rib_double_route(w->rib, w->router, "10.1.0.0/16", 11, 1001, "192.0.2.1");
	w->dst_path = rib_double_route(w->rib, w->router, "20.1.0.0/20", 12, 1002, "192.0.2.2");
	w->en = enrich_new(w->rib);
	w->exporter.addr = addr("172.16.0.1");
	w->flow = (struct flow){ .src = addr("10.1.2.3"), .dst = addr("20.1.2.3"), .bytes = 1000,
	    .packets = 10, .src_port = 1234, .dst_port = 80, .proto = 6, .tos = 32,
	    .src_mask = 20, .dst_mask = 20, .src_as = 100, .dst_as = 200, .peer_src_as = 31,
	    .in_iface = 3, .out_iface = 4, .vlan = 7, .src_mac = { 0, 1, 2, 3, 4, 5 },
	    .bgp_next_hop = addr("192.0.2.9"), .ip_next_hop = addr("192.0.2.8"),
	    .peer_src_ip = addr("172.16.0.1"), .exporter = &w->exporter,
	    .has = FLOW_HAS_SRC_AS | FLOW_HAS_DST_AS | FLOW_HAS_SRC_MASK | FLOW_HAS_DST_MASK |
	    FLOW_HAS_BGP_NEXT_HOP | FLOW_HAS_IP_NEXT_HOP | FLOW_HAS_PEER_SRC_AS };
}

static void
world_done(struct world *w)
{
	enrich_free(w->en);
	rib_double_free(w->rib);
	conf_notes_done(&w->notes);
}

/* A configuration of two outputs, one and two. */
static struct conf *
configure(const struct row *row, struct conf_notes *notes)
{
	FILE *file = fopen(conf_file_name, "w");

	assert_non_null(file);
	fputs("plugins: print[one], print[two]\nbgp_daemon: true\n", file);
	for (; row->var != NULL; row++)
		if (row->output != NULL)
			fprintf(file, "%s[%s]: %s\n", row->var, row->output, row->value);
		else
			fprintf(file, "%s: %s\n", row->var, row->value);
	fclose(file);
	return conf_read(CONF_WAYBILLD, conf_file_name, NULL, 0, notes);
}

/* The profile of output one. */
static struct profile *
compile(struct world *w, const struct row *row, uint32_t needs)
{
	struct conf *conf = configure(row, &w->notes);
	struct profile *p;

	assert_non_null(conf);
	p = profile_compile(conf, 0, "nfacctd", needs, &w->notes);
	conf_free(conf);
	return p;
}

/* The fields that a plan would take from the record put into their places (plan_take_from_record). */
static void
take_from_record(const struct profile *p, struct flow *flow)
{
	if ((profile_decides(p) & ENRICH_HOSTS) == 0) {
		flow->r.src_host = flow->src;
		flow->r.dst_host = flow->dst;
	}
	if ((profile_decides(p) & ENRICH_PORTS) == 0) {
		flow->r.src_port = flow->src_port;
		flow->r.dst_port = flow->dst_port;
		flow->r.proto = flow->proto;
		flow->r.tos = flow->tos;
	}
}

static void
run(struct world *w, const struct row *row, uint32_t needs)
{
	struct profile *p = compile(w, row, needs);

	assert_non_null(p);
	enrich_batch(w->en, p, &w->flow, 1);
	take_from_record(p, &w->flow);
	profile_free(p);
}

#define CONF(...)	(const struct row[ROWS]){ __VA_ARGS__ }
#define NETS		{ NULL, "networks_file", net_file }
#define ALL_BGP		{ NULL, "nfacctd_as", "bgp" }, { NULL, "nfacctd_net", "bgp" }

/* ---- who wins ---------------------------------------------------------------------------- */

static void
each_source_and_each_pair_of_sources(void **state)
{
	static const struct {
		const char *as, *net, *key, *value;
		uint32_t src_as, dst_as, peer_dst_as;
		uint8_t src_len, dst_len;
		const char *src_net, *dst_net, *hop;
	} rows[] = {
		{ "netflow", "netflow", 0, 0, 100, 200, 0, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ "sflow", "sflow", 0, 0, 100, 200, 0, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ "false", NULL, 0, 0, 100, 200, 0, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ NULL, NULL, 0, 0, 100, 200, 0, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ "file", "file", 0, 0, 701, 702, 72, 24, 18, "10.1.2.0", "20.1.0.0", ".7" },
		{ "true", "file", 0, 0, 701, 702, 72, 24, 18, "10.1.2.0", "20.1.0.0", ".7" },
		{ "bgp", "bgp", 0, 0, 1001, 1002, 12, 16, 20, "10.1.0.0", "20.1.0.0", ".2" },
		{ "bmp", "bmp", 0, 0, 1001, 1002, 12, 16, 20, "10.1.0.0", "20.1.0.0", ".2" },
		{ "longest", "longest", 0, 0, 701, 1002, 12, 24, 20, "10.1.2.0", "20.1.0.0", ".2" },
		{ "fallback", "fallback", 0, 0, 701, 1002, 12, 24, 20, "10.1.2.0", "20.1.0.0",
		  ".2" },
		{ "longest", "longest", "networks_file_no_lpm", "true", 701, 702, 72, 24, 18,
		  "10.1.2.0", "20.1.0.0", ".7" },
		{ "netflow", "file", 0, 0, 100, 200, 0, 24, 18, "10.1.2.0", "20.1.0.0", ".7" },
		{ "netflow", "bgp", 0, 0, 100, 200, 0, 16, 20, "10.1.0.0", "20.1.0.0", ".2" },
		{ "netflow", "longest", 0, 0, 100, 200, 0, 24, 20, "10.1.2.0", "20.1.0.0", ".2" },
		{ "file", "netflow", 0, 0, 701, 702, 72, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ "file", "bgp", 0, 0, 701, 702, 72, 16, 20, "10.1.0.0", "20.1.0.0", ".2" },
		{ "file", "longest", 0, 0, 701, 702, 72, 24, 20, "10.1.2.0", "20.1.0.0", ".2" },
		{ "bgp", "netflow", 0, 0, 1001, 1002, 12, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ "bgp", "file", 0, 0, 1001, 1002, 12, 24, 18, "10.1.2.0", "20.1.0.0", ".7" },
		{ "bgp", "longest", 0, 0, 1001, 1002, 12, 24, 20, "10.1.2.0", "20.1.0.0", ".2" },
		{ "longest", "netflow", 0, 0, 701, 1002, 12, 20, 20, "10.1.0.0", "20.1.0.0", ".9" },
		{ "longest", "file", 0, 0, 701, 1002, 12, 24, 18, "10.1.2.0", "20.1.0.0", ".7" },
		{ "longest", "bgp", 0, 0, 701, 1002, 12, 16, 20, "10.1.0.0", "20.1.0.0", ".2" },
		{ "netflow", "mask", "networks_mask", "8", 100, 200, 0, 8, 8, "10.0.0.0",
		  "20.0.0.0", ".9" },
		{ "bgp", "mask", "networks_mask", "31", 1001, 1002, 12, 31, 31, "10.1.2.2",
		  "20.1.2.2", ".9" },
		{ "file", "file", "networks_mask", "22", 701, 702, 72, 22, 18, "10.1.0.0",
		  "20.1.0.0", ".7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct row conf[ROWS] = { NETS };
		size_t n = 1;
		struct world w;
		char hop[16];

		if (rows[i].as != NULL)
			conf[n++] = (struct row){ NULL, "nfacctd_as", rows[i].as };
		if (rows[i].net != NULL)
			conf[n++] = (struct row){ NULL, "nfacctd_net", rows[i].net };
		if (rows[i].key != NULL)
			conf[n++] = (struct row){ NULL, rows[i].key, rows[i].value };
		world_init(&w);
		run(&w, conf, EVERYTHING);
		assert_int_equal(w.flow.r.src_as, rows[i].src_as);
		assert_int_equal(w.flow.r.dst_as, rows[i].dst_as);
		assert_int_equal(w.flow.r.peer_dst_as, rows[i].peer_dst_as);
		assert_int_equal(w.flow.r.src_len, rows[i].src_len);
		assert_int_equal(w.flow.r.dst_len, rows[i].dst_len);
		assert_addr(&w.flow.r.src_net, rows[i].src_net);
		assert_addr(&w.flow.r.dst_net, rows[i].dst_net);
		snprintf(hop, sizeof(hop), "192.0.2%s", rows[i].hop);
		assert_addr(&w.flow.r.peer_dst_ip, hop);
		world_done(&w);
	}
}

static void
default_own_and_no_route_are_kept_apart(void **state)
{
	static const struct {
		const char *src, *origin;	/* origin: bgp_default_origin */
		uint32_t as;
		uint8_t kind, len;
	} rows[] = {
		{ "10.1.2.3", "false", 1001, ROUTE_FOUND, 16 },
		{ "30.0.0.1", "false", 0, ROUTE_DEFAULT, 0 },
		{ "30.0.0.1", "true", 64999, ROUTE_DEFAULT, 0 },
		{ "172.20.1.1", "false", 0, ROUTE_OWN, 12 },
		{ "2001:db8::1", "false", 0, ROUTE_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		rib_double_route(w.rib, w.router, "0.0.0.0/0", 64990, 64999, "192.0.2.3");
		rib_double_route(w.rib, w.router, "172.16.0.0/12", 0, 0, "192.0.2.4");
		w.flow.src = addr(rows[i].src);
		run(&w, CONF(ALL_BGP, { NULL, "bgp_default_origin", rows[i].origin }), EVERYTHING);
		assert_int_equal(w.flow.r.src_as, rows[i].as);
		assert_int_equal(w.flow.r.src_kind, rows[i].kind);
		assert_int_equal(w.flow.r.src_len, rows[i].len);
		assert_int_equal(counter_get(&enrich_counters(w.en)->default_only),
		    rows[i].kind == ROUTE_DEFAULT);
		assert_int_equal(counter_get(&enrich_counters(w.en)->own_prefix),
		    rows[i].kind == ROUTE_OWN);
		assert_int_equal(counter_get(&enrich_counters(w.en)->no_src_route),
		    rows[i].kind == ROUTE_NONE);
		world_done(&w);
	}
}

static void
a_default_route_gives_all_but_the_origin(void **state)
{
	struct world w;
	uint32_t path;

	(void)state;
	world_init(&w);
	path = rib_double_route(w.rib, w.router, "0.0.0.0/0", 64990, 64999, "192.0.2.3");
	w.flow.dst = addr("99.1.1.1");
	run(&w, CONF(ALL_BGP), EVERYTHING);
	assert_int_equal(w.flow.r.dst_as, 0);
	assert_int_equal(w.flow.r.peer_dst_as, 64990);
	assert_addr(&w.flow.r.peer_dst_ip, "192.0.2.3");
	assert_addr(&w.flow.r.dst_net, "0.0.0.0");
	assert_int_equal(w.flow.r.dst_path, path);
	assert_int_equal(w.flow.r.aspath, 1000 + path);
	assert_int_equal(w.flow.r.local_pref, 50 + path);
	assert_int_equal(w.flow.r.med, 10 + path);
	assert_int_equal(w.flow.r.comms, 100 + path);
	assert_int_equal(w.flow.r.ecomms, 200 + path);
	assert_int_equal(w.flow.r.lcomms, 300 + path);
	/* Under longest the router's own word for the origin beats a default route. */
	run(&w, CONF({ NULL, "nfacctd_as", "longest" }), EVERYTHING);
	assert_int_equal(w.flow.r.dst_as, 200);
	world_done(&w);
}

static void
attributes_come_from_bgp_only(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	run(&w, CONF({ NULL, "nfacctd_net", "bgp" }), EVERYTHING);
	assert_int_equal(w.flow.r.aspath, 0);
	assert_int_equal(w.flow.r.local_pref, 0);
	assert_int_equal(w.flow.r.comms, 0);
	run(&w, CONF(ALL_BGP), EVERYTHING & ~ENRICH_COMMS);
	assert_int_equal(w.flow.r.aspath, 1000 + w.dst_path);
	assert_int_equal(w.flow.r.comms, 0);
	world_done(&w);
}

static void
the_source_has_a_key_for_each_field(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	run(&w, CONF(ALL_BGP), EVERYTHING);
	assert_int_equal(w.flow.r.peer_src_as, 0);
	assert_int_equal(w.flow.r.src_aspath | w.flow.r.src_med | w.flow.r.src_local_pref, 0);
	run(&w, CONF({ NULL, "nfacctd_as", "netflow" }), EVERYTHING);
	assert_int_equal(w.flow.r.peer_src_as, 31);
	run(&w, CONF(ALL_BGP, { NULL, "bgp_peer_src_as_type", "netflow" }), EVERYTHING);
	assert_int_equal(w.flow.r.peer_src_as, 31);
	run(&w, CONF({ NULL, "bgp_peer_src_as_type", "bgp" },
	    { NULL, "bgp_src_local_pref_type", "bgp" }, { NULL, "bgp_src_med_type", "bgp" },
	    { NULL, "bgp_src_as_path_type", "bgp" }, { NULL, "bgp_src_std_comm_type", "bgp" },
	    { NULL, "bgp_src_ext_comm_type", "bgp" }, { NULL, "bgp_src_lrg_comm_type", "bgp" }),
	    EVERYTHING);
	assert_int_equal(w.flow.r.peer_src_as, 11);
	assert_int_equal(w.flow.r.src_local_pref, 50 + w.src_path);
	assert_int_equal(w.flow.r.src_med, 10 + w.src_path);
	assert_int_equal(w.flow.r.src_aspath, 1000 + w.src_path);
	assert_int_equal(w.flow.r.src_comms, 100 + w.src_path);
	assert_int_equal(w.flow.r.src_ecomms, 200 + w.src_path);
	assert_int_equal(w.flow.r.src_lcomms, 300 + w.src_path);
	world_done(&w);
}

static void
maps_say_things_about_the_source(void **state)
{
	static const struct { const char *map; uint32_t n; } rows[] = {
		{ "id=5 ip=172.16.0.1\nid=6 ip=0.0.0.0/0\n", 5 },
		{ "id=5 ip=172.16.0.2\nid=6 ip=172.16.0.0/12\n", 6 },
		{ "id=5 in=4\nid=6 in=3 out=4\n", 6 },
		{ "id=5 in=-3\nid=6 in=-4\n", 6 },
		{ "id=5 bgp_nexthop=192.0.2.2\nid=6 bgp_nexthop=192.0.2.1\n", 6 },
		{ "id=5 peer_dst_as=12\nid=1.0 peer_dst_as=11\n", 65536 },
		{ "id=5 src_mac=00:01:02:03:04:05\n", 5 },
		{ "id=5 src_mac=00:01:02:03:04:06\nid=6 vlan=7\n", 6 },
		{ "id=5 src_net=10.2.0.0/16\nid=6 src_net=10.1.0.0/16 dst_net=20.1.2.3\n", 6 },
		{ "id=bgp in=3\nid=6\n", 11 },
		{ "id=5 in=99\n", 0 },
		{ "! nothing\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		write_file(map_file, rows[i].map);
		run(&w, CONF(ALL_BGP, { NULL, "bgp_peer_src_as_type", "map" },
		    { NULL, "bgp_peer_src_as_map", map_file }), EVERYTHING);
		assert_int_equal(w.flow.r.peer_src_as, rows[i].n);
		world_done(&w);
	}
}

static void
local_pref_and_med_have_maps_too(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	write_file(map_file, "id=77 in=3\n");
	run(&w, CONF({ NULL, "bgp_src_local_pref_type", "map" },
	    { NULL, "bgp_src_local_pref_map", map_file }, { NULL, "bgp_src_med_type", "map" },
	    { NULL, "bgp_src_med_map", map_file }), EVERYTHING);
	assert_int_equal(w.flow.r.src_local_pref, 77);
	assert_int_equal(w.flow.r.src_med, 77);
	world_done(&w);
}

static void
peer_dst_ip_takes_a_plain_next_hop_only_when_told(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.flow.has &= ~(uint32_t)FLOW_HAS_BGP_NEXT_HOP;
	run(&w, CONF({ NULL, "debug", "false" }), EVERYTHING);
	assert_false(addr_is_set(&w.flow.r.peer_dst_ip));
	run(&w, CONF({ NULL, "use_ip_next_hop", "true" }), EVERYTHING);
	assert_addr(&w.flow.r.peer_dst_ip, "192.0.2.8");
	world_done(&w);
}

static void
the_exported_next_hop_chooses_among_several_paths(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	rib_double_route(w.rib, w.router, "20.1.0.0/20", 13, 1003, "192.0.2.9");
	run(&w, CONF(ALL_BGP), EVERYTHING);
	assert_int_equal(w.flow.r.dst_as, 1003);
	assert_addr(&w.flow.r.peer_dst_ip, "192.0.2.9");
	world_done(&w);
}

/* ---- masks, lists, the filter ------------------------------------------------------------ */

static void
a_mask_of_zero_hides_the_host_or_keeps_it(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.flow.src_mask = 0;
	w.flow.has &= ~(uint32_t)FLOW_HAS_DST_MASK;
	run(&w, CONF({ NULL, "debug", "false" }), EVERYTHING);
	assert_addr(&w.flow.r.src_net, "0.0.0.0");
	assert_addr(&w.flow.r.dst_net, "0.0.0.0");
	run(&w, CONF({ NULL, "networks_no_mask_if_zero", "true" }), EVERYTHING);
	assert_addr(&w.flow.r.src_net, "10.1.2.3");
	assert_addr(&w.flow.r.dst_net, "20.1.2.3");
	w.flow.src = addr("2001:db8:1:2::3");
	w.flow.dst = addr("2001:db8::1");
	w.flow.src_mask = 47;
	w.flow.has |= FLOW_HAS_DST_MASK;
	w.flow.dst_mask = 200;
	run(&w, CONF({ NULL, "debug", "false" }), EVERYTHING);
	assert_addr(&w.flow.r.src_net, "2001:db8::");
	assert_int_equal(w.flow.r.src_len, 47);
	assert_addr(&w.flow.r.dst_net, "2001:db8::1");
	assert_int_equal(w.flow.r.dst_len, 128);
	run(&w, CONF({ NULL, "nfacctd_net", "file" }, NETS), EVERYTHING);
	assert_addr(&w.flow.r.src_net, "::");
	world_done(&w);
}

static void
lists_rewrite_ports_protocols_and_tos(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	write_file(list_file, "80\n");
	run(&w, CONF({ NULL, "ports_file", list_file }, { NULL, "protos_file", list_file },
	    { NULL, "tos_file", list_file }), EVERYTHING);
	assert_int_equal(w.flow.r.src_port, 0);
	assert_int_equal(w.flow.r.dst_port, 80);
	assert_int_equal(w.flow.r.proto, 255);
	assert_int_equal(w.flow.r.tos, 255);
	run(&w, CONF({ NULL, "debug", "false" }), EVERYTHING);
	assert_int_equal(w.flow.r.src_port, 1234);
	assert_int_equal(w.flow.r.proto, 6);
	assert_int_equal(w.flow.r.tos, 32);
	assert_int_equal(w.flow.src_port, 1234);
	world_done(&w);
}

static void
the_old_filter_holds_only_for_a_file_nobody_uses(void **state)
{
	static const struct {
		const char *var, *value, *aggregate, *other;	/* other: of a second output */
		bool hosts_zeroed, said;
	} rows[] = {
		{ "debug", "false", "sum_host", "dst_host", true, true },
		{ "debug", "false", "src_host,dst_host", "src_port", true, true },
		{ "networks_file_filter", "false", "sum_host", "dst_host", false, false },
		{ "networks_file_filter", "true", "sum_host", "dst_host", true, false },
		{ "nfacctd_net", "file", "sum_host", "dst_host", false, false },
		{ "nfacctd_as", "longest", "sum_host", "dst_host", false, false },
		{ "nfacctd_as", "true", "sum_host", "dst_host", false, false },
		{ "nfacctd_net", "netflow", "sum_host", "dst_host", true, true },
		{ "nfacctd_net", "bgp", "sum_host", "dst_host", true, true },
		{ "debug", "false", "src_host, SRC_AS", "dst_host", false, false },
		{ "debug", "false", "sum_host", "dst_host ,  dst_net", false, false },
		{ "debug", "false", "sum_host", "peer_dst_ip", false, false },
		{ "debug", "false", "sum_host", "src_asx", true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row row[ROWS] = { NETS, { NULL, rows[i].var,
		    rows[i].value }, { "one", "aggregate", rows[i].aggregate },
		    { "two", "aggregate", rows[i].other } };
		struct profile *p;
		struct conf *conf;
		struct world w;

		world_init(&w);
		conf = configure(row, &w.notes);
		assert_non_null(conf);
		w.flow.dst = addr("30.0.0.1");
		p = profile_compile(conf, 0, "nfacctd", ENRICH_HOSTS, &w.notes);
		assert_non_null(p);
		assert_int_equal(w.notes.count, rows[i].said);
		if (rows[i].said)
			assert_int_equal(w.notes.note[0].line, 3);
		enrich_batch(w.en, p, &w.flow, 1);
		take_from_record(p, &w.flow);
		assert_addr(&w.flow.r.src_host, "10.1.2.3");
		assert_addr(&w.flow.r.dst_host, rows[i].hosts_zeroed ? "0.0.0.0" : "30.0.0.1");
		assert_int_equal(counter_get(&enrich_counters(w.en)->filtered_bytes),
		    rows[i].hosts_zeroed ? 1000 : 0);
		w.flow.src = addr("2001:db8::1");
		enrich_batch(w.en, p, &w.flow, 1);
		if (rows[i].hosts_zeroed)
			assert_addr(&w.flow.r.src_host, "::");
		assert_int_equal(counter_get(&enrich_counters(w.en)->filtered_flow_bytes),
		    rows[i].hosts_zeroed ? 1000 : 0);
		profile_free(p);
		conf_free(conf);
		world_done(&w);
	}
}

static void
the_filter_zeroes_networks_too(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.flow.dst = addr("30.0.0.1");
	run(&w, CONF(NETS, { NULL, "networks_file_filter", "true" },
	    { NULL, "networks_no_mask_if_zero", "true" }), ENRICH_NETS | ENRICH_SRC_ROUTE |
	    ENRICH_DST_ROUTE);
	assert_addr(&w.flow.r.src_net, "10.1.0.0");
	assert_int_equal(w.flow.r.src_len, 20);
	assert_addr(&w.flow.r.dst_net, "0.0.0.0");
	assert_int_equal(w.flow.r.dst_len, 0);
	assert_int_equal(counter_get(&enrich_counters(w.en)->filtered_bytes), 0);
	world_done(&w);
}

static void
a_key_of_one_output_never_leaks_into_another(void **state)
{
	struct conf *conf;
	struct profile *in, *out, *again;
	struct world w;

	(void)state;
	world_init(&w);
	conf = configure(CONF({ "one", "networks_file", net_file },
	    { "one", "nfacctd_net", "file" }, { "two", "nfacctd_net", "netflow" }), &w.notes);
	assert_non_null(conf);
	in = profile_compile(conf, 0, "nfacctd", EVERYTHING, &w.notes);
	out = profile_compile(conf, 1, "nfacctd", EVERYTHING, &w.notes);
	again = profile_compile(conf, 1, "nfacctd", EVERYTHING, &w.notes);
	assert_false(profile_equal(in, out));
	assert_true(profile_equal(out, again));
	enrich_batch(w.en, in, &w.flow, 1);
	assert_int_equal(w.flow.r.src_len, 24);
	enrich_batch(w.en, out, &w.flow, 1);
	assert_int_equal(w.flow.r.src_len, 20);
	profile_free(in);
	profile_free(out);
	profile_free(again);
	conf_free(conf);
	world_done(&w);
}

static void
outputs_with_equal_settings_share_a_profile(void **state)
{
	struct profile *p, *other;
	struct world w;

	(void)state;
	world_init(&w);
	p = compile(&w, CONF(ALL_BGP), ENRICH_HOSTS);
	other = compile(&w, CONF(ALL_BGP), ENRICH_AS | ENRICH_SRC_ROUTE | ENRICH_DST_ROUTE);
	assert_false(profile_equal(p, other));
	assert_true(profile_share(p, other));
	profile_free(other);
	enrich_batch(w.en, p, &w.flow, 1);
	take_from_record(p, &w.flow);
	assert_addr(&w.flow.r.src_host, "10.1.2.3");
	assert_int_equal(w.flow.r.src_as, 1001);
	assert_int_equal(w.flow.r.dst_as, 1002);
	other = compile(&w, CONF(ALL_BGP, { NULL, "use_ip_next_hop", "true" }), ENRICH_HOSTS);
	assert_false(profile_share(p, other));
	profile_free(other);
	profile_free(p);
	world_done(&w);
}

/* ---- whose routes ------------------------------------------------------------------------ */

static void
exporters_find_their_router(void **state)
{
	static const struct {
		const char *map, *exporter, *check;
		uint32_t in;
		uint64_t rd;
		uint32_t src_as;
		bool view;
	} rows[] = {
		{ NULL, "172.16.0.1", "false", 3, 0, 1001, true },	/* session address */
		{ NULL, "1.1.1.1", "false", 3, 0, 1001, true },		/* router-id */
		{ NULL, "1.1.1.1", "true", 3, 0, 0, false },
		{ NULL, "172.16.0.9", "false", 3, 0, 0, false },
		{ NULL, "172.16.0.1", "false", 3, 5, 5001, true },	/* VPN */
		{ NULL, "172.16.0.1", "false", 3, 6, 0, false },
		{ "bgp_ip=172.16.0.2 ip=172.16.0.9\n", "172.16.0.9", "false", 3, 0, 2001, true },
		{ "id=172.16.0.2 ip=172.16.0.9\n", "172.16.0.9", "false", 3, 0, 2001, true },
		{ "bgp_ip=172.16.0.2 ip=172.16.0.9\n", "172.16.0.1", "false", 3, 0, 1001, true },
		{ "bgp_ip=172.16.0.9 ip=0.0.0.0/0\n", "172.16.0.1", "false", 3, 0, 0, false },
		{ "bgp_ip=172.16.0.9 ip=0.0.0.0/0\nbgp_ip=172.16.0.2 ip=0.0.0.0/0\n", "172.16.0.1",
		  "false", 3, 0, 2001, true },				/* the next one is there */
		{ "bgp_ip=172.16.0.2 ip=172.16.0.1 in=3\n", "172.16.0.1", "false", 3, 0, 2001,
		  true },
		{ "bgp_ip=172.16.0.2 ip=172.16.0.1 in=4\n", "172.16.0.1", "false", 3, 0, 1001,
		  true },
		{ "bgp_ip=172.16.0.2 in=-4\n", "172.16.0.1", "false", 3, 0, 2001, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct row conf[ROWS] = { ALL_BGP, { NULL,
		    "bgp_disable_router_id_check", rows[i].check } };
		unsigned other, vpn;
		struct world w;

		world_init(&w);
		other = rib_double_router(w.rib, "172.16.0.2", NULL, 0);
		vpn = rib_double_router(w.rib, "172.16.0.1", NULL, 5);
		rib_double_route(w.rib, other, "10.0.0.0/8", 21, 2001, "192.0.2.1");
		rib_double_route(w.rib, vpn, "10.0.0.0/8", 51, 5001, "192.0.2.1");
		if (rows[i].map != NULL) {
			write_file(map_file, rows[i].map);
			conf[3] = (struct row){ NULL, "bgp_agent_map", map_file };
		}
		w.flow.peer_src_ip = w.exporter.addr = addr(rows[i].exporter);
		w.flow.in_iface = rows[i].in;
		w.flow.rd = rows[i].rd;
		run(&w, conf, EVERYTHING);
		assert_int_equal(w.flow.r.src_as, rows[i].src_as);
		assert_int_equal(counter_get(&enrich_counters(w.en)->no_view), !rows[i].view);
		world_done(&w);
	}
}

/* Several agents of one exporter, also of both maps: the first that is up, else the first there is. */
static void
agents_are_a_fail_over_list(void **state)
{
	static const struct { bool down[3]; uint32_t src_as; } rows[] = {
		{ { false, false, false }, 1001 },
		{ { true, false, false }, 2001 },
		{ { true, true, false }, 3001 },
		{ { true, true, true }, 1001 },
		{ { false, true, true }, 1001 },
	};
	struct row conf[ROWS] = { ALL_BGP, { NULL, "bgp_agent_map", map_file },
	    { NULL, "bmp_agent_map", list_file } };
	struct profile *p;
	unsigned router[3];
	struct world w;

	(void)state;
	world_init(&w);
	router[0] = 0;
	router[1] = rib_double_router(w.rib, "172.16.0.2", NULL, 0);
	router[2] = rib_double_router(w.rib, "172.16.0.3", NULL, 0);
	rib_double_route(w.rib, router[1], "10.0.0.0/8", 21, 2001, "192.0.2.1");
	rib_double_route(w.rib, router[2], "10.0.0.0/8", 31, 3001, "192.0.2.1");
	write_file(map_file, "bgp_ip=172.16.0.77 ip=172.16.0.9\nbgp_ip=172.16.0.1 ip=172.16.0.9\n"
	    "bgp_ip=172.16.0.2 ip=172.16.0.9\n");
	write_file(list_file, "bmp_ip=172.16.0.3 ip=172.16.0.9\n");
	w.flow.peer_src_ip = w.exporter.addr = addr("172.16.0.9");
	p = compile(&w, conf, EVERYTHING);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (unsigned k = 0; k < 3; k++)
			rib_double_down(w.rib, router[k], rows[i].down[k]);
		enrich_batch(w.en, p, &w.flow, 1);
		assert_int_equal(w.flow.r.src_as, rows[i].src_as);
	}
	profile_free(p);
	world_done(&w);
}

static void
a_router_that_comes_later_is_found(void **state)
{
	struct flow flow[600];
	struct profile *p;
	struct world w;
	uint32_t finds;
	unsigned router;

	(void)state;
	world_init(&w);
	p = compile(&w, CONF(ALL_BGP), EVERYTHING);
	for (unsigned i = 0; i < ARRAY_LEN(flow); i++)
		flow[i] = w.flow;
	for (unsigned i = 300; i < ARRAY_LEN(flow); i++)
		flow[i].peer_src_ip = addr("172.16.0.77");
	enrich_batch(w.en, p, flow, ARRAY_LEN(flow));
	assert_int_equal(flow[299].r.src_as, 1001);
	assert_int_equal(flow[300].r.src_as, 0);
	assert_int_equal(counter_get(&enrich_counters(w.en)->no_view), 300);
	assert_int_equal(counter_get(&enrich_counters(w.en)->flows), 600);
	finds = rib_double_finds(w.rib);
	assert_true(finds <= 4);
	router = rib_double_router(w.rib, "172.16.0.77", NULL, 0);
	rib_double_route(w.rib, router, "10.0.0.0/8", 21, 2001, "192.0.2.1");
	enrich_batch(w.en, p, flow, ARRAY_LEN(flow));
	assert_int_equal(flow[299].r.src_as, 1001);
	assert_int_equal(flow[300].r.src_as, 2001);
	profile_free(p);
	world_done(&w);
}

static void
without_bgp_fields_stay_zero(void **state)
{
	struct world w;
	struct enrich *en = enrich_new(NULL);
	struct profile *p;

	(void)state;
	world_init(&w);
	p = compile(&w, CONF(ALL_BGP), EVERYTHING);
	enrich_batch(en, p, &w.flow, 1);
	assert_int_equal(w.flow.r.src_as, 0);
	assert_int_equal(counter_get(&enrich_counters(en)->no_view), 1);
	profile_free(p);
	enrich_free(en);
	world_done(&w);
}

/* ---- tags -------------------------------------------------------------------------------- */

/* What a rule looks at is filled in, even where no plan asks for it. */
static void
tags_may_test_what_routes_say(void **state)
{
	static const struct { const char *map; uint64_t tag; } rows[] = {
		{ "set_tag=1 src_as=1001\n", 1 }, { "set_tag=1 src_as=100\n", 0 },
		{ "set_tag=2 dst_as=1002 peer_dst_as=12\n", 2 },
		{ "set_tag=3 bgp_nexthop=192.0.2.2\n", 3 }, { "set_tag=3 bgp_nexthop=192.0.2.9\n", 0 },
		{ "set_tag=4 nexthop=192.0.2.8\n", 4 }, { "set_tag=5 peer_src_as=11\n", 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		world_init(&w);
		write_file(map_file, rows[i].map);
		run(&w, CONF(ALL_BGP, { NULL, "pre_tag_map", map_file },
		    { NULL, "bgp_peer_src_as_type", "bgp" }), ENRICH_TAGS);
		if (w.flow.r.tag != rows[i].tag)
			fail_msg("%s gives %llu", rows[i].map, (unsigned long long)w.flow.r.tag);
		world_done(&w);
	}
}

/* A map that nobody sees anything of is read, but not run; an output's own is for that one alone. */
static void
a_map_is_for_its_outputs(void **state)
{
	const struct row *row = CONF({ NULL, "pre_tag_map", map_file },
	    { "two", "pre_tag_map", list_file });
	struct profile *one, *two;
	struct conf *conf;
	struct world w;

	(void)state;
	world_init(&w);
	write_file(map_file, "set_tag=1\n");
	write_file(list_file, "set_tag=2\nignore=true\n");
	conf = configure(row, &w.notes);
	one = profile_compile(conf, 0, "nfacctd", ENRICH_TAGS, &w.notes);
	two = profile_compile(conf, 1, "nfacctd", ENRICH_TAGS, &w.notes);
	assert_true(one != NULL && two != NULL);
	assert_false(profile_share(one, two));
	assert_false(profile_ignores(one));
	assert_true(profile_ignores(two));
	enrich_batch(w.en, one, &w.flow, 1);
	assert_int_equal(w.flow.r.tag, 1);
	enrich_batch(w.en, two, &w.flow, 1);
	assert_int_equal(w.flow.r.tag, 2);
	profile_free(one);
	w.flow.r.tag = 77;
	one = profile_compile(conf, 0, "nfacctd", ENRICH_PORTS, &w.notes);
	enrich_batch(w.en, one, &w.flow, 1);
	assert_int_equal(w.flow.r.tag, 77);
	profile_free(one);
	profile_free(two);
	conf_free(conf);
	world_done(&w);
}

/* set_tos goes before tos_file. */
static void
a_map_may_set_the_tos(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	write_file(map_file, "set_tos=40 in=3\n");
	run(&w, CONF({ NULL, "pre_tag_map", map_file }), ENRICH_PORTS);
	assert_int_equal(w.flow.r.tos, 40);
	write_file(list_file, "32\n");
	run(&w, CONF({ NULL, "pre_tag_map", map_file }, { NULL, "tos_file", list_file }), ENRICH_PORTS);
	assert_int_equal(w.flow.r.tos, 255);
	world_done(&w);
}

/* ---- errors and explanations ------------------------------------------------------------- */

static void
errors_name_file_and_line(void **state)
{
	static const struct {
		const char *var, *value, *map, *part;
		unsigned line, errors;
	} rows[] = {
		{ "nfacctd_net", "igp", NULL, "nfacctd_net", 4, 1 },
		{ "bgp_src_med_type", "map", NULL, "no file", 4, 1 },
		{ "networks_file", "/no/such", NULL, "No such file", 4, 1 },
		{ "bgp_agent_map", map_file, "ip=1.2.3.4\n", "bgp_ip", 1, 1 },
		{ "bgp_agent_map", map_file, "\nbgp_ip=1.2.3 ip=1.2.3.4\n", "bgp_ip=1.2.3", 2, 1 },
		{ "bgp_agent_map", map_file, "bgp_ip=1.2.3.4 vlan=5\n", "vlan", 1, 1 },
		{ "bgp_agent_map", map_file, "bgp_ip=1.2.3.4 vlan=5\nin=x bgp_ip=1.1.1.1\n",
		  "vlan", 1, 2 },
		{ "bgp_agent_map", map_file, "bgp_ip=1.2.3.4 ip=-1.2.3.4\n", "ip=-1.2.3.4", 1, 1 },
		{ "bgp_agent_map", map_file, "bpg_ip=1.2.3.4\n", "did you mean", 1, 2 },
		{ "ports_file", map_file, "80\nx\ny\n", "'x'", 2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct conf_note *note;
		struct world w;

		world_init(&w);
		if (rows[i].map != NULL)
			write_file(map_file, rows[i].map);
		assert_null(compile(&w, CONF({ NULL, "debug", "false" }, { NULL, rows[i].var,
		    rows[i].value }), EVERYTHING));
		assert_int_equal(w.notes.errors, rows[i].errors);
		for (note = w.notes.note; note->kind != CONF_NOTE_ERROR; note++)
			continue;
		assert_int_equal(note->line, rows[i].line);
		assert_non_null(strstr(note->text, rows[i].part));
		world_done(&w);
	}
}

static void
a_source_that_is_not_there_is_said(void **state)
{
	static const struct { const char *var, *value; unsigned said; } rows[] = {
		{ "nfacctd_as", "bgp", 1 }, { "nfacctd_net", "bgp", 1 },
		{ "nfacctd_as", "file", 1 },
		{ "nfacctd_net", "file", 1 }, { "nfacctd_as", "longest", 0 },
		{ "nfacctd_net", "longest", 0 }, { "nfacctd_as", "netflow", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned said = 0;
		struct world w;

		world_init(&w);
		run(&w, CONF({ NULL, "bgp_daemon", "false" }, { NULL, rows[i].var, rows[i].value },
		    { NULL, "networks_mask", "8" }), EVERYTHING);
		assert_int_equal(w.notes.errors, 0);
		for (size_t k = 0; k < w.notes.count; k++)
			said += strstr(w.notes.note[k].text, "stay 0") != NULL;
		assert_int_equal(said, rows[i].said);
		world_done(&w);
	}
}

static void
explain_names_who_set_each_field(void **state)
{
	static const char *const parts[] = {
		"\"exporter\": \"172.16.0.1\"",
		"\"routes_of\": {\"router\": \"172.16.0.1\", "
		    "\"why\": \"the exporter's own address\", \"known\": true, "
		    "\"state\": \"up\"}",
		"\"prefix\": \"10.1.2.0/24\", \"as\": 701, \"peer_as\": 71",
		"\"match\": \"route\", \"prefix\": \"10.1.0.0/16\"",
		"\"as_path\": \"11 1001\", \"next_hop\": \"192.0.2.1\"",
		"\"as\": 701, \"as_from\": \"networks_file\", \"net\": \"10.1.2.0/24\", "
		    "\"net_from\": \"networks_file\"",
		"\"as\": 1002, \"as_from\": \"bgp\", \"net\": \"20.1.0.0/20\", "
		    "\"net_from\": \"bgp\"",
		"\"peer_dst_as\": {\"value\": 12, \"from\": \"bgp\"}",
		"\"peer_src_as\": {\"value\": 77, \"from\": \"map\", \"line\": 2}",
		"\"peer_dst_ip\": {\"value\": \"192.0.2.2\", \"from\": \"bgp\"}",
	};
	struct sbuf text = { NULL };
	struct json j = json_of(&text);
	struct profile *p;
	struct world w;

	(void)state;
	world_init(&w);
	write_file(map_file, "! peers\nid=77 in=3\n");
	p = compile(&w, CONF(NETS, { NULL, "nfacctd_as", "longest" },
	    { NULL, "nfacctd_net", "longest" }, { NULL, "bgp_peer_src_as_type", "map" },
	    { NULL, "bgp_peer_src_as_map", map_file }), EVERYTHING);
	assert_non_null(p);
	json_object(&j, NULL);
	enrich_explain(w.en, p, &w.flow, &j);
	json_end(&j, '}');
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(sbuf_text(&text), parts[i]) == NULL)
			fail_msg("%s\nis not in\n%s", parts[i], sbuf_text(&text));
	sbuf_done(&text);
	profile_free(p);
	world_done(&w);
}

static int
remove_files(void **state)
{
	(void)state;
	unlink(conf_file_name);
	unlink(net_file);
	unlink(map_file);
	unlink(list_file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_source_and_each_pair_of_sources),
		cmocka_unit_test(default_own_and_no_route_are_kept_apart),
		cmocka_unit_test(a_default_route_gives_all_but_the_origin),
		cmocka_unit_test(attributes_come_from_bgp_only),
		cmocka_unit_test(the_source_has_a_key_for_each_field),
		cmocka_unit_test(maps_say_things_about_the_source),
		cmocka_unit_test(local_pref_and_med_have_maps_too),
		cmocka_unit_test(peer_dst_ip_takes_a_plain_next_hop_only_when_told),
		cmocka_unit_test(the_exported_next_hop_chooses_among_several_paths),
		cmocka_unit_test(a_mask_of_zero_hides_the_host_or_keeps_it),
		cmocka_unit_test(lists_rewrite_ports_protocols_and_tos),
		cmocka_unit_test(the_old_filter_holds_only_for_a_file_nobody_uses),
		cmocka_unit_test(the_filter_zeroes_networks_too),
		cmocka_unit_test(a_key_of_one_output_never_leaks_into_another),
		cmocka_unit_test(outputs_with_equal_settings_share_a_profile),
		cmocka_unit_test(exporters_find_their_router),
		cmocka_unit_test(agents_are_a_fail_over_list),
		cmocka_unit_test(a_router_that_comes_later_is_found),
		cmocka_unit_test(without_bgp_fields_stay_zero),
		cmocka_unit_test(tags_may_test_what_routes_say),
		cmocka_unit_test(a_map_is_for_its_outputs),
		cmocka_unit_test(a_map_may_set_the_tos),
		cmocka_unit_test(errors_name_file_and_line),
		cmocka_unit_test(a_source_that_is_not_there_is_said),
		cmocka_unit_test(explain_names_who_set_each_field),
	};

	return cmocka_run_group_tests(tests, NULL, remove_files);
}
