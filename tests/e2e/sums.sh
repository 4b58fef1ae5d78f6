#!/bin/sh
# The main job: routers peer (or are monitored over BMP) and export, rows per (src_as, dst_as, as_path, peer_dst_as, local_pref,
# dst_net) equal the simulator's expectation exactly; v5, v9 and IPFIX, one and several routers.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/e2e/sums_lib.sh"
need sqlite3 jq

run() {
	version=$1
	routers=$2
	workers=$3
	# Over BMP: the RIBs that are told, and of how many peers. The first one is that of the table.
	ribs=${4:-}
	feed="--bgp 127.0.0.1:$(port 2)"
	title="v$version, $routers routers${ribs:+, $ribs of $5 peers over BMP}"
	[ -z "$ribs" ] || feed="--bmp 127.0.0.1:$(port 3) --ribs $ribs --monitored $5"
	rm -rf "$dir"/t.db* "$dir/expect.csv"
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		bgp_daemon: true
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_port: $(port 2)
		bgp_daemon_max_peers: 100
		bmp_daemon: true
		bmp_daemon_ip: 127.0.0.1
		bmp_daemon_port: $(port 3)
		bmp_daemon_max_peers: 100
		nfacctd_as: bgp
		nfacctd_net: bgp
		workers: $workers
		control_socket: control
		plugins: sqlite3[t]
		aggregate[t]: src_as, dst_as, as_path, peer_dst_as, local_pref, dst_net, dst_mask, peer_src_ip, flows
		sql_db[t]: t.db
		sql_table[t]: t
		sql_optimize_clauses[t]: true
		sql_refresh_time[t]: 2
		sql_history[t]: 5m
		sql_history_roundoff[t]: m
	C
	daemon c.conf
	# shellcheck disable=SC2086
	start sim "$WB_BUILD/waybill-sim" --prefixes 5000 --routers "$routers" $feed \
		--flow "127.0.0.1:$(port 1)" --export "$version" --flows 60000 --rate 30000 --datagrams 500 \
		--settle 0 --wait-for "$dir/go" --stay 1 --expect "$dir/expect.csv"
	sim=$last
	# All routes are in before the first flow: what the simulator says it told, the daemon has.
	wait_for 20 grep -q '^routes' "$dir/sim.log"
	wait_for 20 routes_are "$(sed -n 's/^routes //p' "$dir/sim.log")"
	say $? "$title: all routes are in the RIB"
	touch "$dir/go"
	wait "$sim"
	same "v$version: the simulator is content" 0 $?
	wait_for 20 all_in
	books_balance
	same "v$version: no datagram was lost" 0 "$(jq .input.kernel_drops+.input.sequence_lost "$dir/status.json")"
	stop_daemon
	rm -f "$dir/go"
	rows_are_exact "$title, $workers workers: every row is exact"
}

for set in ${WB_SUMS:-10:1:1 9:3:2 5:2:2 10:5:2 10:3:2:loc-rib,post-policy,pre-policy:2 9:2:2:post-policy,pre-policy,adj-rib-out:5}; do
	# shellcheck disable=SC2046
	run $(echo "$set" | tr : " ")
done
exit $failed
