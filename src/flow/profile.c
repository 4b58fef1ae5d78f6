/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiling an output's settings to a profile: who may say what (compat/interface.md 7.1, 7.2),
 * the files behind it, and which lookups that takes. Files are read here, by the loader; nothing
 * of it is done again per flow.
 */
#include "flow/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/mem.h"

#define LONGEST	(TRUTH_FILE | TRUTH_EXPORT | TRUTH_BGP)

/* The words of `*_as` and `*_net`; 0 where a word does not belong to a key. */
static const struct truth_row {
	const char *word;
	uint8_t as, net;
} truth_rows[] = {
	{ "netflow",  TRUTH_EXPORT, TRUTH_EXPORT },
	{ "sflow",    TRUTH_EXPORT, TRUTH_EXPORT },
	{ "false",    TRUTH_EXPORT, 0 },		/* as before pmacct 0.8 */
	{ "file",     TRUTH_FILE,   TRUTH_FILE },
	{ "true",     TRUTH_FILE,   0 },
	{ "mask",     0,            TRUTH_MASK },
	{ "bgp",      TRUTH_BGP,    TRUTH_BGP },
	{ "bmp",      TRUTH_BGP,    TRUTH_BGP },	/* one RIB holds both */
	{ "longest",  LONGEST,      LONGEST },
	{ "fallback", LONGEST,      LONGEST },
};

/* The fields of the source's route: their keys, the map where one is allowed. */
static const struct source_row {
	const char *var, *map_var;
	enum profile_file map;
} source_rows[SOURCE_FIELDS] = {
	[SOURCE_PEER_AS] = { "bgp_peer_src_as_type", "bgp_peer_src_as_map", FILE_PEER_SRC_AS },
	[SOURCE_LOCAL_PREF] = { "bgp_src_local_pref_type", "bgp_src_local_pref_map",
	    FILE_SRC_LOCAL_PREF },
	[SOURCE_MED] = { "bgp_src_med_type", "bgp_src_med_map", FILE_SRC_MED },
	[SOURCE_AS_PATH] = { "bgp_src_as_path_type", NULL, 0 },
	[SOURCE_COMMS] = { "bgp_src_std_comm_type", NULL, 0 },
	[SOURCE_ECOMMS] = { "bgp_src_ext_comm_type", NULL, 0 },
	[SOURCE_LCOMMS] = { "bgp_src_lrg_comm_type", NULL, 0 },
};

static const struct { const char *word; uint8_t from; } source_words[] = {
	{ "netflow", TRUTH_EXPORT }, { "sflow", TRUTH_EXPORT }, { "map", TRUTH_MAP },
	{ "bgp", TRUTH_BGP }, { "bmp", TRUTH_BGP }, { "fallback", TRUTH_EXPORT | TRUTH_BGP },
	{ "longest", TRUTH_EXPORT | TRUTH_BGP },
};

/* Primitives that a networks file would fill: with one of them it is not idle. */
static const char *const file_primitives[] = {
	"src_net", "dst_net", "sum_net", "src_mask", "dst_mask", "src_as", "dst_as", "sum_as",
	"peer_src_as", "peer_dst_as", "peer_dst_ip",
};

struct compiling {
	const struct conf *conf;
	size_t output;
	const char *prefix;
	bool packets;			/* pmacctd, uacctd: there is no export that says things */
	struct profile *p;
	struct conf_notes *notes;
};

/* Say something about a key, with the place where it was set. */
static void
say(struct compiling *c, int kind, const char *var, const char *text)
{
	const char *file = NULL;
	unsigned line = conf_where(c->conf, c->output, var, &file);

	conf_note(c->notes, kind, file, line, "%s: %s", var, text);
}

static const char *
prefixed(const struct compiling *c, const char *key, char room[64])
{
	snprintf(room, 64, "%s%s", c->prefix, key);
	return room;
}

/* ---- who says what ----------------------------------------------------------------------- */

static uint8_t
truth_of(const char *word, bool net)
{
	for (size_t i = 0; i < ARRAY_LEN(truth_rows); i++)
		if (strcasecmp(truth_rows[i].word, word) == 0)
			return net ? truth_rows[i].net : truth_rows[i].as;
	return 0;
}

