/* SPDX-License-Identifier: BSD-2-Clause */
/* One file at a time, in the order of the units; units whose names are equal share a file. */
#include "feed/dump.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "feed/feedname.h"

#define BATCH		256
#define HAND_OVER	((size_t)256 << 10)

struct dumper {
	const struct dump_conf *conf;
	const struct dump_plan *plan;
	struct epoch *ep;
	struct epoch_reader *slot;
	struct sbuf text;		/* not yet in the file */
	char **path;			/* files of this run; the last one is open */
	size_t paths;
	int fd;				/* -1: none */
	uint64_t entries;		/* of the unit at hand */
	uint64_t notes;			/* in text */
	struct dump_figures f;
	bool (*ending)(const void *ctx);
	const void *ctx;
	struct sbuf *err;
};

static int
fail(struct dumper *d, const char *path)
{
	sbuf_printf(d->err, "%s: %s", path, strerror(errno));
	return -1;
}

/* Between batches, so that the reader holds nothing while the disk works. */
static int
flush(struct dumper *d)
{
	const char *at = d->text.text;
	size_t left = d->text.len;

	epoch_offline(d->slot);
	while (left > 0) {
		ssize_t n = write(d->fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(d, d->path[d->paths - 1]);
		at += n;
		left -= (size_t)n;
	}
	d->f.bytes += d->text.len;
	d->f.notes += d->notes;
	d->notes = 0;
	sbuf_clear(&d->text);
	epoch_tick(d->ep, d->slot);
	return 0;
}

/* Point the link at the file, in one step. */
static int
link_latest(struct dumper *d, const struct teller_info *info, const char *path)
{
	struct sbuf name = { 0 }, temp = { 0 };
	int result = 0;

	if (d->conf->latest == NULL)
		return 0;
	feedname_expand(d->conf->latest, info, d->conf->time, d->conf->style.utc, &name);
	sbuf_printf(&temp, "%s.new", sbuf_text(&name));
	(void)unlink(sbuf_text(&temp));
	if (feedname_folders(sbuf_text(&name)) != 0 || symlink(path, sbuf_text(&temp)) != 0 ||
	    rename(sbuf_text(&temp), sbuf_text(&name)) != 0)
		result = fail(d, sbuf_text(&name));
	sbuf_done(&name);
	sbuf_done(&temp);
	return result;
}

static int
close_file(struct dumper *d)
{
	int fd = d->fd;

	if (fd < 0)
		return 0;
	if (flush(d) != 0)
		return -1;
	d->fd = -1;
	return close(fd) == 0 ? 0 : fail(d, d->path[d->paths - 1]);
}

/* The file of this unit is open: emptied when this run comes to it for the first time. */
static int
open_file(struct dumper *d, const struct teller_info *info)
{
	struct sbuf name = { 0 };
	bool seen = false;
	int result = 0;

	feedname_expand(d->conf->file, info, d->conf->time, d->conf->style.utc, &name);
	if (d->fd >= 0 && strcmp(d->path[d->paths - 1], sbuf_text(&name)) == 0) {
		sbuf_done(&name);
		return 0;
	}
	for (size_t i = 0; i < d->paths && !seen; i++)
		seen = strcmp(d->path[i], sbuf_text(&name)) == 0;
	if (close_file(d) != 0 || feedname_folders(sbuf_text(&name)) != 0)
		result = -1;
	if (result == 0)
		d->fd = open(sbuf_text(&name), O_WRONLY | O_CREAT | O_CLOEXEC |
		    (seen ? O_APPEND : O_TRUNC), 0666 & ~d->conf->umask);
	if (d->fd < 0) {
		sbuf_clear(d->err);
		result = fail(d, sbuf_text(&name));
	}
	d->path = mem_grow(d->path, d->paths + 1, sizeof(*d->path));
	d->path[d->paths++] = name.text;
	return result;
}

static void
put_end(struct dumper *d, enum record_kind kind, const struct dump_unit *u)
{
	const struct record r = {
		.kind = kind, .rib = d->plan->rib, .info = &u->info, .seq = d->conf->seq,
		.time = d->conf->time, .entries = d->entries, .period_s = d->conf->period_s,
		.tags = d->conf->tags,
	};

	record_put(&r, &d->conf->style, &d->text);
}

/* The text of a batch is made before anything waits for a disk: its paths hold no longer. */
static int
put_batch(struct dumper *d, const struct dump_unit *u, const struct rib_scanned *route, size_t n)
{
	struct teller_info info = *rib_scan_teller(d->plan->scan, route->teller);
	struct record r = {
		.kind = RECORD_DUMP, .rib = d->plan->rib, .info = &info, .seq = d->conf->seq,
		.time = d->conf->time, .tags = d->conf->tags,
		.filtered = d->plan->filtered[route->teller],
	};

	info.port = u->info.port;
	for (size_t i = 0; i < n; i++) {
		r.nlri = &route[i].nlri;
		r.path = route[i].path;
		record_put(&r, &d->conf->style, &d->text);
	}
	d->entries += n;
	return d->text.len >= HAND_OVER ? flush(d) : 0;
}

/* Between two pieces of work. */
static int
breathe(struct dumper *d)
{
	epoch_tick(d->ep, d->slot);
	if (!d->ending(d->ctx))
		return 0;
	sbuf_str(d->err, "the daemon ends");
	return -1;
}

static int
put_routes(struct dumper *d, const struct dump_unit *u)
{
	struct rib_scanned batch[BATCH];
	size_t n;

	while (u->tellers > 0 && (n = rib_scan_next_of(d->plan->scan, u->first + u->tellers - 1,
	    batch, BATCH)) > 0)
		if (put_batch(d, u, batch, n) != 0 || breathe(d) != 0)
			return -1;
	return 0;
}

/* What is no route, in the order in which it was told. */
static int
put_notes(struct dumper *d, const struct dump_unit *u)
{
	struct bmp_note note;
	struct bmprecord r = {
		.note = &note, .seq = d->conf->seq, .dumped = d->conf->time, .tags = d->conf->tags,
	};
	size_t at = 0;

	while (kept_next(&u->notes, &at, &note, &r.message, &r.len)) {
		bool made = bmprecord_put(&r, &d->conf->style, &d->text);

		assert(made);		/* it was good when it was told */
		d->notes++;
		if (d->text.len >= HAND_OVER && (flush(d) != 0 || breathe(d) != 0))
			return -1;
	}
	return 0;
}

/* Its file is opened before routes are asked for: nothing is held meanwhile. */
static int
put_unit(struct dumper *d, const struct dump_unit *u)
{
	d->entries = 0;
	epoch_offline(d->slot);
	if (open_file(d, &u->info) != 0)
		return -1;
	epoch_tick(d->ep, d->slot);
	put_end(d, RECORD_DUMP_INIT, u);
	if (put_routes(d, u) != 0 || put_notes(d, u) != 0)
		return -1;
	put_end(d, RECORD_DUMP_CLOSE, u);
	d->f.tables++;
	d->f.entries += d->entries;
	return link_latest(d, &u->info, d->path[d->paths - 1]);
}

static int
dump_all(struct dumper *d)
{
	for (size_t i = 0; i < d->plan->units; i++)
		if (put_unit(d, &d->plan->unit[i]) != 0)
			return -1;
	return close_file(d);
}

int
dump_write(const struct dump_plan *plan, struct epoch *ep, struct epoch_reader *slot,
    const struct dump_conf *conf, bool (*ending)(const void *ctx), const void *ctx,
    struct dump_figures *ret, struct sbuf *err)
{
	struct dumper d = {
		.conf = conf, .plan = plan, .ep = ep, .slot = slot, .fd = -1, .err = err,
		.ending = ending, .ctx = ctx,
	};
	int result;

	epoch_tick(ep, slot);
	result = dump_all(&d);
	epoch_offline(slot);
	if (d.fd >= 0)
		close(d.fd);
	for (size_t i = 0; i < d.paths; i++)
		mem_free(d.path[i]);
	mem_free(d.path);
	sbuf_done(&d.text);
	*ret = d.f;
	return result;
}
