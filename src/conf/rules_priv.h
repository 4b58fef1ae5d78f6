/* SPDX-License-Identifier: BSD-2-Clause */
/* A map of rules from the inside: what reading makes (rules.c) and asking goes by (rules_index.c). */
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
	uint32_t jump;			/* RULES_NONE: it is the last that is looked at */
	uint32_t shape;			/* while the index is made */
};

/* Rules that compare the same words under the same masks. */
struct shape {
	uint8_t at[RULES_WORDS];	/* words of the subject, rising */
	uint64_t mask[RULES_WORDS];
	unsigned words;
	uint32_t lowest, highest;	/* of its rules */
	uint32_t rules;
	struct slots slots;		/* over buckets */
	uint64_t *key;			/* `words` of each bucket */
	uint32_t *first;		/* of each bucket, in `rule`; one more than there are */
	uint32_t *rule;			/* bucket by bucket, rising */
	uint32_t buckets;
	/* Where a key is an address with prefixes of many lengths: see struct lengths. */
	uint8_t len[RULES_WORDS / 2];	/* of each, by its place in index.lengths */
};

/*
 * Which lengths of prefixes a rule may have for an address: what holds the longest prefix of all rules
 * that covers it, holds all that cover it. So shapes with other lengths need not be asked.
 */
struct lengths {
	uint8_t at;			/* the address's words */
	struct trie trie;
	uint64_t (*set)[3];		/* by the trie's value: bits of lengths, 0 to 128 */
};

struct index {
	struct shape *shape;		/* by their lowest rule */
	size_t shapes;
	struct lengths *lengths;
	size_t lengthses;
	bool questions;			/* some rule asks more than comparisons */
};

struct rules {
	struct rules_kind kind;
	struct rule *rule;
	char *result;			/* of each rule, result_size bytes */
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
};

void	rules_index_make(struct rules *rules);
void	rules_index_done(struct rules *rules);

#endif
