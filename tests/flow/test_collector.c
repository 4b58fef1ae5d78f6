/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams of the three versions as bytes: what comes out, and that the books balance. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "flow/ie_table.h"

#define ROOM	65535

static uint8_t room[ROOM];

static const uint8_t v5_one[] = {
	0, 5, 0, 1, 0, 0, 0x30, 0x39,		/* version, count, uptime 12345 ms */
	0x65, 0x53, 0xf1, 0, 0, 0, 0, 0,	/* 1700000000 */
	0, 0, 0, 7, 1, 2, 0x40, 100,		/* sequence, engine 1/2, mode 1, 1 in 100 */
	10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3,	/* source, destination, next hop */
	0, 11, 0, 12,				/* interfaces */
	0, 0, 0, 5, 0, 0, 2, 88,		/* 5 packets, 600 bytes */
	0, 0, 0x2e, 0xe1, 0, 0, 0x30, 0x39,	/* first 12001, last 12345 */
	0x04, 0xd2, 0, 80, 0,			/* ports */
	0x1b, 6, 0x20,				/* flags, TCP, TOS */
	0xfd, 0xe8, 0xfd, 0xe9, 24, 16, 0, 0,	/* AS, masks */
};

static void
v5_is_decoded_and_its_length_is_exact(void **state)
{
	const struct flow *f;
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	for (size_t n = 0; n < sizeof(v5_one); n++)
		rig_feed(&r, v5_one, n);
	assert_int_equal(r.flows, 0);
	rig_feed(&r, v5_one, sizeof(v5_one));
	assert_int_equal(r.flows, 1);
	f = &r.flow[0];
	assert_int_equal(addr_v4(&f->src), 0x0a000001);
	assert_int_equal(addr_v4(&f->dst), 0x0a000002);
	assert_int_equal(addr_v4(&f->ip_next_hop), 0x0a000003);
	assert_int_equal(f->in_iface, 11);
	assert_int_equal(f->out_iface, 12);
	assert_int_equal(f->packets, 5);
	assert_int_equal(f->bytes, 600);
	assert_int_equal(f->flows, 1);
	assert_int_equal(f->src_port, 1234);
	assert_int_equal(f->dst_port, 80);
	assert_int_equal(f->tcp_flags, 0x1b);
	assert_int_equal(f->src_as, 65000);
	assert_int_equal(f->dst_as, 65001);
	assert_int_equal(f->src_mask, 24);
	assert_int_equal(f->dst_mask, 16);
	assert_int_equal(wall_sec(f->start), 1700000000);
	assert_int_equal(wall_sec(f->bin_time), 1700000000);
	assert_int_equal(f->engine_type, 1);
	assert_int_equal(f->engine_id, 2);
	assert_int_equal(f->export_seqno, 7);
	assert_int_equal(f->export_version, 5);
	assert_int_equal(f->kind, FLOW_TRAFFIC);
	rig_stop(&r);
}

/* nfacctd cuts the age off for stamps, but both uptimes before it takes the difference for bins. */
static void
v5_stamps_and_bins_round_as_nfacctd_does(void **state)
{
	uint8_t msg[sizeof(v5_one)];
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	memcpy(msg, v5_one, sizeof(msg));
	msg[48 + 2] = 0x2e;
	msg[48 + 3] = 0xdf;			/* first 11999: 346 ms before 12345 */
	rig_feed(&r, msg, sizeof(msg));
	assert_int_equal(wall_sec(r.flow[0].start), 1700000000);
	assert_int_equal(wall_sec(r.flow[0].bin_time), 1699999999);
	rig_stop(&r);
}

static void
v5_rate_of_the_head_renormalizes(void **state)
{
	struct sbuf text = { 0 };
	struct rig r;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .renormalize = true });
	rig_feed(&r, v5_one, sizeof(v5_one));
	assert_int_equal(r.flows, 1);
	assert_int_equal(r.flow[0].bytes, 60000);
	assert_int_equal(r.flow[0].packets, 500);
	assert_int_equal(r.flow[0].raw_bytes, 600);
	assert_int_equal(r.flow[0].sampling_rate, 100);
	collector_sampling_text(r.col, collector_exporter(r.col, 0), &text);
	assert_string_equal(text.text, "1:100 datagram heads");
	sbuf_done(&text);
	rig_stop(&r);
}

