/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection: bytes in and out, its timers, its end. What a message means is decided in fsm.c.
 *
 * Reading is bounded twice: by the buffer, and by the time a turn may take. The read event only puts
 * the session into the speaker's queue, where it stays until it has drained its socket. So a
 * neighbour that sends a full table cannot keep the others from theirs. A session that waits for its
 * budget is not even told of more.
 */
#include "bgp/session.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

#define DIAL_S	10		/* for a connection to come up */

static struct timeval
timeval_of(int64_t ns)
{
	return (struct timeval){
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(ns % NS_PER_SEC / NS_PER_USEC),
	};
}

static void
arm(struct event *ev, int64_t ns)
{
	struct timeval tv = timeval_of(ns);

	event_add(ev, &tv);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn_ready(&((struct session *)arg)->turn);
}

/* Hand the kernel what it takes. An error shows on the reading side as well, and is met there. */
static void
flush(struct session *s)
{
	ssize_t n = send(s->fd, s->out, s->out_len, MSG_NOSIGNAL);

	if (n > 0) {
		s->out_len -= (size_t)n;
		memmove(s->out, s->out + n, s->out_len);
	} else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
		s->out_len = 0;
	}
	if (s->out_len > 0)
		event_add(s->write, NULL);
}

/* Dialling has come to an end. */
static void
on_outcome(struct session *s)
{
	int error = tcp_outcome(s->fd);

	if (error != 0) {
		peer_log(s->peer, LOG_LVL_WARN, "cannot be reached: %s", strerror(error));
		(void)fsm_event(s, BGP_EVENT_TCP_DOWN, NULL);
	} else if (fsm_event(s, BGP_EVENT_TCP_UP, NULL) != STEP_CLOSED) {
		event_add(s->read, NULL);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (s->state == BGP_STATE_CONNECT)
		on_outcome(s);
	else
		flush(s);
}

/* Whether bytes came that nobody has looked at: then it is we who are late. */
static bool
is_behind(const struct session *s)
{
	int waiting = 0;

	return turn_is_queued(&s->turn) || (ioctl(s->fd, FIONREAD, &waiting) == 0 && waiting > 0);
}

static void
on_hold(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	int64_t left = s->hold_ns - mono_since(mono_now(), s->heard);

	(void)fd;
	(void)what;
	if (left > 0)
		arm(s->hold, left);
	else if (is_behind(s))
		arm(s->hold, NS_PER_SEC);
	else
		(void)fsm_event(s, BGP_EVENT_HOLD_OVER, NULL);
}

static void
encode_keepalive(struct wr *w, const struct session *s)
{
	(void)s;
	keepalive_encode(w);
}

static void
on_keepalive(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)session_send(arg, encode_keepalive);
}

static struct session *
make(struct peer *p, int fd, uint16_t port)
{
	struct session *s = mem_new(sizeof(*s));
	struct event_base *base = p->bgp->base;

	s->bgp = p->bgp;
	s->peer = p;
	turn_init(&s->turn, p->bgp->turns, s);
	s->fd = fd;
	s->port = port;
	s->most = BGP_MESSAGE_MAX;
	s->heard = mono_now();
	s->read = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s);
	s->write = event_new(base, fd, EV_WRITE, on_writable, s);
	s->hold = evtimer_new(base, on_hold, s);
	s->keepalive = event_new(base, -1, EV_PERSIST, on_keepalive, s);
	peer_attach(p, s);
	return s;
}

void
session_new(struct peer *p, int fd, uint16_t port)
{
	struct session *s = make(p, fd, port);

	if (fsm_event(s, BGP_EVENT_TCP_UP, NULL) != STEP_CLOSED)
		event_add(s->read, NULL);
}

void
session_dial(struct peer *p, int fd)
{
	struct session *s = make(p, fd, p->conf.port);

	s->dialled = true;
	session_state(s, BGP_STATE_CONNECT);
	session_hold(s, DIAL_S);
	event_add(s->write, NULL);
}

void
session_hold(struct session *s, uint16_t hold_s)
{
	s->hold_ns = hold_s * NS_PER_SEC;
	event_del(s->hold);
	event_del(s->keepalive);
	if (hold_s == 0)
		return;
	arm(s->hold, s->hold_ns);
	if (s->state >= BGP_STATE_OPENCONFIRM)
		arm(s->keepalive, s->hold_ns / 3);
}

enum step
session_send(struct session *s, void (*encode)(struct wr *w, const struct session *s))
{
	struct wr w = wr_of(s->out + s->out_len, sizeof(s->out) - s->out_len);

	encode(&w, s);
	if (w.bad) {
		peer_log(s->peer, LOG_LVL_WARN, "closed: it takes nothing from us any more");
		s->lost = true;
		return session_close(s);
	}
	s->out_len += wr_len(&w);
	flush(s);
	return STEP_DONE;
}

