/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One row per kind of teller says which keys its feeds have. Dumps are begun at multiples of their
 * interval, by the wall clock as pmacct's, and written by the reader.
 */
#include "waybilld/feeds.h"

#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "feed/bmprecord.h"
#include "feed/dump.h"
#include "feed/msglog.h"
#include "feed/reader.h"

static const struct feed_keys {
	enum teller_kind kind;
	const char *name;		/* in log lines */
	const char *msglog;
	const char *dump, *refresh, *latest, *slots;
	const char *without_stats;	/* NULL: there are none */
} feed_keys[] = {
	{ TELLER_BGP, "BGP", "bgp_daemon_msglog_file", "bgp_table_dump_file",
	  "bgp_table_dump_refresh_time", "bgp_table_dump_latest_file", "bgp_table_dump_time_slots",
	  NULL },
	{ TELLER_BMP, "BMP", "bmp_daemon_msglog_file", "bmp_dump_file", "bmp_dump_refresh_time",
	  "bmp_dump_latest_file", "bmp_dump_time_slots", "bmp_dump_exclude_stats" },
};
#define FEEDS	ARRAY_LEN(feed_keys)

struct dumping {
	struct feeds *feeds;
	const char *name;
	size_t row;			/* of feed_keys */
	struct dump_conf conf;		/* of the run at hand, and of the next one */
	int64_t every_s;		/* from one slot to the next; 0: no dumps */
	int64_t due_s;			/* wall clock */
	struct dump_plan *plan;		/* NULL: none on its way */
	struct kept *kept;		/* what goes into the next run besides routes; NULL: nothing */
	bool without_stats;
	unsigned runs, skipped, failed;
	int64_t slowest_ns;		/* of control, to begin or end a run */
	mono_t began;
	int result;
	struct dump_figures f;
	struct sbuf err;
};

struct feeds {
	struct daemon *d;
	struct changes *changes;
	struct msglog *msglog[FEEDS];	/* NULL: not asked for */
	struct dumping dump[FEEDS];
	struct tagmap *tags[FEEDS];	/* in force; NULL: none */
};

static struct record_style
read_style(const struct conf *conf)
{
	return (struct record_style){
		.utc = conf_bool(conf, CONF_ALL, "timestamps_utc"),
		.rfc9557 = conf_bool(conf, CONF_ALL, "timestamps_rfc9557"),
		.epoch = conf_bool(conf, CONF_ALL, "timestamps_since_epoch"),
		.secs = conf_bool(conf, CONF_ALL, "timestamps_secs"),
		.path_array = conf_bool(conf, CONF_ALL, "as_path_encode_as_array"),
		.comms_array = conf_bool(conf, CONF_ALL, "bgp_comms_encode_as_array"),
	};
}

/* --- dumps --------------------------------------------------------------------------------------- */

static bool
is_ending(const void *reader)
{
	return reader_is_ending(reader);
}

static void
run_dump(struct reader *r, void *arg)
{
	struct dumping *d = arg;

	sbuf_clear(&d->err);
	d->result = dump_write(d->plan, reader_epoch(r), reader_slot(r), &d->conf, is_ending, r,
	    &d->f, &d->err);
}

/* What control spent on a run since then. */
static void
note_time(struct dumping *d, mono_t since)
{
	int64_t ns = mono_since(mono_now(), since);

	if (ns > d->slowest_ns)
		d->slowest_ns = ns;
}

static void
dump_over(void *arg, bool ran)
{
	struct dumping *d = arg;
	mono_t now = mono_now();

	dump_plan_end(d->plan, ran ? d->f.notes : 0);
	d->plan = NULL;
	tagmap_release(d->conf.tags);
	d->conf.tags = NULL;
	note_time(d, now);
	if (!ran)
		return;
	if (d->result != 0) {
		d->failed++;
		log_error("dump of %s tables: %s", d->name, sbuf_text(&d->err));
		return;
	}
	log_info("*** Dumping %s tables - END (PID: %d RID: %u TABLES: %llu ENTRIES: %llu ET: %lld) ***",
	    d->name, (int)getpid(), d->runs, (unsigned long long)d->f.tables,
	    (unsigned long long)d->f.entries,
	    (long long)(mono_since(now, d->began) / NS_PER_SEC));
}

