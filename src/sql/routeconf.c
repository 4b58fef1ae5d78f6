/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routeconf.h"

#include <string.h>

#include "core/mem.h"
#include "out/dynname.h"
#include "out/framejournal.h"
#include "sql/routeddl.h"
#include "sql/routeout.h"
#include "sql/settings.h"

static const struct sql_backend *const backends[] = {
#if WB_HAVE_MYSQL
	&sql_mysql,
#endif
#if WB_HAVE_PGSQL
	&sql_pgsql,
#endif
	&sql_sqlite,
};

static const struct sql_backend *
find_backend(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(backends); i++)
		if (strcmp(backends[i]->type, type) == 0)
			return backends[i];
	return NULL;
}

static bool
routes_only(const struct conf *conf)
{
	return conf_program(conf) == CONF_PMBGPD || conf_program(conf) == CONF_PMBMPD;
}

bool
routeout_wanted(const struct conf *conf, size_t output)
{
	return routes_only(conf) || conf_text(conf, output, "sql_routes") != NULL;
}

/* "current,history"; without, current routes, and a history where sql_history says of what bins. */
static int
read_words(const struct conf *conf, size_t n, struct routeconf *rc, struct sbuf *err)
{
	const char *words = conf_text(conf, n, "sql_routes");
	size_t len;

	if (words == NULL) {
		rc->current = true;
		rc->history = conf_given(conf, n, "history");
		return 0;
	}
	for (const char *p = words; *p != '\0'; p += len + (p[len] == ',')) {
		len = strcspn(p, ",");
		if (len == 7 && memcmp(p, "current", len) == 0) {
			rc->current = true;
		} else if (len == 7 && memcmp(p, "history", len) == 0) {
			rc->history = true;
		} else {
			sbuf_printf(err, "sql_routes: '%.*s' is neither current nor history",
			    (int)len, p);
			return -1;
		}
	}
	return 0;
}

static int
read_tables(const struct conf *conf, size_t n, bool bgp, bool bmp, struct routeconf *rc,
    struct sbuf *err)
{
	const char *history = conf_text(conf, n, "sql_history_table");

	sbuf_str(&rc->table, conf_given(conf, n, "table") ? conf_text(conf, n, "table") :
	    routeddl_table_name(bgp, bmp));
	if (history != NULL)
		sbuf_str(&rc->history_table, history);
	else
		sbuf_printf(&rc->history_table, "%s_history", rc->table.text);
	if (dynname_has_time(rc->table.text) || dynname_has_row(rc->table.text)) {
		sbuf_printf(err, "sql_table '%s': current routes are one table; "
		    "sql_history_table may have times", rc->table.text);
		return -1;
	}
	if (dynname_has_row(rc->history_table.text)) {
		sbuf_printf(err, "sql_history_table '%s': a history has times, no variables of flows",
		    rc->history_table.text);
		return -1;
	}
	if (strcmp(rc->table.text, rc->history_table.text) == 0) {
		sbuf_printf(err, "sql_history_table '%s': current routes have that name", rc->table.text);
		return -1;
	}
	return 0;
}

int
routeconf_read(const struct out_env *env, bool bgp, bool bmp, struct routeconf *ret, struct sbuf *err)
{
	const struct conf *conf = env->conf;
	const size_t n = env->output;
	const char *sync = conf_text(conf, n, "journal_sync");
	struct conf_notes notes = { 0 };
	struct routeconf rc = {
		.backend = find_backend(env->type),
		.ledger = conf_bool(conf, n, "sql_ledger"),
		.sync = sync == NULL || strcmp(sync, "none") != 0,
		.refresh_s = conf_given(conf, n, "refresh_time") ?
		    conf_int(conf, n, "refresh_time") : 10,
		.spool_bytes = (uint64_t)conf_int(conf, n, "sql_routes_spool") << 20,
	};
	int ret_code = -1;

	if (rc.backend == NULL)
		sbuf_printf(err, "routes go to mysql, pgsql and sqlite3, not to %s", env->type);
	else if (rc.backend->no_routes != NULL && rc.backend->no_routes() != NULL)
		sbuf_str(err, rc.backend->no_routes());
	else if (read_words(conf, n, &rc, err) == 0 &&
	    read_tables(conf, n, bgp, bmp, &rc, err) == 0 &&
	    bins_compile(conf, n, wall_of_sec(0), &rc.bins, &notes) == 0)
		ret_code = 0;
	conf_notes_done(&notes);
	if (ret_code != 0) {
		routeconf_done(&rc);
		return -1;
	}
	settings_place(env, rc.backend->engine, &rc.place);
	rc.place.utc = true;
	rc.history_s = rc.bins.length_ns / NS_PER_SEC;
	framejournal_dir(env, &rc.dir);
	sbuf_str(&rc.dir, "-routes");
	*ret = rc;
	return 0;
}

