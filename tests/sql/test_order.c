/* SPDX-License-Identifier: BSD-2-Clause */
/* The order that rows are written in, and the pieces that connections share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "sql/order.h"
#include "support.h"

#define ROWS	5000u
#define T0	1700000100

static const char *const lines[] = { "aggregate: src_host, dst_host, src_port", "sql_history: 5m",
	"sql_history_roundoff: m", "sql_optimize_clauses: true", NULL };

struct scene {
	struct bench b;
	struct bintab *tab;
	struct rowset rs;
	struct columns cols;
	size_t pick[ROWS];
};

/* Rows whose sources are spread, some of them twice with another port. */
static void
set_up(struct scene *s, enum sql_engine engine)
{
	struct sql_shape shape = { .engine = engine, .version = 9, .optimize = true, .history = true };
	struct sbuf err = { 0 };

	bench_open(&s->b, lines);
	s->tab = bintab_new(s->b.plan);
	for (uint32_t i = 0; i < ROWS / 10; i++)
		bench_add(&s->b, s->tab, i * 2654435u % 200000000u, 10, T0);
	bintab_all(s->tab, &s->rs);
	assert_int_equal(columns_make(s->b.plan, &shape, &s->cols, &err), 0);
	assert_true(s->rs.rows > ROWS / 2 && s->rs.rows <= ROWS);
	for (size_t i = 0; i < s->rs.rows; i++)
		s->pick[i] = i;
}

static void
tear_down(struct scene *s)
{
	columns_done(&s->cols);
	bintab_free(s->tab);
	bench_close(&s->b);
}

static struct addr
source(const struct scene *s, size_t row)
{
	struct value v;

	rowset_value(&s->rs, row, &s->b.plan->field[0], &v);
	return v.addr;
}

static void
shuffle(struct scene *s)
{
	for (size_t i = s->rs.rows; i > 1; i--) {
		size_t k = (size_t)rand() % i, swap = s->pick[i - 1];

		s->pick[i - 1] = s->pick[k];
		s->pick[k] = swap;
	}
}

/* Addresses come in the order of an index over what the table has of them: text, or inet. */
static void
rows_come_in_the_order_of_an_index(void **state)
{
	static const enum sql_engine engines[] = { SQL_MYSQL, SQL_SQLITE, SQL_PGSQL };

	(void)state;
	for (size_t e = 0; e < 3; e++) {
		struct scene s = { 0 };
		size_t by[1] = { 0 }, *row;

		set_up(&s, engines[e]);
		shuffle(&s);
		while (strcmp(s.cols.col[by[0]].name, "ip_src") != 0)
			by[0]++;
		row = order_by(&(struct order_rows){ &s.cols, &s.rs, s.pick, s.rs.rows }, by, 1);
		assert_non_null(row);
		for (size_t i = 1; i < s.rs.rows; i++) {
			struct addr a = source(&s, row[i - 1]), b = source(&s, row[i]);
			char x[ADDR_TEXT], y[ADDR_TEXT];

			if (engines[e] == SQL_PGSQL)
				assert_true(addr_v4(&a) <= addr_v4(&b));
			else
				assert_true(strcmp(addr_text(&a, x), addr_text(&b, y)) <= 0);
		}
		/* In order: nothing to do. */
		assert_null(order_by(&(struct order_rows){ &s.cols, &s.rs, row, s.rs.rows }, by, 1));
		mem_free(row);
		tear_down(&s);
	}
}

static int
by_number(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Every row is in one piece, and in the same one whatever order the rows came in. */
static void
pieces_are_the_same_every_time(void **state)
{
	size_t *first = NULL, *first_start = NULL, pieces = 0;
	struct scene s = { 0 };

	(void)state;
	set_up(&s, SQL_MYSQL);
	for (unsigned round = 0; round < 5; round++) {
		size_t *row, *start;
		size_t n = order_cut(&(struct order_rows){ &s.cols, &s.rs, s.pick, s.rs.rows }, 7,
		    &row, &start);

		assert_int_equal(start[0], 0);
		assert_int_equal(start[n], s.rs.rows);
		for (size_t i = 0; i < n; i++)
			qsort(row + start[i], start[i + 1] - start[i], sizeof(*row), by_number);
		if (round == 0) {
			assert_int_equal(n, 7);
			first = row;
			first_start = start;
			pieces = n;
		} else {
			assert_int_equal(n, pieces);
			assert_memory_equal(start, first_start, (n + 1) * sizeof(*start));
			assert_memory_equal(row, first, s.rs.rows * sizeof(*row));
			mem_free(row);
			mem_free(start);
		}
		shuffle(&s);
	}
	qsort(first, s.rs.rows, sizeof(*first), by_number);
	for (size_t i = 0; i < s.rs.rows; i++)
		assert_int_equal(first[i], i);
	mem_free(first);
	mem_free(first_start);
	tear_down(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_in_the_order_of_an_index),
		cmocka_unit_test(pieces_are_the_same_every_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
