/* SPDX-License-Identifier: BSD-2-Clause */
/* Options data, sampling rates, what waits for them, sequences, and saving all of it. */
#include "rig.h"

#include <stdlib.h>

#include "core/mem.h"
#include "flow/sequence.h"

static uint8_t room[4000];

/* An options template set: id, scopes and fields of (id, length). v9 and IPFIX heads differ. */
static void
put_options(struct wr *w, uint16_t version, uint16_t id, uint16_t scopes,
    const uint16_t (*field)[2], size_t n)
{
	size_t place = set_begin(w, version == 9 ? 1 : 3);

	wr_u16(w, id);
	wr_u16(w, (uint16_t)(version == 9 ? 4 * scopes : n));
	wr_u16(w, (uint16_t)(version == 9 ? 4 * (n - scopes) : scopes));
	for (size_t i = 0; i < n; i++) {
		wr_u16(w, field[i][0]);
		wr_u16(w, field[i][1]);
	}
	set_end(w, place);
}

static const uint16_t flow_fields[][2] = { { 1, 8 }, { 48, 1 }, { 10, 2 }, { 2, 2 } };

static void
put_flow_template(struct wr *w, uint16_t version)
{
	size_t place = set_begin(w, version == 9 ? 0 : 2);

	template_put(w, 300, flow_fields, 4);
	set_end(w, place);
}

static void
put_flow(struct wr *w, uint64_t bytes, uint8_t sampler, uint16_t iface)
{
	size_t place = set_begin(w, 300);

	wr_u64(w, bytes);
	wr_u8(w, sampler);
	wr_u16(w, iface);
	wr_u16(w, 1);
	set_end(w, place);
}

/* Options of one field each beside the scope; then a flow of 10 bytes: what is its rate? */
static void
rates_by_scope(void **state)
{
	static const struct {
		uint16_t version, scope, scope_value;
		uint16_t id[2], value[2];
		uint8_t sampler;		/* of the flow, on interface 5 */
		bool all_global;		/* nfacctd_disable_opt_scope_check */
		uint32_t rate;
	} rows[] = {
		{ 9, 1, 0, { 34, 35 }, { 100, 1 }, 0, false, 100 },		/* system */
		{ 9, 1, 0, { 48, 50 }, { 3, 200 }, 3, false, 200 },
		{ 9, 1, 0, { 48, 34 }, { 3, 200 }, 3, false, 200 },
		{ 9, 1, 0, { 48, 50 }, { 3, 200 }, 0, false, 1 },
		{ 9, 2, 5, { 34, 35 }, { 300, 1 }, 0, false, 300 },		/* interface */
		{ 9, 2, 6, { 34, 35 }, { 300, 1 }, 0, false, 1 },
		{ 9, 2, 6, { 34, 35 }, { 300, 1 }, 0, true, 300 },
		{ 9, 5, 300, { 34, 35 }, { 400, 1 }, 0, false, 400 },		/* template */
		{ 10, 149, 1, { 34, 35 }, { 100, 1 }, 0, false, 100 },
		{ 10, 302, 7, { 305, 306 }, { 1, 999 }, 7, false, 1000 },	/* 1 of 1+999 */
		{ 10, 302, 7, { 305, 306 }, { 10, 90 }, 7, false, 10 },
		{ 10, 302, 7, { 309, 310 }, { 2, 1000 }, 7, false, 500 },
		{ 10, 145, 300, { 34, 35 }, { 400, 1 }, 0, false, 400 },
		{ 10, 10, 5, { 34, 35 }, { 300, 1 }, 0, false, 300 },
		{ 10, 149, 1, { 34, 35 }, { 0, 1 }, 0, false, 1 },		/* 0 says nothing */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint16_t field[][2] = { { rows[i].scope, 2 }, { rows[i].id[0], 2 },
		    { rows[i].id[1], 2 } };
		struct wr w = wr_of(room, sizeof(room));
		struct rig r;
		size_t place;

		rig_start(&r, &(struct collector_conf){ .renormalize = true,
		    .disable_opt_scope_check = rows[i].all_global });
		if (rows[i].version == 9)
			v9_head(&w, 0, 1);
		else
			ipfix_head(&w, 0, 1);
		put_options(&w, rows[i].version, 400, 1, field, 3);
		put_flow_template(&w, rows[i].version);
		place = set_begin(&w, 400);
		wr_u16(&w, rows[i].scope_value);
		wr_u16(&w, rows[i].value[0]);
		wr_u16(&w, rows[i].value[1]);
		set_end(&w, place);
		put_flow(&w, 10, rows[i].sampler, 5);
		if (rows[i].version == 10)
			ipfix_end(&w);
		rig_feed_wr(&r, &w);
		rig_tick(&r, 61);
		assert_int_equal(r.flows, 1);
		assert_int_equal(r.flow[0].sampling_rate, rows[i].rate);
		assert_int_equal(r.flow[0].bytes, 10 * rows[i].rate);
		assert_int_equal(r.flow[0].raw_bytes, 10);
		assert_int_equal(N(&r, option_records), 1);
		rig_stop(&r);
	}
}

