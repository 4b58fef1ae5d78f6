/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines, their destinations, and limits on floods. */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/sbuf.h"

#define LIMIT_BURST	10
#define LIMIT_PERIOD	(60 * NS_PER_SEC)

static struct {
	pthread_mutex_t lock;
	struct log_conf conf;
	char *file;
	char *ident;
	char *core_name;
	int fd;				/* of the file, -1 */
	bool syslog;
	_Atomic bool debug;
	_Atomic uint64_t lost;
} dest = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static const struct {
	const char *name;
	const char *json;
	int priority;
} levels[] = {
	[LOG_LVL_ERROR] = { "ERROR", "error", LOG_ERR },
	[LOG_LVL_WARN] = { "WARN", "warning", LOG_WARNING },
	[LOG_LVL_INFO] = { "INFO", "info", LOG_INFO },
	[LOG_LVL_DEBUG] = { "DEBUG", "debug", LOG_DEBUG },
};

/* Make the folders above a file, as pmacct does for its log file. */
static void
make_folders(const char *path)
{
	char *copy = mem_strdup(path);

	for (char *p = strchr(copy + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(copy, 0755);
		*p = '/';
	}
	mem_free(copy);
}

static int
open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0 && errno == ENOENT) {
		make_folders(path);
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	}
	return fd;
}

/* With the lock held. */
static void
forget_destination(void)
{
	if (dest.fd >= 0)
		close(dest.fd);
	if (dest.syslog)
		closelog();
	mem_free(dest.file);
	mem_free(dest.ident);
	mem_free(dest.core_name);
	dest.file = dest.ident = dest.core_name = NULL;
	dest.fd = -1;
	dest.syslog = false;
}

int
log_open(const struct log_conf *conf)
{
	int fd = -1;

	if (conf->file != NULL && (fd = open_file(conf->file)) < 0)
		return -1;
	pthread_mutex_lock(&dest.lock);
	forget_destination();
	dest.conf = *conf;
	dest.file = conf->file != NULL ? mem_strdup(conf->file) : NULL;
	dest.ident = conf->ident != NULL ? mem_strdup(conf->ident) : NULL;
	dest.core_name = mem_strdup(conf->core_name != NULL ? conf->core_name : "default");
	dest.fd = fd;
	dest.syslog = conf->facility >= 0;
	atomic_store(&dest.debug, conf->debug);
	if (dest.syslog)
		openlog(dest.ident, LOG_PID, conf->facility);
	pthread_mutex_unlock(&dest.lock);
	return 0;
}

void
log_reopen(void)
{
	pthread_mutex_lock(&dest.lock);
	if (dest.file != NULL) {
		int fd = open_file(dest.file);

		/* Where the new one cannot be opened the old one goes on. */
		if (fd >= 0) {
			if (dest.fd >= 0)
				close(dest.fd);
			dest.fd = fd;
		}
	}
	pthread_mutex_unlock(&dest.lock);
}

void
log_close(void)
{
	pthread_mutex_lock(&dest.lock);
	forget_destination();
	pthread_mutex_unlock(&dest.lock);
}

uint64_t
log_lost(void)
{
	return atomic_load(&dest.lost);
}

static void
put(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			atomic_fetch_add(&dest.lost, 1);
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

static void
add_stamp(struct sbuf *b, wall_t now)
{
	time_t sec = (time_t)wall_sec(now);
	struct tm tm;
	char text[40];

	localtime_r(&sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	sbuf_str(b, text);
}

static void
add_json(struct sbuf *b, enum log_level level, const char *subject, const char *text)
{
	struct json j = json_of(b);
	struct sbuf stamp = { 0 };

	add_stamp(&stamp, wall_now());
	json_object(&j, NULL);
	json_str(&j, "timestamp", sbuf_text(&stamp));
	json_str(&j, "level", levels[level].json);
	json_str(&j, "subject", subject);
	json_str(&j, "message", text);
	json_end(&j, '}');
	sbuf_char(b, '\n');
	sbuf_done(&stamp);
}

void
log_write(enum log_level level, const char *subject, const char *fmt, ...)
{
	struct sbuf text = { 0 }, line = { 0 };
	char core[80];
	size_t bare = 0;
	va_list ap;

	if (level == LOG_LVL_DEBUG && !atomic_load_explicit(&dest.debug, memory_order_relaxed))
		return;
	va_start(ap, fmt);
	sbuf_vprintf(&text, fmt, ap);
	va_end(ap);

	pthread_mutex_lock(&dest.lock);
	if (subject == NULL) {
		snprintf(core, sizeof(core), "%s/core",
		    dest.core_name != NULL ? dest.core_name : "default");
		subject = core;
	}
	if (dest.conf.json) {
		add_json(&line, level, subject, sbuf_text(&text));
	} else {
		add_stamp(&line, wall_now());
		sbuf_char(&line, ' ');
		bare = line.len;
		sbuf_printf(&line, "%s ( %s ): %s\n", levels[level].name, subject, sbuf_text(&text));
	}
	if (dest.fd >= 0)
		put(dest.fd, line.text, line.len);
	if (dest.syslog)
		syslog(levels[level].priority, "( %s ): %s", subject, sbuf_text(&text));
	if (dest.fd < 0 && !dest.syslog && !dest.conf.quiet_stderr) {
		if (dest.conf.stamp_stderr)
			bare = 0;
		put(STDERR_FILENO, line.text + bare, line.len - bare);
	}
	pthread_mutex_unlock(&dest.lock);
	sbuf_done(&text);
	sbuf_done(&line);
}

bool
log_allowed(struct log_limit *limit, mono_t now)
{
	if (limit->since.ns == 0 || mono_since(now, limit->since) >= LIMIT_PERIOD) {
		limit->since = now;
		limit->passed = 0;
	}
	if (limit->passed < LIMIT_BURST) {
		limit->passed++;
		return true;
	}
	limit->held++;
	return false;
}
