#!/bin/sh
# Bytes in and out of one host, AS or network from the memory tables of a running daemon: the common
# part of the scripts beside this one. Two outputs are expected, for example:
#
#   plugins: memory[in], memory[out]
#   aggregate[in]: dst_host
#   aggregate[out]: src_host
#   imt_path[in]: /run/waybill/in.pipe
#   imt_path[out]: /run/waybill/out.pipe
#
# counters.sh IN_PRIMITIVE OUT_PRIMITIVE VALUE [bytes|packets|flows]     prints "IN OUT"
: "${WAYBILL_IN:=/run/waybill/in.pipe}" "${WAYBILL_OUT:=/run/waybill/out.pipe}" "${PMACCT:=pmacct}"
in=$("$PMACCT" -p "$WAYBILL_IN" -c "$1" -N "$3" -n "${4:-bytes}") || exit 1
out=$("$PMACCT" -p "$WAYBILL_OUT" -c "$2" -N "$3" -n "${4:-bytes}") || exit 1
echo "$in $out"
