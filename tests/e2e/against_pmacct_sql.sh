#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# SQLite tables of versions 1 to 9, made by the files of sql/, filled from one capture by Debian's nfacctd
# and by ours under that name: the rows are the same, column by column, but for the stamp of writing.
. "$WB_SRC/tests/lib.sh"
theirs=${WB_NFACCTD:-/usr/sbin/nfacctd}
need "$theirs" sqlite3
capture=$WB_SHARED_DATA/flow/akvorado-nfv5.pcap
[ -f "$capture" ] || { echo "skip: no $capture; NOT TESTED"; exit 0; }

five=src_host,dst_host,src_port,dst_port,proto
aggregate() {
	case $1 in
	1) echo "$five" ;;
	2) echo "$five,vlan" ;;
	3) echo "$five,vlan,tos" ;;
	4 | 5) echo "$five,vlan,tos,flows" ;;
	6) echo "$five,vlan,tos,flows,src_as,dst_as" ;;
	*) echo "$five,vlan,tos,flows,src_as,dst_as,tcpflags" ;;
	esac
}

# fill WHO PROGRAM: a table per version, all in one run.
fill() {
	plugins=
	{
		for v in 1 2 3 4 5 6 7 8 9; do
			sqlite3 "$dir/$1.$v.db" <"$WB_SRC/sql/pmacct-create-table_v$v.sqlite3"
			table=acct_v$v
			[ $v != 1 ] || table=acct
			plugins="$plugins${plugins:+,}sqlite3[v$v]"
			cat <<-C
				aggregate[v$v]: $(aggregate $v)
				sql_db[v$v]: $dir/$1.$v.db
				sql_table[v$v]: $table
				sql_table_version[v$v]: $v
			C
		done
		cat <<-C
			plugins: $plugins
			pcap_savefile: $capture
			logfile: $dir/$1.log
			sql_refresh_time: 3600
			sql_history: 1h
			sql_history_roundoff: mh
			$3
		C
	} >"$dir/$1.conf"
	timeout 60 "$2" -f "$dir/$1.conf" >"$dir/$1.out" 2>&1
}

fill theirs "$theirs" "sql_cache_entries: 1009"
fill ours "$WB_BUILD/nfacctd" ""
for v in 1 2 3 4 5 6 7 8 9; do
	table=acct_v$v
	[ $v != 1 ] || table=acct
	columns=$(sqlite3 "$dir/ours.$v.db" "SELECT group_concat(name) FROM pragma_table_info('$table')
		WHERE name != 'stamp_updated'")
	for who in theirs ours; do
		sqlite3 "$dir/$who.$v.db" "SELECT $columns FROM $table" | LC_ALL=C sort >"$dir/$who.$v"
	done
	[ -s "$dir/theirs.$v" ] && cmp -s "$dir/theirs.$v" "$dir/ours.$v"
	status=$?
	say $status "version $v: $(wc -l <"$dir/theirs.$v") rows of $columns are the same"
	[ $status = 0 ] || diff "$dir/theirs.$v" "$dir/ours.$v" | head -n 6 | sed 's/^/    /'
done
exit $failed
