#!/bin/sh
# ./configure takes every option of pmacct 0.14.1: those that mean something act, the others are said.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# try OPTIONS -- WORDS...: configure takes the options and says each of the words.
try() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	rm -rf "$dir/b"
	mkdir "$dir/b"
	# shellcheck disable=SC2086
	(cd "$dir/b" && "$WB_SRC/configure" $options) >"$dir/log" 2>&1
	status=$?
	for want in "$@"; do
		if [ $status = 0 ] && grep -q -e "$want" "$dir/log" "$dir/b/config.log"; then
			echo "ok - configure$options: $want"
		else
			echo "not ok - configure$options: $want"
			tail -n 5 "$dir/log"
		fi
	done
}
inc=/usr/include
lib=/usr/lib/$(gcc -print-multiarch 2>/dev/null)
# Each run takes seconds: options that only speak go together, once in each form.
for how in enable disable; do
	try --$how-relax --$how-l2 --$how-ipv6 --$how-v4-mapped --$how-sqlite3 --$how-so --$how-64bit \
		--$how-threads --$how-ulog -- 'nothing to choose' 'layer 2 primitives are always on' \
		'IPv6 is always on' 'IPv4 reaches IPv6 sockets always' 'SQLite is always on' 'no shared objects' \
		'always 64 bits wide' 'threads are always on' 'NFLOG took the place'
done
try --enable-debug -- 'O0 -g3'
try --with-pcap-includes=$inc --with-pcap-libs="$lib" --enable-mysql --with-mysql-includes=$inc \
	--with-mysql-libs="$lib" --enable-pgsql --with-pgsql-includes=$inc --with-pgsql-libs="$lib" \
	--with-sqlite3-includes=$inc --with-sqlite3-libs="$lib" -- "I$inc" "L$lib"
