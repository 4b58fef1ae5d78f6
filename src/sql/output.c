/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A SQL output on top of a backend: which tables the rows of a bin go to, and the transaction that
 * carries them together with their rows of the ledger (DESIGN.md 7). The frame retries; the
 * backend knows its engine.
 *
 * With sql_recovery_backup_host there are two servers. A batch that the first one does not take goes
 * to the second, unless its COMMIT was sent and not answered: then only the server that got it can
 * say whether it landed, and the batch waits for that one.
 */
#include "sql/output.h"

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/dynname.h"
#include "out/framejournal.h"
#include "sql/refused.h"
#include "sql/rejects.h"
#include "sql/rows.h"
#include "sql/settings.h"
#include "sql/statement.h"

#define SERVERS		2		/* sql_host and sql_recovery_backup_host */

struct sql_out {
	const struct sql_backend *backend;
	void *db[SERVERS];
	unsigned servers;
	const struct out_env *env;
	struct sql_settings set;
	struct columns columns;		/* what is written */
	struct columns made;		/* what a table of ours is made of */
	char instance[33];		/* stands in for that of a journal */
	struct sbuf reject_file;
	wall_t newest;			/* the newest bin that this run wrote; 0: none yet */
	/* A batch is known by its purge and bin. */
	struct batch_id {
		uint64_t seq;
		int64_t bin;
	} unsure,			/* its COMMIT got no answer ... */
	    set_aside,			/* its rejects are in the file already */
	    refused_of;			/* the batch that `refused` are rows of */
	struct refused refused;		/* rows the server does not take: in the file as well */
	unsigned asked;			/* ... from this server */
};

/* The rows of a bin that go to one table. */
struct part {
	struct sbuf name, schema;
	size_t *pick;			/* NULL: all */
	size_t rows, room;
	struct rows *cells;
	struct sql_target target;
	uint64_t digest;		/* of all rows, also of those that did not fit */
	struct rows_sums sums;		/* of those that did */
	struct out_rejected rejected;
};

struct parts {
	struct part *part;
	size_t count;
};

static void
parts_done(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		struct part *p = &parts->part[i];

		sbuf_done(&p->name);
		sbuf_done(&p->schema);
		mem_free(p->pick);
		rows_free(p->cells);
	}
	mem_free(parts->part);
}

static struct part *
part_of(struct parts *parts, const char *name)
{
	struct part *p;

	for (size_t i = 0; i < parts->count; i++)
		if (strcmp(parts->part[i].name.text, name) == 0)
			return &parts->part[i];
	parts->part = mem_grow(parts->part, parts->count + 1, sizeof(*p));
	p = &parts->part[parts->count++];
	memset(p, 0, sizeof(*p));
	sbuf_str(&p->name, name);
	return p;
}

static void
part_add(struct part *p, size_t row)
{
	if (p->rows == p->room) {
		p->room = p->room == 0 ? 64 : p->room * 2;
		p->pick = mem_grow(p->pick, p->room, sizeof(*p->pick));
	}
	p->pick[p->rows++] = row;
}

static int
by_name(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return strcmp(x->name.text, y->name.text);
}

/* Split by table name. In the order of names, which is then that of a replay as well. */
static void
split(const struct sql_out *s, struct dynname_env *names, const struct rowset *rs,
    struct parts *parts)
{
	const char *pattern = sbuf_text((struct sbuf *)(uintptr_t)&s->set.table);
	struct sbuf name = { 0 };

	if (!dynname_has_row(pattern)) {
		dynname_expand(pattern, names, &name);
		part_of(parts, name.text)->rows = rs->rows;
	}
	for (size_t i = 0; dynname_has_row(pattern) && i < rs->rows; i++) {
		names->row = i;
		sbuf_clear(&name);
		dynname_expand(pattern, names, &name);
		part_add(part_of(parts, name.text), i);
	}
	sbuf_done(&name);
	qsort(parts->part, parts->count, sizeof(*parts->part), by_name);
}