/* --- templates ------------------------------------------------------------------------------ */

static const uint16_t simple[][2] = { { 8, 4 }, { 12, 4 }, { 1, 4 }, { 2, 4 } };

static void
simple_record(struct wr *w, uint32_t src, uint32_t bytes)
{
	wr_u32(w, src);
	wr_u32(w, 0x0a0000ff);
	wr_u32(w, bytes);
	wr_u32(w, 1);
}

static void
put_template_set(struct wr *w, uint16_t set, uint16_t id, const uint16_t (*field)[2], size_t n)
{
	size_t place = set_begin(w, set);

	template_put(w, id, field, n);
	set_end(w, place);
}

static void
v9_template_and_data_at_every_length(void **state)
{
	struct wr w = wr_of(room, ROOM);
	size_t place;

	(void)state;
	v9_head(&w, 1, 42);
	put_template_set(&w, 0, 256, simple, 4);
	place = set_begin(&w, 256);
	simple_record(&w, 0x0a000001, 1000);
	simple_record(&w, 0x0a000002, 2000);
	wr_u16(&w, 0);				/* padding */
	set_end(&w, place);
	for (size_t n = 0; n <= wr_len(&w); n++) {
		struct rig r;

		rig_start(&r, NULL);
		rig_feed(&r, room, n);
		assert_int_equal(r.flows, n == wr_len(&w) ? 2 : 0);
		if (n == wr_len(&w)) {
			assert_int_equal(r.flow[1].bytes, 2000);
			assert_int_equal(r.flow[1].export_sysid, 42);
			assert_int_equal(r.flow[1].template_id, 256);
		}
		rig_stop(&r);
	}
}

static void
integers_of_every_size(void **state)
{
	(void)state;
	for (uint16_t len = 1; len <= 8; len++) {
		const uint16_t field[][2] = { { 1, len }, { 8, 4 }, { 10, len }, { 16, len } };
		struct wr w = wr_of(room, ROOM);
		struct rig r;
		size_t place;

		rig_start(&r, NULL);
		ipfix_head(&w, 0, 1);
		put_template_set(&w, 2, 300, field, 4);
		place = set_begin(&w, 300);
		wr_uint(&w, 200 + len, len);
		wr_u32(&w, 0x0a000001);
		wr_uint(&w, 7, len);
		wr_uint(&w, 65, len);
		set_end(&w, place);
		ipfix_end(&w);
		rig_feed_wr(&r, &w);
		assert_int_equal(r.flows, 1);
		assert_int_equal(r.flow[0].bytes, 200 + len);
		assert_int_equal(r.flow[0].in_iface, 7);
		assert_int_equal(r.flow[0].src_as, 65);
		rig_stop(&r);
	}
}

