#!/bin/sh
# For Cacti, a data input method "script/command" with the outputs in and out:
#   cacti.sh dst_host src_host <value>
set -- $("$(dirname "$0")/counters.sh" "$1" "$2" "$3")
echo "in:${1:-U} out:${2:-U}"
