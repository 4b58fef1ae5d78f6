/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of current routes takes the same rows twice without harm, so its transactions have no ledger;
 * those of a history have, as the purges of flows do.
 */
#include "sql/routewrite.h"

#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/dynname.h"

#define PART_ROWS	200000		/* of a transaction */

struct routewrite {
	struct routewrite_conf conf;
	void *db;
	struct columns current, history;
};

struct routewrite *
routewrite_open(const struct routewrite_conf *conf, struct sbuf *err)
{
	struct routewrite *w = mem_new(sizeof(*w));

	w->conf = *conf;
	routecols_make(conf->backend->engine, ROUTES_CURRENT, &w->current);
	routecols_make(conf->backend->engine, ROUTES_HISTORY, &w->history);
	w->db = conf->backend->open(&conf->place, err);
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
	columns_done(&w->current);
	columns_done(&w->history);
	mem_free(w);
}

static int
back(struct routewrite *w)
{
	w->conf.backend->rollback(w->db);
	return -1;
}

static void
history_name(const struct routewrite *w, wall_t bin, struct sbuf *out)
{
	struct dynname_env env = { .time = bin, .utc = true, .history_s = w->conf.history_s };

	dynname_expand(w->conf.history, &env, out);
}

/* --- current ---------------------------------------------------------------------------------------- */

struct part {
	const struct routewrite *w;
	const struct routemap *m;
	size_t from;
};

static void
fill_current(void *ctx, size_t row, struct cell *cells)
{
	const struct part *p = ctx;
	const struct route_entry *e;

	if (row == SQL_FIXED)
		return;
	e = &p->m->entry[p->m->order[p->from + row]];
	routecols_fill(&p->w->current, &(struct route_row){
		.teller = &p->m->tellers[e->key.teller], .key = &e->key,
		.attrs = e->state != ROUTE_GONE ? route_pool_get(&p->m->pool, e->attrs) : NULL,
		.first = e->first, .when = e->when, .seq = e->seq, .label = e->label,
		.generation = p->m->generation, .event = ROUTE_UPDATE,
	}, cells);
}

static struct sql_target
current_target(const struct routewrite *w)
{
	return (struct sql_target){ .table = w->conf.table, .columns = &w->current,
		.made = &w->current, .keyed = true, .ours = true };
}

int
routewrite_map(struct routewrite *w, struct routemap *m, struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	struct sql_target t = current_target(w);
	struct part part = { w, m, m->done };
	struct sql_rows rows = { .fill = fill_current, .ctx = &part };
	unsigned state = 0;

	if (m->order == NULL)
		routemap_sort(m, be->engine);
	if (m->done == m->count)
		return 0;
	while (m->done >= m->first[state + 1])
		state++;
	t.fresh = state == ROUTE_NEW;
	t.remove = state == ROUTE_GONE;
	rows.rows = m->first[state + 1] - m->done;
	if (rows.rows > PART_ROWS)
		rows.rows = PART_ROWS;
	if (be->prepare(w->db, &t, err) != 0 || be->begin(w->db, err) != 0 ||
	    be->put(w->db, &t, &rows, err) != 0 || be->commit(w->db, err) != 0)
		return back(w);
	m->done += rows.rows;
	return m->done < m->count;
}

int64_t
routewrite_sweep(struct routewrite *w, const struct routemap *m, struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	struct sql_target t = current_target(w), told = { .columns = &w->history,
		.made = &w->history, .ours = true, .insert_only = true };
	struct sbuf name = { 0 }, sql = { 0 }, tell = { 0 };
	int64_t swept = -1;

	if (w->conf.history != NULL) {
		history_name(w, m->upto, &name);
		told.table = name.text;
		routecols_sweep_told(&w->history, w->conf.table, name.text, m, &tell);
	}
	routecols_sweep(&w->current, w->conf.table, m->generation, &sql);
	if (be->prepare(w->db, &t, err) == 0 &&
	    (told.table == NULL || be->prepare(w->db, &told, err) == 0) &&
	    be->begin(w->db, err) == 0 &&
	    (told.table == NULL || be->run(w->db, tell.text, err) >= 0))
		swept = be->run(w->db, sql.text, err);
	if (swept < 0 || be->commit(w->db, err) != 0)
		swept = back(w);
	sbuf_done(&name);
	sbuf_done(&sql);
	sbuf_done(&tell);
	return swept;
}

/* --- history ---------------------------------------------------------------------------------------- */

struct told {
	const struct routewrite *w;
	const struct routebatch *b;
	size_t *at;			/* by row, where its record is */
};

static void
fill_history(void *ctx, size_t row, struct cell *cells)
{
	static const struct route_teller nobody;
	const struct told *t = ctx;
	const struct route_record *r;

	if (row == SQL_FIXED)
		return;
	r = routebatch_at(t->b, t->at[row]);
	routecols_fill(&t->w->history, &(struct route_row){
		.teller = r->event != ROUTE_LOST ? route_record_teller(t->b, r) : &nobody,
		.key = &r->key, .attrs = route_record_attrs(r), .when = r->when, .seq = r->seq,
		.label = r->label, .entries = r->entries, .run = t->b->run, .event = (enum route_event)r->event,
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
put_batch(struct routewrite *w, const struct sql_target *t, const struct routebatch *b,
    const struct sql_rows *rows, struct sbuf *err)
{
	const struct ledger_row ledger = {
		.instance = b->instance, .output = w->conf.output, .table = t->table, .seq = b->seq,
		.bin = wall_sec(b->bin), .rows = b->rows, .digest = b->digest,
		.written = wall_sec(wall_now()),
	};

	switch (w->conf.ledger ? w->conf.backend->ledger(w->db, &ledger, err) : LEDGER_NEW) {
	case LEDGER_NEW:
		return w->conf.backend->put(w->db, t, rows, err);
	case LEDGER_LANDED:
		log_write(LOG_LVL_INFO, w->conf.subject, "%llu changes of batch %llu are in '%s' "
		    "already", (unsigned long long)b->rows, (unsigned long long)b->seq, t->table);
		return 0;
	case LEDGER_ERROR:
		break;
	}
	return -1;
}

int
routewrite_batch(struct routewrite *w, const struct routebatch *b, struct sbuf *err)
{
	const struct sql_backend *be = w->conf.backend;
	struct sql_target t = { .columns = &w->history, .made = &w->history, .ours = true,
		.insert_only = true, .ledger = w->conf.ledger };
	struct told told = { w, b, find_rows(b) };
	const struct sql_rows rows = { b->rows, fill_history, &told };
	struct sbuf name = { 0 };
	int ret = 0;

	history_name(w, b->bin, &name);
	t.table = name.text;
	if (be->prepare(w->db, &t, err) != 0 || be->begin(w->db, err) != 0 ||
	    put_batch(w, &t, b, &rows, err) != 0 || be->commit(w->db, err) != 0)
		ret = back(w);
	sbuf_done(&name);
	mem_free(told.at);
	return ret;
}
