/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `status`, and the same figures for the log: health and the books.
 */
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/journal.h"
#include "waybilld/commands.h"
#include "waybilld/feeds.h"
#include "waybilld/routeouts.h"
#include "waybilld/rpki.h"
#include "waybilld/saved_rib.h"
#include "waybilld/table.h"

static void
put_input(struct json *j, const struct books *b)
{
	const struct { const char *name; uint64_t n; } row[] = {
		{ "exporters", b->exporters }, { "datagrams", b->datagrams },
		{ "records", b->records }, { "made", b->made }, { "flows", b->flows },
		{ "option_records", b->options }, { "held", b->held },
		{ "drop_no_template", b->drop_no_template }, { "drop_malformed", b->drop_malformed },
		{ "kernel_drops", b->kernel_drops }, { "not_allowed", b->not_allowed },
		{ "unknown_version", b->unknown_version }, { "datagrams_malformed", b->malformed },
		{ "sequence_lost", b->seq_lost }, { "unrated", b->unrated }, { "late", b->late },
	};

	json_object(j, "input");
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		json_u64(j, row[i].name, row[i].n);
	json_i64(j, "balance", b->input_balance);
	json_end(j, '}');
}

static void
put_enrichment(struct json *j, const struct books *b)
{
	json_object(j, "enrichment");
	json_u64(j, "flows", b->enriched);
	json_u64(j, "no_view", b->no_view);
	json_u64(j, "no_route", b->no_route);
	json_u64(j, "default_route_only", b->default_only);
	json_u64(j, "own_prefix", b->own_prefix);
	json_u64(j, "hosts_zeroed_by_networks_filter", b->filtered_hosts);
	json_u64(j, "bytes_zeroed_by_networks_filter", b->filtered_bytes);
	json_end(j, '}');
}

static void
put_journal(struct json *j, struct journal_status *journal)
{
	json_bool(j, "journal", journal != NULL);
	for (size_t k = 0; journal != NULL && k < journal_row_count; k++)
		json_u64(j, journal_rows[k].name,
		    counter_get(counter_at(journal, &journal_rows[k])));
}

static void
put_outputs(struct json *j, const struct daemon *d)
{
	const struct setup *setup = daemon_setup(d);

	json_array(j, "outputs");
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);
		struct sbuf state = { 0 };

		json_object(j, NULL);
		json_str(j, "name", setup->output[i].env.name);
		json_str(j, "type", setup->output[i].env.type);
		json_str(j, "state", o != NULL ? output_state(o, &state) : "not running");
		for (size_t k = 0; o != NULL && k < out_counter_count; k++)
			json_u64(j, out_counter_rows[k].name,
			    counter_get(counter_at(output_counters(o), &out_counter_rows[k])));
		if (o != NULL)
			json_i64(j, "balance", counter_balance(output_counters(o),
			    out_counter_rows, out_counter_count));
		if (o != NULL && setup->output[i].kind->journal) {
			put_journal(j, output_journal(o));
			json_bool(j, "ledger", conf_bool(setup->conf, i, "sql_ledger"));
		}
		json_end(j, '}');
		sbuf_done(&state);
	}
	json_end(j, ']');
}

