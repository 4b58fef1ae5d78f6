#!/bin/sh
# Bins of more than a million rows are closed and written to each database while 500,000 flows a second go on
# coming in: no datagram is lost, every row lands once, and what the table has is what was sent. Says how long
# it took from the close of a bin to its COMMIT. Takes two minutes an engine and 4 GiB.
#
#	WB_ENGINES	of sqlite3 pgsql mysql	KEYS	distinct rows	RATE	flows a second
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
need jq sqlite3 setpriv
: "${KEYS:=1000000}" "${RATE:=500000}" "${SECONDS_ALL:=60}" "${WB_ENGINES:=sqlite3 pgsql mysql}"

# look: the columns of the table as sums, by the engine.
look() {
	case $engine in
	sqlite3) sqlite3 "$dir/t.db" "$1" ;;
	*) db_sql "$1" ;;
	esac
}

for engine in $WB_ENGINES; do
	case $engine in
	mysql) db_options="--innodb-buffer-pool-size=1G" ;;
	pgsql) db_options="-c shared_buffers=1GB -c max_wal_size=4GB" ;;
	esac
	[ "$engine" = sqlite3 ] || db_make "$engine"
	rm -rf "$dir/state"
	mkdir "$dir/state"
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		workers: 1
		control_socket: control
		state_dir: $dir/state
		plugins: $engine[t]
		aggregate[t]: src_host, dst_host, src_port, dst_port, proto
		sql_db[t]: $([ "$engine" = sqlite3 ] && echo "$dir/t.db" || echo pmacct)
		sql_host[t]: ${db_host:-localhost}
		sql_table[t]: t
		sql_optimize_clauses[t]: true
		sql_history[t]: 1m
		sql_history_roundoff[t]: m
		sql_refresh_time[t]: 20
		sql_connections[t]: ${CONNECTIONS:-1}
	C
	daemon c.conf
	start sim "$WB_BUILD/waybill-sim" --prefixes 100000 --zipf 0 --flow "127.0.0.1:$(port 1)" --rate "$RATE" \
		--flows $((RATE * SECONDS_ALL)) --datagrams $((KEYS / 18 + 1)) --expect "$dir/expect.csv"
	wait "$last"
	same "$engine: the simulator is content" 0 $?
	wait_for 60 all_in
	say $? "$engine: every datagram was received"
	books_balance
	same "$engine: nothing was lost" 0 "$(jq .input.kernel_drops+.input.sequence_lost "$dir/status.json")"
	rows=$(jq '.outputs[0].rows_purged' "$dir/status.json")
	[ "$rows" -gt "$KEYS" ]
	say $? "$engine: $rows rows were written meanwhile"
	begun=$(date +%s.%N)
	ask flush >/dev/null
	wait_for 120 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.outputs[0].bytes_held == 0'"
	say $? "$engine: the last bins are written"
	awk "BEGIN { printf \"$engine: the last purge took %.2f s until nothing was held any more\n\", $(date +%s.%N) - $begun }"
	books_balance
	stop_daemon
	same "$engine: bytes in the table are bytes sent" \
		"$(awk -F, 'NR > 1 { b += $NF } END { printf "%.0f", b }' "$dir/expect.csv")" \
		"$(look 'SELECT SUM(bytes) FROM t')"
	same "$engine: and so are those of the ledger" "$(look 'SELECT SUM(bytes) FROM t')" \
		"$(look 'SELECT SUM(bytes) FROM waybill_ledger')"
	[ "$engine" = sqlite3 ] || { db_kill; rm -rf "$db_dir"; }
done
exit $failed
