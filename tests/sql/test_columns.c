/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns and statements by version, as exact strings; what a version cannot hold is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sql/statement.h"
#include "support.h"

#define V(n)		.version = n
#define REFUSED(what)	what " accounting not supported for selected sql_table_version/_type. Read " \
	"about SQL table versioning or consider using sql_optimize_clauses."

static const struct {
	const char *aggregate;
	struct sql_shape shape;
	const char *insert;		/* or the refusal */
	const char *update;		/* the twin; NULL: refused */
} rows[] = {
	/* As Debian's pmacct 1.7.7 writes them, except for the place of the fakes. */
	{ "src_host, dst_host", { .engine = SQL_SQLITE, V(1), .history = true },
	  "INSERT INTO \"t\" (stamp_updated, stamp_inserted, ip_src, ip_dst, mac_src, mac_dst, "
	  "src_port, dst_port, ip_proto, packets, bytes) VALUES (?1, ?2, ?3, ?4, '0:0:0:0:0:0', "
	  "'0:0:0:0:0:0', 0, 0, '0', ?5, ?6)",
	  "UPDATE \"t\" SET stamp_updated = ?1, packets = packets + ?5, bytes = bytes + ?6 WHERE "
	  "stamp_inserted = ?2 AND ip_src = ?3 AND ip_dst = ?4 AND mac_src = '0:0:0:0:0:0' AND "
	  "mac_dst = '0:0:0:0:0:0' AND src_port = 0 AND dst_port = 0 AND ip_proto = '0'" },
	{ "src_as, dst_as", { .engine = SQL_SQLITE, V(1) },
	  "INSERT INTO \"t\" (ip_src, ip_dst, mac_src, mac_dst, src_port, dst_port, ip_proto, packets, "
	  "bytes) VALUES (?1, ?2, '0:0:0:0:0:0', '0:0:0:0:0:0', 0, 0, '0', ?3, ?4)",
	  "UPDATE \"t\" SET packets = packets + ?3, bytes = bytes + ?4 WHERE ip_src = ?1 AND "
	  "ip_dst = ?2 AND mac_src = '0:0:0:0:0:0' AND mac_dst = '0:0:0:0:0:0' AND src_port = 0 AND "
	  "dst_port = 0 AND ip_proto = '0'" },
	{ "src_host, tag, src_port", { .engine = SQL_SQLITE, V(2), .optimize = true },
	  "INSERT INTO \"t\" (ip_src, src_port, agent_id, packets, bytes) VALUES "
	  "(?1, ?2, ?3, ?4, ?5)",
	  "UPDATE \"t\" SET packets = packets + ?4, bytes = bytes + ?5 WHERE ip_src = ?1 AND "
	  "src_port = ?2 AND agent_id = ?3" },
	{ "src_host, tag, src_port, tcpflags, flows",
	  { .engine = SQL_SQLITE, V(9), .optimize = true },
	  "INSERT INTO \"t\" (ip_src, port_src, tag, tcp_flags, packets, bytes, flows) VALUES "
	  "(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	  "UPDATE \"t\" SET tcp_flags = tcp_flags | ?4, packets = packets + ?5, bytes = bytes + ?6, "
	  "flows = flows + ?7 WHERE ip_src = ?1 AND port_src = ?2 AND tag = ?3" },
	{ "src_port", { .engine = SQL_PGSQL, V(1), .optimize = true },
	  "INSERT INTO \"t\" (port_src, packets, bytes) VALUES (?1, ?2, ?3)",
	  "UPDATE \"t\" SET packets = packets + ?2, bytes = bytes + ?3 WHERE port_src = ?1" },
	{ "src_port", { .engine = SQL_MYSQL, V(7), .optimize = true },
	  "INSERT INTO `t` (src_port, packets, bytes) VALUES (?1, ?2, ?3)",
	  "UPDATE `t` SET packets = packets + ?2, bytes = bytes + ?3 WHERE src_port = ?1" },
	{ "src_host, src_as", { .engine = SQL_SQLITE, V(1), .optimize = true },
	  "INSERT INTO \"t\" (ip_src, as_src, packets, bytes) VALUES (?1, ?2, ?3, ?4)",
	  "UPDATE \"t\" SET packets = packets + ?3, bytes = bytes + ?4 WHERE ip_src = ?1 AND "
	  "as_src = ?2" },
	{ "src_as, as_path, peer_dst_ip", { .engine = SQL_SQLITE, V(1), .bgp = true },
	  "INSERT INTO \"t\" (as_src, as_path, peer_ip_dst, agent_id, as_dst, peer_as_src, "
	  "peer_as_dst, peer_ip_src, comms, local_pref, med, flows, packets, bytes) VALUES "
	  "(?1, ?2, ?3, 0, 0, 0, 0, '0.0.0.0', '', 0, 0, 0, ?4, ?5)",
	  "UPDATE \"t\" SET packets = packets + ?4, bytes = bytes + ?5 WHERE as_src = ?1 AND "
	  "as_path = ?2 AND peer_ip_dst = ?3 AND agent_id = 0 AND as_dst = 0 AND peer_as_src = 0 AND "
	  "peer_as_dst = 0 AND peer_ip_src = '0.0.0.0' AND comms = '' AND local_pref = 0 AND "
	  "med = 0" },
	{ "src_host, in_iface", { .engine = SQL_SQLITE, V(9) },
	  "INSERT INTO \"t\" (ip_src, iface_in, tag, class_id, mac_src, mac_dst, vlan, as_src, as_dst, "
	  "ip_dst, port_src, port_dst, tcp_flags, ip_proto, tos, flows, packets, bytes) VALUES "
	  "(?1, ?2, 0, 'unknown', '0:0:0:0:0:0', '0:0:0:0:0:0', 0, 0, 0, '0.0.0.0', 0, 0, 0, '0', 0, "
	  "0, ?3, ?4)",
	  "UPDATE \"t\" SET packets = packets + ?3, bytes = bytes + ?4 WHERE ip_src = ?1 AND "
	  "iface_in = ?2 AND tag = 0 AND class_id = 'unknown' AND mac_src = '0:0:0:0:0:0' AND "
	  "mac_dst = '0:0:0:0:0:0' AND vlan = 0 AND as_src = 0 AND as_dst = 0 AND "
	  "ip_dst = '0.0.0.0' AND port_src = 0 AND port_dst = 0 AND ip_proto = '0' AND tos = 0" },
	/* Gates. */
	{ "vlan", { .engine = SQL_SQLITE, V(1) }, REFUSED("VLAN"), NULL },
	{ "tag", { .engine = SQL_SQLITE, V(1) }, REFUSED("Tag"), NULL },
	{ "tos", { .engine = SQL_SQLITE, V(2) }, REFUSED("IP ToS"), NULL },
	{ "src_host, flows", { .engine = SQL_SQLITE, V(3) }, REFUSED("Flows"), NULL },
	{ "class", { .engine = SQL_SQLITE, V(4) }, REFUSED("Class"), NULL },
	{ "src_host, src_as", { .engine = SQL_SQLITE, V(5) }, REFUSED("IP host and AS"), NULL },
	{ "src_host, tcpflags", { .engine = SQL_SQLITE, V(6) }, REFUSED("TCP flags"), NULL },
	{ "src_host, as_path", { .engine = SQL_SQLITE, V(1), .bgp = true }, REFUSED("IP host"), NULL },
	{ "src_mac", { .engine = SQL_SQLITE, V(9), .bgp = true }, REFUSED("MAC"), NULL },
	{ "dst_port", { .engine = SQL_SQLITE, V(9), .bgp = true }, REFUSED("TCP/UDP port"), NULL },
	{ "as_path", { .engine = SQL_SQLITE, V(9) }, REFUSED("BGP"), NULL },
};

