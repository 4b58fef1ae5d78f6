/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of output that are databases: a row per engine. */
#include "sql/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "sql/output_priv.h"

static void *
sqlite_open(const struct out_env *env, struct sbuf *err)
{
	return sqlout_open(env, &sql_sqlite, err);
}

static void
sqlite_check(const struct out_env *env, struct conf_notes *notes)
{
	sqlout_check(env, &sql_sqlite, notes);
}

#if WB_HAVE_MYSQL
static void *
mysql_kind_open(const struct out_env *env, struct sbuf *err)
{
	return sqlout_open(env, &sql_mysql, err);
}

static void
mysql_kind_check(const struct out_env *env, struct conf_notes *notes)
{
	sqlout_check(env, &sql_mysql, notes);
}

const struct out_kind out_mysql = {
	.type = "mysql",
	.journal = true,
	.open = mysql_kind_open,
	.check = mysql_kind_check,
	.write = sqlout_write,
	.close = sqlout_close,
};
#endif

#if WB_HAVE_PGSQL
static void *
pgsql_kind_open(const struct out_env *env, struct sbuf *err)
{
	return sqlout_open(env, &sql_pgsql, err);
}

static void
pgsql_kind_check(const struct out_env *env, struct conf_notes *notes)
{
	sqlout_check(env, &sql_pgsql, notes);
}

const struct out_kind out_pgsql = {
	.type = "pgsql",
	.journal = true,
	.open = pgsql_kind_open,
	.check = pgsql_kind_check,
	.write = sqlout_write,
	.close = sqlout_close,
};
#endif

const struct out_kind out_sqlite3 = {
	.type = "sqlite3",
	.journal = true,
	.open = sqlite_open,
	.check = sqlite_check,
	.write = sqlout_write,
	.close = sqlout_close,
};

/* What this build has. */
static const struct {
	const struct out_kind *kind;
	const struct sql_backend *backend;
} engines[] = {
#if WB_HAVE_MYSQL
	{ &out_mysql, &sql_mysql },
#endif
#if WB_HAVE_PGSQL
	{ &out_pgsql, &sql_pgsql },
#endif
	{ &out_sqlite3, &sql_sqlite },
};

const struct sql_backend *
sql_backend(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(engines); i++)
		if (strcmp(engines[i].kind->type, type) == 0)
			return engines[i].backend;
	return NULL;
}

void *
sql_open_there(const struct sql_backend *backend, const struct sql_place *place, struct sbuf *err)
{
	if (backend->engine == SQL_SQLITE && access(place->db, F_OK) != 0) {
		sbuf_printf(err, "%s: %s", place->db, strerror(errno));
		return NULL;
	}
	return backend->open(place, err);
}

const struct out_kind *
sql_kind(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(engines); i++)
		if (strcmp(engines[i].kind->type, type) == 0)
			return engines[i].kind;
	return NULL;
}
