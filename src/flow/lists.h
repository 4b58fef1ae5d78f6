/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports_file, protos_file, tos_file: numbers, one per line, that keys keep as they are; any other
 * number becomes one value for "the rest" (compat/interface.md 8.2).
 */
#ifndef WB_FLOW_LISTS_H
#define WB_FLOW_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

enum list_kind { LIST_PORTS, LIST_PROTOS, LIST_TOS, LIST_KINDS };

struct list {
	uint16_t rest;			/* what a number that is not listed becomes */
	uint64_t bits[];		/* a bit per number: 65,536 or 256 */
};

/* NULL with errors in notes. */
struct list *list_load(enum list_kind kind, const char *path, struct conf_notes *notes);
void	list_free(struct list *list);

static inline bool
list_has(const struct list *list, uint16_t number)
{
	return list->bits[number / 64] >> (number % 64) & 1;
}

static inline uint16_t
list_apply(const struct list *list, uint16_t number)
{
	return list_has(list, number) ? number : list->rest;
}

#endif