/* Tables, DDL and cells of each part. */
static void
dress_parts(const struct sql_out *s, struct dynname_env *names, const struct rowset *rs, wall_t now,
    struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		struct part *p = &parts->part[i];

		if (s->set.schema.len > 0) {
			names->row = p->pick != NULL ? p->pick[0] : 0;
			dynname_expand(s->set.schema.text, names, &p->schema);
		}
		p->cells = rows_new(&s->columns, &s->env->style, rs, p->pick, p->rows, now);
		p->target = (struct sql_target){
			.table = p->name.text,
			.columns = &s->columns,
			.schema = p->schema.text,
			.made = &s->made,
			.keyed = !s->set.shape.optimize || !s->set.insert_only,
			.ours = s->set.shape.optimize,
			.insert_only = s->set.insert_only,
			.ledger = s->set.ledger,
			.fresh = s->newest.ns != 0 && rs->bin.ns > s->newest.ns,
		};
		p->digest = rows_digest(p->cells, &p->sums);
	}
}

/* --- rows that do not fit -------------------------------------------------------------------------- */

/* The file stands beside the journal of the output. */
static int
write_rejects(struct sql_out *s, const struct rejects *r, struct batch_id id, struct sbuf *err)
{
	/* Tried again: the same rows are there. */
	if (memcmp(&s->set_aside, &id, sizeof(id)) == 0)
		return 0;
	if (rejects_write(r, sbuf_text(&s->reject_file), err) != 0)
		return -1;
	log_write(LOG_LVL_WARN, s->env->subject, "%zu rows do not fit into '%s' and are in '%s'",
	    r->count, r->table, sbuf_text(&s->reject_file));
	return 0;
}

/*
 * What the live table does not take leaves the part before anything is begun; the rest is put in the
 * order of its key.
 */
static int
fit_to_table(struct sql_out *s, unsigned server, const struct purge *purge, struct part *p,
    struct batch_id id, struct sbuf *err)
{
	const struct live *live = s->backend->live != NULL ? s->backend->live(s->db[server]) : NULL;
	struct limit *limit = mem_array(s->columns.params + 1, sizeof(*limit));
	struct rejects rejects = { 0 };
	struct rows_sums was = p->sums;
	int ret = 0;

	if (live != NULL && live_limits(live, &s->columns, limit)) {
		rejects_init(&rejects, &s->columns, p->cells, p->target.table, purge);
		rows_split(p->cells, limit, rejects_add, &rejects);
		if (rejects.count > 0) {
			rows_digest(p->cells, &p->sums);
			p->rejected.rows += rejects.count;
			p->rejected.bytes += was.bytes - p->sums.bytes;
			p->rejected.packets += was.packets - p->sums.packets;
			ret = write_rejects(s, &rejects, id, err);
		}
		rejects_done(&rejects);
	}
	if (ret == 0 && live != NULL && live->keys > 0)
		rows_sort(p->cells, live->key, live->keys);
	mem_free(limit);
	return ret;
}

static const char *
why_refused(const void *refused, uint64_t digest)
{
	return refused_why(refused, digest);
}

/*
 * Rows of `refused` leave a part. rejects NULL: they are in the file already, by an earlier try of
 * this batch, which may have landed without an answer; so it has to be the same rows again.
 */
static void
drop_refused(struct part *p, const struct refused *refused, struct rejects *rejects)
{
	struct rows_sums was = p->sums;
	size_t rows = rows_cells(p->cells).rows;

	if (refused->count == 0)
		return;
	rows_drop(p->cells, why_refused, refused, rejects != NULL ? rejects_add : NULL, rejects);
	rows_digest(p->cells, &p->sums);
	p->rejected.rows += rows - rows_cells(p->cells).rows;
	p->rejected.bytes += was.bytes - p->sums.bytes;
	p->rejected.packets += was.packets - p->sums.packets;
}

/* The rows of a part that the server refuses go to the reject file and are remembered. */
static int
set_refused_aside(struct sql_out *s, unsigned server, const struct purge *purge, struct part *p,
    struct sbuf *err)
{
	struct refused found = { 0 };
	struct rejects rejects;
	int ret = refused_find(s->backend, s->db[server], &p->target, p->cells, &found, err);

	if (ret == 0 && found.count > 0) {
		rejects_init(&rejects, &s->columns, p->cells, p->target.table, purge);
		drop_refused(p, &found, &rejects);
		ret = rejects_write(&rejects, sbuf_text(&s->reject_file), err);
		if (ret == 0) {
			log_write(LOG_LVL_WARN, s->env->subject, "%zu rows are refused by '%s' and "
			    "are in '%s'; the first: %s", rejects.count, p->target.table,
			    sbuf_text(&s->reject_file), found.why[0]);
			refused_take(&s->refused, &found);
		}
		rejects_done(&rejects);
	}
	refused_done(&found);
	return ret;
}

