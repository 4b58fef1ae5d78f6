/* SPDX-License-Identifier: BSD-2-Clause */
/* What a daemon does with its own process: background, pid files. */
#ifndef WB_WAYBILLD_PROCESS_H
#define WB_WAYBILLD_PROCESS_H

#include "waybilld/setup.h"

/*
 * Go to the background. Returns in the child; the parent waits until the child says that it has
 * started (process_started) and exits with 0, or with 1 when the child ended before. -1 with errno.
 */
int	process_background(int *ret_ready);

/* In the child: tell the parent, let go of the terminal. */
void	process_started(int ready);

/* pmacct's pid files: `path` for the daemon, `path-type-name` for each output. */
void	process_pidfiles(const char *path, const struct setup *setup);
void	process_remove_pidfiles(const char *path, const struct setup *setup);

#endif
