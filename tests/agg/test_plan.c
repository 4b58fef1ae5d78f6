/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans: layouts, what sum_* leaves, words that are wrong, packing against a byte-by-byte model, and
 * the table of primitives. With --manual it writes docs/primitives.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agg/plan.h"
#include "agg_test.h"
#include "core/mem.h"

static const wall_t start = { 1700000000 * NS_PER_SEC };

static void
test_layouts(void **state)
{
	static const struct {
		const char *aggregate;
		size_t words;
		const char *fields;		/* "word@byte" */
	} rows[] = {
		{ "src_host", 3, "src_host@8" },
		{ "proto, src_port, dst_port, dst_host, src_host", 6,
		    "src_host@8 dst_host@24 src_port@40 dst_port@42 proto@44" },
		{ " SRC_AS ,dst_as, tag", 3, "tag@8 src_as@16 dst_as@20" },
		{ "flows, tcpflags, vlan", 2, "vlan@8" },
		{ "none", 1, "" },
		{ "cos, etype, in_iface, timestamp_start, src_mac", 4,
		    "src_mac@8 timestamp_start@16 in_iface@24 etype@28 cos@30" },
		{ "tos, proto, src_mask, dst_mask, cos, nat_event, fw_event, sampling_direction, "
		    "tunnel_tos", 3, "cos@8 src_mask@9 dst_mask@10 proto@11 tos@12 nat_event@13 "
		    "fw_event@14 tunnel_tos@15 sampling_direction@16" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sbuf b = { 0 }, line = { 0 };
		struct plan *plan;

		sbuf_printf(&line, "aggregate: %s", rows[i].aggregate);
		plan = agg_plan(sbuf_text(&line), start);
		for (size_t f = 0; f < plan->fields; f++)
			sbuf_printf(&b, "%s%s@%u", f > 0 ? " " : "", plan->field[f].prim->word,
			    plan->field[f].at);
		assert_string_equal(sbuf_text(&b), rows[i].fields);
		assert_int_equal(plan->key_words, rows[i].words);
		sbuf_done(&b);
		sbuf_done(&line);
		plan_free(plan);
	}
}

static void
test_sums(void **state)
{
	static const struct {
		const char *aggregate, *fields;
		unsigned sides;
		size_t notes;
	} rows[] = {
		{ "sum_host", "src_host", 2, 0 },
		{ "sum", "src_host", 2, 0 },
		{ "sum_net", "src_net", 2, 0 },
		{ "sum_as, tag", "tag src_as", 2, 0 },
		{ "sum_port, src_host", "src_port", 2, 1 },
		{ "sum_mac, sum_host", "src_mac", 2, 1 },
		{ "sum_host, src_as, timestamp_start, proto", "src_host timestamp_start", 2, 1 },
		{ "sum_net, sum_as, as_path, peer_src_ip", "src_net", 2, 1 },
		{ "sum_host, src_host", "src_host", 2, 1 },
		{ "none, flows", "", 1, 0 },
		{ "none, src_host", "", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sbuf b = { 0 }, line = { 0 };
		struct conf_notes notes = { 0 };
		struct conf *conf;
		struct plan *plan;

		sbuf_printf(&line, "aggregate: %s", rows[i].aggregate);
		conf = agg_conf(sbuf_text(&line));
		plan = plan_compile(conf, 0, start, &notes);
		assert_non_null(plan);
		for (size_t f = 0; f < plan->fields; f++)
			sbuf_printf(&b, "%s%s", f > 0 ? " " : "", plan->field[f].prim->word);
		assert_string_equal(sbuf_text(&b), rows[i].fields);
		assert_int_equal(plan->sides, rows[i].sides);
		assert_int_equal(notes.count, rows[i].notes);
		assert_int_equal(notes.errors, 0);
		sbuf_done(&b);
		sbuf_done(&line);
		plan_free(plan);
		conf_notes_done(&notes);
		conf_free(conf);
	}
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *lines, *says;
	} rows[] = {
		{ "aggregate: src_hosd", "did you mean \"src_host\"?" },
		{ "aggregate: src_host_country", "known, but not built in yet" },
		{ "aggregate: src_host_country, src_host", "needs GeoIP data" },
		{ "aggregate: none\nprint_history: 90s", "whole minutes" },
		{ "aggregate: none\nprint_history: 5m\nprint_history_offset: 300", "shorter" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf *conf = agg_conf(rows[i].lines);
		struct conf_notes notes = { 0 };
		struct sbuf b = { 0 };

		assert_null(plan_compile(conf, 0, start, &notes));
		conf_notes_print(&notes, &b);
		assert_int_equal(notes.errors, 1);
		assert_non_null(strstr(sbuf_text(&b), rows[i].says));
		sbuf_done(&b);
		conf_notes_done(&notes);
		conf_free(conf);
	}
}

static void
test_has(void **state)
{
	struct plan *plan = agg_plan("aggregate: sum_host, flows", start);

	(void)state;
	assert_true(plan_has(plan, "src_host"));
	assert_true(plan_has(plan, "sum_host"));
	assert_true(plan_has(plan, "FLOWS"));
	assert_false(plan_has(plan, "tcpflags"));
	assert_false(plan_has(plan, "dst_host"));
	assert_int_equal(plan->counters, 3);
	plan_free(plan);
}

/* Every primitive alone and all together: the key is what a byte-by-byte copy gives. */
static void
model_field(const struct plan *plan, const struct plan_field *f, unsigned side,
    const struct flow *flow, uint8_t *key)
{
	size_t bytes = value_rows[f->prim->type].key_bytes;
	bool other = side == 1 && f->prim == prim_of_sum(plan->sum);
	const uint8_t *from = (const uint8_t *)flow + (other ? f->prim->sum_at : f->prim->at);
	uint32_t label;
	uint64_t word;

	switch (f->prim->take) {
	case TAKE_COPY:
	case TAKE_TOS:
		memcpy(key + f->at, from, bytes);
		break;
	case TAKE_TIME:
		memcpy(&word, from, 8);
		word = word / 1000 * 1000;
		memcpy(key + f->at, &word, 8);
		break;
	case TAKE_RD:
		word = (flow->r.rd & VALUE_RD_MASK) | (uint64_t)flow->r.rd_origin << 56;
		memcpy(key + f->at, &word, 8);
		break;
	case TAKE_DIRECTION:
		key[f->at] = flow->has & FLOW_HAS_DIRECTION && flow->direction < 2 ?
		    (uint8_t)"ie"[flow->direction] : 'u';
		break;
	case TAKE_ETYPE:
		word = flow->etype;
		if (word == 0 && (addr_is_set(&flow->src) || addr_is_set(&flow->dst)))
			word = addr_is_v4(addr_is_set(&flow->src) ? &flow->src : &flow->dst) ? 0x800 : 0x86dd;
		memcpy(key + f->at, &word, 2);
		break;
	case TAKE_BOTTOM_LABEL:
		label = flow->mpls_labels > 0 ? flow->mpls_label[flow->mpls_labels - 1] : 0;
		memcpy(key + f->at, &label, 4);
		break;
	case TAKE_NOTHING:
		break;
	}
}

static void
check_pack(const char *aggregate)
{
	struct rand r = { 7 };
	struct flow flow[FLOW_BATCH];
	uint64_t *keys, model[PLAN_KEY_WORDS], late;
	struct sbuf line = { 0 };
	struct plan *plan;

	sbuf_printf(&line, "aggregate: %s", aggregate);
	plan = agg_plan(sbuf_text(&line), start);
	keys = mem_array(FLOW_BATCH * plan->key_words, sizeof(*keys));
	for (unsigned i = 0; i < FLOW_BATCH; i++)
		rand_flow(&r, &flow[i]);
	for (unsigned side = 0; side < plan->sides; side++)
		for (unsigned n = 1; n <= FLOW_BATCH; n += 51) {
			memset(keys, 0xee, FLOW_BATCH * plan->key_words * sizeof(*keys));
			plan_pack(plan, side, flow, n, keys, &late);
			for (unsigned i = 0; i < n; i++) {
				memset(model, 0, sizeof(model));
				for (size_t f = 0; f < plan->fields; f++)
					model_field(plan, &plan->field[f], side, &flow[i],
					    (uint8_t *)model);
				assert_memory_equal(keys + i * plan->key_words, model,
				    plan->key_words * sizeof(*model));
			}
		}
	mem_free(keys);
	plan_free(plan);
	sbuf_done(&line);
}

static void
test_pack(void **state)
{
	size_t n;
	const struct prim *table = prims(&n);
	struct sbuf all = { 0 };

	(void)state;
	for (size_t i = 0; i < n; i++) {
		check_pack(table[i].word);
		if (table[i].group != PRIM_SUM)
			sbuf_printf(&all, "%s%s", i > 0 ? "," : "", table[i].word);
	}
	check_pack(sbuf_text(&all));
	check_pack("src_host, dst_host, src_port, dst_port, proto");
	check_pack("sum_host, tag, timestamp_start, vxlan");
	sbuf_done(&all);
}

/* Rows of the table: names where there must be some, words once, orders that do not collide. */
static void
test_table(void **state)
{
	size_t n;
	const struct prim *table = prims(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct prim *p = &table[i];

		assert_ptr_equal(prim_by_word(p->word), p);
		assert_null(prim_missing(p->word));
		assert_true(p->group == PRIM_SUM || p->json_order > 0);
		for (size_t k = 0; k < i && p->group != PRIM_SUM; k++) {
			assert_int_not_equal(p->json_order, table[k].json_order);
			assert_int_not_equal(p->csv_order, table[k].csv_order);
			assert_int_not_equal(p->sql_order, table[k].sql_order);
			assert_string_not_equal(p->json, table[k].json);
			assert_string_not_equal(p->sql, table[k].sql);
		}
	}
}

static void
test_list(void **state)
{
	struct sbuf n = { 0 }, p = { 0 };

	(void)state;
	prim_list('N', &n);
	prim_list('P', &p);
	assert_non_null(strstr(sbuf_text(&n), "peer_src_ip"));
	assert_null(strstr(sbuf_text(&p), "peer_src_ip"));
	assert_non_null(strstr(sbuf_text(&p), "L2:\n  cos "));
	sbuf_done(&n);
	sbuf_done(&p);
}

/* docs/primitives.md is what the table says. */
static void
test_manual(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct sbuf page = { 0 }, path = { 0 };
	char *text;
	size_t n;
	FILE *f;

	(void)state;
	sbuf_printf(&path, "%s/docs/primitives.md", srcdir != NULL ? srcdir : "..");
	prim_manual(&page);
	f = fopen(sbuf_text(&path), "r");
	assert_non_null(f);
	text = mem_new(page.len + 2);
	n = fread(text, 1, page.len + 1, f);
	fclose(f);
	assert_int_equal(n, page.len);
	assert_memory_equal(text, page.text, n);
	mem_free(text);
	sbuf_done(&page);
	sbuf_done(&path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_manual),
	};
	struct sbuf page = { 0 };

	if (argc > 1 && strcmp(argv[1], "--manual") == 0) {
		prim_manual(&page);
		fputs(sbuf_text(&page), stdout);
		sbuf_done(&page);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