/* Which of several elements fills a place: by presence, and where it is zero, by value. */
static void
preference_between_elements(void **state)
{
	static const struct {
		uint16_t id[3];
		uint8_t value[3];
		size_t at;
		uint8_t width;
		uint64_t result;
	} rows[] = {
#define AT(field) offsetof(struct flow, field), sizeof(((struct flow *)0)->field)
		{ { 1, 85, 23 }, { 1, 2, 3 }, AT(bytes), 1 },
		{ { 85, 23, 1 }, { 2, 3, 1 }, AT(bytes), 1 },
		{ { 1, 85, 23 }, { 0, 2, 3 }, AT(bytes), 2 },
		{ { 1, 85, 23 }, { 0, 0, 3 }, AT(bytes), 3 },
		{ { 352, 23, 4 }, { 9, 3, 0 }, AT(bytes), 3 },
		{ { 352, 23, 4 }, { 9, 0, 0 }, AT(bytes), 9 },
		{ { 1, 1, 1 }, { 4, 5, 6 }, AT(bytes), 6 },	/* the last of equals */
		{ { 86, 2, 24 }, { 7, 8, 9 }, AT(packets), 8 },
		{ { 252, 10, 4 }, { 1, 2, 0 }, AT(in_iface), 2 },
		{ { 180, 7, 182 }, { 1, 2, 3 }, AT(src_port), 2 },
		{ { 180, 7, 182 }, { 1, 0, 3 }, AT(src_port), 1 },
		{ { 13, 30, 4 }, { 24, 64, 0 }, AT(dst_mask), 24 },
		{ { 13, 30, 4 }, { 0, 64, 0 }, AT(dst_mask), 64 },
		{ { 58, 59, 4 }, { 5, 6, 0 }, AT(vlan), 5 },
		{ { 58, 59, 61 }, { 5, 6, 1 }, AT(vlan), 6 },
		{ { 3, 1, 4 }, { 17, 1, 1 }, AT(flows), 17 },
		{ { 231, 232, 4 }, { 17, 1, 1 }, AT(bytes), 0 },	/* needs tmp_asa_bi_flow */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint16_t field[][2] = { { rows[i].id[0], 1 }, { rows[i].id[1], 1 },
		    { rows[i].id[2], 1 } };
		struct wr w = wr_of(room, ROOM);
		uint64_t got = 0;
		struct rig r;
		size_t place;

		rig_start(&r, NULL);
		ipfix_head(&w, 0, 1);
		put_template_set(&w, 2, 300, field, 3);
		place = set_begin(&w, 300);
		wr_bytes(&w, rows[i].value, 3);
		set_end(&w, place);
		ipfix_end(&w);
		rig_feed_wr(&r, &w);
		assert_int_equal(r.flows, 1);
		memcpy(&got, (const char *)&r.flow[0] + rows[i].at, rows[i].width);
		assert_int_equal(got, rows[i].result);
		rig_stop(&r);
	}
}

static void
variable_length_enterprise_and_unknown_fields(void **state)
{
	/* 43874/3 is a label; 43874/99 and 499 are known to nobody; 2 has no length at all. */
	static const uint16_t field[][2] = { { 8, 4 }, { 0x8003, 65535 }, { 0x8063, 65535 },
	    { 2, 0 }, { 499, 3 }, { 1, 65535 } };
	struct wr w = wr_of(room, ROOM);
	size_t place, records;
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	ipfix_head(&w, 0, 1);
	put_template_set(&w, 2, 300, field, 6);
	place = set_begin(&w, 300);
	records = wr_len(&w);
	wr_u32(&w, 0x0a000001);
	wr_u8(&w, 4);
	wr_bytes(&w, "gold", 4);
	wr_u8(&w, 255);				/* the long form */
	wr_u16(&w, 300);
	for (int i = 0; i < 300; i++)
		wr_u8(&w, 'x');
	wr_u24(&w, 0);
	wr_u8(&w, 2);
	wr_u16(&w, 777);
	wr_u32(&w, 0x0a000002);			/* a second record, of empty fields */
	wr_u16(&w, 0);
	wr_u24(&w, 0);
	wr_u8(&w, 1);
	wr_u8(&w, 5);
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 2);
	assert_string_equal(names_get(r.names, r.flow[0].label), "gold");
	assert_int_equal(r.flow[0].bytes, 777);
	assert_int_equal(addr_v4(&r.flow[1].src), 0x0a000002);
	assert_int_equal(r.flow[1].bytes, 5);
	assert_int_equal(r.flow[0].has & FLOW_HAS_PACKETS, 0);

	/* The length of the last field reaches past the set: the first record stands. */
	w.start[records + 4] = 200;
	rig_feed_wr(&r, &w);
	assert_int_equal(N(&r, datagrams_malformed), 1);
	assert_int_equal(N(&r, drop_malformed), 1);
	rig_stop(&r);
}

