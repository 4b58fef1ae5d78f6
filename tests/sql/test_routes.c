/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes into SQL: whatever happens to a RIB, the table of current routes is what the RIB has, a history
 * replayed gives the same, and the books balance. Changes are collected from a real RIB's watcher and
 * go through the taking half and SQLite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "core/mem.h"
#include "sql/routeddl.h"
#include "sql/routeout.h"
#include "sql/routewrite.h"

#define FILES_MOST	8

#define TELLERS		4
#define PREFIXES	60
#define PATHS		12

struct stage {
	char dir[64];
	struct sbuf db, spool_dir;
	struct epoch *ep;
	struct rib *rib;
	struct rib_watcher watcher;
	struct teller *teller[TELLERS];
	struct change_teller *known[256];	/* by number */
	const struct teller *of[256];
	uint32_t numbers;
	struct change *change;
	size_t changes;
	uint64_t seq;
	struct routes_counters c;
	struct routespool *spool;
	struct routetake *take;
	struct routewrite *write;
	struct routemap *writing;
};

/* --- a RIB and what it tells --------------------------------------------------------------------- */

static struct change *
add_change(struct stage *s, uint32_t number)
{
	struct change *ch;

	s->change = mem_grow(s->change, s->changes + 1, sizeof(*s->change));
	ch = &s->change[s->changes++];
	memset(ch, 0, sizeof(*ch));
	ch->teller = s->known[number];
	ch->seq = ++s->seq;
	ch->when = wall_add(wall_of_sec(1700000000), (int64_t)s->seq * NS_PER_MS);
	return ch;
}

static uint32_t
number_of(struct stage *s, const struct teller *t)
{
	for (uint32_t i = s->numbers; i > 0; i--)
		if (s->of[i] == t)
			return i;
	s->of[++s->numbers] = t;
	assert_in_range(s->numbers, 1, 255);
	s->known[s->numbers] = mem_new(sizeof(struct change_teller));
	*s->known[s->numbers] = (struct change_teller){ *teller_info(t), s->numbers };
	return s->numbers;
}

static void take_all(struct stage *s);

static void
on_route(void *ctx, const struct rib_event *e)
{
	struct stage *s = ctx;
	struct change *ch = add_change(s, number_of(s, e->teller));

	ch->kind = CHANGE_ROUTE;
	ch->nlri = *e->nlri;
	ch->old = e->old;
	ch->path = e->path;
	ch->what = (uint8_t)e->change;
	take_all(s);			/* paths are good until this returns */
}

static void
on_teller(void *ctx, const struct teller *t, enum teller_event event)
{
	struct stage *s = ctx;
	uint32_t n = number_of(s, t);
	struct change *ch = add_change(s, n);

	ch->kind = CHANGE_TELLER;
	ch->event = (uint8_t)event;
	take_all(s);
	if (event == TELLER_END)
		s->of[n] = NULL;
}

static void
take_all(struct stage *s)
{
	const struct change_batch b = { s->change, s->changes, 0 };

	routetake_changes(s->take, &b);
	s->changes = 0;
}

/* --- where it goes --------------------------------------------------------------------------------- */

static void
open_outputs(struct stage *s)
{
	const struct routespool_conf sc = { .dir = s->spool_dir.text, .subject = "test",
		.most_bytes = 1 << 20 };
	const struct routewrite_conf wc = { .backend = &sql_sqlite,
		.place = { .db = s->db.text, .subject = "test" }, .output = "x", .subject = "test",
		.table = "routes", .history = "routes_history", .ledger = true };
	struct routetake_conf tc = { .rib = s->rib, .current = true, .subject = "test" };
	struct sbuf err = { 0 };

	s->spool = routespool_open(&sc, &err);
	assert_non_null(s->spool);
	s->write = routewrite_open(&wc, &err);
	assert_non_null(s->write);
	tc.spool = s->spool;
	s->take = routetake_new(&tc, &s->c);
	routetake_begin_scan(s->take, wall_add(wall_of_sec(1700000000),
	    (int64_t)(s->seq + 1) * NS_PER_MS));
}

