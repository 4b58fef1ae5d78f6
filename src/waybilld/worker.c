/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's loop: receive, decode, enrich, pack, add; once in a while hand over.
 *
 * Epochs: the worker ticks once per batch, before any lookup, and goes offline before it blocks. A
 * slice opened in the middle of a batch follows the worker's number (core/epoch.h).
 */
#include "waybilld/worker.h"

#include <poll.h>
#include <pthread.h>
#ifdef WB_LINUX
#include <sched.h>
#endif
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "core/mem.h"

#define IDLE_MS		200		/* longest wait: housekeeping still runs */
#define POLL_SOCKS	64
#define SLICE_FIRST	1024		/* entries expected of a first slice */

/*
 * A wake-up costs as much as several datagrams. When the sockets are read to their ends the worker
 * rests this long and finds more the next time: the receive buffer keeps them, four megabytes at
 * seven million flows a second. A smaller buffer is read as fast as it fills.
 */
#define NAP_NS		(2 * NS_PER_MS)
#define NAP_BUFFER	(8u << 20)	/* bytes */

struct worker_output {
	struct slice *slice;
	mono_t due;			/* hand over by then */
	size_t expected;		/* entries of the last slice: the next is made that large */
};

struct worker {
	struct worker_conf conf;
	pthread_t thread;
	char *savefile;			/* ours: a configuration may go on reload */
	struct collector *col;
	struct enrich *enrich;
	struct epoch_reader *epoch;
	struct flow_batch batch;
	uint64_t *keys;			/* of a batch of the widest plan */
	uint16_t *pass;
	struct chan *wake;		/* only to be woken */

	_Atomic(struct setup *) setup;	/* written by the worker */
	struct worker_output *out;
	_Atomic bool stop;
	_Atomic bool ask_templates;
	_Atomic(char *) templates;
	_Atomic uint64_t held_slices;
	mono_t second;			/* next housekeeping */
	mono_t now;
};

/* --- slices ----------------------------------------------------------------------------------- */

static void
open_slice(struct worker *w, const struct setup_output *o, struct worker_output *wo)
{
	struct output *running = atomic_load_explicit(&((struct setup_output *)(uintptr_t)o)->running,
	    memory_order_acquire);
	int64_t open_ns = running != NULL ? output_slice_ns(running) : NS_PER_SEC;

	wo->slice = slice_open(o->plan, w->conf.index, w->conf.epoch, w->epoch, wo->expected,
	    running != NULL ? output_rack(running) : NULL);
	wo->slice->opened = wall_now();
	wo->due = mono_add(w->now, open_ns);
}

/*
 * Hand a slice over. An output that is behind (or being replaced) leaves it with us: it stays open
 * and goes on collecting, so nothing is lost and nobody waits.
 */
static void
hand_over(struct worker *w, const struct setup_output *o, struct worker_output *wo)
{
	struct output *running = atomic_load_explicit(&((struct setup_output *)(uintptr_t)o)->running,
	    memory_order_acquire);
	struct slice *s = wo->slice;

	if (s == NULL)
		return;
	if (s->entries == 0 && s->offered == 0) {
		/* Nothing in it: a fresh number for its pin is all it needs. */
		if (s->pin != NULL)
			epoch_follow(s->pin, w->epoch);
		wo->due = mono_add(w->now, NS_PER_SEC);
		return;
	}
	s->closed = wall_now();
	wo->expected = s->entries + s->entries / 8;
	if (running != NULL && output_give(running, s)) {
		wo->slice = NULL;
		return;
	}
	atomic_fetch_add_explicit(&w->held_slices, 1, memory_order_relaxed);
	wo->due = mono_add(w->now, NS_PER_SEC / 5);
}

static void
hand_over_all(struct worker *w, const struct setup *setup, bool due_only)
{
	for (size_t i = 0; i < setup->outputs; i++)
		if (!due_only || mono_due(w->now, w->out[i].due))
			hand_over(w, &setup->output[i], &w->out[i]);
}

/* --- flows -------------------------------------------------------------------------------------- */

