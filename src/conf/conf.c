/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration: lines (lines.c) held against the table of keys (key_table.c), values checked
 * (value.c) and stored per variable and output. Tolerance is decided here: under pmacct's names a
 * key that could never have an effect is a warning, under waybilld all that is unknown, dead or
 * misplaced is an error; what we lack is an error everywhere.
 */
#include "conf/conf.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/key_table.h"
#include "conf/lines.h"
#include "conf/outputs.h"
#include "conf/value.h"
#include "core/mem.h"

#define OPTIONS_FILE	"command line"

struct slot {
	const struct conf_key *key;	/* the row that gave it; NULL: not given */
	const struct conf_line *line;
	char *text;
	int64_t number;
};

struct conf {
	_Atomic unsigned users;		/* beyond the first */
	enum conf_program program;
	struct conf_lines lines;
	struct outputs outputs;
	size_t n_keys;
	size_t *var;			/* per key: the number of the first row with its variable */
	struct slot **slot;		/* per output and, last, for all: one per key number */
	char *file;
	int64_t *dflt;			/* per key: its default as a number */
};

static struct slot *
slot_at(const struct conf *conf, size_t output, const struct conf_key *key)
{
	assert(output == CONF_ALL || output < conf->outputs.count);
	return &conf->slot[output == CONF_ALL ? conf->outputs.count : output]
	    [conf->var[conf_key_number(key)]];
}

static int
by_variable(const void *a, const void *b)
{
	const struct conf_key *x = *(const struct conf_key *const *)a;
	const struct conf_key *y = *(const struct conf_key *const *)b;
	int order = strcmp(x->var, y->var);

	return order != 0 ? order : (x > y) - (x < y);
}

/* Which rows are one variable: it goes by the number of the first. */
static void
index_variables(struct conf *conf, const struct conf_key *keys)
{
	const struct conf_key **row = mem_array(conf->n_keys, sizeof(const struct conf_key *));

	for (size_t i = 0; i < conf->n_keys; i++)
		row[i] = &keys[i];
	qsort(row, conf->n_keys, sizeof(const struct conf_key *), by_variable);
	for (size_t i = 0; i < conf->n_keys; i++)
		conf->var[row[i] - keys] = i > 0 && strcmp(row[i]->var, row[i - 1]->var) == 0 ?
		    conf->var[row[i - 1] - keys] : (size_t)(row[i] - keys);
	mem_free(row);
}

/* Which rows are one variable, and what their defaults are as numbers. */
static void
index_keys(struct conf *conf)
{
	const struct conf_key *keys = conf_keys(&conf->n_keys);
	struct sbuf err = { 0 };

	conf->var = mem_array(conf->n_keys, sizeof(*conf->var));
	conf->dflt = mem_array(conf->n_keys, sizeof(*conf->dflt));
	index_variables(conf, keys);
	for (size_t i = 0; i < conf->n_keys; i++) {
		struct conf_value value;

		if (keys[i].dflt != NULL && conf_value_parse(&keys[i], keys[i].dflt, &value,
		    &err) == 0) {
			conf->dflt[i] = value.number;
			mem_free(value.text);
		}
	}
	sbuf_done(&err);
}

static void
store_one(struct conf *conf, size_t output, const struct conf_key *key,
    const struct conf_line *line, const struct conf_value *value)
{
	struct slot *slot = slot_at(conf, output, key);

	mem_free(slot->text);
	*slot = (struct slot){ key, line, mem_strdup(value->text), value->number };
}

/* For one output, or for all: then it overwrites what stood for single ones. */
static void
store(struct conf *conf, size_t output, const struct conf_key *key,
    const struct conf_line *line, struct conf_value *value)
{
	store_one(conf, output, key, line, value);
	for (size_t i = 0; output == CONF_ALL && i < conf->outputs.count; i++)
		store_one(conf, i, key, line, value);
	mem_free(value->text);
}

/* pmacct's leftovers are said under its names and refused under ours. */
static int
leftover(const struct conf *conf)
{
	return conf->program == CONF_WAYBILLD ? CONF_NOTE_ERROR : CONF_NOTE_WARNING;
}

