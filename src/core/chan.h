/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A channel: pointers handed from any number of threads to one. Bounded, lock-free, in order per
 * sender. What was sent belongs to the receiver and is no longer touched by the sender.
 */
#ifndef WB_CORE_CHAN_H
#define WB_CORE_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chan;

struct chan *chan_new(size_t room);		/* room: rounded up to a power of two */
void	chan_free(struct chan *ch);		/* what is still inside is the caller's loss */

/* false when the channel is full: the sender keeps the thing and decides. Never NULL. */
bool	chan_send(struct chan *ch, void *thing);

/* The next thing, or NULL when there is none. Receiver only. */
void	*chan_take(struct chan *ch);

/* Readable while something may be waiting; for poll or libevent. chan_take drains it. */
int	chan_fd(const struct chan *ch);

/* Wait until something may be there, at most timeout_ms (-1: for ever). */
void	chan_wait(struct chan *ch, int timeout_ms);

/* Wake the receiver without sending anything. */
void	chan_wake(struct chan *ch);

#endif
