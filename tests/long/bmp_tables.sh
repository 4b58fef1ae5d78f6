#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Ten full tables over BMP: ten peers of one router, which make one merged column. All routes arrive, no
# slice of the control loop takes more than 20 ms of CPU (by the clock more, where others have the CPU), also
# while a peer goes and comes back; then the router is killed, its routes are stale and go in slices as well.
#
#	WB_PREFIXES	size of each table (1000000)
. "$WB_SRC/tests/lib.sh"
need jq
n=${WB_PREFIXES:-1000000}

cat >"$dir/c.conf" <<C
bmp_daemon: true
bmp_daemon_ip: 127.0.0.1
bmp_daemon_port: $(port 1)
bmp_daemon_stale_time: 5
control_socket: control
plugins: print[p]
aggregate[p]: src_as
print_output_file[p]: out.csv
C
daemon c.conf
start sim "$WB_BUILD/waybill-sim" --prefixes "$n" --miss 0 --bmp "127.0.0.1:$(port 1)" --monitored 10 \
	--ribs post-policy --settle 0 --stay 600 --flap 10
begun=$(date +%s)
wait_for 300 grep -q '^routes' "$dir/sim.log"
wait_for 60 routes_are "$((10 * n))"
say $? "10 tables of $n prefixes are in the RIB after $(($(date +%s) - begun)) s"

slices() {
	ask --json status >"$dir/status.json"
	jq -r '"slices of the RIB \(.rib.slowest_slice_us) us (CPU: \(.rib.slowest_slice_cpu_us)), of BMP \(.bmp.slowest_slice_us) us (CPU: \(.bmp.slowest_slice_cpu_us)); merged columns \(.rib.merged_columns), \(.rib.column_bytes / 1048576 | floor) MiB of columns, \(.rib.attribute_bytes / 1048576 | floor) MiB of attributes; waits \(.bmp.waits)"' \
		"$dir/status.json"
	[ "$(jq '[.rib.slowest_slice_cpu_us, .bmp.slowest_slice_cpu_us] | max' "$dir/status.json")" -lt 20000 ]
}
slices
say $? "no slice was longer than 20 ms while they came"
grep VmHWM "/proc/$daemon/status"
wait_for 60 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.bmp.peer_down > 0'"
say $? "a peer goes"
wait_for 60 routes_are "$((10 * n))"
say $? "and is back with all its routes"
slices
say $? "no slice was longer than 20 ms while it went and came"
kill -9 "$last"
wait_for 60 routes_are 0
say $? "the killed router's routes end with their time"
sleep 2
slices
say $? "no slice was longer than 20 ms while they went"
# What the clock says beyond the CPU's time is mostly waiting for a CPU, where others have them.
awk '{ printf "# the control thread ran %d ms, and waited %d ms for a CPU\n", $1 / 1e6, $2 / 1e6 }' \
	"/proc/$daemon/task/$daemon/schedstat"
stop_daemon
exit $failed
