/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of attributes, route distinguishers, and what is counted from an AS path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/mem.h"
#include "rib/attr.h"

#define AS(n)	(uint8_t)((n) >> 24), (uint8_t)((n) >> 16), (uint8_t)((n) >> 8), (uint8_t)(n)

static const struct {
	uint8_t bytes[40];
	size_t len;
	const char *text;
	uint32_t first, last;
	unsigned hops;
} paths[] = {
	{ { 0 }, 0, "", 0, 0, 0 },
	{ { 2, 2, AS(65000), AS(65001) }, 10, "65000 65001", 65000, 65001, 2 },
	{ { 2, 1, AS(65000), 1, 2, AS(65002), AS(65003) }, 16, "65000 {65002,65003}", 65000, 0, 2 },
	{ { 3, 2, AS(64512), AS(64513), 2, 1, AS(4200000000) }, 16,
	    "(64512 64513) 4200000000", 64512, 4200000000, 1 },
	{ { 2, 1, AS(7), 4, 2, AS(64514), AS(64515) }, 16, "7 [64514,64515]", 7, 0, 1 },
};

static void
aspaths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct sbuf b = { 0 };

		aspath_text(&b, paths[i].bytes, paths[i].len, ' ');
		assert_string_equal(sbuf_text(&b), paths[i].text);
		assert_int_equal(aspath_first(paths[i].bytes, paths[i].len), paths[i].first);
		assert_int_equal(aspath_last(paths[i].bytes, paths[i].len), paths[i].last);
		assert_int_equal(aspath_hops(paths[i].bytes, paths[i].len), paths[i].hops);
		/* Every shorter length ends somewhere, and nothing is read behind it. */
		for (size_t n = 0; n < paths[i].len; n++) {
			uint8_t *cut = mem_dup(paths[i].bytes, n);

			aspath_text(&b, cut, n, '_');
			(void)(aspath_first(cut, n) + aspath_last(cut, n) + aspath_hops(cut, n));
			mem_free(cut);
		}
		sbuf_done(&b);
	}
}

enum { STD, STD_NUM, EXT, EXT_NUM, LARGE };

static const struct {
	int kind;
	uint8_t bytes[24];
	size_t len;
	const char *text;
} comms[] = {
	{ STD, { AS(65000u << 16 | 100), AS(0xffffff01) }, 8, "65000:100 no-export" },
	{ STD, { AS(0), AS(0xffffff02), AS(0xffffff03) }, 12, "internet no-advertise local-AS" },
	{ STD, { AS(0xffff029a) }, 4, "65535:666" },
	{ STD_NUM, { AS(0xffffff01) }, 4, "65535:65281" },
	{ EXT, { 0, 2, 0xfd, 0xe8, AS(100) }, 8, "RT:65000:100" },
	{ EXT, { 1, 3, 192, 0, 2, 1, 0, 7 }, 8, "SoO:192.0.2.1:7" },
	{ EXT, { 2, 2, AS(4200000000), 0, 1 }, 8, "RT:4200000000:1" },
	{ EXT, { 0x43, 1, 1, 2, 3, 4, 5, 6 }, 8, "0x4301010203040506" },
	{ EXT_NUM, { 0, 2, 0xfd, 0xe8, AS(100), 0x43, 1, 0, 2, 0, 0, 0, 9 }, 16,
	    "0:2:65000:100 67:1:2:9" },
	{ LARGE, { AS(65000), AS(1), AS(2), AS(4200000000), AS(0), AS(3) }, 24,
	    "65000:1:2 4200000000:0:3" },
};

static void
comm_text(struct sbuf *b, int kind, const uint8_t *bytes, size_t len)
{
	if (kind == STD || kind == STD_NUM)
		comms_text(b, bytes, len, ' ', kind == STD_NUM);
	else if (kind == EXT || kind == EXT_NUM)
		ecomms_text(b, bytes, len, ' ', kind == EXT_NUM);
	else
		lcomms_text(b, bytes, len, ' ');
}

static void
communities(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(comms); i++) {
		struct sbuf b = { 0 };

		comm_text(&b, comms[i].kind, comms[i].bytes, comms[i].len);
		assert_string_equal(sbuf_text(&b), comms[i].text);
		for (size_t n = 0; n < comms[i].len; n++) {
			uint8_t *cut = mem_dup(comms[i].bytes, n);

			comm_text(&b, comms[i].kind, cut, n);
			mem_free(cut);
		}
		sbuf_done(&b);
	}
}

static void
route_distinguishers(void **state)
{
	static const struct {
		const char *text;
		uint64_t rd;
	} good[] = {
		{ "vrfid:4294967295", RD_OF_VRFID(UINT32_MAX) },
		{ "0:65000:1", UINT64_C(0x0000fde800000001) },
		{ "0:65000:4294967295", UINT64_C(0x0000fde8ffffffff) },
		{ "1:192.0.2.1:1", UINT64_C(0x0001c00002010001) },
		{ "2:4200000000:1", UINT64_C(0x0002fa56ea000001) },
	};
	static const char *const bad[] = {
		"", "0", "0:1", "0:65536:1", "0:1:4294967296", "1:192.0.2:1", "1:192.0.2.256:1",
		"2:1:65536", "0:1:1 ", "0:1:", "65536:1:1", "a:1:1", "1:1.2.3.4", "2:1:-1",
	};
	char room[RD_TEXT];
	uint64_t rd = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_string_equal(rd_text(good[i].rd, room), good[i].text);
		assert_int_equal(rd_parse(good[i].text, &rd), 0);
		assert_true(rd == good[i].rd);
	}
	rd = 99;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(rd_parse(bad[i], &rd), -1);
	assert_int_equal(rd, 99);
}

