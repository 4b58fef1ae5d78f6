/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outputs to MariaDB and PostgreSQL: what lands in which table, what the ledger says, and what a
 * bad day does. Needs a server: $WB_SQL_ENGINE (mysql or pgsql), $WB_SQL_HOST as for sql_host and
 * $WB_SQL_CLIENT, a command that takes statements on its input and prints rows with | between
 * fields. tests/e2e/sql_mysql.sh and sql_pgsql.sh start one and run this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "out/journal.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100		/* 2023-11-14 22:15:00 UTC: a bin of 5 minutes begins */

enum { MY, PG, BOTH };

static const struct out_kind *kind;
static const char *client;
static int engine;

/* What the client prints for statements. To be freed. */
static char *
server_rows(const char *sql)
{
	char path[] = "/tmp/wb-sql-XXXXXX", command[512], part[4096];
	struct sbuf out = { 0 };
	int fd = mkstemp(path);
	size_t n;
	FILE *f;

	assert_true(fd >= 0 && write(fd, sql, strlen(sql)) == (ssize_t)strlen(sql));
	snprintf(command, sizeof(command), "%s <%s 2>&1", client, path);
	f = popen(command, "r");
	assert_non_null(f);
	sbuf_str(&out, "");
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_add(&out, part, n);
	pclose(f);
	close(fd);
	unlink(path);
	return out.text;
}

static void
assert_rows(const char *sql, const char *want)
{
	char *have = server_rows(sql);

	assert_string_equal(have, want);
	mem_free(have);
}

static void
sql(const char *text)
{
	assert_rows(text, "");
}

static int64_t
number(const char *text)
{
	char *have = server_rows(text);
	int64_t n = strtoll(have, NULL, 10);

	mem_free(have);
	return n;
}

struct writing {
	void *self;
	struct purge purge;
	struct out_rejected rejected;
	struct sbuf err;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;

	sbuf_clear(&w->err);
	return kind->write(w->self, &w->purge, rs, &w->err);
}

static int
purge_tab(void *self, uint64_t seq, struct bintab *tab, struct out_rejected *ret_rejected)
{
	struct writing w = { .self = self, .purge = { .seq = seq, .now = wall_of_sec(T0 + 400),
		.instance = "00112233445566778899aabbccddeeff" } };
	int ret;

	w.purge.rejected = &w.rejected;
	ret = bintab_each(tab, write_bin, &w);
	if (ret != 0)
		print_message("purge %llu: %s\n", (unsigned long long)seq, sbuf_text(&w.err));
	if (ret_rejected != NULL)
		*ret_rejected = w.rejected;
	sbuf_done(&w.err);
	return ret;
}

static int
purge_flows(struct bench *b, void *self, uint64_t seq, uint32_t from, uint32_t n, int64_t start)
{
	struct bintab *tab = bintab_new(b->plan);
	int ret;

	bench_add(b, tab, from, n, start);
	ret = purge_tab(self, seq, tab, NULL);
	bintab_free(tab);
	return ret;
}

static void *
open_output(struct bench *b, const char *const *lines)
{
	struct sbuf err = { 0 };
	void *self;

	bench_open_as(b, kind->type, lines);
	self = kind->open(&b->env, &err);
	if (self == NULL)
		print_message("%s\n", sbuf_text(&err));
	assert_non_null(self);
	sbuf_done(&err);
	return self;
}

static void
close_output(struct bench *b, void *self)
{
	kind->close(self);
	bench_close(b);
}

static void
drop(const char *table)
{
	char text[256];

	snprintf(text, sizeof(text), "%sDROP TABLE IF EXISTS %s, waybill_ledger",
	    engine == PG ? "SET client_min_messages = error; " : "", table);
	sql(text);
}

static void
assert_books(const char *table)
{
	char text[512];

	snprintf(text, sizeof(text), "SELECT CASE WHEN (SELECT sum(bytes) FROM waybill_ledger) = "
	    "(SELECT sum(bytes) FROM %s) AND (SELECT sum(packets) FROM waybill_ledger) = "
	    "(SELECT sum(packets) FROM %s) THEN 'same' ELSE 'differ' END", table, table);
	assert_rows(text, "same\n");
}

