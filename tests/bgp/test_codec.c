/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames, OPEN, UPDATE: tables of bytes and results, and every shorter length of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bgp/as4.h"
#include "bgp/open.h"
#include "bgp/update.h"
#include "core/mem.h"

#define BYTES(...) \
	.bytes = (const uint8_t[]){ __VA_ARGS__ }, .len = sizeof((const uint8_t[]){ __VA_ARGS__ })
#define MARKER	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

/* A copy that ends where its memory ends, so that a sanitizer sees a byte too far. */
static uint8_t *
exact(const uint8_t *bytes, size_t len)
{
	uint8_t *p = malloc(len > 0 ? len : 1);

	assert_non_null(p);
	if (len > 0)
		memcpy(p, bytes, len);
	return p;
}

static void
frames(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		int result;
		uint8_t subcode;
	} cases[] = {
		{ BYTES(MARKER, 0, 19, 4), 1, 0 },
		{ BYTES(MARKER, 0, 19, 4, 0xff, 0xff), 1, 0 },
		{ BYTES(MARKER, 0, 18, 4), -1, HEADER_BAD_LENGTH },
		{ BYTES(MARKER, 0, 20, 4), -1, HEADER_BAD_LENGTH },
		{ BYTES(MARKER, 0x10, 1, 2), -1, HEADER_BAD_LENGTH },
		{ BYTES(MARKER, 0, 28, 1), -1, HEADER_BAD_LENGTH },
		{ BYTES(MARKER, 0, 22, 2), -1, HEADER_BAD_LENGTH },
		{ BYTES(MARKER, 0, 20, 3), -1, HEADER_BAD_LENGTH },
		{ BYTES(MARKER, 0, 19, 6), -1, HEADER_BAD_TYPE },
		{ BYTES(MARKER, 0, 19, 0), -1, HEADER_BAD_TYPE },
		{ BYTES(MARKER, 0, 23, 2, 0, 0, 0, 0), 1, 0 },
		{ BYTES(MARKER, 0x10, 0, 2), 0, 0 },
		{ BYTES(0, MARKER, 19, 4), -1, HEADER_NOT_SYNCHRONIZED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_fault fault = { 0 };
		struct bgp_message m;
		int result = bgp_frame(cases[i].bytes, cases[i].len, BGP_MESSAGE_MAX, &m, &fault);

		assert_int_equal(result, cases[i].result);
		assert_int_equal(fault.subcode, cases[i].subcode);
		for (size_t n = 0; n < BGP_HEADER_LEN; n++)
			assert_int_equal(bgp_frame(cases[i].bytes, n, BGP_MESSAGE_MAX, &m,
			    &fault), 0);
	}
}

static void
opens(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		int subcode;		/* -1: a good one */
		struct bgp_open open;
	} cases[] = {
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 0), -1,
		    { .as = 65000, .hold_s = 90, .id = 0x0a000001, .families = 1 } },
		{ BYTES(4, 0x5b, 0xa0, 0, 0, 10, 0, 0, 1, 20,
		    2, 6, 1, 4, 0, 2, 0, 1, 2, 2, 2, 0, 2, 6, 65, 4, 0, 1, 0, 0), -1,
		    { .as = 65536, .id = 0x0a000001, .families = 2, .multiprotocol = true,
		      .as4 = true, .refresh = true } },
		/* One parameter with several capabilities, one of a family without a row, one unknown. */
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 18,
		    2, 16, 1, 4, 0, 1, 0, 1, 1, 4, 0, 25, 0, 70, 70, 2, 1, 2), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1,
		      .multiprotocol = true, .unknown = 1 } },
		/* Extended optional parameters, RFC 9072 2. */
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 255, 255, 0, 9,
		    2, 0, 6, 65, 4, 0, 0, 0xfd, 0xe8), -1,
		    { .as = 65000, .hold_s = 90, .id = 0x0a000001, .families = 1, .as4 = true } },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 255, 255, 0, 0), -1,
		    { .as = 65000, .hold_s = 90, .id = 0x0a000001, .families = 1 } },
		{ BYTES(3, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 0), OPEN_VERSION },
		{ BYTES(4, 0, 0, 0, 90, 10, 0, 0, 1, 0), OPEN_PEER_AS },
		{ BYTES(4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1, 8, 2, 6, 65, 4, 0, 0, 0, 0),
		    OPEN_PEER_AS },
		{ BYTES(4, 0xfd, 0xe8, 0, 1, 10, 0, 0, 1, 0), OPEN_HOLD_TIME },
		{ BYTES(4, 0xfd, 0xe8, 0, 2, 10, 0, 0, 1, 0), OPEN_HOLD_TIME },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 0, 0, 0, 0, 0), OPEN_ID },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 3, 1, 1, 0), OPEN_PARAMETER },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 4, 2, 2, 65, 0), OPEN_UNSPECIFIC },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 4, 2, 2, 65, 4), OPEN_UNSPECIFIC },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 4, 2, 3, 2, 0), OPEN_UNSPECIFIC },
		{ BYTES(4, 0xfd, 0xe8, 0, 90, 10, 0, 0, 1, 0, 7), OPEN_UNSPECIFIC },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_fault fault = { 0 };
		struct bgp_open o = { 0 };
		int result = open_decode(rd_of(cases[i].bytes, cases[i].len), &o, &fault);

		if (result != (cases[i].subcode < 0 ? 0 : -1))
			fail_msg("case %zu: %d, %s", i, result, fault.why);
		if (result == 0) {
			assert_memory_equal(&o, &cases[i].open, sizeof(o));
		} else {
			assert_int_equal(fault.code, BGP_ERR_OPEN);
			assert_int_equal(fault.subcode, cases[i].subcode);
		}
		for (size_t n = 0; result == 0 && n < cases[i].len; n++) {
			uint8_t *copy = exact(cases[i].bytes, n);

			assert_int_equal(open_decode(rd_of(copy, n), &o, &fault), -1);
			free(copy);
		}
	}
}

