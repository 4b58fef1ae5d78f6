/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of current routes takes the same rows twice without harm, so its transactions have no ledger;
 * those of a history have, as the purges of flows do.
 */
#include "sql/routewrite.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/dynname.h"
#include "sql/routeddl.h"
#include "sql/routerefs.h"
#include "sql/statement.h"

#define PART_ROWS	200000		/* of a transaction */
#define TIDY_AFTER	1000000u	/* sets of attributes that were written */

/* A table of routes: its rows, and what they refer to. */
struct side {
	struct routecols cols;
	struct routerefs *refs;
	struct sbuf made;		/* name of the table that is known to be there */
};

struct routewrite {
	struct routewrite_conf conf;
	void *db;
	struct side side[ROUTES_TABLES];
};

struct routewrite *
routewrite_open(const struct routewrite_conf *conf, struct sbuf *err)
{
	struct routewrite *w = mem_new(sizeof(*w));

	w->conf = *conf;
	w->db = conf->backend->open(&conf->place, err);
	for (unsigned t = 0; t < ROUTES_TABLES; t++) {
		routecols_make(conf->backend->engine, t, ROUTES_ROWS, &w->side[t].cols);
		w->side[t].refs = routerefs_new(conf->backend, w->db, t);
	}
	if (w->db != NULL)
		return w;
	routewrite_close(w);
	return NULL;
}

void
routewrite_close(struct routewrite *w)
{
	if (w == NULL)
		return;
	w->conf.backend->close(w->db);
	for (unsigned t = 0; t < ROUTES_TABLES; t++) {
		routecols_done(&w->side[t].cols);
		routerefs_free(w->side[t].refs);
		sbuf_done(&w->side[t].made);
	}
	mem_free(w);
}

/* Whatever is known may be wrong: the database may be another one by now. */
static int
back(struct routewrite *w)
{
	w->conf.backend->rollback(w->db);
	for (unsigned t = 0; t < ROUTES_TABLES; t++) {
		routerefs_lost(w->side[t].refs);
		sbuf_clear(&w->side[t].made);
	}
	return -1;
}

static void
history_name(const struct routewrite *w, wall_t bin, struct sbuf *out)
{
	struct dynname_env env = { .time = bin, .utc = true, .history_s = w->conf.history_s };

	dynname_expand(w->conf.history, &env, out);
}

/* --- tables ----------------------------------------------------------------------------------------- */

static void
heard(void *ctx, const char *const *cell)
{
	(void)ctx;
	(void)cell;
}

static bool
is_there(struct routewrite *w, const char *name)
{
	struct sbuf sql = { 0 }, not_used = { 0 };
	int ret;

	sbuf_str(&sql, "SELECT 1 FROM ");
	statement_table(w->conf.backend->engine, name, &sql);
	sbuf_str(&sql, " WHERE 1 = 0");
	ret = w->conf.backend->ask(w->db, sql.text, heard, NULL, &not_used);
	sbuf_done(&sql);
	sbuf_done(&not_used);
	return ret == 0;
}

static int
make_tables(struct routewrite *w, enum route_table table, const char *name, struct sbuf *err)
{
	struct sbuf sql[ROUTEDDL_STATEMENTS] = { 0 };
	int ret = 0;

	routeddl_make(w->conf.backend->engine, table, name, sql);
	for (size_t i = 0; i < ROUTEDDL_STATEMENTS; i++) {
		if (ret == 0 && w->conf.backend->run(w->db, sql[i].text, err) < 0)
			ret = -1;
		sbuf_done(&sql[i]);
	}
	if (ret == 0)
		log_write(LOG_LVL_INFO, w->conf.subject, "made the tables of '%s'", name);
	return ret;
}

/* The rows of a table, prepared, and what they refer to. `name` is for the target's table. */
static int
prepare(struct routewrite *w, enum route_table table, const char *name, struct sql_target *t,
    struct sbuf *ret_name, struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	struct side *s = &w->side[table];

	if (strcmp(sbuf_text(&s->made), name) != 0) {
		if (be->ask(w->db, "SELECT 1", heard, NULL, err) != 0 ||
		    (!is_there(w, name) && make_tables(w, table, name, err) != 0))
			return -1;
		sbuf_clear(&s->made);
		sbuf_str(&s->made, name);
	}
	routecols_part_name(name, ROUTES_ROWS, ret_name);
	*t = (struct sql_target){ .table = ret_name->text, .columns = &s->cols.cols,
		.made = &s->cols.cols, .ours = true, .typed = true,
		.keyed = table == ROUTES_CURRENT, .insert_only = table == ROUTES_HISTORY,
		.ledger = table == ROUTES_HISTORY && w->conf.ledger };
	return routerefs_open(s->refs, name, err) != 0 ? -1 : be->prepare(w->db, t, err);
}

