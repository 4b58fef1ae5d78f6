/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking a map of rules. A subject is looked up in the table of each shape; the lowest of the
 * rules found whose questions, if it has any, are answered by yes is the answer. Shapes go by
 * their lowest rule, so that those behind an answer are left out; so are those whose lengths of
 * prefixes no rule has around the subject's address. Rules that compare nothing but an address are
 * answered by its trie.
 *
 * A batch is asked shape by shape, in steps, so that what the next step reads is on its way.
 */
#include <assert.h>

#include "conf/rules_priv.h"

static_assert(RULES_BATCH <= TRIE_WALKS, "a batch is walked at once");

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
	if (v->not_v4 && is_v4(word + test->at))
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

/* The better of `best` and the first rule of a list that fits, of `from` and those behind it. */
static uint32_t
ask_more(const struct rules *r, const struct shape *shape, const struct more *more,
    const void *subject, const uint64_t *word, uint32_t from, uint32_t best)
{
	const uint32_t *list = shape->rule + more->list;

	for (uint32_t i = skip_to(list, 0, more->count, from); i < more->count && list[i] < best; i++)
		if (!more->asks || answers_yes(r, list[i], subject, word))
			return list[i];
	return best;
}

static inline uint32_t
ask_bucket(const struct rules *r, const struct shape *shape, const struct bucket *bucket,
    const void *subject, const uint64_t *word, uint32_t from, uint32_t best)
{
	if (bucket->more != 0)
		return ask_more(r, shape, &shape->more[bucket->more - 1], subject, word, from, best);
	return bucket->lowest > from && bucket->lowest <= best ? bucket->lowest - 1 : best;
}

/* `words` of the shape, which may be a constant of the caller's. */
static inline __attribute__((always_inline)) void
mask_words(const struct shape *shape, const uint64_t *word, uint64_t *ret, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		ret[i] = word[shape->at[i]] & shape->mask[i];
}

static inline const struct around *
look_around(const struct lengths *lengths, const uint64_t *word)
{
	const uint64_t *w = word + lengths->at;
	const bool v4 = is_v4(w);

	return &lengths->around[v4][trie_find(&lengths->trie[v4], key_of(w) << (v4 ? 96 : 0))];
}

/* May a rule of this shape fit, by the lengths that there are around the subject's addresses? */
static inline bool
may_fit(const struct index *index, const struct shape *shape, const struct around *const *around)
{
	for (size_t i = 0; i < index->lengthses; i++)
		if ((around[i]->set[shape->len[i] / 64] >> shape->len[i] % 64 & 1) == 0)
			return false;
	return true;
}

uint32_t
rules_find(const struct rules *r, const void *subject, const uint64_t *word, uint32_t from)
{
	const struct index *index = &r->index;
	const struct around *around[LENGTHS_MOST];
	uint32_t best = RULES_NONE;

	for (size_t i = 0; i < index->lengthses; i++)
		around[i] = look_around(&index->lengths[i], word);
	for (size_t s = 0; s < index->shapes; s++) {
		const struct shape *shape = &index->shape[s];
		uint64_t key[RULES_WORDS];
		const struct bucket *bucket;

		if (shape->lowest >= best)
			break;
		if (shape->highest < from || !may_fit(index, shape, around))
			continue;
		mask_words(shape, word, key, shape->words);
		bucket = find_bucket(shape, key, shape->words,
		    hash_words(key, shape->words, hash_seed()));
		if (bucket->lowest != 0)
			best = ask_bucket(r, shape, bucket, subject, word, from, best);
	}
	return best;
}

/* ---- asking for a batch ------------------------------------------------------------------ */

/* Subjects that a shape may have the answer of. */
struct asking {
	uint8_t who[RULES_BATCH];
	uint64_t hash[RULES_BATCH];
	unsigned n;
};

/* All of a batch. */
struct batch {
	const char *subject;
	size_t stride;
	unsigned n;
	uint64_t *word;
	const uint32_t *from;		/* NULL: the first rule for all */
	struct rules_found *best;	/* rule 0 for who is left out: nothing is better */
	const struct around *around[RULES_BATCH][LENGTHS_MOST];
};

static inline const uint64_t *
words_of(const struct rules *r, const struct batch *batch, unsigned i)
{
	return batch->word + (size_t)i * r->words;
}

static inline uint32_t
from_of(const struct batch *batch, unsigned i)
{
	return batch->from != NULL ? batch->from[i] : 0;
}

/* Buckets on their way. */
static inline __attribute__((always_inline)) void
begin_shape(const struct rules *r, const struct shape *shape, const struct batch *batch,
    struct asking *a, unsigned words)
{
	const uint64_t seed = hash_seed();
	uint64_t key[RULES_WORDS];

	a->n = 0;
	for (unsigned i = 0; i < batch->n; i++) {
		uint64_t hash;

		if (shape->lowest >= batch->best[i].rule || shape->highest < from_of(batch, i) ||
		    (r->index.lengthses > 0 && !may_fit(&r->index, shape, batch->around[i])))
			continue;
		mask_words(shape, words_of(r, batch, i), key, words);
		hash = hash_words(key, words, seed);
		__builtin_prefetch(bucket_at(shape, hash));
		a->hash[a->n] = hash;
		a->who[a->n++] = (uint8_t)i;
	}
}

