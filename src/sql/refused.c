/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/refused.h"

#include <string.h>

#include "core/mem.h"

struct search {
	const struct sql_backend *backend;
	void *db;
	const struct sql_target *target;
	const struct rows *rows;
	size_t most;			/* more than so many: the table is wrong, not the rows */
	struct refused *found;
	struct sbuf *err;
};

static void
note(struct search *s, size_t i, const char *why)
{
	struct refused *f = s->found;

	f->row = mem_grow(f->row, f->count + 1, sizeof(*f->row));
	f->why = mem_grow(f->why, f->count + 1, sizeof(*f->why));
	f->row[f->count] = rows_digest_of(s->rows, i);
	f->why[f->count++] = mem_strdup(why);
}

/* Rows [from, from + n) put and taken back. -1: an error that is not about rows, 1: refused. */
static int
probe(struct search *s, size_t from, size_t n, struct sbuf *why)
{
	struct rows *some = rows_slice(s->rows, from, n);
	struct sql_rows cells = rows_cells(some);
	int ret = s->backend->run(s->db, "SAVEPOINT waybill_part", why) < 0 ? -1 : 0;

	if (ret == 0 && s->backend->put(s->db, s->target, &cells, why) != 0)
		ret = s->backend->refused(s->db) ? 1 : -1;
	if (ret >= 0 &&
	    (s->backend->run(s->db, "ROLLBACK TO SAVEPOINT waybill_part", why) < 0 ||
	    s->backend->run(s->db, "RELEASE SAVEPOINT waybill_part", why) < 0))
		ret = -1;
	rows_free(some);
	return ret;
}

static int
search(struct search *s, size_t from, size_t n)
{
	struct sbuf why = { 0 };
	int ret = probe(s, from, n, &why);

	if (ret < 0)
		sbuf_str(s->err, sbuf_text(&why));
	if (ret > 0 && n == 1) {
		note(s, from, sbuf_text(&why));
		ret = 0;
	}
	sbuf_done(&why);
	if (ret <= 0)
		return ret;
	if (search(s, from, n / 2) != 0 || search(s, from + n / 2, n - n / 2) != 0)
		return -1;
	if (s->found->count <= s->most)
		return 0;
	if (s->err->len == 0)
		sbuf_printf(s->err, "table '%s' refuses more than %zu of %zu rows, the first: %s",
		    s->target->table, s->most, rows_cells((struct rows *)(uintptr_t)s->rows).rows,
		    s->found->why[0]);
	return -1;
}

/*
 * Rows from all over the batch, one by one: does the table take any? A table that takes none is not
 * gone through row by row, for it is tried again and again.
 */
static int
takes_any(struct search *s, size_t n)
{
	struct sbuf why = { 0 };
	int ret = 1;

	if (n <= REFUSED_FEW)
		return 0;
	for (size_t i = 0; ret > 0 && i < REFUSED_FEW; i++) {
		sbuf_clear(&why);
		ret = probe(s, i * n / REFUSED_FEW, 1, &why);
	}
	if (ret < 0)
		sbuf_str(s->err, sbuf_text(&why));
	else if (ret > 0)
		sbuf_printf(s->err, "table '%s' refuses rows from all over the batch: %s",
		    s->target->table, sbuf_text(&why));
	sbuf_done(&why);
	return ret == 0 ? 0 : -1;
}

int
refused_find(const struct sql_backend *backend, void *db, const struct sql_target *target,
    const struct rows *rows, struct refused *ret, struct sbuf *err)
{
	size_t n = rows_cells((struct rows *)(uintptr_t)rows).rows;
	struct search s = { .backend = backend, .db = db, .target = target, .rows = rows,
		.most = n / 2 < REFUSED_FEW ? REFUSED_FEW : n / 2 < REFUSED_MOST ? n / 2 :
		REFUSED_MOST, .found = ret, .err = err };
	int found = n == 0 ? 0 : backend->begin(db, err);

	if (n > 0 && found == 0)
		found = takes_any(&s, n);
	if (n > 0 && found == 0)
		found = search(&s, 0, n);
	backend->rollback(db);
	return found;
}

const char *
refused_why(const struct refused *r, uint64_t digest)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->row[i] == digest)
			return r->why[i];
	return NULL;
}

void
refused_take(struct refused *r, struct refused *from)
{
	if (from->count > 0) {
		r->row = mem_grow(r->row, r->count + from->count, sizeof(*r->row));
		r->why = mem_grow(r->why, r->count + from->count, sizeof(*r->why));
		memcpy(r->row + r->count, from->row, from->count * sizeof(*r->row));
		memcpy(r->why + r->count, from->why, from->count * sizeof(*r->why));
		r->count += from->count;
	}
	mem_free(from->row);
	mem_free(from->why);
	*from = (struct refused){ 0 };
}

void
refused_done(struct refused *r)
{
	for (size_t i = 0; i < r->count; i++)
		mem_free(r->why[i]);
	mem_free(r->row);
	mem_free(r->why);
	*r = (struct refused){ 0 };
}