static void
tell_rejected(const struct parts *parts, const struct purge *purge)
{
	for (size_t i = 0; purge->rejected != NULL && i < parts->count; i++) {
		purge->rejected->rows += parts->part[i].rejected.rows;
		purge->rejected->bytes += parts->part[i].rejected.bytes;
		purge->rejected->packets += parts->part[i].rejected.packets;
	}
}

/* --- a transaction -------------------------------------------------------------------------------- */

/* Enter a part in the ledger. */
static enum ledger_answer
enter_part(struct sql_out *s, unsigned server, const struct purge *purge, const struct rowset *rs,
    const struct part *p, unsigned chunk, struct sbuf *err)
{
	struct ledger_row ledger = {
		.instance = purge->instance != NULL ? purge->instance : s->instance,
		.output = s->env->name,
		.table = p->target.table,
		.seq = purge->seq,
		.chunk = chunk,
		.bin = wall_sec(rs->bin),
		.rows = rows_cells(p->cells).rows,
		.packets = p->sums.packets,
		.bytes = p->sums.bytes,
		.flows = p->sums.flows,
		.digest = p->digest,
		.written = wall_sec(purge->now),
	};

	return s->set.ledger ? s->backend->ledger(s->db[server], &ledger, err) : LEDGER_NEW;
}

static int
send_part(struct sql_out *s, unsigned server, const struct purge *purge, const struct rowset *rs,
    const struct part *p, unsigned chunk, struct sbuf *err)
{
	struct sql_rows rows = rows_cells(p->cells);

	switch (enter_part(s, server, purge, rs, p, chunk, err)) {
	case LEDGER_NEW:
		return rows.rows == 0 ? 0 :
		    s->backend->put(s->db[server], &p->target, &rows, err);
	case LEDGER_LANDED:
		log_write(LOG_LVL_INFO, s->env->subject, "%zu rows of purge %llu are in '%s' "
		    "already", rows.rows, (unsigned long long)purge->seq, p->target.table);
		return 0;
	case LEDGER_ERROR:
		break;
	}
	return -1;
}

static int
prepare_parts(struct sql_out *s, unsigned server, const struct purge *purge,
    const struct rowset *rs, const struct parts *parts, struct sbuf *err)
{
	struct batch_id id = { purge->seq, rs->bin.ns };

	for (size_t i = 0; i < parts->count; i++)
		if (s->backend->prepare(s->db[server], &parts->part[i].target, err) != 0 ||
		    fit_to_table(s, server, purge, &parts->part[i], id, err) != 0)
			return -1;
	s->set_aside = id;
	return 0;
}

static int
send_parts(struct sql_out *s, unsigned server, const struct purge *purge, const struct rowset *rs,
    const struct parts *parts, struct sbuf *err)
{
	void *db = s->db[server];

	if (prepare_parts(s, server, purge, rs, parts, err) != 0 || s->backend->begin(db, err) != 0)
		return -1;
	for (size_t i = 0; i < parts->count; i++)
		if (send_part(s, server, purge, rs, &parts->part[i], (unsigned)i, err) != 0)
			return -1;
	s->unsure = (struct batch_id){ purge->seq, rs->bin.ns };
	s->asked = server;
	if (s->backend->commit(db, err) != 0)
		return -1;
	s->unsure = (struct batch_id){ 0 };
	return 0;
}

/* Without the rows that the server refuses, one by one. */
static int
look_for_refused(struct sql_out *s, unsigned server, const struct purge *purge,
    const struct rowset *rs, const struct parts *parts, struct sbuf *err)
{
	struct batch_id id = { purge->seq, rs->bin.ns };

	sbuf_clear(err);
	s->refused_of = id;
	for (size_t i = 0; i < parts->count; i++)
		if (s->backend->prepare(s->db[server], &parts->part[i].target, err) != 0 ||
		    set_refused_aside(s, server, purge, &parts->part[i], err) != 0)
			return -1;
	return 0;
}

static int
try_server(struct sql_out *s, unsigned server, const struct purge *purge, const struct rowset *rs,
    const struct parts *parts, struct sbuf *err)
{
	int ret = send_parts(s, server, purge, rs, parts, err);
	bool refused = ret != 0 && s->backend->refused(s->db[server]);

	if (ret != 0)
		s->backend->rollback(s->db[server]);
	if (refused && look_for_refused(s, server, purge, rs, parts, err) == 0) {
		ret = send_parts(s, server, purge, rs, parts, err);
		if (ret != 0)
			s->backend->rollback(s->db[server]);
	}
	return ret;
}

