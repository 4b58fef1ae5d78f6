/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When something was lost last. Counters remember for ever; health tells a loss for a while after the
 * last one and then recovers, so that whoever is woken by it knows that it is going on. Control only.
 */
#ifndef WB_WAYBILLD_HEALTH_H
#define WB_WAYBILLD_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"

#define HEALTH_KINDS	6		/* of loss, each a counter of the books */
#define HEALTH_MEMORY_NS (600 * NS_PER_SEC)

struct health {
	uint64_t seen[HEALTH_KINDS];
	mono_t last[HEALTH_KINDS];
};

/* Called now and then with what the counters have. */
void	health_note(struct health *h, const uint64_t n[HEALTH_KINDS], mono_t now);

/* Was there a loss of this kind lately? n: what its counter has now. */
bool	health_recent(const struct health *h, unsigned kind, uint64_t n, mono_t now);

#endif
