/* SPDX-License-Identifier: BSD-2-Clause */
/* `waybill schema`: the recommended tables, printed or compared with those that are there. */
#include <string.h>

#include "report/report.h"
#include "sql/advice.h"
#include "waybill/tool.h"

/* -1: no engine of that name. */
static int
find_engine(const char *word)
{
	static const char *const engines[SQL_ENGINES] = { "mysql", "pgsql", "sqlite3" };

	for (int i = 0; i < SQL_ENGINES; i++)
		if (strcmp(engines[i], word) == 0)
			return i;
	return -1;
}

int
schema_tool(const struct tool_args *args, const struct out_env *env, struct sbuf *out,
    struct sbuf *err)
{
	int engine = find_engine(args->engine != NULL ? args->engine : env->type), differ;
	struct advice_conf conf = { .indexed = report_columns, .today = wall_now(),
		.days = args->plain ? 0 : (unsigned)args->days };

	if (engine < 0) {
		sbuf_str(err, "--engine has to be mysql, pgsql or sqlite3");
		return TOOL_FAILED;
	}
	if (!args->check)
		return advice_print(env, (enum sql_engine)engine, &conf, out, err) == 0 ? TOOL_FINE :
		    TOOL_FAILED;
	if (sql_backend(env->type) == NULL) {
		sbuf_str(err, "does not write to a database that this build knows");
		return TOOL_FAILED;
	}
	differ = advice_check(env, &conf, args->table, out, err);
	return differ < 0 ? TOOL_FAILED : differ > 0 ? TOOL_DIFFERS : TOOL_FINE;
}
