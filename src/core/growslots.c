/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing in steps. A step ends at a free place of the old slots: then whatever has its home before
 * that place also stands before it, and went over. The first place that goes over is a free one as
 * well; entries added at the end of the old slots may wrap around over it, so moving goes on past
 * the last place until a free one.
 */
#include "core/growslots.h"

#include <assert.h>

#include "core/mem.h"

#define GIVE_BACK	(UINT64_C(1) << 18)	/* places whose memory goes back at once: 2 MiB */
#define PLACES	256		/* moved per step at least: the old ones get three quarters full at most */

static void
settled(struct growslots *g)
{
	g->old = (struct slots){ 0 };
	g->start = 0;
	g->moved = 1;
}

void
growslots_init(struct growslots *g, size_t expected)
{
	slots_init(&g->now, expected < GROWSLOTS_STEP ? GROWSLOTS_STEP : expected);
	settled(g);
}

void
growslots_adopt(struct growslots *g, struct slots *slots)
{
	assert(slots->used == 0 && slots->mask + 1 >= 2 * GROWSLOTS_STEP);
	g->now = *slots;
	*slots = (struct slots){ 0 };
	settled(g);
}

void
growslots_done(struct growslots *g)
{
	slots_done(&g->now);
	slots_done(&g->old);
}

static void
begin(struct growslots *g)
{
	uint64_t at = 0;

	g->old = g->now;
	slots_init_lazily(&g->now, g->old.mask + 1);
	while (g->old.slot[at] != 0)
		at++;
	g->start = at;
	g->moved = 0;
}

/*
 * Memory of places that went over goes back as it comes: all of it at once takes its time as well.
 * Not that of the first ones, where entries of the last ones may have wrapped around to by now.
 */
static void
give_back(struct slots *old, uint64_t at, uint64_t moved)
{
	if (at % GIVE_BACK == 0 && at > 0 && moved > GIVE_BACK)
		mem_release(&old->slot[at - GIVE_BACK], GIVE_BACK * sizeof(*old->slot));
}

static void
move(struct growslots *g, uint64_t places)
{
	struct slots *old = &g->old;

	for (uint64_t until = g->moved + places;; g->moved++) {
		uint64_t at = (g->start + g->moved) & old->mask;
		uint64_t *slot = &old->slot[at];

		if (*slot == 0 && (g->moved >= until || g->moved > old->mask))
			break;
		give_back(old, at, g->moved);
		if (*slot == 0)
			continue;
		slots_place(&g->now, *slot);
		*slot = 0;
		old->used--;
	}
	if (g->moved <= old->mask)
		return;
	assert(old->used == 0);
	slots_done(old);
	settled(g);
	slots_prefer_huge(&g->now);
}

void
growslots_step(struct growslots *g)
{
	if (g->old.slot == NULL && 2 * (g->now.used + GROWSLOTS_STEP) > g->now.mask + 1)
		begin(g);
	if (g->old.slot != NULL)
		move(g, PLACES);
}

void
growslots_settle(struct growslots *g)
{
	if (g->old.slot != NULL)
		move(g, g->old.mask + 1);
}
