/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of feeds field by field, names of their files, and the log of changes: every record is
 * written, dropped by count, or held; and what is on its way to a slow file is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "feed/feedname.h"
#include "feed/msglog.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static uint32_t
path_of(struct teller *t, bool vxlan)
{
	static const uint8_t encapsulation[] = { 3, 12, 0, 0, 0, 0, 0, 8 };
	static const uint8_t aspath[] = { 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea };
	static const uint8_t comms[12] = { 0xfd, 0xe9, 0, 1, 0xff, 0xff, 0xff, 1, 0, 0, 0, 9 };
	const struct attrs a = {
		.aspath = aspath, .aspath_len = sizeof(aspath), .comms = comms, .comms_len = 8,
		.lcomms = comms, .lcomms_len = 12, .has_local_pref = true, .local_pref = 0,
		.next_hop = addr("192.0.2.9"), .origin = ORIGIN_EGP,
		.ecomms = encapsulation, .ecomms_len = vxlan ? sizeof(encapsulation) : 0,
	};

	return attrs_put(t, &a);
}

#define HEAD	"\"peer_ip_src\": \"192.0.2.1\", \"peer_tcp_port\": 4711, \"event_type\": "
#define PATH	"\"bgp_nexthop\": \"192.0.2.9\", \"as_path\": \"65001 65002\", " \
	"\"comms\": \"65001:1 no-export\", \"lcomms\": \"4259905537:4294967041:9\", " \
	"\"origin\": \"e\", \"local_pref\": 0"
#define VXLAN_PATH	"\"bgp_nexthop\": \"192.0.2.9\", \"as_path\": \"65001 65002\", " \
	"\"comms\": \"65001:1 no-export\", \"ecomms\": \"0x030c000000000008\", " \
	"\"lcomms\": \"4259905537:4294967041:9\", \"origin\": \"e\", \"local_pref\": 0"
#define ARRAYS	"\"bgp_nexthop\": \"192.0.2.9\", \"as_path\": [\"65001\", \"65002\"], " \
	"\"comms\": [\"65001:1\", \"no-export\"], \"lcomms\": [\"4259905537:4294967041:9\"], " \
	"\"origin\": \"e\", \"local_pref\": 0"

static const struct row {
	enum record_kind kind;
	struct record_style style;
	const char *prefix;
	uint8_t safi;
	uint64_t rd;
	uint32_t label, path_id;
	const char *want;
	bool vxlan;			/* it has the community that says so */
} rows[] = {
	{ RECORD_LOG_INIT, { .utc = true }, NULL, 0, 0, 0, 0,
	  "{\"seq\": 7, \"timestamp\": \"2001-09-09 01:46:40.123456\", " HEAD "\"log_init\"}\n" },
	{ RECORD_UPDATE, { .epoch = true }, "10.0.0.0/8", RIB_UNICAST, 0, 0, 5,
	  "{\"seq\": 7, \"log_type\": \"update\", \"timestamp\": \"1000000000.123456\", " HEAD
	  "\"log\", \"afi\": 1, \"safi\": 1, \"ip_prefix\": \"10.0.0.0/8\", \"as_path_id\": 5, "
	  PATH "}\n" },
	{ RECORD_WITHDRAW, { .epoch = true, .secs = true, .path_array = true, .comms_array = true },
	  "2001:db8::/32", RIB_VPN, UINT64_C(65000) << 32 | 7, 99, 0,
	  "{\"seq\": 7, \"log_type\": \"withdraw\", \"timestamp\": \"1000000000\", " HEAD
	  "\"log\", \"afi\": 2, \"safi\": 128, \"ip_prefix\": \"2001:db8::/32\", " ARRAYS
	  ", \"rd\": \"0:65000:7\", \"rd_origin\": \"bgp\", \"mpls_label\": \"99\"}\n" },
	{ RECORD_DUMP_INIT, { .utc = true, .rfc9557 = true }, NULL, 0, 0, 0, 0,
	  "{\"timestamp\": \"2001-09-09T01:46:40+00:00\", " HEAD
	  "\"dump_init\", \"dump_period\": 60, \"seq\": 7}\n" },
	{ RECORD_DUMP, { .utc = true }, "10.0.0.0/8", RIB_LABELLED, 0, 3, 0,
	  "{\"seq\": 7, \"timestamp\": \"2001-09-09 01:46:40\", " HEAD
	  "\"dump\", \"afi\": 1, \"safi\": 4, \"ip_prefix\": \"10.0.0.0/8\", " PATH
	  ", \"mpls_label\": \"3\"}\n" },
	{ RECORD_DUMP, { .utc = true }, "10.0.0.0/8", RIB_EVPN, UINT64_C(65000) << 32 | 7, 10100, 0,
	  "{\"seq\": 7, \"timestamp\": \"2001-09-09 01:46:40\", " HEAD
	  "\"dump\", \"afi\": 1, \"safi\": 70, \"ip_prefix\": \"10.0.0.0/8\", " PATH
	  ", \"rd\": \"0:65000:7\", \"rd_origin\": \"bgp\", \"mpls_label\": \"10100\"}\n" },
	{ RECORD_DUMP, { .utc = true }, "10.0.0.0/8", RIB_EVPN, UINT64_C(65000) << 32 | 7, 10100, 0,
	  "{\"seq\": 7, \"timestamp\": \"2001-09-09 01:46:40\", " HEAD
	  "\"dump\", \"afi\": 1, \"safi\": 70, \"ip_prefix\": \"10.0.0.0/8\", " VXLAN_PATH
	  ", \"rd\": \"0:65000:7\", \"rd_origin\": \"bgp\", \"vni\": 10100}\n", true },
	{ RECORD_DUMP_CLOSE, { .utc = true }, NULL, 0, 0, 0, 0,
	  "{\"timestamp\": \"2001-09-09 01:46:40\", " HEAD
	  "\"dump_close\", \"entries\": 3, \"tables\": 1, \"seq\": 7}\n" },
	{ RECORD_GLASS, { 0 }, "10.0.0.0/8", RIB_UNICAST, 0, 0, 0,
	  "{" HEAD "\"lglass\", \"afi\": 1, \"safi\": 1, \"ip_prefix\": \"10.0.0.0/8\", " PATH "}\n" },
};

