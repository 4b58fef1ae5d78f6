#!/bin/sh
# Rows per second into each engine, with servers of its own that have 1 GB of cache and durable commits.
#
#   WB_SRC=.. WB_BUILD=. sh ../tests/bench/bench_sql.sh own [ROWS [PURGES [ENGINE...]]]
#	the output alone, case by case (tests/sql/bench_sql.c); WB_SQL_EXTRA="sql_connections: 2" for more
#   WB_SRC=.. WB_BUILD=. sh ../tests/bench/bench_sql.sh peers [ENGINE...]
#	whole daemons, ours beside Debian's nfacctd: the same flows of the simulator into the same table, from
#	the order to purge until the last COMMIT. Part of `make bench`.
#
# Environment: NFACCTD, ROWS_OURS, ROWS_BEST and ROWS_SLOW (rows of the purges that are measured).
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
: "${NFACCTD:=/usr/sbin/nfacctd}" "${ROWS_OURS:=400000}" "${ROWS_BEST:=100000}" "${ROWS_SLOW:=20000}"
what=${1:-own}
[ $# -eq 0 ] || shift

up_engine() {
	case $engine in
	mysql) db_options="--innodb-buffer-pool-size=1G" ;;
	pgsql) db_options="-c shared_buffers=1GB -c max_wal_size=4GB" ;;
	esac
	[ "$engine" = sqlite3 ] || db_make "$engine"
}
down_engine() {
	[ "$engine" != sqlite3 ] || return 0
	db_kill
	rm -rf "$db_dir"
}

own() {
	rows=${1:-300000}
	purges=${2:-3}
	[ $# -lt 2 ] || shift 2
	[ $# -gt 0 ] || set -- sqlite3 pgsql mysql
	for engine in "$@"; do
		up_engine
		WB_SQL_HOST=${db_host:-localhost} "$WB_BUILD/tests/sql/bench_sql" "$engine" "$rows" "$purges" 2>/dev/null
		down_engine
	done
}

# The table: nine columns of a key, two counters and the time of writing. $1: with the key or without.
table() {
	address="CHAR(45) NOT NULL" drop="DROP TABLE IF EXISTS t;"
	[ "$engine" != pgsql ] || address="inet NOT NULL"
	key=
	[ "$1" = append ] || key=", PRIMARY KEY (stamp_inserted, ip_src, ip_dst, port_src, port_dst, ip_proto, tos, iface_in, iface_out)"
	sql="$drop CREATE TABLE t (stamp_inserted BIGINT NOT NULL, ip_src $address, ip_dst $address,
		port_src INTEGER NOT NULL, port_dst INTEGER NOT NULL, ip_proto INTEGER NOT NULL, tos INTEGER NOT NULL,
		iface_in BIGINT NOT NULL, iface_out BIGINT NOT NULL, packets BIGINT NOT NULL, bytes BIGINT NOT NULL,
		stamp_updated BIGINT$key);"
	case $engine in
	sqlite3) rm -f "$dir"/t.db*; sqlite3 "$dir/t.db" "$sql" ;;
	pgsql) db_sql "$sql" && db_sql "ALTER TABLE t OWNER TO pmacct" ;;
	*) db_sql "$sql" ;;
	esac
}
count() {
	case $engine in
	sqlite3) sqlite3 "$dir/t.db" 'SELECT COUNT(*) FROM t' ;;
	*) db_sql 'SELECT COUNT(*) FROM t' ;;
	esac
}

# config HOST: what both read. Then the daemon's own lines.
config() {
	cat <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		nfacctd_pipe_size: 67108864
		plugin_pipe_size: 67108864
		plugin_buffer_size: 65536
		plugins: $engine[p]
		aggregate[p]: src_host, dst_host, src_port, dst_port, proto, tos, in_iface, out_iface
		sql_db: $([ "$engine" = sqlite3 ] && echo "$dir/t.db" || echo pmacct)
		sql_host: $1
		sql_user: pmacct
		sql_passwd: arealsmartpwd
		sql_table: t
		sql_table_version: 9
		sql_optimize_clauses: true
		sql_num_protos: true
		timestamps_since_epoch: true
		sql_history: 1d
		sql_history_roundoff: d
		sql_refresh_time: 86400
		sql_cache_entries: 262139
	C
}

# send ROWS: as many flows, each a row of its own.
send() {
	"$WB_BUILD/waybill-sim" --prefixes 200000 --zipf 0 --flow "127.0.0.1:$(port 1)" --rate 60000 --flows "$1" \
		--datagrams $(($1 / 18 + 1)) --expect "$dir/e.csv" >"$dir/sim.log" 2>&1
}
now() { date +%s.%N; }

# theirs ROWS TABLE LINES: rows per second of nfacctd's purge.
theirs() {
	table "$2"
	case $engine in pgsql) host=$db_dir ;; *) host=${db_host:-} ;; esac
	{ config "${host#$([ "$engine" = pgsql ] && echo unix:)}"; printf '%s\n' "$3"; } | grep -v ': $' >"$dir/n.conf"
	start nfacctd "$NFACCTD" -f "$dir/n.conf"
	sleep 3
	send "$1"
	sleep 2
	begun=$(now)
	kill -INT "$last"
	seen=-1
	# It is done when no process of its is left.
	while pgrep -g 0 -f "^nfacctd:.*$engine" >/dev/null || kill -0 "$last" 2>/dev/null; do sleep 0.02; done
	ended=$(now)
	rate "$(count)" "$begun" "$ended"
}

# ours ROWS TABLE LINES
ours() {
	table "$2"
	{ config "${db_host:-localhost}"; printf '%s\n' "$3" "control_socket: control" "state_dir: $dir/state"; } >"$dir/w.conf"
	rm -rf "$dir/state"
	mkdir "$dir/state"
	daemon w.conf
	send "$1"
	sleep 2
	begun=$(now)
	ask flush >/dev/null
	until ask --json status | jq -e '.outputs[0] | .bytes_held == 0 and .rows_purged > 0' >/dev/null; do sleep 0.02; done
	ended=$(now)
	kill -INT "$daemon"
	wait "$daemon"
	rate "$(count)" "$begun" "$ended"
}
rate() { awk "BEGIN { printf \"%.0f\", $1 / ($3 - $2) }"; }

peers() {
	[ $# -gt 0 ] || set -- sqlite3 pgsql mysql
	echo "| engine | nfacctd, defaults | nfacctd at its best | Waybill, updates | Waybill, sql_dont_try_update | ratio to its best |"
	echo "|---|---|---|---|---|---|"
	for engine in "$@"; do
		up_engine
		best="sql_dont_try_update: true
sql_multi_values: 1000000"
		[ "$engine" != pgsql ] || best="sql_dont_try_update: true
sql_use_copy: true"
		slow=$(theirs "$ROWS_SLOW" keyed "")
		fast=$(theirs "$ROWS_BEST" append "$best")
		keyed=$(ours "$ROWS_OURS" keyed "")
		append=$(ours "$ROWS_OURS" append "sql_dont_try_update: true")
		echo "| $engine | $slow | $fast | $keyed | $append | $(awk "BEGIN { printf \"%.1fx\", $append / $fast }") |"
		down_engine
	done
}

need jq sqlite3
case $what in
own) own "$@" ;;
peers) [ -x "$NFACCTD" ] || { echo "skip: no $NFACCTD; NOT TESTED"; exit 0; }; peers "$@" ;;
*) sed -n '2,11p' "$0"; exit 2 ;;
esac
exit 0
