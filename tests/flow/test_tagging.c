/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pre_tag_map: what each key looks at and each action does, what is refused, and random maps against a
 * model that tries rule by rule.
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

#include "core/clock.h"
#include "core/mem.h"
#include "core/sbuf.h"
#include "flow/maps_manual.h"
#include "flow/tagging.h"
#include "rib/rib.h"

static const char map_name[] = "test_tagging.map", inner_name[] = "test_tagging.inner";

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct tagging *
load(const char *text, struct names *names)
{
	struct conf_notes notes = { 0 };
	struct tagging *t;

	write_file(map_name, text);
	t = tagging_load(map_name, &notes);
	if (t == NULL)
		fail_msg("%s: %s", text, notes.note[0].text);
	conf_notes_done(&notes);
	unlink(map_name);
	tagging_use_names(t, names);
	return t;
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* ---- keys -------------------------------------------------------------------------------- */

/* A flow in which every field that a key tests is something. */
static struct flow
full_flow(void)
{
	struct flow flow = {
		.src = addr("10.1.2.3"), .dst = addr("10.9.8.7"), .in_iface = 3, .out_iface = 4,
		.engine_type = 5, .engine_id = 6, .export_sysid = 7, .template_id = 300,
		.ip_next_hop = addr("192.0.2.1"), .peer_src_ip = addr("172.16.0.1"), .proto = 6,
		.src_port = 1234, .dst_port = 80, .tcp_flags = 0x12, .direction = 1,
		.sampling_rate = 100, .kind = FLOW_TRAFFIC,
		.src_mac = { 2, 0, 0, 0, 0, 1 }, .dst_mac = { 1, 0, 0x5e, 0, 0, 1 }, .vlan = 11,
		.in_cvlan = 12, .fwd_status = 64, .in_vrf_id = 21, .out_vrf_id = 22,
		.mpls_pw_id = 23, .mpls_labels = 2, .mpls_label = { 1000, 2000 },
		.fw_event = 2,
	};

	flow.r.src_as = 101;
	flow.r.dst_as = 102;
	flow.r.peer_src_as = 103;
	flow.r.peer_dst_as = 104;
	flow.r.peer_dst_ip = addr("192.0.2.2");
	flow.r.local_pref = 105;
	flow.r.src_local_pref = 106;
	flow.r.src_roa = 'u';
	flow.r.dst_roa = 'v';
	assert_int_equal(rd_parse_any("0:65000:1", &flow.r.rd), 0);
	return flow;
}

/* Tests that fit full_flow, and values of the same keys that do not. */
static const struct { const char *yes, *no; } key_rows[] = {
	{ "ip=172.16.0.1", "ip=172.16.0.2" }, { "ip=172.16.0.0/12", "ip=172.32.0.0/12" },
	{ "ip=0.0.0.0/0", "ip=2001:db8::/32" }, { "src_net=-::/0", "src_net=::/0" },
	{ "in=3", "in=4" }, { "in=-4", "in=-3" }, { "out=4", "out=3" },
	{ "engine_type=5", "engine_type=6" }, { "engine_id=6", "engine_id=5" },
	{ "source_id=7", "source_id=8" }, { "flowset_id=300", "flowset_id=301" },
	{ "nexthop=192.0.2.1", "nexthop=192.0.2.2" },
	{ "bgp_nexthop=192.0.2.2", "bgp_nexthop=192.0.2.1" },
	{ "bgp_nexthop=-192.0.2.0/31", "bgp_nexthop=-192.0.2.2/31" },
	{ "src_as=101", "src_as=102" }, { "dst_as=102", "dst_as=-102" },
	{ "src_as=0.101", "src_as=1.101" },
	{ "peer_src_as=103", "peer_src_as=104" }, { "peer_dst_as=104", "peer_dst_as=103" },
	{ "local_pref=105", "local_pref=1" }, { "src_local_pref=106", "src_local_pref=1" },
	{ "src_roa=u", "src_roa=v" }, { "dst_roa=v", "dst_roa=i" },
	{ "mpls_vpn_rd=0:65000:1", "mpls_vpn_rd=0:65000:2" },
	{ "mpls_vpn_rd=-vrfid:21", "mpls_vpn_rd=vrfid:21" },
	{ "mpls_vpn_id=21", "mpls_vpn_id=23" }, { "mpls_vpn_id=22", "mpls_vpn_id=-22" },
	{ "mpls_vpn_id_in=21", "mpls_vpn_id_in=22" }, { "mpls_vpn_id_out=22", "mpls_vpn_id_out=21" },
	{ "mpls_pw_id=23", "mpls_pw_id=24" },
	{ "mpls_label_bottom=2000", "mpls_label_bottom=1000" },
	{ "src_mac=02:00:00:00:00:01", "src_mac=02:00:00:00:00:02" },
	{ "dst_mac=01:00:5e:00:00:01", "dst_mac=-01:00:5E:00:00:01" },
	{ "is_multicast=true", "is_multicast=false" },
	{ "vlan=11", "vlan=12" }, { "cvlan=12", "cvlan=11" },
	{ "src_net=10.1.0.0/16", "src_net=10.9.0.0/16" }, { "dst_net=10.9.8.7", "dst_net=10.1.2.3" },
	{ "ip_proto=6", "ip_proto=17" }, { "src_port=1234", "src_port=80" },
	{ "dst_port=80", "dst_port=1234" }, { "tcp_flags=12", "tcp_flags=2" },
	{ "tcp_flags=0x12", "tcp_flags=-12" },
	{ "fwd_status=64", "fwd_status=128" }, { "direction=1", "direction=0" },
	{ "sampling_rate=100", "sampling_rate=1" },
	{ "sample_type=flow", "sample_type=event" }, { "sample_type=flow-mpls-ipv4", "sample_type=flow-ipv4" },
	{ "sample_type=-option", "sample_type=flow-mpls-ipv6" },
	{ "is_nel=false", "is_nel=true" }, { "is_nsel=true", "is_nsel=false" },
	{ "filter='src net 10.1.0.0/16 and tcp dst port 80 or vlan'", "filter='udp'" },
	{ "in=3 out=4 src_net=10.0.0.0/8 filter='not udp'", "in=3 out=4 src_net=10.0.0.0/8 filter='udp'" },
	{ "src_net=10.0.0.0/8 src_net=-10.2.0.0/16", "src_net=10.0.0.0/8 src_net=10.2.0.0/16" },
};

static uint64_t
tag_by(const char *tests)
{
	struct names *names = names_new(64);
	struct tagging_room *room = tagging_room_new();
	struct flow flow = full_flow();
	struct sbuf text = { 0 };
	struct tagging *t;

	sbuf_printf(&text, "set_tag=7 %s\n", tests);
	t = load(sbuf_text(&text), names);
	tagging_run(t, room, NULL, &flow, 1);
	tagging_free(t);
	tagging_room_free(room);
	names_free(names);
	sbuf_done(&text);
	return flow.r.tag;
}

static void
each_key_looks_at_its_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(key_rows); i++) {
		if (tag_by(key_rows[i].yes) != 7)
			fail_msg("%s does not fit", key_rows[i].yes);
		if (tag_by(key_rows[i].no) != 0)
			fail_msg("%s fits", key_rows[i].no);
	}
}