/* Loc-RIBs whose router says that they are not whole (RFC 9069 4.2). They are few, mostly none. */
struct filtered {
	const struct teller **teller;
	size_t count;
};

static void
find_filtered(const struct bmp_peer_info *p, void *ctx)
{
	struct filtered *f = ctx;
	const struct teller *t = p->teller[TELLER_LOC_RIB];

	if (t == NULL || !(p->header->flags & BMP_FLAG_F))
		return;
	f->teller = mem_grow(f->teller, f->count + 1, sizeof(*f->teller));
	f->teller[f->count++] = t;
}

static void
find_in_router(const struct bmp_router_info *r, void *ctx)
{
	bmp_peers(r, find_filtered, ctx);
}

static bool
is_filtered(const void *ctx, const struct teller *t)
{
	const struct filtered *f = ctx;
	size_t i = 0;

	while (i < f->count && f->teller[i] != t)
		i++;
	return i < f->count;
}

static struct dump_plan *
make_plan(struct dumping *d, unsigned slot, unsigned slots)
{
	struct daemon *daemon = d->feeds->d;
	struct filtered filtered = { 0 };
	const struct dump_who who = {
		.kind = feed_keys[d->row].kind, .slot = slot, .slots = slots, .kept = d->kept,
		.is_filtered = is_filtered, .ctx = &filtered,
	};
	struct dump_plan *plan;

	if (who.kind == TELLER_BMP && daemon->bmp != NULL)
		bmp_routers(daemon->bmp, find_in_router, &filtered);
	plan = dump_plan_begin(daemon->rib, &who);
	mem_free(filtered.teller);
	return plan;
}

/* Of one slot of routers; slots 0: of all. */
static void
begin_dump(struct dumping *d, int64_t time_s, unsigned slot, unsigned slots)
{
	const struct reader_job job = { run_dump, dump_over, d };

	if (d->plan != NULL) {
		d->skipped++;
		log_warn("dump of %s tables: the one before is still being written; skipped",
		    d->name);
		return;
	}
	d->began = mono_now();
	d->conf.tags = tagmap_share(d->feeds->tags[d->row]);
	d->conf.time = wall_of_sec(time_s);
	d->conf.seq = changes_number(d->feeds->changes);
	d->plan = make_plan(d, slot, slots);
	note_time(d, d->began);
	if (!reader_ask(d->feeds->d->reader, &job)) {
		d->skipped++;
		log_warn("dump of %s tables: too much else is to be written; skipped", d->name);
		dump_over(d, false);
		return;
	}
	log_info("*** Dumping %s tables - START (PID: %d RID: %u) ***", d->name, (int)getpid(),
	    ++d->runs);
}

static void
tick_dump(struct dumping *d)
{
	int64_t now_s = wall_sec(wall_now());
	unsigned slots;

	/* A clock that was set back, or far ahead, begins a new count. */
	if (d->due_s == 0 || now_s < d->due_s - d->every_s || now_s > d->due_s + 2 * d->every_s)
		d->due_s = (now_s / d->every_s + 1) * d->every_s;
	if (now_s < d->due_s)
		return;
	slots = (unsigned)(d->conf.period_s / d->every_s);
	begin_dump(d, d->due_s, (unsigned)(d->due_s / d->every_s % slots), slots);
	d->due_s += d->every_s;
}

