#!/bin/sh
# The walk-through that sent many people to pmacct: sum_host over the billed subnets into a table of
# version 1; then two plugins [in] and [out] with a table each. First without networks_file_filter
# (the old implicit rule), then with it.
. "$WB_SRC/tests/lib.sh"
need sqlite3 jq

printf '10.1.0.0/16\n10.2.3.0/24\n' >"$dir/networks"
# Three flows: inside to outside, outside to inside, inside to inside; IPFIX, written by hand.
flows() {
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" \
		10.1.5.5,198.51.100.9,1000,10,1,2 198.51.100.9,10.1.5.5,5000,20,2,1 10.2.3.4,10.1.5.6,700,7,1,1
}
table() { sqlite3 -separator ' ' "$dir/$1" "$2"; }

for filter in "" "networks_file_filter: true"; do
	label=${filter:-without networks_file_filter}
	rm -f "$dir"/acct.db*
	sqlite3 "$dir/acct.db" <"$WB_SRC/sql/pmacct-create-table_v1.sqlite3"
	cat >"$dir/one.conf" <<-C
		! as it stands in many notebooks
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		plugins: sqlite3
		aggregate: sum_host
		networks_file: networks
		$filter
		sql_db: acct.db
		sql_table: acct
		sql_table_version: 1
		sql_refresh_time: 60
		sql_history: 5m
		sql_history_roundoff: m
	C
	sed -i '/^nfacctd_ip/a control_socket: control' "$dir/one.conf"
	(cd "$dir" && exec "$WB_BUILD/nfacctd" -f one.conf) >"$dir/waybilld.log" 2>&1 &
	daemon=$!
	pids="$pids $daemon"
	wait_for 10 ask status
	say $? "nfacctd starts ($label)"
	flows
	wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.input.flows == 3'"
	books_balance
	stop_daemon
	same "sum_host: each inside host with its own bytes, the rest under 0.0.0.0 ($label)" \
		"0.0.0.0 6000
10.1.5.5 6000
10.1.5.6 700
10.2.3.4 700" "$(table acct.db 'SELECT ip_src, SUM(bytes) FROM acct GROUP BY 1 ORDER BY 1')"
	same "sum_host counts every flow twice ($label)" "13400 74" \
		"$(table acct.db 'SELECT SUM(bytes), SUM(packets) FROM acct')"
done

rm -f "$dir"/acct.db*
for t in acct_in acct_out; do
	sed "s/\bacct\b/$t/g" "$WB_SRC/sql/pmacct-create-table_v1.sqlite3" | sqlite3 "$dir/acct.db"
done
cat >"$dir/two.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 1)
control_socket: control
plugins: sqlite3[in], sqlite3[out]
aggregate[in]: dst_host
aggregate[out]: src_host
networks_file: networks
networks_file_filter: true
sql_db: acct.db
sql_table[in]: acct_in
sql_table[out]: acct_out
sql_refresh_time: 60
sql_history: 5m
sql_history_roundoff: mh
C
daemon two.conf
flows
wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.input.flows == 3'"
stop_daemon
same "[in] has what inside hosts received" "0.0.0.0 1000
10.1.5.5 5000
10.1.5.6 700" "$(table acct.db 'SELECT ip_dst, SUM(bytes) FROM acct_in GROUP BY 1 ORDER BY 1')"
same "[out] has what inside hosts sent" "0.0.0.0 5000
10.1.5.5 1000
10.2.3.4 700" "$(table acct.db 'SELECT ip_src, SUM(bytes) FROM acct_out GROUP BY 1 ORDER BY 1')"
exit $failed
