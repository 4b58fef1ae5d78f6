/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepting connections, a few at a time so that the loop goes on; see acceptor.h. */
#include "bgp/acceptor.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"

#define REOPEN_S	1
#define ACCEPT_AT_ONCE	16

struct listening {
	int fd;
	struct event *event;
};

struct acceptor {
	struct event_base *base;
	const char *subject;		/* "BGP", a constant */
	struct listening *listening;
	size_t count;
	struct event *reopen;
	accepted_fn *accepted;
	void *ctx;
	struct log_limit limit;
};

static void
pause_accepting(struct acceptor *a)
{
	struct timeval tv = { .tv_sec = REOPEN_S };

	if (log_allowed(&a->limit, mono_now()))
		log_error("%s connections cannot be accepted: %s", a->subject, strerror(errno));
	for (size_t i = 0; i < a->count; i++)
		event_del(a->listening[i].event);
	evtimer_add(a->reopen, &tv);
}

static void
on_reopen(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < a->count; i++)
		event_add(a->listening[i].event, NULL);
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct acceptor *a = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct addr from, to;
		uint16_t port;
		int fd = tcp_accept(listener, &from, &port, &to);

		if (fd >= 0) {
			a->accepted(a->ctx, fd, &from, port);
		} else if (errno != ECONNABORTED && errno != EINTR) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				pause_accepting(a);
			return;
		}
	}
}

static int
listen_on(struct acceptor *a, const struct tcp_conf *how, const struct addr *local,
    struct sbuf *err)
{
	struct listening *l = &a->listening[a->count];
	struct tcp_conf conf = *how;

	conf.local = *local;
	l->fd = tcp_listen(&conf, err);
	if (l->fd < 0)
		return -1;
	l->event = event_new(a->base, l->fd, EV_READ | EV_PERSIST, on_connection, a);
	event_add(l->event, NULL);
	a->count++;
	return 0;
}

struct acceptor *
acceptor_new(struct event_base *base, const char *subject, const struct tcp_conf *how,
    const struct addr *local, size_t locals, accepted_fn *accepted, void *ctx, struct sbuf *err)
{
	static const struct addr any;
	struct acceptor *a = mem_new(sizeof(*a));
	int result = 0;

	a->base = base;
	a->subject = subject;
	a->accepted = accepted;
	a->ctx = ctx;
	a->listening = mem_array(locals + 1, sizeof(*a->listening));
	a->reopen = evtimer_new(base, on_reopen, a);
	if (locals == 0)
		result = listen_on(a, how, &any, err);
	for (size_t i = 0; i < locals && result == 0; i++)
		result = listen_on(a, how, &local[i], err);
	if (result == 0)
		return a;
	acceptor_free(a);
	return NULL;
}

void
acceptor_free(struct acceptor *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->count; i++) {
		event_free(a->listening[i].event);
		close(a->listening[i].fd);
	}
	event_free(a->reopen);
	mem_free(a->listening);
	mem_free(a);
}

int
acceptor_fd(const struct acceptor *a, size_t i)
{
	return i < a->count ? a->listening[i].fd : -1;
}
