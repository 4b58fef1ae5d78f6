-- waybill-create-routes.pgsql: made from Waybill's table of columns; do not edit.
-- bgp_routes is pmbgpd's default, bmp_routes pmbmpd's, routes that of a daemon with both.
\c pmacct

CREATE TABLE IF NOT EXISTS bgp_routes_sources (
	source INTEGER NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	peer_asn BIGINT,
	PRIMARY KEY (source),
	UNIQUE (peer_ip_src, bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd)
);

CREATE TABLE IF NOT EXISTS bgp_routes_attrs (
	attrs BIGINT NOT NULL,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	PRIMARY KEY (attrs)
);

CREATE TABLE IF NOT EXISTS bgp_routes_rows (
	source INTEGER NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	mpls_label BIGINT,
	attrs BIGINT,
	stamp_inserted timestamp(6) NOT NULL,
	stamp_updated timestamp(6),
	seq BIGINT,
	generation BIGINT,
	PRIMARY KEY (source, ip_prefix, as_path_id)
);

CREATE OR REPLACE VIEW bgp_routes AS
SELECT s.peer_ip_src, s.bgp_id, s.peer_ip, s.bmp_rib_type, s.pd, s.afi, s.safi, s.rd, r.ip_prefix, r.as_path_id, s.peer_asn, r.mpls_label, a.bgp_nexthop, a.as_path, a.origin, a.local_pref, a.med, a.comms, a.ecomms, a.lcomms, r.stamp_inserted, r.stamp_updated, r.seq, r.generation
FROM bgp_routes_rows r
JOIN bgp_routes_sources s ON s.source = r.source
LEFT JOIN bgp_routes_attrs a ON a.attrs = r.attrs;

CREATE TABLE IF NOT EXISTS bgp_routes_history_sources (
	run BIGINT NOT NULL,
	source INTEGER NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	peer_asn BIGINT,
	PRIMARY KEY (source)
);

CREATE TABLE IF NOT EXISTS bgp_routes_history_attrs (
	attrs BIGINT NOT NULL,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	PRIMARY KEY (attrs)
);

CREATE TABLE IF NOT EXISTS bgp_routes_history_rows (
	timestamp timestamp(6) NOT NULL,
	seq BIGINT NOT NULL,
	log_type VARCHAR(16) NOT NULL,
	entries BIGINT NOT NULL,
	source INTEGER NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	mpls_label BIGINT,
	attrs BIGINT
);

CREATE OR REPLACE VIEW bgp_routes_history AS
SELECT r.timestamp, s.run, r.seq, r.log_type, r.entries, s.peer_ip_src, s.bgp_id, s.peer_ip, s.bmp_rib_type, s.pd, s.afi, s.safi, s.rd, r.ip_prefix, r.as_path_id, s.peer_asn, r.mpls_label, a.bgp_nexthop, a.as_path, a.origin, a.local_pref, a.med, a.comms, a.ecomms, a.lcomms
FROM bgp_routes_history_rows r
JOIN bgp_routes_history_sources s ON s.source = r.source
LEFT JOIN bgp_routes_history_attrs a ON a.attrs = r.attrs;
-- For questions about one prefix; it costs a part of the speed of writing:
-- CREATE INDEX bgp_routes_history_prefix ON bgp_routes_history_rows (ip_prefix, timestamp);
GRANT SELECT ON bgp_routes TO pmacct;
GRANT SELECT, INSERT, UPDATE, DELETE ON bgp_routes_rows, bgp_routes_sources, bgp_routes_attrs TO pmacct;
GRANT SELECT ON bgp_routes_history TO pmacct;
GRANT SELECT, INSERT, UPDATE, DELETE ON bgp_routes_history_rows, bgp_routes_history_sources, bgp_routes_history_attrs TO pmacct;

CREATE TABLE IF NOT EXISTS bmp_routes_sources (
	source INTEGER NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	peer_asn BIGINT,
	PRIMARY KEY (source),
	UNIQUE (peer_ip_src, bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd)
);

CREATE TABLE IF NOT EXISTS bmp_routes_attrs (
	attrs BIGINT NOT NULL,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	PRIMARY KEY (attrs)
);

CREATE TABLE IF NOT EXISTS bmp_routes_rows (
	source INTEGER NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	mpls_label BIGINT,
	attrs BIGINT,
	stamp_inserted timestamp(6) NOT NULL,
	stamp_updated timestamp(6),
	seq BIGINT,
	generation BIGINT,
	PRIMARY KEY (source, ip_prefix, as_path_id)
);

CREATE OR REPLACE VIEW bmp_routes AS
SELECT s.peer_ip_src, s.bgp_id, s.peer_ip, s.bmp_rib_type, s.pd, s.afi, s.safi, s.rd, r.ip_prefix, r.as_path_id, s.peer_asn, r.mpls_label, a.bgp_nexthop, a.as_path, a.origin, a.local_pref, a.med, a.comms, a.ecomms, a.lcomms, r.stamp_inserted, r.stamp_updated, r.seq, r.generation
FROM bmp_routes_rows r
JOIN bmp_routes_sources s ON s.source = r.source
LEFT JOIN bmp_routes_attrs a ON a.attrs = r.attrs;

CREATE TABLE IF NOT EXISTS bmp_routes_history_sources (
	run BIGINT NOT NULL,
	source INTEGER NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	peer_asn BIGINT,
	PRIMARY KEY (source)
);

CREATE TABLE IF NOT EXISTS bmp_routes_history_attrs (
	attrs BIGINT NOT NULL,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	PRIMARY KEY (attrs)
);

