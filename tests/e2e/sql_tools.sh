#!/bin/sh
# The tools around the SQL outputs, with each engine: tables made by `waybill schema`, compared and
# found to differ; the books compared by `waybill verify`; journals listed, shown, replayed and played.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
need jq ps setpriv sqlite3

wb() { "$WB_BUILD/waybill" "$@"; }

# run STATUS NAME COMMAND...: its exit status; the output is in $dir/out.
run() {
	want=$1 what=$2
	shift 2
	"$@" >"$dir/out" 2>&1
	got=$?
	same "$engine: $what" "$want" "$got"
	[ "$got" = "$want" ] || sed 's/^/    /' "$dir/out"
}

# has NAME TEXT: in $dir/out
has() {
	grep -qF -e "$2" "$dir/out"
	status=$?
	say $status "$engine: $1"
	[ $status = 0 ] || sed 's/^/    /' "$dir/out"
}

q() {
	case $engine in
	sqlite3) sqlite3 "$dir/acct.db" "$1" ;;
	*) db_sql "$1" ;;
	esac
}

ddl() {
	case $engine in
	sqlite3) sqlite3 "$dir/acct.db" <"$1" ;;
	mysql) mariadb --no-defaults -u root -S "$db_dir/s" pmacct <"$1" ;;
	pgsql) { echo "SET ROLE pmacct;"; cat "$1"; } >"$1.role" && db_file "$1.role" ;;
	esac
}

configuration() {
	cat >"$dir/t.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		control_socket: control
		state_dir: $dir/$engine
		checkpoint_interval: 1
		plugins: $engine[x], $engine[y]
		aggregate: src_host, dst_host, proto, src_as, dst_as, flows
		sql_optimize_clauses: true
		sql_history: 5m
		sql_history_roundoff: m
		sql_refresh_time: 3600
		sql_table[x]: mine
		sql_table[y]: dyn_%Y%m%d
	C
	mkdir -p "$dir/$engine"
	case $engine in
	sqlite3) echo "sql_db: $dir/acct.db" >>"$dir/t.conf" ;;
	*) echo "sql_host: $db_host" >>"$dir/t.conf" ;;
	esac
}

flows() {
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" "$@"
	wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.input.flows >= $#'"
}

