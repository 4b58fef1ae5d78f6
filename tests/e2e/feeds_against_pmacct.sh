#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The log of BGP messages and the table dumps beside pmbgpd's: BIRD announces the same routes to both, with
# every attribute it knows, withdraws a third and goes away. Every line is equal, field by field and in
# order, but for numbers that count and the times of events.
. "$WB_SRC/tests/lib.sh"
pmbgpd=/usr/sbin/pmbgpd
bird=$(command -v bird || echo /usr/sbin/bird)
birdc=$(command -v birdc || echo /usr/sbin/birdc)
need jq "$pmbgpd" "$bird"

# static FAMILY FIRST LAST
static() {
	awk -v family="$1" -v first="$2" -v last="$3" 'BEGIN {
		split("ORIGIN_IGP ORIGIN_EGP ORIGIN_INCOMPLETE", origin, " ")
		for (i = first; i <= last; i++) {
			printf family == 4 ? "\troute 10.%d.0.0/16 blackhole" : "\troute 2001:db8:%x::/48 blackhole", i
			printf " { bgp_origin = %s;", origin[i % 3 + 1]
			if (i % 2) printf " bgp_community.add((65001,%d)); bgp_community.add((65535,65281));", i
			if (i % 5 == 1) printf " bgp_ext_community.add((rt,65001,%d)); bgp_ext_community.add((ro,192.0.2.1,7));", i
			if (i % 7 == 1) printf " bgp_large_community.add((4200000001,%d,7));", i
			for (n = 0; n < i % 4; n++) printf " bgp_path.prepend(420000100%d);", n
			print " };"
		}
	}'
}

# session NAME ADDRESS PORT: a session from an address of its own.
session() {
	cat <<-END
	protocol bgp $1 {
		local $2 as 4200000001;
		neighbor 127.0.0.1 port $3 as 65000;
		multihop 2;
		hold time 60;
		connect retry time 1; connect delay time 1; error wait time 1, 2;
		ipv4 { import none; export filter { if net.len > 8 then bgp_med = 77; accept; }; next hop self; };
		ipv6 { import none; export all; next hop address 2001:db8:ffff::2; };
	}
	END
}

config() {
	cat >"$dir/bird.conf" <<-END
	router id 127.0.0.2;
	protocol device { }
	protocol static s4 { ipv4;
	$(static 4 1 "$1")
	}
	protocol static s6 { ipv6;
	$(static 6 1 "$1")
	}
	$(session ours 127.0.0.2 "$(port 1)")
	$(session theirs 127.0.0.2 "$(port 2)")
	END
}

# keys PORT PREFIX
keys() {
	cat <<-C
	bgp_daemon_ip: 127.0.0.1
	bgp_daemon_port: $1
	bgp_daemon_as: 65000
	bgp_daemon_max_peers: 10
	bgp_daemon_msglog_file: $dir/$2-log-\$peer_src_ip.json
	bgp_table_dump_file: $dir/$2-dump-\$peer_src_ip-%H%M.json
	bgp_table_dump_latest_file: $dir/$2-latest-\$peer_src_ip
	bgp_table_dump_refresh_time: 60
	C
}

keys "$(port 1)" ours >"$dir/ours.conf"
echo "control_socket: $dir/control" >>"$dir/ours.conf"
# pmacct's way: routes go with their session, and are told as deleted.
echo "bgp_daemon_stale_time: 0" >>"$dir/ours.conf"
keys "$(port 2)" theirs >"$dir/theirs.conf"
start theirs "$pmbgpd" -f "$dir/theirs.conf"
(cd "$dir" && exec "$WB_BUILD/pmbgpd" -f ours.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
say $? "pmbgpd starts with feeds"

# A minute is long enough for what stands before the dump when it has just begun.
while [ "$(date +%S)" -gt 40 ]; do sleep 0.5; done
config 60
start bird "$bird" -f -c "$dir/bird.conf" -s "$dir/bird.ctl" -P "$dir/bird.pid"
wait_for 30 routes_are 120
say $? "ours has all routes"
ours=$dir/ours-log-127_0_0_2.json
theirs=$dir/theirs-log-127_0_0_2.json
# logged FILE TYPE N
logged() { [ "$(grep -c "\"log_type\": \"$2\"" "$1")" = "$3" ]; }
wait_for 30 logged "$theirs" update 120
say $? "theirs has all routes"
config 40
"$birdc" -s "$dir/bird.ctl" configure >/dev/null
wait_for 20 logged "$theirs" withdraw 40
say $? "withdrawn from theirs"
wait_for 20 logged "$ours" withdraw 40
say $? "withdrawn from ours"
wait_for 90 [ -s "$dir/theirs-latest-127_0_0_2" ]
wait_for 10 grep -q dump_close "$dir/theirs-latest-127_0_0_2"
wait_for 10 grep -q dump_close "$dir/ours-latest-127_0_0_2"
say $? "both have dumped"
"$birdc" -s "$dir/bird.ctl" down >/dev/null
wait_for 20 grep -q log_close "$theirs"
wait_for 20 grep -q log_close "$ours"
say $? "both sessions are over"
# What counts: numbers and times of events; a dump's time is that of both.
plain() { sed -E 's/"seq": [0-9]+/"seq": N/; s/"peer_tcp_port": [0-9]+/"peer_tcp_port": P/; s/("timestamp": "[-0-9]+ [0-9:]+)\.[0-9]{6}"/"timestamp": "T"/' "$1"; }
beside() {
	plain "$2" | LC_ALL=C sort >"$dir/a"
	plain "$3" | LC_ALL=C sort >"$dir/b"
	diff "$dir/a" "$dir/b" >"$dir/diff"
	say $? "$1 ($(wc -l <"$dir/a") lines)"
	grep '^[<>]' "$dir/diff" | sort -k1.3 | head -n 6 | sed 's/^/    /'
}
for type in log_init '"update"' '"withdraw"' '"delete"' log_close; do
	grep -e "$type" "$ours" >"$dir/ours.part"
	grep -e "$type" "$theirs" >"$dir/theirs.part"
	beside "log: $type" "$dir/ours.part" "$dir/theirs.part"
done
beside "dump" "$dir/ours-latest-127_0_0_2" "$dir/theirs-latest-127_0_0_2"
same "the dump's records have one number" 1 "$(jq -s 'map(.seq) | unique | length' "$dir/ours-latest-127_0_0_2")"
same "log records are numbered in order" true "$(jq -s 'map(.seq) | . == (sort | unique)' "$ours")"
grep -q 'Dumping BGP tables - END (PID: [0-9]* RID: [0-9]* TABLES: 1 ENTRIES: 80 ET: [0-9]*)' "$dir/waybilld.log"
say $? "the log says so in pmacct's words"
same "the books of the log balance" 0 "$(ask --json status | jq '.rib.feeds[0].msglog.balance')"
same "nothing was dropped" 0 "$(ask --json status | jq '.rib.feeds[0].msglog.dropped')"
# Log files are opened again by name.
mv "$ours" "$ours.1"
kill -HUP "$daemon"
"$birdc" -s "$dir/bird.ctl" status >/dev/null 2>&1
start bird "$bird" -f -c "$dir/bird.conf" -s "$dir/bird.ctl" -P "$dir/bird.pid"
wait_for 20 grep -q log_init "$ours"
say $? "a new file after SIGHUP"
stop_daemon
exit $failed
