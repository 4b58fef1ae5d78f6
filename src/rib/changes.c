/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What control tells the readers.
 *
 * Of each teller it is known what each reader was told of it. An event is the difference to what is
 * so now; one that found no room needs no memory, for the difference stays until there is room.
 */
#include "rib/changes_priv.h"

#include <assert.h>

#include "core/chan.h"
#include "core/mem.h"

#define MOST_BYTES	((size_t)64 << 20)
#define MOST_S		30
#define WAITING_FEW	2		/* a flush adds no small batch to more than these */

/* --- tellers ------------------------------------------------------------------------------------- */

static bool
wants(const struct changes_reader *r, enum teller_kind kind)
{
	return r != NULL && (r->conf.kinds & 1u << kind) != 0;
}

/* NULL where there is none, or one that has been told its last. */
static struct changes_reader *
listener(const struct changes *c, unsigned i)
{
	return c->reader[i] != NULL && !c->reader[i]->closed ? c->reader[i] : NULL;
}

static bool
tell_event(struct changes_reader *r, struct known *k, enum teller_event event)
{
	const struct change ch = {
		.teller = &k->pub, .when = wall_now(), .seq = r->c->seq, .kind = CHANGE_TELLER,
		.event = (uint8_t)event, .port = k->port,
	};
	uint8_t *told = &k->told[r->number];

	if (!batch_put(r, &ch)) {
		r->behind = true;
		return false;
	}
	if (event != TELLER_END)
		r->c->seq++;
	if (*told == TOLD_NOTHING)
		atomic_fetch_add(&k->refs, 1);
	*told = event == TELLER_UP ? TOLD_UP : event == TELLER_DOWN ? TOLD_DOWN : TOLD_NOTHING;
	return true;
}

/* What is so now and was not told. False: there is no room. */
static bool
tell_difference(struct changes_reader *r, struct known *k)
{
	const uint8_t *told = &k->told[r->number];

	if (!wants(r, k->pub.info.kind))
		return true;
	if (k->up && *told != TOLD_UP)
		return tell_event(r, k, TELLER_UP);
	if (!k->up && *told == TOLD_UP && !tell_event(r, k, TELLER_DOWN))
		return false;
	if (k->teller == NULL && *told != TOLD_NOTHING)
		return tell_event(r, k, TELLER_END);
	return true;
}

/* Those that are gone stay until all who know them have heard so. */
static void
forget_gone(struct changes *c)
{
	for (struct known **at = &c->known; *at != NULL;) {
		struct known *k = *at;
		bool told = false;

		for (unsigned i = 0; i < CHANGES_READERS; i++)
			told |= k->told[i] != TOLD_NOTHING;
		if (k->teller != NULL || told) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		known_drop(k);
	}
}

/* True: the reader knows of all tellers what is so. */
static bool
catch_up(struct changes_reader *r)
{
	if (!r->behind)
		return true;
	if (batch_with_room(r) == NULL)
		return false;
	r->behind = false;
	for (struct known *k = r->c->known; k != NULL && !r->behind; k = k->next)
		(void)tell_difference(r, k);
	return !r->behind;
}

static uint64_t
teller_hash(const struct teller *t)
{
	const uint64_t word = (uintptr_t)t;

	return hash_words(&word, 1, hash_seed());
}

static uint32_t
slot_of(const struct changes *c, const struct teller *t)
{
	struct slots_at at;
	uint32_t i = slots_first(&c->at, teller_hash(t), &at);

	while (i != SLOTS_NONE && c->by_slot[i]->teller != t)
		i = slots_next(&c->at, &at);
	return i;
}

static uint32_t
free_slot(struct changes *c)
{
	uint32_t i = 0;

	while (i < c->slots && c->by_slot[i] != NULL)
		i++;
	if (i == c->slots)
		c->by_slot = mem_grow(c->by_slot, ++c->slots, sizeof(c->by_slot[0]));
	return i;
}

static struct known *
known_new(struct changes *c, const struct teller *t)
{
	struct known *k = mem_new(sizeof(*k));
	uint32_t slot = free_slot(c);

	k->pub.info = *teller_info(t);
	k->pub.info.name = k->name = mem_strdup(k->pub.info.name);
	k->pub.number = ++c->number;
	k->port = k->pub.info.port;
	k->teller = t;
	atomic_init(&k->refs, 1);
	k->next = c->known;
	c->known = k;
	c->by_slot[slot] = k;
	slots_add(&c->at, teller_hash(t), slot);
	return k;
}

static struct known *
known_of(struct changes *c, const struct teller *t)
{
	uint32_t slot;

	if (c->last != NULL && c->last->teller == t)
		return c->last;
	slot = slot_of(c, t);
	return c->last = slot != SLOTS_NONE ? c->by_slot[slot] : known_new(c, t);
}

/* Its memory is about to be used for another. */
static void
known_gone(struct changes *c, struct known *k)
{
	uint32_t slot = slot_of(c, k->teller);

	slots_drop(&c->at, teller_hash(k->teller), slot);
	c->by_slot[slot] = NULL;
	c->last = NULL;
	k->teller = NULL;
	k->up = false;
}

static void
on_teller(void *ctx, const struct teller *t, enum teller_event event)
{
	struct changes *c = ctx;
	struct known *k = known_of(c, t);

	k->up = event == TELLER_UP;
	k->port = teller_info(t)->port;
	if (event == TELLER_END)
		known_gone(c, k);
	for (unsigned i = 0; i < CHANGES_READERS; i++)
		if (listener(c, i) != NULL && catch_up(c->reader[i]))
			(void)tell_difference(c->reader[i], k);
	if (event == TELLER_END)
		forget_gone(c);
}

/* --- routes -------------------------------------------------------------------------------------- */

