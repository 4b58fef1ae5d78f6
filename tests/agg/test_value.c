/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as text, as JSON, and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agg/value.h"
#include "core/mem.h"

#define STYLE(...)	{ .as_path_separator = '_', __VA_ARGS__ }
#define NS		UINT64_C(1000000000)
#define JULY		(UINT64_C(1720000000) * NS + 123456789)		/* 2024-07-03 09:46:40 UTC */

static const struct {
	enum value_type type;
	uint64_t u;
	struct value_style style;
	const char *text, *json;
} rows[] = {
	{ VT_U8, 255, STYLE(0), "255", "255" },
	{ VT_U64, UINT64_MAX, STYLE(0), "18446744073709551615", "18446744073709551615" },
	{ VT_PROTO, 6, STYLE(0), "tcp", "\"tcp\"" },
	{ VT_PROTO, 58, STYLE(0), "ipv6-icmp", "\"ipv6-icmp\"" },
	{ VT_PROTO, 6, STYLE(.num_protos = true), "6", "\"6\"" },
	{ VT_PROTO, 0, STYLE(0), "0", "\"0\"" },
	{ VT_PROTO, 253, STYLE(0), "253", "\"253\"" },
	{ VT_ETYPE, 0x86dd, STYLE(0), "86dd", "\"86dd\"" },
	{ VT_ETYPE, 0x800, STYLE(0), "800", "\"800\"" },
	{ VT_CHAR, 'i', STYLE(0), "i", "\"i\"" },
	{ VT_TCP_FLAGS, 0x1b, STYLE(0), "27", "27" },
	{ VT_TCP_FLAGS, 0x1b, STYLE(.tcpflags_array = true), "27",
	    "[\"ACK\", \"PSH\", \"SYN\", \"FIN\"]" },
	{ VT_TCP_FLAGS, 0x42, STYLE(.tcpflags_array = true), "66", "[]" },
	{ VT_FWD_STATUS, 64, STYLE(0), "64", "\"64\"" },
	{ VT_FWD_STATUS, 0, STYLE(.fwd_status_text = true), "UNKNOWN Unclassified",
	    "\"UNKNOWN Unclassified\"" },
	{ VT_FWD_STATUS, 66, STYLE(.fwd_status_text = true), "FORWARDED Not Fragmented",
	    "\"FORWARDED Not Fragmented\"" },
	{ VT_FWD_STATUS, 137, STYLE(.fwd_status_text = true), "DROPPED bad TTL",
	    "\"DROPPED bad TTL\"" },
	{ VT_FWD_STATUS, 199, STYLE(.fwd_status_text = true), "CONSUMED Unclassified",
	    "\"CONSUMED Unclassified\"" },
	{ VT_RD, UINT64_C(2) << 56 | UINT64_C(65000) << 32 | 7, STYLE(0), "0:65000:7",
	    "\"0:65000:7\", \"x_origin\": \"map\"" },
	{ VT_TIME, 0, STYLE(0), "0000-00-00 00:00:00", "\"0000-00-00 00:00:00\"" },
	{ VT_TIME, JULY, STYLE(0), "2024-07-03 11:46:40.123456",
	    "\"2024-07-03 11:46:40.123456\"" },
	{ VT_TIME, JULY, STYLE(.utc = true), "2024-07-03 09:46:40.123456",
	    "\"2024-07-03 09:46:40.123456\"" },
	{ VT_TIME, JULY, STYLE(.secs = true), "2024-07-03 11:46:40", "\"2024-07-03 11:46:40\"" },
	{ VT_TIME, JULY, STYLE(.rfc9557 = true), "2024-07-03T11:46:40.123456+02:00",
	    "\"2024-07-03T11:46:40.123456+02:00\"" },
	{ VT_TIME, JULY, STYLE(.rfc9557 = true, .utc = true, .secs = true),
	    "2024-07-03T09:46:40+00:00", "\"2024-07-03T09:46:40+00:00\"" },
	{ VT_TIME, JULY, STYLE(.epoch = true), "1720000000.123456", "\"1720000000.123456\"" },
	{ VT_TIME, JULY, STYLE(.epoch = true, .secs = true), "1720000000", "\"1720000000\"" },
};

static void
check(const struct value *v, const struct value_style *style, const char *text, const char *json)
{
	struct sbuf b = { 0 }, whole = { 0 };
	struct json j = json_of(&b);

	json_object(&j, NULL);
	value_rows[v->type].json(v, style, "x", &j);
	json_end(&j, '}');
	sbuf_printf(&whole, "{\"x\": %s}", json);
	assert_string_equal(sbuf_text(&b), sbuf_text(&whole));
	sbuf_clear(&b);
	value_rows[v->type].text(v, style, &b);
	assert_string_equal(sbuf_text(&b), text);
	sbuf_done(&b);
	sbuf_done(&whole);
}

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value v = { .type = rows[i].type, .u = rows[i].u };

		check(&v, &rows[i].style, rows[i].text, rows[i].json);
	}
}

static void
test_addresses(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "0.0.0.0" };
	const struct value_style style = STYLE(0);
	struct value v = { .type = VT_ADDR };

	(void)state;
	check(&v, &style, "", "\"\"");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sbuf json = { 0 };

		assert_int_equal(value_rows[VT_ADDR].parse(texts[i], &style, &v, NULL), 0);
		sbuf_printf(&json, "\"%s\"", texts[i]);
		check(&v, &style, texts[i], sbuf_text(&json));
		sbuf_done(&json);
	}
}

