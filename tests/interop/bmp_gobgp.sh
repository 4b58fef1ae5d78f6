#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# GoBGP monitored over BMP: Adj-RIB-In before and after policy, and its Loc-RIB, which it tells without a
# Peer Up; statistics.
name=bmp-gobgp
. "$(dirname "$0")/bmp_lib.sh"
gobgpd=$(command -v gobgpd || echo /usr/bin/gobgpd)
need "$gobgpd"
bgp=$(port 3)
api=$(port 4)

truth

neighbor() {
	cat <<END
[[neighbors]]
  [neighbors.config]
    neighbor-address = "$1"
    peer-as = 64511
  [neighbors.transport.config]
    passive-mode = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
END
}

{
	cat <<END
[global.config]
  as = 64511
  router-id = "10.0.0.9"
  port = $bgp
  local-address-list = ["127.0.0.1"]
[[bmp-servers]]
  [bmp-servers.config]
    address = "127.0.0.1"
    port = $port
    route-monitoring-policy = "all"
    statistics-timeout = 15
    sys-name = "gobgp"
    sys-descr = "GoBGP"
END
	neighbor 127.0.0.2
	neighbor 127.0.0.3
} >"$dir/gobgpd.toml"

station bmp
start gobgpd "$gobgpd" -f "$dir/gobgpd.toml" -t toml --api-hosts "127.0.0.1:$api"
router=$last
wait_for 10 sh -c "ss -Hlnt | grep -q ':$bgp '"
# shellcheck disable=SC2086
start sim "$build/waybill-sim" $routers --bgp "127.0.0.1:$bgp" --stay 120
sim=$last
expect_rib "Adj-RIB-In before policy" "Adj-RIB-In pre-policy" '.' || {
	tail -n 20 "$dir/gobgpd.log" "$dir/sim.log" | sed 's/^/# /'
	exit 1
}
expect_rib "Adj-RIB-In after policy" "Adj-RIB-In post-policy" '.'
# The Loc-RIB has one path per prefix, and it is one of those that came.
for i in $(seq 80); do
	dump
	[ "$(rib Loc-RIB | wc -l)" = "$(jq -r .prefix "$dir/truth" | sort -u | wc -l)" ] && break
	sleep 0.25
done
jq -r .prefix "$dir/truth" | sort -u >"$dir/prefixes"
rib Loc-RIB | jq -r .prefix | sort >"$dir/loc"
if cmp -s "$dir/prefixes" "$dir/loc"; then
	ok "Loc-RIB without a Peer Up ($(wc -l <"$dir/loc") routes)"
else
	diff "$dir/prefixes" "$dir/loc" >"$dir/diff"
	not_ok "Loc-RIB without a Peer Up" "$dir/diff"
fi
jq -cS 'del(.of)' "$dir/truth" | sort -u >"$dir/paths"
rib Loc-RIB | jq -cS 'del(.of)' | sort >"$dir/loc.paths"
same "$title: each of its paths is one that came" "" "$(comm -13 "$dir/paths" "$dir/loc.paths" | head -n 3)"
expect_peer "named, Loc-RIB counted, nothing unknown" '"sysname": "gobgp", "state": "up", "peers": 3.*"unknown_message": 0, "malformed": 0.*"no_peer_up": 1, "unknown_tlv": 0.*"updates_lost": 0'
kill "$sim"
mv "$dir/truth" "$dir/truth.all"
: >"$dir/truth"
expect_rib "gone with its peers" "Adj-RIB-In pre-policy" '.'
expect_rib "also from the Loc-RIB" "Loc-RIB" '.'
kill "$router"
kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
exit $failed
