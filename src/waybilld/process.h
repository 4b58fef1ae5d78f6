/* SPDX-License-Identifier: BSD-2-Clause */
/* What a daemon does with its own process: log, background, pid files. */
#ifndef WB_WAYBILLD_PROCESS_H
#define WB_WAYBILLD_PROCESS_H

#include "waybilld/setup.h"

/* Log where a configuration says. -1: the file cannot be opened, which is said where the log was. */
int	process_log(const struct conf *conf);

/*
 * Go to the background. Returns in the child; the parent waits until the child says that it has
 * started (process_started) and exits with 0, or with 1 when the child ended before. -1 with errno.
 */
int	process_background(int *ret_ready);

/* In the child: tell the parent, let go of the terminal. */
void	process_started(int ready);

/*
 * pmacct's pid files: `path` for the daemon, `path-type-name` for each output. NULL: none. Over a
 * reload (before is not NULL) those of outputs that came are written and of those that went removed.
 */
void	process_pidfiles(const char *path, const struct setup *now, const struct setup *before);
void	process_remove_pidfiles(const char *path, const struct setup *setup);

#endif