static void
template_changes_and_goes_within_a_datagram(void **state)
{
	static const uint16_t swapped[][2] = { { 12, 4 }, { 8, 4 }, { 1, 4 }, { 2, 4 } };
	struct wr w = wr_of(room, ROOM);
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, NULL);
	ipfix_head(&w, 0, 1);
	for (int i = 0; i < 2; i++) {
		put_template_set(&w, 2, 300, i ? swapped : simple, 4);
		place = set_begin(&w, 300);
		simple_record(&w, 0x0a000001, 10);
		set_end(&w, place);
	}
	put_template_set(&w, 2, 300, NULL, 0);		/* taken back */
	place = set_begin(&w, 300);
	simple_record(&w, 0x0a000001, 10);
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 2);
	assert_int_equal(addr_v4(&r.flow[0].src), 0x0a000001);
	assert_int_equal(addr_v4(&r.flow[1].dst), 0x0a000001);
	assert_int_equal(N(&r, held), 1);

	w = wr_of(room, ROOM);
	ipfix_head(&w, 3, 1);
	put_template_set(&w, 2, 300, simple, 4);
	put_template_set(&w, 2, 2, NULL, 0);		/* all of them */
	place = set_begin(&w, 300);
	simple_record(&w, 0x0a000001, 10);
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 2);
	assert_int_equal(N(&r, held), 2);
	rig_stop(&r);
}

static void
data_before_its_template_is_held_with_its_time(void **state)
{
	struct wr w = wr_of(room, ROOM);
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, NULL);
	v9_head(&w, 1, 1);
	place = set_begin(&w, 256);
	simple_record(&w, 0x0a000001, 10);
	simple_record(&w, 0x0a000002, 20);
	set_end(&w, place);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 0);
	assert_int_equal(N(&r, held), 1);
	w = wr_of(room, ROOM);
	v9_head(&w, 2, 1);
	put_template_set(&w, 0, 256, simple, 4);
	r.arrival = wall_of_sec(RIG_SECONDS + 60);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 2);
	assert_int_equal(wall_sec(r.flow[1].arrival), RIG_SECONDS + 1);
	assert_int_equal(N(&r, held), 0);
	assert_int_equal(N(&r, records), 2);
	rig_stop(&r);
}

static void
held_data_is_bounded_in_bytes_and_time(void **state)
{
	struct wr w = wr_of(room, ROOM);
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .held_bytes = 5000 });
	v9_head(&w, 1, 1);
	place = set_begin(&w, 256);
	for (int i = 0; i < 60; i++)
		simple_record(&w, 0x0a000001, 10);
	set_end(&w, place);
	for (int i = 0; i < 20; i++)
		rig_feed_wr(&r, &w);
	assert_in_range(N(&r, held), 3, 5);
	assert_int_equal(N(&r, held) + N(&r, drop_no_template), 20);
	rig_tick(&r, 3600);
	assert_int_equal(N(&r, held), 0);
	assert_int_equal(N(&r, drop_no_template), 20);
	rig_stop(&r);
}

static void
sets_that_are_too_long_end_their_datagram(void **state)
{
	struct wr w = wr_of(room, ROOM);
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, NULL);
	ipfix_head(&w, 0, 1);
	put_template_set(&w, 2, 300, simple, 4);
	place = set_begin(&w, 300);
	simple_record(&w, 0x0a000001, 10);
	set_end(&w, place);
	place = set_begin(&w, 300);
	simple_record(&w, 0x0a000002, 10);
	set_end(&w, place);
	room[place + 1] += 1;
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 1);
	assert_int_equal(N(&r, datagrams_malformed), 1);
	room[3] += 4;				/* the message says it is longer than it is */
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 1);
	assert_int_equal(N(&r, datagrams_malformed), 2);
	rig_stop(&r);
}

static void
biggest_datagram_of_the_smallest_records(void **state)
{
	static const uint16_t field[][2] = { { 4, 1 } };
	struct wr w = wr_of(room, ROOM);
	size_t place, n;
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	ipfix_head(&w, 0, 1);
	put_template_set(&w, 2, 300, field, 1);
	place = set_begin(&w, 300);
	for (n = 0; wr_len(&w) < ROOM; n++)
		wr_u8(&w, (uint8_t)n);
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, n);
	assert_int_equal(r.flow[n - 1].proto, (uint8_t)(n - 1));
	assert_int_equal(r.flow[0].kind, FLOW_EVENT);
	rig_stop(&r);
}

