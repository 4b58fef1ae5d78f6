#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Sessions over link-local addresses, in network namespaces: BIRD dials us on two links, from the same
# fe80:: address on both, which are two neighbors. Routes of each arrive, with
# their next hop: a global one, and one that is link-local alone.
. "$WB_SRC/tests/lib.sh"
bird=$(command -v bird || echo /usr/sbin/bird)
need ip jq ss "$bird"
col=wbl$$ r1=wbm$$ r2=wbn$$
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
	for end in "$col to$i 1" "$r up0 2"; do
		# shellcheck disable=SC2086
		set -- $end
		ip -n "$1" link set "$2" addrgenmode none
		ip -n "$1" link set "$2" up
		ip -n "$1" addr add "fe80::$3/64" dev "$2" nodad
	done
	i=$((i + 1))
done
ip -n "$r1" addr add 2001:db8:ffff::2/64 dev up0 nodad

cat >"$dir/c.conf" <<C
nfacctd_port: 2100
bgp_daemon: true
bgp_daemon_port: 1179
bgp_daemon_as: 65000
bgp_daemon_max_peers: 10
bgp_daemon_ipv6_only: true
control_socket: control
plugins: print[a]
aggregate[a]: proto
print_output_file[a]: $dir/flows
C
(cd "$dir" && exec ip netns exec "$col" "$WB_BUILD/waybilld" -f c.conf) >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
say $? "waybilld runs in its namespace"

# router N NAMESPACE HOP: announces 2001:db8:N::/48.
router() {
	cat >"$dir/bird$1.conf" <<-C
	router id 10.99.$1.2;
	protocol device { }
	protocol direct { ipv6; }
	protocol static s6 { ipv6; route 2001:db8:$1::/48 blackhole; }
	protocol bgp w {
		local fe80::2 as 6500$1;
		neighbor fe80::1%up0 port 1179 as 65000;
		connect retry time 1; connect delay time 1; error wait time 1, 2;
		ipv6 { import none; export where source = RTS_STATIC; next hop $3; };
	}
	C
	start "bird$1" ip netns exec "$2" "$bird" -f -c "$dir/bird$1.conf" -s "$dir/bird$1.ctl" -P "$dir/bird$1.pid"
}
router 1 "$r1" "address 2001:db8:ffff::2"
router 2 "$r2" self
wait_for 30 routes_are 2
say $? "routes of both links arrive"
ask --json peers >"$dir/peers.json"
same "one address on two links is two neighbors" "fe80::2 65001,fe80::2 65002" \
	"$(jq -r '[.[] | "\(.peer) \(.as)"] | sort | join(",")' "$dir/peers.json")"
# hops ADDRESS: next hops of its routes.
hops() { ask --json rib "$1" | jq -r '[.. | objects | .bgp_nexthop // empty] | unique | join(",")'; }
same "a global next hop over a link-local session" 2001:db8:ffff::2 "$(hops 2001:db8:1::1)"
same "a link-local one that is alone is kept" fe80::2 "$(hops 2001:db8:2::1)"
ip netns exec "$col" ss -ltne 'sport = :1179' | grep -q v6only:1
say $? "bgp_daemon_ipv6_only: no IPv4"
stop_daemon
exit $failed
