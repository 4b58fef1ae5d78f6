/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time as two types that do not mix: mono_t is a point on the monotonic clock (timers, ages),
 * wall_t a point in UTC since 1970 (stamps, bins). Both count nanoseconds. The zero of each
 * means "not set".
 */
#ifndef WB_CORE_CLOCK_H
#define WB_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_SEC	INT64_C(1000000000)
#define NS_PER_MS	INT64_C(1000000)
#define NS_PER_USEC	INT64_C(1000)

typedef struct { int64_t ns; } mono_t;
typedef struct { int64_t ns; } wall_t;

mono_t	mono_now(void);
wall_t	wall_now(void);

/* CPU time of the calling thread, in ns: for measuring, never for deciding. */
int64_t	cpu_ns(void);

static inline mono_t mono_add(mono_t t, int64_t ns) { return (mono_t){ t.ns + ns }; }
static inline int64_t mono_since(mono_t now, mono_t then) { return now.ns - then.ns; }
static inline bool mono_due(mono_t now, mono_t due) { return due.ns != 0 && now.ns >= due.ns; }

static inline wall_t wall_add(wall_t t, int64_t ns) { return (wall_t){ t.ns + ns }; }
static inline wall_t wall_of_sec(int64_t sec) { return (wall_t){ sec * NS_PER_SEC }; }
static inline int64_t wall_sec(wall_t t) { return t.ns / NS_PER_SEC; }
static inline uint32_t wall_usec(wall_t t) { return (uint32_t)(t.ns % NS_PER_SEC / 1000); }

#endif