static uint8_t
read_truth(struct compiling *c, const char *key, bool net, uint8_t dflt)
{
	char var[64];
	const char *word = conf_text(c->conf, c->output, prefixed(c, key, var));
	uint8_t truth;

	if (word == NULL || !conf_given(c->conf, c->output, var))
		return dflt;
	truth = truth_of(word, net);
	if (truth == 0)
		say(c, CONF_NOTE_ERROR, var, "this build has no such source");
	if (c->packets)
		truth &= (uint8_t)~TRUTH_EXPORT;
	return truth;
}

static void
read_sources(struct compiling *c)
{
	struct settings *set = &c->p->set;
	bool file = c->p->path[FILE_NETWORKS] != NULL;
	bool mask = conf_given(c->conf, c->output, "networks_mask");
	uint8_t idle = 0;

	if (c->packets)
		idle = (uint8_t)((file ? TRUTH_FILE : 0) | (mask ? TRUTH_MASK : 0));
	set->mask = (uint8_t)conf_int(c->conf, c->output, "networks_mask");
	set->as_from = read_truth(c, "_as", false, c->packets ? 0 : TRUTH_EXPORT);
	set->net_from = read_truth(c, "_net", true, c->packets ? idle : TRUTH_EXPORT);
	if (mask && set->net_from == TRUTH_FILE)
		set->net_from |= TRUTH_MASK;
}

/* A source that is asked for by name but is not there: its fields stay 0, which is worth a word. */
static void
check_sources(struct compiling *c)
{
	struct settings *set = &c->p->set;
	bool file = c->p->path[FILE_NETWORKS] != NULL;
	bool bgp = conf_bool(c->conf, CONF_ALL, "bgp_daemon") ||
	    conf_bool(c->conf, CONF_ALL, "bmp_daemon");

	if (!file && (set->as_from == TRUTH_FILE || (set->net_from & ~TRUTH_MASK) == TRUTH_FILE))
		conf_note(c->notes, CONF_NOTE_WARNING, conf_file(c->conf), 0,
		    "%s_as or %s_net says file, but there is no networks_file: the fields stay 0",
		    c->prefix, c->prefix);
	if (!bgp && (set->as_from == TRUTH_BGP || set->net_from == TRUTH_BGP))
		conf_note(c->notes, CONF_NOTE_WARNING, conf_file(c->conf), 0,
		    "%s_as or %s_net says bgp or bmp, but neither bgp_daemon nor bmp_daemon is on: the fields stay 0",
		    c->prefix, c->prefix);
	if (!file) {
		set->as_from &= (uint8_t)~TRUTH_FILE;
		set->net_from &= (uint8_t)~TRUTH_FILE;
	}
}

static void
read_source_field(struct compiling *c, enum source_field field)
{
	const struct source_row *row = &source_rows[field];
	const char *word = conf_text(c->conf, c->output, row->var);
	uint8_t *from = &c->p->set.source_from[field];
	const char *path;

	if (word == NULL || !conf_given(c->conf, c->output, row->var)) {
		if (field == SOURCE_PEER_AS)
			*from = c->p->set.as_from & TRUTH_EXPORT;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(source_words); i++)
		if (strcasecmp(source_words[i].word, word) == 0)
			*from = source_words[i].from;
	if (*from == 0 || (*from == TRUTH_MAP && row->map_var == NULL) ||
	    (*from & TRUTH_EXPORT && field != SOURCE_PEER_AS)) {
		say(c, CONF_NOTE_ERROR, row->var, "no such source for this field");
		return;
	}
	if (*from != TRUTH_MAP)
		return;
	path = conf_text(c->conf, c->output, row->map_var);
	if (path == NULL)
		say(c, CONF_NOTE_ERROR, row->var, "map, but no file of rules is named");
	else
		c->p->path[row->map] = mem_strdup(path);
}

/* ---- the networks filter ----------------------------------------------------------------- */

