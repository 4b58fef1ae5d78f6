#!/bin/sh
# make install, make dist: what a packager does.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
say() { if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; tail -n 20 "$dir/log"; fi; }

make -C "$WB_BUILD" install DESTDIR="$dir/root" >"$dir/log" 2>&1
say $? "make install"
p=$dir/root/usr/local
for f in sbin/waybilld sbin/nfacctd sbin/pmbgpd bin/waybill bin/waybill-sim bin/pmacct bin/pmmyplay bin/pmpgplay \
    share/waybill/sql/pmacct-create-table_v1.sqlite3 share/man/man8/waybilld.8; do
	[ -e "$p/$f" ]
	say $? "installed: $f"
done
"$p/sbin/nfacctd" -V >"$dir/log" 2>&1
say $? "the installed nfacctd says its version"
make -C "$WB_BUILD" uninstall DESTDIR="$dir/root" >"$dir/log" 2>&1
left=$(find "$dir/root" -type f -o -type l | head -n 3)
[ -z "$left" ]
say $? "make uninstall leaves nothing ($left)"
make -C "$WB_BUILD" dist >"$dir/log" 2>&1
say $? "make dist"
# In a clone: the archive has every file of the tree.
if git -C "$WB_SRC" ls-files >"$dir/tree" 2>/dev/null && [ -s "$dir/tree" ]; then
	tar tf "$(ls -t "$WB_BUILD"/waybill-*.tar.* | head -n 1)" | sed 's|^[^/]*/||' | sort >"$dir/archive"
	grep -v -e '^\.gitignore$' "$dir/tree" | sort | comm -23 - "$dir/archive" >"$dir/log"
	[ ! -s "$dir/log" ]
	say $? "the archive has every file of the tree"
fi
