#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A second configuration for each speaker, with what the other tests leave out. Where what is tested, by
# the names of files behind bgp_; "here" is this one, "-": this version cannot.
#
#                          BIRD 2.0.12     FRR 8.4     GoBGP 3.10   OpenBGPD 7.7  ExaBGP 4.2
#   IPv4, IPv6 unicast     bird            frr         gobgp        openbgpd      exabgp
#   IPv4, IPv6 labelled    here            - (1)       gobgp, here  -             exabgp, here
#   VPNv4, VPNv6           bird_families   frr_vpn     gobgp        - (2)         exabgp, here
#   EVPN type 5            -               - (3)       gobgp        -             - (4)
#   4-byte AS              bird            here        here         here          here
#   ADD-PATH               bird_families   here        gobgp        openbgpd      exabgp
#   IPv6 next hop of IPv4  here            frr_vpn     here         -             here
#   refresh                bird_families   here        here         - (5)         here (6)
#   enhanced refresh       bird_families   here        -            here (5)      -
#   graceful restart       bird_families   frr_vpn     gobgp        openbgpd      exabgp
#   long-lived restart     here            here        gobgp        -             -
#   extended messages      here            here        -            -             here
#   role                   bird_families   here        -            openbgpd      -
#   MD5                    bird_families   frr_vpn     here         here          exabgp
#   GTSM                   bird_families   here        here         here          here
#   large, ext communities bird            frr         here         openbgpd      exabgp
#
# 1: its labels come from zebra and the kernel's MPLS. 2: it needs interfaces of OpenBSD. 3: its VRFs are
# the kernel's. 4: it reads EVPN, its configuration cannot say it. 5: asked to tell all again, its log says that
# the family was not agreed on, while bgpctl says that it was; it marks the begin of its first
# announcement, and no end. 6: it ends the session and begins anew. Graceful restart is tested with the speaker
# killed and started again. BMP: bmp_frr, bmp_gobgp; the others have none.
name=second
. "$(dirname "$0")/lib.sh"
bird=$(command -v bird || echo /usr/sbin/bird)
frr=/usr/lib/frr/bgpd
openbgpd=/usr/sbin/bgpd
exabgp=$(command -v exabgp || echo /usr/sbin/exabgp)
need "$bird" "$frr" gobgpd gobgp "$openbgpd" "$exabgp"
port2=$(port 2)
api=$(port 3)

# speak NAME MD5: our speaker anew, for the speaker of that name; 65000 towards everyone.
speak() {
	name=second_$1
	listen 65000 ${2:+"$dir/md5"}
}

# over: both are ended.
over() {
	kill -9 "$router" 2>/dev/null && wait "$router" 2>/dev/null
	kill "$listen"
	if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
}

# route FROM MEMBERS NEXT-HOP AS-PATH [MEMBERS-OF-ATTRIBUTES [COMMUNITIES [EXTENDED [LARGE [OTHERS]]]]]
route() {
	printf '{"from": "%s", %s, "next_hop": "%s", "as_path": "%s", %s, "comms": "%s", "ecomms": "%s", "lcomms": "%s"%s}\n' \
	    "$1" "$2" "$3" "$4" "${5:-\"origin\": 0}" "${6:-}" "${7:-}" "${8:-}" "${9:+, \"others\": \"$9\"}"
}

# counter NAME: of the neighbour, from the last dump.
counter() { sed -n "s/.*\"$1\": \\([0-9]*\\).*/\\1/p" "$dir/peers"; }

# refreshed TITLE MESSAGES: asked to tell all again, it sends so many marks (RFC 7313), and nothing is lost.
refreshed() {
	before=$(counter refreshes)
	kill -USR2 "$listen"
	expect_peer "$1" "\"refreshes\": $((before + $2)),"
	expect "all were told again"
}

hop6=2001:db8:ffff::2
echo "127.0.0.2, s3cret
::1, s3cret" >"$dir/md5"
echo "ip=127.0.0.2 max_hops=1
ip=::1 max_hops=1" >"$dir/near"

# --- BIRD: labels, IPv6 next hops, long-lived restart, long messages -------------------------------------

