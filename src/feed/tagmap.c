/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of tag maps of feeds, and what rules say, over the engine of all maps (conf/rules.h). */
#include "feed/tagmap.h"

#include <stdatomic.h>
#include <string.h>

#include "conf/rules.h"
#include "core/mem.h"
#include "rib/commlist.h"

struct tagmap {
	_Atomic unsigned refs;
	struct rules *rules;
};

/* What a rule says. */
struct said {
	bool has_tag;
	uint64_t tag;
	char *text;			/* set_label; NULL: none */
};

/* ---- keys -------------------------------------------------------------------------------- */

static void
take_ip(const void *subject, uint64_t *ret)
{
	const struct tagmap_subject *s = subject;

	rules_addr(&s->peer, ret);
}

static int
parse_comms(const char *text, struct rules_value *ret)
{
	struct commlist list;

	if (commlist_parse(text, &list) != 0)
		return -1;
	ret->more = mem_dup(&list, sizeof(list));
	return 0;
}

static void
free_more(struct rules_value *v)
{
	mem_free(v->more);
}

static bool
fits_comms(const struct rules_value *v, const void *subject)
{
	const struct tagmap_subject *s = subject;

	return commlist_any(v->more, s->comms, s->comms_len);
}

static int
set_tag(const char *text, void *result)
{
	struct said *said = result;

	said->has_tag = true;
	return rules_parse_number(text, UINT64_MAX, &said->tag);
}

static int
set_label(const char *text, void *result)
{
	struct said *said = result;

	mem_free(said->text);
	said->text = mem_strdup(text);
	return 0;
}

static const struct rules_key keys[] = {
	{ .word = "ip", .maps = 1, .parse = rules_parse_prefix, .words = 2, .take = take_ip,
	  .expected = "an address or prefix" },
	{ .word = "comms", .maps = 1, .parse = parse_comms, .done = free_more, .fits = fits_comms,
	  .expected = COMMLIST_EXPECTED },
	{ .word = "set_tag", .maps = 1, .set = set_tag, .expected = "a number" },
	{ .word = "id", .maps = 1, .set = set_tag, .expected = "a number" },
	{ .word = "set_label", .maps = 1, .set = set_label, .expected = "a text" },
};

static void
done(void *result)
{
	struct said *said = result;

	mem_free(said->text);
}

static const struct rules_kind kind = {
	.key = keys, .keys = ARRAY_LEN(keys), .map = 1, .result_size = sizeof(struct said),
	.done = done, .jumps = true,
};

/* ---- maps -------------------------------------------------------------------------------- */

struct tagmap *
tagmap_load(const char *path, struct conf_notes *notes)
{
	struct rules *rules = rules_load(&kind, path, notes);
	struct tagmap *map;

	if (rules == NULL)
		return NULL;
	map = mem_new(sizeof(*map));
	atomic_init(&map->refs, 1);
	map->rules = rules;
	return map;
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
	rules_free(map->rules);
	mem_free(map);
}

/* A rule acts by its tag where it has both. */
static void
act(const struct said *said, struct tagmap_result *result)
{
	if (said->has_tag) {
		result->tag = said->tag;
		result->has_tag = true;
	} else if (said->text != NULL) {
		sbuf_printf(result->label, "%s%s", result->label->len > 0 ? "," : "", said->text);
	}
}

void
tagmap_ask(const struct tagmap *map, const struct tagmap_subject *subject,
    struct tagmap_result *result)
{
	uint64_t word[RULES_WORDS];
	uint32_t rule = 0;

	rules_take(map->rules, subject, word);
	while (rule != RULES_NONE) {
		rule = rules_find(map->rules, subject, word, rule);
		if (rule == RULES_NONE)
			return;
		act(rules_result(map->rules, rule), result);
		rule = rules_jump(map->rules, rule);
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
