/* SPDX-License-Identifier: BSD-2-Clause */
/* The grammar: a file and what it includes as a list of keys with their places. */
#ifndef WB_CONF_LINES_H
#define WB_CONF_LINES_H

#include "conf/conf.h"

struct conf_line {
	const char *file;		/* of the list */
	unsigned line;
	char *key;			/* lower case */
	char *name;			/* between [ and ], NULL: none */
	char *value;			/* trimmed, may be empty */
};

struct conf_lines {
	struct conf_line *line;
	size_t count;
	char **file;			/* all that were read; the first is the one given */
	size_t files;
};

/* Adds the lines of a file; what is wrong goes to notes, and reading goes on. */
void	conf_lines_read(struct conf_lines *lines, const char *file, struct conf_notes *notes);

/* Adds one line of text, as from the command line: `file` says where it came from. */
void	conf_lines_add(struct conf_lines *lines, const char *text, const char *file,
	    unsigned line, struct conf_notes *notes);
void	conf_lines_done(struct conf_lines *lines);

/* Blanks cut off at both ends, in place. */
char	*conf_trim(char *text);

#endif
