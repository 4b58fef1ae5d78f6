/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `waybill rib import FILE --router ADDRESS`: a table of another collector as what that router tells.
 * The reader parses the file into batches; control announces them, a slice at a time. What the table
 * of the same router had before and has no longer is swept at the end.
 *
 * Several peers of a file become several paths of a prefix, of which the preferred one answers: the
 * peer's number is the upper half of the path id.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/chan.h"
#include "core/log.h"
#include "core/mem.h"
#include "feed/mrt.h"
#include "feed/reader.h"
#include "feed/zfile.h"
#include "waybilld/commands.h"

#define SLICE_NS	(4 * NS_PER_MS)
#define RETRY_USEC	50000
#define BATCHES		32
#define BATCH_NLRI	1024
#define BATCH_BYTES	((size_t)256 << 10)

/* NLRIs of one message part, with the attributes they share. */
struct group {
	struct attrs attrs;		/* byte strings: places in the batch's bytes, see put_bytes */
	uint32_t first, count;
	bool gone;
};

struct batch {
	struct nlri nlri[BATCH_NLRI];
	struct group group[BATCH_NLRI];
	uint32_t nlris, groups, at;	/* at: the next group to tell */
	size_t used;
	uint8_t bytes[BATCH_BYTES];
};

struct import {
	struct daemon *d;
	struct answer *answer;
	char *path;
	struct teller_info info;
	bool one_peer;
	struct addr peer;		/* only this one's routes */
	struct teller *teller;
	struct chan *batches;
	struct event *come;
	struct batch *filling;		/* the reader's */
	struct batch *telling;		/* control's */
	struct reader *reader;
	bool parsed;
	int result;
	struct mrt_counters c;
	uint64_t told, refused;
	struct sbuf err;
};

/* --- the reader's side --------------------------------------------------------------------------- */

static void
send_batch(struct import *im)
{
	if (im->filling == NULL || im->filling->groups == 0)
		return;
	while (!chan_send(im->batches, im->filling)) {
		if (reader_is_ending(im->reader))
			return;
		usleep(1000);
	}
	im->filling = NULL;
}

static const uint8_t *
put_bytes(struct batch *b, const uint8_t *bytes, size_t len)
{
	uint8_t *at = b->bytes + b->used;

	if (len > 0)
		memcpy(at, bytes, len);
	b->used += len;
	return at;
}

static struct group *
add_group(struct import *im, const struct attrs *a, bool gone)
{
	size_t need = (size_t)a->aspath_len + a->comms_len + a->ecomms_len + a->lcomms_len;
	struct batch *b = im->filling;
	struct group *g;

	if (b != NULL && (b->nlris == BATCH_NLRI || b->groups == BATCH_NLRI ||
	    BATCH_BYTES - b->used < need)) {
		send_batch(im);
		b = im->filling;
	}
	if (b != NULL && b->groups > 0 && im->filling == b && b->nlris == BATCH_NLRI)
		return NULL;		/* the daemon ends */
	if (b == NULL)
		b = im->filling = mem_new(sizeof(*b));
	g = &b->group[b->groups++];
	*g = (struct group){ .attrs = *a, .first = b->nlris, .gone = gone };
	g->attrs.aspath = put_bytes(b, a->aspath, a->aspath_len);
	g->attrs.comms = put_bytes(b, a->comms, a->comms_len);
	g->attrs.ecomms = put_bytes(b, a->ecomms, a->ecomms_len);
	g->attrs.lcomms = put_bytes(b, a->lcomms, a->lcomms_len);
	return g;
}

/* What tells the routes of several peers apart (above). */
static uint32_t
name_path(const struct import *im, uint32_t peer, uint32_t path_id)
{
	return im->one_peer ? path_id : peer << 16 | (path_id & 0xffff);
}

static void
take_part(struct import *im, const struct update_part_nlri *part, const struct attrs *common,
    uint32_t peer, uint32_t path_id, bool gone)
{
	struct attrs attrs = gone ? (struct attrs){ 0 } : *common;
	struct rd field = part->nlri;
	struct group *g;
	size_t n = 1;

	attrs.next_hop = part->next_hop;
	while (n > 0 && (g = add_group(im, &attrs, gone)) != NULL) {
		struct batch *b = im->filling;

		n = nlri_take(part->family, part->form, &field, b->nlri + b->nlris,
		    BATCH_NLRI - b->nlris);
		for (size_t i = 0; i < n; i++)
			b->nlri[b->nlris + i].path_id = name_path(im, peer,
			    part->form & NLRI_PATH_ID ? b->nlri[b->nlris + i].path_id : path_id);
		b->nlris += (uint32_t)n;
		g->count = (uint32_t)n;
	}
}

