# SPDX-License-Identifier: BSD-2-Clause
# For the tests with other people's BMP speakers, on top of lib.sh. Two simulated routers peer with the
# router under test, which tells us over BMP what it got and what it made of it; the truth is what the same
# routers tell us by BGP.

. "$(dirname "$0")/lib.sh"
need jq ss
routers="--routers 2 --prefixes 400 --miss ${miss:-10} --as 64511 --settle 0"

# station AS|bmp: our side, listening. Titles keep their name over `start`, which has one as well.
title=$name
station() {
	listen "$1"
	wait_for 10 sh -c "ss -Hlnt | grep -q ':$port '"
	sleep 0.2
}
ok() { say 0 "$title: $1"; }
not_ok() { say 1 "$title: $1"; [ $# -lt 2 ] || head -n 20 "$2" | sed 's/^/# /'; }

# truth: $dir/truth, a JSON line per route, of (router) instead of "from".
truth() {
	station 64511
	# shellcheck disable=SC2086
	start truth "$build/waybill-sim" $routers --bgp "127.0.0.1:$port" --stay 30
	wait_for 20 grep -q '^routes' "$dir/truth.log" || not_ok "the simulator tells its table" "$dir/truth.log"
	n=$(sed -n 's/^routes //p' "$dir/truth.log")
	for i in $(seq 80); do
		dump
		[ "$(wc -l <"$dir/routes")" = "$n" ] && break
		sleep 0.1
	done
	jq -cS '.of = .from | del(.from)' "$dir/routes" | sort >"$dir/truth"
	kill "$last" "$listen"
	wait "$last" "$listen" 2>/dev/null
	[ -s "$dir/truth" ] || not_ok "the truth is known"
}

# rib NAME: what we hold of that RIB now, like the truth.
rib() {
	jq -cS --arg rib "$1" 'select(.rib == $rib) | del(.from, .rib)' "$dir/routes" | sort
}

# expect_rib TITLE NAME FILTER: that RIB comes to be the truth through a jq filter.
expect_rib() {
	jq -cS "$3" "$dir/truth" | sort >"$dir/want.rib"
	for i in $(seq 120); do
		dump
		rib "$2" >"$dir/got.rib"
		if cmp -s "$dir/want.rib" "$dir/got.rib"; then
			ok "$1 ($(wc -l <"$dir/got.rib") routes)"
			return 0
		fi
		sleep 0.25
	done
	diff "$dir/want.rib" "$dir/got.rib" >"$dir/diff"
	cat "$dir/log" >>"$dir/diff"
	not_ok "$1" "$dir/diff"
	return 1
}