static void
bad_templates_are_refused(void **state)
{
	static const uint16_t nothing[][2] = { { 4, 0 }, { 1, 0 } };
	struct wr w = wr_of(room, ROOM);
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .most_templates = 2 });
	ipfix_head(&w, 0, 1);
	put_template_set(&w, 2, 255, simple, 4);	/* an id that is no template's */
	put_template_set(&w, 2, 300, nothing, 2);	/* records of no length */
	place = set_begin(&w, 2);
	wr_u16(&w, 301);
	wr_u16(&w, 60000);				/* more fields than there are */
	set_end(&w, place);
	for (uint16_t i = 0; i < 4; i++)
		put_template_set(&w, 2, 400 + i, simple, 4);
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(N(&r, template_errors), 5);
	assert_int_equal(N(&r, templates), 2);
	rig_stop(&r);
}

static void
labels_and_kinds(void **state)
{
	static const uint16_t mpls[][2] = { { 70, 3 }, { 71, 3 }, { 72, 3 }, { 1, 1 } };
	static const uint8_t stack[] = { 0, 6, 0x40, 0, 12, 0x81, 0, 0x99, 0x90, 9 };
	static const uint16_t nat[][2] = { { 230, 1 }, { 8, 4 }, { 225, 4 } };
	struct wr w = wr_of(room, ROOM);
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, NULL);
	ipfix_head(&w, 0, 1);
	put_template_set(&w, 2, 300, mpls, 4);
	put_template_set(&w, 2, 301, nat, 3);
	place = set_begin(&w, 300);
	wr_bytes(&w, stack, sizeof(stack));
	set_end(&w, place);
	place = set_begin(&w, 301);
	wr_u8(&w, 4);
	wr_u32(&w, 1);
	wr_u32(&w, 2);
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 2);
	assert_int_equal(r.flow[0].mpls_labels, 2);
	assert_int_equal(r.flow[0].mpls_label[0], 100);
	assert_int_equal(r.flow[0].mpls_label[1], 200);
	assert_int_equal(r.flow[0].mpls_label[2], 0);
	assert_int_equal(r.flow[1].kind, FLOW_NAT_EVENT);
	assert_int_equal(addr_v4(&r.flow[1].nat_src), 2);
	rig_stop(&r);
}

static void
times_of_every_form(void **state)
{
	static const struct {
		uint16_t id[2], len;
		uint64_t value;
		int64_t start_ns;
	} rows[] = {
		{ { 150, 4 }, 4, 1600000000, INT64_C(1600000000) * NS_PER_SEC },
		{ { 152, 4 }, 8, UINT64_C(1600000000123), INT64_C(1600000000123) * NS_PER_MS },
		{ { 154, 4 }, 8, (UINT64_C(1600000000) + UINT64_C(2208988800)) << 32 | 0x80000000,
		    INT64_C(1600000000500) * NS_PER_MS },
		{ { 158, 4 }, 4, 2500000, (int64_t)RIG_SECONDS * NS_PER_SEC - 2500 * NS_PER_MS },
		{ { 22, 4 }, 4, 5000, (int64_t)RIG_SECONDS * NS_PER_SEC },	/* no start told */
		{ { 4, 5 }, 1, 6, (int64_t)RIG_SECONDS * NS_PER_SEC },	/* not said */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint16_t field[][2] = { { rows[i].id[0], rows[i].len }, { 1, 1 } };
		struct wr w = wr_of(room, ROOM);
		struct rig r;
		size_t place;

		rig_start(&r, NULL);
		ipfix_head(&w, 0, 1);
		put_template_set(&w, 2, 300, field, 2);
		place = set_begin(&w, 300);
		wr_uint(&w, rows[i].value, rows[i].len);
		wr_u8(&w, 1);
		set_end(&w, place);
		ipfix_end(&w);
		rig_feed_wr(&r, &w);
		assert_int_equal(r.flow[0].start.ns, rows[i].start_ns);
		assert_int_equal(!(r.flow[0].has & FLOW_HAS_START), i >= 4);
		rig_stop(&r);
	}
}

