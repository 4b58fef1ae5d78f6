/* SPDX-License-Identifier: BSD-2-Clause */
/* A few places, each emptied and filled by exchanging its pointer. */
#include "agg/rack.h"

#include <stdatomic.h>

#include "agg/slice.h"
#include "core/mem.h"

#define PLACES		16			/* a slice for each worker of a large machine */
#define MOST_BYTES	((size_t)256 << 20)	/* in all places */
#define MOST_SLOTS	(UINT64_C(4) << 20)	/* cleared before they are put: no more than that */
#define GRAIN		((size_t)2 << 20)	/* large pages are kept whole */

struct rack {
	struct room *_Atomic place[PLACES];
	_Atomic size_t bytes;
};

static void
room_done(struct room *room)
{
	entries_give_back(room->entry, ENTRIES_ROOM, room->stride);
	slots_done(&room->slots);
	*room = (struct room){ 0 };
}

struct rack *
rack_new(void)
{
	return mem_new(sizeof(struct rack));
}

void
rack_free(struct rack *rack)
{
	if (rack == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++) {
		struct room *room = atomic_load(&rack->place[i]);

		if (room != NULL)
			room_done(room);
		mem_free(room);
	}
	mem_free(rack);
}

bool
rack_take(struct rack *rack, size_t stride, struct room *ret)
{
	for (size_t i = 0; rack != NULL && i < PLACES; i++) {
		struct room *room;

		if (atomic_load_explicit(&rack->place[i], memory_order_relaxed) == NULL)
			continue;
		room = atomic_exchange_explicit(&rack->place[i], NULL, memory_order_acquire);
		if (room == NULL)
			continue;
		atomic_fetch_sub_explicit(&rack->bytes, room->bytes, memory_order_relaxed);
		if (room->stride != stride)
			room_done(room);
		else
			*ret = *room;
		mem_free(room);
		if (ret->entry != NULL)
			return true;
	}
	return false;
}

/* Pages behind what was used go back; false where it is too much to keep. What stays is charged. */
static bool
trim(struct rack *rack, struct room *room, size_t used)
{
	size_t bytes = used * room->stride * sizeof(*room->entry);
	size_t whole = ENTRIES_ROOM * room->stride * sizeof(*room->entry);

	bytes = (bytes + GRAIN - 1) / GRAIN * GRAIN;
	if (room->slots.mask >= MOST_SLOTS)
		slots_done(&room->slots);
	room->bytes = bytes;
	if (room->slots.slot != NULL)
		room->bytes += (room->slots.mask + 1) * sizeof(*room->slots.slot);
	if (atomic_fetch_add_explicit(&rack->bytes, room->bytes, memory_order_relaxed) + room->bytes >
	    MOST_BYTES) {
		atomic_fetch_sub_explicit(&rack->bytes, room->bytes, memory_order_relaxed);
		return false;
	}
	mem_release((char *)room->entry + bytes, whole - bytes);
	if (room->slots.slot != NULL)
		slots_clear(&room->slots);
	return true;
}

void
rack_put(struct rack *rack, struct room *room, size_t used)
{
	struct room *kept, *none;

	if (rack == NULL || room->entry == NULL || !trim(rack, room, used)) {
		room_done(room);
		return;
	}
	kept = mem_dup(room, sizeof(*room));
	*room = (struct room){ 0 };
	for (size_t i = 0; i < PLACES; i++) {
		none = NULL;
		if (atomic_compare_exchange_strong_explicit(&rack->place[i], &none, kept,
		    memory_order_release, memory_order_relaxed))
			return;
	}
	atomic_fetch_sub_explicit(&rack->bytes, kept->bytes, memory_order_relaxed);
	room_done(kept);
	mem_free(kept);
}
