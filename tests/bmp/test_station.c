/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The station with the real RIB, over loopback: routers come, tell, go, come back; what flows would
 * see of it; what is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"
#include "make.h"
#include "bmp/bmp.h"

#define WAIT_NS		(10 * NS_PER_SEC)	/* for what must happen */
#define POST		BMP_FLAG_L
#define OUT		BMP_FLAG_O

struct fix {
	struct event_base *base;
	struct epoch *ep;
	struct rib *rib;
	struct bmp *bmp;
	unsigned ups, downs, messages, updates;		/* events */
	uint8_t last_type;
};

static void
on_event(void *ctx, const struct bmp_event *e)
{
	struct fix *f = ctx;

	f->ups += e->kind == BMP_EVENT_UP;
	f->downs += e->kind == BMP_EVENT_DOWN;
	f->messages += e->kind == BMP_EVENT_MESSAGE;
	f->updates += e->update != NULL;
	if (e->kind == BMP_EVENT_MESSAGE)
		f->last_type = e->message->type;
}

static void
up_with(struct fix *f, struct bmp_conf conf, const struct rib_conf *rc)
{
	struct addr local = addr_of_v4(0x7f000001);
	struct sbuf err = { 0 };

	*f = (struct fix){ .base = event_base_new(), .ep = epoch_new() };
	f->rib = rib_new(f->ep, rc);
	conf.listen = &local;
	conf.listens = 1;
	conf.event = on_event;
	conf.event_ctx = f;
	memset(conf.rank, TELLER_UNSEEN, sizeof(conf.rank));
	conf.rank[TELLER_LOC_RIB] = 0;
	conf.rank[TELLER_IN_POST] = 1;
	conf.rank[TELLER_IN_PRE] = 2;
	f->bmp = bmp_start(f->base, f->rib, &conf, &err);
	if (f->bmp == NULL)
		fail_msg("%s", sbuf_text(&err));
}

static void
up(struct fix *f, uint32_t stale_s)
{
	up_with(f, (struct bmp_conf){ .stale_s = stale_s }, NULL);
}

static void
down(struct fix *f)
{
	bmp_stop(f->bmp);
	rib_free(f->rib);
	epoch_free(f->ep);
	event_base_free(f->base);
}

static void
turn(struct fix *f)
{
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	(void)rib_work(f->rib, mono_add(mono_now(), NS_PER_MS));
}

/* --- a router ------------------------------------------------------------------------------------- */

