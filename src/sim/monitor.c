/* SPDX-License-Identifier: BSD-2-Clause */
/* BMP speakers of the simulator (RFC 7854, 8671, 9069): tell everything once, then flap if asked to. */
#include "sim/monitor.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

#include "core/clock.h"
#include "core/mem.h"
#include "sim/messages.h"
#include "sim/speaker.h"

#define OUT_BYTES	(256 * 1024)
#define STEP_BYTES	8192		/* of one step at most */
#define OTHER_MED	500000
#define OTHER_PREF	50		/* of peers but the first one: below every one of the table */

enum { MONITORING, STATISTICS, PEER_DOWN, PEER_UP, INITIATION, TERMINATION };
enum { LOC_RIB_PEER = 3, FLAG_POST = 0x40, FLAG_OUT = 0x10 };

static const struct {
	const char *word;
	uint8_t flags;
} ribs[SIM_RIBS] = {
	[SIM_LOC_RIB] = { "loc-rib", 0 },
	[SIM_POST] = { "post-policy", FLAG_POST },
	[SIM_PRE] = { "pre-policy", 0 },
	[SIM_OUT] = { "adj-rib-out", FLAG_OUT | FLAG_POST },
};

/* Where a router's telling has got to. */
struct progress {
	int fd;
	unsigned router;
	bool begun, told;
	unsigned peer;			/* at work on; peers: all were told */
	unsigned rib;			/* of conf.rib */
	bool peer_begun;
	struct place at;		/* in the table */
	uint8_t *out;
	size_t out_len, out_at;
	mono_t flap_due;
};

struct monitor {
	struct monitor_conf conf;
	struct telling says;		/* of the table, by all of them */
	struct progress *progress;
	pthread_t thread;
	_Atomic bool stop, unrest, failed;
	_Atomic uint64_t announced, flaps;
	_Atomic unsigned done;
	char error[200];
};

int
monitor_ribs(const char *text, struct monitor_conf *conf)
{
	char *copy = mem_strdup(text), *next = copy, *word;
	int result = 0;

	conf->ribs = 0;
	while ((word = strsep(&next, ",")) != NULL) {
		unsigned i = 0;

		while (i < SIM_RIBS && strcmp(word, ribs[i].word) != 0)
			i++;
		if (i == SIM_RIBS || conf->ribs == SIM_RIBS)
			result = -1;
		else
			conf->rib[conf->ribs++] = (enum sim_rib)i;
	}
	mem_free(copy);
	return result;
}

/* --- messages --------------------------------------------------------------------------------------- */

static size_t
begin(struct wr *w, uint8_t type)
{
	size_t start = wr_len(w);

	wr_u8(w, 3);
	wr_u32(w, 0);
	wr_u8(w, type);
	return start;
}

static void
end(struct wr *w, size_t start)
{
	struct wr len = wr_of(w->start + start + 1, 4);

	wr_u32(&len, (uint32_t)(wr_len(w) - start));
}

static void
put_tlv(struct wr *w, uint16_t type, const char *text)
{
	wr_u16(w, type);
	wr_u16(w, (uint16_t)strlen(text));
	wr_bytes(w, text, strlen(text));
}

static struct addr
peer_addr(unsigned peer)
{
	return addr_of_v4(0xc6336401 + peer);		/* 198.51.100.1 and up */
}

static void
put_peer(struct wr *w, const struct monitor *m, const struct progress *t, enum sim_rib rib)
{
	struct addr self = sim_router(&m->conf.first, t->router), addr = peer_addr(t->peer);
	static const uint8_t zero[16];
	bool loc = rib == SIM_LOC_RIB;

	wr_u8(w, loc ? LOC_RIB_PEER : 0);
	wr_u8(w, ribs[rib].flags);
	wr_u64(w, 0);
	wr_bytes(w, zero, 12);
	wr_bytes(w, loc ? zero : addr.b + 12, 4);
	wr_u32(w, loc ? m->conf.as : 64496 + t->peer % 16);
	wr_bytes(w, loc ? self.b + 12 : addr.b + 12, 4);
	wr_u64(w, 0);
}

static void
put_initiation(struct wr *w, unsigned router)
{
	size_t start = begin(w, INITIATION);
	char name[32];

	snprintf(name, sizeof(name), "sim%u", router);
	put_tlv(w, 1, "waybill-sim");
	put_tlv(w, 2, name);
	end(w, start);
}

static void
put_peer_up(struct wr *w, const struct monitor *m, const struct progress *t, enum sim_rib rib)
{
	struct addr self = sim_router(&m->conf.first, t->router), addr = peer_addr(t->peer);
	size_t start = begin(w, PEER_UP);
	const struct telling theirs = { .as = 64496 + t->peer % 16, .kinds = m->says.kinds };
	static const uint8_t zero[12];
	bool loc = rib == SIM_LOC_RIB;

	put_peer(w, m, t, rib);
	wr_bytes(w, zero, 12);
	wr_bytes(w, loc ? zero : self.b + 12, 4);
	wr_u16(w, loc ? 0 : 179);
	wr_u16(w, loc ? 0 : 33000);
	put_open(w, &m->says, &self, false);
	put_open(w, loc ? &m->says : &theirs, loc ? &self : &addr, false);
	if (loc)
		put_tlv(w, 3, "global");
	end(w, start);
}

