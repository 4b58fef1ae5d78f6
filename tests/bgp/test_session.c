/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions over loopback: the state machine, timers, collisions, who is let in, budgets, many at
 * once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "stage.h"

static void
echoes_the_as_of_its_neighbour(void **state)
{
	struct stage st;
	struct router r;
	struct bgp_message m;
	struct bgp_open o;
	struct bgp_fault fault;
	struct bgp_peer_info info = { 0 };

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0, .hold_s = 90 });
	assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
	linger(&st, 20);
	assert_false(heard(&r, BGP_OPEN, &m));	/* it waits for ours */
	say_open(&r, 4200000000, 30, 0x0a000001);
	UNTIL(&st, heard(&r, BGP_OPEN, &m));
	assert_int_equal(open_decode(m.body, &o, &fault), 0);
	assert_int_equal(o.as, 4200000000);
	assert_int_equal(o.hold_s, 90);
	assert_int_equal(o.id, 0x7f000001);
	assert_int_equal(o.families, families_all());
	assert_true(o.as4 && o.refresh);
	UNTIL(&st, heard(&r, BGP_KEEPALIVE, &m));
	say_keepalive(&r);
	UNTIL(&st, st.rib.made == 1);
	bgp_peers(st.bgp, take_info, &info);
	assert_string_equal(info.state, "Established");
	assert_int_equal(info.hold_s, 30);
	assert_int_equal(info.as, 4200000000);
	assert_int_equal(addr_v4(&info.id), 0x0a000001);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2, 0);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 3);
	SAY(&r, BGP_UPDATE, 0, 1, 0, 0, 0);
	UNTIL(&st, counter_get(&info.c->withdrawn) == 1);
	expect_routes(&st, "127.0.0.2",
	    "10.1.2.0/24 via 10.0.0.9 path 65001; 10.1.3.0/24 via 10.0.0.9 path 65001");
	assert_int_equal(counter_get(&info.c->announced), 3);
	hang_up(&r);
	UNTIL(&st, st.rib.gone == 1);
	bgp_peers(st.bgp, take_info, &info);
	assert_string_equal(info.state, "Idle");
	assert_string_equal(info.last_error, "connection lost in state Established");
	stage_close(&st);
}

static void
speaks_first_where_it_knows_its_as(void **state)
{
	struct stage st;
	struct router r;
	struct bgp_message m;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 65010, .id = addr_of_v4(77) });
	assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
	UNTIL(&st, heard(&r, BGP_OPEN, &m));
	assert_int_equal(m.body.at[8], 77);
	say_open(&r, 65000, 0, 0x0a000001);
	UNTIL(&st, heard(&r, BGP_KEEPALIVE, &m));
	say_keepalive(&r);
	UNTIL(&st, st.rib.made == 1);
	/* The daemon stops: Cease, with the empty text of RFC 9003. */
	bgp_stop(st.bgp);
	st.bgp = NULL;
	expect_notification(&st, &r, BGP_ERR_CEASE, CEASE_SHUTDOWN);
	assert_int_equal(st.rib.gone, 1);
	stage_close(&st);
}

static void
byte_by_byte(void **state)
{
	static const uint8_t body[] = { ROUTE_HEAD, 24, 10, 1, 2 };
	struct stage st;
	struct router r;
	uint8_t room[256];
	struct wr w = wr_of(room, sizeof(room));

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0 });
	come_up(&st, &r, "127.0.0.2", 90);
	message_begin(&w, BGP_UPDATE);
	wr_bytes(&w, body, sizeof(body));
	message_end(&w, 0);
	for (size_t i = 0; i < wr_len(&w); i++) {
		say(&r, room + i, 1);
		linger(&st, 1);
	}
	UNTIL(&st, teller_routes(double_teller(&st.rib, "127.0.0.2"), RIB_IP4, RIB_UNICAST) == 1);
	hang_up(&r);
	stage_close(&st);
}