cat >"$dir/bird.conf" <<END
router id 127.0.0.2;
ipv4 table m4; ipv6 table m6;
protocol device { }
protocol static s4 { ipv4;
	route 10.255.0.0/16 blackhole { bgp_community.add((65535, 7)); };
	route 10.1.0.0/16 blackhole { $(seq 500 | sed 's/.*/bgp_large_community.add((65001, 0, &));/') };
}
protocol static l4 { ipv4 { table m4; }; route 10.2.0.0/16 blackhole; }
protocol static l6 { ipv6 { table m6; }; route 2001:db8:2::/48 blackhole; }
protocol bgp waybill {
	local 127.0.0.2 port $port2 as 65001;
	neighbor 127.0.0.1 port $port as 65000;
	multihop 2;
	connect retry time 1; connect delay time 1; error wait time 1, 2;
	graceful restart on; graceful restart time 2;
	long lived graceful restart on; long lived stale time 60;
	enable extended messages on;
	ipv4 { import none; export all; extended next hop on; next hop address $hop6; };
	ipv4 mpls { table m4; import none; export all; next hop self; };
	ipv6 mpls { table m6; import none; export all; next hop address $hop6; };
}
END
bird_want() {
	route 127.0.0.2 '"prefix": "10.1.0.0/16"' $hop6 65001 '"origin": 0' '' '' "$(seq -s ' ' -f 65001:0:%g 500)"
	route 127.0.0.2 '"kind": "labelled", "label": 3, "prefix": "10.2.0.0/16"' 127.0.0.2 65001
	route 127.0.0.2 '"kind": "labelled", "label": 3, "prefix": "2001:db8:2::/48"' $hop6 65001
}
options="-s 2"
speak bird
run_router bird "$bird" -f -c "$dir/bird.conf" -s "$dir/ctl" -P "$dir/pid"
{ bird_want; route 127.0.0.2 '"prefix": "10.255.0.0/16"' $hop6 65001 '"origin": 0' 65535:7; } >"$dir/want"
expect "labels, IPv6 next hops of IPv4 routes, a message of more than 4,096 bytes" 30
kill_router
bird_want >"$dir/want"
expect "long-lived when it does not come back, but for NO_LLGR"
over

# --- FRR: several paths, role, GTSM, long-lived restart, enhanced refresh, long messages ------------------

cat >"$dir/bgpd.conf" <<END
$(for i in $(seq 10); do
	# A line holds so many.
	printf 'route-map LONG permit %d\n set large-community %s additive\n on-match next\nexit\n' "$i" \
	    "$(seq -s ' ' -f 65002:0:%g $((50 * i - 49)) $((50 * i)))"
done)
route-map NO_LLGR permit 10
 set community 65535:7
exit
router bgp 4200000002
 bgp router-id 127.0.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 bgp graceful-restart
 bgp graceful-restart restart-time 2
 bgp long-lived-graceful-restart stale-time 60
 neighbor 127.0.0.1 remote-as 65000
 neighbor 127.0.0.1 port $port
 neighbor 127.0.0.1 update-source 127.0.0.2
 neighbor 127.0.0.1 ttl-security hops 1
 neighbor 127.0.0.1 local-role provider
 neighbor 127.0.0.1 timers connect 1
 address-family ipv4 unicast
  neighbor 127.0.0.1 activate
  neighbor 127.0.0.1 addpath-tx-all-paths
  network 10.1.0.0/16
  network 10.2.0.0/16 route-map LONG
  network 10.255.0.0/16 route-map NO_LLGR
 exit-address-family
exit
END
options="-s 2 -n $dir/near"
speak frr
run_router frr "$frr" -n -Z -S -p 0 -P 0 -f "$dir/bgpd.conf" -i "$dir/bgpd.pid" \
    --vty_socket "$dir" -z "$dir/zserv" --log "file:$dir/bgpd.log"
filter='s/"path_id": [0-9]*, //'
otc=230004fa56ea02
frr_want() {
	route 127.0.0.2 '"prefix": "10.1.0.0/16"' 127.0.0.2 4200000002 '"origin": 0, "med": 0' '' '' '' $otc
	route 127.0.0.2 '"prefix": "10.2.0.0/16"' 127.0.0.2 4200000002 '"origin": 0, "med": 0' '' '' \
	    "$(seq -s ' ' -f 65002:0:%g 500)" $otc
}
{ frr_want; route 127.0.0.2 '"prefix": "10.255.0.0/16"' 127.0.0.2 4200000002 '"origin": 0, "med": 0' 65535:7 '' '' $otc; } \
    >"$dir/want"
expect "near, a 4-byte AS, a message of more than 4,096 bytes" 30
expect_peer "its role" '"as": 4200000002, "state": "Established".*"role": "provider"'
grep -q "IPv4 unicast with path ids" "$dir/log"
say $? "$name: ADD-PATH was agreed on"
refreshed "a refresh between its marks" 2
kill_router
frr_want >"$dir/want"
expect "long-lived when it does not come back, but for NO_LLGR"
over
filter=

# --- GoBGP: IPv6 next hops, MD5, GTSM, labels of IPv6, communities, refresh -------------------------------

gobgp_family() { printf '[[neighbors.afi-safis]]\n  [neighbors.afi-safis.config]\n    afi-safi-name = "%s"\n' "$1"; }
cat >"$dir/gobgpd.conf" <<END
[global.config]
  as = 4200000003
  router-id = "127.0.0.2"
  port = -1
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.1"
    peer-as = 65000
    auth-password = "s3cret"
  [neighbors.transport.config]
    local-address = "127.0.0.2"
    remote-port = $port
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.ttl-security.config]
    enabled = true
    ttl-min = 255
