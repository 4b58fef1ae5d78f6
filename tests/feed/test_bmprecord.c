/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of BMP messages besides routes: pmacct's fields and words, what it does not know by its bytes,
 * and nothing of a message that is cut short anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../bmp/make.h"
#include "core/mem.h"
#include "feed/bmprecord.h"

#define COMMON(sec)	"\"timestamp\": \"" sec "\", \"timestamp_arrival\": \"1000000000.000000\", " \
	"\"bmp_router\": \"192.0.2.7\", \"bmp_router_port\": 4711, "
#define GLOBAL		"\"peer_ip\": \"192.0.2.1\", \"peer_asn\": 65001, \"peer_type\": 0, "
#define LOC		"\"peer_ip\": \"0.0.0.0\", \"peer_asn\": 65001, \"peer_type\": 3, "

static struct bmp_peer_header
header(uint8_t type, uint8_t flags)
{
	struct bmp_peer_header h = {
		.type = type, .flags = flags, .as = 65001, .id = 0xc0000201, .sec = 1700000000, .usec = 5,
	};

	if (type != BMP_PEER_LOC_RIB)
		h.addr = addr_of_v4(0xc0000201);
	return h;
}

static void
put_value(struct wr *w, uint16_t type, uint16_t len, uint64_t value)
{
	wr_u16(w, type);
	wr_u16(w, len);
	if (len == 4)
		wr_u32(w, (uint32_t)value);
	else
		wr_u64(w, value);
}

static void
make_statistics(struct wr *w)
{
	struct bmp_peer_header h = header(BMP_PEER_GLOBAL, BMP_FLAG_O | BMP_FLAG_L);
	size_t at = make_begin(w, 3, BMP_STATISTICS);

	make_peer(w, &h);
	wr_u32(w, 3);
	put_value(w, 1, 4, 5);
	put_value(w, 500, 8, 258);
	wr_u16(w, 9);
	wr_u16(w, 11);
	wr_u16(w, 2);
	wr_u8(w, 1);
	wr_u64(w, 77);
	make_end(w, at);
}

static void
make_up(struct wr *w)
{
	struct bmp_peer_header h = header(BMP_PEER_LOC_RIB, BMP_FLAG_F);

	make_peer_up(w, &h, 65000, 0x7f000002);
}

static void
make_down(struct wr *w)
{
	struct bmp_peer_header h = header(BMP_PEER_GLOBAL, 0);

	make_peer_down(w, &h, 4);
}

static void
make_term(struct wr *w)
{
	make_termination(w, 3);
}

static void
make_init(struct wr *w)
{
	size_t at = make_begin(w, 3, BMP_INITIATION);

	make_tlv(w, BMP_INFO_SYSNAME, "a \"name\"");
	make_tlv(w, 99, "\x01z");
	make_end(w, at);
}

static const struct {
	void (*make)(struct wr *w);
	const char *want;
} rows[] = {
	{ make_init,
	  "{\"event_type\": \"log\", \"seq\": 7, " COMMON("0.000000") "\"bmp_msg_type\": \"init\", "
	  "\"bmp_init_info_sysname\": \"a \\\"name\\\"\", \"bmp_init_info_99\": \"01-7A\"}\n" },
	{ make_statistics,
	  "{\"event_type\": \"log\", \"seq\": 7, " COMMON("1700000000.000005")
	  "\"bmp_msg_type\": \"stats\", " GLOBAL "\"is_post\": 1, \"is_out\": 1, \"counter_type\": 1, "
	  "\"counter_type_str\": \"Number of (known) duplicate prefix advertisements\", "
	  "\"counter_value\": 5}\n"
	  "{\"event_type\": \"log\", \"seq\": 8, " COMMON("1700000000.000005")
	  "\"bmp_msg_type\": \"stats\", " GLOBAL "\"is_post\": 1, \"is_out\": 1, "
	  "\"counter_type\": 500, \"counter_type_str\": \"Unknown\", "
	  "\"counter_value\": \"00-00-00-00-00-00-01-02\"}\n"
	  "{\"event_type\": \"log\", \"seq\": 9, " COMMON("1700000000.000005")
	  "\"bmp_msg_type\": \"stats\", " GLOBAL "\"is_post\": 1, \"is_out\": 1, \"counter_type\": 9, "
	  "\"counter_type_str\": \"Number of routes in per-AFI/SAFI Abj-RIB-In\", "
	  "\"afi\": 2, \"safi\": 1, \"counter_value\": 77}\n" },
	{ make_down,
	  "{\"event_type\": \"log\", \"seq\": 7, " COMMON("1700000000.000005")
	  "\"bmp_msg_type\": \"peer_down\", " GLOBAL "\"peer_type_str\": \"Global Instance Peer\", "
	  "\"reason_type\": 4, \"reason_str\": "
	  "\"The remote system closed the session without a notification message\"}\n" },
	{ make_term,
	  "{\"event_type\": \"log\", \"seq\": 7, " COMMON("0.000000") "\"bmp_msg_type\": \"term\", "
	  "\"bmp_term_info_reason\": \"Redundant connection\"}\n" },
	{ make_up, NULL },
};