/* --- what is the same in all rows --------------------------------------------------------------------- */

/* Mostly nothing, or of the one router that tells its table: then not worth to be told with each row. */
enum { ALIKE_SOURCE, ALIKE_PATH_ID, ALIKE_LABEL, ALIKE_ENTRIES, ALIKE_EVENT, ALIKE_ALWAYS, ALIKES };

static const char *const alike_names[ALIKES] = {
	[ALIKE_SOURCE] = "source", [ALIKE_PATH_ID] = "as_path_id", [ALIKE_LABEL] = "mpls_label",
	[ALIKE_ENTRIES] = "entries", [ALIKE_EVENT] = "log_type", [ALIKE_ALWAYS] = "generation",
};

struct alike {
	uint64_t first[ALIKES];
	bool begun, varies[ALIKES];
};

static void
alike_add(struct alike *a, const uint64_t value[ALIKES])
{
	if (!a->begun)
		memcpy(a->first, value, sizeof(a->first));
	a->begun = true;
	for (unsigned i = 0; i < ALIKES; i++)
		a->varies[i] |= value[i] != a->first[i];
}

static uint64_t
alike_columns(const struct alike *a, const struct routecols *cols)
{
	const char *name[ALIKES];
	size_t n = 0;

	for (unsigned i = 0; i < ALIKES; i++)
		if (!a->varies[i])
			name[n++] = alike_names[i];
	return routecols_same(cols, name, n);
}

/* --- what rows refer to -------------------------------------------------------------------------------- */

/* The numbers of a row. */
struct refs {
	uint64_t attrs;			/* 0: none */
	uint32_t source;
};

static int
refer(struct routerefs *to, const struct route_source *source, const struct route_attrs *attrs,
    struct refs *ret, struct sbuf *err)
{
	ret->attrs = attrs != NULL ? routerefs_attrs(to, attrs) : 0;
	return routerefs_source(to, source, &ret->source, err);
}

static struct route_source
source_of(const struct route_teller *teller, const struct route_key *key, uint64_t run, bool of_route)
{
	struct route_source s;

	memset(&s, 0, sizeof(s));
	s.teller = *teller;
	s.run = run;
	if (of_route) {
		s.rd = key->rd;
		s.afi = addr_is_v4(&key->addr) ? 1 : 2;
		s.safi = key->safi;
	}
	return s;
}

/* --- current ---------------------------------------------------------------------------------------- */

struct part {
	const struct routewrite *w;
	const struct routemap *m;
	size_t from;
	struct refs *refs;		/* by row */
	struct alike alike;
};

static const struct route_attrs *
attrs_of(const struct routemap *m, const struct route_entry *e)
{
	return e->state != ROUTE_GONE ? route_pool_get(&m->pool, e->attrs) : NULL;
}

static void
fill_current(void *ctx, size_t row, struct cell *cells)
{
	const struct part *p = ctx;
	const struct route_entry *e;

	if (row == SQL_FIXED)
		return;
	e = &p->m->entry[p->m->order[p->from + row]];
	routecols_fill(&p->w->side[ROUTES_CURRENT].cols, &(struct route_row){
		.key = &e->key, .source_id = p->refs[row].source, .attrs_id = p->refs[row].attrs,
		.first = e->first, .when = e->when, .seq = e->seq, .label = e->label,
		.generation = p->m->generation, .event = ROUTE_UPDATE,
	}, cells);
}

static int
refer_part(struct part *p, size_t rows, struct sbuf *err)
{
	struct routerefs *to = p->w->side[ROUTES_CURRENT].refs;

	for (size_t i = 0; i < rows; i++) {
		const struct route_entry *e = &p->m->entry[p->m->order[p->from + i]];
		struct route_source source = source_of(&p->m->tellers[e->key.teller], &e->key, 0, true);

		if (refer(to, &source, attrs_of(p->m, e), &p->refs[i], err) != 0)
			return -1;
		alike_add(&p->alike, (uint64_t[ALIKES]){ p->refs[i].source, e->key.path_id, e->label });
	}
	return 0;
}

static int
put_part(struct routewrite *w, struct sql_target *t, struct part *p, size_t n, struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	const struct sql_rows rows = { n, fill_current, p };
	struct routerefs *refs = w->side[ROUTES_CURRENT].refs;

	if (refer_part(p, n, err) != 0)
		return back(w);
	t->same = alike_columns(&p->alike, &w->side[ROUTES_CURRENT].cols);
	if (be->begin(w->db, err) != 0 || routerefs_put(refs, err) != 0 ||
	    be->put(w->db, t, &rows, err) != 0 || be->commit(w->db, err) != 0)
		return back(w);
	routerefs_kept(refs);
	return 0;
}

