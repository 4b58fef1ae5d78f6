/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SQLite output in its frame, from slices to rows, with the journal: a daemon that is killed
 * again and again, a database that is locked while it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/epoch.h"
#include "core/mem.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100
#define KILLS	8
#define FLOWS	50			/* of a slice */

static const char *const lines[] = { "aggregate: src_host, in_iface",
	"sql_optimize_clauses: true", "sql_table_version: 9", "sql_refresh_time: 1", NULL };

static struct slice *
make_slice(struct bench *b, struct epoch *ep, const struct epoch_reader *reader, uint32_t from)
{
	struct slice *s = slice_open(b->plan, 0, ep, reader, FLOWS, NULL);
	struct flow flow[FLOWS];
	uint64_t *keys = mem_array(FLOWS, b->plan->key_words * sizeof(*keys)), late = 0;

	for (uint32_t i = 0; i < FLOWS; i++)
		flow[i] = bench_flow(from + i, T0);
	plan_pack(b->plan, 0, flow, FLOWS, keys, &late);
	slice_add(s, flow, keys, FLOWS);
	mem_free(keys);
	return s;
}

/* Gives slices with flows nobody else gives, and notes each; `slices` of them, or until killed. */
static void
run_output(struct bench *b, uint32_t first, uint32_t slices)
{
	struct epoch *ep = epoch_new();
	struct epoch_reader *reader = epoch_join(ep);
	struct sbuf err = { 0 };
	struct output *o = output_start(&out_sqlite3, &b->env, NULL, &err);
	char path[128];
	int fd;

	if (o == NULL)
		_exit(1);
	epoch_tick(ep, reader);
	snprintf(path, sizeof(path), "%s/given", b->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	for (uint32_t i = 0; i < slices; i++) {
		struct slice *s = make_slice(b, ep, reader, (first + i) * FLOWS);

		while (!output_give(o, s))
			usleep(1000);
		if (write(fd, "x", 1) != 1)
			_exit(1);
		usleep(3000);
	}
	output_stop(o);
	_exit(0);
}

static int64_t
size_of(struct bench *b, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void
killed_daemons_lose_little_and_double_nothing(void **state)
{
	int64_t given, have;
	struct bench b;
	int status;
	pid_t pid;

	(void)state;
	bench_open(&b, lines);
	for (uint32_t i = 0; i < KILLS; i++) {
		pid = fork();
		if (pid == 0)
			run_output(&b, i * 10000, UINT32_MAX);
		usleep(400000 + (useconds_t)(arc4random() % 1500000));
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	pid = fork();
	if (pid == 0)
		run_output(&b, KILLS * 10000, 10);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	given = size_of(&b, "given") * FLOWS;
	have = bench_number(b.db, "SELECT count(*) FROM acct_v9");
	print_message("%lld flows given, %lld landed, %d kills\n", (long long)given,
	    (long long)have, KILLS);
	/* Each flow is a row of its own and its number its packets: a row added twice would show. */
	assert_int_equal(bench_number(b.db, "SELECT count(*) - count(DISTINCT packets) + "
	    "sum(bytes <> 100 * packets) FROM acct_v9"), 0);
	assert_int_equal(bench_number(b.db, "SELECT (SELECT sum(packets) FROM acct_v9) = "
	    "(SELECT sum(packets) FROM waybill_ledger)"), 1);
	/* What was handed over but not yet taken by the output's thread goes with a kill. */
	assert_true(have <= given + KILLS * FLOWS);
	assert_true(have >= given - (int64_t)KILLS * 64 * FLOWS);
	bench_close(&b);
}

static void
an_end_with_a_locked_database_keeps_all(void **state)
{
	struct bench b;
	sqlite3 *other;
	int status;
	pid_t pid;

	(void)state;
	bench_open(&b, lines);
	pid = fork();
	if (pid == 0)
		run_output(&b, 0, 5);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(sqlite3_open(b.db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	pid = fork();
	if (pid == 0)
		run_output(&b, 1000, 5);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(bench_number(b.db, "SELECT count(*) FROM acct_v9"), 5 * FLOWS);
	pid = fork();
	if (pid == 0)
		run_output(&b, 2000, 5);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(bench_number(b.db, "SELECT count(*) FROM acct_v9"), 15 * FLOWS);
	assert_int_equal(bench_number(b.db, "SELECT (SELECT sum(packets) FROM acct_v9) = "
	    "(SELECT sum(packets) FROM waybill_ledger)"), 1);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_daemons_lose_little_and_double_nothing),
		cmocka_unit_test(an_end_with_a_locked_database_keeps_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
