#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# pre_tag_map in a running daemon: one for all and an output's own, filters and their counters, ignored flows,
# post_tag; USR2 and a reload take a new map, a bad one is refused and the old one stays; no datagram is lost
# while maps are read again. Tags in print, in the memory table and in SQLite are the same.
. "$WB_SRC/tests/lib.sh"
need jq sqlite3
send="$WB_BUILD/tests/e2e/send_ipfix 127.0.0.1:$(port 1)"
has() { grep -q -e "$2" "$dir/$1"; }
# counter OUTPUT NAME
counter() { ask --json status | jq ".outputs[] | select(.name == \"$1\") | .$2"; }
counts() { [ "$(counter "$1" "$2")" = "$3" ]; }

cat >"$dir/map" <<'C'
ignore=true src_net=192.0.2.66
set_tag=10 in=1 src_net=192.0.2.0/24 jeq=gold
set_tag=20 in=2
set_tag=30 filter='udp'
set_label=silver src_net=198.51.100.0/24
set_tag=0
set_label=gold label=gold
C
cat >"$dir/own" <<'C'
set_tag=77
C
cat >"$dir/c.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 1)
control_socket: control
pre_tag_map: map
plugins: print[all], print[ten], print[own], print[post], print[gold], memory[mem], sqlite3[sql]
aggregate: tag, tag2, label, src_host
aggregate[mem]: tag, src_host
print_output: csv
print_refresh_time: 1
print_output_file_append: true
print_output_file[all]: all.csv
print_output_file[ten]: ten.csv
print_output_file[own]: own.csv
print_output_file[post]: post.csv
print_output_file[gold]: gold.csv
pre_tag_filter[ten]: 10
pre_tag_map[own]: own
pre_tag_filter[own]: 77
post_tag[post]: 4711
post_tag2[post]: 12
pre_tag_filter[post]: 20
pre_tag_label_filter[gold]: gold
imt_path[mem]: mem
sql_db[sql]: flows.db
sql_table[sql]: acct
sql_refresh_time[sql]: 1
sql_optimize_clauses[sql]: true
sql_table_version[sql]: 9
C
sqlite3 "$dir/flows.db" 'CREATE TABLE acct (agent_id INT, tag INT, tag2 INT, label TEXT, ip_src TEXT, packets INT,
	bytes INT, flows INT, stamp_inserted TEXT, stamp_updated TEXT)' || exit 1
daemon c.conf
$send 192.0.2.1,203.0.113.1,100,1,1,9,1,2,6 192.0.2.66,203.0.113.1,100,1,1,9,1,2,6 \
	198.51.100.1,203.0.113.1,100,1,2,9,1,2,6 198.51.100.2,203.0.113.1,100,1,3,9,1,2,17 \
	198.51.100.3,203.0.113.1,100,1,3,9,1,2,6 203.0.113.9,203.0.113.1,100,1,3,9,1,2,6
wait_for 10 has all.csv 203.0.113.9
same "tags and labels by the map of all; an ignored flow is nowhere" \
	"0,0,,203.0.113.9 0,0,silver,198.51.100.3 10,0,gold,192.0.2.1 20,0,,198.51.100.1 30,0,,198.51.100.2" \
	"$(sed 1d "$dir/all.csv" | cut -d, -f1-4 | sort | paste -sd' ')"
wait_for 10 has own.csv 203.0.113.9
same "an output's own map is for that output, and stands in for the other" "77 6" \
	"$(sed 1d "$dir/own.csv" | cut -d, -f1 | sort -u) $(sed 1d "$dir/own.csv" | wc -l)"