#define OWN	"sql_optimize_clauses: true", "sql_table: mine", "sql_table_version: 9"
#define HISTORY	"sql_history: 5m", "sql_history_roundoff: m"

/* One row of each shape of table, after two purges of the same flow into the same bin. */
static const struct {
	int engine;
	const char *line[9];
	const char *before;		/* SQL before the output starts */
	const char *table, *query, *rows;
} tables[] = {
	/* Version 1 made by us: all columns, fakes, stamps in UTC. */
	{ MY, { "aggregate: src_host, dst_host, proto", HISTORY }, NULL, "acct", "SELECT * FROM acct",
	  "0:0:0:0:0:0|0:0:0:0:0:0|10.0.0.0|198.51.100.1|0|0|tcp|2|200|2023-11-14 22:15:00|"
	  "2023-11-14 22:21:40\n" },
	{ PG, { "aggregate: src_host, dst_host, proto", HISTORY }, NULL, "acct", "SELECT * FROM acct",
	  "00:00:00:00:00:00|00:00:00:00:00:00|10.0.0.0|198.51.100.1|0|0|6|2|200|2023-11-14 22:15:00|"
	  "2023-11-14 22:21:40\n" },
	/* No history. */
	{ MY, { "aggregate: src_host" }, NULL, "acct",
	  "SELECT ip_src, ip_dst, packets, bytes, stamp_inserted, stamp_updated FROM acct",
	  "10.0.0.0|0.0.0.0|2|200|0000-00-00 00:00:00|NULL\n" },
	{ PG, { "aggregate: src_host" }, NULL, "acct",
	  "SELECT ip_src, ip_dst, packets, bytes, stamp_inserted, stamp_updated FROM acct",
	  "10.0.0.0|0.0.0.0|2|200|0001-01-01 00:00:00|\n" },
	/* Numbers. */
	{ MY, { "aggregate: src_host, proto", "sql_num_protos: true", "sql_num_hosts: true",
	    "sql_optimize_clauses: true" }, NULL, "acct",
	  "SELECT ip_src, ip_proto, packets, bytes FROM acct", "167772160|6|2|200\n" },
	{ BOTH, { "aggregate: src_host", HISTORY, "timestamps_since_epoch: true",
	    "sql_optimize_clauses: true", "sql_table_version: 7" }, NULL, "acct_v7",
	  "SELECT * FROM acct_v7", "1700000100|10.0.0.0|2|200|1700000500\n" },
	/* Version 9: flags are or-ed, flows counted. */
	{ BOTH, { "aggregate: src_host, tag, tcpflags, flows, src_port", "sql_table_version: 9" }, NULL,
	  "acct_v9", "SELECT tag, ip_src, port_src, tcp_flags, trim(class_id), packets, bytes, flows FROM "
	  "acct_v9", "0|10.0.0.0|1000|1|unknown|2|200|2\n" },
	/* The user's own table without any index: update, and insert of the rest. */
	{ BOTH, { "aggregate: src_host, src_port", OWN },
	  "CREATE TABLE mine (ip_src VARCHAR(45), port_src INT, packets INT, bytes INT)", "mine",
	  "SELECT ip_src, port_src, packets, bytes FROM mine", "10.0.0.0|1000|2|200\n" },
	/* ... with an index on other columns than ours: not used for the upsert. */
	{ BOTH, { "aggregate: src_host, src_port", OWN },
	  "CREATE TABLE mine (ip_src VARCHAR(45), port_src INT, extra INT DEFAULT 5, packets INT, "
	  "bytes INT, UNIQUE (ip_src, port_src, extra))", "mine", "SELECT * FROM mine",
	  "10.0.0.0|1000|5|2|200\n" },
	/* ... where a row with the same key stands twice: one of them is added to. */
	{ BOTH, { "aggregate: src_host, src_port", OWN },
	  "CREATE TABLE mine (ip_src VARCHAR(45), port_src INT, packets INT, bytes INT); "
	  "INSERT INTO mine VALUES ('10.0.0.0', 1000, 0, 0), ('10.0.0.0', 1000, 0, 0); "
	  , "mine", "SELECT ip_src, sum(packets), sum(bytes), count(*) FROM mine GROUP BY ip_src",
	  "10.0.0.0|2|200|2\n" },
	/* ... with a number of the server's as primary key, and ours besides. */
	{ MY, { "aggregate: src_host, src_port", OWN },
	  "CREATE TABLE mine (id INT AUTO_INCREMENT PRIMARY KEY, ip_src VARCHAR(45), port_src INT, "
	  "packets INT, bytes INT, UNIQUE (port_src, ip_src))", "mine",
	  "SELECT ip_src, port_src, packets, bytes FROM mine", "10.0.0.0|1000|2|200\n" },
	{ PG, { "aggregate: src_host, src_port", OWN },
	  "CREATE TABLE mine (id SERIAL PRIMARY KEY, ip_src VARCHAR(45), port_src INT, packets INT, "
	  "bytes INT, UNIQUE (port_src, ip_src))", "mine",
	  "SELECT ip_src, port_src, packets, bytes FROM mine", "10.0.0.0|1000|2|200\n" },
	/* INSERT only: rows stay apart. */
	{ BOTH, { "aggregate: src_host", "sql_optimize_clauses: true", "sql_dont_try_update: true" },
	  NULL, "acct", "SELECT * FROM acct", "10.0.0.0|1|100\n10.0.0.0|1|100\n" },
	/* ... but where the key refuses the second one nothing is lost. */
	{ BOTH, { "aggregate: src_host", "sql_dont_try_update: true" }, NULL, "acct",
	  "SELECT ip_src, packets, bytes FROM acct", "10.0.0.0|2|200\n" },
	/* A name made of the bin's time and of the row. */
	{ BOTH, { "aggregate: src_host, tag", HISTORY, "sql_optimize_clauses: true",
	    "sql_table: acct_%Y%m%d_$tag" }, NULL, "acct_20231114_0",
	  "SELECT ip_src, packets FROM acct_20231114_0", "10.0.0.0|2\n" },
	/* The aggregate makes the type bgp. */
	{ BOTH, { "aggregate: src_as, peer_dst_ip, as_path", "nfacctd_as: netflow" }, NULL, "acct_bgp",
	  "SELECT as_src, peer_ip_dst, as_path, comms, packets FROM acct_bgp",
	  "65000|0.0.0.0|||2\n" },
	/* PostgreSQL below version 6 has tables of their own for AS numbers. */
	{ PG, { "aggregate: src_as, dst_as", "nfacctd_as: netflow", "sql_table_version: 2" },
	  "CREATE TABLE acct_as_v2 (agent_id BIGINT DEFAULT 0, mac_src macaddr, mac_dst macaddr, vlan INT, "
	  "ip_src BIGINT, ip_dst BIGINT, port_src INT, port_dst INT, ip_proto SMALLINT, packets BIGINT, "
	  "bytes BIGINT)", "acct_as_v2", "SELECT ip_src, ip_dst, packets FROM acct_as_v2",
	  "65000|64999|2\n" },
	{ MY, { "aggregate: src_as, dst_as", "nfacctd_as: netflow" }, NULL, "acct",
	  "SELECT ip_src, ip_dst, packets FROM acct", "65000|64999|2\n" },
	/* No key at all. */
	{ BOTH, { "aggregate: none", "sql_optimize_clauses: true" },
	  "CREATE TABLE acct (packets BIGINT, bytes BIGINT)", "acct", "SELECT packets, bytes FROM acct",
	  "2|200\n" },
};