static bool
names_file_primitive(const char *aggregate)
{
	while (aggregate != NULL && *aggregate != '\0') {
		size_t skip = strspn(aggregate, ", \t"), len = strcspn(aggregate + skip, ", \t");

		for (size_t i = 0; i < ARRAY_LEN(file_primitives); i++)
			if (strlen(file_primitives[i]) == len &&
			    strncasecmp(file_primitives[i], aggregate + skip, len) == 0)
				return true;
		aggregate += skip + len;
	}
	return false;
}

static bool
says_file(const struct compiling *c, size_t output, const char *key, bool net)
{
	char var[64];
	const char *word = conf_text(c->conf, output, prefixed(c, key, var));

	return word != NULL && conf_given(c->conf, output, var) &&
	    (truth_of(word, net) & TRUTH_FILE) != 0;
}

/* Does any output do something with its networks file? */
static bool
any_consumes_file(const struct compiling *c)
{
	for (size_t o = 0; o < conf_outputs(c->conf); o++) {
		if (conf_text(c->conf, o, "networks_file") == NULL)
			continue;
		if (conf_given(c->conf, o, "networks_file_filter") ||
		    says_file(c, o, "_as", false) || says_file(c, o, "_net", true) ||
		    names_file_primitive(conf_text(c->conf, o, "aggregate")))
			return true;
	}
	return false;
}

/*
 * pmacct up to 0.14.2 zeroed hosts outside of the networks file by itself. Later versions ignore
 * a file that nothing asks for; there it keeps the old meaning (compat/README.md, rule 2).
 */
static void
read_filter(struct compiling *c)
{
	struct settings *set = &c->p->set;

	if (c->p->path[FILE_NETWORKS] == NULL)
		return;
	if (conf_given(c->conf, c->output, "networks_file_filter")) {
		set->filter = conf_bool(c->conf, c->output, "networks_file_filter") ?
		    FILTER_ALL : FILTER_NONE;
		return;
	}
	if (any_consumes_file(c))
		return;
	set->filter = FILTER_HOSTS;
	if (set->needs & ENRICH_HOSTS)
		say(c, CONF_NOTE_WARNING, "networks_file", "nothing else uses it, so it filters "
		    "hosts as pmacct 0.14 did: addresses outside of it become 0.0.0.0; "
		    "networks_file_filter: false switches that off, true keeps it and this "
		    "warning away");
}

/* ---- what is done with routes ------------------------------------------------------------ */

static void
read_follow(struct compiling *c)
{
	const char *var = "bgp_follow_nexthop", *list = conf_text(c->conf, CONF_ALL, var);
	struct profile *p = c->p;
	char *room, *save = NULL;

	if (list == NULL)
		return;
	room = mem_strdup(list);
	for (char *w = strtok_r(room, ", \t", &save); w != NULL; w = strtok_r(NULL, ", \t", &save)) {
		if (p->follows == FOLLOW_PREFIXES) {
			say(c, CONF_NOTE_ERROR, var, "more than 32 prefixes");
			break;
		}
		if (prefix_parse(w, &p->follow[p->follows]) != 0)
			say(c, CONF_NOTE_ERROR, var, "expected prefixes, separated by commas");
		else
			p->follows++;
	}
	mem_free(room);
}

static void
read_after(struct compiling *c)
{
	struct profile *p = c->p;

	read_follow(c);
	p->set.follow_default = (uint8_t)conf_int(c->conf, CONF_ALL, "bgp_follow_default");
	p->std_as = commpat_new(conf_text(c->conf, CONF_ALL, "bgp_stdcomm_pattern_to_asn"));
	p->lrg_as = commpat_new(conf_text(c->conf, CONF_ALL, "bgp_lrgcomm_pattern_to_asn"));
	p->set.after = (uint8_t)((p->set.follow_default > 0 ? AFTER_DEFAULT : 0) |
	    (p->follows > 0 ? AFTER_HOPS : 0) |
	    (p->std_as != NULL || p->lrg_as != NULL ? AFTER_ASN : 0) |
	    (conf_bool(c->conf, CONF_ALL, "bgp_follow_nexthop_external") ? AFTER_EXTERNAL : 0) |
	    (conf_given(c->conf, CONF_ALL, "bgp_src_roa_type") ? AFTER_SRC_ROA : 0) |
	    (conf_bool(c->conf, CONF_ALL, "bgp_peer_as_skip_subas") ? AFTER_SUBAS : 0));
	if (p->set.after & AFTER_EXTERNAL && p->follows == 0)
		say(c, CONF_NOTE_WARNING, "bgp_follow_nexthop_external",
		    "without bgp_follow_nexthop no next hop is followed");
}

