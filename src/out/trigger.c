/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting programs after a purge. They see the daemon's environment and, by the names pmacct
 * gave them, what the purge was (compat/interface.md 13.3); those of the database are not set.
 */
#include "out/trigger.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "core/mem.h"

extern char **environ;

#define FACTS	6

static void
add_fact(char **env, size_t *n, const char *name, int64_t value)
{
	struct sbuf b = { 0 };

	sbuf_printf(&b, "%s=%lld", name, (long long)value);
	env[(*n)++] = b.text;
}

void
trigger_reap(struct trigger *t)
{
	for (size_t i = 0; i < TRIGGER_MOST; i++)
		if (t->running[i] != 0 && waitpid(t->running[i], NULL, WNOHANG) != 0)
			t->running[i] = 0;
}

static pid_t *
free_place(struct trigger *t)
{
	trigger_reap(t);
	for (size_t i = 0; i < TRIGGER_MOST; i++)
		if (t->running[i] == 0)
			return &t->running[i];
	return NULL;
}

int
trigger_run(struct trigger *t, const char *path, const struct trigger_facts *facts)
{
	char *const argv[] = { (char *)(uintptr_t)path, NULL };
	pid_t *place = free_place(t);
	size_t inherited = 0, n = 0;
	char **env;
	int error;

	if (place == NULL) {
		errno = EAGAIN;
		return -1;
	}
	while (environ[inherited] != NULL)
		inherited++;
	env = mem_array(inherited + FACTS + 1, sizeof(*env));
	add_fact(env, &n, "SQL_REFRESH_TIME", facts->refresh_s);
	add_fact(env, &n, "SQL_HISTORY_TIMESLOT", facts->history_s);
	add_fact(env, &n, "SQL_HISTORY_BASETIME", facts->bin_s);
	add_fact(env, &n, "TOTAL_ELEM_NUMBER", (int64_t)facts->total_rows);
	add_fact(env, &n, "EFFECTIVE_ELEM_NUMBER", (int64_t)facts->written_rows);
	add_fact(env, &n, "ELAPSED_TIME", facts->elapsed_s);
	for (size_t i = 0; i < inherited; i++)
		env[n++] = environ[i];
	error = posix_spawn(place, path, NULL, NULL, argv, env);
	for (size_t i = 0; i < FACTS; i++)
		mem_free(env[i]);
	mem_free(env);
	if (error != 0) {
		*place = 0;
		errno = error;
		return -1;
	}
	return 0;
}
