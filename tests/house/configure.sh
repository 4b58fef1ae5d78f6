#!/bin/sh
# ./configure takes every option of pmacct 0.14.1: those that mean something act, the others are said.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
try() {
	want=$1
	shift
	rm -rf "$dir/b"
	mkdir "$dir/b"
	if (cd "$dir/b" && "$WB_SRC/configure" "$@") >"$dir/log" 2>&1 && grep -q -e "$want" "$dir/log" "$dir/b/config.log"; then
		echo "ok - configure $*"
	else
		echo "not ok - configure $*"
		tail -n 5 "$dir/log"
	fi
}
inc=/usr/include
lib=/usr/lib/$(gcc -print-multiarch 2>/dev/null)
# One run each is slow: options that only speak go together, in both their forms.
try 'nothing to choose' --enable-relax
try 'layer 2 primitives are always on' --disable-l2
try 'IPv6 is always on' --enable-ipv6
try 'IPv4 reaches IPv6 sockets always' --enable-v4-mapped
try 'SQLite is always on' --enable-sqlite3
try 'no shared objects' --disable-so
try 'always 64 bits wide' --enable-64bit
try 'threads are always on' --enable-threads
try 'NFLOG took the place' --enable-ulog
try 'O0 -g3' --enable-debug
try "$inc" --with-pcap-includes="$inc" --with-pcap-libs="$lib"
try "$inc" --enable-mysql --with-mysql-includes="$inc" --with-mysql-libs="$lib"
try "$inc" --enable-pgsql --with-pgsql-includes="$inc" --with-pgsql-libs="$lib"
try "$inc" --with-sqlite3-includes="$inc" --with-sqlite3-libs="$lib"
