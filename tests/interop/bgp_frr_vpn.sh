#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# FRR's bgpd dials our speaker over IPv6: static VPN networks with route distinguishers and labels, the
# same prefix in two VPNs; IPv4 routes with an IPv6 next hop; graceful restart with bgpd killed.
name=frr_vpn
. "$(dirname "$0")/lib.sh"
bgpd=/usr/lib/frr/bgpd
need "$bgpd"
vtysh=$(command -v vtysh || echo /usr/bin/vtysh)
need "$vtysh"

# networks FIRST LAST: VPN networks, each prefix in two VPNs.
networks() {
	for i in $(seq "$1" "$2"); do
		for vpn in 1 2; do
			echo "  network 10.$i.0.0/16 rd 65002:$vpn label $((vpn * 1000 + i))"
		done
	done
}

# config FIRST LAST
config() {
	cat <<END
router bgp 65002
 bgp router-id 192.0.2.3
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 bgp graceful-restart
 bgp graceful-restart restart-time 20
 neighbor ::1 remote-as 65000
 neighbor ::1 port $port
 neighbor ::1 ebgp-multihop 2
 neighbor ::1 timers 3 9
 neighbor ::1 timers connect 1
 neighbor ::1 capability extended-nexthop
 neighbor ::1 password s3cret
 address-family ipv4 unicast
  neighbor ::1 activate
  network 10.200.0.0/16
 exit-address-family
 address-family ipv4 vpn
  neighbor ::1 activate
$(networks "$1" "$2")
 exit-address-family
 address-family ipv6 vpn
  neighbor ::1 activate
  network 2001:db8:1::/48 rd 65002:1 label 1001
 exit-address-family
exit
END
}

start_frr() {
	run_router frr "$bgpd" -n -Z -S -p 0 -P 0 -f "$dir/bgpd.conf" -i "$dir/bgpd.pid" \
	    --vty_socket "$dir" -z "$dir/zserv" --log "file:$dir/bgpd.log" "$@"
}

# route MEMBERS
route() {
	printf '{"from": "::1", %s, "next_hop": "::1", "as_path": "65002", "origin": 0, "med": 0, "comms": "", "ecomms": "", "lcomms": ""}\n' "$1"
}

# want FIRST LAST
want() {
	{
		for i in $(seq "$1" "$2"); do
			for vpn in 1 2; do
				route "\"kind\": \"vpn\", \"rd\": \"0:65002:$vpn\", \"label\": $((vpn * 1000 + i)), \"prefix\": \"10.$i.0.0/16\""
			done
		done
		route '"kind": "vpn", "rd": "0:65002:1", "label": 1001, "prefix": "2001:db8:1::/48"'
		route '"prefix": "10.200.0.0/16"'
	} >"$dir/want"
}

address=::1
options="-s 60"
echo "::1, s3cret" >"$dir/md5"
listen 65000 "$dir/md5"
config 1 90 >"$dir/bgpd.conf"
start_frr
want 1 90
expect "VPNs and IPv6 next hops, signed" 30 || { tail -n 20 "$dir/frr.log" | sed 's/^/# /'; exit 1; }
expect_peer "the session is as agreed" '"as": 65002, "state": "Established", "hold_s": 9, "routes4": 1, "routes6": 0, "labelled": 0, "vpn": 181, "stale": false'

kill_router
expect_peer "stale once it is killed" '"state": "Idle".*"stale": true'
expect "stale routes stay"
config 50 120 >"$dir/bgpd.conf"
start_frr
want 50 120
expect "back: swept at the end of RIB" 60
expect_peer "nothing is stale any more" '"state": "Established".*"stale": false'
"$vtysh" --vty_socket "$dir" -c "configure terminal" -c "router bgp 65002" \
    -c "address-family ipv4 vpn" -c "no network 10.50.0.0/16 rd 65002:2 label 2050" >>"$dir/frr.log" 2>&1
grep -v '"rd": "0:65002:2", "label": 2050' "$dir/want" >"$dir/want.fewer"
mv "$dir/want.fewer" "$dir/want"
expect "withdrawn from one VPN, not from the other"
kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
