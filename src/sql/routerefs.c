/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/routerefs.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "sql/statement.h"

#define POOL_MOST	((size_t)256 << 20)	/* bytes of attributes that are known */

struct source {
	struct route_source what;
	uint32_t id;
	bool there;			/* in the database */
};

struct routerefs {
	const struct sql_backend *backend;
	void *db;
	enum route_table table;
	struct routecols cols[2];	/* enum route_part: of sources, of attributes */
	struct sbuf name, part[2];	/* of the table, of its parts */
	bool known;			/* what follows is of that table as it is */
	uint64_t next[2];		/* numbers */

	struct source *source;
	uint32_t sources, room, last;
	struct slots at;

	struct route_pool pool;		/* a place in it, from next[] on, is the number */

	/* not written yet; sources by place in source[], attributes by place in the pool */
	uint32_t *fresh[2];
	size_t count[2], fresh_room[2];
	uint64_t written;
};

static void
clear(struct routerefs *r)
{
	r->known = false;
	r->sources = 0;
	slots_clear(&r->at);
	route_pool_done(&r->pool);
	route_pool_init(&r->pool);
	r->count[0] = r->count[1] = 0;
}

struct routerefs *
routerefs_new(const struct sql_backend *backend, void *db, enum route_table table)
{
	struct routerefs *r = mem_new(sizeof(*r));

	r->backend = backend;
	r->db = db;
	r->table = table;
	for (unsigned p = 0; p < ARRAY_LEN(r->cols); p++)
		routecols_make(backend->engine, table, p, &r->cols[p]);
	slots_init(&r->at, 64);
	route_pool_init(&r->pool);
	return r;
}

void
routerefs_free(struct routerefs *r)
{
	if (r == NULL)
		return;
	for (unsigned p = 0; p < ARRAY_LEN(r->cols); p++) {
		routecols_done(&r->cols[p]);
		sbuf_done(&r->part[p]);
		mem_free(r->fresh[p]);
	}
	sbuf_done(&r->name);
	mem_free(r->source);
	slots_done(&r->at);
	route_pool_done(&r->pool);
	mem_free(r);
}

/* --- what a table has ------------------------------------------------------------------------------ */

static struct sql_target
target_of(const struct routerefs *r, enum route_part part)
{
	return (struct sql_target){ .table = r->part[part].text, .columns = &r->cols[part].cols,
		.made = &r->cols[part].cols, .typed = true,
		.keyed = true, .ours = true, .insert_only = true };
}

static void
read_numbers(void *ctx, const char *const *cell)
{
	struct routerefs *r = ctx;

	for (unsigned p = 0; p < ARRAY_LEN(r->next); p++)
		r->next[p] = cell[p] != NULL ? strtoull(cell[p], NULL, 10) + 1 : 1;
}

/* Copies of swept rows have numbers below 0. */
static int
ask_numbers(struct routerefs *r, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	sbuf_str(&sql, "SELECT (SELECT max(source) FROM ");
	statement_table(r->backend->engine, r->part[ROUTES_SOURCES].text, &sql);
	sbuf_str(&sql, " WHERE source > 0), (SELECT max(attrs) FROM ");
	statement_table(r->backend->engine, r->part[ROUTES_ATTRS].text, &sql);
	sbuf_str(&sql, " WHERE attrs > 0)");
	ret = r->backend->ask(r->db, sql.text, read_numbers, r, err);
	sbuf_done(&sql);
	return ret;
}

int
routerefs_open(struct routerefs *r, const char *name, struct sbuf *err)
{
	if (!r->known || strcmp(sbuf_text(&r->name), name) != 0 ||
	    r->pool.bytes.len > POOL_MOST) {
		clear(r);
		sbuf_clear(&r->name);
		sbuf_str(&r->name, name);
	}
	for (unsigned p = 0; p < ARRAY_LEN(r->part); p++) {
		struct sql_target t;

		sbuf_clear(&r->part[p]);
		routecols_part_name(name, p, &r->part[p]);
		t = target_of(r, p);
		if (r->backend->prepare(r->db, &t, err) != 0)
			return -1;
	}
	if (!r->known && ask_numbers(r, err) != 0)
		return -1;
	r->known = true;
	return 0;
}

/* --- sources ----------------------------------------------------------------------------------------- */

static void
add_fresh(struct routerefs *r, enum route_part part, uint32_t what)
{
	if (r->count[part] == r->fresh_room[part]) {
		r->fresh_room[part] = r->fresh_room[part] == 0 ? 64 : r->fresh_room[part] * 2;
		r->fresh[part] = mem_grow(r->fresh[part], r->fresh_room[part],
		    sizeof(*r->fresh[part]));
	}
	r->fresh[part][r->count[part]++] = what;
}

struct found {
	uint64_t id, as;
};

static void
read_source(void *ctx, const char *const *cell)
{
	struct found *f = ctx;

	f->id = strtoull(cell[0], NULL, 10);
	f->as = cell[1] != NULL ? strtoull(cell[1], NULL, 10) : 0;
}