static void
open_comes_back_as_it_was_written(void **state)
{
	const struct bgp_open cases[] = {
		{ .as = 65000, .id = 1, .hold_s = 90, .families = 3, .multiprotocol = true,
		  .as4 = true, .refresh = true },
		{ .as = 4200000000, .id = 2, .families = 2, .multiprotocol = true, .as4 = true },
		{ .as = 7, .id = 3, .hold_s = 3, .families = 1, .multiprotocol = true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t room[128];
		struct wr w = wr_of(room, sizeof(room));
		struct bgp_fault fault;
		struct bgp_message m;
		struct bgp_open o;

		open_encode(&w, &cases[i]);
		assert_false(w.bad);
		assert_int_equal(bgp_frame(room, wr_len(&w), BGP_MESSAGE_MAX, &m, &fault), 1);
		assert_int_equal(m.type, BGP_OPEN);
		assert_int_equal(open_decode(m.body, &o, &fault), 0);
		assert_memory_equal(&o, &cases[i], sizeof(o));
	}
}

/* What every good UPDATE of IPv4 begins with. */
#define ORIGIN_A	0x40, 1, 1, 0
#define PATH_A		0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9
#define HOP_A		0x40, 3, 4, 10, 0, 0, 9
#define NET_A		24, 10, 1, 2
#define GOOD		ORIGIN_A, PATH_A, HOP_A		/* 20 bytes */
#define HOP6		0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define REACH6		0x80, 14, 26, 0, 2, 1, 16, HOP6, 0, 32, 0x20, 1, 0x0d, 0xb8	/* 29 bytes */

/* One row per rule. */
static const struct update_case {
	const char *rule;
	const uint8_t *bytes;
	size_t len;
	enum verdict verdict;
	uint8_t subcode;
	unsigned discarded, skipped;
	unsigned nlri[UPDATE_PARTS];
	bool external, old;
} updates[] = {
	{ "end of RIB", BYTES(0, 0, 0, 0), 0 },
	{ "a route", BYTES(0, 0, 0, 20, GOOD, NET_A), .nlri = { [PART_NLRI] = 1 } },
	{ "withdrawn", BYTES(0, 5, NET_A, 0, 0, 0), .nlri = { [PART_WITHDRAWN] = 2 } },
	{ "both", BYTES(0, 4, NET_A, 0, 20, GOOD, 0, 32, 1, 2, 3, 4),
	    .nlri = { [PART_WITHDRAWN] = 1, [PART_NLRI] = 2 } },
	{ "IPv6", BYTES(0, 0, 0, 42, REACH6, ORIGIN_A, PATH_A), .nlri = { [PART_MP_REACH] = 1 } },
	{ "IPv6 and IPv4", BYTES(0, 0, 0, 49, GOOD, REACH6, NET_A),
	    .nlri = { [PART_MP_REACH] = 1, [PART_NLRI] = 1 } },
	{ "IPv6 withdrawn", BYTES(0, 0, 0, 11, 0x80, 15, 8, 0, 2, 1, 32, 0x20, 1, 0x0d, 0xb8),
	    .nlri = { [PART_MP_UNREACH] = 1 } },
	{ "4271 6.3: parts longer than the message", BYTES(0, 9, 0, 0), VERDICT_RESET,
	    UPDATE_ATTR_LIST },
	{ "4271 6.3: attributes longer than the message", BYTES(0, 0, 0, 21, GOOD), VERDICT_RESET,
	    UPDATE_ATTR_LIST },
	{ "7606 5.3: prefix of 33 bits", BYTES(0, 0, 0, 20, GOOD, 33, 1, 2, 3, 4, 5),
	    VERDICT_RESET, UPDATE_NETWORK },
	{ "7606 5.3: prefix longer than its field", BYTES(0, 0, 0, 20, GOOD, 24, 1, 2),
	    VERDICT_RESET, UPDATE_NETWORK },
	{ "7606 5.3: withdrawn prefix of 33 bits", BYTES(0, 6, 33, 1, 2, 3, 4, 5, 0, 0),
	    VERDICT_RESET, UPDATE_NETWORK },
	{ "7606 5.3: MP prefix of 129 bits", BYTES(0, 0, 0, 24, 0x80, 15, 21, 0, 2, 1, 129,
	    HOP6, 1), VERDICT_RESET, UPDATE_OPTIONAL },
	{ "7606 5.3: MP_UNREACH of 2 bytes", BYTES(0, 0, 0, 5, 0x80, 15, 2, 0, 2),
	    VERDICT_RESET, UPDATE_LENGTH },
	{ "7606 5.3: MP_REACH of 4 bytes", BYTES(0, 0, 0, 7, 0x80, 14, 4, 0, 2, 1, 0),
	    VERDICT_RESET, UPDATE_LENGTH },
	{ "7606 5.3: flags of MP_REACH", BYTES(0, 0, 0, 42, 0xc0, 14, 26, 0, 2, 1, 16, HOP6, 0, 32,
	    0x20, 1, 0x0d, 0xb8, ORIGIN_A, PATH_A), VERDICT_RESET, UPDATE_FLAGS },
	{ "7606 7.11: next hop of 4 bytes in IPv6", BYTES(0, 0, 0, 25, 0x80, 14, 9, 0, 2, 1, 4,
	    1, 2, 3, 4, 0, ORIGIN_A, PATH_A), VERDICT_RESET, UPDATE_OPTIONAL },
	{ "7606 3 c: flags of ORIGIN", BYTES(0, 0, 0, 20, 0xc0, 1, 1, 0, PATH_A, HOP_A, NET_A),
	    VERDICT_WITHDRAW, UPDATE_FLAGS, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 3 d: no ORIGIN", BYTES(0, 0, 0, 16, PATH_A, HOP_A, NET_A), VERDICT_WITHDRAW,
	    UPDATE_MISSING, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 3 d: no AS_PATH", BYTES(0, 0, 0, 11, ORIGIN_A, HOP_A, NET_A), VERDICT_WITHDRAW,
	    UPDATE_MISSING, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 3 d: no NEXT_HOP", BYTES(0, 0, 0, 13, ORIGIN_A, PATH_A, NET_A), VERDICT_WITHDRAW,
	    UPDATE_MISSING, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 3 g: ORIGIN twice", BYTES(0, 0, 0, 24, GOOD, 0x40, 1, 1, 9, NET_A),
	    VERDICT_DISCARD, UPDATE_ATTR_LIST, .discarded = 1, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 3 g: MP_REACH twice", BYTES(0, 0, 0, 71, REACH6, ORIGIN_A, PATH_A, REACH6),
	    VERDICT_RESET, UPDATE_ATTR_LIST },
	{ "7606 3 h: the worst wins", BYTES(0, 0, 0, 24, 0x40, 6, 1, 0, 0x40, 1, 1, 3, PATH_A,
	    HOP_A, NET_A), VERDICT_WITHDRAW, UPDATE_ORIGIN, .discarded = 1,
	    .nlri = { [PART_NLRI] = 1 } },
	{ "7606 4: an attribute longer than the list", BYTES(0, 0, 0, 24, GOOD, 0xc0, 8, 8, 1,
	    NET_A), VERDICT_WITHDRAW, UPDATE_ATTR_LIST, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 4: a byte left over", BYTES(0, 0, 0, 21, GOOD, 0xc0, NET_A), VERDICT_WITHDRAW,
	    UPDATE_ATTR_LIST, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 3 j: MP_REACH longer than the list", BYTES(0, 0, 0, 25, GOOD, 0x80, 14, 99, 0, 2,
	    NET_A), VERDICT_RESET, UPDATE_ATTR_LIST },
	{ "7606 5.2: an error where no route is", BYTES(0, 0, 0, 20, 0x40, 1, 1, 7, PATH_A, HOP_A),
	    VERDICT_RESET, UPDATE_ORIGIN },
	{ "7606 5.2: no route, and nothing but a discard", BYTES(0, 0, 0, 24, GOOD, 0x40, 6, 1, 0),
	    VERDICT_DISCARD, UPDATE_LENGTH, .discarded = 1 },
	{ "7606 7.1: ORIGIN 3", BYTES(0, 0, 0, 20, 0x40, 1, 1, 3, PATH_A, HOP_A, NET_A),
	    VERDICT_WITHDRAW, UPDATE_ORIGIN, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.1: ORIGIN of 2 bytes", BYTES(0, 0, 0, 21, 0x40, 1, 2, 0, 0, PATH_A, HOP_A,
	    NET_A), VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.2: segment of type 5", BYTES(0, 0, 0, 20, ORIGIN_A, 0x40, 2, 6, 5, 1, 0, 0, 0,
	    1, HOP_A, NET_A), VERDICT_WITHDRAW, UPDATE_AS_PATH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.2: overrun", BYTES(0, 0, 0, 20, ORIGIN_A, 0x40, 2, 6, 2, 2, 0, 0, 0, 1, HOP_A,
	    NET_A), VERDICT_WITHDRAW, UPDATE_AS_PATH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.2: underrun", BYTES(0, 0, 0, 21, ORIGIN_A, 0x40, 2, 7, 2, 1, 0, 0, 0, 1, 2,
	    HOP_A, NET_A), VERDICT_WITHDRAW, UPDATE_AS_PATH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.2: empty segment", BYTES(0, 0, 0, 16, ORIGIN_A, 0x40, 2, 2, 2, 0, HOP_A, NET_A),
	    VERDICT_WITHDRAW, UPDATE_AS_PATH, .nlri = { [PART_NLRI] = 1 } },
	{ "7607 2: AS 0", BYTES(0, 0, 0, 20, ORIGIN_A, 0x40, 2, 6, 2, 1, 0, 0, 0, 0, HOP_A,
	    NET_A), VERDICT_WITHDRAW, UPDATE_AS_PATH, .nlri = { [PART_NLRI] = 1 } },
	{ "empty AS_PATH", BYTES(0, 0, 0, 14, ORIGIN_A, 0x40, 2, 0, HOP_A, NET_A),
	    .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.3: NEXT_HOP of 3 bytes", BYTES(0, 0, 0, 19, ORIGIN_A, PATH_A, 0x40, 3, 3, 10, 0,
	    0, NET_A), VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "4271 6.3: NEXT_HOP 0.0.0.0", BYTES(0, 0, 0, 20, ORIGIN_A, PATH_A, 0x40, 3, 4, 0, 0, 0,
	    0, NET_A), VERDICT_WITHDRAW, UPDATE_NEXT_HOP, .nlri = { [PART_NLRI] = 1 } },
	{ "4760 3: NEXT_HOP 0.0.0.0 beside MP_REACH", BYTES(0, 0, 0, 49, ORIGIN_A, PATH_A, 0x40, 3, 4,
	    0, 0, 0, 0, REACH6), .nlri = { [PART_MP_REACH] = 1 } },
	{ "7606 7.4: MED of 3 bytes", BYTES(0, 0, 0, 26, GOOD, 0x80, 4, 3, 0, 0, 0, NET_A),
	    VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.5: LOCAL_PREF of 3 bytes", BYTES(0, 0, 0, 26, GOOD, 0x40, 5, 3, 0, 0, 0, NET_A),
	    VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.5: LOCAL_PREF from outside", BYTES(0, 0, 0, 26, GOOD, 0x40, 5, 3, 0, 0, 0,
	    NET_A), VERDICT_DISCARD, 0, .discarded = 1, .nlri = { [PART_NLRI] = 1 },
	    .external = true },
	{ "7606 7.6: ATOMIC_AGGREGATE of 1 byte", BYTES(0, 0, 0, 24, GOOD, 0x40, 6, 1, 0, NET_A),
	    VERDICT_DISCARD, UPDATE_LENGTH, .discarded = 1, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.7: AGGREGATOR of 6 bytes", BYTES(0, 0, 0, 29, GOOD, 0xc0, 7, 6, 0, 1, 1, 1, 1, 1,
	    NET_A), VERDICT_DISCARD, UPDATE_OPTIONAL, .discarded = 1, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.8: COMMUNITIES of 5 bytes", BYTES(0, 0, 0, 28, GOOD, 0xc0, 8, 5, 1, 2, 3, 4, 5,
	    NET_A), VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.8: COMMUNITIES of 0 bytes", BYTES(0, 0, 0, 23, GOOD, 0xc0, 8, 0, NET_A),
	    VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.9: ORIGINATOR_ID of 3 bytes", BYTES(0, 0, 0, 26, GOOD, 0x80, 9, 3, 1, 1, 1,
	    NET_A), VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.9: ORIGINATOR_ID from outside", BYTES(0, 0, 0, 27, GOOD, 0x80, 9, 4, 1, 1, 1, 1,
	    NET_A), VERDICT_DISCARD, 0, .discarded = 1, .nlri = { [PART_NLRI] = 1 },
	    .external = true },
	{ "7606 7.10: CLUSTER_LIST of 0 bytes", BYTES(0, 0, 0, 23, GOOD, 0x80, 10, 0, NET_A),
	    VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7606 7.14: EXTENDED COMMUNITIES of 4 bytes", BYTES(0, 0, 0, 27, GOOD, 0xc0, 16, 4, 1, 2,
	    3, 4, NET_A), VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "8092 5: LARGE_COMMUNITY of 8 bytes", BYTES(0, 0, 0, 31, GOOD, 0xc0, 32, 8, 1, 2, 3, 4,
	    5, 6, 7, 8, NET_A), VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "6793 6: AS4_PATH from a new speaker", BYTES(0, 0, 0, 29, GOOD, 0xc0, 17, 6, 2, 1, 0, 1,
	    0, 0, NET_A), VERDICT_DISCARD, 0, .discarded = 1, .nlri = { [PART_NLRI] = 1 } },
	{ "6793 6: malformed AS4_PATH", BYTES(0, 0, 0, 27, ORIGIN_A, 0x40, 2, 4, 2, 1, 0, 9,
	    HOP_A, 0xc0, 17, 6, 2, 2, 0, 1, 0, 0, NET_A), VERDICT_DISCARD, UPDATE_OPTIONAL,
	    .discarded = 1, .nlri = { [PART_NLRI] = 1 }, .old = true },
	{ "4271 6.3: an unknown well-known one", BYTES(0, 0, 0, 23, GOOD, 0x40, 99, 0, NET_A),
	    VERDICT_RESET, UPDATE_UNKNOWN_WELL_KNOWN },
	{ "4271 5: an unknown optional one", BYTES(0, 0, 0, 24, GOOD, 0xc0, 99, 1, 7, NET_A),
	    .nlri = { [PART_NLRI] = 1 } },
	{ "another family", BYTES(0, 0, 0, 29, 0x80, 14, 13, 0, 25, 70, 4, 1, 2, 3, 4, 0, 200, 1,
	    2, 3, ORIGIN_A, PATH_A), .skipped = 1 },
	{ "another family withdrawn", BYTES(0, 0, 0, 8, 0x80, 15, 5, 0, 1, 128, 250, 1),
	    .skipped = 1 },
	{ "long length field", BYTES(0, 0, 0, 21, 0x50, 1, 0, 1, 0, PATH_A, HOP_A, NET_A),
	    .nlri = { [PART_NLRI] = 1 } },
};