/* ---- the whole --------------------------------------------------------------------------- */

static const struct { enum profile_file file; const char *var; } file_vars[] = {
	{ FILE_NETWORKS, "networks_file" }, { FILE_PORTS, "ports_file" },
	{ FILE_PROTOS, "protos_file" }, { FILE_TOS, "tos_file" }, { FILE_AGENT, "bgp_agent_map" },
	{ FILE_BMP_AGENT, "bmp_agent_map" },
	{ FILE_RD, "flow_to_rd_map" }, { FILE_PEER_DST_IP, "bgp_peer_dst_ip_map" },
	{ FILE_PRE_TAG, "pre_tag_map" },
};

/* What has to be asked about each end, from what the plans need and who may answer. */
static void
settle_lookups(struct settings *set)
{
	const uint8_t both = (set->as_from | set->net_from) & (TRUTH_FILE | TRUTH_BGP);

	if (set->needs & ENRICH_SRC_ROUTE)
		set->ask_src |= both;
	if (set->needs & (ENRICH_DST_ROUTE | ENRICH_PEER_DST_IP))
		set->ask_dst |= both;
	if (set->needs & ENRICH_SRC_ATTRS)
		for (unsigned i = 0; i < SOURCE_FIELDS; i++)
			if (set->source_from[i] & (TRUTH_BGP | TRUTH_MAP))
				set->ask_src |= TRUTH_BGP;
	if (set->needs & ENRICH_ROA && set->after & AFTER_SRC_ROA)
		set->ask_src |= TRUTH_BGP;
	if ((set->filter != FILTER_NONE && set->needs & ENRICH_HOSTS) ||
	    (set->filter == FILTER_ALL &&
	    set->needs & (ENRICH_NETS | ENRICH_SRC_ROUTE | ENRICH_DST_ROUTE))) {
		set->ask_src |= TRUTH_FILE;
		set->ask_dst |= TRUTH_FILE;
	}
}

static bool
is_there(const struct profile *p, unsigned file)
{
	return p->path[file] != NULL && !(p->missing >> file & 1);
}

static void
load_files(struct profile *p, struct conf_notes *notes)
{
	if (is_there(p, FILE_NETWORKS))
		p->networks = networks_load(p->path[FILE_NETWORKS], notes);
	for (unsigned i = 0; i < LIST_KINDS; i++)
		if (is_there(p, FILE_PORTS + i))
			p->list[i] = list_load((enum list_kind)i, p->path[FILE_PORTS + i], notes);
	for (unsigned i = 0; i < FLOWMAP_KINDS; i++)
		if (is_there(p, FILE_AGENT + i))
			p->map[i] = flowmap_load((enum flowmap_kind)i, p->path[FILE_AGENT + i],
			    notes);
	if (is_there(p, FILE_PRE_TAG))
		p->tagging = tagging_load(p->path[FILE_PRE_TAG], notes);
}

/* A map that nobody sees the results of is not run, and needs nothing. */
static void
settle_tags(struct profile *p)
{
	if (p->tagging == NULL)
		return;
	if (tagging_sets(p->tagging) & SETS_IGNORE ||
	    (tagging_sets(p->tagging) & SETS_TOS && p->set.needs & ENRICH_PORTS))
		p->set.needs |= ENRICH_TAGS;
	if (p->set.needs & ENRICH_TAGS)
		p->set.needs |= tagging_needs(p->tagging);
}

static void
name_file(struct compiling *c, const char *var, enum profile_file file)
{
	const char *path = conf_text(c->conf, c->output, var);

	if (path == NULL)
		return;
	c->p->path[file] = mem_strdup(path);
	if (!conf_can_read(c->conf, c->output, var, c->notes))
		c->p->missing |= 1u << file;
}

struct profile *
profile_prepare(const struct conf *conf, size_t output, const char *prefix, uint32_t needs,
    struct conf_notes *notes)
{
	struct profile *p = mem_new(sizeof(*p));
	struct compiling c = { .conf = conf, .output = output, .prefix = prefix, .p = p,
	    .notes = notes };