static void
put_rib(struct json *j, const struct daemon *d)
{
	struct rib_stats s;

	if (d->rib == NULL)
		return;
	rib_stats(d->rib, &s);
	json_object(j, "rib");
	json_u64(j, "prefixes_ipv4", s.prefixes[RIB_IP4]);
	json_u64(j, "prefixes_ipv6", s.prefixes[RIB_IP6]);
	json_u64(j, "routes", s.routes);
	json_u64(j, "imported", s.imported);
	json_u64(j, "paths", s.paths);
	json_u64(j, "as_paths", s.aspaths);
	json_u64(j, "prefix_bytes", s.prefix_bytes);
	json_u64(j, "column_bytes", s.column_bytes);
	json_u64(j, "attribute_bytes", s.pool_bytes);
	json_u64(j, "announces", s.announces);
	json_u64(j, "withdraws", s.withdraws);
	json_u64(j, "refused", s.refused);
	json_u64(j, "merged_columns", s.merged);
	json_u64(j, "merged_full", s.merged_full);
	json_u64(j, "slowest_slice_us", d->stay_rib.ns / 1000);
	json_u64(j, "slowest_slice_cpu_us", d->stay_rib.cpu_ns / 1000);
	if (d->bgp != NULL) {
		struct stay slowest = bgp_longest(d->bgp);

		json_u64(j, "slowest_bgp_us", slowest.ns / 1000);
		json_u64(j, "slowest_bgp_cpu_us", slowest.cpu_ns / 1000);
	}
	saved_rib_describe(d->saved_rib, j);
	feeds_describe(d->feeds, j);
	json_end(j, '}');
}

static void
status_json(const struct daemon *d, struct sbuf *out)
{
	struct json j = json_of(out);
	struct sbuf why = { 0 };
	struct books b;
	bool ok;

	books_read(d, &b);
	ok = books_health(d, &b, &why);
	json_object(&j, NULL);
	json_str(&j, "health", ok ? "ok" : "degraded");
	json_str(&j, "reason", sbuf_text(&why));
	json_u64(&j, "uptime_s", (uint64_t)(mono_since(mono_now(), d->started) / NS_PER_SEC));
	json_u64(&j, "workers", d->workers);
	json_object(&j, "control");
	json_u64(&j, "slowest_tick_us", d->stay_tick.ns / 1000);
	json_u64(&j, "slowest_tick_cpu_us", d->stay_tick.cpu_ns / 1000);
	json_end(&j, '}');
	put_input(&j, &b);
	put_enrichment(&j, &b);
	put_outputs(&j, d);
	routeouts_json(d->routeouts, &j);
	put_rib(&j, d);
	if (d->bmp != NULL)
		bmp_status_json(d, &j);
	rpki_status_json(d->rpki, &j);
	json_u64(&j, "log_lines_lost", log_lost());
	json_end(&j, '}');
	sbuf_char(out, '\n');
	sbuf_done(&why);
}

static void
status_line(struct sbuf *out, const char *what, uint64_t n, bool always)
{
	if (n > 0 || always)
		sbuf_printf(out, "  %-34s %20llu\n", what, (unsigned long long)n);
}

static void
status_outputs(const struct daemon *d, struct sbuf *out)
{
	static const char *const heads[] = { "OUTPUT", "FLOWS", "FILTERED", "BYTES ADDED",
	    "BYTES WRITTEN", "HELD", "ROWS", "BALANCE", "STATE" };
	const struct setup *setup = daemon_setup(d);
	struct table *t = table_new(heads, ARRAY_LEN(heads));

	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);
		struct sbuf state = { 0 };
		const struct out_counters *c;

		table_text(t, setup->output[i].subject);
		if (o == NULL) {
			table_text(t, "not running");
			table_row(t);
			continue;
		}
		c = output_counters(o);
		table_u64(t, counter_get(&c->flows_in));
		table_u64(t, counter_get(&c->filtered));
		table_u64(t, counter_get(&c->bytes_added));
		table_u64(t, counter_get(&c->bytes_purged));
		table_u64(t, counter_get(&c->bytes_held));
		table_u64(t, counter_get(&c->rows_purged));
		table_i64(t, counter_balance(c, out_counter_rows, out_counter_count));
		table_text(t, output_state(o, &state));
		table_row(t);
		sbuf_done(&state);
	}
	table_print(t, out);
	table_free(t);
}

