/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking a map of rules. Rules that compare the same words under the same masks have one *shape*, and a
 * hash table over those words ("tuple space search"). A subject is looked up in the table of each shape;
 * the lowest of the rules found whose questions, if it has any, are answered by yes is the answer. Shapes
 * go by their lowest rule, so that those behind an answer are left out; so are those whose lengths of
 * prefixes no rule has around the subject's address.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/rules_priv.h"
#include "core/mem.h"

#define LENGTHS_MOST	8		/* addresses among the keys */
#define LENGTHS_FROM	3		/* so many different ones are worth a table */

/* ---- shapes ------------------------------------------------------------------------------ */

static bool
has_word(const struct shape *shape, uint8_t at)
{
	for (unsigned i = 0; i < shape->words; i++)
		if (shape->at[i] == at)
			return true;
	return false;
}

/* Into its place. */
static void
add_word(struct shape *shape, uint8_t at, uint64_t mask)
{
	unsigned i = shape->words++;

	for (; i > 0 && shape->at[i - 1] > at; i--) {
		shape->at[i] = shape->at[i - 1];
		shape->mask[i] = shape->mask[i - 1];
	}
	shape->at[i] = at;
	shape->mask[i] = mask;
}

/*
 * What a rule compares. Of two tests of one key the second one is a question.
 */
static struct shape
shape_of(struct rules *r, const struct rule *rule)
{
	struct shape shape = { .words = 0 };

	for (uint32_t t = rule->first; t < rule->first + rule->tests; t++) {
		struct rule_test *test = &r->test[t];
		bool again = false;

		if (test->key->words == 0 || test->negated || test->value.not_v4) {
			r->index.questions = true;
			continue;
		}
		for (unsigned w = 0; w < test->key->words; w++)
			again |= has_word(&shape, (uint8_t)(test->at + w));
		test->compared = !again;
		r->index.questions |= again;
		for (unsigned w = 0; !again && w < test->key->words; w++)
			if (test->value.mask[w] != 0)
				add_word(&shape, (uint8_t)(test->at + w), test->value.mask[w]);
	}
	return shape;
}

static uint64_t
shape_hash(const struct shape *shape)
{
	uint64_t h = hash_bytes(shape->at, shape->words, 1);

	return hash_words(shape->mask, shape->words, h);
}

static bool
same_shape(const struct shape *a, const struct shape *b)
{
	return a->words == b->words && memcmp(a->at, b->at, a->words) == 0 &&
	    memcmp(a->mask, b->mask, a->words * sizeof(a->mask[0])) == 0;
}

/* Each rule's shape; they come in the order of their lowest rules. */
static void
find_shapes(struct rules *r)
{
	struct index *index = &r->index;
	size_t room = 0;
	struct slots slots;

	slots_init(&slots, 16);
	for (uint32_t i = 0; i < r->rules; i++) {
		struct shape shape = shape_of(r, &r->rule[i]);
		uint64_t hash = shape_hash(&shape);
		struct slots_at at;
		uint32_t s = slots_first(&slots, hash, &at);

		while (s != SLOTS_NONE && !same_shape(&index->shape[s], &shape))
			s = slots_next(&slots, &at);
		if (s == SLOTS_NONE) {
			if (index->shapes == room) {
				room = room * 2 + 8;
				index->shape = mem_grow(index->shape, room, sizeof(shape));
			}
			s = (uint32_t)index->shapes++;
			index->shape[s] = shape;
			index->shape[s].lowest = i;
			slots_add(&slots, hash, s);
		}
		index->shape[s].highest = i;
		index->shape[s].rules++;
		r->rule[i].shape = s;
	}
	slots_done(&slots);
}

/* ---- buckets ----------------------------------------------------------------------------- */

/* What a rule compares a shape's words with. */
static void
rule_key(const struct rules *r, const struct rule *rule, const struct shape *shape, uint64_t *ret)
{
	for (uint32_t t = rule->first; t < rule->first + rule->tests; t++) {
		const struct rule_test *test = &r->test[t];

		for (unsigned i = 0; test->compared && i < shape->words; i++)
			if (shape->at[i] >= test->at && shape->at[i] < test->at + test->key->words)
				ret[i] = test->value.word[shape->at[i] - test->at];
	}
}

static uint32_t
find_bucket(const struct shape *shape, const uint64_t *key, uint64_t hash)
{
	const size_t bytes = shape->words * sizeof(*key);
	struct slots_at at;
	uint32_t b = slots_first(&shape->slots, hash, &at);

	while (b != SLOTS_NONE && memcmp(shape->key + (size_t)b * shape->words, key, bytes) != 0)
		b = slots_next(&shape->slots, &at);
	return b;
}

