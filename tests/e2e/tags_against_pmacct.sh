#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same captures and maps through Debian's nfacctd and through ours under that name: tags, labels and what
# filters let through are the same rows. pmacct 1.7.7 knows no label for the next rule (jeq=next) and not
# yet the keys of ports, protocol, flags and forwarding status.
. "$WB_SRC/tests/lib.sh"
theirs=${WB_NFACCTD:-/usr/sbin/nfacctd}
need "$theirs"
data=$WB_SHARED_DATA/flow
[ -d "$data" ] || { echo "skip: no captures in $data; NOT TESTED"; exit 0; }

cat >"$dir/map" <<'C'
! jumps, labels, tags that add up
set_tag=1 filter='udp and (dst port 53 or src port 53)' jeq=dns
set_tag=5 src_net=192.168.0.0/16 dst_net=-192.168.0.0/16 jeq=out
set_tag=6 dst_net=10.0.0.0/8
set_tag=7 in=-0 vlan=-0
set_tag=8 flowset_id=256
set_tag=9 engine_id=0 engine_type=1
set_tag=10 sample_type=event
set_tag=11 src_mac=00:50:56:c0:00:01
set_tag=12 is_multicast=true
set_tag=13 nexthop=192.168.0.0/16
set_tag=14 bgp_nexthop=10.0.0.0/8
set_tag=15 src_as=-0
set_tag=16
set_label=dns label=dns jeq=more
set_tag2=3 label=out jeq=more
set_tag=100 stack=sum label=more jeq=last
set_tag=64 stack=or ip=0.0.0.0/0 label=last
C
cat >"$dir/own" <<'C'
set_label=tcp filter='tcp' jeq=rest
set_label=other
set_tag=2 filter='dst portrange 0-1023' label=rest
C

# configuration WHO CAPTURE
configuration() {
	cat <<-C
		pcap_savefile: $data/$2.pcap
		logfile: $dir/$2.$1.log
		print_refresh_time: 3600
		print_output: csv
		pre_tag_map: $dir/map
		plugins: print[all],print[hosts],print[some],print[none],print[range],print[label],print[own],print[post]
		aggregate: tag,tag2,label,proto
		aggregate[hosts]: tag,src_host,dst_host
		pre_tag_filter[some]: -16
		pre_tag_filter[range]: 0,9-200
		pre_tag2_filter[none]: 0
		pre_tag_label_filter[label]: dns
		pre_tag_map[own]: $dir/own
		pre_tag_filter[own]: 2
		post_tag[post]: 4711
		post_tag2[post]: 12
		pre_tag_filter[post]: 80,84,16
	C
	for o in all hosts some none range label own post; do
		echo "print_output_file[$o]: $dir/$2.$1.$o"
		[ "$1" = ours ] || echo "print_cache_entries[$o]: 1009"
	done
}
run() {
	configuration "$1" "$3" >"$dir/$3.$1.conf"
	timeout 60 "$2" -f "$dir/$3.$1.conf" >"$dir/$3.$1.out" 2>&1
}
# Labels of several are quoted here, as their commas would make columns of them.
rows() { [ ! -f "$1" ] || sed '1d; s/"//g' "$1" | LC_ALL=C sort; }
purged() { [ "$(grep -c 'Purging cache - END' "$dir/$1.theirs.log")" -ge 8 ]; }

for c in akvorado-nfv5 graylog-nprobe-netflow9 telegraf-netflow_v9_example logstash-netflow9_macaddr akvorado-mpls \
	exporter-softflowd-v9-http_ipv6 logstash-ipfix; do
	run theirs "$theirs" "$c" &
	wait_pid=$!
	run ours "$WB_BUILD/nfacctd" "$c"
	wait $wait_pid
	wait_for 30 purged "$c"
	for o in all hosts some none range label own post; do
		rows "$dir/$c.theirs.$o" >"$dir/want"
		rows "$dir/$c.ours.$o" >"$dir/got"
		cmp -s "$dir/want" "$dir/got"
		status=$?
		say $status "$c $o: $(wc -l <"$dir/want") rows are the same"
		[ $status = 0 ] || diff "$dir/want" "$dir/got" | head -n 8 | sed 's/^/    /'
	done
	rows "$dir/$c.theirs.all" >>"$dir/seen"
done
[ "$(cut -d, -f1 "$dir/seen" | sort -u | wc -l)" -ge 5 ]
say $? "rules that fit: tags $(cut -d, -f1 "$dir/seen" | sort -un | tr '\n' ' ')"
exit $failed
