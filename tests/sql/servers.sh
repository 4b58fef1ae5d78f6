# Database servers of a test's own: a folder for the data, a socket in it, no TCP port, nothing of the
# system's service touched. Sourced after tests/lib.sh; ENGINE is mysql or pgsql.
#
#   db_make ENGINE     a new server with an empty database "pmacct", user pmacct, password arealsmartpwd
#   db_start           started (again) and answering
#   db_kill            kill -9, all of its processes
#   db_sql STATEMENTS  as the owner of the server; fields are separated by |
#   db_file FILE       a file of sql/, as its readers run it
#   $db_host           for sql_host
db_dir=
db_host=
db_pid=
PATH=$PATH:/usr/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')

db_cleanup() {
	[ -z "$db_pid" ] || db_kill
	cleanup
	[ -z "$db_dir" ] || rm -rf "$db_dir"
}
trap db_cleanup EXIT

# PostgreSQL refuses to run as root, so both run as nobody then.
db_as=
[ "$(id -u)" != 0 ] || db_as="setpriv --reuid=nobody --regid=nogroup --clear-groups --"

db_make() {
	db_engine=$1
	case $db_engine in
	mysql) need mariadbd mariadb-install-db mariadb ;;
	pgsql) need initdb postgres psql ;;
	esac
	db_dir=$(mktemp -d "${TMPDIR:-/tmp}/waybill-db.XXXXXX")
	chmod 755 "$db_dir"
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$db_dir"
	case $db_engine in
	mysql)
		db_host=unix:$db_dir/s
		$db_as mariadb-install-db --no-defaults --datadir="$db_dir/data" --skip-test-db \
			--auth-root-authentication-method=normal >"$dir/db-make.log" 2>&1
		;;
	pgsql)
		db_host=unix:$db_dir
		$db_as initdb -D "$db_dir/data" -U postgres -A trust -E UTF8 --locale=C >"$dir/db-make.log" 2>&1
		;;
	esac || { echo "not ok - a server of $db_engine can be made"; cat "$dir/db-make.log"; exit 1; }
	db_start
	case $db_engine in
	mysql) db_admin mysql "CREATE DATABASE pmacct; CREATE USER pmacct@localhost IDENTIFIED BY 'arealsmartpwd';
		GRANT ALL PRIVILEGES ON pmacct.* TO pmacct@localhost" ;;
	pgsql) db_admin postgres "CREATE USER pmacct PASSWORD 'arealsmartpwd'" &&
		db_admin postgres "CREATE DATABASE pmacct OWNER pmacct" ;;
	esac
}

# A server of MariaDB that starts removes the temporary tables in its tmpdir, whosever they are.
db_launch() {
	case $db_engine in
	mysql) $db_as mariadbd --no-defaults --datadir="$db_dir/data" --socket="$db_dir/s" --skip-networking \
		--tmpdir="$db_dir" --pid-file="$db_dir/pid" ${db_options:-} >>"$dir/db.log" 2>&1 & ;;
	pgsql) $db_as postgres -D "$db_dir/data" -k "$db_dir" -c listen_addresses= ${db_options:-} \
		>>"$dir/db.log" 2>&1 & ;;
	esac
	db_pid=$!
}

# A server that gave up (another one was not gone yet) is launched once more.
db_up() {
	db_admin "$([ $db_engine = mysql ] && echo mysql || echo postgres)" "SELECT 1" | grep -q 1 && return 0
	kill -0 "$db_pid" || db_launch
	return 1
}

db_start() {
	db_launch
	wait_for 20 db_up || { echo "not ok - the server of $db_engine starts"; tail "$dir/db.log"; exit 1; }
}

db_kill() {
	children=$(ps -o pid= --ppid "$db_pid")
	# shellcheck disable=SC2086
	kill -9 "$db_pid" $children 2>/dev/null
	wait "$db_pid" 2>/dev/null
	db_pid=
}

# db_admin DATABASE STATEMENTS
db_admin() {
	case $db_engine in
	mysql) mariadb --no-defaults -u root -S "$db_dir/s" -N -B "$1" -e "$2" | tr '\t' '|' ;;
	pgsql) psql -X -q -h "$db_dir" -U postgres -d "$1" -A -t -v ON_ERROR_STOP=1 -c "$2" ;;
	esac
}

db_sql() { db_admin pmacct "$1"; }

db_file() {
	case $db_engine in
	mysql) mariadb --no-defaults -u root -S "$db_dir/s" <"$1" ;;
	pgsql) psql -X -q -h "$db_dir" -U postgres -d pmacct -v ON_ERROR_STOP=1 -f "$1" ;;
	esac
}

# tests/sql/test_server against this server.
db_test_server() {
	case $db_engine in
	mysql) db_client="mariadb --no-defaults -u root -S $db_dir/s -N -B pmacct | tr '\\t' '|'" ;;
	pgsql) db_client="psql -X -q -h $db_dir -U postgres -d pmacct -A -t" ;;
	esac
	printf '#!/bin/sh\n%s\n' "$db_client" >"$dir/client"
	chmod +x "$dir/client"
	WB_SQL_ENGINE=$db_engine WB_SQL_HOST=$db_host WB_SQL_CLIENT="$dir/client" \
		CMOCKA_MESSAGE_OUTPUT=TAP "$WB_BUILD/tests/sql/test_server" || failed=1
}