/* Code, 2-byte length, value: what attributes kept for the record look like. */
static void
others_by_code(void **state)
{
	static const uint8_t bytes[] = { OTHER_AIGP, 0, 2, 7, 8, OTHER_OTC, 0, 4, 0, 0, 0xfd, 0xe9 };
	size_t len = 0;
	const uint8_t *at = others_find(bytes, sizeof(bytes), OTHER_OTC, &len);

	(void)state;
	assert_ptr_equal(at, bytes + 8);
	assert_int_equal(len, 4);
	assert_ptr_equal(others_find(bytes, sizeof(bytes), OTHER_AIGP, &len), bytes + 3);
	assert_int_equal(len, 2);
	assert_null(others_find(bytes, sizeof(bytes), OTHER_PREFIX_SID, &len));
	for (size_t n = 0; n < sizeof(bytes); n++)
		assert_null(others_find(bytes, n, OTHER_OTC, &len));
}

/* Without a type it is that of the administrator; route targets are laid out the same way. */
static void
short_forms_and_route_targets(void **state)
{
	static const struct { const char *text; uint64_t rd, rt; } good[] = {
		{ "0:65000:1", UINT64_C(0x0000fde800000001), UINT64_C(0x0002fde800000001) },
		{ "65000:1", UINT64_C(0x0000fde800000001), UINT64_C(0x0002fde800000001) },
		{ "65535:4294967295", UINT64_C(0x0000ffffffffffff), UINT64_C(0x0002ffffffffffff) },
		{ "65536:1", UINT64_C(0x0002000100000001), UINT64_C(0x0202000100000001) },
		{ "4200000000:1", UINT64_C(0x0002fa56ea000001), UINT64_C(0x0202fa56ea000001) },
		{ "192.0.2.1:1", UINT64_C(0x0001c00002010001), UINT64_C(0x0102c00002010001) },
		{ "1:192.0.2.1:1", UINT64_C(0x0001c00002010001), UINT64_C(0x0102c00002010001) },
	};
	static const char *const bad[] = { "", ":", "1", "65536:65536", "1:2:3:4", "1.2.3:4",
	    "4294967296:1", "-1:1", "65000:", ":1", "3:1:1:" };
	uint64_t got = 99;
	char text[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(rd_parse_any(good[i].text, &got), 0);
		assert_true(got == good[i].rd);
		assert_int_equal(rt_parse(good[i].text, &got), 0);
		assert_true(got == good[i].rt);
		snprintf(text, sizeof(text), "RT:%s", good[i].text);
		assert_int_equal(rt_parse(text, &got), 0);
		assert_true(got == good[i].rt);
	}
	got = 99;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(rd_parse_any(bad[i], &got), -1);
		assert_int_equal(rt_parse(bad[i], &got), -1);
	}
	assert_int_equal(rt_parse("vrfid:1", &got), -1);
	assert_int_equal(rt_parse("3:1:1", &got), -1);
	assert_int_equal(got, 99);
}

static void
paths_are_cut_by_hops(void **state)
{
	static const struct { uint8_t bytes[32]; size_t len; unsigned hops; const char *text; } rows[] = {
		{ { 2, 3, AS(1), AS(1), AS(2) }, 14, 2, "1 1" },
		{ { 2, 3, AS(1), AS(1), AS(2) }, 14, 3, "1 1 2" },
		{ { 2, 3, AS(1), AS(1), AS(2) }, 14, 9, "1 1 2" },
		{ { 2, 3, AS(1), AS(1), AS(2) }, 14, 0, "" },
		{ { 2, 1, AS(1), 1, 2, AS(2), AS(3), 2, 1, AS(4) }, 22, 2, "1 {2,3}" },
		{ { 2, 1, AS(1), 1, 2, AS(2), AS(3), 2, 1, AS(4) }, 22, 3, "1 {2,3} 4" },
		{ { 3, 2, AS(1), AS(2), 2, 1, AS(3) }, 16, 1, "(1)" },
		{ { 3, 2, AS(1), AS(2), 2, 1, AS(3) }, 16, 3, "(1 2) 3" },
		{ { 0 }, 0, 5, "" },
	};
	uint8_t cut[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sbuf b = { 0 };

		aspath_text(&b, cut, aspath_cut(rows[i].bytes, rows[i].len, rows[i].hops, cut), ' ');
		assert_string_equal(sbuf_text(&b), rows[i].text);
		sbuf_done(&b);
		for (size_t n = 0; n < rows[i].len; n++) {
			uint8_t *part = mem_dup(rows[i].bytes, n);

			assert_true(aspath_cut(part, n, rows[i].hops, cut) <= n);
			(void)aspath_first_external(part, n);
			(void)aspath_is_confed(part, n);
			mem_free(part);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_by_code),
		cmocka_unit_test(aspaths),
		cmocka_unit_test(communities),
		cmocka_unit_test(route_distinguishers),
		cmocka_unit_test(short_forms_and_route_targets),
		cmocka_unit_test(paths_are_cut_by_hops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
