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
		    2, 16, 1, 4, 0, 1, 0, 1, 1, 4, 0x40, 4, 0, 71, 73, 2, 1, 2), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1,
		      .multiprotocol = true, .unknown = 1 } },
		/* RFC 8950, 8654, 8277 and 9234: IPv6 next hops, long messages, labels, customer. */
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 31,
		    2, 29, 5, 12, 0, 1, 0, 1, 0, 2, 0, 1, 0, 128, 0, 2, 6, 0,
		    8, 8, 0, 1, 4, 255, 0, 2, 4, 1, 9, 1, 3), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1, .ext_hop = 0x11,
		      .labels = 4, .ext_message = true, .role = ROLE_CUSTOMER, .has_role = true } },
		/* RFC 4724 and 9494: R bit, 120 s, IPv4 forwarding, IPv6 not; VPNv4 kept a day. */
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 23,
		    2, 21, 64, 10, 0x80, 120, 0, 1, 1, 0x80, 0, 2, 1, 0,
		    71, 7, 0, 1, 128, 0x80, 1, 0x51, 0x80), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1, .restart_s = 120,
		      .can_restart = true, .restarting = true, .restart = 3, .forwarding = 1,
		      .can_llgr = true, .llgr = 16, .llgr_forwarding = 16, .llgr_s = { [4] = 86400 } } },
		/* RFC 7911 and 7313: IPv4 both ways, IPv6 sent, labelled with 9, which is no way. */
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 18,
		    2, 16, 69, 12, 0, 1, 1, 3, 0, 2, 1, 2, 0, 1, 4, 9, 70, 0), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1, .path_send = 3,
		      .path_receive = 1, .enhanced_refresh = true } },
		/* A malformed one that can be done without. */
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 7, 2, 5, 69, 3, 0, 1, 1), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1, .unknown = 1 } },
		/* RFC 9234 4.2: twice the same, and two that differ. */
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 8, 2, 6, 9, 1, 4, 9, 1, 4), -1,
		    { .as = 65000, .hold_s = 3, .id = 0x0a000001, .families = 1,
		      .role = ROLE_PEER, .has_role = true } },
		{ BYTES(4, 0xfd, 0xe8, 0, 3, 10, 0, 0, 1, 8, 2, 6, 9, 1, 4, 9, 1, 3), OPEN_ROLE },
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
		{ .as = 65000, .id = 4, .families = 0x7f, .multiprotocol = true, .as4 = true,
		  .path_send = 0x3f, .path_receive = 0x15, .labels = 0x3c, .ext_hop = 0x15,
		  .can_restart = true, .restarting = true, .restart_s = 4095, .restart = 0x7f,
		  .forwarding = 0x11, .can_llgr = true, .llgr = 0x7f, .llgr_forwarding = 0x40,
		  .llgr_s = { 1, 2, 3, 4, 5, 6, 0xffffff }, .enhanced_refresh = true,
		  .ext_message = true, .has_role = true, .role = ROLE_RS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t room[320];
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
	bool external, old, all;	/* all families, IPv4 unicast with path ids */
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
	{ "8277 2.2: labelled", BYTES(0, 0, 0, 32, 0x80, 14, 16, 0, 1, 4, 4, 10, 0, 0, 9, 0,
	    48, 0, 1, 0x41, 10, 1, 2, ORIGIN_A, PATH_A), .nlri = { [PART_MP_REACH] = 1 },
	    .all = true },
	{ "8277 2: a label and no more than 32 bits", BYTES(0, 0, 0, 34, 0x80, 14, 18, 0, 1, 4, 4,
	    10, 0, 0, 9, 0, 57, 0, 1, 0x41, 10, 1, 2, 3, 4, ORIGIN_A, PATH_A), VERDICT_RESET,
	    UPDATE_OPTIONAL, .all = true },
	{ "4364 4.3.4: VPN", BYTES(0, 0, 0, 48, 0x80, 14, 32, 0, 1, 128, 12, 0, 0, 0, 0, 0, 0, 0, 0,
	    10, 0, 0, 9, 0, 112, 0, 1, 0x41, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 10, 1, 2, ORIGIN_A,
	    PATH_A), .nlri = { [PART_MP_REACH] = 1 }, .all = true },
	{ "4364 4.3.2: VPN with a next hop of 4 bytes", BYTES(0, 0, 0, 29, 0x80, 14, 13, 0, 1, 128,
	    4, 10, 0, 0, 9, 0, 24, 0, 1, 1, ORIGIN_A, PATH_A), VERDICT_RESET, UPDATE_OPTIONAL,
	    .all = true },
	{ "8950 3: IPv4 by an IPv6 next hop", BYTES(0, 0, 0, 45, 0x80, 14, 29, 0, 1, 1, 16, HOP6, 0,
	    0, 0, 0, 1, 24, 10, 1, 2, ORIGIN_A, PATH_A), .nlri = { [PART_MP_REACH] = 1 },
	    .all = true },
	{ "7911 3: path ids", BYTES(0, 0, 0, 20, GOOD, 0, 0, 0, 7, NET_A, 0, 0, 0, 8, NET_A),
	    .nlri = { [PART_NLRI] = 2 }, .all = true },
	{ "7911 3: withdrawn by path id", BYTES(0, 8, 0, 0, 0, 7, NET_A, 0, 0),
	    .nlri = { [PART_WITHDRAWN] = 1 }, .all = true },
	{ "7606 5.3: a path id and nothing else", BYTES(0, 0, 0, 20, GOOD, 0, 0, 0, 7),
	    VERDICT_RESET, UPDATE_NETWORK, .all = true },
	{ "7606 7.15: IPv6 communities of 19 bytes", BYTES(0, 0, 0, 42, GOOD, 0xc0, 25, 19, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NET_A), VERDICT_WITHDRAW,
	    UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "7311 3: AIGP whose TLV is longer", BYTES(0, 0, 0, 34, GOOD, 0x80, 26, 11, 1, 0, 12, 0, 0,
	    0, 0, 0, 0, 0, 9, NET_A), VERDICT_DISCARD, UPDATE_OPTIONAL, .discarded = 1,
	    .nlri = { [PART_NLRI] = 1 } },
	{ "9234 5: OTC of 3 bytes", BYTES(0, 0, 0, 26, GOOD, 0xc0, 35, 3, 0, 0, 1, NET_A),
	    VERDICT_WITHDRAW, UPDATE_LENGTH, .nlri = { [PART_NLRI] = 1 } },
	{ "8669 6: PREFIX_SID whose TLV is longer", BYTES(0, 0, 0, 33, GOOD, 0xc0, 40, 10, 1, 0, 8,
	    0, 0, 0, 0, 0, 0, 7, NET_A), VERDICT_DISCARD, UPDATE_OPTIONAL, .discarded = 1,
	    .nlri = { [PART_NLRI] = 1 } },
	{ "long length field", BYTES(0, 0, 0, 21, 0x50, 1, 0, 1, 0, PATH_A, HOP_A, NET_A),
	    .nlri = { [PART_NLRI] = 1 } },
};

