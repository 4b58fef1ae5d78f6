#!/bin/sh
# The walk-through that sent many people to pmacct, word for word, on MariaDB: the database made from
# sql/, sum_host over the billed subnets into a table of version 1; then mysql[intl_in] and
# mysql[intl_out] with tables made from the file of version 5 and two columns for interfaces; these with
# and without a primary key, with and without sql_optimize_clauses.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
need jq setpriv
db_make mysql
printf '10.1.0.0/16\n10.2.3.0/24\n' >"$dir/networks"
# Twice the same three flows, with a purge between: inside to outside, outside to inside, inside to inside.
flows() {
	for n in 1 2; do
		"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" 10.1.5.5,198.51.100.9,1000,10,1,2 \
			198.51.100.9,10.1.5.5,5000,20,2,1 10.2.3.4,10.1.5.6,700,7,1,1
		wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.input.flows == $((3 * n))'"
		ask flush >/dev/null
		wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status |
			jq -e 'all(.outputs[]; .bytes_held == 0)'"
	done
}
head_of_file() {
	cat <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		control_socket: control
		state_dir: $dir
		sql_host: $db_host
		sql_user: pmacct
		sql_passwd: arealsmartpwd
		networks_file: networks
		networks_file_filter: true
	C
}

db_file "$WB_SRC/sql/pmacct-create-db_v1.mysql"
{
	head_of_file
	cat <<-C
		plugins: mysql
		aggregate: sum_host
		sql_db: pmacct
		sql_table: acct
		sql_table_version: 1
		sql_refresh_time: 60
		sql_history: 5m
		sql_history_roundoff: m
	C
} >"$dir/one.conf"
daemon one.conf
flows
books_balance
stop_daemon
same "sum_host: each inside host with its own bytes, the rest under 0.0.0.0" \
	"0.0.0.0|12000 10.1.5.5|12000 10.1.5.6|1400 10.2.3.4|1400" \
	"$(db_sql 'SELECT ip_src, SUM(bytes) FROM acct GROUP BY 1 ORDER BY 1' | tr '\n' ' ' | sed 's/ $//')"

# intl TABLE KEYED: the file of version 5, with another name and two columns more.
intl() {
	sed -e "s/acct_v5/$1/" -e "s/^\tpackets /\tiface_in INT UNSIGNED NOT NULL,\n\tiface_out INT UNSIGNED NOT NULL,\n&/" \
		-e "s/tos, stamp_inserted)/tos, iface_in, iface_out, stamp_inserted)/" \
		"$WB_SRC/sql/pmacct-create-db_v5.mysql" >"$dir/intl.sql"
	[ "$2" = keyed ] || sed -i -e '/PRIMARY KEY/d' -e 's/\(stamp_updated DATETIME\),/\1/' "$dir/intl.sql"
	db_file "$dir/intl.sql"
}
for keyed in keyed keyless; do
	for optimize in false true; do
		db_sql "DROP TABLE IF EXISTS intl_in, intl_out"
		intl intl_in $keyed
		intl intl_out $keyed
		{
			head_of_file
			cat <<-C
				plugins: mysql[intl_in], mysql[intl_out]
				aggregate[intl_in]: dst_host, in_iface, out_iface
				aggregate[intl_out]: src_host, in_iface, out_iface
				sql_db: pmacct
				sql_table[intl_in]: intl_in
				sql_table[intl_out]: intl_out
				sql_table_version: 5
				sql_optimize_clauses: $optimize
				sql_refresh_time: 300
				sql_history: 5m
				sql_history_roundoff: mh
			C
		} >"$dir/two.conf"
		daemon two.conf
		flows
		stop_daemon
		case="$keyed, sql_optimize_clauses: $optimize"
		same "[intl_in] has what inside hosts received ($case)" \
			"0.0.0.0|1|2|2000 10.1.5.5|2|1|10000 10.1.5.6|1|1|1400" "$(db_sql 'SELECT ip_dst, iface_in, iface_out,
			SUM(bytes) FROM intl_in GROUP BY 1, 2, 3 ORDER BY 1' | tr '\n' ' ' | sed 's/ $//')"
		same "[intl_out] has what inside hosts sent ($case)" \
			"0.0.0.0|2|1|10000 10.1.5.5|1|2|2000 10.2.3.4|1|1|1400" "$(db_sql 'SELECT ip_src, iface_in, iface_out,
			SUM(bytes) FROM intl_out GROUP BY 1, 2, 3 ORDER BY 1' | tr '\n' ' ' | sed 's/ $//')"
		[ "$(db_sql 'SELECT COUNT(*) FROM intl_in')" -le 6 ] && grep -c 'not written' "$dir/waybilld.log" | grep -q '^0$'
		say $? "purges of a bin add up, nothing was refused ($case)"
	done
done
exit $failed
