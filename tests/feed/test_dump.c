/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps: a file per teller of BGP and per router of BMP, written by the reader while control goes on;
 * what BMP routers told besides routes is in the next dump once, in order and bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bmp/make.h"
#include "core/mem.h"
#include "feed/dump.h"
#include "feed/reader.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* --- what is kept --------------------------------------------------------------------------------- */

static void
tell(struct kept *k, const char *router, uint16_t port, enum bmp_note_kind kind, uint8_t reason)
{
	const struct bmp_note note = { kind, port, addr(router) };
	const struct bmp_peer_header h = { .addr = addr("192.0.2.1"), .as = 65001 };
	uint8_t room[256];
	struct wr w = wr_of(room, sizeof(room));

	make_peer_down(&w, &h, reason);
	kept_tell(k, &note, room, wr_len(&w));
}

static uint64_t
count_of(const struct kept *k, size_t at)
{
	return counter_get((const counter_t *)((const char *)kept_counters(k) + at));
}
#define COUNT(k, field) count_of(k, offsetof(struct kept_counters, field))

static void
assert_balance(const struct kept *k)
{
	assert_int_equal(counter_balance(kept_counters(k), kept_counter_rows, kept_counter_count), 0);
}

static void
messages_are_kept_once_and_bounded(void **state)
{
	const struct kept_conf conf = { .router_bytes = 1000, .most_bytes = 1500 };
	struct kept *k = kept_new(&conf);
	struct kept_router r;
	const uint8_t *message;
	struct bmp_note note;
	size_t at = 0, len;
	uint64_t n = 0;
	const struct addr one = addr("10.0.0.1");

	(void)state;
	tell(k, "10.0.0.1", 11, BMP_NOTE_UP, 0);
	for (unsigned i = 0; i < 40; i++)
		tell(k, i % 2 ? "10.0.0.1" : "10.0.0.2", 11, BMP_NOTE_MESSAGE, (uint8_t)(i / 2 + 1));
	assert_int_equal(COUNT(k, messages), 40);
	assert_true(COUNT(k, dropped) > 0 && COUNT(k, held) > 0);
	assert_balance(k);
	assert_true(kept_take(k, &one, &r));
	assert_true(r.notes.len <= 1000 && r.port == 11 && r.up);
	assert_balance(k);
	for (; kept_next(&r.notes, &at, &note, &message, &len); n++) {
		assert_true(addr_eq(&note.router, &one));
		assert_int_equal(message[BMP_HEADER_LEN + BMP_PEER_HEADER_LEN], n + 1);
	}
	assert_int_equal(n, r.count);
	sbuf_done(&r.notes);
	kept_over(k, r.count, r.count - 1);
	assert_int_equal(COUNT(k, written), n - 1);
	assert_int_equal(COUNT(k, failed), 1);
	assert_balance(k);
	/* There is room again; what another session took the place of does not end it. */
	tell(k, "10.0.0.1", 12, BMP_NOTE_UP, 0);
	tell(k, "10.0.0.1", 12, BMP_NOTE_MESSAGE, 5);
	tell(k, "10.0.0.1", 11, BMP_NOTE_DOWN, 0);
	assert_true(kept_take(k, &one, &r));
	assert_true(r.count == 1 && r.up && r.port == 12);
	sbuf_done(&r.notes);
	kept_over(k, 1, 1);
	tell(k, "10.0.0.1", 12, BMP_NOTE_DOWN, 0);
	kept_forget(k, &one);
	assert_false(kept_take(k, &one, &r));
	assert_int_equal(kept_routers(k), 1);
	assert_balance(k);
	kept_free(k);
}

/* --- dumps ---------------------------------------------------------------------------------------- */

struct fix {
	struct epoch *ep;
	struct rib *rib;
	struct reader *reader;
	struct kept *kept;
	char dir[32], file[64], latest[64];
	/* of a run */
	struct dump_plan *plan;
	struct dump_conf conf;
	struct dump_figures f;
	struct sbuf err;
	int result;
	bool over;
};

