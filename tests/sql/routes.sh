# Routes in SQL, for each engine: after flaps and churn, with the database away for a while, and after a
# kill of the daemon, the table of current routes is what `waybill rib` tells, and so is its history
# replayed. Sourced after tests/lib.sh; ENGINE and what asks it:
#
#   engine             mysql, pgsql or sqlite3
#   db_sql STATEMENT   fields are separated by |
#   db_away, db_back   the database is away, and comes back

# Addresses and prefixes as text.
addr() { [ $engine = pgsql ] && echo "host($1)" || echo "$1"; }
pfx() { [ $engine = pgsql ] && echo "text($1)" || echo "$1"; }

route_columns() {
	echo "$(addr peer_ip_src), rd, $(pfx ip_prefix), as_path_id, $(addr bgp_nexthop), as_path, origin,
		coalesce(local_pref, 0), coalesce(med, 0), coalesce(comms, '')"
}

current() { db_sql "SELECT $(route_columns) FROM $table" | LC_ALL=C sort; }

replayed() {
	db_sql "SELECT $(route_columns) FROM (SELECT h.*, row_number() OVER (PARTITION BY peer_ip_src,
		bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd, ip_prefix, as_path_id
		ORDER BY timestamp DESC, seq DESC) AS nth FROM ${table}_history h WHERE afi > 0 AND
		run = (SELECT max(run) FROM ${table}_history)) AS l
		WHERE nth = 1 AND log_type = 'update'" | LC_ALL=C sort
}

in_rib() {
	for of in 0.0.0.0/0 ::/0; do
		ask --json rib --longer $of --limit 1000000
	done | jq -r '.. | objects | select(has("ip_prefix")) | [.peer_ip_src // .bmp_router, .rd // "",
		.ip_prefix, .as_path_id // 0, .bgp_nexthop, .as_path, .origin, .local_pref // 0,
		.med // 0, .comms // ""] | map(tostring) | join("|")' | LC_ALL=C sort
}

# Nothing is on its way: changes stand still, and all of them are written.
quiet() {
	a=$(ask --json status | jq -c '.routes[0] | [.current.changes, .current.waiting + .current.writing,
		.history.open + .history.held, .state]')
	sleep 0.5
	b=$(ask --json status | jq -c '.routes[0] | [.current.changes, .current.waiting + .current.writing,
		.history.open + .history.held, .state]')
	[ "$a" = "$b" ] && [ "$(echo "$a" | jq -c '.[1:]')" = '[0,0,"ok"]' ]
}

tables_are_the_rib() {
	wait_for 30 quiet
	say $? "$1: all is written"
	in_rib >"$dir/rib.txt"
	current >"$dir/current.txt"
	replayed >"$dir/replayed.txt"
	[ -s "$dir/rib.txt" ] && cmp -s "$dir/rib.txt" "$dir/current.txt"
	say $? "$1: current routes are those of the RIB ($(wc -l <"$dir/rib.txt"))"
	diff "$dir/rib.txt" "$dir/current.txt" | head -5
	cmp -s "$dir/rib.txt" "$dir/replayed.txt"
	say $? "$1: the history replayed is the same"
	diff "$dir/rib.txt" "$dir/replayed.txt" | head -5
	same "$1: the books balance" "[0,0]" \
		"$(ask --json status | jq -c '.routes[0] | [.current.balance, .history.balance]')"
	same "$1: nothing is lost" 0 "$(ask --json status | jq '.routes[0].history.lost')"
}

# routes_daemon PROGRAM: by $dir/c.conf.
routes_daemon() {
	(cd "$dir" && exec "$WB_BUILD/$1" -f c.conf) >"$dir/waybilld.log" 2>&1 &
	daemon=$!
	pids="$pids $daemon"
	wait_for 10 ask status || { cat "$dir/waybilld.log"; exit 1; }
}

# routers SEED SECONDS OPTION...: they change and flap so long, and stay. The port takes no flows.
routers() {
	seed=$1
	seconds=$2
	shift 2
	start sim "$WB_BUILD/waybill-sim" --as 64500 --routers 3 --prefixes "${WB_PREFIXES:-3000}" --miss 5 \
		--seed "$seed" --flow "127.0.0.1:$(port 9)" --rate 10 --seconds "$seconds" --stay 600 "$@"
	sim=$last
}

