#!/bin/sh
# MySQL 8's authentication, caching_sha2_password, by the client library that we are linked with: the hash of
# a password that the server knows, and the password itself by TLS, a local socket and the server's RSA key; a wrong
# one; a client without the plugin. The server is tests/sql/mysql_door.py, which has a door and no tables.
. "$WB_SRC/tests/lib.sh"
need openssl python3
cd "$dir" || exit 1
openssl genrsa -out rsa.pem 2048 2>/dev/null
openssl rsa -in rsa.pem -pubout -out rsa.pub 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=127.0.0.1" -addext "subjectAltName=IP:127.0.0.1" \
	-keyout tls.key -out tls.pem 2>/dev/null

# door MODE PLACE [CERT KEY]
door() {
	rm -f door.log
	start door python3 "$WB_SRC/tests/sql/mysql_door.py" secret "$@"
	door=$last
	wait_for 20 grep -q '^open' door.log
}

# knock HOST PASSWORD [CA]: what the client says is in said
knock() {
	cat >c.conf <<-C
		plugins: mysql[t]
		aggregate[t]: src_host
		sql_host[t]: $1
		sql_port[t]: $(port 9)
		sql_user[t]: me
		sql_passwd[t]: $2
		sql_db[t]: pmacct
		${3:+sql_conn_ca_file[t]: $3}
	C
	"$WB_BUILD/waybill" schema --conf c.conf --check --table acct >said 2>&1
	kill "$door"
	wait "$door" 2>/dev/null
}

# came WHAT LINE MESSAGE: as the server saw it, and what the user reads
came() {
	grep -qx "$2" door.log
	say $? "$1: the server saw '$2'"
	grep -q "$3" said
	say $? "$1: $(head -n 1 said | cut -c 1-90)"
}
behind="there is nothing behind this door"

door fast "$(port 9)"
knock 127.0.0.1 secret
came "a password that is cached" "came me fast in" "$behind"
door full "$(port 9)"
knock 127.0.0.1 secret
came "by the server's RSA key" "came me rsa in" "$behind"
door full "$(port 9)" tls.pem tls.key
knock 127.0.0.1 secret "$dir/tls.pem"
came "by TLS" "came me clear in" "$behind"
door full "unix:$dir/door"
knock "unix:$dir/door" secret
came "by a local socket" "came me clear in" "$behind"
door fast "$(port 9)"
knock 127.0.0.1 wrong
came "a wrong password" "came me fast not in" "Access denied for user 'me'"
door fast "$(port 9)"
MARIADB_PLUGIN_DIR=$dir knock 127.0.0.1 secret
grep -q "caching_sha2_password" said
say $? "without the plugin: $(head -n 1 said | cut -c 1-110)"
exit $failed
