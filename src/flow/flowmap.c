/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of the maps, a row each, and the rules made of them. A new key is a row with a parser
 * and a test; which maps know it stands in the row as well. Values are negated by a `-` in front
 * where the row allows it.
 */
#include "flow/flowmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/mapfile.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/names.h"
#include "flow/networks.h"
#include "rib/attr.h"

#define MOST_WORDS	16		/* of one rule */

/* A prefix as two words to compare with; IPv4 in its mapped form. */
struct net {
	trie_key bits, mask;
};

union value {
	struct net net;
	uint32_t number;
	uint8_t mac[6];
};

struct test {
	const struct key *key;
	bool negated;
	union value value;
};

struct rule {
	struct flowmap_result result;
	uint32_t first, tests;		/* in flowmap.test */
};

struct flowmap {
	struct rule *rule;
	struct test *test;
	size_t rules, tests, rule_room, test_room;
	bool by_exporter;
	uint64_t digest;
};

/* A key either tests (match) or gives the result (set). Both say -1 for a bad value. */
struct key {
	const char *word;
	unsigned maps;			/* bits of enum flowmap_kind */
	int (*parse)(const char *text, union value *ret);
	bool (*match)(const union value *value, const struct flowmap_subject *subject);
	int (*set)(const char *text, struct flowmap_result *result);
	bool negatable;
	const char *expected;
};

/* ---- values and tests -------------------------------------------------------------------- */

static int
parse_prefix(const char *text, union value *ret)
{
	struct prefix prefix;
	unsigned keep;

	if (prefix_parse(text, &prefix) != 0)
		return -1;
	keep = prefix.len + (addr_is_v4(&prefix.addr) ? 96u : 0u);
	ret->net.bits = networks_key(&prefix.addr, NETWORKS_IP6);
	ret->net.mask = keep == 0 ? 0 : ~(trie_key)0 << (128 - keep);
	return 0;
}

static inline bool
covers(const union value *v, const struct addr *a)
{
	return ((networks_key(a, NETWORKS_IP6) ^ v->net.bits) & v->net.mask) == 0;
}

static int
parse_number(const char *text, union value *ret)
{
	return asn_parse(text, &ret->number);
}

static int
parse_vlan(const char *text, union value *ret)
{
	return asn_parse(text, &ret->number) == 0 && ret->number <= 4096 ? 0 : -1;
}

static int
parse_label(const char *text, union value *ret)
{
	return asn_parse(text, &ret->number) == 0 && ret->number < 1u << 20 ? 0 : -1;
}

static int
parse_mac(const char *text, union value *ret)
{
	unsigned b[6];
	char more;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
	    &more) != 6)
		return -1;
	for (unsigned i = 0; i < 6; i++)
		ret->mac[i] = (uint8_t)b[i];
	return 0;
}

static bool
match_ip(const union value *v, const struct flowmap_subject *s)
{
	return covers(v, &s->flow->peer_src_ip);
}

static bool
match_in(const union value *v, const struct flowmap_subject *s)
{
	return s->flow->in_iface == v->number;
}

static bool
match_out(const union value *v, const struct flowmap_subject *s)
{
	return s->flow->out_iface == v->number;
}

static bool
match_bgp_nexthop(const union value *v, const struct flowmap_subject *s)
{
	return covers(v, &s->bgp_next_hop);
}

static bool
match_peer_as(const union value *v, const struct flowmap_subject *s)
{
	return s->peer_as == v->number;
}

static bool
match_src_mac(const union value *v, const struct flowmap_subject *s)
{
	return memcmp(v->mac, s->flow->src_mac, sizeof(v->mac)) == 0;
}

static bool
match_vlan(const union value *v, const struct flowmap_subject *s)
{
	return s->flow->vlan == v->number;
}

/* The number its exporter gave the VRF, of either side. */
static bool
match_vpn_id(const union value *v, const struct flowmap_subject *s)
{
	return s->flow->in_vrf_id == v->number || s->flow->out_vrf_id == v->number;
}

static bool
match_label_bottom(const union value *v, const struct flowmap_subject *s)
{
	const struct flow *flow = s->flow;
	unsigned n = flow->mpls_labels < FLOW_LABELS ? flow->mpls_labels : FLOW_LABELS;

	return n > 0 && flow->mpls_label[n - 1] == v->number;
}

