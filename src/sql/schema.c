/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shipped tables by version, and the files in sql/ made from them. Which of the columns an
 * output writes, and with what, is columns.c; statements are statement.c.
 */
#include "sql/schema.h"

#include <string.h>

#include "core/mem.h"

#define MY	SCHEMA_ON(SQL_MYSQL)
#define PG	SCHEMA_ON(SQL_PGSQL)
#define LITE	SCHEMA_ON(SQL_SQLITE)
#define ALL	(MY | PG | LITE)
#define ASCII	" CHARACTER SET ascii COLLATE ascii_bin"

#define AS_TYPES	{ "INT(4) UNSIGNED", "BIGINT", "INT(8)" }, { NULL, "0", "0" }
#define TAG_TYPES	{ "BIGINT UNSIGNED", "BIGINT", "INT(8)" }, { NULL, "0", "0" }
#define IP_TYPES	{ "CHAR(45)", "inet", "CHAR(45)" }, { NULL, "'0.0.0.0'", "'0.0.0.0'" }
#define MAC_TYPES	{ "CHAR(17)", "macaddr", "CHAR(17)" }, \
			{ NULL, "'0:0:0:0:0:0'", "'0:0:0:0:0:0'" }
#define PORT_TYPES	{ "INT(2) UNSIGNED", "INT", "INT(4)" }, { NULL, "0", "0" }
#define TEXT_TYPES	{ "VARCHAR(255)" ASCII, "VARCHAR(255)", "VARCHAR(255)" }, \
			{ NULL, "' '", "' '" }
#define COUNT_TYPES	{ "BIGINT UNSIGNED", "BIGINT", "BIGINT" }

static const struct schema_column columns[] = {
/*	  name         from to bgp  engines key  types, defaults                         fake */
	{ "agent_id",    2, 8, ALL, ALL, true,  TAG_TYPES,                              "0" },
	{ "tag",         9, 9, 0,   ALL, true,  TAG_TYPES,                              "0" },
	{ "class_id",    5, 9, 0,   ALL, true,
	    { "CHAR(16)", "CHAR(16)", "CHAR(16)" }, { NULL, "' '", "' '" },             "'unknown'" },
	{ "mac_src",     1, 9, 0,   ALL, true,  MAC_TYPES,                              "'0:0:0:0:0:0'" },
	{ "mac_dst",     1, 9, 0,   ALL, true,  MAC_TYPES,                              "'0:0:0:0:0:0'" },
	{ "vlan",        2, 9, 0,   ALL, true,
	    { "INT(2) UNSIGNED", "INT", "INT(4)" }, { NULL, "0", "0" },                 "0" },
	{ "as_src",      6, 9, ALL, ALL, true,  AS_TYPES,                               "0" },
	{ "as_dst",      6, 9, ALL, ALL, true,  AS_TYPES,                               "0" },
	{ "peer_as_src", 0, 0, ALL, 0,   true,  AS_TYPES,                               "0" },
	{ "peer_as_dst", 0, 0, ALL, 0,   true,  AS_TYPES,                               "0" },
	{ "peer_ip_src", 0, 0, ALL, 0,   true,  IP_TYPES,                               "'0.0.0.0'" },
	{ "peer_ip_dst", 0, 0, ALL, 0,   true,  IP_TYPES,                               "'0.0.0.0'" },
	{ "comms",       0, 0, ALL, 0,   true,  TEXT_TYPES,                             "''" },
	{ "as_path",     0, 0, ALL, 0,   true,  TEXT_TYPES,                             "''" },
	{ "local_pref",  0, 0, ALL, 0,   true,  AS_TYPES,                               "0" },
	{ "med",         0, 0, ALL, 0,   true,  AS_TYPES,                               "0" },
	{ "ip_src",      1, 9, 0,   ALL, true,  IP_TYPES,                               "'0.0.0.0'" },
	{ "ip_dst",      1, 9, 0,   ALL, true,  IP_TYPES,                               "'0.0.0.0'" },
	{ "src_port",    1, 7, 0,   MY | LITE, true, PORT_TYPES,                        "0" },
	{ "dst_port",    1, 7, 0,   MY | LITE, true, PORT_TYPES,                        "0" },
	{ "port_src",    8, 9, 0,   MY | LITE, true, PORT_TYPES,                        "0" },
	{ "port_dst",    8, 9, 0,   MY | LITE, true, PORT_TYPES,                        "0" },
	{ "port_src",    1, 9, 0,   PG,  true,  PORT_TYPES,                             "0" },
	{ "port_dst",    1, 9, 0,   PG,  true,  PORT_TYPES,                             "0" },
	{ "tcp_flags",   7, 9, 0,   ALL, false,
	    { "INT(4) UNSIGNED", "SMALLINT", "INT(4)" }, { NULL, "0", "0" },            "0" },
	{ "ip_proto",    1, 9, 0,   MY,  true,  { "CHAR(16)" }, { NULL },               "'0'" },
	{ "ip_proto",    1, 9, 0,   PG,  true,  { NULL, "SMALLINT" }, { NULL, "0" },    "0" },
	{ "ip_proto",    1, 9, 0,   LITE, true, { NULL, NULL, "CHAR(16)" },
	    { NULL, NULL, "0" },                                                        "'0'" },
	{ "tos",         3, 9, 0,   ALL, true,
	    { "INT(4) UNSIGNED", "INT", "INT(4)" }, { NULL, "0", "0" },                 "0" },
	{ "packets",     1, 9, ALL, ALL, false, COUNT_TYPES, { NULL },                  "0" },
	{ "bytes",       1, 9, ALL, ALL, false, COUNT_TYPES, { NULL },                  "0" },
	{ "flows",       4, 9, LITE, ALL, false, COUNT_TYPES, { NULL, "0", "0" },       "0" },
	{ "stamp_inserted", 1, 9, ALL, ALL, true,
	    { "DATETIME", "timestamp without time zone", "DATETIME" },
	    { NULL, "'0001-01-01 00:00:00'", "'0000-00-00 00:00:00'" },                 NULL },
	{ "stamp_updated", 1, 9, ALL, ALL, false,
	    { "DATETIME", "timestamp without time zone", "DATETIME" }, { NULL },        NULL },
};

