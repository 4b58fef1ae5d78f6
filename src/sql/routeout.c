/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that takes fills a map of current routes and a batch of history (sql/routetake.h). A map is
 * handed to the thread that writes such when that one has none, so while a database is away the map just
 * goes on: it has each route once. Batches go to disk as they are full or a second old.
 *
 * A scan begins with the start and whenever changes were lost. Control begins and ends it, this thread
 * walks it in its own epoch, between changes. Once all of it is written, what the table still has of before
 * is gone: after a start only when tellers have had their time to come back.
 */
#include "sql/routeout.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/routeconf.h"
#include "sql/routewrite.h"

#define TICK_MS		200
#define BATCH_NS	NS_PER_SEC	/* longest a batch stays open */
#define MAP_FULL	131072u		/* routes that are written before their time ... */
#define MAP_SETTLED	4096u		/* ... and where so many are, once nothing came for a moment: */
#define SETTLED_NS	(500 * NS_PER_MS)	/* the end of a table */
#define SCAN_STEP	1024u		/* routes between two looks at the changes */
#define RETRY_FIRST_NS	(100 * NS_PER_MS)
#define RETRY_MOST_NS	(10 * NS_PER_SEC)
#define LAST_TRIES	3

/* A thread that writes, by a connection of its own. */
struct writer {
	struct routeout *out;
	struct routewrite *write;
	pthread_t thread;
	bool current, history;		/* which of the two */
	struct sbuf state;		/* under the output's lock */
};

enum scan_state { SCAN_NONE, SCAN_WANTED, SCAN_GIVEN, SCAN_OVER };

struct routeout {
	struct routeout_conf conf;
	struct routeconf rc;
	struct routes_counters c;
	struct changes_reader *reader;
	struct routespool *spool;	/* NULL: no history */
	struct routetake *take;
	struct writer writer[ROUTES_TABLES];
	unsigned writers;
	struct epoch_reader *slot;
	struct chan *wake;		/* of the thread that takes */
	pthread_t taker;
	_Atomic bool stop;
	_Atomic int scan_state;		/* enum scan_state */
	struct rib_scan *scan;

	/* the taker's */
	mono_t batch_due, map_due, sweep_due;
	mono_t settled;			/* when nothing will have come for a moment */
	bool scanned;			/* since the last time it was asked for */

	pthread_mutex_t lock;		/* over what follows */
	pthread_cond_t work;
	struct routemap *writing;	/* NULL: the writer has none */
	bool ending;			/* nothing more comes */
};

/* --- taking ---------------------------------------------------------------------------------------- */

static void
want_scan(struct routeout *r, int64_t sweep_in_ns)
{
	if (!r->rc.current)
		return;
	r->scanned = false;
	r->sweep_due = mono_add(mono_now(), sweep_in_ns + 1);
	routetake_begin_scan(r->take, wall_now());
	/* One that is on its way is ended first, and then begun anew. */
	if (atomic_load(&r->scan_state) == SCAN_GIVEN)
		atomic_store(&r->scan_state, SCAN_OVER);
	count(&r->c.rescans);
}

static bool
is_ours(const struct routeout *r, const struct teller_info *info)
{
	return (info->kind == TELLER_BGP && r->conf.bgp) || (info->kind == TELLER_BMP && r->conf.bmp);
}

/* A part of the scan. True: it goes on. */
static bool
scan_some(struct routeout *r)
{
	struct rib_scanned got[SCAN_STEP];
	const struct teller_info *info;
	size_t n;

	if (!r->rc.current || r->scanned)
		return false;
	if (atomic_load(&r->scan_state) == SCAN_NONE)
		atomic_store(&r->scan_state, SCAN_WANTED);
	if (atomic_load(&r->scan_state) != SCAN_GIVEN)
		return false;
	epoch_tick(r->conf.epoch, r->slot);
	n = rib_scan_next(r->scan, got, SCAN_STEP);
	if (n > 0) {
		info = rib_scan_teller(r->scan, got[0].teller);
		if (is_ours(r, info))
			routetake_scanned(r->take, info, got, n, wall_now());
	}
	epoch_offline(r->slot);
	if (n > 0)
		return true;
	r->scanned = true;
	atomic_store(&r->scan_state, SCAN_OVER);
	return false;
}

static bool
take_some(struct routeout *r)
{
	const struct change_batch *b = changes_take(r->reader);

	if (b == NULL)
		return false;
	routetake_changes(r->take, b);
	r->settled = mono_add(mono_now(), SETTLED_NS);
	if (b->lost > 0) {
		log_write(LOG_LVL_WARN, r->conf.env.subject, "%llu changes of routes found no room; "
		    "current routes are taken from the RIB anew", (unsigned long long)b->lost);
		want_scan(r, 0);
	}
	changes_done(r->reader, b);
	return true;
}

