/* SPDX-License-Identifier: BSD-2-Clause */
/* The example of docs/extending.md is built and run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support.h"
#include "toy_output.h"

static void
toy_writes_a_line_per_bin(void **state)
{
	char path[] = "/tmp/wb_toy_XXXXXX";
	const struct key keys[] = { { "aggregate", "src_host" }, { "print_history", "1m" },
		{ "print_history_roundoff", "m" }, { "print_output_file", path }, { 0 } };
	struct flow flow[3] = { a_flow(1, 1, 1, 100, 1600000000), a_flow(2, 1, 2, 50, 1600000000),
	    a_flow(2, 1, 1, 7, 1600000060) };
	struct sbuf err = { 0 };
	struct output *o;
	struct bench b;
	char *text;

	(void)state;
	close(mkstemp(path));
	bench_open(&b, keys);
	o = output_start(&out_toy, &b.env, NULL, &err);
	assert_non_null(o);
	assert_true(output_give(o, bench_slice(&b, flow, 3)));
	output_stop(o);
	text = file_text(path);
	assert_string_equal(text, "1599999960 2 rows 3 packets 150 bytes\n"
	    "1600000020 1 rows 1 packets 7 bytes\n");
	free(text);
	unlink(path);
	bench_close(&b);
}

static void
toy_says_what_it_lacks(void **state)
{
	const struct key keys[] = { { "aggregate", "src_host" }, { 0 } };
	struct sbuf err = { 0 };
	struct bench b;

	(void)state;
	bench_open(&b, keys);
	assert_null(output_start(&out_toy, &b.env, NULL, &err));
	assert_string_equal(sbuf_text(&err), "the toy output wants print_output_file");
	sbuf_done(&err);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toy_writes_a_line_per_bin),
		cmocka_unit_test(toy_says_what_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
