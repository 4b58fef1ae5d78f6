#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Holds tests/bmp/replay.expected against what tshark reads from the same captures: version, type and
# per-peer header of every message, the value of every statistic, and every prefix that we took. Needs
# tshark and the captures; says loudly when it has to skip.
set -u
data=${WB_SHARED_DATA:-../shared/data}
dir=$(mktemp -d "${TMPDIR:-/tmp}/waybill.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C

skip() {
	echo "skip - compare_bmp_tshark: $1: nothing was compared"
	echo "ok - compare_bmp_tshark was skipped: $1"
	exit 0
}
command -v tshark >/dev/null || skip "tshark is not installed"
[ -d "$data/bmp" ] || skip "no captures at $data/bmp"
failed=0

# Our text of one capture: the lines between its name and the next one's.
ours() { awk -v file="$1" '/^bmp\// { on = $0 == file; next } on' "$WB_SRC/tests/bmp/replay.expected"; }

# tshark's tree: one line "version type [type flags asn id seconds address]" per message.
headers_of_tshark() {
	awk '
	function flush() { if (have) print v, t, pt, fl, ad, as, id, at; have = 0 }
	function first(old, now) { return old == "" ? now : old }
	/^BGP Monitoring Protocol/ || /^Frame / { flush() }
	/^BGP Monitoring Protocol/ { have = 1; v = t = pt = fl = ad = as = id = at = "" }
	/^    Version: / { v = first(v, $2) }
	/^    Type: / { gsub(/[()]/, "", $NF); t = first(t, $NF) }
	/^        Type: / { gsub(/[()]/, "", $NF); pt = first(pt, $NF) }
	/^        .* = Flags: 0x/ { sub(/.*Flags: 0x/, ""); fl = first(fl, substr($0, 1, 2)) }
	/^        ASN: / { as = first(as, $2) }
	/^        BGP ID: / { id = first(id, $3) }
	/^        Timestamp \(sec\): / { at = first(at, $3) }
	/^        Address: / { ad = first(ad, $2) }
	END { flush() }'
}

# The same of ours. The address is that of tshark, which comes before AS, identifier and time.
headers_of_ours() {
	awk '
	BEGIN {
		n = split("Route Monitoring,Statistics Report,Peer Down,Peer Up,Initiation,Termination,Route Mirroring", name, ",")
		for (i = 1; i <= n; i++) number[name[i]] = i - 1
	}
	function dotted(hex,   i, s) {
		s = ""
		for (i = 1; i < 9; i += 2) s = s (i > 1 ? "." : "") (digit(substr(hex, i, 1)) * 16 + digit(substr(hex, i + 1, 1)))
		return s
	}
	function digit(c) { return index("0123456789abcdef", c) - 1 }
	/^v[0-9] / {
		v = substr($1, 2, 1)
		line = substr($0, 4)
		colon = index(line, ":")
		title = colon > 0 ? substr(line, 1, colon - 1) : line
		printf "%s %s", v, number[title]
		if (colon > 0) {
			for (i = 1; i <= NF; i++) {
				if ($i == "type") pt = $(i + 1)
				if ($i == "flags") fl = $(i + 1)
				if ($i == "peer") ad = $(i + 1)
				if ($i == "AS") as = $(i + 1)
				if ($i == "id") id = $(i + 1)
				if ($i == "at") { at = $(i + 1); sub(/\..*/, "", at) }
			}
			printf " %s %s %s %s %s %s", pt, fl, ad, as, dotted(id), at
		} else printf " "
		print ""
	}'
}

tree() {
	tshark -r "$data/$1" -d tcp.port==10179,bmp -d tcp.port==1790,bmp -d tcp.port==10000,bmp -V 2>/dev/null
}

# compare WHAT FILE: $dir/theirs and $dir/ours as sets of lines.
compare() {
	[ -s "$dir/theirs" ] || [ -s "$dir/ours" ] || return
	sort "$dir/theirs" >"$dir/theirs.sorted"
	sort "$dir/ours" >"$dir/ours.sorted"
	if cmp -s "$dir/ours.sorted" "$dir/theirs.sorted"; then
		echo "ok - $2: $(wc -l <"$dir/theirs") $1 as tshark reads them"
		return
	fi
	echo "not ok - $2: $1 differ"
	diff "$dir/theirs.sorted" "$dir/ours.sorted" | head -n 10 | sed 's/^/    /'
	failed=1
}

for file in $(sed -n '/^bmp\//p' "$WB_SRC/tests/bmp/replay.expected"); do
	tree "$file" >"$dir/tree"
	headers_of_tshark <"$dir/tree" | awk '{ if ($2 == 4 || $2 == 5) print $1, $2; else print }' |
	    sed 's/ *$//' >"$dir/theirs"
	ours "$file" | headers_of_ours | sed 's/ *$//' >"$dir/ours"
	[ -s "$dir/theirs" ] || { echo "not ok - $file: tshark sees no message"; failed=1; continue; }
	compare headers "$file"
	awk '/^        Data: [0-9a-f]+$/ {
		n = 0
		for (i = length($2) > 16 ? length($2) - 15 : 1; i <= length($2); i++)
			n = n * 16 + index("0123456789abcdef", substr($2, i, 1)) - 1
		print n
	}' "$dir/tree" >"$dir/theirs"
	ours "$file" | awk '/^  statistic / { print $3 == "of" ? $5 : $3 }' >"$dir/ours"
	compare statistics "$file"
	# Those of unicast are lines of their own; of others, length, labels, RD and address are. Of some VPNs
	# over IPv6 tshark 4.0 shows the label and nothing else.
	grep -Eq '^ *[0-9]+ \(bottom\)$' "$dir/tree"
	only_label=$?
	# Path ids that nobody announced: those of unicast tshark finds as well, in front of labels it gives up.
	grep -Eq '^ *MP .*Labeled VPN IPv[46] prefix length 0 invalid$' "$dir/tree"
	no_ids=$?
	awk '
	/^ *[0-9a-f.:]+\/[0-9]+( PathId [0-9]+ *)?$/ { print $1 }
	/^ *MP .*Labeled VPN IPv[46] prefix length 0 invalid$/ { print "behind an id" }
	/^ *Label Stack=.*IPv[46]=/ { sub(/.*IPv[46]=/, ""); print $1 }
	/^ *[0-9]+ \(bottom\)$/ { print "label", $1 }
	/^ *BGP Prefix$/ { inside = 1; cut = 0 }
	inside && /^ *Prefix Length: / { len = $3 }
	inside && /^ *Label Stack: / { cut += 24 * (split($0, part, ",")) }
	inside && /^ *Route Distinguisher: / { cut += 64 }
	inside && /NLRI IPv[46] prefix: / { print $NF "/" (len - cut); inside = 0 }' "$dir/tree" >"$dir/theirs"
	ours "$file" | awk -v only_label=$only_label -v no_ids=$no_ids '
	/^  [+-] vpn .* id [0-9]+ / && no_ids == 0 { print "behind an id"; next }
	/^  [+-] vpn .*:.*:.*:/ && only_label == 0 { print "label", $5; next }
	/^  [+-] / && $2 != "evpn" {
		for (i = 2; i <= NF; i++) if ($i ~ /^[0-9a-f.:]+\/[0-9]+$/) { print $i; break } }' >"$dir/ours"
	compare prefixes "$file"
done
exit $failed