static void
say_unknown(const struct conf *conf, const struct conf_line *line, struct conf_notes *notes)
{
	const char *near = conf_key_nearest(line->key);

	conf_note(notes, leftover(conf), line->file, line->line, "Unknown key: %s.%s%s%s%s",
	    line->key, near != NULL ? " Did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "", conf->program == CONF_WAYBILLD ? "" : " Ignored.");
}

static void
say_misplaced(const struct conf *conf, const struct conf_key *key, const struct conf_line *line,
    struct conf_notes *notes)
{
	struct sbuf whom = { 0 };

	conf_key_programs(key, &whom);
	conf_note(notes, CONF_NOTE_WARNING, line->file, line->line,
	    "%s is a key of %s and means nothing to %s. Ignored.", key->word, sbuf_text(&whom),
	    conf_program_name(conf->program));
	sbuf_done(&whom);
}

/*
 * Is the key one whose value is to be looked at? Says what is to be said about the others. A key
 * of a function we lack is let through where it is set to its default: nothing is asked for.
 */
static bool
welcome(const struct conf *conf, const struct conf_key *key, const struct conf_line *line,
    struct conf_notes *notes)
{
	if (!conf_key_fits(key, conf->program)) {
		say_misplaced(conf, key, line, notes);
		return false;
	}
	switch (key->status) {
	case CONF_ACTS:
		return true;
	case CONF_MOOT:
		conf_note(notes, CONF_NOTE_INFO, line->file, line->line,
		    "%s has nothing to tune here: %s", key->word, key->doc);
		return true;
	case CONF_LATER:
		if (key->dflt != NULL && strcasecmp(key->dflt, line->value) == 0)
			return true;
		conf_note(notes, CONF_NOTE_ERROR, line->file, line->line,
		    "%s is not supported by this build: %s", key->word, key->doc);
		return false;
	case CONF_DEAD:
		conf_note(notes, leftover(conf), line->file, line->line,
		    "%s has no effect: %s%s", key->word, key->doc,
		    conf->program == CONF_WAYBILLD ? "" : " Ignored.");
		return false;
	}
	return false;
}

/* Whom a line is for; false where it is for nobody (said). */
static bool
addressee(const struct conf *conf, const struct conf_key *key, const struct conf_line *line,
    size_t *ret_output, struct conf_notes *notes)
{
	const char *near;

	*ret_output = CONF_ALL;
	if (line->name == NULL && key->scope == CONF_OUTPUT_ONLY) {
		conf_note(notes, leftover(conf), line->file, line->line,
		    "%s cannot be given for all outputs: write %s[NAME]", key->word, key->word);
		return false;
	}
	if (line->name == NULL)
		return true;
	if (key->scope == CONF_GLOBAL) {
		conf_note(notes, CONF_NOTE_WARNING, line->file, line->line,
		    "%s[%s] holds for the whole daemon. Globalized.", key->word, line->name);
		return true;
	}
	if (outputs_find(&conf->outputs, line->name, ret_output))
		return true;
	near = outputs_nearest(&conf->outputs, line->name);
	conf_note(notes, leftover(conf), line->file, line->line,
	    "Unknown symbol '%s': no output has that name%s%s%s", line->name,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
	return false;
}

static void
take_line(struct conf *conf, const struct conf_line *line, struct conf_notes *notes)
{
	const struct conf_key *key = conf_key(line->key);
	struct sbuf err = { 0 };
	struct conf_value value;
	size_t output;

	if (key == NULL) {
		say_unknown(conf, line, notes);
		return;
	}
	if (!welcome(conf, key, line, notes) || !addressee(conf, key, line, &output, notes))
		return;
	if (conf_value_parse(key, line->value, &value, &err) == 0)
		store(conf, output, key, line, &value);
	else
		conf_note(notes, CONF_NOTE_ERROR, line->file, line->line, "%s %s", key->word,
		    sbuf_text(&err));
	sbuf_done(&err);
}

static bool
has_flows(const struct conf *conf)
{
	return conf->program != CONF_PMBGPD && conf->program != CONF_PMBMPD;
}

/* The outputs come first, wherever their line stands; the command line's wins over the file's. */
static void
find_outputs(struct conf *conf, struct conf_notes *notes)
{
	const struct conf_line *chosen = NULL;

	for (size_t i = 0; i < conf->lines.count; i++) {
		const struct conf_line *line = &conf->lines.line[i];

		if (strcmp(line->key, "plugins") != 0)
			continue;
		if (chosen != NULL && strcmp(line->file, OPTIONS_FILE) != 0)
			conf_note(notes, CONF_NOTE_WARNING, line->file, line->line,
			    "a second plugins line; the one in line %u holds", chosen->line);
		else
			chosen = line;
	}
	outputs_parse(&conf->outputs, has_flows(conf), chosen, notes);
}

static void
warn_of_defaults(const struct conf *conf, struct conf_notes *notes)
{
	for (size_t i = 0; i < conf->outputs.count; i++)
		if (has_flows(conf) && conf_text(conf, i, "sql_routes") == NULL &&
		    !conf_given(conf, i, "aggregate"))
			conf_note(notes, CONF_NOTE_WARNING, conf->file, 0,
			    "output %s has no aggregate: defaulting to SRC HOST aggregation",
			    conf->outputs.output[i].name);
}

struct conf *
conf_read_faulty(enum conf_program program, const char *file, const char *const *option,
    size_t n_options, struct conf_notes *notes)
{
	struct conf *conf = mem_new(sizeof(*conf));

	conf->program = program;
	conf->file = file != NULL ? mem_strdup(file) : NULL;
	index_keys(conf);
	if (file != NULL)
		conf_lines_read(&conf->lines, file, notes);
	for (size_t i = 0; i < n_options; i++)
		conf_lines_add(&conf->lines, option[i], OPTIONS_FILE, (unsigned)i + 1, notes);
	find_outputs(conf, notes);
	conf->slot = mem_array(conf->outputs.count + 1, sizeof(*conf->slot));
	for (size_t i = 0; i <= conf->outputs.count; i++)
		conf->slot[i] = mem_array(conf->n_keys, sizeof(**conf->slot));
	for (size_t i = 0; i < conf->lines.count; i++)
		if (strcmp(conf->lines.line[i].key, "plugins") != 0)
			take_line(conf, &conf->lines.line[i], notes);
	warn_of_defaults(conf, notes);
	return conf;
}

struct conf *
conf_read(enum conf_program program, const char *file, const char *const *option,
    size_t n_options, struct conf_notes *notes)
{
	struct conf *conf = conf_read_faulty(program, file, option, n_options, notes);

	if (notes->errors == 0)
		return conf;
	conf_free(conf);
	return NULL;
}

struct conf *
conf_share(struct conf *conf)
{
	atomic_fetch_add(&conf->users, 1);
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL || atomic_fetch_sub(&conf->users, 1) > 0)
		return;
	for (size_t i = 0; i <= conf->outputs.count; i++) {
		for (size_t k = 0; k < conf->n_keys; k++)
			mem_free(conf->slot[i][k].text);
		mem_free(conf->slot[i]);
	}
	mem_free(conf->slot);
	mem_free(conf->var);
	mem_free(conf->dflt);
	mem_free(conf->file);
	outputs_done(&conf->outputs);
	conf_lines_done(&conf->lines);
	mem_free(conf);
}

enum conf_program
conf_program(const struct conf *conf)
{
	return conf->program;
}

const char *
conf_file(const struct conf *conf)
{
	return conf->file;
}

size_t
conf_outputs(const struct conf *conf)
{
	return conf->outputs.count;
}

const struct conf_output *
conf_output(const struct conf *conf, size_t i)
{
	assert(i < conf->outputs.count);
	return &conf->outputs.output[i];
}

/* The row that answers for a variable, and the slot; the slot is NULL where it was not given. */
static const struct conf_key *
look_up(const struct conf *conf, size_t output, const char *var, const struct slot **ret_slot)
{
	const char *type = output != CONF_ALL ? conf_output(conf, output)->type : NULL;
	const struct conf_key *key = conf_key_default(var, type);
	const struct slot *slot;

	assert(key != NULL);
	slot = slot_at(conf, output, key);
	*ret_slot = slot->key != NULL ? slot : NULL;
	return key;
}

bool
conf_given(const struct conf *conf, size_t output, const char *var)
{
	const struct slot *slot;

	look_up(conf, output, var, &slot);
	return slot != NULL;
}

const char *
conf_text(const struct conf *conf, size_t output, const char *var)
{
	const struct slot *slot;
	const struct conf_key *key = look_up(conf, output, var, &slot);

	return slot != NULL ? slot->text : key->dflt;
}

int64_t
conf_int(const struct conf *conf, size_t output, const char *var)
{
	const struct slot *slot;
	const struct conf_key *key = look_up(conf, output, var, &slot);

	return slot != NULL ? slot->number : conf->dflt[conf_key_number(key)];
}

bool
conf_bool(const struct conf *conf, size_t output, const char *var)
{
	return conf_int(conf, output, var) != 0;
}

unsigned
conf_where(const struct conf *conf, size_t output, const char *var, const char **ret_file)
{
	const struct slot *slot;

	look_up(conf, output, var, &slot);
	*ret_file = slot != NULL ? slot->line->file : NULL;
	return slot != NULL ? slot->line->line : 0;
}

bool
conf_can_read(const struct conf *conf, size_t output, const char *var, struct conf_notes *notes)
{
	const char *path = conf_text(conf, output, var), *where;
	unsigned line;

	if (path == NULL || access(path, R_OK) == 0)
		return true;
	line = conf_where(conf, output, var, &where);
	conf_note(notes, CONF_NOTE_ERROR, where, line, "%s: %s cannot be read: %s", var, path,
	    strerror(errno));
	return false;
}

void
conf_print(const struct conf *conf, struct sbuf *b)
{
	const struct slot *all = conf->slot[conf->outputs.count];

	outputs_print(&conf->outputs, b);
	for (size_t k = 0; k < conf->n_keys; k++) {
		if (all[k].key != NULL)
			sbuf_printf(b, "%s: %s\n", all[k].key->word, all[k].text);
		for (size_t i = 0; i < conf->outputs.count; i++) {
			const struct slot *own = &conf->slot[i][k];

			if (own->key != NULL && own->line != all[k].line)
				sbuf_printf(b, "%s[%s]: %s\n", own->key->word,
				    conf->outputs.output[i].name, own->text);
		}
	}
}