/* --- bounds, books and noise ------------------------------------------------------------------ */

static void
exporters_are_bounded(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .most_exporters = 10 });
	for (uint32_t i = 0; i < 20; i++) {
		r.from = addr_of_v4(i);
		rig_feed(&r, v5_one, sizeof(v5_one));
	}
	assert_int_equal(collector_exporters(r.col), 10);
	assert_int_equal(r.flows, 10);
	assert_int_equal(counter_get(&collector_counters(r.col)->exporters_refused), 10);
	rig_stop(&r);
}

static unsigned
lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	assert_non_null(f);
	for (int c; (c = getc(f)) != EOF;)
		n += c == '\n';
	fclose(f);
	return n;
}

/* A thousand made-up exporters that send nothing of use have the log lines of one; others keep theirs. */
static void
strangers_share_their_log_lines(void **state)
{
	char path[64];
	struct rig r;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/wb-strangers-%ld", (long)getpid());
	assert_int_equal(log_open(&(struct log_conf){ .file = path, .facility = -1 }), 0);
	rig_start(&r, NULL);
	rig_feed(&r, v5_one, sizeof(v5_one));
	for (uint32_t i = 0; i < 1000; i++) {
		r.from = addr_of_v4(0x0a000000 + i);
		rig_feed(&r, v5_one, sizeof(v5_one) - 1);
	}
	assert_int_equal(lines_of(path), 10);
	r.from = collector_exporter(r.col, 0)->addr;
	rig_feed(&r, v5_one, sizeof(v5_one) - 1);
	assert_int_equal(lines_of(path), 11);
	rig_stop(&r);
	log_close();
	unlink(path);
}

/* One record of all-one bits with a template of this field, then one that says only bytes. */
static void
feed_after(struct rig *r, const struct ie *ie, uint16_t len)
{
	const uint16_t id = (uint16_t)(ie->id | (ie->pen != 0 ? 0x8000 : 0));
	const uint16_t rare[][2] = { { id, len }, { 2, 4 } }, plain[][2] = { { 1, 4 } };
	struct wr w = wr_of(room, ROOM);
	size_t at;

	ipfix_head(&w, 0, 1);
	at = set_begin(&w, 2);
	template_put(&w, 256, rare, ARRAY_LEN(rare));
	template_put(&w, 257, plain, ARRAY_LEN(plain));
	set_end(&w, at);
	at = set_begin(&w, 256);
	if (len == 65535)
		wr_u8(&w, (uint8_t)(len = ie->len_max < 8 ? ie->len_max : 8));
	for (unsigned i = 0; i < len; i++)
		wr_u8(&w, 0xff);
	wr_u32(&w, 1);
	set_end(&w, at);
	ipfix_end(&w);
	rig_feed_wr(r, &w);

	w = wr_of(room, ROOM);
	ipfix_head(&w, 1, 1);
	at = set_begin(&w, 257);
	wr_u32(&w, 1);
	set_end(&w, at);
	ipfix_end(&w);
	rig_feed_wr(r, &w);
}

/* What a record said is gone from its element of the batch when the next one is put there. */
static void
nothing_is_left_for_the_next_record(void **state)
{
	static const uint8_t zero[sizeof(struct flow)];
	unsigned tails = 0;
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	for (size_t i = 0; i < ie_count; i++) {
		const struct ie *ie = &ie_table[i];
		bool text = ie->type == IE_NAME;

		if ((ie->pen != 0 && ie->pen != 43874) || ie->into == IE_OPTION || ie->len_max == 0)
			continue;
		for (unsigned variable = 0; variable < 2; variable++) {
			const uint8_t *tail = (const uint8_t *)&r.flow[1] + FLOW_TAIL;

			r.flows = 0;
			feed_after(&r, ie, variable ? 65535 : text ? 4 : ie->len_max);
			assert_int_equal(r.flows, 2);
			tails += r.flow[0].lines != 0;
			assert_int_equal(r.flow[1].lines, 0);
			assert_int_equal(r.flow[1].bytes, 1);
			assert_memory_equal(tail, zero, sizeof(struct flow) - FLOW_TAIL);
		}
	}
	assert_true(tails > 60);
	rig_stop(&r);
}