static const struct bgp_context ctx_new = { .families = 3, .as4 = true, .internal = true };

static struct bgp_context
context_of(const struct update_case *c)
{
	return (struct bgp_context){
		.families = c->all ? families_all() : 3, .add_path = c->all ? 1 : 0,
		.as4 = !c->old, .internal = !c->external,
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
	assert_int_equal(nlri_take(u.part[PART_NLRI].family, 0, &field, nlri, 1), 1);
	/* Bits behind the length are cleared. */
	assert_string_equal(prefix_text(&nlri[0].prefix, text), "10.128.0.0/9");
	assert_int_equal(nlri_take(u.part[PART_NLRI].family, 0, &field, nlri, 4), 2);
	assert_string_equal(prefix_text(&nlri[0].prefix, text), "0.0.0.0/0");
	assert_string_equal(prefix_text(&nlri[1].prefix, text), "192.0.2.1/32");
	assert_int_equal(nlri_take(u.part[PART_NLRI].family, 0, &field, nlri, 4), 0);
}

/* Attributes that are only recorded, and what RFC 9494 needs to know. */
static void
update_keeps_for_the_record(void **state)
{
	static const uint8_t msg[] = {
		0, 0, 0, 70, GOOD,
		0xc0, 8, 8, 0xff, 0xff, 0, 6, 0xff, 0xff, 0, 7,
		0x80, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9,
		0xc0, 35, 4, 0, 0, 0xfd, 0xe9,
		0xc0, 40, 10, 1, 0, 7, 0, 0, 0, 0, 0, 0, 42,
		0xc0, 99, 2, 1, 2,
		NET_A,
	};
	static struct bgp_update u;
	static const uint8_t want[] = {
		26, 0, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9,
		35, 0, 4, 0, 0, 0xfd, 0xe9,
		40, 0, 10, 1, 0, 7, 0, 0, 0, 0, 0, 0, 42,
	};

	(void)state;
	update_decode(rd_of(msg, sizeof(msg)), &ctx_new, &u);
	assert_int_equal(u.verdict, VERDICT_OK);
	assert_true(u.attrs.llgr_stale && u.attrs.no_llgr);
	assert_int_equal(u.attrs.others_len, sizeof(want));
	assert_memory_equal(u.attrs.others, want, sizeof(want));
}

#define RD_A		0, 0, 0xfd, 0xe8, 0, 0, 0, 1
#define LABEL_20	0, 1, 0x41		/* with the bottom of the stack marked */
#define EVPN_5		5, 34, RD_A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 24, 10, 1, 2, 0, \
			0, 0, 0, 0, 0, 1, 0x40

/* Fields of every family: "RD PREFIX id PATH_ID label LABEL", the RD in hex. */
static void
nlris(void **state)
{
	const struct {
		const char *family;
		const uint8_t *bytes;
		size_t len;
		const char *text;
		unsigned form, others;
		size_t whole;		/* the length where a first NLRI ends, 0: there is one */
	} cases[] = {
		{ "IPv4 unicast", BYTES(24, 10, 1, 2), "10.1.2.0/24" },
		{ "IPv4 unicast", BYTES(0, 0, 0, 7, 25, 10, 1, 2, 255), "10.1.2.128/25 id 7",
		    NLRI_PATH_ID },
		{ "IPv6 unicast", BYTES(0, 0, 0, 1, 32, 0x20, 1, 0xd, 0xb8), "2001:db8::/32 id 1",
		    NLRI_PATH_ID },
		{ "IPv4 labelled", BYTES(48, LABEL_20, 10, 1, 2), "10.1.2.0/24 label 20" },
		/* RFC 8277 2.2: one label, whatever its bottom bit says. */
		{ "IPv4 labelled", BYTES(48, 0, 1, 0x40, 10, 1, 2), "10.1.2.0/24 label 20" },
		/* RFC 8277 2.3: a stack; its outermost label. */
		{ "IPv4 labelled", BYTES(72, 0, 1, 0x40, 0, 2, 1, 10, 1, 2), "10.1.2.0/24 label 20",
		    NLRI_LABELS },
		{ "IPv4 labelled", BYTES(0, 0, 1, 0, 24, LABEL_20), "0.0.0.0/0 id 256 label 20",
		    NLRI_PATH_ID },
		/* RFC 8277 2.4: withdrawn, with 0x800000 for a label. */
		{ "IPv4 labelled", BYTES(48, 0x80, 0, 0, 10, 1, 2), "10.1.2.0/24",
		    NLRI_GONE | NLRI_LABELS },
		{ "IPv6 labelled", BYTES(56, LABEL_20, 0x20, 1, 0xd, 0xb8), "2001:db8::/32 label 20" },
		{ "IPv4 VPN", BYTES(112, LABEL_20, RD_A, 10, 1, 2), "fde800000001 10.1.2.0/24 label 20" },
		{ "IPv4 VPN", BYTES(88, LABEL_20, 0, 1, 192, 0, 2, 1, 0, 9),
		    "1c00002010009 0.0.0.0/0 label 20" },
		{ "IPv6 VPN", BYTES(120, LABEL_20, 0, 2, 0, 1, 0, 0, 0, 5, 0x20, 1, 0xd, 0xb8),
		    "2000100000005 2001:db8::/32 label 20" },
		{ "IPv4 VPN", BYTES(0, 0, 0, 3, 112, LABEL_20, RD_A, 10, 1, 2),
		    "fde800000001 10.1.2.0/24 id 3 label 20", NLRI_PATH_ID },
		/* RD 0 would be the global table. */
		{ "IPv4 VPN", BYTES(96, LABEL_20, 0, 0, 0, 0, 0, 0, 0, 0, 10), "", 0, 1 },
		{ "EVPN", BYTES(EVPN_5), "fde800000001 10.1.2.0/24 id 9 label 20" },
		{ "EVPN", BYTES(EVPN_5), "fde800000001 10.1.2.0/24 id 9 label 320", NLRI_VNI },
		{ "EVPN", BYTES(2, 3, 1, 2, 3, EVPN_5), "fde800000001 10.1.2.0/24 id 9 label 20", 0, 1, 5 },
	};
	struct sbuf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rd field = rd_of(cases[i].bytes, cases[i].len);
		const struct family *f = families;
		unsigned others = 0;
		char text[PREFIX_TEXT];
		struct nlri n;

		while (strcmp(f->name, cases[i].family) != 0)
			f++;
		assert_int_equal(nlri_check(f, cases[i].form, field, &others),
		    cases[i].text[0] != '\0' ? 1 : 0);
		assert_int_equal(others, cases[i].others);
		sbuf_clear(&b);
		while (nlri_take(f, cases[i].form, &field, &n, 1) == 1) {
			if (n.rd != 0)
				sbuf_printf(&b, "%llx ", (unsigned long long)n.rd);
			sbuf_str(&b, prefix_text(&n.prefix, text));
			if (n.path_id != 0)
				sbuf_printf(&b, " id %u", n.path_id);
			if (n.label != 0)
				sbuf_printf(&b, " label %u", n.label);
			assert_int_equal(n.safi, f->rib_safi);
		}
		assert_string_equal(sbuf_text(&b), cases[i].text);
		for (size_t cut = 1; cut < cases[i].len; cut++) {
			uint8_t *copy = exact(cases[i].bytes, cut);

			if (cut != cases[i].whole)
				assert_int_equal(nlri_check(f, cases[i].form, rd_of(copy, cut),
				    &others), -1);
			free(copy);
		}
	}
	sbuf_done(&b);
}