static void
on_update(void *ctx, const struct mrt *m, uint32_t peer, uint32_t path_id,
    const struct bgp_update *u)
{
	struct import *im = ctx;

	if (im->one_peer && !addr_eq(&m->peer[peer].addr, &im->peer))
		return;
	for (int i = 0; i < UPDATE_PARTS; i++)
		if (u->part[i].family != NULL && u->part[i].count > 0)
			take_part(im, &u->part[i], &u->attrs, peer, path_id,
			    i < PART_NLRI || u->verdict >= VERDICT_WITHDRAW);
}

static int
parse(struct import *im, struct mrt *m, struct zfile *z)
{
	const size_t room = MRT_RECORD_MOST + 65536;
	uint8_t *bytes = mem_reserve(room, 0);
	size_t have = 0;
	int result = 0;
	ssize_t n = 1;

	while (n > 0 && result >= 0 && !reader_is_ending(im->reader)) {
		struct rd r;

		n = zfile_read(z, bytes + have, have + 65536 < room ? 65536 : room - have);
		have += n > 0 ? (size_t)n : 0;
		r = rd_of(bytes, have);
		while ((result = mrt_take(m, &r)) > 0)
			;
		have = rd_left(&r);
		memmove(bytes, r.at, have);
	}
	mem_unreserve(bytes, room);
	if (n == 0 && result == 0 && have == 0)
		return 0;
	sbuf_printf(&im->err, "%s: it is damaged, or no MRT file; read as far as it went\n", im->path);
	return -1;
}

static void
run_import(struct reader *r, void *arg)
{
	struct import *im = arg;
	struct zfile *z = zfile_open(im->path, &im->err);
	struct mrt *m;

	im->reader = r;
	im->result = -1;
	if (z == NULL) {
		sbuf_char(&im->err, '\n');
		return;
	}
	m = mem_new(sizeof(*m));
	m->update = on_update;
	m->ctx = im;
	im->result = parse(im, m, z);
	send_batch(im);
	im->c = m->c;
	mrt_done(m);
	mem_free(m);
	zfile_close(z);
}

/* --- control's side ------------------------------------------------------------------------------ */

static void
each_family(struct teller *t, void (*act)(struct teller *t, enum rib_afi afi, enum rib_safi safi))
{
	for (int k = 0; k < RIB_AFIS * RIB_SAFIS; k++)
		act(t, (enum rib_afi)(k / RIB_SAFIS), (enum rib_safi)(k % RIB_SAFIS));
}

static void
finish(struct import *im)
{
	struct batch *b;

	if (im->told == 0 && teller_is_stale(im->teller) == false && im->result != 0)
		teller_gone(im->teller);	/* nothing came of it */
	else
		each_family(im->teller, rib_sweep);
	if (im->result == 0)
		sbuf_printf(&im->err, "{\"file\": \"%s\", \"records\": %llu, \"routes\": %llu, "
		    "\"withdrawn\": %llu, \"skipped\": %llu, \"malformed\": %llu, "
		    "\"refused\": %llu}\n", im->path, (unsigned long long)im->c.records,
		    (unsigned long long)im->told, (unsigned long long)im->c.withdrawn,
		    (unsigned long long)im->c.skipped, (unsigned long long)im->c.malformed,
		    (unsigned long long)im->refused);
	answer_done(im->answer, im->result, &im->err);
	while ((b = chan_take(im->batches)) != NULL)
		mem_free(b);
	mem_free(im->telling);
	mem_free(im->filling);
	event_free(im->come);
	chan_free(im->batches);
	sbuf_done(&im->err);
	mem_free(im->path);
	mem_free(im);
}

/* false: its budget is used up for now. */
static bool
tell_group(struct import *im, const struct group *g)
{
	const struct nlri *nlri = im->telling->nlri + g->first;
	uint32_t path;
	size_t took;

	if (g->count == 0)
		return true;
	if (g->gone) {
		for (uint32_t i = 0; i < g->count; i++)
			(void)rib_withdraw(im->teller, &nlri[i]);
		return true;
	}
	path = attrs_put(im->teller, &g->attrs);
	if (path == 0)
		return false;
	took = rib_announce_many(im->teller, nlri, g->count, path);
	im->told += took;
	im->refused += g->count - took;
	return true;
}

