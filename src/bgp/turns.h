/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the control thread's time is shared out among those that have bytes to look at: they stand in a
 * queue, each gets a short turn, and all turns of one pass together end well before the 20 ms that a
 * slice of the control loop may take. One whose budget is used up waits a moment outside of the queue.
 */
#ifndef WB_BGP_TURNS_H
#define WB_BGP_TURNS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "core/stay.h"

struct event_base;
struct turns;

/* What stands in the queue: a part of whatever has turns. */
struct turn {
	TAILQ_ENTRY(turn) queued;
	enum { TURN_NONE, TURN_READY, TURN_WAITING } state;
	struct turns *turns;
	void *owner;			/* whose turn it is */
};

/* Work until there is nothing left or the time is over, then say what comes next by turn_ready or
   turn_wait, or neither. The owner may end within it. */
typedef void turn_fn(void *owner, mono_t until);

struct turns_conf {
	int64_t pass_ns;		/* all turns before the loop runs again */
	int64_t turn_ns;		/* one of them */
	turn_fn *run;
};

struct turns *turns_new(struct event_base *base, const struct turns_conf *conf);
void	turns_free(struct turns *turns);	/* nobody stands in it any more; NULL is fine */

void	turn_init(struct turn *t, struct turns *turns, void *owner);
void	turn_ready(struct turn *t);	/* one that waits goes on waiting */
void	turn_wait(struct turn *t);	/* ready again in 50 ms */
void	turn_leave(struct turn *t);
bool	turn_is_queued(const struct turn *t);

/* The longest that one pass kept the loop; with it what else is done for the same family of things. */
struct stay *turns_stay(struct turns *turns);

#endif