/* The flow's communities are ids of the RIB. */
static void
communities_are_any_of_a_list(void **state)
{
	static const struct { const char *map; uint64_t tag; } rows[] = {
		{ "set_tag=7 comms=65001:1,65001:2\n", 7 }, { "set_tag=7 comms=65001:3,65001:4\n", 0 },
		{ "set_tag=7 src_comms=65001:2\n", 0 },
		{ "set_tag=6 comms=65001:9\nset_tag=7 comms=65001:2 dst_as=102\n", 7 },
	};
	const uint8_t comms[] = { 0xfd, 0xe9, 0, 2, 0xfd, 0xe9, 0, 7 };
	struct attrs attrs = { .comms = comms, .comms_len = sizeof(comms) };
	struct tagging_room *room = tagging_room_new();
	struct names *names = names_new(64);
	struct epoch *ep = epoch_new();
	struct rib *rib = rib_new(ep, NULL);
	struct teller *teller = teller_new(rib, &(struct teller_info){ .kind = TELLER_BGP,
	    .router = addr("192.0.2.1"), .as = 65000, .name = "test" });
	struct flow flow = full_flow();

	(void)state;
	flow.r.comms = rib_comms(rib, rib_path(rib, attrs_put(teller, &attrs))).comms;
	assert_int_not_equal(flow.r.comms, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tagging *t = load(rows[i].map, names);

		tagging_run(t, room, rib, &flow, 1);
		assert_int_equal(flow.r.tag, rows[i].tag);
		tagging_free(t);
	}
	rib_free(rib);
	epoch_free(ep);
	names_free(names);
	tagging_room_free(room);
}

