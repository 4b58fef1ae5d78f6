/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenMetrics: a bounded set of series (per exporter only for the busiest hundred), made from the
 * counter tables. And /healthz.
 */
#include <stdio.h>

#include "core/mem.h"
#include "out/journal.h"
#include "waybilld/daemon.h"
#include "waybilld/metrics.h"
#include "waybilld/routeouts.h"
#include "waybilld/rpki.h"

#define EXPORTERS_SHOWN	100

void
metric_family(struct sbuf *out, const char *name, bool gauge, const char *help)
{
	sbuf_printf(out, "# TYPE waybill_%s %s\n# HELP waybill_%s %s\n", name,
	    gauge ? "gauge" : "counter", name, help);
}

void
metric_series(struct sbuf *out, const char *name, bool gauge, const char *labels, uint64_t n)
{
	sbuf_printf(out, "waybill_%s%s%s%s%s %llu\n", name, gauge ? "" : "_total",
	    labels[0] != '\0' ? "{" : "", labels, labels[0] != '\0' ? "}" : "",
	    (unsigned long long)n);
}

void
metric_single(struct sbuf *out, const char *name, bool gauge, const char *help, uint64_t n)
{
	metric_family(out, name, gauge, help);
	metric_series(out, name, gauge, "", n);
}

static void
put_books(struct sbuf *out, const struct books *b)
{
	const struct { const char *name; bool gauge; const char *help; uint64_t n; } row[] = {
		{ "datagrams", false, "export datagrams received", b->datagrams },
		{ "records", false, "records received", b->records },
		{ "flows", false, "flows handed on", b->flows },
		{ "option_records", false, "records taken as options data", b->options },
		{ "records_held", true, "records waiting for a template or a rate", b->held },
		{ "records_no_template", false, "records dropped without a template", b->drop_no_template },
		{ "records_malformed", false, "records dropped for their form", b->drop_malformed },
		{ "kernel_drops", false, "datagrams dropped by the kernel", b->kernel_drops },
		{ "sequence_lost", false, "missing by sequence number", b->seq_lost },
		{ "datagrams_not_allowed", false, "of sources not allowed", b->not_allowed },
		{ "flows_unrated", false, "flows whose sampling rate never came", b->unrated },
		{ "flows_without_rib", false, "flows of exporters that no RIB is known of", b->no_view },
		{ "flows_without_route", false, "flows without a route to the destination", b->no_route },
		{ "exporters", true, "exporters known", b->exporters },
	};

	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		metric_single(out, row[i].name, row[i].gauge, row[i].help, row[i].n);
	metric_family(out, "books_difference", true, "received minus accounted for; 0 when the books balance");
	sbuf_printf(out, "waybill_books_difference{side=\"input\"} %lld\n",
	    (long long)b->input_balance);
	sbuf_printf(out, "waybill_books_difference{side=\"output\"} %lld\n",
	    (long long)b->output_balance);
}

static void *
counters_of(struct output *o)
{
	return output_counters(o);
}

static void *
journal_of(struct output *o)
{
	return output_journal(o);
}

/* A family per row, a series per output; `of` gives where its counters are, NULL: it has none. */
static void
put_per_output(struct sbuf *out, const struct daemon *d, const struct counter_row *rows, size_t n,
    void *(*of)(struct output *o))
{
	const struct setup *setup = daemon_setup(d);

	for (size_t k = 0; k < n; k++) {
		bool gauge = counter_is_level(rows[k].kind);
		char name[80];

		snprintf(name, sizeof(name), "output_%s", rows[k].name);
		metric_family(out, name, gauge, rows[k].help);
		for (size_t i = 0; i < setup->outputs; i++) {
			struct output *o = atomic_load(&setup->output[i].running);
			void *counters = o != NULL ? of(o) : NULL;
			char labels[160];

			if (counters == NULL)
				continue;
			snprintf(labels, sizeof(labels), "output=\"%.60s\",type=\"%.30s\"",
			    setup->output[i].env.name, setup->output[i].env.type);
			metric_series(out, name, gauge, labels,
			    counter_get(counter_at(counters, &rows[k])));
		}
	}
}

static void
put_exporters(struct sbuf *out, const struct daemon *d)
{
	unsigned shown = 0;

	metric_family(out, "exporter_flows", false, "flows of an exporter; the first hundred only");
	for (unsigned w = 0; w < d->workers; w++) {
		const struct collector *col = worker_collector(d->worker[w]);

		for (size_t i = 0; i < collector_exporters(col) && shown < EXPORTERS_SHOWN; i++) {
			const struct exporter *ex = collector_exporter(col, i);
			char labels[120], text[ADDR_TEXT];

			snprintf(labels, sizeof(labels),
			    "exporter=\"%s\",domain=\"%u\",version=\"%u\"",
			    addr_text(&ex->addr, text), ex->domain, ex->version);
			metric_series(out, "exporter_flows", false, labels, counter_get(&ex->c.flows));
			shown++;
		}
	}
}