/* What each state does with a message that has no place in it, and with a broken stream. */
static void
messages_out_of_place(void **state)
{
	static const struct {
		const char *what;
		bool known_as;		/* OpenSent instead of Active */
		unsigned steps;		/* 0: connected, 1: OPEN said, 2: established */
		uint8_t say;
		uint8_t code, subcode;
	} cases[] = {
		{ "Active, KEEPALIVE", false, 0, BGP_KEEPALIVE, BGP_ERR_FSM, 0 },
		{ "Active, UPDATE", false, 0, BGP_UPDATE, BGP_ERR_FSM, 0 },
		{ "OpenSent, KEEPALIVE", true, 0, BGP_KEEPALIVE, BGP_ERR_FSM, 1 },
		{ "OpenSent, UPDATE", true, 0, BGP_UPDATE, BGP_ERR_FSM, 1 },
		{ "OpenConfirm, OPEN", false, 1, BGP_OPEN, BGP_ERR_FSM, 2 },
		{ "OpenConfirm, UPDATE", true, 1, BGP_UPDATE, BGP_ERR_FSM, 2 },
		{ "Established, OPEN", false, 2, BGP_OPEN, BGP_ERR_FSM, 3 },
		{ "Established, type 9", false, 2, 9, BGP_ERR_HEADER, HEADER_BAD_TYPE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bgp_message m;
		struct stage st;
		struct router r;

		stage_open(&st, (struct bgp_conf){ .as = cases[i].known_as ? 65010 : 0 });
		assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
		if (cases[i].known_as)
			UNTIL(&st, heard(&r, BGP_OPEN, &m));
		linger(&st, 5);
		if (cases[i].steps > 0) {
			say_open(&r, 65000, 90, 0x0a000001);
			if (!cases[i].known_as)
				UNTIL(&st, heard(&r, BGP_OPEN, &m));
			UNTIL(&st, heard(&r, BGP_KEEPALIVE, &m));
		}
		if (cases[i].steps > 1)
			say_keepalive(&r);
		if (cases[i].say == BGP_OPEN)
			say_open(&r, 65000, 90, 0x0a000001);
		else
			say_message(&r, cases[i].say, (const uint8_t[4]){ 0 },
			    cases[i].say == BGP_KEEPALIVE ? 0 : 4);
		expect_notification(&st, &r, cases[i].code, cases[i].subcode);
		stage_close(&st);
	}
}

static void
open_is_refused(void **state)
{
	static const struct {
		uint32_t as;
		uint16_t hold_s;
		uint32_t id;
		uint8_t subcode;
	} cases[] = {
		{ 65000, 1, 5, OPEN_HOLD_TIME },
		{ 65000, 2, 5, OPEN_HOLD_TIME },
		{ 65000, 90, 0, OPEN_ID },
		{ 65000, 90, 0x7f000001, OPEN_ID },	/* the daemon's own */
		{ 0, 90, 5, OPEN_PEER_AS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stage st;
		struct router r;

		stage_open(&st, (struct bgp_conf){ .as = 0 });
		assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
		linger(&st, 5);
		say_open(&r, cases[i].as, cases[i].hold_s, cases[i].id);
		expect_notification(&st, &r, BGP_ERR_OPEN, cases[i].subcode);
		/* Nobody who never sent a good OPEN is remembered. */
		assert_true(TAILQ_EMPTY(&st.bgp->peers));
		stage_close(&st);
	}
}

static void
errors_in_updates(void **state)
{
	struct stage st;
	struct router r;
	struct bgp_peer_info info = { 0 };

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0 });
	come_up(&st, &r, "127.0.0.2", 90);
	bgp_peers(st.bgp, take_info, &info);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2);
	/* ATOMIC_AGGREGATE of one byte: the attribute goes, the route stays. */
	SAY(&r, BGP_UPDATE, 0, 0, 0, 24, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9,
	    0x40, 3, 4, 10, 0, 0, 9, 0x40, 6, 1, 0, 24, 10, 1, 3);
	/* ORIGIN 9: a route that was there goes. */
	SAY(&r, BGP_UPDATE, 0, 0, 0, 20, 0x40, 1, 1, 9, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9,
	    0x40, 3, 4, 10, 0, 0, 9, 24, 10, 1, 2);
	/* EVPN that nobody asked for. */
	SAY(&r, BGP_UPDATE, 0, 0, 0, 8, 0x80, 15, 5, 0, 25, 70, 1, 2);
	SAY(&r, BGP_REFRESH, 0, 1, 0, 1);
	UNTIL(&st, counter_get(&info.c->refreshes) == 1);
	expect_routes(&st, "127.0.0.2", "10.1.3.0/24 via 10.0.0.9 path 65001");
	assert_int_equal(counter_get(&info.c->attr_discarded), 1);
	assert_int_equal(counter_get(&info.c->treated_as_withdraw), 1);
	assert_int_equal(counter_get(&info.c->nlri_skipped), 1);
	/* A prefix of 33 bits: nothing helps. */
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 33, 10, 1, 2, 3, 4);
	expect_notification(&st, &r, BGP_ERR_UPDATE, UPDATE_NETWORK);
	assert_int_equal(counter_get(&info.c->sessions_reset), 1);
	assert_int_equal(st.rib.gone, 1);
	stage_close(&st);
}