/* ---- actions ----------------------------------------------------------------------------- */

static void
rules_say_what_they_set(void **state)
{
	static const struct {
		const char *map;
		uint64_t tag, tag2;
		const char *label;
		uint8_t tos;
		bool ignored;
		unsigned steps;
	} rows[] = {
		{ "set_tag=1 in=9\n", 77, 78, "told", 9, false, 0 },
		{ "set_tag=1\nset_tag=2\n", 1, 78, "told", 9, false, 1 },
		{ "id=1 jeq=next\nid2=2 jeq=next\nset_label=a jeq=next\nset_label=b set_tos=32\n",
		  1, 2, "a,b", 32, false, 4 },
		{ "set_tag=5 jeq=x src_net=0.0.0.0/0\nset_tag=77\nset_tag2=9 label=x jeq=z\n"
		  "set_label=bar jeq=y label=z\nset_tag=1\nset_tag=3 stack=sum label=y jeq=w\n"
		  "set_tag2=3 stack=sum label=w jeq=v\nset_label=baz label=v\n",
		  8, 12, "bar,baz", 9, false, 6 },
		{ "set_tag=6 stack=or jeq=x\nset_tag=3 stack=or label=x\n", 7, 78, "told", 9, false, 2 },
		{ "set_tag=6 stack=A jeq=x\nset_tag=3 stack=+ label=x\n", 9, 78, "told", 9, false, 2 },
		{ "set_tag=6 jeq=x\nset_tag=3 label=x\n", 3, 78, "told", 9, false, 2 },
		{ "jeq=x\nset_tag=3 label=x in=9\nset_tag=4\n", 4, 78, "told", 9, false, 2 },
		{ "ignore=true in=3\n", 77, 78, "told", 9, true, 1 },
		{ "ignore=false in=3\n", 77, 78, "told", 9, false, 1 },
		{ "set_tag=18446744073709551615 jeq=next", UINT64_MAX, 78, "told", 9, false, 1 },
	};
	struct names *names = names_new(64);
	struct tagging_room *room = tagging_room_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tagging *t = load(rows[i].map, names);
		struct flow flow = full_flow();
		struct tagging_step step[8];

		flow.tag = 77;
		flow.tag2 = 78;
		flow.label = names_put(names, "told", 4);
		flow.r.tos = 9;
		flow.has = FLOW_IGNORED;
		tagging_run(t, room, NULL, &flow, 1);
		assert_int_equal(flow.r.tag, rows[i].tag);
		assert_int_equal(flow.r.tag2, rows[i].tag2);
		assert_string_equal(names_get(names, flow.r.label), rows[i].label);
		assert_int_equal(flow.r.tos, rows[i].tos);
		assert_int_equal((flow.has & FLOW_IGNORED) != 0, rows[i].ignored);
		assert_int_equal(tagging_steps(t, NULL, &flow, step, 8), rows[i].steps);
		tagging_free(t);
	}
	tagging_room_free(room);
	names_free(names);
}

static void
a_number_rises_with_each_flow(void **state)
{
	struct names *names = names_new(64);
	struct tagging_room *room = tagging_room_new();
	struct tagging *t = load("set_tag=5++ in=3\nset_tag2=100++\n", names);
	struct flow flow[3] = { full_flow(), full_flow(), full_flow() };

	(void)state;
	flow[1].in_iface = 1;
	for (unsigned round = 0; round < 2; round++) {
		tagging_run(t, room, NULL, flow, 3);
		assert_int_equal(flow[0].r.tag, 5 + 2 * round);
		assert_int_equal(flow[1].r.tag2, 100 + round);
		assert_int_equal(flow[2].r.tag, 6 + 2 * round);
	}
	tagging_free(t);
	tagging_room_free(room);
	names_free(names);
}

/* ---- errors ------------------------------------------------------------------------------ */