static bool
match_src_net(const union value *v, const struct flowmap_subject *s)
{
	return covers(v, &s->flow->src);
}

static bool
match_dst_net(const union value *v, const struct flowmap_subject *s)
{
	return covers(v, &s->flow->dst);
}

static int
set_addr(const char *text, struct flowmap_result *result)
{
	return addr_parse(text, &result->addr);
}

static int
set_rd(const char *text, struct flowmap_result *result)
{
	return rd_parse_any(text, &result->rd);
}

static int
set_number(const char *text, struct flowmap_result *result)
{
	result->from_bgp = strcasecmp(text, "bgp") == 0;
	return result->from_bgp ? 0 : asn_parse(text, &result->number);
}

#define AGENT	(1u << FLOWMAP_AGENT | 1u << FLOWMAP_BMP_AGENT)
#define SOURCE	(1u << FLOWMAP_PEER_SRC_AS | 1u << FLOWMAP_SRC_LOCAL_PREF | 1u << FLOWMAP_SRC_MED)
#define VPN	(1u << FLOWMAP_RD)
#define HOP	(1u << FLOWMAP_PEER_DST_IP)
#define IFACE	(AGENT | SOURCE | VPN)

static const struct key keys[] = {
/*	  word                 maps            value         test                result      may negate  */
	{ "ip",                IFACE | HOP,    parse_prefix, match_ip,           NULL,       false,
	  "an exporter's address or prefix" },
	{ "in",                IFACE,          parse_number, match_in,           NULL,       true,
	  "an interface number" },
	{ "out",               IFACE,          parse_number, match_out,          NULL,       true,
	  "an interface number" },
	{ "bgp_nexthop",       SOURCE | VPN | HOP, parse_prefix, match_bgp_nexthop, NULL,    true,
	  "an address or prefix" },
	{ "mpls_vpn_id",       VPN,            parse_number, match_vpn_id,       NULL,       true,
	  "the number of a VRF" },
	{ "mpls_label_bottom", VPN,            parse_label,  match_label_bottom, NULL,       true,
	  "a label, 0 to 1048575" },
	{ "peer_dst_as",       SOURCE,         parse_number, match_peer_as,      NULL,       true,
	  "an AS number" },
	{ "src_mac",           SOURCE,         parse_mac,    match_src_mac,      NULL,       true,
	  "six bytes as 00:11:22:33:44:55" },
	{ "vlan",              SOURCE,         parse_vlan,   match_vlan,         NULL,       true,
	  "0 to 4096" },
	{ "src_net",           SOURCE,         parse_prefix, match_src_net,      NULL,       true,
	  "an address or prefix" },
	{ "dst_net",           SOURCE,         parse_prefix, match_dst_net,      NULL,       true,
	  "an address or prefix" },
	{ "bgp_ip",            AGENT,          NULL,         NULL,               set_addr,   false,
	  "a router's address" },
	{ "bmp_ip",            AGENT,          NULL,         NULL,               set_addr,   false,
	  "a router's address" },
	{ "id",                AGENT,          NULL,         NULL,               set_addr,   false,
	  "a router's address" },
	{ "id",                SOURCE,         NULL,         NULL,               set_number, false,
	  "a number, or bgp" },
	{ "id",                VPN,            NULL,         NULL,               set_rd,     false,
	  "a route distinguisher as 0:65000:1, 1:192.0.2.1:1 or 2:4200000000:1" },
	{ "id",                HOP,            NULL,         NULL,               set_addr,   false,
	  "an address" },
};

static const struct key *
find_key(enum flowmap_kind kind, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if ((keys[i].maps >> kind & 1) && strcmp(keys[i].word, word) == 0)
			return &keys[i];
	return NULL;
}

