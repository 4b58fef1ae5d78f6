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

test_routes
test_bmp_routes
exit $failed