/* Does a bucket have a better rule for subject i? Its copy of what that says is at hand. */
static inline void
take_bucket(const struct rules *r, const struct shape *shape, const struct bucket *bucket,
    struct batch *batch, unsigned i)
{
	struct rules_found *best = &batch->best[i];
	uint32_t rule = ask_bucket(r, shape, bucket, batch->subject + i * batch->stride,
	    words_of(r, batch, i), from_of(batch, i), best->rule);

	if (rule == best->rule)
		return;
	best->rule = rule;
	best->result = rule == bucket->lowest - 1 && shape->record != 0 && r->sealed ?
	    ((const struct record *)(const void *)((const char *)bucket + shape->record))->result :
	    NULL;
}

static inline __attribute__((always_inline)) void
end_shape(const struct rules *r, const struct shape *shape, struct batch *batch, struct asking *a,
    unsigned words)
{
	uint64_t key[RULES_WORDS];

	for (unsigned k = 0; k < a->n; k++) {
		unsigned i = a->who[k];
		const uint64_t *word = words_of(r, batch, i);
		const struct bucket *bucket;

		mask_words(shape, word, key, words);
		bucket = find_bucket(shape, key, words, a->hash[k]);
		if (bucket->lowest != 0)
			take_bucket(r, shape, bucket, batch, i);
	}
}

static inline __attribute__((always_inline)) void
ask_words(const struct rules *r, const struct shape *shape, struct batch *batch, unsigned words)
{
	struct asking a;

	begin_shape(r, shape, batch, &a, words);
	end_shape(r, shape, batch, &a, words);
}

/* The same code for the usual shapes, with their number of words a constant. */
static void
ask_shape(const struct rules *r, const struct shape *shape, struct batch *batch)
{
	if (shape->words == 1)
		ask_words(r, shape, batch, 1);
	else if (shape->words == 2)
		ask_words(r, shape, batch, 2);
	else if (shape->words == 3)
		ask_words(r, shape, batch, 3);
	else
		ask_words(r, shape, batch, shape->words);
}

/* The same as look_around for each. */
static void
look_batch_around(const struct rules *r, const struct lengths *lengths, struct batch *batch,
    size_t l)
{
	struct trie_walk walk[RULES_BATCH];
	uint8_t v4[RULES_BATCH];

	for (unsigned i = 0; i < batch->n; i++) {
		const uint64_t *w = words_of(r, batch, i) + lengths->at;

		v4[i] = is_v4(w);
		trie_walk_begin(&walk[i], &lengths->trie[v4[i]], key_of(w) << (v4[i] ? 96 : 0));
	}
	trie_walk_all(walk, batch->n);
	for (unsigned i = 0; i < batch->n; i++) {
		batch->around[i][l] = &lengths->around[v4[i]][*walk[i].value];
		__builtin_prefetch(batch->around[i][l]);
	}
}

static void
look_all_around(const struct rules *r, struct batch *batch)
{
	for (size_t l = 0; l < r->index.lengthses; l++)
		look_batch_around(r, &r->index.lengths[l], batch, l);
}

/* The first question about each: the tries answer what they can. */
static void
begin_batch(const struct rules *r, struct batch *batch)
{
	for (unsigned i = 0; i < batch->n; i++) {
		rules_take(r, batch->subject + i * batch->stride, batch->word + (size_t)i * r->words);
		batch->best[i] = (struct rules_found){ RULES_NONE, NULL };
	}
	look_all_around(r, batch);
	for (size_t l = 0; l < r->index.lengthses; l++)
		for (unsigned i = 0; i < batch->n; i++)
			if (batch->around[i][l]->lowest < batch->best[i].rule)
				batch->best[i].rule = batch->around[i][l]->lowest;
}

static void
go_on(const struct rules *r, struct batch *batch)
{
	look_all_around(r, batch);
	for (unsigned i = 0; i < batch->n; i++)
		batch->best[i] = (struct rules_found){ batch->from[i] == RULES_NONE ? 0 : RULES_NONE, NULL };
}

void
rules_find_many(const struct rules *r, const void *subject, size_t stride, unsigned n,
    uint64_t *word, const uint32_t *from, struct rules_found *ret)
{
	struct batch batch;

	assert(n <= RULES_BATCH);
	batch.subject = subject;
	batch.stride = stride;
	batch.n = n;
	batch.word = word;
	batch.from = from;
	batch.best = ret;
	if (from == NULL)
		begin_batch(r, &batch);
	else
		go_on(r, &batch);
	for (size_t s = 0; s < r->index.shapes; s++) {
		const struct shape *shape = &r->index.shape[s];

		if (!shape->in_trie || from != NULL)
			ask_shape(r, shape, &batch);
	}
	for (unsigned i = 0; i < n; i++)
		if (from != NULL && from[i] == RULES_NONE) {
			ret[i].rule = RULES_NONE;
		} else if (ret[i].rule != RULES_NONE && ret[i].result == NULL) {
			ret[i].result = record_of(r, ret[i].rule)->result;
			__builtin_prefetch(ret[i].result);
		}
}
