/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files in sql/ are what the table of columns says, and SQLite takes its own. `test_schema
 * --write DIR` makes the files anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "sql/schema.h"

#define FILES_MOST	64

static void
print_file(const void *file, struct sbuf *out)
{
	schema_file_print(file, out);
}

/* They live as long as the table. */
static size_t
list_files(struct sql_file *ret, size_t room)
{
	size_t n;
	const struct schema_file *files = schema_files(&n);

	assert_true(n <= room);
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct sql_file){ files[i].name, print_file, &files[i] };
	return n;
}

static void
files_are_current(void **state)
{
	struct sql_file file[FILES_MOST];

	(void)state;
	files_compare(file, list_files(file, FILES_MOST));
}

static void
sqlite_takes_its_files(void **state)
{
	size_t n;
	const struct schema_file *files = schema_files(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct sbuf sql = { 0 };
		sqlite3 *db;

		if (files[i].engine != SQL_SQLITE)
			continue;
		schema_file_print(&files[i], &sql);
		assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, sql.text, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		sbuf_done(&sql);
	}
}

/* Names, order and keys of pmacct (compat/interface.md 15.1). */
static void
columns_by_version(void **state)
{
	static const struct {
		enum sql_engine engine;
		unsigned version;
		bool bgp;
		const char *columns;	/* * marks a key column */
	} rows[] = {
		{ SQL_SQLITE, 1, false, "mac_src* mac_dst* ip_src* ip_dst* src_port* dst_port* "
		    "ip_proto* packets bytes stamp_inserted* stamp_updated" },
		{ SQL_PGSQL, 1, false, "mac_src* mac_dst* ip_src* ip_dst* port_src* port_dst* "
		    "ip_proto* packets bytes stamp_inserted* stamp_updated" },
		{ SQL_MYSQL, 2, false, "agent_id* mac_src* mac_dst* vlan* ip_src* ip_dst* "
		    "src_port* dst_port* ip_proto* packets bytes stamp_inserted* stamp_updated" },
		{ SQL_MYSQL, 3, false, "agent_id* mac_src* mac_dst* vlan* ip_src* ip_dst* "
		    "src_port* dst_port* ip_proto* tos* packets bytes stamp_inserted* "
		    "stamp_updated" },
		{ SQL_MYSQL, 5, false, "agent_id* class_id* mac_src* mac_dst* vlan* ip_src* "
		    "ip_dst* src_port* dst_port* ip_proto* tos* packets bytes flows "
		    "stamp_inserted* stamp_updated" },
		{ SQL_SQLITE, 7, false, "agent_id* class_id* mac_src* mac_dst* vlan* as_src* "
		    "as_dst* ip_src* ip_dst* src_port* dst_port* tcp_flags ip_proto* tos* packets "
		    "bytes flows stamp_inserted* stamp_updated" },
		{ SQL_SQLITE, 9, false, "tag* class_id* mac_src* mac_dst* vlan* as_src* as_dst* "
		    "ip_src* ip_dst* port_src* port_dst* tcp_flags ip_proto* tos* packets bytes "
		    "flows stamp_inserted* stamp_updated" },
		{ SQL_MYSQL, 1, true, "agent_id* as_src* as_dst* peer_as_src* peer_as_dst* "
		    "peer_ip_src* peer_ip_dst* comms* as_path* local_pref* med* packets bytes "
		    "stamp_inserted* stamp_updated" },
		{ SQL_SQLITE, 1, true, "agent_id* as_src* as_dst* peer_as_src* peer_as_dst* "
		    "peer_ip_src* peer_ip_dst* comms* as_path* local_pref* med* packets bytes flows "
		    "stamp_inserted* stamp_updated" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct schema_column *col[SCHEMA_COLUMNS];
		size_t n = schema_columns(rows[i].engine, rows[i].version, rows[i].bgp, col);
		struct sbuf b = { 0 };

		for (size_t k = 0; k < n; k++)
			sbuf_printf(&b, "%s%s%s", k > 0 ? " " : "", col[k]->name,
			    col[k]->key ? "*" : "");
		assert_string_equal(b.text, rows[i].columns);
		sbuf_done(&b);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_current),
		cmocka_unit_test(sqlite_takes_its_files),
		cmocka_unit_test(columns_by_version),
	};
	struct sql_file file[FILES_MOST];

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return files_write(argv[2], file, list_files(file, FILES_MOST));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
