/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows per second into a database, durable, through the output: append, new keys, updates. Rows have
 * 12 columns. `bench_sql TYPE [ROWS [PURGES [WORD]]]` with a server at $WB_SQL_HOST for mysql and pgsql;
 * tests/bench/bench_sql.sh starts one. WORD: only the cases whose names have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100

struct writing {
	const struct out_kind *kind;
	void *self;
	struct purge purge;
	struct sbuf err;
	int64_t ns, cpu;
	uint64_t rows;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;
	mono_t begun = mono_now();
	int64_t cpu = cpu_ns();
	int ret = w->kind->write(w->self, &w->purge, rs, &w->err);

	w->ns += mono_since(mono_now(), begun);
	w->cpu += cpu_ns() - cpu;
	w->rows += rs->rows;
	return ret;
}

enum mode { NEW_BINS, NEW_KEYS, SAME_ROWS };

/* The first purge makes the table and is not measured. */
static void
run(const struct out_kind *kind, const char *what, const char *table, const char *const *lines,
    uint32_t rows, unsigned purges, enum mode mode)
{
	const char *all[16];
	struct bench b;
	struct sbuf err = { 0 };
	struct writing w = { .kind = kind };
	char table_line[64];
	size_t n = 0;

	snprintf(table_line, sizeof(table_line), "sql_table: %s", table);
	all[n++] = table_line;
	while (*lines != NULL && n < 15)
		all[n++] = *lines++;
	all[n] = NULL;
	bench_open_as(&b, kind->type, all);
	w.self = kind->open(&b.env, &err);
	for (unsigned i = 0; w.self != NULL && i <= purges; i++) {
		struct bintab *tab = bintab_new(b.plan);

		bench_add(&b, tab, mode == NEW_KEYS ? i * rows : 0, i == 0 && mode != SAME_ROWS ? 1 : rows,
		    mode == NEW_BINS ? T0 + 300 * (int64_t)i : T0);
		w.purge = (struct purge){ .seq = i + 1, .now = wall_of_sec(T0) };
		if (bintab_each(tab, write_bin, &w) != 0) {
			fprintf(stderr, "%s\n", sbuf_text(&w.err));
			exit(1);
		}
		bintab_free(tab);
		if (i == 0)
			w.ns = w.cpu = (int64_t)(w.rows = 0);
	}
	printf("%-8s %-34s %9.0f rows/s of wall, %9.0f rows/s of own CPU\n", kind->type, what,
	    (double)w.rows * 1e9 / (double)w.ns, (double)w.rows * 1e9 / (double)w.cpu);
	fflush(stdout);
	kind->close(w.self);
	bench_close(&b);
}

#define AGGREGATE "aggregate: src_host, dst_host, src_port, dst_port, proto, tos, in_iface, " \
	"out_iface"
#define COMMON AGGREGATE, "sql_history: 5m", "sql_history_roundoff: m", \
	"sql_optimize_clauses: true", "sql_table_version: 9", "timestamps_since_epoch: true", \
	"sql_num_protos: true"

static const struct out_kind *
kind_of(const char *type)
{
	static const struct out_kind *const kinds[] = { &out_sqlite3, &out_mysql, &out_pgsql };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->type, type) == 0)
			return kinds[i];
	fprintf(stderr, "bench_sql sqlite3|mysql|pgsql [ROWS [PURGES [WORD]]]\n");
	exit(2);
}

static const char *const append[] = { COMMON, "sql_num_hosts: true",
	"sql_dont_try_update: true", NULL };
static const char *const append_text[] = { COMMON, "sql_dont_try_update: true", NULL };
static const char *const keyed[] = { COMMON, "sql_num_hosts: true", NULL };
static const char *const keyed_text[] = { COMMON, NULL };
static const char *const v9[] = { AGGREGATE, "sql_history: 5m", "sql_history_roundoff: m",
	"sql_table_version: 9", NULL };

static const struct {
	const char *what, *table;
	const char *const *lines;
	enum mode mode;
} cases[] = {
	{ "append, integers",                  "b1", append,      NEW_BINS },
	{ "append, addresses as text",         "b2", append_text, NEW_BINS },
	{ "new bins, integers",                "b3", keyed,       NEW_BINS },
	{ "new bins, addresses as text",       "b4", keyed_text,  NEW_BINS },
	{ "new keys in a known bin, integers", "b5", keyed,       NEW_KEYS },
	{ "updates, integers",                 "b6", keyed,       SAME_ROWS },
	{ "updates, addresses as text",        "b7", keyed_text,  SAME_ROWS },
	{ "version 9, new bins",               "b8", v9,          NEW_BINS },
	{ "version 9, updates",                "b9", v9,          SAME_ROWS },
};

int
main(int argc, char **argv)
{
	const struct out_kind *kind = kind_of(argc > 1 ? argv[1] : "");
	uint32_t rows = argc > 2 ? (uint32_t)atoi(argv[2]) : 200000;
	unsigned purges = argc > 3 ? (unsigned)atoi(argv[3]) : 4;
	const char *only = argc > 4 ? argv[4] : "";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strstr(cases[i].what, only) != NULL)
			run(kind, cases[i].what, cases[i].table, cases[i].lines, rows, purges,
			    cases[i].mode);
	return 0;
}
