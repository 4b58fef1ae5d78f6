/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `*_trigger_exec`: a program started after a purge. It is started without a shell and never
 * waited for; at most TRIGGER_MOST run at a time for an output.
 */
#ifndef WB_OUT_TRIGGER_H
#define WB_OUT_TRIGGER_H

#include <sys/types.h>

#include "out/output.h"

#define TRIGGER_MOST	8

struct trigger {
	pid_t running[TRIGGER_MOST];
};

/* What the program is told by its environment. */
struct trigger_facts {
	int64_t refresh_s, history_s, bin_s, elapsed_s;
	size_t total_rows, written_rows;
};

/* -1 with errno where it cannot be started; EAGAIN: TRIGGER_MOST are still running. */
int	trigger_run(struct trigger *t, const char *path, const struct trigger_facts *facts);

/* Collect those that have ended. */
void	trigger_reap(struct trigger *t);

#endif