static void
two_purges_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct bench b;
		void *self;

		if (tables[i].engine != BOTH && tables[i].engine != engine)
			continue;
		drop(tables[i].table);
		if (tables[i].before != NULL)
			sql(tables[i].before);
		if (tables[i].before != NULL && engine == PG)
			sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO pmacct; "
			    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO pmacct");
		self = open_output(&b, tables[i].line);
		assert_int_equal(purge_flows(&b, self, 1, 0, 1, T0 + 7), 0);
		assert_int_equal(purge_flows(&b, self, 2, 0, 1, T0 + 9), 0);
		assert_rows(tables[i].query, tables[i].rows);
		assert_books(tables[i].table);
		close_output(&b, self);
		drop(tables[i].table);
	}
}

static const char *const plain[] = { "aggregate: src_host, src_port, proto", HISTORY,
	"sql_optimize_clauses: true", "sql_table_version: 9", NULL };

static void
a_purge_lands_once(void **state)
{
	struct bench b;
	void *self;

	(void)state;
	drop("acct_v9");
	self = open_output(&b, plain);
	for (int again = 0; again < 3; again++) {
		assert_int_equal(purge_flows(&b, self, 1, 0, 1000, T0), 0);
		assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 500500);
	}
	/* The same number with other rows is not taken for the same purge. */
	assert_int_equal(purge_flows(&b, self, 1, 0, 999, T0), -1);
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 500500);
	assert_int_equal(purge_flows(&b, self, 2, 0, 999, T0), 0);
	assert_int_equal(number("SELECT count(*) FROM waybill_ledger"), 2);
	assert_books("acct_v9");
	close_output(&b, self);
}

