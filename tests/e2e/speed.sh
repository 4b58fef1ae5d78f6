#!/bin/sh
# Exact while fast: a million flows at half a million a second by one and two workers, from 1, 200 and 1,000
# exporters, while routes change and one more peer flaps. Each row per exporter, destination AS and
# AS path equals the simulator's expectation. Then: no loss at 200,000 flows/s with a usual buffer.
. "$WB_SRC/tests/lib.sh"
need jq
: "${FLOWS:=1000000}" "${RATE:=500000}" "${CHURN:=20000}" "${PREFIXES:=20000}" "${FLAP:=0.7}"

# config WORKERS BUFFER
config() {
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		nfacctd_pipe_size: $2
		bgp_daemon: true
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_port: $(port 2)
		bgp_daemon_max_peers: 1200
		nfacctd_as: bgp
		nfacctd_net: bgp
		workers: $1
		control_socket: control
		plugins: print[p]
		aggregate[p]: peer_src_ip, dst_as, as_path, flows
		print_output[p]: csv
		print_output_file[p]: out.csv
		print_output_file_append[p]: true
		print_refresh_time[p]: 60
	C
}

# expected and got: exporter,dst_as,as_path,packets,bytes,flows
expected() {
	awk -F, 'NR > 1 { k = $1 "," $3 "," $4; f[k] += $(NF - 2); p[k] += $(NF - 1); b[k] += $NF }
		END { for (k in f) printf "%s,%.0f,%.0f,%.0f\n", k, p[k], b[k], f[k] }' "$dir/expect.csv" | sort
}
got() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		$1 == "DST_AS" || $1 == "SRC_AS" { next }
		{ k = $c["PEER_SRC_IP"] "," $c["DST_AS"] "," $c["AS_PATH"]
		  f[k] += $c["FLOWS"]; p[k] += $c["PACKETS"]; b[k] += $c["BYTES"] }
		END { for (k in f) printf "%s,%.0f,%.0f,%.0f\n", k, p[k], b[k], f[k] }' "$dir/out.csv" | sort
}

# run VERSION WORKERS ROUTERS BUFFER FLOWS RATE: one of the routers flaps and exports nothing. Routes stay
# until a slow build (WB_SLOWER) has read what waits in the buffer.
run() {
	what="v$1, $2 workers, $(($3 - 1)) exporters, $6 flows/s"
	rm -f "$dir/go" "$dir/out.csv"
	config "$2" "$4"
	daemon c.conf
	start sim "$WB_BUILD/waybill-sim" --prefixes $((PREFIXES / $3)) --routers "$3" --bgp "127.0.0.1:$(port 2)" \
		--flow "127.0.0.1:$(port 1)" --export "$1" --flows "$5" --rate "$6" --datagrams 2000 \
		--churn "$CHURN" --flap "$FLAP" --settle 0 --stay "${WB_SLOWER:-0.3}" --wait-for "$dir/go" --expect "$dir/expect.csv"
	sim=$last
	wait_for 30 grep -q '^routes' "$dir/sim.log"
	wait_for 30 routes_are "$(sed -n 's/^routes //p' "$dir/sim.log")"
	say $? "$what: all routes are in the RIB"
	touch "$dir/go"
	wait "$sim"
	same "$what: no session but the flapping one was lost" 0 $?
	wait_for 60 all_in
	say $? "$what: every datagram was received"
	books_balance
	same "$what: nothing was lost" 0 "$(jq .input.kernel_drops+.input.sequence_lost "$dir/status.json")"
	[ "$(sed -n 's/^changes \([0-9]*\) flaps .*/\1/p' "$dir/sim.log")" -gt 0 ] &&
		[ "$(sed -n 's/^changes .* flaps //p' "$dir/sim.log")" -gt 0 ]
	say $? "$what: meanwhile $(grep '^changes' "$dir/sim.log")"
	stop_daemon
	expected >"$dir/want"
	got >"$dir/got"
	cmp -s "$dir/want" "$dir/got" && [ -s "$dir/want" ]
	status=$?
	say $status "$what: each of $(wc -l <"$dir/want") rows is exact"
	[ $status = 0 ] || diff "$dir/want" "$dir/got" | head -n 8
}

# The buffer holds all of it: what is tested is exactness, also on a machine busy with other things.
for set in ${WB_SPEED:-10:1:2 10:2:201 9:1:201 9:2:2 5:2:1001}; do
	run "${set%%:*}" "$(echo "$set" | cut -d: -f2)" "${set##*:}" 268435456 "$FLOWS" "$RATE"
done
run 10 1 2 67108864 400000 200000
exit $failed