/* Rules of a shape, rising in `of`: their buckets. */
static void
fill_shape(const struct rules *r, struct shape *shape, const uint32_t *of, uint32_t *bucket)
{
	uint64_t key[RULES_WORDS] = { 0 };

	slots_init(&shape->slots, shape->rules);
	shape->key = mem_array((size_t)shape->rules * shape->words + 1, sizeof(*key));
	shape->first = mem_array((size_t)shape->rules + 2, sizeof(*shape->first));
	shape->rule = mem_array(shape->rules, sizeof(*shape->rule));
	for (uint32_t i = 0; i < shape->rules; i++) {
		uint64_t hash;

		rule_key(r, &r->rule[of[i]], shape, key);
		hash = hash_words(key, shape->words, hash_seed());
		bucket[i] = find_bucket(shape, key, hash);
		if (bucket[i] == SLOTS_NONE) {
			bucket[i] = shape->buckets++;
			memcpy(shape->key + (size_t)bucket[i] * shape->words, key,
			    shape->words * sizeof(*key));
			slots_add(&shape->slots, hash, bucket[i]);
		}
		shape->first[bucket[i] + 2]++;
	}
	for (uint32_t b = 2; b < shape->buckets + 2; b++)
		shape->first[b] += shape->first[b - 1];
	/* Filling moves each bucket's beginning up to its end, which is the next one's beginning. */
	for (uint32_t i = 0; i < shape->rules; i++)
		shape->rule[shape->first[bucket[i] + 1]++] = of[i];
}

static void
fill_shapes(struct rules *r)
{
	uint32_t *of = mem_array(r->rules + 1, sizeof(*of));
	uint32_t *bucket = mem_array(r->rules + 1, sizeof(*bucket));
	uint32_t *from = mem_array(r->index.shapes + 1, sizeof(*from)), at = 0;

	for (size_t s = 0; s < r->index.shapes; s++) {
		from[s] = at;
		at += r->index.shape[s].rules;
	}
	for (uint32_t i = 0; i < r->rules; i++)
		of[from[r->rule[i].shape]++] = i;
	for (size_t s = 0; s < r->index.shapes; s++)
		fill_shape(r, &r->index.shape[s], of + from[s] - r->index.shape[s].rules, bucket);
	mem_free(of);
	mem_free(bucket);
	mem_free(from);
}

/* ---- lengths of prefixes ----------------------------------------------------------------- */

static trie_key
key_of(const uint64_t word[2])
{
	return (trie_key)word[0] << 64 | word[1];
}

static uint8_t
length_of(const uint64_t mask[2])
{
	return (uint8_t)(__builtin_popcountll(mask[0]) + __builtin_popcountll(mask[1]));
}

/* The masks of a key's words in a shape: zero where it does not compare them. */
static uint8_t
shape_length(const struct shape *shape, uint8_t at)
{
	uint64_t mask[2] = { 0, 0 };

	for (unsigned i = 0; i < shape->words; i++)
		if (shape->at[i] == at || shape->at[i] == at + 1)
			mask[shape->at[i] - at] = shape->mask[i];
	return length_of(mask);
}

static unsigned
count_lengths(const struct rules *r, uint8_t at)
{
	bool is[129] = { false };
	unsigned n = 0;

	for (size_t s = 0; s < r->index.shapes; s++) {
		uint8_t len = shape_length(&r->index.shape[s], at);

		n += !is[len];
		is[len] = true;
	}
	return n;
}

/* All prefixes that rules compare a key with, each once and in order. */
static struct trie_row *
prefixes_of(const struct rules *r, const struct rules_key *key, size_t *ret_n)
{
	struct trie_row *row = mem_array(r->tests + 1, sizeof(*row));
	size_t n = 0, kept = 0;

	for (size_t t = 0; t < r->tests; t++)
		if (r->test[t].key == key && r->test[t].compared)
			row[n++] = (struct trie_row){ .key = key_of(r->test[t].value.word),
			    .len = length_of(r->test[t].value.mask) };
	trie_sort(row, n);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || trie_row_cmp(&row[kept - 1], &row[i]) != 0)
			row[kept++] = row[i];
	*ret_n = kept;
	return row;
}

static bool
row_covers(const struct trie_row *outer, const struct trie_row *inner)
{
	return outer->len == 0 || (outer->len <= inner->len &&
	    (outer->key ^ inner->key) >> (128 - outer->len) == 0);
}

