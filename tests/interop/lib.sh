# SPDX-License-Identifier: BSD-2-Clause
# For the tests against other people's routers, on top of tests/lib.sh: our speaker and its dumps. Needs
# $name; sets $port and $listen.

. "$WB_SRC/tests/lib.sh"
chmod 755 "$dir"
build=$WB_BUILD
port=$(port 1)

ok() { say 0 "$name: $1"; }
not_ok() { say 1 "$name: $1"; [ $# -lt 2 ] || head -n 20 "$2" | sed 's/^/# /'; }

# listen AS [MD5-FILE]: start our speaker on 127.0.0.1, or on $address, with $options; with "bmp" as
# AS, a BMP station.
listen() {
	# shellcheck disable=SC2086
	"$build/tests/bgp/bgp_listen" ${options:-} "${address:-127.0.0.1}" "$port" "$1" 192.0.2.77 ${2:+"$2"} \
	    >"$dir/out" 2>"$dir/log" &
	listen=$!
	pids="$pids $listen"
	wait_for 10 grep -q ready "$dir/out"
}

# dump: what our speaker holds now, sorted, in $dir/peers and $dir/routes, edited by $filter.
dump() {
	ends=$(grep -c '^{"end"' "$dir/out")
	kill -USR1 "$listen" || return 1
	for i in $(seq 100); do
		[ "$(grep -c '^{"end"' "$dir/out")" -gt "$ends" ] && break
		sleep 0.05
	done
	awk -v skip="$ends" '/^{"end"/ { n++; next } n == skip' "$dir/out" >"$dir/now"
	grep '^{"peer"' "$dir/now" >"$dir/peers"
	grep '^{"from"' "$dir/now" | sed "${filter:-}" | LC_ALL=C sort >"$dir/routes"
}

# expect TITLE [SECONDS]: the routes become those of $dir/want.
expect() {
	LC_ALL=C sort "$dir/want" >"$dir/want.sorted"
	for i in $(seq $((${2:-20} * 4))); do
		dump
		if cmp -s "$dir/want.sorted" "$dir/routes"; then
			ok "$1 ($(wc -l <"$dir/routes") routes)"
			return 0
		fi
		sleep 0.25
	done
	diff "$dir/want.sorted" "$dir/routes" >"$dir/diff"
	cat "$dir/log" >>"$dir/diff"
	not_ok "$1" "$dir/diff"
	return 1
}

# expect_peer TITLE PATTERN: a neighbour's line comes to match.
expect_peer() {
	for i in $(seq 60); do
		dump
		if grep -q "$2" "$dir/peers"; then
			ok "$1"
			return 0
		fi
		sleep 0.25
	done
	not_ok "$1" "$dir/peers"
	return 1
}

# run_router NAME COMMAND...: a speaker of other people, its output in $dir/NAME.log; pid in $router.
run_router() {
	router_log=$dir/$1.log
	shift
	"$@" >>"$router_log" 2>&1 &
	router=$!
	pids="$pids $router"
}

# kill_router: without a word to its neighbours, and wait for its end.
kill_router() {
	kill -9 "$router"
	wait "$router" 2>/dev/null
}
