/* SPDX-License-Identifier: BSD-2-Clause */
/* BGP speakers of the simulator (RFC 4271, 4760, 6793): just enough to tell a table and stay up. */
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

#define HOLD_S		90
#define OUT_BYTES	(256 * 1024)
#define MSG_BYTES	4096		/* RFC 4271 4.1 */

/* Churn: prefixes of 10.0.0.0/8, which the table and so the traffic never uses, six per UPDATE. */
#define CHURN_GROUP	6
#define CHURN_GROUPS	(65536 / CHURN_GROUP)
#define REDIAL_NS	(300 * NS_PER_MS)

enum { MSG_OPEN = 1, MSG_UPDATE, MSG_NOTIFICATION, MSG_KEEPALIVE };

struct session {
	int fd;
	unsigned router;
	bool up, told;			/* OPEN and KEEPALIVE seen; whole table taken */
	uint32_t next;			/* next prefix of the table to tell */
	uint8_t in[MSG_BYTES];
	size_t in_len;
	uint8_t *out;
	size_t out_len, out_at;
	mono_t keepalive_due;
	uint64_t steps;			/* of churn: UPDATEs told */
	mono_t flap_due;		/* drop the session; without one, dial again */
};

struct speaker {
	struct speaker_conf conf;
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

/* A session ended against our will. The flapping one may meet its own shadow, which the daemon
   holds to be up while it reads what is left of it (RFC 4271 6.8): it tries again like a router. */
static void
fail(struct speaker *sp, struct session *s, const char *what)
{
	char text[ADDR_TEXT];
	struct addr a = sim_router(&sp->conf.first, s->router);

	if (s->router == 0 && sp->conf.flap_s > 0 && atomic_load(&sp->unrest)) {
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

static size_t
begin(struct wr *w, unsigned type)
{
	static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	size_t mark;

	wr_bytes(w, marker, 16);
	mark = wr_mark16(w);
	wr_u8(w, (uint8_t)type);
	return mark;
}

void
sim_put_open(struct wr *w, uint32_t as, const struct addr *id)
{
	size_t mark = begin(w, MSG_OPEN);

	wr_u8(w, 4);
	wr_u16(w, as > 65535 ? 23456 : (uint16_t)as);
	wr_u16(w, HOLD_S);
	wr_bytes(w, id->b + 12, 4);
	wr_u8(w, 2 + 6 + 6 + 6);
	wr_bytes(w, "\x02\x12", 2);			/* capabilities, 18 bytes */
	wr_bytes(w, "\x01\x04\x00\x01\x00\x01", 6);	/* IPv4 unicast */
	wr_bytes(w, "\x01\x04\x00\x02\x00\x01", 6);	/* IPv6 unicast */
	wr_bytes(w, "\x41\x04", 2);			/* 4-byte AS */
	wr_u32(w, as);
	wr_fill16(w, mark, 18);
}

static void
put_keepalive(struct wr *w)
{
	wr_fill16(w, begin(w, MSG_KEEPALIVE), 18);
}

static void
put_nlri(struct wr *w, const struct prefix *p)
{
	wr_u8(w, p->len);
	wr_bytes(w, p->addr.b + (addr_is_v4(&p->addr) ? 12 : 0), (p->len + 7u) / 8);
}

/* Attribute header: flags, code, 1-byte length. */
static void
put_attr(struct wr *w, unsigned flags, unsigned code, unsigned len)
{
	wr_u8(w, (uint8_t)flags);
	wr_u8(w, (uint8_t)code);
	wr_u8(w, (uint8_t)len);
}

static void
put_route_attrs(struct wr *w, const struct sim_route *route, bool v4)
{
	put_attr(w, 0x40, 1, 1);
	wr_u8(w, 0);					/* ORIGIN IGP */
	put_attr(w, 0x40, 2, 2 + 4 * route->hops);
	wr_u8(w, 2);					/* AS_SEQUENCE */
	wr_u8(w, (uint8_t)route->hops);
	for (unsigned i = 0; i < route->hops; i++)
		wr_u32(w, route->aspath[i]);
	if (v4) {
		put_attr(w, 0x40, 3, 4);
		wr_bytes(w, route->next_hop.b + 12, 4);
	}
	put_attr(w, 0x80, 4, 4);
	wr_u32(w, route->med);
	put_attr(w, 0x40, 5, 4);
	wr_u32(w, route->local_pref);
	if (route->n_comms > 0) {
		put_attr(w, 0xc0, 8, 4 * route->n_comms);
		for (unsigned i = 0; i < route->n_comms; i++)
			wr_u32(w, route->comms[i]);
	}
	if (route->lcomm[0] != 0) {
		put_attr(w, 0xc0, 32, 12);
		for (unsigned i = 0; i < 3; i++)
			wr_u32(w, route->lcomm[i]);
	}
}

unsigned
sim_put_update(struct wr *w, const struct table *t, unsigned router, const struct sim_twist *twist,
    uint32_t *next)
{
	uint32_t from, group;
	size_t mark, attrs, nlri = 0;
	struct sim_route route;
	unsigned told = 0;
	bool v4;

	while (*next < table_count(t) && !table_has(t, router, *next))
		(*next)++;
	if (*next >= table_count(t))
		return 0;
	from = *next;
	group = table_group(t, from);
	v4 = addr_is_v4(&table_prefix(t, from)->addr);
	table_route(t, twist != NULL ? twist->like : router, from, &route);
	if (twist != NULL && twist->local_pref != 0)
		route.local_pref = twist->local_pref;
	if (twist != NULL)
		route.med += twist->med;

	mark = begin(w, MSG_UPDATE);
	wr_u16(w, 0);
	attrs = wr_mark16(w);
	put_route_attrs(w, &route, v4);
	if (v4) {
		wr_fill16(w, attrs, 0);
	} else {
		wr_u8(w, 0x90);				/* MP_REACH_NLRI, 2-byte length */
		wr_u8(w, 14);
		nlri = wr_mark16(w);
		wr_bytes(w, "\x00\x02\x01\x10", 4);
		wr_bytes(w, route.next_hop.b, 16);
		wr_u8(w, 0);
	}
	for (; *next < table_count(t) && table_group(t, *next) == group; (*next)++) {
		const struct prefix *p = table_prefix(t, *next);

		if (addr_is_v4(&p->addr) != v4)
			break;
		if (!table_has(t, router, *next))
			continue;
		put_nlri(w, p);
		told++;
	}
	if (!v4) {
		wr_fill16(w, nlri, 0);
		wr_fill16(w, attrs, 0);
	}
	wr_fill16(w, mark, 18);
	return told;
}

void
sim_put_end_of_rib(struct wr *w, bool v6)
{
	size_t mark = begin(w, MSG_UPDATE);

	if (!v6) {
		wr_u32(w, 0);
		wr_fill16(w, mark, 18);
		return;
	}
	wr_u16(w, 0);
	wr_u16(w, 6);
	wr_bytes(w, "\x80\x0f\x03\x00\x02\x01", 6);
	wr_fill16(w, mark, 18);
}

/*
 * One step of churn: all prefixes are announced in turn, then announced with other attributes, then
 * withdrawn. The attributes are new ones in each round.
 */
static void
put_change(struct wr *w, struct speaker *sp, struct session *s)
{
	uint64_t round = s->steps / CHURN_GROUPS;
	uint32_t group = (uint32_t)(s->steps++ % CHURN_GROUPS);
	size_t mark = begin(w, MSG_UPDATE), part = wr_mark16(w);
	struct sim_route route;

	if (round % 3 != 2) {
		table_route(sp->conf.table, s->router, group % table_count(sp->conf.table), &route);
		route.next_hop = addr_of_v4(0xc0000201);
		route.med = (uint32_t)round;
		wr_fill16(w, part, 0);
		part = wr_mark16(w);
		put_route_attrs(w, &route, true);
		wr_fill16(w, part, 0);
	}
	for (uint32_t i = 0; i < CHURN_GROUP; i++) {
		wr_u8(w, 24);
		wr_u8(w, 10);
		wr_u16(w, (uint16_t)(group * CHURN_GROUP + i));
	}
	if (round % 3 == 2) {
		wr_fill16(w, part, 0);
		wr_u16(w, 0);
	}
	wr_fill16(w, mark, 18);
	atomic_fetch_add(&sp->changes, CHURN_GROUP);
}

/* As many changes as this router should have made by now. */
static void
put_changes(struct wr *w, struct speaker *sp, struct session *s)
{
	double past = (double)mono_since(mono_now(), sp->unrest_since) / 1e9;
	uint64_t want = (uint64_t)(past * (double)sp->conf.churn / sp->conf.routers / CHURN_GROUP);

	while (s->steps < want && (size_t)(w->end - w->at) > MSG_BYTES)
		put_change(w, sp, s);
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
	while (s->next < table_count(sp->conf.table) &&
	    (size_t)(w.end - w.at) > MSG_BYTES + 128) {
		atomic_fetch_add(&sp->announced, sim_put_update(&w, sp->conf.table, s->router, NULL,
		    &s->next));
		if (s->next >= table_count(sp->conf.table)) {
			sim_put_end_of_rib(&w, false);
			sim_put_end_of_rib(&w, true);
		}
	}
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
	sim_put_open(&w, sp->conf.as, &self);
	s->out_len = wr_len(&w);
	return 0;
}

/* Router 0 drops its session again and again, and comes back with its table soon after. */
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
		return;
	}
	s->up = s->told = false;
	s->next = 0;
	s->in_len = s->out_len = s->out_at = 0;
	s->flap_due = mono_add(now, (int64_t)(sp->conf.flap_s * 1e9));
	if (dial(sp, s) != 0)
		fail(sp, s, strerror(errno));
}

static void
serve(struct speaker *sp, struct session *s, short events)
{
	if (s->router == 0 && sp->conf.flap_s > 0 && atomic_load(&sp->unrest))
		flap(sp, s);
	if (s->fd < 0)
		return;
	if (events & (POLLIN | POLLHUP | POLLERR))
		receive(sp, s);
	flush(sp, s);
	fill(sp, s);
	flush(sp, s);
	if (!s->told && s->up && s->next >= table_count(sp->conf.table) && all_taken(s)) {
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
			if (s->out_at < s->out_len || (s->up && s->next < table_count(sp->conf.table)))
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
		size_t mark = begin(&w, MSG_NOTIFICATION);

		wr_bytes(&w, "\x06\x02", 2);		/* Cease, administrative shutdown */
		wr_fill16(&w, mark, 18);
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
