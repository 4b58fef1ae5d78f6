/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of commands, and the small ones: exporters, top, reload, flush. Each answers as JSON or
 * as a table for people; both are made from the same walk.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "waybilld/commands.h"
#include "waybilld/table.h"

/* --- exporters, top --------------------------------------------------------------------------------- */

static void
exporter_json(struct daemon *d, unsigned w, size_t i, struct json *j)
{
	const struct collector *col = worker_collector(d->worker[w]);
	const struct exporter *ex = collector_exporter(col, i);
	const struct rate *rate = rates_of(d->rates, w, i);
	char text[ADDR_TEXT];

	json_object(j, NULL);
	json_str(j, "exporter", addr_text(&ex->addr, text));
	json_u64(j, "version", ex->version);
	json_u64(j, "domain", ex->domain);
	json_u64(j, "worker", w);
	json_u64(j, "idle_s", (uint64_t)(mono_since(mono_now(), ex->last_seen) / NS_PER_SEC));
	json_real(j, "flows_per_s", rate->flows);
	json_real(j, "datagrams_per_s", rate->datagrams);
	json_real(j, "lost_per_s", rate->lost);
	collector_describe(col, ex, j);
	for (size_t k = 0; k < exporter_counter_count; k++)
		json_u64(j, exporter_counter_rows[k].name, counter_get((const counter_t *)
		    ((const char *)&ex->c + exporter_counter_rows[k].at)));
	json_i64(j, "balance", counter_balance(&ex->c, exporter_counter_rows,
	    exporter_counter_count));
	json_end(j, '}');
}

struct line {
	unsigned worker;
	size_t exporter;
	double rate;
};

static int
by_rate(const void *a, const void *b)
{
	double x = ((const struct line *)a)->rate, y = ((const struct line *)b)->rate;

	return (x < y) - (x > y);
}

/* All exporters, the busiest first. */
static struct line *
list_exporters(const struct daemon *d, size_t *ret_count)
{
	struct line *line = NULL;
	size_t n = 0;

	for (unsigned w = 0; w < d->workers; w++) {
		size_t count = collector_exporters(worker_collector(d->worker[w]));

		line = mem_grow(line, n + count, sizeof(*line));
		for (size_t i = 0; i < count; i++) {
			const struct exporter *ex =
			    collector_exporter(worker_collector(d->worker[w]), i);

			/* Known by saved templates only: not here, or not yet. */
			if (counter_get(&ex->c.datagrams) > 0)
				line[n++] = (struct line){ w, i, rates_of(d->rates, w, i)->flows };
		}
	}
	if (n > 0)
		qsort(line, n, sizeof(*line), by_rate);
	*ret_count = n;
	return line;
}

static void
exporter_text(struct daemon *d, const struct line *line, struct table *t)
{
	const struct collector *col = worker_collector(d->worker[line->worker]);
	const struct exporter *ex = collector_exporter(col, line->exporter);
	char text[ADDR_TEXT];

	table_text(t, addr_text(&ex->addr, text));
	table_u64(t, ex->version);
	table_u64(t, ex->domain);
	table_u64(t, line->worker);
	table_u64(t, (uint64_t)(line->rate + 0.5));
	table_u64(t, counter_get(&ex->c.datagrams));
	table_u64(t, counter_get(&ex->c.flows));
	table_u64(t, counter_get(&ex->c.seq_lost));
	table_u64(t, counter_get(&ex->c.held));
	table_u64(t, counter_get(&ex->c.unrated));
	table_i64(t, counter_balance(&ex->c, exporter_counter_rows, exporter_counter_count));
	table_row(t);
}

static int
list_text(struct daemon *d, size_t most, struct sbuf *out)
{
	static const char *const heads[] = { "EXPORTER", "VERSION", "DOMAIN", "WORKER", "FLOWS/S",
	    "DATAGRAMS", "FLOWS", "LOST", "HELD", "UNRATED", "BALANCE" };
	struct table *t = table_new(heads, ARRAY_LEN(heads));
	size_t n;
	struct line *line = list_exporters(d, &n);

	for (size_t i = 0; i < n && i < most; i++)
		exporter_text(d, &line[i], t);
	table_print(t, out);
	table_free(t);
	mem_free(line);
	return 0;
}

static int
list_json(struct daemon *d, size_t most, struct sbuf *out)
{
	struct json j = json_of(out);
	size_t n;
	struct line *line = list_exporters(d, &n);

	json_array(&j, NULL);
	for (size_t i = 0; i < n && i < most; i++)
		exporter_json(d, line[i].worker, line[i].exporter, &j);
	json_end(&j, ']');
	sbuf_char(out, '\n');
	mem_free(line);
	return 0;
}

static int
run_exporters(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	return json ? list_json(ctx, 100000, out) : list_text(ctx, 100000, out);
}

static int
run_top(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;

	return json ? list_json(ctx, most, out) : list_text(ctx, most, out);
}

/* --- reload, flush ----------------------------------------------------------------------------------- */

static int
run_reload(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	(void)json;
	return daemon_reload(ctx, false, out);
}

/* How the last reload ended; `waybill reload` asks until it has. */
static int
run_reload_state(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	struct daemon *d = ctx;

	(void)argc;
	(void)argv;
	(void)json;
	sbuf_str(out, d->reload != NULL ? "pending\n" : sbuf_text(&d->reload_report));
	return d->reload != NULL || d->reload_ok ? 0 : -1;
}

static int
run_flush(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	const struct setup *setup = daemon_setup(ctx);

	(void)argc;
	(void)argv;
	(void)json;
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);

		if (o != NULL)
			output_flush(o);
	}
	sbuf_str(out, json ? "{}\n" : "outputs asked to write what they hold\n");
	return 0;
}

const struct command daemon_commands[] = {
	{ "status", "status", "health, the books of input and outputs", run_status, true },
	{ "peers", "peers", "BGP peers and what they told", run_peers, true },
	{ "exporters", "exporters", "exporters: loss, sampling, shares of workers", run_exporters, true },
	{ "top", "top [N]", "the busiest exporters", run_top, true },
	{ "rib", "rib ADDRESS [--peer P]", "all routes that cover an address", run_rib, true },
	{ "explain", "explain EXPORTER SOURCE DESTINATION [IN [OUT]]",
	  "what a flow would be given, by which rule", run_explain, true },
	{ "reload", "reload", "read the configuration again: all or nothing", run_reload, false },
	{ "reload-state", "reload-state", "how the last reload ended", run_reload_state, false },
	{ "flush", "flush", "purge all outputs now", run_flush, false },
};

const size_t daemon_command_count = ARRAY_LEN(daemon_commands);
