#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A full table into SQL, current routes and history at once: seconds from its last route told until every
# row is written, and CPU seconds of the daemon's threads. Servers of its own: their defaults and 1 GB of cache.
#
#   WB_PREFIXES=1220000 tests/bench/bench_routes.sh [sqlite3|pgsql|mysql]
: "${WB_SRC:=$(cd "$(dirname "$0")/../.." && pwd)}" "${WB_BUILD:=$WB_SRC/build}"
engine=${1:-sqlite3}
. "$WB_SRC/tests/lib.sh"
db_host=none
db_name=r.db
if [ "$engine" != sqlite3 ]; then
	. "$WB_SRC/tests/sql/servers.sh"
	db_name=pmacct
	# What an operator is told to give them: 1 GB of cache.
	db_options=$([ "$engine" = mysql ] && echo --innodb-buffer-pool-size=1G || echo "-c shared_buffers=1GB")
	db_make "$engine"
fi
n=${WB_PREFIXES:-1220000}

cat >"$dir/c.conf" <<C
control_socket: control
state_dir: state
bgp_daemon_ip: 127.0.0.1
bgp_daemon_as: 64500
bgp_daemon_port: $(port 2)
plugins: $engine[r]
sql_db[r]: $db_name
sql_host[r]: $db_host
sql_history[r]: 1h
C
(cd "$dir" && exec "$WB_BUILD/pmbgpd" -f c.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status

figure() { ask --json status | jq ".routes[0].$1"; }
now() { date +%s.%N; }
at_least() { [ "$(figure "$1")" -ge "$n" ]; }

start sim "$WB_BUILD/waybill-sim" --bgp "127.0.0.1:$(port 2)" --as 64500 --prefixes "$n" --miss 0 \
	--flow "127.0.0.1:$(port 9)" --rate 1 --seconds 1 --stay 600
wait_for 60 sh -c "[ \$('$WB_BUILD/waybill' -s '$dir/control' --json status | jq '.routes[0].current.changes') -gt 0 ]"
first=$(now)
wait_for 60 at_least current.changes
told=$(now)
wait_for 120 at_least current.written
current=$(now)
wait_for 120 at_least history.written
all=$(now)
echo "$engine: $n routes told in $(echo "$told - $first" | bc) s; from the first one, current routes written after" \
	"$(echo "$current - $first" | bc) s, the history as well after $(echo "$all - $first" | bc) s"
for t in /proc/"$daemon"/task/*; do
	awk '{ printf "  thread: CPU %.2f s\n", ($14 + $15) / 100 }' "$t/stat"
done
[ -z "${db_pid:-}" ] || ps -o cputimes= --ppid "$db_pid" -p "$db_pid" | awk '{ s += $1 } END { print "  server: CPU " s " s" }'
ask status | tail -3
uptime
