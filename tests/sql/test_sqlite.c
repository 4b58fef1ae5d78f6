/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQLite output: what lands in the table, what the ledger says, and what a bad day does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/mem.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100		/* 2023-11-14 22:15:00 UTC: a bin of 5 minutes begins */

struct writing {
	void *self;
	struct purge purge;
	struct sbuf err;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;

	sbuf_clear(&w->err);
	return out_sqlite3.write(w->self, &w->purge, rs, &w->err);
}

/* Write the table as a purge. */
static int
purge(void *self, uint64_t seq, struct bintab *tab)
{
	struct writing w = { .self = self, .purge = { .seq = seq, .now = wall_of_sec(T0 + 400),
		.instance = "00112233445566778899aabbccddeeff" } };
	int ret = bintab_each(tab, write_bin, &w);

	if (ret != 0)
		print_message("purge %llu: %s\n", (unsigned long long)seq, sbuf_text(&w.err));
	sbuf_done(&w.err);
	return ret;
}

static void *
open_output(struct bench *b)
{
	struct sbuf err = { 0 };
	void *self = out_sqlite3.open(&b->env, &err);

	if (self == NULL)
		print_message("%s\n", sbuf_text(&err));
	assert_non_null(self);
	sbuf_done(&err);
	return self;
}

/* Purge `n` flows from number `from` on; the bin goes by `start`. */
static int
purge_flows(struct bench *b, void *self, uint64_t seq, uint32_t from, uint32_t n, int64_t start)
{
	struct bintab *tab = bintab_new(b->plan);
	int ret;

	bench_add(b, tab, from, n, start);
	ret = purge(self, seq, tab);
	bintab_free(tab);
	return ret;
}

static void
assert_rows(struct bench *b, const char *sql, const char *want)
{
	char *have = bench_rows(b->db, sql);

	assert_string_equal(have, want);
	mem_free(have);
}

/* The ledger and the table add up to the same. */
static void
assert_books(struct bench *b, const char *table)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT (SELECT sum(bytes) FROM waybill_ledger) = (SELECT "
	    "sum(bytes) FROM \"%s\"), (SELECT sum(packets) FROM waybill_ledger) = (SELECT "
	    "sum(packets) FROM \"%s\")", table, table);
	assert_rows(b, sql, "1|1\n");
}

/* One row of each shape of table, after two purges of the same flow into the same bin. */
static const struct {
	const char *line[8];
	const char *before;		/* SQL before the output starts */
	const char *table, *query, *rows;
} tables[] = {
	/* Version 1 made by us: all columns, fakes, stamps in UTC. */
	{ { "aggregate: src_host, dst_host, proto", "sql_history: 5m", "sql_history_roundoff: m" },
	  NULL, "acct", "SELECT * FROM acct",
	  "0:0:0:0:0:0|0:0:0:0:0:0|10.0.0.0|198.51.100.1|0|0|tcp|2|200|2023-11-14 22:15:00|"
	  "2023-11-14 22:21:40\n" },
	/* No history: stamps keep their defaults. */
	{ { "aggregate: src_host" }, NULL, "acct", "SELECT * FROM acct",
	  "0:0:0:0:0:0|0:0:0:0:0:0|10.0.0.0|0.0.0.0|0|0|0|2|200|0000-00-00 00:00:00|NULL\n" },
	/* Numbers. */
	{ { "aggregate: src_host, proto", "sql_num_protos: true", "sql_num_hosts: true",
	    "sql_optimize_clauses: true" }, NULL, "acct",
	  "SELECT ip_src, ip_proto, packets, bytes FROM acct", "167772160|6|2|200\n" },
	{ { "aggregate: src_host", "sql_history: 5m", "sql_history_roundoff: m",
	    "timestamps_since_epoch: true", "sql_optimize_clauses: true", "sql_table_version: 7" },
	  NULL, "acct_v7", "SELECT * FROM acct_v7", "1700000100|10.0.0.0|2|200|1700000500\n" },
	/* AS numbers in ip_src below version 6. */
	{ { "aggregate: src_as, dst_as", "nfacctd_as: netflow" }, NULL, "acct",
	  "SELECT ip_src, ip_dst, packets FROM acct", "65000|64999|2\n" },
	/* Version 9: flags are or-ed, flows counted. */
	{ { "aggregate: src_host, tag, tcpflags, flows, src_port", "sql_table_version: 9" }, NULL,
	  "acct_v9", "SELECT tag, ip_src, port_src, tcp_flags, class_id, packets, bytes, flows FROM "
	  "acct_v9", "0|10.0.0.0|1000|1|unknown|2|200|2\n" },
	/* The user's own table without any index: the plain twin. */
	{ { "aggregate: src_host, src_port", "sql_optimize_clauses: true", "sql_table: mine",
	    "sql_table_version: 9" },
	  "CREATE TABLE mine (ip_src CHAR(45), port_src INT, packets INT, bytes INT)", "mine",
	  "SELECT * FROM mine", "10.0.0.0|1000|2|200\n" },
	/* ... with an index on other columns than ours: not used for the upsert. */
	{ { "aggregate: src_host, src_port", "sql_optimize_clauses: true", "sql_table: mine",
	    "sql_table_version: 9" },
	  "CREATE TABLE mine (ip_src CHAR(45), port_src INT, extra INT DEFAULT 5, packets INT, "
	  "bytes INT, UNIQUE (ip_src, port_src, extra))", "mine", "SELECT * FROM mine",
	  "10.0.0.0|1000|5|2|200\n" },
	/* INSERT only: rows stay apart. */
	{ { "aggregate: src_host", "sql_optimize_clauses: true", "sql_dont_try_update: true" }, NULL,
	  "acct", "SELECT * FROM acct", "10.0.0.0|1|100\n10.0.0.0|1|100\n" },
	/* ... but where the key refuses the second one nothing is lost. */
	{ { "aggregate: src_host", "sql_dont_try_update: true" }, NULL, "acct",
	  "SELECT ip_src, packets, bytes FROM acct", "10.0.0.0|2|200\n" },
	/* A name made of the bin's time and of the row. */
	{ { "aggregate: src_host, tag", "sql_history: 5m", "sql_history_roundoff: m",
	    "timestamps_utc: true", "sql_optimize_clauses: true", "sql_table: acct_%Y%m%d_$tag" },
	  NULL, "acct_20231114_0", "SELECT ip_src, packets FROM acct_20231114_0", "10.0.0.0|2\n" },
	/* The aggregate makes the type bgp. */
	{ { "aggregate: src_as, peer_dst_ip, as_path", "nfacctd_as: netflow" }, NULL, "acct_bgp",
	  "SELECT as_src, peer_ip_dst, as_path, comms, packets FROM acct_bgp",
	  "65000|0.0.0.0|||2\n" },
};

