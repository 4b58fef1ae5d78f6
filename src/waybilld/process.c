/* SPDX-License-Identifier: BSD-2-Clause */
/* Log, background and pid files. */
#include "waybilld/process.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"

static int
facility_of(const char *word)
{
	static const struct { const char *word; int facility; } names[] = {
		{ "auth", LOG_AUTH }, { "mail", LOG_MAIL }, { "daemon", LOG_DAEMON },
		{ "kern", LOG_KERN }, { "user", LOG_USER }, { "local0", LOG_LOCAL0 },
		{ "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
		{ "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
		{ "local7", LOG_LOCAL7 },
	};

	for (size_t i = 0; word != NULL && i < ARRAY_LEN(names); i++)
		if (strcmp(word, names[i].word) == 0)
			return names[i].facility;
	return -1;
}

int
process_log(const struct conf *conf)
{
	const char *format = conf_text(conf, CONF_ALL, "log_format");
	struct log_conf lc = {
		.file = conf_text(conf, CONF_ALL, "logfile"),
		.ident = conf_text(conf, CONF_ALL, "syslog_ident"),
		.facility = facility_of(conf_text(conf, CONF_ALL, "syslog")),
		.stamp_stderr = conf_bool(conf, CONF_ALL, "log_stderr_tstamp"),
		.json = format != NULL && strcmp(format, "json") == 0,
		.debug = conf_bool(conf, CONF_ALL, "debug"),
		.core_name = conf_text(conf, CONF_ALL, "core_proc_name"),
	};

	if (log_open(&lc) == 0)
		return 0;
	log_error("logfile: %s: %s", lc.file, strerror(errno));
	return -1;
}

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

/* "path-type-name", as pmacct has it. */
static void
on_path_of(const char *path, const struct setup_output *o, void (*what)(const char *path))
{
	struct sbuf b = { 0 };

	sbuf_printf(&b, "%s-%s-%s", path, o->env.type, o->env.name);
	what(sbuf_text(&b));
	sbuf_done(&b);
}

static bool
has_output(const struct setup *s, const struct setup_output *o)
{
	for (size_t i = 0; i < s->outputs; i++)
		if (strcmp(s->output[i].subject, o->subject) == 0)
			return true;
	return false;
}

void
process_pidfiles(const char *path, const struct setup *now, const struct setup *before)
{
	if (path == NULL)
		return;
	if (before == NULL)
		write_pid(path);
	for (size_t i = 0; before != NULL && i < before->outputs; i++)
		if (!has_output(now, &before->output[i]))
			on_path_of(path, &before->output[i], remove_pid);
	for (size_t i = 0; i < now->outputs; i++)
		if (before == NULL || !has_output(before, &now->output[i]))
			on_path_of(path, &now->output[i], write_pid);
}

void
process_remove_pidfiles(const char *path, const struct setup *setup)
{
	if (path == NULL)
		return;
	remove_pid(path);
	for (size_t i = 0; i < setup->outputs; i++)
		on_path_of(path, &setup->output[i], remove_pid);
}