static void
start_dumps(struct feeds *f, size_t i, const struct conf *conf)
{
	const struct feed_keys *k = &feed_keys[i];
	struct dumping *d = &f->dump[i];
	const char *file = conf_text(conf, CONF_ALL, k->dump);
	int64_t period_s, slots;

	*d = (struct dumping){ .feeds = f, .name = k->name, .row = i };
	if (file == NULL)
		return;
	period_s = conf_int(conf, CONF_ALL, k->refresh);
	slots = conf_int(conf, CONF_ALL, k->slots);
	if (period_s == 0) {
		log_warn("%s has no effect without %s", k->dump, k->refresh);
		return;
	}
	d->every_s = slots > 1 && slots <= period_s ? period_s / slots : period_s;
	d->conf = (struct dump_conf){
		.style = read_style(conf), .period_s = (uint32_t)period_s,
		.file = mem_strdup(file),
		.umask = (mode_t)conf_int(conf, CONF_ALL, "files_umask"),
	};
	if (conf_text(conf, CONF_ALL, k->latest) != NULL)
		d->conf.latest = mem_strdup(conf_text(conf, CONF_ALL, k->latest));
	if (k->kind == TELLER_BMP)
		d->kept = kept_new(&(struct kept_conf){ 0 });
	d->without_stats = k->without_stats != NULL && conf_bool(conf, CONF_ALL, k->without_stats);
	/* What was saved is told once at the start. */
	if (teller_next(f->d->rib, NULL) != NULL)
		begin_dump(d, wall_sec(wall_now()), 0, 0);
}

/* --- all of them --------------------------------------------------------------------------------- */

static void
start_msglog(struct feeds *f, size_t i, const struct conf *conf)
{
	const struct msglog_conf mc = {
		.file = conf_text(conf, CONF_ALL, feed_keys[i].msglog), .kind = feed_keys[i].kind,
		.style = read_style(conf),
		.umask = (mode_t)conf_int(conf, CONF_ALL, "files_umask"),
	};

	if (mc.file == NULL)
		return;
	f->msglog[i] = msglog_start(f->d->rib, f->changes, &mc);
	if (f->msglog[i] == NULL)
		log_error("%s: no room for another reader of changes", feed_keys[i].msglog);
}

static void
use_tags(struct feeds *f, size_t i, struct tagmap *tags)
{
	tagmap_release(f->tags[i]);
	f->tags[i] = tagmap_share(tags);
	if (f->msglog[i] != NULL)
		msglog_use_tags(f->msglog[i], tags);
}

void
feeds_use_tags(struct feeds *f, struct tagmap *const tags[TELLER_KINDS])
{
	for (size_t i = 0; f != NULL && i < FEEDS; i++)
		use_tags(f, i, tags[feed_keys[i].kind]);
}

struct feeds *
feeds_start(struct daemon *d, const struct conf *conf)
{
	struct feeds *f = mem_new(sizeof(*f));

	f->d = d;
	f->changes = changes_new(d->rib, d->epoch);
	for (size_t i = 0; i < FEEDS; i++) {
		start_msglog(f, i, conf);
		use_tags(f, i, daemon_setup(d)->tags[feed_keys[i].kind]);
		start_dumps(f, i, conf);
	}
	return f;
}

/* --- BMP, besides routes ------------------------------------------------------------------------ */

/* For the dump that comes next. */
static void
keep_note(struct feeds *f, const struct sbuf *b, bool statistic)
{
	const struct bmp_note *note = (const void *)b->text;

	for (size_t i = 0; i < FEEDS; i++)
		if (f->dump[i].kept != NULL && !(statistic && f->dump[i].without_stats))
			kept_tell(f->dump[i].kept, note, (const uint8_t *)(note + 1),
			    b->len - sizeof(*note));
}

/* A message as it came, or one of its statistics. */
static void
note_event(struct feeds *f, const struct bmp_event *e, enum bmp_note_kind kind,
    const struct bmp_stat *stat)
{
	const struct bmp_note note = { .kind = kind, .router = e->router, .port = e->port };
	struct sbuf b = { 0 };

	sbuf_add(&b, &note, sizeof(note));
	if (stat != NULL)
		bmprecord_stat(e->message, stat, &b);
	else if (kind == BMP_NOTE_MESSAGE)
		sbuf_add(&b, e->message->bytes, e->message->len);
	changes_tell(f->changes, TELLER_BMP, b.text, b.len);
	keep_note(f, &b, stat != NULL);
	sbuf_done(&b);
}

static void
note_message(struct feeds *f, const struct bmp_event *e)
{
	struct bmp_stats walk = e->message->stats;
	struct bmp_stat stat;

	if (e->message->type != BMP_STATISTICS)
		note_event(f, e, BMP_NOTE_MESSAGE, NULL);
	else
		while (bmp_stat_next(&walk, &stat))
			note_event(f, e, BMP_NOTE_MESSAGE, &stat);
}