static void
add_run(struct worker *w, const struct setup_output *o, struct worker_output *wo,
    const struct flow *flow, unsigned n)
{
	uint64_t late = 0;

	for (unsigned side = 0; side < o->plan->sides; side++) {
		plan_pack(o->plan, side, flow, n, w->keys, &late);
		slice_add(wo->slice, flow, w->keys, n);
	}
	wo->slice->late += late;	/* the same flows on both sides */
	wo->slice->made += (uint64_t)n * (o->plan->sides - 1u);
}

/* Those that pass the filter, in runs of neighbours. */
static void
add_filtered(struct worker *w, const struct setup_output *o, struct worker_output *wo,
    const struct flow *flow, unsigned n)
{
	unsigned passed = filter_run(o->filter, flow, n, w->pass, wo->slice->reason);

	wo->slice->filtered += n - passed;
	for (unsigned i = 0; i < passed;) {
		unsigned run = 1;

		while (i + run < passed && w->pass[i + run] == w->pass[i] + run)
			run++;
		add_run(w, o, wo, flow + w->pass[i], run);
		i += run;
	}
}

static void
add_to_output(struct worker *w, const struct setup_output *o, struct worker_output *wo,
    const struct flow *flow, unsigned n)
{
	if (wo->slice != NULL && wo->slice->entries > SLICE_MOST)
		hand_over(w, o, wo);
	if (wo->slice == NULL)
		open_slice(w, o, wo);
	wo->slice->offered += n;
	if (o->filter == NULL)
		add_run(w, o, wo, flow, n);
	else
		add_filtered(w, o, wo, flow, n);
}

/* All stages behind the decoder, for what the batch holds. */
static void
process_batch(struct flow_batch *batch, void *ctx)
{
	struct worker *w = ctx;
	const struct setup *setup = atomic_load_explicit(&w->setup, memory_order_relaxed);

	for (unsigned p = 0; p < setup->profiles && batch->count > 0; p++) {
		enrich_batch(w->enrich, setup->profile[p], batch->flow, batch->count);
		for (size_t i = 0; i < setup->outputs; i++)
			if (setup->output[i].profile == p)
				add_to_output(w, &setup->output[i], &w->out[i], batch->flow,
				    batch->count);
	}
	batch->count = 0;
}

/* --- switching setups -------------------------------------------------------------------------- */

static void
size_for_setup(struct worker *w, const struct setup *setup)
{
	size_t words = 1;

	for (size_t i = 0; i < setup->outputs; i++)
		if (setup->output[i].plan->key_words > words)
			words = setup->output[i].plan->key_words;
	mem_free(w->keys);
	w->keys = mem_aligned(words * sizeof(uint64_t) * FLOW_BATCH);
	w->out = mem_array(setup->outputs, sizeof(*w->out));
	for (size_t i = 0; i < setup->outputs; i++)
		w->out[i].expected = SLICE_FIRST;
}

/*
 * Go over to the setup in force, if it is another one and every slice of the old one found a taker:
 * an output that is behind keeps us at the old setup a little longer.
 */
static void
follow_setup(struct worker *w)
{
	struct setup *now = atomic_load_explicit(w->conf.setup, memory_order_acquire);
	struct setup *old = atomic_load_explicit(&w->setup, memory_order_relaxed);

	if (now == old)
		return;
	if (old != NULL) {
		hand_over_all(w, old, false);
		for (size_t i = 0; i < old->outputs; i++) {
			struct slice *s = w->out[i].slice;

			if (s != NULL && s->offered > 0)
				return;
			slice_free(s, NULL);
			w->out[i].slice = NULL;
		}
		mem_free(w->out);
	}
	size_for_setup(w, now);
	collector_configure(w->col, &now->collector);
	atomic_store_explicit(&w->setup, now, memory_order_release);
}

/* --- the loop ------------------------------------------------------------------------------------ */

static void
once_a_second(struct worker *w)
{
	collector_tick(w->col, w->now, wall_now(), &w->batch);
	process_batch(&w->batch, w);
	if (atomic_exchange(&w->ask_templates, false)) {
		struct sbuf b = { 0 };

		if (collector_save(w->col, &b) == 0)
			mem_free(atomic_exchange(&w->templates, mem_strdup(sbuf_text(&b))));
		sbuf_done(&b);
	}
	w->second = mono_add(w->now, NS_PER_SEC);
}