/* Whether NLRIs have path ids, where nobody said: what each form expects, and what is found. */
static void
guessed_path_ids(void **state)
{
	const struct {
		const char *family;
		const uint8_t *bytes;
		size_t len;
		bool with[2];		/* found to have ids, where none and where some are expected */
	} cases[] = {
		{ "IPv4 unicast", BYTES(24, 10, 1, 2, 0), { false, false } },
		{ "IPv4 unicast", BYTES(0, 0, 0, 1, 24, 10, 1, 2), { true, true } },
		/* Two zero bytes would be two default routes; one, and 1 bit of 0x18. */
		{ "IPv4 unicast", BYTES(0, 0, 1, 0, 8, 10), { true, true } },
		{ "IPv4 unicast", BYTES(0, 9, 1, 0x18, 16, 10, 1), { true, true } },
		/* Two paths to a default route; with an id of 2^24 it is something else. */
		{ "IPv4 unicast", BYTES(0, 0, 0, 1, 0, 0, 0, 0, 2, 0), { true, true } },
		{ "IPv4 unicast", BYTES(8, 10, 8, 11, 8, 12), { false, false } },
		/* It may be either. */
		{ "IPv4 unicast", BYTES(0, 8, 10, 8, 0), { false, true } },
		/* It is neither: what was expected. */
		{ "IPv4 unicast", BYTES(0, 0, 0, 1, 25, 10, 1, 2, 1), { false, true } },
		{ "IPv4 unicast", BYTES(33, 1, 2, 3, 4, 5), { false, true } },
		{ "IPv4 unicast", BYTES(1), { false, true } },
		{ "IPv6 unicast", BYTES(0, 0, 0, 1, 32, 0x20, 1, 0xd, 0xb8), { true, true } },
		{ "IPv4 labelled", BYTES(0, 0, 0, 1, 48, LABEL_20, 10, 1, 2), { true, true } },
		{ "IPv4 VPN", BYTES(0, 0, 0, 1, 112, LABEL_20, RD_A, 10, 1, 2), { true, true } },
		{ "IPv4 VPN", BYTES(112, LABEL_20, RD_A, 10, 1, 2), { false, false } },
		/* The same default route of two VPNs is two routes. */
		{ "IPv4 VPN", BYTES(88, LABEL_20, RD_A, 88, LABEL_20, 0, 0, 0xfd, 0xe8, 0, 0, 0, 2),
		    { false, false } },
		{ "EVPN", BYTES(EVPN_5), { false, true } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct family *f = families;

		while (strcmp(f->name, cases[i].family) != 0)
			f++;
		for (unsigned some = 0; some < 2; some++) {
			unsigned form = nlri_guess(f, some * NLRI_PATH_ID,
			    rd_of(cases[i].bytes, cases[i].len));

			if (form != cases[i].with[some] * NLRI_PATH_ID)
				fail_msg("case %zu, %u: form %u", i, some, form);
		}
		/* Cut anywhere it does no harm. */
		for (size_t cut = 1; cut < cases[i].len; cut++) {
			uint8_t *copy = exact(cases[i].bytes, cut);

			(void)nlri_guess(f, 0, rd_of(copy, cut));
			free(copy);
		}
	}
}

/* The 24 bits of an EVPN route are a label, or a VNI where the encapsulation says so: RFC 8365 5.1.3. */
static void
evpn_labels(void **state)
{
	static const struct { uint8_t tunnel; uint32_t label; } cases[] = {
		{ 8, 320 }, { 9, 320 }, { 12, 320 }, { 19, 320 }, { 10, 20 }, { 0, 20 },
	};
	const struct bgp_context context = { .families = families_all(), .as4 = true };
	static struct bgp_update u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const uint8_t msg[] = {
			0, 0, 0, 87, GOOD,
			0x80, 14, 45, 0, 25, 70, 4, 10, 0, 0, 9, 0, EVPN_5,
			0xc0, 16, 16, 0, 2, 0xfd, 0xe8, 0, 0, 0, 1, 3, 12, 0, 0, 0, 0, 0, cases[i].tunnel,
		};
		const struct update_part_nlri *part = &u.part[PART_MP_REACH];
		struct rd field;
		struct nlri n;

		update_decode(rd_of(msg, sizeof(msg)), &context, &u);
		assert_int_equal(u.verdict, VERDICT_OK);
		field = part->nlri;
		assert_int_equal(nlri_take(part->family, part->form, &field, &n, 1), 1);
		assert_int_equal(n.label, cases[i].label);
	}
}

