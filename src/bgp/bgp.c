/* SPDX-License-Identifier: BSD-2-Clause */
/* The speaker: listeners, who is let in, the files that are read again while it runs. */
#include "bgp/session.h"

#include <sys/socket.h>

#include <unistd.h>

#include "core/mem.h"

#define PASS_NS		(8 * NS_PER_MS)		/* all turns before the loop runs again */
#define TURN_NS		(2 * NS_PER_MS)		/* of one session */
#define TIDY_S		600
#define SESSIONS_PER_PEER 2
#define DEFAULT_ID	0x01020304		/* 1.2.3.4, as pmacct's */

#define ROW(field, kind, text) \
	{ #field, offsetof(struct bgp_counters, field), COUNTER_##kind, text }
const struct counter_row bgp_counter_rows[] = {
	ROW(accepted, INFO, "connections that became sessions"),
	ROW(not_allowed, INFO, "connections from addresses that the allow file does not have"),
	ROW(too_many, INFO, "connections above bgp_daemon_max_peers"),
	ROW(collisions, INFO, "second connections of a neighbor that had one (RFC 4271 6.8)"),
};
#undef ROW
const size_t bgp_counter_count = ARRAY_LEN(bgp_counter_rows);

const struct bgp_counters *
bgp_counters(const struct bgp *bgp)
{
	return &bgp->c;
}

struct stay
bgp_longest(const struct bgp *bgp)
{
	return *turns_stay(bgp->turns);
}

static void
on_tidy(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peers_forget(arg, mono_now());
}

/* Close a connection that becomes no session, with the reason (RFC 4486 4). */
static void
turn_away(struct bgp *bgp, int fd, const struct addr *from, uint8_t subcode, const char *why)
{
	const struct bgp_fault fault = { .code = BGP_ERR_CEASE, .subcode = subcode };
	uint8_t room[32];
	struct wr w = wr_of(room, sizeof(room));
	char text[ADDR_TEXT];

	if (subcode != 0) {
		notification_encode(&w, &fault);
		(void)send(fd, room, wr_len(&w), MSG_NOSIGNAL);
	}
	close(fd);
	if (!log_allowed(&bgp->limit, mono_now()))
		return;
	log_warn("BGP connection from %s refused: %s", addr_text(from, text), why);
	bgp->limit.held = 0;
}

static void
let_in(void *ctx, int fd, const struct addr *from, uint16_t port)
{
	struct bgp *bgp = ctx;
	unsigned scope = addr_is_link_local(from) ? tcp_scope(fd) : 0;
	struct peer *p;

	if (!access_allows(&bgp->access, from)) {
		count(&bgp->c.not_allowed);
		turn_away(bgp, fd, from, 0, "it is not in bgp_daemon_allow_file");
		return;
	}
	p = peer_of(bgp, from, scope);
	if (p->session_count == 0 && bgp->conf.max_peers != 0 &&
	    bgp->peers_up >= bgp->conf.max_peers) {
		count(&bgp->c.too_many);
		turn_away(bgp, fd, from, CEASE_REJECTED, "bgp_daemon_max_peers are connected");
	} else if (mono_since(p->barred, mono_now()) > 0) {
		turn_away(bgp, fd, from, CEASE_REJECTED, "it told more routes than max_routes allows");
	} else if (p->conf.hops != 0 && tcp_ttl_security(fd, p->conf.hops) != 0) {
		turn_away(bgp, fd, from, CEASE_REJECTED, "max_hops cannot be had on this system");
	} else if (p->session_count >= SESSIONS_PER_PEER) {
		count(&bgp->c.collisions);
		turn_away(bgp, fd, from, CEASE_REJECTED, "it has two connections already");
	} else {
		count(&bgp->c.accepted);
		session_new(p, fd, port);
		return;
	}
	peer_unless_used(p);
}

/* What the files ask of sockets that listen. */
static int
prepare(struct bgp *bgp, int fd, struct sbuf *err)
{
	for (size_t i = 0; i < bgp->neighbors.count; i++)
		if (bgp->neighbors.row[i].hops != 0)
			(void)tcp_ttl_security(fd, 0);
	return access_sign(&bgp->access, NULL, fd, err);
}

static int
listen_on_all(struct bgp *bgp, struct sbuf *err)
{
	const struct tcp_conf how = {
		.port = bgp->conf.port, .interface = bgp->conf.interface, .ipv6_only = bgp->conf.ipv6_only,
		.ip_precedence = bgp->conf.ip_precedence, .rcvbuf = bgp->conf.rcvbuf,
	};
	int fd;

	bgp->acceptor = acceptor_new(bgp->base, "BGP", &how, bgp->conf.listen, bgp->conf.listens,
	    let_in, bgp, err);
	if (bgp->acceptor == NULL)
		return -1;
	for (size_t i = 0; (fd = acceptor_fd(bgp->acceptor, i)) >= 0; i++)
		if (prepare(bgp, fd, err) != 0)
			return -1;
	return 0;
}

static char *
copy_text(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

static void
copy_conf(struct bgp *bgp, const struct bgp_conf *conf)
{
	struct bgp_conf *c = &bgp->conf;
	const struct addr *id = &conf->id;

	*c = *conf;
	c->listen = mem_dup(conf->listen, conf->listens * sizeof(*conf->listen));
	c->allow_file = copy_text(conf->allow_file);
	c->md5_file = copy_text(conf->md5_file);
	c->neighbors_file = copy_text(conf->neighbors_file);
	c->interface = copy_text(conf->interface);
	if (!addr_is_set(id) && conf->listens > 0)
		id = &conf->listen[0];
	bgp->id = addr_is_v4(id) && addr_v4(id) != 0 ? addr_v4(id) : DEFAULT_ID;
}

static void
free_files(struct bgp_conf *c)
{
	mem_free((char *)(uintptr_t)c->allow_file);
	mem_free((char *)(uintptr_t)c->md5_file);
	mem_free((char *)(uintptr_t)c->neighbors_file);
}

/* The small files that are read again while the daemon runs. */
struct files {
	struct access access;
	struct neighbors neighbors;
};

static int
note_files(struct files *ret, const struct bgp_conf *conf, struct conf_notes *notes)
{
	if (access_read(&ret->access, conf->allow_file, conf->md5_file, notes) != 0)
		return -1;
	if (neighbors_read(&ret->neighbors, conf->neighbors_file, notes) == 0)
		return 0;
	access_done(&ret->access);
	return -1;
}

static int
read_files(struct files *ret, const struct bgp_conf *conf, struct sbuf *err)
{
	struct conf_notes notes = { 0 };
	int result = note_files(ret, conf, &notes);

	conf_notes_print(&notes, err);
	conf_notes_done(&notes);
	return result;
}

void
bgp_check(const struct bgp_conf *conf, struct conf_notes *notes)
{
	struct files files;

	if (note_files(&files, conf, notes) != 0)
		return;
	access_done(&files.access);
	neighbors_done(&files.neighbors);
}

struct bgp *
bgp_start(struct event_base *base, struct rib *rib, const struct bgp_conf *conf, struct sbuf *err)
{
	struct bgp *bgp = mem_new(sizeof(*bgp));
	struct timeval tidy = { .tv_sec = TIDY_S };
	struct files files;

	bgp->base = base;
	bgp->rib = rib;
	copy_conf(bgp, conf);
	TAILQ_INIT(&bgp->peers);
	bgp->turns = turns_new(base, &(struct turns_conf){ PASS_NS, TURN_NS, session_turn });
	bgp->tidy = event_new(base, -1, EV_PERSIST, on_tidy, bgp);
	event_add(bgp->tidy, &tidy);
	if (read_files(&files, conf, err) != 0) {
		bgp_stop(bgp);
		return NULL;
	}
	bgp->access = files.access;
	bgp->neighbors = files.neighbors;
	if (listen_on_all(bgp, err) != 0) {
		bgp_stop(bgp);
		return NULL;
	}
	dial_all(bgp);
	return bgp;
}

static void
stop_sessions(struct bgp *bgp)
{
	struct peer *p, *next;

	for (p = TAILQ_FIRST(&bgp->peers); p != NULL; p = next) {
		unsigned left = p->session_count;

		next = TAILQ_NEXT(p, entry);
		/* The last one to go may take an unproven neighbour with it. */
		while (left-- > 0)
			(void)fsm_event(TAILQ_FIRST(&p->sessions), BGP_EVENT_STOP, NULL);
	}
}

void
bgp_stop(struct bgp *bgp)
{
	if (bgp == NULL)
		return;
	bgp->stopping = true;
	stop_sessions(bgp);
	peers_done(bgp);
	acceptor_free(bgp->acceptor);
	turns_free(bgp->turns);
	event_free(bgp->tidy);
	access_done(&bgp->access);
	neighbors_done(&bgp->neighbors);
	mem_free(bgp->conf.listen);
	free_files(&bgp->conf);
	mem_free((char *)(uintptr_t)bgp->conf.interface);
	mem_free(bgp);
}

/* What a line says holds from the next session on; whom to dial and the limits, from now on. */
static void
take_neighbors(struct bgp *bgp, const struct neighbors *fresh)
{
	struct peer *p;

	neighbors_done(&bgp->neighbors);
	bgp->neighbors = *fresh;
	TAILQ_FOREACH(p, &bgp->peers, entry)
		peer_configure(p);
	dial_all(bgp);
}

int
bgp_reload(struct bgp *bgp, const struct bgp_conf *conf, struct sbuf *err)
{
	struct files fresh;
	int fd;

	if (read_files(&fresh, conf, err) != 0)
		return -1;
	for (size_t i = 0; (fd = acceptor_fd(bgp->acceptor, i)) >= 0; i++) {
		if (access_sign(&fresh.access, &bgp->access, fd, err) == 0)
			continue;
		while (i-- > 0)
			(void)access_sign(&bgp->access, &fresh.access,
			    acceptor_fd(bgp->acceptor, i), err);
		access_done(&fresh.access);
		neighbors_done(&fresh.neighbors);
		return -1;
	}
	access_done(&bgp->access);
	bgp->access = fresh.access;
	free_files(&bgp->conf);
	bgp->conf.allow_file = copy_text(conf->allow_file);
	bgp->conf.md5_file = copy_text(conf->md5_file);
	bgp->conf.neighbors_file = copy_text(conf->neighbors_file);
	bgp->conf.max_peers = conf->max_peers;
	take_neighbors(bgp, &fresh.neighbors);
	return 0;
}

static void
encode_refreshes(struct wr *w, const struct session *s)
{
	for (const struct family *f = families; f < families + family_count; f++) {
		const struct bgp_refresh r = { .afi = f->afi, .safi = f->safi };

		if (s->context.families & family_bit(f))
			refresh_encode(w, &r);
	}
}

int
bgp_refresh(struct bgp *bgp, const struct addr *peer)
{
	struct peer *p;

	TAILQ_FOREACH(p, &bgp->peers, entry) {
		struct session *s = peer_best(p);

		if (addr_eq(&p->addr, peer) && s != NULL && s->teller != NULL && s->theirs.refresh)
			return session_send(s, encode_refreshes) == STEP_DONE ? 0 : -1;
	}
	return -1;
}
