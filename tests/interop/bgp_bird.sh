#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# BIRD 2 dials our speaker over loopback (external, 4-byte AS) and announces IPv4 and IPv6 routes
# with MED, communities of all three kinds and long paths; withdraws half; is killed and comes back.
name=bird
. "$(dirname "$0")/lib.sh"
bird=$(command -v bird || echo /usr/sbin/bird)
birdc=$(command -v birdc || echo /usr/sbin/birdc)
need "$bird"

# static FIRST LAST: the routes of that range, as BIRD's configuration.
static() {
	awk -v first="$1" -v last="$2" -v family="$3" 'BEGIN {
		split("ORIGIN_IGP ORIGIN_EGP ORIGIN_INCOMPLETE", origin, " ")
		for (i = first; i <= last; i++) {
			printf family == 4 ? "\troute 10.%d.0.0/16 blackhole" : \
			    "\troute 2001:db8:%x::/48 blackhole", i
			printf " { bgp_origin = %s;", origin[i % 3 + 1]
			printf " bgp_community.add((65001,%d));", i
			printf " bgp_community.add((65535,65281));"
			printf " bgp_ext_community.add((rt,65001,%d));", i
			printf " bgp_large_community.add((4200000001,%d,7));", i
			for (n = 0; n < i % 4; n++)
				printf " bgp_path.prepend(420000100%d);", n
			print " };"
		}
	}'
}

config() {
	cat >"$dir/bird.conf" <<END
router id 127.0.0.2;
protocol device { }
protocol static s4 { ipv4;
$(static "$1" "$2" 4)
}
protocol static s6 { ipv6;
$(static "$1" "$2" 6)
}
protocol bgp waybill {
	local 127.0.0.2 as 4200000001;
	neighbor 127.0.0.1 port $port as 65000;
	multihop 2;
	hold time 30;
	connect retry time 1;
	connect delay time 1;
	error wait time 1, 2;
	ipv4 { import none; export filter { bgp_med = net.len * 100; accept; }; next hop self; };
	ipv6 { import none; export filter { bgp_med = net.len * 100; accept; };
	    next hop address 2001:db8:ffff::2; };
}
END
}

# want FIRST LAST: the same routes as our speaker should print them.
want() {
	awk -v first="$1" -v last="$2" 'BEGIN {
		for (i = first; i <= last; i++) {
			path = "4200000001"
			for (n = i % 4 - 1; n >= 0; n--)
				path = path " 420000100" n
			head = sprintf("\"as_path\": \"%s\", \"origin\": %d", path, i % 3)
			tail = sprintf("\"comms\": \"65001:%d 65535:65281\", " \
			    "\"ecomms\": \"RT:65001:%d\", " \
			    "\"lcomms\": \"4200000001:%d:7\"}", i, i, i)
			printf "{\"from\": \"127.0.0.2\", \"prefix\": \"10.%d.0.0/16\", " \
			    "\"next_hop\": \"127.0.0.2\", %s, \"med\": 1600, %s\n", i, head, tail
			printf "{\"from\": \"127.0.0.2\", \"prefix\": \"2001:db8:%x::/48\", " \
			    "\"next_hop\": \"2001:db8:ffff::2\", %s, \"med\": 4800, %s\n", i, \
			    head, tail
		}
	}' >"$dir/want"
}

start_bird() {
	"$bird" -f -c "$dir/bird.conf" -s "$dir/ctl" -P "$dir/pid" 2>>"$dir/bird.log" &
	router=$!
	pids="$pids $router"
}

listen 65000
config 1 200
start_bird
want 1 200
expect "announced" || exit 1
expect_peer "the session is as agreed" '"id": "127.0.0.2", "as": 4200000001, "state": "Established", "hold_s": 30, "routes4": 200, "routes6": 200'

config 1 90
"$birdc" -s "$dir/ctl" configure >/dev/null
want 1 90
expect "withdrawn"

kill -9 "$router"
: >"$dir/want"
expect "gone with its session"
rm -f "$dir/ctl"
config 50 250
start_bird
want 50 250
expect "back after a crash"

"$birdc" -s "$dir/ctl" 'disable waybill "see you"' >/dev/null
expect_peer "says why it closed" 'Administrative Shutdown, saying \\"see you\\"'
: >"$dir/want"
expect "gone after a shutdown"
"$birdc" -s "$dir/ctl" enable waybill >/dev/null
want 50 250
expect "back after a shutdown"

kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
