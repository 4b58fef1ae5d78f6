/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control fills an open batch per reader; full ones, and a flush, put it into the reader's queue. A
 * lock is held for moments, by batch and not by change, and never while something is read or written.
 */
#include "rib/changes_priv.h"

#include "core/chan.h"
#include "core/mem.h"

void
known_drop(struct known *k)
{
	if (atomic_fetch_sub(&k->refs, 1) > 1)
		return;
	mem_free(k->name);
	mem_free(k);
}

static bool
is_end(const struct change *ch)
{
	return ch->kind == CHANGE_TELLER && ch->event == TELLER_END;
}

/* Each TELLER_END carries what the reader held of the teller. */
void
batch_free(struct changes *c, struct batch *b)
{
	epoch_leave(c->ep, b->slot);
	for (size_t i = 0; i < b->pub.count; i++) {
		mem_free(b->change[i].bytes);
		if (is_end(&b->change[i]))
			known_drop((struct known *)(uintptr_t)b->change[i].teller);
	}
	mem_free(b);
}

/* Room for so many bytes more, which are charged; at its end a reader may go beyond. */
static bool
charge(struct changes_reader *r, size_t bytes)
{
	bool fits;

	pthread_mutex_lock(&r->lock);
	fits = r->closed || r->held_bytes + bytes <= r->conf.most_bytes;
	if (fits)
		r->held_bytes += bytes;
	pthread_mutex_unlock(&r->lock);
	return fits;
}

static bool
open_batch(struct changes_reader *r)
{
	struct epoch *ep = r->c->ep;
	struct epoch_reader *slot;
	struct batch *b;

	if (!charge(r, sizeof(*b)))
		return false;
	slot = epoch_join(ep);
	if (slot == NULL && !r->closed) {
		pthread_mutex_lock(&r->lock);
		r->held_bytes -= sizeof(*b);
		pthread_mutex_unlock(&r->lock);
		return false;
	}
	if (slot != NULL)
		epoch_tick(ep, slot);
	b = mem_new(sizeof(*b));
	b->slot = slot;
	b->bytes = sizeof(*b);
	b->since = mono_now();
	b->pub.change = b->change;
	b->pub.lost = r->unsaid;
	r->unsaid = 0;
	r->open = b;
	return true;
}

void
batch_hand_over(struct changes_reader *r)
{
	struct batch *b = r->open;

	if (b == NULL)
		return;
	r->open = NULL;
	pthread_mutex_lock(&r->lock);
	r->held += b->counted;
	*r->end = b;
	r->end = &b->next;
	r->waiting++;
	pthread_mutex_unlock(&r->lock);
	chan_wake(r->wake);
}

/* The open batch with room for another change; NULL: there is none. */
struct batch *
batch_with_room(struct changes_reader *r)
{
	if (r->open != NULL && r->open->pub.count == BATCH_CHANGES)
		batch_hand_over(r);
	return r->open != NULL || open_batch(r) ? r->open : NULL;
}

bool
batch_put(struct changes_reader *r, const struct change *ch)
{
	struct batch *b = batch_with_room(r);

	if (b == NULL || (ch->len > 0 && !charge(r, ch->len)))
		return false;
	b->change[b->pub.count] = *ch;
	if (ch->len > 0)
		b->change[b->pub.count].bytes = mem_dup(ch->bytes, ch->len);
	b->pub.count++;
	b->bytes += ch->len;
	if (!is_end(ch)) {
		b->counted++;
		r->told++;
	}
	return true;
}

/* Under the lock. What was told of tellers stays; all else of the batch is lost. */
static void
give_up(struct changes_reader *r, struct batch *b)
{
	size_t kept = 0, lost = 0;

	for (size_t i = 0; i < b->pub.count; i++) {
		if (b->change[i].kind == CHANGE_TELLER) {
			b->change[kept++] = b->change[i];
			continue;
		}
		r->held_bytes -= b->change[i].len;
		b->bytes -= b->change[i].len;
		mem_free(b->change[i].bytes);
		lost++;
	}
	b->pub.count = kept;
	b->pub.lost += lost;
	b->counted -= lost;
	r->held -= lost;
	r->lost += lost;
	epoch_leave(r->c->ep, b->slot);
	b->slot = NULL;
}

void
batches_give_up_old(struct changes_reader *r)
{
	mono_t now = mono_now();

	pthread_mutex_lock(&r->lock);
	for (struct batch *b = r->first; b != NULL; b = b->next)
		if (b->slot != NULL &&
		    mono_since(now, b->since) >= r->conf.most_s * NS_PER_SEC)
			give_up(r, b);
	pthread_mutex_unlock(&r->lock);
}

void
changes_figures(struct changes_reader *r, struct changes_figures *ret)
{
	pthread_mutex_lock(&r->lock);
	*ret = (struct changes_figures){
		.told = r->told, .given = r->given, .lost = r->lost,
		.held = r->held + (r->open != NULL ? r->open->counted : 0),
		.held_bytes = r->held_bytes,
	};
	pthread_mutex_unlock(&r->lock);
}

/* --- the reader's thread ------------------------------------------------------------------------- */

static struct batch *
take_first(struct changes_reader *r)
{
	struct batch *b;

	pthread_mutex_lock(&r->lock);
	b = r->first;
	if (b != NULL) {
		r->first = b->next;
		if (r->first == NULL)
			r->end = &r->first;
		r->waiting--;
	}
	pthread_mutex_unlock(&r->lock);
	return b;
}

const struct change_batch *
changes_take(struct changes_reader *r)
{
	struct batch *b = take_first(r);

	if (b == NULL) {
		(void)chan_take(r->wake);	/* lowers its flag; then look once more */
		b = take_first(r);
	}
	return b != NULL ? &b->pub : NULL;
}

void
changes_done(struct changes_reader *r, const struct change_batch *pub)
{
	struct batch *b = (struct batch *)(uintptr_t)pub;

	pthread_mutex_lock(&r->lock);
	r->held -= b->counted;
	r->given += b->counted;
	r->held_bytes -= b->bytes;
	pthread_mutex_unlock(&r->lock);
	batch_free(r->c, b);
}

int
changes_fd(const struct changes_reader *r)
{
	return chan_fd(r->wake);
}

void
changes_wait(struct changes_reader *r, int timeout_ms)
{
	chan_wait(r->wake, timeout_ms);
}

void
changes_wake(struct changes_reader *r)
{
	chan_wake(r->wake);
}
