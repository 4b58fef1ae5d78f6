/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows as text, held against what nfacctd and pmacct 1.7.7 print for the same flow (TCP flags in
 * JSON are a number, as from 1.8.1 on), and dynamic names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "out/dynname.h"
#include "out/preprocess.h"
#include "out/render.h"
#include "support.h"

#define HOSTS	"src_host, dst_host, src_port, dst_port, proto, tcpflags, flows"

static const struct {
	const char *aggregate, *history;
	struct render_conf conf;
	const char *header, *row;
} forms[] = {
	{ HOSTS, NULL, { .format = RENDER_CSV },
	  "SRC_IP,DST_IP,SRC_PORT,DST_PORT,TCP_FLAGS,PROTOCOL,PACKETS,FLOWS,BYTES\n",
	  "192.0.2.7,198.51.100.9,1007,443,16,tcp,3,1,1500\n" },
	{ HOSTS, NULL, { .format = RENDER_CSV, .separator = '\t', .events = true },
	  "SRC_IP\tDST_IP\tSRC_PORT\tDST_PORT\tTCP_FLAGS\tPROTOCOL\n",
	  "192.0.2.7\t198.51.100.9\t1007\t443\t16\ttcp\n" },
	{ HOSTS, NULL, { .format = RENDER_FORMATTED },
	  "SRC_IP                                         DST_IP                             "
	  "            SRC_PORT  DST_PORT  TCP_FLAGS  PROTOCOL    PACKETS               FLOWS   "
	  "              BYTES\n",
	  "192.0.2.7                                      198.51.100.9                       "
	  "            1007      443       16         tcp         3                     1       "
	  "              1500\n" },
	{ "proto, tos", NULL, { .format = RENDER_FORMATTED, .events = true },
	  "PROTOCOL    TOS    \n", "tcp         0      \n" },
	{ HOSTS, NULL, { .format = RENDER_JSON, .event_type = true },
	  "",
	  "{\"event_type\": \"purge\", \"ip_src\": \"192.0.2.7\", \"ip_dst\": \"198.51.100.9\", "
	  "\"port_src\": 1007, \"port_dst\": 443, \"tcp_flags\": 16, \"ip_proto\": \"tcp\", "
	  "\"flows\": 1, \"packets\": 3, \"bytes\": 1500}\n" },
	{ "src_as, src_host, as_path", "1m", { .format = RENDER_JSON, .stamps = true },
	  "",
	  "{\"as_src\": 0, \"as_path\": \"1_2\", \"ip_src\": \"192.0.2.7\", "
	  "\"stamp_inserted\": \"2020-09-13 12:26:00\", \"stamp_updated\": \"2020-09-13 12:30:00\", "
	  "\"packets\": 3, \"bytes\": 1500}\n" },
	{ "out_iface, in_iface, src_host, src_mac, tag", NULL, { .format = RENDER_CSV,
	    .client = true }, "TAG,IN_IFACE,OUT_IFACE,SRC_MAC,SRC_IP,PACKETS,BYTES\n",
	  "5,3,4,00:00:00:00:00:00,192.0.2.7,3,1500\n" },
	{ "proto", NULL, { .format = RENDER_JSON, .events = true }, "", "{\"ip_proto\": \"tcp\"}\n" },
	{ "label, src_port", NULL, { .format = RENDER_CSV }, "LABEL,SRC_PORT,PACKETS,BYTES\n",
	  "\"a,b\",1007,3,1500\n" },
	{ "tag, peer_src_ip, timestamp_start", NULL, { .format = RENDER_CSV },
	  "TAG,PEER_SRC_IP,TIMESTAMP_START,PACKETS,BYTES\n",
	  "5,203.0.113.1,2020-09-13 12:26:40.000000,3,1500\n" },
};

static void
rows_are_written_as_pmacct_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct key row[] = { { "aggregate", forms[i].aggregate },
			{ "print_history", forms[i].history }, { "print_history_roundoff", "m" }, { 0 } };
		struct flow flow = a_flow(7, 9, 3, 1500, 1600000000);
		struct render_conf conf = forms[i].conf;
		struct sbuf out = { 0 };
		struct render *render;
		struct rowset rs;
		struct bintab *tab;
		struct slice *s;
		struct bench b;

		bench_open(&b, row);
		flow.r.aspath = 2;
		flow.r.tag = 5;
		flow.in_iface = 3;
		flow.out_iface = 4;
		flow.r.label = names_put(b.names, "a,b", 3);
		conf.style = b.env.style;
		render = render_new(b.plan, &conf);
		tab = bintab_new(b.plan);
		s = bench_slice(&b, &flow, 1);
		bintab_add(tab, NULL, s);
		slice_free(s, NULL);
		bintab_all(tab, &rs);
		render_header(render, &out);
		assert_string_equal(sbuf_text(&out), forms[i].header);
		sbuf_clear(&out);
		render_row(render, &rs, 0, wall_of_sec(1600000200), &out);
		assert_string_equal(sbuf_text(&out), forms[i].row);
		sbuf_done(&out);
		render_free(render);
		bintab_free(tab);
		bench_close(&b);
	}
}