size_t
schema_columns(enum sql_engine engine, unsigned version, bool bgp,
    const struct schema_column *ret[SCHEMA_COLUMNS])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const struct schema_column *c = &columns[i];
		bool has = bgp ? (c->bgp & SCHEMA_ON(engine)) != 0 :
		    (c->engines & SCHEMA_ON(engine)) != 0 && version >= c->from && version <= c->to;

		if (has)
			ret[n++] = c;
	}
	return n;
}

void
schema_table_name(unsigned version, bool bgp, struct sbuf *out)
{
	sbuf_str(out, "acct");
	if (bgp)
		sbuf_str(out, "_bgp");
	else if (version > 1)
		sbuf_printf(out, "_v%u", version);
}

/* --- the files ---------------------------------------------------------------------------------- */

#define THREE_FILES(n, my, pg, lite) \
	{ my, SQL_MYSQL, n, SCHEMA_TABLE }, { pg, SQL_PGSQL, n, SCHEMA_TABLE }, \
	{ lite, SQL_SQLITE, n, SCHEMA_TABLE }
#define FILES_OF(v, n) THREE_FILES(n, "pmacct-create-db_" v ".mysql", \
	"pmacct-create-table_" v ".pgsql", "pmacct-create-table_" v ".sqlite3")

static const struct schema_file files[] = {
	FILES_OF("v1", 1),
	FILES_OF("v2", 2),
	FILES_OF("v3", 3),
	FILES_OF("v4", 4),
	FILES_OF("v5", 5),
	FILES_OF("v6", 6),
	THREE_FILES(7, "pmacct-create-db_v7.mysql", "pmacct-create-table_v7_v8.pgsql",
	    "pmacct-create-table_v7.sqlite3"),
	{ "pmacct-create-db_v8.mysql", SQL_MYSQL, 8, SCHEMA_TABLE },
	{ "pmacct-create-table_v8.sqlite3", SQL_SQLITE, 8, SCHEMA_TABLE },
	FILES_OF("v9", 9),
	FILES_OF("bgp_v1", 0),
	{ "pmacct-create-db.pgsql", SQL_PGSQL, 0, SCHEMA_DATABASE },
	{ "pmacct-grant-db.mysql", SQL_MYSQL, 0, SCHEMA_GRANT },
};

