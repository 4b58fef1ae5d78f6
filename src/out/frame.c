/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame around every kind of output: its thread. Slices come in through a channel and go into
 * the open bin table. When a purge is due the open table becomes the batch and a fresh one takes
 * its place; the batch is written bin by bin, a bin that was written leaves it, and what could not
 * be written stays exactly as it was, to be tried again with a growing pause while slices go on
 * coming in. So a retry repeats the same rows under the same purge, which is what outputs that
 * acknowledge need to land each row once.
 *
 * Control asks by flags and a wake-up; nobody ever waits for this thread but output_stop.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/framejournal.h"
#include "out/output.h"
#include "out/preprocess.h"
#include "out/trigger.h"

#define CHAN_ROOM	256		/* slices waiting for this thread */
#define FDS_MOST	128
#define RETRY_FIRST_NS	(100 * NS_PER_MS)
#define RETRY_MOST_NS	(30 * NS_PER_SEC)
#define LAST_TRIES	5		/* at the end: about three seconds */
#define TICK_MS		1000
#define SLICE_NS	(10 * NS_PER_SEC)	/* longest a slice stays open, by default */

/* The purge under way. */
struct batch {
	struct bintab *tab;		/* NULL: none */
	struct purge purge;
	size_t total, written;		/* rows */
	wall_t bin;			/* the last one written */
	mono_t begun, retry;
	unsigned failures;
};

struct output {
	const struct out_kind *kind;
	struct out_env env;
	const struct rib *rib;
	struct chan *chan;
	struct rack *rack;
	pthread_t thread;
	bool ended;			/* control's: the thread was joined */

	/* settings */
	int64_t refresh_ns, base_ns, slice_ns;
	struct preprocess pre;
	const char *trigger_exec;

	/* asked by control */
	_Atomic bool flush, reopen, stop;

	/* the thread's own */
	void *self;
	struct bintab *tab;		/* open */
	struct framejournal journal;
	struct batch batch;
	wall_t due;
	uint64_t seq;
	struct trigger trigger;
	struct out_counters c;

	/* how the start went */
	sem_t started;
	struct sbuf *start_err;

	pthread_mutex_t state_lock;
	struct sbuf state;		/* empty: ok */
};

static void
set_state(struct output *o, const char *text)
{
	pthread_mutex_lock(&o->state_lock);
	sbuf_clear(&o->state);
	sbuf_str(&o->state, text);
	pthread_mutex_unlock(&o->state_lock);
}

/* The next multiple of the refresh time, from the base on, after `now`. */
static wall_t
next_due(const struct output *o, wall_t now)
{
	int64_t since = now.ns - o->base_ns;
	int64_t n = since >= 0 ? since / o->refresh_ns : -((-since - 1) / o->refresh_ns) - 1;

	return (wall_t){ o->base_ns + (n + 1) * o->refresh_ns };
}

static void
count_held(struct output *o)
{
	struct bintab_sums open = bintab_sums(o->tab), batch = { 0 };

	if (o->batch.tab != NULL)
		batch = bintab_sums(o->batch.tab);
	counter_set(&o->c.bytes_held, open.bytes + batch.bytes);
	counter_set(&o->c.packets_held, open.packets + batch.packets);
}

static void
add_slice(struct output *o, struct slice *s)
{
	count(&o->c.slices);
	if (s->entries >= SLICE_MOST)
		count(&o->c.early_slices);
	count_add(&o->c.flows_in, s->offered);
	count_add(&o->c.filtered, s->filtered);
	for (unsigned i = 0; i < FILTER_REASONS; i++)
		count_add(&o->c.reason[i], s->reason[i]);
	count_add(&o->c.made, s->made);
	count_add(&o->c.late, s->late);
	count_add(&o->c.flows_added, s->flows_in);
	count_add(&o->c.bytes_added, s->bytes_in);
	count_add(&o->c.packets_added, s->packets_in);
	bintab_add(framejournal_on(&o->journal) ? o->journal.fresh : o->tab, o->rib, s);
	slice_free(s, o->rack);
}

static void
take_slices(struct output *o)
{
	struct slice *s;
	bool any = false;

	for (; (s = chan_take(o->chan)) != NULL; any = true)
		add_slice(o, s);
	if (any && framejournal_on(&o->journal))
		framejournal_checkpoint(&o->journal, o->tab);
	if (any)
		count_held(o);
}

struct writing {
	struct output *o;
	struct sbuf err;
	size_t gone;			/* rows of the batch that are done with, in its order */
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;
	struct output *o = w->o;
	struct out_rejected aside = { 0 };
	struct rowset pass = *rs;
	uint64_t *room = NULL;
	int ret = 0;