	c.packets = strcmp(prefix, "pmacctd") == 0 || strcmp(prefix, "uacctd") == 0;
	p->set.needs = needs;
	for (size_t i = 0; i < ARRAY_LEN(file_vars); i++)
		name_file(&c, file_vars[i].var, file_vars[i].file);
	read_sources(&c);
	check_sources(&c);
	for (unsigned i = 0; i < SOURCE_FIELDS; i++)
		read_source_field(&c, (enum source_field)i);
	read_filter(&c);
	p->set.file_first = conf_bool(conf, output, "networks_file_no_lpm");
	p->set.keep_unmasked = conf_bool(conf, output, "networks_no_mask_if_zero");
	p->set.use_ip_next_hop = conf_bool(conf, output, "use_ip_next_hop");
	p->set.by_router_id = !conf_bool(conf, output, "bgp_disable_router_id_check");
	p->set.default_origin = conf_bool(conf, output, "bgp_default_origin");
	read_after(&c);
	return p;
}

void
profile_load(struct profile *p, struct conf_notes *notes)
{
	load_files(p, notes);
	settle_tags(p);
	settle_lookups(&p->set);
}

struct profile *
profile_compile(const struct conf *conf, size_t output, const char *prefix, uint32_t needs,
    struct conf_notes *notes)
{
	size_t errors = notes->errors;
	struct profile *p = profile_prepare(conf, output, prefix, needs, notes);

	profile_load(p, notes);
	if (notes->errors == errors)
		return p;
	profile_free(p);
	return NULL;
}

/* Settings without what plans need of them. */
static struct settings
bare(const struct settings *set)
{
	struct settings bare = *set;

	bare.needs = 0;
	bare.ask_src = bare.ask_dst = 0;
	return bare;
}

static bool
same_settings(const struct profile *a, const struct profile *b)
{
	struct settings x = bare(&a->set), y = bare(&b->set);

	if (memcmp(&x, &y, sizeof(x)) != 0)
		return false;
	for (unsigned i = 0; i < PROFILE_FILES; i++)
		if ((a->path[i] == NULL) != (b->path[i] == NULL) ||
		    (a->path[i] != NULL && strcmp(a->path[i], b->path[i]) != 0))
			return false;
	return true;
}

bool
profile_equal(const struct profile *a, const struct profile *b)
{
	return a->set.needs == b->set.needs && same_settings(a, b);
}

bool
profile_share(struct profile *p, const struct profile *other)
{
	if (!same_settings(p, other))
		return false;
	p->set.needs |= other->set.needs;
	settle_tags(p);
	settle_lookups(&p->set);
	return true;
}

void
profile_use_roas(struct profile *p, const struct roas *roas)
{
	p->roas = roas;
}

uint32_t
profile_decides(const struct profile *p)
{
	uint32_t decides = p->set.filter != FILTER_NONE ? ENRICH_HOSTS : 0;

	for (unsigned i = 0; i < LIST_KINDS; i++)
		decides |= p->list[i] != NULL ? ENRICH_PORTS : 0;
	if (p->tagging != NULL)
		decides |= ENRICH_TAGS | (tagging_sets(p->tagging) & SETS_TOS ? ENRICH_PORTS : 0);
	return decides;
}

bool
profile_ignores(const struct profile *p)
{
	return p->tagging != NULL && tagging_sets(p->tagging) & SETS_IGNORE;
}

void
profile_use_names(struct profile *p, struct names *names)
{
	if (p->tagging != NULL)
		tagging_use_names(p->tagging, names);
}

void
profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	networks_free(p->networks);
	for (unsigned i = 0; i < LIST_KINDS; i++)
		list_free(p->list[i]);
	for (unsigned i = 0; i < FLOWMAP_KINDS; i++)
		flowmap_free(p->map[i]);
	tagging_free(p->tagging);
	for (unsigned i = 0; i < PROFILE_FILES; i++)
		mem_free(p->path[i]);
	commpat_free(p->std_as);
	commpat_free(p->lrg_as);
	mem_free(p);
}
