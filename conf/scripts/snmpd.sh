#!/bin/sh
# For net-snmp's snmpd, below one OID:
#   pass .1.3.6.1.4.1.8072.9999.9999.1 /usr/share/waybill/scripts/snmpd.sh dst_host src_host 192.0.2.1
# .1.0 is bytes in, .2.0 bytes out (Counter64).
in_prim=$1 out_prim=$2 value=$3 how=$4 oid=$5
base=.1.3.6.1.4.1.8072.9999.9999.1
case $how:$oid in
-g:$base.1.0 | -g:$base.2.0) ;;
-n:$base | -n:$base.1) oid=$base.1.0 ;;
-n:$base.1.0 | -n:$base.2) oid=$base.2.0 ;;
*) exit 0 ;;
esac
set -- $("$(dirname "$0")/counters.sh" "$in_prim" "$out_prim" "$value")
[ $# = 2 ] || exit 0
[ "$oid" = $base.1.0 ] && n=$1 || n=$2
printf '%s\ncounter64\n%s\n' "$oid" "$n"