CREATE TABLE IF NOT EXISTS bmp_routes_history_rows (
	timestamp timestamp(6) NOT NULL,
	seq BIGINT NOT NULL,
	log_type VARCHAR(16) NOT NULL,
	entries BIGINT NOT NULL,
	source INTEGER NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	mpls_label BIGINT,
	attrs BIGINT
);

CREATE OR REPLACE VIEW bmp_routes_history AS
SELECT r.timestamp, s.run, r.seq, r.log_type, r.entries, s.peer_ip_src, s.bgp_id, s.peer_ip, s.bmp_rib_type, s.pd, s.afi, s.safi, s.rd, r.ip_prefix, r.as_path_id, s.peer_asn, r.mpls_label, a.bgp_nexthop, a.as_path, a.origin, a.local_pref, a.med, a.comms, a.ecomms, a.lcomms
FROM bmp_routes_history_rows r
JOIN bmp_routes_history_sources s ON s.source = r.source
LEFT JOIN bmp_routes_history_attrs a ON a.attrs = r.attrs;
-- For questions about one prefix; it costs a part of the speed of writing:
-- CREATE INDEX bmp_routes_history_prefix ON bmp_routes_history_rows (ip_prefix, timestamp);
GRANT SELECT ON bmp_routes TO pmacct;
GRANT SELECT, INSERT, UPDATE, DELETE ON bmp_routes_rows, bmp_routes_sources, bmp_routes_attrs TO pmacct;
GRANT SELECT ON bmp_routes_history TO pmacct;
GRANT SELECT, INSERT, UPDATE, DELETE ON bmp_routes_history_rows, bmp_routes_history_sources, bmp_routes_history_attrs TO pmacct;

CREATE TABLE IF NOT EXISTS routes_sources (
	source INTEGER NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	peer_asn BIGINT,
	PRIMARY KEY (source),
	UNIQUE (peer_ip_src, bgp_id, peer_ip, bmp_rib_type, pd, afi, safi, rd)
);

CREATE TABLE IF NOT EXISTS routes_attrs (
	attrs BIGINT NOT NULL,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	PRIMARY KEY (attrs)
);

CREATE TABLE IF NOT EXISTS routes_rows (
	source INTEGER NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	mpls_label BIGINT,
	attrs BIGINT,
	stamp_inserted timestamp(6) NOT NULL,
	stamp_updated timestamp(6),
	seq BIGINT,
	generation BIGINT,
	PRIMARY KEY (source, ip_prefix, as_path_id)
);

CREATE OR REPLACE VIEW routes AS
SELECT s.peer_ip_src, s.bgp_id, s.peer_ip, s.bmp_rib_type, s.pd, s.afi, s.safi, s.rd, r.ip_prefix, r.as_path_id, s.peer_asn, r.mpls_label, a.bgp_nexthop, a.as_path, a.origin, a.local_pref, a.med, a.comms, a.ecomms, a.lcomms, r.stamp_inserted, r.stamp_updated, r.seq, r.generation
FROM routes_rows r
JOIN routes_sources s ON s.source = r.source
LEFT JOIN routes_attrs a ON a.attrs = r.attrs;

CREATE TABLE IF NOT EXISTS routes_history_sources (
	run BIGINT NOT NULL,
	source INTEGER NOT NULL,
	peer_ip_src inet NOT NULL,
	bgp_id inet NOT NULL,
	peer_ip inet NOT NULL,
	bmp_rib_type VARCHAR(16) NOT NULL,
	pd VARCHAR(40) NOT NULL,
	afi SMALLINT NOT NULL,
	safi SMALLINT NOT NULL,
	rd VARCHAR(40) NOT NULL,
	peer_asn BIGINT,
	PRIMARY KEY (source)
);

CREATE TABLE IF NOT EXISTS routes_history_attrs (
	attrs BIGINT NOT NULL,
	bgp_nexthop inet,
	as_path TEXT,
	origin CHAR(1),
	local_pref BIGINT,
	med BIGINT,
	comms TEXT,
	ecomms TEXT,
	lcomms TEXT,
	PRIMARY KEY (attrs)
);

CREATE TABLE IF NOT EXISTS routes_history_rows (
	timestamp timestamp(6) NOT NULL,
	seq BIGINT NOT NULL,
	log_type VARCHAR(16) NOT NULL,
	entries BIGINT NOT NULL,
	source INTEGER NOT NULL,
	ip_prefix inet NOT NULL,
	as_path_id BIGINT NOT NULL,
	mpls_label BIGINT,
	attrs BIGINT
);

CREATE OR REPLACE VIEW routes_history AS
SELECT r.timestamp, s.run, r.seq, r.log_type, r.entries, s.peer_ip_src, s.bgp_id, s.peer_ip, s.bmp_rib_type, s.pd, s.afi, s.safi, s.rd, r.ip_prefix, r.as_path_id, s.peer_asn, r.mpls_label, a.bgp_nexthop, a.as_path, a.origin, a.local_pref, a.med, a.comms, a.ecomms, a.lcomms
FROM routes_history_rows r
JOIN routes_history_sources s ON s.source = r.source
LEFT JOIN routes_history_attrs a ON a.attrs = r.attrs;
-- For questions about one prefix; it costs a part of the speed of writing:
-- CREATE INDEX routes_history_prefix ON routes_history_rows (ip_prefix, timestamp);
GRANT SELECT ON routes TO pmacct;
GRANT SELECT, INSERT, UPDATE, DELETE ON routes_rows, routes_sources, routes_attrs TO pmacct;
GRANT SELECT ON routes_history TO pmacct;
GRANT SELECT, INSERT, UPDATE, DELETE ON routes_history_rows, routes_history_sources, routes_history_attrs TO pmacct;