static void
make_lengths(const struct rules *r, const struct rules_key *key, uint8_t at, struct lengths *to)
{
	uint32_t around[130], depth = 0;
	struct trie_row *row;
	size_t n;

	to->at = at;
	row = prefixes_of(r, key, &n);
	to->set = mem_array(n + 1, sizeof(*to->set));
	to->set[0][0] = 1;		/* who does not ask for the address fits any */
	for (size_t i = 0; i < n; i++) {
		uint64_t *set = to->set[i + 1];

		row[i].value = (uint32_t)i + 1;
		while (depth > 0 && !row_covers(&row[around[depth - 1]], &row[i]))
			depth--;
		memcpy(set, to->set[depth > 0 ? around[depth - 1] + 1 : 0], sizeof(*to->set));
		set[row[i].len / 64] |= (uint64_t)1 << row[i].len % 64;
		around[depth++] = (uint32_t)i;
	}
	trie_build(&to->trie, row, n);
	mem_free(row);
}

static void
find_lengths(struct rules *r)
{
	struct index *index = &r->index;

	index->lengths = mem_array(LENGTHS_MOST, sizeof(*index->lengths));
	for (unsigned k = 0; k < r->takes && index->lengthses < LENGTHS_MOST; k++) {
		if (r->take[k]->words != 2 || count_lengths(r, r->at[k]) < LENGTHS_FROM)
			continue;
		for (size_t s = 0; s < index->shapes; s++)
			index->shape[s].len[index->lengthses] =
			    shape_length(&index->shape[s], r->at[k]);
		make_lengths(r, r->take[k], r->at[k], &index->lengths[index->lengthses++]);
	}
}

/* ---- the whole --------------------------------------------------------------------------- */

void
rules_index_make(struct rules *r)
{
	find_shapes(r);
	fill_shapes(r);
	find_lengths(r);
}

void
rules_index_done(struct rules *r)
{
	struct index *index = &r->index;

	for (size_t s = 0; s < index->shapes; s++) {
		slots_done(&index->shape[s].slots);
		mem_free(index->shape[s].key);
		mem_free(index->shape[s].first);
		mem_free(index->shape[s].rule);
	}
	for (size_t i = 0; i < index->lengthses; i++) {
		trie_done(&index->lengths[i].trie);
		mem_free(index->lengths[i].set);
	}
	mem_free(index->lengths);
	mem_free(index->shape);
}

/* ---- asking ------------------------------------------------------------------------------ */

void
rules_take(const struct rules *r, const void *subject, uint64_t *ret)
{
	for (unsigned k = 0; k < r->takes; k++)
		r->take[k]->take(subject, ret + r->at[k]);
}

static bool
says_yes(const struct rule_test *test, const void *subject, const uint64_t *word)
{
	const struct rules_value *v = &test->value;
	bool same = true;

	if (test->key->words == 0)
		return test->key->fits(v, subject) != test->negated;
	for (unsigned w = 0; w < test->key->words; w++)
		same &= (word[test->at + w] & v->mask[w]) == v->word[w];
	if (v->not_v4 && word[test->at] == 0 && word[test->at + 1] >> 32 == 0xffff)
		same = false;
	return same != test->negated;
}

/* All questions of a rule whose comparisons fit. */
static bool
answers_yes(const struct rules *r, uint32_t i, const void *subject, const uint64_t *word)
{
	const struct rule *rule = &r->rule[i];

	for (uint32_t t = rule->first; t < rule->first + rule->tests; t++)
		if (!r->test[t].compared && !says_yes(&r->test[t], subject, word))
			return false;
	return true;
}

