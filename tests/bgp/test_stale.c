/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions that come back: stale routes, restarts, refreshes; and neighbours of the neighbors file:
 * dialled, limited, told apart.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"
#include "stage.h"

#define END_OF_RIB	0, 0, 0, 0
#define A	"10.1.2.0/24 via 10.0.0.9 path 65001"
#define B	"10.1.3.0/24 via 10.0.0.9 path 65001"

static const struct bgp_open plain = {
	.as = 65000, .id = 0x0a000001, .hold_s = 90, .families = 3, .as4 = true, .refresh = true,
};

static void
up(struct stage *st, struct router *r, const char *from, const struct bgp_open *o)
{
	assert_true(router_dial(st, r, from, NULL));
	linger(st, 5);
	agree(st, r, o);
	UNTIL(st, st->bgp->peers.tqh_first != NULL &&
	    peer_best(TAILQ_FIRST(&st->bgp->peers)) != NULL &&
	    peer_best(TAILQ_FIRST(&st->bgp->peers))->state == BGP_STATE_ESTABLISHED);
}

static void
until_routes(struct stage *st, const char *want)
{
	struct sbuf b = { 0 };
	mono_t end = mono_add(mono_now(), 60 * NS_PER_SEC);

	do {
		pass(st);
		sbuf_clear(&b);
		double_routes(double_teller(&st->rib, "127.0.0.2"), &b);
	} while (strcmp(sbuf_text(&b), want) != 0 && !mono_due(mono_now(), end));
	assert_string_equal(sbuf_text(&b), want);
	sbuf_done(&b);
}

/* What a loss leaves behind, by how it came. */
static void
losses(void **state)
{
	static const struct {
		const char *what;
		uint32_t stale_s;
		uint8_t code, subcode;		/* of its NOTIFICATION, 0: it just hangs up */
		const char *left;
	} cases[] = {
		{ "hangs up", 60, 0, 0, A " stale; " B " stale" },
		{ "hangs up, pmacct's way", 0, 0, 0, "" },
		{ "its hold timer", 60, BGP_ERR_HOLD, 0, A " stale; " B " stale" },
		{ "a shutdown", 60, BGP_ERR_CEASE, CEASE_SHUTDOWN, "" },
		{ "our error", 60, BGP_ERR_UPDATE, UPDATE_NETWORK, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stage st;
		struct router r;

		stage_open(&st, (struct bgp_conf){ .stale_s = cases[i].stale_s });
		up(&st, &r, "127.0.0.2", &plain);
		SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2, 24, 10, 1, 3);
		until_routes(&st, A "; " B);
		if (cases[i].code != 0)
			SAY(&r, BGP_NOTIFICATION, cases[i].code, cases[i].subcode);
		hang_up(&r);
		UNTIL(&st, st.bgp->peers_up == 0);
		until_routes(&st, cases[i].left);
		stage_close(&st);
	}
}

static void
told_again_and_swept_at_the_end(void **state)
{
	struct bgp_peer_info info = { 0 };
	struct stage st;
	struct router r;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .stale_s = 60 });
	up(&st, &r, "127.0.0.2", &plain);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2, 24, 10, 1, 3);
	until_routes(&st, A "; " B);
	hang_up(&r);
	until_routes(&st, A " stale; " B " stale");
	bgp_peers(st.bgp, take_info, &info);
	assert_true(info.stale);
	assert_int_equal(info.routes4, 2);
	up(&st, &r, "127.0.0.2", &plain);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 3);
	until_routes(&st, A " stale; " B);
	SAY(&r, BGP_UPDATE, END_OF_RIB);
	until_routes(&st, B);
	assert_int_equal(st.rib.made, 1);
	assert_int_equal(counter_get(&info.c->kept), 1);
	assert_int_equal(counter_get(&info.c->swept), 1);
	hang_up(&r);
	stage_close(&st);
}

static void
swept_when_time_is_up(void **state)
{
	struct stage st;
	struct router r;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .stale_s = 1 });
	up(&st, &r, "127.0.0.2", &plain);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2, 24, 10, 1, 3);
	until_routes(&st, A "; " B);
	hang_up(&r);
	until_routes(&st, A " stale; " B " stale");
	/* Back without an End-of-RIB: the timer of the session that is up. */
	up(&st, &r, "127.0.0.2", &plain);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2);
	until_routes(&st, A "; " B " stale");
	until_routes(&st, A);
	/* Not back: nothing is left, and so is no teller. */
	hang_up(&r);
	until_routes(&st, A " stale");
	UNTIL(&st, st.rib.gone == 1);
	stage_close(&st);
}

