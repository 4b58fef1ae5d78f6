#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ExaBGP dials our speaker: what people write by hand and routers seldom send. Several paths, labels,
# VPNs, all kinds of communities, AIGP, an attribute nobody knows.
name=exabgp
. "$(dirname "$0")/lib.sh"
exabgp=$(command -v exabgp || echo /usr/sbin/exabgp)
need "$exabgp"

config() {
	cat <<END
neighbor 127.0.0.1 {
	router-id 127.0.0.2;
	local-address 127.0.0.2;
	local-as 65001;
	peer-as 65001;
	connect $port;
	hold-time 30;
	md5-password s3cret;
	md5-base64 false;
	capability {
		add-path send;
		route-refresh enable;
		graceful-restart 5;
		extended-message enable;
	}
	family {
		ipv4 unicast; ipv6 unicast; ipv4 nlri-mpls; ipv4 mpls-vpn; ipv6 mpls-vpn;
	}
	static {
		route 10.1.0.0/16 next-hop 192.0.2.1 path-information 1.2.3.4 local-preference 200 med 7 community [65001:1 no-export] large-community [4200000001:2:3] extended-community [target:65001:9];
		route 10.1.0.0/16 next-hop 192.0.2.2 path-information 0.0.0.9 as-path [65100 4200000001] aigp 99;
		route 10.2.0.0/16 next-hop 192.0.2.1 path-information 0.0.0.1 attribute [0x63 0xc0 0x0102];
		route 2001:db8:1::/48 next-hop 2001:db8:ffff::2 path-information 0.0.0.1;
		route 10.3.0.0/16 next-hop 192.0.2.1 label [300] path-information 0.0.0.1;
		route 10.1.0.0/16 next-hop 192.0.2.1 label [1001] rd 65001:1 path-information 0.0.0.1;
		route 10.1.0.0/16 next-hop 192.0.2.1 label [1002] rd 192.0.2.1:2 path-information 0.0.0.1;
	}
}
END
}

start_exabgp() {
	run_router exabgp env exabgp.daemon.user=root exabgp.api.cli=false exabgp.log.all=true \
	    exabgp.daemon.drop=false "$exabgp" "$dir/exabgp.conf"
}

echo "127.0.0.2, s3cret" >"$dir/md5"
options="-s 60"
listen 65001 "$dir/md5"
config >"$dir/exabgp.conf"
start_exabgp
cat >"$dir/want" <<'END'
{"from": "127.0.0.2", "kind": "labelled", "path_id": 1, "label": 300, "prefix": "10.3.0.0/16", "next_hop": "192.0.2.1", "as_path": "", "origin": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": ""}
{"from": "127.0.0.2", "kind": "vpn", "rd": "0:65001:1", "path_id": 1, "label": 1001, "prefix": "10.1.0.0/16", "next_hop": "192.0.2.1", "as_path": "", "origin": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": ""}
{"from": "127.0.0.2", "kind": "vpn", "rd": "1:192.0.2.1:2", "path_id": 1, "label": 1002, "prefix": "10.1.0.0/16", "next_hop": "192.0.2.1", "as_path": "", "origin": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": ""}
{"from": "127.0.0.2", "path_id": 1, "prefix": "10.2.0.0/16", "next_hop": "192.0.2.1", "as_path": "", "origin": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": ""}
{"from": "127.0.0.2", "path_id": 1, "prefix": "2001:db8:1::/48", "next_hop": "2001:db8:ffff::2", "as_path": "", "origin": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": ""}
{"from": "127.0.0.2", "path_id": 16909060, "prefix": "10.1.0.0/16", "next_hop": "192.0.2.1", "as_path": "", "origin": 0, "med": 7, "local_pref": 200, "comms": "65001:1 65535:65281", "ecomms": "RT:65001:9", "lcomms": "4200000001:2:3"}
{"from": "127.0.0.2", "path_id": 9, "prefix": "10.1.0.0/16", "next_hop": "192.0.2.2", "as_path": "65100 4200000001", "origin": 0, "local_pref": 100, "comms": "", "ecomms": "", "lcomms": "", "others": "1a000b01000b0000000000000063"}
END
expect "paths, labels, VPNs, attributes" 30 || { tail -n 20 "$dir/exabgp.log" | sed 's/^/# /'; exit 1; }
expect_peer "the session is as agreed" '"state": "Established", "hold_s": 30, "routes4": 3, "routes6": 1, "labelled": 1, "vpn": 2'
kill_router
expect_peer "stale once it is killed" '"state": "Idle".*"stale": true'
expect "stale routes stay"
sed -i '/10.3.0.0/d; /rd 65001:1 /d' "$dir/exabgp.conf"
start_exabgp
sed -i '/labelled/d; /0:65001:1/d' "$dir/want"
expect "back: swept at the end of RIB" 60
kill "$listen"
if wait "$listen"; then ok "ends in order"; else not_ok "ends in order" "$dir/log"; fi