	o->batch.purge.rejected = &aside;
	if (o->pre.checks > 0)
		pass = preprocess_rows(&o->pre, rs, &room);
	if (pass.rows > 0)
		ret = o->kind->write(o->self, &o->batch.purge, &pass, &w->err);
	mem_free(room);
	o->batch.purge.rejected = NULL;
	if (ret != 0)
		return -1;
	pass.rows -= aside.rows;
	pass.bytes -= aside.bytes;
	pass.packets -= aside.packets;
	w->gone += rs->rows;
	o->batch.written += pass.rows;
	o->batch.bin = rs->bin;
	count_add(&o->c.rows_purged, pass.rows);
	count_add(&o->c.bytes_purged, pass.bytes);
	count_add(&o->c.packets_purged, pass.packets);
	count_add(&o->c.rows_rejected, rs->rows - pass.rows);
	count_add(&o->c.bytes_rejected, rs->bytes - pass.bytes);
	count_add(&o->c.packets_rejected, rs->packets - pass.packets);
	return 0;
}

/* The rows that were written leave the batch; they are its first ones. */
static void
drop_written(struct bintab *tab, size_t rows)
{
	uint8_t *gone;

	if (rows == 0)
		return;
	gone = mem_new(bintab_rows(tab));
	memset(gone, 1, rows);
	bintab_remove(tab, gone);
	mem_free(gone);
}

static void
run_trigger(struct output *o)
{
	struct trigger_facts facts = {
		.refresh_s = o->refresh_ns / NS_PER_SEC,
		.history_s = o->env.plan->bins.length_ns / NS_PER_SEC,
		.bin_s = wall_sec(o->batch.bin),
		.elapsed_s = mono_since(mono_now(), o->batch.begun) / NS_PER_SEC,
		.total_rows = o->batch.total,
		.written_rows = o->batch.written,
	};

	if (trigger_run(&o->trigger, o->trigger_exec, &facts) != 0)
		log_write(LOG_LVL_WARN, o->env.subject, "'%s' was not started after the purge: %s",
		    o->trigger_exec, errno == EAGAIN ? "too many of it are still running" :
		    strerror(errno));
}

static void
batch_done(struct output *o)
{
	struct batch *b = &o->batch;

	if (b->failures > 0) {
		log_write(LOG_LVL_INFO, o->env.subject,
		    "writing again after %u failed tries; nothing was lost", b->failures);
		set_state(o, "");
	}
	if (b->total == 0)
		log_write(LOG_LVL_INFO, o->env.subject,
		    "*** Purging cache - END (PID: %d, QN: 0/0, ET: X) ***", (int)getpid());
	else
		log_write(LOG_LVL_INFO, o->env.subject,
		    "*** Purging cache - END (PID: %d, QN: %zu/%zu, ET: %" PRId64 ") ***",
		    (int)getpid(), b->written, b->total,
		    mono_since(mono_now(), b->begun) / NS_PER_SEC);
	if (o->kind->purged != NULL)
		o->kind->purged(o->self, &b->purge, b->written);
	if (o->trigger_exec != NULL)
		run_trigger(o);
	count(&o->c.purges);
	if (b->total > 0)
		framejournal_ack(&o->journal, &b->purge);
	bintab_free(b->tab);
	*b = (struct batch){ 0 };
}

static void
batch_failed(struct output *o, const char *why)
{
	struct batch *b = &o->batch;
	unsigned shift = b->failures < 16 ? b->failures : 16;
	int64_t pause = RETRY_FIRST_NS << shift;
	struct sbuf text = { 0 };

	sbuf_printf(&text, "not written: %s; %zu rows are kept and tried again", why,
	    bintab_rows(b->tab));
	if (b->failures == 0)
		log_write(LOG_LVL_ERROR, o->env.subject, "%s", sbuf_text(&text));
	set_state(o, sbuf_text(&text));
	sbuf_done(&text);
	b->failures++;
	b->retry = mono_add(mono_now(), pause < RETRY_MOST_NS ? pause : RETRY_MOST_NS);
}

/* One try to write what is left of the batch. */
static void
write_batch(struct output *o)
{
	struct writing w = { .o = o };

	if (o->batch.failures > 0)
		count(&o->c.retries);
	if (bintab_each(o->batch.tab, write_bin, &w) == 0)
		batch_done(o);
	else {
		drop_written(o->batch.tab, w.gone);
		batch_failed(o, sbuf_text(&w.err));
	}
	count_held(o);
	sbuf_done(&w.err);
}

/* The open table becomes the batch. */
static void
begin_purge(struct output *o, bool last)
{
	assert(o->batch.tab == NULL);
	o->batch.tab = o->tab;
	o->tab = bintab_new(o->env.plan);
	o->batch.total = bintab_rows(o->batch.tab);
	o->batch.begun = mono_now();
	o->batch.purge = (struct purge){ .seq = ++o->seq, .now = wall_now(), .last = last };
	if (o->batch.total > 0)
		framejournal_batch(&o->journal, o->batch.tab, &o->batch.purge);
	log_write(LOG_LVL_INFO, o->env.subject, "*** Purging cache - START (PID: %d) ***",
	    (int)getpid());
	write_batch(o);
}

