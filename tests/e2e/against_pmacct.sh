#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same captures through Debian's nfacctd and through ours under that name: the rows of print are the
# same, sorted, in CSV and in JSON. Differences that are meant stand in against_pmacct.txt with their
# reasons; one that is listed and no longer there is a failure too. WB_CAPTURES=all runs every capture.
. "$WB_SRC/tests/lib.sh"
theirs=${WB_NFACCTD:-/usr/sbin/nfacctd}
need "$theirs"
data=$WB_SHARED_DATA/flow
[ -d "$data" ] || { echo "skip: no captures in $data; NOT TESTED"; exit 0; }

captures="akvorado-mpls akvorado-nfv5 exporter-pmacctd-nfprobe-ipfix-dns exporter-softflowd-v9-http_ipv6
	fluent-v9-mpls graylog-netflow5 graylog-nprobe-netflow9 logstash-ipfix_vmware_vds logstash-ipfix
	logstash-netflow9_cisco_asr9k logstash-netflow9_macaddr logstash-netflow9_paloalto_panos
	logstash-netflow9_ubnt_edgerouter telegraf-netflow_v9_example"
[ "${WB_CAPTURES:-}" != all ] || captures=$(cd "$data" && ls ./*.pcap | sed 's/^..//; s/\.pcap$//')

cat >"$dir/aggregates" <<EOF
five src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,in_iface,out_iface
l2 src_mac,dst_mac,vlan,etype
as src_as,dst_as,flows
times src_host,dst_host,timestamp_start,timestamp_end
sumhost sum_host
sumport sum_port
net src_net,dst_net,src_mask,dst_mask
router peer_src_ip,export_proto_version,export_proto_seqno,class,sampling_direction,mpls_vpn_rd
EOF
cat >"$dir/networks" <<EOF
10.0.0.0/8
192.168.0.0/16
192.168.1.0/24
172.16.0.0/12
8.8.0.0/16
2001:db8::/32
2a00::/16
2a00:d40::/32
fd00::/16
fe80::/10
EOF

# configuration WHO CAPTURE: all aggregates in both formats in one run.
configuration() {
	plugins=$(sed 's/^\([^ ]*\) .*/print[\1_csv],print[\1_json]/' "$dir/aggregates" | paste -sd, -)
	cat <<EOF
pcap_savefile: $data/$2.pcap
logfile: $dir/$2.$1.log
networks_file: $dir/networks
nfacctd_net: file
print_refresh_time: 3600
plugins: $plugins
EOF
	[ "$1" = ours ] || echo "print_cache_entries: 1009"
	while read -r name words; do
		for o in csv json; do
			echo "aggregate[${name}_$o]: $words"
			echo "print_output[${name}_$o]: $o"
			echo "print_output_file[${name}_$o]: $dir/$2.$1.${name}_$o"
		done
	done <"$dir/aggregates"
}

run() {
	configuration "$1" "$3" >"$dir/$3.$1.conf"
	timeout 60 "$2" -f "$dir/$3.$1.conf" >"$dir/$3.$1.out" 2>&1
}

# rows FILE: sorted; JSON with its fields in one order and as later versions of pmacct have it: tcp_flags is
# a number, an RD has its origin beside it, counters of zero are there, a stamp that
# was not told has no microseconds.
rows() {
	[ -f "$1" ] || return 0
	case $1 in
	*theirs*_json) jq -cS '(if .tcp_flags then .tcp_flags |= tonumber else . end) |
		(if .mpls_vpn_rd then .mpls_vpn_rd_origin = "unknown" else . end) |
		.bytes += 0 | .packets += 0' "$1" ;;
	*_json) jq -cS . "$1" ;;
	*) sed 1d "$1" ;;
	esac | sed 's/0000-00-00 00:00:00\.000000/0000-00-00 00:00:00/' | LC_ALL=C sort
}

all_purged() {
	[ "$(grep -c 'Purging cache - END' "$dir/$1.theirs.log")" -ge $((2 * $(wc -l <"$dir/aggregates"))) ]
}

need jq
for c in $captures; do
	run theirs "$theirs" "$c" &
	wait_pid=$!
	run ours "$WB_BUILD/nfacctd" "$c"
	wait $wait_pid
	# Its plugins are processes that may write on after it has gone.
	wait_for 30 all_purged "$c"
	rows "$dir/$c.theirs.five_csv" >"$dir/want"
	[ -s "$dir/want" ]
	say $? "$c: nfacctd wrote $(wc -l <"$dir/want") five-tuples"
	while read -r name words; do
		for o in csv json; do
			rows "$dir/$c.theirs.${name}_$o" >"$dir/want"
			rows "$dir/$c.ours.${name}_$o" >"$dir/got"
			reason=$(awk -v c="$c" -v n="$name" '$1 == c && $2 == n { sub(/^[^ ]+ +[^ ]+ +/, ""); print }' \
				"$WB_SRC/tests/e2e/against_pmacct.txt")
			if cmp -s "$dir/want" "$dir/got"; then
				[ -z "$reason" ]
				say $? "$c $name $o: $(wc -l <"$dir/want") rows are the same${reason:+, listed as different}"
			else
				[ -n "$reason" ]
				say $? "$c $name $o: differs${reason:+: $reason}"
				[ -n "$reason" ] || diff "$dir/want" "$dir/got" | head -n 8 | sed 's/^/    /'
			fi
		done
	done <"$dir/aggregates"
done
exit $failed
