/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routetake.h"

#include <string.h>

#include "core/log.h"
#include "core/mem.h"

#define TELLERS_MOST	(1u << 20)	/* kept apart over the run */
#define BATCH_BYTES	((size_t)8 << 20)

/* A teller of the tables, and the sessions that it has. */
struct known {
	uint32_t newest;		/* number of the session that tells for it */
	unsigned others;		/* older ones whose routes are still being swept */
	struct routemap *told;		/* told by the newest, while there are others */
	uint64_t in_batch;		/* serial of the batch that has it ... */
	uint32_t at;			/* ... there */
};

/* A session: a teller of the RIB. */
struct session {
	uint32_t number, teller;
};

struct routetake {
	struct routetake_conf conf;
	struct routes_counters *c;
	struct route_teller *teller;	/* reserved room for TELLERS_MOST: never moves */
	struct known *known;
	uint32_t count, room;
	struct slots at;		/* of tellers */
	struct session *session;
	size_t sessions, last;
	struct slots by_number;		/* of sessions */
	struct routemap *map;		/* NULL: no current routes */
	struct routebatch *batch;	/* NULL: none open */
	uint64_t batches;		/* serial of the open one */
	uint64_t lost;			/* to be told by the next batch */
	uint64_t generation, run;
	wall_t newest;
	struct sbuf attrs;
	struct log_limit limit;
};

struct routetake *
routetake_new(const struct routetake_conf *conf, struct routes_counters *c)
{
	struct routetake *t = mem_new(sizeof(*t));

	t->conf = *conf;
	t->c = c;
	t->run = (uint64_t)wall_now().ns / 1000;
	t->teller = mem_reserve(sizeof(*t->teller) * TELLERS_MOST, 0);
	slots_init(&t->at, 64);
	slots_init(&t->by_number, 64);
	return t;
}

void
routetake_free(struct routetake *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->count; i++)
		routemap_free(t->known[i].told);
	mem_free(t->known);
	mem_free(t->session);
	mem_unreserve(t->teller, sizeof(*t->teller) * TELLERS_MOST);
	slots_done(&t->at);
	slots_done(&t->by_number);
	routemap_free(t->map);
	routebatch_free(t->batch);
	sbuf_done(&t->attrs);
	mem_free(t);
}

/* --- tellers ---------------------------------------------------------------------------------------- */

static uint64_t
teller_hash(const struct route_teller *id)
{
	struct route_teller key = *id;
	uint64_t word[sizeof(key) / 8];

	key.as = 0;
	memcpy(word, &key, sizeof(word));
	return hash_words(word, ARRAY_LEN(word), hash_seed());
}

/* The number of a teller, known or new. UINT32_MAX: there are too many. */
static uint32_t
number_of(struct routetake *t, const struct route_teller *id)
{
	uint64_t hash = teller_hash(id);
	struct slots_at at;
	uint32_t i;

	for (i = slots_first(&t->at, hash, &at); i != SLOTS_NONE; i = slots_next(&t->at, &at))
		if (route_teller_is(&t->teller[i], id))
			return i;
	if (t->count == TELLERS_MOST)
		return UINT32_MAX;
	if (t->count == t->room) {
		t->room = t->room == 0 ? 64 : t->room * 2;
		t->known = mem_grow(t->known, t->room, sizeof(*t->known));
	}
	i = t->count++;
	t->teller[i] = *id;
	t->known[i] = (struct known){ 0 };
	slots_add(&t->at, hash, i);
	return i;
}

static uint64_t
session_hash(uint32_t number)
{
	const uint64_t word = number;

	return hash_words(&word, 1, hash_seed());
}

static struct session *
find_session(struct routetake *t, uint32_t number)
{
	struct slots_at at;
	uint32_t i;

	if (t->last < t->sessions && t->session[t->last].number == number)
		return &t->session[t->last];
	for (i = slots_first(&t->by_number, session_hash(number), &at); i != SLOTS_NONE;
	    i = slots_next(&t->by_number, &at))
		if (t->session[i].number == number) {
			t->last = i;
			return &t->session[i];
		}
	return NULL;
}

/* The last one takes its place. */
static void
drop_session(struct routetake *t, struct session *s)
{
	uint32_t i = (uint32_t)(s - t->session), last = (uint32_t)--t->sessions;

	slots_drop(&t->by_number, session_hash(s->number), i);
	if (i != last) {
		*s = t->session[last];
		slots_drop(&t->by_number, session_hash(s->number), last);
		slots_add(&t->by_number, session_hash(s->number), i);
	}
	t->last = 0;
}

