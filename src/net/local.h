/* SPDX-License-Identifier: BSD-2-Clause */
/* Stream sockets with a path: what daemon and clients talk through on one machine. */
#ifndef WB_NET_LOCAL_H
#define WB_NET_LOCAL_H

#include "core/sbuf.h"

/*
 * Listen without blocking, for whom `mode` (0660) lets write. A socket that a dead program left behind
 * is replaced; nothing else is. -1 with "PATH: why" in err.
 */
int	local_listen(const char *path, unsigned mode, int backlog, struct sbuf *err);

/* Connect, blocking. -1 with errno. */
int	local_dial(const char *path);

/* All of it; -1 with errno. */
int	local_send(int fd, const char *text, size_t len);

#endif