/* A batch that an earlier run of the daemon left in the journal. */
static bool
send_left_over(struct output *o)
{
	struct batch *b = &o->batch;
	struct bintab_sums sums;

	if (b->tab != NULL || !framejournal_next(&o->journal, &b->tab, &b->purge))
		return false;
	b->total = bintab_rows(b->tab);
	b->begun = mono_now();
	sums = bintab_sums(b->tab);
	count_add(&o->c.bytes_added, sums.bytes);
	count_add(&o->c.packets_added, sums.packets);
	log_write(LOG_LVL_INFO, o->env.subject, "%zu rows of an earlier run are in the journal; "
	    "writing them", b->total);
	write_batch(o);
	return true;
}

static void
purge_what_is_due(struct output *o)
{
	wall_t now = wall_now();

	if (o->kind->write == NULL)
		return;
	if (o->batch.tab != NULL) {
		if (mono_due(mono_now(), o->batch.retry))
			write_batch(o);
		return;
	}
	if (send_left_over(o))
		return;
	if (!atomic_exchange(&o->flush, false) && now.ns < o->due.ns)
		return;
	o->due = next_due(o, now);
	begin_purge(o, false);
}

/* A client of `memory` may have taken rows out; what left the table counts as purged. */
static void
serve_clients(struct output *o)
{
	struct bintab_sums before = bintab_sums(o->tab), after;
	size_t rows = bintab_rows(o->tab);

	if (o->kind->serve == NULL)
		return;
	o->kind->serve(o->self, o->tab);
	after = bintab_sums(o->tab);
	count_add(&o->c.bytes_purged, before.bytes - after.bytes);
	count_add(&o->c.packets_purged, before.packets - after.packets);
	count_add(&o->c.rows_purged, rows - bintab_rows(o->tab));
	count_held(o);
}

/* Until a slice comes, a client stirs, control asks, or something is due. */
static void
wait_for_work(struct output *o)
{
	struct pollfd fd[1 + FDS_MOST] = { { .fd = chan_fd(o->chan), .events = POLLIN } };
	int64_t ms = (o->due.ns - wall_now().ns) / NS_PER_MS;
	int fds = 1;

	if (o->kind->fds != NULL)
		fds += o->kind->fds(o->self, fd + 1, FDS_MOST);
	if (framejournal_waiting(&o->journal))
		ms = 0;
	if (o->batch.tab != NULL)
		ms = (o->batch.retry.ns - mono_now().ns) / NS_PER_MS;
	ms = ms < 0 ? 0 : ms > TICK_MS ? TICK_MS : ms;
	(void)poll(fd, (nfds_t)fds, (int)ms + 1);
}

/* -1 where the batch could not be written within a few tries. */
static int
insist(struct output *o)
{
	for (unsigned tries = 1; o->batch.tab != NULL && tries < LAST_TRIES; tries++) {
		(void)poll(NULL, 0, 50 << tries);
		write_batch(o);
	}
	return o->batch.tab == NULL ? 0 : -1;
}

/* What was given before the stop is written, as far as it can be. */
static void
finish(struct output *o)
{
	int written;

	take_slices(o);
	if (o->kind->write == NULL)
		return;
	while ((written = insist(o)) == 0 && send_left_over(o))
		;
	if (written == 0) {
		begin_purge(o, true);
		if (insist(o) == 0)
			return;
	}
	if (framejournal_keep(&o->journal, o->tab)) {
		log_write(LOG_LVL_WARN, o->env.subject, "rows that could not be written before the "
		    "end are in the journal; the next start writes them");
		return;
	}
	log_write(LOG_LVL_ERROR, o->env.subject, "%zu rows with %" PRIu64 " bytes could not be "
	    "written before the end", bintab_rows(o->tab) + bintab_rows(o->batch.tab),
	    counter_get(&o->c.bytes_held));
}

/* Take up what an earlier run had not purged yet. */
static void
recover(struct output *o)
{
	struct bintab_sums sums;

	framejournal_recover(&o->journal, o->tab);
	sums = bintab_sums(o->tab);
	count_add(&o->c.bytes_added, sums.bytes);
	count_add(&o->c.packets_added, sums.packets);
	count_held(o);
}