static void
errors_name_file_and_line(void **state)
{
	static const struct {
		const char *map, *file;
		unsigned line, errors;
		const char *part;
	} rows[] = {
		{ "\n! x\nset_tag=x\n", map_name, 3, 1, "set_tag=x" },
		{ "set_tag=18446744073709551616\n", map_name, 1, 1, "a number" },
		{ "set_tag=1 set_label=a\n", map_name, 1, 1, "a rule each" },
		{ "set_label=a stack=sum\n", map_name, 1, 1, "stack=" },
		{ "set_tag=1 stack=xor\n", map_name, 1, 1, "stack=xor" },
		{ "set_tag=1 ip=-1.2.3.4\n", map_name, 1, 1, "ip=-1.2.3.4" },
		{ "set_tag=1 ip=1.2.3.4/33\nset_tag=1 vlan=4097\nset_tag=1\nset_tag=1 in=-x\n", map_name, 1, 3,
		  "ip=" },
		{ "set_tag=1 inn=3\n", map_name, 1, 1, "did you mean 'in'" },
		{ "set_tag=1 bgp_ip=1.2.3.4\n", map_name, 1, 1, "no key 'bgp_ip'" },
		{ "set_tag=1 filter='no such thing'\n", map_name, 1, 1, "libpcap" },
		{ "set_tag=1 filter='tcp\n", map_name, 1, 1, "quote" },
		{ "set_tag=1 comms=65001:70000\n", map_name, 1, 1, "communities" },
		{ "set_tag=1 comms=-65001:1\n", map_name, 1, 1, "communities" },
		{ "set_tag=1 jeq=a\nset_tag=2\n", map_name, 1, 1, "no rule further down" },
		{ "set_tag=1 label=a\nset_tag=2 jeq=a\n", map_name, 2, 1, "that of line 1" },
		{ "set_tag=1 label=abcdefghijklmnopqrstuvwxyzabcdef\n", map_name, 1, 1, "31" },
		{ "set_tag=1 jeq=next return=true\n", map_name, 1, 1, "return" },
		{ "set_tag =1\n", map_name, 1, 1, "syntax error" },
		{ "include=/no/such/file\n", "/no/such/file", 0, 1, "No such file" },
		{ "include=test_tagging.map\n", map_name, 1, 1, "deep" },
		{ "set_tag=1\ninclude=test_tagging.inner\n", inner_name, 2, 1, "set_tag=y" },
	};

	(void)state;
	write_file(inner_name, "set_tag=1\nset_tag=y\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_notes notes = { 0 };

		write_file(map_name, rows[i].map);
		assert_null(tagging_load(map_name, &notes));
		assert_int_equal(notes.errors, rows[i].errors);
		assert_string_equal(notes.note[0].file, rows[i].file);
		assert_int_equal(notes.note[0].line, rows[i].line);
		if (strstr(notes.note[0].text, rows[i].part) == NULL)
			fail_msg("%s: says %s", rows[i].map, notes.note[0].text);
		conf_notes_done(&notes);
	}
	unlink(map_name);
	unlink(inner_name);
}

/* Included rules stand where the line is, and labels lead from one file to the other. */
static void
files_include_others(void **state)
{
	struct names *names = names_new(64);
	struct tagging_room *room = tagging_room_new();
	struct flow flow = full_flow();
	struct tagging_step step[4];
	struct tagging *t;

	(void)state;
	write_file(inner_name, "set_tag2=2 label=inner jeq=outer\nset_tag=9\n");
	t = load("set_tag=1 jeq=inner\nset_tag=8\ninclude=test_tagging.inner\nset_label=x label=outer\n",
	    names);
	tagging_run(t, room, NULL, &flow, 1);
	assert_int_equal(flow.r.tag, 1);
	assert_int_equal(flow.r.tag2, 2);
	assert_string_equal(names_get(names, flow.r.label), "x");
	assert_int_equal(tagging_steps(t, NULL, &flow, step, 4), 3);
	assert_string_equal(step[1].file, inner_name);
	assert_int_equal(step[1].line, 1);
	assert_int_equal(step[2].line, 4);
	tagging_free(t);
	unlink(inner_name);
	tagging_room_free(room);
	names_free(names);
}

/* ---- against a model --------------------------------------------------------------------- */

enum field { F_IP, F_IN, F_OUT, F_SRC_NET, F_DST_NET, F_PROTO, F_PORT, F_VLAN, F_SRC_AS, F_HOP, F_VPN,
    F_FILTER, FIELDS };