enum step
session_close(struct session *s)
{
	struct peer *p = s->peer;
	bool had_teller = s->teller != NULL;

	turn_leave(&s->turn);
	event_free(s->read);
	event_free(s->write);
	event_free(s->hold);
	event_free(s->keepalive);
	close(s->fd);
	s->teller = NULL;
	if (had_teller && s->lost)
		stale_keep(p);
	else if (had_teller)
		stale_drop(p);
	peer_detach(p, s);
	mem_free(s);
	return STEP_CLOSED;
}

/*
 * The last word. What the neighbour still sends is read away: bytes left in the socket would make
 * the system reset the connection, and the neighbour would never see why.
 */
enum step
session_refuse(struct session *s, const struct bgp_fault *fault)
{
	struct wr w = wr_of(s->out + s->out_len, sizeof(s->out) - s->out_len);

	notification_encode(&w, fault);
	if (!w.bad) {
		s->out_len += wr_len(&w);
		flush(s);
		count(&s->peer->c.notifications_out);
	}
	shutdown(s->fd, SHUT_WR);
	for (int i = 0; i < 16 && recv(s->fd, s->in, sizeof(s->in), 0) > 0; i++)
		;
	return session_close(s);
}

/* Read on. False when there is nothing for now, or no session any more. */
static bool
fill(struct session *s)
{
	ssize_t n;

	ahead_forget(s->bgp);
	memmove(s->in, s->in + s->in_start, s->in_end - s->in_start);
	s->in_end -= s->in_start;
	s->in_start = 0;
	n = recv(s->fd, s->in + s->in_end, sizeof(s->in) - s->in_end, 0);
	if (n > 0) {
		s->in_end += (size_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		event_add(s->read, NULL);
	else
		(void)fsm_event(s, BGP_EVENT_TCP_DOWN, NULL);
	return false;
}

static void
count_message(struct session *s, const struct bgp_message *m)
{
	struct bgp_peer_counters *c = &s->peer->c;
	counter_t *const of_type[] = {
		[BGP_OPEN] = &c->opens, [BGP_UPDATE] = &c->updates,
		[BGP_NOTIFICATION] = &c->notifications_in, [BGP_KEEPALIVE] = &c->keepalives,
		[BGP_REFRESH] = &c->refreshes,
	};

	if (s->counted)
		return;
	s->counted = true;
	count(of_type[m->type]);
	count(&c->messages);
	count_add(&c->bytes, m->len);
}

static enum step
take_message(struct session *s, const struct bgp_message *m, mono_t now)
{
	static const enum bgp_event event[] = {
		[BGP_OPEN] = BGP_EVENT_OPEN, [BGP_UPDATE] = BGP_EVENT_UPDATE,
		[BGP_NOTIFICATION] = BGP_EVENT_NOTIFICATION,
		[BGP_KEEPALIVE] = BGP_EVENT_KEEPALIVE, [BGP_REFRESH] = BGP_EVENT_REFRESH,
	};
	enum step step;

	count_message(s, m);
	s->heard = now;
	step = fsm_event(s, event[m->type], m);
	if (step == STEP_DONE) {
		s->in_start += m->len;
		s->counted = false;
	}
	return step;
}

/* A stream that is not made of messages. */
static void
lose_frame(struct session *s, const struct bgp_fault *fault)
{
	peer_log(s->peer, LOG_LVL_WARN, "closed: %s: %u", fault->why, fault->value);
	count(&s->peer->c.sessions_reset);
	(void)session_refuse(s, fault);
}

void
session_turn(void *session, mono_t until)
{
	struct session *s = session;
	mono_t now = mono_now();
	size_t done = 0;

	ahead_forget(s->bgp);
	do {
		struct bgp_fault fault;
		struct bgp_message m;
		int got = bgp_frame(s->in + s->in_start, s->in_end - s->in_start, s->most,
		    &m, &fault);

		if (got < 0) {
			lose_frame(s, &fault);
			return;
		}
		if (got == 0) {
			if (!fill(s))
				return;
			continue;
		}
		switch (take_message(s, &m, now)) {
		case STEP_CLOSED:
			return;
		case STEP_WAIT:
			count(&s->peer->c.waits);
			event_del(s->read);
			turn_wait(&s->turn);
			return;
		case STEP_DONE:
			break;
		}
		/* The clock is looked at for so many bytes, for messages may be small. */
		done += m.len;
		if (done < BGP_MESSAGE_MAX)
			continue;
		done = 0;
		now = mono_now();
	} while (!mono_due(now, until));
	turn_ready(&s->turn);
}
