#!/bin/sh
# Five minutes of 200,000 flows/s by two workers with 100,000 route changes a second and a flapping
# peer: every row exact, nothing lost. Not part of check: WB_TEST_TIMEOUT=900
# tests/run long build tests/long/churn.sh, also with a build that has a sanitizer.
export FLOWS=${FLOWS:-60000000} RATE=${RATE:-200000} CHURN=${CHURN:-100000} WB_SPEED=${WB_SPEED:-10:2:11}
exec sh "$WB_SRC/tests/e2e/speed.sh"
