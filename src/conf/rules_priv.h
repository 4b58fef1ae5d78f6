/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map of rules from the inside: what reading (rules.c) and indexing (rules_index.c)
 * make, and asking (rules_ask.c) goes by.
 */
#ifndef WB_CONF_RULES_PRIV_H
#define WB_CONF_RULES_PRIV_H

#include "conf/rules.h"
#include "core/hash.h"
#include "net/trie.h"

struct rule_test {
	const struct rules_key *key;
	struct rules_value value;
	uint8_t at;			/* where the key's words stand in a subject's */
	bool negated;
	bool compared;			/* by its words, by hash: no question is left */
};

struct rule {
	uint32_t first, tests;		/* in rules.test */
	uint32_t line, file;
	uint32_t shape;			/* while the index is made */
};

/* Rules of one shape that compare with the same values: usually one. */
struct bucket {
	uint32_t lowest;		/* one more than the first of the rules; 0: the place is free */
	uint32_t more;			/* one more than its place in shape.more; 0: it is one rule that asks
					   nothing more */
	uint64_t key[];			/* `words` of the shape */
};

struct more {
	uint32_t count, list;		/* rules, rising, in shape.rule */
	bool asks;			/* some of them ask more than comparisons */
};

/* Rules that compare the same words under the same masks. */
struct shape {
	uint8_t at[RULES_WORDS];	/* words of the subject, rising */
	uint64_t mask[RULES_WORDS];
	unsigned words;
	uint32_t lowest, highest;	/* of its rules */
	uint32_t rules;
	char *bucket;			/* places of `stride` bytes each, by hash; then the next free one */
	size_t stride, places;
	size_t record;			/* where a copy of the first rule's record is in them; 0: none */
	struct more *more;
	uint32_t mores, more_room;
	uint32_t *rule;			/* of those, bucket by bucket */
	bool in_trie;			/* struct lengths knows its first rules, too */
	/* Where a key is an address with prefixes of many lengths: see struct lengths. */
	uint8_t len[RULES_WORDS / 2];	/* of each, by its place in index.lengths */
};

/*
 * Which lengths of prefixes a rule may have for an address: what holds the longest prefix of all
 * rules that covers it, holds all that cover it. So shapes with other lengths need not be asked.
 */
struct lengths {
	uint8_t at;			/* the address's words */
	struct trie trie[2];		/* of IPv6, and of IPv4 without the 96 bits in front */
	struct around {
		uint64_t set[3];	/* bits of lengths, 0 to 128 */
		uint32_t lowest;	/* of rules that compare nothing but this address */
	} *around[2];			/* by the trie's value */
	size_t prefixes[2];
};

struct index {
	struct shape *shape;		/* by their lowest rule */
	size_t shapes;
	struct lengths *lengths;
	size_t lengthses;
};

/* What asking needs of a rule that fits, in one place. */
struct record {
	uint32_t jump;			/* RULES_NONE: it is the last that is looked at */
	uint64_t result[];		/* result_size bytes */
};

struct rules {
	struct rules_kind kind;
	struct rule *rule;
	char *record;			/* of each rule, `stride` bytes: struct record */
	size_t stride;
	struct rule_test *test;
	uint32_t rules, rule_room;
	size_t tests, test_room;
	char **file;
	uint32_t files;
	/* The keys that are compared, and where their words stand in a subject. */
	const struct rules_key *take[RULES_WORDS];
	uint8_t at[RULES_WORDS];
	unsigned takes, words;
	uint64_t tested, digest;
	uint32_t needs;
	struct index index;
	bool sealed;			/* copies of records are as the records */
	bool indexed;			/* records lie in a table of their own */
};

static inline struct record *
record_of(const struct rules *r, uint32_t rule)
{
	return (struct record *)(void *)(r->record + rule * r->stride);
}

static inline struct bucket *
bucket_at(const struct shape *shape, uint64_t place)
{
	return (struct bucket *)(void *)(shape->bucket + (place & (shape->places - 1)) * shape->stride);
}

static inline bool
same_words(const uint64_t *a, const uint64_t *b, unsigned words)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < words; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

/* The place of a key, or the free one where it would go. */
static inline __attribute__((always_inline)) struct bucket *
find_bucket(const struct shape *shape, const uint64_t *key, unsigned words, uint64_t hash)
{
	struct bucket *bucket = bucket_at(shape, hash);

	while (bucket->lowest != 0 && !same_words(bucket->key, key, words))
		bucket = bucket_at(shape, ++hash);
	return bucket;
}

static inline trie_key
key_of(const uint64_t word[2])
{
	return (trie_key)word[0] << 64 | word[1];
}

static inline bool
is_v4(const uint64_t word[2])
{
	return word[0] == 0 && word[1] >> 32 == 0xffff;
}

#define LENGTHS_MOST	8		/* addresses among the keys */

void	rules_index_make(struct rules *rules);
void	rules_index_done(struct rules *rules);

#endif
