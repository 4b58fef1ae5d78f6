/* SPDX-License-Identifier: BSD-2-Clause */
/* When something was lost last. */
#include "waybilld/health.h"

void
health_note(struct health *h, const uint64_t n[HEALTH_KINDS], mono_t now)
{
	for (unsigned i = 0; i < HEALTH_KINDS; i++) {
		/* The counters of an output go with it on a reload. */
		if (n[i] > h->seen[i])
			h->last[i] = now;
		h->seen[i] = n[i];
	}
}

bool
health_recent(const struct health *h, unsigned kind, uint64_t n, mono_t now)
{
	if (n > h->seen[kind])
		return true;
	return n > 0 && mono_since(now, h->last[kind]) < HEALTH_MEMORY_NS;
}
