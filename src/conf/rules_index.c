/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a map of rules. Rules that compare the same words under the same masks have one
 * *shape*, and a hash table over those words ("tuple space search"); prefixes of many lengths have
 * a trie as well.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/rules_priv.h"
#include "core/mem.h"

#define LARGE_PAGE	((size_t)2 << 20)
#define TABLE_LARGE	(LARGE_PAGE / 2)	/* bytes */
#define LENGTHS_FROM	3		/* so many different ones are worth a table */

/* Memory that a flow reads anywhere in: by large pages where it is worth them, so by whole ones. */
static size_t
table_size(size_t bytes)
{
	return bytes < TABLE_LARGE ? bytes : (bytes + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
}

static void *
table_new(size_t bytes)
{
	return bytes < TABLE_LARGE ? mem_array(bytes, 1) : mem_reserve(table_size(bytes), 1);
}

static void
table_free(void *table, size_t bytes)
{
	if (bytes < TABLE_LARGE)
		mem_free(table);
	else
		mem_unreserve(table, table_size(bytes));
}

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

		if (test->key->words == 0 || test->negated || test->value.not_v4)
			continue;
		for (unsigned w = 0; w < test->key->words; w++)
			again |= has_word(&shape, (uint8_t)(test->at + w));
		test->compared = !again;
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

static bool
asks(const struct rules *r, uint32_t i)
{
	const struct rule *rule = &r->rule[i];

	for (uint32_t t = rule->first; t < rule->first + rule->tests; t++)
		if (!r->test[t].compared)
			return true;
	return false;
}

static uint32_t
add_more(struct shape *shape)
{
	if (shape->mores == shape->more_room) {
		shape->more_room = shape->more_room * 2 + 8;
		shape->more = mem_grow(shape->more, shape->more_room, sizeof(*shape->more));
	}
	shape->more[shape->mores++] = (struct more){ .count = 1 };
	return shape->mores;
}

/* The bucket of a rule, made where there is none. */
static struct bucket *
put_rule(const struct rules *r, struct shape *shape, uint32_t i)
{
	uint64_t key[RULES_WORDS] = { 0 };
	struct bucket *bucket;
	bool first;

	rule_key(r, &r->rule[i], shape, key);
	bucket = find_bucket(shape, key, shape->words, hash_words(key, shape->words, hash_seed()));
	first = bucket->lowest == 0;
	if (first) {
		bucket->lowest = i + 1;
		memcpy(bucket->key, key, shape->words * sizeof(*key));
	}
	if (bucket->more == 0 && (!first || asks(r, i)))
		bucket->more = add_more(shape);
	if (bucket->more != 0) {
		shape->more[bucket->more - 1].count += !first;
		shape->more[bucket->more - 1].asks |= asks(r, i);
	}
	return bucket;
}

/* Twice as many places as rules, and more: a power of two. Buckets do not cross lines of the cache. */
static void
make_places(const struct rules *r, struct shape *shape)
{
	size_t places = 2, stride = sizeof(struct bucket) + shape->words * sizeof(uint64_t);

	/* A copy of the record, where a line of the cache has room for both. */
	if (stride + r->stride <= 64) {
		shape->record = stride;
		stride += r->stride;
	}
	while (places < 2 * (size_t)shape->rules)
		places *= 2;
	shape->places = places;
	for (shape->stride = 8; shape->stride < stride;)
		shape->stride = shape->stride < 64 ? shape->stride * 2 : shape->stride + 64;
	shape->bucket = table_new(places * shape->stride);
}

/* Rules of a shape, rising in `of`: their buckets, and lists where one rule is not all of it. */
static void
fill_shape(const struct rules *r, struct shape *shape, const uint32_t *of, struct bucket **of_bucket)
{
	uint32_t listed = 0;

	make_places(r, shape);
	for (uint32_t i = 0; i < shape->rules; i++)
		of_bucket[i] = put_rule(r, shape, of[i]);
	for (uint32_t m = 0; m < shape->mores; m++) {
		shape->more[m].list = listed;
		listed += shape->more[m].count;
		shape->more[m].count = 0;
	}
	shape->rule = mem_array((size_t)listed + 1, sizeof(*shape->rule));
	for (uint32_t i = 0; i < shape->rules; i++) {
		uint32_t m = of_bucket[i]->more;

		if (m != 0)
			shape->rule[shape->more[m - 1].list + shape->more[m - 1].count++] = of[i];
	}
}

static void
fill_shapes(struct rules *r)
{
	uint32_t *of = mem_array(r->rules + 1, sizeof(*of));
	struct bucket **bucket = mem_array(r->rules + 1, sizeof(struct bucket *));
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
	mem_free((void *)bucket);
	mem_free(from);
}

/* ---- lengths of prefixes ----------------------------------------------------------------- */

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

/* All prefixes of a family that rules compare a key with, each once and in order. */
static struct trie_row *
prefixes_of(const struct rules *r, const struct rules_key *key, bool v4, size_t *ret_n)
{
	struct trie_row *row = mem_array(r->tests + 1, sizeof(*row));
	size_t n = 0, kept = 0;

	for (size_t t = 0; t < r->tests; t++)
		if (r->test[t].key == key && r->test[t].compared &&
		    is_v4(r->test[t].value.word) == v4)
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

/* Does a shape compare nothing but the address at these words, and nobody asks more? */
static bool
is_alone(const struct shape *shape, uint8_t at)
{
	for (unsigned i = 0; i < shape->words; i++)
		if (shape->at[i] != at && shape->at[i] != at + 1)
			return false;
	for (uint32_t m = 0; m < shape->mores; m++)
		if (shape->more[m].asks)
			return false;
	return shape->words > 0;
}

/* The first rule of a prefix in such a shape. */
static uint32_t
lowest_of(const struct shape *shape, uint8_t at, const struct trie_row *row)
{
	const uint64_t word[2] = { (uint64_t)(row->key >> 64), (uint64_t)row->key };
	uint64_t key[2];
	const struct bucket *bucket;

	for (unsigned i = 0; i < shape->words; i++)
		key[i] = word[shape->at[i] - at];
	bucket = find_bucket(shape, key, shape->words, hash_words(key, shape->words, hash_seed()));
	return bucket->lowest - 1;	/* RULES_NONE where the place is free */
}

/* The shapes that compare this address alone, by their length. */
static void
find_alone(struct rules *r, uint8_t at, const struct shape *alone[129])
{
	memset(alone, 0, 129 * sizeof(*alone));
	for (size_t s = 0; s < r->index.shapes; s++) {
		struct shape *shape = &r->index.shape[s];

		if (!is_alone(shape, at))
			continue;
		shape->in_trie = true;
		alone[shape_length(shape, at)] = shape;
	}
}

/* What is around each of a family's prefixes, outer ones first. */
static void
fill_around(const struct shape *const *alone, uint8_t at, const struct trie_row *row, size_t n,
    struct around *around)
{
	uint32_t outer[130], depth = 0;

	/* Who does not ask for the address fits any. */
	around[0] = (struct around){ .set = { 1 }, .lowest = RULES_NONE };
	for (size_t i = 0; i < n; i++) {
		struct around *to = &around[i + 1];
		uint32_t lowest = RULES_NONE;

		while (depth > 0 && !row_covers(&row[outer[depth - 1]], &row[i]))
			depth--;
		*to = around[depth > 0 ? outer[depth - 1] + 1 : 0];
		to->set[row[i].len / 64] |= (uint64_t)1 << row[i].len % 64;
		if (alone[row[i].len] != NULL)
			lowest = lowest_of(alone[row[i].len], at, &row[i]);
		if (lowest < to->lowest)
			to->lowest = lowest;
		outer[depth++] = (uint32_t)i;
	}
}

static void
make_lengths(struct rules *r, const struct rules_key *key, uint8_t at, struct lengths *to)
{
	const struct shape *alone[129];

	to->at = at;
	find_alone(r, at, alone);
	for (unsigned v4 = 0; v4 < 2; v4++) {
		size_t n;
		struct trie_row *row = prefixes_of(r, key, v4, &n);

		to->prefixes[v4] = n;
		to->around[v4] = table_new((n + 1) * sizeof(struct around));
		fill_around(alone, at, row, n, to->around[v4]);
		for (size_t i = 0; i < n; i++) {
			row[i].value = (uint32_t)i + 1;
			row[i].key <<= v4 ? 96 : 0;
			row[i].len = (uint8_t)(row[i].len - (v4 ? 96 : 0));
		}
		trie_build(&to->trie[v4], row, n);
		mem_free(row);
	}
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
	char *record = table_new((r->rules + 1) * r->stride);

	if (r->rules > 0)
		memcpy(record, r->record, r->rules * r->stride);
	mem_free(r->record);
	r->record = record;
	r->indexed = true;
	find_shapes(r);
	fill_shapes(r);
	find_lengths(r);
}

void
rules_seal(struct rules *r)
{
	for (size_t s = 0; s < r->index.shapes; s++) {
		const struct shape *shape = &r->index.shape[s];

		for (size_t i = 0; i < shape->places && shape->record != 0; i++) {
			struct bucket *bucket = bucket_at(shape, i);

			if (bucket->lowest != 0)
				memcpy((char *)bucket + shape->record,
				    record_of(r, bucket->lowest - 1), r->stride);
		}
	}
	r->sealed = true;
}

void
rules_index_done(struct rules *r)
{
	struct index *index = &r->index;

	for (size_t s = 0; s < index->shapes; s++) {
		table_free(index->shape[s].bucket,
		    index->shape[s].places * index->shape[s].stride);
		mem_free(index->shape[s].more);
		mem_free(index->shape[s].rule);
	}
	for (size_t i = 0; i < index->lengthses; i++) {
		for (unsigned v4 = 0; v4 < 2; v4++) {
			trie_done(&index->lengths[i].trie[v4]);
			table_free(index->lengths[i].around[v4],
			    (index->lengths[i].prefixes[v4] + 1) * sizeof(struct around));
		}
	}
	mem_free(index->lengths);
	mem_free(index->shape);
	if (r->indexed)
		table_free(r->record, (r->rules + 1) * r->stride);
	else
		mem_free(r->record);
}