/* The first place of a rising list whose rule is not before `from`. */
static uint32_t
skip_to(const uint32_t *rule, uint32_t low, uint32_t high, uint32_t from)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (rule[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The better of `best` and the first rule of a bucket that fits. */
static inline uint32_t
ask_bucket(const struct rules *r, const struct shape *shape, uint32_t bucket, const void *subject,
    const uint64_t *word, uint32_t from, uint32_t best)
{
	uint32_t i = shape->first[bucket], end = shape->first[bucket + 1];

	if (from > 0)
		i = skip_to(shape->rule, i, end, from);
	for (; i < end && shape->rule[i] < best; i++)
		if (!r->index.questions || answers_yes(r, shape->rule[i], subject, word))
			return shape->rule[i];
	return best;
}

static inline void
mask_words(const struct shape *shape, const uint64_t *word, uint64_t *ret)
{
	for (unsigned i = 0; i < shape->words; i++)
		ret[i] = word[shape->at[i]] & shape->mask[i];
}

static inline const uint64_t *
lengths_around(const struct lengths *lengths, const uint64_t *word)
{
	return lengths->set[trie_find(&lengths->trie, key_of(word + lengths->at))];
}

/* May a rule of this shape fit, by the lengths that there are around the subject's addresses? */
static inline bool
may_fit(const struct index *index, const struct shape *shape, const uint64_t *const *around)
{
	for (size_t i = 0; i < index->lengthses; i++)
		if ((around[i][shape->len[i] / 64] >> shape->len[i] % 64 & 1) == 0)
			return false;
	return true;
}

uint32_t
rules_find(const struct rules *r, const void *subject, const uint64_t *word, uint32_t from)
{
	const struct index *index = &r->index;
	const uint64_t *around[LENGTHS_MOST];
	uint32_t best = RULES_NONE;

	for (size_t i = 0; i < index->lengthses; i++)
		around[i] = lengths_around(&index->lengths[i], word);
	for (size_t s = 0; s < index->shapes; s++) {
		const struct shape *shape = &index->shape[s];
		uint64_t key[RULES_WORDS];
		uint32_t bucket;

		if (shape->lowest >= best)
			break;
		if (shape->highest < from || !may_fit(index, shape, around))
			continue;
		mask_words(shape, word, key);
		bucket = find_bucket(shape, key, hash_words(key, shape->words, hash_seed()));
		if (bucket != SLOTS_NONE)
			best = ask_bucket(r, shape, bucket, subject, word, from, best);
	}
	return best;
}

/* Subjects of a batch that a shape may have the answer of, and where it would stand. */
struct asking {
	uint64_t hash[RULES_BATCH];
	uint8_t who[RULES_BATCH];
	unsigned n;
};

static void
ask_shape(const struct rules *r, const struct shape *shape, const struct asking *a,
    const char *subject, size_t stride, const uint64_t *word, uint32_t *ret)
{
	uint64_t key[RULES_WORDS];

	for (unsigned k = 0; k < a->n; k++) {
		unsigned i = a->who[k];
		const uint64_t *w = word + (size_t)i * r->words;
		uint32_t bucket;

		mask_words(shape, w, key);
		bucket = find_bucket(shape, key, a->hash[k]);
		if (bucket != SLOTS_NONE)
			ret[i] = ask_bucket(r, shape, bucket, subject + i * stride, w, 0, ret[i]);
	}
}

/* The keys of the buckets that slots point to, on their way. */
static void
fetch_buckets(const struct shape *shape, const struct asking *a)
{
	for (unsigned k = 0; k < a->n; k++) {
		struct slots_at at;
		uint32_t b = slots_first(&shape->slots, a->hash[k], &at);

		if (b == SLOTS_NONE)
			continue;
		__builtin_prefetch(shape->key + (size_t)b * shape->words);
		__builtin_prefetch(shape->first + b);
	}
}

void
rules_find_many(const struct rules *r, const void *subject, size_t stride, unsigned n,
    uint64_t *word, uint32_t *ret)
{
	const struct index *index = &r->index;
	const uint64_t *around[RULES_BATCH][LENGTHS_MOST], seed = hash_seed();
	const char *of = subject;

	assert(n <= RULES_BATCH);
	for (unsigned i = 0; i < n; i++) {
		const uint64_t *w = word + (size_t)i * r->words;

		rules_take(r, of + i * stride, word + (size_t)i * r->words);
		for (size_t l = 0; l < index->lengthses; l++)
			around[i][l] = lengths_around(&index->lengths[l], w);
		ret[i] = RULES_NONE;
	}
	for (size_t s = 0; s < index->shapes; s++) {
		const struct shape *shape = &index->shape[s];
		struct asking a;

		a.n = 0;
		for (unsigned i = 0; i < n; i++) {
			uint64_t key[RULES_WORDS];

			if (shape->lowest >= ret[i] || !may_fit(index, shape, around[i]))
				continue;
			mask_words(shape, word + (size_t)i * r->words, key);
			a.hash[a.n] = hash_words(key, shape->words, seed);
			slots_prefetch(&shape->slots, a.hash[a.n]);
			a.who[a.n++] = (uint8_t)i;
		}
		fetch_buckets(shape, &a);
		ask_shape(r, shape, &a, of, stride, word, ret);
	}
}