/* Attributes that no row has any more. They are harmless but for their room. */
static int
tidy(struct routewrite *w, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int ret;

	routeddl_tidy(w->conf.backend->engine, w->conf.table, &sql);
	ret = w->conf.backend->run(w->db, sql.text, err) < 0 ? -1 : 0;
	sbuf_done(&sql);
	routerefs_tidied(w->side[ROUTES_CURRENT].refs);
	return ret;
}

int
routewrite_map(struct routewrite *w, struct routemap *m, struct sbuf *err)
{
	struct part part = { .w = w, .m = m, .from = m->done };
	struct sbuf name = { 0 };
	struct sql_target t;
	unsigned state = 0;
	size_t rows;
	int ret;

	if (m->order == NULL)
		routemap_sort(m, w->conf.backend->engine);
	if (m->done == m->count)
		return 0;
	while (m->done >= m->first[state + 1])
		state++;
	rows = m->first[state + 1] - m->done;
	if (rows > PART_ROWS)
		rows = PART_ROWS;
	part.refs = mem_array(rows, sizeof(*part.refs));
	ret = prepare(w, ROUTES_CURRENT, w->conf.table, &t, &name, err) != 0 ? back(w) : 0;
	t.fresh = state == ROUTE_NEW;
	t.remove = state == ROUTE_GONE;
	if (ret == 0)
		ret = put_part(w, &t, &part, rows, err);
	mem_free(part.refs);
	sbuf_done(&name);
	if (ret != 0)
		return -1;
	m->done += rows;
	if (m->done < m->count)
		return 1;
	return routerefs_written(w->side[ROUTES_CURRENT].refs) < TIDY_AFTER ? 0 : tidy(w, err);
}

/* --- a sweep ---------------------------------------------------------------------------------------- */

static void
read_below(void *ctx, const char *const *cell)
{
	int64_t *below = ctx;

	for (unsigned p = 0; p < ROUTES_ROWS; p++)
		below[p] = cell[p] != NULL ? strtoll(cell[p], NULL, 10) : 0;
}

/* The least numbers of a history, where they are below 0. */
static int
ask_below(struct routewrite *w, const char *history, int64_t below[ROUTES_PARTS], struct sbuf *err)
{
	static const char *const number[] = { "source", "attrs" };
	struct sbuf sql = { 0 };
	int ret;

	for (unsigned p = 0; p < ROUTES_ROWS; p++) {
		struct sbuf name = { 0 };

		routecols_part_name(history, p, &name);
		sbuf_printf(&sql, "%s (SELECT min(%s) FROM ", p > 0 ? "," : "SELECT", number[p]);
		statement_table(w->conf.backend->engine, name.text, &sql);
		sbuf_printf(&sql, " WHERE %s < 0)", number[p]);
		sbuf_done(&name);
	}
	ret = w->conf.backend->ask(w->db, sql.text, read_below, below, err);
	sbuf_done(&sql);
	return ret;
}

/* Tables of the history that a sweep is told to, made where they are missing. */
static int
prepare_told(struct routewrite *w, const struct routemap *m, struct sbuf sql[ROUTES_PARTS],
    struct sbuf *err)
{
	struct sbuf name = { 0 }, rows = { 0 };
	int64_t below[ROUTES_PARTS] = { 0 };
	struct sql_target t;
	int ret = 0;

	if (w->conf.history == NULL)
		return 0;
	history_name(w, m->upto, &name);
	if (prepare(w, ROUTES_HISTORY, name.text, &t, &rows, err) != 0 ||
	    ask_below(w, name.text, below, err) != 0)
		ret = -1;
	routeddl_told(w->conf.backend->engine, w->conf.table, name.text, m, below, sql);
	sbuf_done(&name);
	sbuf_done(&rows);
	return ret;
}

static int64_t
sweep(struct routewrite *w, const struct routemap *m, const struct sbuf told[ROUTES_PARTS],
    struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	struct sbuf sql = { 0 };
	int64_t swept = be->begin(w->db, err);

	routeddl_sweep(be->engine, w->conf.table, m->generation, &sql);
	for (unsigned p = 0; swept >= 0 && p < ROUTES_PARTS; p++)
		if (told[p].len > 0 && be->run(w->db, told[p].text, err) < 0)
			swept = -1;
	if (swept >= 0)
		swept = be->run(w->db, sql.text, err);
	if (swept >= 0 && (tidy(w, err) != 0 || be->commit(w->db, err) != 0))
		swept = -1;
	sbuf_done(&sql);
	return swept;
}

int64_t
routewrite_sweep(struct routewrite *w, const struct routemap *m, struct sbuf *err)
{
	struct sbuf rows = { 0 }, told[ROUTES_PARTS] = { 0 };
	struct sql_target t;
	int64_t swept = -1;

	if (prepare(w, ROUTES_CURRENT, w->conf.table, &t, &rows, err) == 0 &&
	    prepare_told(w, m, told, err) == 0)
		swept = sweep(w, m, told, err);
	if (swept < 0)
		back(w);
	for (unsigned p = 0; p < ROUTES_PARTS; p++)
		sbuf_done(&told[p]);
	sbuf_done(&rows);
	return swept;
}