static void
silence_ends_a_session(void **state)
{
	struct stage st;
	struct router quiet_one, live;
	struct bgp_message m;
	unsigned beats = 0;
	mono_t began;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0, .hold_s = 3 });
	come_up(&st, &live, "127.0.0.3", 90);
	come_up(&st, &quiet_one, "127.0.0.2", 90);
	began = mono_now();
	/* One keeps quiet for 3 s, the other does not; both are sent a KEEPALIVE each second. */
	while (mono_since(mono_now(), began) < 35 * NS_PER_SEC / 10) {
		linger(&st, 500);
		say_keepalive(&live);
		while (heard(&live, BGP_KEEPALIVE, &m))
			beats++;
		if (mono_since(mono_now(), began) < 25 * NS_PER_SEC / 10)
			assert_int_equal(st.rib.gone, 0);
	}
	while (quiet_one.len == 0 || quiet_one.in[18] == BGP_KEEPALIVE)
		assert_true(heard(&quiet_one, BGP_KEEPALIVE, &m));
	expect_notification(&st, &quiet_one, BGP_ERR_HOLD, 0);
	assert_in_range(beats, 2, 5);
	assert_int_equal(st.rib.gone, 1);
	hang_up(&live);
	stage_close(&st);
}

static void
connections_collide(void **state)
{
	struct stage st;
	struct router a, b, c;
	struct bgp_message m;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0 });
	/* Established: the new one goes. */
	come_up(&st, &a, "127.0.0.2", 90);
	assert_true(router_dial(&st, &b, "127.0.0.2", NULL));
	linger(&st, 10);
	say_open(&b, 65000, 90, 0x0a000001);
	expect_notification(&st, &b, BGP_ERR_CEASE, CEASE_COLLISION);
	assert_int_equal(st.rib.gone, 0);
	hang_up(&a);
	UNTIL(&st, st.rib.gone == 1);
	/* In the making: the older one goes. */
	assert_true(router_dial(&st, &a, "127.0.0.2", NULL));
	linger(&st, 10);
	say_open(&a, 65000, 90, 0x0a000001);
	UNTIL(&st, heard(&a, BGP_OPEN, &m));
	UNTIL(&st, heard(&a, BGP_KEEPALIVE, &m));
	assert_true(router_dial(&st, &b, "127.0.0.2", NULL));
	linger(&st, 10);
	/* A third at the same time is not even listened to. */
	assert_true(router_dial(&st, &c, "127.0.0.2", NULL));
	expect_notification(&st, &c, BGP_ERR_CEASE, CEASE_REJECTED);
	say_open(&b, 65000, 90, 0x0a000001);
	expect_notification(&st, &a, BGP_ERR_CEASE, CEASE_COLLISION);
	UNTIL(&st, heard(&b, BGP_OPEN, &m));
	UNTIL(&st, heard(&b, BGP_KEEPALIVE, &m));
	say_keepalive(&b);
	UNTIL(&st, st.rib.made == 2);
	assert_int_equal(counter_get(&st.bgp->c.collisions), 3);
	hang_up(&b);
	stage_close(&st);
}