/* Is the map to be written now, if there is somebody to do so? */
static bool
is_due(const struct routeout *r, mono_t now)
{
	size_t n = routetake_waiting(r->take);

	if (!r->rc.current)
		return false;
	if (atomic_load(&((struct routeout *)(uintptr_t)r)->stop))
		return n > 0;
	if (n >= MAP_FULL || (n >= MAP_SETTLED && mono_due(now, r->settled)))
		return true;
	return mono_due(now, r->map_due) &&
	    (n > 0 || (r->scanned && mono_due(now, r->sweep_due)));
}

static void
hand_over(struct routeout *r)
{
	mono_t now = mono_now();
	struct routemap *m;

	if (mono_due(now, r->batch_due)) {
		routetake_close_batch(r->take);
		r->batch_due = mono_add(now, BATCH_NS);
		pthread_mutex_lock(&r->lock);
		pthread_cond_broadcast(&r->work);
		pthread_mutex_unlock(&r->lock);
	}
	if (!is_due(r, now))
		return;
	pthread_mutex_lock(&r->lock);
	if (r->writing == NULL) {
		counter_set(&r->c.writing_held, routetake_waiting(r->take));
		m = routetake_map(r->take);
		m->sweep = r->scanned && mono_due(now, r->sweep_due);
		if (m->sweep)
			r->sweep_due = (mono_t){ 0 };
		r->writing = m;
		r->map_due = mono_add(now, r->rc.refresh_s * NS_PER_SEC);
		pthread_cond_broadcast(&r->work);
	}
	pthread_mutex_unlock(&r->lock);
}

static void *
take_on(void *arg)
{
	struct routeout *r = arg;
	struct pollfd fd[] = {
		{ .fd = changes_fd(r->reader), .events = POLLIN },
		{ .fd = chan_fd(r->wake), .events = POLLIN },
	};
	bool more = false;

	while (!atomic_load(&r->stop)) {
		(void)poll(fd, ARRAY_LEN(fd), more ? 0 : TICK_MS);
		(void)chan_take(r->wake);
		more = take_some(r);
		more |= scan_some(r);
		hand_over(r);
	}
	while (take_some(r))
		;
	routetake_close_batch(r->take);
	hand_over(r);
	return NULL;
}

/* --- writing ---------------------------------------------------------------------------------------- */

static void
set_state(struct writer *w, const char *text)
{
	pthread_mutex_lock(&w->out->lock);
	sbuf_clear(&w->state);
	sbuf_str(&w->state, text);
	if (*text != '\0')
		count(&w->out->c.retries);
	pthread_mutex_unlock(&w->out->lock);
}

static int
write_batch(struct writer *w, struct sbuf *err)
{
	struct routeout *r = w->out;
	struct routebatch *b = w->history ? routespool_first(r->spool) : NULL;
	uint64_t rows;

	if (b == NULL)
		return 0;
	if (routewrite_batch(w->write, b, err) != 0)
		return -1;
	rows = b->rows;
	routespool_done(r->spool, b);
	count_add(&r->c.history_written, rows);
	return 1;
}

static int
sweep(struct writer *w, struct routemap *m, struct sbuf *err)
{
	struct routeout *r = w->out;
	int64_t n = routewrite_sweep(w->write, m, err);

	if (n < 0)
		return -1;
	m->sweep = false;
	count_add(&r->c.swept, (uint64_t)n);
	if (n > 0)
		log_write(LOG_LVL_INFO, r->conf.env.subject, "%lld rows of an earlier time are gone "
		    "from '%s'", (long long)n, r->rc.table.text);
	return 0;
}

static void
count_written(struct routeout *r, const struct routemap *m, size_t from)
{
	for (size_t i = from; i < m->done; i++)
		count(m->entry[m->order[i]].state == ROUTE_GONE ? &r->c.removed : &r->c.written);
	counter_set(&r->c.writing_held, m->count - m->done);
}

static int
write_map(struct writer *w, struct sbuf *err)
{
	struct routeout *r = w->out;
	struct routemap *m;
	size_t from;
	int ret;

	pthread_mutex_lock(&r->lock);
	m = w->current ? r->writing : NULL;
	pthread_mutex_unlock(&r->lock);
	if (m == NULL)
		return 0;
	from = m->done;
	ret = routewrite_map(w->write, m, err);
	count_written(r, m, from);
	if (ret != 0)
		return ret;
	if (m->sweep && sweep(w, m, err) != 0)
		return -1;
	pthread_mutex_lock(&r->lock);
	r->writing = NULL;
	pthread_mutex_unlock(&r->lock);
	chan_wake(r->wake);
	routemap_free(m);
	return 1;
}

