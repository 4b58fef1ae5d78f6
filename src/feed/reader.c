/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader's thread between two channels: jobs to do, and jobs that are over. */
#include "feed/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/chan.h"
#include "core/mem.h"

#define JOBS_MOST	64

struct task {
	struct reader_job job;
	bool ran;
};

struct reader {
	struct epoch *ep;
	struct epoch_reader *slot;
	struct chan *todo, *over;
	unsigned waiting;		/* control's: jobs that are not over; never above JOBS_MOST */
	_Atomic bool ending;
	pthread_t thread;
};

static void *
read_on(void *arg)
{
	struct reader *r = arg;

	while (!atomic_load(&r->ending)) {
		struct task *t = chan_take(r->todo);

		if (t == NULL) {
			chan_wait(r->todo, -1);
			continue;
		}
		if (!atomic_load(&r->ending)) {
			t->job.run(r, t->job.arg);
			t->ran = true;
		}
		(void)chan_send(r->over, t);	/* has room for all that wait */
	}
	return NULL;
}

struct reader *
reader_start(struct epoch *ep)
{
	struct reader *r = mem_new(sizeof(*r));

	r->ep = ep;
	r->slot = epoch_join(ep);
	r->todo = chan_new(JOBS_MOST);
	r->over = chan_new(JOBS_MOST);
	if (r->slot == NULL || pthread_create(&r->thread, NULL, read_on, r) != 0)
		abort();		/* at start: as fatal as out of memory */
	return r;
}

void
reader_stop(struct reader *r)
{
	struct task *t;

	if (r == NULL)
		return;
	atomic_store(&r->ending, true);
	chan_wake(r->todo);
	pthread_join(r->thread, NULL);
	while ((t = chan_take(r->todo)) != NULL)
		(void)chan_send(r->over, t);
	reader_collect(r);
	epoch_leave(r->ep, r->slot);
	chan_free(r->todo);
	chan_free(r->over);
	mem_free(r);
}

bool
reader_ask(struct reader *r, const struct reader_job *job)
{
	struct task *t;

	if (r->waiting == JOBS_MOST)
		return false;
	t = mem_new(sizeof(*t));
	t->job = *job;
	r->waiting++;
	(void)chan_send(r->todo, t);
	return true;
}

int
reader_fd(const struct reader *r)
{
	return chan_fd(r->over);
}

void
reader_collect(struct reader *r)
{
	struct task *t;

	while ((t = chan_take(r->over)) != NULL) {
		r->waiting--;
		t->job.over(t->job.arg, t->ran);
		mem_free(t);
	}
}

struct epoch *
reader_epoch(const struct reader *r)
{
	return r->ep;
}

struct epoch_reader *
reader_slot(const struct reader *r)
{
	return r->slot;
}

bool
reader_is_ending(const struct reader *r)
{
	return atomic_load(&((struct reader *)(uintptr_t)r)->ending);
}