static void
all_columns_are_those_of_the_table(void **state)
{
	static const struct key row[] = { { "aggregate", "src_host" }, { 0 } };
	struct render_conf conf = { .format = RENDER_CSV, .all = true };
	struct sbuf out = { 0 };
	struct render *render;
	struct bench b;

	(void)state;
	bench_open(&b, row);
	conf.style = b.env.style;
	render = render_new(b.plan, &conf);
	render_header(render, &out);
	assert_non_null(strstr(sbuf_text(&out), "TAG,TAG2,"));
	assert_non_null(strstr(sbuf_text(&out), ",SRC_IP,SRC_NET,DST_IP,DST_NET,"));
	assert_non_null(strstr(sbuf_text(&out), ",TCP_FLAGS,PROTOCOL,"));
	assert_non_null(strstr(sbuf_text(&out), ",PACKETS,FLOWS,BYTES\n"));
	sbuf_done(&out);
	render_free(render);
	bench_close(&b);
}

static void
words_of_formats_and_separators(void **state)
{
	struct render_conf conf = { 0 };

	(void)state;
	assert_int_equal(render_parse_format("event_csv", &conf), 0);
	assert_true(conf.format == RENDER_CSV && conf.events);
	assert_int_equal(render_parse_format("JSON", &conf), 0);
	assert_true(conf.format == RENDER_JSON && !conf.events);
	assert_int_equal(render_parse_format("avro", &conf), -1);
	assert_int_equal(render_parse_separator("\\t"), '\t');
	assert_int_equal(render_parse_separator("\\s"), ' ');
	assert_int_equal(render_parse_separator("|"), '|');
	assert_int_equal(render_parse_separator("||"), 0);
}

static void
names_take_times_and_variables(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool time, row;
	} names[] = {
		{ "plain", "plain", false, false },
		{ "/a/%Y%m%d-%H%M.%S", "/a/20200913-1226.40", true, false },
		{ "t_%s", "t_1600000000", true, false },
		{ "%%x%", "%x%", false, false },
		{ "$ref-$hst-$tzone", "60-300-Z", false, false },
		{ "p_$peer_src_ip.txt", "p_203_0_113_1.txt", false, true },
		{ "$tag2/$tag", "6/5", false, true },
		{ "$post_tag2$post_tag", "87", false, false },
		{ "$other$", "$other$", false, false },
		{ "$tag%j", "5257", true, true },
	};
	static const struct key row[] = {
		{ "aggregate", "tag, tag2, peer_src_ip" }, { 0 } };
	struct flow flow = a_flow(7, 9, 3, 1500, 1600000000);
	struct dynname_env env = { .time = wall_of_sec(1600000000), .utc = true, .refresh_s = 60,
	    .history_s = 300, .post_tag = 7, .post_tag2 = 8 };
	struct bintab *tab;
	struct rowset rs;
	struct slice *s;
	struct bench b;

	(void)state;
	bench_open(&b, row);
	flow.r.tag = 5;
	flow.r.tag2 = 6;
	tab = bintab_new(b.plan);
	s = bench_slice(&b, &flow, 1);
	bintab_add(tab, NULL, s);
	slice_free(s, NULL);
	bintab_all(tab, &rs);
	env.rs = &rs;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct sbuf out = { 0 };

		dynname_expand(names[i].pattern, &env, &out);
		assert_string_equal(sbuf_text(&out), names[i].name);
		assert_int_equal(dynname_has_time(names[i].pattern), names[i].time);
		assert_int_equal(dynname_has_row(names[i].pattern), names[i].row);
		sbuf_done(&out);
	}
	bintab_free(tab);
	bench_close(&b);
}

static void
preprocess_passes_rows(void **state)
{
	static const struct {
		const char *text, *type;
		int parses;
		bool passes;		/* a row of 3 packets, 1500 bytes, 1 flow */
	} checks[] = {
		{ NULL, NULL, 0, true },
		{ "minp=3", NULL, 0, true },
		{ "minp=4", NULL, 0, false },
		{ "maxp=3", NULL, 0, false },
		{ "minp=4, minb=1000", "any", 0, true },
		{ "minp=4, minb=1000", "all", 0, false },
		{ "minp = 4", NULL, -1, true },
		{ "minbpp=500,minppf=3", "all", 0, true },
		{ "maxbpp=500", NULL, 0, false },
		{ "minx=1", NULL, -1, true },
		{ "minp=x", NULL, -1, true },
		{ "minp=-1", NULL, -1, true },
	};
	static const struct key row[] = { { "aggregate", "proto, flows" }, { 0 } };
	struct flow flow = a_flow(7, 9, 3, 1500, 1600000000);
	struct bintab *tab;
	struct rowset rs;
	struct slice *s;
	struct bench b;

	(void)state;
	bench_open(&b, row);
	tab = bintab_new(b.plan);
	s = bench_slice(&b, &flow, 1);
	bintab_add(tab, NULL, s);
	slice_free(s, NULL);
	bintab_all(tab, &rs);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct preprocess pre = { 0 };
		struct sbuf err = { 0 };

		assert_int_equal(preprocess_parse(checks[i].text, checks[i].type, &pre, &err),
		    checks[i].parses);
		assert_int_equal(err.len > 0, checks[i].parses != 0);
		assert_int_equal(preprocess_pass(&pre, &rs, 0), checks[i].passes);
		sbuf_done(&err);
	}
	bintab_free(tab);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_written_as_pmacct_does),
		cmocka_unit_test(all_columns_are_those_of_the_table),
		cmocka_unit_test(words_of_formats_and_separators),
		cmocka_unit_test(names_take_times_and_variables),
		cmocka_unit_test(preprocess_passes_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
