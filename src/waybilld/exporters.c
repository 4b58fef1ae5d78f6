/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands `exporters` and `top`: what each exporter sent, lost, is sampled at, and which worker
 * has it. As JSON or as a table for people; both are made from the same list.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "waybilld/commands.h"
#include "waybilld/table.h"

/* The part that never came, 0..1. Sequences count datagrams in v9, else records. */
static double
loss_of(const struct exporter *ex)
{
	uint64_t lost = counter_get(&ex->c.seq_lost);
	uint64_t came = counter_get(ex->version == 9 ? &ex->c.datagrams : &ex->c.records);

	return lost > 0 ? (double)lost / (double)(lost + came) : 0;
}

static uint64_t
flows_of_worker(const struct daemon *d, unsigned w)
{
	const struct collector *col = worker_collector(d->worker[w]);
	uint64_t flows = 0;

	for (size_t i = 0; i < collector_exporters(col); i++)
		flows += counter_get(&collector_exporter(col, i)->c.flows);
	return flows;
}

/* The part of all flows that each worker has taken, 0..1. */
static void
shares_of_workers(const struct daemon *d, double *ret)
{
	uint64_t flows[WORKERS_MOST], all = 0;

	for (unsigned w = 0; w < d->workers; w++)
		all += flows[w] = flows_of_worker(d, w);
	for (unsigned w = 0; w < d->workers; w++)
		ret[w] = all > 0 ? (double)flows[w] / (double)all : 0;
}

static void
exporter_json(struct daemon *d, unsigned w, size_t i, const double *share, struct json *j)
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
	json_real(j, "worker_share", share[w]);
	json_u64(j, "idle_s", (uint64_t)(mono_since(mono_now(), ex->last_seen) / NS_PER_SEC));
	json_real(j, "flows_per_s", rate->flows);
	json_real(j, "datagrams_per_s", rate->datagrams);
	json_real(j, "lost_per_s", rate->lost);
	json_real(j, "loss", loss_of(ex));
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

/* A count with the part it is of the whole: "120 (0.3 %)". */
static void
table_part(struct table *t, uint64_t n, double part)
{
	struct sbuf b = { 0 };

	sbuf_printf(&b, "%llu", (unsigned long long)n);
	if (n > 0)
		sbuf_printf(&b, " (%.1f %%)", part * 100);
	table_text(t, sbuf_text(&b));
	sbuf_done(&b);
}

static void
table_told(struct table *t, const struct collector *col, const struct exporter *ex,
    void (*tell)(const struct collector *col, const struct exporter *ex, struct sbuf *out))
{
	struct sbuf b = { 0 };

	tell(col, ex, &b);
	table_text(t, sbuf_text(&b));
	sbuf_done(&b);
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
	table_part(t, counter_get(&ex->c.seq_lost), loss_of(ex));
	table_told(t, col, ex, collector_sampling_text);
	table_told(t, col, ex, collector_ways_text);
	table_u64(t, counter_get(&ex->c.held));
	table_u64(t, counter_get(&ex->c.unrated));
	table_i64(t, counter_balance(&ex->c, exporter_counter_rows, exporter_counter_count));
	table_row(t);
}

static int
list_text(struct daemon *d, size_t most, struct sbuf *out)
{
	static const char *const heads[] = { "EXPORTER", "VERSION", "DOMAIN", "WORKER", "FLOWS/S",
	    "DATAGRAMS", "FLOWS", "LOST", "SAMPLING", "DIRECTIONS", "HELD", "UNRATED", "BALANCE" };
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
	double share[WORKERS_MOST];
	size_t n;
	struct line *line = list_exporters(d, &n);

	shares_of_workers(d, share);
	json_array(&j, NULL);
	for (size_t i = 0; i < n && i < most; i++)
		exporter_json(d, line[i].worker, line[i].exporter, share, &j);
	json_end(&j, ']');
	sbuf_char(out, '\n');
	mem_free(line);
	return 0;
}

static void
workers_text(const struct daemon *d, struct sbuf *out)
{
	double share[WORKERS_MOST];

	shares_of_workers(d, share);
	sbuf_str(out, "\nshares of workers:");
	for (unsigned w = 0; w < d->workers; w++)
		sbuf_printf(out, "%s %u: %.1f %%", w > 0 ? "," : "", w, share[w] * 100);
	sbuf_char(out, '\n');
}

int
run_exporters(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	if (json)
		return list_json(ctx, SIZE_MAX, out);
	list_text(ctx, SIZE_MAX, out);
	workers_text(ctx, out);
	return 0;
}

int
run_top(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;

	return json ? list_json(ctx, most, out) : list_text(ctx, most, out);
}
