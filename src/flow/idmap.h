/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small bounded map from number to number: interface index to name, VRF to name, sampler to
 * rate. Takes memory only once something was put in.
 */
#ifndef WB_FLOW_IDMAP_H
#define WB_FLOW_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/hash.h"

#define IDMAP_MOST	65536

struct idmap {
	struct slots slots;
	struct idmap_entry { uint64_t key, value; } *entry;
	uint32_t count, room;
};

/* True when it was not there with this value; false also when the map is full. */
bool	idmap_put(struct idmap *m, uint64_t key, uint64_t value);
bool	idmap_get(const struct idmap *m, uint64_t key, uint64_t *ret_value);
void	idmap_done(struct idmap *m);

/* The value, or 0. */
static inline uint64_t
idmap_value(const struct idmap *m, uint64_t key)
{
	uint64_t value = 0;

	if (m->count > 0)
		(void)idmap_get(m, key, &value);
	return value;
}

#endif