static void
close_outputs(struct stage *s)
{
	routemap_free(s->writing);
	s->writing = NULL;
	routetake_free(s->take);
	routewrite_close(s->write);
	routespool_close(s->spool);
}

static int
set_up(void **state)
{
	struct stage *s = mem_new(sizeof(*s));

	snprintf(s->dir, sizeof(s->dir), "/tmp/waybill-routes.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	sbuf_printf(&s->db, "%s/db", s->dir);
	sbuf_printf(&s->spool_dir, "%s/spool", s->dir);
	s->ep = epoch_new();
	s->rib = rib_new(s->ep, &(struct rib_conf){ 0 });
	open_outputs(s);
	s->watcher = (struct rib_watcher){ on_route, on_teller, s };
	rib_watch(s->rib, &s->watcher);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;
	char command[128];

	rib_watch(s->rib, NULL);
	close_outputs(s);
	rib_free(s->rib);
	epoch_free(s->ep);
	for (uint32_t i = 1; i <= s->numbers; i++)
		mem_free(s->known[i]);
	mem_free(s->change);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->dir);
	assert_int_equal(system(command), 0);
	sbuf_done(&s->db);
	sbuf_done(&s->spool_dir);
	mem_free(s);
	return 0;
}

/* Everything that waits goes to the database. */
static void
write_all(struct stage *s)
{
	struct sbuf err = { 0 };
	struct routebatch *b;
	int ret;

	routetake_close_batch(s->take);
	while ((b = routespool_first(s->spool)) != NULL) {
		uint64_t rows = b->rows;

		if (routewrite_batch(s->write, b, &err) != 0)
			fail_msg("%s", err.text);
		routespool_done(s->spool, b);
		count_add(&s->c.history_written, rows);
	}
	if (s->writing == NULL)
		s->writing = routetake_map(s->take);
	do {
		ret = routewrite_map(s->write, s->writing, &err);
		if (ret < 0)
			fail_msg("%s", err.text);
	} while (ret > 0);
	for (uint32_t i = 0; i < s->writing->count; i++)
		count(s->writing->entry[i].state == ROUTE_GONE ? &s->c.removed : &s->c.written);
	routemap_free(s->writing);
	s->writing = NULL;
}

/* --- what it comes to -------------------------------------------------------------------------------- */

static struct teller *
new_teller(struct stage *s, unsigned i)
{
	char name[32];
	struct teller_info info = { .kind = TELLER_BGP, .router = addr_of_v4(0x7f000001 + i),
		.router_id = addr_of_v4(0x0a000001 + i), .as = 65000 + i, .name = name };

	snprintf(name, sizeof(name), "127.0.0.%u", i + 1);
	return teller_new(s->rib, &info);
}

static struct nlri
nlri_of(unsigned n)
{
	struct nlri nlri = { .safi = RIB_UNICAST, .prefix.len = 24 };

	nlri.prefix.addr = addr_of_v4(0x0b000000 | n << 8);
	if (n % 7 == 1) {
		nlri.safi = RIB_VPN;
		nlri.rd = UINT64_C(65000) << 32 | n % 3;
		nlri.label = 100 + n;
	}
	if (n % 7 == 2) {
		static const uint8_t net[16] = { 0x20, 1, 0xd, 0xb8 };

		nlri.prefix.addr = addr_of_bytes16(net);
		nlri.prefix.addr.b[5] = (uint8_t)n;
		nlri.prefix.len = 48;
	}
	if (n % 7 == 3)
		nlri.path_id = n;
	return nlri;
}

