/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of the control socket: status, peers, exporters, rib, explain, top, reload. Each
 * answers as JSON or as a table for people; both are made from the same walk.
 */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/journal.h"
#include "waybilld/daemon.h"
#include "waybilld/table.h"

/* --- status ---------------------------------------------------------------------------------- */

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
		if (o != NULL && setup->output[i].kind->journal)
			put_journal(j, output_journal(o));
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
	json_u64(j, "paths", s.paths);
	json_u64(j, "as_paths", s.aspaths);
	json_u64(j, "prefix_bytes", s.prefix_bytes);
	json_u64(j, "column_bytes", s.column_bytes);
	json_u64(j, "attribute_bytes", s.pool_bytes);
	json_u64(j, "announces", s.announces);
	json_u64(j, "withdraws", s.withdraws);
	json_u64(j, "refused", s.refused);
	json_u64(j, "slowest_slice_us", d->slowest_slice_ns / 1000);
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
	put_input(&j, &b);
	put_enrichment(&j, &b);
	put_outputs(&j, d);
	put_rib(&j, d);
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
	if (b.filtered_hosts > 0)
		sbuf_printf(out, "\nwarning: the networks_file filter set %llu addresses to 0.0.0.0 "
		    "(%llu bytes);\n`networks_file_filter: false` switches it off\n",
		    (unsigned long long)b.filtered_hosts, (unsigned long long)b.filtered_bytes);
	sbuf_char(out, '\n');
	status_outputs(d, out);
	sbuf_done(&why);
}

static int
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

/* --- peers ---------------------------------------------------------------------------------------- */

struct peers_walk {
	struct json *j;
	struct table *t;
};

static void
peer_json(const struct bgp_peer_info *p, void *ctx)
{
	struct json *j = ((struct peers_walk *)ctx)->j;
	char text[ADDR_TEXT];

	json_object(j, NULL);
	json_str(j, "peer", addr_text(&p->addr, text));
	json_u64(j, "port", p->port);
	json_str(j, "router_id", addr_text(&p->id, text));
	json_u64(j, "as", p->as);
	json_str(j, "state", p->state);
	json_u64(j, "since_s", (uint64_t)(mono_since(mono_now(), p->since) / NS_PER_SEC));
	json_u64(j, "hold_s", p->hold_s);
	json_u64(j, "routes_ipv4", p->routes4);
	json_u64(j, "routes_ipv6", p->routes6);
	for (size_t i = 0; i < bgp_peer_counter_count; i++)
		json_u64(j, bgp_peer_counter_rows[i].name, counter_get((const counter_t *)
		    ((const char *)p->c + bgp_peer_counter_rows[i].at)));
	json_str(j, "last_error", p->last_error);
	json_end(j, '}');
}

static void
peer_text(const struct bgp_peer_info *p, void *ctx)
{
	struct table *t = ((struct peers_walk *)ctx)->t;
	char text[ADDR_TEXT];

	table_text(t, addr_text(&p->addr, text));
	table_u64(t, p->as);
	table_text(t, addr_text(&p->id, text));
	table_text(t, p->state);
	table_u64(t, (uint64_t)(mono_since(mono_now(), p->since) / NS_PER_SEC));
	table_u64(t, p->routes4);
	table_u64(t, p->routes6);
	table_u64(t, counter_get(&p->c->updates));
	table_text(t, p->last_error);
	table_row(t);
}

static int
run_peers(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	static const char *const heads[] = { "PEER", "AS", "ROUTER-ID", "STATE", "FOR (S)",
	    "IPV4", "IPV6", "UPDATES", "LAST ERROR" };
	struct daemon *d = ctx;
	struct json j = json_of(out);
	struct peers_walk walk = { .j = &j };

	(void)argc;
	(void)argv;
	if (d->bgp == NULL) {
		sbuf_str(out, json ? "[]\n" : "no BGP: `bgp_daemon: true` is not set\n");
		return 0;
	}
	if (json) {
		json_array(&j, NULL);
		bgp_peers(d->bgp, peer_json, &walk);
		json_end(&j, ']');
		sbuf_char(out, '\n');
		return 0;
	}
	walk.t = table_new(heads, ARRAY_LEN(heads));
	bgp_peers(d->bgp, peer_text, &walk);
	table_print(walk.t, out);
	table_free(walk.t);
	return 0;
}

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