static int
dial_from(struct fix *f, uint32_t local)
{
	struct addr from = addr_of_v4(local), to = addr_of_v4(0x7f000001);
	struct sockaddr_storage sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = addr_sockaddr(&from, 0, &sa);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	len = addr_sockaddr(&to, bmp_port(f->bmp), &sa);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static int
dial(struct fix *f)
{
	return dial_from(f, 0x7f000002);
}

static void
send_all(int fd, struct wr *w)
{
	assert_false(w->bad);
	assert_int_equal(send(fd, w->start, wr_len(w), 0), wr_len(w));
	w->at = w->start;
}

static const struct bmp_router_counters *first_counters;
static struct bmp_router_info first;

static void
take_first(const struct bmp_router_info *r, void *ctx)
{
	if ((*(unsigned *)ctx)++ > 0)
		return;
	first = *r;
	first_counters = r->c;
}

static unsigned
routers(struct fix *f)
{
	unsigned n = 0;

	bmp_routers(f->bmp, take_first, &n);
	return n;
}

/* Until the first router has handled so many messages in all. */
static void
handled(struct fix *f, uint64_t messages)
{
	mono_t end = mono_add(mono_now(), WAIT_NS);

	do {
		turn(f);
		if (routers(f) > 0 && counter_get(&first_counters->messages) >= messages)
			break;
	} while (!mono_due(mono_now(), end));
	turn(f);
	assert_int_equal(counter_get(&first_counters->messages), messages);
}

static void
until_state(struct fix *f, const char *state)
{
	mono_t end = mono_add(mono_now(), WAIT_NS);

	do {
		turn(f);
		if (routers(f) > 0 && strcmp(first.state, state) == 0)
			return;
	} while (!mono_due(mono_now(), end));
	fail_msg("the router does not become %s", state);
}

/* The origin AS that flows of an exporter see for an address; 0: none. */
static uint32_t
see_rd(struct fix *f, const char *exporter, uint64_t rd, const char *text)
{
	struct addr router, a;
	const struct view *v;
	struct route r;

	assert_int_equal(addr_parse(exporter, &router) | addr_parse(text, &a), 0);
	v = view_find(f->rib, &router, rd, true);
	if (v == NULL)
		return 0;
	view_lookup(f->rib, v, (struct addr_field){ &a, 0 }, (struct addr_field){ NULL, 0 }, &r, 1);
	return rib_path(f->rib, r.path)->origin_as;
}

static uint32_t
see(struct fix *f, const char *text)
{
	return see_rd(f, "127.0.0.2", 0, text);
}

static bool
is_up(struct fix *f)
{
	struct addr router = addr_of_v4(0x7f000002);
	const struct view *v = view_find(f->rib, &router, 0, false);

	return v != NULL && view_is_up(v);
}

static struct bmp_peer_header
peer(uint8_t type, uint8_t flags, uint8_t last)
{
	return (struct bmp_peer_header){ .type = type, .flags = flags, .as = 65000u + last,
	    .id = 0x0a000000u + last,
	    .addr = type == BMP_PEER_LOC_RIB ? (struct addr){ { 0 } } : addr_of_v4(0xc0000200u + last) };
}

static void
tell(struct wr *w, struct bmp_peer_header h, const char *prefix, uint32_t as)
{
	make_monitoring(w, &h, &(struct make_route){ prefix, "192.0.2.9", as, 0, 0, 0 });
}

static void
tell_paths(struct wr *w, struct bmp_peer_header h, unsigned paths, uint32_t as)
{
	make_monitoring(w, &h, &(struct make_route){ "10.1.0.0/16", "192.0.2.9", as, 0, 0, paths });
}

static uint8_t room[1 << 20];

static struct wr
begin(void)
{
	return wr_of(room, sizeof(room));
}

/* A station, and a router that has said its name; fd of its connection. */
static int
greet(struct fix *f, uint32_t stale_s, struct wr *w)
{
	int fd;

	up(f, stale_s);
	fd = dial(f);
	make_initiation(w, "r1");
	return fd;
}

/* Send it, and turn until the station has acted upon so many messages of the router in all. */
static void
tell_all(struct fix *f, int fd, struct wr *w, unsigned messages)
{
	send_all(fd, w);
	handled(f, messages);
}

/* --- tests ---------------------------------------------------------------------------------------- */

static void
a_router_comes_tells_and_its_peer_goes(void **state)
{
	struct bmp_peer_header a = peer(0, 0, 1), b = peer(0, 0, 2);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	fd = greet(&f, 300, &w);
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	make_peer_up(&w, &b, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1001);
	tell(&w, peer(0, POST, 1), "10.1.0.0/16", 1002);
	tell(&w, b, "10.1.0.0/16", 1003);
	tell(&w, b, "10.2.0.0/16", 1004);
	tell(&w, peer(0, OUT, 2), "10.3.0.0/16", 1005);
	tell_all(&f, fd, &w, 8);
	assert_string_equal(first.sysname, "r1");
	assert_string_equal(first.sysdescr, "test router");
	assert_int_equal(first.peers, 2);
	/* Post-policy before pre-policy; by address and by the router's identifier; no Adj-RIB-Out. */
	assert_int_equal(see(&f, "10.1.2.3"), 1002);
	assert_int_equal(see_rd(&f, "10.0.0.254", 0, "10.1.2.3"), 1002);
	assert_int_equal(see(&f, "10.2.2.3"), 1004);
	assert_int_equal(see(&f, "10.3.2.3"), 0);
	assert_int_equal(see_rd(&f, "10.0.0.1", 0, "10.1.2.3"), 0);
	make_peer_down(&w, &a, 3);
	tell_all(&f, fd, &w, 9);
	assert_true(see(&f, "10.1.2.3") != 1002);
	tell(&w, b, "10.2.0.0/16", 0);
	tell_all(&f, fd, &w, 10);
	assert_int_equal(see(&f, "10.2.2.3"), 0);
	assert_int_equal(counter_get(&first_counters->announced), 5);
	assert_int_equal(counter_get(&first_counters->withdrawn), 1);
	assert_int_equal(f.ups, 1);
	assert_int_equal(f.messages, 10);
	assert_int_equal(f.updates, 6);
	close(fd);
	down(&f);
	assert_int_equal(f.downs, 1);
}

static void
loc_rib_goes_first_and_needs_no_peer_up(void **state)
{
	struct bmp_peer_header a = peer(0, POST, 1), loc = peer(3, 0, 254);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	fd = greet(&f, 300, &w);
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1001);
	tell(&w, loc, "10.1.0.0/16", 1002);
	tell(&w, loc, "10.2.0.0/16", 1003);
	tell_all(&f, fd, &w, 5);
	assert_int_equal(counter_get(&first_counters->no_peer_up), 1);
	assert_int_equal(see(&f, "10.1.2.3"), 1002);
	assert_int_equal(see_rd(&f, "10.0.0.254", 0, "10.2.2.3"), 1003);
	tell(&w, loc, "10.1.0.0/16", 0);
	tell_all(&f, fd, &w, 6);
	assert_int_equal(see(&f, "10.1.2.3"), 1001);
	close(fd);
	down(&f);
}