static const char *const field_words[FIELDS] = { "ip", "in", "out", "src_net", "dst_net", "ip_proto",
    "dst_port", "vlan", "src_as", "bgp_nexthop", "mpls_vpn_id", "filter" };

struct model_test {
	enum field field;
	bool negated;
	struct prefix prefix;
	uint32_t number;
};

struct model_rule {
	struct model_test test[4];
	unsigned tests, label, jump;	/* jump 0: none, else to the next rule with this label */
	unsigned says;			/* 0 nothing, 1 tag, 2 tag2, 3 label, 4 ToS, 5 ignore */
	unsigned stack;
	uint32_t number;
};

struct model {
	struct model_rule *rule;
	unsigned rules;
	uint64_t seed;
};

static uint32_t
below(struct model *m, uint32_t n)
{
	m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(m->seed >> 33) % n;
}

/* Close to each other, some of them IPv6. */
static struct addr
random_addr(struct model *m)
{
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (below(m, 4) != 0)
		return addr_of_v4(10u << 24 | below(m, 2) << 16 | below(m, 3) << 8 | below(m, 8));
	six[4] = (uint8_t)below(m, 2);
	six[15] = (uint8_t)below(m, 4);
	return addr_of_bytes16(six);
}

static struct model_test
random_test(struct model *m)
{
	struct model_test t = { .field = (enum field)below(m, FIELDS), .number = below(m, 4) };
	struct addr a = random_addr(m);

	t.negated = below(m, 4) == 0 && t.field != F_IP && t.field != F_FILTER;
	t.prefix.len = (uint8_t)(below(m, 3) == 0 ? addr_bits(&a) : below(m, addr_bits(&a) + 1u));
	t.prefix.addr = addr_masked(&a, t.prefix.len);
	return t;
}

static void
put_test(const struct model_test *t, struct sbuf *out)
{
	char room[PREFIX_TEXT];

	sbuf_printf(out, " %s=%s", field_words[t->field], t->negated ? "-" : "");
	switch (t->field) {
	case F_IP:
	case F_SRC_NET:
	case F_DST_NET:
	case F_HOP:
		sbuf_str(out, prefix_text(&t->prefix, room));
		break;
	case F_FILTER:
		sbuf_printf(out, "'ip6 or dst port %u or (vlan and dst port %u)'", t->number, t->number);
		break;
	case F_IN:
	case F_OUT:
	case F_PROTO:
	case F_PORT:
	case F_VLAN:
	case F_SRC_AS:
	case F_VPN:
	case FIELDS:
		sbuf_printf(out, "%u", t->number);
		break;
	}
}

/* Rules, and their text. */
static void
random_rules(struct model *m, unsigned n, struct sbuf *out)
{
	static const char *const says[] = { "", "set_tag=", "set_tag2=", "set_label=l", "set_tos=", "ignore=" };
	static const char *const stacks[] = { "", " stack=sum", " stack=or" };

	m->rules = n;
	m->rule = mem_array(n, sizeof(*m->rule));
	for (unsigned i = 0; i < n; i++) {
		struct model_rule *r = &m->rule[i];

		*r = (struct model_rule){ .tests = below(m, 4), .says = below(m, 6), .number = below(m, 9) };
		if (r->says == 0 && r->tests == 0)
			r->tests = 1;		/* or the line is empty */
		r->label = below(m, 3) == 0 ? 1 + below(m, 5) : 0;
		r->stack = r->says == 1 || r->says == 2 ? below(m, 3) : 0;
		sbuf_str(out, says[r->says]);
		if (r->says == 5)
			sbuf_str(out, "true");
		else if (r->says > 0)
			sbuf_printf(out, "%u", r->number);
		sbuf_str(out, stacks[r->stack]);
		for (unsigned t = 0; t < r->tests; t++) {
			r->test[t] = random_test(m);
			put_test(&r->test[t], out);
		}
		if (r->label > 0)
			sbuf_printf(out, " label=n%u", r->label);
		/* The last rules have the labels 1 to 5, so that every jump leads somewhere. */
		r->jump = below(m, 2) == 0 ? 1 + below(m, 5) : 0;
		if (r->jump > 0)
			sbuf_printf(out, " jeq=n%u", r->jump);
		sbuf_str(out, "\n");
	}
	for (unsigned i = 1; i <= 5; i++)
		sbuf_printf(out, "set_tag=1 stack=sum in=-1 label=n%u\n", i);
	m->rule = mem_grow(m->rule, n + 5, sizeof(*m->rule));
	for (unsigned i = 1; i <= 5; i++)
		m->rule[m->rules++] = (struct model_rule){ .label = i, .says = 1, .stack = 1, .number = 1,
		    .tests = 1, .test = { { .field = F_IN, .number = 1, .negated = true } } };
}

