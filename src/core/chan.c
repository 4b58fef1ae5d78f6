/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded queue of cells with sequence numbers (many senders, one receiver) and a pipe that wakes
 * the receiver. The pipe holds at most a few bytes: a sender writes only when the flag `awake` was
 * down, and the receiver lowers the flag before it looks for the last time.
 */
#include "core/chan.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/mem.h"

struct cell {
	_Atomic size_t turn;
	void *thing;
};

struct chan {
	_Alignas(64) _Atomic size_t tail;	/* senders */
	_Alignas(64) size_t head;		/* receiver */
	_Alignas(64) _Atomic bool awake;
	size_t mask;
	int pipe[2];
	struct cell *cell;
};

struct chan *
chan_new(size_t room)
{
	struct chan *ch = mem_aligned(sizeof(*ch));
	size_t n = 2;

	while (n < room)
		n *= 2;
	ch->cell = mem_array(n, sizeof(*ch->cell));
	ch->mask = n - 1;
	for (size_t i = 0; i < n; i++)
		atomic_init(&ch->cell[i].turn, i);
	if (pipe(ch->pipe) != 0)
		abort();	/* out of descriptors at start: as fatal as out of memory */
	for (int i = 0; i < 2; i++) {
		(void)fcntl(ch->pipe[i], F_SETFL, O_NONBLOCK);
		(void)fcntl(ch->pipe[i], F_SETFD, FD_CLOEXEC);
	}
	return ch;
}

void
chan_free(struct chan *ch)
{
	if (ch == NULL)
		return;
	close(ch->pipe[0]);
	close(ch->pipe[1]);
	mem_free(ch->cell);
	mem_free(ch);
}

void
chan_wake(struct chan *ch)
{
	if (!atomic_exchange(&ch->awake, true)) {
		ssize_t n = write(ch->pipe[1], "", 1);

		(void)n;	/* a full pipe is readable, which is all that is wanted */
	}
}

bool
chan_send(struct chan *ch, void *thing)
{
	size_t at = atomic_load_explicit(&ch->tail, memory_order_relaxed);
	struct cell *c;

	for (;;) {
		size_t turn;

		c = &ch->cell[at & ch->mask];
		turn = atomic_load_explicit(&c->turn, memory_order_acquire);
		if (turn == at) {
			if (atomic_compare_exchange_weak_explicit(&ch->tail, &at, at + 1,
			    memory_order_relaxed, memory_order_relaxed))
				break;
		} else if ((ptrdiff_t)(turn - at) < 0) {
			return false;
		} else {
			at = atomic_load_explicit(&ch->tail, memory_order_relaxed);
		}
	}
	c->thing = thing;
	atomic_store_explicit(&c->turn, at + 1, memory_order_release);
	chan_wake(ch);
	return true;
}

static void *
take_cell(struct chan *ch)
{
	struct cell *c = &ch->cell[ch->head & ch->mask];
	void *thing;

	if (atomic_load_explicit(&c->turn, memory_order_acquire) != ch->head + 1)
		return NULL;
	thing = c->thing;
	atomic_store_explicit(&c->turn, ch->head + ch->mask + 1, memory_order_release);
	ch->head++;
	return thing;
}

void *
chan_take(struct chan *ch)
{
	void *thing = take_cell(ch);
	char drain[16];

	if (thing != NULL)
		return thing;
	if (!atomic_load(&ch->awake))
		return NULL;
	while (read(ch->pipe[0], drain, sizeof(drain)) > 0)
		;
	atomic_store(&ch->awake, false);
	return take_cell(ch);
}

int
chan_fd(const struct chan *ch)
{
	return ch->pipe[0];
}

void
chan_wait(struct chan *ch, int timeout_ms)
{
	struct pollfd p = { .fd = ch->pipe[0], .events = POLLIN };

	(void)poll(&p, 1, timeout_ms);
}
