/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns of communities: which fit, in which order they come, and AS numbers made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mem.h"
#include "rib/commpat.h"

#define AS(n)	(uint8_t)((n) >> 24), (uint8_t)((n) >> 16), (uint8_t)((n) >> 8), (uint8_t)(n)
#define STD(a, b)	AS((uint32_t)(a) << 16 | (b))

/* 12345:64 12345:6400 12345:64001 1:2 no-export */
static const uint8_t std[] = { STD(12345, 64), STD(12345, 6400), STD(12345, 64001), STD(1, 2),
	AS(0xffffff01) };
/* RT:65000:100 SoO:192.0.2.1:7 0x4301010203040506 */
static const uint8_t ext[] = { 0, 2, 0xfd, 0xe8, AS(100), 1, 3, 192, 0, 2, 1, 0, 7, 0x43, 1, 1, 2, 3, 4,
	5, 6 };
static const uint8_t lrg[] = { AS(65000), AS(1), AS(2), AS(4200000000), AS(9), AS(3) };

static const struct {
	const char *list;
	enum attr_kind kind;
	const char *kept;
} rows[] = {
	{ "12345:64", ATTR_COMMS, "12345:64 12345:6400 12345:64001" },
	{ "12345:64..", ATTR_COMMS, "12345:6400" },
	{ "12345:64...", ATTR_COMMS, "12345:64001" },
	{ "12345:.....", ATTR_COMMS, "12345:64001" },
	/* In the middle of a number, and still whole. */
	{ "45:64", ATTR_COMMS, "12345:64 12345:6400 12345:64001" },
	{ "5:64...", ATTR_COMMS, "12345:64001" },
	/* In the order of the patterns, each once. */
	{ "1:2,12345:64..,12345:64", ATTR_COMMS, "1:2 12345:6400 12345:64 12345:64001" },
	{ " 1:2 ,, 12345:64.. ", ATTR_COMMS, "1:2 12345:6400" },
	{ "no-export", ATTR_COMMS, "no-export" },
	{ "99:", ATTR_COMMS, "" },
	{ "123456789012345678901234567890.", ATTR_COMMS, "" },
	{ "RT:65000:", ATTR_ECOMMS, "RT:65000:100" },
	{ "SoO:", ATTR_ECOMMS, "SoO:192.0.2.1:7" },
	{ "0x43", ATTR_ECOMMS, "0x4301010203040506" },
	{ ":9:,65000", ATTR_LCOMMS, "4200000000:9:3 65000:1:2" },
};

static void
what_fits_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct commpat *cp = commpat_new(rows[i].list);
		enum attr_kind kind = rows[i].kind;
		const uint8_t *bytes = kind == ATTR_COMMS ? std : kind == ATTR_ECOMMS ? ext : lrg;
		size_t len = kind == ATTR_COMMS ? sizeof(std) : kind == ATTR_ECOMMS ? sizeof(ext) :
		    sizeof(lrg);
		struct sbuf b = { 0 };
		uint8_t kept[64], again[64];
		size_t n = commpat_keep(cp, kind, bytes, len, kept);

		if (kind == ATTR_COMMS)
			comms_text(&b, kept, n, ' ', false);
		else if (kind == ATTR_ECOMMS)
			ecomms_text(&b, kept, n, ' ', false);
		else
			lcomms_text(&b, kept, n, ' ');
		assert_string_equal(sbuf_text(&b), rows[i].kept);
		assert_int_equal(commpat_keep(cp, kind, kept, n, again), n);
		assert_memory_equal(kept, again, n);
		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *part = mem_dup(bytes, cut);

			assert_true(commpat_keep(cp, kind, part, cut, kept) <= cut);
			mem_free(part);
		}
		sbuf_done(&b);
		commpat_free(cp);
	}
}

static void
no_pattern_is_none(void **state)
{
	(void)state;
	assert_null(commpat_new(NULL));
	assert_null(commpat_new(""));
	assert_null(commpat_new(" , ,"));
}

static void
the_first_that_fits_gives_as_numbers(void **state)
{
	static const struct {
		const char *list;
		enum attr_kind kind;
		uint32_t peer, origin;		/* both 0: none */
	} as[] = {
		{ "12345:", ATTR_COMMS, 12345, 64 },
		{ "12345:64...", ATTR_COMMS, 12345, 64001 },
		{ "7:,1:2", ATTR_COMMS, 1, 2 },
		{ "7:", ATTR_COMMS, 0, 0 },
		{ "42", ATTR_LCOMMS, 4200000000, 9 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(as); i++) {
		struct commpat *cp = commpat_new(as[i].list);
		bool big = as[i].kind == ATTR_LCOMMS;
		uint32_t peer = 0, origin = 0;

		assert_int_equal(commpat_as(cp, as[i].kind, big ? lrg : std,
		    big ? sizeof(lrg) : sizeof(std), &peer, &origin), as[i].peer != 0);
		assert_int_equal(peer, as[i].peer);
		assert_int_equal(origin, as[i].origin);
		assert_false(commpat_as(cp, as[i].kind, std, 3, &peer, &origin));
		commpat_free(cp);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_kept),
		cmocka_unit_test(no_pattern_is_none),
		cmocka_unit_test(the_first_that_fits_gives_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
