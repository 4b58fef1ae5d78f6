#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Tables of versions 1 to 9 in MariaDB and PostgreSQL, made by the files of sql/, filled from one capture by
# Debian's nfacctd and by ours under that name: the rows are the same, column by column, but for the
# stamp of writing.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
theirs=${WB_NFACCTD:-/usr/sbin/nfacctd}
need "$theirs" setpriv
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
table() { [ "$1" = 1 ] && echo acct || echo "acct_v$1"; }

# make_tables WHO: a database of that name with all tables.
make_tables() {
	case $db_engine in
	mysql) db_admin mysql "CREATE DATABASE $1; GRANT ALL PRIVILEGES ON $1.* TO pmacct@localhost" ;;
	pgsql) db_admin postgres "CREATE DATABASE $1 OWNER pmacct" ;;
	esac
	for f in "$WB_SRC"/sql/pmacct-create-*_v[1-9]*."$db_engine"; do
		sed -e "s/^\\\\c pmacct/\\\\c $1/" -e "s/IF NOT EXISTS pmacct;/IF NOT EXISTS $1;/" -e "s/^USE pmacct/USE $1/" \
			"$f" >"$dir/make.sql"
		db_file "$dir/make.sql" 2>"$dir/make.log" || { say 1 "$f"; cat "$dir/make.log"; }
	done
}

# fill WHO PROGRAM HOST: a table per version, all in one run.
fill() {
	plugins=
	{
		for v in 1 2 3 4 5 6 7 8 9; do
			plugins="$plugins${plugins:+,}$db_engine[v$v]"
			cat <<-C
				aggregate[v$v]: $(aggregate $v)
				sql_table[v$v]: $(table $v)
				sql_table_version[v$v]: $v
			C
		done
		cat <<-C
			plugins: $plugins
			sql_db: $1
			sql_host: $3
			sql_user: pmacct
			sql_passwd: arealsmartpwd
			pcap_savefile: $capture
			logfile: $dir/$1.log
			sql_refresh_time: 3600
			sql_history: 1h
			sql_history_roundoff: mh
			$4
		C
	} >"$dir/$1.conf"
	(cd "$dir" && exec timeout 60 "$2" -f "$dir/$1.conf") >"$dir/$1.out" 2>&1
}

for engine in mysql pgsql; do
	db_make $engine
	for who in theirs ours; do
		make_tables $who
	done
	fill theirs "$theirs" "${db_host#$([ $engine = pgsql ] && echo unix:)}" "sql_cache_entries: 1009"
	fill ours "$WB_BUILD/nfacctd" "$db_host" ""
	for v in 1 2 3 4 5 6 7 8 9; do
		t=$(table $v)
		columns=$(db_sql "SELECT column_name FROM information_schema.columns WHERE table_name = '$t' AND
			column_name <> 'stamp_updated' AND table_schema IN ('ours', 'public')" | sort -u | paste -sd, -)
		[ -n "$columns" ] || columns=$(db_admin ours "SELECT column_name FROM information_schema.columns WHERE
			table_name = '$t' AND column_name <> 'stamp_updated'" | sort -u | paste -sd, -)
		for who in theirs ours; do
			db_admin $who "SELECT $columns FROM $t" | LC_ALL=C sort >"$dir/$who.$v"
		done
		[ -s "$dir/theirs.$v" ] && cmp -s "$dir/theirs.$v" "$dir/ours.$v"
		status=$?
		say $status "$engine, version $v: $(wc -l <"$dir/theirs.$v") rows of $columns are the same"
		[ $status = 0 ] || diff "$dir/theirs.$v" "$dir/ours.$v" | head -n 6 | sed 's/^/    /'
	done
	db_kill
	rm -rf "$db_dir"
done
exit $failed
