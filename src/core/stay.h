/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a thread that is to work in slices stayed in one: the longest so far, by the clock and by
 * the thread's CPU time. What the clock says beyond the CPU's time is mostly waiting for a CPU that others have.
 */
#ifndef WB_CORE_STAY_H
#define WB_CORE_STAY_H

#include <stdint.h>

#include "core/clock.h"

struct stay {
	uint64_t ns, cpu_ns;
};

struct stay_watch {
	mono_t began;
	int64_t cpu_ns;
};

struct stay_watch stay_begin(void);
void	stay_end(struct stay *longest, const struct stay_watch *watch);

#endif
