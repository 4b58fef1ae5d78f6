-- waybill-create-routes.pgsql: made from Waybill's table of columns; do not edit.
-- bgp_routes is pmbgpd's default, bmp_routes pmbmpd's, routes that of a daemon with both.
\c pmacct

CREATE TABLE IF NOT EXISTS bgp_routes (
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	peer_asn BIGINT,
	mpls_label BIGINT,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	stamp_inserted timestamp(6) NOT NULL,
	stamp_updated timestamp(6),
	seq BIGINT,
	generation BIGINT,
	PRIMARY KEY (peer_ip_src, bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd, ip_prefix, as_path_id)
);

CREATE TABLE IF NOT EXISTS bgp_routes_history (
	timestamp timestamp(6) NOT NULL,
	run BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	log_type VARCHAR(16) NOT NULL,
	entries BIGINT NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	peer_asn BIGINT,
	mpls_label BIGINT,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT
);
-- For questions about one prefix; it costs a part of the speed of writing:
-- CREATE INDEX bgp_routes_history_prefix ON bgp_routes_history (ip_prefix, timestamp);
GRANT SELECT, INSERT, UPDATE, DELETE ON bgp_routes, bgp_routes_history TO pmacct;

CREATE TABLE IF NOT EXISTS bmp_routes (
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	peer_asn BIGINT,
	mpls_label BIGINT,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	stamp_inserted timestamp(6) NOT NULL,
	stamp_updated timestamp(6),
	seq BIGINT,
	generation BIGINT,
	PRIMARY KEY (peer_ip_src, bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd, ip_prefix, as_path_id)
);

CREATE TABLE IF NOT EXISTS bmp_routes_history (
	timestamp timestamp(6) NOT NULL,
	run BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	log_type VARCHAR(16) NOT NULL,
	entries BIGINT NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	peer_asn BIGINT,
	mpls_label BIGINT,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT
);
-- For questions about one prefix; it costs a part of the speed of writing:
-- CREATE INDEX bmp_routes_history_prefix ON bmp_routes_history (ip_prefix, timestamp);
GRANT SELECT, INSERT, UPDATE, DELETE ON bmp_routes, bmp_routes_history TO pmacct;

CREATE TABLE IF NOT EXISTS routes (
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	peer_asn BIGINT,
	mpls_label BIGINT,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	stamp_inserted timestamp(6) NOT NULL,
	stamp_updated timestamp(6),
	seq BIGINT,
	generation BIGINT,
	PRIMARY KEY (peer_ip_src, bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd, ip_prefix, as_path_id)
);

CREATE TABLE IF NOT EXISTS routes_history (
	timestamp timestamp(6) NOT NULL,
	run BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	log_type VARCHAR(16) NOT NULL,
	entries BIGINT NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	peer_asn BIGINT,
	mpls_label BIGINT,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT
);
-- For questions about one prefix; it costs a part of the speed of writing:
-- CREATE INDEX routes_history_prefix ON routes_history (ip_prefix, timestamp);
GRANT SELECT, INSERT, UPDATE, DELETE ON routes, routes_history TO pmacct;
