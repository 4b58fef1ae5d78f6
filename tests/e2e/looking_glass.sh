#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The looking glass and MRT: searches give what awk finds in all routes; a table that is exported and
# imported again differs in nothing; bgpdump reads the same; HTTP answers as the socket does, but neither
# reads nor writes files. A search does not keep the loop from its work.
. "$WB_SRC/tests/lib.sh"
need jq curl bgpdump

cat >"$dir/c.conf" <<C
control_socket: control
http_listen: 127.0.0.1:$(port 3)
bgp_daemon_ip: 127.0.0.1
bgp_daemon_port: $(port 1)
bgp_daemon_as: 64500
C
(cd "$dir" && exec "$WB_BUILD/pmbgpd" -f c.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
start sim "$WB_BUILD/waybill-sim" --bgp "127.0.0.1:$(port 1)" --prefixes 3000 --routers 2 --miss 10 --stay 100
wait_for 20 grep -q '^routes' "$dir/sim.log"
routes=$(sed -n 's/^routes //p' "$dir/sim.log")
wait_for 20 routes_are "$routes"
say $? "all routes are in ($routes)"

ask --json rib --all --limit 100000 >"$dir/all.json"
same "all routes are listed" "$routes" "$(jq '.routes | length' "$dir/all.json")"
same "and counted" "$routes $routes" "$(jq -r '"\(.looked_at) \(.found)"' "$dir/all.json")"

path=$(jq -r '.routes[5].as_path' "$dir/all.json")
origin=${path##* }
same "by path expression" \
	"$(jq --arg o " $origin" '[.routes[] | select(.as_path | endswith($o))] | length' "$dir/all.json")" \
	"$(ask --json rib --path " $origin\$" | jq .found)"
community=$(jq -r '[.routes[] | select(.comms)][3].comms' "$dir/all.json" | cut -d' ' -f1)
same "by community" \
	"$(jq --arg c "$community" '[.routes[] | select((.comms // "") | split(" ") | index($c))] | length' "$dir/all.json")" \
	"$(ask --json rib --community "$community" | jq .found)"
same "by prefix and longer, of one peer" \
	"$(jq '[.routes[] | select(.peer_ip_src == "127.0.0.3" and (.ip_prefix | test("^(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.")))] | length' "$dir/all.json")" \
	"$(ask --json rib --longer 64.0.0.0/2 --peer 127.0.0.3 | jq .found)"
prefix=$(jq -r '[.routes[] | select(.peer_ip_src == "127.0.0.2")][7].ip_prefix' "$dir/all.json")
same "an address, the longest match" "$prefix" \
	"$(ask --json rib "${prefix%/*}" --longest --peer 127.0.0.2 | jq -r '.[0].ip_prefix')"
jq -r '.routes[] | select(.peer_ip_src == "127.0.0.2") | .ip_prefix' "$dir/all.json" | LC_ALL=C sort >"$dir/a"
jq -r '.routes[] | select(.peer_ip_src == "127.0.0.3") | .ip_prefix' "$dir/all.json" | LC_ALL=C sort >"$dir/b"
ask --json rib --diff 127.0.0.2 127.0.0.3 --limit 100000 >"$dir/diff.json"
same "what only the first peer has" "$(LC_ALL=C comm -23 "$dir/a" "$dir/b" | wc -l)" \
	"$(jq '[.routes[] | select(.mark == "-")] | length' "$dir/diff.json")"
same "what only the second peer has" "$(LC_ALL=C comm -13 "$dir/a" "$dir/b" | wc -l)" \
	"$(jq '[.routes[] | select(.mark == "+")] | length' "$dir/diff.json")"
same "what both have, by other paths" \
	"$(jq '[.routes | group_by(.ip_prefix)[] | select(length == 2 and .[0].as_path != .[1].as_path)] | length' "$dir/all.json")" \
	"$(jq '[.routes[] | select(.mark == "~")] | length' "$dir/diff.json")"
ask rib --path " $origin\$" --limit 1 >"$dir/text"
grep -q 'found, 1 shown' "$dir/text"
say $? "a table for people says what it leaves out"
ask rib --path '(' >"$dir/text" 2>&1
same "a bad expression is an error" 1 $?

same "HTTP gives the same" "$(ask --json rib --community "$community" | jq -c .)" \
	"$(curl -s "http://127.0.0.1:$(port 3)/api/v1/rib/--community/$community" | jq -c .)"
same "HTTP exports nothing" 404 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$(port 3)/api/v1/rib-export/%2Ftmp%2Fx")"
same "pmacct's first query" "1 $prefix lglass" \
	"$(ask lglass 127.0.0.2 "$prefix" | jq -rs '"\(.[0].results) \(.[1].ip_prefix) \(.[1].event_type)"')"
same "pmacct's second query" "2 127.0.0.2 64511" \
	"$(ask lglass peers | jq -rs '"\(.[0].results) \(.[1].peer_ip_src) \(.[1].peer_as)"')"

(cd "$dir" && ask rib export all.mrt) >"$dir/export"
same "exported" "$routes" "$(jq .routes "$dir/export")"
same "bgpdump reads as many" "$routes" "$(bgpdump -m "$dir/all.mrt" 2>/dev/null | wc -l)"
(cd "$dir" && ask rib export all.mrt) >"$dir/export" 2>&1
grep -q 'File exists' "$dir/export"
say $? "no file is written over"
(cd "$dir" && ask rib import all.mrt --router 192.0.2.99 --as 64999 --peer 127.0.0.2) >"$dir/import"
same "one peer's table is imported" "$(wc -l <"$dir/a")" "$(jq .routes "$dir/import")"
same "and is the same" 0 "$(ask --json rib --diff 127.0.0.2 192.0.2.99 | jq .found)"
ask --json rib --all --peer 127.0.0.2 --limit 100000 |
	jq -c '.routes[] | del(.peer_ip_src, .peer_tcp_port)' | LC_ALL=C sort >"$dir/a"
ask --json rib --all --peer 192.0.2.99 --limit 100000 |
	jq -c '.routes[] | del(.peer_ip_src, .peer_tcp_port)' | LC_ALL=C sort >"$dir/b"
cmp "$dir/a" "$dir/b"
say $? "with all its attributes"
(cd "$dir" && ask rib import all.mrt --router 192.0.2.99 --as 64999) >"$dir/import"
same "imported again, with both peers' paths" "$routes" \
	"$(ask --json rib --all --peer 192.0.2.99 | jq .found)"
ask rib forget 192.0.2.99 >/dev/null
wait_for 10 sh -c "[ \$('$WB_BUILD/waybill' -s '$dir/control' --json status | jq .rib.routes) = $routes ]"
say $? "and forgotten"
echo 'this is no MRT file, but long enough' >"$dir/text"
(cd "$dir" && ask rib import text --router 192.0.2.99) >"$dir/import" 2>&1
grep -q 'no MRT file' "$dir/import"
say $? "what is no MRT file is said so"
same "and leaves nothing" "$routes" "$(ask --json status | jq .rib.routes)"
[ "$(ask --json status | jq .rib.slowest_slice_us)" -lt "${WB_SLICE_US:-20000}" ]
say $? "no slice of background work was longer than 20 ms"
stop_daemon
exit $failed
