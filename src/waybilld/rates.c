/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates per second of every exporter, smoothed over about ten seconds; control only. */
#include "core/mem.h"
#include "waybilld/daemon.h"

#define WEIGHT	0.2		/* of the newest second */

struct seen {
	uint64_t flows, bytes, datagrams, lost;
	struct rate rate;
	bool any;
};

struct rates {
	struct { struct seen *seen; size_t count; } worker[WORKERS_MOST];
	mono_t last;
};

struct rates *
rates_new(void)
{
	return mem_new(sizeof(struct rates));
}

void
rates_free(struct rates *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < WORKERS_MOST; i++)
		mem_free(r->worker[i].seen);
	mem_free(r);
}

static void
step(double *rate, uint64_t *was, uint64_t now, double seconds, bool any)
{
	double fresh = (double)(now - *was) / seconds;

	*rate = any ? *rate * (1 - WEIGHT) + fresh * WEIGHT : fresh;
	*was = now;
}

void
rates_tick(struct rates *r, const struct daemon *d, mono_t now)
{
	double seconds = r->last.ns != 0 ? (double)mono_since(now, r->last) / 1e9 : 1;

	if (seconds < 0.5)
		return;
	r->last = now;
	for (unsigned w = 0; w < d->workers; w++) {
		const struct collector *col = worker_collector(d->worker[w]);
		size_t n = collector_exporters(col);

		if (n > r->worker[w].count) {
			r->worker[w].seen = mem_grow(r->worker[w].seen, n, sizeof(struct seen));
			for (size_t i = r->worker[w].count; i < n; i++)
				r->worker[w].seen[i] = (struct seen){ 0 };
			r->worker[w].count = n;
		}
		for (size_t i = 0; i < n; i++) {
			const struct exporter_counters *c = &collector_exporter(col, i)->c;
			struct seen *s = &r->worker[w].seen[i];

			step(&s->rate.flows, &s->flows, counter_get(&c->flows), seconds, s->any);
			step(&s->rate.bytes, &s->bytes, counter_get(&c->bytes), seconds, s->any);
			step(&s->rate.datagrams, &s->datagrams, counter_get(&c->datagrams),
			    seconds, s->any);
			step(&s->rate.lost, &s->lost, counter_get(&c->seq_lost), seconds, s->any);
			s->any = true;
		}
	}
}

const struct rate *
rates_of(const struct rates *r, unsigned worker, size_t exporter)
{
	static const struct rate none;

	return exporter < r->worker[worker].count ? &r->worker[worker].seen[exporter].rate : &none;
}
