#!/bin/sh
# What the two dearest things cost, as CPU time (user and system, all threads and processes of a
# daemon), beside Debian's nfacctd where it is installed, in one run on one machine, as a Markdown
# table. The sums of all that was received are held against what was sent: a wrong one fails.
#
#   make bench                      everything: about half an hour
#   BENCH_QUICK=1 make bench        about two minutes: small tables, one run, without nfacctd
#   tests/bench/bench.sh flow       five-tuples without BGP
#   tests/bench/bench.sh bgp 1      the wide key with one full table; bgp 10: ten
#   tests/bench/bench.sh maps       pre_tag_map of 100,000 rules beside one of none
#   tests/bench/bench.sh rib        taking routes in, keeping and losing them, without flows
#
# A flow's cost is that of a burst that waits in the receive buffer while the sender sleeps: the
# CPUs of many machines are threads of one core, and a sender at work beside the daemon would slow it
# down by half. What it costs beside a sender has rows of its own.
#
# Environment: RUNS (medians of so many), FLOWS (of a burst, which the receive buffer must hold), PACED
# and RATE (flows beside a sender, and how many a second), PREFIXES (of a full table), TABLES (of the
# larger case), NFACCTD (none: without it), BENCH_FULL=1 (100 tables as well).
. "$WB_SRC/tests/lib.sh"
need jq
if [ "${BENCH_QUICK:-0}" = 1 ]; then
	: "${RUNS:=1}" "${PACED:=1500000}" "${PREFIXES:=200000}" "${TABLES:=4}" "${NFACCTD:=none}" "${SECONDS_EACH:=3}"
fi
: "${RUNS:=9}" "${FLOWS:=360000}" "${PACED:=4000000}" "${RATE:=1000000}"
: "${PREFIXES:=1220000}" "${TABLES:=10}"
: "${NFACCTD:=/usr/sbin/nfacctd}" "${NFACCTD_FLOWS:=600000}" "${NFACCTD_RATE:=60000}"
: "${RATES:=250000 500000 750000 1000000 1500000 2000000 3000000 4000000 6000000}" "${SECONDS_EACH:=8}"
tuple="src_host, dst_host, src_port, dst_port, proto"
wide="src_as, dst_as, peer_dst_as, as_path, local_pref, peer_dst_ip, std_comm, src_net, src_mask, dst_net, dst_mask, in_iface, out_iface"
keys_100k=5500 keys_1m=55000

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
calc() { awk "BEGIN { printf \"${2:-%.0f}\", $1 }"; }

# CPU time of a process, its threads and its children, microseconds.
cpu() {
	for p in $1 $(pgrep -P "$1"); do
		cat "/proc/$p/task/"*/schedstat 2>/dev/null
	done | awk '{ s += $1 } END { printf "%.0f\n", s / 1000 }'
}
# The same of each thread: "tid microseconds".
threads() {
	for t in "/proc/$1/task/"*; do
		echo "${t##*/} $(awk '{ printf "%.0f", $1 / 1000 }' "$t/schedstat")"
	done
}
kib() {
	for p in $1 $(pgrep -P "$1"); do
		cat "/proc/$p/smaps_rollup" 2>/dev/null
	done | awk '/^Pss:/ { s += $2 } END { print s + 0 }'
}

# config PROGRAM TABLES AGGREGATE [AGGREGATE]
config() {
	cat <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		nfacctd_pipe_size: 67108864
		plugin_pipe_size: 67108864
		plugin_buffer_size: 65536
		plugins: print[p]${4:+, print[q]}
		aggregate[p]: $3
		print_output_file[p]: $dir/out.csv
		print_output: csv
		print_output_file_append: true
		print_refresh_time: 60
	C
	[ -z "${4:-}" ] || printf 'aggregate[q]: %s\nprint_output_file[q]: %s\n' "$4" "$dir/second.csv"
	[ "$2" = 0 ] || cat <<-C
		bgp_daemon: true
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_port: $(port 2)
		bgp_daemon_max_peers: 200
		nfacctd_as: bgp
		nfacctd_net: bgp
	C
	[ -z "${MAP:-}" ] || echo "pre_tag_map: $MAP"
	# Routes go with their session, as nfacctd's do: a row asks for their memory back.
	[ "$1" != waybilld ] || printf 'control_socket: %s\nworkers: 1\nbgp_daemon_stale_time: 0\n' "$dir/control"
}