static size_t
receive_once(struct worker *w, struct udp_sock *sock)
{
	struct dgram d[UDP_BATCH];
	size_t n = udp_receive(sock, d);

	if (n == 0)
		return 0;
	epoch_tick(w->conf.epoch, w->epoch);
	for (size_t i = 0; i < n; i++)
		collector_datagram(w->col, &d[i], &w->batch);
	process_batch(&w->batch, w);
	return n;
}

static void
housekeeping(struct worker *w)
{
	w->now = mono_now();
	epoch_tick(w->conf.epoch, w->epoch);
	follow_setup(w);
	if (mono_due(w->now, w->second))
		once_a_second(w);
	hand_over_all(w, atomic_load_explicit(&w->setup, memory_order_relaxed), true);
}

static void
wait_for_input(struct worker *w)
{
	struct pollfd p[POLL_SOCKS + 1];
	size_t n = w->conf.socks < POLL_SOCKS ? w->conf.socks : POLL_SOCKS;

	for (size_t i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = udp_fd(w->conf.sock[i]), .events = POLLIN };
	p[n] = (struct pollfd){ .fd = chan_fd(w->wake), .events = POLLIN };
	epoch_offline(w->epoch);
	(void)poll(p, n + 1, IDLE_MS);
	if (p[n].revents != 0)
		(void)chan_take(w->wake);
}

static void
nap(struct worker *w)
{
	const struct timespec rest = { .tv_nsec = NAP_NS };

	epoch_offline(w->epoch);
	(void)nanosleep(&rest, NULL);
}

static bool
may_nap(const struct worker *w)
{
	for (size_t i = 0; i < w->conf.socks; i++)
		if (udp_rcvbuf(w->conf.sock[i]) < NAP_BUFFER)
			return false;
	return true;
}

static void
run_sockets(struct worker *w)
{
	const bool naps = may_nap(w);

	while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
		bool drained = true;
		size_t got = 0;

		housekeeping(w);
		for (size_t i = 0; i < w->conf.socks; i++) {
			got += receive_once(w, w->conf.sock[i]);
			drained &= udp_drained(w->conf.sock[i]);
		}
		if (got == 0)
			wait_for_input(w);
		else if (naps && drained)
			nap(w);
	}
	/* What the kernel has queued already was sent to us: take it along. */
	for (size_t i = 0; i < w->conf.socks; i++)
		for (int round = 0; round < 4096 && receive_once(w, w->conf.sock[i]) > 0; round++)
			;
}

static void
read_savefile(struct worker *w, struct savefile *sf)
{
	struct sbuf err = { 0 };
	struct dgram d;
	int got;

	while (!atomic_load_explicit(&w->stop, memory_order_acquire) &&
	    (got = savefile_next(sf, &d, &err)) != 0) {
		if (got < 0) {
			log_error("%s: %s", w->savefile, sbuf_text(&err));
			break;
		}
		housekeeping(w);
		collector_datagram(w->col, &d, &w->batch);
		process_batch(&w->batch, w);
	}
	sbuf_done(&err);
}

static void
run_savefile(struct worker *w)
{
	for (int64_t i = 0; w->conf.replays == 0 || i < w->conf.replays; i++) {
		struct sbuf err = { 0 };
		struct savefile *sf = savefile_open(w->savefile, &err);

		if (sf == NULL) {
			log_error("%s", sbuf_text(&err));
			sbuf_done(&err);
			break;
		}
		read_savefile(w, sf);
		savefile_close(sf);
		if (atomic_load(&w->stop))
			break;
	}
	/* Holds (templates, rates) end with the input. */
	epoch_tick(w->conf.epoch, w->epoch);
	collector_tick(w->col, mono_add(mono_now(), 3600 * NS_PER_SEC), wall_now(), &w->batch);
	process_batch(&w->batch, w);
	w->conf.ended(w->conf.ended_ctx);
	while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
		housekeeping(w);
		wait_for_input(w);
	}
}