static void
put_sampler(struct wr *w, uint8_t sampler, uint16_t rate)
{
	static const uint16_t field[][2] = { { 1, 1 }, { 48, 1 }, { 50, 2 } };
	size_t place;

	put_options(w, 9, 400, 1, field, 3);
	place = set_begin(w, 400);
	wr_u8(w, 0);
	wr_u8(w, sampler);
	wr_u16(w, rate);
	set_end(w, place);
}

static void
implied_rate_is_waited_for_and_then_given_up(void **state)
{
	struct wr w = wr_of(room, sizeof(room));
	struct rig r;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .renormalize = true });
	v9_head(&w, 0, 1);
	put_flow_template(&w, 9);
	put_flow(&w, 10, 3, 1);
	put_flow(&w, 10, 4, 1);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 0);
	assert_int_equal(N(&r, held), 2);

	w = wr_of(room, sizeof(room));
	v9_head(&w, 1, 1);
	put_sampler(&w, 3, 50);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 1);			/* sampler 3's; 4 still waits */
	assert_int_equal(r.flow[0].bytes, 500);
	rig_tick(&r, 59);
	assert_int_equal(r.flows, 1);
	rig_tick(&r, 2);
	assert_int_equal(r.flows, 2);
	assert_int_equal(r.flow[1].bytes, 10);
	assert_int_equal(r.flow[1].sampling_rate, 0);
	assert_true(r.flow[1].has & FLOW_UNRATED);
	assert_int_equal(N(&r, unrated), 1);

	/* Sampler 4 is not waited for again, until somebody tells its rate. */
	w = wr_of(room, sizeof(room));
	v9_head(&w, 2, 1);
	put_flow(&w, 10, 4, 1);
	put_sampler(&w, 4, 20);
	put_flow(&w, UINT64_MAX / 2, 4, 1);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 4);
	assert_int_equal(N(&r, unrated), 2);
	assert_true(r.flow[3].bytes == UINT64_MAX);
	rig_stop(&r);
}

static void
overflow_of_waiting_rates_loses_nothing(void **state)
{
	struct wr w = wr_of(room, sizeof(room));
	struct rig r;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .need_rate = true, .held_bytes = 2000 });
	v9_head(&w, 0, 1);
	put_flow_template(&w, 9);
	for (int i = 0; i < 100; i++)
		put_flow(&w, 10, (uint8_t)(i + 1), 1);
	rig_feed_wr(&r, &w);
	rig_tick(&r, 100);
	assert_int_equal(r.flows, 100);
	assert_int_equal(N(&r, unrated), 100);
	rig_stop(&r);
}

static void
no_rate_at_all_is_unsampled_after_the_hold(void **state)
{
	static const uint16_t field[][2] = { { 1, 4 }, { 2, 4 } };
	struct wr w = wr_of(room, sizeof(room));
	struct rig r;
	size_t place;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .renormalize = true });
	v9_head(&w, 0, 1);
	place = set_begin(&w, 0);
	template_put(&w, 300, field, 2);
	set_end(&w, place);
	place = set_begin(&w, 300);
	wr_u64(&w, 0x0000000a00000001);
	set_end(&w, place);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 0);
	rig_tick(&r, 61);
	assert_int_equal(r.flows, 1);
	assert_int_equal(r.flow[0].sampling_rate, 1);
	assert_int_equal(r.flow[0].bytes, 10);
	assert_int_equal(N(&r, unrated), 0);
	rig_feed_wr(&r, &w);
	assert_int_equal(r.flows, 2);
	rig_stop(&r);
}

/* --- names and the rest ---------------------------------------------------------------------- */