# quiet: no CPU time was used for a second and more.
quiet() {
	before=-1
	while now=$(cpu "$d"); [ $((now - before)) -gt 30000 ]; do
		before=$now
		sleep 1.5
	done
}

# up PROGRAM TABLES AGGREGATE [AGGREGATE]: daemon $d with its tables; $table_s: CPU seconds they took.
up() {
	program=$1 tables=$2 want=0 speaker=
	rm -f "$dir/out.csv" "$dir/second.csv" "$dir/speaker.log"
	config "$@" >"$dir/b.conf"
	case $1 in
	waybilld) start "$1" "$WB_BUILD/waybilld" -f "$dir/b.conf" ;;
	*) start "$1" "$NFACCTD" -f "$dir/b.conf" ;;
	esac
	d=$last
	sleep 2
	[ "$2" != 0 ] || return
	begin=$(cpu "$d")
	begin_kib=$(kib "$d")
	start speaker "$WB_BUILD/waybill-sim" --prefixes "$PREFIXES" --routers "$2" \
		--bgp "127.0.0.1:$(port 2)" --stay 100000 ${SPEAK:-}
	speaker=$last
	wait_for 1200 grep -q '^routes' "$dir/speaker.log"
	quiet
	routes=$(sed -n 's/^routes //p' "$dir/speaker.log")
	table_s=$(calc "($(cpu "$d") - $begin) / 1e6" %.3f)
	table_kib=$(($(kib "$d") - begin_kib))
}

status() { ask --json status >"$dir/status.json" && jq "$1" "$dir/status.json"; }
taken() { [ "$program" != waybilld ] || status .input.flows; }

# Everything that was sent is through.
all_in() {
	if [ "$program" = waybilld ]; then
		before=-1
		while now=$(taken); [ "$now" != "$before" ]; do
			before=$now
			sleep 0.3
		done
	else
		quiet
	fi
}

# flows N RATE DATAGRAMS [sim's options]: sets $flow_ns, $sent and $gone (flows lost). RATE burst: as
# fast as it goes, into the receive buffer of a daemon that does not run meanwhile.
flows() {
	n=$1 rate=$2 datagrams=$3 burst=
	shift 3
	[ "$rate" != burst ] || rate=0 burst=1
	rm -f "$dir/go" "$dir/expect.csv" "$dir/sim.log"
	routers=$tables
	[ "$tables" != 0 ] || routers=1
	prefixes=$PREFIXES
	[ "$tables" != 0 ] || prefixes=20000
	start sim ${SIM_CPU:+taskset -c $SIM_CPU} "$WB_BUILD/waybill-sim" --prefixes "$prefixes" \
		--routers "$routers" --flow "127.0.0.1:$(port 1)" --rate "$rate" --flows "$n" \
		--datagrams "$datagrams" --wait-for "$dir/go" --expect "$dir/expect.csv" "$@"
	gone=$(taken)
	wait_for 600 grep -q '^ready' "$dir/sim.log"
	begin=$(cpu "$d")
	[ -z "$burst" ] || kill -STOP "$d"
	touch "$dir/go"
	wait_for 600 grep -q '^flows' "$dir/sim.log"
	wait "$last"
	[ -z "$burst" ] || kill -CONT "$d"
	all_in
	sleep 0.5
	used=$(($(cpu "$d") - begin))
	sent=$(sed -n 's/^flows \([0-9]*\).*/\1/p' "$dir/sim.log")
	flow_ns=$(calc "$used * 1000 / $sent")
	[ "$program" != waybilld ] || gone=$((sent - $(taken) + gone))
	want=$(awk -F, -v w="$want" 'NR > 1 { w += $NF } END { printf "%.0f", w }' "$dir/expect.csv")
}

# medians RUNS N RATE DATAGRAMS [options]: into $flow_ns; a run with loss is a wrong sum.
medians() {
	: >"$dir/runs"
	i=0 runs=$1
	shift
	while [ $i -lt "$runs" ]; do
		flows "$@"
		echo "$flow_ns" >>"$dir/runs"
		i=$((i + 1))
	done
	flow_ns=$(median <"$dir/runs")
}

