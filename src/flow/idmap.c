/* SPDX-License-Identifier: BSD-2-Clause */
/* A small bounded map from number to number. See idmap.h. */
#include "flow/idmap.h"

#include "core/mem.h"

static uint64_t
hash_of_key(uint64_t key)
{
	return hash_words(&key, 1, hash_seed());
}

static uint64_t
hash_of_entry(const void *ctx, uint32_t index)
{
	const struct idmap *m = ctx;

	return hash_of_key(m->entry[index].key);
}

static struct idmap_entry *
seek(const struct idmap *m, uint64_t key)
{
	struct slots_at at;
	uint32_t i;

	if (m->count == 0)
		return NULL;
	for (i = slots_first(&m->slots, hash_of_key(key), &at); i != SLOTS_NONE;
	    i = slots_next(&m->slots, &at))
		if (m->entry[i].key == key)
			return &m->entry[i];
	return NULL;
}

bool
idmap_put(struct idmap *m, uint64_t key, uint64_t value)
{
	struct idmap_entry *e = seek(m, key);

	if (e != NULL) {
		bool other = e->value != value;

		e->value = value;
		return other;
	}
	if (m->count == IDMAP_MOST)
		return false;
	if (m->room == 0)
		slots_init(&m->slots, 8);
	if (m->count == m->room) {
		m->room = m->room ? 2 * m->room : 4;
		m->entry = mem_grow(m->entry, m->room, sizeof(*m->entry));
	}
	m->entry[m->count] = (struct idmap_entry){ key, value };
	slots_put(&m->slots, hash_of_key(key), m->count, hash_of_entry, m);
	m->count++;
	return true;
}

bool
idmap_get(const struct idmap *m, uint64_t key, uint64_t *ret_value)
{
	const struct idmap_entry *e = seek(m, key);

	if (e == NULL)
		return false;
	*ret_value = e->value;
	return true;
}

void
idmap_done(struct idmap *m)
{
	if (m->room > 0)
		slots_done(&m->slots);
	mem_free(m->entry);
	*m = (struct idmap){ .count = 0 };
}