/* Path ids that no Peer Up told of: RFC 7911 NLRIs are seen for what they are, peer by peer. */
static void
path_ids_are_inferred_without_a_peer_up(void **state)
{
	struct bmp_peer_header a = peer(0, POST, 1), b = peer(0, POST, 2);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	up(&f, 300);
	fd = dial(&f);
	make_initiation(&w, "r1");
	tell(&w, b, "10.2.0.0/16", 1002);
	tell_paths(&w, a, 2, 1001);
	send_all(fd, &w);
	handled(&f, 3);
	assert_int_equal(counter_get(&first_counters->inferred_addpath), 1);
	assert_int_equal(counter_get(&first_counters->updates_lost), 0);
	assert_int_equal(counter_get(&first_counters->announced), 3);
	assert_int_equal(see(&f, "10.1.2.3"), 1001);
	/* Withdrawn one by one. */
	tell_paths(&w, a, 1, 0);
	send_all(fd, &w);
	handled(&f, 4);
	assert_int_equal(see(&f, "10.1.2.3"), 1001);
	tell_paths(&w, a, 2, 0);
	send_all(fd, &w);
	handled(&f, 5);
	assert_int_equal(see(&f, "10.1.2.3"), 0);
	/* A Peer Up says that there are none: nothing is guessed any more. */
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	tell_paths(&w, a, 1, 1003);
	send_all(fd, &w);
	handled(&f, 7);
	assert_int_equal(counter_get(&first_counters->inferred_addpath), 3);
	close(fd);
	down(&f);
}

static void
a_lost_session_leaves_routes_for_a_while(void **state)
{
	struct bmp_peer_header a = peer(0, 0, 1), b = peer(0, 0, 2);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	fd = greet(&f, 2, &w);
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	make_peer_up(&w, &b, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1001);
	tell(&w, a, "10.2.0.0/16", 1002);
	tell(&w, b, "10.3.0.0/16", 1003);
	tell_all(&f, fd, &w, 6);
	assert_true(is_up(&f));
	close(fd);
	until_state(&f, "stale");
	assert_false(is_up(&f));
	assert_int_equal(see(&f, "10.1.2.3"), 1001);
	/* It comes back and tells one of them again; the rest goes with the End-of-RIB, ... */
	fd = dial(&f);
	make_initiation(&w, "r1");
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1011);
	tell_all(&f, fd, &w, 9);
	assert_true(is_up(&f));
	assert_int_equal(see(&f, "10.1.2.3"), 1011);
	assert_int_equal(see(&f, "10.2.2.3"), 1002);
	make_monitoring(&w, &a, NULL);
	tell_all(&f, fd, &w, 10);
	assert_int_equal(see(&f, "10.2.2.3"), 0);
	assert_int_equal(counter_get(&first_counters->ends_of_rib), 1);
	/* ... and a peer that did not come back with the time. */
	assert_int_equal(see(&f, "10.3.2.3"), 1003);
	for (mono_t end = mono_add(mono_now(), WAIT_NS); see(&f, "10.3.2.3") != 0;) {
		turn(&f);
		assert_false(mono_due(mono_now(), end));
	}
	assert_int_equal(see(&f, "10.1.2.3"), 1011);
	assert_int_equal(counter_get(&first_counters->sessions), 2);
	close(fd);
	down(&f);
}

