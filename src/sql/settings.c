/* SPDX-License-Identifier: BSD-2-Clause */
/* The sql_* keys of an output, and what follows from them. Opens nothing but sql_table_schema. */
#include "sql/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

#define SCHEMA_MOST	(1u << 20)	/* bytes of a sql_table_schema file */

static int
read_schema(const char *path, struct sbuf *ret, struct sbuf *err)
{
	char part[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL) {
		sbuf_printf(err, "sql_table_schema '%s': %s", path, strerror(errno));
		return -1;
	}
	while (ret->len < SCHEMA_MOST && (n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_add(ret, part, n);
	fclose(f);
	return 0;
}

static int
read_type(const char *type, const struct plan *plan, struct sql_settings *set, struct sbuf *err)
{
	if (type == NULL) {
		set->shape.bgp = set->auto_bgp = columns_want_bgp(plan);
		return 0;
	}
	set->shape.bgp = strcasecmp(type, "bgp") == 0;
	if (set->shape.bgp || strcasecmp(type, "original") == 0)
		return 0;
	sbuf_printf(err, "sql_table_type '%s' is neither bgp nor original", type);
	return -1;
}

/* The table where sql_table is not set. PostgreSQL below 6 has one for AS numbers. */
static void
default_table(const struct out_env *env, struct sql_settings *set)
{
	const struct sql_shape *shape = &set->shape;
	const char *data = conf_text(env->conf, env->output, "sql_data");

	set->default_table = true;
	if (shape->engine == SQL_PGSQL && !shape->bgp && shape->version < 6 &&
	    strcmp(data, "unified") == 0) {
		sbuf_str(&set->table, "acct_uni");
		if (shape->version > 1)
			sbuf_printf(&set->table, "_v%u", shape->version);
		return;
	}
	if (shape->engine == SQL_PGSQL && !shape->bgp && shape->version < 6 &&
	    (plan_has(env->plan, "src_as") || plan_has(env->plan, "dst_as") ||
	    plan_has(env->plan, "sum_as"))) {
		sbuf_str(&set->table, "acct_as");
		if (shape->version > 1)
			sbuf_printf(&set->table, "_v%u", shape->version);
		return;
	}
	schema_table_name(shape->version, shape->bgp, &set->table);
}

void
settings_place(const struct out_env *env, enum sql_engine engine, struct sql_place *place)
{
	const struct conf *conf = env->conf;
	size_t n = env->output;

	place->db = conf_text(conf, n, "db");
	if (place->db == NULL || !conf_given(conf, n, "db"))
		place->db = engine == SQL_SQLITE ? "/tmp/pmacct.db" : "pmacct";
	place->subject = env->subject;
	place->host = conf_text(conf, n, "db_host");
	place->user = conf_text(conf, n, "db_user");
	place->password = conf_text(conf, n, "db_passwd");
	place->ca_file = conf_text(conf, n, "sql_conn_ca_file");
	place->port = (uint16_t)conf_int(conf, n, "db_port");
	place->utc = env->style.utc;
}

int
settings_read(const struct out_env *env, enum sql_engine engine, struct sql_settings *ret,
    struct sbuf *err)
{
	const struct conf *conf = env->conf;
	const struct bins *bins = &env->plan->bins;
	size_t n = env->output;
	int64_t version = conf_int(conf, n, "sql_table_version");
	struct sql_settings set = {
		.shape = {
			.engine = engine,
			.version = version >= 1 ? (unsigned)version : 1,
			.optimize = conf_bool(conf, n, "sql_optimize_clauses"),
			.history = bins->length_ns != 0 || bins->months != 0,
			.num_protos = env->style.num_protos,
			.num_hosts = env->style.num_hosts && engine != SQL_PGSQL,
			.epoch = env->style.epoch,
			.secs = env->style.secs,
		},
		.insert_only = conf_bool(conf, n, "sql_dont_try_update"),
		.ledger = conf_bool(conf, n, "sql_ledger"),
		.connections = conf_bool(conf, n, "sql_ledger") ?
		    (unsigned)conf_int(conf, n, "sql_connections") : 1,
		.refresh_s = conf_int(conf, n, "refresh_time"),
		.history_s = bins->length_ns / NS_PER_SEC,
		.post_tag = (uint64_t)conf_int(conf, n, "post_tag"),
		.post_tag2 = (uint64_t)conf_int(conf, n, "post_tag2"),
	};
	const char *schema = conf_text(conf, n, "sql_table_schema");
	const char *type = conf_given(conf, n, "sql_table_type") ?
	    conf_text(conf, n, "sql_table_type") : NULL;

	if (set.shape.version > SCHEMA_VERSIONS) {
		sbuf_printf(err, "sql_table_version %u: versions are 1 to %d", set.shape.version,
		    SCHEMA_VERSIONS);
		return -1;
	}
	if (read_type(type, env->plan, &set, err) != 0)
		return -1;
	if (schema != NULL && read_schema(schema, &set.schema, err) != 0)
		return -1;
	settings_place(env, engine, &set.place);
	set.backup = set.place;
	set.backup.host = conf_text(conf, n, "sql_recovery_backup_host");
	if (conf_given(conf, n, "table"))
		sbuf_str(&set.table, conf_text(conf, n, "table"));
	else
		default_table(env, &set);
	*ret = set;
	return 0;
}

void
settings_done(struct sql_settings *set)
{
	sbuf_done(&set->table);
	sbuf_done(&set->schema);
}
