#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# GoBGP dials our speaker: labelled unicast, VPNs of both address families with labels, EVPN, several
# paths; graceful and long-lived restart with the speaker killed.
name=gobgp
. "$(dirname "$0")/lib.sh"
need gobgpd gobgp
api=$(port 2)

# A family of the neighbour. LLGR: 60 s.
family() {
	cat <<END
[[neighbors.afi-safis]]
  [neighbors.afi-safis.config]
    afi-safi-name = "$1"
  [neighbors.afi-safis.mp-graceful-restart.config]
    enabled = true
  [neighbors.afi-safis.long-lived-graceful-restart.config]
    enabled = true
    restart-time = 60
END
	[ -z "${2:-}" ] || printf '  [neighbors.afi-safis.add-paths.config]\n    send-max = 8\n'
}

config() {
	cat <<END
[global.config]
  as = 65001
  router-id = "127.0.0.2"
  port = -1
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.1"
    peer-as = 65000
  [neighbors.transport.config]
    local-address = "127.0.0.2"
    remote-port = $port
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 3
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 30
    keepalive-interval = 10
    idle-hold-time-after-reset = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 4
    long-lived-enabled = true
END
	family ipv4-unicast paths
	for f in ipv6-unicast ipv4-labelled-unicast l3vpn-ipv4-unicast l3vpn-ipv6-unicast l2vpn-evpn; do
		family $f
	done
}

add() { gobgp -p "$api" global rib add "$@" >>"$dir/gobgp.log" 2>&1 || not_ok "gobgp: $*" "$dir/gobgp.log"; }

start_gobgp() {
	run_router gobgpd gobgpd -f "$dir/gobgpd.conf" --api-hosts "127.0.0.1:$api" --pprof-disable "$@"
	wait_for 20 gobgp -p "$api" global || not_ok "gobgpd starts" "$dir/gobgpd.log"
	add -a ipv4 10.1.0.0/16 identifier 1 nexthop 192.0.2.1 med 1 community 65001:1
	add -a ipv4 10.1.0.0/16 identifier 2 nexthop 192.0.2.2 med 2
	add -a ipv4 10.4.0.0/16 nexthop 192.0.2.1 community 65535:7	# NO_LLGR
	add -a ipv6 2001:db8:1::/48 nexthop 2001:db8:ffff::2
	add -a ipv4-mpls 10.2.0.0/16 200 nexthop 192.0.2.1
	add -a vpnv4 10.1.0.0/16 label 1001 rd 65001:1 rt 65001:1 nexthop 192.0.2.1
	add -a vpnv4 10.1.0.0/16 label 1002 rd 65001:2 rt 65001:2 nexthop 192.0.2.2
	add -a vpnv6 2001:db8:1::/48 label 1003 rd 192.0.2.1:3 rt 65001:1 nexthop 2001:db8:ffff::2
	# It writes 24 bits: with MPLS 4800 is label 300, with VXLAN a VNI (RFC 8365 5.1.3).
	add -a evpn prefix 10.3.0.0/16 etag 0 label 4800 rd 65001:3 rt 65001:3 nexthop 192.0.2.1
	add -a evpn prefix 10.5.0.0/16 etag 0 label 10100 rd 65001:3 rt 65001:3 encap vxlan nexthop 192.0.2.1
	add -a evpn prefix 2001:db8:5::/48 etag 0 label 16777215 rd 65001:3 rt 65001:3 encap vxlan nexthop 192.0.2.1
	add -a evpn macadv aa:bb:cc:dd:ee:01 10.3.0.1 etag 0 label 300 rd 65001:3 rt 65001:3
}

# route MEMBERS NEXT-HOP [MED [COMMUNITY [TARGET]]]
route() {
	printf '{"from": "127.0.0.2", %s, "next_hop": "%s", "as_path": "65001", "origin": 2%s, "comms": "%s", "ecomms": "%s", "lcomms": ""}\n' \
	    "$1" "$2" "${3:+, \"med\": $3}" "${4:-}" "${5:-}"
}

vxlan=0x030c000000000008	# the encapsulation

want() {
	route '"path_id": 1, "prefix": "10.1.0.0/16"' 192.0.2.1 1 65001:1
	route '"path_id": 2, "prefix": "10.1.0.0/16"' 192.0.2.2 2
	route '"prefix": "2001:db8:1::/48"' 2001:db8:ffff::2
	route '"kind": "labelled", "label": 200, "prefix": "10.2.0.0/16"' 192.0.2.1
	route '"kind": "vpn", "rd": "0:65001:1", "label": 1001, "prefix": "10.1.0.0/16"' 192.0.2.1 '' '' RT:65001:1
	route '"kind": "vpn", "rd": "0:65001:2", "label": 1002, "prefix": "10.1.0.0/16"' 192.0.2.2 '' '' RT:65001:2
	route '"kind": "vpn", "rd": "1:192.0.2.1:3", "label": 1003, "prefix": "2001:db8:1::/48"' \
	    2001:db8:ffff::2 '' '' RT:65001:1
	route '"kind": "evpn", "rd": "0:65001:3", "label": 10100, "prefix": "10.5.0.0/16"' 192.0.2.1 '' '' "RT:65001:3 $vxlan"
	route '"kind": "evpn", "rd": "0:65001:3", "label": 16777215, "prefix": "2001:db8:5::/48"' 192.0.2.1 '' '' "RT:65001:3 $vxlan"
	route '"kind": "evpn", "rd": "0:65001:3", "label": 300, "prefix": "10.3.0.0/16"' 192.0.2.1 '' '' RT:65001:3
}
no_llgr() { route '"path_id": 1, "prefix": "10.4.0.0/16"' 192.0.2.1 '' "$1"; }

config >"$dir/gobgpd.conf"
options="-s 3"
listen 65000
start_gobgp
{ want; no_llgr 65535:7; } >"$dir/want"
expect "all families" 30 || exit 1
expect_peer "the session is as agreed" '"state": "Established", "hold_s": 30, "routes4": 3, "routes6": 1, "labelled": 1, "vpn": 6, .*"nlri_other": 1,'

# Killed: all is stale, and after the restart time of 4 s long-lived but for NO_LLGR.
kill_router
expect_peer "stale once it is killed" '"state": "Idle".*"stale": true'
expect "stale routes stay"
want >"$dir/want"
expect "long-lived, but for NO_LLGR"
start_gobgp -r
gobgp -p "$api" global rib del -a ipv4-mpls 10.2.0.0/16 200 >>"$dir/gobgp.log" 2>&1
{ want | grep -v labelled; no_llgr 65535:7; } >"$dir/want"
expect "back: what was not told again is swept" 60
expect_peer "nothing is stale any more" '"state": "Established".*"stale": false'

gobgp -p "$api" neighbor 127.0.0.1 shutdown >>"$dir/gobgp.log" 2>&1
: >"$dir/want"
expect "gone when it says why"
kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