static void
routes_end_where_it_is_said(void **state)
{
	static const struct { uint32_t stale_s; int reason; uint32_t seen; } rows[] = {
		{ 300, -1, 1001 },	/* lost */
		{ 0, -1, 0 },		/* pmacct's way */
		{ 300, 0, 0 },		/* administratively closed */
		{ 300, 1, 1001 }, { 300, 2, 1001 }, { 300, 3, 1001 },
		{ 300, 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bmp_peer_header a = peer(0, 0, 1);
		struct wr w = begin();
		struct fix f;
		int fd;

		fd = greet(&f, rows[i].stale_s, &w);
		make_peer_up(&w, &a, 64500, 0x0a0000fe);
		tell(&w, a, "10.1.0.0/16", 1001);
		if (rows[i].reason >= 0)
			make_termination(&w, (uint16_t)rows[i].reason);
		tell_all(&f, fd, &w, rows[i].reason >= 0 ? 4 : 3);
		close(fd);
		until_state(&f, rows[i].seen != 0 ? "stale" : "down");
		assert_int_equal(see(&f, "10.1.2.3"), rows[i].seen);
		down(&f);
	}
}

static void
a_second_peer_up_makes_stale(void **state)
{
	struct bmp_peer_header a = peer(0, 0, 1);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	fd = greet(&f, 300, &w);
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1001);
	tell(&w, a, "10.2.0.0/16", 1002);
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1001);
	tell_all(&f, fd, &w, 6);
	assert_int_equal(see(&f, "10.2.2.3"), 1002);
	make_monitoring(&w, &a, NULL);
	tell_all(&f, fd, &w, 7);
	assert_int_equal(see(&f, "10.1.2.3"), 1001);
	assert_int_equal(see(&f, "10.2.2.3"), 0);
	close(fd);
	down(&f);
}

static void
vrfs_have_tables_of_their_own(void **state)
{
	struct bmp_peer_header a = peer(BMP_PEER_RD, POST, 1), b = peer(BMP_PEER_RD, POST, 1);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	up(&f, 300);
	fd = dial(&f);
	a.rd = 0x0000fde800000001;
	b.rd = 0x0000fde800000002;
	make_initiation(&w, "r1");
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	make_peer_up(&w, &b, 64500, 0x0a0000fe);
	tell(&w, a, "10.1.0.0/16", 1001);
	tell(&w, b, "10.1.0.0/16", 1002);
	tell_all(&f, fd, &w, 5);
	assert_int_equal(see_rd(&f, "127.0.0.2", a.rd, "10.1.2.3"), 1001);
	assert_int_equal(see_rd(&f, "127.0.0.2", b.rd, "10.1.2.3"), 1002);
	assert_int_equal(see(&f, "10.1.2.3"), 0);
	close(fd);
	down(&f);
}

static void
updates_by_their_flags_and_rfc7606(void **state)
{
	struct bmp_peer_header a = peer(0, BMP_FLAG_A, 1), pre = peer(0, 0, 1), post = peer(0, POST, 1);
	struct wr w = begin();
	struct fix f;
	int fd;

	(void)state;
	fd = greet(&f, 300, &w);
	make_peer_up(&w, &pre, 64500, 0x0a0000fe);
	/* 2-byte AS numbers where the flag says so. */
	make_monitoring(&w, &a, &(struct make_route){ "10.1.0.0/16", "192.0.2.9", 1001, 0, 2 });
	/* LOCAL_PREF of an external peer is not taken from it, but from the router's own policy. */
	make_monitoring(&w, &pre, &(struct make_route){ "10.2.0.0/16", "192.0.2.9", 1002, 70, 0 });
	make_monitoring(&w, &post, &(struct make_route){ "10.3.0.0/16", "192.0.2.9", 1003, 70, 0 });
	/* 4-byte numbers under a flag that says 2: a malformed path. */
	tell(&w, a, "10.4.0.0/16", 1004);
	tell_all(&f, fd, &w, 6);
	assert_int_equal(see(&f, "10.1.2.3"), 1001);
	assert_int_equal(see(&f, "10.2.2.3"), 1002);
	assert_int_equal(counter_get(&first_counters->attr_discarded), 1);
	assert_int_equal(see(&f, "10.3.2.3"), 1003);
	assert_int_equal(counter_get(&first_counters->treated_as_withdraw), 1);
	assert_int_equal(see(&f, "10.4.2.3"), 0);
	close(fd);
	down(&f);
}