# flushed COMMAND...: purges are asked for until it succeeds; a slice may not be with its output yet.
flushed() { ask flush >/dev/null && sleep 0.2 && "$@"; }
nothing_held() { ask --json status | jq -e 'all(.outputs[]; .bytes_held == 0 and .bytes_purged > 0)'; }
has_batch() { ls "$dir/$engine/journal/x"/*/batch-*; }

# The recommended tables take what the outputs write, and are found equal; a change is named.
schemas() {
	[ $engine != sqlite3 ] || sqlite3 "$dir/acct.db" "VACUUM"
	run 1 "no table yet" wb schema --conf "$dir/t.conf" --output x --check
	has "and it is said" "no such table"
	wb schema --conf "$dir/t.conf" --output x --days 3 >"$dir/ddl"
	run 0 "the recommended table is made" ddl "$dir/ddl"
	run 0 "and equal to itself" wb schema --conf "$dir/t.conf" --output x --check
	has "in words" "mine: equal"
}

writes() {
	daemon t.conf
	flows 192.0.2.1,198.51.100.1,1000,10 192.0.2.2,198.51.100.1,500,5 192.0.2.3,198.51.100.3,300,3
	wait_for 10 flushed nothing_held
	books_balance
	stop_daemon
	same "$engine: the recommended table has what came" "18|1800|3" \
		"$(q 'SELECT sum(packets), sum(bytes), sum(flows) FROM mine')"
	run 0 "still equal" wb schema --conf "$dir/t.conf" --output x --check
}

differences() {
	case $engine in
	mysql) q "DROP INDEX mine_as_dst ON mine; ALTER TABLE mine ADD extra INT, MODIFY as_src BIGINT NOT NULL" ;;
	pgsql) q "DROP INDEX mine_as_dst; ALTER TABLE mine ADD extra INT; ALTER TABLE mine ALTER as_src TYPE numeric(12)" ;;
	sqlite3) q "DROP INDEX mine_as_dst; ALTER TABLE mine ADD extra INT" ;;
	esac
	run 1 "a changed table differs" wb schema --conf "$dir/t.conf" --check --output x
	has "the missing index is named" "no index for reports by as_dst"
	has "and the column too many" "column extra ("
	[ $engine = sqlite3 ] || has "and the type" "column as_src is"
	case $engine in
	mysql) q "ALTER TABLE mine DROP extra, MODIFY as_src INT UNSIGNED NOT NULL" ;;
	pgsql) q "ALTER TABLE mine DROP extra; ALTER TABLE mine ALTER as_src TYPE bigint" ;;
	sqlite3) q "ALTER TABLE mine DROP extra" ;;
	esac
	sed -n 's/.*\(CREATE INDEX.*\)/\1;/p' "$dir/out" >"$dir/ddl"
	ddl "$dir/ddl"
	run 0 "mended by what was printed" wb schema --conf "$dir/t.conf" --output x --check
}

books() {
	run 0 "the books are right, also of a table per day" wb verify --conf "$dir/t.conf"
	has "of the fixed table" "mine: 1 bins, as the ledger has them: 18 packets, 1800 bytes"
	has "of the table of the day" "dyn_2"
	q "UPDATE mine SET bytes = bytes + 7 WHERE packets = 5"
	run 1 "a changed row is found" wb verify --conf "$dir/t.conf" --output x
	has "with its sums" "bytes: ledger 1800, table 1807"
	run 1 "in JSON" wb verify --conf "$dir/t.conf" --output x --json
	same "$engine: with its bin" 1 "$(jq -s '.[0].differences | length' "$dir/out")"
	run 0 "not outside of the span asked for" wb verify --conf "$dir/t.conf" --output x --to 2020-01-01
	run 1 "but inside" wb verify --conf "$dir/t.conf" --output x --from "2020-01-01 00:00"
	q "UPDATE mine SET bytes = bytes - 7 WHERE packets = 5"
	run 0 "nothing is left" wb verify --conf "$dir/t.conf" --output x
}

# A table that takes nothing while the daemon runs: the rows wait in the journal.
journals() {
	q "ALTER TABLE mine RENAME TO away; CREATE TABLE mine (other INT)"
	daemon t.conf
	flows 192.0.2.7,198.51.100.1,700,7 192.0.2.8,198.51.100.1,80,8
	wait_for 10 flushed has_batch
	run 0 "a waiting purge is listed" wb journal --conf "$dir/t.conf" --output x
	has "as waiting" "waiting"
	run 2 "no replay while the daemon has the journal" wb journal --conf "$dir/t.conf" --output x replay
	has "and it is said" "the daemon that holds it"
	stop_daemon
	q "DROP TABLE mine"
	q "ALTER TABLE away RENAME TO mine"
	run 0 "its rows are shown" wb journal --conf "$dir/t.conf" --output x show
	has "as CSV" "192.0.2.7"
	run 0 "or as JSON" wb journal --conf "$dir/t.conf" --output x show --json
	same "$engine: all of them" 15 "$(jq -s 'map(.packets) | add' "$dir/out")"
	run 0 "without a configuration" wb journal --dir "$dir/$engine/journal" list --json
	same "$engine: the sums are there" "15|780" \
		"$(jq -rs 'map(select(.segment | startswith("batch"))) | "\(map(.packets) | add)|\(map(.bytes) | add)"' "$dir/out")"
	cp -r "$dir/$engine/journal/x" "$dir/copy"
	[ $engine = sqlite3 ] || players
	run 0 "the journal is replayed" wb journal --conf "$dir/t.conf" --output x replay
	same "$engine: each row once" "33|2580" "$(q 'SELECT sum(packets), sum(bytes) FROM mine')"
	run 0 "once more" wb journal --conf "$dir/t.conf" --output x replay
	has "with nothing to do" "0 purges, 0 rows"
	run 0 "a copy of the journal" wb journal --conf "$dir/t.conf" --output x --dir "$dir/copy" list
	has "has landed" "landed"
	run 0 "the books are right" wb verify --conf "$dir/t.conf" --output x
	rm -rf "$dir/copy"
}

players() {
	player=$dir/pmmyplay
	[ $engine = mysql ] || player=$dir/pmpgplay
	ln -sf "$WB_BUILD/waybill" "$player"
	segment=$(ls "$dir/copy"/*/batch-*)
	run 0 "a test" "$player" -f "$segment" -c "$dir/t.conf" -C x -t -d -o 2 -n 1
	has "prints the rows asked for" "192.0.2.8"
	same "$engine: and no other" 1 "$(grep -c '192.0.2' "$dir/out")"
	same "$engine: and writes nothing" 18 "$(q 'SELECT sum(packets) FROM mine')"
	run 0 "played into another table" "$player" -f "$segment" -c "$dir/t.conf" -C x -T played -n 1
	same "$engine: one row" "7|700" "$(q 'SELECT packets, bytes FROM played')"
	run 0 "played by hand" "$player" -f "$(ls "$dir/$engine"/journal/x/*/batch-*)" -c "$dir/t.conf"
	same "$engine: it is in the table" 33 "$(q 'SELECT sum(packets) FROM mine')"
	run 0 "a second time" "$player" -f "$segment" -c "$dir/t.conf" -C x
	same "$engine: changes nothing" 33 "$(q 'SELECT sum(packets) FROM mine')"
	q "DELETE FROM waybill_ledger WHERE table_name = 'played'"
}

