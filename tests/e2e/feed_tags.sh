#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bgp_daemon_tag_map: BIRD's routes are tagged in the log and in dumps; USR2 and a reload take a new map,
# a bad one is refused. bmp_daemon_tag_map: so is what a router tells. Debian's pmacct 1.7.7 does not know the key, so nothing is compared with it.
. "$WB_SRC/tests/lib.sh"
bird=$(command -v bird || echo /usr/sbin/bird)
birdc=$(command -v birdc || echo /usr/sbin/birdc)
need jq "$bird"

# config FIRST LAST
config() {
	cat <<-END
	router id 127.0.0.2;
	protocol device { }
	protocol static s4 { ipv4;
	$(for i in $(seq "$1" "$2"); do echo "route 10.$i.0.0/16 blackhole { bgp_community.add((65001,$i)); };"; done)
	}
	protocol bgp w {
		local 127.0.0.2 as 65010;
		neighbor 127.0.0.1 port $(port 1) as 65000;
		multihop 2;
		connect retry time 1; connect delay time 1; error wait time 1, 2;
		ipv4 { import none; export all; next hop self; };
	}
	END
}
cat >"$dir/map" <<C
set_tag=7 ip=127.0.0.2 comms=65001:1,65001:2 jeq=more
set_tag=100 ip=127.0.0.2
set_label=never
set_label=first label=more jeq=next
set_label=second ip=127.0.0.0/8
C
cat >"$dir/c.conf" <<C
bgp_daemon: true
bgp_daemon_ip: 127.0.0.1
bgp_daemon_port: $(port 1)
bgp_daemon_as: 65000
bgp_daemon_max_peers: 10
bgp_daemon_msglog_file: $dir/log
bgp_table_dump_file: $dir/dump
bgp_table_dump_refresh_time: 60
bgp_table_dump_time_slots: 1
bgp_daemon_tag_map: $dir/map
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 2)
control_socket: control
plugins: print[a]
aggregate[a]: proto
print_output_file[a]: $dir/flows
C
daemon c.conf
config 1 3 >"$dir/bird.conf"
start bird "$bird" -f -c "$dir/bird.conf" -s "$dir/bird.ctl" -P "$dir/bird.pid"
# tags FILE TYPE: prefix, tag and label of its records.
tags() { jq -r "select(.event_type == \"$2\") | \"\\(.ip_prefix) \\(.tag) \\(.label)\"" "$dir/$1" | sort; }
logged() { [ "$(tags log log | wc -l)" = "$1" ]; }
wait_for 20 logged 3
say $? "routes are logged"
same "records are tagged by the first rule that fits, and those it leads to" \
	"10.1.0.0/16 7 first,second,10.2.0.0/16 7 first,second,10.3.0.0/16 100 null" "$(tags log log | paste -sd,)"
same "the start of the session is tagged by address" "null 100 null" "$(tags log log_init)"

echo 'set_tag=5 comms=65001:4' >"$dir/map"
kill -USR2 "$daemon"
wait_for 10 grep -q 'new maps in force' "$dir/waybilld.log"
say $? "USR2 reads the map again"
config 1 5 >"$dir/bird.conf"
"$birdc" -s "$dir/bird.ctl" configure >/dev/null
wait_for 20 logged 5
same "new records are tagged by the new map" "10.4.0.0/16 5 null,10.5.0.0/16 null null" \
	"$(tags log log | tail -n 2 | paste -sd,)"

echo 'set_tag=5 in=4' >"$dir/map"
ask reload >"$dir/said" 2>&1
same "a bad map is refused" 1 $?
grep -q "map:1: .*this map has no key 'in'" "$dir/said"
say $? "... in words"
echo 'set_label=west comms=65001:5,65001:3' >"$dir/map"
ask reload >"$dir/said" 2>&1
same "a reload takes a good one" 0 $?
wait_for 90 grep -q dump_close "$dir/dump"
say $? "a dump is written"
# One that ended as the map changed has the map before.
[ "$(tags dump dump | grep -c west)" = 2 ] || {
	rm -f "$dir/dump"
	wait_for 90 grep -q dump_close "$dir/dump"
}
same "its records are tagged" "10.1.0.0/16 null null,10.2.0.0/16 null null,10.3.0.0/16 null west,10.4.0.0/16 null null,10.5.0.0/16 null west" \
	"$(tags dump dump | paste -sd,)"
stop_daemon

# The same of BMP: every kind of record has the tag of its router.
printf 'set_tag=9 ip=127.0.0.2 jeq=more\nset_label=edge label=more\n' >"$dir/map"
cat >"$dir/m.conf" <<C
bmp_daemon: true
bmp_daemon_ip: 127.0.0.1
bmp_daemon_port: $(port 3)
bmp_daemon_max_peers: 10
bmp_daemon_msglog_file: $dir/bmplog
bmp_daemon_tag_map: $dir/map
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 2)
control_socket: control
plugins: print[a]
aggregate[a]: proto
print_output_file[a]: $dir/flows
C
daemon m.conf
start bmp "$WB_BUILD/waybill-sim" --prefixes 20 --miss 0 --settle 0 --stay 60 --bmp "127.0.0.1:$(port 3)" \
	--monitored 1 --ribs post-policy
tagged() { jq -c "select(.bmp_msg_type == \"$1\" and .tag == 9 and .label == \"edge\")" "$dir/bmplog" | grep -q .; }
for kind in init peer_up route_monitor; do
	wait_for 20 tagged $kind
	say $? "records of BMP are tagged: $kind"
done
same "... all of them" 0 "$(jq -r 'select(.tag != 9) | .bmp_msg_type' "$dir/bmplog" | wc -l)"
stop_daemon
exit $failed
