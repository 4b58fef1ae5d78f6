/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows per second into SQLite, durable, through the output: append, new keys, updates. Rows have 12
 * columns. `bench_sqlite [ROWS [PURGES]]`; run by hand.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100

struct writing {
	void *self;
	struct purge purge;
	struct sbuf err;
	int64_t ns, cpu;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;
	mono_t begun = mono_now();
	int64_t cpu = cpu_ns();
	int ret = out_sqlite3.write(w->self, &w->purge, rs, &w->err);

	w->ns += mono_since(mono_now(), begun);
	w->cpu += cpu_ns() - cpu;
	return ret;
}

static void
run(const char *what, const char *const *lines, uint32_t rows, unsigned purges, bool same)
{
	struct bench b;
	struct sbuf err = { 0 };
	struct writing w = { 0 };

	bench_open(&b, lines);
	w.self = out_sqlite3.open(&b.env, &err);
	for (unsigned i = 0; w.self != NULL && i < purges; i++) {
		struct bintab *tab = bintab_new(b.plan);

		bench_add(&b, tab, same ? 0 : i * rows, rows, T0);
		w.purge = (struct purge){ .seq = i + 1, .now = wall_of_sec(T0) };
		if (bintab_each(tab, write_bin, &w) != 0) {
			fprintf(stderr, "%s\n", sbuf_text(&w.err));
			exit(1);
		}
		bintab_free(tab);
	}
	printf("%-34s %9.0f rows/s of wall, %9.0f rows/s of CPU\n", what,
	    rows * (double)purges * 1e9 / (double)w.ns, rows * (double)purges * 1e9 / (double)w.cpu);
	out_sqlite3.close(w.self);
	bench_close(&b);
}

#define AGGREGATE "aggregate: src_host, dst_host, src_port, dst_port, proto, tos, in_iface, " \
	"out_iface"
#define COMMON AGGREGATE, "sql_history: 5m", "sql_history_roundoff: m", \
	"sql_optimize_clauses: true", "sql_table_version: 9", "timestamps_since_epoch: true", \
	"sql_num_protos: true"

int
main(int argc, char **argv)
{
	uint32_t rows = argc > 1 ? (uint32_t)atoi(argv[1]) : 200000;
	unsigned purges = argc > 2 ? (unsigned)atoi(argv[2]) : 4;
	static const char *const append[] = { COMMON, "sql_num_hosts: true",
		"sql_dont_try_update: true", NULL };
	static const char *const append_text[] = { COMMON, "sql_dont_try_update: true", NULL };
	static const char *const keyed[] = { COMMON, "sql_num_hosts: true", NULL };
	static const char *const keyed_text[] = { COMMON, NULL };
	static const char *const v9[] = { AGGREGATE, "sql_history: 5m", "sql_history_roundoff: m",
		"sql_table_version: 9", NULL };

	run("append, integers", append, rows, purges, false);
	run("append, addresses as text", append_text, rows, purges, false);
	run("new keys, integers", keyed, rows, purges, false);
	run("new keys, addresses as text", keyed_text, rows, purges, false);
	run("updates, integers", keyed, rows, purges, true);
	run("updates, addresses as text", keyed_text, rows, purges, true);
	run("version 9, new keys", v9, rows, purges, false);
	run("version 9, updates", v9, rows, purges, true);
	return 0;
}
