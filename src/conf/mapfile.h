/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading pmacct's map and list files: lines, comments by line (! or #), and for maps the words
 * `key=value` with '...' around values that hold spaces. The reader splits; what keys mean is for
 * the map's owner, who reports its errors through the same notes.
 */
#ifndef WB_CONF_MAPFILE_H
#define WB_CONF_MAPFILE_H

#include "conf/conf.h"

struct mapfile;

struct mapfile *mapfile_open(const char *path, struct conf_notes *notes);	/* NULL: noted */
void	mapfile_close(struct mapfile *mf);

/* The next line that is not a comment and not blank, trimmed; NULL at the end. */
char	*mapfile_line(struct mapfile *mf, unsigned *ret_line);

/* Split a line in place into key=value words; gives their number, -1 (noted) for bad syntax. */
struct mapword { char *key, *value; };
int	mapfile_words(struct mapfile *mf, char *line, struct mapword *ret, size_t room,
	    struct conf_notes *notes);
const char *mapfile_path(const struct mapfile *mf);

#endif
