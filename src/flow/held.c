/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets that wait, in the bytes they came in and with the head of their datagram, so that they are
 * decoded as if they had just come, at the time they came. Bounded in bytes per source and in all.
 * A set that waited for a template in vain is dropped; one that waited for a rate is accounted
 * without: no flow is lost for lack of a rate.
 */
#include <string.h>

#include "core/mem.h"
#include "flow/source.h"

#define HELD_BYTES	(1u << 20)
#define TEMPLATE_WAIT	(30 * 60 * NS_PER_SEC)	/* common intervals of templates are shorter */

static size_t
held_size(const struct held_set *h)
{
	return sizeof(*h) + h->len + 16;	/* 16: what the allocator adds */
}

static int64_t
wait_ns(const struct source *src, bool for_rate)
{
	int64_t ns = src->col->conf.sampling_hold_ns;

	return !for_rate ? TEMPLATE_WAIT : ns > 0 ? ns : 60 * NS_PER_SEC;
}

static void
hold_count(struct source *src, int64_t by)
{
	counter_set(&src->pub.c.held, counter_get(&src->pub.c.held) + (uint64_t)by);
}

/* The first set is taken out of the queue; the caller owns it. */
static struct held_set *
held_take(struct source *src)
{
	struct held_set *h = src->held.first;

	if (h == NULL)
		return NULL;
	src->held.first = h->next;
	if (h->next == NULL)
		src->held.last = &src->held.first;
	src->held.bytes -= held_size(h);
	src->col->memory -= held_size(h);
	return h;
}

static void
held_put(struct source *src, struct held_set *h)
{
	if (src->held.first == NULL)
		src->held.last = &src->held.first;
	h->next = NULL;
	*src->held.last = h;
	src->held.last = &h->next;
	src->held.bytes += held_size(h);
	src->col->memory += held_size(h);
}

static void
held_decode(struct source *src, struct held_set *h, struct template *t, struct flow_batch *out)
{
	uint32_t n = 0;

	if (set_decode(src, &h->msg, t, rd_of(h->bytes, h->len), &n, out) != 0)
		source_malformed(src, "a record is longer than its set");
	/* What counted as one record while it waited may be many now, or none. */
	if (n >= h->records)
		count_add(&src->pub.c.records, n - h->records);
	else
		count_add(&src->pub.c.drop_malformed, h->records - n);
	hold_count(src, -(int64_t)h->records);
}

/* The wait is over, whatever came: decode without a rate, or drop without a template. */
static void
held_end(struct source *src, struct held_set *h, struct flow_batch *out)
{
	struct template *t = source_template(src, h->set_id);

	if (t == NULL) {
		count_add(&src->pub.c.drop_no_template, h->records);
		hold_count(src, -(int64_t)h->records);
		return;
	}
	if (rates_wait(src, &h->msg, t, rd_of(h->bytes, h->len)))
		rates_give_up(src, &h->msg, t, rd_of(h->bytes, h->len));
	h->msg.give_up_rate = true;
	held_decode(src, h, t, out);
}

/* Decode it when it need not wait any more. */
static bool
held_ready(struct source *src, struct held_set *h, struct flow_batch *out)
{
	struct template *t = source_template(src, h->set_id);

	if (t == NULL || rates_wait(src, &h->msg, t, rd_of(h->bytes, h->len)))
		return false;
	held_decode(src, h, t, out);
	return true;
}

void
held_add(struct source *src, const struct message *m, uint16_t set_id, struct rd body,
    uint32_t records, bool for_rate, struct flow_batch *out)
{
	size_t most = src->col->conf.held_bytes ? src->col->conf.held_bytes : HELD_BYTES;
	uint16_t len = (uint16_t)rd_left(&body);
	struct held_set *h = mem_new(sizeof(*h) + len);
	struct held_set *old;

	h->msg = *m;
	h->due = mono_add(src->col->now, wait_ns(src, for_rate));
	h->set_id = set_id;
	h->len = len;
	h->records = records;
	h->for_rate = for_rate;
	memcpy(h->bytes, body.at, len);
	count_add(&src->pub.c.records, records);
	hold_count(src, records);
	while (src->held.bytes + held_size(h) > most ||
	    src->col->memory + held_size(h) > COLLECTOR_MEMORY) {
		if ((old = held_take(src)) == NULL) {
			held_end(src, h, out);
			mem_free(h);
			return;
		}
		held_end(src, old, out);
		mem_free(old);
	}
	held_put(src, h);
}

void
held_retry(struct source *src, mono_t now, struct flow_batch *out)
{
	struct held_set *h, *last = NULL;
	bool done = false;

	src->held.retry = false;
	for (h = src->held.first; h != NULL; h = h->next)
		last = h;
	while (!done && (h = held_take(src)) != NULL) {
		done = h == last;
		if (!mono_due(now, h->due)) {
			if (!held_ready(src, h, out)) {
				/* A template came for what now waits for its rate. */
				if (!h->for_rate && source_template(src, h->set_id) != NULL) {
					h->for_rate = true;
					h->due = mono_add(now, wait_ns(src, true));
				}
				held_put(src, h);
				continue;
			}
		} else
			held_end(src, h, out);
		mem_free(h);
	}
}

void
held_free(struct source *src)
{
	struct held_set *h;

	while ((h = held_take(src)) != NULL)
		mem_free(h);
}