static void
what_is_not_known_is_counted_by_number(void **state)
{
	struct bmp_peer_header a = peer(0, 0, 1), odd = peer(77, 0, 1);
	const struct bmp_unknown *u;
	struct wr w = begin();
	size_t start, n;
	struct fix f;
	int fd;
	static const struct bmp_unknown want[] = {
		{ BMP_UNKNOWN_INFORMATION, 99, 1 }, { BMP_UNKNOWN_MESSAGE, 100, 2 },
		{ BMP_UNKNOWN_STATISTIC, 0x7700, 1 }, { BMP_UNKNOWN_PEER_TYPE, 77, 1 },
		{ BMP_UNKNOWN_REASON, 42, 1 },
	};

	(void)state;
	up(&f, 300);
	fd = dial(&f);
	start = make_begin(&w, 3, BMP_INITIATION);
	make_tlv(&w, BMP_INFO_SYSNAME, "r1");
	make_tlv(&w, 99, "?");
	make_end(&w, start);
	for (int i = 0; i < 2; i++) {
		start = make_begin(&w, 3, 100);
		wr_u32(&w, 7);
		make_end(&w, start);
	}
	start = make_begin(&w, 3, BMP_STATISTICS);
	make_peer(&w, &a);
	wr_u32(&w, 3);
	wr_bytes(&w, "\x77\0\0\2\1\2" "\0\7\0\10\0\0\0\0\0\0\0\5" "\0\0\0\2\0\1", 24);
	make_end(&w, start);
	tell(&w, odd, "10.1.0.0/16", 1001);
	make_peer_down(&w, &a, 42);
	/* A message that cannot be read does not end the session. */
	start = make_begin(&w, 3, BMP_PEER_UP);
	make_peer(&w, &a);
	make_end(&w, start);
	start = make_begin(&w, 3, BMP_ROUTE_MIRRORING);
	make_peer(&w, &a);
	wr_bytes(&w, "\0\1\0\2\0\1" "\0\0\0\1x", 11);
	make_end(&w, start);
	tell_all(&f, fd, &w, 8);
	u = bmp_unknowns(f.bmp, &n);
	assert_int_equal(n, ARRAY_LEN(want));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(u[i].kind, want[i].kind);
		assert_int_equal(u[i].number, want[i].number);
		assert_int_equal(u[i].times, want[i].times);
	}
	assert_int_equal(counter_get(&first_counters->unknown_tlv), 1);
	assert_int_equal(counter_get(&first_counters->unknown_message), 2);
	assert_int_equal(counter_get(&first_counters->unknown_statistic), 1);
	assert_int_equal(counter_get(&first_counters->cut_statistic), 1);
	assert_int_equal(counter_get(&first_counters->unknown_peer_type), 1);
	assert_int_equal(counter_get(&first_counters->unknown_down_reason), 1);
	assert_int_equal(counter_get(&first_counters->malformed), 1);
	assert_int_equal(counter_get(&first_counters->mirrored), 1);
	assert_int_equal(counter_get(&first_counters->mirrored_lost), 1);
	assert_true(first.up);
	/* What is no message does: nobody knows where the next one begins. */
	wr_u8(&w, 9);
	send_all(fd, &w);
	until_state(&f, "stale");
	assert_int_equal(counter_get(&bmp_counters(f.bmp)->streams_broken), 1);
	close(fd);
	down(&f);
}

