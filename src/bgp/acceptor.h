/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening for routers on several addresses, on the control thread's loop. Without a descriptor to
 * spare accept() fails at once again, so it pauses for a second then.
 */
#ifndef WB_BGP_ACCEPTOR_H
#define WB_BGP_ACCEPTOR_H

#include "core/sbuf.h"
#include "net/tcp.h"

struct event_base;
struct acceptor;

/* A connection, not blocking; the callee owns fd. */
typedef void accepted_fn(void *ctx, int fd, const struct addr *from, uint16_t port);

/* `locals` 0: any address; the address in `how` is not looked at. NULL with a sentence in err. */
struct acceptor *acceptor_new(struct event_base *base, const char *subject,
	    const struct tcp_conf *how, const struct addr *local, size_t locals, accepted_fn *accepted,
	    void *ctx, struct sbuf *err);
void	acceptor_free(struct acceptor *a);	/* NULL is fine */
int	acceptor_fd(const struct acceptor *a, size_t i);	/* -1 behind the last */

#endif