static const struct bgp_context ctx_new = { .families = 3, .as4 = true, .internal = true };

static struct bgp_context
context_of(const struct update_case *c)
{
	return (struct bgp_context){
		.families = 3, .as4 = !c->old, .internal = !c->external,
	};
}

static void
update_rules(void **state)
{
	static struct bgp_update u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(updates); i++) {
		const struct update_case *c = &updates[i];
		struct bgp_context context = context_of(c);

		update_decode(rd_of(c->bytes, c->len), &context, &u);
		if (u.verdict != c->verdict || u.fault.subcode != c->subcode)
			fail_msg("%s: verdict %d, subcode %u: %s", c->rule, u.verdict,
			    u.fault.subcode, u.fault.why != NULL ? u.fault.why : "");
		if (u.verdict == VERDICT_RESET)
			continue;
		assert_int_equal(u.discarded, c->discarded);
		assert_int_equal(u.skipped, c->skipped);
		for (int p = 0; p < UPDATE_PARTS; p++)
			if (u.part[p].count != c->nlri[p])
				fail_msg("%s: part %d has %u NLRIs", c->rule, p, u.part[p].count);
	}
}

/* The attribute that ends the session goes back with the NOTIFICATION (RFC 4271 6.3). */
static void
update_quotes_the_attribute(void **state)
{
	static const uint8_t msg[] = { 0, 0, 0, 24, GOOD, 0x40, 99, 1, 7, NET_A };
	static struct bgp_update u;

	(void)state;
	update_decode(rd_of(msg, sizeof(msg)), &ctx_new, &u);
	assert_int_equal(u.verdict, VERDICT_RESET);
	assert_int_equal(u.fault.data_len, 4);
	assert_memory_equal(u.fault.data, "\x40\x63\x01\x07", 4);
}

