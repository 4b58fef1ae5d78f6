/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records are made at once, while their paths are good, into a text per teller, which goes to the
 * spool when it is large or a moment old. Tellers are found by their place in memory.
 */
#include "feed/msglog.h"

#include <string.h>

#include "core/hash.h"
#include "core/log.h"
#include "core/mem.h"
#include "feed/feedname.h"

#define MOST_BYTES	((size_t)64 << 20)
#define HAND_OVER	((size_t)64 << 10)

/* Once handed to the spool a record counts as written; what then fails is the spool's to say. */
#define ROW(field, kind, text) \
	{ #field, offsetof(struct msglog_counters, field), COUNTER_##kind, text }
const struct counter_row msglog_counter_rows[] = {
	ROW(records, IN, "records made"),
	ROW(written, OUT, "records handed to the file"),
	ROW(dropped, DROP, "records that found no room on their way to the file"),
	ROW(held, HELD, "records that wait for the next hand-over"),
};
#undef ROW
const size_t msglog_counter_count = ARRAY_LEN(msglog_counter_rows);

struct log_peer {
	const struct teller *teller;	/* NULL: free */
	struct teller_info info;	/* its name is not kept */
	char *path;
	struct sbuf text;
	uint64_t records;		/* in text */
	bool up;
};

struct msglog {
	const struct rib *rib;
	struct msglog_conf conf;
	char *file;
	struct spool *spool;
	struct log_peer *peer;
	size_t peers;
	struct slots at;		/* teller -> peer */
	uint32_t last;			/* the one found last */
	struct msglog_counters c;
	uint64_t said;			/* drops that the log has told of */
	struct log_limit limit;
};

static uint64_t
teller_hash(const struct teller *t)
{
	const uint64_t word = (uintptr_t)t;

	return hash_words(&word, 1, hash_seed());
}

static struct log_peer *
find_peer(struct msglog *m, const struct teller *t)
{
	struct slots_at at;
	uint32_t i;

	if (m->last < m->peers && m->peer[m->last].teller == t)
		return &m->peer[m->last];
	for (i = slots_first(&m->at, teller_hash(t), &at); i != SLOTS_NONE;
	    i = slots_next(&m->at, &at))
		if (m->peer[i].teller == t)
			break;
	if (i == SLOTS_NONE)
		return NULL;
	m->last = i;
	return &m->peer[i];
}

static struct log_peer *
add_peer(struct msglog *m, const struct teller *t)
{
	const struct teller_info *info = teller_info(t);
	struct sbuf path = { 0 };
	uint32_t i = 0;

	while (i < m->peers && m->peer[i].teller != NULL)
		i++;
	if (i == m->peers) {
		m->peer = mem_grow(m->peer, m->peers + 1, sizeof(*m->peer));
		m->peers++;
	}
	feedname_expand(m->file, info, (wall_t){ 0 }, false, &path);
	m->peer[i] = (struct log_peer){ .teller = t, .info = *info, .path = path.text };
	slots_add(&m->at, teller_hash(t), i);
	return &m->peer[i];
}

static void
hand_over(struct msglog *m, struct log_peer *p)
{
	uint64_t n = p->records;

	if (n == 0)
		return;
	p->records = 0;
	counter_set(&m->c.held, counter_get(&m->c.held) - n);
	if (spool_put(m->spool, p->path, &p->text)) {
		count_add(&m->c.written, n);
		return;
	}
	sbuf_clear(&p->text);
	count_add(&m->c.dropped, n);
}

static void
log_record(struct msglog *m, struct log_peer *p, struct record *r)
{
	r->rib = m->rib;
	r->info = &p->info;
	r->seq = (*m->conf.seq)++;
	r->time = wall_now();
	record_put(r, &m->conf.style, &p->text);
	p->records++;
	count(&m->c.records);
	count(&m->c.held);
	if (p->text.len >= HAND_OVER)
		hand_over(m, p);
}

/* The teller's memory is about to be used for another. */
static void
forget_peer(struct msglog *m, struct log_peer *p)
{
	hand_over(m, p);
	spool_close(m->spool, p->path);
	slots_drop(&m->at, teller_hash(p->teller), (uint32_t)(p - m->peer));
	sbuf_done(&p->text);
	mem_free(p->path);
	*p = (struct log_peer){ 0 };
}

struct msglog *
msglog_start(const struct rib *rib, const struct msglog_conf *conf)
{
	struct msglog *m = mem_new(sizeof(*m));

	m->rib = rib;
	m->conf = *conf;
	m->file = mem_strdup(conf->file);
	m->spool = spool_start(conf->most_bytes != 0 ? conf->most_bytes : MOST_BYTES, conf->umask);
	slots_init(&m->at, 16);
	return m;
}

void
msglog_stop(struct msglog *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->peers; i++) {
		if (m->peer[i].teller == NULL)
			continue;
		if (m->peer[i].up)
			log_record(m, &m->peer[i], &(struct record){ .kind = RECORD_LOG_CLOSE });
		forget_peer(m, &m->peer[i]);
	}
	spool_stop(m->spool);
	mem_free(m->peer);
	slots_done(&m->at);
	mem_free(m->file);
	mem_free(m);
}

void
msglog_route(struct msglog *m, const struct rib_event *e)
{
	static const enum record_kind kinds[] = {
		[RIB_NEW] = RECORD_UPDATE, [RIB_REPLACED] = RECORD_UPDATE,
		[RIB_SAME] = RECORD_UPDATE, [RIB_REMOVED] = RECORD_WITHDRAW,
		[RIB_SWEPT] = RECORD_DELETE,
	};
	struct record r = { .kind = kinds[e->change], .nlri = e->nlri };
	struct log_peer *p;

	if (teller_info(e->teller)->kind != m->conf.kind)
		return;
	/* What went is told with what it had, as pmacct does. */
	r.path = r.kind == RECORD_UPDATE ? e->path : e->old;
	p = find_peer(m, e->teller);
	if (p == NULL)
		p = add_peer(m, e->teller);	/* an orphan from before the start, being swept */
	log_record(m, p, &r);
}

void
msglog_teller(struct msglog *m, const struct teller *t, enum teller_event event)
{
	static const enum record_kind kinds[] = {
		[TELLER_UP] = RECORD_LOG_INIT, [TELLER_DOWN] = RECORD_LOG_CLOSE,
	};
	struct log_peer *p = find_peer(m, t);

	if (teller_info(t)->kind != m->conf.kind)
		return;
	if (event == TELLER_END) {
		if (p != NULL)
			forget_peer(m, p);
		return;
	}
	if (p == NULL)
		p = add_peer(m, t);
	p->info.port = teller_info(t)->port;
	p->up = event == TELLER_UP;
	log_record(m, p, &(struct record){ .kind = kinds[event] });
}

void
msglog_flush(struct msglog *m)
{
	uint64_t dropped;

	for (size_t i = 0; i < m->peers; i++)
		hand_over(m, &m->peer[i]);
	dropped = counter_get(&m->c.dropped);
	if (dropped > m->said && log_allowed(&m->limit, mono_now())) {
		log_warn("%s: %llu records dropped: they are made faster than they are written",
		    m->file, (unsigned long long)(dropped - m->said));
		m->said = dropped;
		m->limit.held = 0;
	}
}

void
msglog_reopen(struct msglog *m)
{
	msglog_flush(m);
	spool_reopen(m->spool);
}

const struct msglog_counters *
msglog_counters(const struct msglog *m)
{
	return &m->c;
}
