#!/bin/sh
# Ten million entries are handed over and purged, twice, while 500,000 flows a second go on coming in:
# no datagram is lost, and what was written is what was sent. Takes two minutes and 4 GiB.
. "$WB_SRC/tests/lib.sh"
need jq
: "${KEYS:=10000000}" "${RATE:=500000}" "${SECONDS_ALL:=75}"

cat >"$dir/c.conf" <<-C
	nfacctd_ip: 127.0.0.1
	nfacctd_port: $(port 1)
	workers: 1
	control_socket: control
	plugins: print[p]
	aggregate[p]: src_host, dst_host, src_port, dst_port, proto
	print_output[p]: csv
	print_output_file[p]: out.csv
	print_output_file_append[p]: true
	print_refresh_time[p]: 30
C
daemon c.conf
start sim "$WB_BUILD/waybill-sim" --prefixes 100000 --flow "127.0.0.1:$(port 1)" --rate "$RATE" \
	--flows $((RATE * SECONDS_ALL)) --datagrams $((KEYS / 18 + 1)) --expect "$dir/expect.csv"
wait "$last"
same "the simulator is content" 0 $?
wait_for 60 all_in
say $? "every datagram was received"
books_balance
same "nothing was lost" 0 "$(jq .input.kernel_drops+.input.sequence_lost "$dir/status.json")"
rows=$(jq '.outputs[0].rows_purged' "$dir/status.json")
[ "$rows" -gt "$KEYS" ]
say $? "$rows rows were purged meanwhile"
stop_daemon
same "bytes written are bytes sent" \
	"$(awk -F, 'NR > 1 { b += $NF } END { printf "%.0f", b }' "$dir/expect.csv")" \
	"$(awk -F, '$NF ~ /^[0-9]+$/ { b += $NF } END { printf "%.0f", b }' "$dir/out.csv")"
exit $failed
