#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Ten minutes of clang's libFuzzer for each decoder of what routers send, from its corpus on, under the
# address and undefined behaviour sanitizers: nothing is found. What is found stays in $FOUND, and should
# become a file of the corpus; new inputs that reach code which the corpus does not are there as well.
#
#	SECONDS_EACH	600
#	TARGETS		the decoders
#	FOUND		a folder that stays, else one that goes with the test
#	FUZZ_BUILD	a build of before, to be used again
. "$WB_SRC/tests/lib.sh"
need clang make
: "${SECONDS_EACH:=600}" "${TARGETS:=bgp_open bgp_update bmp mrt}" "${FOUND:=$dir/found}" "${FUZZ_BUILD:=$dir/build}"
checks=address,undefined

echo 'int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n) { (void)b; (void)n; return 0; }' >"$dir/try.c"
clang -fsanitize=fuzzer -o "$dir/try" "$dir/try.c" 2>/dev/null || need libFuzzer

mkdir -p "$FUZZ_BUILD" "$FOUND"
[ -e "$FUZZ_BUILD/Makefile" ] || (cd "$FUZZ_BUILD" && CC=clang \
    CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,$checks -fno-sanitize-recover=all" "$WB_SRC/configure") >"$dir/log" 2>&1
# The fuzzer has a main of its own: it takes the place of the one that replays a corpus.
for t in $TARGETS; do
	rm -f "$FUZZ_BUILD/tests/fuzz/fuzz_$t"
	make -C "$FUZZ_BUILD" "tests/fuzz/fuzz_$t" "tests_fuzz_fuzz_${t}_OBJECTS=tests/fuzz/fuzz_$t.o" \
	    LDFLAGS="-fsanitize=fuzzer,$checks" >>"$dir/log" 2>&1 || {
		say 1 "fuzz_$t is built"
		tail -n 5 "$dir/log" | sed 's/^/    /'
		exit 1
	}
done

for t in $TARGETS; do
	mkdir -p "$FOUND/$t"
	"$FUZZ_BUILD/tests/fuzz/fuzz_$t" -max_total_time="$SECONDS_EACH" -timeout=5 -rss_limit_mb=2048 -max_len=8192 \
	    -print_final_stats=1 -artifact_prefix="$FOUND/$t-" "$FOUND/$t" "$WB_SRC/tests/fuzz/corpus/$t" >"$FOUND/$t.log" 2>&1 &
	fuzzer=$!
	pids="$pids $fuzzer"
	wait "$fuzzer"
	say $? "fuzz_$t: $(sed -n 's/^stat::number_of_executed_units: *//p' "$FOUND/$t.log") inputs in $SECONDS_EACH s, nothing found"
	grep -e ERROR: -e 'runtime error' -e Assertion -e 'Test unit written' "$FOUND/$t.log" | sed 's/^/    /'
done
exit $failed
