/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BMP messages: bytes as RFC 7854 draws them and what comes out, at every shorter length; the tables
 * of statistics, reasons and TLVs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "make.h"

static uint8_t room[4096];

/* The per-peer header of most messages here. */
#define PEER(type, flags) \
	type, flags, 0,0,0,1, 0,0,0,2, /* distinguisher */ \
	0,0,0,0,0,0,0,0,0,0,0,0, 192,0,2,7, /* address */ \
	0,1,0x11,0x70, /* AS 70000 */ 10,0,0,7, /* id */ \
	0x5f,0,0,1, 0,0,0,9 /* time */

/* Decode `len` bytes as if they were a whole message in memory of just that size. */
static int
decode(const uint8_t *bytes, size_t len, struct bmp_message *ret, const char **why)
{
	uint8_t *copy = mem_dup(bytes, len);
	int got = bmp_decode(copy, len, ret, why);

	/* Only what does not point into the copy is looked at afterwards. */
	mem_free(copy);
	return got;
}

/* Every shorter length must be refused, with a reason. */
static void
refuse_shorter(const uint8_t *bytes, size_t len)
{
	struct bmp_message m;
	const char *why;

	for (size_t n = 0; n < len; n++) {
		why = NULL;
		if (decode(bytes, n, &m, &why) != -1 || why == NULL)
			fail_msg("%zu of %zu bytes are taken", n, len);
	}
}

static void
frames(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		int got;
		size_t whole;
	} rows[] = {
		{ { 3, 0,0,0,6, 4 }, 6, 1, 6 },
		{ { 4, 0,0,0,6, 4 }, 6, 1, 6 },
		{ { 3, 0,0,0,7, 4 }, 6, 0, 7 },
		{ { 3, 0,0,0,6 }, 5, 0, 6 },
		{ { 3, 0,0,0 }, 4, 0, 0 },
		{ { 3 }, 1, 0, 0 },
		{ { 0 }, 0, 0, 0 },
		{ { 2 }, 1, -1, 0 },
		{ { 5 }, 1, -1, 0 },
		{ { 3, 0,0,0,5 }, 5, -1, 0 },
		{ { 3, 0,4,0,0 }, 5, 0, BMP_MESSAGE_MAX },
		{ { 3, 0,4,0,1 }, 5, -1, 0 },
		{ { 3, 255,255,255,255 }, 5, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why = NULL;
		size_t whole = 0;

		assert_int_equal(bmp_frame(rows[i].bytes, rows[i].len, &whole, &why), rows[i].got);
		assert_int_equal(whole, rows[i].whole);
		assert_true((why != NULL) == (rows[i].got < 0));
	}
}

static void
peer_headers(void **state)
{
	static const struct {
		uint8_t type, flags;
		const char *addr;
		enum teller_rib rib;
	} rows[] = {
		{ 0, 0x00, "192.0.2.7", TELLER_IN_PRE },
		{ 0, 0x40, "192.0.2.7", TELLER_IN_POST },
		{ 1, 0x10, "192.0.2.7", TELLER_OUT_PRE },
		{ 2, 0x50, "192.0.2.7", TELLER_OUT_POST },
		{ 0, 0x80, "::192.0.2.7", TELLER_IN_PRE },
		{ 3, 0x00, "::", TELLER_LOC_RIB },
		{ 3, 0xf0, "::", TELLER_LOC_RIB },	/* V, L and O mean nothing there */
	};
	char text[ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint8_t bytes[] = { 3, 0,0,0,52, 1, PEER(rows[i].type, rows[i].flags), 0,0,0,0 };
		struct bmp_message m;
		const char *why = NULL;

		assert_int_equal(decode(bytes, sizeof(bytes), &m, &why), 0);
		assert_true(m.has_peer);
		assert_int_equal(m.peer.type, rows[i].type);
		assert_int_equal(m.peer.rd, 0x100000002);
		assert_string_equal(addr_text(&m.peer.addr, text), rows[i].addr);
		assert_int_equal(m.peer.as, 70000);
		assert_int_equal(m.peer.id, 0x0a000007);
		assert_int_equal(m.peer.sec, 0x5f000001);
		assert_int_equal(m.peer.usec, 9);
		assert_int_equal(bmp_rib_of(&m.peer), rows[i].rib);
		refuse_shorter(bytes, sizeof(bytes));
	}
}

