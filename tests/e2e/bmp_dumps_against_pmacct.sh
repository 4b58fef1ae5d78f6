#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Dumps of BMP beside pmbmpd's: the same routers tell the same to both, with four RIBs of two peers each, one of
# which goes down and comes back. Every line is equal, field by field, but for numbers that count and what
# is named below; so is the peer_down of the message log. A pmbmpd by its command line and an nfacctd without
# statistics dump as well, at the same minute.
. "$WB_SRC/tests/lib.sh"
pmbmpd=/usr/sbin/pmbmpd
need jq "$pmbmpd"

# keys PORT PREFIX
keys() {
	cat <<-C
	bmp_daemon_ip: 127.0.0.1
	bmp_daemon_port: $1
	bmp_daemon_max_peers: 10
	bmp_daemon_msglog_file: $dir/$2-log-\$bmp_router.json
	bmp_dump_file: $dir/$2/%Y-%m/dump-\$bmp_router-\$bmp_router_port-%H%M.json
	bmp_dump_latest_file: $dir/$2-latest-\$bmp_router
	bmp_dump_refresh_time: 60
	C
}

keys "$(port 1)" ours >"$dir/ours.conf"
echo "control_socket: $dir/control" >>"$dir/ours.conf"
keys "$(port 2)" theirs >"$dir/theirs.conf"
{
	keys "$(port 4)" nf
	echo "bmp_daemon: true"
	echo "bmp_dump_output: json"
	echo "bmp_dump_exclude_stats: true"
	echo "nfacctd_ip: 127.0.0.1"
	echo "nfacctd_port: $(port 5)"
	echo "plugins: print[p]"
	echo "aggregate[p]: src_host"
	echo "print_output_file[p]: $dir/nf.csv"
} >"$dir/nf.conf"
for output in avro avro_json; do
	sed "s/bmp_dump_output: json/bmp_dump_output: $output/" "$dir/nf.conf" >"$dir/avro.conf"
	"$WB_BUILD/nfacctd" -f "$dir/avro.conf" >"$dir/avro.log" 2>&1
	grep -q "avro.conf:[0-9]*:.*bmp_dump_output.*$output" "$dir/avro.log"
	say $? "bmp_dump_output: $output is refused"
