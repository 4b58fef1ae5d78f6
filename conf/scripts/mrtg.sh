#!/bin/sh
# For MRTG:   Target[host]: `/usr/share/waybill/scripts/mrtg.sh dst_host src_host 192.0.2.1`
# Prints bytes in, bytes out, uptime, name, a line each.
set -- $("$(dirname "$0")/counters.sh" "$1" "$2" "$3") "$3"
echo "${1:-UNKNOWN}"
echo "${2:-UNKNOWN}"
uptime | sed 's/.*up \([^,]*\),.*/\1/'
echo "$3"
