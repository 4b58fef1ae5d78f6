/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a map of rules: lines to tests and results, files that include others, labels that rules
 * jump to. Jumps go forward only, so every question ends. Every fault is told with its file and
 * line.
 */
#include "conf/rules.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/mapfile.h"
#include "conf/rules_priv.h"
#include "core/mem.h"
#include "core/names.h"
#include "core/sbuf.h"

#define MOST_WORDS	64		/* of one rule */
#define MOST_NAME	31		/* of a label, as pmacct */
#define MOST_DEPTH	8		/* of files that include files */

/* A label that a rule has or jumps to. */
struct name {
	char *text;
	uint32_t rule;
};

struct names_of {
	struct name *name;
	size_t count, room;
};

struct reading {
	const struct rules_kind *kind;
	struct rules *rules;
	struct conf_notes *notes;
	struct names_of labels, jumps;
	const char *path;		/* of the file that is read */
	uint32_t file;			/* its number */
	unsigned line, depth;
};

/* ---- values ------------------------------------------------------------------------------ */

int
rules_parse_number(const char *text, uint64_t most, uint64_t *ret)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || n > most)
		return -1;
	*ret = n;
	return 0;
}

int
rules_parse_prefix(const char *text, struct rules_value *ret)
{
	struct prefix prefix;
	unsigned keep;

	if (prefix_parse(text, &prefix) != 0)
		return -1;
	keep = prefix.len + (addr_is_v4(&prefix.addr) ? 96u : 0u);
	rules_addr(&prefix.addr, ret->word);
	ret->mask[0] = keep == 0 ? 0 : keep >= 64 ? UINT64_MAX : UINT64_MAX << (64 - keep);
	ret->mask[1] = keep <= 64 ? 0 : UINT64_MAX << (128 - keep);
	ret->not_v4 = keep < 96 && ret->word[0] == 0 && ret->word[1] == 0;
	return 0;
}

/* ---- words ------------------------------------------------------------------------------- */

static const char *
nth_key(const void *ctx, size_t i)
{
	const struct rules_kind *kind = ctx;

	return kind->key[i].maps & kind->map ? kind->key[i].word : "";
}

static const struct rules_key *
find_key(const struct reading *rd, const char *word)
{
	for (size_t i = 0; i < rd->kind->keys; i++)
		if ((rd->kind->key[i].maps & rd->kind->map) && strcmp(rd->kind->key[i].word, word) == 0)
			return &rd->kind->key[i];
	return NULL;
}

static void
unknown_key(struct reading *rd, const char *word)
{
	const char *near = nearest_word(word, nth_key, rd->kind, rd->kind->keys);

	if (near != NULL && *near == '\0')
		near = NULL;
	conf_note(rd->notes, CONF_NOTE_ERROR, rd->path, rd->line, "this map has no key '%s'%s%s%s",
	    word, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
	    near != NULL ? "'?" : "");
}

static void
bad_value(struct reading *rd, const struct mapword *word, const char *expected)
{
	conf_note(rd->notes, CONF_NOTE_ERROR, rd->path, rd->line, "%s=%s: expected %s", word->key,
	    word->value, expected);
}

/* Where the words of a key stand in a subject's. */
static uint8_t
place_of(struct reading *rd, const struct rules_key *key)
{
	struct rules *r = rd->rules;

	for (unsigned i = 0; i < r->takes; i++)
		if (r->take[i] == key)
			return r->at[i];
	assert(r->words + key->words <= RULES_WORDS);
	r->take[r->takes] = key;
	r->at[r->takes++] = (uint8_t)r->words;
	r->words += key->words;
	return (uint8_t)(r->words - key->words);
}

static void
take_test(struct reading *rd, struct rule *rule, const struct rules_key *key,
    const struct mapword *word)
{
	struct rules *r = rd->rules;
	struct rule_test test = { .key = key, .negated = key->negatable && *word->value == '-' };

	if (key->parse(word->value + test.negated, &test.value) != 0) {
		bad_value(rd, word, key->expected);
		if (key->done != NULL)
			key->done(&test.value);
		return;
	}
	if (key->words > 0)
		test.at = place_of(rd, key);
	assert(key - rd->kind->key < 64);
	r->tested |= (uint64_t)1 << (key - rd->kind->key);
	r->needs |= key->needs;
	if (r->tests == r->test_room) {
		r->test_room = r->test_room * 2 + 16;
		r->test = mem_grow(r->test, r->test_room, sizeof(*r->test));
	}
	r->test[r->tests++] = test;
	rule->tests++;
}