static void
put_name(struct wr *w, uint16_t set, uint32_t key, const char *name)
{
	size_t place = set_begin(w, set);

	wr_u32(w, key);
	wr_u8(w, (uint8_t)strlen(name));
	wr_bytes(w, name, strlen(name));
	set_end(w, place);
}

static void
tell_everything(struct rig *r)
{
	static const uint16_t ifname[][2] = { { 10, 4 }, { 82, 65535 } };
	static const uint16_t app[][2] = { { 95, 4 }, { 96, 65535 } };
	static const uint16_t vrf[][2] = { { 234, 4 }, { 236, 65535 } };
	static const uint16_t rd[][2] = { { 234, 4 }, { 90, 8 } };
	static const uint16_t agent[][2] = { { 149, 4 }, { 130, 4 }, { 160, 8 } };
	static const uint16_t rate[][2] = { { 302, 4 }, { 34, 4 } };
	struct wr w = wr_of(room, sizeof(room));
	size_t place;

	ipfix_head(&w, 0, 1);
	put_options(&w, 10, 401, 1, ifname, 2);
	put_options(&w, 10, 402, 1, app, 2);
	put_options(&w, 10, 403, 1, vrf, 2);
	put_options(&w, 10, 404, 1, rd, 2);
	put_options(&w, 10, 405, 1, agent, 3);
	put_options(&w, 10, 406, 1, rate, 2);
	put_name(&w, 401, 5, "xe-0/0/1 \\n");
	put_name(&w, 402, 0x0d000123, "voip");
	put_name(&w, 403, 9, "blue");
	place = set_begin(&w, 404);
	wr_u32(&w, 9);
	wr_u64(&w, 0x0000fde800000064);
	set_end(&w, place);
	place = set_begin(&w, 405);
	wr_u32(&w, 1);
	wr_u32(&w, 0x0a090807);
	wr_u64(&w, UINT64_C(1600000000000));
	set_end(&w, place);
	place = set_begin(&w, 406);
	wr_u32(&w, 77);
	wr_u32(&w, 1000);
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(r, &w);
}

/* A flow that has to find all that was told. */
static void
ask_for_everything(struct rig *r)
{
	static const uint16_t field[][2] = { { 10, 2 }, { 95, 4 }, { 234, 4 }, { 22, 4 },
	    { 302, 8 }, { 1, 4 } };
	struct wr w = wr_of(room, sizeof(room));
	const struct flow *f;
	size_t place;

	ipfix_head(&w, 0, 1);
	place = set_begin(&w, 2);
	template_put(&w, 300, field, 6);
	set_end(&w, place);
	place = set_begin(&w, 300);
	wr_u16(&w, 5);
	wr_u32(&w, 0x0d000123);
	wr_u32(&w, 9);
	wr_u32(&w, 1500);
	wr_u64(&w, 77);
	wr_u32(&w, 1);
	set_end(&w, place);
	ipfix_end(&w);
	r->flows = 0;
	rig_feed_wr(r, &w);
	assert_int_equal(r->flows, 1);
	f = &r->flow[0];
	assert_string_equal(names_get(r->names, f->in_iface_name), "xe-0/0/1 \\n");
	assert_string_equal(names_get(r->names, f->class_id), "voip");
	assert_string_equal(names_get(r->names, f->in_vrf_name), "blue");
	assert_true(f->has & FLOW_HAS_RD);
	assert_true(f->rd == 0x0000fde800000064);
	assert_int_equal(addr_v4(&f->peer_src_ip), 0x0a090807);
	assert_int_equal(addr_v4(&f->exporter->addr), 0xc0000201);
	assert_true(f->start.ns == INT64_C(1600000001500) * NS_PER_MS);
	assert_int_equal(f->sampling_rate, 1000);
}

/* What `waybill exporters` shows after the next tick. */
static void
assert_described(struct rig *r)
{
	struct sbuf text = { 0 };
	struct json j = json_of(&text);

	rig_tick(r, 1);
	json_object(&j, NULL);
	collector_describe(r->col, collector_exporter(r->col, 0), &j);
	json_end(&j, '}');
	assert_non_null(strstr(text.text, "\"interface_names\": 1"));
	assert_non_null(strstr(text.text, "\"rate\": 1000, \"from\": \"options\", \"of\": \"sampler\", "
	    "\"id\": 77"));
	sbuf_done(&text);
}

