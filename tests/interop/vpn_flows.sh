#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Flows in VPNs, end to end: GoBGP and FRR as two PEs tell the same prefixes in two VRFs each, exporters
# say VRF number, interface, label or RD, and every row has the path of its own VRF. Then one customer
# with an RD per PE: the route to its other site is found by its route target (vrf_map). A third exporter
# lies behind the PE that reflects the other one's routes.
name=vpn_flows
. "$(dirname "$0")/lib.sh"
bgpd=/usr/lib/frr/bgpd
need "$bgpd" gobgpd gobgp sqlite3 jq
api=$(port 2)
reflector=$(port 3)
flows=$(port 4)

# --- waybilld ---------------------------------------------------------------------------------------

cat >"$dir/rd.map" <<'C'
! VRF numbers, of either side; an interface; a label; what is left
id=0:65001:1	ip=127.0.0.2	mpls_vpn_id=11
id=0:65001:2	ip=127.0.0.2	mpls_vpn_id=12
id=0:65001:9	ip=127.0.0.2	mpls_vpn_id=19
id=0:65002:1	ip=127.0.0.3	in=7
id=0:65002:2	ip=127.0.0.3	mpls_label_bottom=2001
id=0:65003:9	ip=127.0.0.4
C
printf 'rd=0:65001:9 import=65000:900\nrd=0:65003:9 import=65000:900\n' >"$dir/vrf.map"
echo 'bgp_ip=127.0.0.2 ip=127.0.0.4' >"$dir/agent.map"
cat >"$dir/c.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $flows
bgp_daemon: true
bgp_daemon_ip: 127.0.0.1
bgp_daemon_port: $port
bgp_daemon_as: 65000
bgp_daemon_max_peers: 10
nfacctd_as: bgp
nfacctd_net: bgp
flow_to_rd_map: rd.map
vrf_map: vrf.map
bgp_agent_map: agent.map
control_socket: control
plugins: sqlite3[t], print[p]
aggregate: peer_src_ip, mpls_vpn_rd, dst_net, dst_mask, as_path, peer_dst_as, peer_dst_ip
sql_db[t]: t.db
sql_table[t]: t
sql_optimize_clauses[t]: true
sql_refresh_time[t]: 1
sql_history[t]: 1h
sql_history_roundoff[t]: h
print_output[p]: csv
print_output_file[p]: p.csv
print_output_file_append[p]: true
print_refresh_time[p]: 1
C

# --- the two PEs ------------------------------------------------------------------------------------

gobgp_family() { printf '[[neighbors.afi-safis]]\n  [neighbors.afi-safis.config]\n    afi-safi-name = "%s"\n' "$1"; }

cat >"$dir/gobgpd.conf" <<C
[global.config]
  as = 65000
  router-id = "127.0.0.2"
  port = $reflector
  local-address-list = ["127.0.0.2"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.1"
    peer-as = 65000
  [neighbors.transport.config]
    local-address = "127.0.0.2"
    remote-port = $port
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.route-reflector.config]
    route-reflector-client = true
    route-reflector-cluster-id = "127.0.0.2"
$(for f in ipv4-unicast l3vpn-ipv4-unicast l3vpn-ipv6-unicast; do gobgp_family $f; done)
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.3"
    peer-as = 65000
  [neighbors.transport.config]
    passive-mode = true
    local-address = "127.0.0.2"
$(for f in l3vpn-ipv4-unicast l3vpn-ipv6-unicast; do gobgp_family $f; done)
C

add() { gobgp -p "$api" global rib add "$@" >>"$dir/gobgp.log" 2>&1 || not_ok "gobgp: $*" "$dir/gobgp.log"; }

