#!/bin/sh
# Five minutes of 200,000 flows/s by two workers with 100,000 route changes a second and a flapping
# peer: every row exact, nothing lost. Before that a reader at full speed beside 100,000 and 1,000,000
# changes a second, five minutes each: memory stays what it is. Not part of check:
# make -C build tests/bench/bench_rib; WB_TEST_TIMEOUT=2400 tests/run long build tests/long/churn.sh,
# also with a build that has a sanitizer.
if [ -x "$WB_BUILD/tests/bench/bench_rib" ]; then
	if "$WB_BUILD/tests/bench/bench_rib" -4 200000 -6 40000 -t 3 -i -c "${SECONDS_EACH:-300}"; then
		echo "ok - a reader beside changes: memory is bounded"
	else
		echo "not ok - a reader beside changes"
		exit 1
	fi
else
	echo "not ok - tests/bench/bench_rib is not built"
fi
export FLOWS=${FLOWS:-60000000} RATE=${RATE:-200000} CHURN=${CHURN:-100000} WB_SPEED=${WB_SPEED:-10:2:11}
exec sh "$WB_SRC/tests/e2e/speed.sh"
