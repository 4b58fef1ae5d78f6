#!/bin/sh
# The same sums without what only Linux has: one socket, one worker.
WB_SUMS=10:2:1
. "$WB_SRC/tests/e2e/sums.sh"
