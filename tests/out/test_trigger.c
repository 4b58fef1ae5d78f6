/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs after a purge: their environment, how many may run, what cannot be started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/trigger.h"
#include "support.h"

static void
script(char path[32], const char *body)
{
	FILE *f;

	strcpy(path, "/tmp/wb_trigger_XXXXXX");
	f = fdopen(mkstemp(path), "w");
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fchmod(fileno(f), 0700);
	fclose(f);
}

/* Wait until none is running. */
static void
settle(struct trigger *t)
{
	for (unsigned tries = 0; tries < 3000; tries++) {
		unsigned running = 0;

		trigger_reap(t);
		for (size_t i = 0; i < TRIGGER_MOST; i++)
			running += t->running[i] != 0;
		if (running == 0)
			return;
		usleep(20000);
	}
	fail_msg("a program did not end");
}

static void
the_program_is_told_what_was_written(void **state)
{
	struct trigger_facts facts = { .refresh_s = 60, .history_s = 300, .bin_s = 1600000000,
	    .elapsed_s = 2, .total_rows = 10, .written_rows = 9 };
	struct trigger t = { 0 };
	char path[32], out[40];
	char *text;

	(void)state;
	script(path, "echo $SQL_REFRESH_TIME $SQL_HISTORY_TIMESLOT $SQL_HISTORY_BASETIME "
	    "$TOTAL_ELEM_NUMBER $EFFECTIVE_ELEM_NUMBER $ELAPSED_TIME >\"$0.out\"");
	assert_int_equal(trigger_run(&t, path, &facts), 0);
	settle(&t);
	snprintf(out, sizeof(out), "%s.out", path);
	text = file_text(out);
	assert_non_null(text);
	assert_string_equal(text, "60 300 1600000000 10 9 2\n");
	free(text);
	unlink(out);
	unlink(path);
}

static void
only_so_many_run_at_a_time(void **state)
{
	struct trigger_facts facts = { 0 };
	struct trigger t = { 0 };
	char path[32];

	(void)state;
	script(path, "exec sleep 30");
	for (unsigned i = 0; i < TRIGGER_MOST; i++)
		assert_int_equal(trigger_run(&t, path, &facts), 0);
	assert_int_equal(trigger_run(&t, path, &facts), -1);
	assert_int_equal(errno, EAGAIN);
	for (unsigned i = 0; i < TRIGGER_MOST; i++)
		kill(t.running[i], SIGKILL);
	settle(&t);
	assert_int_equal(trigger_run(&t, "/nonexistent/program", &facts), -1);
	assert_int_equal(errno, ENOENT);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_is_told_what_was_written),
		cmocka_unit_test(only_so_many_run_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