static void
two_purges_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct bench b;
		void *self;

		bench_open(&b, tables[i].line);
		if (tables[i].before != NULL)
			bench_sql(b.db, tables[i].before);
		self = open_output(&b);
		assert_int_equal(purge_flows(&b, self, 1, 0, 1, T0 + 7), 0);
		assert_int_equal(purge_flows(&b, self, 2, 0, 1, T0 + 9), 0);
		assert_rows(&b, tables[i].query, tables[i].rows);
		assert_books(&b, tables[i].table);
		out_sqlite3.close(self);
		bench_close(&b);
	}
}

static const char *const plain[] = { "aggregate: src_host, src_port, proto", "sql_history: 5m",
	"sql_history_roundoff: m", "sql_optimize_clauses: true", "sql_table_version: 9", NULL };

static void
a_purge_lands_once(void **state)
{
	struct bench b;
	void *self;

	(void)state;
	bench_open(&b, plain);
	self = open_output(&b);
	for (int again = 0; again < 3; again++) {
		assert_int_equal(purge_flows(&b, self, 1, 0, 1000, T0), 0);
		assert_int_equal(bench_number(b.db, "SELECT sum(packets) FROM acct_v9"), 500500);
	}
	/* The same number with other rows is not taken for the same purge. */
	assert_int_equal(purge_flows(&b, self, 1, 0, 999, T0), -1);
	assert_int_equal(bench_number(b.db, "SELECT sum(packets) FROM acct_v9"), 500500);
	assert_int_equal(purge_flows(&b, self, 2, 0, 999, T0), 0);
	assert_int_equal(bench_number(b.db, "SELECT count(*) FROM waybill_ledger"), 2);
	assert_books(&b, "acct_v9");
	out_sqlite3.close(self);
	bench_close(&b);
}

static void
a_locked_file_is_waited_for(void **state)
{
	struct bench b;
	sqlite3 *other;
	void *self;

	(void)state;
	bench_open(&b, plain);
	self = open_output(&b);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), 0);
	assert_int_equal(sqlite3_open(b.db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), -1);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), 0);
	assert_int_equal(bench_number(b.db, "SELECT sum(packets) FROM acct_v9"), 110);
	sqlite3_close(other);
	out_sqlite3.close(self);
	bench_close(&b);
}