/* Of statistics each one as a message of its own, as the log is told of them. */
static void
put_all(struct bmprecord *r, const struct bmp_message *m, const struct record_style *style,
    struct sbuf *out)
{
	struct bmp_stats walk = m->stats;
	struct bmp_stat stat;

	if (m->type != BMP_STATISTICS) {
		assert_true(bmprecord_put(r, style, out));
		return;
	}
	for (; bmp_stat_next(&walk, &stat); r->seq++) {
		struct sbuf one = { 0 };

		bmprecord_stat(m, &stat, &one);
		r->message = (const uint8_t *)one.text;
		r->len = one.len;
		assert_true(bmprecord_put(r, style, out));
		sbuf_done(&one);
	}
}

static void
lines_are_pmaccts(void **state)
{
	const struct bmp_note note = { BMP_NOTE_MESSAGE, 4711, addr_of_v4(0xc0000207) };
	const struct record_style style = { .epoch = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t room[1024];
		struct wr w = wr_of(room, sizeof(room));
		struct bmprecord r = {
			.note = &note, .message = room, .seq = 7, .arrived = wall_of_sec(1000000000),
		};
		struct bmp_message m;
		struct sbuf out = { 0 };
		const char *why;

		rows[i].make(&w);
		r.len = wr_len(&w);
		assert_int_equal(bmp_decode(room, r.len, &m, &why), 0);
		assert_true(bmprecord_has(&m));
		put_all(&r, &m, &style, &out);
		r.message = room;
		r.len = wr_len(&w);
		r.seq = 7;
		if (rows[i].want != NULL)
			assert_string_equal(sbuf_text(&out), rows[i].want);
		else
			assert_non_null(strstr(sbuf_text(&out), LOC "\"peer_type_str\": "
			    "\"Loc-RIB Instance Peer\", \"is_filtered\": 1, \"is_loc\": 1, \"bgp_id\": "));
		for (r.len = 0; r.len < wr_len(&w); r.len++) {
			sbuf_clear(&out);
			if (bmp_decode(room, r.len, &m, &why) != 0)
				assert_false(bmprecord_put(&r, &style, &out));
		}
		sbuf_done(&out);
	}
}

/* In a dump they have its time, and the router's own besides. */
static void
lines_of_dumps_are_pmaccts(void **state)
{
	const struct bmp_note note = { BMP_NOTE_MESSAGE, 4711, addr_of_v4(0xc0000207) };
	const struct record_style style = { .epoch = true };
	uint8_t room[1024];
	struct wr w = wr_of(room, sizeof(room));
	struct bmprecord r = {
		.note = &note, .message = room, .seq = 7, .dumped = wall_of_sec(1000000000),
	};
	struct sbuf out = { 0 };

	(void)state;
	make_down(&w);
	r.len = wr_len(&w);
	assert_true(bmprecord_put(&r, &style, &out));
	assert_string_equal(sbuf_text(&out), "{\"event_type\": \"dump\", \"seq\": 7, "
	    "\"timestamp\": \"1000000000\", \"timestamp_event\": \"1700000000.000005\", "
	    "\"bmp_router\": \"192.0.2.7\", \"bmp_router_port\": 4711, "
	    "\"bmp_msg_type\": \"peer_down\", " GLOBAL
	    "\"peer_type_str\": \"Global Instance Peer\", \"reason_type\": 4, \"reason_str\": "
	    "\"The remote system closed the session without a notification message\"}\n");
	sbuf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_pmaccts),
		cmocka_unit_test(lines_of_dumps_are_pmaccts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