static void
only_whom_the_file_allows(void **state)
{
	char *file = file_with("! routers\n127.0.0.2\n127.0.0.8/30\n");
	const struct bgp_conf conf = { .as = 0, .allow_file = file };
	struct sbuf err = { 0 };
	struct router r;
	struct stage st;

	(void)state;
	stage_open(&st, conf);
	come_up(&st, &r, "127.0.0.2", 90);
	hang_up(&r);
	come_up(&st, &r, "127.0.0.9", 90);
	hang_up(&r);
	assert_true(router_dial(&st, &r, "127.0.0.12", NULL));
	UNTIL(&st, heard_end(&r));
	hang_up(&r);
	assert_int_equal(counter_get(&st.bgp->c.not_allowed), 1);
	/* A bad file leaves the old one in force. */
	rewrite(file, "127.0.0.12\nrouter7\n");
	assert_int_equal(bgp_reload(st.bgp, &conf, &err), -1);
	assert_non_null(strstr(sbuf_text(&err), ":2: error: \"router7\" is neither"));
	come_up(&st, &r, "127.0.0.2", 90);
	hang_up(&r);
	/* An empty one allows nobody. */
	rewrite(file, "");
	assert_int_equal(bgp_reload(st.bgp, &conf, &err), 0);
	assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
	UNTIL(&st, heard_end(&r));
	hang_up(&r);
	sbuf_done(&err);
	stage_close(&st);
	unlink(file);
	mem_free(file);
}

static void
no_more_than_max_peers(void **state)
{
	struct router a, b;
	struct stage st;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0, .max_peers = 1 });
	come_up(&st, &a, "127.0.0.2", 90);
	assert_true(router_dial(&st, &b, "127.0.0.3", NULL));
	expect_notification(&st, &b, BGP_ERR_CEASE, CEASE_REJECTED);
	assert_int_equal(counter_get(&st.bgp->c.too_many), 1);
	hang_up(&a);
	UNTIL(&st, st.rib.gone == 1);
	come_up(&st, &b, "127.0.0.3", 90);
	hang_up(&b);
	stage_close(&st);
}

static void
waits_for_its_budget(void **state)
{
	struct bgp_peer_info info = { 0 };
	struct router r;
	struct stage st;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0 });
	come_up(&st, &r, "127.0.0.2", 90);
	bgp_peers(st.bgp, take_info, &info);
	st.rib.refuse_puts = 3;
	for (uint8_t i = 0; i < 100; i++)
		SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, i);
	linger(&st, 30);
	assert_int_equal(counter_get(&info.c->announced), 0);
	UNTIL(&st, counter_get(&info.c->announced) == 100);
	assert_int_equal(counter_get(&info.c->waits), 3);
	assert_int_equal(counter_get(&info.c->updates), 100);
	assert_int_equal(teller_routes(double_teller(&st.rib, "127.0.0.2"), RIB_IP4, RIB_UNICAST),
	    100);
	assert_int_equal(st.rib.puts, 100 + 3);
	hang_up(&r);
	stage_close(&st);
}

