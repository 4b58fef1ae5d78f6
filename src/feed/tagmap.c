/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a rule, a row each. A rule that fits gives its tag or label, and is the last one unless
 * it jumps; jumps go forward only, so every question ends.
 */
#include "feed/tagmap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "conf/mapfile.h"
#include "core/mem.h"

#define MOST_WORDS	16		/* of one rule */
#define MOST_COMMS	16		/* of one rule, as pmacct */
#define MOST_NAME	31		/* of a name to jump to, as pmacct */

struct rule {
	unsigned line;
	struct prefix ip;
	bool has_ip, has_tag;
	uint64_t tag;
	char *text;			/* set_label; NULL: none */
	char name[MOST_NAME + 1], jump[MOST_NAME + 1];
	uint32_t next;			/* after it fitted; 0: none, it is the last */
	unsigned comms;
	uint8_t comm[MOST_COMMS][4];
};

struct tagmap {
	_Atomic unsigned refs;
	struct rule *rule;
	size_t rules;
};

/* ---- words ------------------------------------------------------------------------------- */

static int
take_number(const char *text, uint64_t most, char end, const char **ret_rest, uint64_t *ret)
{
	char *rest;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*ret = strtoull(text, &rest, 10);
	*ret_rest = rest;
	return errno != 0 || *ret > most || (*rest != end && *rest != '\0') ? -1 : 0;
}

static int
take_tag(const char *text, struct rule *rule)
{
	rule->has_tag = true;
	return take_number(text, UINT64_MAX, '\0', &text, &rule->tag);
}

static int
take_text(const char *text, struct rule *rule)
{
	mem_free(rule->text);
	rule->text = mem_strdup(text);
	return 0;
}

static int
take_ip(const char *text, struct rule *rule)
{
	rule->has_ip = true;
	return prefix_parse(text, &rule->ip);
}

/* a:b,c:d,...: any of them. */
static int
take_comms(const char *text, struct rule *rule)
{
	uint64_t high, low;

	for (rule->comms = 0; rule->comms < MOST_COMMS; text++) {
		uint8_t *to = rule->comm[rule->comms++];

		if (take_number(text, 65535, ':', &text, &high) != 0 || *text != ':' ||
		    take_number(text + 1, 65535, ',', &text, &low) != 0)
			return -1;
		to[0] = (uint8_t)(high >> 8);
		to[1] = (uint8_t)high;
		to[2] = (uint8_t)(low >> 8);
		to[3] = (uint8_t)low;
		if (*text == '\0')
			return 0;
	}
	return -1;
}

static int
copy_name(const char *text, char to[MOST_NAME + 1])
{
	if (strlen(text) > MOST_NAME)
		return -1;
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

static int
take_name(const char *text, struct rule *rule)
{
	return copy_name(text, rule->name);
}

static int
take_jump(const char *text, struct rule *rule)
{
	return copy_name(text, rule->jump);
}

static const struct word {
	const char *key;
	int (*take)(const char *text, struct rule *rule);
	const char *expected;
} words[] = {
	{ "set_tag",	take_tag,	"a number" },
	{ "id",		take_tag,	"a number" },
	{ "set_label",	take_text,	"a text" },
	{ "ip",		take_ip,	"an address or prefix" },
	{ "comms",	take_comms,	"up to 16 communities as 65001:1,65001:2" },
	{ "label",	take_name,	"a name of up to 31 letters" },
	{ "jeq",	take_jump,	"the label of a rule further down, or next" },
};

static void
take_word(struct rule *rule, const struct mapword *word, const char *path, struct conf_notes *notes)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].key, word->key) != 0)
			continue;
		if (words[i].take(word->value, rule) != 0)
			conf_note(notes, CONF_NOTE_ERROR, path, rule->line, "%s=%s: expected %s",
			    word->key, word->value, words[i].expected);
		return;
	}
	conf_note(notes, CONF_NOTE_ERROR, path, rule->line, "this map has no key '%s'", word->key);
}