const struct schema_file *
schema_files(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(files);
	return files;
}

/* PostgreSQL below version 6 has three forms of each table. */
enum form { FORM_TYPED, FORM_UNIFIED, FORM_AS };

static const char *
form_type(const struct schema_column *c, enum sql_engine engine, enum form form)
{
	bool ip = strcmp(c->name, "ip_src") == 0 || strcmp(c->name, "ip_dst") == 0;

	if (form == FORM_AS && ip)
		return "BIGINT";
	if (form == FORM_UNIFIED && ip)
		return "CHAR(45)";
	if (form == FORM_UNIFIED && strncmp(c->name, "mac_", 4) == 0)
		return "CHAR(17)";
	return c->type[engine];
}

static void
print_table(enum sql_engine engine, unsigned version, bool bgp, enum form form, const char *table,
    struct sbuf *out)
{
	const struct schema_column *col[SCHEMA_COLUMNS];
	size_t n = schema_columns(engine, version, bgp, col), keys = 0;

	sbuf_printf(out, "%s %s (\n", engine == SQL_MYSQL ? "CREATE TABLE IF NOT EXISTS" :
	    "CREATE TABLE", table);
	for (size_t i = 0; i < n; i++) {
		bool as_ip = form == FORM_AS && strncmp(col[i]->name, "ip_", 3) == 0 &&
		    strcmp(col[i]->name, "ip_proto") != 0;
		const char *dflt = as_ip ? "0" : col[i]->dflt[engine];

		sbuf_printf(out, "\t%s %s", col[i]->name, form_type(col[i], engine, form));
		if (strcmp(col[i]->name, "stamp_updated") != 0)
			sbuf_str(out, " NOT NULL");
		if (dflt != NULL)
			sbuf_printf(out, " DEFAULT %s", dflt);
		sbuf_str(out, ",\n");
	}
	sbuf_char(out, '\t');
	if (engine == SQL_PGSQL)
		sbuf_printf(out, "CONSTRAINT %s_pk ", table);
	sbuf_str(out, "PRIMARY KEY (");
	for (size_t i = 0; i < n; i++)
		if (col[i]->key)
			sbuf_printf(out, "%s%s", keys++ > 0 ? ", " : "", col[i]->name);
	sbuf_printf(out, ")\n)%s;\n", engine == SQL_MYSQL ? " ENGINE=InnoDB" : "");
}

static void
print_pgsql_table(unsigned version, bool bgp, enum form form, const char *stem, struct sbuf *out)
{
	struct sbuf name = { 0 };

	sbuf_str(&name, stem);
	if (!bgp && version > 1)
		sbuf_printf(&name, "_v%u", version);
	sbuf_char(out, '\n');
	print_table(SQL_PGSQL, version, bgp, form, name.text, out);
	sbuf_printf(out, "GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO pmacct;\n", name.text);
	sbuf_done(&name);
}

