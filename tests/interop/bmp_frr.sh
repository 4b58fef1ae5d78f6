#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# FRR's bgpd monitored over BMP: Adj-RIB-In before and after an inbound policy that drops half of IPv4 and
# sets LOCAL_PREF, two peers, both families, statistics; the peers go; bgpd is killed and comes back.
name=bmp-frr
miss=0
. "$(dirname "$0")/bmp_lib.sh"
bgpd=/usr/lib/frr/bgpd
need "$bgpd"
[ -e "$(ls /usr/lib/*/frr/modules/bgpd_bmp.so 2>/dev/null)" ] || need frr-bmp-module
vtysh=$(command -v vtysh || echo /usr/bin/vtysh)
need "$vtysh"
bgp=$(port 3)

truth

cat >"$dir/bgpd.conf" <<END
ip prefix-list LOW seq 5 permit 0.0.0.0/1 le 32
route-map IN4 deny 5
 match ip address prefix-list LOW
exit
route-map IN4 permit 10
 set local-preference 222
exit
route-map IN6 permit 10
 set local-preference 222
exit
router bgp 64511
 bgp router-id 10.0.0.9
 no bgp default ipv4-unicast
 neighbor SIM peer-group
 neighbor SIM remote-as 64511
 neighbor SIM passive
 neighbor 127.0.0.2 peer-group SIM
 neighbor 127.0.0.3 peer-group SIM
 bmp targets T
  bmp stats interval 1000
  bmp monitor ipv4 unicast pre-policy
  bmp monitor ipv4 unicast post-policy
  bmp monitor ipv6 unicast pre-policy
  bmp monitor ipv6 unicast post-policy
  bmp connect 127.0.0.1 port $port min-retry 1000 max-retry 2000
 exit
 address-family ipv4 unicast
  neighbor SIM activate
  neighbor SIM soft-reconfiguration inbound
  neighbor 127.0.0.2 route-map IN6 in
  neighbor 127.0.0.3 route-map IN4 in
 exit-address-family
 address-family ipv6 unicast
  neighbor SIM activate
  neighbor SIM soft-reconfiguration inbound
  neighbor SIM route-map IN6 in
 exit-address-family
exit
END

start_frr() {
	"$bgpd" -n -Z -S -M bmp -p "$bgp" -l 127.0.0.1 -P 0 -f "$dir/bgpd.conf" -i "$dir/bgpd.pid" \
	    --vty_socket "$dir" -z "$dir/zserv" --log "file:$dir/frr.log" 2>>"$dir/frr.err" >&2 &
	router=$!
	pids="$pids $router"
}

start_sim() {
	# shellcheck disable=SC2086
	start sim "$build/waybill-sim" $routers --bgp "127.0.0.1:$bgp" --stay 120
	sim=$last
}

# The policy drops routes of the second router only: a prefix of which it keeps no route at all FRR 8.4
# does not tell of in Adj-RIB-In before policy either.
POST='select(.of == "127.0.0.2" or (.prefix | contains(":") or (split(".")[0] | tonumber) >= 128)) | .local_pref = 222'
start_frr
wait_for 10 sh -c "ss -Hlnt | grep -q ':$bgp '"
start_sim
wait_for 20 grep -q '^routes' "$dir/sim.log"
wait_for 20 sh -c "'$vtysh' --vty_socket '$dir' -c 'show bgp ipv4 unicast summary json' | jq -e '[.peers[].pfxRcd] | add > 200'"
station bmp
expect_rib "Adj-RIB-In before policy" "Adj-RIB-In pre-policy" '.' || {
	cat "$dir/frr.err" "$dir/frr.log" "$dir/sim.log" | tail -n 20 | sed 's/^/# /'
	exit 1
}
expect_rib "Adj-RIB-In after policy" "Adj-RIB-In post-policy" "$POST"
# FRR counts next hops that are not valid in a statistic of the experimental range (65531).
expect_peer "two peers, statistics, all else known" '"peers": 2.*"statistics": [1-9].*"unknown_message": 0, "malformed": 0.*"unknown_tlv": 0.*"unknown_down_reason": 0.*"updates_lost": 0'

kill "$sim"
mv "$dir/truth" "$dir/truth.all"
: >"$dir/truth"
expect_rib "gone with its peers" "Adj-RIB-In pre-policy" '.'
mv "$dir/truth.all" "$dir/truth"
start_sim
expect_rib "back with them" "Adj-RIB-In post-policy" "$POST"

kill -9 "$router"
expect_peer "a killed router is stale" '"state": "stale"'
expect_rib "its routes stay for a while" "Adj-RIB-In post-policy" "$POST"
kill "$sim" 2>/dev/null
start_frr
wait_for 10 sh -c "ss -Hlnt | grep -q ':$bgp '"
start_sim
expect_peer "it comes back" '"state": "up"'
expect_rib "and tells them again" "Adj-RIB-In post-policy" "$POST"

kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
exit $failed