static void
statements_by_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char aggregate[128];
		const char *const lines[] = { aggregate, NULL };
		struct sbuf text = { 0 }, err = { 0 };
		struct columns cols;
		struct bench b;

		snprintf(aggregate, sizeof(aggregate), "aggregate: %s", rows[i].aggregate);
		bench_open(&b, lines);
		if (columns_make(b.plan, &rows[i].shape, &cols, &err) != 0) {
			assert_string_equal(err.text, rows[i].insert);
			assert_null(rows[i].update);
		} else {
			statement_insert(&cols, "t", 1, &text);
			assert_string_equal(text.text, rows[i].insert);
			sbuf_clear(&text);
			statement_update(&cols, "t", false, &text);
			assert_non_null(rows[i].update);
			assert_string_equal(text.text, rows[i].update);
			columns_done(&cols);
		}
		sbuf_done(&text);
		sbuf_done(&err);
		bench_close(&b);
	}
}

static void
tables_of_our_own(void **state)
{
	const char *const lines[] = { "aggregate: src_host, dst_port, flows", "sql_history: 5m", NULL };
	struct sql_shape shape = { .engine = SQL_SQLITE, V(9), .optimize = true, .history = true };
	struct sbuf text = { 0 }, err = { 0 };
	struct columns cols;
	struct bench b;

	(void)state;
	bench_open(&b, lines);
	assert_int_equal(columns_make(b.plan, &shape, &cols, &err), 0);
	statement_create(&cols, "t", true, " WITHOUT ROWID", &text);
	assert_string_equal(text.text, "CREATE TABLE IF NOT EXISTS \"t\" (stamp_inserted DATETIME NOT "
	    "NULL, ip_src CHAR(45) NOT NULL, port_dst INT(4) NOT NULL, packets BIGINT NOT NULL, bytes "
	    "BIGINT NOT NULL, flows BIGINT NOT NULL, stamp_updated DATETIME, PRIMARY KEY "
	    "(stamp_inserted, ip_src, port_dst)) WITHOUT ROWID");
	sbuf_clear(&text);
	statement_upsert(&cols, "t", "a, b", 1, &text);
	assert_string_equal(text.text, "INSERT INTO \"t\" (stamp_updated, stamp_inserted, ip_src, "
	    "port_dst, packets, bytes, flows) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (a, b) "
	    "DO UPDATE SET stamp_updated = excluded.stamp_updated, packets = packets + "
	    "excluded.packets, bytes = bytes + excluded.bytes, flows = flows + excluded.flows");
	columns_done(&cols);
	sbuf_done(&text);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_by_version),
		cmocka_unit_test(tables_of_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