/*
 * Many purges: new bins go straight in, a bin that is there already (behind our back as well) is
 * added to. The table has what a plain sum says.
 */
static void
many_purges_are_exact(void **state)
{
	static const char *const keyless[] = { "aggregate: src_host, src_port, proto", HISTORY, OWN, NULL };
	static const char *const *const lines[] = { plain, keyless };
	static const char *const name[] = { "acct_v9", "mine" };
	struct bench b, other;
	void *self, *second;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t packets = 0;
		char text[256];

		drop(name[i]);
		if (i == 1)
			sql("CREATE TABLE mine (stamp_inserted TIMESTAMP NULL, ip_src VARCHAR(45), port_src INT, "
			    "ip_proto VARCHAR(16), packets BIGINT, bytes BIGINT, stamp_updated TIMESTAMP NULL)");
		if (i == 1 && engine == PG)
			sql("GRANT ALL ON mine TO pmacct");
		self = open_output(&b, lines[i]);
		second = open_output(&other, lines[i]);
		for (uint32_t p = 1; p <= 24; p++) {
			uint32_t from = p * 37 % 500, n = 100 + p * 13 % 200;
			int64_t start = T0 + 300 * (p / 3 % 5);

			assert_int_equal(purge_flows(p % 4 == 0 ? &other : &b,
			    p % 4 == 0 ? second : self, p, from, n, start), 0);
			for (uint32_t k = 0; k < n; k++)
				packets += from + k + 1;
		}
		snprintf(text, sizeof(text), "SELECT sum(packets) FROM %s", name[i]);
		assert_int_equal(number(text), packets);
		snprintf(text, sizeof(text), "SELECT count(*) FROM (SELECT 1 FROM %s GROUP BY "
		    "stamp_inserted, ip_src, port_src, ip_proto HAVING count(*) > 1) x", name[i]);
		assert_int_equal(number(text), 0);
		assert_books(name[i]);
		close_output(&b, self);
		close_output(&other, second);
	}
	drop("mine");
}

/* A table that changes under us: the next try looks again. */
static void
a_table_may_come_and_go(void **state)
{
	struct bench b;
	void *self;

	(void)state;
	drop("acct_v9");
	self = open_output(&b, plain);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), 0);
	sql("DROP TABLE acct_v9");
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), -1);
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), 0);
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 55);
	sql("ALTER TABLE acct_v9 RENAME COLUMN bytes TO octets");
	assert_int_equal(purge_flows(&b, self, 3, 0, 10, T0), -1);
	assert_int_equal(purge_flows(&b, self, 3, 0, 10, T0), -1);
	sql("ALTER TABLE acct_v9 RENAME COLUMN octets TO bytes");
	assert_int_equal(purge_flows(&b, self, 3, 0, 10, T0), 0);
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 110);
	close_output(&b, self);
}

/* Connections that are cut: the purge fails or not, the sum is right in the end. */
static void
cut_connections_are_opened_again(void **state)
{
	struct bench b;
	void *self;

	(void)state;
	drop("acct_v9");
	self = open_output(&b, plain);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), 0);
	mem_free(server_rows(engine == PG ?
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'waybill'" :
	    "KILL CONNECTION USER pmacct@localhost"));
	if (purge_flows(&b, self, 2, 0, 10, T0) != 0)
		assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), 0);
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 110);
	close_output(&b, self);
}

