/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Purge after purge into a database that has a bad day: `write_purges TYPE PURGES ROWS`, to the server
 * of $WB_SQL_HOST, each tried again until it is written. Prints what the table has to add up to:
 * "packets N purges N tries N". Ends with status 1 where one purge takes longer than five minutes.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100
#define PATIENCE_NS	(300 * NS_PER_SEC)

struct writing {
	const struct out_kind *kind;
	void *self;
	struct purge purge;
	struct sbuf err;
	unsigned long tries;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;
	mono_t begun = mono_now();

	for (;;) {
		sbuf_clear(&w->err);
		w->tries++;
		if (w->kind->write(w->self, &w->purge, rs, &w->err) == 0)
			return 0;
		fprintf(stderr, "purge %llu: %s\n", (unsigned long long)w->purge.seq,
		    sbuf_text(&w->err));
		if (mono_since(mono_now(), begun) > PATIENCE_NS)
			return -1;
		(void)poll(NULL, 0, 20);
	}
}

int
main(int argc, char **argv)
{
	static const char *const lines[] = { "aggregate: src_host, src_port, proto",
		"sql_history: 5m", "sql_history_roundoff: m", "sql_optimize_clauses: true",
		"sql_table: faults", NULL };
	static const struct out_kind *const kinds[] = { &out_mysql, &out_pgsql };
	unsigned purges = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	uint32_t rows = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
	struct writing w = { 0 };
	struct sbuf err = { 0 };
	uint64_t packets = 0;
	struct bench b;

	for (size_t i = 0; argc > 1 && i < 2; i++)
		if (strcmp(kinds[i]->type, argv[1]) == 0)
			w.kind = kinds[i];
	if (w.kind == NULL || purges == 0 || rows == 0)
		return 2;
	bench_open_as(&b, w.kind->type, lines);
	w.self = w.kind->open(&b.env, &err);
	for (unsigned i = 1; w.self != NULL && i <= purges; i++) {
		struct bintab *tab = bintab_new(b.plan);

		/* Every third goes to a new bin, the others to bins that are there. */
		bench_add(&b, tab, i * 7 % 100, rows, T0 + 300 * (int64_t)(i / 3));
		packets += bintab_sums(tab).packets;
		w.purge = (struct purge){ .seq = i, .now = wall_of_sec(T0),
			.instance = "00112233445566778899aabbccddeeff" };
		if (bintab_each(tab, write_bin, &w) != 0)
			return 1;
		bintab_free(tab);
	}
	printf("packets %llu purges %u tries %lu\n", (unsigned long long)packets, purges, w.tries);
	w.kind->close(w.self);
	bench_close(&b);
	return 0;
}