/* --- which server --------------------------------------------------------------------------------- */

/* Did an earlier run write all of this to the second server? -1: it does not say. */
static int
landed_there(struct sql_out *s, const struct purge *purge, const struct rowset *rs,
    const struct parts *parts, struct sbuf *err)
{
	int ret = prepare_parts(s, 1, purge, rs, parts, err);
	bool landed = true;

	if (ret == 0)
		ret = s->backend->begin(s->db[1], err);
	for (size_t i = 0; ret == 0 && i < parts->count; i++)
		switch (enter_part(s, 1, purge, rs, &parts->part[i], (unsigned)i, err)) {
		case LEDGER_NEW:
			landed = false;
			break;
		case LEDGER_LANDED:
			break;
		case LEDGER_ERROR:
			ret = -1;
		}
	s->backend->rollback(s->db[1]);
	return ret != 0 ? -1 : landed;
}

static int
send_somewhere(struct sql_out *s, const struct purge *purge, const struct rowset *rs,
    const struct parts *parts, struct sbuf *err)
{
	struct batch_id id = { purge->seq, rs->bin.ns };
	bool unsure = memcmp(&s->unsure, &id, sizeof(id)) == 0;
	int ret;

	if (unsure)
		return try_server(s, s->asked, purge, rs, parts, err);
	if (s->servers > 1 && purge->left_over && s->set.ledger) {
		ret = landed_there(s, purge, rs, parts, err);
		if (ret != 0)
			return ret > 0 ? 0 : -1;
	}
	ret = try_server(s, 0, purge, rs, parts, err);
	unsure = memcmp(&s->unsure, &id, sizeof(id)) == 0;
	if (ret == 0 || s->servers < 2 || purge->left_over || unsure)
		return ret;
	log_write(LOG_LVL_WARN, s->env->subject, "%s: %s; trying %s", s->set.place.host,
	    sbuf_text(err), s->set.backup.host);
	sbuf_clear(err);
	return try_server(s, 1, purge, rs, parts, err);
}

static int
sql_write(void *self, const struct purge *purge, const struct rowset *rs, struct sbuf *err)
{
	struct sql_out *s = self;
	struct dynname_env names = {
		.time = rs->bin.ns != 0 ? rs->bin : purge->now,
		.utc = s->env->style.utc,
		.refresh_s = s->set.refresh_s,
		.history_s = s->set.history_s,
		.post_tag = s->set.post_tag,
		.post_tag2 = s->set.post_tag2,
		.rs = rs,
	};
	struct batch_id id = { purge->seq, rs->bin.ns };
	struct parts parts = { 0 };
	int ret;

	split(s, &names, rs, &parts);
	dress_parts(s, &names, rs, purge->now, &parts);
	if (memcmp(&s->refused_of, &id, sizeof(id)) != 0)
		refused_done(&s->refused);
	for (size_t i = 0; i < parts.count; i++)
		drop_refused(&parts.part[i], &s->refused, NULL);
	ret = send_somewhere(s, purge, rs, &parts, err);
	if (ret == 0) {
		tell_rejected(&parts, purge);
		if (rs->bin.ns > s->newest.ns)
			s->newest = rs->bin;
	}
	parts_done(&parts);
	return ret;
}

static void
sql_close(void *self)
{
	struct sql_out *s = self;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->servers; i++)
		s->backend->close(s->db[i]);
	refused_done(&s->refused);
	sbuf_done(&s->reject_file);
	columns_done(&s->columns);
	columns_done(&s->made);
	settings_done(&s->set);
	mem_free(s);
}

/* Columns to write, and those of a table made here: the whole schema with its stamps. */
static int
make_columns(struct sql_out *s, struct sbuf *err)
{
	struct sql_shape made = s->set.shape;

	made.history |= !made.optimize;
	if (columns_make(s->env->plan, &s->set.shape, &s->columns, err) != 0)
		return -1;
	return columns_make(s->env->plan, &made, &s->made, err);
}