/* --- history ---------------------------------------------------------------------------------------- */

struct told {
	const struct routewrite *w;
	const struct routebatch *b;
	size_t *at;			/* by row, where its record is */
	struct refs *refs;		/* by row */
	struct alike alike;
};

static void
fill_history(void *ctx, size_t row, struct cell *cells)
{
	const struct told *t = ctx;
	const struct route_record *r;

	if (row == SQL_FIXED)
		return;
	r = routebatch_at(t->b, t->at[row]);
	routecols_fill(&t->w->side[ROUTES_HISTORY].cols, &(struct route_row){
		.key = &r->key, .source_id = t->refs[row].source, .attrs_id = t->refs[row].attrs,
		.when = r->when, .seq = r->seq, .label = r->label, .entries = r->entries,
		.event = (enum route_event)r->event,
	}, cells);
}

/* Records come from a file whose sum is right, so they are what was written. */
static size_t *
find_rows(const struct routebatch *b)
{
	size_t *at = mem_array(b->rows + 1, sizeof(*at));
	size_t n = 0;

	for (size_t o = 0; o < b->bytes.len && n < b->rows; o += routebatch_at(b, o)->size)
		if (routebatch_at(b, o)->event < ROUTE_EVENTS)
			at[n++] = o;
	return at;
}

static int
refer_batch(struct told *t, struct sbuf *err)
{
	static const struct route_teller nobody;
	struct routerefs *to = t->w->side[ROUTES_HISTORY].refs;

	for (size_t i = 0; i < t->b->rows; i++) {
		const struct route_record *r = routebatch_at(t->b, t->at[i]);
		struct route_source source = source_of(r->event != ROUTE_LOST ?
		    route_record_teller(t->b, r) : &nobody, &r->key, t->b->run,
		    r->event <= ROUTE_DELETE);

		if (refer(to, &source, route_record_attrs(r), &t->refs[i], err) != 0)
			return -1;
		alike_add(&t->alike, (uint64_t[ALIKES]){ t->refs[i].source, r->key.path_id, r->label,
		    r->entries, r->event });
	}
	return 0;
}

/* 1: it is there already. */
static int
put_batch(struct routewrite *w, const struct sql_target *t, struct told *told, struct sbuf *err)
{
	const struct sql_rows rows = { told->b->rows, fill_history, told };
	const struct routebatch *b = told->b;
	const struct ledger_row ledger = {
		.instance = b->instance, .output = w->conf.output, .table = t->table, .seq = b->seq,
		.bin = wall_sec(b->bin), .rows = b->rows, .digest = b->digest,
		.written = wall_sec(wall_now()),
	};

	switch (w->conf.ledger ? w->conf.backend->ledger(w->db, &ledger, err) : LEDGER_NEW) {
	case LEDGER_NEW:
		if (routerefs_put(w->side[ROUTES_HISTORY].refs, err) != 0)
			return -1;
		return w->conf.backend->put(w->db, t, &rows, err);
	case LEDGER_LANDED:
		log_write(LOG_LVL_INFO, w->conf.subject, "%llu changes of batch %llu are in '%s' "
		    "already", (unsigned long long)b->rows, (unsigned long long)b->seq, t->table);
		return 1;
	case LEDGER_ERROR:
		break;
	}
	return -1;
}

static int
send_batch(struct routewrite *w, struct sql_target *t, struct told *told, struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	struct routerefs *refs = w->side[ROUTES_HISTORY].refs;
	int put;

	t->same = alike_columns(&told->alike, &w->side[ROUTES_HISTORY].cols);
	put = be->begin(w->db, err) != 0 ? -1 : put_batch(w, t, told, err);

	if (put < 0 || be->commit(w->db, err) != 0)
		return back(w);
	if (put == 0)
		routerefs_kept(refs);
	else
		routerefs_lost(refs);
	return 0;
}

int
routewrite_batch(struct routewrite *w, const struct routebatch *b, struct sbuf *err)
{
	struct told told = { .w = w, .b = b, .at = find_rows(b),
		.refs = mem_array(b->rows + 1, sizeof(struct refs)) };
	struct sbuf name = { 0 }, rows = { 0 };
	struct sql_target t;
	int ret;

	history_name(w, b->bin, &name);
	if (prepare(w, ROUTES_HISTORY, name.text, &t, &rows, err) != 0 ||
	    refer_batch(&told, err) != 0)
		ret = back(w);
	else
		ret = send_batch(w, &t, &told, err);
	sbuf_done(&name);
	sbuf_done(&rows);
	mem_free(told.at);
	mem_free(told.refs);
	return ret;
}
