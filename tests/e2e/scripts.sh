#!/bin/sh
# The scripts in conf/scripts against a running daemon.
. "$WB_SRC/tests/lib.sh"
need rrdtool gnuplot snmpd snmpget jq
cat >"$dir/c.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 1)
control_socket: control
plugins: memory[in], memory[out], print[p]
aggregate[in]: dst_host
aggregate[out]: src_host
imt_path[in]: $dir/in.pipe
imt_path[out]: $dir/out.pipe
nfacctd_as: netflow
aggregate[p]: dst_as
print_output[p]: csv
print_output_file[p]: as.csv
print_refresh_time[p]: 2
C
export WAYBILL_IN="$dir/in.pipe" WAYBILL_OUT="$dir/out.pipe" PMACCT="$WB_BUILD/pmacct"
s=$WB_SRC/conf/scripts
daemon c.conf
"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" \
	192.0.2.1,198.51.100.9,1000,10 198.51.100.9,192.0.2.1,5000,20 198.51.100.9,192.0.2.1,300,1
wait_for 5 sh -c "'$s/counters.sh' dst_host src_host 192.0.2.1 | grep -q '^5300 1000$'"
same "counters" "5300 1000" "$("$s/counters.sh" dst_host src_host 192.0.2.1)"
same "counters of packets" "21 10" "$("$s/counters.sh" dst_host src_host 192.0.2.1 packets)"
same "an absent host counts 0" "0 0" "$("$s/counters.sh" dst_host src_host 203.0.113.1)"
same "mrtg" "5300 1000 192.0.2.1" "$("$s/mrtg.sh" dst_host src_host 192.0.2.1 | sed -n '1p;2p;4p' | tr '\n' ' ' | sed 's/ $//')"
same "cacti" "in:5300 out:1000" "$("$s/cacti.sh" dst_host src_host 192.0.2.1)"
"$s/rrdtool.sh" update "$dir/h.rrd" dst_host src_host 192.0.2.1 && "$s/rrdtool.sh" graph "$dir/h.rrd" "$dir/h.png" host
[ -s "$dir/h.png" ]
say $? "rrdtool draws"
wait_for 5 test -s "$dir/as.csv"
"$s/gnuplot.sh" "$dir/as.csv" "$dir/as.png"
[ -s "$dir/as.png" ]
say $? "gnuplot draws"
same "snmpd's pass, get" "counter64 5300" "$("$s/snmpd.sh" dst_host src_host 192.0.2.1 -g .1.3.6.1.4.1.8072.9999.9999.1.1.0 | tail -n 2 | tr '\n' ' ' | sed 's/ $//')"
cat >"$dir/snmpd.conf" <<C
rocommunity public 127.0.0.1
pass .1.3.6.1.4.1.8072.9999.9999.1 /bin/sh $s/snmpd.sh dst_host src_host 192.0.2.1
C
start snmpd snmpd -f -Lo -C -c "$dir/snmpd.conf" -p "$dir/snmpd.pid" "udp:127.0.0.1:$(port 3)"
wait_for 5 sh -c "snmpget -v2c -c public -Oqv 127.0.0.1:$(port 3) .1.3.6.1.4.1.8072.9999.9999.1.1.0 | grep -q 5300"
same "snmpget of both" "5300 1000" "$(snmpget -v2c -c public -Oqv "127.0.0.1:$(port 3)" \
	.1.3.6.1.4.1.8072.9999.9999.1.1.0 .1.3.6.1.4.1.8072.9999.9999.1.2.0 | tr '\n' ' ' | sed 's/ $//')"
stop_daemon
exit $failed
