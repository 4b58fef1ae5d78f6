/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters: which flows of a small set pass each configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/flow_packet.h"
#include "agg/slice.h"
#include "agg_test.h"
#include "core/mem.h"

enum { WEB, DNS6, VLAN_PING, MPLS_TCP, LAYER2, FLOWS };

static void
make_flows(struct flow *flow, struct names *names)
{
	memset(flow, 0, FLOWS * sizeof(*flow));
	flow[WEB] = (struct flow){ .src = addr_of_v4(0xc0000201), .dst = addr_of_v4(0xc6336401),
	    .src_port = 1234, .dst_port = 80, .proto = 6, .tos = 0x10, .tcp_flags = 0x12,
	    .r.tag = 10, .r.label = names_put(names, "gold,core", 9) };
	addr_parse("2001:db8::1", &flow[DNS6].src);
	addr_parse("2001:db8::2", &flow[DNS6].dst);
	flow[DNS6].dst_port = 53;
	flow[DNS6].proto = 17;
	flow[DNS6].r.tag = 25;
	flow[DNS6].r.tag2 = 1;
	flow[DNS6].r.label = names_put(names, "core", 4);
	flow[VLAN_PING] = (struct flow){ .src = addr_of_v4(0x0a000001),
	    .dst = addr_of_v4(0x0a000002), .proto = 1, .icmp_type = 8, .vlan = 300, .r.tag = 40 };
	flow[MPLS_TCP] = (struct flow){ .src = addr_of_v4(0x0a000001),
	    .dst = addr_of_v4(0x0a000003), .src_port = 443, .proto = 6, .mpls_labels = 2,
	    .mpls_label = { 100, 200 } };
	flow[LAYER2] = (struct flow){ .etype = 0x0806, .src_mac = { 0, 1, 2, 3, 4, 5 },
	    .r.label = names_put(names, "silver", 6) };
}

#define B(x)	(1u << (x))
#define ALL	(B(FLOWS) - 1)

static const struct {
	const char *line;
	unsigned pass;
} rows[] = {
	{ "aggregate_filter[out]: tcp", B(WEB) },
	{ "aggregate_filter[out]: ip", B(WEB) },
	{ "aggregate_filter[out]: ip6", B(DNS6) },
	{ "aggregate_filter[out]: dst port 80", B(WEB) },
	{ "aggregate_filter[out]: udp port 53, tcp dst port 80", B(WEB) | B(DNS6) },
	{ "aggregate_filter[out]: src net 192.0.2.0/24", B(WEB) },
	{ "aggregate_filter[out]: vlan and icmp", B(VLAN_PING) },
	{ "aggregate_filter[out]: icmp", 0 },
	{ "aggregate_filter[out]: vlan 300", B(VLAN_PING) },
	{ "aggregate_filter[out]: vlan 301", 0 },
	{ "aggregate_filter[out]: mpls 100", B(MPLS_TCP) },
	{ "aggregate_filter[out]: mpls 100 and mpls 200 and tcp src port 443", B(MPLS_TCP) },
	{ "aggregate_filter[out]: arp", B(LAYER2) },
	{ "aggregate_filter[out]: ether src 00:01:02:03:04:05", B(LAYER2) },
	{ "aggregate_filter[out]: tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)", B(WEB) },
	{ "aggregate_filter[out]: ip[1] == 0x10", B(WEB) },
	{ "aggregate_filter[out]: ip6 host 2001:db8::2", B(DNS6) },
	{ "pre_tag_filter[out]: 10", B(WEB) },
	{ "pre_tag_filter[out]: 10, 20-30", B(WEB) | B(DNS6) },
	{ "pre_tag_filter[out]: -40", ALL & ~B(VLAN_PING) },
	{ "pre_tag_filter[out]: -20-40", ALL & ~(B(VLAN_PING) | B(DNS6)) },
	{ "pre_tag_filter[out]: 0", B(MPLS_TCP) | B(LAYER2) },
	{ "pre_tag_filter[out]: 10-40, -25", B(WEB) | B(VLAN_PING) },
	{ "pre_tag2_filter[out]: 1", B(DNS6) },
	{ "pre_tag_label_filter[out]: core", B(WEB) | B(DNS6) },
	{ "pre_tag_label_filter[out]: -gold", ALL & ~B(WEB) },
	{ "pre_tag_label_filter[out]: null", B(VLAN_PING) | B(MPLS_TCP) },
	{ "pre_tag_label_filter[out]: core, -gold, silver", B(DNS6) | B(LAYER2) },
	{ "pre_tag_filter[out]: 10, 25\naggregate_filter[out]: udp", B(DNS6) },
};

static void
test_filters(void **state)
{
	struct names *names = names_new(64);
	struct flow flow[FLOWS];

	(void)state;
	make_flows(flow, names);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_notes notes = { 0 };
		struct sbuf lines = { 0 };
		struct conf *conf;
		struct filter *f;
		uint16_t pass[FLOWS];
		uint64_t reason[FILTER_REASONS] = { 0 };
		unsigned passed, bits = 0;

		sbuf_printf(&lines, "aggregate: none\n%s", rows[i].line);
		conf = agg_conf(sbuf_text(&lines));
		f = filter_compile(conf, 0, &notes);
		assert_int_equal(notes.count, 0);
		assert_non_null(f);
		filter_names(f, names);
		passed = filter_run(f, flow, FLOWS, pass, reason);
		for (unsigned k = 0; k < passed; k++)
			bits |= B(pass[k]);
		for (unsigned k = 0; k < FILTER_REASONS; k++)
			passed += (unsigned)reason[k];
		assert_int_equal(passed, FLOWS);
		if (bits != rows[i].pass)
			fail_msg("%s: passes %x, not %x", rows[i].line, bits, rows[i].pass);
		filter_free(f);
		conf_free(conf);
		conf_notes_done(&notes);
		sbuf_done(&lines);
	}
	names_free(names);
}

static void
test_none_and_wrong(void **state)
{
	static const struct {
		const char *lines;
		size_t errors;
	} cases[] = {
		{ "aggregate: none", 0 },
		{ "aggregate: none\naggregate_filter[out]: tcpp", 1 },
		{ "aggregate: none\naggregate_filter[out]: tcp, hostt 1.2.3.4, portt", 2 },
		{ "aggregate: none\npre_tag_filter[out]: x", 1 },
		{ "aggregate: none\npre_tag_filter[out]: 30-20, 1-", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf *conf = agg_conf(cases[i].lines);
		struct conf_notes notes = { 0 };

		assert_null(filter_compile(conf, 0, &notes));
		assert_int_equal(notes.errors, cases[i].errors);
		conf_notes_done(&notes);
		conf_free(conf);
	}
}

/* Any flow makes a packet that fits. */
static void
test_packets(void **state)
{
	struct rand r = { 3 };

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		uint8_t room[FLOW_PACKET];
		struct flow flow;

		rand_flow(&r, &flow);
		if (i % 2 == 0)
			flow.src = addr_of_v4((uint32_t)rand_next(&r));
		flow.mpls_labels = (uint8_t)rand_next(&r);
		assert_in_range(flow_packet(&flow, room), 14, FLOW_PACKET - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_none_and_wrong),
		cmocka_unit_test(test_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