static uint32_t
path_of(struct teller *t, unsigned n)
{
	const uint8_t aspath[] = { 2, 2, 0, 0, 0xfd, 0xe8, 0, 0, 1, (uint8_t)n };
	const uint8_t comms[] = { 0xfd, 0xe8, 0, (uint8_t)n };
	const struct attrs a = { .aspath = aspath, .aspath_len = sizeof(aspath), .comms = comms,
		.comms_len = n % 2 ? sizeof(comms) : 0, .next_hop = addr_of_v4(0x0a010000 + n),
		.med = n, .has_med = n % 3 == 0, .origin = (uint8_t)(n % 3) };

	return attrs_put(t, &a);
}

static void
random_step(struct stage *s)
{
	unsigned i = (unsigned)rand() % TELLERS, n = (unsigned)rand() % PREFIXES, what = (unsigned)rand() % 100;
	struct nlri nlri = nlri_of(n);

	if (s->teller[i] == NULL)
		s->teller[i] = new_teller(s, i);
	if (what < 60) {
		rib_announce(s->teller[i], &nlri, path_of(s->teller[i], (unsigned)rand() % PATHS));
	} else if (what < 90) {
		rib_withdraw(s->teller[i], &nlri);
	} else if (what < 92) {
		teller_gone(s->teller[i]);
		s->teller[i] = NULL;
	} else if (what < 94) {
		rib_stale(s->teller[i], RIB_IP4, RIB_UNICAST);
		rib_sweep(s->teller[i], RIB_IP4, RIB_UNICAST);
	} else if (what < 98) {
		(void)rib_work(s->rib, mono_add(mono_now(), 1));
	} else {
		write_all(s);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line per route, sorted. */
static void
join(char **line, size_t n, struct sbuf *out)
{
	qsort(line, n, sizeof(*line), by_text);
	for (size_t i = 0; i < n; i++) {
		sbuf_printf(out, "%s\n", line[i]);
		mem_free(line[i]);
	}
	mem_free(line);
}

static void
model(struct stage *s, struct sbuf *out)
{
	char **line = NULL;
	size_t n = 0;

	for (struct teller *t = teller_next(s->rib, NULL); t != NULL; t = teller_next(s->rib, t)) {
		struct rib_cursor cursor = { 0 };
		struct nlri nlri;
		uint32_t path;

		while (rib_walk(t, &cursor, &nlri, &path, 1) > 0) {
			const struct path *p = rib_path(s->rib, path);
			char who[ADDR_TEXT], prefix[PREFIX_TEXT], rd[RD_TEXT], hop[ADDR_TEXT];
			struct addr h = rib_addr(s->rib, p->next_hop);
			struct sbuf b = { 0 };
			size_t len;
			const uint8_t *bytes = rib_attr(s->rib, ATTR_ASPATH, p->aspath, &len);

			sbuf_printf(&b, "%s|%s|%s|%u|%s|", addr_text(&teller_info(t)->router, who),
			    nlri.rd != 0 ? rd_text(nlri.rd, rd) : "",
			    prefix_text(&nlri.prefix, prefix), nlri.path_id, addr_text(&h, hop));
			aspath_text(&b, bytes, len, ' ');
			sbuf_printf(&b, "|%c|", "ieu"[p->flags & PATH_ORIGIN]);
			if (p->flags & PATH_HAS_MED)
				sbuf_printf(&b, "%u", p->med);
			line = mem_grow(line, n + 1, sizeof(*line));
			line[n++] = b.text;
		}
	}
	join(line, n, out);
}

#define ROW "peer_ip_src || '|' || rd || '|' || ip_prefix || '|' || as_path_id || '|' || " \
	"coalesce(bgp_nexthop, '') || '|' || as_path || '|' || origin || '|' || coalesce(med, '')"
#define CURRENT "SELECT " ROW " FROM routes"
#define REPLAYED "SELECT " ROW " FROM (SELECT *, row_number() OVER (PARTITION BY peer_ip_src, bgp_id, " \
	"peer_ip, bmp_rib_type, pd, afi, safi, rd, ip_prefix, as_path_id ORDER BY timestamp DESC, " \
	"seq DESC) AS nth FROM routes_history WHERE afi > 0 AND run = (SELECT max(run) " \
	"FROM routes_history)) AS last WHERE nth = 1 AND log_type = 'update'"

static void
ask(struct stage *s, const char *sql, struct sbuf *out)
{
	char **line = NULL;
	size_t n = 0;
	sqlite3_stmt *st;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(s->db.text, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		line = mem_grow(line, n + 1, sizeof(*line));
		line[n++] = mem_strdup((const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	join(line, n, out);
}

static void
assert_tables(struct stage *s)
{
	struct sbuf want = { 0 }, have = { 0 };

	write_all(s);
	model(s, &want);
	ask(s, CURRENT, &have);
	assert_string_equal(sbuf_text(&have), sbuf_text(&want));
	sbuf_clear(&have);
	ask(s, REPLAYED, &have);
	assert_string_equal(sbuf_text(&have), sbuf_text(&want));
	sbuf_done(&want);
	sbuf_done(&have);
}

static void
assert_books(struct stage *s)
{
	assert_int_equal(counter_balance(&s->c, routes_current_rows, routes_current_count), 0);
	assert_int_equal(counter_balance(&s->c, routes_history_rows, routes_history_count), 0);
}

static void
all_swept(struct stage *s)
{
	while (rib_work(s->rib, mono_add(mono_now(), NS_PER_SEC)))
		;
}

/* --- tests --------------------------------------------------------------------------------------------- */

static void
tables_are_the_rib(void **state)
{
	struct stage *s = *state;

	srand(1);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 700; i++)
			random_step(s);
		all_swept(s);
		assert_tables(s);
		assert_books(s);
	}
	assert_true(counter_get(&s->c.conflated) > 100);
	assert_true(counter_get(&s->c.removed) > 100);
}

/* A session that comes back while its former routes are still being swept. */
static void
former_session_takes_nothing(void **state)
{
	struct stage *s = *state;
	struct nlri a = nlri_of(0), b = nlri_of(4);
	struct teller *t = new_teller(s, 0);

	rib_announce(t, &a, path_of(t, 1));
	rib_announce(t, &b, path_of(t, 1));
	teller_gone(t);
	t = new_teller(s, 0);
	rib_announce(t, &a, path_of(t, 2));
	all_swept(s);
	assert_tables(s);
	assert_books(s);
}

/* A later run: rows of the first one that are not told again go, and a history says so. */
static void
sweep_is_told(void **state)
{
	struct stage *s = *state;
	struct sbuf err = { 0 }, have = { 0 };
	struct routemap *m;

	for (unsigned i = 0; i < 20; i++) {
		struct nlri n = nlri_of(i);

		if (s->teller[0] == NULL)
			s->teller[0] = new_teller(s, 0);
		rib_announce(s->teller[0], &n, path_of(s->teller[0], i % PATHS));
	}
	assert_tables(s);
	close_outputs(s);
	open_outputs(s);
	for (unsigned i = 5; i < 10; i++) {
		struct nlri n = nlri_of(i);

		rib_announce(s->teller[0], &n, path_of(s->teller[0], i % PATHS));
	}
	m = routetake_map(s->take);
	assert_int_equal(routewrite_map(s->write, m, &err), 0);
	assert_int_equal(routewrite_sweep(s->write, m, &err), 15);
	routemap_free(m);
	for (unsigned i = 0; i < 20; i++) {
		struct nlri n = nlri_of(i);

		if (i < 5 || i >= 10)
			rib_withdraw(s->teller[0], &n);
	}
	assert_tables(s);
	ask(s, "SELECT count(*) FROM routes_history WHERE log_type = 'delete'", &have);
	assert_string_equal(sbuf_text(&have), "15\n");
	sbuf_done(&have);
}

/* What was not written is found by the next run, in order, and once. */
static void
history_outlives_a_run(void **state)
{
	struct stage *s = *state;
	struct nlri n = nlri_of(0);
	struct sbuf have = { 0 }, err = { 0 };
	struct routebatch *b;

	s->teller[0] = new_teller(s, 0);
	for (unsigned i = 0; i < 3; i++) {
		rib_announce(s->teller[0], &n, path_of(s->teller[0], i));
		routetake_close_batch(s->take);
	}
	/* The first batch lands, and its file stays as if the daemon had been killed then. */
	b = routespool_first(s->spool);
	assert_int_equal(routewrite_batch(s->write, b, &err), 0);
	close_outputs(s);
	memset(&s->c, 0, sizeof(s->c));
	open_outputs(s);
	rib_withdraw(s->teller[0], &n);
	write_all(s);
	ask(s, "SELECT group_concat(log_type || ' ' || coalesce(med, '-'), ', ') FROM "
	    "(SELECT * FROM routes_history ORDER BY rowid)", &have);
	assert_string_equal(sbuf_text(&have), "log_init -, update 0, update -, update -, withdraw -\n");
	sbuf_done(&have);
}

/* Beyond the bounds changes are dropped, and the history says how many are missing. */
static void
losses_are_told(void **state)
{
	struct stage *s = *state;
	const struct change_batch lost = { NULL, 0, 17 };
	struct nlri n = nlri_of(0);
	struct sbuf have = { 0 };

	s->teller[0] = new_teller(s, 0);
	routetake_changes(s->take, &lost);
	rib_announce(s->teller[0], &n, path_of(s->teller[0], 1));
	write_all(s);
	assert_books(s);
	assert_int_equal(counter_get(&s->c.history_lost), 17);
	ask(s, "SELECT log_type || ' ' || entries FROM routes_history ORDER BY rowid", &have);
	assert_string_equal(sbuf_text(&have), "log_init 0\nlost 17\nupdate 0\n");
	sbuf_done(&have);
}

static void
damaged_batch_is_set_aside(void **state)
{
	struct stage *s = *state;
	struct nlri n = nlri_of(0);
	struct routespool_held held;
	char command[256];

	s->teller[0] = new_teller(s, 0);
	rib_announce(s->teller[0], &n, path_of(s->teller[0], 1));
	routetake_close_batch(s->take);
	snprintf(command, sizeof(command), "for f in '%s'/*.seg; do printf x | dd of=\"$f\" bs=1 "
	    "seek=200 conv=notrunc status=none; done", s->spool_dir.text);
	assert_int_equal(system(command), 0);
	assert_null(routespool_first(s->spool));
	routespool_held(s->spool, &held);
	assert_int_equal(held.bad, 1);
	assert_int_equal(held.bad_rows, 2);
	assert_int_equal(held.rows, 0);
}

/* --- the files of sql/ ----------------------------------------------------------------------------------- */

static void
print_file(const void *file, struct sbuf *out)
{
	routeddl_file_print(file, out);
}

/* They live as long as the table. */
static size_t
list_files(struct sql_file *ret, size_t room)
{
	size_t n;
	const struct route_file *files = routeddl_files(&n);

	assert_true(n <= room);
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct sql_file){ files[i].name, print_file, &files[i] };
	return n;
}

static void
files_are_current(void **state)
{
	struct sql_file file[FILES_MOST];

	(void)state;
	files_compare(file, list_files(file, FILES_MOST));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tables_are_the_rib, set_up, tear_down),
		cmocka_unit_test_setup_teardown(former_session_takes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sweep_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(history_outlives_a_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(losses_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_batch_is_set_aside, set_up, tear_down),
		cmocka_unit_test(files_are_current),
	};
	struct sql_file file[FILES_MOST];

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return files_write(argv[2], file, list_files(file, FILES_MOST));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
