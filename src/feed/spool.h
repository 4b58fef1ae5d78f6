/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that appends text to files, so that who makes it never waits for a disk. What is handed
 * over and not yet written is bounded; beyond it a text is refused, and its maker counts it.
 */
#ifndef WB_FEED_SPOOL_H
#define WB_FEED_SPOOL_H

#include <sys/types.h>

#include "core/counter.h"
#include "core/sbuf.h"

struct spool;

/* most_bytes: of texts on their way. */
struct spool *spool_start(size_t most_bytes, mode_t umask);
void	spool_stop(struct spool *s);		/* writes what it has */

/* Take the text (emptied) for the end of a file. False where there is no room: it stays. */
bool	spool_put(struct spool *s, const char *path, struct sbuf *text);
void	spool_close(struct spool *s, const char *path);	/* nothing more is coming for now */
void	spool_reopen(struct spool *s);			/* all files, by their names (SIGHUP) */

size_t	spool_held(const struct spool *s);		/* bytes on their way */
uint64_t spool_failed(const struct spool *s);		/* bytes that no file took */

#endif
