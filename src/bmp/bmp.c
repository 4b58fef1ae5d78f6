/* SPDX-License-Identifier: BSD-2-Clause */
/* The station: listeners, who is let in, start and stop. */
#include "bmp/station.h"

#include <unistd.h>

#include "core/mem.h"

#define PASS_NS		(5 * NS_PER_MS)		/* all turns before the loop runs again */
#define TURN_NS		NS_PER_MS		/* of one connection */
#define TIDY_S		600

#define ROW(field, kind, text) \
	{ #field, offsetof(struct bmp_counters, field), COUNTER_##kind, text }
const struct counter_row bmp_counter_rows[] = {
	ROW(accepted, INFO, "connections of routers"),
	ROW(not_allowed, INFO, "connections from addresses that the allow file does not have"),
	ROW(too_many, INFO, "connections above bmp_daemon_max_peers"),
	ROW(replaced, INFO, "connections that a newer one of the same router took the place of"),
	ROW(tls_failed, INFO, "connections that did not come to speak TLS"),
	ROW(streams_broken, INFO, "connections closed because their bytes were no messages"),
};
#undef ROW
const size_t bmp_counter_count = ARRAY_LEN(bmp_counter_rows);

const struct bmp_counters *
bmp_counters(const struct bmp *bmp)
{
	return &bmp->c;
}

void
bmp_tell(struct bmp *bmp, const struct conn *c, struct bmp_event *e)
{
	if (bmp->conf.event == NULL)
		return;
	e->router = c->addr;
	e->port = c->port;
	e->sysname = c->router != NULL ? c->router->sysname : "";
	e->when = wall_now();
	bmp->conf.event(bmp->conf.event_ctx, e);
}

struct stay
bmp_longest(const struct bmp *bmp)
{
	return *turns_stay(bmp->turns);
}

static void
on_tidy(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	routers_forget(arg, mono_now());
}

/* --- who is let in -------------------------------------------------------------------------------- */

static void
turn_away(struct bmp *bmp, int fd, const struct addr *from, counter_t *counter, const char *why)
{
	char text[ADDR_TEXT];

	count(counter);
	close(fd);
	if (!log_allowed(&bmp->limit, mono_now()))
		return;
	log_warn("BMP connection from %s refused: %s", addr_text(from, text), why);
	bmp->limit.held = 0;
}

static void
let_in(void *ctx, int fd, const struct addr *from, uint16_t port)
{
	struct bmp *bmp = ctx;

	if (bmp->allow != NULL && !allow_has(bmp->allow, from)) {
		turn_away(bmp, fd, from, &bmp->c.not_allowed,
		    "it is not in bmp_daemon_allow_file");
	} else if (bmp->conf.max_peers != 0 && bmp->conn_count >= bmp->conf.max_peers) {
		turn_away(bmp, fd, from, &bmp->c.too_many,
		    "bmp_daemon_max_peers are connected");
	} else {
		count(&bmp->c.accepted);
		conn_new(bmp, fd, from, port);
	}
}

/* --- start and stop ------------------------------------------------------------------------------- */

static char *
copy_text(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

static void
copy_conf(struct bmp *bmp, const struct bmp_conf *conf)
{
	struct bmp_conf *c = &bmp->conf;

	*c = *conf;
	c->listen = NULL;
	c->listens = 0;
	c->interface = NULL;
	c->allow_file = copy_text(conf->allow_file);
	c->tls_cert = copy_text(conf->tls_cert);
	c->tls_key = copy_text(conf->tls_key);
	c->tls_ca = copy_text(conf->tls_ca);
}

static void
free_text(const char *text)
{
	mem_free((char *)(uintptr_t)text);
}

/* NULL with what is wrong with the file in err. */
static struct allow *
read_allow(const char *path, struct sbuf *err)
{
	struct conf_notes notes = { 0 };
	struct allow *allow = allow_read(path, &notes);

	conf_notes_print(&notes, err);
	conf_notes_done(&notes);
	return allow;
}

static int
start(struct bmp *bmp, const struct bmp_conf *conf, struct sbuf *err)
{
	struct tcp_conf how = {
		.port = conf->port, .interface = conf->interface, .ipv6_only = conf->ipv6_only,
		.ip_precedence = conf->ip_precedence, .rcvbuf = conf->rcvbuf,
	};

	if (conf->allow_file != NULL && (bmp->allow = read_allow(conf->allow_file, err)) == NULL)
		return -1;
	if (conf->tls_cert != NULL && (bmp->tls = tls_new(conf, err)) == NULL)
		return -1;
	bmp->acceptor = acceptor_new(bmp->base, "BMP", &how, conf->listen, conf->listens, let_in,
	    bmp, err);
	return bmp->acceptor != NULL ? 0 : -1;
}

struct bmp *
bmp_start(struct event_base *base, struct rib *rib, const struct bmp_conf *conf, struct sbuf *err)
{
	struct bmp *bmp = mem_new(sizeof(*bmp));
	struct timeval tidy = { .tv_sec = TIDY_S };

	bmp->base = base;
	bmp->rib = rib;
	copy_conf(bmp, conf);
	TAILQ_INIT(&bmp->routers);
	TAILQ_INIT(&bmp->conns);
	bmp->turns = turns_new(base, &(struct turns_conf){ PASS_NS, TURN_NS, conn_turn });
	bmp->tidy = event_new(base, -1, EV_PERSIST, on_tidy, bmp);
	event_add(bmp->tidy, &tidy);
	if (start(bmp, conf, err) == 0)
		return bmp;
	bmp_stop(bmp);
	return NULL;
}

void
bmp_stop(struct bmp *bmp)
{
	if (bmp == NULL)
		return;
	while (!TAILQ_EMPTY(&bmp->conns)) {
		TAILQ_FIRST(&bmp->conns)->gone = true;
		(void)conn_close(TAILQ_FIRST(&bmp->conns));
	}
	routers_done(bmp);
	acceptor_free(bmp->acceptor);
	turns_free(bmp->turns);
	event_free(bmp->tidy);
	allow_free(bmp->allow);
	tls_free(bmp->tls);
	free_text(bmp->conf.allow_file);
	free_text(bmp->conf.tls_cert);
	free_text(bmp->conf.tls_key);
	free_text(bmp->conf.tls_ca);
	mem_free(bmp);
}

int
bmp_reload(struct bmp *bmp, struct sbuf *err)
{
	struct allow *allow = NULL;
	struct ssl_ctx_st *tls = NULL;

	if (bmp->conf.allow_file != NULL &&
	    (allow = read_allow(bmp->conf.allow_file, err)) == NULL)
		return -1;
	if (bmp->conf.tls_cert != NULL && (tls = tls_new(&bmp->conf, err)) == NULL) {
		allow_free(allow);
		return -1;
	}
	allow_free(bmp->allow);
	tls_free(bmp->tls);
	bmp->allow = allow;
	bmp->tls = tls;
	return 0;
}

uint16_t
bmp_port(const struct bmp *bmp)
{
	return tcp_port(acceptor_fd(bmp->acceptor, 0));
}