/* A file that may not grow stands in for a full disk. */
static void
a_full_disk_is_waited_for(void **state)
{
	struct rlimit small = { .rlim_cur = 400000 }, was;
	struct bench b;
	void *self;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	bench_open(&b, plain);
	self = open_output(&b);
	assert_int_equal(purge_flows(&b, self, 1, 0, 100, T0), 0);
	getrlimit(RLIMIT_FSIZE, &was);
	small.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(purge_flows(&b, self, 2, 0, 200000, T0), -1);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(bench_number(b.db, "SELECT sum(packets) FROM acct_v9"), 5050);
	assert_int_equal(purge_flows(&b, self, 2, 0, 200000, T0), 0);
	assert_int_equal(bench_number(b.db, "SELECT sum(packets) FROM acct_v9"),
	    5050 + INT64_C(200000) * 200001 / 2);
	assert_books(&b, "acct_v9");
	out_sqlite3.close(self);
	bench_close(&b);
}

/* A table that changes under us: the next try looks again. */
static void
a_table_may_come_and_go(void **state)
{
	struct bench b;
	void *self;

	(void)state;
	bench_open(&b, plain);
	self = open_output(&b);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), 0);
	bench_sql(b.db, "ALTER TABLE acct_v9 RENAME TO old");
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), -1);
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), 0);
	assert_int_equal(bench_number(b.db, "SELECT sum(packets) FROM acct_v9"), 55);
	out_sqlite3.close(self);
	bench_close(&b);
}

static void
schema_files_make_tables(void **state)
{
	char schema_line[160];
	const char *const lines[] = { "aggregate: src_host", "sql_history: 5m",
	    "sql_history_roundoff: m", "sql_optimize_clauses: true", "sql_table: in_%Y_%m",
	    schema_line, NULL };
	struct bench b, *named = &b;
	char path[128];
	FILE *f;
	void *self;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/wb-schema-%ld.sql", (long)getpid());
	snprintf(schema_line, sizeof(schema_line), "sql_table_schema: %s", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("CREATE TABLE in_%Y_%m (ip_src TEXT, stamp_inserted TEXT, stamp_updated TEXT, "
	    "packets INT, bytes INT, note TEXT DEFAULT 'theirs', UNIQUE (ip_src, stamp_inserted));\n",
	    f);
	fclose(f);
	bench_open(named, lines);
	self = open_output(named);
	assert_int_equal(purge_flows(named, self, 1, 0, 2, T0), 0);
	assert_int_equal(purge_flows(named, self, 2, 0, 2, T0 + 86400 * 20), 0);
	assert_rows(named, "SELECT ip_src, note FROM in_2023_11", "10.0.0.0|theirs\n10.0.0.1|theirs\n");
	assert_rows(named, "SELECT count(*) FROM in_2023_12", "2\n");
	out_sqlite3.close(self);
	bench_close(named);
	unlink(path);
}

/* A constraint and a trigger refuse 2 of 1,000 rows: the others land, and the ledger says how many. */
static void
refused_rows_are_set_aside(void **state)
{
	static const char *const lines[] = { "aggregate: src_host", "sql_optimize_clauses: true",
		"sql_table: mine", "sql_history: 5m", "sql_history_roundoff: m", NULL };
	char command[256];
	struct bench b;
	void *self;

	(void)state;
	bench_open(&b, lines);
	bench_sql(b.db, "CREATE TABLE mine (stamp_inserted, stamp_updated, ip_src, packets CHECK "
	    "(packets <> 500), bytes, PRIMARY KEY (stamp_inserted, ip_src)); CREATE TRIGGER t BEFORE "
	    "INSERT ON mine WHEN new.packets = 7 BEGIN SELECT RAISE(ABORT, 'seven'); END");
	self = open_output(&b);
	assert_int_equal(purge_flows(&b, self, 1, 0, 1000, T0), 0);
	assert_int_equal(purge_flows(&b, self, 1, 0, 1000, T0), 0);
	assert_int_equal(bench_number(b.db, "SELECT count(*) FROM mine"), 998);
	assert_int_equal(bench_number(b.db, "SELECT (SELECT sum(bytes) FROM mine) = "
	    "(SELECT sum(bytes) FROM waybill_ledger) AND (SELECT sum(rows) FROM waybill_ledger) = 998"),
	    1);
	snprintf(command, sizeof(command), "[ $(wc -l <%s/journal/x.rejected) = 2 ] && "
	    "grep -q seven %s/journal/x.rejected", b.dir, b.dir);
	assert_int_equal(system(command), 0);
	out_sqlite3.close(self);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_purges_add_up),
		cmocka_unit_test(a_purge_lands_once),
		cmocka_unit_test(a_locked_file_is_waited_for),
		cmocka_unit_test(a_full_disk_is_waited_for),
		cmocka_unit_test(a_table_may_come_and_go),
		cmocka_unit_test(refused_rows_are_set_aside),
		cmocka_unit_test(schema_files_make_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
