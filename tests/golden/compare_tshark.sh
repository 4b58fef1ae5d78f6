#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compares, record by record, what tshark and we read from each NetFlow and IPFIX capture: source,
# destination, packets and bytes of all data records (options data is not counted on either side).
# Captures where the two are known to differ stand in compare_tshark.txt with the sums of both and
# the reason.
#
#	compare_tshark.sh [CAPTURE...]		default: all below $WB_SHARED_DATA
#
# Needs tshark and the captures; says loudly when it has to skip.
set -u
here=$(dirname "$0")
data=${WB_SHARED_DATA:-$here/../../../shared/data}
rows=${WB_BUILD:-$here/../../build}/tests/golden/flow_rows
export LC_ALL=C

skip() {
	echo "skip - compare_tshark: $1: nothing was compared"
	exit 0
}
command -v tshark >/dev/null || skip "tshark is not installed"
[ -d "$data/flow" ] || skip "no captures at $data/flow"
[ $# -gt 0 ] || set -- "$data"/flow/*.pcap "$data"/malformed/*netflow*.pcap

ports=
for p in 2055 2056 2100 4739 8096 9990 9991 9995 9996 20055 20056; do
	ports="$ports -d udp.port==$p,cflow"
done

# A line "source destination packets bytes" per record. Bytes are the octets, else the total, else
# the octets after the exporter's own doing, as nfacctd chooses; the same for packets.
tshark_rows() {
	# shellcheck disable=SC2086
	tshark -r "$1" $ports -V -O cflow 2>/dev/null | awk '
	function flush() {
		if (!in_record)
			return
		in_record = 0
		printf "%s %s %.0f %.0f\n", src ? src : "-", dst ? dst : "-",
		    pkt ? pkt : perm_pkt ? perm_pkt : post_pkt,
		    oct ? oct : perm_oct ? perm_oct : post_oct
	}
	function fresh() {
		flush()
		in_record = 1
		src = dst = ""
		oct = perm_oct = post_oct = pkt = perm_pkt = post_pkt = 0
	}
	/^Frame / { flush() }
	/^Internet Protocol/ { from = $0; sub(/.*Src: /, "", from); sub(/,.*/, "", from) }
	/^    (SourceId|Observation Domain Id): / { domain = $NF }
	/^    (Flow)?Set [0-9]+/ {
		flush()
		set = $0; sub(/.*\[id=/, "", set); sub(/\].*/, "", set)
	}
	/Options Template \(Id = / { id = $0; sub(/.*Id = /, "", id); sub(/\).*/, "", id)
		options[from, domain, id] = 1; next }
	/ Template \(Id = / { id = $0; sub(/.*Id = /, "", id); sub(/,.*/, "", id)
		delete options[from, domain, id] }
	/^        Flow [0-9]+/ { flush(); if (!((from, domain, set) in options)) fresh() }
	/^    pdu [0-9]+/ { fresh() }
	/\(Reverse / { next }
	/^ +SrcAddr: / && (src == "" || src == "0.0.0.0" || src == "::")	{ src = $2 }
	/^ +DstAddr: / && (dst == "" || dst == "0.0.0.0" || dst == "::")	{ dst = $2 }
	/^ +Octets: /			{ oct = $2 }
	/^ +Permanent Octets: /		{ perm_oct = $3 }
	/^ +Post Octets: /		{ post_oct = $3 }
	/^ +Packets: /			{ pkt = $2 }
	/^ +Permanent Packets: /	{ perm_pkt = $3 }
	/^ +Post Packets: /		{ post_pkt = $3 }
	END { flush() }' | sort
}

our_rows() {
	"$rows" "$1" 2>/dev/null | awk -F '\t' 'NR > 1 { print $6, $7, $15, $16 }' | sort
}

# "records packets bytes" of rows.
sums() {
	awk '{ n++; p += $3; b += $4 } END { printf "%.0f %.0f %.0f\n", n, p, b }'
}

# What is expected to differ: "name | tshark | ours | reason".
known_difference() {
	awk -F ' *[|] *' -v n="$1" -v t="$2" -v o="$3" \
	    '$1 == n && $2 == t && $3 == o { print $4 }' "$here/compare_tshark.txt"
}

failed=0
for f; do
	name=$(basename "$f" .pcap)
	theirs=$(tshark_rows "$f")
	ours=$(our_rows "$f")
	t=$(printf '%s' "${theirs:+$theirs
}" | sums)
	o=$(printf '%s' "${ours:+$ours
}" | sums)
	if [ "$theirs" = "$ours" ]; then
		echo "ok - $name: $o"
	elif why=$(known_difference "$name" "$t" "$o"); [ -n "$why" ]; then
		echo "ok - $name: tshark $t, ours $o: $why"
	else
		echo "not ok - $name: tshark says $t (records packets bytes), we say $o"
		failed=1
	fi
done
exit $failed