/* A record per flow of (in, out, direction), each in a set of its own or all in one. */
static void
feed_ways(struct rig *r, const uint8_t (*flow)[3], size_t n, bool one_set)
{
	static const uint16_t field[][2] = { { 1, 8 }, { 10, 2 }, { 14, 2 }, { 61, 1 }, { 34, 4 } };
	struct wr w = wr_of(room, sizeof(room));
	size_t place;

	ipfix_head(&w, 0, 1);
	place = set_begin(&w, 2);
	template_put(&w, 300, field, ARRAY_LEN(field));
	set_end(&w, place);
	place = set_begin(&w, 300);
	for (size_t i = 0; i < n; i++) {
		wr_u64(&w, 100);
		wr_u16(&w, flow[i][0]);
		wr_u16(&w, flow[i][1]);
		wr_u8(&w, flow[i][2]);
		wr_u32(&w, 512);
		if (!one_set) {
			set_end(&w, place);
			place = set_begin(&w, 300);
		}
	}
	set_end(&w, place);
	ipfix_end(&w);
	rig_feed_wr(r, &w);
}

static void
records_show_what_their_exporter_does(void **state)
{
	static const struct {
		uint8_t flow[4][3];
		size_t n;
		const char *ways, *json;
	} rows[] = {
		{ { { 0, 0, 0 } }, 1, "?",
		    "{\"both_ways\": 0, \"in_only\": 0, \"out_only\": 0}, \"metered\": \"ingress\"" },
		{ { { 1, 2, 0 }, { 1, 3, 0 } }, 2, "one",
		    "{\"both_ways\": 0, \"in_only\": 1, \"out_only\": 2}, \"metered\": \"ingress\"" },
		{ { { 1, 2, 0 }, { 2, 1, 0 } }, 2, "both",
		    "{\"both_ways\": 2, \"in_only\": 0, \"out_only\": 0}, \"metered\": \"ingress\"" },
		{ { { 1, 2, 0 }, { 2, 1, 0 }, { 1, 3, 0 }, { 1, 0, 0 } }, 4, "both on 2 of 3",
		    "{\"both_ways\": 2, \"in_only\": 0, \"out_only\": 1}, \"metered\": \"ingress\"" },
		{ { { 1, 2, 1 } }, 1, "one",
		    "{\"both_ways\": 0, \"in_only\": 1, \"out_only\": 1}, \"metered\": \"egress\"" },
		{ { { 1, 2, 0 }, { 2, 1, 1 } }, 2, "both, metered in and out",
		    "{\"both_ways\": 2, \"in_only\": 0, \"out_only\": 0}, "
		    "\"metered\": \"ingress and egress\"" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		const struct exporter *ex;
		struct sbuf text = { 0 };
		struct json j = json_of(&text);
		struct rig r;

		rig_start(&r, NULL);
		feed_ways(&r, rows[i / 2].flow, rows[i / 2].n, i % 2 == 0);
		ex = collector_exporter(r.col, 0);
		collector_ways_text(r.col, ex, &text);
		assert_string_equal(text.text, rows[i / 2].ways);
		sbuf_clear(&text);
		collector_sampling_text(r.col, ex, &text);
		assert_string_equal(text.text, "1:512 records");
		sbuf_clear(&text);
		json_object(&j, NULL);
		collector_describe(r.col, ex, &j);
		assert_non_null(strstr(text.text, rows[i / 2].json));
		sbuf_done(&text);
		rig_stop(&r);
	}
}

/* Long after the first records one of a block is looked at now and then: a change is seen. */
static void
a_later_change_of_ways_is_seen(void **state)
{
	static const uint8_t before[][3] = { { 1, 2, 0 } }, after[][3] = { { 2, 1, 0 }, { 1, 2, 0 } };
	struct sbuf text = { 0 };
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	for (int i = 0; i < 5000; i++)
		feed_ways(&r, before, 1, true);
	collector_ways_text(r.col, collector_exporter(r.col, 0), &text);
	assert_string_equal(text.text, "one");
	sbuf_clear(&text);
	for (int i = 0; i < 64; i++)
		feed_ways(&r, after, 2, true);
	collector_ways_text(r.col, collector_exporter(r.col, 0), &text);
	assert_string_equal(text.text, "both");
	sbuf_done(&text);
	rig_stop(&r);
}

/* Where a rate came from, in few words. */
static void
assert_sampling(const struct rig *r, const char *want)
{
	struct sbuf text = { 0 };

	collector_sampling_text(r->col, collector_exporter(r->col, 0), &text);
	assert_string_equal(text.text, want);
	sbuf_done(&text);
}

static void
rates_are_told_with_where_they_came_from(void **state)
{
	static const struct { uint32_t ext_rate; unsigned samplers; const char *want; } rows[] = {
		{ 0, 0, "none told" },
		{ 0, 1, "1:1000 options, sampler 1" },
		{ 0, 3, "1:1000 options, sampler 1 (of 3)" },
		{ 64, 1, "1:64 configuration" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wr w = wr_of(room, sizeof(room));
		struct rig r;

		rig_start(&r, &(struct collector_conf){ .ext_rate = rows[i].ext_rate });
		v9_head(&w, 0, 1);
		for (unsigned k = 1; k <= rows[i].samplers; k++)
			put_sampler(&w, (uint8_t)k, 1000);
		rig_feed_wr(&r, &w);
		assert_sampling(&r, rows[i].want);
		rig_stop(&r);
	}
}

static void
options_are_told_and_survive_a_restart(void **state)
{
	struct sbuf first = { 0 }, second = { 0 }, err = { 0 };
	struct rig r, again;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .need_rate = true });
	tell_everything(&r);
	ask_for_everything(&r);
	assert_int_equal(collector_save(r.col, &first), 0);
	rig_stop(&r);

	rig_start(&again, &(struct collector_conf){ .need_rate = true });
	assert_int_equal(collector_load(again.col, first.text, first.len, &err), 0);
	assert_int_equal(collector_save(again.col, &second), 0);
	assert_string_equal(first.text, second.text);
	ask_for_everything(&again);
	assert_described(&again);
	rig_stop(&again);

	/* Cut off anywhere, it never does worse than to leave something out. */
	for (size_t n = 0; n < first.len; n += 7) {
		rig_start(&again, NULL);
		(void)collector_load(again.col, first.text, n, &err);
		rig_assert_books(&again);
		rig_stop(&again);
	}
	sbuf_done(&first);
	sbuf_done(&second);
	sbuf_done(&err);
}