/* --- rib ------------------------------------------------------------------------------------------------ */

#define MATCHES_MOST	1024

struct path_texts {
	struct sbuf as_path, comms, ecomms, lcomms;
	char next_hop[ADDR_TEXT];
};

static void
read_path(const struct rib *rib, uint32_t id, struct path_texts *t)
{
	const struct path *p = rib_path(rib, id);
	const struct comm_set *set = rib_comm_set(rib, p->comm_set);
	struct addr next_hop = rib_addr(rib, p->next_hop);
	const uint8_t *bytes;
	size_t len;

	*t = (struct path_texts){ 0 };
	bytes = rib_attr(rib, ATTR_ASPATH, p->aspath, &len);
	aspath_text(&t->as_path, bytes, len, ' ');
	bytes = rib_attr(rib, ATTR_COMMS, set->comms, &len);
	comms_text(&t->comms, bytes, len, ' ', false);
	bytes = rib_attr(rib, ATTR_ECOMMS, set->ecomms, &len);
	ecomms_text(&t->ecomms, bytes, len, ' ', false);
	bytes = rib_attr(rib, ATTR_LCOMMS, set->lcomms, &len);
	lcomms_text(&t->lcomms, bytes, len, ' ');
	addr_text(&next_hop, t->next_hop);
}

static void
done_path(struct path_texts *t)
{
	sbuf_done(&t->as_path);
	sbuf_done(&t->comms);
	sbuf_done(&t->ecomms);
	sbuf_done(&t->lcomms);
}

static void
match_json(const struct daemon *d, const struct rib_match *m, struct json *j)
{
	const struct path *p = rib_path(d->rib, m->path);
	struct path_texts t;
	char text[PREFIX_TEXT];

	read_path(d->rib, m->path, &t);
	json_object(j, NULL);
	json_str(j, "ip_prefix", prefix_text(&m->prefix, text));
	json_str(j, "peer", addr_text(&teller_info(m->teller)->router, text));
	json_str(j, "bgp_nexthop", t.next_hop);
	json_str(j, "as_path", sbuf_text(&t.as_path));
	json_str(j, "comms", sbuf_text(&t.comms));
	json_str(j, "ecomms", sbuf_text(&t.ecomms));
	json_str(j, "lcomms", sbuf_text(&t.lcomms));
	if (p->flags & PATH_HAS_LOCAL_PREF)
		json_u64(j, "local_pref", p->local_pref);
	if (p->flags & PATH_HAS_MED)
		json_u64(j, "med", p->med);
	json_str(j, "origin", (const char *[]){ "i", "e", "u", "u" }[p->flags & PATH_ORIGIN]);
	json_bool(j, "stale", m->stale);
	json_end(j, '}');
	done_path(&t);
}

static void
match_text(const struct daemon *d, const struct rib_match *m, struct table *tab)
{
	const struct path *p = rib_path(d->rib, m->path);
	struct path_texts t;
	char text[PREFIX_TEXT];

	read_path(d->rib, m->path, &t);
	table_text(tab, prefix_text(&m->prefix, text));
	table_text(tab, addr_text(&teller_info(m->teller)->router, text));
	table_text(tab, t.next_hop);
	table_u64(tab, p->local_pref);
	table_u64(tab, p->med);
	table_text(tab, sbuf_text(&t.as_path));
	table_text(tab, sbuf_text(&t.comms));
	table_row(tab);
	done_path(&t);
}

