/* SPDX-License-Identifier: BSD-2-Clause */
/* BGP speakers of the simulator: just enough to tell a table and stay up. */
#include "sim/speaker.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

#include "core/clock.h"
#include "core/mem.h"
#include "sim/messages.h"

#define OUT_BYTES	(256 * 1024)

#define REDIAL_NS	(300 * NS_PER_MS)

struct session {
	int fd;
	unsigned router;
	bool up, told;			/* OPEN and KEEPALIVE seen; whole table taken */
	bool again;			/* it had a session before */
	struct place at;		/* how much was told */
	uint8_t in[MSG_BYTES];
	size_t in_len;
	uint8_t *out;
	size_t out_len, out_at;
	mono_t keepalive_due;
	unsigned flaps;
	uint64_t steps;			/* of churn: UPDATEs told */
	mono_t flap_due;		/* drop the session; without one, dial again */
};

struct speaker {
	struct speaker_conf conf;
	struct telling telling;
	struct session *session;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint64_t announced;
	_Atomic unsigned done;
	_Atomic bool unrest;
	_Atomic uint64_t changes, flaps;
	mono_t unrest_since;
	_Atomic bool failed;
	char error[200];
};

struct addr
sim_router(const struct addr *first, unsigned i)
{
	struct addr a = *first;

	for (int byte = 15; byte >= 0 && i > 0; byte--) {
		i += a.b[byte];
		a.b[byte] = (uint8_t)i;
		i >>= 8;
	}
	return a;
}

static bool
flaps(const struct speaker *sp, const struct session *s)
{
	return sp->conf.flap_s > 0 && (s->router == 0 || sp->conf.flap_all) &&
	    (sp->conf.flap_times == 0 || s->flaps < sp->conf.flap_times || s->fd < 0) &&
	    atomic_load(&((struct speaker *)(uintptr_t)sp)->unrest);
}

/* A session ended against our will. The flapping one may meet its own shadow, which the daemon
   holds to be up while it reads what is left of it (RFC 4271 6.8): it tries again like a router. */
static void
fail(struct speaker *sp, struct session *s, const char *what)
{
	char text[ADDR_TEXT];
	struct addr a = sim_router(&sp->conf.first, s->router);

	if (flaps(sp, s)) {
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
		s->flap_due = mono_add(mono_now(), REDIAL_NS);
		return;
	}
	if (atomic_load(&sp->failed))
		return;
	snprintf(sp->error, sizeof(sp->error), "BGP as %s: %s", addr_text(&a, text), what);
	atomic_store(&sp->failed, true);
}

static bool
all_told(const struct speaker *sp, const struct session *s)
{
	return s->at.pass >= telling_passes(&sp->telling);
}

/* As many changes as this router should have made by now. */
static void
put_changes(struct wr *w, struct speaker *sp, struct session *s)
{
	double past = (double)mono_since(mono_now(), sp->unrest_since) / 1e9;
	uint64_t want = (uint64_t)(past * (double)sp->conf.churn / sp->conf.routers / CHURN_GROUP);

	while (s->steps < want && (size_t)(w->end - w->at) > MSG_BYTES) {
		put_change(w, &sp->telling, s->router, s->steps++);
		atomic_fetch_add(&sp->changes, CHURN_GROUP);
	}
}

/* Fill the out buffer as far as whole messages fit. */
static void
fill(struct speaker *sp, struct session *s)
{
	struct wr w = wr_of(s->out, OUT_BYTES);

	if (s->out_at < s->out_len)
		return;
	s->out_at = s->out_len = 0;
	if (!s->up)
		return;
	while (!all_told(sp, s) && (size_t)(w.end - w.at) > MSG_BYTES + 256)
		atomic_fetch_add(&sp->announced,
		    put_updates(&w, &sp->telling, s->router, &s->at));
	if (s->told && sp->conf.churn > 0 && atomic_load(&sp->unrest))
		put_changes(&w, sp, s);
	if (mono_due(mono_now(), s->keepalive_due)) {
		put_keepalive(&w);
		s->keepalive_due = mono_add(mono_now(), HOLD_S / 3 * NS_PER_SEC);
	}
	s->out_len = wr_len(&w);
}

