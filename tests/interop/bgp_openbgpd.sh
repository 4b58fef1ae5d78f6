#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# OpenBGPD dials our speaker: IPv4 and IPv6 routes with communities, a role and several paths as it
# offers them; it is killed and comes back with fewer.
name=openbgpd
. "$(dirname "$0")/lib.sh"
bgpd=/usr/sbin/bgpd
need "$bgpd"
bgpctl=$(command -v bgpctl || echo /usr/sbin/bgpctl)
port2=$(port 2)

# config LAST
config() {
	cat >"$dir/bgpd.conf" <<END
AS 65001
router-id 127.0.0.2
fib-update no
socket "$dir/ctl"
listen on 127.0.0.2 port $port2
$(seq 1 "$1" | sed 's|.*|network 10.&.0.0/16 set { community 65001:& large-community 65001:&:7 med & }|')
network 2001:db8:1::/48 set { ext-community rt 65001:9 nexthop 2001:db8:ffff::2 }
neighbor 127.0.0.1 {
	remote-as 65000
	port $port
	local-address 127.0.0.2
	multihop 2
	holdtime 30
	announce IPv4 unicast
	announce IPv6 unicast
	announce restart yes
	announce add-path send all
	announce policy provider
}
allow to any
END
	chmod 600 "$dir/bgpd.conf"
}

# It locks itself into the home of its user, which a service manager would have made.
home=$(getent passwd _openbgpd | cut -d: -f6)
[ -d "$home" ] || mkdir -p "$home"

start_bgpd() {
	rm -f "$dir/ctl"
	run_router bgpd "$bgpd" -d -f "$dir/bgpd.conf"
}

# want LAST
want() {
	{
		for i in $(seq 1 "$1"); do
			echo "{\"from\": \"127.0.0.2\", \"prefix\": \"10.$i.0.0/16\", \"next_hop\": \"127.0.0.2\", \"as_path\": \"65001\", \"origin\": 0, \"med\": $i, \"comms\": \"65001:$i\", \"ecomms\": \"\", \"lcomms\": \"65001:$i:7\"}"
		done
		echo '{"from": "127.0.0.2", "prefix": "2001:db8:1::/48", "next_hop": "::1", "as_path": "65001", "origin": 0, "comms": "", "ecomms": "RT:65001:9", "lcomms": ""}'
	} >"$dir/want"
}

# Its path ids are numbers of its own choice, one for all.
filter='s/"path_id": [0-9]*, //'
options="-s 60"
listen 65000
config 100
start_bgpd
want 100
expect "announced, with path ids" 30 || { tail -n 20 "$dir/bgpd.log" | sed 's/^/# /'; exit 1; }
expect_peer "the session is as agreed" '"as": 65001, "state": "Established", "hold_s": 30, "routes4": 100, "routes6": 1, .*"role": "provider"'
grep -q "path ids" "$dir/log" && ok "ADD-PATH was agreed on" || not_ok "ADD-PATH was agreed on" "$dir/log"

# Killed with its children, which would keep the connection and say goodbye for it; all of them are stopped
# first, so that none is left for a moment to see that another has gone.
children=$(ps -o pid= --ppid "$router")
# shellcheck disable=SC2086
kill -STOP "$router" $children
# shellcheck disable=SC2086
kill -9 "$router" $children
wait "$router" 2>/dev/null
expect_peer "stale once it is killed" '"state": "Idle".*"stale": true'
expect "stale routes stay"
config 60
start_bgpd
want 60
expect "back: swept at the end of RIB" 60
kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
