#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pmbgpd: BGP only. It starts by the options of pmacct without any output, takes routes, opens no port for
# flows and has no traffic to account; a plugin in its file is not for it.
. "$WB_SRC/tests/lib.sh"
need jq ss

cat >"$dir/pmbgpd.conf" <<C
control_socket: control
bgp_daemon_ip: 127.0.0.1
bgp_daemon_as: 64500
C
(cd "$dir" && exec "$WB_BUILD/pmbgpd" -f pmbgpd.conf -l "$(port 1)") >"$dir/waybilld.log" 2>&1 &
daemon=$!
pids="$pids $daemon"
wait_for 10 ask status
say $? "pmbgpd starts without bgp_daemon, plugins or a port for flows"
same "it has no outputs" 0 "$(ask --json status | jq '.outputs | length')"
same "it listens for BGP and for nothing over UDP" "1 0" \
	"$(ss -Hlntp | grep -c "pid=$daemon,") $(ss -Hlnup | grep -c "pid=$daemon,")"

start sim "$WB_BUILD/waybill-sim" --bgp "127.0.0.1:$(port 1)" --prefixes 500 --miss 0 --stay 20
wait_for 20 routes_are 500
say $? "it takes the routes of a peer"
same "no flow was accounted" 0 "$(ask --json status | jq .input.flows)"
stop_daemon
exit $failed
