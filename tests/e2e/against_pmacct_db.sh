#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Tables of versions 1 to 9 in MariaDB and PostgreSQL, made by the files of sql/, filled from one capture by
# Debian's nfacctd and by ours under that name: the rows are the same, column by column, but for the
# stamp of writing.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
. "$WB_SRC/tests/e2e/versions_lib.sh"
need "$theirs" setpriv

# make_tables WHO: a database of that name with all tables.
make_tables() {
	case $db_engine in
	mysql) db_admin mysql "CREATE DATABASE $1; GRANT ALL PRIVILEGES ON $1.* TO pmacct@localhost" ;;
	pgsql) db_admin postgres "CREATE DATABASE $1 OWNER pmacct" ;;
	esac
	for f in "$WB_SRC"/sql/pmacct-create-*_v[1-9]*."$db_engine"; do
		sed -e "s/^\\\\c pmacct/\\\\c $1/" -e "s/IF NOT EXISTS pmacct;/IF NOT EXISTS $1;/" -e "s/^USE pmacct/USE $1/" \
			"$f" >"$dir/make.sql"
		db_file "$dir/make.sql" 2>"$dir/make.log" || { say 1 "$f"; cat "$dir/make.log"; }
	done
}

database_of() { :; }
# keys WHO HOST: of the database, for all tables.
keys() { printf 'sql_db: %s\nsql_host: %s\nsql_user: pmacct\nsql_passwd: arealsmartpwd\n' "$1" "$2"; }

for engine in mysql pgsql; do
	db_make $engine
	for who in theirs ours; do
		make_tables $who
	done
	fill theirs "$theirs" $engine "$(keys theirs "${db_host#$([ $engine = pgsql ] && echo unix:)}")
sql_cache_entries: 1009"
	fill ours "$WB_BUILD/nfacctd" $engine "$(keys ours "$db_host")"
	for v in $versions; do
		t=$(table "$v")
		columns=$(db_sql "SELECT column_name FROM information_schema.columns WHERE table_name = '$t' AND
			column_name <> 'stamp_updated' AND table_schema IN ('ours', 'public')" | sort -u | paste -sd, -)
		[ -n "$columns" ] || columns=$(db_admin ours "SELECT column_name FROM information_schema.columns WHERE
			table_name = '$t' AND column_name <> 'stamp_updated'" | sort -u | paste -sd, -)
		for who in theirs ours; do
			db_admin $who "SELECT $columns FROM $t" | LC_ALL=C sort >"$dir/$who.$v"
		done
		rows_are_the_same "$engine, version $v" "$v" "$columns"
	done
	db_kill
	rm -rf "$db_dir"
done
exit $failed
