#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# 200 BGP sessions at once with 10,000 routes each, all of them dropped and restored again and again:
# no step of the control loop takes 20 ms, every route is there in the end, nothing was refused. Then VPN
# routes and several paths: the same prefixes in three VRFs, by two paths.
. "$WB_SRC/tests/lib.sh"
need jq
routers=${WB_ROUTERS:-200}
prefixes=${WB_PREFIXES:-10000}

cat >"$dir/c.conf" <<-C
	nfacctd_ip: 127.0.0.1
	nfacctd_port: $(port 1)
	bgp_daemon: true
	bgp_daemon_ip: 127.0.0.1
	bgp_daemon_port: $(port 2)
	bgp_daemon_max_peers: 1000
	nfacctd_as: bgp
	control_socket: control
	plugins: memory[m]
	aggregate[m]: src_as, dst_as
	imt_path[m]: m.pipe
C

# peers JQ-EXPRESSION over the list of peers
peers() { ask --json peers | jq -c "$1"; }
is() { [ "$(peers "$2")" = "$1" ]; }

daemon c.conf
start sim "$WB_BUILD/waybill-sim" --prefixes "$prefixes" --miss 0 --routers "$routers" \
	--bgp "127.0.0.1:$(port 2)" --flow "127.0.0.1:$(port 1)" --restart --flap 20 --flap-all --flap-times 2 --exporters 2 \
	--datagrams 100 --rate 1000 --seconds 10 --settle 0 --stay 200
sim=$last
wait_for 120 grep -q '^routes' "$dir/sim.log"
wait_for 60 is $((routers * prefixes)) 'map(.routes_ipv4 + .routes_ipv6) | add'
say $? "$routers sessions told $prefixes routes each"
wait_for 90 is true "length == $routers and (map(.kept >= 2) | all)"
say $? "each was lost and came back twice"
wait_for 60 is true "length == $routers and (map(.state == \"Established\" and .stale == false) | all)"
say $? "all are up and nothing is stale in the end"
wait_for 60 is $((routers * prefixes)) 'map(.routes_ipv4 + .routes_ipv6) | add'
say $? "every route is there in the end"
same "no route was refused, none counted wrong" 0 \
	"$(peers 'map(.refused + .nlri_skipped + .nlri_other + .attr_discarded + .treated_as_withdraw) | add')"
# The clock runs on while others have the CPU; what the daemon itself takes is its CPU time.
ask --json status | jq -c '[.. | objects | select(has("slowest_bgp_us"))][0] |
	[.slowest_slice_us, .slowest_bgp_us, .slowest_bgp_cpu_us]' >"$dir/slices"
echo "# longest steps: RIB, BGP, BGP's CPU time (us): $(cat "$dir/slices")"
awk '{ printf "# the control thread ran %d ms, and waited %d ms for a CPU\n", $1 / 1e6, $2 / 1e6 }' \
	"/proc/$daemon/task/$daemon/schedstat"
[ "$(jq .[2] "$dir/slices")" -lt $((20000 * ${WB_SLOWER:-1})) ]
say $? "no step of the control loop takes 20 ms"
kill "$sim"
wait "$sim" 2>/dev/null
stop_daemon

daemon c.conf
start sim "$WB_BUILD/waybill-sim" --prefixes 2000 --miss 0 --bgp "127.0.0.1:$(port 2)" \
	--families unicast,labelled,vpn --vrfs 3 --paths 2 --flow "127.0.0.1:$(port 1)" --seconds 1 --stay 20
wait_for 30 is '[4000,4000,12000]' '.[0] | [.routes_ipv4 + .routes_ipv6, .routes_labelled, .routes_vpn]'
say $? "unicast, labelled and three VRFs, by two paths"
same "all was understood" 0 "$(peers 'map(.refused + .nlri_skipped + .nlri_other + .attr_discarded) | add')"
stop_daemon