static void
next_hops(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ BYTES(10, 0, 0, 9), "10.0.0.9" },
		{ BYTES(RD_A, 10, 0, 0, 9), "10.0.0.9" },
		{ BYTES(HOP6), "2001:db8::1" },
		{ BYTES(RD_A, HOP6), "2001:db8::1" },
		{ BYTES(HOP6, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), "2001:db8::1" },
		{ BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, 0, 0, 1), "fe80::1" },
		{ BYTES(RD_A, HOP6, RD_A, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
		    "2001:db8::1" },
		/* RFC 4659 3.2.1.2: over an IPv4 backbone, mapped. */
		{ BYTES(RD_A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9), "10.0.0.9" },
	};
	char text[ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr a = next_hop_decode(rd_of(cases[i].bytes, cases[i].len));

		assert_string_equal(addr_text(&a, text), cases[i].text);
	}
}

static void
ends_of_rib(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
		const char *family;
		bool all;
	} cases[] = {
		{ BYTES(0, 0, 0, 0), "IPv4 unicast" },
		{ BYTES(0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1), "IPv6 unicast" },
		{ BYTES(0, 0, 0, 7, 0x90, 15, 0, 3, 0, 2, 1), "IPv6 unicast" },
		{ BYTES(0, 0, 0, 6, 0x80, 15, 3, 0, 25, 70), NULL },
		{ BYTES(0, 1, 0, 0, 0), NULL },
		{ BYTES(0, 0, 0, 6, 0x80, 15, 3, 0, 1, 128), "IPv4 VPN", .all = true },
		{ BYTES(0, 0, 0, 6, 0x80, 15, 3, 0, 25, 70), "EVPN", .all = true },
		/* One MAC address withdrawn: no route of ours, but not the end. */
		{ BYTES(0, 0, 0, 9, 0x80, 15, 6, 0, 25, 70, 2, 1, 7), NULL, .all = true },
		{ BYTES(0, 0, 0, 7, 0x80, 15, 4, 0, 2, 1, 0), NULL },
	};
	static struct bgp_update u;

	(void)state;
	for (const struct family *f = families; f < families + family_count; f++) {
		struct bgp_context context = { .families = families_all(), .as4 = true };
		struct bgp_fault fault;
		struct bgp_message m;
		uint8_t room[64];
		struct wr w = wr_of(room, sizeof(room));

		end_of_rib_encode(&w, f);
		assert_int_equal(bgp_frame(room, wr_len(&w), BGP_MESSAGE_MAX, &m, &fault), 1);
		update_decode(m.body, &context, &u);
		assert_ptr_equal(u.end_of_rib, f);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_context context = ctx_new;

		context.families = cases[i].all ? families_all() : 3;
		update_decode(rd_of(cases[i].bytes, cases[i].len), &context, &u);
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
		cmocka_unit_test(update_keeps_for_the_record),
		cmocka_unit_test(nlris),
		cmocka_unit_test(guessed_path_ids),
		cmocka_unit_test(evpn_labels),
		cmocka_unit_test(next_hops),
		cmocka_unit_test(ends_of_rib),
		cmocka_unit_test(as4_paths_are_joined),
		cmocka_unit_test(update_of_an_old_speaker),
		cmocka_unit_test(notifications),
		cmocka_unit_test(refreshes),
	};

	return cmocka_run_group_tests_name("bgp codec", tests, NULL, NULL);
}