static void
put_peer_down(struct wr *w, const struct monitor *m, const struct progress *t)
{
	size_t start = begin(w, PEER_DOWN);

	put_peer(w, m, t, SIM_PRE);
	wr_u8(w, 4);
	end(w, start);
}

static void
put_statistics(struct wr *w, const struct monitor *m, const struct progress *t, enum sim_rib rib)
{
	size_t start = begin(w, STATISTICS);

	put_peer(w, m, t, rib);
	wr_u32(w, 3);
	wr_u32(w, 4);				/* type 0, 4 bytes */
	wr_u32(w, 0);
	wr_u32(w, 7u << 16 | 8);
	wr_u64(w, table_count(m->conf.table));
	wr_u32(w, 9u << 16 | 11);
	wr_u24(w, 0x000101);
	wr_u64(w, table_count(m->conf.table));
	end(w, start);
}

/* The next routes of the RIB at hand. */
static void
put_routes(struct wr *w, struct monitor *m, struct progress *t)
{
	enum sim_rib rib = m->conf.rib[t->rib];
	const struct twist twist = {
		.like = t->router + 7 * t->peer, .local_pref = t->peer > 0 ? OTHER_PREF : 0,
		.med = t->rib > 0 ? OTHER_MED : 0,
	};
	size_t start = begin(w, MONITORING);
	unsigned told;

	put_peer(w, m, t, rib);
	told = put_update(w, &m->says, t->router, &twist, &t->at);
	if (told == 0) {
		w->at = w->start + start;
		return;
	}
	end(w, start);
	atomic_fetch_add(&m->announced, told);
}

static void
put_end(struct wr *w, const struct monitor *m, const struct progress *t)
{
	for (unsigned afi = 1; afi <= 2; afi++) {
		size_t start = begin(w, MONITORING);

		put_peer(w, m, t, m->conf.rib[t->rib]);
		put_end_of_rib(w, TELL_UNICAST, afi);
		end(w, start);
	}
}

/* --- telling ---------------------------------------------------------------------------------------- */

/* A Loc-RIB is told once, with the first peer. */
static bool
skips(const struct monitor *m, const struct progress *t)
{
	return m->conf.rib[t->rib] == SIM_LOC_RIB && t->peer > 0;
}

static void
begin_peer(struct wr *w, struct monitor *m, struct progress *t)
{
	bool loc = false, others = false;

	for (unsigned i = 0; i < m->conf.ribs; i++) {
		loc |= m->conf.rib[i] == SIM_LOC_RIB;
		others |= m->conf.rib[i] != SIM_LOC_RIB;
	}
	if (loc && t->peer == 0)
		put_peer_up(w, m, t, SIM_LOC_RIB);
	if (others)
		put_peer_up(w, m, t, SIM_PRE);
	t->peer_begun = true;
}

/* One step: a message or a few. False when all has been told. */
static bool
step(struct wr *w, struct monitor *m, struct progress *t)
{
	if (!t->begun) {
		put_initiation(w, t->router);
		t->begun = true;
	} else if (t->peer == m->conf.peers) {
		return false;
	} else if (!t->peer_begun) {
		begin_peer(w, m, t);
	} else if (t->rib == m->conf.ribs) {
		t->peer++;
		t->rib = 0;
		t->peer_begun = false;
	} else if (!skips(m, t) && t->at.next < table_count(m->conf.table)) {
		put_routes(w, m, t);
	} else {
		if (!skips(m, t)) {
			put_end(w, m, t);
			put_statistics(w, m, t, m->conf.rib[t->rib]);
		}
		t->rib++;
		t->at.next = 0;
	}
	return true;
}

/* The last peer goes down, and comes back with all it has at once. */
static void
flap(struct wr *w, struct monitor *m, struct progress *t)
{
	mono_t now = mono_now();

	if (t->flap_due.ns != 0 && !mono_due(now, t->flap_due))
		return;
	if (t->flap_due.ns != 0) {
		t->peer = m->conf.peers - 1;
		put_peer_down(w, m, t);
		atomic_fetch_add(&m->flaps, 1);
	}
	t->flap_due = mono_add(now, (int64_t)(m->conf.flap_s * 1e9));
}

static void
fill(struct monitor *m, struct progress *t)
{
	struct wr w = wr_of(t->out, OUT_BYTES);
	bool more = true;

	if (t->out_at < t->out_len)
		return;
	while (more && (size_t)(w.end - w.at) > STEP_BYTES)
		more = step(&w, m, t);
	if (!more && t->told && m->conf.flap_s > 0 && m->conf.peers > 1 && atomic_load(&m->unrest))
		flap(&w, m, t);
	t->out_at = 0;
	t->out_len = wr_len(&w);
}