/* Cut anywhere it never reads too far, and a cut inside the lengths is a reset. */
static void
updates_cut_short(void **state)
{
	static struct bgp_update u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(updates); i++) {
		struct bgp_context context = context_of(&updates[i]);

		for (size_t n = 0; n < updates[i].len; n++) {
			uint8_t *copy = exact(updates[i].bytes, n);
			size_t attrs = n >= 4 && copy[1] == 0 ? 4u + copy[3] : 4;

			update_decode(rd_of(copy, n), &context, &u);
			if (n < 4 || n < attrs)
				assert_int_equal(u.verdict, VERDICT_RESET);
			free(copy);
		}
	}
}

static void
update_values_of_a_full_one(void **state)
{
	static struct bgp_update u;
	static const uint8_t msg[] = {
		0, 0, 0, 71,
		GOOD,
		0x80, 4, 4, 0, 0, 0, 50,
		0x40, 5, 4, 0, 0, 0, 200,
		0xc0, 8, 8, 0xff, 0xff, 0xff, 1, 0xfd, 0xe8, 0, 7,
		0xc0, 16, 8, 0, 2, 0xfd, 0xe8, 0, 0, 0, 1,
		0xc0, 32, 12, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3,
		9, 10, 0xff, 0, 32, 192, 0, 2, 1,
	};
	struct nlri nlri[4];
	struct rd field;
	char text[PREFIX_TEXT];

	(void)state;
	update_decode(rd_of(msg, sizeof(msg)), &ctx_new, &u);
	assert_int_equal(u.verdict, VERDICT_OK);
	assert_int_equal(u.attrs.origin, ORIGIN_IGP);
	assert_true(u.attrs.has_med);
	assert_int_equal(u.attrs.med, 50);
	assert_true(u.attrs.has_local_pref);
	assert_int_equal(u.attrs.local_pref, 200);
	assert_int_equal(u.attrs.comms_len, 8);
	assert_memory_equal(u.attrs.comms, "\xff\xff\xff\x01\xfd\xe8\x00\x07", 8);
	assert_int_equal(u.attrs.ecomms_len, 8);
	assert_int_equal(u.attrs.lcomms_len, 12);
	assert_int_equal(u.attrs.aspath_len, 6);
	assert_string_equal(addr_text(&u.part[PART_NLRI].next_hop, text), "10.0.0.9");
	field = u.part[PART_NLRI].nlri;
	assert_int_equal(nlri_take(u.part[PART_NLRI].family, &field, nlri, 1), 1);
	/* Bits behind the length are cleared. */
	assert_string_equal(prefix_text(&nlri[0].prefix, text), "10.128.0.0/9");
	assert_int_equal(nlri_take(u.part[PART_NLRI].family, &field, nlri, 4), 2);
	assert_string_equal(prefix_text(&nlri[0].prefix, text), "0.0.0.0/0");
	assert_string_equal(prefix_text(&nlri[1].prefix, text), "192.0.2.1/32");
	assert_int_equal(nlri_take(u.part[PART_NLRI].family, &field, nlri, 4), 0);
}