/* A restart is waited for as long as the neighbour said; another router at its address is another. */
static void
restarts(void **state)
{
	struct bgp_open o = plain;
	struct bgp_message m;
	struct bgp_fault fault;
	struct bgp_open ours;
	struct stage st;
	struct router old, new;

	(void)state;
	o.can_restart = true;
	o.restart_s = 4;
	o.restart = o.forwarding = 1;
	stage_open(&st, (struct bgp_conf){ .stale_s = 1 });
	assert_true(router_dial(&st, &old, "127.0.0.2", NULL));
	linger(&st, 5);
	say_this_open(&old, &o);
	UNTIL(&st, heard(&old, BGP_OPEN, &m));
	assert_int_equal(open_decode(m.body, &ours, &fault), 0);
	assert_true(ours.can_restart && ours.can_llgr && ours.enhanced_refresh && ours.ext_message);
	assert_int_equal(ours.restart, 0);
	assert_int_equal(ours.path_receive, 0);	/* it sends none */
	UNTIL(&st, heard(&old, BGP_KEEPALIVE, &m));
	say_keepalive(&old);
	SAY(&old, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2);
	until_routes(&st, A);
	/* It comes anew while the old connection looks alive: RFC 4724 4.2. */
	o.restarting = true;
	assert_true(router_dial(&st, &new, "127.0.0.2", NULL));
	linger(&st, 5);
	agree(&st, &new, &o);
	UNTIL(&st, heard_end(&old));
	until_routes(&st, A " stale");
	hang_up(&old);
	hang_up(&new);
	linger(&st, 1500);
	until_routes(&st, A " stale");
	o.id++;
	up(&st, &new, "127.0.0.2", &o);
	until_routes(&st, "");
	assert_int_equal(st.rib.made, 2);
	hang_up(&new);
	stage_close(&st);
}

/* RFC 9494 4.3: behind the restart time, without NO_LLGR, and then for their own time. */
static void
long_lived(void **state)
{
	struct bgp_open o = plain;
	struct stage st;
	struct router r;

	(void)state;
	o.can_restart = o.can_llgr = true;
	o.restart_s = 1;
	o.llgr = 1;
	o.llgr_s[0] = 2;
	stage_open(&st, (struct bgp_conf){ .stale_s = 1 });
	up(&st, &r, "127.0.0.2", &o);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2);
	SAY(&r, BGP_UPDATE, 0, 0, 0, 27, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9,
	    0x40, 3, 4, 10, 0, 0, 9, 0xc0, 8, 4, 0xff, 0xff, 0, 7, 24, 10, 1, 3);
	until_routes(&st, A "; " B " no-llgr");
	hang_up(&r);
	until_routes(&st, A " stale; " B " no-llgr stale");
	until_routes(&st, A " stale");
	assert_int_equal(st.rib.gone, 0);
	UNTIL(&st, st.rib.gone == 1);
	stage_close(&st);
}

static void
refreshed(void **state)
{
	struct bgp_open o = plain;
	struct addr peer;
	struct bgp_message m;
	struct stage st;
	struct router r;

	(void)state;
	o.enhanced_refresh = true;
	stage_open(&st, (struct bgp_conf){ .stale_s = 0 });
	up(&st, &r, "127.0.0.2", &o);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2, 24, 10, 1, 3);
	until_routes(&st, A "; " B);
	addr_parse("127.0.0.2", &peer);
	assert_int_equal(bgp_refresh(st.bgp, &peer), 0);
	UNTIL(&st, heard(&r, BGP_REFRESH, &m));
	assert_memory_equal(m.body.at, "\0\1\0\1", 4);
	UNTIL(&st, heard(&r, BGP_REFRESH, &m));
	assert_memory_equal(m.body.at, "\0\2\0\1", 4);
	SAY(&r, BGP_REFRESH, 0, 1, REFRESH_BEGIN, 1);
	until_routes(&st, A " stale; " B " stale");
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 3);
	SAY(&r, BGP_REFRESH, 0, 1, REFRESH_END, 1);
	until_routes(&st, B);
	/* Where it was not agreed on, marks mean nothing. */
	hang_up(&r);
	UNTIL(&st, st.rib.gone == 1);
	up(&st, &r, "127.0.0.2", &plain);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2);
	SAY(&r, BGP_REFRESH, 0, 1, REFRESH_BEGIN, 1);
	SAY(&r, BGP_REFRESH, 0, 1, REFRESH_END, 1);
	until_routes(&st, A);
	linger(&st, 20);
	until_routes(&st, A);
	hang_up(&r);
	stage_close(&st);
}