static bool
model_fits(const struct model_test *t, const struct flow *flow)
{
	switch (t->field) {
	case F_IP:
		return prefix_covers(&t->prefix, &flow->peer_src_ip);
	case F_IN:
		return flow->in_iface == t->number;
	case F_OUT:
		return flow->out_iface == t->number;
	case F_SRC_NET:
		return prefix_covers(&t->prefix, &flow->src);
	case F_DST_NET:
		return prefix_covers(&t->prefix, &flow->dst);
	case F_PROTO:
		return flow->proto == t->number;
	case F_PORT:
		return flow->dst_port == t->number;
	case F_VLAN:
		return flow->vlan == t->number;
	case F_SRC_AS:
		return flow->r.src_as == t->number;
	case F_HOP:
		return prefix_covers(&t->prefix, &flow->r.peer_dst_ip);
	case F_VPN:
		return flow->in_vrf_id == t->number || flow->out_vrf_id == t->number;
	case F_FILTER:
		/* "vlan" looks behind the tag, "dst port" without it only at packets that have none. */
		return flow->vlan == 0 ? !addr_is_v4(&flow->src) || flow->dst_port == t->number :
		    flow->dst_port == t->number;
	case FIELDS:
		break;
	}
	return false;
}

static bool
rule_fits(const struct model_rule *r, const struct flow *flow)
{
	for (unsigned t = 0; t < r->tests; t++)
		if (model_fits(&r->test[t], flow) == r->test[t].negated)
			return false;
	return true;
}

static uint64_t
model_stack(const struct model_rule *r, uint64_t before)
{
	return r->stack == 1 ? before + r->number : r->stack == 2 ? before | r->number : r->number;
}

struct expected {
	uint64_t tag, tag2;
	struct sbuf label;
	uint8_t tos;
	bool ignored;
};

static struct expected
model_run(const struct model *m, const struct flow *flow)
{
	struct expected e = { .tos = 99 };

	for (unsigned i = 0; i < m->rules; i++) {
		const struct model_rule *r = &m->rule[i];

		if (!rule_fits(r, flow))
			continue;
		if (r->says == 1)
			e.tag = model_stack(r, e.tag);
		else if (r->says == 2)
			e.tag2 = model_stack(r, e.tag2);
		else if (r->says == 3)
			sbuf_printf(&e.label, "%sl%u", e.label.len > 0 ? "," : "", r->number);
		else if (r->says == 4)
			e.tos = (uint8_t)r->number;
		e.ignored |= r->says == 5;
		if (r->jump == 0)
			break;
		for (i++; m->rule[i].label != r->jump; i++)
			continue;
		i--;
	}
	return e;
}

static struct flow
random_flow(struct model *m)
{
	struct flow flow = { .src = random_addr(m), .peer_src_ip = random_addr(m),
	    .in_iface = below(m, 4), .out_iface = below(m, 4), .proto = (uint8_t)below(m, 4),
	    .dst_port = (uint16_t)below(m, 4), .vlan = (uint16_t)below(m, 4),
	    .in_vrf_id = below(m, 6), .out_vrf_id = below(m, 6) };

	do
		flow.dst = random_addr(m);
	while (addr_is_v4(&flow.dst) != addr_is_v4(&flow.src));
	/* Of a protocol with ports, where an expression asks for one. */
	flow.proto = below(m, 2) == 0 ? 6 : 17;
	flow.r.src_as = below(m, 4);
	flow.r.peer_dst_ip = random_addr(m);
	flow.r.tos = 99;
	return flow;
}

