/* SPDX-License-Identifier: BSD-2-Clause */
/* The pool of names, and the nearest known word to a misspelt one. */
#include "core/names.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

#define NAME_MAX_BYTES	255

struct names {
	pthread_mutex_t lock;
	struct slots index;
	uint32_t most;
	_Atomic uint32_t count;
	_Atomic uint64_t refused;
	_Atomic(char *) *text;		/* reserved room: entries never move */
};

struct names *
names_new(uint32_t most)
{
	struct names *names = mem_new(sizeof(*names));

	names->most = most < (1u << 24) ? most : 1u << 24;
	names->text = mem_reserve((names->most + 1) * sizeof(*names->text), 0);
	atomic_store(&names->text[0], mem_strdup(""));
	names->count = 1;
	slots_init(&names->index, 64);
	pthread_mutex_init(&names->lock, NULL);
	return names;
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	for (uint32_t i = 0; i < names->count; i++)
		mem_free(names->text[i]);
	mem_unreserve((void *)names->text, (names->most + 1) * sizeof(*names->text));
	slots_done(&names->index);
	pthread_mutex_destroy(&names->lock);
	mem_free(names);
}

static uint64_t
hash_of_name(const void *ctx, uint32_t id)
{
	const char *text = names_get(ctx, id);

	return hash_bytes(text, strlen(text), hash_seed());
}

uint32_t
names_put(struct names *names, const char *text, size_t len)
{
	char copy[NAME_MAX_BYTES + 1];
	struct slots_at at;
	uint64_t hash;
	uint32_t id;

	len = strnlen(text, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES);
	if (len == 0)
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	hash = hash_bytes(copy, len, hash_seed());

	pthread_mutex_lock(&names->lock);
	for (id = slots_first(&names->index, hash, &at); id != SLOTS_NONE;
	    id = slots_next(&names->index, &at))
		if (strcmp(names_get(names, id), copy) == 0)
			break;
	if (id == SLOTS_NONE) {
		if (names->count > names->most - 1) {
			names->refused++;
			id = 0;
		} else {
			id = names->count;
			atomic_store_explicit(&names->text[id], mem_strdup(copy),
			    memory_order_release);
			atomic_store_explicit(&names->count, id + 1, memory_order_release);
			slots_put(&names->index, hash, id, hash_of_name, names);
		}
	}
	pthread_mutex_unlock(&names->lock);
	return id;
}

const char *
names_get(const struct names *names, uint32_t id)
{
	if (id >= atomic_load_explicit(&((struct names *)(uintptr_t)names)->count,
	    memory_order_acquire))
		return "";
	return atomic_load_explicit(&names->text[id], memory_order_acquire);
}

uint64_t
names_refused(const struct names *names)
{
	return names->refused;
}

/* Edit distance with transpositions of neighbours (optimal string alignment), cut at 64 bytes. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[3][65];
	size_t la = strnlen(a, 64), lb = strnlen(b, 64);

	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
			unsigned best = up[j - 1] + (ca != cb);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *
nearest_word(const char *word, const char *(*nth)(const void *, size_t), const void *ctx, size_t n)
{
	unsigned least = (unsigned)strlen(word) / 3 + 1;	/* further off is not "near" */
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *known = nth(ctx, i);
		unsigned d = distance(word, known);

		if (d <= least && (best == NULL || d < least)) {
			least = d;
			best = known;
		}
	}
	return best;
}