/* Path ids only where they were agreed on; two routes of one prefix; a long message. */
static void
path_ids_and_long_messages(void **state)
{
	static uint8_t room[8192];
	struct bgp_open o = plain;
	struct wr w = wr_of(room, sizeof(room));
	uint64_t want = 0;
	struct stage st;
	struct router r;

	(void)state;
	o.path_send = 1;
	o.ext_message = true;
	stage_open(&st, (struct bgp_conf){ .stale_s = 0 });
	up(&st, &r, "127.0.0.2", &o);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 0, 0, 0, 1, 24, 10, 1, 2, 0, 0, 0, 2, 24, 10, 1, 2);
	until_routes(&st, "10.1.2.0/24 id 1 via 10.0.0.9 path 65001; "
	    "10.1.2.0/24 id 2 via 10.0.0.9 path 65001");
	SAY(&r, BGP_UPDATE, 0, 8, 0, 0, 0, 1, 24, 10, 1, 2, 0, 0);
	until_routes(&st, "10.1.2.0/24 id 2 via 10.0.0.9 path 65001");
	message_begin(&w, BGP_UPDATE);
	wr_bytes(&w, (const uint8_t[]){ ROUTE_HEAD }, 24);
	for (; wr_len(&w) < 6000; want++) {
		wr_u32(&w, 7);
		wr_u8(&w, 24);
		wr_u8(&w, 11);
		wr_u16(&w, (uint16_t)want);
	}
	message_end(&w, 0);
	say(&r, room, wr_len(&w));
	UNTIL(&st, teller_routes(double_teller(&st.rib, "127.0.0.2"), RIB_IP4, RIB_UNICAST) ==
	    want + 1);
	hang_up(&r);
	stage_close(&st);
}

static void
families_nobody_asked_for_are_counted(void **state)
{
	struct bgp_peer_info info = { 0 };
	struct stage st;
	struct router r;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .stale_s = 0 });
	up(&st, &r, "127.0.0.2", &plain);
	for (uint8_t safi = 1; safi <= 12; safi++)
		SAY(&r, BGP_UPDATE, 0, 0, 0, 8, 0x80, 15, 5, 0x40, 4, safi, 1, 2);
	SAY(&r, BGP_UPDATE, 0, 0, 0, 8, 0x80, 15, 5, 0x40, 4, 2, 1, 2);
	bgp_peers(st.bgp, take_info, &info);
	UNTIL(&st, counter_get(&info.c->nlri_skipped) == 13);
	assert_int_equal(info.skipped[1].afi, 16388);
	assert_int_equal(info.skipped[1].safi, 2);
	assert_int_equal(info.skipped[1].fields, 2);
	assert_int_equal(info.skipped[SKIPPED_FAMILIES - 1].fields, 5);
	hang_up(&r);
	stage_close(&st);
}

/* --- the neighbors file --------------------------------------------------------------------- */

static void
neighbor_lines(void **state)
{
	static const struct {
		const char *text, *wrong;	/* NULL: it is right */
	} cases[] = {
		{ "ip=192.0.2.1 as=65001 local_as=65010 hold_time=30 max_hops=2 stale_time=0", NULL },
		{ "ip=192.0.2.0/24 max_routes=1000 max_routes_action=stop", NULL },
		{ "ip=fe80::1 active=true interface=eth0 port=1790 source=fe80::2", NULL },
		{ "as=65001", ":1: error: a line needs ip=ADDRESS or ip=PREFIX" },
		{ "ip=192.0.2.1 as=0", "\"as\" cannot be \"0\"" },
		{ "ip=192.0.2.1 hold_time=2", "\"hold_time\" cannot be \"2\"" },
		{ "ip=192.0.2.1 max_routes_action=panic", "\"max_routes_action\" cannot be \"panic\"" },
		{ "ip=192.0.2.1 colour=red", "\"colour\" is not a word of this file" },
		{ "ip=192.0.2.0/24 active=true", "active=true needs one address" },
		{ "ip=fe80::1 active=true", "needs interface=NAME" },
		{ "ip=192.0.2.1 as", "syntax error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *file = file_with(cases[i].text);
		struct neighbors n = { .count = 0 };
		struct conf_notes notes = { 0 };
		struct sbuf err = { 0 };

		assert_int_equal(neighbors_read(&n, file, &notes), cases[i].wrong != NULL ? -1 : 0);
		conf_notes_print(&notes, &err);
		conf_notes_done(&notes);
		if (cases[i].wrong != NULL && strstr(sbuf_text(&err), cases[i].wrong) == NULL)
			fail_msg("%s: %s", cases[i].text, sbuf_text(&err));
		neighbors_done(&n);
		sbuf_done(&err);
		unlink(file);
		mem_free(file);
	}
}

static void
each_neighbor_its_own(void **state)
{
	char *file = file_with("ip=127.0.0.2 as=65001 local_as=65010 hold_time=30\n"
	    "ip=127.0.0.0/30 as=65000 max_routes=2 max_routes_action=stop\n");
	struct bgp_message m;
	struct bgp_fault fault;
	struct bgp_open o;
	struct router r;
	struct stage st;

	(void)state;
	stage_open(&st, (struct bgp_conf){ .as = 65099, .neighbors_file = file });
	/* Its own AS and hold time, and not that of another. */
	assert_true(router_dial(&st, &r, "127.0.0.2", NULL));
	UNTIL(&st, heard(&r, BGP_OPEN, &m));
	assert_int_equal(open_decode(m.body, &o, &fault), 0);
	assert_int_equal(o.as, 65010);
	assert_int_equal(o.hold_s, 30);
	say_open(&r, 65000, 90, 0x0a000001);
	expect_notification(&st, &r, BGP_ERR_OPEN, OPEN_PEER_AS);
	/* Two routes are well, three are too many, and then it is barred. */
	assert_true(router_dial(&st, &r, "127.0.0.3", NULL));
	UNTIL(&st, heard(&r, BGP_OPEN, &m));
	assert_int_equal(open_decode(m.body, &o, &fault), 0);
	assert_int_equal(o.as, 65099);
	say_open(&r, 65000, 90, 0x0a000001);
	UNTIL(&st, heard(&r, BGP_KEEPALIVE, &m));
	say_keepalive(&r);
	UNTIL(&st, st.rib.made == 1);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 2, 24, 10, 1, 3);
	UNTIL(&st, teller_routes(double_teller(&st.rib, "127.0.0.3"), RIB_IP4, RIB_UNICAST) == 2);
	SAY(&r, BGP_UPDATE, ROUTE_HEAD, 24, 10, 1, 4);
	expect_notification(&st, &r, BGP_ERR_CEASE, CEASE_MAX_ROUTES);
	assert_int_equal(st.rib.gone, 1);
	assert_true(router_dial(&st, &r, "127.0.0.3", NULL));
	expect_notification(&st, &r, BGP_ERR_CEASE, CEASE_REJECTED);
	stage_close(&st);
	unlink(file);
	mem_free(file);
}

