/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A SQL output on top of a backend: which tables the rows of a bin go to, and the transaction that
 * carries them together with their rows of the ledger (DESIGN.md 7). The frame retries; the
 * backend knows its engine.
 */
#include "sql/output.h"

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/dynname.h"
#include "sql/rows.h"
#include "sql/settings.h"
#include "sql/statement.h"

struct sql_out {
	const struct sql_backend *backend;
	void *db;
	const struct out_env *env;
	struct sql_settings set;
	struct columns columns;		/* what is written */
	struct columns made;		/* what a table of ours is made of */
	char instance[33];		/* stands in for that of a journal */
};

/* The rows of a bin that go to one table. */
struct part {
	struct sbuf name, schema;
	size_t *pick;			/* NULL: all */
	size_t rows, room;
	struct rows *cells;
	struct sql_target target;
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
		};
	}
}

static int
send_part(struct sql_out *s, const struct purge *purge, const struct rowset *rs,
    const struct part *p, unsigned chunk, struct sbuf *err)
{
	struct sql_rows rows = rows_cells(p->cells);
	struct rows_sums sums;
	struct ledger_row ledger = {
		.instance = purge->instance != NULL ? purge->instance : s->instance,
		.output = s->env->name,
		.table = p->target.table,
		.seq = purge->seq,
		.chunk = chunk,
		.bin = wall_sec(rs->bin),
		.rows = rows.rows,
		.digest = rows_digest(p->cells, &sums),
		.written = wall_sec(purge->now),
	};

	ledger.packets = sums.packets;
	ledger.bytes = sums.bytes;
	ledger.flows = sums.flows;
	switch (s->backend->ledger(s->db, &ledger, err)) {
	case LEDGER_NEW:
		return s->backend->put(s->db, &p->target, &rows, err);
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
send_parts(struct sql_out *s, const struct purge *purge, const struct rowset *rs,
    const struct parts *parts, struct sbuf *err)
{
	for (size_t i = 0; i < parts->count; i++)
		if (s->backend->prepare(s->db, &parts->part[i].target, err) != 0)
			return -1;
	if (s->backend->begin(s->db, err) != 0)
		return -1;
	for (size_t i = 0; i < parts->count; i++)
		if (send_part(s, purge, rs, &parts->part[i], (unsigned)i, err) != 0)
			return -1;
	return s->backend->commit(s->db, err);
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
	struct parts parts = { 0 };
	int ret;

	split(s, &names, rs, &parts);
	dress_parts(s, &names, rs, purge->now, &parts);
	ret = send_parts(s, purge, rs, &parts, err);
	if (ret != 0)
		s->backend->rollback(s->db);
	parts_done(&parts);
	return ret;
}

static void
sql_close(void *self)
{
	struct sql_out *s = self;

	if (s == NULL)
		return;
	s->backend->close(s->db);
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
	if (settings_read(env, backend->engine, &s->set, err) != 0 || make_columns(s, err) != 0 ||
	    (s->db = backend->open(&s->set.place, err)) == NULL) {
		columns_done(&s->columns);
		columns_done(&s->made);
		settings_done(&s->set);
		mem_free(s);
		return NULL;
	}
	if (s->set.auto_bgp)
		log_write(LOG_LVL_INFO, env->subject, "sql_table_type set to 'bgp' (aggregate "
		    "includes one or more BGP primitives).");
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

const struct out_kind out_sqlite3 = {
	.type = "sqlite3",
	.journal = true,
	.open = sqlite_open,
	.check = sqlite_check,
	.write = sql_write,
	.close = sql_close,
};