start_gobgp() {
	run_router gobgpd gobgpd -f "$dir/gobgpd.conf" --api-hosts "127.0.0.1:$api" --pprof-disable
	wait_for 20 gobgp -p "$api" global || not_ok "gobgpd starts" "$dir/gobgpd.log"
	add -a ipv4 10.1.0.0/16 aspath 65100 nexthop 192.0.2.1
	add -a vpnv4 10.1.0.0/16 label 1001 rd 65001:1 rt 65001:1 aspath "65101 65201" nexthop 192.0.2.11
	add -a vpnv4 10.1.0.0/16 label 1002 rd 65001:2 rt 65001:2 aspath "65102 65202" nexthop 192.0.2.12
	add -a vpnv6 2001:db8:1::/48 label 1003 rd 65001:1 rt 65001:1 aspath 65103 nexthop 2001:db8:ffff::11
	add -a vpnv6 2001:db8:1::/48 label 1004 rd 65001:2 rt 65001:2 aspath 65104 nexthop 2001:db8:ffff::12
	# The customer: its site here, and one that both PEs have a line to.
	add -a vpnv4 10.8.0.0/16 label 1009 rd 65001:9 rt 65000:900 aspath 65108 nexthop 192.0.2.11
	add -a vpnv4 10.7.0.0/16 label 1009 rd 65001:9 rt 65000:900 aspath 65107 nexthop 192.0.2.11
}

frr_path() {
	printf 'route-map %s permit 10\n set as-path prepend %s\n set extcommunity rt %s\n set ipv4 vpn next-hop %s\nexit\n' "$@"
}

cat >"$dir/bgpd.conf" <<C
$(frr_path ONE 65111 65002:1 192.0.2.21)
$(frr_path TWO "65112 65212" 65002:2 192.0.2.22)
$(frr_path SITE 65109 65000:900 192.0.2.29)
router bgp 65000
 bgp router-id 127.0.0.3
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor PE peer-group
 neighbor PE remote-as 65000
 neighbor PE update-source 127.0.0.3
 neighbor PE timers connect 1
 neighbor 127.0.0.1 peer-group PE
 neighbor 127.0.0.1 port $port
 neighbor 127.0.0.2 peer-group PE
 neighbor 127.0.0.2 port $reflector
 address-family ipv4 vpn
  neighbor 127.0.0.1 activate
  neighbor 127.0.0.2 activate
  network 10.1.0.0/16 rd 65002:1 label 2000 route-map ONE
  network 10.1.0.0/16 rd 65002:2 label 2001 route-map TWO
  network 10.9.0.0/16 rd 65002:9 label 2009 route-map SITE
  network 10.7.0.0/16 rd 65002:9 label 2009 route-map SITE
 exit-address-family
 address-family ipv6 vpn
  neighbor 127.0.0.1 activate
  network 2001:db8:1::/48 rd 65002:1 label 2003 route-map ONE
  network 2001:db8:1::/48 rd 65002:2 label 2004 route-map TWO
 exit-address-family
exit
C

start_frr() {
	run_router frr "$bgpd" -n -Z -S -p 0 -P 0 -f "$dir/bgpd.conf" -i "$dir/bgpd.pid" \
	    --vty_socket "$dir" -z "$dir/zserv" --log "file:$dir/bgpd.log"
}

told() {
	[ "$(ask --json peers | jq -c '[.[] | [.peer, .routes_ipv4, .routes_vpn]] | sort')" = \
	    '[["127.0.0.2",1,10],["127.0.0.3",0,6]]' ]
}

# --- flows --------------------------------------------------------------------------------------------

# flow EXPORTER RECORD [--with ...]: of so many bytes as tell it from the others.
flow() {
	from=$1 record=$2
	shift 2
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$flows" --from "$from" "$@" "$record" || not_ok "a flow is sent"
}

# Elements: VRF numbers, label (behind it class and bottom), RD, next hop of BGP.
in_vrf=234:4 out_vrf=235:4 label=70:3 rd=90:8 hop=18:4
bottom() { echo $label:$(($1 << 4 | 1)); }
hop() { echo $hop:$((192 << 24 | 2 << 8 | $1)); }