/* A row of names and paths: label and as_path as given, everything else of flow 0. */
static void
add_row(struct bench *b, struct bintab *tab, const char *label, unsigned hops)
{
	struct bintab *plain_tab = bintab_new(b->plan);
	struct valtab *values = valtab_new();
	uint8_t path[2 + 4 * 255] = { 2, (uint8_t)hops };
	struct rowset rs;
	uint64_t *row;

	for (unsigned i = 0; i < hops; i++)
		path[2 + 4 * i + 2] = 0xfd;
	bench_add(b, plain_tab, 0, 1, T0);
	bintab_all(plain_tab, &rs);
	row = mem_dup(rs.row, rs.stride * sizeof(*row));
	for (size_t i = 0; i < b->plan->fields; i++) {
		const struct plan_field *f = &b->plan->field[i];
		uint32_t id = strcmp(f->prim->word, "label") == 0 ?
		    names_put(b->names, label, strlen(label)) :
		    valtab_put(values, path, 2 + 4 * (size_t)hops);

		if (strcmp(f->prim->word, "label") == 0 || strcmp(f->prim->word, "as_path") == 0)
			memcpy((char *)row + f->at, &id, 4);
	}
	rs.row = row;
	rs.values = values;
	bintab_add_rows(tab, &rs);
	mem_free(row);
	valtab_free(values);
	bintab_free(plain_tab);
}

static const char *const wide[] = { "aggregate: src_host, as_path, label",
	"sql_optimize_clauses: true", "sql_table: mine", NULL };

/* What does not fit is set aside with its reason; nothing is cut, the rest lands. */
static void
what_does_not_fit_is_set_aside(void **state)
{
	struct out_rejected rejected;
	struct bench b;
	char command[512];
	struct bintab *tab;
	void *self;

	(void)state;
	drop("mine");
	sql("CREATE TABLE mine (ip_src VARCHAR(45), as_path VARCHAR(21), label VARCHAR(8), packets BIGINT, "
	    "bytes BIGINT, PRIMARY KEY (ip_src, as_path, label))");
	if (engine == PG)
		sql("GRANT ALL ON mine TO pmacct");
	self = open_output(&b, wide);
	tab = bintab_new(b.plan);
	add_row(&b, tab, "plain", 2);
	add_row(&b, tab, "plain", 40);
	add_row(&b, tab, "much too long", 2);
	add_row(&b, tab, "\xff\xfe", 2);
	add_row(&b, tab, "\xc3\xa4\xc3\xb6\xc3\xbc 5678\\'", 1);	/* ten bytes more than characters */
	add_row(&b, tab, "a\tb\\'\n", 1);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(purge_tab(self, 1, tab, &rejected), 0);
		assert_int_equal(rejected.rows, 4);
		assert_int_equal(rejected.bytes, 400);
		assert_rows("SELECT count(*), sum(packets) FROM mine", "2|2\n");
		assert_books("mine");
	}
	assert_rows("SELECT ip_src, packets FROM mine WHERE label = 'plain'", "10.0.0.0|1\n");
	assert_int_equal(number(engine == PG ? "SELECT count(*) FROM mine WHERE label = E'a\\tb\\\\''\\n'" :
	    "SELECT count(*) FROM mine WHERE label = 'a\\tb\\\\''\\n'"), 1);
	snprintf(command, sizeof(command), "[ $(cat %s/journal/x.rejected | grep -c reason) = 4 ] && "
	    "grep -q 'text longer' %s/journal/x.rejected && grep -q 'not UTF-8' %s/journal/x.rejected",
	    b.dir, b.dir, b.dir);
	assert_int_equal(system(command), 0);
	bintab_free(tab);
	close_output(&b, self);
	drop("mine");
}

