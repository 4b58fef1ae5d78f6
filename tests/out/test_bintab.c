/* SPDX-License-Identifier: BSD-2-Clause */
/* The bin table against a plain list, over thousands of random steps; values; adoption. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "rib_double.h"
#include "support.h"

/* The model: rows in a plain list, by the text of their keys. */
struct model_row {
	char key[96];
	uint64_t bytes, packets, flows;
};

struct model {
	struct model_row row[4096];
	size_t rows;
};

static void
model_key(char key[96], int64_t bin_ns, const struct addr *src, unsigned port, size_t path_len)
{
	char text[ADDR_TEXT];

	snprintf(key, 96, "%lld %s %u %zu", (long long)bin_ns, addr_text(src, text), port, path_len);
}

static struct model_row *
model_find(struct model *m, const char *key)
{
	for (size_t i = 0; i < m->rows; i++)
		if (strcmp(m->row[i].key, key) == 0)
			return &m->row[i];
	return NULL;
}

static void
model_add(struct model *m, const struct plan *plan, const struct flow *f)
{
	struct model_row *row;
	char key[96];
	size_t len;

	(void)rib_attr(NULL, ATTR_ASPATH, f->r.aspath, &len);
	model_key(key, bins_start(&plan->bins, f->start.ns), &f->src, f->src_port, len);
	row = model_find(m, key);
	if (row == NULL) {
		assert_true(m->rows < ARRAY_LEN(m->row));
		row = &m->row[m->rows++];
		*row = (struct model_row){ 0 };
		memcpy(row->key, key, sizeof(key));
	}
	row->bytes += f->bytes;
	row->packets += f->packets;
	row->flows += f->flows;
}

static const struct plan_field *
field(const struct plan *plan, const char *word)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (strcmp(plan->field[i].prim->word, word) == 0)
			return &plan->field[i];
	fail_msg("no field %s", word);
	return NULL;
}

static void
row_key(const struct rowset *rs, size_t row, char key[96])
{
	struct value src, port, path;

	rowset_value(rs, row, field(rs->plan, "src_host"), &src);
	rowset_value(rs, row, field(rs->plan, "src_port"), &port);
	rowset_value(rs, row, field(rs->plan, "as_path"), &path);
	if (path.len > 0)
		assert_memory_equal(path.bytes, rib_double_path[(path.len - 2) / 4 - 1], path.len);
	model_key(key, (int64_t)rs->row[row * rs->stride], &src.addr, (unsigned)port.u, path.len);
}

struct check {
	struct model *m;
	size_t rows;
	int64_t last_bin;
	const uint64_t *before;
};

static int
check_rows(const struct rowset *rs, void *ctx)
{
	struct check *c = ctx;
	uint64_t bytes = 0;

	assert_true(rs->bin.ns > c->last_bin);
	c->last_bin = rs->bin.ns;
	for (size_t i = 0; i < rs->rows; i++) {
		const uint64_t *row = rs->row + i * rs->stride;
		struct model_row *model;
		char key[96];
		size_t w = 0;

		if (c->before != NULL) {	/* sorted by key, no key twice */
			while (w < rs->plan->key_words && c->before[w] == row[w])
				w++;
			assert_true(w < rs->plan->key_words && c->before[w] < row[w]);
		}
		c->before = row;
		row_key(rs, i, key);
		model = model_find(c->m, key);
		assert_non_null(model);
		assert_int_equal(rowset_counter(rs, i, EC_BYTES), model->bytes);
		assert_int_equal(rowset_counter(rs, i, EC_PACKETS), model->packets);
		assert_int_equal(rowset_counter(rs, i, EC_FLOWS), model->flows);
		bytes += model->bytes;
	}
	assert_int_equal(bytes, rs->bytes);
	c->rows += rs->rows;
	return 0;
}

static void
check_table(struct bintab *tab, struct model *m)
{
	struct check c = { .m = m, .last_bin = INT64_MIN };
	uint64_t bytes = 0;

	assert_int_equal(bintab_each(tab, check_rows, &c), 0);
	assert_int_equal(c.rows, m->rows);
	assert_int_equal(bintab_rows(tab), m->rows);
	for (size_t i = 0; i < m->rows; i++)
		bytes += m->row[i].bytes;
	assert_int_equal(bintab_sums(tab).bytes, bytes);
}

/* Take random rows out of both. */
static void
remove_some(struct bintab *tab, struct model *m)
{
	uint8_t *gone = mem_new(bintab_rows(tab) + 1);
	struct rowset all;

	bintab_all(tab, &all);
	for (size_t i = 0; i < all.rows; i++) {
		struct model_row *row;
		char key[96];

		gone[i] = random() % 3 == 0;
		if (!gone[i])
			continue;
		row_key(&all, i, key);
		row = model_find(m, key);
		*row = m->row[--m->rows];
	}
	bintab_remove(tab, gone);
	mem_free(gone);
}

static const struct key with_paths[] = {
	{ "aggregate", "src_host, src_port, as_path, flows" },
	{ "print_history", "1m" },
	{ "print_history_roundoff", "m" },
	{ 0 }
};

static void
random_flows(struct flow *flow, unsigned n, unsigned spread)
{
	for (unsigned i = 0; i < n; i++) {
		flow[i] = a_flow((uint8_t)(random() % spread), 1, 1 + (uint64_t)(random() % 9),
		    (uint64_t)(random() % 1500), 1600000000 + random() % 200);
		flow[i].r.aspath = (uint32_t)(random() % 11);
	}
}

