#!/bin/sh
# CPU time (user + system of all processes of a daemon) per flow and per route, Waybill beside
# Debian's nfacctd where it is installed, in one run on one machine. A run whose sums are wrong is
# reported as WRONG and fails: a fast wrong answer is none.
#
#   make bench                      everything
#   tests/bench/bench.sh flow       five-tuples without BGP
#   tests/bench/bench.sh bgp 1      one full table; bgp 10: ten
#
# Environment: FLOWS (per run), RATE (flows/s; nfacctd gets NFACCTD_RATE), PREFIXES, RUNS.
. "$WB_SRC/tests/lib.sh"
need jq sqlite3
: "${FLOWS:=3000000}" "${RATE:=400000}" "${NFACCTD_FLOWS:=600000}" "${NFACCTD_RATE:=60000}"
: "${PREFIXES:=1220000}" "${RUNS:=3}" "${NFACCTD:=/usr/sbin/nfacctd}"
hz=$(getconf CLK_TCK)

# Ticks of a process, its threads and its children.
ticks() {
	sum=0
	for p in $1 $(pgrep -P "$1"); do
		t=$(awk '{ sub(/.*\) /, ""); print $12 + $13 + $14 + $15 }' "/proc/$p/stat" 2>/dev/null)
		sum=$((sum + ${t:-0}))
	done
	echo "$sum"
}
rss() {
	sum=0
	for p in $1 $(pgrep -P "$1"); do
		r=$(awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null)
		sum=$((sum + ${r:-0}))
	done
	echo "$sum"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ns() { echo "$1 $2" | awk -v hz="$hz" '{ printf "%.0f\n", ($2 > 0 ? $1 * 1e9 / hz / $2 : 0) }'; }

# config PROGRAM AGGREGATE WITH_BGP
config() {
	cat <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		nfacctd_pipe_size: 67108864
		plugin_pipe_size: 67108864
		plugin_buffer_size: 65536
		plugins: print[p]
		aggregate[p]: $2
		print_output[p]: csv
		print_output_file[p]: $dir/out.csv
		print_output_file_append[p]: true
		print_refresh_time[p]: 60
	C
	[ -z "$3" ] || cat <<-C
		bgp_daemon: true
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_port: $(port 2)
		bgp_daemon_max_peers: 200
		nfacctd_as: bgp
		nfacctd_net: bgp
	C
	[ "$1" != waybilld ] || printf 'control_socket: %s\nworkers: 1\n' "$dir/control"
}

# one PROGRAM AGGREGATE TABLES FLOWS RATE DATAGRAMS: prints "ns-per-flow ns-per-route kib ok|WRONG"
one() {
	rm -f "$dir/out.csv" "$dir/go" "$dir/expect.csv"
	bgp=
	[ "$3" = 0 ] || bgp=yes
	config "$1" "$2" "$bgp" >"$dir/b.conf"
	if [ "$1" = waybilld ]; then
		start "$1" "$WB_BUILD/waybilld" -f "$dir/b.conf"
	else
		start "$1" "$NFACCTD" -f "$dir/b.conf"
	fi
	d=$last
	sleep 2
	before=$(ticks "$d")
	routers=$3
	[ "$3" != 0 ] || routers=1
	set -- "$@" ${bgp:+--bgp 127.0.0.1:$(port 2)}
	program=$1 flows=$4 rate=$5 datagrams=$6 tables=$3
	shift 6
	start sim "$WB_BUILD/waybill-sim" --prefixes "$PREFIXES" --routers "$routers" "$@" --v6 18 \
		--flow "127.0.0.1:$(port 1)" --rate "$rate" --flows "$flows" --datagrams "$datagrams" \
		--settle 0 --wait-for "$dir/go" --stay 2 --expect "$dir/expect.csv"
	sim=$last
	routes=0 per_route=0
	if [ -n "$bgp" ]; then
		wait_for 1200 grep -q '^routes' "$dir/sim.log"
		routes=$(sed -n 's/^routes //p' "$dir/sim.log")
		# Quiet for two seconds: all routes are in.
		last_ticks=-1
		while now=$(ticks "$d"); [ $((now - last_ticks)) -gt 4 ]; do
			last_ticks=$now
			sleep 2
		done
		per_route=$(ns $((now - before)) "$routes")
	else
		sleep 3
	fi
	mem=$(rss "$d")
	before=$(ticks "$d")
	touch "$dir/go"
	wait "$sim"
	sleep 1
	used=$(($(ticks "$d") - before))
	kill -INT "$d"
	wait "$d" 2>/dev/null
	# nfacctd's plugin writes after its core has gone.
	size=-1
	while now=$(stat -c %s "$dir/out.csv" 2>/dev/null || echo 0); [ "$now" != "$size" ]; do
		size=$now
		sleep 1
	done
	sent=$(sed -n 's/^flows \([0-9]*\).*/\1/p' "$dir/sim.log")
	want=$(awk -F, 'NR > 1 { b += $NF } END { printf "%.0f", b }' "$dir/expect.csv")
	got=$(awk -F, '$NF ~ /^[0-9]+$/ { b += $NF } END { printf "%.0f", b }' "$dir/out.csv")
	ok=ok
	[ "$want" = "$got" ] || ok="WRONG:$got/$want"
	echo "$(ns "$used" "$sent") $per_route $mem $ok"
}

# scenario TITLE AGGREGATE TABLES DATAGRAMS
scenario() {
	for program in waybilld nfacctd; do
		[ "$program" = waybilld ] || [ -x "$NFACCTD" ] || continue
		runs=$RUNS flows=$FLOWS rate=$RATE
		[ "$program" = waybilld ] || { flows=$NFACCTD_FLOWS rate=$NFACCTD_RATE runs=1; }
		i=0
		: >"$dir/runs"
		while [ $i -lt "$runs" ]; do
			one "$program" "$2" "$3" "$flows" "$rate" "$4" >>"$dir/runs"
			i=$((i + 1))
		done
		flow=$(awk '{ print $1 }' "$dir/runs" | median)
		route=$(awk '{ print $2 }' "$dir/runs" | median)
		mem=$(awk '{ print $3 }' "$dir/runs" | median)
		state=ok
		grep -q WRONG "$dir/runs" && state=$(grep -o 'WRONG.*' "$dir/runs" | head -n 1)
		[ "$program" != waybilld ] || { ours=$flow ours_route=$route; [ $state = ok ] || failed=1; }
		ratio=
		[ "$program" = waybilld ] || ratio=$(echo "$flow $ours $route $ours_route" |
			awk '{ printf "%.1fx", ($2 > 0 ? $1 / $2 : 0); if ($4 > 0) printf ", routes %.1fx", $3 / $4 }')
		printf '%-38s %-9s %8s ns/flow %7s ns/route %9s KiB  %-6s %s\n' "$1" "$program" "$flow" "$route" "$mem" "$state" "$ratio"
	done
}

tuple="src_host, dst_host, src_port, dst_port, proto"
wide="src_as, dst_as, peer_dst_as, as_path, local_pref, peer_dst_ip, std_comm, src_net, dst_net, in_iface, out_iface"
case ${1:-all} in
flow) scenario "five-tuple, no BGP, 76,000 keys" "$tuple" 0 4096 ;;
bgp) scenario "BGP key, $2 table(s) of $PREFIXES" "$wide" "$2" 4096 ;;
all)
	scenario "five-tuple, no BGP, 76,000 keys" "$tuple" 0 4096
	scenario "BGP key, 1 table of $PREFIXES" "$wide" 1 4096
	scenario "BGP key, 10 tables of $PREFIXES" "$wide" 10 4096
	;;
esac
exit $failed
