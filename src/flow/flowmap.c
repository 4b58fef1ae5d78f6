/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of which the first rule that fits says a value: a kind of rules each. */
#include "flow/flowmap.h"

#include "core/mem.h"

struct flowmap {
	struct rules *rules;
};

static const char *
check_agent(const void *result)
{
	const struct flowmap_result *r = result;

	return r->is_said ? NULL : "the rule says no result: bgp_ip= is missing";
}

static const char *
check_bmp_agent(const void *result)
{
	const struct flowmap_result *r = result;

	return r->is_said ? NULL : "the rule says no result: bmp_ip= is missing";
}

static const char *
check_id(const void *result)
{
	const struct flowmap_result *r = result;

	return r->is_said ? NULL : "the rule says no result: id= is missing";
}

static const struct rules_kind kinds[FLOWMAP_KINDS] = {
#define KIND(kind, how) \
	[FLOWMAP_##kind] = { .key = flow_keys, .map = 1u << FLOWMAP_##kind, \
	    .result_size = sizeof(struct flowmap_result), .check = how }
	KIND(AGENT, check_agent),
	KIND(PEER_SRC_AS, check_id),
	KIND(SRC_LOCAL_PREF, check_id),
	KIND(SRC_MED, check_id),
	KIND(BMP_AGENT, check_bmp_agent),
	KIND(RD, check_id),
	KIND(PEER_DST_IP, check_id),
#undef KIND
};

struct flowmap *
flowmap_load(enum flowmap_kind kind, const char *path, struct conf_notes *notes)
{
	struct rules_kind rules_kind = kinds[kind];
	struct flowmap *map;
	struct rules *rules;

	rules_kind.keys = flow_key_count;
	rules = rules_load(&rules_kind, path, notes);
	if (rules == NULL)
		return NULL;
	map = mem_new(sizeof(*map));
	map->rules = rules;
	for (uint32_t i = 0; i < rules_count(rules); i++)
		((struct flowmap_result *)rules_result(rules, i))->line = rules_line(rules, i, NULL);
	return map;
}

void
flowmap_free(struct flowmap *map)
{
	if (map == NULL)
		return;
	rules_free(map->rules);
	mem_free(map);
}

const struct flowmap_result *
flowmap_next(const struct flowmap *map, const struct flowmap_subject *subject, size_t *at)
{
	uint64_t word[RULES_WORDS];
	uint32_t found;

	rules_take(map->rules, subject, word);
	found = rules_find(map->rules, subject, word, (uint32_t)*at);
	if (found == RULES_NONE)
		return NULL;
	*at = (size_t)found + 1;
	return rules_result(map->rules, found);
}

const struct flowmap_result *
flowmap_match(const struct flowmap *map, const struct flowmap_subject *subject)
{
	size_t at = 0;

	return flowmap_next(map, subject, &at);
}

bool
flowmap_by_exporter(const struct flowmap *map)
{
	return (rules_tests(map->rules) & ~((uint64_t)1 << FLOW_KEY_IP)) == 0;
}

uint64_t
flowmap_digest(const struct flowmap *map)
{
	return rules_digest(map->rules);
}