/* Routes are told with the time and the flags of their message. */
static void
set_context(struct feeds *f, const struct bmp_peer_header *h)
{
	wall_t told = wall_of_sec(h->sec);

	told.ns += (int64_t)(h->usec % 1000000) * 1000;
	changes_context(f->changes, told, h->type == BMP_PEER_LOC_RIB ? h->flags : 0);
}

void
feeds_bmp(void *ctx, const struct bmp_event *e)
{
	struct feeds *f = ctx;

	switch (e->kind) {
	case BMP_EVENT_UP:
		note_event(f, e, BMP_NOTE_UP, NULL);
		break;
	case BMP_EVENT_BEGIN:
		set_context(f, &e->message->peer);
		break;
	case BMP_EVENT_MESSAGE:
		changes_context(f->changes, (wall_t){ 0 }, 0);
		if (bmprecord_has(e->message))
			note_message(f, e);
		break;
	case BMP_EVENT_DOWN:
		note_event(f, e, BMP_NOTE_DOWN, NULL);
		break;
	}
}

void
feeds_tick(struct feeds *f)
{
	for (size_t i = 0; f != NULL && i < FEEDS; i++)
		if (f->dump[i].every_s > 0)
			tick_dump(&f->dump[i]);
}

void
feeds_flush(struct feeds *f)
{
	if (f != NULL)
		changes_flush(f->changes);
}

struct changes *
feeds_changes(struct feeds *f)
{
	return f->changes;
}

void
feeds_reopen(struct feeds *f)
{
	for (size_t i = 0; f != NULL && i < FEEDS; i++)
		if (f->msglog[i] != NULL)
			msglog_reopen(f->msglog[i]);
}

void
feeds_stop(struct feeds *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < FEEDS; i++) {
		msglog_stop(f->msglog[i]);
		mem_free((char *)(uintptr_t)f->dump[i].conf.file);
		mem_free((char *)(uintptr_t)f->dump[i].conf.latest);
		sbuf_done(&f->dump[i].err);
		kept_free(f->dump[i].kept);
		tagmap_release(f->tags[i]);
	}
	changes_free(f->changes);
	mem_free(f);
}

/* A family of counters, and whether its books balance. */
static void
describe_counters(const void *family, const struct counter_row *row, size_t count, struct json *j)
{
	for (size_t k = 0; k < count; k++)
		json_u64(j, row[k].name, counter_get((const counter_t *)((const char *)family +
		    row[k].at)));
	json_i64(j, "balance", counter_balance(family, row, count));
}

static void
describe_msglog(struct msglog *m, struct json *j)
{
	struct msglog_counters counters = { 0 };

	msglog_counters(m, &counters);
	json_object(j, "msglog");
	describe_counters(&counters, msglog_counter_rows, msglog_counter_count, j);
	json_end(j, '}');
}

static void
describe_dumps(const struct dumping *d, struct json *j)
{
	json_object(j, "dumps");
	json_u64(j, "runs", d->runs);
	json_u64(j, "skipped", d->skipped);
	json_u64(j, "failed", d->failed);
	json_u64(j, "last_entries", d->f.entries);
	json_u64(j, "slowest_slice_us", (uint64_t)d->slowest_ns / 1000);
	if (d->kept != NULL) {
		json_object(j, "messages");
		describe_counters(kept_counters(d->kept), kept_counter_rows, kept_counter_count, j);
		json_end(j, '}');
	}
	json_end(j, '}');
}

void
feeds_describe(const struct feeds *f, struct json *j)
{
	json_array(j, "feeds");
	for (size_t i = 0; f != NULL && i < FEEDS; i++) {
		const struct dumping *d = &f->dump[i];

		json_object(j, NULL);
		json_str(j, "of", feed_keys[i].name);
		if (f->msglog[i] != NULL)
			describe_msglog(f->msglog[i], j);
		if (d->every_s > 0)
			describe_dumps(d, j);
		json_end(j, '}');
	}
	json_end(j, ']');
}