static void
statistics(void **state)
{
	const uint8_t bytes[] = { 3, 0,0,0,0, BMP_STATISTICS, PEER(0, 0),
	    0,0,0,6,
	    0,0, 0,4, 0,0,0,5,			/* counter */
	    0,7, 0,8, 0,0,0,1, 0,0,0,0,		/* gauge */
	    0,9, 0,11, 0,2, 1, 0,0,0,0, 0,0,0,3,	/* of a family */
	    0,1, 0,8, 0,0,0,0, 0,0,0,2,		/* a counter as a gauge */
	    0,16, 0,3, 0,1,1,			/* cut */
	    0x77,0, 0,2, 1,2 };			/* unknown */
	static const struct bmp_stat want[] = {
		{ .type = 0, .value = 5 }, { .type = 7, .value = UINT64_C(1) << 32 },
		{ .type = 9, .afi = 2, .safi = 1, .value = 3 }, { .type = 1, .value = 2 },
		{ .type = 16, .afi = 1, .safi = 1, .cut = true }, { .type = 0x7700 },
	};
	struct bmp_message m;
	struct bmp_stat s;
	const char *why;

	(void)state;
	assert_int_equal(bmp_decode(bytes, sizeof(bytes), &m, &why), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(bmp_stat_next(&m.stats, &s));
		assert_int_equal(s.type, want[i].type);
		assert_int_equal(s.afi, want[i].afi);
		assert_int_equal(s.safi, want[i].safi);
		assert_int_equal(s.cut, want[i].cut);
		if (!s.cut)
			assert_int_equal(s.value, want[i].value);
		assert_true((s.row == NULL) == (want[i].type == 0x7700));
	}
	assert_false(bmp_stat_next(&m.stats, &s));
	refuse_shorter(bytes, sizeof(bytes));
}

/* Every number of the registry has a row, in order, but those that nobody has assigned. */
static void
every_statistic_has_a_row(void **state)
{
	size_t at = 0;

	(void)state;
	for (uint16_t type = 0; type <= 43; type++) {
		if (type == 24 || type == 25)
			continue;
		assert_int_equal(bmp_stat_rows[at].code, type);
		assert_true(bmp_stat_rows[at].form >= BMP_FORM_U32);
		at++;
	}
	assert_int_equal(at, bmp_stat_count);
}

static void
peer_up_and_its_opens(void **state)
{
	struct bmp_peer_header h = { .as = 70000, .id = 0x0a000007, .addr = addr_of_v4(0xc0000207) };
	struct wr w = wr_of(room, sizeof(room));
	struct bmp_message m;
	struct bmp_tlv tlv;
	const char *why;
	size_t whole, start = make_begin(&w, 3, BMP_PEER_UP), opens;
	char text[ADDR_TEXT];

	(void)state;
	make_peer(&w, &h);
	wr_bytes(&w, "\0\0\0\0\0\0\0\0\0\0\0\0\xc0\0\2\1\0\xb3\x9c\x40", 20);
	opens = wr_len(&w);
	make_open(&w, 64500, 0x0a000001);
	make_open(&w, 70000, 0x0a000007);
	whole = wr_len(&w);
	refuse_shorter(room, whole);
	make_tlv(&w, BMP_INFO_TABLE, "global");
	make_tlv(&w, BMP_INFO_STRING, "x");
	make_end(&w, start);
	assert_int_equal(bmp_decode(room, wr_len(&w), &m, &why), 0);
	assert_string_equal(addr_text(&m.up.local, text), "192.0.2.1");
	assert_int_equal(m.up.local_port, 179);
	assert_int_equal(m.up.remote_port, 40000);
	assert_int_equal(m.up.sent.as, 64500);
	assert_int_equal(m.up.sent.id, 0x0a000001);
	assert_int_equal(m.up.received.as, 70000);
	assert_true(m.up.sent.as4 && m.up.received.as4);
	assert_true(bmp_tlv_find(m.tlvs, BMP_INFO_TABLE, &tlv));
	assert_int_equal(rd_left(&tlv.value), 6);
	assert_memory_equal(tlv.value.at, "global", 6);
	assert_false(bmp_tlv_find(m.tlvs, BMP_INFO_ADMIN, &tlv));
	/* In the middle of a TLV. */
	for (size_t n = whole + 1; n < wr_len(&w); n++)
		assert_int_equal(decode(room, n, &m, &why), n == whole + 10 ? 0 : -1);
	/* What stands where an OPEN should is none. */
	room[opens + 18] = BGP_KEEPALIVE;
	assert_int_equal(bmp_decode(room, wr_len(&w), &m, &why), -1);
}

static void
peer_down_reasons(void **state)
{
	static const struct {
		uint8_t reason;
		uint8_t data[32];
		size_t len;
		int got;
	} rows[] = {
		{ 1, { 255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255, 0,21, 3, 6,2 },
		  21, 0 },
		{ 3, { 255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255, 0,21, 3, 6,2 },
		  21, 0 },
		{ 3, { 255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255, 0,19, 4 },
		  19, -1 },
		{ 2, { 0, 18 }, 2, 0 },
		{ 4, { 0 }, 0, 0 },
		{ 5, { 0 }, 0, 0 },
		{ 6, { 0,3, 0,2, 'v','r' }, 6, 0 },
		{ 99, { 1, 2, 3 }, 3, 0 },		/* nobody knows what follows */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bmp_peer_header h = { .as = 1 };
		struct wr w = wr_of(room, sizeof(room));
		size_t start = make_begin(&w, 3, BMP_PEER_DOWN);
		struct bmp_message m;
		const char *why;

		make_peer(&w, &h);
		wr_u8(&w, rows[i].reason);
		wr_bytes(&w, rows[i].data, rows[i].len);
		make_end(&w, start);
		assert_int_equal(bmp_decode(room, wr_len(&w), &m, &why), rows[i].got);
		if (rows[i].got == 0)
			assert_int_equal(m.reason.code, rows[i].reason);
		if (rows[i].reason == 2)
			assert_int_equal(m.reason.event, 18);
		if (rows[i].reason != 99 && rows[i].reason != 6)
			refuse_shorter(room, wr_len(&w));
	}
}