# down: the end, and $state: the sums are right, or not.
down() {
	[ -z "$speaker" ] || kill "$speaker"
	kill -INT "$d"
	wait "$d" 2>/dev/null
	# nfacctd's plugin writes after its core has gone.
	size=-1
	while now=$(stat -c %s "$dir/out.csv" 2>/dev/null || echo 0); [ "$now" != "$size" ]; do
		size=$now
		sleep 1
	done
	touch "$dir/out.csv"
	got=$(awk -F, '$NF ~ /^[0-9]+$/ { b += $NF } END { printf "%.0f", b }' "$dir/out.csv")
	state=exact
	[ "$want" = "$got" ] || state="WRONG: $got of $want"
	[ "$want" = "$got" ] || [ "$program" != waybilld ] || failed=1
}

head_of_table() {
	echo "| unit of work | must | aim | measured | nfacctd | ratio | sums |"
	echo "|---|---|---|---|---|---|---|"
}
# row UNIT MUST AIM MEASURED [NFACCTD [RATIO]]
row() { echo "| $1 | $2 | $3 | $4 | ${5:--} | ${6:--} | $state |"; }

# beside TABLES AGGREGATE DATAGRAMS: nfacctd's figures for a case, into $theirs and $theirs_s. It loses
# flows of a burst; at this rate, which it can follow, the sender is at rest most of the time.
beside() {
	theirs= theirs_s= ratio= ratio_s=
	[ -x "$NFACCTD" ] || return
	up nfacctd "$1" "$2"
	flows "$NFACCTD_FLOWS" "$NFACCTD_RATE" "$3"
	theirs="$flow_ns ns" theirs_s=${table_s:-}
	down
	[ "$state" = exact ] || theirs="$theirs ($state)"
	ratio=$(calc "$flow_ns / $ours" %.1fx)
}

# paced DATAGRAMS: what a flow costs while the sender works too.
paced() {
	medians 3 "$PACED" "$RATE" "$1"
	beside_sender=$flow_ns
}
paced_row() { row "the same beside a sender of $RATE flows/s" - - "$beside_sender ns"; }

# five_tuple TITLE DATAGRAMS: also $ours_tuple for the row about one more aggregate
five_tuple() {
	up waybilld 0 "$tuple"
	medians "$RUNS" "$FLOWS" burst "$2"
	ours=$flow_ns
	paced "$2"
	down
	mine=$state
	beside 0 "$tuple" "$2"
	state=$mine
	row "IPFIX flow, five-tuple, no BGP, $1 keys" "140 ns" "90 ns" "$ours ns" "$theirs" "$ratio"
	paced_row
}

# One more aggregate: what two cost beyond one.
one_more() {
	alone=$1
	up waybilld 0 "$tuple" "src_host, dst_host, tos, in_iface"
	medians "$RUNS" "$FLOWS" burst $keys_100k
	down
	row "one more aggregate on the same flows" "60 ns" "35 ns" "$((flow_ns - alone)) ns"
}

# wide_key TABLES MUST AIM: leaves the daemon up
wide_key() {
	up waybilld "$1" "$wide"
	medians "$RUNS" "$FLOWS" burst $keys_100k
	ours=$flow_ns
	paced $keys_100k
}
wide_row() {
	mine=$state mine_s=$table_s mine_kib=$table_kib
	beside "$1" "$wide" $keys_100k
	state=$mine
	row "IPFIX flow, wide BGP key, $1 table(s) of $PREFIXES" "$2" "$3" "$ours ns" "$theirs" "$ratio"
	paced_row
	table_s=$mine_s table_kib=$mine_kib
}

# IPv6 flows beyond IPv4 ones, on the daemon that is up.
ipv6_cost() {
	medians "$RUNS" "$FLOWS" burst $keys_100k --v6-flows 0
	four=$flow_ns
	medians "$RUNS" "$FLOWS" burst $keys_100k --v6-flows 100
	six=$flow_ns
}

