#!/bin/sh
# Reload is all or nothing, and all means all: what the collectors, BGP and the log go by changes as
# well as outputs. USR2 reads again what the configuration in force names, and nothing else.
. "$WB_SRC/tests/lib.sh"
need jq
send="$WB_BUILD/tests/e2e/send_ipfix 127.0.0.1:$(port 1)"
input_is() { [ "$(ask --json status | jq ".input.$1")" = "$2" ]; }
has() { grep -q -e "$2" "$dir/$1"; }

filter='networks_file_filter: true'
# conf LINE...: the configuration, with lines of this step.
conf() {
	{
		cat <<-C
			nfacctd_ip: 127.0.0.1
			nfacctd_port: $(port 1)
			bgp_daemon: true
			bgp_daemon_ip: 127.0.0.1
			bgp_daemon_port: $(port 2)
			control_socket: control
			pidfile: pid
			print_output: csv
			print_refresh_time: 1
			networks_file: networks
			$filter
			aggregate[a]: src_host, dst_host
			print_output_file[a]: a.csv
			print_output_file_append[a]: true
		C
		for line in "$@"; do echo "$line"; done
	} >"$dir/c.conf"
}
good() {
	what=$1
	shift
	conf "$@"
	ask reload >"$dir/said" 2>&1
	same "$what" 0 $?
}
# bad WHAT WORDS LINE...: refused in these words.
bad() {
	what=$1
	words=$2
	shift 2
	conf "$@"
	ask reload >"$dir/said" 2>&1
	same "refused: $what" 1 $?
	has said "$words" && has said 'nothing was changed'
	say $? "... in words: $words"
}

echo 192.0.2.0/24 >"$dir/networks"
conf 'plugins: print[a]'
daemon c.conf
$send 192.0.2.1,198.51.100.1,100,1
wait_for 10 has a.csv '^192.0.2.1,0.0.0.0,.*,100$'
say $? "a flow is printed"

# A new output has its pid file; one that went has none.
good "an output more" 'plugins: print[a], print[b]' 'aggregate[b]: proto, sampling_rate' 'print_output_file[b]: b.csv' \
	'nfacctd_ext_sampling_rate: 10' 'nfacctd_renormalize: true'
same "its pid file" "$daemon" "$(cat "$dir/pid-print-b")"
same "the other's is still there" "$daemon" "$(cat "$dir/pid-print-a")"
$send --no-template 192.0.2.2,198.51.100.1,100,1
wait_for 10 has a.csv '^192.0.2.2,0.0.0.0,.*,1000$'
say $? "renormalised from now on"
wait_for 10 has b.csv '^tcp,10,'
say $? "and the rate is known to the new output"
ask exporters | grep -q '1:10 configuration'
say $? "exporters: the rate is the configuration's"

# Lists of who may send: one that is not there is refused, a good one acts.
bad "an allow file that is not there" 'nfacctd_allow_file: .*allow cannot be read' 'plugins: print[a]' 'nfacctd_allow_file: allow'
echo 'router7' >"$dir/allow"
bad "a list with nonsense" 'allow:1: .*router7' 'plugins: print[a]' 'nfacctd_allow_file: allow'
bad "one of BGP" 'allow:1: .*router7' 'plugins: print[a]' 'bgp_daemon_allow_file: allow'
[ -e "$dir/pid-print-b" ]
say $? "a refused reload leaves pid files alone"
echo '127.0.0.9' >"$dir/allow"
good "a list of who may send" 'plugins: print[a]' 'nfacctd_allow_file: allow' 'bgp_daemon_allow_file: allow' 'logfile: log'
[ ! -e "$dir/pid-print-b" ]
say $? "the pid file of an output that went is gone"
has log 'new configuration in force'
say $? "the log is where the configuration has it now"
$send --no-template 192.0.2.3,198.51.100.1,100,1
wait_for 10 input_is not_allowed 1
say $? "who is not on the list is not heard"
$send --from 127.0.0.9 192.0.2.4,198.51.100.1,100,1
wait_for 10 has a.csv '^192.0.2.4,0.0.0.0,.*,100$'
say $? "who is on it is, no longer renormalised"
"$WB_BUILD/waybill-sim" --prefixes 10 --bgp "127.0.0.1:$(port 2)" --seconds 1 >"$dir/sim.log" 2>&1
wait_for 10 has log 'BGP connection from 127.0.0.2 refused'
say $? "the list of BGP acts as well"
echo '{"roas": [{"asn": "AS1", "prefix": "router7", "maxLength": 24}]}' >"$dir/roas"
bad "a roas file that is not there" 'c.conf:[0-9]*: .*rpki_roas_file: ' 'plugins: print[a]' 'rpki_roas_file: none'
bad "one with nonsense" 'c.conf:[0-9]*: .*rpki_roas_file: .*entry 1 is malformed' 'plugins: print[a]' 'rpki_roas_file: roas'
(cd "$dir" && "$WB_BUILD/waybill" check c.conf) >"$dir/said" 2>&1
same "waybill check refuses it as well" 1 $?
has said 'rpki_roas_file: .*entry 1 is malformed'
say $? "... in the same words"
bad "a log that cannot be" 'c.conf:.* logfile: nowhere' 'plugins: print[a]' 'logfile: nowhere/../../proc/x'