/* Any byte of a rich datagram may be anything: the books hold, the sanitizers are silent. */
static void
noise_does_no_harm(void **state)
{
	static const uint16_t field[][2] = { { 8, 4 }, { 0x8003, 65535 }, { 1, 4 }, { 48, 1 } };
	struct wr w = wr_of(room, ROOM);
	uint8_t bent[512];
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .renormalize = true, .held_bytes = 10000 });
	ipfix_head(&w, 0, 1);
	put_template_set(&w, 2, 300, simple, 4);
	put_template_set(&w, 2, 301, field, 4);
	place = set_begin(&w, 3);
	wr_bytes(&w, (const uint8_t[]){ 1, 50, 0, 2, 0, 1, 0, 48, 0, 1, 0, 34, 0, 2 }, 14);
	set_end(&w, place);
	place = set_begin(&w, 306);
	wr_bytes(&w, (const uint8_t[]){ 1, 0, 100 }, 3);
	set_end(&w, place);
	for (uint16_t id = 300; id < 302; id++) {
		place = set_begin(&w, id);
		simple_record(&w, 0x0a000001, 10);
		simple_record(&w, 0x02000001, 10);
		set_end(&w, place);
	}
	ipfix_end(&w);
	assert_true(wr_len(&w) < sizeof(bent));
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		memcpy(bent, room, wr_len(&w));
		for (int k = random() % 6; k > 0; k--)
			bent[2 + (size_t)random() % (wr_len(&w) - 2)] = (uint8_t)random();
		bent[1] = random() % 4 ? 10 : 9;
		bent[12] = bent[13] = bent[14] = bent[15] = 0;
		r.flows = 0;
		rig_feed(&r, bent, wr_len(&w));
		if (i % 1000 == 0)
			rig_tick(&r, 30);
	}
	rig_stop(&r);
}

static void
element_table_is_sorted_and_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < ie_count; i++) {
		const struct ie *ie = &ie_table[i], *first;
		size_t n = ie_find(ie->pen, ie->id, &first);

		assert_true(ie >= first && ie < first + n);
		if (i > 0)
			assert_true(ie[-1].pen < ie->pen ||
			    (ie[-1].pen == ie->pen && ie[-1].id <= ie->id));
		if (ie->type == IE_UINT)
			assert_true(ie->width == 1 || ie->width == 2 || ie->width == 4 ||
			    ie->width == 8);
		if (ie->type == IE_ADDR4 || ie->type == IE_ADDR6)
			assert_int_equal(ie->width, 16);
		if (ie->type == IE_NAME)
			assert_int_equal(ie->width, 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(element_table_is_sorted_and_sound),
		cmocka_unit_test(v5_is_decoded_and_its_length_is_exact),
		cmocka_unit_test(v5_stamps_and_bins_round_as_nfacctd_does),
		cmocka_unit_test(v5_rate_of_the_head_renormalizes),
		cmocka_unit_test(v9_template_and_data_at_every_length),
		cmocka_unit_test(integers_of_every_size),
		cmocka_unit_test(preference_between_elements),
		cmocka_unit_test(variable_length_enterprise_and_unknown_fields),
		cmocka_unit_test(template_changes_and_goes_within_a_datagram),
		cmocka_unit_test(data_before_its_template_is_held_with_its_time),
		cmocka_unit_test(held_data_is_bounded_in_bytes_and_time),
		cmocka_unit_test(sets_that_are_too_long_end_their_datagram),
		cmocka_unit_test(biggest_datagram_of_the_smallest_records),
		cmocka_unit_test(bad_templates_are_refused),
		cmocka_unit_test(labels_and_kinds),
		cmocka_unit_test(times_of_every_form),
		cmocka_unit_test(exporters_are_bounded),
		cmocka_unit_test(strangers_share_their_log_lines),
		cmocka_unit_test(nothing_is_left_for_the_next_record),
		cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
