# Faults of a database server and of the daemon, each ending in exact sums. Sourced after servers.sh.

# adds_up NAME EXPECTED: table and ledger have these packets.
adds_up() {
	same "$1: the table" "$2" "$(db_sql 'SELECT sum(packets) FROM faults')"
	same "$1: the ledger" "$2" "$(db_sql 'SELECT sum(packets) FROM waybill_ledger')"
}

# kill -9 of the database at random moments while purges are written without pause. WB_KILLS: how often.
kill_database() {
	kills=0 most=${WB_KILLS:-5}
	db_sql "DROP TABLE IF EXISTS waybill_ledger"
	start writer env WB_SQL_HOST="$db_host" "$WB_BUILD/tests/sql/write_purges" "$db_engine" $((8 * most)) 20000
	writer=$last
	while kill -0 "$writer" 2>/dev/null && [ $kills -lt "$most" ]; do
		# A moment between 0 and 0.5 s, by the clock.
		sleep "0.$(date +%N | cut -c4-5 | awk '{ printf "%03d", $1 * 5 }')"
		kill -0 "$writer" 2>/dev/null || break
		db_kill
		kills=$((kills + 1))
		db_start
	done
	wait "$writer"
	same "all purges are written although the database was killed" 0 $?
	[ $kills = "$most" ]
	say $? "killed $most times ($kills), $(sed -n 's/.*\(tries.*\)/\1/p' "$dir/writer.log")"
	adds_up "killed database" "$(sed -n 's/^packets \([0-9]*\) .*/\1/p' "$dir/writer.log")"
}

# A connection cut in mid-COMMIT, with the commit done, not done, and who knows.
cut_commits() {
	db_sql "DROP TABLE faults; DROP TABLE waybill_ledger"
	mkdir "$db_dir/proxy"
	case $db_engine in
	mysql) proxy_host=$db_dir/proxy/s; proxy_to=$db_dir/s; via=unix:$proxy_host ;;
	pgsql) proxy_host=$db_dir/proxy/.s.PGSQL.5432; proxy_to=$db_dir/.s.PGSQL.5432; via=unix:$db_dir/proxy ;;
	esac
	start proxy "$WB_BUILD/tests/sql/cut_proxy" "$proxy_host" "$proxy_to"
	proxy=$last
	wait_for 5 grep -q ready "$dir/proxy.log"
	start cut env WB_SQL_HOST="$via" "$WB_BUILD/tests/sql/write_purges" "$db_engine" 40 500
	wait "$last"
	same "all purges are written although COMMITs got no answer" 0 $?
	[ "$(sed -n 's/.*tries //p' "$dir/cut.log")" -gt 60 ]
	say $? "connections were cut ($(sed -n 's/.*\(tries.*\)/\1/p' "$dir/cut.log") for 40 purges)"
	grep -q 'already' "$dir/cut.log"
	say $? "some had landed all the same"
	adds_up "cut COMMITs" "$(sed -n 's/^packets \([0-9]*\) .*/\1/p' "$dir/cut.log")"
	same "as many rows of the ledger as purges" 40 "$(db_sql 'SELECT count(*) FROM waybill_ledger')"
	share_pieces "cut COMMITs of three connections" "$via" $([ "${WB_KILLS:-5}" -ge 20 ] && echo 3 || echo 1)
	grep -q 'rows of purge [0-9]* are in' "$dir/shared.log"
	say $? "pieces whose COMMIT got no answer were found in the ledger"
	kill "$proxy"
	[ "${WB_KILLS:-5}" -lt 20 ] || share_pieces "killed in the middle" "$db_host" 3
}

# share_pieces NAME HOST PURGES: of three pieces each, by three connections, through the proxy or past a
# server that is killed: some pieces land, the others follow.
share_pieces() {
	db_sql "DROP TABLE IF EXISTS faults; DROP TABLE IF EXISTS waybill_ledger"
	start shared env WB_SQL_HOST="$2" WB_SQL_EXTRA="sql_connections: 3" \
		"$WB_BUILD/tests/sql/write_purges" "$db_engine" "$3" 450000
	shared=$last
	if [ "$1" = "killed in the middle" ]; then
		for second in 2 3; do
			sleep $second
			kill -0 "$shared" 2>/dev/null || break
			db_kill
			db_start
		done
	fi
	wait "$shared"
	same "$1: all pieces are written" 0 $?
	[ "$(sed -n 's/.*tries //p' "$dir/shared.log")" -gt "$3" ]
	say $? "$1: some had to be tried again ($(sed -n 's/.*\(tries.*\)/\1/p' "$dir/shared.log") for $3 purges)"
	adds_up "$1" "$(sed -n 's/^packets \([0-9]*\) .*/\1/p' "$dir/shared.log")"
	same "$1: a row of the ledger for each piece" "$3 purges, $((3 * $3)) pieces" \
		"$(db_sql 'SELECT count(DISTINCT seq), count(*) FROM waybill_ledger' | sed 's/|/ purges, /; s/$/ pieces/')"
}

