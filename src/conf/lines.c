/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmacct's grammar: one key per line, `key: value` or `key[name]: value`, the first colon splits,
 * comments are lines that begin with ! or #. Our one addition: `include: FILE`, relative to the
 * file it stands in. What keys mean is conf.c's business.
 */
#include "conf/lines.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

#define DEEPEST		16		/* files that include each other */

/* The files that are open now, the innermost last: an inclusion of one of them is a loop. */
struct open_file {
	dev_t dev;
	ino_t ino;
};

struct reading {
	struct conf_lines *lines;
	struct conf_notes *notes;
	struct open_file open[DEEPEST];
	size_t depth;
};

static void	read_file(struct reading *r, const char *path, const char *from, unsigned line);

char *
conf_trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static const char *
keep_file(struct conf_lines *lines, const char *file)
{
	for (size_t i = 0; i < lines->files; i++)
		if (strcmp(lines->file[i], file) == 0)
			return lines->file[i];
	lines->file = mem_grow(lines->file, lines->files + 1, sizeof(*lines->file));
	lines->file[lines->files] = mem_strdup(file);
	return lines->file[lines->files++];
}

/*
 * Split "key[name]" in place. Gives the rule that was broken, or NULL.
 */
static const char *
split_key(char *text, char **ret_key, char **ret_name)
{
	char *open = strchr(text, '['), *close = strchr(text, ']');

	*ret_name = NULL;
	if (open != NULL || close != NULL) {
		if (open == NULL || close == NULL || close < open ||
		    strchr(open + 1, '[') != NULL || strchr(close + 1, ']') != NULL)
			return "square brackets do not pair up";
		if (*conf_trim(close + 1) != '\0')
			return "only a colon may follow the closing bracket";
		*open = *close = '\0';
		*ret_name = conf_trim(open + 1);
		if (**ret_name == '\0')
			return "no name between the square brackets";
	}
	*ret_key = conf_trim(text);
	if (**ret_key == '\0')
		return "no key in front of the colon";
	for (char *c = *ret_key; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return NULL;
}

/* Split a line; false where it was blank, a comment, or wrong (noted). ret borrows from text. */
static bool
split_line(char *text, const char *file, unsigned line, struct conf_line *ret,
    struct conf_notes *notes)
{
	const char *wrong = NULL;
	char *colon;

	text = conf_trim(text);
	if (*text == '\0' || *text == '!' || *text == '#')
		return false;
	colon = strchr(text, ':');
	if (colon == NULL) {
		wrong = "a colon is missing between key and value";
	} else {
		*colon = '\0';
		ret->value = conf_trim(colon + 1);
		wrong = split_key(text, &ret->key, &ret->name);
	}
	if (wrong != NULL)
		conf_note(notes, CONF_NOTE_ERROR, file, line, "syntax error: %s", wrong);
	ret->file = file;
	ret->line = line;
	return wrong == NULL;
}

static void
push(struct conf_lines *lines, const struct conf_line *line)
{
	struct conf_line *to;

	lines->line = mem_grow(lines->line, lines->count + 1, sizeof(*lines->line));
	to = &lines->line[lines->count++];
	*to = *line;
	to->key = mem_strdup(line->key);
	to->name = line->name != NULL ? mem_strdup(line->name) : NULL;
	to->value = mem_strdup(line->value);
}

/* A file's name as it is meant in the file that names it. */
static void
relative_to(const char *from, const char *path, struct sbuf *b)
{
	const char *slash = strrchr(from, '/');

	if (path[0] != '/' && slash != NULL)
		sbuf_add(b, from, (size_t)(slash + 1 - from));
	sbuf_str(b, path);
}

static void
take_line(struct reading *r, char *text, const char *file, unsigned at)
{
	struct sbuf path = { 0 };
	struct conf_line line;

	if (!split_line(text, file, at, &line, r->notes))
		return;
	if (strcmp(line.key, "include") != 0) {
		push(r->lines, &line);
	} else if (line.name != NULL || *line.value == '\0') {
		conf_note(r->notes, CONF_NOTE_ERROR, file, at, "include takes one file: "
		    "\"include: FILE\"");
	} else {
		relative_to(file, line.value, &path);
		read_file(r, sbuf_text(&path), file, at);
		sbuf_done(&path);
	}
}

/* Is it a plain file that is not open already, and not too deep? Then it counts as open. */
static bool
enter(struct reading *r, FILE *f, const char *path, const char *from, unsigned line)
{
	struct stat st;

	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		conf_note(r->notes, CONF_NOTE_ERROR, from, line, "%s is not a regular file", path);
		return false;
	}
	for (size_t i = 0; i < r->depth; i++)
		if (r->open[i].dev == st.st_dev && r->open[i].ino == st.st_ino) {
			conf_note(r->notes, CONF_NOTE_ERROR, from, line,
			    "%s includes itself", path);
			return false;
		}
	if (r->depth == DEEPEST) {
		conf_note(r->notes, CONF_NOTE_ERROR, from, line,
		    "%s: files include each other more than %d deep", path, DEEPEST);
		return false;
	}
	r->open[r->depth++] = (struct open_file){ st.st_dev, st.st_ino };
	return true;
}

static void
read_file(struct reading *r, const char *path, const char *from, unsigned line)
{
	const char *file = keep_file(r->lines, path);
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	unsigned at = 0;
	ssize_t n;

	if (f == NULL) {
		conf_note(r->notes, CONF_NOTE_ERROR, from, line, "%s: %s", path, strerror(errno));
		return;
	}
	if (enter(r, f, path, from, line)) {
		while ((n = getline(&text, &room, f)) >= 0) {
			at++;
			if (memchr(text, '\0', (size_t)n) != NULL)
				conf_note(r->notes, CONF_NOTE_ERROR, file, at,
				    "syntax error: a NUL byte in the line");
			else
				take_line(r, text, file, at);
		}
		if (ferror(f))
			conf_note(r->notes, CONF_NOTE_ERROR, file, at, "cannot be read: %s",
			    strerror(errno));
		free(text);
		r->depth--;
	}
	fclose(f);
}

void
conf_lines_read(struct conf_lines *lines, const char *file, struct conf_notes *notes)
{
	struct reading r = { .lines = lines, .notes = notes };

	read_file(&r, file, NULL, 0);
}

void
conf_lines_add(struct conf_lines *lines, const char *text, const char *file, unsigned at,
    struct conf_notes *notes)
{
	char *copy = mem_strdup(text);
	struct conf_line line;

	if (split_line(copy, keep_file(lines, file), at, &line, notes))
		push(lines, &line);
	mem_free(copy);
}

void
conf_lines_done(struct conf_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		mem_free(lines->line[i].key);
		mem_free(lines->line[i].name);
		mem_free(lines->line[i].value);
	}
	for (size_t i = 0; i < lines->files; i++)
		mem_free(lines->file[i]);
	mem_free(lines->line);
	mem_free(lines->file);
	memset(lines, 0, sizeof(*lines));
}
