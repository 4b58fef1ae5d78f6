#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Current routes and their history in SQLite: see tests/sql/routes.sh.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/routes.sh"
need sqlite3 jq
engine=sqlite3
db_name=r.db
db_host=none
db_sql() { sqlite3 -cmd '.timeout 5000' "$dir/r.db" "$1"; }

# Somebody else has the file for himself.
db_away() {
	touch "$dir/away"
	{
		echo "BEGIN EXCLUSIVE; SELECT 'locked';"
		while [ -e "$dir/away" ]; do sleep 0.2; done
		echo "ROLLBACK;"
	} | sqlite3 -cmd '.timeout 20000' "$dir/r.db" >"$dir/lock.log" 2>&1 &
	pids="$pids $!"
	wait_for 20 grep -q locked "$dir/lock.log"
}
db_back() { rm "$dir/away"; }

# Of two outputs that write to one table each would sweep what the other has.
test_twins() {
	cat >"$dir/twins.conf" <<-C
		bgp_daemon: true
		plugins: sqlite3[a], sqlite3[b]
		sql_db: x.db
		sql_routes: current, history
		sql_table[a]: one
		sql_table[b]: two
		sql_history_table[b]: one
	C
	"$WB_BUILD/waybill" check "$dir/twins.conf" >"$dir/twins.log" 2>&1
	same "two outputs at one table are refused" 1 "$(grep -c "twins.conf:7: error: b/sqlite3: routes go to table 'one', as those of output 'a' do (.*twins.conf:5)" "$dir/twins.log")"
	sed -i 's/table\[b\]: one/table[b]: three/' "$dir/twins.conf"
	"$WB_BUILD/waybill" check "$dir/twins.conf" >"$dir/twins.log" 2>&1
	say $? "and taken with tables of their own"
}

test_twins
test_routes
test_bmp_routes
exit $failed