static void
up(struct fix *f)
{
	*f = (struct fix){ .dir = "/tmp/waybill-dump.XXXXXX" };
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->file, sizeof(f->file), "%s/a/$bmp_router", f->dir);
	snprintf(f->latest, sizeof(f->latest), "%s/latest-$bmp_router", f->dir);
	f->conf = (struct dump_conf){
		.file = f->file, .latest = f->latest, .style.utc = true, .umask = 077,
		.period_s = 60, .seq = 7, .time = wall_of_sec(1000000000),
	};
	f->ep = epoch_new();
	f->rib = rib_new(f->ep, NULL);
	f->reader = reader_start(f->ep);
	f->kept = kept_new(&(struct kept_conf){ 0 });
}

static void
down(struct fix *f)
{
	char cmd[64];

	reader_stop(f->reader);
	rib_free(f->rib);
	epoch_free(f->ep);
	kept_free(f->kept);
	sbuf_done(&f->err);
	snprintf(cmd, sizeof(cmd), "rm -r %s", f->dir);
	assert_int_equal(system(cmd), 0);
}

static struct teller *
teller(struct fix *f, enum teller_kind kind, const char *router, const char *peer, enum teller_rib rib)
{
	struct teller_info info = {
		.kind = kind, .router = addr(router), .as = 65001, .name = "x", .rib = rib,
		.port = kind == TELLER_BGP ? 99 : 0,
	};

	if (peer != NULL)
		info.peer = addr(peer);
	return teller_new(f->rib, &info);
}

static void
announce(struct teller *t, unsigned from, unsigned n)
{
	static const uint8_t aspath[] = { 2, 1, 0, 0, 0xfd, 0xe9 };
	const struct attrs a = { .aspath = aspath, .aspath_len = sizeof(aspath),
		.next_hop = addr("192.0.2.9") };
	uint32_t path = attrs_put(t, &a);

	for (unsigned i = from; i < from + n; i++) {
		struct nlri nlri = { .prefix = { addr_of_v4(i << 8), 24 } };

		rib_announce(t, &nlri, path);
	}
}

static bool
is_ending(const void *r)
{
	return reader_is_ending(r);
}

static void
run(struct reader *r, void *arg)
{
	struct fix *f = arg;

	f->result = dump_write(f->plan, reader_epoch(r), reader_slot(r), &f->conf, is_ending, r,
	    &f->f, &f->err);
}

static void
over(void *arg, bool ran)
{
	struct fix *f = arg;

	assert_true(ran);
	dump_plan_end(f->plan, f->f.notes);
	f->over = true;
}

/* Control changes routes of `busy` meanwhile. */
static void
dump(struct fix *f, const struct dump_who *who, struct teller *busy)
{
	const struct reader_job job = { run, over, f };
	struct pollfd p = { .fd = reader_fd(f->reader), .events = POLLIN };

	f->over = false;
	f->plan = dump_plan_begin(f->rib, who);
	assert_true(reader_ask(f->reader, &job));
	for (unsigned i = 0; busy != NULL && i < 4000; i++)
		announce(busy, 100000 + i, 1);
	while (!f->over) {
		assert_true(poll(&p, 1, 60000) > 0);
		reader_collect(f->reader);
	}
}

/* The first word behind each "event_type", and after that of messages, a letter each. */
static void
shape(const struct fix *f, const char *name, char *ret, size_t room)
{
	static const struct { const char *has, *letter; } shapes[] = {
		{ "dump_init", "<" }, { "dump_close", ">" }, { "\"peer_down\"", "d" },
		{ "\"is_filtered\": 1", "f" }, { "\"is_loc\": 1", "l" }, { "\"is_in\": 1", "i" },
		{ "\"ip_prefix\"", "r" },
	};
	char path[128], line[2048];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	ret[0] = '\0';
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL && strlen(ret) + 2 < room)
		for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
			if (strstr(line, shapes[i].has) != NULL) {
				strcat(ret, shapes[i].letter);
				break;
			}
	if (file != NULL)
		fclose(file);
}

static void
assert_shape(const struct fix *f, const char *name, const char *want)
{
	char got[64];

	shape(f, name, got, sizeof(got));
	assert_string_equal(got, want);
}

static bool
is_second(const void *ctx, const struct teller *t)
{
	return t == ctx;
}

