# For scripts that fill pmacct's tables of versions 1 to 9 from one capture by Debian's nfacctd and by ours,
# and compare. Sourced behind lib.sh; ends the script where the capture is not there.
theirs=${WB_NFACCTD:-/usr/sbin/nfacctd}
versions="1 2 3 4 5 6 7 8 9"
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

# fill WHO PROGRAM PLUGIN KEYS: a table per version, all in one run. database_of WHO V gives keys of a table's own.
fill() {
	plugins=
	{
		for v in $versions; do
			plugins="$plugins${plugins:+,}$3[v$v]"
			cat <<-C
				aggregate[v$v]: $(aggregate "$v")
				$(database_of "$1" "$v")
				sql_table[v$v]: $(table "$v")
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
			$4
		C
	} >"$dir/$1.conf"
	(cd "$dir" && exec timeout 60 "$2" -f "$dir/$1.conf") >"$dir/$1.out" 2>&1
}

# rows_are_the_same WHAT V COLUMNS: of the files theirs.V and ours.V.
rows_are_the_same() {
	[ -s "$dir/theirs.$2" ] && cmp -s "$dir/theirs.$2" "$dir/ours.$2"
	status=$?
	say $status "$1: $(wc -l <"$dir/theirs.$2") rows of $3 are the same"
	[ $status = 0 ] || diff "$dir/theirs.$2" "$dir/ours.$2" | head -n 6 | sed 's/^/    /'
}