static void
add_name(struct names_of *names, const char *text, uint32_t rule)
{
	if (names->count == names->room) {
		names->room = names->room * 2 + 16;
		names->name = mem_grow(names->name, names->room, sizeof(*names->name));
	}
	names->name[names->count++] = (struct name){ mem_strdup(text), rule };
}

/* label= and jeq=. */
static bool
take_name(struct reading *rd, const struct mapword *word)
{
	bool is_label = strcmp(word->key, "label") == 0;

	if (!rd->kind->jumps || (!is_label && strcmp(word->key, "jeq") != 0))
		return false;
	if (strlen(word->value) > MOST_NAME || *word->value == '\0')
		bad_value(rd, word, "a name of up to 31 letters");
	else
		add_name(is_label ? &rd->labels : &rd->jumps, word->value, rd->rules->rules);
	return true;
}

static void
take_word(struct reading *rd, struct rule *rule, const struct mapword *word, void *result)
{
	const struct rules_key *key;

	if (take_name(rd, word))
		return;
	key = find_key(rd, word->key);
	if (key == NULL)
		unknown_key(rd, word->key);
	else if (key->set == NULL)
		take_test(rd, rule, key, word);
	else if (key->set(word->value, result) != 0)
		bad_value(rd, word, key->expected);
}

/* ---- lines ------------------------------------------------------------------------------- */

static void *
new_rule(struct rules *r)
{
	struct record *record;

	if (r->rules == r->rule_room) {
		r->rule_room = r->rule_room * 2 + 16;
		r->rule = mem_grow(r->rule, r->rule_room, sizeof(*r->rule));
		r->record = mem_grow(r->record, r->rule_room, r->stride);
	}
	record = record_of(r, r->rules);
	memset(record, 0, r->stride);
	record->jump = RULES_NONE;
	return record->result;
}

static void
take_rule(struct reading *rd, const struct mapword *word, int words)
{
	struct rules *r = rd->rules;
	struct rule rule = { .first = (uint32_t)r->tests, .line = rd->line, .file = rd->file };
	void *result = new_rule(r);
	const char *wrong;

	for (int i = 0; i < words; i++) {
		r->digest = hash_bytes(word[i].key, strlen(word[i].key) + 1, r->digest);
		r->digest = hash_bytes(word[i].value, strlen(word[i].value) + 1, r->digest);
		take_word(rd, &rule, &word[i], result);
	}
	r->digest = hash_bytes("\n", 1, r->digest);
	wrong = rd->kind->check != NULL ? rd->kind->check(result) : NULL;
	if (wrong != NULL)
		conf_note(rd->notes, CONF_NOTE_ERROR, rd->path, rd->line, "%s", wrong);
	r->rule[r->rules++] = rule;
}

static bool	read_file(struct reading *rd, const char *path);

/* include=FILE, alone in its line: that file's rules stand here. From the folder of this one. */
static void
take_include(struct reading *rd, const char *name)
{
	struct reading inner = *rd;
	const char *slash = strrchr(rd->path, '/');
	struct sbuf path = { 0 };

	if (rd->depth == MOST_DEPTH) {
		conf_note(rd->notes, CONF_NOTE_ERROR, rd->path, rd->line,
		    "include=%s: files include each other more than %d deep", name, MOST_DEPTH);
		return;
	}
	if (*name != '/' && slash != NULL)
		sbuf_printf(&path, "%.*s", (int)(slash + 1 - rd->path), rd->path);
	sbuf_str(&path, name);
	inner.depth++;
	(void)read_file(&inner, sbuf_text(&path));
	rd->labels = inner.labels;
	rd->jumps = inner.jumps;
	sbuf_done(&path);
}

static bool
read_file(struct reading *rd, const char *path)
{
	struct mapfile *mf = mapfile_open(path, rd->notes);
	struct rules *r = rd->rules;
	struct mapword word[MOST_WORDS];
	char *text;

	if (mf == NULL)
		return false;
	r->file = mem_grow(r->file, r->files + 1, sizeof(*r->file));
	rd->file = r->files;
	rd->path = r->file[r->files++] = mem_strdup(path);
	while ((text = mapfile_line(mf, &rd->line)) != NULL) {
		int words = mapfile_words(mf, text, word, ARRAY_LEN(word), rd->notes);

		if (words == 1 && strcmp(word[0].key, "include") == 0)
			take_include(rd, word[0].value);
		else if (words > 0)
			take_rule(rd, word, words);
	}
	mapfile_close(mf);
	return true;
}

/* ---- jumps ------------------------------------------------------------------------------- */

static uint64_t
hash_of(const struct name *name)
{
	return hash_bytes(name->text, strlen(name->text), hash_seed());
}

