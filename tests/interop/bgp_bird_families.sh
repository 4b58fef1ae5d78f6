#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# BIRD 2 with all it has: signed segments, GTSM, several paths, VPN routes with labels, a role,
# graceful restart, refreshes; and dialled by us.
name=bird_families
. "$(dirname "$0")/lib.sh"
bird=$(command -v bird || echo /usr/sbin/bird)
birdc=$(command -v birdc || echo /usr/sbin/birdc)
need "$bird"
port2=$(port 2)

# config NUMBER-OF-ROUTES PASSIVE
config() {
	cat >"$dir/bird.conf" <<END
router id 127.0.0.2;
graceful restart wait 5;
vpn4 table v4; vpn6 table v6;
protocol device { }
protocol static one { ipv4 { preference 200; };
$(seq 1 "$1" | sed 's|.*|	route 10.&.0.0/16 blackhole { bgp_med = 1; };|')
}
protocol static two { ipv4 { preference 100; };
$(seq 1 "$1" | sed 's|.*|	route 10.&.0.0/16 unreachable { bgp_med = 2; };|')
}
protocol static s6 { ipv6;
	route 2001:db8:1::/48 blackhole;
}
protocol static sv4 { vpn4 { table v4; };
	route 65001:1 10.1.0.0/16 blackhole { bgp_ext_community.add((rt, 65001, 1)); };
	route 65001:2 10.1.0.0/16 blackhole { bgp_ext_community.add((rt, 65001, 2)); };
}
protocol static sv6 { vpn6 { table v6; };
	route 65001:1 2001:db8:1::/48 blackhole;
}
protocol bgp waybill {
	local 127.0.0.2 port $port2 as 65001;
	neighbor 127.0.0.1 port $port as 65000;
	${2:-}
	password "s3cret";
	multihop 2;
	ttl security on;
	hold time 30;
	connect retry time 1;
	connect delay time 1;
	error wait time 1, 2;
	graceful restart on;
	graceful restart time 20;
	enable extended messages on;
	local role provider;
	ipv4 { import none; export all; next hop self; add paths tx; };
	ipv6 { import none; export all; next hop address 2001:db8:ffff::2; };
	vpn4 mpls { table v4; import none; export all; next hop self; };
	vpn6 mpls { table v6; import none; export all; next hop address 2001:db8:ffff::2; };
}
END
}

# route MEMBERS NEXT-HOP [MED [TARGET [OTHERS]]]
route() {
	printf '{"from": "127.0.0.2", %s"next_hop": "%s", "as_path": "65001", "origin": 0%s, "comms": "", "ecomms": "%s", "lcomms": ""%s}\n' \
	    "$1" "$2" "${3:+, \"med\": $3}" "${4:-}" "${5:+, \"others\": \"$5\"}"
}
otc=2300040000fde9	# ONLY_TO_CUSTOMER, AS 65001: a provider's mark on unicast routes

# want NUMBER-OF-ROUTES: every prefix by both its paths, and in both VPNs.
want() {
	{
		for i in $(seq 1 "$1"); do
			for path in 1 2; do
				route "\"prefix\": \"10.$i.0.0/16\", " 127.0.0.2 $path '' $otc
			done
		done
		route '"prefix": "2001:db8:1::/48", ' 2001:db8:ffff::2 '' '' $otc
		for vpn in 1 2; do
			route "\"kind\": \"vpn\", \"rd\": \"0:65001:$vpn\", \"label\": 3, \"prefix\": \"10.1.0.0/16\", " \
			    127.0.0.2 '' RT:65001:$vpn
		done
		route '"kind": "vpn", "rd": "0:65001:1", "label": 3, "prefix": "2001:db8:1::/48", ' \
		    2001:db8:ffff::2
	} >"$dir/want"
}

start_bird() {
	rm -f "$dir/ctl"
	run_router bird "$bird" -f -c "$dir/bird.conf" -s "$dir/ctl" -P "$dir/pid" "$@"
}

# Path ids are numbers of its own choice.
filter='s/"path_id": [0-9]*, //'
echo "127.0.0.2, s3cret" >"$dir/md5"
echo "ip=127.0.0.2 max_hops=2 stale_time=60 local_as=65000" >"$dir/neighbors"
options="-n $dir/neighbors"
listen 64999 "$dir/md5"
config 60
start_bird
want 60
expect "signed, near, several paths, VPNs" 30 || exit 1
expect_peer "the session is as agreed" \
    '"as": 65001, "state": "Established", "hold_s": 30, "routes4": 120, "routes6": 1, "labelled": 0, "vpn": 3, "stale": false, "role": "provider"'
grep -q "path ids" "$dir/log" && ok "ADD-PATH was agreed on" || not_ok "ADD-PATH was agreed on" "$dir/log"

# Killed: the routes stay, stale. Back with fewer, after its own wait: the others go with the end of RIB.
kill_router
expect_peer "stale once it is killed" '"state": "Idle".*"stale": true'
expect "stale routes stay"
config 40
start_bird -R
want 40
expect "back: swept at the end of RIB" 40
expect_peer "nothing is stale any more" '"state": "Established".*"stale": false'

# Asked for all routes: BIRD marks begin and end (RFC 7313); what was told again stays.
refreshes=$(sed -n 's/.*"refreshes": \([0-9]*\).*/\1/p' "$dir/peers")
kill -USR2 "$listen"
expect_peer "a refresh between its marks" "\"refreshes\": $((refreshes + 8))"
expect "all were told again"

# Turned off by hand it says so, and nothing stays.
"$birdc" -s "$dir/ctl" 'disable waybill "by hand"' >/dev/null
: >"$dir/want"
expect "gone when it says why"

# We dial: BIRD waits. Its key is wrong at first: the system answers nothing.
kill_router
config 20 "passive;"
sed -i 's/s3cret/0ther/' "$dir/bird.conf"
start_bird
echo "ip=127.0.0.2 max_hops=2 local_as=65000 active=true port=$port2 source=127.0.0.1" \
    >"$dir/neighbors"
kill "$listen"
wait "$listen"
same "ends in order" 0 $?
listen 64999 "$dir/md5"
sleep 2
expect "nothing by a wrong key"
sed -i 's/0ther/s3cret/' "$dir/bird.conf"
"$birdc" -s "$dir/ctl" configure >/dev/null
want 20
expect "dialled by us" 60