/* What an earlier run called it; its AS number is what it is now. */
static int
look_for(struct routerefs *r, struct source *s, struct sbuf *err)
{
	const enum sql_engine engine = r->backend->engine;
	struct sbuf sql = { 0 };
	struct found found = { 0 };
	int ret;

	sbuf_str(&sql, "SELECT source, peer_asn FROM ");
	statement_table(engine, r->part[ROUTES_SOURCES].text, &sql);
	sbuf_str(&sql, " WHERE ");
	routecols_source_is(engine, &s->what, &sql);
	ret = r->backend->ask(r->db, sql.text, read_source, &found, err);
	if (ret == 0 && found.id != 0) {
		s->id = (uint32_t)found.id;
		s->there = true;
	}
	if (ret == 0 && s->there && found.as != s->what.teller.as) {
		sbuf_clear(&sql);
		sbuf_str(&sql, "UPDATE ");
		statement_table(engine, r->part[ROUTES_SOURCES].text, &sql);
		sbuf_printf(&sql, " SET peer_asn = %u WHERE source = %u", s->what.teller.as, s->id);
		ret = r->backend->run(r->db, sql.text, err) < 0 ? -1 : 0;
	}
	sbuf_done(&sql);
	return ret;
}

static uint64_t
source_hash(const struct route_source *s)
{
	uint64_t word[sizeof(*s) / 8];

	memcpy(word, s, sizeof(word));
	return hash_words(word, ARRAY_LEN(word), hash_seed());
}

static int
add_source(struct routerefs *r, const struct route_source *what, uint64_t hash, struct sbuf *err)
{
	struct source s = { .what = *what };

	if (r->table == ROUTES_CURRENT && look_for(r, &s, err) != 0)
		return -1;
	if (r->sources == r->room) {
		r->room = r->room == 0 ? 64 : r->room * 2;
		r->source = mem_grow(r->source, r->room, sizeof(*r->source));
	}
	if (!s.there) {
		s.id = (uint32_t)r->next[ROUTES_SOURCES]++;
		add_fresh(r, ROUTES_SOURCES, r->sources);
	}
	r->last = r->sources++;
	r->source[r->last] = s;
	slots_add(&r->at, hash, r->last);
	return 0;
}

int
routerefs_source(struct routerefs *r, const struct route_source *source, uint32_t *ret,
    struct sbuf *err)
{
	uint64_t hash;
	struct slots_at at;
	uint32_t i;

	if (r->last >= r->sources || memcmp(&r->source[r->last].what, source, sizeof(*source)) != 0) {
		hash = source_hash(source);
		for (i = slots_first(&r->at, hash, &at); i != SLOTS_NONE; i = slots_next(&r->at, &at))
			if (memcmp(&r->source[i].what, source, sizeof(*source)) == 0)
				break;
		if (i != SLOTS_NONE)
			r->last = i;
		else if (add_source(r, source, hash, err) != 0)
			return -1;
	}
	*ret = r->source[r->last].id;
	return 0;
}

/* --- attributes -------------------------------------------------------------------------------------- */

uint64_t
routerefs_attrs(struct routerefs *r, const struct route_attrs *attrs)
{
	const uint32_t end = (uint32_t)(r->pool.bytes.len / 8);
	const uint32_t at = route_pool_put(&r->pool, attrs);

	if (at == end)
		add_fresh(r, ROUTES_ATTRS, at);
	return r->next[ROUTES_ATTRS] + at;
}

/* --- into the database -------------------------------------------------------------------------------- */

static void
fill_source(void *ctx, size_t row, struct cell *cells)
{
	const struct routerefs *r = ctx;
	const struct source *s;

	if (row == SQL_FIXED)
		return;
	s = &r->source[r->fresh[ROUTES_SOURCES][row]];
	routecols_fill(&r->cols[ROUTES_SOURCES], &(struct route_row){ .source = &s->what,
		.source_id = s->id }, cells);
}

static void
fill_attrs(void *ctx, size_t row, struct cell *cells)
{
	const struct routerefs *r = ctx;
	uint32_t at;

	if (row == SQL_FIXED)
		return;
	at = r->fresh[ROUTES_ATTRS][row];
	routecols_fill(&r->cols[ROUTES_ATTRS], &(struct route_row){
		.attrs = route_pool_get(&r->pool, at), .attrs_id = r->next[ROUTES_ATTRS] + at,
	}, cells);
}

int
routerefs_put(struct routerefs *r, struct sbuf *err)
{
	static void (*const fill[])(void *, size_t, struct cell *) = {
		[ROUTES_SOURCES] = fill_source, [ROUTES_ATTRS] = fill_attrs,
	};

	for (unsigned p = 0; p < ARRAY_LEN(fill); p++) {
		struct sql_rows rows = { r->count[p], fill[p], r };
		struct sql_target t = target_of(r, p);

		if (rows.rows > 0 && r->backend->put(r->db, &t, &rows, err) != 0)
			return -1;
	}
	return 0;
}

void
routerefs_kept(struct routerefs *r)
{
	r->written += r->count[ROUTES_ATTRS];
	r->count[0] = r->count[1] = 0;
}

void
routerefs_lost(struct routerefs *r)
{
	clear(r);
}

uint64_t
routerefs_written(const struct routerefs *r)
{
	return r->written;
}

void
routerefs_tidied(struct routerefs *r)
{
	r->written = 0;
	clear(r);
}