static void
test_macs(void **state)
{
	const uint8_t bytes[8] = { 0x00, 0x1b, 0x21, 0xab, 0xcd, 0xef };
	const struct value_style style = STYLE(0);
	struct value v = { .type = VT_MAC }, back;

	(void)state;
	memcpy(&v.u, bytes, sizeof(v.u));
	check(&v, &style, "00:1b:21:ab:cd:ef", "\"00:1b:21:ab:cd:ef\"");
	assert_int_equal(value_rows[VT_MAC].parse("00:1b:21:AB:cd:ef", &style, &back, NULL), 0);
	assert_int_equal(back.u, v.u);
	assert_int_equal(value_rows[VT_MAC].parse("0:1b:21:ab:cd:ef", &style, &back, NULL), 0);
	assert_int_equal(back.u, v.u);
}

static void
test_lists(void **state)
{
	const uint32_t stack[] = { 100, 200, 300 };
	struct value_style style = STYLE(0);
	struct names *names = names_new(16);
	struct value v = { .type = VT_LABELS, .bytes = (const uint8_t *)stack, .len = sizeof(stack) };

	(void)state;
	check(&v, &style, "100_200_300", "\"100_200_300\"");
	style.labels_array = true;
	check(&v, &style, "100_200_300", "[\"0-100\", \"1-200\", \"2-300\"]");
	v.len = 0;
	check(&v, &style, "", "[]");
	style.names = names;
	v = (struct value){ .type = VT_NAME, .u = names_put(names, "edge \"1\"", 8) };
	check(&v, &style, "edge \"1\"", "\"edge \\\"1\\\"\"");
	v.u = 0;
	check(&v, &style, "", "\"\"");
	v.type = VT_CLASS;
	check(&v, &style, "unknown", "\"unknown\"");
	names_free(names);
}

/* Bytes as the RIB keeps them, in wire order. */
static void
test_attributes(void **state)
{
	static const uint8_t path[] = { 2, 2, 0, 0, 0xfd, 0xe8, 0, 1, 0, 0 };
	static const uint8_t comms[] = { 0xfd, 0xe8, 0, 100, 0xff, 0xff, 0xff, 0x01 };
	static const uint8_t large[] = { 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 2 };
	static const struct {
		enum value_type type;
		const uint8_t *bytes;
		size_t len;
		struct value_style style;
		const char *text, *json;
	} cases[] = {
		{ VT_ASPATH, path, sizeof(path), STYLE(0), "65000_65536", "\"65000_65536\"" },
		{ VT_ASPATH, path, sizeof(path), STYLE(.aspath_array = true), "65000_65536",
		    "[\"65000\", \"65536\"]" },
		{ VT_ASPATH, NULL, 0, STYLE(0), "", "\"\"" },
		{ VT_ASPATH, NULL, 0, STYLE(.aspath_array = true), "", "[]" },
		{ VT_COMMS, comms, sizeof(comms), STYLE(.comms_num = true), "65000:100_65535:65281",
		    "\"65000:100_65535:65281\"" },
		{ VT_COMMS, comms, 4, STYLE(.comms_array = true), "65000:100", "[\"65000:100\"]" },
		{ VT_LCOMMS, large, sizeof(large), STYLE(0), "65000:1:2", "\"65000:1:2\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value v = { .type = cases[i].type, .bytes = cases[i].bytes,
		    .len = cases[i].len };

		check(&v, &cases[i].style, cases[i].text, cases[i].json);
	}
}

/* What text gives, parse takes back. */
static void
test_parse_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct value_row *row = &value_rows[rows[i].type];
		struct value v;
		uint64_t want = rows[i].u;

		if (rows[i].style.fwd_status_text || rows[i].style.rfc9557)
			continue;
		assert_int_equal(row->parse(rows[i].text, &rows[i].style, &v, NULL), 0);
		if (rows[i].type == VT_TIME)
			want -= want % (rows[i].style.secs ? NS : 1000);
		if (rows[i].type == VT_RD)
			want &= VALUE_RD_MASK;
		assert_int_equal(v.u, want);
		assert_int_equal(v.type, rows[i].type);
	}
}

static void
test_parse_refuses(void **state)
{
	static const struct {
		enum value_type type;
		const char *text;
	} bad[] = {
		{ VT_U8, "256" }, { VT_U8, "" }, { VT_U8, "-1" }, { VT_U16, "65536" },
		{ VT_U32, "4294967296" }, { VT_U64, "18446744073709551616" }, { VT_U64, "1x" },
		{ VT_PROTO, "tpc" }, { VT_PROTO, "256" }, { VT_ETYPE, "10000" }, { VT_ETYPE, "xy" },
		{ VT_CHAR, "" }, { VT_CHAR, "ie" }, { VT_ADDR, "1.2.3" }, { VT_MAC, "1:2:3:4:5" },
		{ VT_MAC, "1:2:3:4:5:6:7" }, { VT_MAC, "1:2:3:4:5:100" }, { VT_TIME, "yesterday" },
		{ VT_TIME, "2024-13-01 00:00:00" }, { VT_TIME, "2024-07-03" },
		{ VT_TIME, "1720000000x" }, { VT_TIME, "99999999999999999" },
	};
	const struct value_style style = STYLE(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct value v = { .u = 77 };

		if (value_rows[bad[i].type].parse(bad[i].text, &style, &v, NULL) != -1)
			fail_msg("\"%s\" was taken as %s", bad[i].text, value_rows[bad[i].type].name);
		assert_int_equal(v.u, 77);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_macs),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_parse_back),
		cmocka_unit_test(test_parse_refuses),
	};

	setenv("TZ", "Europe/Paris", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