# explain TITLE WANT WORDS...: what `waybill explain` says of a flow: RD, whence, where it was looked
# up, and the answer of BGP.
explain() {
	title=$1 want=$2
	shift 2
	same "explain: $title" "$want" "$(ask --json explain "$@" | jq -c '.[0] |
		[.rd.value, .rd.from, .rd.looked_up_in, .destination.bgp.as_path]')"
}

daemon c.conf
start_gobgp
start_frr
wait_for 60 told
say $? "both PEs told their VPNs, one reflects the other's"
ask --json peers | jq -c '.[] | [.peer, .state, .routes_ipv4, .routes_vpn, .last_error]' | sed 's/^/# /'

flow 127.0.0.2 203.0.113.1,10.1.5.5,101,1 --with $in_vrf:11
flow 127.0.0.2 203.0.113.1,10.1.5.5,102,1 --with $in_vrf:12
flow 127.0.0.2 203.0.113.1,10.1.5.5,103,1 --with $out_vrf:12
flow 127.0.0.2 203.0.113.1,10.1.5.5,104,1
flow 127.0.0.2 203.0.113.1,10.1.5.5,105,1 --with $rd:$((65001 << 32 | 1))
flow 127.0.0.2 203.0.113.1,10.1.5.5,106,1 --with $in_vrf:77
flow 127.0.0.3 203.0.113.1,10.1.5.5,111,1,7,9
flow 127.0.0.3 203.0.113.1,10.1.5.5,112,1 --with "$(bottom 2001)"
flow 127.0.0.3 203.0.113.1,10.1.5.5,113,1 --with "$(bottom 9999)"
flow 127.0.0.2 2001:db8:f::1,2001:db8:1::5,121,1 --with $in_vrf:11
flow 127.0.0.2 2001:db8:f::1,2001:db8:1::5,122,1 --with $in_vrf:12
flow 127.0.0.3 2001:db8:f::1,2001:db8:1::5,123,1,7,9
flow 127.0.0.3 2001:db8:f::1,2001:db8:1::5,124,1 --with "$(bottom 2001)"
# The customer at its site here, at the other one, by both lines, and from a third PE; not from another VRF.
flow 127.0.0.2 203.0.113.1,10.8.5.5,131,1 --with $in_vrf:19
flow 127.0.0.2 203.0.113.1,10.9.5.5,132,1 --with $in_vrf:19
flow 127.0.0.2 203.0.113.1,10.9.5.5,133,1 --with $in_vrf:11
flow 127.0.0.2 203.0.113.1,10.7.5.5,134,1 --with $in_vrf:19 --with "$(hop 11)"
flow 127.0.0.2 203.0.113.1,10.7.5.5,135,1 --with $in_vrf:19 --with "$(hop 29)"
flow 127.0.0.4 203.0.113.1,10.9.5.5,136,1