/* Texts that differ in case stay apart where the key allows it, and add up exactly where not. */
static void
case_is_not_lost(void **state)
{
	struct bench b;
	struct bintab *tab;
	void *self;

	(void)state;
	for (int keyed = 0; keyed < 2; keyed++) {
		drop("mine");
		sql(keyed ? "CREATE TABLE mine (ip_src VARCHAR(45), as_path VARCHAR(255), label VARCHAR(32), "
		    "packets BIGINT, bytes BIGINT, PRIMARY KEY (ip_src, as_path, label))" :
		    "CREATE TABLE mine (ip_src VARCHAR(45), as_path VARCHAR(255), label VARCHAR(32), "
		    "packets BIGINT, bytes BIGINT)");
		if (engine == PG)
			sql("GRANT ALL ON mine TO pmacct");
		self = open_output(&b, wide);
		tab = bintab_new(b.plan);
		add_row(&b, tab, "acme", 1);
		add_row(&b, tab, "ACME", 1);
		for (uint64_t seq = 1; seq <= 3; seq++)
			assert_int_equal(purge_tab(self, seq, tab, NULL), 0);
		assert_int_equal(number("SELECT sum(packets) FROM mine"), 6);
		assert_int_equal(number("SELECT count(*) FROM mine"), keyed && engine == MY ? 1 : 2);
		bintab_free(tab);
		close_output(&b, self);
	}
	drop("mine");
}

/* A table without transactions is named; sql_ledger: false takes it. */
static void
tables_without_transactions(void **state)
{
	static const char *const with[] = { "aggregate: src_host", OWN, NULL };
	static const char *const without[] = { "aggregate: src_host", OWN, "sql_ledger: false", NULL };
	struct bench b;
	void *self;

	(void)state;
	if (engine != MY)
		return;
	drop("mine");
	sql("CREATE TABLE mine (ip_src VARCHAR(45) PRIMARY KEY, packets BIGINT, bytes BIGINT) ENGINE=MyISAM");
	self = open_output(&b, with);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), -1);
	close_output(&b, self);
	self = open_output(&b, without);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), 0);
	assert_int_equal(number("SELECT sum(packets) FROM mine"), 55);
	close_output(&b, self);
	drop("mine");
}

/* The first server is not there: the second takes purges, but none that an earlier run may have sent. */
static void
the_second_server_takes_over(void **state)
{
	char backup[256];
	const char *const lines[] = { "aggregate: src_host, src_port, proto", HISTORY,
		"sql_optimize_clauses: true", "sql_table_version: 9", "sql_host: unix:/nowhere", backup, NULL };
	struct writing w = { 0 };
	struct bench b;
	struct bintab *tab;

	(void)state;
	snprintf(backup, sizeof(backup), "sql_recovery_backup_host: %s", getenv("WB_SQL_HOST"));
	drop("acct_v9");
	w.self = open_output(&b, lines);
	assert_int_equal(purge_flows(&b, w.self, 1, 0, 10, T0), 0);
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 55);
	tab = bintab_new(b.plan);
	bench_add(&b, tab, 0, 10, T0);
	w.purge = (struct purge){ .seq = 1, .now = wall_of_sec(T0 + 400), .left_over = true,
		.instance = "00112233445566778899aabbccddeeff" };
	assert_int_equal(bintab_each(tab, write_bin, &w), 0);	/* it is there */
	w.purge.seq = 2;
	assert_int_equal(bintab_each(tab, write_bin, &w), -1);	/* the first might have it */
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 55);
	bintab_free(tab);
	sbuf_done(&w.err);
	close_output(&b, w.self);
}

/* IPv6 as numbers: bytes in MariaDB, and a column of numbers does not take them. */
static void
addresses_as_bytes(void **state)
{
	static const char *const lines[] = { "aggregate: src_host", OWN, "sql_num_hosts: true", NULL };
	static const char *const types[] = { "VARBINARY(16)", "INT UNSIGNED" };

	(void)state;
	for (size_t i = 0; engine == MY && i < 2; i++) {
		struct out_rejected rejected;
		char make[128];
		struct bench b;
		struct rowset rs;
		struct bintab *tab, *six;
		uint64_t *row;
		void *self;

		drop("mine");
		snprintf(make, sizeof(make), "CREATE TABLE mine (ip_src %s PRIMARY KEY, packets BIGINT, "
		    "bytes BIGINT)", types[i]);
		sql(make);
		self = open_output(&b, lines);
		tab = bintab_new(b.plan);
		six = bintab_new(b.plan);
		bench_add(&b, tab, 0, 1, T0);
		bintab_all(tab, &rs);
		row = mem_dup(rs.row, rs.stride * sizeof(*row));
		memcpy((char *)row + b.plan->field[0].at, "\x20\x01\x0d\xb8\0\\\t\n\0\0\0\0\0\0\0\x01", 16);
		rs.row = row;
		bintab_add_rows(six, &rs);
		mem_free(row);
		for (uint64_t seq = 1; seq <= 4; seq += 2) {
			assert_int_equal(purge_tab(self, seq, tab, NULL), 0);
			assert_int_equal(purge_tab(self, seq + 1, six, &rejected), 0);
			assert_int_equal(rejected.rows, i);
		}
		assert_rows(i == 0 ? "SELECT hex(ip_src), packets FROM mine ORDER BY 1" :
		    "SELECT ip_src, packets FROM mine", i == 0 ? "20010DB8005C090A0000000000000001|2\n"
		    "313637373732313630|2\n" : "167772160|2\n");
		bintab_free(tab);
		bintab_free(six);
		close_output(&b, self);
	}
	if (engine == MY)
		drop("mine");
}