/* The teller with this address, or NULL. */
static struct teller *
find_teller(const struct daemon *d, const struct addr *a)
{
	for (struct teller *t = teller_next(d->rib, NULL); t != NULL; t = teller_next(d->rib, t))
		if (addr_eq(&teller_info(t)->router, a) || addr_eq(&teller_info(t)->router_id, a))
			return t;
	return NULL;
}

/* Read "ADDRESS [--peer P]". 0, or -1 with the reason in out. */
static int
read_rib_words(struct daemon *d, int argc, char **argv, struct addr *ret_addr,
    struct teller **ret_teller, struct sbuf *out)
{
	struct prefix p;
	struct addr peer;

	*ret_teller = NULL;
	if (argc < 2 || prefix_parse(argv[1], &p) != 0) {
		sbuf_str(out, "usage: rib ADDRESS [--peer ADDRESS]\n");
		return -1;
	}
	*ret_addr = p.addr;
	if (argc >= 4 && strcmp(argv[2], "--peer") == 0) {
		if (addr_parse(argv[3], &peer) != 0 ||
		    (*ret_teller = find_teller(d, &peer)) == NULL) {
			sbuf_printf(out, "there is no peer \"%s\"\n", argv[3]);
			return -1;
		}
	} else if (argc > 2) {
		sbuf_printf(out, "what is \"%s\"?\n", argv[2]);
		return -1;
	}
	return 0;
}

static int
run_rib(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	static const char *const heads[] = { "PREFIX", "PEER", "NEXT HOP", "LOCAL_PREF", "MED",
	    "AS PATH", "COMMUNITIES" };
	struct daemon *d = ctx;
	struct rib_match *m;
	struct teller *teller;
	struct addr a;
	size_t n;

	if (d->rib == NULL) {
		sbuf_str(out, "no BGP: `bgp_daemon: true` is not set\n");
		return -1;
	}
	if (read_rib_words(d, argc, argv, &a, &teller, out) != 0)
		return -1;
	m = mem_array(MATCHES_MOST, sizeof(*m));
	n = rib_matches(d->rib, teller, 0, &a, m, MATCHES_MOST);
	if (n > MATCHES_MOST)
		n = MATCHES_MOST;
	if (json) {
		struct json j = json_of(out);

		json_array(&j, NULL);
		for (size_t i = 0; i < n; i++)
			match_json(d, &m[i], &j);
		json_end(&j, ']');
		sbuf_char(out, '\n');
	} else {
		struct table *t = table_new(heads, ARRAY_LEN(heads));

		for (size_t i = 0; i < n; i++)
			match_text(d, &m[i], t);
		table_print(t, out);
		table_free(t);
	}
	mem_free(m);
	return 0;
}

/* --- explain ------------------------------------------------------------------------------------------ */

static int
run_explain(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	struct daemon *d = ctx;
	const struct setup *setup = daemon_setup(d);
	struct exporter ex = { .version = 10 };
	struct flow flow = { .exporter = &ex };
	struct json j = json_of(out);

	(void)json;
	if (argc < 4 || addr_parse(argv[1], &ex.addr) != 0 || addr_parse(argv[2], &flow.src) != 0 ||
	    addr_parse(argv[3], &flow.dst) != 0) {
		sbuf_str(out, "usage: explain EXPORTER SOURCE DESTINATION [IN_IFACE [OUT_IFACE]]\n");
		return -1;
	}
	flow.peer_src_ip = ex.addr;
	flow.in_iface = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	flow.out_iface = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0;
	flow.bytes = flow.packets = flow.flows = 1;
	json_array(&j, NULL);
	for (size_t i = 0; i < setup->outputs; i++) {
		/* A fresh one: the exporter is asked about for the first time. */
		struct enrich *en = enrich_new(d->rib);

		json_object(&j, NULL);
		json_str(&j, "output", setup->output[i].env.name);
		enrich_explain(en, setup->profile[setup->output[i].profile], &flow, &j);
		json_end(&j, '}');
		enrich_free(en);
	}
	json_end(&j, ']');
	sbuf_char(out, '\n');
	return 0;
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