$(for f in ipv4-unicast ipv6-labelled-unicast; do gobgp_family $f; done)
END
options="-n $dir/near"
speak gobgp md5
run_router gobgpd gobgpd -f "$dir/gobgpd.conf" --api-hosts "127.0.0.1:$api" --pprof-disable
wait_for 20 gobgp -p "$api" global
add() { gobgp -p "$api" global rib add "$@" >>"$dir/gobgp.log" 2>&1 || not_ok "gobgp: $*" "$dir/gobgp.log"; }
add -a ipv4 10.1.0.0/16 nexthop $hop6 med 7 community 65001:1,no-export large-community 4200000003:1:2 rt 65001:9
add -a ipv6-mpls 2001:db8:2::/48 300 nexthop $hop6
{
	route 127.0.0.2 '"prefix": "10.1.0.0/16"' $hop6 4200000003 '"origin": 2, "med": 7' "65001:1 65535:65281" \
	    RT:65001:9 4200000003:1:2
	route 127.0.0.2 '"kind": "labelled", "label": 300, "prefix": "2001:db8:2::/48"' $hop6 4200000003 '"origin": 2'
} >"$dir/want"
expect "signed, near, a 4-byte AS, IPv6 next hops of IPv4 routes, labels of IPv6 routes, communities" 30
kill -USR2 "$listen"
expect_peer "a refresh" '"announced": 4,'
over

# --- OpenBGPD: MD5, GTSM, enhanced refresh -----------------------------------------------------------------

cat >"$dir/openbgpd.conf" <<END
AS 4200000004
router-id 127.0.0.2
fib-update no
socket "$dir/ctl"
listen on 127.0.0.2 port $port2
network 10.1.0.0/16
network 2001:db8:1::/48 set nexthop $hop6
neighbor 127.0.0.1 {
	remote-as 65000
	port $port
	local-address 127.0.0.2
	ttl-security yes
	tcp md5sig password s3cret
	announce IPv4 unicast
	announce IPv6 unicast
	announce enhanced refresh yes
}
allow to any
END
chmod 600 "$dir/openbgpd.conf"
home=$(getent passwd _openbgpd | cut -d: -f6)
[ -d "$home" ] || mkdir -p "$home"
speak openbgpd md5
run_router openbgpd "$openbgpd" -d -f "$dir/openbgpd.conf"
{
	route 127.0.0.2 '"prefix": "10.1.0.0/16"' 127.0.0.2 4200000004
	route 127.0.0.2 '"prefix": "2001:db8:1::/48"' ::1 4200000004
} >"$dir/want"
expect "signed, near, a 4-byte AS" 30
expect_peer "a mark of begin at the start, and none of end, do no harm" '"stale": false.*"refreshes": 2,'
kill -USR2 "$listen"
expect "asked to tell all again, it does not, and nothing is lost"
over

# --- ExaBGP: labels and VPNs of IPv6, IPv6 next hops, GTSM, long messages, refresh -----------------------

cat >"$dir/exabgp.conf" <<END
neighbor 127.0.0.1 {
	router-id 127.0.0.2;
	local-address 127.0.0.2;
	local-as 4200000005;
	peer-as 65000;
	connect $port;
	outgoing-ttl 255;
	capability { route-refresh enable; extended-message enable; nexthop enable; }
	family { ipv4 unicast; ipv6 nlri-mpls; ipv6 mpls-vpn; }
	nexthop { ipv4 unicast ipv6; }
	static {
		route 10.1.0.0/16 next-hop $hop6;
		route 10.2.0.0/16 next-hop 192.0.2.1 large-community [ $(seq -s ' ' -f 65005:0:%g 500) ];
		route 2001:db8:2::/48 next-hop $hop6 label [300];
		route 2001:db8:1::/48 next-hop $hop6 label [1003] rd 65001:1 extended-community [target:65001:9];
	}
}
END
speak exabgp
run_router exabgp env exabgp.daemon.user=root exabgp.api.cli=false exabgp.log.all=true \
    exabgp.daemon.drop=false "$exabgp" "$dir/exabgp.conf"
{
	route 127.0.0.2 '"prefix": "10.1.0.0/16"' $hop6 4200000005
	route 127.0.0.2 '"prefix": "10.2.0.0/16"' 192.0.2.1 4200000005 '"origin": 0' '' '' "$(seq -s ' ' -f 65005:0:%g 500)"
	route 127.0.0.2 '"kind": "labelled", "label": 300, "prefix": "2001:db8:2::/48"' $hop6 4200000005
	route 127.0.0.2 '"kind": "vpn", "rd": "0:65001:1", "label": 1003, "prefix": "2001:db8:1::/48"' $hop6 4200000005 \
	    '"origin": 0' '' RT:65001:9
} >"$dir/want"
expect "near, a 4-byte AS, labels and VPNs of IPv6, IPv6 next hops of IPv4, a message of more than 4,096 bytes" 30
kill -USR2 "$listen"
expect_peer "asked to tell all again, it begins anew" '"state": "Established".*"opens": 2,'
expect "all were told again"
over
exit $failed
