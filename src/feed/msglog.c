/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a batch of changes are made into a text per teller; then the batch is given back, and
 * only then texts are written: while a disk is waited for, no attributes are held but those that wait.
 * A text is written when it is large, or when there is nothing else to do.
 */
#include "feed/msglog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/log.h"
#include "core/mem.h"
#include "feed/feedname.h"
#include "feed/spool.h"

#define LARGE	((size_t)64 << 10)

#define ROW(field, kind, text) \
	{ #field, offsetof(struct msglog_counters, field), COUNTER_##kind, text }
const struct counter_row msglog_counter_rows[] = {
	ROW(records, IN, "records to be written"),
	ROW(written, OUT, "records that are in a file"),
	ROW(dropped, DROP, "records that found no room on their way to the file"),
	ROW(failed, DROP, "records that the file did not take"),
	ROW(held, HELD, "records on their way"),
};
#undef ROW
const size_t msglog_counter_count = ARRAY_LEN(msglog_counter_rows);

struct log_peer {
	uint32_t number;		/* of its teller; 0: free */
	struct teller_info info;	/* its name is not kept */
	char *path;
	struct sbuf text;
	uint64_t records;		/* in text */
	bool gone;			/* nothing more is coming */
};

struct msglog {
	const struct rib *rib;
	struct changes *changes;
	struct changes_reader *reader;
	struct msglog_conf conf;
	char *file;
	_Atomic bool reopen, ending;
	pthread_t thread;
	/* The thread's own: */
	struct spool *spool;
	struct log_peer *peer;
	size_t peers;
	struct slots at;		/* number of a teller -> peer */
	size_t last;			/* the one found last */
	uint64_t unsaid;		/* lost, and not told of in the log */
	struct log_limit limit;
	/* Under the lock, with what the reader's books say: */
	pthread_mutex_t lock;
	uint64_t made, written, failed;	/* made: in texts */
};

/* --- peers --------------------------------------------------------------------------------------- */

static uint64_t
number_hash(uint32_t number)
{
	const uint64_t word = number;

	return hash_words(&word, 1, hash_seed());
}

static struct log_peer *
add_peer(struct msglog *m, const struct change_teller *t)
{
	struct sbuf path = { 0 };
	uint32_t i = 0;

	while (i < m->peers && m->peer[i].number != 0)
		i++;
	if (i == m->peers)
		m->peer = mem_grow(m->peer, ++m->peers, sizeof(*m->peer));
	feedname_expand(m->file, &t->info, (wall_t){ 0 }, false, &path);
	m->peer[i] = (struct log_peer){ .number = t->number, .info = t->info, .path = path.text };
	m->peer[i].info.name = NULL;
	slots_add(&m->at, number_hash(t->number), i);
	return &m->peer[i];
}

static struct log_peer *
peer_of(struct msglog *m, const struct change_teller *t)
{
	struct slots_at at;
	uint32_t i;

	if (m->last < m->peers && m->peer[m->last].number == t->number)
		return &m->peer[m->last];
	for (i = slots_first(&m->at, number_hash(t->number), &at); i != SLOTS_NONE;
	    i = slots_next(&m->at, &at))
		if (m->peer[i].number == t->number)
			break;
	m->last = i != SLOTS_NONE ? i : (size_t)(add_peer(m, t) - m->peer);
	return &m->peer[m->last];
}

static void
forget_peer(struct msglog *m, struct log_peer *p)
{
	spool_close(m->spool, p->path);
	slots_drop(&m->at, number_hash(p->number), (uint32_t)(p - m->peer));
	sbuf_done(&p->text);
	mem_free(p->path);
	*p = (struct log_peer){ 0 };
}

static void
write_text(struct msglog *m, struct log_peer *p)
{
	bool ok = p->records == 0 || spool_put(m->spool, p->path, &p->text) == 0;

	pthread_mutex_lock(&m->lock);
	m->made -= p->records;
	*(ok ? &m->written : &m->failed) += p->records;
	pthread_mutex_unlock(&m->lock);
	p->records = 0;
	sbuf_clear(&p->text);
}

static void
write_texts(struct msglog *m, size_t from_bytes)
{
	for (size_t i = 0; i < m->peers; i++) {
		struct log_peer *p = &m->peer[i];

		if (p->number == 0)
			continue;
		if (p->gone || p->text.len >= from_bytes)
			write_text(m, p);
		if (p->gone)
			forget_peer(m, p);
	}
}

/* --- records ------------------------------------------------------------------------------------- */

static void
log_record(struct msglog *m, struct log_peer *p, const struct change *ch, struct record *r)
{
	r->rib = m->rib;
	r->info = &p->info;
	r->seq = ch->seq;
	r->time = ch->when;
	record_put(r, &m->conf.style, &p->text);
	p->records++;
}

/* What went is told with what it had, as pmacct does. */
static void
log_route(struct msglog *m, struct log_peer *p, const struct change *ch)
{
	static const enum record_kind kinds[] = {
		[RIB_NEW] = RECORD_UPDATE, [RIB_REPLACED] = RECORD_UPDATE,
		[RIB_SAME] = RECORD_UPDATE, [RIB_REMOVED] = RECORD_WITHDRAW,
		[RIB_SWEPT] = RECORD_DELETE,
	};
	struct record r = { .kind = kinds[ch->what], .nlri = &ch->nlri };

	r.path = r.kind == RECORD_UPDATE ? ch->path : ch->old;
	log_record(m, p, ch, &r);
}

static void
log_teller(struct msglog *m, struct log_peer *p, const struct change *ch)
{
	switch ((enum teller_event)ch->event) {
	case TELLER_UP:
		p->info.port = ch->port;
		log_record(m, p, ch, &(struct record){ .kind = RECORD_LOG_INIT });
		break;
	case TELLER_DOWN:
		log_record(m, p, ch, &(struct record){ .kind = RECORD_LOG_CLOSE });
		break;
	case TELLER_END:
		p->gone = true;
		break;
	}
}

static void
log_change(struct msglog *m, const struct change *ch)
{
	switch ((enum change_kind)ch->kind) {
	case CHANGE_ROUTE:
		log_route(m, peer_of(m, ch->teller), ch);
		break;
	case CHANGE_TELLER:
		log_teller(m, peer_of(m, ch->teller), ch);
		break;
	case CHANGE_OTHER:
		break;
	}
}

static void
say_lost(struct msglog *m, uint64_t lost)
{
	m->unsaid += lost;
	if (m->unsaid == 0 || !log_allowed(&m->limit, mono_now()))
		return;
	log_warn("%s: %llu records dropped: they are made faster than they are written", m->file,
	    (unsigned long long)m->unsaid);
	m->unsaid = 0;
	m->limit.held = 0;
}

static void
log_batch(struct msglog *m, const struct change_batch *b)
{
	uint64_t records = 0;

	say_lost(m, b->lost);
	for (size_t i = 0; i < b->count; i++) {
		log_change(m, &b->change[i]);
		records += b->change[i].kind != CHANGE_TELLER || b->change[i].event != TELLER_END;
	}
	pthread_mutex_lock(&m->lock);
	m->made += records;
	changes_done(m->reader, b);
	pthread_mutex_unlock(&m->lock);
}

static void *
log_on(void *arg)
{
	struct msglog *m = arg;
	bool ending;

	do {
		const struct change_batch *b;

		ending = atomic_load(&m->ending);	/* before the last look: all of it is there */
		while ((b = changes_take(m->reader)) != NULL) {
			log_batch(m, b);
			write_texts(m, LARGE);
		}
		write_texts(m, 1);
		if (atomic_exchange(&m->reopen, false))
			spool_reopen(m->spool);
		if (!ending)
			changes_wait(m->reader, -1);
	} while (!ending);
	return NULL;
}

/* --- control's ----------------------------------------------------------------------------------- */

struct msglog *
msglog_start(const struct rib *rib, struct changes *c, const struct msglog_conf *conf)
{
	const struct changes_conf cc = {
		.kinds = 1u << conf->kind, .most_bytes = conf->most_bytes,
	};
	struct changes_reader *reader = changes_join(c, &cc);
	struct msglog *m;

	if (reader == NULL)
		return NULL;
	m = mem_new(sizeof(*m));
	m->rib = rib;
	m->changes = c;
	m->reader = reader;
	m->conf = *conf;
	m->file = mem_strdup(conf->file);
	m->spool = spool_new(conf->umask);
	slots_init(&m->at, 16);
	pthread_mutex_init(&m->lock, NULL);
	if (pthread_create(&m->thread, NULL, log_on, m) != 0)
		abort();		/* at start: as fatal as out of memory */
	return m;
}

void
msglog_stop(struct msglog *m)
{
	if (m == NULL)
		return;
	changes_close(m->changes, m->reader);
	atomic_store(&m->ending, true);
	changes_wake(m->reader);
	pthread_join(m->thread, NULL);
	changes_leave(m->changes, m->reader);
	for (size_t i = 0; i < m->peers; i++)
		if (m->peer[i].number != 0)
			forget_peer(m, &m->peer[i]);
	spool_free(m->spool);
	mem_free(m->peer);
	slots_done(&m->at);
	pthread_mutex_destroy(&m->lock);
	mem_free(m->file);
	mem_free(m);
}

void
msglog_reopen(struct msglog *m)
{
	changes_flush(m->changes);
	atomic_store(&m->reopen, true);
	changes_wake(m->reader);
}

void
msglog_counters(struct msglog *m, struct msglog_counters *ret)
{
	struct changes_figures fig;

	pthread_mutex_lock(&m->lock);
	changes_figures(m->reader, &fig);
	counter_set(&ret->records, fig.told);
	counter_set(&ret->dropped, fig.lost);
	counter_set(&ret->written, m->written);
	counter_set(&ret->failed, m->failed);
	counter_set(&ret->held, fig.held + m->made);
	pthread_mutex_unlock(&m->lock);
}