static void
table_equals_a_plain_list(void **state)
{
	struct model *m = mem_new(sizeof(*m));
	struct flow *flow = mem_array(500, sizeof(*flow));
	struct bintab *tab;
	struct bench b;

	(void)state;
	srandom(7);
	bench_open(&b, with_paths);
	tab = bintab_new(b.plan);
	for (unsigned step = 0; step < 3000; step++) {
		unsigned n = (unsigned)(random() % (step % 100 == 0 ? 500 : 20));
		struct slice *s;

		random_flows(flow, n, 1 + step % 40);
		s = bench_slice(&b, flow, n);
		bintab_add(tab, NULL, s);
		slice_free(s, NULL);
		for (unsigned i = 0; i < n; i++)
			model_add(m, b.plan, &flow[i]);
		if (random() % 8 == 0)
			check_table(tab, m);
		if (random() % 40 == 0)
			remove_some(tab, m);
		if (random() % 200 == 0) {
			bintab_clear(tab);
			m->rows = 0;
		}
	}
	check_table(tab, m);
	bintab_free(tab);
	mem_free(flow);
	mem_free(m);
	bench_close(&b);
}

static int
move_rows(const struct rowset *rs, void *ctx)
{
	bintab_add_rows(ctx, rs);
	return 0;
}

static void
rows_of_one_table_go_into_another(void **state)
{
	struct model *m = mem_new(sizeof(*m));
	struct flow flow[200];
	struct bintab *tab, *other;
	struct bench b;

	(void)state;
	bench_open(&b, with_paths);
	tab = bintab_new(b.plan);
	other = bintab_new(b.plan);
	for (unsigned round = 0; round < 5; round++) {
		struct slice *s;

		random_flows(flow, 200, 30);
		s = bench_slice(&b, flow, 200);
		bintab_add(tab, NULL, s);
		slice_free(s, NULL);
		for (unsigned i = 0; i < 200; i++)
			model_add(m, b.plan, &flow[i]);
		bintab_each(tab, move_rows, other);
		bintab_clear(tab);
		check_table(other, m);
	}
	bintab_free(tab);
	bintab_free(other);
	mem_free(m);
	bench_close(&b);
}

static int
count_rows(const struct rowset *rs, void *ctx)
{
	*(size_t *)ctx += rs->rows;
	return 0;
}

static void
empty_table_takes_a_slice_whole(void **state)
{
	static const struct key plain[] = { { "aggregate", "src_host" }, { 0 } };
	struct flow flow[3] = { a_flow(1, 1, 1, 10, 1600000000), a_flow(2, 1, 1, 20, 1600000000),
	    a_flow(1, 1, 1, 30, 1600000000) };
	struct bintab *tab;
	struct slice *s;
	size_t rows = 0;
	struct bench b;

	(void)state;
	bench_open(&b, plain);
	tab = bintab_new(b.plan);
	for (unsigned i = 0; i < 2; i++) {
		s = bench_slice(&b, flow, 3);
		bintab_add(tab, NULL, s);
		assert_int_equal(s->entries, i == 0 ? 0 : 2);
		slice_free(s, NULL);
	}
	assert_int_equal(bintab_each(tab, count_rows, &rows), 0);
	assert_int_equal(rows, 2);
	assert_int_equal(bintab_sums(tab).bytes, 120);
	bintab_free(tab);
	bench_close(&b);
}

static int
check_trimmed(const struct rowset *rs, void *ctx)
{
	size_t *rows = ctx;

	for (size_t i = 0; i < rs->rows; i++) {
		struct value path;

		rowset_value(rs, i, field(rs->plan, "as_path"), &path);
		assert_true(path.len == 0 || path.len == 6 || path.len == 10);
		assert_memory_equal(path.bytes + 2, rib_double_path[4] + 2, path.len - 2 * (path.len > 0));
		assert_int_equal(rowset_counter(rs, i, EC_BYTES), path.len == 10 ? 80 : path.len == 6 ? 20 : 10);
	}
	*rows += rs->rows;
	return 0;
}

/* Paths that are equal as far as they are shown are one row, whether they came at once or not. */
static void
trimmed_values_are_one_row(void **state)
{
	static const struct key radius[] = { { "aggregate", "src_host, as_path" },
		{ "bgp_aspath_radius", "2" }, { 0 } };
	struct bintab *tab, *other;
	struct bench b;
	size_t rows = 0;

	(void)state;
	bench_open(&b, radius);
	tab = bintab_new(b.plan);
	other = bintab_new(b.plan);
	/* Ids 0 to 10: none, then twice 1 to 5 hops. */
	for (uint32_t i = 0; i <= 10; i++) {
		struct flow flow = a_flow(1, 1, 1, 10, 1600000000);
		struct slice *s;

		flow.r.aspath = i;
		s = bench_slice(&b, &flow, 1);
		bintab_add(tab, NULL, s);
		slice_free(s, NULL);
	}
	assert_int_equal(bintab_rows(tab), 3);
	assert_int_equal(bintab_each(tab, check_trimmed, &rows), 0);
	/* Once more is as once. */
	bintab_each(tab, move_rows, other);
	assert_int_equal(bintab_each(other, check_trimmed, &rows), 0);
	assert_int_equal(rows, 6);
	bintab_free(tab);
	bintab_free(other);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_equals_a_plain_list),
		cmocka_unit_test(rows_of_one_table_go_into_another),
		cmocka_unit_test(empty_table_takes_a_slice_whole),
		cmocka_unit_test(trimmed_values_are_one_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
