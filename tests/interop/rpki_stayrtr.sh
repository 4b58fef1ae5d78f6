#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A real RPKI cache, StayRTR, tells what may originate where (version 1 of the protocol, then version 0);
# BIRD tells the routes. Flows are valid, invalid, invalid over a valid or an unknown route, unknown; what
# changes at the cache changes the answers; what it told outlives it, until it expires; it comes back.
name=stayrtr
. "$(dirname "$0")/lib.sh"
bird=$(command -v bird || echo /usr/sbin/bird)
need "$bird" stayrtr jq
rtr=$(port 2)
flows=$(port 3)
json=$(port 4)

conf() {
	cat >"$dir/c.conf" <<-C
	nfacctd_ip: 127.0.0.1
	nfacctd_port: $flows
	bgp_daemon: true
	bgp_daemon_ip: 127.0.0.1
	bgp_daemon_port: $port
	bgp_daemon_as: 65000
	nfacctd_as: bgp
	nfacctd_net: bgp
	rpki_rtr_cache: 127.0.0.1:$rtr
	rpki_rtr_cache_retry: 1
	control_socket: control
	http_listen: 127.0.0.1:$(port 5)
	plugins: memory[m], memory[n]
	aggregate: dst_host, dst_roa
	aggregate_filter[n]: dst net 10.0.0.0/8
	imt_path[m]: m.pipe
	imt_path[n]: n.pipe
	$1
	C
}

cat >"$dir/bird.conf" <<C
router id 127.0.0.2;
protocol device { }
protocol static s4 { ipv4;
	route 10.1.0.0/16 blackhole; route 10.2.0.0/16 blackhole; route 10.2.2.0/24 blackhole;
	route 10.3.0.0/16 blackhole; route 10.3.3.0/24 blackhole; route 10.4.0.0/16 blackhole;
}
protocol static s6 { ipv6; route 2001:db8:1::/48 blackhole; }
protocol bgp waybill {
	local 127.0.0.2 as 65001;
	neighbor 127.0.0.1 port $port as 65000;
	multihop 2;
	connect retry time 1; connect delay time 1; error wait time 1, 2;
	ipv4 { import none; export all; next hop self; };
	ipv6 { import none; export all; next hop address 2001:db8:ffff::2; };
}
C

# roas AS: who may originate 10.1.0.0/16. Replaced whole: the cache may be reading.
roas() {
	cat >"$dir/new.json" <<-C
	{"metadata": {"buildtime": "2020-01-01T00:00:00Z"}, "roas": [
	{"prefix": "10.1.0.0/16", "maxLength": 16, "asn": "AS$1", "ta": "test"},
	{"prefix": "10.2.0.0/16", "maxLength": 16, "asn": "AS65001", "ta": "test"},
	{"prefix": "10.3.3.0/24", "maxLength": 24, "asn": "AS65009", "ta": "test"},
	{"prefix": "2001:db8::/32", "maxLength": 48, "asn": "AS65001", "ta": "test"}]}
	C
	mv "$dir/new.json" "$dir/roas.json"
}

cache() {
	start stayrtr stayrtr -bind "127.0.0.1:$rtr" -metrics.addr "127.0.0.1:$json" -cache "$dir/roas.json" \
		-checktime=false -refresh 1 -protocol "$1" -rtr.retry 1 -rtr.expire 600
	cache=$last
}

# Answers, in the order of the targets, for flows sent now.
answers() {
	"$WB_BUILD/pmacct" -p "$dir/m.pipe" -e >/dev/null
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$flows" --from 127.0.0.2 \
		192.0.2.1,10.1.1.1,10,1 192.0.2.1,10.2.1.1,10,1 192.0.2.1,10.2.2.1,10,1 \
		192.0.2.1,10.3.1.1,10,1 192.0.2.1,10.3.3.1,10,1 192.0.2.1,10.4.1.1,10,1
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$flows" --from 127.0.0.2 2001:db8:9::1,2001:db8:1::1,10,1
	for i in $(seq 100); do
		"$WB_BUILD/pmacct" -p "$dir/m.pipe" -s -O json >"$dir/rows"
		[ "$(wc -l <"$dir/rows")" -ge 7 ] && break
		sleep 0.1
	done
	jq -rs 'sort_by(.ip_dst) | map(.roa_dst) | join("")' "$dir/rows"
}
answer_is() { [ "$(answers)" = "$1" ]; }
rpki() { ask --json status | jq -r ".rpki.$1"; }
rpki_is() { [ "$(rpki "$1")" = "$2" ]; }

# expect_answers TITLE ANSWERS
expect_answers() {
	wait_for 1 answer_is "$2"
	same "$1" "$2" "$(answers)"
}

roas 65001
cache 1
conf "rpki_rtr_cache_version: 1"
daemon c.conf
start bird "$bird" -f -c "$dir/bird.conf" -s "$dir/ctl" -P "$dir/pid"
wait_for 20 routes_are 7
wait_for 10 rpki_is state synchronised
say $? "the cache is in step"
same "it told four VRPs" 4 "$(rpki vrps)"
same "and so say the metrics" "waybill_rpki_vrps 4" "$(curl -s "http://127.0.0.1:$(port 5)/metrics" | grep '^waybill_rpki_vrps')"
expect_answers "valid, invalid over valid, invalid over unknown, unknown; IPv6" vvVuUuv
same "the other output has the same table" "$(jq -rs 'map(select(.ip_dst | contains(":") | not)) | length' "$dir/rows")" \
	"$("$WB_BUILD/pmacct" -p "$dir/n.pipe" -s -O json | jq -s 'map(select(.roa_dst | IN("v", "V", "u", "U"))) | length')"
serial=$(rpki serial)

roas 65009
kill -HUP "$cache"
expect_answers "another origin at the cache is another answer" ivVuUuv
[ "$(rpki serial)" -gt "$serial" ]
say $? "the serial went up"
ask status | grep -q "RPKI cache 127.0.0.1:$rtr: synchronised, serial $(rpki serial), 4 VRPs, last update 20"
say $? "status says so in words"

kill -9 "$cache"
wait "$cache" 2>/dev/null
wait_for 10 grep -q 'RPKI cache .*: lost' "$dir/waybilld.log"
say $? "its loss is logged"
same "what it told stays" ivVuUuv "$(answers)"
same "and is counted" 4 "$(rpki vrps)"
roas 65001
cache 1
wait_for 20 rpki_is state synchronised
say $? "it is back"
expect_answers "with what changed meanwhile" vvVuUuv
same "none was refused" 0 "$(rpki refused)"
stop_daemon
kill "$cache"
wait "$cache" 2>/dev/null

conf "rpki_rtr_cache_expire: 2"
cache 0
daemon c.conf
wait_for 20 routes_are 7
wait_for 10 rpki_is state synchronised
say $? "version 0: in step"
expect_answers "version 0: the same answers" vvVuUuv
kill -9 "$cache"
wait "$cache" 2>/dev/null
wait_for 10 rpki_is state expired
say $? "version 0: without the cache they expire"
grep -q 'nothing heard for 2 s: every route is unknown' "$dir/waybilld.log"
say $? "which is logged"
expect_answers "and every route is unknown" uuuuuuu
cache 0
wait_for 20 rpki_is state synchronised
expect_answers "until the cache is back" vvVuUuv
stop_daemon

conf "rpki_roas_file: roas.json"
"$WB_BUILD/waybilld" -f "$dir/c.conf" >"$dir/refused.log" 2>&1
same "a file and a cache at once are refused" 1 $?
grep -q 'rpki_rtr_cache: rpki_roas_file is given as well' "$dir/refused.log"
say $? "with the reason"