static void
flush(struct speaker *sp, struct session *s)
{
	while (s->out_at < s->out_len) {
		ssize_t n = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			fail(sp, s, "the daemon closed the session");
			return;
		}
		s->out_at += (size_t)n;
	}
}

static void
take_message(struct speaker *sp, struct session *s, unsigned type)
{
	struct wr w = wr_of(s->out + s->out_len, OUT_BYTES - s->out_len);

	if (type == MSG_NOTIFICATION) {
		fail(sp, s, "the daemon sent a NOTIFICATION");
	} else if (type == MSG_OPEN) {
		put_keepalive(&w);
		s->out_len += wr_len(&w);
	} else if (type == MSG_KEEPALIVE && !s->up) {
		s->up = true;
		s->keepalive_due = mono_add(mono_now(), HOLD_S / 3 * NS_PER_SEC);
	}
}

static void
receive(struct speaker *sp, struct session *s)
{
	ssize_t n = recv(s->fd, s->in + s->in_len, sizeof(s->in) - s->in_len, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		fail(sp, s, "the daemon closed the session");
		return;
	}
	if (n < 0)
		return;
	s->in_len += (size_t)n;
	for (;;) {
		struct rd r = rd_of(s->in, s->in_len);
		uint16_t len;
		unsigned type;

		rd_skip(&r, 16);
		len = rd_u16(&r);
		type = rd_u8(&r);
		if (r.bad || len > s->in_len)
			return;
		if (len < 19 || len > MSG_BYTES) {
			fail(sp, s, "a message of impossible length came back");
			return;
		}
		take_message(sp, s, type);
		s->in_len -= len;
		memmove(s->in, s->in + len, s->in_len);
	}
}

/* All was written and the other side's kernel has it. */
static bool
all_taken(const struct session *s)
{
#ifdef SIOCOUTQ
	int left = 0;

	if (ioctl(s->fd, SIOCOUTQ, &left) == 0 && left > 0)
		return false;
#endif
	return s->out_at == s->out_len;
}

static int
dial(struct speaker *sp, struct session *s)
{
	struct sockaddr_storage local, to;
	struct addr self = sim_router(&sp->conf.first, s->router);
	socklen_t len = addr_sockaddr(&self, 0, &local);
	struct wr w = wr_of(s->out, OUT_BYTES);

	s->fd = socket(local.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&local, len) != 0)
		return -1;
	len = addr_sockaddr(&sp->conf.to, sp->conf.port, &to);
	if (connect(s->fd, (struct sockaddr *)&to, len) != 0)
		return -1;
	(void)fcntl(s->fd, F_SETFL, O_NONBLOCK);
	put_open(&w, &sp->telling, &self, s->again);
	s->again = true;
	s->out_len = wr_len(&w);
	return 0;
}

/* A session is dropped again and again, and its router comes back with its table soon after. */
static void
flap(struct speaker *sp, struct session *s)
{
	mono_t now = mono_now();

	if (s->flap_due.ns == 0)
		s->flap_due = mono_add(now, (int64_t)(sp->conf.flap_s * 1e9));
	if (!mono_due(now, s->flap_due))
		return;
	if (s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
		s->flap_due = mono_add(now, REDIAL_NS);
		atomic_fetch_add(&sp->flaps, 1);
		s->flaps++;
		return;
	}
	s->up = s->told = false;
	s->at = (struct place){ 0 };
	s->in_len = s->out_len = s->out_at = 0;
	s->flap_due = mono_add(now, (int64_t)(sp->conf.flap_s * 1e9));
	if (dial(sp, s) != 0)
		fail(sp, s, strerror(errno));
}

