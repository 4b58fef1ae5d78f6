/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports over a small table: sums, order, a side that is not known, faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"

static char path[] = "/tmp/waybill-report.XXXXXX";

static int
make_table(void **state)
{
	int fd = mkstemp(path);
	sqlite3 *db;

	(void)state;
	close(fd);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
	    "CREATE TABLE t (as_src INT, as_dst INT, as_path TEXT, bytes BIGINT);"
	    "INSERT INTO t VALUES (1, 2, '9_2', 100), (2, 1, '', 50), (1, 3, '9_3', 850),"
	    " (0, 3, '9_3', 9000000000000000);", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	return 0;
}

static int
remove_table(void **state)
{
	(void)state;
	return unlink(path);
}

static const struct report_kind *
kind(const char *name)
{
	for (size_t i = 0; i < report_kind_count; i++)
		if (strcmp(report_kinds[i].name, name) == 0)
			return &report_kinds[i];
	return NULL;
}

static void
sums_are_exact_and_in_order(void **state)
{
	const struct report_conf conf = { .db = path, .table = "t", .top = 10, .json = true };
	static const struct { const char *name, *json; } row[] = {
		{ "as", "{\"bytes\": 9000000000001000, \"rows\": ["
		  "{\"as_dst\": 3, \"bytes_from\": 0, \"bytes_to\": 9000000000000850}, "
		  "{\"as_dst\": 0, \"bytes_from\": 9000000000000000, \"bytes_to\": 0}, "
		  "{\"as_dst\": 1, \"bytes_from\": 950, \"bytes_to\": 50}, "
		  "{\"as_dst\": 2, \"bytes_from\": 50, \"bytes_to\": 100}]}\n" },
		{ "path", "{\"bytes\": 9000000000001000, \"rows\": ["
		  "{\"as_path\": \"9_3\", \"bytes_to\": 9000000000000850}, "
		  "{\"as_path\": \"9_2\", \"bytes_to\": 100}, "
		  "{\"as_path\": \"\", \"bytes_to\": 50}]}\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sbuf out = { 0 }, err = { 0 };

		assert_int_equal(kind(row[i].name)->run(&conf, &out, &err), 0);
		assert_string_equal(sbuf_text(&out), row[i].json);
		sbuf_done(&out);
		sbuf_done(&err);
	}
}

static void
text_is_for_people(void **state)
{
	const struct report_conf conf = { .db = path, .table = "t", .top = 1 };
	struct sbuf out = { 0 }, err = { 0 };

	(void)state;
	assert_int_equal(kind("as")->run(&conf, &out, &err), 0);
	assert_string_equal(sbuf_text(&out),
	    "AS               BYTES FROM       BYTES TO    SHARE\n"
	    "3                     0.0 B         9.0 PB    50.0 %\n"
	    "\ntotal 9000000000001000 bytes\n");
	sbuf_done(&out);
	sbuf_done(&err);
}

static void
faults_are_named(void **state)
{
	static const struct { struct report_conf conf; const char *name, *say; } row[] = {
		{ { .db = path, .table = "nosuch", .top = 1 }, "as", "no such table" },
		{ { .db = "/nonexistent/x.db", .table = "t", .top = 1 }, "as", "unable to open" },
		{ { .db = path, .table = "t", .top = 1 }, "peer", "no column peer_as_dst" },
		{ { .db = path, .table = "t\" --", .top = 1 }, "as", "not the name of a table" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sbuf out = { 0 }, err = { 0 };

		assert_int_equal(kind(row[i].name)->run(&row[i].conf, &out, &err), -1);
		assert_non_null(strstr(sbuf_text(&err), row[i].say));
		assert_int_equal(out.len, 0);
		sbuf_done(&out);
		sbuf_done(&err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_exact_and_in_order),
		cmocka_unit_test(text_is_for_people),
		cmocka_unit_test(faults_are_named),
	};

	return cmocka_run_group_tests_name("report", tests, make_table, remove_table);
}
