/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns of the control thread, first come, first served; see turns.h. */
#include "bgp/turns.h"

#include <event2/event.h>

#include "core/mem.h"

#define RETRY_MS	50		/* for those whose budget is used up */

TAILQ_HEAD(turn_list, turn);

struct turns {
	struct turns_conf conf;
	struct turn_list ready, waiting;
	struct event *work, *retry;
	struct stay longest;
};

/* Run the event after everything that is active now. */
static void
soon(struct event *ev, unsigned ms)
{
	struct timeval tv = { .tv_usec = ms * 1000 };

	if (!evtimer_pending(ev, NULL))
		evtimer_add(ev, &tv);
}

void
turn_init(struct turn *t, struct turns *turns, void *owner)
{
	*t = (struct turn){ .turns = turns, .owner = owner };
}

bool
turn_is_queued(const struct turn *t)
{
	return t->state != TURN_NONE;
}

void
turn_leave(struct turn *t)
{
	if (t->state == TURN_READY)
		TAILQ_REMOVE(&t->turns->ready, t, queued);
	else if (t->state == TURN_WAITING)
		TAILQ_REMOVE(&t->turns->waiting, t, queued);
	t->state = TURN_NONE;
}

void
turn_ready(struct turn *t)
{
	if (turn_is_queued(t))
		return;
	t->state = TURN_READY;
	TAILQ_INSERT_TAIL(&t->turns->ready, t, queued);
	soon(t->turns->work, 0);
}

void
turn_wait(struct turn *t)
{
	turn_leave(t);
	t->state = TURN_WAITING;
	TAILQ_INSERT_TAIL(&t->turns->waiting, t, queued);
	soon(t->turns->retry, RETRY_MS);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct turns *turns = arg;
	struct stay_watch watch = stay_begin();
	mono_t now = watch.began, end = mono_add(now, turns->conf.pass_ns);
	struct turn *t;

	(void)fd;
	(void)what;
	while (!mono_due(now, end) && (t = TAILQ_FIRST(&turns->ready)) != NULL) {
		turn_leave(t);
		turns->conf.run(t->owner, mono_add(now, turns->conf.turn_ns));
		now = mono_now();
	}
	if (!TAILQ_EMPTY(&turns->ready))
		soon(turns->work, 0);
	stay_end(&turns->longest, &watch);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct turns *turns = arg;
	struct turn *t;

	(void)fd;
	(void)what;
	while ((t = TAILQ_FIRST(&turns->waiting)) != NULL) {
		turn_leave(t);
		turn_ready(t);
	}
}

struct turns *
turns_new(struct event_base *base, const struct turns_conf *conf)
{
	struct turns *turns = mem_new(sizeof(*turns));

	turns->conf = *conf;
	TAILQ_INIT(&turns->ready);
	TAILQ_INIT(&turns->waiting);
	turns->work = evtimer_new(base, on_work, turns);
	turns->retry = evtimer_new(base, on_retry, turns);
	return turns;
}

void
turns_free(struct turns *turns)
{
	if (turns == NULL)
		return;
	event_free(turns->work);
	event_free(turns->retry);
	mem_free(turns);
}

struct stay *
turns_stay(struct turns *turns)
{
	return &turns->longest;
}