static void
ends_of_rib(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		const char *family;
	} cases[] = {
		{ BYTES(0, 0, 0, 0), "IPv4 unicast" },
		{ BYTES(0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1), "IPv6 unicast" },
		{ BYTES(0, 0, 0, 7, 0x90, 15, 0, 3, 0, 2, 1), "IPv6 unicast" },
		{ BYTES(0, 0, 0, 6, 0x80, 15, 3, 0, 25, 70), NULL },
		{ BYTES(0, 1, 0, 0, 0), NULL },
		{ BYTES(0, 0, 0, 7, 0x80, 15, 4, 0, 2, 1, 0), NULL },
	};
	static struct bgp_update u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		update_decode(rd_of(cases[i].bytes, cases[i].len), &ctx_new, &u);
		assert_int_equal(u.verdict, VERDICT_OK);
		if (cases[i].family == NULL)
			assert_null(u.end_of_rib);
		else
			assert_string_equal(u.end_of_rib->name, cases[i].family);
	}
}

/* Paths as types and numbers: { type, count, numbers... }. */
struct hops {
	uint32_t n[24];
	size_t len;
};

#define HOPS(...) { { __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4 }

static size_t
wire_path(const struct hops *h, size_t asn_bytes, uint8_t *room, size_t len)
{
	struct wr w = wr_of(room, len);

	for (size_t i = 0; i < h->len; ) {
		uint32_t count = h->n[i + 1];

		wr_u8(&w, (uint8_t)h->n[i++]);
		wr_u8(&w, (uint8_t)h->n[i++]);
		while (count-- > 0)
			wr_uint(&w, h->n[i++], asn_bytes);
	}
	assert_false(w.bad);
	return wr_len(&w);
}

