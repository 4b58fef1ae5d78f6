#!/bin/sh
# make distcheck: the release builds, tests and installs from its own archive.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if make -C "$WB_BUILD" distcheck >"$log" 2>&1; then
	echo "ok - make distcheck"
else
	echo "not ok - make distcheck"
	tail -n 40 "$log"
fi
