/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a view is made of: view.c makes and changes it on control, lookup.c reads it on any thread.
 */
#ifndef WB_RIB_VIEW_PRIV_H
#define WB_RIB_VIEW_PRIV_H

#include "rib/rib_priv.h"

/* Columns of one table, in the order of preference. */
struct collist {
	const struct table *table;
	uint32_t n;
	uint32_t first;				/* those of the first tier */
	struct column *col[];
};

struct view {
	struct addr router;
	uint64_t rd;
	bool by_id;
	_Atomic uint32_t users;			/* tellers, or columns of a VPN table; 0: not found */
	_Atomic uint32_t down;			/* tellers that are down */
	struct collist *_Atomic list[RIB_AFIS];
	const struct view *global;		/* of a VPN view: looked at together with it */
	struct view *next;			/* in the bucket; set before it is published */
};

static inline const struct collist *
view_list(const struct view *v, enum rib_afi afi)
{
	return atomic_load_explicit(&((struct view *)(uintptr_t)v)->list[afi], memory_order_acquire);
}

/* Where the tier that begins at a column ends. */
static inline uint32_t
tier_end(const struct collist *list, uint32_t from)
{
	uint32_t end = from;

	while (end < list->n && list->col[end]->tier == list->col[from]->tier)
		end++;
	return end;
}

/* Of several paths: the one with the flow's own next hop, else the preferred one. */
uint32_t set_choose(const struct rib *rib, uint32_t cell, const struct addr *hint);

#endif