static void
as4_paths_are_joined(void **state)
{
	static const struct {
		struct hops path, path4, want;
	} cases[] = {
		/* As long as each other: AS4_PATH it is. */
		{ HOPS(2, 2, 100, 23456), HOPS(2, 2, 100, 70000), HOPS(2, 2, 100, 70000) },
		/* An old speaker in between put itself in front. */
		{ HOPS(2, 3, 9, 100, 23456), HOPS(2, 2, 100, 70000), HOPS(2, 3, 9, 100, 70000) },
		/* AS4_PATH longer: it is ignored. */
		{ HOPS(2, 1, 100), HOPS(2, 2, 100, 70000), HOPS(2, 1, 100) },
		/* A set counts as one, and goes whole. */
		{ HOPS(1, 3, 7, 8, 9, 2, 1, 23456), HOPS(2, 1, 70000),
		  HOPS(1, 3, 7, 8, 9, 2, 1, 70000) },
		{ HOPS(2, 2, 5, 23456, 1, 2, 23456, 8), HOPS(2, 1, 70000, 1, 2, 70001, 8),
		  HOPS(2, 2, 5, 70000, 1, 2, 70001, 8) },
		/* Confederations lead or touch what is taken, and count nothing. */
		{ HOPS(3, 2, 64512, 64513, 2, 2, 9, 23456), HOPS(2, 1, 70000),
		  HOPS(3, 2, 64512, 64513, 2, 2, 9, 70000) },
		{ HOPS(3, 1, 64512, 2, 1, 23456), HOPS(2, 1, 70000),
		  HOPS(3, 1, 64512, 2, 1, 70000) },
		{ HOPS(2, 1, 9, 3, 1, 64512, 2, 1, 23456), HOPS(2, 1, 70000),
		  HOPS(2, 1, 9, 3, 1, 64512, 2, 1, 70000) },
		{ HOPS(2, 2, 9, 23456, 3, 1, 64512), HOPS(2, 1, 70000), HOPS(2, 2, 9, 70000) },
		/* In AS4_PATH they have no place (RFC 6793 6). */
		{ HOPS(2, 2, 9, 23456), HOPS(3, 1, 64512, 2, 1, 70000), HOPS(2, 2, 9, 70000) },
		{ HOPS(2, 1, 9), HOPS(3, 1, 64512), HOPS(2, 1, 9) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t path[128], path4[128], want[128], got[256];
		size_t len = wire_path(&cases[i].path, 2, path, sizeof(path));
		size_t len4 = wire_path(&cases[i].path4, 4, path4, sizeof(path4));
		size_t want_len = wire_path(&cases[i].want, 4, want, sizeof(want));
		struct wr w = wr_of(got, sizeof(got));

		assert_true(as4_path_ok(rd_of(path, len), 2));
		assert_true(as4_path_ok(rd_of(path4, len4), 4));
		as4_merge(rd_of(path, len), rd_of(path4, len4), &w);
		assert_int_equal(wr_len(&w), want_len);
		assert_memory_equal(got, want, want_len);
	}
}

#define PATH_OLD	0x40, 2, 6, 2, 2, 0, 9, 0x5b, 0xa0		/* 9 23456 */
#define PATH4		0xc0, 17, 6, 2, 1, 0, 1, 0x11, 0x70		/* 70000 */

static void
update_of_an_old_speaker(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		const char *path;
	} cases[] = {
		{ BYTES(0, 0, 0, 20, ORIGIN_A, PATH_OLD, HOP_A, NET_A),
		    "\2\2\0\0\0\11\0\0\x5b\xa0" },
		{ BYTES(0, 0, 0, 29, ORIGIN_A, PATH_OLD, HOP_A, PATH4, NET_A),
		    "\2\2\0\0\0\11\0\1\x11\x70" },
		/* The aggregate was made by an old speaker: AS4_PATH is ignored (RFC 6793 4.2.3). */
		{ BYTES(0, 0, 0, 49, ORIGIN_A, PATH_OLD, HOP_A, PATH4, 0xc0, 7, 6, 0, 9, 1, 1, 1, 1,
		    0xc0, 18, 8, 0, 1, 0x11, 0x70, 1, 1, 1, 1, NET_A),
		    "\2\2\0\0\0\11\0\0\x5b\xa0" },
		{ BYTES(0, 0, 0, 49, ORIGIN_A, PATH_OLD, HOP_A, PATH4, 0xc0, 7, 6, 0x5b, 0xa0, 1, 1,
		    1, 1, 0xc0, 18, 8, 0, 1, 0x11, 0x70, 1, 1, 1, 1, NET_A),
		    "\2\2\0\0\0\11\0\1\x11\x70" },
	};
	static const struct bgp_context old = { .families = 1, .internal = true };
	static struct bgp_update u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		update_decode(rd_of(cases[i].bytes, cases[i].len), &old, &u);
		assert_int_equal(u.verdict, VERDICT_OK);
		assert_int_equal(u.attrs.aspath_len, 10);
		assert_memory_equal(u.attrs.aspath, cases[i].path, 10);
	}
}

