#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# BMP end to end: pmbmpd; what a BMP feed makes of the RIB beside the same BGP feed; explain, peers and
# status; routes that outlive the router; agents as a fail-over list; TLS. (Exact sums: sums.sh.)
. "$WB_SRC/tests/lib.sh"
need jq ss openssl

conf() {
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		bgp_daemon: true
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_port: $(port 2)
		bmp_daemon: true
		bmp_daemon_ip: 127.0.0.1
		bmp_daemon_port: $(port 3)
		bmp_daemon_stale_time: 4
		nfacctd_as: bmp
		nfacctd_net: bmp
		control_socket: control
		plugins: print[p]
		aggregate[p]: src_as, dst_as
		print_output_file[p]: out.csv
		print_output[p]: csv
		$1
	C
}

sim() { start sim "$WB_BUILD/waybill-sim" --prefixes 3000 --settle 0 --stay 60 "$@"; }
told() { wait_for 20 grep -q '^routes' "$dir/sim.log" && wait_for 20 routes_are "$(sed -n 's/^routes //p' "$dir/sim.log")"; }

# --- the same RIB as by BGP ----------------------------------------------------------------------
# answers FILE: what the RIB says of 300 networks, without who said it.
answers() {
	while read -r net; do
		ask --json rib "$net" | jq -c 'map(del(.bmp_peer, .rib))'
	done <"$dir/nets" >"$1"
}
conf ""
daemon c.conf
# Where its traffic goes are networks of the table.
sim --bgp "127.0.0.1:$(port 2)" --flow "127.0.0.1:$(port 1)" --flows 3000 --datagrams 100 \
	--expect "$dir/expect.csv"
told
say $? "the table came over BGP"
wait_for 20 grep -q '^flows' "$dir/sim.log" && wait_for 5 test -s "$dir/expect.csv"
cut -d, -f12 "$dir/expect.csv" | grep '[.:]' | sort -u | head -n 300 >"$dir/nets"
answers "$dir/by.bgp"
kill "$last"
wait_for 10 routes_are 0
sim --bmp "127.0.0.1:$(port 3)"
told
say $? "the table came over BMP"
answers "$dir/by.bmp"
cmp -s "$dir/by.bgp" "$dir/by.bmp"
say $? "the RIB after a BMP feed equals the RIB after the same BGP feed"
same "and has a route for each of 300 networks" 300 "$(grep -c ip_prefix "$dir/by.bmp")"
kill "$last"
wait_for 10 routes_are 0
say $? "a Termination ends the routes"

# --- several peers and RIBs ------------------------------------------------------------------------
sim --bmp "127.0.0.1:$(port 3)" --monitored 3 --ribs post-policy,pre-policy
told
say $? "two RIBs of three peers came"
net=$(grep -v : "$dir/nets" | head -n 1)
ask --json explain 127.0.0.2 192.0.2.1 "$net" >"$dir/explain.json"
same "explain: view, candidates and reason" \
	'{"state":"up","rib":"Adj-RIB-In post-policy","reason":"preferred by RFC 4271 9.1.2.2","paths":3,"taken":["198.51.100.1"]}' \
	"$(jq -c '.[0] | {state: .routes_of.state} + (.destination.bgp | {rib, reason, paths, taken: [.candidates[] | select(.taken) | .from]})' "$dir/explain.json")"
ask --json peers >"$dir/peers.json"
same "peers: the router, its peers and RIBs" '["sim0","up",3,2,3]' \
	"$(jq -c '.[] | select(.bmp_router) | [.sysname, .state, (.peers | length), (.peers[0].ribs | length), (.peers[0].statistics | length)]' "$dir/peers.json")"
ask peers | grep -q '198.51.100.3.*Adj-RIB-In pre-policy'
say $? "peers as text"
same "status: counters, nothing unknown" '[1,3,4,0,0,0]' \
	"$(ask --json status | jq -c '.bmp | [.routers, .peers, .peer_up, .malformed, .updates_lost, (.unknown | length)]' )"

# --- routes outlive the session ----------------------------------------------------------------------
n=$(sed -n 's/^routes //p' "$dir/sim.log")
kill -9 "$last"
wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json peers | grep -q '\"state\": \"stale\"'"
say $? "a killed router is stale"
routes_are "$n"
say $? "its routes are all there"
same "and they answer" stale "$(ask --json explain 127.0.0.2 192.0.2.1 "$net" | jq -r '.[0] | select(.destination.bgp.paths == 3) | .routes_of.state')"
wait_for 10 routes_are 0
say $? "until their time is over"
stop_daemon

# --- several agents ----------------------------------------------------------------------------------
printf 'bmp_ip=127.0.0.2 ip=127.0.0.9\nbmp_ip=127.0.0.3 ip=127.0.0.9\n' >"$dir/agents.map"
conf "bmp_agent_map: agents.map"
daemon c.conf
whose() { ask --json explain 127.0.0.9 192.0.2.1 192.0.2.2 | jq -r '.[0].routes_of | "\(.router) \(.line) \(.state)"'; }
sim --bmp "127.0.0.1:$(port 3)" --address 127.0.0.3
told
same "an agent that is not there is passed over" "127.0.0.3 2 up" "$(whose)"
second=$last
start sim2 "$WB_BUILD/waybill-sim" --prefixes 3000 --settle 0 --stay 60 --bmp "127.0.0.1:$(port 3)"
wait_for 20 grep -q '^routes' "$dir/sim2.log"
wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json explain 127.0.0.9 192.0.2.1 192.0.2.2 | grep -q '\"router\": \"127.0.0.2\"'"
same "the first one that is up is taken" "127.0.0.2 1 up" "$(whose)"
kill -9 "$last"
wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json explain 127.0.0.9 192.0.2.1 192.0.2.2 | grep -q '\"router\": \"127.0.0.3\"'"
same "stale routes of the first give way to the second" "127.0.0.3 2 up" "$(whose)"
kill "$second"
stop_daemon

# --- pmbmpd, TLS ---------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=station -keyout "$dir/key.pem" \
	-out "$dir/cert.pem" 2>/dev/null
cat >"$dir/pmbmpd.conf" <<C
control_socket: control
bmp_daemon_ip: 127.0.0.1
bmp_daemon_tls_cert_file: cert.pem
bmp_daemon_tls_key_file: key.pem
C
(cd "$dir" && exec "$WB_BUILD/pmbmpd" -f pmbmpd.conf -l "$(port 4)") >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
say $? "pmbmpd starts without bmp_daemon, plugins or a port for flows"
same "it listens for BMP and for nothing over UDP" "1 0" \
	"$(ss -Hlntp | grep -c "pid=$daemon,") $(ss -Hlnup | grep -c "pid=$daemon,")"
# An Initiation with a sysName; then the line stays open for a while.
{ printf '\003\000\000\000\020\004\000\002\000\006tlsbox'; sleep 5; } |
	openssl s_client -quiet -connect "127.0.0.1:$(port 4)" -CAfile "$dir/cert.pem" >"$dir/tls.log" 2>&1 &
pids="$pids $!"
wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json peers | grep -q tlsbox"
same "a router connects by TLS" '["tlsbox","up",true]' \
	"$(ask --json peers | jq -c '.[0] | [.sysname, .state, .tls]')"
start plain "$WB_BUILD/waybill-sim" --prefixes 10 --bmp "127.0.0.1:$(port 4)" --settle 0 --stay 3
wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.bmp.tls_failed == 1'"
say $? "one that does not speak TLS is turned away and counted"
stop_daemon
exit $failed
