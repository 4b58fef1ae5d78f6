#!/bin/sh
# Every name of a variable that the code asks the configuration for is a row of the key table.
. "$WB_SRC/tests/lib.sh"
grep -rohE 'conf_(text|int|bool|given)\([^;]*"[a-z][a-z_0-9]+"\)' "$WB_SRC/src" --include='*.c' |
	grep -oE '"[a-z_0-9]+"\)$' | tr -d '")' | sort -u >"$dir/asked"
grep -rhoE 'KEY(_OF)?\("[a-z_0-9]+"(, "[a-z_0-9]+")?' "$WB_SRC/src/conf/keys" | grep -oE '"[a-z_0-9]+"' | tr -d '"' | sort -u >"$dir/known"
[ "$(wc -l <"$dir/asked")" -gt 40 ]
say $? "there are names to check"
same "all are known" "" "$(comm -23 "$dir/asked" "$dir/known")"
exit $failed
