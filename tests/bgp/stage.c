/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"

static const struct log_conf quiet = { .facility = -1, .quiet_stderr = true };

void
stage_open(struct stage *st, struct bgp_conf conf)
{
	static struct addr local;
	struct sbuf err = { 0 };

	log_open(&quiet);
	memset(st, 0, sizeof(*st));
	addr_parse("127.0.0.1", &local);
	conf.listen = &local;
	conf.listens = 1;
	conf.hold_s = conf.hold_s != 0 ? conf.hold_s : 90;
	st->base = event_base_new();
	st->bgp = bgp_start(st->base, &st->rib, &conf, &err);
	if (st->bgp == NULL)
		fail_msg("%s", sbuf_text(&err));
	st->port = tcp_port(acceptor_fd(st->bgp->acceptor, 0));
	sbuf_done(&err);
}

void
stage_close(struct stage *st)
{
	bgp_stop(st->bgp);
	assert_int_equal(st->rib.made, st->rib.gone);
	double_done(&st->rib);
	event_base_free(st->base);
}

void
pass(struct stage *st)
{
	int64_t began = cpu_ns(), took;

	event_base_loop(st->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	took = cpu_ns() - began;
	if (took > st->longest_ns)
		st->longest_ns = took;
	usleep(200);
}

void
linger(struct stage *st, int ms)
{
	mono_t end = mono_add(mono_now(), ms * NS_PER_MS);

	while (!mono_due(mono_now(), end))
		pass(st);
}

bool
router_dial(struct stage *st, struct router *r, const char *from, const char *key)
{
	struct sockaddr_storage sa;
	struct addr a, daemon;
	socklen_t len;

	memset(r, 0, sizeof(*r));
	addr_parse(from, &a);
	addr_parse("127.0.0.1", &daemon);
	r->fd = socket(AF_INET, SOCK_STREAM, 0);
	len = addr_sockaddr(&a, 0, &sa);
	assert_int_equal(bind(r->fd, (struct sockaddr *)&sa, len), 0);
	if (key != NULL && tcp_md5_key(r->fd, &daemon, key, strlen(key)) != 0)
		return false;
	fcntl(r->fd, F_SETFL, O_NONBLOCK);
	len = addr_sockaddr(&daemon, st->port, &sa);
	assert_true(connect(r->fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS);
	return true;
}

void
hang_up(struct router *r)
{
	close(r->fd);
	r->closed = true;
}

static void
listen_in(struct router *r)
{
	ssize_t n = recv(r->fd, r->in + r->len, sizeof(r->in) - r->len, 0);

	if (n > 0)
		r->len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != ENOTCONN))
		r->closed = true;
}

/* The next message is of this type; its body is in m until the next call. */
bool
heard(struct router *r, uint8_t type, struct bgp_message *m)
{
	static uint8_t room[8192];
	struct bgp_fault fault;

	listen_in(r);
	memcpy(room, r->in, r->len);
	if (bgp_frame(room, r->len, BGP_MESSAGE_MAX, m, &fault) != 1)
		return false;
	if (m->type != type)
		fail_msg("%s came instead of %s", bgp_type_name(m->type), bgp_type_name(type));
	memmove(r->in, r->in + m->len, r->len - m->len);
	r->len -= m->len;
	return true;
}

bool
heard_end(struct router *r)
{
	listen_in(r);
	return r->closed;
}

void
say(struct router *r, const void *bytes, size_t len)
{
	assert_int_equal(send(r->fd, bytes, len, MSG_NOSIGNAL), len);
}

void
say_message(struct router *r, uint8_t type, const uint8_t *body, size_t len)
{
	uint8_t room[BGP_MESSAGE_MAX];
	struct wr w = wr_of(room, sizeof(room));

	message_begin(&w, type);
	wr_bytes(&w, body, len);
	message_end(&w, 0);
	say(r, room, wr_len(&w));
}

void
say_this_open(struct router *r, const struct bgp_open *o)
{
	uint8_t room[320];
	struct wr w = wr_of(room, sizeof(room));

	open_encode(&w, o);
	say(r, room, wr_len(&w));
}

void
say_open(struct router *r, uint32_t as, uint16_t hold_s, uint32_t id)
{
	const struct bgp_open o = { .as = as, .hold_s = hold_s, .id = id, .families = 3,
	    .as4 = true, .refresh = true };

	say_this_open(r, &o);
}

void
say_keepalive(struct router *r)
{
	say_message(r, BGP_KEEPALIVE, NULL, 0);
}

/* From a connection to Established; the daemon speaks only when it was spoken to. */
void
come_up(struct stage *st, struct router *r, const char *from, uint16_t hold_s)
{
	unsigned made = st->rib.made;
	struct bgp_message m;

	assert_true(router_dial(st, r, from, NULL));
	linger(st, 5);
	say_open(r, 65000, hold_s, 0x0a000001);
	UNTIL(st, heard(r, BGP_OPEN, &m));
	UNTIL(st, heard(r, BGP_KEEPALIVE, &m));
	say_keepalive(r);
	UNTIL(st, st->rib.made == made + 1);
}

void
agree(struct stage *st, struct router *r, const struct bgp_open *o)
{
	struct bgp_message m;

	say_this_open(r, o);
	UNTIL(st, heard(r, BGP_OPEN, &m));
	UNTIL(st, heard(r, BGP_KEEPALIVE, &m));
	say_keepalive(r);
}

void
expect_notification(struct stage *st, struct router *r, uint8_t code, uint8_t subcode)
{
	struct bgp_notification n;
	struct bgp_message m;

	UNTIL(st, heard(r, BGP_NOTIFICATION, &m));
	assert_int_equal(notification_decode(m.body, &n), 0);
	assert_int_equal(n.code, code);
	assert_int_equal(n.subcode, subcode);
	UNTIL(st, heard_end(r));
	hang_up(r);
}

void
expect_routes(struct stage *st, const char *router, const char *routes)
{
	struct sbuf b = { 0 };

	double_routes(double_teller(&st->rib, router), &b);
	assert_string_equal(sbuf_text(&b), routes);
	sbuf_done(&b);
}

void
take_info(const struct bgp_peer_info *p, void *ctx)
{
	*(struct bgp_peer_info *)ctx = *p;
}

char *
file_with(const char *text)
{
	char *name = mem_strdup("/tmp/wb-test-bgp-XXXXXX");
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return name;
}

void
rewrite(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}