# USR2: files are read again, the configuration is not, however broken.
echo 198.51.100.0/24 >>"$dir/networks"
echo 127.0.0.1 >>"$dir/allow"
echo nonsense >"$dir/c.conf"
kill -USR2 "$daemon"
wait_for 10 has log 'new maps in force'
say $? "USR2 reads maps again"
$send --no-template 192.0.2.5,198.51.100.5,100,1
wait_for 10 has a.csv '^192.0.2.5,198.51.100.5,.*,100$'
say $? "networks and allow file are the new ones"
echo nonsense >"$dir/networks"
kill -USR2 "$daemon"
wait_for 10 has log 'the maps in force stay'
say $? "a bad map leaves all of them in force"
$send --no-template 192.0.2.6,198.51.100.6,100,1
wait_for 10 has a.csv '^192.0.2.6,198.51.100.6,.*,100$'
say $? "... which go on"

# A key for all changes what an output is given: the networks file filters hosts until something uses it.
echo 192.0.2.0/24 >"$dir/networks"
filter=
good "a networks file that nothing uses" 'plugins: print[a]' 'logfile: log'
has said 'it filters hosts'
say $? "... with its warning"
$send --no-template 192.0.2.7,198.51.100.7,100,1
wait_for 10 has a.csv '^192.0.2.7,0.0.0.0,.*,100$'
say $? "... filters"
good "the same, and used" 'plugins: print[a]' 'logfile: log' 'nfacctd_as: file'
$send --no-template 192.0.2.8,198.51.100.8,100,1
wait_for 10 has a.csv '^192.0.2.8,198.51.100.8,.*,100$'
say $? "... filters no more"

# One right behind another waits until the old outputs have ended; who waits for the same is served at once.
good "a reload with new settings" 'plugins: print[a]' 'logfile: log' 'aggregate[a]: src_host' 'nfacctd_as: file'
good "one right behind it, while the old output ends" 'plugins: print[a]' 'logfile: log' 'nfacctd_as: file'
asking=
for i in 1 2 3 4 5; do
	ask reload >"$dir/said$i" 2>&1 &
	asking="$asking $!"
done
# shellcheck disable=SC2086
wait $asking
same "five at once: each is told" 5 "$(cat "$dir"/said[1-5] | grep -c 'new configuration in force')"
[ "$(ask reload-state)" != pending ]
say $? "none is left"

books_balance
$send --no-template 192.0.2.9,198.51.100.9,100,1
wait_for 10 input_is flows 8
kill -TERM "$daemon"
wait "$daemon"
same "TERM ends with status 0" 0 $?
has a.csv '^192.0.2.9,198.51.100.9,.*,100$'
say $? "... and what was held is written"
[ ! -e "$dir/pid" ] && [ ! -e "$dir/pid-print-a" ]
say $? "pid files are gone"
exit $failed
