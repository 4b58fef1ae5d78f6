#!/bin/sh
# A daemon without BGP is small: below 16 MiB of memory, with flows going through it.
. "$WB_SRC/tests/lib.sh"
need jq
cat >"$dir/c.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 1)
control_socket: control
plugins: print[p]
aggregate[p]: src_host, dst_host
print_output_file[p]: out.csv
print_output[p]: csv
print_refresh_time[p]: 5
C
daemon c.conf
"$WB_BUILD/waybill-sim" --prefixes 1000 --flow "127.0.0.1:$(port 1)" --flows 20000 --rate 20000 --datagrams 20 >"$dir/sim.log"
wait_for 20 all_in
books_balance
rss=$(awk '/^VmHWM/ { print $2 }' "/proc/$daemon/status")
[ "$rss" -lt 16384 ]
say $? "peak memory is $rss KiB, below 16 MiB"
stop_daemon
exit $failed
