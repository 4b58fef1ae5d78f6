#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SQLite tables of versions 1 to 9, made by the files of sql/, filled from one capture by Debian's nfacctd
# and by ours under that name: the rows are the same, column by column, but for the stamp of writing.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/e2e/versions_lib.sh"
need "$theirs" sqlite3

# A file per table.
database_of() { echo "sql_db[v$2]: $dir/$1.$2.db"; }
for who in theirs ours; do
	for v in $versions; do
		sqlite3 "$dir/$who.$v.db" <"$WB_SRC/sql/pmacct-create-table_v$v.sqlite3"
	done
done
fill theirs "$theirs" sqlite3 "sql_cache_entries: 1009"
fill ours "$WB_BUILD/nfacctd" sqlite3 ""
for v in $versions; do
	table=$(table "$v")
	columns=$(sqlite3 "$dir/ours.$v.db" "SELECT group_concat(name) FROM pragma_table_info('$table')
		WHERE name != 'stamp_updated'")
	for who in theirs ours; do
		sqlite3 "$dir/$who.$v.db" "SELECT $columns FROM $table" | LC_ALL=C sort >"$dir/$who.$v"
	done
	rows_are_the_same "version $v" "$v" "$columns"
done
exit $failed
