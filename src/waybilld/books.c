/* SPDX-License-Identifier: BSD-2-Clause */
/* The books: what came in against what went where, over all workers and outputs. */
#include <string.h>

#include "core/mem.h"
#include "waybilld/daemon.h"
#include "waybilld/routeouts.h"

#define HEALTH_EVERY	(5 * NS_PER_SEC)

static void
add_exporter(struct books *b, const struct exporter *ex)
{
	const struct exporter_counters *c = &ex->c;

	b->datagrams += counter_get(&c->datagrams);
	b->records += counter_get(&c->records);
	b->made += counter_get(&c->made);
	b->flows += counter_get(&c->flows);
	b->options += counter_get(&c->option_records);
	b->held += counter_get(&c->held);
	b->drop_no_template += counter_get(&c->drop_no_template);
	b->drop_malformed += counter_get(&c->drop_malformed);
	b->malformed += counter_get(&c->datagrams_malformed);
	b->seq_lost += counter_get(&c->seq_lost);
	b->unrated += counter_get(&c->unrated);
	b->late += counter_get(&c->late);
	/* Those known only by their saved templates have sent nothing yet. */
	b->exporters += counter_get(&c->datagrams) > 0;
	b->input_balance += counter_balance(c, exporter_counter_rows, exporter_counter_count);
}

static void
add_worker(struct books *b, const struct worker *w)
{
	const struct collector *col = worker_collector(w);
	const struct collector_counters *cc = collector_counters(col);
	const struct enrich_counters *ec = worker_enrich(w);
	struct udp_sock *const *sock;
	size_t socks = worker_sockets(w, &sock);

	for (size_t i = 0; i < collector_exporters(col); i++)
		add_exporter(b, collector_exporter(col, i));
	for (size_t i = 0; i < socks; i++)
		b->kernel_drops += counter_get(&udp_counters(sock[i])->kernel_drops);
	b->not_allowed += counter_get(&cc->not_allowed);
	b->unknown_version += counter_get(&cc->unknown_version);
	b->malformed += counter_get(&cc->too_short);
	b->enriched += counter_get(&ec->flows);
	b->no_view += counter_get(&ec->no_view);
	b->no_route += counter_get(&ec->no_dst_route);
	b->default_only += counter_get(&ec->default_only);
	b->own_prefix += counter_get(&ec->own_prefix);
	b->filtered_hosts += counter_get(&ec->filtered_hosts);
	b->filtered_bytes += counter_get(&ec->filtered_bytes);
}

static void
add_output(struct books *b, struct output *o)
{
	const struct out_counters *c = output_counters(o);

	b->out_flows += counter_get(&c->flows_in);
	b->out_filtered += counter_get(&c->filtered);
	b->out_made += counter_get(&c->made);
	b->rows += counter_get(&c->rows_purged);
	b->bytes_held += counter_get(&c->bytes_held);
	b->bytes_purged += counter_get(&c->bytes_purged);
	b->retries += counter_get(&c->retries);
	b->rejected += counter_get(&c->rows_rejected);
	b->accounted_bytes += counter_get(&c->bytes_added);
	b->output_balance += counter_balance(c, out_counter_rows, out_counter_count);
}

void
books_read(const struct daemon *d, struct books *b)
{
	const struct setup *setup = daemon_setup(d);

	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < d->workers; i++)
		add_worker(b, d->worker[i]);
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);

		if (o != NULL)
			add_output(b, o);
	}
}

/* Kinds of loss. */
static const struct { size_t at; const char *text; } losses[HEALTH_KINDS] = {
	{ offsetof(struct books, kernel_drops), "datagrams dropped by the kernel" },
	{ offsetof(struct books, seq_lost), "records or datagrams missing by sequence number" },
	{ offsetof(struct books, drop_no_template), "records dropped without a template" },
	{ offsetof(struct books, drop_malformed), "malformed records" },
	{ offsetof(struct books, unrated), "flows whose sampling rate never came" },
	{ offsetof(struct books, rejected), "rows refused by a database" },
};

static uint64_t
lost(const struct books *b, unsigned kind)
{
	return *(const uint64_t *)((const char *)b + losses[kind].at);
}

void
books_tick(struct daemon *d, mono_t now)
{
	uint64_t n[HEALTH_KINDS];
	struct books b;

	if (!mono_due(now, d->health_due))
		return;
	books_read(d, &b);
	for (unsigned i = 0; i < HEALTH_KINDS; i++)
		n[i] = lost(&b, i);
	health_note(&d->health, n, now);
	d->health_due = mono_add(now, HEALTH_EVERY);
}

bool
books_health(const struct daemon *d, const struct books *b, struct sbuf *why)
{
	const struct setup *setup = daemon_setup(d);
	mono_t now = mono_now();

	for (unsigned i = 0; i < HEALTH_KINDS; i++)
		if (health_recent(&d->health, i, lost(b, i), now))
			sbuf_printf(why, "%s%llu %s", why->len > 0 ? "; " : "",
			    (unsigned long long)lost(b, i), losses[i].text);
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);
		struct sbuf state = { 0 };

		if (o == NULL)
			sbuf_printf(why, "%s%s is not running", why->len > 0 ? "; " : "",
			    setup->output[i].subject);
		else if (strcmp(output_state(o, &state), "ok") != 0)
			sbuf_printf(why, "%s%s: %s", why->len > 0 ? "; " : "",
			    setup->output[i].subject, sbuf_text(&state));
		sbuf_done(&state);
	}
	routeouts_faults(d->routeouts, why);
	return why->len == 0;
}
