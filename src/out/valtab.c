/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values by id: the bytes lie one behind the other in one buffer, an id is an index into the list
 * of their places, and slots find the id of bytes that are there already.
 */
#include "out/bintab.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "out/bintab_priv.h"

struct place {
	uint64_t at;
	uint32_t len;
};

struct valtab {
	struct slots slots;
	struct place *place;		/* [id]; 0 is the empty one */
	size_t count, room;
	uint8_t *bytes;
	size_t used, bytes_room;
};

struct valtab *
valtab_new(void)
{
	struct valtab *values = mem_new(sizeof(*values));

	slots_init(&values->slots, 16);
	values->room = 16;
	values->place = mem_array(values->room, sizeof(*values->place));
	values->count = 1;
	values->bytes_room = 256;
	values->bytes = mem_new(values->bytes_room);
	return values;
}

void
valtab_free(struct valtab *values)
{
	if (values == NULL)
		return;
	slots_done(&values->slots);
	mem_free(values->place);
	mem_free(values->bytes);
	mem_free(values);
}

void
valtab_clear(struct valtab *values)
{
	if (values->count == 1)
		return;
	slots_clear(&values->slots);
	values->count = 1;
	values->used = 0;
}

static uint64_t
hash_of_value(const void *ctx, uint32_t id)
{
	const struct valtab *values = ctx;

	return hash_bytes(values->bytes + values->place[id].at, values->place[id].len, hash_seed());
}

static uint32_t
append(struct valtab *values, const void *bytes, size_t len)
{
	if (values->count == values->room) {
		values->room *= 2;
		values->place = mem_grow(values->place, values->room, sizeof(*values->place));
	}
	if (values->bytes_room - values->used < len) {
		while (values->bytes_room - values->used < len)
			values->bytes_room *= 2;
		values->bytes = mem_grow(values->bytes, values->bytes_room, 1);
	}
	memcpy(values->bytes + values->used, bytes, len);
	values->place[values->count] = (struct place){ values->used, (uint32_t)len };
	values->used += len;
	return (uint32_t)values->count++;
}

uint32_t
valtab_put(struct valtab *values, const void *bytes, size_t len)
{
	struct slots_at at;
	uint64_t hash;
	uint32_t id;

	if (len == 0)
		return 0;
	assert(len < UINT32_MAX && values->count < SLOTS_NONE);
	hash = hash_bytes(bytes, len, hash_seed());
	for (id = slots_first(&values->slots, hash, &at); id != SLOTS_NONE;
	    id = slots_next(&values->slots, &at)) {
		const struct place *p = &values->place[id];

		if (p->len == len && memcmp(values->bytes + p->at, bytes, len) == 0)
			return id;
	}
	id = append(values, bytes, len);
	slots_put(&values->slots, hash, id, hash_of_value, values);
	return id;
}

uint32_t
valtab_count(const struct valtab *values)
{
	return (uint32_t)(values->count - 1);
}

const uint8_t *
valtab_get(const struct valtab *values, uint32_t id, size_t *ret_len)
{
	assert(id < values->count);
	*ret_len = values->place[id].len;
	return values->bytes + values->place[id].at;
}

size_t
valtab_bytes(const struct valtab *values)
{
	return values->bytes_room + values->room * sizeof(*values->place) +
	    (values->slots.mask + 1) * sizeof(*values->slots.slot);
}