static void
bad_saved_lines_are_said(void **state)
{
	static const char *const rows[] = {
		"", "waybill-flow 2\n", "waybill-flow 1\ntemplate 300 1 00010004\n",
		"waybill-flow 1\nexporter nowhere 9 1\n",
		"waybill-flow 1\nexporter 192.0.2.1 7 1\n",
		"waybill-flow 1\nexporter 192.0.2.1 9 1\ntemplate 300 1 0001000\n",
		"waybill-flow 1\nexporter 192.0.2.1 9 1\ntemplate 300 2 00010004\n",
		"waybill-flow 1\nexporter 192.0.2.1 9 1\ntemplate 30 1 00010004\n",
		"waybill-flow 1\nexporter 192.0.2.1 9 1\nrate 1 99999999999\n",
		"waybill-flow 1\nexporter 192.0.2.1 9 1\nbogus\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sbuf err = { 0 };
		struct rig r;

		rig_start(&r, NULL);
		assert_int_equal(collector_load(r.col, rows[i], strlen(rows[i]), &err), -1);
		assert_true(err.len > 0);
		sbuf_done(&err);
		rig_stop(&r);
	}
}

static void
options_records_reach_outputs_when_asked(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, &(struct collector_conf){ .account_options = true });
	tell_everything(&r);
	assert_int_equal(r.flows, 6);
	assert_int_equal(r.flow[0].kind, FLOW_OPTION);
	assert_int_equal(N(&r, option_records), 0);
	rig_stop(&r);
}

/* --- sequences ---------------------------------------------------------------------------------- */

static struct sequence_mark
mark(uint32_t number, uint32_t n, uint32_t second, uint32_t uptime_ms)
{
	return (struct sequence_mark){ .number = number, .count = n, .count_known = true,
	    .has_uptime = uptime_ms != 0, .uptime_ms = uptime_ms,
	    .export_time = wall_of_sec(RIG_SECONDS + second),
	    .arrival = wall_of_sec(RIG_SECONDS + second) };
}