wait_for 10 has ten.csv 192.0.2.1
same "a filter of tags" "10,0,gold,192.0.2.1" "$(sed 1d "$dir/ten.csv" | cut -d, -f1-4)"
same "a filter of labels" "10,0,gold,192.0.2.1" "$(sed 1d "$dir/gold.csv" | cut -d, -f1-4)"
wait_for 10 has post.csv 198.51.100.1
same "post_tag stands behind the filter" "4711,12,,198.51.100.1" "$(sed 1d "$dir/post.csv" | cut -d, -f1-4)"
for row in "all filtered 1" "all ignored 1" "ten filtered 5" "ten ignored 1" "ten filtered_tag 4" "own filtered 0" \
	"gold filtered_label 4" "gold ignored 1" "post filtered_tag 4"; do
	# shellcheck disable=SC2086 # three words
	set -- $row
	wait_for 10 counts "$1" "$2" "$3"
	same "$1: $2" "$3" "$(counter "$1" "$2")"
done
balanced() { [ "$(ask --json status | jq '[.outputs[].balance] | map(fabs) | add')" = 0 ]; }
wait_for 10 balanced
say $? "books balance"
same "the memory table" "10 20 30" "$("$WB_BUILD/pmacct" -s -p "$dir/mem" | awk '$1 ~ /^[1-9]/ && NF > 2 { print $1 }' |
	sort -n | paste -sd' ')"
rows() { sqlite3 "$dir/flows.db" 'SELECT tag, label, ip_src FROM acct ORDER BY 1, 2, 3' | paste -sd' '; }
in_sql() { [ "$(rows | wc -w)" = 5 ]; }
wait_for 20 in_sql
same "SQLite" "0||203.0.113.9 0|silver|198.51.100.3 10|gold|192.0.2.1 20||198.51.100.1 30||198.51.100.2" "$(rows)"

same "explain names the rules" '10 gold 2,7' "$(ask --json explain 127.0.0.1 192.0.2.1 203.0.113.1 in=1 ip_proto=6 |
	jq -r '.[] | select(.output == "all").pre_tag_map | "\(.tag) \(.label) \([.rules[].line] | join(","))"')"

# Maps read again.
echo 'set_tag=5' >"$dir/map"
kill -USR2 "$daemon"
wait_for 10 has waybilld.log 'new maps in force'
say $? "USR2: a new map"
$send --no-template 192.0.2.5,203.0.113.1,100,1
wait_for 10 has all.csv '^5,0,,192.0.2.5'
say $? "it tags"
printf 'set_tag=6\nset_tag=six\n\nset_tagg=1 in=x\n' >"$dir/map"
ask reload >"$dir/said" 2>&1
same "a bad map is refused" 1 $?
has said 'map:2: error: set_tag=six' && has said "map:4: error: .*no key 'set_tagg'" && has said 'map:4: error: in=x' &&
	has said 'nothing was changed'
say $? "with all its faults, each by file and line"
$send --no-template 192.0.2.6,203.0.113.1,100,1
wait_for 10 has all.csv '^5,0,,192.0.2.6'
say $? "the old one stays in force"

# While flows come.
n=0
: >"$dir/more"
(
	i=0
	while [ -e "$dir/more" ]; do
		i=$((i + 1))
		$send --no-template 192.0.2.7,203.0.113.1,100,1 192.0.2.7,203.0.113.1,100,1
		echo $((2 * i)) >"$dir/sent"
	done
) &
sender=$!
while [ $n -lt 10 ]; do
	n=$((n + 1))
	echo "set_tag=$((100 + n))" >"$dir/map"
	ask reload >/dev/null || echo "not ok - reload $n"
done
rm "$dir/more"
wait $sender
arrived() { [ "$(awk -F, '$4 == "192.0.2.7" { n += $5 } END { print n + 0 }' "$dir/all.csv")" = "$(cat "$dir/sent")" ]; }
wait_for 10 arrived
say $? "ten reloads while $(cat "$dir/sent") flows came: none is lost"
has all.csv '^110,0,,192.0.2.7' || $send --no-template 192.0.2.8,203.0.113.1,100,1
wait_for 10 has all.csv '^110,'
say $? "the last map tags"
wait_for 10 balanced
say $? "books balance again"
stop_daemon
exit $failed