static void
notifications(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ BYTES(6, 2, 5, 'h', 'e', 'l', 'l', 'o'),
		    "Cease, Administrative Shutdown, saying \"hello\"" },
		{ BYTES(6, 4, 0), "Cease, Administrative Reset" },
		{ BYTES(6, 2, 9, 'x'), "Cease, Administrative Shutdown" },
		{ BYTES(6, 7), "Cease, Connection Collision Resolution" },
		{ BYTES(4, 0), "Hold Timer Expired" },
		{ BYTES(3, 77), "UPDATE Message Error, subcode 77" },
		{ BYTES(99, 1), "error 99, subcode 1" },
	};
	struct sbuf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_notification n;

		assert_int_equal(notification_decode(rd_of(cases[i].bytes, cases[i].len), &n), 0);
		sbuf_clear(&b);
		notification_text(&b, &n);
		assert_string_equal(sbuf_text(&b), cases[i].text);
		assert_int_equal(notification_decode(rd_of(cases[i].bytes, 1), &n), -1);
	}
	sbuf_done(&b);
}

static void
refreshes(void **state)
{
	static const uint8_t plain[] = { 0, 2, 0, 1 }, begin[] = { 0, 1, 1, 1, 9 };
	struct bgp_fault fault;
	struct bgp_refresh r;
	uint8_t room[64];
	struct wr w = wr_of(room, sizeof(room));

	(void)state;
	assert_int_equal(refresh_decode(rd_of(plain, 4), &r, &fault), 0);
	assert_int_equal(r.afi, 2);
	assert_int_equal(r.safi, 1);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(refresh_decode(rd_of(plain, n), &r, &fault), -1);
	assert_int_equal(refresh_decode(rd_of(begin, 5), &r, &fault), -1);
	assert_int_equal(fault.code, BGP_ERR_REFRESH);
	refresh_encode(&w, &r);
	keepalive_encode(&w);
	notification_encode(&w, &(struct bgp_fault){ .code = 6, .subcode = 2, .data_len = 1 });
	assert_int_equal(wr_len(&w), 23 + 19 + 22);
	assert_memory_equal(room + 16, "\0\x17\5\0\2\0\1", 7);
	assert_memory_equal(room + 23 + 16, "\0\x13\4", 3);
	assert_memory_equal(room + 42 + 16, "\0\x16\3\6\2\0", 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(opens),
		cmocka_unit_test(open_comes_back_as_it_was_written),
		cmocka_unit_test(update_rules),
		cmocka_unit_test(update_quotes_the_attribute),
		cmocka_unit_test(updates_cut_short),
		cmocka_unit_test(update_values_of_a_full_one),
		cmocka_unit_test(ends_of_rib),
		cmocka_unit_test(as4_paths_are_joined),
		cmocka_unit_test(update_of_an_old_speaker),
		cmocka_unit_test(notifications),
		cmocka_unit_test(refreshes),
	};

	return cmocka_run_group_tests_name("bgp codec", tests, NULL, NULL);
}
