#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Replays each NetFlow and IPFIX capture and compares the rows with those kept in flow/, and the
# exporters' counters with flow/counters. The rows were compared with tshark (compare_tshark.sh) and,
# field by field, with what nfacctd 1.7.7 prints. The books are asserted after every datagram.
#
#	flow_rows.sh [--record]			record: write what comes out now, to be looked at
set -u
here=$(dirname "$0")
data=${WB_SHARED_DATA:-$here/../../../shared/data}
rows=${WB_BUILD:-$here/../../build}/tests/golden/flow_rows
export LC_ALL=C

[ -d "$data/flow" ] || {
	echo "skip - flow_rows: no captures at $data/flow: nothing was compared"
	exit 0
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for f in "$data"/flow/*.pcap "$data"/malformed/*netflow*.pcap; do
	name=$(basename "$f" .pcap)
	{ "$rows" "$f" && "$rows" -s "$f" >"$work/sums"; } >"$work/$name.tsv" 2>"$work/err" || {
		echo "not ok - $name: status $? (2: the books do not balance)"
		failed=1
		continue
	}
	# Long ones are kept as a checksum of their rows.
	[ "$(wc -l <"$work/$name.tsv")" -le 200 ] ||
	    { cksum <"$work/$name.tsv" >"$work/ck" && mv "$work/ck" "$work/$name.tsv"; }
	sed "s/^/$name	/" "$work/sums" >>"$work/counters"
	if [ "${1:-}" = --record ]; then
		cp "$work/$name.tsv" "$here/flow/"
	elif diff -u "$here/flow/$name.tsv" "$work/$name.tsv"; then
		echo "ok - $name: rows"
	else
		echo "not ok - $name: rows"
		failed=1
	fi
done
if [ "${1:-}" = --record ]; then
	cp "$work/counters" "$here/flow/counters"
elif diff -u "$here/flow/counters" "$work/counters"; then
	echo "ok - counters of all captures"
else
	echo "not ok - counters of all captures"
	failed=1
fi
exit $failed
