/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a file from its beginning to its end, plain or packed by gzip or bzip2 (where those are built in). */
#ifndef WB_FEED_ZFILE_H
#define WB_FEED_ZFILE_H

#include <sys/types.h>

#include "core/sbuf.h"

struct zfile;

struct zfile *zfile_open(const char *path, struct sbuf *err);	/* NULL with a sentence in err */
/* Bytes read, 0 at the end, -1 where the file is damaged or cannot be read. */
ssize_t	zfile_read(struct zfile *z, void *room, size_t len);
void	zfile_close(struct zfile *z);

#endif