# kill -9 of the daemon: what it had taken into its journal is written once by the next one.
kill_daemon() {
	db_sql "DROP TABLE faults; DROP TABLE waybill_ledger"
	cat >"$dir/f.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		control_socket: control
		state_dir: $dir
		checkpoint_interval: 1
		plugins: $db_engine[f]
		aggregate[f]: src_host, dst_host
		sql_host[f]: $db_host
		sql_table[f]: faults
		sql_optimize_clauses[f]: true
		sql_refresh_time[f]: 2
		sql_history[f]: 5m
		sql_history_roundoff[f]: m
	C
	sent=0
	for round in 1 2 3 4 5 6; do
		daemon f.conf
		before=$(ask --json status | jq '.outputs[0] | .bytes_held + .bytes_purged')
		"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" "192.0.2.$round,198.51.100.1,1000,$round" \
			192.0.2.99,198.51.100.1,500,10
		sent=$((sent + round + 10))
		# Held or purged: from then on it is in the journal or in the table.
		wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status |
			jq -e '.outputs[0] | .bytes_held + .bytes_purged == $before + 1500'" || say 1 "flows come in"
		sleep "1.$round"
		kill -9 "$daemon"
		wait "$daemon" 2>/dev/null
	done
	daemon f.conf
	wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status |
		jq -e '.outputs[0] | .bytes_held == 0 and .journal_batches == 0'"
	books_balance
	stop_daemon
	adds_up "killed daemon" $sent
}

# A user that may not make the ledger: the error says what to do; once that is done, all goes on.
refuse_ledger() {
	db_sql "DROP TABLE waybill_ledger"
	case $db_engine in
	mysql) db_sql "CREATE USER weak@localhost IDENTIFIED BY 'arealsmartpwd';
		GRANT SELECT, INSERT, UPDATE, CREATE TEMPORARY TABLES ON pmacct.* TO weak@localhost" ;;
	pgsql) db_sql "CREATE USER weak; GRANT SELECT, INSERT, UPDATE ON faults TO weak" ;;
	esac
	sent=$(db_sql 'SELECT sum(packets) FROM faults')
	sed 's/^sql_host.*/&\nsql_user[f]: weak/; s/refresh_time.*/refresh_time[f]: 1/' "$dir/f.conf" >"$dir/weak.conf"
	sed -i "s|state_dir: .*|state_dir: $dir/weak|" "$dir/weak.conf"
	mkdir "$dir/weak"
	daemon weak.conf
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" 192.0.2.99,198.51.100.1,500,10
	wait_for 10 grep -q 'GRANT SELECT, INSERT, DELETE ON waybill_ledger' "$dir/waybilld.log"
	say $? "a ledger that may not be made: the error says how to make it"
	ddl=$(sed -n 's/.*As an administrator: \(CREATE.*\); GRANT.*/\1/p' "$dir/waybilld.log" | head -n 1)
	db_sql "$ddl"
	[ $db_engine = mysql ] || db_sql "GRANT SELECT, INSERT, DELETE ON waybill_ledger TO weak"
	wait_for 40 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.outputs[0].bytes_held == 0'"
	stop_daemon
	same "and then the rows land" $((sent + 10)) "$(db_sql 'SELECT sum(packets) FROM faults')"
}

# MariaDB: nothing that commits by itself stands between BEGIN and COMMIT, by the server's own log.
watch_statements() {
	db_sql "DROP TABLE faults; DROP TABLE waybill_ledger"
	db_admin mysql "SET GLOBAL general_log_file = '$db_dir/general.log'; SET GLOBAL general_log = 1"
	WB_SQL_HOST="$db_host" "$WB_BUILD/tests/sql/write_purges" mysql 12 200 >"$dir/watched.log" 2>&1
	same "purges while the server's log is on" 0 $?
	db_test_server >"$dir/watched.log"
	db_admin mysql "SET GLOBAL general_log = 0"
	awk '{ if (!match($0, /[0-9]+ Query\t/)) next; at = substr($0, RSTART, RLENGTH); n = at + 0
		what = substr($0, RSTART + RLENGTH) }
		what ~ /^BEGIN/ { within[n] = 1; begun++; next } what ~ /^(COMMIT|ROLLBACK$)/ { within[n] = 0 }
		within[n] { split(what, word, " "); print word[1] } END { print begun >"/dev/stderr" }' \
		"$db_dir/general.log" 2>"$dir/begun" | sort -u >"$dir/within"
	[ "$(cat "$dir/begun")" -gt 50 ]
	say $? "transactions were watched ($(cat "$dir/begun"))"
	same "nothing in them commits by itself" "" \
		"$(grep -E '^(CREATE|DROP|ALTER|TRUNCATE|LOCK|UNLOCK|RENAME|SET|BEGIN|START|GRANT|ANALYZE)' "$dir/within")"
	same "rows go in bulk" 1 "$(grep -c '^LOAD' "$dir/within")"
}