/* Give every slice away; an output that is behind is waited for, bounded. */
static void
hand_over_rest(struct worker *w)
{
	const struct setup *setup = atomic_load_explicit(&w->setup, memory_order_relaxed);

	epoch_tick(w->conf.epoch, w->epoch);
	for (int tries = 0; tries < 600; tries++) {
		bool left = false;

		w->now = mono_now();
		hand_over_all(w, setup, false);
		for (size_t i = 0; i < setup->outputs; i++)
			left |= w->out[i].slice != NULL && w->out[i].slice->offered > 0;
		if (!left)
			break;
		(void)poll(NULL, 0, 50);
	}
	for (size_t i = 0; i < setup->outputs; i++) {
		struct slice *s = w->out[i].slice;

		if (s != NULL && s->offered > 0)
			log_error("%s does not take its last %llu flows (%llu bytes): they are lost",
			    setup->output[i].subject, (unsigned long long)s->offered,
			    (unsigned long long)s->bytes_in);
		slice_free(s, NULL);
	}
}

static void
pin_to_cpu(const struct worker *w)
{
#ifdef WB_LINUX
	cpu_set_t set;

	if (w->conf.cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)w->conf.cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		log_warn("worker %u cannot be pinned to CPU %d", w->conf.index, w->conf.cpu);
#else
	if (w->conf.cpu >= 0)
		log_warn("worker_cpus: this build cannot pin threads");
#endif
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	pin_to_cpu(w);
	if (w->savefile != NULL)
		run_savefile(w);
	else
		run_sockets(w);
	hand_over_rest(w);
	epoch_offline(w->epoch);
	return NULL;
}

struct worker *
worker_start(const struct worker_conf *conf, struct sbuf *err)
{
	struct worker *w = mem_new(sizeof(*w));

	w->conf = *conf;
	w->savefile = conf->savefile != NULL ? mem_strdup(conf->savefile) : NULL;
	w->col = collector_new(&atomic_load(conf->setup)->collector);
	if (conf->templates != NULL &&
	    collector_load(w->col, conf->templates, strlen(conf->templates), err) != 0)
		log_warn("saved templates: %s", sbuf_text(err));
	w->enrich = enrich_new(conf->rib);
	w->epoch = epoch_join(conf->epoch);
	w->batch = (struct flow_batch){
		.flow = mem_aligned(FLOW_BATCH * sizeof(struct flow)),
		.full = process_batch, .ctx = w,
	};
	w->pass = mem_array(FLOW_BATCH, sizeof(*w->pass));
	w->wake = chan_new(2);
	w->now = mono_now();
	w->second = mono_add(w->now, NS_PER_SEC);
	follow_setup(w);
	if (pthread_create(&w->thread, NULL, run, w) != 0) {
		sbuf_str(err, "a worker's thread cannot be started");
		return NULL;
	}
	return w;
}

const struct setup *
worker_setup(const struct worker *w)
{
	return atomic_load_explicit(&((struct worker *)(uintptr_t)w)->setup, memory_order_acquire);
}

void
worker_stop(struct worker *w, struct sbuf *templates)
{
	atomic_store_explicit(&w->stop, true, memory_order_release);
	chan_wake(w->wake);
	pthread_join(w->thread, NULL);
	(void)collector_save(w->col, templates);
	for (size_t i = 0; i < w->conf.socks; i++)
		udp_close(w->conf.sock[i]);
	collector_free(w->col);
	enrich_free(w->enrich);
	epoch_leave(w->conf.epoch, w->epoch);
	chan_free(w->wake);
	mem_free(w->conf.sock);
	mem_free(w->savefile);
	mem_free(w->batch.flow);
	mem_free(w->pass);
	mem_free(w->keys);
	mem_free(w->out);
	mem_free(atomic_load(&w->templates));
	mem_free(w);
}

const struct collector *
worker_collector(const struct worker *w)
{
	return w->col;
}

const struct enrich_counters *
worker_enrich(const struct worker *w)
{
	return enrich_counters(w->enrich);
}

size_t
worker_sockets(const struct worker *w, struct udp_sock *const **ret)
{
	*ret = w->conf.sock;
	return w->conf.socks;
}

uint64_t
worker_held_slices(const struct worker *w)
{
	return atomic_load(&((struct worker *)(uintptr_t)w)->held_slices);
}

void
worker_ask_templates(struct worker *w)
{
	atomic_store(&w->ask_templates, true);
}

char *
worker_take_templates(struct worker *w)
{
	return atomic_exchange(&w->templates, NULL);
}