static void
route_monitoring_of_both_versions(void **state)
{
	const struct make_route route = { "10.1.0.0/16", "192.0.2.9", 65001, 0, 0 };
	struct bmp_peer_header h = { .as = 65001, .addr = addr_of_v4(0xc0000207) };
	struct wr w = wr_of(room, sizeof(room));
	struct bmp_message m;
	struct bmp_tlv tlv;
	const char *why;
	size_t start, mark;

	(void)state;
	make_monitoring(&w, &h, &route);
	assert_int_equal(bmp_decode(room, wr_len(&w), &m, &why), 0);
	assert_int_equal(rd_left(&m.bgp), 27);
	refuse_shorter(room, wr_len(&w));

	w = wr_of(room, sizeof(room));
	start = make_begin(&w, 4, BMP_ROUTE_MONITORING);
	make_peer(&w, &h);
	wr_bytes(&w, "\0\1\0\6\0\0\x45\4\0\1\x80\3", 12);	/* stateless parsing, index 0 */
	wr_bytes(&w, "\x80\1\0\5\0\3\0\0\x12\x34\x55", 11);	/* an enterprise's */
	wr_u16(&w, BMP_MONITOR_MESSAGE);
	mark = wr_mark16(&w);
	wr_u16(&w, 0);
	make_update(&w, &route);
	wr_fill16(&w, mark, (size_t)-2);
	make_end(&w, start);
	assert_int_equal(bmp_decode(room, wr_len(&w), &m, &why), 0);
	assert_int_equal(rd_left(&m.bgp), 27);
	assert_true(bmp_tlv_next(&m.tlvs, &tlv));
	assert_int_equal(tlv.type, 1);
	assert_int_equal(rd_left(&tlv.value), 6);
	assert_true(bmp_tlv_next(&m.tlvs, &tlv));
	assert_int_equal(tlv.type, 1);
	assert_int_equal(tlv.pen, 0x1234);
	assert_int_equal(tlv.index, 3);
	assert_int_equal(rd_left(&tlv.value), 1);
	refuse_shorter(room, wr_len(&w));
}

static void
messages_of_the_router_itself(void **state)
{
	const uint8_t init[] = { 3, 0,0,0,18, BMP_INITIATION, 0,2, 0,2, 'r','1', 0,99, 0,2, 1,2 };
	const uint8_t term[] = { 3, 0,0,0,12, BMP_TERMINATION, 0,1, 0,2, 0,4 };
	const uint8_t other[] = { 3, 0,0,0,8, 100, 1,2 };
	const uint8_t mirror[] = { 3, 0,0,0,54, BMP_ROUTE_MIRRORING, PEER(0, 0), 0,1, 0,2, 0,1 };
	struct bmp_message m;
	struct bmp_tlv tlv;
	const char *why;

	(void)state;
	assert_int_equal(bmp_decode(init, sizeof(init), &m, &why), 0);
	assert_false(m.has_peer);
	assert_true(bmp_tlv_find(m.tlvs, BMP_INFO_SYSNAME, &tlv));
	assert_non_null(bmp_tlv_row(BMP_TLV_INFORMATION, 2));
	assert_null(bmp_tlv_row(BMP_TLV_INFORMATION, 99));
	assert_int_equal(bmp_decode(term, sizeof(term), &m, &why), 0);
	assert_true(bmp_tlv_find(m.tlvs, 1, &tlv));
	assert_int_equal(rd_u16(&tlv.value), 4);
	assert_int_equal(bmp_decode(other, sizeof(other), &m, &why), 0);
	assert_int_equal(m.type, 100);
	assert_string_equal(bmp_type_name(m.type), "unknown");
	assert_int_equal(bmp_decode(mirror, sizeof(mirror), &m, &why), 0);
	assert_true(bmp_tlv_find(m.tlvs, BMP_MIRROR_INFORMATION, &tlv));
	for (size_t n = 0; n < sizeof(term); n++)
		assert_int_equal(decode(term, n, &m, &why), n == 6 ? 0 : -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(peer_headers),
		cmocka_unit_test(statistics),
		cmocka_unit_test(every_statistic_has_a_row),
		cmocka_unit_test(peer_up_and_its_opens),
		cmocka_unit_test(peer_down_reasons),
		cmocka_unit_test(route_monitoring_of_both_versions),
		cmocka_unit_test(messages_of_the_router_itself),
	};

	return cmocka_run_group_tests_name("bmp messages", tests, NULL, NULL);
}