static void
a_router_is_a_file(void **state)
{
	struct teller *in, *loc, *other;
	struct dump_who who = { .kind = TELLER_BMP };
	struct fix f;

	(void)state;
	up(&f);
	who.kept = f.kept;
	in = teller(&f, TELLER_BMP, "10.0.0.1", "192.0.2.1", TELLER_IN_PRE);
	other = teller(&f, TELLER_BMP, "10.0.0.2", "192.0.2.1", TELLER_IN_PRE);
	loc = teller(&f, TELLER_BMP, "10.0.0.1", NULL, TELLER_LOC_RIB);
	announce(teller(&f, TELLER_BGP, "10.0.0.1", NULL, TELLER_RIB_ONE), 1, 9);
	announce(in, 1, 3);
	announce(other, 1, 1);
	announce(loc, 1, 2);
	who.is_filtered = is_second;
	who.ctx = loc;
	tell(f.kept, "10.0.0.1", 11, BMP_NOTE_UP, 0);
	tell(f.kept, "10.0.0.1", 11, BMP_NOTE_MESSAGE, 1);
	tell(f.kept, "10.0.0.1", 11, BMP_NOTE_MESSAGE, 2);
	tell(f.kept, "10.0.0.3", 13, BMP_NOTE_UP, 0);
	tell(f.kept, "10.0.0.4", 14, BMP_NOTE_UP, 0);
	tell(f.kept, "10.0.0.4", 14, BMP_NOTE_MESSAGE, 4);
	tell(f.kept, "10.0.0.4", 14, BMP_NOTE_DOWN, 0);
	dump(&f, &who, NULL);
	assert_int_equal(f.result, 0);
	assert_int_equal(f.f.tables, 4);
	assert_int_equal(f.f.entries, 6);
	assert_int_equal(f.f.notes, 3);
	assert_shape(&f, "a/10_0_0_1", "<iiiffdd>");
	assert_shape(&f, "latest-10_0_0_1", "<iiiffdd>");
	assert_shape(&f, "a/10_0_0_2", "<i>");
	assert_shape(&f, "a/10_0_0_3", "<>");
	assert_shape(&f, "a/10_0_0_4", "<d>");
	assert_int_equal(COUNT(f.kept, written), 3);
	assert_balance(f.kept);
	/* Messages were told once, and the one that went is forgotten. */
	dump(&f, &who, other);
	assert_int_equal(f.f.tables, 3);
	assert_shape(&f, "a/10_0_0_1", "<iiiff>");
	/* Each router is of one slot. */
	who.slots = 2;
	dump(&f, &who, NULL);
	who.slot = 1;
	assert_in_range(f.f.tables, 0, 3);
	{
		uint64_t first = f.f.tables;

		dump(&f, &who, NULL);
		assert_int_equal(first + f.f.tables, 3);
	}
	down(&f);
}

static void
a_teller_of_bgp_is_a_file(void **state)
{
	const struct dump_who who = { .kind = TELLER_BGP };
	struct fix f;

	(void)state;
	up(&f);
	announce(teller(&f, TELLER_BGP, "10.0.0.2", NULL, TELLER_RIB_ONE), 1, 2);
	announce(teller(&f, TELLER_BMP, "10.0.0.2", "192.0.2.1", TELLER_IN_PRE), 1, 2);
	teller(&f, TELLER_BGP, "10.0.0.1", NULL, TELLER_RIB_ONE);
	dump(&f, &who, NULL);
	assert_int_equal(f.result, 0);
	assert_int_equal(f.f.tables, 2);
	assert_shape(&f, "a/10_0_0_2", "<rr>");
	assert_shape(&f, "a/10_0_0_1", "<>");
	down(&f);
}

static void
what_no_file_took_is_counted(void **state)
{
	struct dump_who who = { .kind = TELLER_BMP };
	struct fix f;

	(void)state;
	up(&f);
	who.kept = f.kept;
	f.conf.file = "/dev/null/x";
	f.conf.latest = NULL;
	tell(f.kept, "10.0.0.1", 11, BMP_NOTE_MESSAGE, 1);
	dump(&f, &who, NULL);
	assert_int_equal(f.result, -1);
	assert_non_null(strstr(sbuf_text(&f.err), "/dev/null/x: "));
	assert_int_equal(COUNT(f.kept, failed), 1);
	assert_balance(f.kept);
	/* Nothing at all. */
	sbuf_clear(&f.err);
	who.kept = NULL;
	dump(&f, &who, NULL);
	assert_int_equal(f.result, 0);
	assert_int_equal(f.f.tables, 0);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_kept_once_and_bounded),
		cmocka_unit_test(a_router_is_a_file),
		cmocka_unit_test(a_teller_of_bgp_is_a_file),
		cmocka_unit_test(what_no_file_took_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
