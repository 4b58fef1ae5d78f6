# For scripts of tests/: a temporary folder, daemons that are ended again, and "ok"/"not ok" lines.
# Sourced; expects WB_BUILD and WB_SRC. Processes are ended by pid, whatever happens.
set -u
dir=$(mktemp -d "${TMPDIR:-/tmp}/waybill.XXXXXX")
pids=
failed=0

cleanup() {
	for p in $pids; do
		kill "$p" 2>/dev/null
	done
	for p in $pids; do
		# Give each a second, then insist.
		n=0
		while kill -0 "$p" 2>/dev/null && [ $n -lt 20 ]; do
			sleep 0.1
			n=$((n + 1))
		done
		kill -9 "$p" 2>/dev/null
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# say STATUS NAME: one assertion.
say() {
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		failed=1
	fi
}

# same NAME EXPECTED GOT
same() {
	[ "$2" = "$3" ]
	status=$?
	say $status "$1"
	[ $status = 0 ] || printf '    expected: %s\n    got:      %s\n' "$2" "$3"
}

# A command that a test cannot do without: missing in CI is a failure, elsewhere a loud skip.
need() {
	for c in "$@"; do
		command -v "$c" >/dev/null 2>&1 || [ -x "$c" ] || {
			if [ "${CI:-}" = true ]; then
				echo "not ok - $c is missing"
			else
				echo "skip: $c is missing; NOT TESTED"
			fi
			exit 0
		}
	done
}

# wait_for SECONDS COMMAND...: until it succeeds. The seconds are those of an idle machine; a busy one
# gets several times as many, for it is not speed that is tested here.
wait_for() {
	tries=$(($1 * 20 * 5))
	shift
	while [ $tries -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
		tries=$((tries - 1))
	done
	return 1
}

# start NAME COMMAND...: in the background, output to $dir/NAME.log; pid in $last. The log is empty
# from here on: the shell in the background may come later than whoever looks for a line in it.
start() {
	name=$1
	shift
	: >"$dir/$name.log"
	"$@" >"$dir/$name.log" 2>&1 &
	last=$!
	pids="$pids $last"
}

# daemon CONF: waybilld by a file in $dir; ready when its control socket answers.
daemon() {
	(cd "$dir" && exec "$WB_BUILD/waybilld" -f "$1") >"$dir/waybilld.log" 2>&1 &
	daemon=$!
	pids="$pids $daemon"
	wait_for 10 "$WB_BUILD/waybill" -s "$dir/control" status || {
		echo "not ok - the daemon starts with $1"
		sed 's/^/    /' "$dir/waybilld.log"
		exit 1
	}
}

ask() { "$WB_BUILD/waybill" -s "$dir/control" "$@"; }

# stop_daemon: SIGINT, must exit 0.
stop_daemon() {
	kill -INT "$daemon"
	wait "$daemon"
	same "the daemon ends with status 0" 0 $?
}

# routes_are N: peers have told so many routes.
routes_are() {
	[ "$(ask --json peers | jq '[.[] | .routes_ipv4 + .routes_ipv6] | add')" = "$1" ]
}

# The kernel's queue is empty: as many datagrams are in as the simulator sent, templates apart.
all_in() {
	[ "$(ask --json status | jq .input.datagrams)" -ge "$(sed -n 's/.*datagrams \([0-9]*\).*/\1/p' "$dir/sim.log")" ]
}

# Both differences of the books are 0.
books_balance() {
	ask --json status >"$dir/status.json"
	same "the input books balance" 0 "$(jq .input.balance "$dir/status.json")"
	same "the output books balance" 0 "$(jq '[.outputs[].balance] | map(fabs) | add' "$dir/status.json")"
}

# A port nobody else uses: by our pid, so that tests may run beside each other.
port() { echo $((20000 + ($$ * 7 + $1) % 20000)); }