/* A table that somebody locks is waited for. */
static void
a_locked_table_is_waited_for(void **state)
{
	struct bench b;
	char command[512];
	mono_t begun;
	void *self;
	FILE *f;

	(void)state;
	drop("acct_v9");
	self = open_output(&b, plain);
	assert_int_equal(purge_flows(&b, self, 1, 0, 10, T0), 0);
	snprintf(command, sizeof(command), "echo \"%s\" | %s", engine == PG ?
	    "BEGIN; LOCK TABLE acct_v9; SELECT 'locked'; SELECT pg_sleep(2); COMMIT" :
	    "LOCK TABLES acct_v9 WRITE; SELECT 'locked'; SELECT SLEEP(2); UNLOCK TABLES", client);
	begun = mono_now();
	f = popen(command, "r");
	assert_non_null(f);
	while (number(engine == PG ? "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND "
	    "relation = 'acct_v9'::regclass AND granted" : "SELECT count(*) FROM "
	    "information_schema.processlist WHERE info LIKE '%SLEEP(2)' AND info NOT LIKE '%schema%'") == 0)
		assert_true(mono_since(mono_now(), begun) < 10 * NS_PER_SEC);
	assert_int_equal(purge_flows(&b, self, 2, 0, 10, T0), 0);
	assert_true(mono_since(mono_now(), begun) >= 2 * NS_PER_SEC);
	pclose(f);
	assert_int_equal(number("SELECT sum(packets) FROM acct_v9"), 110);
	close_output(&b, self);
}

static unsigned
lines_of(const struct bench *b)
{
	char command[256], text[32] = "";
	FILE *f;

	snprintf(command, sizeof(command), "cat %s/journal/x.rejected | wc -l", b->dir);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	pclose(f);
	return (unsigned)strtoul(text, NULL, 10);
}

static int
purge_refused(struct bench *b, void *self, uint64_t seq, uint32_t n, int64_t start,
    struct out_rejected *ret)
{
	struct bintab *tab = bintab_new(b->plan);
	int written;

	bench_add(b, tab, 0, n, start);
	written = purge_tab(self, seq, tab, ret);
	bintab_free(tab);
	return written;
}

/* deferred: PostgreSQL would look at COMMIT only. */
static void
refuse_few(bool deferred)
{
	if (!deferred) {
		sql("ALTER TABLE mine ADD CONSTRAINT few CHECK (packets NOT IN (5, 5000, 9999))");
		return;
	}
	sql("CREATE OR REPLACE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.packets IN "
	    "(5, 5000, 9999) THEN RAISE EXCEPTION ''too few'' USING ERRCODE = ''check_violation''; END IF; "
	    "RETURN NULL; END'");
	sql("CREATE CONSTRAINT TRIGGER few AFTER INSERT OR UPDATE ON mine DEFERRABLE INITIALLY DEFERRED "
	    "FOR EACH ROW EXECUTE FUNCTION few()");
}

/*
 * A constraint that no look at types foresees refuses 3 of 10,000 rows: the others land, once, and
 * the 3 are in the reject file, once; a table that takes hardly anything is waited for.
 */
