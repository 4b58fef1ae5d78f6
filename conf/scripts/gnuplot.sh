#!/bin/sh
# Draw the busiest ASes of a file that `print` wrote as CSV:
#   aggregate[p]: dst_as        print_output[p]: csv
#   gnuplot.sh FILE.csv PICTURE.png [N]
set -eu
data=$(mktemp)
trap 'rm -f "$data"' EXIT
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) { if ($i == "DST_AS") a = i; if ($i == "BYTES") b = i } next }
	a && b { sum[$a] += $b } END { for (k in sum) printf "%s %.0f\n", k, sum[k] }' "$1" |
	sort -k2 -rn | head -n "${3:-10}" >"$data"
[ -s "$data" ] || {
	echo "$1 has no columns DST_AS and BYTES" >&2
	exit 1
}
gnuplot <<-G
	set terminal png size 900,500
	set output "$2"
	set style fill solid 0.8
	set boxwidth 0.7
	set yrange [0:*]
	set ylabel "bytes"
	set xtics rotate by -40
	plot "$data" using 2:xtic(1) with boxes linecolor rgb "#2f4fa0" title "to AS"
G