# Of the thread that works most: what a flow costs it with and without changes of routes.
busiest() { sort -k1,1 "$1" >"$1.s"; sort -k1,1 "$2" | join "$1.s" - | awk '{ print $3 - $2, $1 }' | sort -rn | head -n 1; }
churn_cost() {
	threads "$d" >"$dir/t0"
	flows "$PACED" 400000 $keys_100k
	threads "$d" >"$dir/t1"
	still=$(busiest "$dir/t0" "$dir/t1")
	worker=${still#* }
	start churn "$WB_BUILD/waybill-sim" --prefixes 100 --address 127.1.0.1 --settle 0 \
		--bgp "127.0.0.1:$(port 2)" --churn "$1" --stay 100000
	churner=$last
	sleep 1
	threads "$d" | grep "^$worker " >"$dir/t0"
	flows "$PACED" 400000 $keys_100k
	threads "$d" | grep "^$worker " >"$dir/t1"
	moved=$(busiest "$dir/t0" "$dir/t1")
	kill "$churner"
	wait "$churner"
	slower=$(calc "100 * (${moved% *} / ${still% *} - 1)" %.1f)
}

# The slices of what was received are in the output.
is_added() { [ "$(status '.input.flows == .outputs[0].flows_added')" = true ]; }
all_added() { wait_for 30 is_added; }

# The highest rate that one worker takes without loss, sender on the other core. What a run with
# loss brought is taken from the output's own count, so that the sum at the end can still be held.
# A run is long against what the receive buffer holds (about half a million flows).
lossless() {
	best=0
	taskset -a -cp 0 "$d" >/dev/null
	SIM_CPU=1
	for r in $RATES; do
		kept=$want
		all_added
		added=$(status '.outputs[0].bytes_added')
		flows $((r * SECONDS_EACH)) "$r" $keys_100k --segments "$1"
		if [ "$gone" != 0 ]; then
			all_added
			want=$(calc "$kept + $(status '.outputs[0].bytes_added') - $added")
			break
		fi
		best=$r
	done
	SIM_CPU=
	taskset -a -cp 0-$(($(nproc) - 1)) "$d" >/dev/null
}

READY=6144	# KiB that the RIB keeps ready for routes to come: a large page for each of three pools
# Another router's table comes and goes. $gone_s: seconds until nine tenths of what it had brought are
# back with the kernel; $kept_kib: what is not, a second later.
peer_down() {
	had=$(kib "$d")
	start leaver "$WB_BUILD/waybill-sim" --prefixes "$PREFIXES" --first "$TABLES" \
		--bgp "127.0.0.1:$(port 2)" --stay 100000
	leaver=$last
	wait_for 600 grep -q '^routes' "$dir/leaver.log"
	quiet
	brought=$(($(kib "$d") - had))
	from=$(date +%s%N)
	kill -9 "$leaver"
	wait "$leaver" 2>/dev/null
	gone_s=none
	while [ $(($(date +%s%N) - from)) -lt 10000000000 ]; do
		[ $(($(kib "$d") - had)) -gt $((brought / 10 > READY ? brought / 10 : READY)) ] || {
			gone_s=$(calc "($(date +%s%N) - $from) / 1e9" %.2f)
			break
		}
	done
	sleep 1
	kept_kib=$(($(kib "$d") - had))
}

# What needs no daemon: bench_rib's own figures.
slowed() {
	line=$(grep 'changes/s' "$dir/rib.log" | sed -n "$1p")
	row "lookups slowed by $2 route changes/s" "$3" "$4" \
		"${line##*slower by } ($(echo "$line" | sed 's/.*changes.s: \(.*\), slower.*/\1/'))"
}
in_process() {
	"$WB_BUILD/tests/bench/bench_rib" -4 $((PREFIXES * 82 / 100)) -6 $((PREFIXES * 18 / 100)) \
		-t "$TABLES" -i -c $((3 * SECONDS_EACH)) >"$dir/rib.log"
	slowed 1 100,000 "5 %" "1 %"
	slowed 2 1,000,000 "10 %" "3 %"
	row "peer down, $PREFIXES routes: unseen by lookups after" "20 ms" "1 ms" \
		"$(sed -n 's/.*invisible after \([0-9.]* ms\).*/\1/p' "$dir/rib.log")"
}

# further [options]: the other routers' tables for a daemon that has the first one's. $further_s: CPU
# seconds for each; $route_bytes: memory for each of their routes.
further() {
	at=$(cpu "$d") at_kib=$(kib "$d")
	start others "$WB_BUILD/waybill-sim" --prefixes "$PREFIXES" --routers $((TABLES - 1)) --first 1 \
		--bgp "127.0.0.1:$(port 2)" --stay 100000 "$@"
	others=$last
	wait_for 1200 grep -q '^routes' "$dir/others.log"
	quiet
	further_s=$(calc "($(cpu "$d") - $at) / 1e6 / ($TABLES - 1)" %.3f)
	route_bytes=$(calc "($(kib "$d") - $at_kib) * 1024 / $(sed -n 's/^routes //p' "$dir/others.log")" %.1f)
}

# with_map: what a flow costs with the rules of $MAP.
with_map() {
	up waybilld 0 "tag, $tuple"
	medians "$RUNS" "$FLOWS" burst $keys_100k
	down
}
# A rule for each of up to 100,000 addresses of the traffic, so that every flow's is another one; the rest of
# them are for addresses that never come.
map_rows() {
	MAP=$dir/tags
	: >"$MAP"
	with_map
	without=$flow_ns
	awk -F, '$2 ~ /[.:]/ && !seen[$2]++ && n < 100000 { print "set_tag=" ++n " src_net=" $2 }
		END { while (n++ < 100000) printf "set_tag=%d src_net=2001:db8:%x:%x::1\n", n, n / 65536, n % 65536 }' \
		"$dir/out.csv" >"$dir/tags.full"
	hit=$(grep -vc 2001:db8: "$dir/tags.full")
	mv "$dir/tags.full" "$MAP"
	with_map
	row "tag and five-tuple, pre_tag_map of 100,000 rules, of which flows hit $hit" "1.3 times that of none" - \
		"$flow_ns ns after $without ns: $(calc "$flow_ns / $without" %.2f) times"
	by_address=$without
	awk '{ print $0 " in=" NR % 7 + 1 " ip=127.0.0.0/8 jeq=next\n" $1 " ip_proto=6 " $2 }' "$MAP" | head -n 100000 >"$dir/tags.more"
	mv "$dir/tags.more" "$MAP"
	with_map
	row "the same, rules of several shapes and with jumps" - - \
		"$flow_ns ns: $(calc "$flow_ns / $by_address" %.2f) times"
	MAP=
}

rib_rows() {
	NFACCTD=none want=0 SPEAK=--shared
	up waybilld 1 "$wide"
	further --shared
	shared_s=$further_s shared_bytes=$route_bytes
	kill "$others"
	down
	SPEAK=
	up waybilld 1 "$wide"
	further
	peer_down
	kill "$others"
	down
	row "CPU to take in the first full table" "0.6 s" "0.3 s" "$table_s s" \
		"${first_theirs:+$first_theirs s}"
	row "CPU to take in each further full table" "0.35 s" "0.12 s" "$further_s s" \
		"${theirs_s:+$(calc "($theirs_s - $first_theirs) / ($TABLES - 1)" %.2f) s}"
	row "the same with attribute sets that are known" - - "$shared_s s"
	row "memory per further (peer, prefix), tables differ" "32 bytes" "13 bytes" "$route_bytes bytes"
	row "memory per further (peer, prefix), all sets shared" "12 bytes" "5 bytes" "$shared_bytes bytes"
	row "peer down, $PREFIXES routes: nine tenths of its memory back (RSS)" "1 s" "0.1 s" \
		"$gone_s s; $((kept_kib / 1024)) of $((brought / 1024)) MiB stay"
	in_process
}

all() {
	five_tuple 100,000 $keys_100k
	one_more "$ours"
	map_rows
	five_tuple 1,000,000 $keys_1m

	wide_key 1
	down
	wide_row 1 "200 ns" "110 ns"
	first_theirs=$theirs_s

	wide_key "$TABLES"
	ipv6_cost
	churn_cost 100000
	slow=$slower
	lossless 1
	plain=$best
	lossless 40
	down
	row "flows/s without loss, one worker, $TABLES tables, a message per datagram" 3,000,000 6,000,000 "$plain"
	row "the same, datagrams joined by the kernel (UDP_GRO)" 3,000,000 6,000,000 "$best"
	row "IPv6 flow beyond the IPv4 cost" "+60 ns" "+25 ns" "$((six - four)) ns ($six after $four)"
	row "slow-down of lookups at 100,000 route changes/s" "5 %" "1 %" "$slow %"
	wide_row "$TABLES" "250 ns" "140 ns"
	rib_rows
	[ "${BENCH_FULL:-0}" = 1 ] || return
	PREFIXES=${PREFIXES_100:-400000} NFACCTD=none
	wide_key 100
	down
	wide_row 100 "320 ns" "165 ns"
}

head_of_table
case ${1:-all} in
flow) five_tuple 100,000 $keys_100k ;;
bgp)
	wide_key "$2"
	down
	wide_row "$2" - -
	row "CPU to take in $2 table(s)" - - "$table_s s" "${theirs_s:+$theirs_s s}"
	;;
maps) map_rows ;;
rib) rib_rows ;;
all) all ;;
esac
exit $failed
