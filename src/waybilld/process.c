/* SPDX-License-Identifier: BSD-2-Clause */
/* Background and pid files. */
#include "waybilld/process.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

int
process_background(int *ret_ready)
{
	int pipes[2], status;
	pid_t child;
	char byte;

	if (pipe(pipes) != 0)
		return -1;
	child = fork();
	if (child < 0)
		return -1;
	if (child > 0) {
		close(pipes[1]);
		if (read(pipes[0], &byte, 1) == 1)
			_exit(0);
		/* It ended before it was ready, and has said why. */
		(void)waitpid(child, &status, 0);
		_exit(1);
	}
	close(pipes[0]);
	(void)setsid();
	*ret_ready = pipes[1];
	return 0;
}

void
process_started(int ready)
{
	int null = open("/dev/null", O_RDWR);
	ssize_t n = write(ready, "", 1);

	(void)n;
	close(ready);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > 2)
		close(null);
}

static void
write_pid(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL) {
		log_warn("pidfile: %s: %s", path, strerror(errno));
		return;
	}
	fprintf(f, "%ld\n", (long)getpid());
	fclose(f);
}

static void
remove_pid(const char *path)
{
	(void)unlink(path);
}

/* Run `what` on each path that belongs to the daemon. */
static void
each_path(const char *path, const struct setup *setup, void (*what)(const char *path))
{
	if (path == NULL)
		return;
	what(path);
	for (size_t i = 0; i < setup->outputs; i++) {
		struct sbuf b = { 0 };

		sbuf_printf(&b, "%s-%s-%s", path, setup->output[i].env.type,
		    setup->output[i].env.name);
		what(sbuf_text(&b));
		sbuf_done(&b);
	}
}

void
process_pidfiles(const char *path, const struct setup *setup)
{
	each_path(path, setup, write_pid);
}

void
process_remove_pidfiles(const char *path, const struct setup *setup)
{
	each_path(path, setup, remove_pid);
}
