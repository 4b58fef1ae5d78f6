/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When snapshots are read and written, and what is said about it. The writing itself is the
 * reader's, between one begin and end of a scan by control.
 */
#include "waybilld/saved_rib.h"

#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "feed/reader.h"
#include "rib/snapshot.h"

#define OLDEST_NS	(24 * 3600 * NS_PER_SEC)

struct saved_rib {
	struct daemon *d;
	char *path;
	int64_t every_ns;		/* 0: at the end only */
	mono_t due;
	struct rib_scan *scan;		/* of the writing on its way, else NULL */
	struct snapshot_figures figures;	/* of that one, then of the last that is whole */
	struct snapshot_figures last;
	int64_t cpu_ns;
	int result;
	struct sbuf err;		/* of the last one; empty: it went well */
};

static char *
find_path(const struct conf *conf)
{
	const char *path = conf_text(conf, CONF_ALL, "rib_snapshot_file");
	const char *state = conf_text(conf, CONF_ALL, "state_dir");
	struct sbuf b = { 0 };

	if (path == NULL && state == NULL)
		return NULL;
	if (path != NULL)
		sbuf_str(&b, path);
	else
		sbuf_printf(&b, "%s/rib", state);
	return b.text;
}

static void
read_snapshot(struct saved_rib *s, const struct conf *conf)
{
	int64_t stale_ns = conf_int(conf, CONF_ALL, "bgp_daemon_stale_time") * NS_PER_SEC;
	mono_t began = mono_now();
	struct snapshot_figures f;
	struct sbuf err = { 0 };

	if (stale_ns == 0 || access(s->path, F_OK) != 0)
		return;
	if (rib_snapshot_read(s->d->rib, s->path, wall_add(wall_now(), -OLDEST_NS),
	    mono_add(began, stale_ns), &f, &err) != 0)
		log_warn("saved routes: %s: %s; begun without", s->path, sbuf_text(&err));
	else
		log_info("saved routes: %llu of %llu peers read in %lld ms, saved %lld s ago%s",
		    (unsigned long long)f.routes, (unsigned long long)f.tellers,
		    (long long)(mono_since(mono_now(), began) / NS_PER_MS),
		    (long long)((wall_now().ns - f.saved.ns) / NS_PER_SEC),
		    f.refused > 0 ? "; some found no room" : "");
	sbuf_done(&err);
}

struct saved_rib *
saved_rib_start(struct daemon *d, const struct conf *conf)
{
	char *path = find_path(conf);
	struct saved_rib *s;

	if (path == NULL)
		return NULL;
	s = mem_new(sizeof(*s));
	s->d = d;
	s->path = path;
	s->every_ns = conf_int(conf, CONF_ALL, "rib_snapshot_interval") * NS_PER_SEC;
	read_snapshot(s, conf);
	if (s->every_ns > 0)
		s->due = mono_add(mono_now(), s->every_ns);
	return s;
}

static void
write_snapshot(struct reader *r, void *arg)
{
	struct saved_rib *s = arg;
	int64_t began = cpu_ns();

	sbuf_clear(&s->err);
	s->result = rib_snapshot_write(s->scan, reader_epoch(r), reader_slot(r), s->path,
	    &s->figures, &s->err);
	s->cpu_ns = cpu_ns() - began;
}

static void
written(void *arg, bool ran)
{
	struct saved_rib *s = arg;

	rib_scan_end(s->scan);
	s->scan = NULL;
	if (!ran)
		return;
	if (s->result != 0) {
		log_error("saved routes: %s", sbuf_text(&s->err));
		return;
	}
	s->last = s->figures;
	log_info("saved routes: %llu of %llu peers written to %s, %llu bytes, %lld ms of CPU",
	    (unsigned long long)s->last.routes, (unsigned long long)s->last.tellers, s->path,
	    (unsigned long long)s->last.bytes, (long long)(s->cpu_ns / NS_PER_MS));
}

void
saved_rib_tick(struct saved_rib *s, mono_t now)
{
	const struct reader_job job = { write_snapshot, written, s };

	if (s == NULL || s->scan != NULL || !mono_due(now, s->due))
		return;
	s->due = mono_add(now, s->every_ns);
	s->scan = rib_scan_begin(s->d->rib, NULL);
	if (!reader_ask(s->d->reader, &job))
		written(s, false);
}

void
saved_rib_stop(struct saved_rib *s)
{
	struct epoch_reader *slot;

	if (s == NULL)
		return;
	slot = epoch_join(s->d->epoch);
	s->scan = rib_scan_begin(s->d->rib, NULL);
	sbuf_clear(&s->err);
	s->result = rib_snapshot_write(s->scan, s->d->epoch, slot, s->path, &s->figures, &s->err);
	written(s, true);
	epoch_leave(s->d->epoch, slot);
	sbuf_done(&s->err);
	mem_free(s->path);
	mem_free(s);
}

void
saved_rib_describe(const struct saved_rib *s, struct json *j)
{
	if (s == NULL)
		return;
	json_object(j, "saved_routes");
	json_str(j, "file", s->path);
	json_u64(j, "routes", s->last.routes);
	json_u64(j, "bytes", s->last.bytes);
	json_u64(j, "written", (uint64_t)wall_sec(s->last.saved));
	json_str(j, "last_error", s->err.len > 0 ? s->err.text : "");
	json_end(j, '}');
}