rows() {
	sqlite3 "$dir/t.db" "SELECT SUM(bytes), peer_ip_src, mpls_vpn_rd, net_dst, mask_dst, as_path, peer_as_dst, peer_ip_dst
		FROM t GROUP BY 2, 3, 4, 5, 6, 7, 8 ORDER BY 1"
}
written() { [ "$(sqlite3 "$dir/t.db" 'SELECT SUM(bytes) FROM t')" = "$1" ]; }
wait_for 10 written 2248
say $? "all bytes are in the table"
cat >"$dir/want" <<'C'
104|127.0.0.2|0:0:0|10.1.0.0|16|65100|65100|192.0.2.1
106|127.0.0.2|vrfid:77|10.1.0.0|16|65100|65100|192.0.2.1
111|127.0.0.3|0:65002:1|10.1.0.0|16|65111|65111|192.0.2.21
112|127.0.0.3|0:65002:2|10.1.0.0|16|65112_65212|65112|192.0.2.22
113|127.0.0.3|0:0:0|0.0.0.0|0||0|0.0.0.0
121|127.0.0.2|0:65001:1|2001:db8:1::|48|65103|65103|2001:db8:ffff::11
122|127.0.0.2|0:65001:2|2001:db8:1::|48|65104|65104|2001:db8:ffff::12
123|127.0.0.3|0:65002:1|2001:db8:1::|48|65111|65111|192.0.2.21
124|127.0.0.3|0:65002:2|2001:db8:1::|48|65112_65212|65112|192.0.2.22
131|127.0.0.2|0:65001:9|10.8.0.0|16|65108|65108|192.0.2.11
132|127.0.0.2|0:65001:9|10.9.0.0|16|65109|65109|192.0.2.29
133|127.0.0.2|0:65001:1|0.0.0.0|0||0|0.0.0.0
134|127.0.0.2|0:65001:9|10.7.0.0|16|65107|65107|192.0.2.11
135|127.0.0.2|0:65001:9|10.7.0.0|16|65109|65109|192.0.2.29
136|127.0.0.4|0:65003:9|10.9.0.0|16|65109|65109|192.0.2.29
205|127.0.0.2|0:65001:2|10.1.0.0|16|65102_65202|65102|192.0.2.12
206|127.0.0.2|0:65001:1|10.1.0.0|16|65101_65201|65101|192.0.2.11
C
same "SQLite: the same prefix has another answer in every VRF" "$(cat "$dir/want")" "$(rows)"
# Its columns in the order of the table's; no next hop is an empty field there. Rows of several purges.
printed() {
	awk -F, '$NF ~ /^[0-9]/ { bytes[$3 OFS $5 OFS $6 OFS $7 OFS $1 OFS $2 OFS ($4 == "" ? "0.0.0.0" : $4)] += $9 }
		END { for (row in bytes) print bytes[row], row }' OFS='|' "$dir/p.csv" | LC_ALL=C sort
}
all_printed() { [ "$(printed)" = "$(LC_ALL=C sort "$dir/want")" ]; }
wait_for 5 all_printed
same "print: the same rows" "$(LC_ALL=C sort "$dir/want")" "$(printed)"
books_balance

explain "by the number of the VRF" '["0:65001:2","flow_to_rd_map","routes of this RD","65102 65202"]' \
    127.0.0.2 203.0.113.1 10.1.5.5 mpls_vpn_id=12
explain "by the interface" '["0:65002:1","flow_to_rd_map","routes of this RD","65111"]' \
    127.0.0.3 203.0.113.1 10.1.5.5 7
explain "by the label" '["0:65002:2","flow_to_rd_map","routes of this RD","65112 65212"]' \
    127.0.0.3 203.0.113.1 10.1.5.5 mpls_label_bottom=2001
explain "by the export" '["0:65001:1","export","routes of this RD","65101 65201"]' \
    127.0.0.2 203.0.113.1 10.1.5.5 mpls_vpn_rd=65001:1
explain "by the imports of the VRF" '["0:65001:9","flow_to_rd_map","the VRF'"'"'s imports (vrf_map)","65109"]' \
    127.0.0.2 203.0.113.1 10.9.5.5 mpls_vpn_id=19
ask explain 127.0.0.2 203.0.113.1 10.9.5.5 mpls_vpn=19 >/dev/null 2>&1
same "explain: a word that is none is refused" 1 $?

# Without the map a lookup goes by the RD alone: only what the PE itself tells.
: >"$dir/vrf.map"
ask reload >/dev/null
say $? "reloaded with an empty vrf_map"
explain "by the RD alone" '["0:65001:9","flow_to_rd_map","routes of this RD",null]' \
    127.0.0.2 203.0.113.1 10.9.5.5 mpls_vpn_id=19
flow 127.0.0.2 203.0.113.1,10.9.5.5,137,1 --with $in_vrf:19
flow 127.0.0.2 203.0.113.1,10.8.5.5,138,1 --with $in_vrf:19
wait_for 10 written $((2248 + 137 + 138))
same "without vrf_map the other site has no route, the own one has" "\
137|127.0.0.2|0:65001:9|0.0.0.0|0||0|0.0.0.0
269|127.0.0.2|0:65001:9|10.8.0.0|16|65108|65108|192.0.2.11" "$(rows | grep -e ^137 -e 10.8.0.0)"
stop_daemon
exit $failed