static const char *
nth_key(const void *ctx, size_t i)
{
	(void)ctx;
	return keys[i].word;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* One word of a rule. Gives what is wrong with it as a note. */
static void
take_word(struct flowmap *map, struct rule *rule, enum flowmap_kind kind,
    const struct mapword *word, const char *path, bool *results, struct conf_notes *notes)
{
	const struct key *key = find_key(kind, word->key);
	struct test test = { .key = key };
	const char *text = word->value, *near;

	if (key == NULL) {
		near = nearest_word(word->key, nth_key, NULL, ARRAY_LEN(keys));
		conf_note(notes, CONF_NOTE_ERROR, path, rule->result.line,
		    "this map has no key '%s'%s%s%s", word->key,
		    near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		    near != NULL ? "'?" : "");
		return;
	}
	if (key->set != NULL) {
		if (key->set(text, &rule->result) != 0)
			conf_note(notes, CONF_NOTE_ERROR, path, rule->result.line,
			    "%s=%s: expected %s", key->word, text, key->expected);
		*results = true;
		return;
	}
	test.negated = key->negatable && *text == '-';
	if (key->parse(test.negated ? text + 1 : text, &test.value) != 0) {
		conf_note(notes, CONF_NOTE_ERROR, path, rule->result.line, "%s=%s: expected %s",
		    key->word, text, key->expected);
		return;
	}
	map->by_exporter = map->by_exporter && key->match == match_ip;
	if (map->tests == map->test_room) {
		map->test_room = map->test_room * 2 + 16;
		map->test = mem_grow(map->test, map->test_room, sizeof(*map->test));
	}
	map->test[map->tests++] = test;
	rule->tests++;
}

static void
take_rule(struct flowmap *map, enum flowmap_kind kind, const struct mapword *word, int words,
    const char *path, unsigned line, struct conf_notes *notes)
{
	struct rule rule = { .result.line = line, .first = (uint32_t)map->tests };
	bool results = false;

	for (int i = 0; i < words; i++) {
		map->digest = hash_bytes(word[i].key, strlen(word[i].key) + 1, map->digest);
		map->digest = hash_bytes(word[i].value, strlen(word[i].value) + 1, map->digest);
		take_word(map, &rule, kind, &word[i], path, &results, notes);
	}
	map->digest = hash_bytes("\n", 1, map->digest);
	if (!results)
		conf_note(notes, CONF_NOTE_ERROR, path, line, "the rule says no result: %s",
		    kind == FLOWMAP_AGENT ? "bgp_ip= is missing" :
		    kind == FLOWMAP_BMP_AGENT ? "bmp_ip= is missing" : "id= is missing");
	if (map->rules == map->rule_room) {
		map->rule_room = map->rule_room * 2 + 16;
		map->rule = mem_grow(map->rule, map->rule_room, sizeof(*map->rule));
	}
	map->rule[map->rules++] = rule;
}

struct flowmap *
flowmap_load(enum flowmap_kind kind, const char *path, struct conf_notes *notes)
{
	struct mapfile *mf = mapfile_open(path, notes);
	struct mapword word[MOST_WORDS];
	size_t errors = notes->errors;
	struct flowmap *map;
	unsigned line;
	char *text;
	int words;

	if (mf == NULL)
		return NULL;
	map = mem_new(sizeof(*map));
	map->by_exporter = true;
	map->digest = hash_seed() | 1;
	while ((text = mapfile_line(mf, &line)) != NULL) {
		words = mapfile_words(mf, text, word, ARRAY_LEN(word), notes);
		if (words > 0)
			take_rule(map, kind, word, words, path, line, notes);
	}
	map->digest |= 1;
	mapfile_close(mf);
	if (notes->errors == errors)
		return map;
	flowmap_free(map);
	return NULL;
}

void
flowmap_free(struct flowmap *map)
{
	if (map == NULL)
		return;
	mem_free(map->rule);
	mem_free(map->test);
	mem_free(map);
}

/* ---- asking ------------------------------------------------------------------------------ */

static bool
fits(const struct flowmap *map, const struct rule *rule, const struct flowmap_subject *subject)
{
	for (uint32_t i = rule->first; i < rule->first + rule->tests; i++) {
		const struct test *test = &map->test[i];

		if (test->key->match(&test->value, subject) == test->negated)
			return false;
	}
	return true;
}

const struct flowmap_result *
flowmap_next(const struct flowmap *map, const struct flowmap_subject *subject, size_t *at)
{
	while (*at < map->rules) {
		const struct rule *rule = &map->rule[(*at)++];

		if (fits(map, rule, subject))
			return &rule->result;
	}
	return NULL;
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
	return map->by_exporter;
}

uint64_t
flowmap_digest(const struct flowmap *map)
{
	return map->digest;
}