static void
fail(struct monitor *m, const struct progress *t, const char *what)
{
	struct addr a = sim_router(&m->conf.first, t->router);
	char text[ADDR_TEXT];

	if (atomic_load(&m->failed))
		return;
	snprintf(m->error, sizeof(m->error), "BMP as %s: %s", addr_text(&a, text), what);
	atomic_store(&m->failed, true);
}

static void
flush(struct monitor *m, struct progress *t)
{
	while (t->out_at < t->out_len) {
		ssize_t n = send(t->fd, t->out + t->out_at, t->out_len - t->out_at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			fail(m, t, "the station closed the session");
			return;
		}
		t->out_at += (size_t)n;
	}
}

/* All was written and the other side's kernel has it. */
static bool
all_taken(const struct progress *t)
{
#ifdef SIOCOUTQ
	int left = 0;

	if (ioctl(t->fd, SIOCOUTQ, &left) == 0 && left > 0)
		return false;
#endif
	return t->out_at == t->out_len;
}

static int
dial(struct monitor *m, struct progress *t)
{
	struct addr self = sim_router(&m->conf.first, t->router);
	struct sockaddr_storage local, to;
	socklen_t len = addr_sockaddr(&self, 0, &local);

	t->fd = socket(local.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (t->fd < 0 || bind(t->fd, (struct sockaddr *)&local, len) != 0)
		return -1;
	len = addr_sockaddr(&m->conf.to, m->conf.port, &to);
	if (connect(t->fd, (struct sockaddr *)&to, len) != 0)
		return -1;
	(void)fcntl(t->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

static void
serve(struct monitor *m, struct progress *t, short events)
{
	if (events & (POLLHUP | POLLERR))
		fail(m, t, "the station closed the session");
	flush(m, t);
	fill(m, t);
	flush(m, t);
	if (!t->told && t->peer == m->conf.peers && all_taken(t)) {
		t->told = true;
		atomic_fetch_add(&m->done, 1);
	}
}

static void *
run(void *arg)
{
	struct monitor *m = arg;
	struct pollfd *p = mem_array(m->conf.routers, sizeof(*p));

	for (unsigned i = 0; i < m->conf.routers && !atomic_load(&m->failed); i++)
		if (dial(m, &m->progress[i]) != 0)
			fail(m, &m->progress[i], strerror(errno));
	while (!atomic_load(&m->stop) && !atomic_load(&m->failed)) {
		for (unsigned i = 0; i < m->conf.routers; i++) {
			struct progress *t = &m->progress[i];

			p[i] = (struct pollfd){ t->fd, 0, 0 };
			if (t->out_at < t->out_len || t->peer < m->conf.peers)
				p[i].events = POLLOUT;
		}
		(void)poll(p, m->conf.routers, atomic_load(&m->unrest) ? 5 : 100);
		for (unsigned i = 0; i < m->conf.routers; i++)
			serve(m, &m->progress[i], p[i].revents);
	}
	mem_free(p);
	return NULL;
}

struct monitor *
monitor_start(const struct monitor_conf *conf)
{
	struct monitor *m = mem_new(sizeof(*m));

	m->conf = *conf;
	m->says = (struct telling){
		.table = conf->table, .as = conf->as, .kinds = 1u << TELL_UNICAST, .paths = 1,
	};
	m->progress = mem_array(conf->routers, sizeof(*m->progress));
	for (unsigned i = 0; i < conf->routers; i++)
		m->progress[i] = (struct progress){ .fd = -1, .router = i, .out = mem_new(OUT_BYTES) };
	pthread_create(&m->thread, NULL, run, m);
	return m;
}

void
monitor_stop(struct monitor *m)
{
	if (m == NULL)
		return;
	atomic_store(&m->stop, true);
	pthread_join(m->thread, NULL);
	for (unsigned i = 0; i < m->conf.routers; i++) {
		struct progress *t = &m->progress[i];
		uint8_t bytes[32];
		struct wr w = wr_of(bytes, sizeof(bytes));
		size_t start = begin(&w, TERMINATION);

		wr_u32(&w, 1u << 16 | 2);		/* reason 0: administratively closed */
		wr_u16(&w, 0);
		end(&w, start);
		if (t->fd >= 0) {
			if (t->out_at == t->out_len)
				(void)send(t->fd, bytes, wr_len(&w), MSG_NOSIGNAL | MSG_DONTWAIT);
			close(t->fd);
		}
		mem_free(t->out);
	}
	mem_free(m->progress);
	mem_free(m);
}

uint64_t
monitor_announced(const struct monitor *m)
{
	return atomic_load(&((struct monitor *)(uintptr_t)m)->announced);
}

unsigned
monitor_done(const struct monitor *m)
{
	return atomic_load(&((struct monitor *)(uintptr_t)m)->done);
}

void
monitor_unrest(struct monitor *m)
{
	atomic_store(&m->unrest, true);
}

uint64_t
monitor_flaps(const struct monitor *m)
{
	return atomic_load(&((struct monitor *)(uintptr_t)m)->flaps);
}

const char *
monitor_error(const struct monitor *m)
{
	return atomic_load(&((struct monitor *)(uintptr_t)m)->failed) ? m->error : NULL;
}
