/* SPDX-License-Identifier: BSD-2-Clause */
/* One file at a time, in the order of the tellers; tellers whose names are equal share a file. */
#include "feed/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/mem.h"
#include "feed/feedname.h"

#define BATCH		256
#define HAND_OVER	((size_t)256 << 10)

struct dumper {
	const struct dump_conf *conf;
	struct rib_scan *scan;
	struct epoch *ep;
	struct epoch_reader *slot;
	struct sbuf text;		/* not yet in the file */
	char **path;			/* files of this run; the last one is open */
	size_t paths;
	int fd;				/* -1: none */
	size_t next;			/* the first teller that was not begun */
	uint64_t entries;		/* of the teller at hand */
	struct dump_figures f;
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

/* The file of this teller is open: emptied when this run comes to it for the first time. */
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
put_record(struct dumper *d, enum record_kind kind, size_t teller, const struct rib_scanned *route)
{
	const struct record r = {
		.kind = kind, .rib = rib_scan_rib(d->scan), .info = rib_scan_teller(d->scan, teller),
		.seq = d->conf->seq, .time = d->conf->time, .entries = d->entries,
		.period_s = d->conf->period_s, .tags = d->conf->tags,
		.nlri = route != NULL ? &route->nlri : NULL,
		.path = route != NULL ? route->path : 0,
	};

	record_put(&r, &d->conf->style, &d->text);
}

static bool
is_mine(const struct dumper *d, const struct teller_info *info)
{
	uint64_t word[2];

	if (info->kind != d->conf->kind)
		return false;
	memcpy(word, info->router.b, sizeof(word));
	return d->conf->slots <= 1 ||
	    hash_words(word, 2, 0) % d->conf->slots == d->conf->slot;
}

static int
end_teller(struct dumper *d)
{
	size_t teller = d->next - 1;
	const struct teller_info *info;

	if (d->next == 0 || !is_mine(d, info = rib_scan_teller(d->scan, teller)))
		return 0;
	put_record(d, RECORD_DUMP_CLOSE, teller, NULL);
	d->f.tables++;
	d->f.entries += d->entries;
	d->entries = 0;
	return link_latest(d, info, d->path[d->paths - 1]);
}

/* End the teller at hand and begin those up to `teller`, also such as have no routes. */
static int
reach_teller(struct dumper *d, size_t teller)
{
	while (d->next <= teller) {
		const struct teller_info *info;

		if (end_teller(d) != 0)
			return -1;
		info = rib_scan_teller(d->scan, d->next++);
		if (!is_mine(d, info))
			continue;
		if (open_file(d, info) != 0)
			return -1;
		put_record(d, RECORD_DUMP_INIT, d->next - 1, NULL);
	}
	return 0;
}

/* The text of a batch is made before anything waits for a disk: its paths hold no longer. */
static int
put_batch(struct dumper *d, const struct rib_scanned *r, size_t n)
{
	if (!is_mine(d, rib_scan_teller(d->scan, r->teller)))
		return 0;
	for (size_t i = 0; i < n; i++)
		put_record(d, RECORD_DUMP, r->teller, &r[i]);
	d->entries += n;
	return d->text.len >= HAND_OVER ? flush(d) : 0;
}

static int
dump_all(struct dumper *d, bool (*ending)(const void *ctx), const void *ctx)
{
	struct rib_scanned batch[BATCH];
	size_t n, tellers = rib_scan_tellers(d->scan);

	/* One teller after the other: files are opened before its routes are asked for. */
	for (size_t t = 0; t < tellers; t++) {
		if (reach_teller(d, t) != 0)
			return -1;
		while ((n = rib_scan_next_of(d->scan, (uint32_t)t, batch, BATCH)) > 0) {
			if (put_batch(d, batch, n) != 0)
				return -1;
			epoch_tick(d->ep, d->slot);
			if (ending(ctx)) {
				sbuf_str(d->err, "the daemon ends");
				return -1;
			}
		}
	}
	return end_teller(d) != 0 ? -1 : close_file(d);
}

int
dump_write(struct rib_scan *scan, struct epoch *ep, struct epoch_reader *slot,
    const struct dump_conf *conf, bool (*ending)(const void *ctx), const void *ctx,
    struct dump_figures *ret, struct sbuf *err)
{
	struct dumper d = {
		.conf = conf, .scan = scan, .ep = ep, .slot = slot, .fd = -1, .err = err,
	};
	int result;

	epoch_tick(ep, slot);
	result = dump_all(&d, ending, ctx);
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