/* One batch and one part of a map. 1: there may be more, 0: there is nothing, -1. */
static int
write_some(struct writer *w, struct sbuf *err)
{
	int batch = write_batch(w, err);
	int map = batch >= 0 ? write_map(w, err) : -1;

	return batch < 0 || map < 0 ? -1 : batch > 0 || map > 0;
}

/* Wait for work, or for a pause to be over. True: nothing more comes. */
static bool
wait_for_work(struct routeout *r, int64_t ns)
{
	struct timespec until;
	bool ending;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ns / NS_PER_SEC;
	until.tv_nsec += ns % NS_PER_SEC;
	if (until.tv_nsec >= NS_PER_SEC) {
		until.tv_sec++;
		until.tv_nsec -= NS_PER_SEC;
	}
	pthread_mutex_lock(&r->lock);
	if (!r->ending)
		(void)pthread_cond_timedwait(&r->work, &r->lock, &until);
	ending = r->ending;
	pthread_mutex_unlock(&r->lock);
	return ending;
}

/* A pause that work does not end, only the end does. */
static void
pause_for(struct routeout *r, int64_t ns)
{
	const mono_t until = mono_add(mono_now(), ns);

	while (!mono_due(mono_now(), until) && !wait_for_work(r, mono_since(until, mono_now()) + 1))
		;
}

static void *
write_on(void *arg)
{
	struct writer *w = arg;
	struct routeout *r = w->out;
	struct sbuf err = { 0 };
	int64_t pause = RETRY_FIRST_NS;
	unsigned last_tries = 0;
	bool ending = false;

	while (last_tries < LAST_TRIES) {
		int ret = write_some(w, &err);

		if (ret < 0) {
			set_state(w, sbuf_text(&err));
			if (pause == RETRY_FIRST_NS)
				log_write(LOG_LVL_ERROR, r->conf.env.subject, "routes are kept until "
				    "the database takes them: %s", sbuf_text(&err));
			pause_for(r, pause);
			pause = pause * 2 < RETRY_MOST_NS ? pause * 2 : RETRY_MOST_NS;
			last_tries += ending;
			ending = wait_for_work(r, 1);
			sbuf_clear(&err);
			continue;
		}
		if (pause != RETRY_FIRST_NS) {
			pause = RETRY_FIRST_NS;
			set_state(w, "");
			log_write(LOG_LVL_INFO, r->conf.env.subject, "the database takes routes again");
		}
		if (ret == 0 && ending)
			break;
		if (ret == 0)
			ending = wait_for_work(r, NS_PER_SEC);
	}
	sbuf_done(&err);
	routewrite_close(w->write);	/* a client library may keep things by thread */
	w->write = NULL;
	return NULL;
}

/* --- control ---------------------------------------------------------------------------------------- */

void
routeout_tick(struct routeout *r)
{
	switch ((enum scan_state)atomic_load(&r->scan_state)) {
	case SCAN_WANTED:
		r->scan = rib_scan_begin(r->conf.rib, NULL);
		atomic_store(&r->scan_state, SCAN_GIVEN);
		chan_wake(r->wake);
		break;
	case SCAN_OVER:
		rib_scan_end(r->scan);
		r->scan = NULL;
		atomic_store(&r->scan_state, SCAN_NONE);
		chan_wake(r->wake);
		break;
	case SCAN_NONE:
	case SCAN_GIVEN:
		break;
	}
}

/* One for current routes and one for the history, but where they would only wait for each other. */
static int
open_writers(struct routeout *r, const struct routewrite_conf *conf, struct sbuf *err)
{
	const bool both = r->rc.current && r->rc.history && r->rc.backend->one_writer;

	for (unsigned t = 0; t < ROUTES_TABLES; t++) {
		struct writer *w = &r->writer[r->writers];

		if (!(t == ROUTES_CURRENT ? r->rc.current : r->rc.history && !both))
			continue;
		w->out = r;
		w->current = t == ROUTES_CURRENT;
		w->history = t == ROUTES_HISTORY || both;
		w->write = routewrite_open(conf, err);
		if (w->write == NULL)
			return -1;
		r->writers++;
	}
	return 0;
}

