/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection: bytes in, and its end. What a message means is decided in handle.c.
 *
 * Reading is bounded by the mark at which libevent stops reading on, and by the time a turn may take;
 * a connection that waits for its budget in the RIB is not read on once that much is there. Whether
 * the bytes come in TLS makes no difference here.
 */
#include "bmp/station.h"

#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>

#include "core/mem.h"

#define READ_AHEAD	(2 * BMP_MESSAGE_MAX)
#define READ_AT_ONCE	(64u << 10)
#define HANDSHAKE_S	30

static void
on_readable(struct bufferevent *bev, void *arg)
{
	(void)bev;
	turn_ready(&((struct conn *)arg)->turn);
}

static void
conn_warn(struct conn *c, const char *what, const char *why)
{
	char text[ADDR_TEXT];

	if (c->router != NULL) {
		router_log(c->router, LOG_LVL_WARN, "%s: %s", what, why);
	} else if (log_allowed(&c->bmp->limit, mono_now())) {
		log_warn("BMP connection of %s: %s: %s", addr_text(&c->addr, text), what, why);
		c->bmp->limit.held = 0;
	}
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;
	char room[160];

	if (what & BEV_EVENT_CONNECTED) {
		c->handshaking = false;
		bufferevent_set_timeouts(bev, NULL, NULL);
		return;
	}
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)))
		return;
	if (c->handshaking) {
		count(&c->bmp->c.tls_failed);
		conn_warn(c, "no TLS", what & BEV_EVENT_TIMEOUT ? "the handshake took too long" :
		    tls_error(bev, room));
	}
	/* What came before the end is still looked at. */
	c->ended = true;
	turn_ready(&c->turn);
}

/* A router that is gone without a word would be taken for a silent one for ever. */
static void
keep_alive(int fd)
{
	int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

void
conn_new(struct bmp *bmp, int fd, const struct addr *from, uint16_t port)
{
	struct conn *c = mem_new(sizeof(*c));
	struct timeval handshake = { .tv_sec = HANDSHAKE_S };

	c->bmp = bmp;
	turn_init(&c->turn, bmp->turns, c);
	c->addr = *from;
	c->port = port;
	c->tls = c->handshaking = bmp->tls != NULL;
	keep_alive(fd);
	c->bev = c->tls ? tls_accept(bmp->base, bmp->tls, fd) :
	    bufferevent_socket_new(bmp->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(c->bev, on_readable, NULL, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, READ_AHEAD);
	bufferevent_set_max_single_read(c->bev, READ_AT_ONCE);
	if (c->tls)
		bufferevent_set_timeouts(c->bev, &handshake, NULL);
	TAILQ_INSERT_TAIL(&bmp->conns, c, entry);
	bmp->conn_count++;
	bufferevent_enable(c->bev, EV_READ);
}

enum step
conn_close(struct conn *c)
{
	struct bmp_event e = { .kind = BMP_EVENT_DOWN };

	turn_leave(&c->turn);
	if (c->router != NULL) {
		bmp_tell(c->bmp, c, &e);
		router_detach(c->router, c->gone);
	}
	bufferevent_free(c->bev);
	TAILQ_REMOVE(&c->bmp->conns, c, entry);
	c->bmp->conn_count--;
	mem_free(c);
	return STEP_CLOSED;
}

/* A stream that is not made of messages: nobody knows where the next one would begin. */
static enum step
lose_frame(struct conn *c, const char *why)
{
	count(&c->bmp->c.streams_broken);
	conn_warn(c, "closed", why);
	return conn_close(c);
}

/* The router of a connection is known by its first message, which names it (RFC 7854 4.3). */
static void
meet(struct conn *c, const struct bmp_message *m)
{
	struct bmp_event e = { .kind = BMP_EVENT_UP };
	char name[NAME_MOST] = "";
	struct bmp_tlv tlv;
	size_t n;

	if (m->type == BMP_INITIATION && bmp_tlv_find(m->tlvs, BMP_INFO_SYSNAME, &tlv)) {
		n = rd_left(&tlv.value) < sizeof(name) ? rd_left(&tlv.value) : sizeof(name) - 1;
		memcpy(name, tlv.value.at, n);
	}
	router_attach(router_of(c->bmp, &c->addr, name), c);
	if (m->type != BMP_INITIATION)
		count(&c->router->c.no_initiation);
	bmp_tell(c->bmp, c, &e);
}

static enum step
take_message(struct conn *c, const uint8_t *bytes, size_t len)
{
	struct bmp_message m;
	const char *why = NULL;
	int got = bmp_decode(bytes, len, &m, &why);
	struct bmp_router_counters *rc;

	if (c->router == NULL)
		meet(c, &m);
	rc = &c->router->c;
	if (!c->counted) {
		count(&rc->messages);
		count_add(&rc->bytes, len);
		c->counted = true;
	}
	if (got == 0)
		return handle(c, &m);
	count(&rc->malformed);
	router_log(c->router, LOG_LVL_WARN, "%s passed over: %s", bmp_type_name(m.type), why);
	return STEP_DONE;
}

/* One message, if it is there. STEP_WAIT: for more bytes, or for the budget. */
static enum step
next_message(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t there = evbuffer_get_length(in), whole = 0;
	size_t head = there < BMP_HEADER_LEN ? there : BMP_HEADER_LEN;
	const char *why;
	enum step step;

	if (bmp_frame(evbuffer_pullup(in, (ev_ssize_t)head), head, &whole, &why) < 0)
		return lose_frame(c, why);
	if (whole == 0 || there < whole)
		return c->ended ? conn_close(c) : STEP_WAIT;
	step = take_message(c, evbuffer_pullup(in, (ev_ssize_t)whole), whole);
	if (step == STEP_WAIT) {
		count(&c->router->c.waits);
		turn_wait(&c->turn);
	} else if (step == STEP_DONE) {
		c->counted = false;
		evbuffer_drain(in, whole);
	}
	return step;
}

void
conn_turn(void *conn, mono_t until)
{
	struct conn *c = conn;

	do {
		if (next_message(c) != STEP_DONE)
			return;
	} while (!mono_due(mono_now(), until));
	turn_ready(&c->turn);
}
