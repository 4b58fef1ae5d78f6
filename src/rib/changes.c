/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control fills a batch per reader and sends it when it is full or at the next flush. What a batch may hold
 * is known by bytes that its reader has not given back; a batch is online as an epoch's reader from its
 * first change until then. A teller lives as long as the RIB's and the batches that may name it: it is
 * freed by control once every batch that was open or on its way at its end has come back.
 */
#include "rib/changes.h"

#include <stdatomic.h>
#include <string.h>

#include "core/chan.h"
#include "core/hash.h"
#include "core/mem.h"

#define MOST_BYTES	((size_t)64 << 20)
#define BATCH_MOST	4096u		/* changes */
#define CHAN_ROOM	8192u		/* batches on their way */
#define READERS_MOST	16

struct batch {
	struct change_batch pub;	/* first: what the reader has */
	struct epoch_reader *slot;
	struct change change[BATCH_MOST];
};

struct known {
	const struct teller *teller;
	struct change_teller *pub;
};

struct changes_reader {
	struct changes *c;
	struct changes_conf conf;
	struct chan *chan;		/* to the reader */
	struct batch *open;		/* NULL: none */
	uint64_t sent;			/* batches; control's */
	_Atomic uint64_t done;		/* batches given back */
	uint64_t lost;			/* to be told by the next batch */
};

/* A teller that has ended, until what was sent by then has come back. */
struct ended {
	struct change_teller *pub;
	uint64_t sent[READERS_MOST];
};

struct changes {
	struct rib *rib;
	struct epoch *ep;
	struct rib_watcher watcher;
	struct changes_reader *reader[READERS_MOST];	/* NULL: free */
	unsigned readers;
	struct known *known;
	size_t count, last;
	struct slots at;		/* teller -> known */
	struct ended *ended;
	size_t ends;
	uint32_t number;
	uint64_t seq;
};

/* --- tellers --------------------------------------------------------------------------------------- */

static uint64_t
teller_hash(const struct teller *t)
{
	const uint64_t word = (uintptr_t)t;

	return hash_words(&word, 1, hash_seed());
}

/* Its place is c->last. */
static struct change_teller *
find(struct changes *c, const struct teller *t)
{
	struct slots_at at;
	uint32_t i;

	if (c->last < c->count && c->known[c->last].teller == t)
		return c->known[c->last].pub;
	for (i = slots_first(&c->at, teller_hash(t), &at); i != SLOTS_NONE; i = slots_next(&c->at, &at))
		if (c->known[i].teller == t)
			break;
	if (i != SLOTS_NONE) {
		c->last = i;
		return c->known[i].pub;
	}
	c->known = mem_grow(c->known, c->count + 1, sizeof(*c->known));
	c->last = c->count++;
	c->known[c->last] = (struct known){ t, mem_new(sizeof(struct change_teller)) };
	c->known[c->last].pub->info = *teller_info(t);
	c->known[c->last].pub->info.name =
	    mem_strdup(teller_info(t)->name != NULL ? teller_info(t)->name : "");
	c->known[c->last].pub->number = ++c->number;
	slots_add(&c->at, teller_hash(t), (uint32_t)c->last);
	return c->known[c->last].pub;
}

static void
free_teller(struct change_teller *pub)
{
	mem_free((char *)(uintptr_t)pub->info.name);
	mem_free(pub);
}

/* The last one takes its place. */
static void
forget(struct changes *c, size_t i)
{
	struct ended *e;

	slots_drop(&c->at, teller_hash(c->known[i].teller), (uint32_t)i);
	c->ended = mem_grow(c->ended, c->ends + 1, sizeof(*c->ended));
	e = &c->ended[c->ends++];
	*e = (struct ended){ .pub = c->known[i].pub };
	for (unsigned k = 0; k < READERS_MOST; k++)
		if (c->reader[k] != NULL)
			e->sent[k] = c->reader[k]->sent + (c->reader[k]->open != NULL);
	if (i != --c->count) {
		const struct teller *moved = c->known[c->count].teller;

		c->known[i] = c->known[c->count];
		slots_drop(&c->at, teller_hash(moved), (uint32_t)c->count);
		slots_add(&c->at, teller_hash(moved), (uint32_t)i);
	}
	c->last = 0;
}

static bool
all_back(const struct changes *c, const struct ended *e)
{
	for (unsigned k = 0; k < READERS_MOST; k++)
		if (c->reader[k] != NULL && atomic_load(&c->reader[k]->done) < e->sent[k])
			return false;
	return true;
}

static void
free_ended(struct changes *c)
{
	for (size_t i = c->ends; i > 0; i--)
		if (all_back(c, &c->ended[i - 1])) {
			free_teller(c->ended[i - 1].pub);
			c->ended[i - 1] = c->ended[--c->ends];
		}
}

/* --- collecting ------------------------------------------------------------------------------------- */

static void
send_open(struct changes_reader *r)
{
	if (r->open == NULL || !chan_send(r->chan, r->open))
		return;
	r->open = NULL;
	r->sent++;
}