done
# The peer goes and comes back once before the dump, and not when it is made.
second() { date +%S | sed 's/^0//'; }
while [ "$(second)" -lt 10 ] || [ "$(second)" -gt 22 ]; do sleep 0.5; done
start theirs "$pmbmpd" -f "$dir/theirs.conf"
(cd "$dir" && exec "$WB_BUILD/pmbmpd" -f ours.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
start line "$WB_BUILD/pmbmpd" -L 127.0.0.1 -l "$(port 3)" -O "$dir/line-\$bmp_router" -i 60
start nf "$WB_BUILD/nfacctd" -f "$dir/nf.conf"
wait_for 10 ask status
say $? "pmbmpd starts with dumps"
wait_for 10 grep -q 'waiting for BMP' "$dir/theirs.log"
wait_for 10 grep -q 'started:' "$dir/nf.log"
for n in 1 2 3 4; do
	start "sim$n" "$WB_BUILD/waybill-sim" --prefixes 200 --settle 0 --stay 100 --routers 2 --flap 28 \
		--bmp "127.0.0.1:$(port "$n")" --monitored 2 --ribs loc-rib,post-policy,pre-policy,adj-rib-out
done
routers="127_0_0_2 127_0_0_3"
for router in $routers; do
	for who in ours-latest theirs-latest nf-latest line; do
		wait_for 90 grep -q dump_close "$dir/$who-$router"
		say $? "$who-$router is there"
	done
done
# What counts; the name of a table, which their version has no name for; LOCAL_PREF, which an external
# neighbor may not send: ours has discarded it (RFC 7606 7.5). Both dumps are of the same minute.
plain() {
	sed -E 's/"seq": [0-9]+/"seq": N/; s/"bmp_router_port": [0-9]+/"bmp_router_port": P/
		s/("timestamp(_arrival)?": ")2[-0-9]+ [0-9:]+\.[0-9]+"/\1T"/g
		s/"local_pref": [0-9]+, //
		s/"bmp_peer_up_info_3": "67-6C-6F-62-61-6C"/"bmp_peer_up_info_vrf_table_name": "global"/'
}
# like NAME A B [ORDER]: the same lines; with `sort` in any order, as routes are.
like() {
	plain <"$2" | LC_ALL=C ${4:-cat} >"$dir/a"
	plain <"$3" | LC_ALL=C ${4:-cat} >"$dir/b"
	[ -s "$dir/a" ] && diff "$dir/a" "$dir/b" >"$dir/diff"
	say $? "$1 ($(wc -l <"$dir/a") lines)"
	grep '^[<>]' "$dir/diff" | sort -k1.3 | head -n 4 | sed 's/^/    /'
}
# beside NAME OURS THEIRS PATTERN [ORDER]: the lines with it.
beside() {
	grep -e "$4" "$2" >"$dir/ours.part"
	grep -e "$4" "$3" >"$dir/theirs.part"
	like "$1: $4" "$dir/ours.part" "$dir/theirs.part" "${5:-}"
}
for router in $routers; do
	beside "$router" "$dir/ours-latest-$router" "$dir/theirs-latest-$router" '"route_monitor"' sort
	for what in dump_init '"init"' '"peer_up"' '"peer_down"' '"stats"' '"bmp_msg_type": "[^r]' dump_close; do
		beside "$router" "$dir/ours-latest-$router" "$dir/theirs-latest-$router" "$what"
	done
	same "$router: as many lines" "$(wc -l <"$dir/theirs-latest-$router")" "$(wc -l <"$dir/ours-latest-$router")"
	same "$router: first and last" "dump_init dump_close" \
		"$(sed -n '1p;$p' "$dir/ours-latest-$router" | jq -r .event_type | paste -sd' ')"
	same "$router: one number" 1 "$(jq -s 'map(.seq) | unique | length' "$dir/ours-latest-$router")"
	beside "log of $router" "$dir/ours-log-$router.json" "$dir/theirs-log-$router.json" '"peer_down"'
	like "$router: -O and -i dump the same" "$dir/ours-latest-$router" "$dir/line-$router" sort
	grep -v '"stats"' "$dir/ours-latest-$router" >"$dir/ours.part"
	like "$router: nfacctd dumps the same without statistics" "$dir/ours.part" "$dir/nf-latest-$router" sort
done
port=$(jq -r 'select(.event_type == "dump_init").bmp_router_port' "$dir/ours-latest-127_0_0_2")
same "names have time, router and port" "$(readlink "$dir/theirs-latest-127_0_0_2" | sed -E 's/.*-([0-9]+)\.json/\1/')" \
	"$(readlink "$dir/ours-latest-127_0_0_2" | sed -E "s/.*dump-127_0_0_2-$port-([0-9]+)\.json/\1/")"
grep -q "Dumping BMP tables - END (PID: [0-9]* RID: [0-9]* TABLES: 2 ENTRIES: [1-9][0-9]* ET: [0-9]*)" "$dir/waybilld.log"
say $? "the log says so in pmacct's words"
same "tables and entries are theirs" "$(sed -n 's/.*\(TABLES: .* ENTRIES: [0-9]*\).*/\1/p' "$dir/theirs.log")" \
	"$(sed -n 's/.*\(TABLES: .* ENTRIES: [0-9]*\).*/\1/p' "$dir/waybilld.log")"
same "the books of what is kept balance" "0 0 0 0" \
	"$(ask --json status | jq -r '.rib.feeds[1].dumps | "\(.messages.balance) \(.messages.dropped) \(.messages.failed) \(.failed)"')"
same "messages of both routers were written" "$(cat "$dir"/ours-latest-* | grep -c '"bmp_msg_type": "[^r]')" \
	"$(ask --json status | jq .rib.feeds[1].dumps.messages.written)"
stop_daemon
exit $failed
