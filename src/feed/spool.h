/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that text is appended to, kept open between texts. One thread's own; it may wait for a disk. */
#ifndef WB_FEED_SPOOL_H
#define WB_FEED_SPOOL_H

#include <sys/types.h>

#include "core/sbuf.h"

struct spool;

struct spool *spool_new(mode_t umask);
void	spool_free(struct spool *s);

/* The text goes to the end of a file. -1 where the file did not take all of it; the log says so. */
int	spool_put(struct spool *s, const char *path, const struct sbuf *text);
void	spool_close(struct spool *s, const char *path);	/* nothing more is coming for now */
void	spool_reopen(struct spool *s);			/* all files, by their names (SIGHUP) */

#endif
