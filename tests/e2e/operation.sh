#!/bin/sh
# What an operator does: bad configurations, reload, signals, templates over a restart, pid files.
. "$WB_SRC/tests/lib.sh"
need sqlite3 jq curl
send="$WB_BUILD/tests/e2e/send_ipfix 127.0.0.1:$(port 1)"
flows_are() { [ "$(ask --json status | jq .input.flows)" = "$1" ]; }

cat >"$dir/bad.conf" <<C
nfacctd_prt: 2100
plugins: print[x], nosuch[y]
aggregate[x]: src_hst
print_output[x]: jsn
sql_refresh_time[q]: 60
nothing here
http_listen: 8099
bgp_daemon: true
bgp_daemon_md5_file: /nonexistent/keys
C
"$WB_BUILD/waybilld" --check -f "$dir/bad.conf" >"$dir/log" 2>&1
same "a bad configuration is refused" 1 $?
for want in 'bad.conf:1: .*nfacctd_port' 'bad.conf:2: .*nosuch' 'src_host' 'bad.conf:4: .*json' 'bad.conf:5: ' 'bad.conf:6: ' \
	'bad.conf:7: .*ADDRESS:PORT' 'bad.conf:9: .*keys cannot be read'; do
	grep -q -e "$want" "$dir/log"
	say $? "all errors at once: $want"
done
# As the packages of pmacct ship it for its daemons: what means nothing to nfacctd is said and ignored.
printf '%s\n' 'daemonize: true' 'syslog: daemon' 'aggregate: src_host,dst_host' 'pcap_filter: net 127.0.0.0/8' \
	'interface: lo' >"$dir/shipped.conf"
"$WB_BUILD/waybill" check --as nfacctd "$dir/shipped.conf" >"$dir/log" 2>&1
same "waybill check reads as nfacctd" 0 $?
grep -q 'shipped.conf:4: warning: pcap_filter .* means nothing to nfacctd' "$dir/log"
say $? "... with its tolerance"
"$WB_BUILD/waybill" check --as uacctd "$dir/shipped.conf" >"$dir/log" 2>&1
same "an input that is not built in is no success" 1 $?
grep -q 'not built into this version' "$dir/log" && grep -q 'shipped.conf:4: ' "$dir/log"
say $? "... and said beside the rest"
"$WB_BUILD/waybilld" -f "$dir/bad.conf" >"$dir/log2" 2>&1
same "... and never starts" 1 $?

for f in "$WB_SRC"/conf/*.conf; do
	"$WB_BUILD/waybill" check "$f" >"$dir/log" 2>&1 && [ ! -s "$dir/log" ]
	say $? "nothing is wrong with conf/$(basename "$f")"
done

cat >"$dir/c.conf" <<C
nfacctd_ip: 127.0.0.1
nfacctd_port: $(port 1)
nfacctd_templates_file: templates
control_socket: control
http_listen: 127.0.0.1:$(port 4)
logfile: log
pidfile: pid
plugins: print[a]
aggregate[a]: src_host
print_output[a]: csv
print_output_file[a]: a.csv
print_refresh_time[a]: 1
C
"$WB_BUILD/waybill" check "$dir/c.conf" >"$dir/log3" 2>&1
same "waybill check is content with a good one" 0 $?
daemon c.conf
same "pid file" "$daemon" "$(cat "$dir/pid")"
[ -e "$dir/pid-print-a" ]
say $? "pid file of the output"
$send 192.0.2.1,198.51.100.1,100,1
wait_for 5 flows_are 1
say $? "a flow comes in"
wait_for 5 grep -q 192.0.2.1 "$dir/a.csv"
say $? "and is printed"

ask exporters >"$dir/exporters"
grep -q '^EXPORTER .* LOST .* SAMPLING .* DIRECTIONS' "$dir/exporters" &&
    grep -q '^127.0.0.1 .* none told ' "$dir/exporters"
say $? "exporters: loss, rate, directions"
grep -q '^shares of workers: .*100.0 %' "$dir/exporters"
say $? "exporters: shares of workers"
same "exporters: each key once" "" "$(ask --json exporters | grep -o '"[a-z_]*":' | sort | uniq -d)"

# Reload: another aggregate for [a], a new output; sockets and exporters stay.
sed 's/^aggregate\[a\].*/aggregate[a]: dst_host/; s/^plugins.*/plugins: print[a], print[b]/; s/a\.csv/a2.csv/' "$dir/c.conf" >"$dir/new.conf"
printf 'aggregate[b]: proto\nprint_output[b]: csv\nprint_output_file[b]: b.csv\nprint_refresh_time[b]: 1\n' >>"$dir/new.conf"
cp "$dir/c.conf" "$dir/old.conf"
cp "$dir/bad.conf" "$dir/c.conf"
ask reload >"$dir/log4" 2>&1
same "a bad reload says so" 1 $?
grep -q 'nothing was changed' "$dir/log4"
say $? "... and leaves the running one in force"
$send --no-template 192.0.2.2,198.51.100.2,100,1
wait_for 5 flows_are 2
say $? "... which goes on"
cp "$dir/new.conf" "$dir/c.conf"
ask reload >"$dir/log5" 2>&1
same "a good reload" 0 $?
$send --no-template 192.0.2.3,198.51.100.3,100,1
wait_for 5 grep -q 198.51.100.3 "$dir/a2.csv"
say $? "the new aggregate is in force"
wait_for 5 grep -q tcp "$dir/b.csv"
say $? "the new output is there"
grep -q 192.0.2.2 "$dir/a.csv"
say $? "nothing of the old output was lost"
sed 's/^nfacctd_port.*/nfacctd_port: 9/' "$dir/new.conf" >"$dir/c.conf"
ask reload >"$dir/log6" 2>&1
same "a key that needs a restart is refused on reload" 1 $?
grep -q nfacctd_port "$dir/log6"
say $? "... by name"
cp "$dir/new.conf" "$dir/c.conf"

