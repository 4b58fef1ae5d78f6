/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf_double.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/mapfile.h"
#include "core/mem.h"

struct conf {
	struct conf_output output[8];
	size_t outputs;
	const struct conf_double_row *row;
};

struct mapfile {
	FILE *file;
	char *path, *text;
	size_t room;
	unsigned line;
};

void
conf_note(struct conf_notes *notes, int kind, const char *file, unsigned line, const char *fmt, ...)
{
	struct conf_note *note;
	va_list ap;

	notes->note = mem_grow(notes->note, notes->count + 1, sizeof(*notes->note));
	note = &notes->note[notes->count++];
	note->kind = kind;
	note->file = file != NULL ? mem_strdup(file) : NULL;
	note->line = line;
	va_start(ap, fmt);
	if (vasprintf(&note->text, fmt, ap) < 0)
		abort();
	va_end(ap);
	notes->errors += kind == CONF_NOTE_ERROR;
}

void
conf_notes_done(struct conf_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		free(notes->note[i].text);
		free((char *)(uintptr_t)notes->note[i].file);
	}
	mem_free(notes->note);
	memset(notes, 0, sizeof(*notes));
}

struct conf *
conf_double(const char *const *outputs, const struct conf_double_row *row)
{
	struct conf *conf = mem_new(sizeof(*conf));

	for (; outputs[conf->outputs] != NULL; conf->outputs++)
		conf->output[conf->outputs] = (struct conf_output){ "print",
		    outputs[conf->outputs] };
	conf->row = row;
	return conf;
}

void
conf_free(struct conf *conf)
{
	mem_free(conf);
}

enum conf_program
conf_program(const struct conf *conf)
{
	(void)conf;
	return CONF_WAYBILLD;
}

const char *
conf_file(const struct conf *conf)
{
	(void)conf;
	return "test.conf";
}

size_t
conf_outputs(const struct conf *conf)
{
	return conf->outputs;
}

const struct conf_output *
conf_output(const struct conf *conf, size_t i)
{
	return &conf->output[i];
}

static const struct conf_double_row *
find(const struct conf *conf, size_t output, const char *var)
{
	const struct conf_double_row *found = NULL;

	for (const struct conf_double_row *row = conf->row; row->var != NULL; row++)
		if (strcmp(row->var, var) == 0 && (row->output == NULL || (output != CONF_ALL &&
		    strcmp(row->output, conf->output[output].name) == 0)))
			found = row;
	return found;
}

bool
conf_given(const struct conf *conf, size_t output, const char *var)
{
	return find(conf, output, var) != NULL;
}

const char *
conf_text(const struct conf *conf, size_t output, const char *var)
{
	const struct conf_double_row *row = find(conf, output, var);

	return row != NULL ? row->value : NULL;
}

int64_t
conf_int(const struct conf *conf, size_t output, const char *var)
{
	const char *text = conf_text(conf, output, var);

	return text != NULL ? strtoll(text, NULL, 10) : 0;
}

bool
conf_bool(const struct conf *conf, size_t output, const char *var)
{
	const char *text = conf_text(conf, output, var);

	return text != NULL && strcasecmp(text, "true") == 0;
}

unsigned
conf_where(const struct conf *conf, size_t output, const char *var, const char **ret_file)
{
	const struct conf_double_row *row = find(conf, output, var);

	*ret_file = "test.conf";
	return row != NULL ? (unsigned)(row - conf->row) + 1 : 0;
}

struct mapfile *
mapfile_open(const char *path, struct conf_notes *notes)
{
	FILE *file = fopen(path, "r");
	struct mapfile *mf;

	if (file == NULL) {
		conf_note(notes, CONF_NOTE_ERROR, path, 0, "%s", strerror(errno));
		return NULL;
	}
	mf = mem_new(sizeof(*mf));
	mf->file = file;
	mf->path = mem_strdup(path);
	return mf;
}

void
mapfile_close(struct mapfile *mf)
{
	fclose(mf->file);
	free(mf->text);
	mem_free(mf->path);
	mem_free(mf);
}

char *
mapfile_line(struct mapfile *mf, unsigned *ret_line)
{
	while (getline(&mf->text, &mf->room, mf->file) >= 0) {
		char *text = mf->text + strspn(mf->text, " \t");

		mf->line++;
		text[strcspn(text, "\r\n")] = '\0';
		if (*text == '\0' || *text == '!' || *text == '#')
			continue;
		*ret_line = mf->line;
		return text;
	}
	return NULL;
}

int
mapfile_words(struct mapfile *mf, char *line, struct mapword *ret, size_t room,
    struct conf_notes *notes)
{
	size_t n = 0;

	for (char *word = strtok(line, " \t"); word != NULL; word = strtok(NULL, " \t")) {
		char *equals = strchr(word, '=');

		if (equals == NULL || n == room) {
			conf_note(notes, CONF_NOTE_ERROR, mf->path, mf->line, "not key=value");
			return -1;
		}
		*equals = '\0';
		ret[n++] = (struct mapword){ word, equals + 1 };
	}
	return (int)n;
}

const char *
mapfile_path(const struct mapfile *mf)
{
	return mf->path;
}
