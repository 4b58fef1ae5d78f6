/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands `exporters` and `top`: what each exporter sent, lost, is sampled at, and which worker
 * has it. As JSON or as a table for people; both are made from the same list. Control only copies
 * its rates, which nobody else may read; the rest is the reader's, for there may be 100,000 exporters.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "feed/reader.h"
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

struct line {
	unsigned worker;
	size_t exporter;
	struct rate rate;
};

struct listing {
	struct daemon *d;
	struct answer *answer;
	bool json, shares;		/* shares: of the workers, as a last line */
	struct line *line;
	size_t lines, most;
	struct sbuf body;
};

static void
exporter_json(struct daemon *d, const struct line *line, const double *share, struct json *j)
{
	const struct collector *col = worker_collector(d->worker[line->worker]);
	const struct exporter *ex = collector_exporter(col, line->exporter);
	char text[ADDR_TEXT];

	json_object(j, NULL);
	json_str(j, "exporter", addr_text(&ex->addr, text));
	json_u64(j, "version", ex->version);
	json_u64(j, "domain", ex->domain);
	json_u64(j, "worker", line->worker);
	json_real(j, "worker_share", share[line->worker]);
	json_u64(j, "idle_s", (uint64_t)(mono_since(mono_now(), ex->last_seen) / NS_PER_SEC));
	json_real(j, "flows_per_s", line->rate.flows);
	json_real(j, "datagrams_per_s", line->rate.datagrams);
	json_real(j, "lost_per_s", line->rate.lost);
	json_real(j, "loss", loss_of(ex));
	collector_describe(col, ex, j);
	for (size_t k = 0; k < exporter_counter_count; k++)
		json_u64(j, exporter_counter_rows[k].name, counter_get((const counter_t *)
		    ((const char *)&ex->c + exporter_counter_rows[k].at)));
	json_i64(j, "balance", counter_balance(&ex->c, exporter_counter_rows,
	    exporter_counter_count));
	json_end(j, '}');
}

static int
by_rate(const void *a, const void *b)
{
	double x = ((const struct line *)a)->rate.flows, y = ((const struct line *)b)->rate.flows;

	return (x < y) - (x > y);
}

/* The busiest first; without those known by saved templates only, which are not here, or not yet. */
static void
sort_lines(struct listing *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->lines; i++) {
		const struct line *line = &l->line[i];
		const struct collector *col = worker_collector(l->d->worker[line->worker]);

		if (counter_get(&collector_exporter(col, line->exporter)->c.datagrams) > 0)
			l->line[n++] = *line;
	}
	l->lines = n < l->most ? n : l->most;
	if (n > 0)
		qsort(l->line, n, sizeof(*l->line), by_rate);
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
	table_u64(t, (uint64_t)(line->rate.flows + 0.5));
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

static void
list_text(struct listing *l, const struct reader *r)
{
	static const char *const heads[] = { "EXPORTER", "VERSION", "DOMAIN", "WORKER", "FLOWS/S",
	    "DATAGRAMS", "FLOWS", "LOST", "SAMPLING", "DIRECTIONS", "HELD", "UNRATED", "BALANCE" };
	struct table *t = table_new(heads, ARRAY_LEN(heads));

	for (size_t i = 0; i < l->lines && !reader_is_ending(r); i++)
		exporter_text(l->d, &l->line[i], t);
	table_print(t, &l->body);
	table_free(t);
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

static void
list_json(struct listing *l, const struct reader *r)
{
	struct json j = json_of(&l->body);
	double share[WORKERS_MOST];

	shares_of_workers(l->d, share);
	json_array(&j, NULL);
	for (size_t i = 0; i < l->lines && !reader_is_ending(r); i++)
		exporter_json(l->d, &l->line[i], share, &j);
	json_end(&j, ']');
	sbuf_char(&l->body, '\n');
}

static void
run_listing(struct reader *r, void *arg)
{
	struct listing *l = arg;

	sort_lines(l);
	if (l->json) {
		list_json(l, r);
		return;
	}
	list_text(l, r);
	if (l->shares)
		workers_text(l->d, &l->body);
}

static void
listing_over(void *arg, bool ran)
{
	struct listing *l = arg;

	if (!ran)
		sbuf_str(&l->body, "the daemon ends\n");
	answer_done(l->answer, ran ? 0 : -1, &l->body);
	sbuf_done(&l->body);
	mem_free(l->line);
	mem_free(l);
}

/* All exporters there are, with their rates. */
static void
copy_rates(struct listing *l)
{
	for (unsigned w = 0; w < l->d->workers; w++) {
		size_t n = collector_exporters(worker_collector(l->d->worker[w]));

		l->line = mem_grow(l->line, l->lines + n, sizeof(*l->line));
		for (size_t i = 0; i < n; i++)
			l->line[l->lines++] = (struct line){ w, i, *rates_of(l->d->rates, w, i) };
	}
}

static int
begin(const struct listing *listing, struct sbuf *out)
{
	struct listing *l = mem_dup(listing, sizeof(*listing));
	const struct reader_job job = { run_listing, listing_over, l };

	copy_rates(l);
	if (reader_ask(l->d->reader, &job))
		return 1;
	sbuf_str(out, "the reader has too much to do\n");
	mem_free(l->line);
	mem_free(l);
	return -1;
}

int
begin_exporters(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	return begin(&(struct listing){ .d = ctx, .answer = a, .json = json, .shares = true,
	    .most = SIZE_MAX }, out);
}

int
begin_top(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out)
{
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;

	return begin(&(struct listing){ .d = ctx, .answer = a, .json = json, .most = most }, out);
}