static void
put_rib(struct sbuf *out, const struct daemon *d)
{
	struct rib_stats s;

	if (d->rib == NULL)
		return;
	rib_stats(d->rib, &s);
	metric_single(out, "rib_prefixes", true, "prefixes of all tables",
	    s.prefixes[RIB_IP4] + s.prefixes[RIB_IP6]);
	metric_single(out, "rib_routes", true, "routes of all tellers", s.routes);
	metric_single(out, "rib_imported", true, "copies of routes in tables of VRFs", s.imported);
	metric_single(out, "rib_bytes", true, "memory of the RIB",
	    s.prefix_bytes + s.column_bytes + s.pool_bytes);
	metric_single(out, "rib_announces", false, "routes announced", s.announces);
	metric_single(out, "rib_withdraws", false, "routes withdrawn", s.withdraws);
}

/* What all routers of BMP sent, together: their number is not bounded by us. */
static void
add_router(const struct bmp_router_info *r, void *ctx)
{
	uint64_t *sum = ctx;

	for (size_t i = 0; i < bmp_router_counter_count; i++)
		sum[i] += counter_get(counter_at((void *)(uintptr_t)r->c, &bmp_router_counter_rows[i]));
	sum[bmp_router_counter_count] += r->up;
	sum[bmp_router_counter_count + 1] += r->peers;
}

static void
put_bmp(struct sbuf *out, const struct daemon *d)
{
	uint64_t *sum = mem_array(bmp_router_counter_count + 2, sizeof(*sum));
	char name[80];

	if (d->bmp != NULL) {
		bmp_routers(d->bmp, add_router, sum);
		metric_single(out, "bmp_routers", true, "BMP routers connected",
		    sum[bmp_router_counter_count]);
		metric_single(out, "bmp_peers", true, "monitored peers of BMP routers",
		    sum[bmp_router_counter_count + 1]);
		for (size_t i = 0; i < bmp_counter_count; i++) {
			snprintf(name, sizeof(name), "bmp_%s", bmp_counter_rows[i].name);
			metric_single(out, name, false, bmp_counter_rows[i].help, counter_get(counter_at(
			    (void *)(uintptr_t)bmp_counters(d->bmp), &bmp_counter_rows[i])));
		}
		for (size_t i = 0; i < bmp_router_counter_count; i++) {
			snprintf(name, sizeof(name), "bmp_%s", bmp_router_counter_rows[i].name);
			metric_single(out, name, false, bmp_router_counter_rows[i].help, sum[i]);
		}
	}
	mem_free(sum);
}

/* The longest that control was kept from everything else. */
static void
put_stays(struct sbuf *out, const struct daemon *d)
{
	const struct { const char *work; struct stay stay; } row[] = {
		{ "tick", d->stay_tick },
		{ "rib", d->stay_rib },
		{ "bgp", d->bgp != NULL ? bgp_longest(d->bgp) : (struct stay){ 0 } },
		{ "bmp", d->bmp != NULL ? bmp_longest(d->bmp) : (struct stay){ 0 } },
	};
	char labels[64];

	metric_family(out, "control_slice_longest_us", true,
	    "longest slice of the control thread since the start, microseconds");
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		snprintf(labels, sizeof(labels), "work=\"%s\",by=\"clock\"", row[i].work);
		metric_series(out, "control_slice_longest_us", true, labels, row[i].stay.ns / 1000);
		snprintf(labels, sizeof(labels), "work=\"%s\",by=\"cpu\"", row[i].work);
		metric_series(out, "control_slice_longest_us", true, labels,
		    row[i].stay.cpu_ns / 1000);
	}
}

void
daemon_metrics(void *ctx, struct sbuf *out)
{
	struct daemon *d = ctx;
	struct sbuf why = { 0 };
	struct books b;

	books_read(d, &b);
	metric_single(out, "up_seconds", true, "seconds since the start",
	    (uint64_t)(mono_since(mono_now(), d->started) / NS_PER_SEC));
	metric_single(out, "healthy", true, "1 while nothing is lost, unrated or waiting",
	    books_health(d, &b, &why));
	put_books(out, &b);
	put_per_output(out, d, out_counter_rows, out_counter_count, counters_of);
	put_per_output(out, d, journal_rows, journal_row_count, journal_of);
	put_exporters(out, d);
	put_rib(out, d);
	put_bmp(out, d);
	put_stays(out, d);
	routeouts_metrics(d->routeouts, out);
	rpki_metrics(d->rpki, out);
	sbuf_str(out, "# EOF\n");
	sbuf_done(&why);
}

int
daemon_healthz(void *ctx, struct sbuf *out)
{
	struct json j = json_of(out);
	struct sbuf why = { 0 };
	struct books b;
	bool ok;

	books_read(ctx, &b);
	ok = books_health(ctx, &b, &why);
	json_object(&j, NULL);
	json_str(&j, "health", ok ? "ok" : "degraded");
	json_str(&j, "reason", sbuf_text(&why));
	json_end(&j, '}');
	sbuf_char(out, '\n');
	sbuf_done(&why);
	return ok ? 200 : 503;
}