/* IANA's protocol numbers that people meet, for joins; the daemon does not read this table. */
static const struct {
	uint8_t num;
	const char *name;
} protos[] = {
	{ 0, "ip" }, { 1, "icmp" }, { 2, "igmp" }, { 3, "ggp" }, { 4, "ipencap" }, { 5, "st" },
	{ 6, "tcp" }, { 8, "egp" }, { 9, "igp" }, { 12, "pup" }, { 17, "udp" }, { 20, "hmp" },
	{ 22, "xns-idp" }, { 27, "rdp" }, { 29, "iso-tp4" }, { 33, "dccp" }, { 36, "xtp" },
	{ 37, "ddp" }, { 38, "idpr-cmtp" }, { 41, "ipv6" }, { 43, "ipv6-route" },
	{ 44, "ipv6-frag" }, { 45, "idrp" }, { 46, "rsvp" }, { 47, "gre" }, { 50, "esp" },
	{ 51, "ah" }, { 57, "skip" }, { 58, "ipv6-icmp" }, { 59, "ipv6-nonxt" },
	{ 60, "ipv6-opts" }, { 73, "rspf" }, { 81, "vmtp" }, { 88, "eigrp" }, { 89, "ospf" },
	{ 94, "ipip" }, { 97, "etherip" }, { 98, "encap" }, { 103, "pim" }, { 108, "ipcomp" },
	{ 112, "vrrp" }, { 115, "l2tp" }, { 124, "isis" }, { 132, "sctp" }, { 137, "mpls-in-ip" },
};

static void
print_protos(struct sbuf *out)
{
	sbuf_str(out, "\nCREATE TABLE IF NOT EXISTS proto (\n\tnum SMALLINT NOT NULL,\n"
	    "\tdescription CHAR(20),\n\tCONSTRAINT proto_pk PRIMARY KEY (num)\n);\n"
	    "INSERT INTO proto (num, description) VALUES\n");
	for (size_t i = 0; i < ARRAY_LEN(protos); i++)
		sbuf_printf(out, "\t(%u, '%s')%s\n", protos[i].num, protos[i].name,
		    i + 1 < ARRAY_LEN(protos) ? "," : "");
	sbuf_str(out, "ON CONFLICT DO NOTHING;\nGRANT SELECT ON proto TO pmacct;\n");
}

static void
print_pgsql(unsigned version, bool bgp, struct sbuf *out)
{
	sbuf_str(out, "\\c pmacct\n");
	if (bgp) {
		print_pgsql_table(0, true, FORM_TYPED, "acct_bgp", out);
		return;
	}
	if (version < 6)
		print_pgsql_table(version, false, FORM_UNIFIED, "acct_uni", out);
	print_pgsql_table(version, false, FORM_TYPED, "acct", out);
	if (version < 6)
		print_pgsql_table(version, false, FORM_AS, "acct_as", out);
	if (version == 7)
		print_pgsql_table(8, false, FORM_TYPED, "acct", out);
	print_protos(out);
}

static void
print_tables(const struct schema_file *file, struct sbuf *out)
{
	bool bgp = file->version == 0;
	struct sbuf table = { 0 };

	schema_table_name(file->version, bgp, &table);
	switch (file->engine) {
	case SQL_MYSQL:
		sbuf_str(out, "CREATE DATABASE IF NOT EXISTS pmacct;\nUSE pmacct;\n\n");
		print_table(SQL_MYSQL, file->version, bgp, FORM_TYPED, table.text, out);
		break;
	case SQL_PGSQL:
		print_pgsql(file->version, bgp, out);
		break;
	case SQL_SQLITE:
		print_table(SQL_SQLITE, file->version, bgp, FORM_TYPED, table.text, out);
		break;
	case SQL_ENGINES:
		break;
	}
	sbuf_done(&table);
}

void
schema_file_print(const struct schema_file *file, struct sbuf *out)
{
	sbuf_printf(out, "-- %s: made from Waybill's table of columns; do not edit.\n", file->name);
	switch (file->what) {
	case SCHEMA_TABLE:
		print_tables(file, out);
		break;
	case SCHEMA_DATABASE:
		sbuf_str(out, "-- Run as the superuser: psql -d template1 -f FILE\n"
		    "CREATE USER pmacct PASSWORD 'arealsmartpwd';\n"
		    "CREATE DATABASE pmacct OWNER pmacct;\n");
		break;
	case SCHEMA_GRANT:
		sbuf_str(out, "-- Change the password, here and as sql_passwd.\n"
		    "CREATE USER IF NOT EXISTS pmacct@localhost IDENTIFIED BY 'arealsmartpwd';\n"
		    "GRANT ALL PRIVILEGES ON pmacct.* TO pmacct@localhost;\n");
		break;
	}
}
