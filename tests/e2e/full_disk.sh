#!/bin/sh
# A full disk, under the database alone and under its journal too: retried with the data kept, said
# once, recovered alone. The disk is a file system of 1 MiB in a mount namespace of our own.
[ -n "${WB_OWN_MOUNTS:-}" ] || WB_OWN_MOUNTS=1 exec unshare --map-root-user --mount sh "$0" "$@"
. "$WB_SRC/tests/lib.sh"
need sqlite3 jq
mkdir "$dir/disk"
mount -t tmpfs -o size=1m none "$dir/disk" || {
	say 1 "a file system can be mounted (root?)"
	exit 1
}
ends() {
	umount -l "$dir/disk"
	cleanup
}
trap ends EXIT
send="$WB_BUILD/tests/e2e/send_ipfix 127.0.0.1:$(port 1)"
sum() { sqlite3 "$dir/disk/t.db" 'SELECT SUM(bytes) FROM t'; }
sum_is() { [ "$(sum)" = "$1" ]; }
retried() { ask --json status | jq -e '.health == "degraded" and .outputs[0].retries > 0'; }
flows_are() { [ "$(ask --json status | jq .input.flows)" = "$1" ]; }
healthy() { ask --json status | jq -e '.health == "ok"'; }
fill() { dd if=/dev/zero of="$dir/disk/fill" bs=4k 2>/dev/null; }

# trouble NAME JOURNAL_DIR
trouble() {
	rm -rf "$dir/disk"/* "$dir/journal"
	cat >"$dir/c.conf" <<-C
		nfacctd_ip: 127.0.0.1
		nfacctd_port: $(port 1)
		control_socket: control
		journal_dir: $2
		plugins: sqlite3[t]
		aggregate[t]: src_host, dst_host, src_port
		sql_db[t]: disk/t.db
		sql_table[t]: t
		sql_optimize_clauses[t]: true
		sql_refresh_time[t]: 1
		sql_history[t]: 5m
		sql_history_roundoff[t]: m
	C
	daemon c.conf
	$send 192.0.2.1,198.51.100.1,100,1
	wait_for 10 sum_is 100
	say $? "$1: a first row"
	fill
	for i in 1 2 3 4 5 6 7 8 9; do
		# shellcheck disable=SC2046
		$send $(for k in 0 1 2 3 4 5 6 7 8 9; do echo "192.0.2.$i,198.51.100.$k,10,1,0,0,$i$k,80,6"; done)
	done
	wait_for 20 retried
	say $? "$1: the full disk is noticed"
	wait_for 20 flows_are 91
	said=$(grep -c -e 'disk is full' -e 'No space left' "$dir/waybilld.log")
	[ "$said" -ge 1 ] && [ "$said" -le 3 ]
	say $? "$1: said once for each who writes ($said lines)"
	same "$1: nothing was written by half" 100 "$(sum)"
	rm "$dir/disk/fill"
	wait_for 40 sum_is 1000
	say $? "$1: recovered alone, nothing lost, nothing twice"
	wait_for 20 healthy
	say $? "$1: healthy again"
	books_balance
	stop_daemon
	same "$1: the sum after the end" 1000 "$(sum)"
}

trouble "the database's disk" journal
trouble "the journal's disk too" disk/journal
exit $failed
