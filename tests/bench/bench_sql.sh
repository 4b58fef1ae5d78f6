#!/bin/sh
# Rows per second into each engine, with servers of its own that have 1 GB of cache and durable commits:
#   WB_SRC=.. WB_BUILD=. sh ../tests/bench/bench_sql.sh [ROWS [PURGES [ENGINE...]]]
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
rows=${1:-300000}
purges=${2:-3}
[ $# -lt 2 ] || shift 2
[ $# -gt 0 ] || set -- sqlite3 pgsql mysql
for engine in "$@"; do
	case $engine in
	mysql) db_options="--innodb-buffer-pool-size=1G" ;;
	pgsql) db_options="-c shared_buffers=1GB -c max_wal_size=4GB" ;;
	esac
	[ "$engine" = sqlite3 ] || db_make "$engine"
	WB_SQL_HOST=${db_host:-localhost} "$WB_BUILD/tests/sql/bench_sql" "$engine" "$rows" "$purges" 2>/dev/null
	[ "$engine" = sqlite3 ] || db_kill
	[ "$engine" = sqlite3 ] || rm -rf "$db_dir"
done
exit 0
