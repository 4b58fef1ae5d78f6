#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The log of BMP messages beside pmbmpd's: the same routers tell the same to both, with four RIBs of two
# peers each, and end with a Termination. Every line is equal, field by field, but for numbers that count, times of
# events, and what is named below.
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
	C
}

keys "$(port 1)" ours >"$dir/ours.conf"
echo "control_socket: $dir/control" >>"$dir/ours.conf"
# pmacct's way: routes go with their session, and are told as deleted.
echo "bmp_daemon_stale_time: 0" >>"$dir/ours.conf"
keys "$(port 2)" theirs >"$dir/theirs.conf"
# Without dumps it keeps no routes, and tells of none that go with their session.
cat >>"$dir/theirs.conf" <<C
bmp_dump_file: $dir/theirs-dump-\$bmp_router.json
bmp_dump_refresh_time: 3600
C
start theirs "$pmbmpd" -f "$dir/theirs.conf"
(cd "$dir" && exec "$WB_BUILD/pmbmpd" -f ours.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
say $? "pmbmpd starts with a message log"
wait_for 10 grep -q 'waiting for BMP' "$dir/theirs.log"
for n in 1 2; do
	start "sim$n" "$WB_BUILD/waybill-sim" --prefixes 200 --settle 0 --stay 3 --routers 2 \
		--bmp "127.0.0.1:$(port "$n")" --monitored 2 --ribs loc-rib,post-policy,pre-policy,adj-rib-out
done
for router in 127_0_0_2 127_0_0_3; do
	wait_for 40 grep -q log_close "$dir/theirs-log-$router.json"
	wait_for 40 grep -q log_close "$dir/ours-log-$router.json"
	say $? "$router has come and gone"
	wait_for 10 sh -c "[ \$(wc -l <'$dir/ours-log-$router.json') = \$(wc -l <'$dir/theirs-log-$router.json') ]"
done
# What counts and times of events; the name of a table, which their version has no name for; LOCAL_PREF,
# which an external neighbor may not send: ours has discarded it (RFC 7606 7.5).
plain() {
	sed -E 's/"seq": [0-9]+/"seq": N/; s/"bmp_router_port": [0-9]+/"bmp_router_port": P/
		s/("timestamp(_arrival)?": ")2[-0-9]+ [0-9:.]+"/\1T"/g
		s/"local_pref": [0-9]+, //
		s/"bmp_peer_up_info_3": "67-6C-6F-62-61-6C"/"bmp_peer_up_info_vrf_table_name": "global"/' "$1" |
		LC_ALL=C sort
}
for router in 127_0_0_2 127_0_0_3; do
	ours=$dir/ours-log-$router.json theirs=$dir/theirs-log-$router.json
	for what in log_init '"init"' '"peer_up"' '"stats"' '"update"' '"delete"' '"term"' log_close; do
		grep -e "$what" "$ours" >"$dir/ours.part"
		grep -e "$what" "$theirs" >"$dir/theirs.part"
		plain "$dir/ours.part" >"$dir/a"
		plain "$dir/theirs.part" >"$dir/b"
		[ -s "$dir/a" ] && diff "$dir/a" "$dir/b" >"$dir/diff"
		say $? "$router: $what ($(wc -l <"$dir/a") lines)"
		grep '^[<>]' "$dir/diff" | sort -k1.3 | head -n 4 | sed 's/^/    /'
	done
	same "$router: the session begins with log_init" '"log_init"' "$(head -n 1 "$ours" | jq .event_type)"
done
same "log records have numbers of their own" true \
	"$(cat "$dir"/ours-log-*.json | jq -s 'map(.seq) | (length == (unique | length))')"
same "the books of the log balance" 0 "$(ask --json status | jq '.rib.feeds[1].msglog.balance')"
same "nothing was dropped" 0 "$(ask --json status | jq '.rib.feeds[1].msglog.dropped')"
stop_daemon
# By the command line.
(cd "$dir" && exec "$WB_BUILD/pmbmpd" -L 127.0.0.1 -l "$(port 1)" -o "$dir/o-\$bmp_router.json") >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 grep -q 'started:' "$dir/waybilld.log"
start sim "$WB_BUILD/waybill-sim" --prefixes 5 --settle 0 --stay 1 --bmp "127.0.0.1:$(port 1)"
wait_for 20 grep -q log_close "$dir/o-127_0_0_2.json"
say $? "pmbmpd -o"
stop_daemon
exit $failed