static void
status_text(const struct daemon *d, struct sbuf *out)
{
	struct sbuf why = { 0 };
	struct books b;

	books_read(d, &b);
	if (books_health(d, &b, &why))
		sbuf_str(out, "health: ok\n");
	else
		sbuf_printf(out, "health: degraded: %s\n", sbuf_text(&why));
	sbuf_printf(out, "up %lld s, %u workers, %llu exporters, %llu datagrams\n\n",
	    (long long)(mono_since(mono_now(), d->started) / NS_PER_SEC), d->workers,
	    (unsigned long long)b.exporters, (unsigned long long)b.datagrams);
	sbuf_str(out, "Input books (records)\n");
	status_line(out, "received", b.records, true);
	status_line(out, "made here (reverse of biflows)", b.made, false);
	status_line(out, "= handed on as flows", b.flows, true);
	status_line(out, "+ taken as options data", b.options, true);
	status_line(out, "+ held for a template or a rate", b.held, false);
	status_line(out, "+ dropped: no template", b.drop_no_template, false);
	status_line(out, "+ dropped: malformed", b.drop_malformed, false);
	sbuf_printf(out, "  %-34s %20lld\n", "difference", (long long)b.input_balance);
	sbuf_str(out, "Outside of the books\n");
	status_line(out, "datagrams dropped by the kernel", b.kernel_drops, true);
	status_line(out, "missing by sequence number", b.seq_lost, true);
	status_line(out, "datagrams of sources not allowed", b.not_allowed, false);
	status_line(out, "datagrams of unknown version", b.unknown_version, false);
	status_line(out, "malformed datagrams", b.malformed, false);
	status_line(out, "flows whose rate never came", b.unrated, false);
	if (d->rib != NULL) {
		sbuf_str(out, "Routes of flows\n");
		status_line(out, "exporter without a RIB", b.no_view, true);
		status_line(out, "no route to the destination", b.no_route, true);
		status_line(out, "default route only", b.default_only, false);
	}
	if (d->bmp != NULL)
		bmp_status_text(d, out);
	rpki_status_text(d->rpki, out);
	if (b.filtered_hosts > 0)
		sbuf_printf(out, "\nwarning: the networks_file filter set %llu addresses to 0.0.0.0 "
		    "(%llu bytes);\n`networks_file_filter: false` switches it off\n",
		    (unsigned long long)b.filtered_hosts, (unsigned long long)b.filtered_bytes);
	sbuf_char(out, '\n');
	status_outputs(d, out);
	routeouts_text(d->routeouts, out);
	sbuf_done(&why);
}

int
run_status(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	if (json)
		status_json(ctx, out);
	else
		status_text(ctx, out);
	return 0;
}

void
daemon_log_statistics(struct daemon *d)
{
	struct books b;

	for (unsigned w = 0; w < d->workers; w++) {
		const struct collector *col = worker_collector(d->worker[w]);

		for (size_t i = 0; i < collector_exporters(col); i++) {
			const struct exporter *ex = collector_exporter(col, i);
			char text[ADDR_TEXT];

			log_info("stats [%u] agent=%s:%u time=%lld packets=%llu bytes=%llu "
			    "seq_good=%llu seq_jmp_fwd=%llu seq_jmp_bck=%llu", w,
			    addr_text(&ex->addr, text), ex->domain,
			    (long long)wall_sec(wall_now()),
			    (unsigned long long)counter_get(&ex->c.datagrams),
			    (unsigned long long)counter_get(&ex->c.bytes),
			    (unsigned long long)(counter_get(&ex->c.datagrams) -
			    counter_get(&ex->c.seq_jumps)),
			    (unsigned long long)counter_get(&ex->c.seq_jumps),
			    (unsigned long long)counter_get(&ex->c.seq_reordered));
		}
	}
	books_read(d, &b);
	log_info("stats records=%llu flows=%llu difference=%lld kernel_drops=%llu lost=%llu",
	    (unsigned long long)b.records, (unsigned long long)b.flows,
	    (long long)b.input_balance, (unsigned long long)b.kernel_drops,
	    (unsigned long long)b.seq_lost);
}
