#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Routes outlive the daemon: it is killed under flows and started again, without its routers. No flow is
# without its route, sums are exact by the saved routes alone; routers that come back take theirs over,
# what they do not tell again is swept. A damaged file is said and ignored.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/e2e/sums_lib.sh"
need sqlite3 jq

config() {
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		bgp_daemon: true
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_port: $(port 2)
		nfacctd_as: bgp
		nfacctd_net: bgp
		workers: 2
		control_socket: control
		rib_snapshot_file: rib
		rib_snapshot_interval: 1
		bgp_daemon_stale_time: $1
		plugins: sqlite3[t]
		aggregate[t]: src_as, dst_as, as_path, peer_dst_as, local_pref, dst_net, dst_mask, peer_src_ip, flows
		sql_db[t]: t.db
		sql_table[t]: t
		sql_optimize_clauses[t]: true
		sql_refresh_time[t]: 2
		sql_history[t]: 5m
		sql_history_roundoff[t]: m
	C
}

sim="$WB_BUILD/waybill-sim --prefixes ${WB_PREFIXES:-20000} --routers 3 --miss 2"
bgp="--bgp 127.0.0.1:$(port 2)"
flow="--flow 127.0.0.1:$(port 1) --rate 20000 --settle 0"

# saved N: the snapshot has so many routes.
saved() { [ "$(ask --json status | jq .rib.saved_routes.routes)" = "$1" ]; }

config 300
daemon c.conf
start routers $sim $bgp --seconds 300 --rate 0 --stay 300
wait_for 30 grep -q '^routes' "$dir/routers.log"
routes=$(sed -n 's/^routes //p' "$dir/routers.log")
routers=$last
wait_for 30 routes_are "$routes"
say $? "all routes are in the RIB ($routes)"
wait_for 30 saved "$routes"
say $? "and in the file"

# Flows go on while the daemon is killed, and its routers with it.
start flows $sim $flow --export 5 --seconds 4
flows=$last
sleep 1
kill -9 "$daemon"
kill -9 "$routers"
wait "$daemon" "$routers" 2>/dev/null
daemon c.conf
grep -q "saved routes: $routes of 3 peers read" "$dir/waybilld.log"
say $? "they are read at the next start"
wait "$flows"
sleep 1
ask --json status >"$dir/status.json"
[ "$(jq .input.flows "$dir/status.json")" -gt 1000 ]
say $? "flows came after the restart"
same "none was of a router without a RIB" 0 "$(jq .enrichment.no_view "$dir/status.json")"
stop_daemon

# By saved routes alone, every row is as by live ones. The file was written again at the end.
rm -rf "$dir"/t.db*
daemon c.conf
grep -q "saved routes: $routes of 3 peers read" "$dir/waybilld.log"
say $? "an orderly end saves routes that nobody took over as well"
$sim $flow --flows 60000 --expect "$dir/expect.csv" >"$dir/sim.log" 2>&1
same "the simulator is content" 0 $?
sleep 0.5
books_balance
same "no datagram was lost" 0 "$(jq .input.kernel_drops+.input.sequence_lost "$dir/status.json")"
stop_daemon
rows_are_exact "every row is exact by saved routes alone"

# Two of three routers come back, with half a table; what they do not tell and the third are swept.
config 4
daemon c.conf
start routers "$WB_BUILD/waybill-sim" --prefixes 1000 --routers 2 --miss 0 $bgp --seconds 60 --rate 0 --stay 60
wait_for 20 routes_are 2000
say $? "what is not told again is swept"
wait_for 20 sh -c "[ \$('$WB_BUILD/waybill' -s '$dir/control' --json status | jq .rib.routes) = 2000 ]"
say $? "and so is the router that stays away"
kill "$last"
stop_daemon

# A file with one byte changed.
printf 'x' | dd of="$dir/rib" bs=1 seek=2000 conv=notrunc 2>/dev/null
daemon c.conf
grep -q 'saved routes: rib: it is damaged; begun without' "$dir/waybilld.log"
say $? "a damaged file is said and ignored"
same "no routes of it" 0 "$(ask --json status | jq .rib.routes)"
stop_daemon
exit $failed
