-- pmacct-create-table_v6.pgsql: made from Waybill's table of columns; do not edit.
\c pmacct

CREATE TABLE acct_v6 (
	agent_id BIGINT NOT NULL DEFAULT 0,
	class_id CHAR(16) NOT NULL DEFAULT ' ',
	mac_src macaddr NOT NULL DEFAULT '0:0:0:0:0:0',
	mac_dst macaddr NOT NULL DEFAULT '0:0:0:0:0:0',
	vlan INT NOT NULL DEFAULT 0,
	as_src BIGINT NOT NULL DEFAULT 0,
	as_dst BIGINT NOT NULL DEFAULT 0,
	ip_src inet NOT NULL DEFAULT '0.0.0.0',
	ip_dst inet NOT NULL DEFAULT '0.0.0.0',
	port_src INT NOT NULL DEFAULT 0,
	port_dst INT NOT NULL DEFAULT 0,
	ip_proto SMALLINT NOT NULL DEFAULT 0,
	tos INT NOT NULL DEFAULT 0,
	packets BIGINT NOT NULL,
	bytes BIGINT NOT NULL,
	flows BIGINT NOT NULL DEFAULT 0,
	stamp_inserted timestamp without time zone NOT NULL DEFAULT '0001-01-01 00:00:00',
	stamp_updated timestamp without time zone,
	CONSTRAINT acct_v6_pk PRIMARY KEY (agent_id, class_id, mac_src, mac_dst, vlan, as_src, as_dst, ip_src, ip_dst, port_src, port_dst, ip_proto, tos, stamp_inserted)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON acct_v6 TO pmacct;

CREATE TABLE IF NOT EXISTS proto (
	num SMALLINT NOT NULL,
	description CHAR(20),
	CONSTRAINT proto_pk PRIMARY KEY (num)
);
INSERT INTO proto (num, description) VALUES
	(0, 'ip'),
	(1, 'icmp'),
	(2, 'igmp'),
	(3, 'ggp'),
	(4, 'ipencap'),
	(5, 'st'),
	(6, 'tcp'),
	(8, 'egp'),
	(9, 'igp'),
	(12, 'pup'),
	(17, 'udp'),
	(20, 'hmp'),
	(22, 'xns-idp'),
	(27, 'rdp'),
	(29, 'iso-tp4'),
	(33, 'dccp'),
	(36, 'xtp'),
	(37, 'ddp'),
	(38, 'idpr-cmtp'),
	(41, 'ipv6'),
	(43, 'ipv6-route'),
	(44, 'ipv6-frag'),
	(45, 'idrp'),
	(46, 'rsvp'),
	(47, 'gre'),
	(50, 'esp'),
	(51, 'ah'),
	(57, 'skip'),
	(58, 'ipv6-icmp'),
	(59, 'ipv6-nonxt'),
	(60, 'ipv6-opts'),
	(73, 'rspf'),
	(81, 'vmtp'),
	(88, 'eigrp'),
	(89, 'ospf'),
	(94, 'ipip'),
	(97, 'etherip'),
	(98, 'encap'),
	(103, 'pim'),
	(108, 'ipcomp'),
	(112, 'vrrp'),
	(115, 'l2tp'),
	(124, 'isis'),
	(132, 'sctp'),
	(137, 'mpls-in-ip')
ON CONFLICT DO NOTHING;
GRANT SELECT ON proto TO pmacct;