struct fix {
	struct epoch *ep;
	struct rib *rib;
	struct teller *t;
};

static void
up(struct fix *f)
{
	const struct teller_info info = {
		.router = addr("192.0.2.1"), .router_id = addr("192.0.2.1"), .as = 65001,
		.port = 4711, .name = "x",
	};

	f->ep = epoch_new();
	f->rib = rib_new(f->ep, NULL);
	f->t = teller_new(f->rib, &info);
}

static void
down(struct fix *f)
{
	rib_free(f->rib);
	epoch_free(f->ep);
}

static void
fields_are_pmaccts(void **state)
{
	struct fix f;

	(void)state;
	up(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *w = &rows[i];
		struct nlri n = { .rd = w->rd, .safi = w->safi, .label = w->label,
			.path_id = w->path_id };
		struct record r = {
			.kind = w->kind, .rib = f.rib, .info = teller_info(f.t), .seq = 7,
			.time = { INT64_C(1000000000123456789) }, .nlri = &n, .path = path_of(f.t, w->vxlan),
			.entries = 3, .period_s = 60,
		};
		struct sbuf b = { 0 };

		if (w->prefix != NULL)
			assert_int_equal(prefix_parse(w->prefix, &n.prefix), 0);
		record_put(&r, &w->style, &b);
		assert_string_equal(sbuf_text(&b), w->want);
		sbuf_done(&b);
	}
	down(&f);
}

static void
names_are_expanded_once(void **state)
{
	static const struct {
		const char *pattern;
		int64_t time_s;
		const char *want;
	} names[] = {
		{ "a-$peer_src_ip-$peer_tcp_port.%Y", 0, "a-192_0_2_1-4711.%Y" },
		{ "$bmp_router/%Y%m%d-%H%M.%s", 1000000000, "192_0_2_1/20010909-0146.1000000000" },
		{ "100%$x%", 1000000000, "100%$x%" },
	};
	struct fix f;

	(void)state;
	up(&f);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct sbuf b = { 0 };

		feedname_expand(names[i].pattern, teller_info(f.t), wall_of_sec(names[i].time_s),
		    true, &b);
		assert_string_equal(sbuf_text(&b), names[i].want);
		sbuf_done(&b);
	}
	down(&f);
}

/* The file is a FIFO that nobody reads from for now: it takes some bytes and then waits. */
static void
what_finds_no_room_is_counted(void **state)
{
	char dir[] = "/tmp/waybill-feed.XXXXXX", name[64];
	uint64_t lines = 0, want;
	struct msglog_conf mc = { .file = name, .kind = TELLER_BGP, .most_bytes = 500000 };
	struct msglog_counters c = { 0 };
	struct changes *changes;
	struct msglog *m;
	struct fix f;
	FILE *reader;
	int ch;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/log", dir);
	assert_int_equal(mkfifo(name, 0600), 0);
	reader = fopen(name, "r+");
	up(&f);
	changes = changes_new(f.rib, f.ep);
	m = msglog_start(f.rib, changes, &mc);
	for (unsigned i = 0; i < 20000; i++) {
		struct nlri n = { .prefix = { addr_of_v4(i << 8), 24 } };

		rib_announce(f.t, &n, path_of(f.t, false));
	}
	changes_flush(changes);
	msglog_counters(m, &c);
	assert_int_equal(counter_get(&c.records), 20001);	/* with log_init */
	assert_true(counter_get(&c.dropped) > 0);
	assert_true(counter_get(&c.held) > 0);
	assert_int_equal(counter_balance(&c, msglog_counter_rows, msglog_counter_count), 0);
	/* All that was not dropped is read, so that the end need not wait. */
	want = counter_get(&c.records) - counter_get(&c.dropped);
	while (lines < want && (ch = fgetc(reader)) != EOF) {
		if (lines % 500 == 0)
			changes_flush(changes);
		lines += ch == '\n';
	}
	assert_int_equal(lines, want);
	do {
		msglog_counters(m, &c);
		assert_int_equal(counter_balance(&c, msglog_counter_rows, msglog_counter_count), 0);
	} while (counter_get(&c.held) > 0);
	assert_int_equal(counter_get(&c.written), want);
	msglog_stop(m);
	changes_free(changes);
	fclose(reader);
	unlink(name);
	rmdir(dir);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_pmaccts),
		cmocka_unit_test(names_are_expanded_once),
		cmocka_unit_test(what_finds_no_room_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
