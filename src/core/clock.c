/* SPDX-License-Identifier: BSD-2-Clause */
/* The clocks of the machine, as types. */
#include "core/clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

mono_t
mono_now(void)
{
	return (mono_t){ read_clock(CLOCK_MONOTONIC) };
}

wall_t
wall_now(void)
{
	return (wall_t){ read_clock(CLOCK_REALTIME) };
}

int64_t
cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}