/* The session of a change, met for the first time or known. NULL: there are too many tellers. */
static struct session *
session_of(struct routetake *t, const struct change_teller *from)
{
	struct session *s = find_session(t, from->number);
	struct route_teller id;
	struct known *k;
	uint32_t i;

	if (s != NULL)
		return s;
	route_teller_of(&from->info, &id);
	i = number_of(t, &id);
	if (i == UINT32_MAX)
		return NULL;
	k = &t->known[i];
	if (k->newest != 0) {
		k->others++;
		routemap_free(k->told);
		k->told = routemap_new(t->teller, 0);
	}
	k->newest = from->number;
	t->session = mem_grow(t->session, t->sessions + 1, sizeof(*t->session));
	t->session[t->sessions] = (struct session){ from->number, i };
	slots_add(&t->by_number, session_hash(from->number), (uint32_t)t->sessions);
	t->last = t->sessions++;
	return &t->session[t->last];
}

/* Nothing comes of it any more. */
static void
end_session(struct routetake *t, uint32_t number)
{
	struct session *s = find_session(t, number);
	struct known *k;

	if (s == NULL)
		return;
	k = &t->known[s->teller];
	if (k->newest == number)
		k->newest = 0;
	else
		k->others--;
	if (k->others == 0) {
		routemap_free(k->told);
		k->told = NULL;
	}
	drop_session(t, s);
}

/* Is it gone by an older session, and told by the newest? Keeps what is told while that is asked. */
static bool
told_anew(struct routetake *t, const struct session *s, const struct route_key *key, bool gone)
{
	struct known *k = &t->known[s->teller];
	struct route_entry *e;
	bool there;

	if (k->told == NULL)
		return false;
	if (s->number == k->newest) {
		e = routemap_entry(k->told, key, &there);
		e->state = gone ? ROUTE_GONE : ROUTE_THERE;
		return false;
	}
	e = routemap_find(k->told, key);
	return gone && e != NULL && e->state == ROUTE_THERE;
}

/* --- current ---------------------------------------------------------------------------------------- */

static struct routemap *
open_map(struct routetake *t)
{
	if (t->map == NULL)
		t->map = routemap_new(t->teller, t->generation);
	return t->map;
}

static void
set_current(struct routetake *t, const struct route_key *key, uint32_t label,
    const struct route_attrs *attrs, bool fresh, wall_t when, uint64_t seq)
{
	struct routemap *m = open_map(t);
	bool there;
	struct route_entry *e = routemap_entry(m, key, &there);

	if (there)
		count(&t->c->conflated);
	else
		e->first = when;
	e->when = when;
	e->seq = seq;
	e->label = label;
	if (attrs != NULL)
		e->attrs = route_pool_put(&m->pool, attrs);
	if (attrs == NULL)
		e->state = ROUTE_GONE;
	else if (!there)
		e->state = fresh ? ROUTE_NEW : ROUTE_THERE;
	else if (e->state == ROUTE_GONE)
		e->state = ROUTE_THERE;
	counter_set(&t->c->map_held, m->count);
}

size_t
routetake_waiting(const struct routetake *t)
{
	return t->map != NULL ? t->map->count : 0;
}

struct routemap *
routetake_map(struct routetake *t)
{
	struct routemap *m = open_map(t);

	m->upto = t->newest;
	m->run = t->run;
	t->map = NULL;
	counter_set(&t->c->map_held, 0);
	return m;
}

/* --- history ---------------------------------------------------------------------------------------- */

static void
drop_history(struct routetake *t, uint64_t rows, const char *why)
{
	t->lost += rows;
	count_add(&t->c->history_lost, rows);
	if (log_allowed(&t->limit, mono_now()))
		log_write(LOG_LVL_ERROR, t->conf.subject, "%llu changes of routes are lost to the "
		    "history: %s", (unsigned long long)rows, why);
}

void
routetake_close_batch(struct routetake *t)
{
	struct routebatch *b = t->batch;
	uint64_t rows;

	if (b == NULL)
		return;
	rows = b->rows;
	t->batch = NULL;
	counter_set(&t->c->open_held, 0);
	if (!routespool_put(t->conf.spool, b))
		drop_history(t, rows, "the spool is full");
}

static bool
has_bins(const struct bins *bins)
{
	return bins->length_ns != 0 || bins->months != 0;
}

static void
tell_lost(struct routetake *t, wall_t when)
{
	struct route_record r;

	memset(&r, 0, sizeof(r));
	r.event = ROUTE_LOST;
	r.when = when;
	r.entries = t->lost;
	t->lost = 0;
	count(&t->c->history_in);
	routebatch_add(t->batch, &r, NULL);
}

/* The batch that takes a change of this time. */
static struct routebatch *
batch_for(struct routetake *t, wall_t when)
{
	wall_t bin = when;

	if (has_bins(&t->conf.bins))
		bin.ns = bins_start(&t->conf.bins, when.ns);
	if (t->batch != NULL && (t->batch->bytes.len >= BATCH_BYTES ||
	    (has_bins(&t->conf.bins) && t->batch->bin.ns != bin.ns)))
		routetake_close_batch(t);
	if (t->batch == NULL) {
		t->batch = routebatch_new(t->run, bin);
		t->batches++;
		if (t->lost > 0)
			tell_lost(t, when);
	}
	return t->batch;
}

