/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a slice took; see stay.h. */
#include "core/stay.h"

struct stay_watch
stay_begin(void)
{
	return (struct stay_watch){ .began = mono_now(), .cpu_ns = cpu_ns() };
}

void
stay_end(struct stay *longest, const struct stay_watch *watch)
{
	uint64_t ns = (uint64_t)mono_since(mono_now(), watch->began);
	uint64_t cpu = (uint64_t)(cpu_ns() - watch->cpu_ns);

	if (ns > longest->ns)
		longest->ns = ns;
	if (cpu > longest->cpu_ns)
		longest->cpu_ns = cpu;
}