# The routers are gone without a word, so what they told stays as it is.
freeze() {
	kill -9 "$sim"
	wait "$sim" 2>/dev/null
}

unrest_over() { grep -q '^flows' "$dir/sim.log"; }
state_is() { [ "$(ask --json status | jq -r '.routes[0].state == "ok"')" = "$1" ]; }
history_held() { [ "$(ask --json status | jq '.routes[0].history.held')" -gt 1000 ]; }

# What does not change any more stands in /metrics as it does in status.
metrics_are_the_status() {
	curl -s "http://127.0.0.1:$(port 4)/metrics" >"$dir/metrics"
	ask --json status | jq -r --arg type "$engine" '.routes[0] | to_entries[] | select(.value | type == "object") |
		.key as $book | .value | to_entries[] | select(.key | IN("changes", "written", "lost", "removed")) |
		"waybill_routes_\($book)_\(.key)_total{output=\"r\",type=\"\($type)\"} \(.value)"' >"$dir/told"
	[ "$(wc -l <"$dir/told")" -ge 5 ] && [ "$(grep -cxFf "$dir/told" "$dir/metrics")" = "$(wc -l <"$dir/told")" ]
	say $? "metrics have the $(wc -l <"$dir/told") counters of the status"
}

test_routes() {
	bgp="--bgp 127.0.0.1:$(port 2)"
	cat >"$dir/c.conf" <<-C
		control_socket: control
		state_dir: state
		bgp_daemon_ip: 127.0.0.1
		bgp_daemon_as: 64500
		bgp_daemon_port: $(port 2)
		http_listen: 127.0.0.1:$(port 4)
		bgp_daemon_stale_time: 600
		plugins: $engine[r]
		sql_db[r]: $db_name
		sql_host[r]: $db_host
		sql_history[r]: 1h
		sql_refresh_time[r]: 1
	C
	table=bgp_routes
	routes_daemon pmbgpd
	routers 1 4 $bgp --churn 500 --flap 1 --flap-all --flap-times 3
	wait_for 30 unrest_over
	say $? "routers change their routes and lose their sessions"
	freeze
	tables_are_the_rib "flaps"
	metrics_are_the_status

	db_away
	routers 2 3 $bgp --churn 500
	wait_for 30 unrest_over
	wait_for 30 state_is false
	say $? "a database that is away is said"
	wait_for 30 history_held
	say $? "and the history waits on disk"
	db_back
	wait_for 30 state_is true
	say $? "and the database takes routes again"
	freeze
	tables_are_the_rib "after the database was away"

	routers 3 30 $bgp --churn 500
	sleep 3
	kill -9 "$daemon"
	freeze
	wait "$daemon" 2>/dev/null
	sed -i 's/stale_time: 600/stale_time: 3/' "$dir/c.conf"
	routes_daemon pmbgpd
	routers 4 1 $bgp
	wait_for 30 unrest_over
	wait_for 30 swept
	say $? "what an earlier run left and nobody tells is swept"
	tables_are_the_rib "after a kill"
	stop_daemon
}

swept() { grep -q "rows of an earlier time are gone" "$dir/waybilld.log"; }

# Also over BMP: each peer and RIB of a router is somebody of its own.
test_bmp_routes() {
	cat >"$dir/c.conf" <<-C
		control_socket: control
		state_dir: state-bmp
		bmp_daemon_ip: 127.0.0.1
		bmp_daemon_port: $(port 3)
		plugins: $engine[r]
		sql_db[r]: $db_name
		sql_host[r]: $db_host
		sql_history[r]: 1h
		sql_refresh_time[r]: 1
	C
	table=bmp_routes
	routes_daemon pmbmpd
	routers 5 4 --bmp "127.0.0.1:$(port 3)" --monitored 3 --ribs loc-rib,post-policy --flap 1
	wait_for 30 unrest_over
	freeze
	tables_are_the_rib "BMP"
	same "BMP: by RIB" "in-post
loc-rib" "$(db_sql "SELECT DISTINCT bmp_rib_type FROM bmp_routes ORDER BY 1")"
	stop_daemon
}
