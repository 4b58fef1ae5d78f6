/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logging: to stderr, a file and syslog; as text lines or JSON lines. A line names its subject,
 * what happened and which rule was broken. Writing never blocks the caller for long: stderr that
 * does not take a line loses it, and the loss is counted and said later.
 *
 * The destination is one of the two writable things at file scope that the house allows.
 */
#ifndef WB_CORE_LOG_H
#define WB_CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

struct log_conf {
	const char *file;		/* NULL: none */
	const char *ident;		/* for syslog; NULL: the program's name */
	int facility;			/* syslog facility, -1: none */
	bool quiet_stderr;		/* daemonized */
	bool stamp_stderr;		/* log_stderr_tstamp */
	bool json;
	bool debug;
	const char *core_name;		/* core_proc_name, "default" */
};

/* -1 with errno where the file cannot be opened; the destination is then as it was. */
int	log_open(const struct log_conf *conf);
void	log_reopen(void);		/* SIGHUP */
void	log_close(void);
uint64_t log_lost(void);		/* lines that stderr or the disk did not take */

/* subject: "default/core", "in/sqlite3", ... as pmacct prints it; NULL: the core. */
void	log_write(enum log_level level, const char *subject, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

#define log_error(...)	log_write(LOG_LVL_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)	log_write(LOG_LVL_WARN, NULL, __VA_ARGS__)
#define log_info(...)	log_write(LOG_LVL_INFO, NULL, __VA_ARGS__)
#define log_debug(...)	log_write(LOG_LVL_DEBUG, NULL, __VA_ARGS__)

/*
 * A limit for a flood of like lines: `if (log_allowed(&limit, now)) log_warn(...)`. Lets `burst`
 * through per `per_s` seconds (10 per 60 s where the struct is zero); how many were held back is
 * in `held` when the next one passes and is set to zero by the caller who prints it.
 */
struct log_limit {
	mono_t since;
	uint32_t passed;
	uint32_t held;
};

bool	log_allowed(struct log_limit *limit, mono_t now);

#endif