static void
run_round(struct model *m, unsigned rules)
{
	struct names *names = names_new(1u << 20);
	struct tagging_room *room = tagging_room_new();
	struct flow *flow = mem_aligned(RULES_BATCH * sizeof(*flow));
	struct sbuf text = { 0 };
	struct tagging *t;

	random_rules(m, rules, &text);
	t = load(sbuf_text(&text), names);
	for (unsigned batch = 0; batch < 3; batch++) {
		for (unsigned i = 0; i < RULES_BATCH; i++)
			flow[i] = random_flow(m);
		tagging_run(t, room, NULL, flow, RULES_BATCH);
		for (unsigned i = 0; i < RULES_BATCH; i++) {
			struct expected e = model_run(m, &flow[i]);

			if (flow[i].r.tag != e.tag || flow[i].r.tag2 != e.tag2 ||
			    flow[i].r.tos != e.tos || (flow[i].has & FLOW_IGNORED) != (e.ignored ? FLOW_IGNORED : 0))
				fail_msg("tag %llu, not %llu, by\n%s", (unsigned long long)flow[i].r.tag,
				    (unsigned long long)e.tag, sbuf_text(&text));
			assert_string_equal(names_get(names, flow[i].r.label), sbuf_text(&e.label));
			sbuf_done(&e.label);
		}
	}
	tagging_free(t);
	tagging_room_free(room);
	names_free(names);
	mem_free(flow);
	mem_free(m->rule);
	sbuf_done(&text);
}

static void
random_maps_are_as_rule_by_rule(void **state)
{
	struct model m = { .seed = 20 };

	(void)state;
	for (unsigned round = 0; round < 400; round++)
		run_round(&m, 1 + below(&m, 40));
	for (unsigned round = 0; round < 10; round++)
		run_round(&m, 1000);
}

/* ---- size -------------------------------------------------------------------------------- */

enum { MANY = 100000 };

static void
many_rules_load_within_seconds(void **state)
{
	struct names *names = names_new(1u << 20);
	struct tagging_room *room = tagging_room_new();
	struct flow flow[4] = { full_flow(), full_flow(), full_flow(), full_flow() };
	struct sbuf text = { 0 };
	mono_t begun = mono_now();
	struct tagging *t;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		sbuf_printf(&text, "set_tag=%u ip=10.%u.%u.0/24 in=%u %s=%u\n", i + 1, i / 256 % 256, i % 256,
		    i % 7, i % 2 == 0 ? "label=x out" : "jeq=x out", i);
	sbuf_str(&text, "set_tag=0 label=x in=1000\n");
	t = load(sbuf_text(&text), names);
	assert_true(mono_since(mono_now(), begun) < 5 * NS_PER_SEC);
	for (unsigned i = 0; i < 4; i++) {
		unsigned n = i * 33333;

		flow[i].peer_src_ip = addr_of_v4(10u << 24 | (n / 256 % 256) << 16 | (n % 256) << 8 | 5);
		flow[i].in_iface = n % 7;
		flow[i].out_iface = n;
	}
	flow[1].out_iface = 1;
	tagging_run(t, room, NULL, flow, 4);
	assert_int_equal(flow[0].r.tag, 1);
	assert_int_equal(flow[1].r.tag, 0);
	assert_int_equal(flow[2].r.tag, 66667);
	assert_int_equal(flow[3].r.tag, 100000);
	tagging_free(t);
	tagging_room_free(room);
	names_free(names);
	sbuf_done(&text);
}

/* The page in the tree is what the table says today; `make manual` makes it so. */
static void
the_manual_is_current(void **state)
{
	const char *src = getenv("srcdir");
	struct sbuf want = { 0 }, path = { 0 };
	char *got;
	FILE *f;

	(void)state;
	maps_manual(&want);
	sbuf_printf(&path, "%s/docs/man/waybill.maps.5", src != NULL ? src : "..");
	f = fopen(sbuf_text(&path), "r");
	if (f == NULL)
		fail_msg("%s is missing", sbuf_text(&path));
	got = mem_new(want.len + 2);
	assert_int_equal(fread(got, 1, want.len + 1, f), want.len);
	assert_memory_equal(got, want.text, want.len);
	fclose(f);
	mem_free(got);
	sbuf_done(&want);
	sbuf_done(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_looks_at_its_field),
		cmocka_unit_test(communities_are_any_of_a_list),
		cmocka_unit_test(rules_say_what_they_set),
		cmocka_unit_test(a_number_rises_with_each_flow),
		cmocka_unit_test(errors_name_file_and_line),
		cmocka_unit_test(files_include_others),
		cmocka_unit_test(random_maps_are_as_rule_by_rule),
		cmocka_unit_test(many_rules_load_within_seconds),
		cmocka_unit_test(the_manual_is_current),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