static void
tell_route(struct changes_reader *r, struct known *k, const struct change *ch)
{
	if (!catch_up(r) || !batch_put(r, ch)) {
		r->told++;
		r->lost++;
		r->unsaid++;
		return;
	}
	if (k != NULL && k->told[r->number] == TOLD_NOTHING) {
		k->told[r->number] = TOLD_DOWN;
		atomic_fetch_add(&k->refs, 1);
	}
}

static void
on_route(void *ctx, const struct rib_event *e)
{
	struct changes *c = ctx;
	struct known *k = known_of(c, e->teller);
	const struct change ch = {
		.teller = &k->pub, .when = wall_now(), .seq = c->seq++, .nlri = *e->nlri,
		.old = e->old, .path = e->path, .kind = CHANGE_ROUTE, .what = (uint8_t)e->change,
		.told = c->context.told, .flags = c->context.flags,
	};

	for (unsigned i = 0; i < CHANGES_READERS; i++)
		if (wants(listener(c, i), k->pub.info.kind))
			tell_route(c->reader[i], k, &ch);
}

void
changes_tell(struct changes *c, enum teller_kind kind, const void *bytes, size_t len)
{
	const struct change ch = {
		.when = wall_now(), .seq = c->seq++, .kind = CHANGE_OTHER,
		.bytes = (void *)(uintptr_t)bytes, .len = (uint32_t)len,
	};

	for (unsigned i = 0; i < CHANGES_READERS; i++)
		if (wants(listener(c, i), kind))
			tell_route(c->reader[i], NULL, &ch);
}

void
changes_context(struct changes *c, wall_t told, uint8_t flags)
{
	c->context.told = told;
	c->context.flags = flags;
}

/* --- all of it ----------------------------------------------------------------------------------- */

struct changes *
changes_new(struct rib *rib, struct epoch *ep)
{
	struct changes *c = mem_new(sizeof(*c));

	c->rib = rib;
	c->ep = ep;
	slots_init(&c->at, 16);
	c->watcher = (struct rib_watcher){ on_route, on_teller, c };
	return c;
}

/* The RIB is watched while there are readers. */
static void
watch(struct changes *c)
{
	for (struct teller *t = c->rib->first; t != NULL; t = t->next)
		known_of(c, t)->up = !t->said_down;
	rib_watch(c->rib, &c->watcher);
}

static void
unwatch(struct changes *c)
{
	rib_watch(c->rib, NULL);
	while (c->known != NULL) {
		struct known *k = c->known;

		c->known = k->next;
		known_drop(k);
	}
	slots_clear(&c->at);
	c->slots = 0;
	c->last = NULL;
}

void
changes_free(struct changes *c)
{
	if (c == NULL)
		return;
	assert(c->readers == 0);
	mem_free(c->by_slot);
	slots_done(&c->at);
	mem_free(c);
}

uint64_t
changes_number(struct changes *c)
{
	return c->seq++;
}

struct changes_reader *
changes_join(struct changes *c, const struct changes_conf *conf)
{
	struct changes_reader *r;
	unsigned n = 0;

	while (n < CHANGES_READERS && c->reader[n] != NULL)
		n++;
	if (n == CHANGES_READERS)
		return NULL;
	r = mem_new(sizeof(*r));
	r->c = c;
	r->number = n;
	r->conf = *conf;
	if (r->conf.most_bytes == 0)
		r->conf.most_bytes = MOST_BYTES;
	if (r->conf.most_s == 0)
		r->conf.most_s = MOST_S;
	r->wake = chan_new(2);
	r->end = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	if (c->readers++ == 0)
		watch(c);
	c->reader[n] = r;
	r->behind = true;
	(void)catch_up(r);
	return r;
}

/* Down without being so: what is told afterwards goes to nobody. */
void
changes_close(struct changes *c, struct changes_reader *r)
{
	r->closed = true;
	(void)catch_up(r);
	for (struct known *k = c->known; k != NULL; k = k->next)
		if (k->told[r->number] == TOLD_UP)
			(void)tell_event(r, k, TELLER_DOWN);
	if (r->unsaid > 0)
		(void)batch_with_room(r);
	batch_hand_over(r);
}

void
changes_leave(struct changes *c, struct changes_reader *r)
{
	if (!r->closed)
		changes_close(c, r);
	while (r->first != NULL) {
		struct batch *b = r->first;

		r->first = b->next;
		batch_free(c, b);
	}
	for (struct known *k = c->known; k != NULL; k = k->next) {
		if (k->told[r->number] == TOLD_NOTHING)
			continue;
		k->told[r->number] = TOLD_NOTHING;
		known_drop(k);
	}
	c->reader[r->number] = NULL;
	forget_gone(c);
	if (--c->readers == 0)
		unwatch(c);
	chan_free(r->wake);
	pthread_mutex_destroy(&r->lock);
	mem_free(r);
}

/* Small batches do not pile up before a reader that is busy: they grow. */
static void
flush_reader(struct changes_reader *r)
{
	size_t waiting;

	batches_give_up_old(r);
	if (r->unsaid > 0)
		(void)batch_with_room(r);
	(void)catch_up(r);
	pthread_mutex_lock(&r->lock);
	waiting = r->waiting;
	pthread_mutex_unlock(&r->lock);
	if (waiting <= WAITING_FEW || (r->open != NULL &&
	    mono_since(mono_now(), r->open->since) >= r->conf.most_s * NS_PER_SEC))
		batch_hand_over(r);
}

void
changes_flush(struct changes *c)
{
	for (unsigned i = 0; i < CHANGES_READERS; i++)
		if (listener(c, i) != NULL)
			flush_reader(c->reader[i]);
	forget_gone(c);
}
