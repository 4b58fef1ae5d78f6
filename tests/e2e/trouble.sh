#!/bin/sh
# A locked database: retried with the data kept, said once, recovered alone.
. "$WB_SRC/tests/lib.sh"
need sqlite3 jq
cat >"$dir/c.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 1)
control_socket: control
plugins: sqlite3[t]
aggregate[t]: src_host
sql_db[t]: t.db
sql_table[t]: t
sql_optimize_clauses[t]: true
sql_refresh_time[t]: 1
sql_history[t]: 5m
sql_history_roundoff[t]: m
C
# retried N: so often and more, and said by the health.
retried() {
	ask --json status | jq -e ".health == \"degraded\" and .outputs[0].retries >= $1"
}
daemon c.conf
send="$WB_BUILD/tests/e2e/send_ipfix 127.0.0.1:$(port 1)"
$send 192.0.2.1,198.51.100.1,100,1
wait_for 8 sh -c "sqlite3 '$dir/t.db' 'SELECT SUM(bytes) FROM t' | grep -q '^100$'"
say $? "a first row"
# Hold the write lock for a while; a fifo keeps the shell of sqlite3 open.
mkfifo "$dir/fifo"
sqlite3 "$dir/t.db" <"$dir/fifo" >"$dir/locker.log" 2>&1 &
pids="$pids $!"
exec 3>"$dir/fifo"
echo "BEGIN EXCLUSIVE; SELECT 'held';" >&3
wait_for 10 grep -q held "$dir/locker.log"
say $? "another program holds the lock"
$send 192.0.2.1,198.51.100.1,11,1 192.0.2.2,198.51.100.1,22,1
wait_for 20 retried 1
say $? "a locked database is noticed"
wait_for 40 retried 3
say $? "and tried again and again"
said=$(grep -c 'locked' "$dir/waybilld.log")
[ "$said" -ge 1 ] && [ "$said" -le 2 ]
say $? "said once ($said lines)"
echo 'COMMIT;' >&3
exec 3>&-
wait_for 40 sh -c "sqlite3 '$dir/t.db' 'SELECT SUM(bytes) FROM t' | grep -q '^133$'"
say $? "recovered alone, nothing lost, nothing twice"
books_balance
stop_daemon
same "the sum after the end" 133 "$(sqlite3 "$dir/t.db" 'SELECT SUM(bytes) FROM t')"
exit $failed
