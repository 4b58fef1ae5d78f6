#!/bin/sh
# The main job with real peers in network namespaces: BIRD 2 and FRR announce routes to waybilld,
# softflowd exports flows beside each; rows per (src_as, dst_as, as_path, peer_dst_as, local_pref,
# dst_net) are exact, each router's flows by its own routes.
. "$WB_SRC/tests/lib.sh"
bgpd=/usr/lib/frr/bgpd
need ip bird softflowd sqlite3 jq "$bgpd"
col=wbc$$ r1=wba$$ r2=wbb$$
ends() {
	cleanup
	for n in $col $r1 $r2; do ip netns del "$n" 2>/dev/null; done
}
trap ends EXIT
for n in $col $r1 $r2; do
	ip netns add "$n" || {
		say 1 "network namespaces can be made (root?)"
		exit 1
	}
	ip -n "$n" link set lo up
done
i=1
for r in $r1 $r2; do
	ip -n "$r" link add up0 type veth peer name "to$i" netns "$col"
	ip -n "$col" addr add "10.99.$i.1/24" dev "to$i"
	ip -n "$r" addr add "10.99.$i.2/24" dev up0
	ip -n "$col" link set "to$i" up
	ip -n "$r" link set up0 up
	i=$((i + 1))
done

cat >"$dir/c.conf" <<C
nfacctd_port: 2100
bgp_daemon: true
bgp_daemon_port: 1179
bgp_daemon_as: 65000
bgp_daemon_max_peers: 10
nfacctd_as: bgp
nfacctd_net: bgp
control_socket: control
plugins: sqlite3[t]
aggregate[t]: src_as, dst_as, as_path, peer_dst_as, local_pref, dst_net, dst_mask, peer_src_ip, med, std_comm
sql_db[t]: t.db
sql_table[t]: t
sql_optimize_clauses[t]: true
sql_refresh_time[t]: 1
sql_history[t]: 5m
sql_history_roundoff[t]: m
C
(cd "$dir" && exec ip netns exec "$col" "$WB_BUILD/waybilld" -f c.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
say $? "waybilld runs in its namespace"

# BIRD, iBGP: two paths out, IPv6 too.
cat >"$dir/bird.conf" <<C
router id 10.99.1.2;
protocol device { }
protocol static s4 {
	ipv4;
	route 198.51.100.0/24 blackhole { bgp_path.prepend(65201); bgp_path.prepend(65101); bgp_local_pref = 200; bgp_community.add((65000, 7)); };
	route 198.51.0.0/16 blackhole { bgp_path.prepend(65202); bgp_path.prepend(65102); bgp_local_pref = 90; };
	route 192.0.2.0/24 blackhole;
}
protocol static s6 { ipv6; route 2001:db8:1::/48 blackhole { bgp_path.prepend(65203); bgp_path.prepend(65101); bgp_local_pref = 110; }; }
protocol bgp w {
	local 10.99.1.2 as 65000;
	neighbor 10.99.1.1 port 1179 as 65000;
	connect retry time 1; connect delay time 1; error wait time 1, 2;
	ipv4 { import none; export filter { bgp_med = 5; accept; }; next hop self; };
	ipv6 { import none; export filter { bgp_med = 6; accept; }; next hop address 2001:db8::1; };
}
C
start bird ip netns exec "$r1" bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl" -P "$dir/bird.pid"

# FRR: the same destination by another path.
cat >"$dir/frr.conf" <<C
route-map A permit 10
 set as-path prepend 65102 65301
 set local-preference 150
 set metric 77
exit
router bgp 65000
 bgp router-id 10.99.2.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.99.2.1 remote-as 65000
 neighbor 10.99.2.1 port 1179
 neighbor 10.99.2.1 timers connect 1
 address-family ipv4 unicast
  network 198.51.100.0/24 route-map A
 exit-address-family
exit
C
chmod 755 "$dir"
chmod 644 "$dir/frr.conf"
mkdir -p "$dir/frr" && chown frr:frr "$dir/frr" 2>/dev/null
start frr ip netns exec "$r2" "$bgpd" -n -Z -S -f "$dir/frr.conf" -i "$dir/frr/pid" --vty_socket "$dir/frr" -P 0 -l 10.99.2.2
wait_for 30 sh -c "[ \"\$('$WB_BUILD/waybill' -s '$dir/control' --json peers | jq '[.[] | select(.state == \"Established\") | .routes_ipv4 + .routes_ipv6] | add')\" = 5 ]"
say $? "BIRD and FRR are established with 5 routes"

"$WB_BUILD/tests/interop/make_pcap" "$dir/f.pcap" 192.0.2.5,198.51.100.9,1000,53,10,100 \
	192.0.2.5,198.51.7.9,1001,53,4,500 192.0.2.6,203.0.113.1,1002,53,3,60 198.51.100.9,192.0.2.5,53,1000,7,1500
"$WB_BUILD/tests/interop/make_pcap" "$dir/f6.pcap" 2001:db8:1::5,2001:db8:1::9,1000,53,10,100
export_flows() {
	ip netns exec "$1" softflowd -r "$3" -n "$2:2100" -v "$4" -d -p "$dir/sf.pid" -c none >"$dir/softflowd.log" 2>&1
}
export_flows $r1 10.99.1.1 "$dir/f.pcap" 9
export_flows $r1 10.99.1.1 "$dir/f6.pcap" 10
export_flows $r2 10.99.2.1 "$dir/f.pcap" 5
wait_for 10 sh -c "[ \"\$(sqlite3 '$dir/t.db' 'SELECT SUM(packets) FROM t')\" = 58 ]"
say $? "all packets of softflowd's flows are in the table"
same "every row is as the routers told" \
"10.99.1.2|0|0||0|0|0||0.0.0.0|0|3|180
10.99.1.2|0|65201|65101_65201|65101|200|5|65000:7|198.51.100.0|24|10|1000
10.99.1.2|0|65202|65102_65202|65102|90|5||198.51.0.0|16|4|2000
10.99.1.2|65201|0||0|100|5||192.0.2.0|24|7|10500
10.99.1.2|65203|65203|65101_65203|65101|110|6||2001:db8:1::|48|10|1000
10.99.2.2|0|0||0|0|0||0.0.0.0|0|7|2180
10.99.2.2|0|65301|65102_65301|65102|150|77||198.51.100.0|24|10|1000
10.99.2.2|65301|0||0|0|0||0.0.0.0|0|7|10500" \
"$(sqlite3 "$dir/t.db" "SELECT peer_ip_src, as_src, as_dst, as_path, peer_as_dst, local_pref, med, comms, net_dst, mask_dst, SUM(packets), SUM(bytes)
	FROM t GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10" | LC_ALL=C sort)"
ask --json explain 10.99.1.2 192.0.2.5 198.51.100.9 | jq . >"$dir/explain" && grep -q 65101 "$dir/explain"
say $? "explain says the path"
same "rib: both routers' routes for an address" "3" "$(ask --json rib 198.51.100.9 | jq length)"
books_balance

# A router that goes takes its routes along; the other one's stay.
kill "$(cat "$dir/bird.pid" 2>/dev/null)" 2>/dev/null || ip netns exec "$r1" birdc -s "$dir/bird.ctl" down >/dev/null 2>&1
wait_for 10 sh -c "[ \"\$('$WB_BUILD/waybill' -s '$dir/control' --json rib 198.51.100.9 | jq length)\" = 1 ]"
say $? "BIRD's routes are gone with its session, FRR's stay"
stop_daemon
exit $failed
