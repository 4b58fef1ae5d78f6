#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# MRT files of other collectors: what each has is what mrt.expected says, and, beside bgpdump, route for
# route the same: peer, AS, prefix, AS path and next hop. What is malformed here and not for bgpdump is said
# in mrt.expected.
. "$WB_SRC/tests/lib.sh"
need bgpdump
data=$WB_SHARED_DATA/mrt
[ -d "$data" ] || { echo "skip: no files in $data; NOT TESTED"; echo "ok - (skipped) no files"; exit 0; }
count=$WB_BUILD/tests/feed/mrt_count

"$count" "$data"/* >"$dir/got"
grep -v '^#' "$WB_SRC/tests/golden/mrt.expected" >"$dir/want"
diff "$dir/want" "$dir/got" >"$dir/diff"
say $? "$(wc -l <"$dir/got") files have what they are known to have"
sed 's/^/    /' "$dir/diff"

for f in "$data"/*; do
	# Files with entries that bgpdump takes and RFC 7606 does not are compared by their counts alone.
	grep -q "^$(basename "$f") .* malformed 0 " "$dir/got" || continue
	grep -q "^$(basename "$f") .* skipped 0 " "$dir/got" || continue
	# The two write a lone group of zeros and mapped addresses differently.
	"$count" -r "$f" | sed -E 's/:0:/::/g' | LC_ALL=C sort >"$dir/ours"
	# With path ids it has one more field.
	bgpdump -m "$f" 2>/dev/null | awk -F'|' '
		{ more = $1 ~ /_AP$/ }
		$3 == "B" || $3 == "A" { print "A|" $4 "|" $5 "|" $6 "|" $(7 + more) "|" $(9 + more) }
		$3 == "W" { print "W|" $4 "|" $5 "|" $6 }' |
		sed -E 's/::ffff:([0-9.]+)$/\1/; s/:0:/::/g' | LC_ALL=C sort >"$dir/theirs"
	diff "$dir/ours" "$dir/theirs" >"$dir/diff"
	say $? "$(basename "$f"): $(wc -l <"$dir/ours") routes, all as bgpdump reads them"
	grep '^[<>]' "$dir/diff" | head -n 6 | sed 's/^/    /'
done
exit $failed