static void
instances_are_told_apart_and_replaced(void **state)
{
	struct wr w = begin();
	struct fix f;
	int a, b, c;

	(void)state;
	up(&f, 300);
	a = dial(&f);
	make_initiation(&w, "r1");
	send_all(a, &w);
	handled(&f, 1);
	b = dial(&f);
	make_initiation(&w, "r1-vrf");
	send_all(b, &w);
	while (routers(&f) < 2)
		turn(&f);
	assert_int_equal(counter_get(&bmp_counters(f.bmp)->replaced), 0);
	c = dial(&f);
	make_initiation(&w, "r1");
	send_all(c, &w);
	handled(&f, 2);
	assert_int_equal(routers(&f), 2);
	assert_int_equal(counter_get(&bmp_counters(f.bmp)->replaced), 1);
	assert_true(first.up);
	close(a);
	close(b);
	close(c);
	down(&f);
}

static void
who_is_let_in(void **state)
{
	static const char file[] = "test_station.allow";
	struct wr w = begin();
	struct fix f;
	int fd[3];
	FILE *file_out = fopen(file, "w");

	(void)state;
	fputs("127.0.0.2\n127.0.0.3\n", file_out);
	fclose(file_out);
	up_with(&f, (struct bmp_conf){ .stale_s = 1, .allow_file = file, .max_peers = 1 }, NULL);
	fd[0] = dial_from(&f, 0x7f000004);
	fd[1] = dial_from(&f, 0x7f000002);
	make_initiation(&w, "r1");
	send_all(fd[1], &w);
	handled(&f, 1);
	fd[2] = dial_from(&f, 0x7f000003);
	while (counter_get(&bmp_counters(f.bmp)->too_many) == 0)
		turn(&f);
	assert_int_equal(counter_get(&bmp_counters(f.bmp)->accepted), 1);
	assert_int_equal(counter_get(&bmp_counters(f.bmp)->not_allowed), 1);
	for (unsigned i = 0; i < 3; i++)
		close(fd[i]);
	unlink(file);
	down(&f);
}

/* Byte by byte it is the same; and a budget that is used up only makes it slower. */
static void
any_pace(void **state)
{
	const struct rib_conf tight = { .teller_bytes = 40000 };
	struct bmp_peer_header a = peer(0, 0, 1);
	struct wr w = begin();
	char prefix[PREFIX_TEXT];
	struct fix f;
	size_t len;
	int fd;

	(void)state;
	up_with(&f, (struct bmp_conf){ .stale_s = 1 }, &tight);
	fd = dial(&f);
	make_initiation(&w, "r1");
	make_peer_up(&w, &a, 64500, 0x0a0000fe);
	len = wr_len(&w);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(send(fd, room + i, 1, 0), 1);
		turn(&f);
	}
	handled(&f, 2);
	w.at = w.start;
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(prefix, sizeof(prefix), "10.%u.%u.0/24", i / 256, i % 256);
		tell(&w, a, prefix, 10000 + i);
	}
	tell_all(&f, fd, &w, 2002);
	for (mono_t end = mono_add(mono_now(), WAIT_NS);
	    counter_get(&first_counters->announced) < 2000 && !mono_due(mono_now(), end);)
		turn(&f);
	assert_int_equal(counter_get(&first_counters->announced), 2000);
	assert_true(counter_get(&first_counters->waits) > 0);
	assert_int_equal(see(&f, "10.7.207.1"), 10000 + 7 * 256 + 207);
	close(fd);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_router_comes_tells_and_its_peer_goes),
		cmocka_unit_test(loc_rib_goes_first_and_needs_no_peer_up),
		cmocka_unit_test(path_ids_are_inferred_without_a_peer_up),
		cmocka_unit_test(a_lost_session_leaves_routes_for_a_while),
		cmocka_unit_test(routes_end_where_it_is_said),
		cmocka_unit_test(a_second_peer_up_makes_stale),
		cmocka_unit_test(vrfs_have_tables_of_their_own),
		cmocka_unit_test(updates_by_their_flags_and_rfc7606),
		cmocka_unit_test(what_is_not_known_is_counted_by_number),
		cmocka_unit_test(instances_are_told_apart_and_replaced),
		cmocka_unit_test(who_is_let_in),
		cmocka_unit_test(any_pace),
	};

	return cmocka_run_group_tests_name("bmp station", tests, NULL, NULL);
}