static bool
has_room(const struct changes_reader *r)
{
	size_t most = r->conf.most_bytes != 0 ? r->conf.most_bytes : MOST_BYTES;
	uint64_t held = r->sent - atomic_load(&((struct changes_reader *)(uintptr_t)r)->done);

	if (r->open != NULL)
		return r->open->pub.count < BATCH_MOST;
	return (held + 1) * sizeof(struct batch) <= most || held == 0;
}

static void
add(struct changes_reader *r, const struct change *ch)
{
	if ((r->conf.kinds & 1u << ch->teller->info.kind) == 0)
		return;
	if (r->open != NULL && r->open->pub.count == BATCH_MOST)
		send_open(r);
	if (!has_room(r)) {
		r->lost++;
		return;
	}
	if (r->open == NULL) {
		struct epoch_reader *slot = epoch_join(r->c->ep);

		if (slot == NULL) {
			r->lost++;
			return;
		}
		r->open = mem_grow(NULL, 1, sizeof(*r->open));
		r->open->slot = slot;
		r->open->pub = (struct change_batch){ r->open->change, 0, r->lost };
		r->lost = 0;
		epoch_tick(r->c->ep, slot);
	}
	r->open->change[r->open->pub.count++] = *ch;
}

static void
add_to_all(struct changes *c, struct change *ch)
{
	ch->seq = ++c->seq;
	ch->when = wall_now();
	for (unsigned i = 0; i < READERS_MOST; i++)
		if (c->reader[i] != NULL)
			add(c->reader[i], ch);
}

static void
on_route(void *ctx, const struct rib_event *e)
{
	struct changes *c = ctx;
	struct change ch = { .nlri = *e->nlri, .old = e->old, .path = e->path,
		.kind = CHANGE_ROUTE, .what = (uint8_t)e->change };

	if (c->readers == 0)
		return;
	ch.teller = find(c, e->teller);
	add_to_all(c, &ch);
}

static void
on_teller(void *ctx, const struct teller *t, enum teller_event event)
{
	struct changes *c = ctx;
	struct change ch = { .teller = find(c, t), .kind = CHANGE_TELLER,
		.event = (uint8_t)event };

	add_to_all(c, &ch);
	if (event == TELLER_END)
		forget(c, c->last);
}

/* --- control ---------------------------------------------------------------------------------------- */

struct changes *
changes_new(struct rib *rib, struct epoch *ep)
{
	struct changes *c = mem_new(sizeof(*c));

	c->rib = rib;
	c->ep = ep;
	c->watcher = (struct rib_watcher){ on_route, on_teller, c };
	slots_init(&c->at, 64);
	rib_watch(rib, &c->watcher);
	return c;
}

const struct rib_watcher *
changes_watcher(const struct changes *c)
{
	return &c->watcher;
}

void
changes_free(struct changes *c)
{
	if (c == NULL)
		return;
	rib_watch(c->rib, NULL);
	for (size_t i = 0; i < c->count; i++)
		free_teller(c->known[i].pub);
	for (size_t i = 0; i < c->ends; i++)
		free_teller(c->ended[i].pub);
	mem_free(c->known);
	mem_free(c->ended);
	slots_done(&c->at);
	mem_free(c);
}

struct changes_reader *
changes_join(struct changes *c, const struct changes_conf *conf)
{
	struct changes_reader *r;
	unsigned i = 0;

	while (i < READERS_MOST && c->reader[i] != NULL)
		i++;
	if (i == READERS_MOST)
		return NULL;
	r = mem_new(sizeof(*r));
	r->c = c;
	r->conf = *conf;
	r->chan = chan_new(CHAN_ROOM);
	c->reader[i] = r;
	c->readers++;
	for (struct teller *t = teller_next(c->rib, NULL); t != NULL; t = teller_next(c->rib, t)) {
		struct change ch = { .teller = find(c, t), .when = wall_now(),
			.seq = ++c->seq, .kind = CHANGE_TELLER, .event = TELLER_UP };

		if (!teller_is_orphan(t))
			add(r, &ch);
	}
	return r;
}

void
changes_leave(struct changes *c, struct changes_reader *r)
{
	const struct change_batch *b;

	for (unsigned i = 0; i < READERS_MOST; i++)
		if (c->reader[i] == r)
			c->reader[i] = NULL;
	c->readers--;
	while ((b = changes_take(r)) != NULL)
		changes_done(r, b);
	if (r->open != NULL)
		changes_done(r, &r->open->pub);
	chan_free(r->chan);
	mem_free(r);
}

void
changes_flush(struct changes *c)
{
	for (unsigned i = 0; c != NULL && i < READERS_MOST; i++)
		if (c->reader[i] != NULL)
			send_open(c->reader[i]);
	if (c != NULL)
		free_ended(c);
}

/* --- the reader's thread ------------------------------------------------------------------------------ */

const struct change_batch *
changes_take(struct changes_reader *r)
{
	return chan_take(r->chan);
}

void
changes_done(struct changes_reader *r, const struct change_batch *b)
{
	struct batch *batch = (struct batch *)(uintptr_t)b;

	epoch_leave(r->c->ep, batch->slot);
	mem_free(batch);
	atomic_fetch_add(&r->done, 1);
}

int
changes_fd(const struct changes_reader *r)
{
	return chan_fd(r->chan);
}