static void
add_history(struct routetake *t, uint32_t teller, enum route_event event, const struct change *ch,
    const struct route_attrs *attrs)
{
	struct routebatch *b = batch_for(t, ch->when);
	struct known *k = &t->known[teller];
	struct route_record r;

	memset(&r, 0, sizeof(r));
	if (k->in_batch != t->batches) {
		k->in_batch = t->batches;
		k->at = routebatch_teller(b, &t->teller[teller]);
	}
	if (ch->kind == CHANGE_ROUTE) {
		r.key = route_key_of(&ch->nlri, 0);
		r.label = ch->nlri.label;
	}
	r.key.teller = k->at;
	r.event = event;
	r.seq = ch->seq;
	r.when = ch->when;
	count(&t->c->history_in);
	routebatch_add(b, &r, attrs);
	counter_set(&t->c->open_held, b->rows);
}

/* --- changes ---------------------------------------------------------------------------------------- */

static void
take_route(struct routetake *t, const struct change *ch)
{
	static const enum route_event events[] = {
		[RIB_NEW] = ROUTE_UPDATE, [RIB_REPLACED] = ROUTE_UPDATE,
		[RIB_SAME] = ROUTE_UPDATE, [RIB_REMOVED] = ROUTE_WITHDRAW,
		[RIB_SWEPT] = ROUTE_DELETE,
	};
	const enum route_event event = events[ch->what];
	const bool gone = event != ROUTE_UPDATE;
	const struct session *s = session_of(t, ch->teller);
	const struct route_attrs *attrs = NULL;
	struct route_key key;

	if (t->conf.current)
		count(&t->c->changes);
	if (s == NULL) {
		if (t->conf.current)
			count(&t->c->unknown);
		return;
	}
	key = route_key_of(&ch->nlri, s->teller);
	if (told_anew(t, s, &key, gone)) {
		if (t->conf.current)
			count(&t->c->conflated);
		return;
	}
	/* What went is told with what it had, as pmacct does. */
	sbuf_clear(&t->attrs);
	if ((gone ? ch->old : ch->path) != 0) {
		route_attrs_put(t->conf.rib, gone ? ch->old : ch->path, &t->attrs);
		attrs = (const void *)t->attrs.text;
	}
	if (t->conf.spool != NULL)
		add_history(t, s->teller, event, ch, attrs);
	if (t->conf.current)
		set_current(t, &key, ch->nlri.label, gone ? NULL : attrs, ch->what == RIB_NEW,
		    ch->when, ch->seq);
}

static void
take_teller(struct routetake *t, const struct change *ch)
{
	const struct session *s = session_of(t, ch->teller);

	if (ch->event == TELLER_END)
		end_session(t, ch->teller->number);
	else if (s != NULL && t->conf.spool != NULL)
		add_history(t, s->teller, ch->event == TELLER_UP ? ROUTE_LOG_INIT : ROUTE_LOG_CLOSE,
		    ch, NULL);
}

void
routetake_changes(struct routetake *t, const struct change_batch *b)
{
	if (b->lost > 0 && t->conf.spool != NULL) {
		count_add(&t->c->history_in, b->lost);
		routetake_close_batch(t);
		drop_history(t, b->lost, "they came faster than they were taken");
	}
	for (size_t i = 0; i < b->count; i++) {
		const struct change *ch = &b->change[i];

		switch ((enum change_kind)ch->kind) {
		case CHANGE_ROUTE:
			take_route(t, ch);
			break;
		case CHANGE_TELLER:
			take_teller(t, ch);
			break;
		case CHANGE_OTHER:
			break;
		}
		if (ch->when.ns > t->newest.ns)
			t->newest = ch->when;
	}
}

/* --- a scan ----------------------------------------------------------------------------------------- */

void
routetake_begin_scan(struct routetake *t, wall_t now)
{
	t->generation = (uint64_t)now.ns / 1000;
	t->newest = now;
	if (t->map == NULL)
		return;
	count_add(&t->c->conflated, t->map->count);
	routemap_free(t->map);
	t->map = NULL;
	counter_set(&t->c->map_held, 0);
}

void
routetake_scanned(struct routetake *t, const struct teller_info *info, const struct rib_scanned *r,
    size_t n, wall_t now)
{
	struct route_teller id;
	uint32_t teller;

	route_teller_of(info, &id);
	teller = number_of(t, &id);
	count_add(&t->c->scanned, n);
	if (teller == UINT32_MAX) {
		count_add(&t->c->unknown, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct route_key key = route_key_of(&r[i].nlri, teller);

		sbuf_clear(&t->attrs);
		route_attrs_put(t->conf.rib, r[i].path, &t->attrs);
		set_current(t, &key, r[i].nlri.label, (const void *)t->attrs.text, false, now, 0);
	}
}