/* We are the one who calls; until somebody is there, and again when the line is lost. */
static void
dials(void **state)
{
	struct sockaddr_storage sa;
	struct addr where;
	struct router r = { .fd = -1 };
	struct bgp_message m;
	struct stage st;
	char line[100];
	char *file = file_with("");
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sbuf err = { 0 };
	const struct bgp_conf conf = { .as = 65010, .neighbors_file = file };

	(void)state;
	addr_parse("127.0.0.5", &where);
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, addr_sockaddr(&where, 0, &sa)), 0);
	snprintf(line, sizeof(line), "ip=127.0.0.5 active=true port=%u source=127.0.0.9\n",
	    tcp_port(listener));
	rewrite(file, line);
	stage_open(&st, conf);
	UNTIL(&st, strstr(TAILQ_FIRST(&st.bgp->peers)->last_error, "cannot be reached") != NULL);
	assert_int_equal(listen(listener, 5), 0);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);

		memset(&r, 0, sizeof(r));
		UNTIL(&st, (r.fd = accept4(listener, (struct sockaddr *)&from, &len,
		    SOCK_NONBLOCK)) >= 0);
		assert_int_equal(ntohl(from.sin_addr.s_addr), 0x7f000009);
		UNTIL(&st, heard(&r, BGP_OPEN, &m));
		say_open(&r, 65000, 90, 0x0a000001);
		UNTIL(&st, heard(&r, BGP_KEEPALIVE, &m));
		say_keepalive(&r);
		UNTIL(&st, st.rib.made == (unsigned)i + 1);
		hang_up(&r);
		UNTIL(&st, st.rib.gone == (unsigned)i + 1);
	}
	/* A file without it: it is not dialled any more. */
	rewrite(file, "");
	assert_int_equal(bgp_reload(st.bgp, &conf, &err), 0);
	linger(&st, 1500);
	assert_int_equal(accept4(listener, NULL, NULL, SOCK_NONBLOCK), -1);
	stage_close(&st);
	close(listener);
	sbuf_done(&err);
	unlink(file);
	mem_free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses),
		cmocka_unit_test(told_again_and_swept_at_the_end),
		cmocka_unit_test(swept_when_time_is_up),
		cmocka_unit_test(restarts),
		cmocka_unit_test(long_lived),
		cmocka_unit_test(refreshed),
		cmocka_unit_test(path_ids_and_long_messages),
		cmocka_unit_test(families_nobody_asked_for_are_counted),
		cmocka_unit_test(neighbor_lines),
		cmocka_unit_test(each_neighbor_its_own),
		cmocka_unit_test(dials),
	};

	return cmocka_run_group_tests_name("bgp stale", tests, NULL, NULL);
}