static void
refused_rows_are_set_aside(void **state)
{
	static const char *const lines[][8] = {
		{ "aggregate: src_host", OWN, HISTORY },
		{ "aggregate: src_host", OWN, HISTORY, "sql_dont_try_update: true" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		unsigned more = i == 0 ? 2 : 0;
		struct out_rejected rejected;
		struct bench b;
		void *self;

		drop("mine");
		self = open_output(&b, lines[i]);
		assert_int_equal(purge_flows(&b, self, 1, 20000, 10, T0), 0);
		refuse_few(engine == PG && i == 1);
		assert_int_equal(purge_refused(&b, self, 2, 10000, T0, &rejected), 0);
		assert_int_equal(rejected.rows, 3);
		assert_int_equal(rejected.packets, 5 + 5000 + 9999);
		assert_int_equal(rejected.bytes, 100 * (5 + 5000 + 9999));
		assert_int_equal(number("SELECT count(*) FROM mine"), 10 + 9997);
		assert_int_equal(number("SELECT w.rows FROM waybill_ledger w WHERE seq = 2"), 9997);
		assert_books("mine");
		assert_int_equal(lines_of(&b), 3);
		/* No answer had come: the same purge again, which the ledger knows. */
		assert_int_equal(purge_refused(&b, self, 2, 10000, T0, &rejected), 0);
		assert_int_equal(rejected.rows, 3);
		assert_int_equal(lines_of(&b), 3);
		assert_int_equal(number("SELECT count(*) FROM mine"), 10 + 9997);
		assert_books("mine");
		/* 2500 twice is 5000, where rows add up; and a sum that leaves its column. */
		sql(engine == PG ? "UPDATE mine SET bytes = 9223372036854775807 WHERE packets = 8" :
		    "UPDATE mine SET bytes = 18446744073709551615 WHERE packets = 8");
		assert_int_equal(purge_refused(&b, self, 3, 10000, T0, &rejected), 0);
		assert_int_equal(rejected.rows, 3 + more);
		assert_int_equal(rejected.packets, 5 + 5000 + 9999 + (more > 0 ? 2500 + 8 : 0));
		assert_int_equal(lines_of(&b), 6 + more);
		assert_rows("SELECT CASE WHEN (SELECT sum(packets) FROM mine) = (SELECT sum(packets) "
		    "FROM waybill_ledger) THEN 'same' ELSE 'differ' END", "same\n");
		/* The table is wrong, not the rows. */
		sql("ALTER TABLE mine ADD CONSTRAINT old CHECK (stamp_inserted < '2023-11-14 22:20:00')");
		assert_int_equal(purge_refused(&b, self, 4, 200, T0 + 600, &rejected), -1);
		assert_int_equal(lines_of(&b), 6 + more);
		assert_int_equal(number("SELECT count(*) FROM waybill_ledger WHERE seq = 4"), 0);
		sql("ALTER TABLE mine DROP CONSTRAINT old");
		assert_int_equal(purge_refused(&b, self, 4, 200, T0 + 600, &rejected), 0);
		assert_int_equal(rejected.rows, 1);
		assert_int_equal(number("SELECT w.rows FROM waybill_ledger w WHERE seq = 4"), 199);
		close_output(&b, self);
	}
	drop("mine");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_purges_add_up),
		cmocka_unit_test(a_purge_lands_once),
		cmocka_unit_test(many_purges_are_exact),
		cmocka_unit_test(a_table_may_come_and_go),
		cmocka_unit_test(cut_connections_are_opened_again),
		cmocka_unit_test(what_does_not_fit_is_set_aside),
		cmocka_unit_test(refused_rows_are_set_aside),
		cmocka_unit_test(case_is_not_lost),
		cmocka_unit_test(tables_without_transactions),
		cmocka_unit_test(the_second_server_takes_over),
		cmocka_unit_test(addresses_as_bytes),
		cmocka_unit_test(a_locked_table_is_waited_for),
	};
	const char *name = getenv("WB_SQL_ENGINE");

	client = getenv("WB_SQL_CLIENT");
	if (name == NULL || client == NULL) {
		fprintf(stderr, "WB_SQL_ENGINE and WB_SQL_CLIENT have to be set\n");
		return 2;
	}
	engine = strcmp(name, "pgsql") == 0 ? PG : MY;
	kind = engine == PG ? &out_pgsql : &out_mysql;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
