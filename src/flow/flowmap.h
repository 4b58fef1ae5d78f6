/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps over flows of which the first rule that fits says a value (compat/interface.md 8.3, 8.5): agents,
 * RDs, numbers of the source. Compiled and indexed by the loader, read-only afterwards (conf/rules.h).
 */
#ifndef WB_FLOW_FLOWMAP_H
#define WB_FLOW_FLOWMAP_H

#include "flow/flowkeys.h"

struct flowmap;

struct flowmap *flowmap_load(enum flowmap_kind kind, const char *path, struct conf_notes *notes);
void	flowmap_free(struct flowmap *map);

/* The first rule that fits; NULL where none does. */
const struct flowmap_result *flowmap_match(const struct flowmap *map,
	    const struct flowmap_subject *subject);

/* All rules that fit, one after the other: *at starts as 0. NULL behind the last. */
const struct flowmap_result *flowmap_next(const struct flowmap *map,
	    const struct flowmap_subject *subject, size_t *at);

/* No rule looks at more than the exporter's address: one answer holds for all its flows. */
bool	flowmap_by_exporter(const struct flowmap *map);

/* Equal for maps of equal rules: what was cached of one holds for the other. Never 0. */
uint64_t flowmap_digest(const struct flowmap *map);

#endif