/* Tell what is there for one slice; true: there is nothing more for now. */
static bool
tell_slice(struct import *im, mono_t until)
{
	for (;;) {
		struct batch *b = im->telling;

		if (b == NULL && (b = im->telling = chan_take(im->batches)) == NULL)
			return true;
		for (; b->at < b->groups; b->at++) {
			if (mono_due(mono_now(), until) || !tell_group(im, &b->group[b->at]))
				return false;
		}
		mem_free(b);
		im->telling = NULL;
	}
}

static void
on_batches(evutil_socket_t fd, short what, void *arg)
{
	struct import *im = arg;
	struct timeval next = { 0 };
	mono_t until = mono_add(mono_now(), SLICE_NS);
	bool idle = tell_slice(im, until);

	(void)fd;
	(void)what;
	if (idle && im->parsed) {
		finish(im);
		return;
	}
	/* Out of time: at once again, behind the others. Out of budget: in a moment. */
	if (!idle && !mono_due(mono_now(), until))
		next.tv_usec = RETRY_USEC;
	else if (idle)
		next.tv_usec = 2000;
	event_add(im->come, &next);
}

static void
import_over(void *arg, bool ran)
{
	struct import *im = arg;

	im->parsed = true;
	if (ran && !im->d->stopping)
		return;
	im->result = -1;
	event_del(im->come);
	finish(im);
}

static struct teller *
teller_of(struct daemon *d, const struct teller_info *info)
{
	for (struct teller *t = teller_next(d->rib, NULL); t != NULL; t = teller_next(d->rib, t))
		if (teller_info(t)->kind == TELLER_FILE &&
		    addr_eq(&teller_info(t)->router, &info->router)) {
			each_family(t, rib_stale);
			return t;
		}
	return teller_new(d->rib, info);
}

/* FILE --router ADDRESS [--as N] [--peer ADDRESS] */
static int
take_words(struct import *im, int argc, char **argv)
{
	if (argc < 4 || argv[1][0] != '/')
		return -1;
	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--as") == 0)
			im->info.as = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--router") == 0 &&
		    addr_parse(argv[i + 1], &im->info.router) == 0)
			im->info.router_id = im->info.router;
		else if (strcmp(argv[i], "--peer") == 0 && addr_parse(argv[i + 1], &im->peer) == 0)
			im->one_peer = true;
		else
			return -1;
	}
	return addr_is_set(&im->info.router) && argc % 2 == 0 ? 0 : -1;
}

int
begin_import(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out)
{
	struct import *im = mem_new(sizeof(*im));
	struct reader_job job = { run_import, import_over, im };
	struct timeval soon = { .tv_usec = 2000 };
	struct daemon *d = ctx;

	(void)json;
	if (d->rib == NULL || take_words(im, argc, argv) != 0) {
		sbuf_str(out, d->rib == NULL ? "no BGP: `bgp_daemon: true` is not set\n" :
		    "usage: rib import FILE --router ADDRESS [--as N] [--peer ADDRESS]\n");
		mem_free(im);
		return -1;
	}
	im->d = d;
	im->answer = a;
	im->path = mem_strdup(argv[1]);
	im->info.kind = TELLER_FILE;
	im->info.name = im->path;
	im->reader = d->reader;
	im->batches = chan_new(BATCHES);
	im->come = event_new(d->base, -1, 0, on_batches, im);
	im->teller = teller_of(d, &im->info);
	if (!reader_ask(d->reader, &job)) {
		sbuf_str(&im->err, "the reader has too much to do\n");
		import_over(im, false);
		return 1;
	}
	event_add(im->come, &soon);
	return 1;
}

/* `waybill rib forget ADDRESS`: an imported table goes. */
int
run_forget(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	struct daemon *d = ctx;
	struct addr a;

	(void)json;
	if (d->rib == NULL || argc != 2 || addr_parse(argv[1], &a) != 0) {
		sbuf_str(out, "usage: rib forget ADDRESS\n");
		return -1;
	}
	for (struct teller *t = teller_next(d->rib, NULL); t != NULL; t = teller_next(d->rib, t))
		if (teller_info(t)->kind == TELLER_FILE && addr_eq(&teller_info(t)->router, &a)) {
			teller_gone(t);
			sbuf_str(out, "{}\n");
			return 0;
		}
	sbuf_printf(out, "no table was imported for %s\n", argv[1]);
	return -1;
}
