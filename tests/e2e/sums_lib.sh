# For scripts that hold what the daemon wrote against the simulator's expected sums. Sourced behind lib.sh.

# rows_are_exact WHAT: table t of t.db has every row of expect.csv, exactly, and no other.
rows_are_exact() {
	sqlite3 "$dir/t.db" >"$dir/result" <<-S
		CREATE TABLE e (exporter, src_as INT, dst_as INT, as_path, peer_dst_as INT, local_pref INT,
		    med, next_hop, comms, src_net, src_mask, dst_net, dst_mask INT, flows INT, packets INT, bytes INT);
		.mode csv
		.import --skip 1 $dir/expect.csv e
		CREATE TABLE want AS SELECT exporter, src_as, dst_as, as_path, peer_dst_as, local_pref, dst_net,
		    dst_mask, SUM(flows) f, SUM(packets) p, SUM(bytes) b FROM e GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
		CREATE TABLE got AS SELECT peer_ip_src exporter, as_src src_as, as_dst dst_as, as_path,
		    peer_as_dst peer_dst_as, local_pref, CASE WHEN mask_dst = 0 AND as_path = '' THEN '' ELSE net_dst END dst_net,
		    mask_dst dst_mask, SUM(flows) f, SUM(packets) p, SUM(bytes) b FROM t GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
		SELECT 'rows', (SELECT COUNT(*) FROM want) > 1000, (SELECT COUNT(*) FROM want) = (SELECT COUNT(*) FROM got);
		SELECT 'missing', COUNT(*) FROM (SELECT * FROM want EXCEPT SELECT * FROM got);
		SELECT 'extra', COUNT(*) FROM (SELECT * FROM got EXCEPT SELECT * FROM want);
		SELECT 'total', (SELECT SUM(b) FROM want) = (SELECT SUM(b) FROM got);
	S
	same "$1" "rows,1,1 missing,0 extra,0 total,1" "$(tr '\n' ' ' <"$dir/result" | tr -d '\r' | sed 's/ $//')"
	[ "$(grep -c 'missing,0' "$dir/result")" = 1 ] || sqlite3 "$dir/t.db" \
		"SELECT 'want', * FROM (SELECT * FROM want EXCEPT SELECT * FROM got) LIMIT 5;
		 SELECT 'got ', * FROM (SELECT * FROM got EXCEPT SELECT * FROM want) LIMIT 5;"
}
