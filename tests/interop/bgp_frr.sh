#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# FRR's bgpd dials our speaker over loopback. Our AS is not configured, so it echoes FRR's and looks
# internal. Announced: IPv4 and IPv6 routes with local preference, MED, communities of all three
# kinds, paths, and an aggregate with an AS set; half is withdrawn; bgpd is killed and comes back.
name=frr
. "$(dirname "$0")/lib.sh"
bgpd=/usr/lib/frr/bgpd
need "$bgpd"
vtysh=$(command -v vtysh || echo /usr/bin/vtysh)
need "$vtysh"

# networks FIRST LAST FAMILY [no]: the network statements of that range.
networks() {
	awk -v first="$1" -v last="$2" -v family="$3" -v no="${4:-}" 'BEGIN {
		for (i = first; i <= last; i++)
			printf family == 4 ? "%s network 10.%d.0.0/16 route-map R%d\n" : \
			    "%s network 2001:db8:%x::/48 route-map R%d\n", no, i, i % 10
	}'
}

# Ten kinds of routes: bgpd takes minutes to read hundreds of route-maps.
config() {
	awk 'BEGIN {
		for (i = 0; i < 10; i++) {
			printf "route-map R%d permit 10\n set metric %d\n", i, i * 1000
			printf " set local-preference %d\n", 100 + i
			printf " set community 65002:%d no-export\n", i
			printf " set extcommunity rt 65002:%d\n", i
			printf " set large-community 65002:%d:9\n", i
			if (i % 3 == 1) print " set as-path prepend 65101"
			if (i % 3 == 2) print " set as-path prepend 4200000102 65103"
			print "exit"
		}
		for (i = 1; i <= 2; i++)
			printf "route-map A%d permit 10\n set as-path prepend 6520%d\nexit\n", i, i
	}'
	cat <<END
route-map HOP6 permit 10
 set ipv6 next-hop global 2001:db8:ffff::3
exit
router bgp 65002
 bgp router-id 127.0.0.3
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor 127.0.0.1 remote-as 65002
 neighbor 127.0.0.1 port $port
 neighbor 127.0.0.1 update-source 127.0.0.3
 neighbor 127.0.0.1 timers 3 9
 neighbor 127.0.0.1 timers connect 1
 address-family ipv4 unicast
  neighbor 127.0.0.1 activate
$(networks "$1" "$2" 4)
  network 172.16.1.0/24 route-map A1
  network 172.16.2.0/24 route-map A2
  aggregate-address 172.16.0.0/16 as-set summary-only
 exit-address-family
 address-family ipv6 unicast
  neighbor 127.0.0.1 activate
  neighbor 127.0.0.1 route-map HOP6 out
$(networks "$1" "$2" 6)
 exit-address-family
exit
END
}

# want FIRST LAST: the same routes as our speaker should print them, and the aggregate.
want() {
	awk -v first="$1" -v last="$2" 'BEGIN {
		path[0] = ""; path[1] = "65101"; path[2] = "4200000102 65103"
		for (i = first; i <= last; i++) {
			k = i % 10
			rest = sprintf("\"as_path\": \"%s\", \"origin\": 0, \"med\": %d, " \
			    "\"local_pref\": %d, \"comms\": \"65002:%d 65535:65281\", " \
			    "\"ecomms\": \"RT:65002:%d\", \"lcomms\": \"65002:%d:9\"}", \
			    path[k % 3], k * 1000, 100 + k, k, k, k)
			printf "{\"from\": \"127.0.0.3\", \"prefix\": \"10.%d.0.0/16\", " \
			    "\"next_hop\": \"127.0.0.3\", %s\n", i, rest
			printf "{\"from\": \"127.0.0.3\", \"prefix\": \"2001:db8:%x::/48\", " \
			    "\"next_hop\": \"2001:db8:ffff::3\", %s\n", i, rest
		}
	}' >"$dir/want"
	cat >>"$dir/want" <<END
{"from": "127.0.0.3", "prefix": "172.16.0.0/16", "next_hop": "127.0.0.3", "as_path": "{65201,65202}", "origin": 0, "med": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": ""}
END
}

start_frr() {
	"$bgpd" -n -Z -S -p 0 -P 0 -f "$dir/bgpd.conf" -i "$dir/bgpd.pid" --vty_socket "$dir" \
	    -z "$dir/zserv" --log "file:$dir/frr.log" 2>>"$dir/frr.err" >&2 &
	router=$!
	pids="$pids $router"
}

# Commands on standard input, in configuration mode.
frr() {
	{ echo "configure terminal"; cat; } >"$dir/commands"
	while IFS= read -r line; do set -- "$@" -c "$line"; done <"$dir/commands"
	"$vtysh" --vty_socket "$dir" "$@" >>"$dir/frr.err" 2>&1
}

listen 0
config 1 150 >"$dir/bgpd.conf"
start_frr
want 1 150
expect "announced" 30 || { cat "$dir/frr.err" "$dir/frr.log" | tail -n 20 | sed 's/^/# /'; exit 1; }
expect_peer "the session is as agreed" '"id": "127.0.0.3", "as": 65002, "state": "Established", "hold_s": 9, "routes4": 151, "routes6": 150'

{
	echo "router bgp 65002"
	echo "address-family ipv4 unicast"
	networks 81 150 4 no
	echo "exit-address-family"
	echo "address-family ipv6 unicast"
	networks 81 150 6 no
} | frr
want 1 80
expect "withdrawn"

kill -9 "$router"
: >"$dir/want"
expect "gone with its session"
config 60 250 >"$dir/bgpd.conf"
start_frr
want 60 250
expect "back after a crash" 30

printf 'router bgp 65002\nneighbor 127.0.0.1 shutdown message night shift\n' | frr
expect_peer "says why it closed" 'Administrative Shutdown, saying \\"night shift\\"'
: >"$dir/want"
expect "gone after a shutdown"
printf 'router bgp 65002\nno neighbor 127.0.0.1 shutdown\n' | frr
want 60 250
expect "back after a shutdown" 30

# Two hold times later it must still be there: our KEEPALIVEs arrive, theirs are heard.
sleep 20
expect_peer "stays up" '"state": "Established".*"opens": 3,'

kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