/* ---- reading ----------------------------------------------------------------------------- */

static void
find_jump(struct tagmap *map, size_t i, const char *path, struct conf_notes *notes)
{
	struct rule *rule = &map->rule[i];

	if (rule->jump[0] == '\0')
		return;
	for (size_t k = i + 1; k < map->rules && rule->next == 0; k++)
		if (strcmp(rule->jump, "next") == 0 || strcmp(rule->jump, map->rule[k].name) == 0)
			rule->next = (uint32_t)k;
	if (rule->next == 0 && strcmp(rule->jump, "next") != 0)
		conf_note(notes, CONF_NOTE_ERROR, path, rule->line,
		    "jeq=%s: no rule further down has this label", rule->jump);
}

struct tagmap *
tagmap_load(const char *path, struct conf_notes *notes)
{
	struct mapfile *mf = mapfile_open(path, notes);
	struct mapword word[MOST_WORDS];
	size_t errors = notes->errors;
	struct tagmap *map;
	unsigned line;
	char *text;

	if (mf == NULL)
		return NULL;
	map = mem_new(sizeof(*map));
	atomic_init(&map->refs, 1);
	while ((text = mapfile_line(mf, &line)) != NULL) {
		int n = mapfile_words(mf, text, word, ARRAY_LEN(word), notes);
		struct rule rule = { .line = line };

		for (int i = 0; i < n; i++)
			take_word(&rule, &word[i], path, notes);
		map->rule = mem_grow(map->rule, map->rules + 1, sizeof(*map->rule));
		map->rule[map->rules++] = rule;
	}
	for (size_t i = 0; i < map->rules; i++)
		find_jump(map, i, path, notes);
	mapfile_close(mf);
	if (notes->errors == errors)
		return map;
	tagmap_release(map);
	return NULL;
}

struct tagmap *
tagmap_share(struct tagmap *map)
{
	if (map != NULL)
		atomic_fetch_add(&map->refs, 1);
	return map;
}

void
tagmap_release(struct tagmap *map)
{
	if (map == NULL || atomic_fetch_sub(&map->refs, 1) > 1)
		return;
	for (size_t i = 0; i < map->rules; i++)
		mem_free(map->rule[i].text);
	mem_free(map->rule);
	mem_free(map);
}

/* ---- asking ------------------------------------------------------------------------------ */

static bool
has_comm(const struct rule *rule, const struct tagmap_subject *s)
{
	for (size_t at = 0; at + 4 <= s->comms_len; at += 4)
		for (unsigned i = 0; i < rule->comms; i++)
			if (memcmp(s->comms + at, rule->comm[i], 4) == 0)
				return true;
	return rule->comms == 0;
}

static bool
fits(const struct rule *rule, const struct tagmap_subject *s)
{
	return (!rule->has_ip || prefix_covers(&rule->ip, &s->peer)) && has_comm(rule, s);
}

/* A rule acts by its tag where it has both. */
static void
act(const struct rule *rule, struct tagmap_result *result)
{
	if (rule->has_tag) {
		result->tag = rule->tag;
		result->has_tag = true;
	} else if (rule->text != NULL) {
		sbuf_printf(result->label, "%s%s", result->label->len > 0 ? "," : "", rule->text);
	}
}

void
tagmap_ask(const struct tagmap *map, const struct tagmap_subject *subject,
    struct tagmap_result *result)
{
	size_t i = 0;

	while (i < map->rules) {
		const struct rule *rule = &map->rule[i++];

		if (!fits(rule, subject))
			continue;
		act(rule, result);
		if (rule->next == 0)
			return;
		i = rule->next;
	}
}

void
tagmap_json(const struct tagmap_result *result, struct json *j)
{
	if (result->has_tag)
		json_u64(j, "tag", result->tag);
	if (result->label->len > 0)
		json_text(j, "label", sbuf_text(result->label), result->label->len);
}
