#!/bin/sh
# Ways to a server of MariaDB: TLS with a CA, where the server has to prove its name, a user with a password
# over TCP, a wrong password, a wrong CA, a wrong name; and what `waybill check` says of local time.
. "$WB_SRC/tests/lib.sh"
. "$WB_SRC/tests/sql/servers.sh"
need jq openssl setpriv

# A CA, and a server's certificate for 127.0.0.1; another CA that signed nothing.
keys=$dir/keys
mkdir "$keys"
chmod 755 "$dir" "$keys"
for ca in ca other; do
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$ca" -keyout "$keys/$ca.key" -out "$keys/$ca.pem" \
		2>/dev/null
done
openssl req -newkey rsa:2048 -nodes -subj "/CN=127.0.0.1" -keyout "$keys/server.key" -out "$keys/server.csr" 2>/dev/null
printf 'subjectAltName = IP:127.0.0.1\n' >"$keys/ext"
openssl x509 -req -in "$keys/server.csr" -CA "$keys/ca.pem" -CAkey "$keys/ca.key" -CAcreateserial -days 2 \
	-extfile "$keys/ext" -out "$keys/server.pem" 2>/dev/null
chmod 644 "$keys"/*

# The last word of an option wins: this server listens.
db_options="--skip-networking=0 --bind-address=127.0.0.1 --port=$(port 9) --ssl-ca=$keys/ca.pem
	--ssl-cert=$keys/server.pem --ssl-key=$keys/server.key"
db_make mysql
db_admin mysql "CREATE USER 'far'@'127.0.0.1' IDENTIFIED BY 'a:secret' REQUIRE SSL; GRANT ALL ON pmacct.* TO 'far'@'127.0.0.1';
	CREATE USER 'plain'@'127.0.0.1' IDENTIFIED BY 'other'; GRANT ALL ON pmacct.* TO 'plain'@'127.0.0.1';
	SET GLOBAL general_log_file = '$db_dir/general.log'; SET GLOBAL general_log = 1"

# way TABLE USER PASSWORD HOST [LINE]
way() {
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		control_socket: control
		plugins: mysql[t]
		aggregate[t]: src_host
		sql_host[t]: $4
		sql_port[t]: $(port 9)
		sql_user[t]: $2
		sql_passwd[t]: $3
		sql_table[t]: $1
		sql_optimize_clauses[t]: true
		sql_refresh_time[t]: 1
		state_dir: $dir/state.$1
		${5:-}
	C
	mkdir -p "$dir/state.$1"
	daemon c.conf
	"$WB_BUILD/tests/e2e/send_ipfix" "127.0.0.1:$(port 1)" 192.0.2.1,198.51.100.1,1000,10
}
bytes() { db_sql "SELECT SUM(bytes) FROM $1" 2>/dev/null; }
# lands NAME TABLE ...: the flow is in the table.
lands() {
	name=$1
	shift
	way "$@"
	wait_for 10 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status |
		jq -e '.outputs[0] | .bytes_purged == 1000 and .bytes_held == 0'"
	stop_daemon
	same "$name" 1000 "$(bytes "$1")"
}
# refused NAME WORDS TABLE ...: nothing is written, and the log says why; the rows stay in the journal.
refused() {
	name=$1 words=$2
	shift 2
	way "$@"
	wait_for 10 grep -qi -e "$words" "$dir/waybilld.log"
	say $? "$name: said ($(grep -i -m 1 -o -e "$words" "$dir/waybilld.log"))"
	kill -INT "$daemon"
	wait "$daemon" 2>/dev/null
	same "$name: nothing is written" "" "$(bytes "$1" | grep -v NULL)"
}

lands "a user with a password over TCP" tcp plain other 127.0.0.1
lands "TLS, the server proves its name" tls far a:secret 127.0.0.1 "sql_conn_ca_file: $keys/ca.pem"
grep -q "far@.*using SSL/TLS" "$db_dir/general.log"
say $? "the server's log has the connection under TLS"
refused "a wrong password" "Access denied" wrong plain bad 127.0.0.1
refused "a server of another CA" "certificate\|SSL\|TLS" ca far a:secret 127.0.0.1 "sql_conn_ca_file: $keys/other.pem"
exit $failed