static void *
output_run(void *arg)
{
	struct output *o = arg;

	o->self = o->kind->open(&o->env, o->start_err);
	if (o->self != NULL && o->kind->journal)
		framejournal_open(&o->journal, &o->env);
	sem_post(&o->started);
	if (o->self == NULL)
		return NULL;
	recover(o);
	while (!atomic_load(&o->stop)) {
		take_slices(o);
		if (atomic_exchange(&o->reopen, false) && o->kind->reopen != NULL)
			o->kind->reopen(o->self);
		serve_clients(o);
		purge_what_is_due(o);
		trigger_reap(&o->trigger);
		wait_for_work(o);
	}
	finish(o);
	o->kind->close(o->self);
	framejournal_close(&o->journal);
	return NULL;
}

static int
read_settings(struct output *o, struct sbuf *err)
{
	const struct conf *conf = o->env.conf;
	const struct bins *bins = &o->env.plan->bins;
	size_t n = o->env.output;
	int64_t refresh_s;

	if (o->kind->write == NULL) {
		o->refresh_ns = o->slice_ns = NS_PER_SEC;
		return 0;
	}
	refresh_s = conf_int(conf, n, "refresh_time");
	o->refresh_ns = (refresh_s > 0 ? refresh_s : 60) * NS_PER_SEC;
	o->slice_ns = SLICE_NS;
	if (o->kind->journal && conf_int(conf, n, "checkpoint_interval") > 0)
		o->slice_ns = conf_int(conf, n, "checkpoint_interval") * NS_PER_SEC;
	if (o->refresh_ns < o->slice_ns)
		o->slice_ns = o->refresh_ns;
	if (bins->length_ns != 0 || bins->months != 0)
		o->base_ns = bins->base_ns;
	o->base_ns += conf_int(conf, n, "startup_delay") * NS_PER_SEC;
	o->trigger_exec = conf_text(conf, n, "trigger_exec");
	return preprocess_parse(conf_text(conf, n, "preprocess"),
	    conf_text(conf, n, "preprocess_type"), &o->pre, err);
}

static void
output_free(struct output *o)
{
	struct slice *s;

	while ((s = chan_take(o->chan)) != NULL)
		slice_free(s, NULL);
	chan_free(o->chan);
	rack_free(o->rack);
	bintab_free(o->tab);
	bintab_free(o->batch.tab);
	sem_destroy(&o->started);
	pthread_mutex_destroy(&o->state_lock);
	sbuf_done(&o->state);
	mem_free(o);
}

struct output *
output_start(const struct out_kind *kind, const struct out_env *env, const struct rib *rib,
    struct sbuf *err)
{
	struct output *o = mem_new(sizeof(*o));

	o->kind = kind;
	o->env = *env;
	o->rib = rib;
	o->start_err = err;
	o->chan = chan_new(CHAN_ROOM);
	o->rack = rack_new();
	o->tab = bintab_new(env->plan);
	sem_init(&o->started, 0, 0);
	pthread_mutex_init(&o->state_lock, NULL);
	if (read_settings(o, err) != 0) {
		output_free(o);
		return NULL;
	}
	o->due = kind->write != NULL ? next_due(o, wall_now()) : (wall_t){ INT64_MAX };
	if (pthread_create(&o->thread, NULL, output_run, o) != 0) {
		sbuf_printf(err, "no thread for the output: %s", strerror(errno));
		output_free(o);
		return NULL;
	}
	while (sem_wait(&o->started) != 0)
		;
	if (o->self == NULL) {
		pthread_join(o->thread, NULL);
		output_free(o);
		return NULL;
	}
	return o;
}

bool
output_give(struct output *o, struct slice *s)
{
	return chan_send(o->chan, s);
}

struct rack *
output_rack(struct output *o)
{
	return o->rack;
}

int64_t
output_slice_ns(const struct output *o)
{
	return o->slice_ns;
}

void
output_flush(struct output *o)
{
	atomic_store(&o->flush, true);
	chan_wake(o->chan);
}

void
output_reopen(struct output *o)
{
	atomic_store(&o->reopen, true);
	chan_wake(o->chan);
}

void
output_finish(struct output *o)
{
	atomic_store(&o->stop, true);
	chan_wake(o->chan);
	pthread_join(o->thread, NULL);
	o->ended = true;
}

void
output_stop(struct output *o)
{
	if (o == NULL)
		return;
	if (!o->ended)
		output_finish(o);
	output_free(o);
}

struct out_counters *
output_counters(struct output *o)
{
	return &o->c;
}

struct journal_status *
output_journal(const struct output *o)
{
	return o->journal.journal != NULL ? journal_status(o->journal.journal) : NULL;
}

const struct out_env *
output_env(const struct output *o)
{
	return &o->env;
}

const char *
output_state(const struct output *o, struct sbuf *b)
{
	struct output *mine = (struct output *)(uintptr_t)o;	/* the lock is no part of its value */

	pthread_mutex_lock(&mine->state_lock);
	sbuf_str(b, mine->state.len > 0 ? sbuf_text(&mine->state) : "ok");
	pthread_mutex_unlock(&mine->state_lock);
	return sbuf_text(b);
}
