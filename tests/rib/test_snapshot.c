/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outlives a session and a daemon: orphans, watchers, scans beside a writer, and snapshots,
 * which must come back equal, route for route, or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "rib/scan.h"
#include "rib/snapshot.h"

#define ROUTES	5000

struct fix {
	struct epoch *ep;
	struct rib *rib;
	struct epoch_reader *slot;
};

static void
up(struct fix *f)
{
	f->ep = epoch_new();
	f->rib = rib_new(f->ep, NULL);
	f->slot = epoch_join(f->ep);
}

static void
down(struct fix *f)
{
	epoch_leave(f->ep, f->slot);
	rib_free(f->rib);
	epoch_free(f->ep);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct teller_info
info_of(const char *router, enum teller_kind kind)
{
	return (struct teller_info){
		.kind = kind, .router = addr(router), .router_id = addr("198.51.100.7"),
		.as = 65001, .name = router,
	};
}

static struct teller *
teller(struct fix *f, const char *router)
{
	struct teller_info info = info_of(router, TELLER_BGP);

	return teller_new(f->rib, &info);
}

/* Path number n: all kinds of attributes, some of them absent. */
static uint32_t
path_of(struct teller *t, unsigned n)
{
	static const uint8_t comms[] = { 0xfd, 0xe8, 0, 1, 0xfd, 0xe8, 0, 2 };
	uint8_t aspath[] = { 2, 2, 0, 0, 0xfd, 0xe8, 0, 0, (uint8_t)(n >> 8), (uint8_t)n };
	uint8_t large[12] = { 0, 0, 0, 1, [11] = (uint8_t)n };
	struct attrs a = {
		.aspath = aspath, .aspath_len = n % 7 != 0 ? sizeof(aspath) : 0,
		.comms = comms, .comms_len = n % 3 == 0 ? 8 : 0,
		.ecomms = comms, .ecomms_len = n % 5 == 0 ? 8 : 0,
		.lcomms = large, .lcomms_len = n % 4 == 0 ? 12 : 0,
		.has_med = n % 2 == 0, .med = n, .has_local_pref = n % 3 != 0, .local_pref = 100 + n,
		.origin = (uint8_t)(n % 3), .next_hop = n % 2 ? addr("2001:db8::9") : addr("192.0.2.9"),
	};

	return attrs_put(t, &a);
}

/* Route number n: both families, VPN with labels, several paths of a prefix. */
static struct nlri
nlri_number(unsigned n)
{
	struct nlri r = { .safi = RIB_UNICAST };
	char text[PREFIX_TEXT];

	if (n % 3 == 0)
		snprintf(text, sizeof(text), "2001:db8:%x::/48", n);
	else
		snprintf(text, sizeof(text), "10.%u.%u.0/24", n >> 8, n & 255);
	assert_int_equal(prefix_parse(text, &r.prefix), 0);
	if (n % 10 == 1) {
		r.rd = UINT64_C(65000) << 32 | 7;
		r.safi = RIB_VPN;
		r.label = n;
	} else if (n % 10 == 2) {
		r.path_id = n;
	}
	return r;
}

static void
fill(struct teller *t, unsigned from, unsigned to)
{
	for (unsigned n = from; n < to; n++) {
		struct nlri r = nlri_number(n);

		assert_int_not_equal(rib_announce(t, &r, path_of(t, n / 3)), RIB_FULL);
	}
}

static void
work(struct fix *f)
{
	while (rib_work(f->rib, mono_add(mono_now(), 10 * NS_PER_MS)))
		;
}

static void
put_blob(const struct rib *rib, enum attr_kind kind, uint32_t id, struct sbuf *b)
{
	size_t len;
	const uint8_t *bytes = rib_attr(rib, kind, id, &len);

	sbuf_char(b, ' ');
	for (size_t i = 0; i < len; i++)
		sbuf_printf(b, "%02x", bytes[i]);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All routes as sorted lines of text, for comparing two RIBs; the caller's. */
static char *
text_of(struct fix *f, size_t *ret_routes)
{
	struct rib_scan *scan = rib_scan_begin(f->rib, NULL);
	struct rib_scanned r[100];
	struct sbuf all = { 0 };
	char **line = NULL, *text;
	size_t n, lines = 0;

	epoch_tick(f->ep, f->slot);
	while ((n = rib_scan_next(scan, r, 100)) > 0)
		for (size_t i = 0; i < n; i++) {
			const struct path *p = rib_path(f->rib, r[i].path);
			const struct comm_set set = rib_comms(f->rib, p);
			struct addr hop = rib_addr(f->rib, p->next_hop);
			char prefix[PREFIX_TEXT], a[ADDR_TEXT];
			struct sbuf b = { 0 };

			sbuf_printf(&b, "%s %s %llx %u %u %u ",
			    rib_scan_teller(scan, r[i].teller)->name,
			    prefix_text(&r[i].nlri.prefix, prefix),
			    (unsigned long long)r[i].nlri.rd, r[i].nlri.safi, r[i].nlri.path_id,
			    r[i].nlri.label);
			sbuf_printf(&b, "%s %u %u %u", addr_text(&hop, a), p->flags, p->med,
			    p->local_pref);
			put_blob(f->rib, ATTR_ASPATH, p->aspath, &b);
			put_blob(f->rib, ATTR_COMMS, set.comms, &b);
			put_blob(f->rib, ATTR_ECOMMS, set.ecomms, &b);
			put_blob(f->rib, ATTR_LCOMMS, set.lcomms, &b);
			line = mem_grow(line, lines + 1, sizeof(*line));
			line[lines++] = b.text;
		}
	epoch_offline(f->slot);
	rib_scan_end(scan);
	if (lines > 0)
		qsort(line, lines, sizeof(*line), by_text);
	for (size_t i = 0; i < lines; i++) {
		sbuf_printf(&all, "%s\n", line[i]);
		mem_free(line[i]);
	}
	mem_free(line);
	text = mem_strdup(sbuf_text(&all));
	sbuf_done(&all);
	*ret_routes = lines;
	return text;
}

static char *
temp_name(void)
{
	static char name[] = "/tmp/waybill-snapshot.XXXXXX";
	int fd;

	strcpy(name + sizeof(name) - 7, "XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	close(fd);
	return name;
}

static int
save(struct fix *f, const char *path, struct snapshot_figures *ret)
{
	struct rib_scan *scan = rib_scan_begin(f->rib, NULL);
	struct sbuf err = { 0 };
	int result = rib_snapshot_write(scan, f->ep, f->slot, path, ret, &err);

	rib_scan_end(scan);
	sbuf_done(&err);
	return result;
}

static int
load(struct fix *f, const char *path, int64_t stale_ns, struct snapshot_figures *ret)
{
	struct sbuf err = { 0 };
	int result = rib_snapshot_read(f->rib, path, (wall_t){ 1 },
	    mono_add(mono_now(), stale_ns), ret, &err);

	assert_int_equal(result != 0, err.len > 0);
	sbuf_done(&err);
	return result;
}

static void
a_snapshot_comes_back_equal(void **state)
{
	struct fix f, g;
	struct snapshot_figures w, r;
	struct teller_info file = info_of("192.0.2.3", TELLER_FILE);
	char *path = temp_name(), *before, *after;
	size_t n, m;

	(void)state;
	up(&f);
	up(&g);
	fill(teller(&f, "192.0.2.1"), 0, ROUTES);
	fill(teller(&f, "192.0.2.2"), ROUTES / 2, ROUTES);
	before = text_of(&f, &n);
	assert_int_equal(n, ROUTES + ROUTES / 2);
	fill(teller_new(f.rib, &file), 0, 10);		/* not saved */
	assert_int_equal(save(&f, path, &w), 0);
	assert_int_equal(w.routes, n);
	assert_int_equal(w.tellers, 2);
	assert_int_equal(load(&g, path, 300 * NS_PER_SEC, &r), 0);
	assert_int_equal(r.routes, n);
	assert_int_equal(r.refused, 0);
	assert_true(r.saved.ns == w.saved.ns && r.bytes == w.bytes);
	after = text_of(&g, &m);
	assert_string_equal(before, after);
	mem_free(before);
	mem_free(after);
	unlink(path);
	down(&f);
	down(&g);
}

static void
what_is_not_whole_is_not_read(void **state)
{
	struct fix f, g;
	struct snapshot_figures w;
	struct sbuf err = { 0 };
	char *path = temp_name();
	uint8_t *bytes;
	FILE *file;
	size_t len;

	(void)state;
	up(&f);
	up(&g);
	assert_int_equal(load(&g, path, 1, &w), -1);	/* empty */
	fill(teller(&f, "192.0.2.1"), 0, 12);
	assert_int_equal(save(&f, path, &w), 0);
	len = (size_t)w.bytes;
	bytes = mem_new(len);
	file = fopen(path, "r");
	assert_int_equal(fread(bytes, 1, len, file), len);
	fclose(file);
	for (size_t i = 0; i < len; i++) {	/* shorter; then with any byte of it changed */
		struct snapshot_figures r;

		assert_int_equal(truncate(path, (off_t)i), 0);
		assert_int_equal(load(&g, path, 1, &r), -1);
		file = fopen(path, "w");
		bytes[i] ^= 0x10;
		fwrite(bytes, 1, len, file);
		bytes[i] ^= 0x10;
		fclose(file);
		assert_int_equal(load(&g, path, 1, &r), -1);
		assert_null(teller_next(g.rib, NULL));
	}
	assert_int_equal(rib_snapshot_read(g.rib, path, wall_add(wall_now(), NS_PER_SEC),
	    mono_now(), &w, &err), -1);
	sbuf_done(&err);
	mem_free(bytes);
	unlink(path);
	down(&f);
	down(&g);
}

static void
an_orphan_is_taken_over_and_swept(void **state)
{
	struct fix f;
	struct teller *t;
	struct teller_info info = info_of("192.0.2.1", TELLER_BGP), other = info;

	(void)state;
	up(&f);
	t = teller(&f, "192.0.2.1");
	fill(t, 0, 30);
	assert_null(teller_adopt(f.rib, &info));	/* it has its session */
	teller_orphan(t, mono_add(mono_now(), 3600 * NS_PER_SEC));
	assert_true(teller_is_orphan(t) && teller_is_stale(t));
	work(&f);
	other.as++;
	assert_null(teller_adopt(f.rib, &other));
	assert_ptr_equal(teller_adopt(f.rib, &info), t);
	assert_false(teller_is_orphan(t));
	fill(t, 0, 10);
	rib_sweep(t, RIB_IP4, RIB_UNICAST);		/* End-of-RIB */
	work(&f);
	assert_int_equal(teller_routes(t, RIB_IP4, RIB_UNICAST), 5);
	assert_int_equal(teller_routes(t, RIB_IP6, RIB_UNICAST), 9);
	teller_orphan(t, mono_add(mono_now(), 3600 * NS_PER_SEC));
	assert_ptr_equal(teller_adopt(f.rib, &info), t);
	teller_orphan(t, mono_now());			/* its time is over at once */
	work(&f);
	assert_null(teller_next(f.rib, NULL));
	/* Taken over, and not told again when the time is over. */
	t = teller(&f, "192.0.2.1");
	fill(t, 0, 30);
	teller_orphan(t, mono_now());
	assert_ptr_equal(teller_adopt(f.rib, &info), t);
	fill(t, 4, 5);
	work(&f);
	assert_int_equal(teller_routes(t, RIB_IP4, RIB_UNICAST), 1);
	assert_int_equal(teller_routes(t, RIB_IP6, RIB_UNICAST), 0);
	assert_false(teller_is_stale(t));
	down(&f);
}

struct seen {
	struct rib *rib;
	struct sbuf text;
};

static void
on_route(void *ctx, const struct rib_event *e)
{
	static const char change[] = "+=.-?!s";
	struct seen *s = ctx;
	char text[PREFIX_TEXT];

	sbuf_printf(&s->text, "%c%s/%u:%u>%u ", change[e->change],
	    prefix_text(&e->nlri->prefix, text), e->nlri->path_id,
	    rib_path(s->rib, e->old)->med, rib_path(s->rib, e->path)->med);
}

static void
on_teller(void *ctx, const struct teller *t, enum teller_event event)
{
	static const char *const events[] = { "up", "down", "end" };

	sbuf_printf(&((struct seen *)ctx)->text, "%s:%s ", events[event], teller_info(t)->name);
}

static void
a_watcher_is_told_all(void **state)
{
	struct fix f;
	struct teller *t;
	struct seen s = { 0 };
	const struct rib_watcher w = { on_route, on_teller, &s };
	struct teller_info info = info_of("192.0.2.1", TELLER_BGP);
	struct nlri a = nlri_number(1), b = nlri_number(2);

	(void)state;
	up(&f);
	s.rib = f.rib;
	rib_watch(f.rib, &w);
	t = teller(&f, "192.0.2.1");
	a = (struct nlri){ .prefix = a.prefix };
	rib_announce(t, &a, path_of(t, 2));
	rib_announce(t, &a, path_of(t, 2));
	rib_announce(t, &a, path_of(t, 4));
	rib_announce(t, &b, path_of(t, 6));
	b.path_id = 9;
	rib_announce(t, &b, path_of(t, 8));
	rib_withdraw(t, &b);
	rib_withdraw(t, &b);
	teller_orphan(t, mono_add(mono_now(), 3600 * NS_PER_SEC));
	teller_adopt(f.rib, &info);
	rib_announce(t, &a, path_of(t, 4));
	rib_sweep(t, RIB_IP4, RIB_UNICAST);
	work(&f);
	rib_withdraw(t, &a);
	rib_announce(t, &a, path_of(t, 2));
	b.path_id = 7;
	rib_announce(t, &b, path_of(t, 4));
	teller_gone(t);
	rib_watch(f.rib, NULL);
	t = teller(&f, "192.0.2.2");
	fill(t, 0, ROUTES);			/* others' attributes come and go meanwhile */
	teller_gone(t);
	rib_watch(f.rib, &w);
	work(&f);
	assert_string_equal(sbuf_text(&s.text), "up:192.0.2.1 +10.0.1.0/24/0:0>2 "
	    ".10.0.1.0/24/0:2>2 =10.0.1.0/24/0:2>4 +10.0.2.0/24/2:0>6 +10.0.2.0/24/9:0>8 "
	    "-10.0.2.0/24/9:8>0 down:192.0.2.1 up:192.0.2.1 .10.0.1.0/24/0:4>4 "
	    "s10.0.2.0/24/2:6>0 -10.0.1.0/24/0:4>0 +10.0.1.0/24/0:0>2 +10.0.2.0/24/7:0>4 "
	    "s10.0.1.0/24/0:2>0 s10.0.2.0/24/7:4>0 down:192.0.2.1 end:192.0.2.1 ");
	rib_watch(f.rib, NULL);
	sbuf_done(&s.text);
	down(&f);
}

static void
a_scan_outlives_its_teller(void **state)
{
	struct fix f;
	struct teller *t;
	struct rib_scan *scan;
	struct rib_scanned r[64];
	struct rib_stats stats;

	(void)state;
	up(&f);
	t = teller(&f, "192.0.2.1");
	fill(t, 0, ROUTES);
	scan = rib_scan_begin(f.rib, t);
	epoch_tick(f.ep, f.slot);
	assert_int_equal(rib_scan_next(scan, r, 64), 64);
	teller_gone(t);
	work(&f);
	epoch_tick(f.ep, f.slot);
	work(&f);
	assert_string_equal(rib_scan_teller(scan, 0)->name, "192.0.2.1");
	assert_int_equal(rib_scan_next(scan, r, 64), 0);
	epoch_offline(f.slot);
	rib_scan_end(scan);
	for (int i = 0; i < 100; i++)
		work(&f);
	rib_stats(f.rib, &stats);
	assert_int_equal(stats.routes, 0);
	assert_int_equal(stats.prefixes[RIB_IP4] + stats.prefixes[RIB_IP6], 0);
	assert_int_equal(stats.paths, 0);
	down(&f);
}

struct beside {
	struct fix *f;
	struct rib_scan *scan;
	char *path;
	struct snapshot_figures figures;
	int result;
};

static void *
save_beside(void *arg)
{
	struct beside *b = arg;
	struct sbuf err = { 0 };

	b->result = rib_snapshot_write(b->scan, b->f->ep, b->f->slot, b->path, &b->figures, &err);
	sbuf_done(&err);
	return NULL;
}

/* Routes that stay are all in a file that is written while others come, change and go. */
static void
a_snapshot_beside_a_writer_has_what_stays(void **state)
{
	struct fix f, g;
	struct teller *stays, *changes;
	struct snapshot_figures r;
	size_t kept = 0;

	(void)state;
	up(&f);
	stays = teller(&f, "192.0.2.1");
	fill(stays, 0, ROUTES);
	for (int round = 0; round < 6; round++) {
		struct beside b = { .f = &f, .path = temp_name() };
		pthread_t thread;

		changes = teller(&f, "192.0.2.2");
		fill(changes, 0, ROUTES);
		b.scan = rib_scan_begin(f.rib, NULL);
		assert_int_equal(pthread_create(&thread, NULL, save_beside, &b), 0);
		for (unsigned n = 0; n < ROUTES; n++) {
			struct nlri nlri = nlri_number(n);

			if (n % 3 == 0)
				rib_withdraw(changes, &nlri);
			else
				rib_announce(changes, &nlri, path_of(changes, n + 1000));
			if (n % 500 == 0)
				work(&f);
		}
		teller_gone(changes);
		work(&f);
		pthread_join(thread, NULL);
		rib_scan_end(b.scan);
		assert_int_equal(b.result, 0);
		up(&g);
		assert_int_equal(load(&g, b.path, 300 * NS_PER_SEC, &r), 0);
		kept = 0;
		for (struct teller *t = teller_next(g.rib, NULL); t != NULL; t = teller_next(g.rib, t))
			for (int k = 0; k < RIB_AFIS * RIB_SAFIS; k++)
				if (strcmp(teller_info(t)->name, "192.0.2.1") == 0)
					kept += teller_routes(t, (enum rib_afi)(k / RIB_SAFIS),
					    (enum rib_safi)(k % RIB_SAFIS));
		assert_int_equal(kept, ROUTES);
		unlink(b.path);
		down(&g);
	}
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_comes_back_equal),
		cmocka_unit_test(what_is_not_whole_is_not_read),
		cmocka_unit_test(an_orphan_is_taken_over_and_swept),
		cmocka_unit_test(a_watcher_is_told_all),
		cmocka_unit_test(a_scan_outlives_its_teller),
		cmocka_unit_test(a_snapshot_beside_a_writer_has_what_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
