/* SPDX-License-Identifier: BSD-2-Clause */
/* `waybill rib export FILE`: all tables as MRT, written by the reader into a file that is new. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "feed/mrt.h"
#include "feed/reader.h"
#include "rib/scan.h"
#include "waybilld/commands.h"

#define BATCH		256
#define HAND_OVER	((size_t)1 << 20)

struct export {
	struct answer *answer;
	struct rib_scan *scan;
	char *path;
	int fd;
	struct wr w;			/* not yet in the file */
	uint32_t routes;
	uint64_t bytes;
	int result;
	struct sbuf body;
};

/* Between batches, so that the reader holds nothing while the disk works. */
static int
flush(struct export *x, struct reader *r)
{
	size_t left = wr_len(&x->w);
	const uint8_t *at = x->w.start;

	epoch_offline(reader_slot(r));
	x->bytes += left;
	while (left > 0) {
		ssize_t n = write(x->fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		left -= (size_t)n;
	}
	x->w.at = x->w.start;
	epoch_tick(reader_epoch(r), reader_slot(r));
	return 0;
}

static void
put_peers(struct export *x, wall_t now)
{
	size_t n = rib_scan_tellers(x->scan);
	struct mrt_peer *peer = mem_array(n + 1, sizeof(*peer));

	for (size_t i = 0; i < n; i++) {
		const struct teller_info *info = rib_scan_teller(x->scan, i);

		peer[i] = (struct mrt_peer){ info->router, info->router_id, info->as };
	}
	mrt_put_peers(&x->w, peer, n, now);
	mem_free(peer);
}

static int
write_all(struct export *x, struct reader *r)
{
	struct rib_scanned batch[BATCH];
	wall_t now = wall_now();
	size_t n;

	put_peers(x, now);
	while ((n = rib_scan_next(x->scan, batch, BATCH)) > 0) {
		for (size_t i = 0; i < n; i++) {
			const struct mrt_route route = {
				.sequence = x->routes++, .peer = (uint16_t)batch[i].teller,
				.time = now, .rib = rib_scan_rib(x->scan),
				.nlri = &batch[i].nlri, .path = batch[i].path,
			};

			mrt_put_route(&x->w, &route);
		}
		if (wr_len(&x->w) >= HAND_OVER && flush(x, r) != 0)
			return -1;
		epoch_tick(reader_epoch(r), reader_slot(r));
		if (reader_is_ending(r)) {
			errno = ECANCELED;
			return -1;
		}
	}
	return flush(x, r) != 0 || fsync(x->fd) != 0 ? -1 : 0;
}

static void
run_export(struct reader *r, void *arg)
{
	const size_t room = HAND_OVER + BATCH * (size_t)MRT_ROUTE_MOST +
	    MRT_PEERS_MOST * sizeof(struct mrt_peer);
	struct export *x = arg;
	uint8_t *bytes;

	/* New, so that nobody's file is lost to a mistyped name. */
	x->fd = open(x->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	x->result = -1;
	if (x->fd >= 0) {
		bytes = mem_reserve(room, 0);
		x->w = wr_of(bytes, room);
		epoch_tick(reader_epoch(r), reader_slot(r));
		x->result = write_all(x, r);
		epoch_offline(reader_slot(r));
		mem_unreserve(bytes, room);
	}
	if (x->result != 0)
		sbuf_printf(&x->body, "%s: %s\n", x->path, strerror(errno));
	else
		sbuf_printf(&x->body, "{\"file\": \"%s\", \"routes\": %u, \"bytes\": %llu}\n", x->path,
		    x->routes, (unsigned long long)x->bytes);
	if (x->fd >= 0)
		close(x->fd);
	if (x->fd >= 0 && x->result != 0)
		(void)unlink(x->path);
}

static void
export_over(void *arg, bool ran)
{
	struct export *x = arg;

	rib_scan_end(x->scan);
	answer_done(x->answer, ran ? x->result : -1, &x->body);
	sbuf_done(&x->body);
	mem_free(x->path);
	mem_free(x);
}

int
begin_export(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out)
{
	struct daemon *d = ctx;
	struct export *x;
	struct reader_job job = { run_export, export_over, NULL };

	(void)json;
	if (d->rib == NULL || argc != 2 || argv[1][0] != '/') {
		sbuf_str(out, d->rib == NULL ? "no BGP: `bgp_daemon: true` is not set\n" :
		    "usage: rib export FILE\n");
		return -1;
	}
	x = mem_new(sizeof(*x));
	x->answer = a;
	x->path = mem_strdup(argv[1]);
	x->scan = rib_scan_begin(d->rib, NULL);
	job.arg = x;
	if (!reader_ask(d->reader, &job)) {
		sbuf_str(&x->body, "the reader has too much to do\n");
		export_over(x, false);
	}
	return 1;
}
