/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a batch of changes are made into a text per teller; then the batch is given back, and
 * only then texts are written: while a disk is waited for, no attributes are held but those that wait.
 * A text is written when it is large, or when there is nothing else to do.
 */
#include "feed/msglog.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/log.h"
#include "core/mem.h"
#include "feed/bmprecord.h"
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

struct log_text {
	char *path;
	struct sbuf text;
	uint64_t records;		/* in text */
};

struct log_peer {
	uint32_t number;		/* of its teller; 0: free */
	struct teller_info info;	/* its name is not kept */
	struct log_text out;
	uint8_t flags;			/* of the last message with its routes */
	bool gone;			/* nothing more is coming */
};

/* Of BMP the session is the router's: while it is there, its tellers' records go to its file, in order. */
struct log_session {
	struct teller_info info;	/* its router and port; the rest is not set */
	struct log_text out;
	bool gone;
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
	struct log_session *session;
	size_t sessions;
	struct slots at;		/* number of a teller -> peer */
	size_t last;			/* the one found last */
	uint64_t unsaid;		/* lost, and not told of in the log */
	struct log_limit limit;
	struct tagmap *tags;		/* of the batch at hand */
	/* Under the lock, with what the reader's books say: */
	pthread_mutex_t lock;
	uint64_t made, written, failed;	/* made: in texts */
	uint64_t silent;		/* changes without a record: of tellers of BMP */
	struct tagmap *next_tags;	/* of the next batch */
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
	m->peer[i] = (struct log_peer){
		.number = t->number, .info = t->info, .out.path = path.text,
	};
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
end_text(struct msglog *m, struct log_text *t)
{
	spool_close(m->spool, t->path);
	sbuf_done(&t->text);
	mem_free(t->path);
	*t = (struct log_text){ 0 };
}

static void
forget_peer(struct msglog *m, struct log_peer *p)
{
	end_text(m, &p->out);
	slots_drop(&m->at, number_hash(p->number), (uint32_t)(p - m->peer));
	*p = (struct log_peer){ 0 };
}

static void
write_text(struct msglog *m, struct log_text *t)
{
	bool ok = t->records == 0 || spool_put(m->spool, t->path, &t->text) == 0;

	pthread_mutex_lock(&m->lock);
	m->made -= t->records;
	*(ok ? &m->written : &m->failed) += t->records;
	pthread_mutex_unlock(&m->lock);
	t->records = 0;
	sbuf_clear(&t->text);
}

static void
write_texts(struct msglog *m, size_t from_bytes)
{
	for (size_t i = 0; i < m->sessions; i++)
		if (m->session[i].gone || m->session[i].out.text.len >= from_bytes)
			write_text(m, &m->session[i].out);
	for (size_t i = m->sessions; i-- > 0;)
		if (m->session[i].gone) {
			end_text(m, &m->session[i].out);
			m->session[i] = m->session[--m->sessions];
		}
	for (size_t i = 0; i < m->peers; i++) {
		struct log_peer *p = &m->peer[i];

		if (p->number == 0)
			continue;
		if (p->gone || p->out.text.len >= from_bytes)
			write_text(m, &p->out);
		if (p->gone)
			forget_peer(m, p);
	}
}

/* --- sessions of BMP routers --------------------------------------------------------------------- */

/* The one that is there; routers are few. */
static struct log_session *
session_of(const struct msglog *m, const struct addr *router)
{
	for (size_t i = m->sessions; i-- > 0;)
		if (!m->session[i].gone && addr_eq(&m->session[i].info.router, router))
			return &m->session[i];
	return NULL;
}

static struct log_session *
add_session(struct msglog *m, const struct bmp_note *note)
{
	struct sbuf path = { 0 };
	struct log_session *s;

	m->session = mem_grow(m->session, m->sessions + 1, sizeof(*m->session));
	s = &m->session[m->sessions++];
	*s = (struct log_session){ .info = {
		.kind = TELLER_BMP, .router = note->router, .port = note->port } };
	feedname_expand(m->file, &s->info, (wall_t){ 0 }, false, &path);
	s->out.path = path.text;
	return s;
}

/* What its tellers still tell (routes that go, or are stale) goes to the file of this session. */
static void
end_session(struct msglog *m, struct log_session *s)
{
	s->gone = true;
	for (size_t i = 0; i < m->peers; i++) {
		struct log_peer *p = &m->peer[i];
		struct sbuf path = { 0 };

		if (p->number == 0 || !addr_eq(&p->info.router, &s->info.router) ||
		    p->info.port == s->info.port)
			continue;
		p->info.port = s->info.port;
		write_text(m, &p->out);
		end_text(m, &p->out);
		feedname_expand(m->file, &p->info, (wall_t){ 0 }, false, &path);
		p->out.path = path.text;
	}
}

/* --- records ------------------------------------------------------------------------------------- */

static void
put_record(struct msglog *m, const struct teller_info *info, struct log_text *out,
    const struct change *ch, struct record *r)
{
	r->rib = m->rib;
	r->info = info;
	r->tags = m->tags;
	r->seq = ch->seq;
	r->time = ch->when;
	record_put(r, &m->conf.style, &out->text);
	out->records++;
}

static void
log_record(struct msglog *m, struct log_peer *p, const struct change *ch, struct record *r)
{
	struct log_session *s = m->conf.kind == TELLER_BMP ? session_of(m, &p->info.router) : NULL;
	struct teller_info info = p->info;

	if (s == NULL) {
		put_record(m, &p->info, &p->out, ch, r);
		return;
	}
	info.port = s->info.port;
	put_record(m, &info, &s->out, ch, r);
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
	struct record r = { .kind = kinds[ch->what], .nlri = &ch->nlri, .told = ch->told };

	if (r.kind != RECORD_DELETE)
		p->flags = ch->flags;
	r.filtered = (p->flags & BMP_FLAG_F) != 0;
	r.path = r.kind == RECORD_UPDATE ? ch->path : ch->old;
	log_record(m, p, ch, &r);
}

static void
log_teller(struct msglog *m, struct log_peer *p, const struct change *ch)
{
	if (m->conf.kind == TELLER_BMP) {
		p->gone = ch->event == TELLER_END;
		return;			/* the session of its router comes and goes */
	}
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
log_message(struct msglog *m, struct log_session *s, const struct change *ch)
{
	const struct bmp_note *note = ch->bytes;
	const struct bmprecord r = {
		.note = note, .message = (const uint8_t *)(note + 1),
		.len = ch->len - sizeof(*note), .seq = ch->seq, .arrived = ch->when,
		.tags = m->tags,
	};
	bool made = bmprecord_put(&r, &m->conf.style, &s->out.text);

	assert(made);			/* it was good when it was told */
	s->out.records++;
}

/* A session whose beginning was lost begins with what comes. */
static void
log_note(struct msglog *m, const struct change *ch)
{
	const struct bmp_note *note = ch->bytes;
	struct log_session *s = session_of(m, &note->router);
	struct record r = { .kind = RECORD_LOG_INIT };

	if (s != NULL && s->info.port != note->port) {
		end_session(m, s);
		s = NULL;
	}
	if (s == NULL)
		s = add_session(m, note);
	switch (note->kind) {
	case BMP_NOTE_UP:
		put_record(m, &s->info, &s->out, ch, &r);
		break;
	case BMP_NOTE_MESSAGE:
		log_message(m, s, ch);
		break;
	case BMP_NOTE_DOWN:
		r.kind = RECORD_LOG_CLOSE;
		put_record(m, &s->info, &s->out, ch, &r);
		end_session(m, s);
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
		log_note(m, ch);
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
	uint64_t records = 0, silent = 0;

	say_lost(m, b->lost);
	pthread_mutex_lock(&m->lock);
	m->tags = tagmap_share(m->next_tags);
	pthread_mutex_unlock(&m->lock);
	for (size_t i = 0; i < b->count; i++) {
		bool event = b->change[i].kind == CHANGE_TELLER;

		log_change(m, &b->change[i]);
		if (event && b->change[i].event == TELLER_END)
			continue;
		records += !event || m->conf.kind != TELLER_BMP;
		silent += event && m->conf.kind == TELLER_BMP;
	}
	pthread_mutex_lock(&m->lock);
	m->made += records;
	m->silent += silent;
	changes_done(m->reader, b);
	pthread_mutex_unlock(&m->lock);
	tagmap_release(m->tags);
	m->tags = NULL;
}

static void
log_all(struct msglog *m)
{
	const struct change_batch *b;

	while ((b = changes_take(m->reader)) != NULL) {
		log_batch(m, b);
		write_texts(m, LARGE);
	}
	write_texts(m, 1);
}

/* Wishes are looked at after changes_take found nothing: one that comes later ends the wait. */
static void *
log_on(void *arg)
{
	struct msglog *m = arg;

	for (;;) {
		log_all(m);
		if (atomic_exchange(&m->reopen, false))
			spool_reopen(m->spool);
		if (atomic_load(&m->ending))
			break;
		changes_wait(m->reader, -1);
	}
	log_all(m);		/* the last batch came before the wish */
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
	for (size_t i = 0; i < m->sessions; i++)
		end_text(m, &m->session[i].out);
	mem_free(m->session);
	spool_free(m->spool);
	mem_free(m->peer);
	slots_done(&m->at);
	pthread_mutex_destroy(&m->lock);
	tagmap_release(m->next_tags);
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

/* What was told before is tagged by the map of its time, as far as its batch was handed over. */
void
msglog_use_tags(struct msglog *m, struct tagmap *tags)
{
	struct tagmap *old;

	changes_flush(m->changes);
	pthread_mutex_lock(&m->lock);
	old = m->next_tags;
	m->next_tags = tagmap_share(tags);
	pthread_mutex_unlock(&m->lock);
	tagmap_release(old);
}

void
msglog_counters(struct msglog *m, struct msglog_counters *ret)
{
	struct changes_figures fig;

	pthread_mutex_lock(&m->lock);
	changes_figures(m->reader, &fig);
	counter_set(&ret->records, fig.told - m->silent);
	counter_set(&ret->dropped, fig.lost);
	counter_set(&ret->written, m->written);
	counter_set(&ret->failed, m->failed);
	counter_set(&ret->held, fig.held + m->made);
	pthread_mutex_unlock(&m->lock);
}
