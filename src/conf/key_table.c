/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of configuration keys: every word pmacct ever knew and ours, one row each, sorted. The
 * rows stand in src/conf/keys, split by their first letters; parsing, `waybill check`, reload and
 * the manual page all read them. A new key is a row there.
 */
#include "conf/key_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/names.h"

/* Rows are written in these words, so that one fits on two lines. */
#define GLOBAL	CONF_GLOBAL
#define EACH	CONF_OUTPUT
#define NAMED	CONF_OUTPUT_ONLY

/*
 * KEY: word, type, scope, status, programs, default; doc, and what only some have.
 * KEY_OF: the same for a word whose variable, given first, has another name than the word.
 */
#define KEY(word_, ...)	KEY_OF(word_, word_, __VA_ARGS__)
#define KEY_OF(var_, word_, type_, scope_, status_, programs_, dflt_, ...) \
	{ .word = word_, .var = var_, .type = CONF_##type_, .scope = scope_, \
	  .status = CONF_##status_, .programs = programs_, .dflt = dflt_, .doc = __VA_ARGS__ },

static const struct conf_key keys[] = {
#include "conf/keys/a.def"
#include "conf/keys/bgp.def"
#include "conf/keys/bmp.def"
#include "conf/keys/c_to_l.def"
#include "conf/keys/m_to_n.def"
#include "conf/keys/p_to_r.def"
#include "conf/keys/s.def"
#include "conf/keys/t_to_z.def"
};

static const struct {
	char letter;
	const char *name;
} programs[] = {
	[CONF_WAYBILLD] = { 'W', "waybilld" },
	[CONF_NFACCTD]  = { 'N', "nfacctd" },
	[CONF_SFACCTD]  = { 'S', "sfacctd" },
	[CONF_PMACCTD]  = { 'P', "pmacctd" },
	[CONF_UACCTD]   = { 'U', "uacctd" },
	[CONF_PMBGPD]   = { 'B', "pmbgpd" },
	[CONF_PMBMPD]   = { 'M', "pmbmpd" },
	[CONF_PROGRAMS] = { 'T', "pmtelemetryd" },	/* known by name; nothing runs as it */
};

/* Which words an output type takes its defaults from where several words are one variable. */
static const struct {
	const char *type, *prefix;
} families[] = {
	{ "amqp", "amqp_" },
	{ "kafka", "kafka_" },
	{ "memory", "imt_" },
	{ "mysql", "sql_" },
	{ "pgsql", "sql_" },
	{ "print", "print_" },
	{ "sqlite3", "sql_" },
};

const struct conf_key *
conf_keys(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(keys);
	return keys;
}

static int
by_word(const void *word, const void *key)
{
	return strcmp(word, ((const struct conf_key *)key)->word);
}

const struct conf_key *
conf_key(const char *word)
{
	return bsearch(word, keys, ARRAY_LEN(keys), sizeof(keys[0]), by_word);
}

size_t
conf_key_number(const struct conf_key *key)
{
	return (size_t)(key - keys);
}

static const char *
nth_word(const void *ctx, size_t i)
{
	(void)ctx;
	return keys[i].word;
}

const char *
conf_key_nearest(const char *word)
{
	return nearest_word(word, nth_word, NULL, ARRAY_LEN(keys));
}

const char *
conf_program_name(enum conf_program program)
{
	return programs[program].name;
}

bool
conf_key_fits(const struct conf_key *key, enum conf_program program)
{
	return program == CONF_WAYBILLD || strpbrk(key->programs, "*W") != NULL ||
	    strchr(key->programs, programs[program].letter) != NULL;
}

void
conf_key_programs(const struct conf_key *key, struct sbuf *b)
{
	bool more = false;

	if (strchr(key->programs, '*') != NULL) {
		sbuf_str(b, "all");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strchr(key->programs, programs[i].letter) != NULL) {
			sbuf_printf(b, "%s%s", more ? ", " : "", programs[i].name);
			more = true;
		}
}

static const char *
family_of(const char *type)
{
	for (size_t i = 0; type != NULL && i < ARRAY_LEN(families); i++)
		if (strcmp(families[i].type, type) == 0)
			return families[i].prefix;
	return NULL;
}

const struct conf_key *
conf_key_default(const char *var, const char *output_type)
{
	const struct conf_key *row = conf_key(var), *best = NULL;
	const char *prefix = family_of(output_type);

	for (size_t i = 0; row == NULL && i < ARRAY_LEN(keys); i++) {
		const struct conf_key *key = &keys[i];

		if (strcmp(key->var, var) != 0)
			continue;
		if (prefix != NULL && strncmp(key->word, prefix, strlen(prefix)) == 0)
			row = key;
		else if (best == NULL || (best->dflt == NULL && key->dflt != NULL))
			best = key;
	}
	return row != NULL ? row : best;
}