static int
open_all(struct routeout *r, struct sbuf *err)
{
	const struct routespool_conf spool = { .dir = r->rc.dir.text,
		.subject = r->conf.env.subject, .most_bytes = r->rc.spool_bytes,
		.sync = r->rc.sync };
	const struct routewrite_conf write = {
		.backend = r->rc.backend, .place = r->rc.place, .output = r->conf.env.name,
		.subject = r->conf.env.subject,
		.table = r->rc.current ? r->rc.table.text : NULL,
		.history = r->rc.history ? r->rc.history_table.text : NULL,
		.history_s = r->rc.history_s, .ledger = r->rc.ledger,
	};
	struct routetake_conf take = { .rib = r->conf.rib, .current = r->rc.current,
		.bins = r->rc.bins, .subject = r->conf.env.subject };

	if (r->rc.history && (r->spool = routespool_open(&spool, err)) == NULL)
		return -1;
	take.spool = r->spool;
	if (open_writers(r, &write, err) != 0)
		return -1;
	r->take = routetake_new(&take, &r->c);
	return 0;
}

static void
give_back(struct routeout *r)
{
	for (unsigned i = 0; i < r->writers; i++) {
		routewrite_close(r->writer[i].write);
		sbuf_done(&r->writer[i].state);
	}
	routetake_free(r->take);
	routemap_free(r->writing);
	routespool_close(r->spool);
	if (r->slot != NULL)
		epoch_leave(r->conf.epoch, r->slot);
	chan_free(r->wake);
	routeconf_done(&r->rc);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->work);
	mem_free(r);
}

static int
no_threads(struct sbuf *err)
{
	sbuf_str(err, "no threads for it");
	return -1;
}

static int
start_threads(struct routeout *r, struct sbuf *err)
{
	const struct changes_conf cc = {
		.kinds = (r->conf.bgp ? 1u << TELLER_BGP : 0) | (r->conf.bmp ? 1u << TELLER_BMP : 0),
	};
	mono_t now = mono_now();

	r->slot = epoch_join(r->conf.epoch);
	r->reader = changes_join(r->conf.changes, &cc);
	r->batch_due = mono_add(now, BATCH_NS);
	r->map_due = mono_add(now, NS_PER_SEC);
	want_scan(r, r->conf.stale_s * NS_PER_SEC);
	if (r->slot == NULL || r->reader == NULL)
		return no_threads(err);
	for (unsigned i = 0; i < r->writers; i++)
		if (pthread_create(&r->writer[i].thread, NULL, write_on, &r->writer[i]) != 0)
			return no_threads(err);
	return pthread_create(&r->taker, NULL, take_on, r) != 0 ? no_threads(err) : 0;
}

struct routeout *
routeout_start(const struct routeout_conf *conf, struct sbuf *err)
{
	struct routeout *r = mem_new(sizeof(*r));

	r->conf = *conf;
	if (routeconf_read(&conf->env, conf->bgp, conf->bmp, &r->rc, err) != 0) {
		mem_free(r);
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->work, NULL);
	r->wake = chan_new(2);
	if (open_all(r, err) != 0 || start_threads(r, err) != 0) {
		give_back(r);
		return NULL;
	}
	return r;
}

void
routeout_stop(struct routeout *r)
{
	if (r == NULL)
		return;
	atomic_store(&r->stop, true);
	chan_wake(r->wake);
	pthread_join(r->taker, NULL);
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < r->writers; i++)
		pthread_join(r->writer[i].thread, NULL);
	changes_leave(r->conf.changes, r->reader);
	if (r->scan != NULL)
		rib_scan_end(r->scan);
	give_back(r);
}

/* --- what it tells ----------------------------------------------------------------------------------- */

const struct out_env *
routeout_env(const struct routeout *r)
{
	return &r->conf.env;
}

void
routeout_counters(struct routeout *r, struct routes_counters *ret)
{
	struct routespool_held held = { 0 };

	if (r->spool != NULL)
		routespool_held(r->spool, &held);
	*ret = r->c;
	counter_set(&ret->recovered, held.recovered);
	counter_set(&ret->spool_held, held.rows);
	counter_set(&ret->spool_bytes, held.bytes);
	counter_set(&ret->bad, held.bad_rows);
}

const char *
routeout_state(struct routeout *r, struct sbuf *b)
{
	pthread_mutex_lock(&r->lock);
	sbuf_clear(b);
	for (unsigned i = 0; i < r->writers && b->len == 0; i++)
		sbuf_str(b, sbuf_text(&r->writer[i].state));
	if (b->len == 0)
		sbuf_str(b, "ok");
	pthread_mutex_unlock(&r->lock);
	return b->text;
}

bool
routeout_has(const struct routeout *r, bool history)
{
	return history ? r->rc.history : r->rc.current;
}
