/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: short texts (interface names, VRF names, labels, classes) as 32-bit ids, for the whole
 * process. Append-only and bounded, so an id is good for ever and may be read by any thread
 * without asking. Any thread may put (rare, under a lock).
 */
#ifndef WB_CORE_NAMES_H
#define WB_CORE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names;

struct names *names_new(uint32_t most);		/* at most this many, 2^24 at the most */
void	names_free(struct names *names);

/* The id of a text, 1 and up; 0 is the empty text, and what is given when the pool is full. */
uint32_t names_put(struct names *names, const char *text, size_t len);
const char *names_get(const struct names *names, uint32_t id);	/* never NULL */
uint64_t names_refused(const struct names *names);	/* puts that found the pool full */

/* The word of a list that is nearest to `word` by spelling, or NULL when none is near. */
const char *nearest_word(const char *word, const char *(*nth)(const void *ctx, size_t i),
	    const void *ctx, size_t n_words);

#endif