# Signals.
mv "$dir/log" "$dir/log.old"
kill -HUP "$daemon"
wait_for 5 test -s "$dir/log"
say $? "HUP reopens the log file"
kill -USR1 "$daemon"
wait_for 5 grep -q 'stats .*agent=127' "$dir/log"
say $? "USR1 logs statistics"
kill -USR2 "$daemon"
wait_for 5 grep -q 'new maps in force' "$dir/log"
say $? "USR2 reloads maps"

# HTTP.
same "healthz" ok "$(curl -s "http://127.0.0.1:$(port 4)/healthz" | jq -r .health)"
curl -s "http://127.0.0.1:$(port 4)/metrics" >"$dir/metrics"
grep -q '^waybill_flows_total 3$' "$dir/metrics" && tail -n 1 "$dir/metrics" | grep -q '# EOF'
say $? "metrics"
same "the API" 3 "$(curl -s "http://127.0.0.1:$(port 4)/api/v1/status" | jq .input.flows)"
books_balance
stop_daemon
[ ! -e "$dir/pid" ] && [ ! -e "$dir/pid-print-a" ]
say $? "pid files are gone"

# Templates survive: no template is sent after the restart.
daemon c.conf
$send --no-template 192.0.2.4,198.51.100.4,100,1
wait_for 5 flows_are 1
say $? "a template learnt before the restart decodes"
# Data before its template is held, and decoded when it comes.
$send --from 127.0.0.9 --no-template 192.0.2.5,198.51.100.5,100,1
wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.input.held == 1'"
say $? "data before its template is held"
$send --from 127.0.0.9 --only-template
wait_for 5 flows_are 2
say $? "... and decoded when it comes"
$send --raw xxxx
wait_for 5 sh -c "'$WB_BUILD/waybill' -s '$dir/control' --json status | jq -e '.input.unknown_version + .input.datagrams_malformed >= 1'"
say $? "nonsense has its counter"
books_balance
stop_daemon

# Background.
sed 's/^pidfile.*/pidfile: pid2/' "$dir/new.conf" >"$dir/bg.conf"
echo 'daemonize: true' >>"$dir/bg.conf"
(cd "$dir" && "$WB_BUILD/waybilld" -f bg.conf)
same "daemonize gives the terminal back" 0 $?
wait_for 5 test -s "$dir/pid2" && wait_for 5 ask status
say $? "... and runs"
bg=$(cat "$dir/pid2")
kill -TERM "$bg"
wait_for 10 test ! -e "$dir/pid2"
say $? "TERM ends it"
exit $failed
