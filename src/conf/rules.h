/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of rules: lines of key=value words, of which some test a subject (a flow, a record of BGP)
 * and others say what follows. The first rule that fits counts, and those it jumps to. Compiled by
 * the loader and indexed, so that the number of rules costs next to nothing; read-only afterwards,
 * for any thread (compat/interface.md 8.3).
 *
 * A test is a comparison of 8-byte words of the subject under masks wherever it can be: equal
 * numbers, prefixes. Such tests are found by hash. Others (negated ones, lists, expressions) are
 * questions, asked only of rules whose comparisons fit.
 */
#ifndef WB_CONF_RULES_H
#define WB_CONF_RULES_H

#include <string.h>

#include "conf/conf.h"
#include "net/addr.h"

#define RULES_NONE	UINT32_MAX
#define RULES_KEY_WORDS	2		/* of one key */
#define RULES_WORDS	48		/* of all keys of a map together */
#define RULES_BATCH	64		/* subjects that are asked for at once */

/* What a test compares with. */
struct rules_value {
	uint64_t word[RULES_KEY_WORDS], mask[RULES_KEY_WORDS];
	bool not_v4;			/* a prefix of IPv6 that IPv4's place in it is no part of */
	void *more;			/* what has no place in words; the key's `done` gives it back */
};

struct rules_key {
	const char *word;
	unsigned maps;			/* bits: the kinds of map that know it */
	/* The value of a test. `ret` is zero before; -1: it is none. */
	int (*parse)(const char *text, struct rules_value *ret);
	void (*done)(struct rules_value *value);	/* NULL: there is nothing to give back */
	/* Either the words of the subject that are compared under masks ... */
	unsigned words;			/* 1 or 2; an address is 2, in its order (RULES_ADDR) */
	void (*take)(const void *subject, uint64_t *ret);
	/* ... or a question. */
	bool (*fits)(const struct rules_value *value, const void *subject);
	/* Keys that do not test: what the rule says. -1: a bad value. */
	int (*set)(const char *text, void *result);
	bool negatable;			/* by a '-' in front */
	uint32_t needs;			/* what the owner has to know of a subject to ask this */
	const char *expected;		/* "an interface number" */
	const char *doc;		/* "The interface it came in by." */
};

struct rules_kind {
	const struct rules_key *key;	/* the table of all keys of a family of maps */
	size_t keys;
	unsigned map;			/* a bit of rules_key.maps: the kind */
	size_t result_size;		/* what a rule says: zero, then `set` by its words */
	/* After a rule's last word: what is wrong with the whole, NULL: nothing. */
	const char *(*check)(const void *result);
	void (*done)(void *result);	/* gives back what a result owns; may be NULL */
	bool jumps;			/* label= and jeq= are known */
};

struct rules;

/* NULL: what is wrong is in notes, each with its file and line. */
struct rules *rules_load(const struct rules_kind *kind, const char *path, struct conf_notes *notes);
void	rules_free(struct rules *rules);

uint32_t rules_count(const struct rules *rules);
/* What a rule says, to be changed before the map is in force; where it stands, ret_file or NULL. */
void	*rules_result(const struct rules *rules, uint32_t rule);
unsigned rules_line(const struct rules *rules, uint32_t rule, const char **ret_file);

/* Where to go on after a rule that fitted: further down, or RULES_NONE: nowhere. */
uint32_t rules_jump(const struct rules *rules, uint32_t rule);

/* The keys that rules test, as bits by their place in the table (its first 64), and all they need. */
uint64_t rules_tests(const struct rules *rules);
uint32_t rules_needs(const struct rules *rules);

/* Equal for maps of equal lines. Never 0. */
uint64_t rules_digest(const struct rules *rules);

/*
 * What a subject says about the keys that rules compare, as words, once for all questions about it:
 * rules_words of them.
 */
unsigned rules_words(const struct rules *rules);
void	rules_take(const struct rules *rules, const void *subject, uint64_t *ret);

/* The first rule that fits, of `from` and those behind it. */
uint32_t rules_find(const struct rules *rules, const void *subject, const uint64_t *word,
	    uint32_t from);

/*
 * Before the map is in force, once what rules say is as it stays: a copy of it goes to where rules are
 * found, so that a subject touches one line of memory for both.
 */
void	rules_seal(struct rules *rules);

/* A rule that was found for one of many: what it says, and where to go on, as rules_jump. */
struct rules_found {
	uint32_t rule;			/* RULES_NONE: none */
	const void *result;
};
uint32_t rules_found_jump(const struct rules_found *found);

/*
 * The same for n subjects (RULES_BATCH at most) that lie `stride` bytes apart. With `from` NULL it
 * is the first rule of all, and their words are taken into `word`, which has room for n times
 * rules_words; else the words are there, and who is to be left out has RULES_NONE as his `from`,
 * and as his answer.
 */
void	rules_find_many(const struct rules *rules, const void *subject, size_t stride, unsigned n,
	    uint64_t *word, const uint32_t *from, struct rules_found *ret);

/* An address as words to compare, and a prefix as a value. */
static inline void
rules_addr(const struct addr *a, uint64_t ret[2])
{
	const uint8_t *b = a->b;

	for (unsigned half = 0; half < 2; half++, b += 8) {
		memcpy(&ret[half], b, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		ret[half] = __builtin_bswap64(ret[half]);
#endif
	}
}
int	rules_parse_prefix(const char *text, struct rules_value *ret);

/* A number up to `most`, whole. */
int	rules_parse_number(const char *text, uint64_t most, uint64_t *ret);

#endif
