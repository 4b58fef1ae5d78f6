/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequence accounting. A jump forward opens a gap; a late datagram that falls into one closes it
 * again; a gap that outlives the window is counted as lost. So a counter never has to go down.
 */
#include "flow/sequence.h"

#include <string.h>

#define SETTLE_NS	(10 * NS_PER_SEC)
#define BOOT_SLACK_MS	30000		/* clocks drift; a restart moves the start by more */

static void
gap_lost(struct sequence *s, unsigned i, struct exporter_counters *c)
{
	count_add(&c->seq_lost, s->gap[i].count);
	count(&c->seq_jumps);
	memmove(&s->gap[i], &s->gap[i + 1], (--s->gaps - i) * sizeof(s->gap[0]));
}

static void
gap_open(struct sequence *s, const struct sequence_mark *m, uint32_t missing,
    struct exporter_counters *c)
{
	if (s->gaps == SEQUENCE_GAPS)
		gap_lost(s, 0, c);
	s->gap[s->gaps++] = (struct sequence_gap){ .from = s->next, .count = missing,
	    .seen = s->seen, .since = m->arrival };
}

/* A late datagram: take its units out of the gap they belong to. False where there is none. */
static bool
gap_fill(struct sequence *s, const struct sequence_mark *m, struct exporter_counters *c)
{
	for (unsigned i = 0; i < s->gaps; i++) {
		struct sequence_gap *g = &s->gap[i];
		uint32_t skip = m->number - g->from;
		uint32_t take = m->count;

		if (skip >= g->count)
			continue;
		if (take > g->count - skip || !m->count_known)
			take = g->count - skip;
		count(&c->seq_reordered);
		if (skip > 0 && skip + take < g->count && s->gaps < SEQUENCE_GAPS) {
			s->gap[s->gaps++] = (struct sequence_gap){ .from = m->number + take,
			    .count = g->count - skip - take, .seen = g->seen, .since = g->since };
			g->count = skip;
			return true;
		}
		if (skip == 0)
			g->from += take;
		g->count -= take;
		if (g->count == 0)
			memmove(g, g + 1, (--s->gaps - i) * sizeof(*g));
		return true;
	}
	return false;
}

static void
settle_old(struct sequence *s, struct exporter_counters *c)
{
	while (s->gaps > 0 && s->gap[0].seen + SEQUENCE_WINDOW < s->seen)
		gap_lost(s, 0, c);
}

/* The exporter began anew: its start moved forward (sysUptime), as far as it tells. */
static bool
restarted(struct sequence *s, const struct sequence_mark *m)
{
	int64_t boot_ms = m->export_time.ns / NS_PER_MS - m->uptime_ms;
	int64_t before = s->boot_ms;

	if (!m->has_uptime)
		return false;
	if (s->known && boot_ms <= before + BOOT_SLACK_MS)
		return false;
	s->boot_ms = boot_ms;
	return s->known;
}

static void
begin_anew(struct sequence *s, struct exporter_counters *c)
{
	while (s->gaps > 0)
		gap_lost(s, 0, c);
	count(&c->seq_restarts);
}

void
sequence_take(struct sequence *s, const struct sequence_mark *m, struct exporter_counters *c)
{
	uint32_t ahead = m->number - s->next;
	bool newer = m->export_time.ns >= s->export_time.ns;

	s->seen++;
	if (restarted(s, m))
		begin_anew(s, c);
	else if (s->known && ahead != 0) {
		if (ahead <= SEQUENCE_MOST)
			gap_open(s, m, ahead, c);
		else if (gap_fill(s, m, c))
			return;
		else if (!newer || -ahead <= SEQUENCE_WINDOW) {
			count(&c->seq_reordered);	/* a duplicate, or later than any window */
			return;
		} else
			begin_anew(s, c);
	}
	s->known = m->count_known;
	s->next = m->number + m->count;
	if (newer)
		s->export_time = m->export_time;
	settle_old(s, c);
}

void
sequence_settle(struct sequence *s, wall_t now, struct exporter_counters *c)
{
	while (s->gaps > 0 && (now.ns == 0 || now.ns - s->gap[0].since.ns > SETTLE_NS))
		gap_lost(s, 0, c);
}
