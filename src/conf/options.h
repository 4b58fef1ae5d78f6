/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command lines of waybilld and of pmacct's daemons: letters that are configuration keys become
 * lines for conf_read, the rest becomes flags. Nothing is printed and nothing exits here.
 */
#ifndef WB_CONF_OPTIONS_H
#define WB_CONF_OPTIONS_H

#include "conf/conf.h"

struct options {
	enum conf_program program;
	const char *file;		/* -f; NULL: none. Of argv */
	char **line;			/* "key: value", for conf_read */
	size_t n_lines;
	bool help, version;		/* -h, -V */
	bool list_primitives;		/* -a */
	bool check;			/* --check: read the configuration, say all, exit */
	const char *report;		/* --compat-report FILE; NULL: none */
};

/* The program whose name argv[0] ends with; CONF_WAYBILLD for all it does not know. */
enum conf_program options_program(const char *argv0);

/* -1 with a sentence in err; ret is to be given to options_done either way. */
int	options_parse(int argc, char *const argv[], struct options *ret, struct sbuf *err);
void	options_done(struct options *options);

/* What -h prints. */
void	options_help(enum conf_program program, struct sbuf *b);

#endif