# Other shapes of tables: the columns of version 9 with fixed values, and all as numbers.
shapes() {
	sed -e "s/^plugins.*/plugins: $engine[old], $engine[num]/" -e '/_table/d' -e '/^sql_optimize/d' "$dir/t.conf" >"$dir/s.conf"
	cat >>"$dir/s.conf" <<-C
		sql_table[old]: old
		sql_table_version: 9
		sql_table[num]: num
		sql_optimize_clauses[num]: true
		sql_num_hosts[num]: true
		sql_num_protos[num]: true
		timestamps_since_epoch[num]: true
	C
	wb schema --conf "$dir/s.conf" >"$dir/ddl"
	run 0 "tables of other shapes are made" ddl "$dir/ddl"
	run 0 "and equal" wb schema --conf "$dir/s.conf" --check
	daemon s.conf
	flows 192.0.2.1,198.51.100.1,1000,10 192.0.2.2,198.51.100.1,500,5
	wait_for 10 flushed nothing_held
	stop_daemon
	for table in old num; do
		same "$engine: $table takes what came" "15|1500" "$(q "SELECT sum(packets), sum(bytes) FROM $table")"
	done
	run 0 "the books are right" wb verify --conf "$dir/s.conf"
	has "by numbers, too" "num: 1 bins, as the ledger"
	same "$engine: both ways by AS" "1500|1500" "$(q 'SELECT sum(bytes_in), sum(bytes_out) FROM (
		SELECT as_src AS asn, bytes AS bytes_in, 0 AS bytes_out FROM old UNION ALL SELECT as_dst, 0, bytes FROM old) t')"
}

for engine in ${WB_ENGINES:-sqlite3 mysql pgsql}; do
	[ $engine = sqlite3 ] || db_make $engine
	configuration
	schemas
	writes
	differences
	books
	journals
	shapes
	[ $engine = sqlite3 ] || { db_kill; rm -rf "$db_dir"; }
done
exit $failed