static void
serve(struct speaker *sp, struct session *s, short events)
{
	if (flaps(sp, s))
		flap(sp, s);
	if (s->fd < 0)
		return;
	if (events & (POLLIN | POLLHUP | POLLERR))
		receive(sp, s);
	flush(sp, s);
	fill(sp, s);
	flush(sp, s);
	if (!s->told && s->up && all_told(sp, s) && all_taken(s)) {
		s->told = true;
		atomic_fetch_add(&sp->done, 1);
	}
}

static void *
run(void *arg)
{
	struct speaker *sp = arg;
	struct pollfd *p = mem_array(sp->conf.routers, sizeof(*p));

	for (unsigned i = 0; i < sp->conf.routers; i++) {
		struct session *s = &sp->session[i];

		s->router = sp->conf.number + i;
		s->out = mem_new(OUT_BYTES);
		s->fd = -1;
	}
	for (unsigned i = 0; i < sp->conf.routers && !atomic_load(&sp->failed); i++)
		if (dial(sp, &sp->session[i]) != 0)
			fail(sp, &sp->session[i], strerror(errno));
	while (!atomic_load(&sp->stop) && !atomic_load(&sp->failed)) {
		for (unsigned i = 0; i < sp->conf.routers; i++) {
			struct session *s = &sp->session[i];

			p[i] = (struct pollfd){ s->fd, POLLIN, 0 };
			if (s->out_at < s->out_len || (s->up && !all_told(sp, s)))
				p[i].events |= POLLOUT;
		}
		(void)poll(p, sp->conf.routers, atomic_load(&sp->unrest) ? 5 : 100);
		for (unsigned i = 0; i < sp->conf.routers; i++)
			serve(sp, &sp->session[i], p[i].revents);
	}
	mem_free(p);
	return NULL;
}

struct speaker *
speaker_start(const struct speaker_conf *conf)
{
	struct speaker *sp = mem_new(sizeof(*sp));

	sp->conf = *conf;
	sp->telling = (struct telling){
		.table = conf->table, .as = conf->as, .kinds = conf->kinds, .vrfs = conf->vrfs,
		.paths = conf->paths, .restarts = conf->restarts,
	};
	sp->session = mem_array(conf->routers, sizeof(*sp->session));
	pthread_create(&sp->thread, NULL, run, sp);
	return sp;
}

void
speaker_stop(struct speaker *sp)
{
	if (sp == NULL)
		return;
	atomic_store(&sp->stop, true);
	pthread_join(sp->thread, NULL);
	for (unsigned i = 0; i < sp->conf.routers; i++) {
		struct session *s = &sp->session[i];
		uint8_t bytes[32];
		struct wr w = wr_of(bytes, sizeof(bytes));

		put_cease(&w);
		if (s->fd >= 0) {
			(void)send(s->fd, bytes, wr_len(&w), MSG_NOSIGNAL | MSG_DONTWAIT);
			close(s->fd);
		}
		mem_free(s->out);
	}
	mem_free(sp->session);
	mem_free(sp);
}

void
speaker_unrest(struct speaker *sp)
{
	if (atomic_load(&sp->unrest))
		return;
	sp->unrest_since = mono_now();
	atomic_store(&sp->unrest, true);
}

uint64_t
speaker_changes(const struct speaker *sp)
{
	return atomic_load(&((struct speaker *)(uintptr_t)sp)->changes);
}

uint64_t
speaker_flaps(const struct speaker *sp)
{
	return atomic_load(&((struct speaker *)(uintptr_t)sp)->flaps);
}

uint64_t
speaker_announced(const struct speaker *sp)
{
	return atomic_load(&((struct speaker *)(uintptr_t)sp)->announced);
}

unsigned
speaker_done(const struct speaker *sp)
{
	return atomic_load(&((struct speaker *)(uintptr_t)sp)->done);
}

const char *
speaker_error(const struct speaker *sp)
{
	return atomic_load(&((struct speaker *)(uintptr_t)sp)->failed) ? sp->error : NULL;
}