static uint32_t
find_label(const struct reading *rd, const struct slots *slots, const struct name *wanted,
    uint64_t hash)
{
	struct slots_at at;
	uint32_t i = slots_first(slots, hash, &at);

	while (i != SLOTS_NONE && strcmp(rd->labels.name[i].text, wanted->text) != 0)
		i = slots_next(slots, &at);
	return i;
}

static void
no_label(struct reading *rd, const struct name *jump)
{
	const struct rules *r = rd->rules;
	const struct rule *rule = &r->rule[jump->rule];

	for (size_t i = 0; i < rd->labels.count; i++)
		if (strcmp(rd->labels.name[i].text, jump->text) == 0) {
			conf_note(rd->notes, CONF_NOTE_ERROR, r->file[rule->file], rule->line,
			    "jeq=%s: no rule further down has this label, only that of line %u; "
			    "jumps go forward", jump->text, r->rule[rd->labels.name[i].rule].line);
			return;
		}
	conf_note(rd->notes, CONF_NOTE_ERROR, r->file[rule->file], rule->line,
	    "jeq=%s: no rule further down has this label", jump->text);
}

/* From the last rule up, so that what is found is the next one down. */
static void
find_jumps(struct reading *rd)
{
	struct rules *r = rd->rules;
	size_t label = rd->labels.count;
	struct slots slots;

	slots_init(&slots, rd->labels.count);
	for (size_t i = rd->jumps.count; i-- > 0;) {
		const struct name *jump = &rd->jumps.name[i];
		uint32_t found;

		for (; label > 0 && rd->labels.name[label - 1].rule > jump->rule; label--) {
			const struct name *name = &rd->labels.name[label - 1];
			uint64_t hash = hash_of(name);
			uint32_t below = find_label(rd, &slots, name, hash);

			if (below != SLOTS_NONE)
				slots_drop(&slots, hash, below);
			slots_add(&slots, hash, (uint32_t)label - 1);
		}
		found = find_label(rd, &slots, jump, hash_of(jump));
		if (strcmp(jump->text, "next") == 0)
			record_of(r, jump->rule)->jump = jump->rule + 1;
		else if (found == SLOTS_NONE)
			no_label(rd, jump);
		else
			record_of(r, jump->rule)->jump = rd->labels.name[found].rule;
	}
	slots_done(&slots);
}

/* ---- the whole --------------------------------------------------------------------------- */

static void
names_free_all(struct names_of *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->name[i].text);
	mem_free(names->name);
}

struct rules *
rules_load(const struct rules_kind *kind, const char *path, struct conf_notes *notes)
{
	struct rules *r = mem_new(sizeof(*r));
	struct reading rd = { .kind = kind, .rules = r, .notes = notes };
	size_t errors = notes->errors;

	r->kind = *kind;
	r->stride = sizeof(struct record) + (kind->result_size + 7) / 8 * 8;
	r->digest = hash_seed() | 1;
	if (read_file(&rd, path))
		find_jumps(&rd);
	r->digest |= 1;
	names_free_all(&rd.labels);
	names_free_all(&rd.jumps);
	if (notes->errors == errors) {
		rules_index_make(r);
		return r;
	}
	rules_free(r);
	return NULL;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t t = 0; t < r->tests; t++)
		if (r->test[t].key->done != NULL)
			r->test[t].key->done(&r->test[t].value);
	for (uint32_t i = 0; i < r->rules && r->kind.done != NULL; i++)
		r->kind.done(rules_result(r, i));
	for (uint32_t i = 0; i < r->files; i++)
		mem_free(r->file[i]);
	mem_free(r->file);
	mem_free(r->rule);
	rules_index_done(r);
	mem_free(r->test);
	mem_free(r);
}

/* ---- what there is ----------------------------------------------------------------------- */

uint32_t
rules_count(const struct rules *r)
{
	return r->rules;
}

void *
rules_result(const struct rules *r, uint32_t rule)
{
	return record_of(r, rule)->result;
}

unsigned
rules_line(const struct rules *r, uint32_t rule, const char **ret_file)
{
	if (ret_file != NULL)
		*ret_file = r->file[r->rule[rule].file];
	return r->rule[rule].line;
}

uint32_t
rules_jump(const struct rules *r, uint32_t rule)
{
	return record_of(r, rule)->jump;
}

uint32_t
rules_found_jump(const struct rules_found *found)
{
	const char *result = found->result;

	return ((const struct record *)(const void *)(result - offsetof(struct record, result)))->jump;
}

unsigned
rules_words(const struct rules *r)
{
	return r->words;
}

uint64_t
rules_tests(const struct rules *r)
{
	return r->tested;
}

uint32_t
rules_needs(const struct rules *r)
{
	return r->needs;
}

uint64_t
rules_digest(const struct rules *r)
{
	return r->digest;
}