/* A look at the table, so that what is wrong with it is said at the start. Nothing is made yet. */
static void
look(struct sql_out *s)
{
	struct sql_target target = { .table = sbuf_text(&s->set.table), .columns = &s->columns,
		.insert_only = s->set.insert_only, .look = true };
	struct sbuf err = { 0 };

	if (dynname_has_row(target.table) || strchr(target.table, '%') != NULL ||
	    s->backend->live == NULL)
		return;
	if (s->backend->prepare(s->db[0], &target, &err) != 0)
		log_write(LOG_LVL_INFO, s->env->subject, "not ready yet: %s", sbuf_text(&err));
	s->backend->rollback(s->db[0]);
	sbuf_done(&err);
}

static int
open_servers(struct sql_out *s, struct sbuf *err)
{
	const struct sql_place *place[SERVERS] = { &s->set.place, &s->set.backup };

	for (unsigned i = 0; i < SERVERS; i++) {
		if (i > 0 && (place[i]->host == NULL || s->backend->live == NULL))
			break;
		s->db[i] = s->backend->open(place[i], err);
		if (s->db[i] == NULL)
			return -1;
		s->servers++;
	}
	return 0;
}

static void *
sql_open(const struct out_env *env, const struct sql_backend *backend, struct sbuf *err)
{
	struct sql_out *s = mem_new(sizeof(*s));
	unsigned char id[16];

	s->env = env;
	s->backend = backend;
	arc4random_buf(id, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(s->instance + 2 * i, 3, "%02x", id[i]);
	framejournal_dir(env, &s->reject_file);
	sbuf_str(&s->reject_file, ".rejected");
	if (settings_read(env, backend->engine, &s->set, err) != 0 || make_columns(s, err) != 0 ||
	    open_servers(s, err) != 0) {
		sql_close(s);
		return NULL;
	}
	if (s->set.auto_bgp)
		log_write(LOG_LVL_INFO, env->subject, "sql_table_type set to 'bgp' (aggregate "
		    "includes one or more BGP primitives).");
	if (!s->set.ledger)
		log_write(LOG_LVL_WARN, env->subject, "sql_ledger is false: a purge may be written "
		    "twice after a crash");
	look(s);
	return s;
}

static void
sql_check(const struct out_env *env, const struct sql_backend *backend, struct conf_notes *notes)
{
	struct sql_settings set = { 0 };
	struct columns cols = { 0 };
	struct sbuf err = { 0 };
	const char *file = NULL;
	unsigned line = conf_where(env->conf, env->output, "aggregate", &file);

	if (settings_read(env, backend->engine, &set, &err) != 0 ||
	    columns_make(env->plan, &set.shape, &cols, &err) != 0)
		conf_note(notes, CONF_NOTE_ERROR, file, line, "%s: %s", env->subject,
		    sbuf_text(&err));
	columns_done(&cols);
	settings_done(&set);
	sbuf_done(&err);
}

/* --- the kinds: a row per engine ------------------------------------------------------------------ */

static void *
sqlite_open(const struct out_env *env, struct sbuf *err)
{
	return sql_open(env, &sql_sqlite, err);
}

static void
sqlite_check(const struct out_env *env, struct conf_notes *notes)
{
	sql_check(env, &sql_sqlite, notes);
}

#if WB_HAVE_MYSQL
static void *
mysql_kind_open(const struct out_env *env, struct sbuf *err)
{
	return sql_open(env, &sql_mysql, err);
}

static void
mysql_kind_check(const struct out_env *env, struct conf_notes *notes)
{
	sql_check(env, &sql_mysql, notes);
}

const struct out_kind out_mysql = {
	.type = "mysql",
	.journal = true,
	.open = mysql_kind_open,
	.check = mysql_kind_check,
	.write = sql_write,
	.close = sql_close,
};
#endif

#if WB_HAVE_PGSQL
static void *
pgsql_kind_open(const struct out_env *env, struct sbuf *err)
{
	return sql_open(env, &sql_pgsql, err);
}

static void
pgsql_kind_check(const struct out_env *env, struct conf_notes *notes)
{
	sql_check(env, &sql_pgsql, notes);
}

const struct out_kind out_pgsql = {
	.type = "pgsql",
	.journal = true,
	.open = pgsql_kind_open,
	.check = pgsql_kind_check,
	.write = sql_write,
	.close = sql_close,
};
#endif

const struct out_kind out_sqlite3 = {
	.type = "sqlite3",
	.journal = true,
	.open = sqlite_open,
	.check = sqlite_check,
	.write = sql_write,
	.close = sql_close,
};