static void
sequences_by_table(void **state)
{
	static const struct {
		struct { uint32_t number, n, second, uptime_ms; } in[5];
		unsigned count;
		uint64_t lost, jumps, late, restarts;
	} rows[] = {
		{ { { 5, 2, 0, 0 }, { 7, 3, 1, 0 }, { 10, 1, 1, 0 } }, 3, 0, 0, 0, 0 },
		{ { { 5, 2, 0, 0 }, { 9, 3, 1, 0 }, { 12, 1, 1, 0 } }, 3, 2, 1, 0, 0 },
		{ { { 5, 2, 0, 0 }, { 9, 3, 1, 0 }, { 7, 2, 1, 0 }, { 12, 1, 1, 0 } }, 4, 0, 0, 1, 0 },
		{ { { 5, 2, 0, 0 }, { 17, 3, 1, 0 }, { 9, 2, 1, 0 }, { 20, 1, 1, 0 } }, 4, 8, 2, 1, 0 },
		{ { { UINT32_MAX, 2, 0, 0 }, { 1, 3, 1, 0 }, { 4, 1, 1, 0 } }, 3, 0, 0, 0, 0 },
		{ { { 9000, 1, 9, 0 }, { 9001, 1, 9, 0 }, { 9001, 1, 9, 0 } }, 3, 0, 0, 1, 0 },
		{ { { 9000, 1, 9, 900000 }, { 3, 1, 60, 2000 }, { 4, 1, 61, 3000 } }, 3, 0, 0, 0, 1 },
		{ { { 9000, 1, 9, 0 }, { 3, 1, 60, 0 }, { 4, 1, 61, 0 } }, 3, 0, 0, 0, 1 },
		{ { { 9000, 1, 9, 0 }, { 3, 1, 5, 0 }, { 9001, 1, 61, 0 } }, 3, 0, 0, 1, 0 },
		{ { { 9, 1, 9, 0 }, { 1 << 30, 1, 9, 0 } }, 2, 0, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct exporter_counters c = { 0 };
		struct sequence s = { .known = false };

		for (unsigned k = 0; k < rows[i].count; k++) {
			struct sequence_mark m = mark(rows[i].in[k].number, rows[i].in[k].n,
			    rows[i].in[k].second, rows[i].in[k].uptime_ms);

			sequence_take(&s, &m, &c);
		}
		sequence_settle(&s, (wall_t){ 0 }, &c);
		assert_int_equal(counter_get(&c.seq_lost), rows[i].lost);
		assert_int_equal(counter_get(&c.seq_jumps), rows[i].jumps);
		assert_int_equal(counter_get(&c.seq_reordered), rows[i].late);
		assert_int_equal(counter_get(&c.seq_restarts), rows[i].restarts);
	}
}

/* Some are lost, neighbours change places: the lost ones are counted exactly. */
static void
sequence_model(void **state)
{
	struct exporter_counters c = { 0 };
	struct sequence s = { .known = false };
	uint32_t number = UINT32_MAX - 20000, lost = 0;

	(void)state;
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		uint32_t a = 1 + (uint32_t)random() % 30, b = 1 + (uint32_t)random() % 30;
		struct sequence_mark first = mark(number, a, (uint32_t)i, 0);
		struct sequence_mark second = mark(number + a, b, (uint32_t)i, 0);

		number += a + b;
		if (random() % 100 == 0 && i > 0 && i < 19999) {
			lost += a;
			sequence_take(&s, &second, &c);
		} else if (random() % 10 == 0 && i > 0) {
			sequence_take(&s, &second, &c);
			sequence_take(&s, &first, &c);
		} else {
			sequence_take(&s, &first, &c);
			sequence_take(&s, &second, &c);
		}
	}
	sequence_settle(&s, (wall_t){ 0 }, &c);
	assert_int_equal(counter_get(&c.seq_lost), lost);
	assert_int_equal(counter_get(&c.seq_restarts), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_by_scope),
		cmocka_unit_test(implied_rate_is_waited_for_and_then_given_up),
		cmocka_unit_test(overflow_of_waiting_rates_loses_nothing),
		cmocka_unit_test(no_rate_at_all_is_unsampled_after_the_hold),
		cmocka_unit_test(records_show_what_their_exporter_does),
		cmocka_unit_test(a_later_change_of_ways_is_seen),
		cmocka_unit_test(rates_are_told_with_where_they_came_from),
		cmocka_unit_test(options_are_told_and_survive_a_restart),
		cmocka_unit_test(bad_saved_lines_are_said),
		cmocka_unit_test(options_records_reach_outputs_when_asked),
		cmocka_unit_test(sequences_by_table),
		cmocka_unit_test(sequence_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