static void
says_why_it_was_closed(void **state)
{
	struct bgp_peer_info info = { 0 };
	struct router r;
	struct stage st;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0 });
	come_up(&st, &r, "127.0.0.2", 90);
	SAY(&r, BGP_NOTIFICATION, 6, 2, 4, 'b', 'y', 'e', 7);
	UNTIL(&st, st.rib.gone == 1);
	bgp_peers(st.bgp, take_info, &info);
	assert_string_equal(info.last_error,
	    "closed by it: Cease, Administrative Shutdown, saying \"bye\\x07\"");
	hang_up(&r);
	stage_close(&st);
}

#define PEERS	40
#define UPDATES	200

/* Many send at once; all arrive, and no pass of the loop takes long. */
static void
many_at_once(void **state)
{
	static struct router r[PEERS];
	uint8_t body[] = { ROUTE_HEAD, 24, 10, 0, 0 };
	struct stage st;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 0 });
	for (int i = 0; i < PEERS; i++) {
		char from[ADDR_TEXT];

		snprintf(from, sizeof(from), "127.0.1.%d", i + 1);
		come_up(&st, &r[i], from, 90);
	}
	st.longest_ns = 0;
	for (int n = 0; n < UPDATES; n++)
		for (int i = 0; i < PEERS; i++) {
			body[sizeof(body) - 1] = (uint8_t)n;
			body[sizeof(body) - 2] = (uint8_t)i;
			say_message(&r[i], BGP_UPDATE, body, sizeof(body));
		}
	for (int i = 0; i < PEERS; i++) {
		char from[ADDR_TEXT];

		snprintf(from, sizeof(from), "127.0.1.%d", i + 1);
		UNTIL(&st, teller_routes(double_teller(&st.rib, from), RIB_IP4, RIB_UNICAST) ==
		    UPDATES);
	}
	/* A sanitizer makes everything so many times slower (./check says). */
	assert_in_range(st.longest_ns, 0, 20 * NS_PER_MS *
	    (getenv("WB_SLOWER") != NULL ? atoi(getenv("WB_SLOWER")) : 1));
	for (int i = 0; i < PEERS; i++)
		hang_up(&r[i]);
	UNTIL(&st, st.rib.gone == PEERS);
	stage_close(&st);
}

static void
signed_segments(void **state)
{
	char *file = file_with("# keys\n127.0.0.2, se cret\n");
	struct bgp_message m;
	struct router r;
	struct stage st;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 65010 });
	if (tcp_md5_key(acceptor_fd(st.bgp->acceptor, 0), &(struct addr){ { 0 } }, "x", 1) != 0 &&
	    errno == ENOSYS) {
		print_message("SKIP: this system has no TCP MD5 signatures\n");
		stage_close(&st);
		unlink(file);
		mem_free(file);
		skip();
	}
	stage_close(&st);
	stage_open(&st, (struct bgp_conf){ .as = 65010, .md5_file = file });
	assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
	linger(&st, 300);
	assert_int_equal(counter_get(&st.bgp->c.accepted), 0);	/* the kernel answered nothing */
	hang_up(&r);
	assert_true(router_dial(&st, &r, "127.0.0.2", "se cret"));
	UNTIL(&st, heard(&r, BGP_OPEN, &m));
	hang_up(&r);
	stage_close(&st);
	unlink(file);
	mem_free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echoes_the_as_of_its_neighbour),
		cmocka_unit_test(speaks_first_where_it_knows_its_as),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(messages_out_of_place),
		cmocka_unit_test(open_is_refused),
		cmocka_unit_test(errors_in_updates),
		cmocka_unit_test(silence_ends_a_session),
		cmocka_unit_test(connections_collide),
		cmocka_unit_test(only_whom_the_file_allows),
		cmocka_unit_test(no_more_than_max_peers),
		cmocka_unit_test(waits_for_its_budget),
		cmocka_unit_test(says_why_it_was_closed),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(signed_segments),
	};

	return cmocka_run_group_tests_name("bgp sessions", tests, NULL, NULL);
}
