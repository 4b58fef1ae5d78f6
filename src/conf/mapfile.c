/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map and list files: lines without comments, and the words of a map's line. pmacct quotes only
 * the value of `filter`; here every value may be quoted.
 */
#include "conf/mapfile.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/lines.h"
#include "core/mem.h"

struct mapfile {
	FILE *f;
	char *path;
	char *text;			/* of getline */
	size_t room;
	unsigned line;
};

struct mapfile *
mapfile_open(const char *path, struct conf_notes *notes)
{
	FILE *f = fopen(path, "re");
	struct mapfile *mf;
	struct stat st;

	if (f != NULL && fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(f);
		f = NULL;
		errno = EISDIR;
	}
	if (f == NULL) {
		conf_note(notes, CONF_NOTE_ERROR, path, 0, "cannot be opened: %s",
		    strerror(errno));
		return NULL;
	}
	mf = mem_new(sizeof(*mf));
	mf->f = f;
	mf->path = mem_strdup(path);
	return mf;
}

void
mapfile_close(struct mapfile *mf)
{
	if (mf == NULL)
		return;
	fclose(mf->f);
	free(mf->text);
	mem_free(mf->path);
	mem_free(mf);
}

const char *
mapfile_path(const struct mapfile *mf)
{
	return mf->path;
}

char *
mapfile_line(struct mapfile *mf, unsigned *ret_line)
{
	while (getline(&mf->text, &mf->room, mf->f) >= 0) {
		char *text = conf_trim(mf->text);

		mf->line++;
		if (*text == '\0' || *text == '!' || *text == '#')
			continue;
		if (ret_line != NULL)
			*ret_line = mf->line;
		return text;
	}
	return NULL;
}

/*
 * Cut one word off the front of *rest. Gives the rule that was broken, or NULL.
 */
static const char *
next_word(char **rest, struct mapword *ret)
{
	char *at = *rest, *equals = at + strcspn(at, "= \t"), *end;

	if (equals == at)
		return "no key in front of =";
	if (*equals != '=')
		return "a word is not key=value (no blanks around =)";
	ret->key = at;
	ret->value = equals + 1;
	*equals = '\0';
	if (*ret->value == '\'') {
		end = strchr(++ret->value, '\'');
		if (end == NULL)
			return "a quote is not closed";
		if (end[1] != '\0' && !isspace((unsigned char)end[1]))
			return "no blank behind a closing quote";
	} else {
		end = ret->value + strcspn(ret->value, " \t\r\n");
		if (end == ret->value)
			return "no value behind =";
	}
	*rest = end + (*end != '\0');
	*end = '\0';
	while (isspace((unsigned char)**rest))
		++*rest;
	return NULL;
}

int
mapfile_words(struct mapfile *mf, char *line, struct mapword *ret, size_t room,
    struct conf_notes *notes)
{
	const char *wrong = NULL;
	size_t n = 0;

	line = conf_trim(line);
	while (wrong == NULL && *line != '\0') {
		if (n == room)
			wrong = "too many words in a line";
		else
			wrong = next_word(&line, &ret[n++]);
	}
	if (wrong == NULL)
		return (int)n;
	conf_note(notes, CONF_NOTE_ERROR, mf->path, mf->line, "syntax error: %s", wrong);
	return -1;
}
