#!/bin/sh
# Feed a round-robin database from the memory tables, and draw it. From cron, every five minutes:
#   rrdtool.sh update FILE dst_host src_host VALUE
#   rrdtool.sh graph FILE PICTURE.png [TITLE]
set -eu
file=$2
case $1 in
update)
	[ -e "$file" ] || rrdtool create "$file" --step 300 \
		DS:in:DERIVE:600:0:U DS:out:DERIVE:600:0:U \
		RRA:AVERAGE:0.5:1:8928 RRA:AVERAGE:0.5:12:8784 RRA:MAX:0.5:12:8784
	set -- $("$(dirname "$0")/counters.sh" "$3" "$4" "$5")
	rrdtool update "$file" "N:$1:$2"
	;;
graph)
	rrdtool graph "$3" --start -1d --title "${4:-traffic}" --vertical-label bit/s --width 700 \
		DEF:in="$file":in:AVERAGE DEF:out="$file":out:AVERAGE \
		CDEF:inbit=in,8,* CDEF:outbit=out,8,* \
		AREA:inbit#7fb37f:in LINE1:outbit#2f4fa0:out >/dev/null
	;;
esac
