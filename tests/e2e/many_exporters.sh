#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Thousands of exporters: the table of them is made by the reader, whole and in order, while control
# answers others; and a daemon that ends with such a table in the making ends well.
. "$WB_SRC/tests/lib.sh"
need jq
n=${WB_EXPORTERS:-5000}
if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt $((n + 100)) ]; then
	echo "skip - a socket per exporter: more than $(ulimit -Hn) are not to be had"
	exit 0
fi
ulimit -n $((n + 100))

cat >"$dir/c.conf" <<-C
	nfacctd_ip: 127.0.0.1
	nfacctd_port: $(port 1)
	control_socket: control
	plugins: print[p]
	aggregate[p]: proto
	print_output_file[p]: p.csv
C
exporters_are() { [ "$(ask --json exporters | jq length)" = "$1" ]; }

daemon c.conf
start sim "$WB_BUILD/waybill-sim" --prefixes 1000 --miss 0 --flow "127.0.0.1:$(port 1)" --exporters "$n" \
	--datagrams "$n" --rate 20000 --seconds 20 --settle 0
wait_for 60 exporters_are "$n"
say $? "all $n are listed"
wait_for 60 sh -c "! kill -0 $last 2>/dev/null"
ask --json exporters >"$dir/list"
same "each once" "$n" "$(jq -r '.[].exporter' "$dir/list" | sort -u | wc -l)"
same "the busiest first" true "$(jq 'map(.flows_per_s) | . == (sort | reverse)' "$dir/list")"
same "their books balance" 0 "$(jq 'map(.balance) | map(select(. != 0)) | length' "$dir/list")"
same "the part of each worker" 1 \
	"$(jq '[group_by(.worker)[] | .[0].worker_share] | add | (. * 1000 | round) / 1000' "$dir/list")"
same "top: so many of them" 8 "$(ask top 7 | wc -l)"
same "a line for each, with head and shares" $((n + 3)) "$(ask exporters | wc -l)"

asking=
for i in 1 2 3 4 5 6; do
	ask --json exporters >"$dir/list$i" 2>/dev/null &
	asking="$asking $!"
done
ask --json status | jq -e .input >"$dir/said"
say $? "control answers meanwhile"
# shellcheck disable=SC2086
wait $asking
whole=0
for i in 1 2 3 4 5 6; do
	[ "$(jq length "$dir/list$i")" = "$n" ] && whole=$((whole + 1))
done
same "those who asked at once have all of it" 6 "$whole"

for i in 1 2 3 4 5 6; do
	ask --json exporters >"$dir/cut$i" 2>/dev/null &
done
stop_daemon
exit $failed