void
routeconf_done(struct routeconf *rc)
{
	sbuf_done(&rc->table);
	sbuf_done(&rc->history_table);
	sbuf_done(&rc->dir);
}

/* --- two outputs at one table -------------------------------------------------------------------- */

/* The line that says most about a table of an output; 0: none does. */
static unsigned
where_is(const struct conf *conf, size_t output, bool history, const char **ret_file)
{
	const char *const keys[] = { history ? "sql_history_table" : "table", "table", "sql_routes",
		"plugins" };
	unsigned line = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys) && line == 0; i++)
		line = conf_where(conf, output, keys[i], ret_file);
	if (line == 0)
		*ret_file = conf_file(conf);
	return line;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* In SQLite the host means nothing. */
static bool
same_database(const struct routeconf *a, const struct routeconf *b)
{
	return a->backend == b->backend && same_text(a->place.db, b->place.db) &&
	    (a->backend->engine == SQL_SQLITE || (a->place.port == b->place.port &&
	    same_text(a->place.host, b->place.host)));
}

/* NULL: not written. */
static const char *
table_of(const struct routeconf *rc, bool history)
{
	return history ? rc->history ? rc->history_table.text : NULL : rc->current ? rc->table.text : NULL;
}

static void
say_twins(const struct out_env *env, size_t other, const char *table, bool history,
    bool other_history, struct conf_notes *notes)
{
	const char *file = NULL, *other_file = NULL;
	unsigned line = where_is(env->conf, env->output, history, &file);
	unsigned other_line = where_is(env->conf, other, other_history, &other_file);

	conf_note(notes, CONF_NOTE_ERROR, file, line, "%s: routes go to table '%s', as those of output "
	    "'%s' do (%s:%u): of two that write to one table each would remove what the other has; give "
	    "one of them another sql_table", env->subject, table, conf_output(env->conf, other)->name,
	    other_file, other_line);
}

/* Each pair is told of once, with the later of the two. */
static void
check_twins(const struct out_env *env, const struct routeconf *rc, struct conf_notes *notes)
{
	for (size_t i = 0; i < env->output; i++) {
		const struct conf_output *co = conf_output(env->conf, i);
		struct out_env other = *env;
		struct routeconf orc;
		struct sbuf not_used = { 0 };

		other.output = i;
		other.name = co->name;
		other.type = co->type;
		if (!routeout_wanted(env->conf, i))
			continue;
		if (routeconf_read(&other, true, true, &orc, &not_used) == 0) {
			for (unsigned k = 0; k < 4 && same_database(rc, &orc); k++)
				if (table_of(rc, k & 1) != NULL &&
				    same_text(table_of(rc, k & 1), table_of(&orc, k & 2)))
					say_twins(env, i, table_of(rc, k & 1), k & 1, k & 2, notes);
			routeconf_done(&orc);
		}
		sbuf_done(&not_used);
	}
}

void
routeout_check(const struct out_env *env, struct conf_notes *notes)
{
	struct routeconf rc;
	struct sbuf err = { 0 };
	const char *file = NULL;
	unsigned line = conf_where(env->conf, env->output, "sql_routes", &file);

	if (routeconf_read(env, true, true, &rc, &err) != 0) {
		conf_note(notes, CONF_NOTE_ERROR, file != NULL ? file : conf_file(env->conf), line,
		    "%s: %s", env->subject, sbuf_text(&err));
	} else {
		check_twins(env, &rc, notes);
		routeconf_done(&rc);
	}
	sbuf_done(&err);
}
