/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as SQL has them: integers stay integers, text is made only where a column is text. NULL
 * is never written: an unset address is 0.0.0.0, an empty text is ''.
 */
#include "sql/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "core/mem.h"
#include "sql/order.h"

#define DIGEST_SEED	UINT64_C(0x5761796269)	/* the same for ever: digests are stored */

struct rows {
	const struct columns *cols;
	const struct value_style *style;
	const struct rowset *rs;
	const size_t *pick;
	size_t *own;			/* pick, where rows were taken out */
	size_t n;
	wall_t now;
	struct addr *last;		/* [param - 1]: the address whose text is in the cell */
	bool *has_last;
};

struct rows *
rows_new(const struct columns *cols, const struct value_style *style, const struct rowset *rs,
    const size_t *pick, size_t n, wall_t now)
{
	struct rows *r = mem_new(sizeof(*r));

	*r = (struct rows){ .cols = cols, .style = style, .rs = rs, .pick = pick,
		.n = pick != NULL ? n : rs->rows, .now = now };
	r->last = mem_array(cols->params + 1, sizeof(*r->last));
	r->has_last = mem_array(cols->params + 1, sizeof(*r->has_last));
	return r;
}

void
rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	mem_free(r->last);
	mem_free(r->has_last);
	mem_free(r->own);
	mem_free(r);
}

void
stamp_text(wall_t t, bool utc, enum sql_engine engine, struct sbuf *out)
{
	time_t sec = (time_t)wall_sec(t);
	struct tm tm;
	char text[32];

	if (t.ns == 0 || (utc ? gmtime_r(&sec, &tm) : localtime_r(&sec, &tm)) == NULL) {
		sbuf_str(out, engine == SQL_PGSQL ? "0001-01-01 00:00:00" : "0000-00-00 00:00:00");
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	sbuf_str(out, text);
}

static void
cell_number(struct cell *c, uint64_t n)
{
	if (n <= INT64_MAX) {
		c->kind = CELL_INT;
		c->number = (int64_t)n;
		return;
	}
	sbuf_clear(&c->room);
	sbuf_u64(&c->room, n);
	c->kind = CELL_TEXT;
	c->bytes = c->room.text;
	c->len = c->room.len;
}

static void
cell_text(struct cell *c)
{
	c->kind = CELL_TEXT;
	c->bytes = sbuf_text(&c->room);
	c->len = c->room.len;
}

static void
cell_stamp(struct cell *c, wall_t t, const struct rows *r)
{
	if (r->style->epoch) {
		cell_number(c, (uint64_t)wall_sec(t));
		return;
	}
	sbuf_clear(&c->room);
	stamp_text(t, r->style->utc, r->cols->shape.engine, &c->room);
	cell_text(c);
}

/* Dotted quad, the commonest text by far. */
static size_t
v4_text(uint32_t a, char *to)
{
	char *p = to;

	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned byte = a >> shift & 0xff;

		if (byte >= 100)
			*p++ = (char)('0' + byte / 100);
		if (byte >= 10)
			*p++ = (char)('0' + byte / 10 % 10);
		*p++ = (char)('0' + byte % 10);
		if (shift > 0)
			*p++ = '.';
	}
	return (size_t)(p - to);
}

/* sql_num_hosts: INET_ATON's number, INET6_ATON's 16 bytes. */
static void
cell_host_number(struct cell *c, const struct addr *a)
{
	if (!addr_is_set(a) || addr_is_v4(a)) {
		cell_number(c, addr_is_set(a) ? addr_v4(a) : 0);
		return;
	}
	sbuf_clear(&c->room);
	sbuf_add(&c->room, a->b, sizeof(a->b));
	c->kind = CELL_BYTES;
	c->bytes = c->room.text;
	c->len = sizeof(a->b);
}

static void
cell_addr(struct rows *r, unsigned param, struct cell *c, const struct addr *a)
{
	char text[ADDR_TEXT];

	if (r->has_last[param - 1] && addr_eq(&r->last[param - 1], a))
		return;
	r->last[param - 1] = *a;
	r->has_last[param - 1] = true;
	if (r->cols->shape.num_hosts) {
		cell_host_number(c, a);
		return;
	}
	sbuf_clear(&c->room);
	if (!addr_is_set(a))
		sbuf_str(&c->room, "0.0.0.0");
	else if (addr_is_v4(a))
		sbuf_add(&c->room, text, v4_text(addr_v4(a), text));
	else
		sbuf_str(&c->room, addr_text(a, text));
	cell_text(c);
}

static void
cell_field(struct rows *r, const struct column *col, size_t row, struct cell *c)
{
	struct value v;

	rowset_value(r->rs, row, col->field, &v);
	switch (v.type) {
	case VT_U8:
	case VT_U16:
	case VT_U32:
	case VT_U64:
	case VT_TCP_FLAGS:
		cell_number(c, v.u);
		return;
	case VT_FWD_STATUS:
		if (!r->style->fwd_status_text) {
			cell_number(c, v.u);
			return;
		}
		break;
	case VT_PROTO:
		if (r->cols->shape.num_protos || r->cols->shape.engine == SQL_PGSQL) {
			cell_number(c, v.u);
			return;
		}
		break;
	case VT_ADDR:
		cell_addr(r, col->param, c, &v.addr);
		return;
	case VT_TIME:
		cell_stamp(c, (wall_t){ (int64_t)v.u }, r);
		return;
	case VT_MAC:
	case VT_ETYPE:
	case VT_CHAR:
	case VT_NAME:
	case VT_CLASS:
	case VT_RD:
	case VT_LABELS:
	case VT_ASPATH:
	case VT_COMMS:
	case VT_ECOMMS:
	case VT_LCOMMS:
		break;
	case VT_TYPES:
		assert(!"a type");
	}
	sbuf_clear(&c->room);
	value_rows[v.type].text(&v, r->style, &c->room);
	cell_text(c);
}

static void
fill(void *ctx, size_t i, struct cell *cells)
{
	struct rows *r = ctx;
	size_t row = i == SQL_FIXED || r->pick == NULL ? i : r->pick[i];

	for (size_t k = 0; k < r->cols->count; k++) {
		const struct column *col = &r->cols->col[k];
		struct cell *c = &cells[col->param - 1];
		struct value v;

		if (col->param == 0 || column_fixed(col) != (i == SQL_FIXED))
			continue;
		switch (col->role) {
		case COLUMN_KEY:
			cell_field(r, col, row, c);
			break;
		case COLUMN_RESIDUAL:
			rowset_value(r->rs, row, col->field, &v);
			cell_number(c, wall_usec((wall_t){ (int64_t)v.u }));
			break;
		case COLUMN_COUNTER:
			cell_number(c, rowset_counter(r->rs, row, col->counter));
			break;
		case COLUMN_STAMP_INSERTED:
			cell_stamp(c, r->rs->bin, r);
			break;
		case COLUMN_STAMP_UPDATED:
			cell_stamp(c, r->now, r);
			break;
		case COLUMN_FAKE:
		case COLUMN_KEPT:
		case COLUMN_REPLACED:
			break;
		}
	}
}

struct sql_rows
rows_cells(struct rows *r)
{
	return (struct sql_rows){ .rows = r->n, .fill = fill, .ctx = r };
}

void
rows_sort(struct rows *r, const size_t *by, size_t n)
{
	size_t *sorted = order_by(&(struct order_rows){ r->cols, r->rs, r->pick, r->n }, by, n);

	if (sorted == NULL)
		return;
	mem_free(r->own);
	r->pick = r->own = sorted;
}

/* --- values that do not fit ----------------------------------------------------------------------- */

/* Characters of a text; SIZE_MAX: it is not valid UTF-8 (RFC 3629 3), or has a NUL. */
static size_t
characters(const unsigned char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		unsigned char c = text[i];
		size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : (c & 0xf0) == 0xe0 ? 2 :
		    c >= 0xf0 && c < 0xf5 ? 3 : SIZE_MAX;

		if (c == 0 || more == SIZE_MAX || len - i <= more)
			return SIZE_MAX;
		if ((c == 0xe0 && text[i + 1] < 0xa0) || (c == 0xed && text[i + 1] > 0x9f) ||
		    (c == 0xf0 && text[i + 1] < 0x90) || (c == 0xf4 && text[i + 1] > 0x8f))
			return SIZE_MAX;
		for (size_t k = 1; k <= more; k++)
			if ((text[i + k] & 0xc0) != 0x80)
				return SIZE_MAX;
		i += more + 1;
	}
	return n;
}

/* NULL, or why a column does not take a value. */
static const char *
misfit_of(const struct limit *l, const struct cell *c)
{
	size_t n;

	switch (c->kind) {
	case CELL_NULL:
	case CELL_TIME:
	case CELL_NET:
		break;
	case CELL_INT:
		if (l->kind == LIVE_INT && (uint64_t)c->number > l->max)
			return "number larger than the column takes";
		break;
	case CELL_TEXT:
		n = characters(c->bytes, c->len);
		if (n == SIZE_MAX)
			return "text is not UTF-8";
		if (l->kind == LIVE_TEXT && n > l->most)
			return "text longer than the column takes";
		if (l->kind == LIVE_INT && strtoull(c->bytes, NULL, 10) > l->max)
			return "number larger than the column takes";
		break;
	case CELL_BYTES:
		if (l->kind == LIVE_INT)
			return "IPv6 address, the column takes numbers";
		if (l->kind == LIVE_BYTES && c->len > l->most)
			return "more bytes than the column takes";
		break;
	}
	return NULL;
}

/* The first column of a row that does not take its value; NULL: all do. */
static const struct column *
find_misfit(struct rows *r, size_t i, const struct limit *limit, struct cell *cells,
    const char **ret_why)
{
	size_t row = r->pick != NULL ? r->pick[i] : i;

	for (size_t k = 0; k < r->cols->count; k++) {
		const struct column *col = &r->cols->col[k];
		struct cell *c = &cells[col->param - 1];

		if (col->param == 0 || !limit[col->param - 1].on)
			continue;
		if (col->role == COLUMN_KEY)
			cell_field(r, col, row, c);
		else if (col->role == COLUMN_COUNTER)
			cell_number(c, rowset_counter(r->rs, row, col->counter));
		else
			continue;
		*ret_why = misfit_of(&limit[col->param - 1], c);
		if (*ret_why != NULL)
			return col;
	}
	return NULL;
}

/* Rows [0, n) of `fit` are left; takes it. */
static void
leave(struct rows *r, size_t *fit, size_t n)
{
	if (n == r->n) {
		mem_free(fit);
		return;
	}
	mem_free(r->own);
	r->pick = r->own = fit;
	r->n = n;
}

struct rows *
rows_slice(const struct rows *r, size_t from, size_t n)
{
	struct rows *some = rows_new(r->cols, r->style, r->rs, NULL, 0, r->now);
	size_t *pick = mem_array(n + 1, sizeof(*pick));

	for (size_t i = 0; i < n; i++)
		pick[i] = r->pick != NULL ? r->pick[from + i] : from + i;
	some->pick = some->own = pick;
	some->n = n;
	return some;
}

void
rows_split(struct rows *r, const struct limit *limit,
    void (*misfit)(void *ctx, size_t i, const struct column *c, const char *why), void *ctx)
{
	struct cell *cells = mem_array(r->cols->params + 1, sizeof(*cells));
	size_t *fit = mem_array(r->n + 1, sizeof(*fit)), n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const char *why = NULL;
		const struct column *col = find_misfit(r, i, limit, cells, &why);

		if (col == NULL) {
			fit[n++] = r->pick != NULL ? r->pick[i] : i;
			continue;
		}
		/* Whoever looks at the row has cells of its own: the texts in ours are not there. */
		memset(r->has_last, 0, r->cols->params * sizeof(*r->has_last));
		misfit(ctx, i, col, why);
		memset(r->has_last, 0, r->cols->params * sizeof(*r->has_last));
	}
	memset(r->has_last, 0, r->cols->params * sizeof(*r->has_last));
	for (size_t i = 0; i < r->cols->params; i++)
		sbuf_done(&cells[i].room);
	mem_free(cells);
	leave(r, fit, n);
}

/* --- digest --------------------------------------------------------------------------------------- */

/* Fields whose key word is an id: the digest takes what they stand for. */
static size_t
find_ids(const struct plan *plan, const struct plan_field **field)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->fields; i++) {
		enum value_type type = plan->field[i].prim->type;

		if (value_rows[type].by_reference || value_is_name(type))
			field[n++] = &plan->field[i];
	}
	return n;
}

static uint64_t
digest_row(const struct rows *r, size_t row, const struct plan_field *const *ids, size_t n_ids)
{
	uint64_t word[PLAN_KEY_WORDS + EC_COUNT], h = DIGEST_SEED;
	const struct rowset *rs = r->rs;

	assert(rs->stride <= ARRAY_LEN(word));
	memcpy(word, rs->row + row * rs->stride, rs->stride * sizeof(*word));
	for (size_t i = 0; i < n_ids; i++) {
		enum value_type type = ids[i]->prim->type;
		struct value v;

		rowset_value(rs, row, ids[i], &v);
		memset((char *)word + ids[i]->at, 0, value_rows[type].key_bytes);
		if (value_is_name(type)) {
			const char *text = names_get(r->style->names, (uint32_t)v.u);

			h = hash_bytes(text, strlen(text), h);
		} else {
			h = hash_bytes(v.bytes, v.len, h);
		}
	}
	return hash_words(word, rs->stride, h);
}

uint64_t
rows_digest_of(const struct rows *r, size_t i)
{
	const struct plan *plan = r->rs->plan;
	const struct plan_field **ids = mem_array(plan->fields + 1, sizeof(*ids));
	size_t n_ids = find_ids(plan, ids);
	uint64_t h = digest_row(r, r->pick != NULL ? r->pick[i] : i, ids, n_ids);

	mem_free(ids);
	return h;
}

void
rows_drop(struct rows *r, const char *(*why)(const void *ctx, uint64_t digest), const void *ctx,
    void (*misfit)(void *ctx, size_t i, const struct column *c, const char *why), void *misfit_ctx)
{
	const struct plan *plan = r->rs->plan;
	const struct plan_field **ids = mem_array(plan->fields + 1, sizeof(*ids));
	size_t *fit = mem_array(r->n + 1, sizeof(*fit)), n = 0, n_ids = find_ids(plan, ids);

	for (size_t i = 0; i < r->n; i++) {
		size_t row = r->pick != NULL ? r->pick[i] : i;
		const char *text = why(ctx, digest_row(r, row, ids, n_ids));

		if (text == NULL) {
			fit[n++] = row;
			continue;
		}
		/* Whoever looks at the row has cells of its own. */
		memset(r->has_last, 0, r->cols->params * sizeof(*r->has_last));
		if (misfit != NULL)
			misfit(misfit_ctx, i, NULL, text);
	}
	memset(r->has_last, 0, r->cols->params * sizeof(*r->has_last));
	mem_free(ids);
	leave(r, fit, n);
}

uint64_t
rows_digest(const struct rows *r, struct rows_sums *ret_sums)
{
	const struct plan *plan = r->rs->plan;
	const struct plan_field **ids = mem_array(plan->fields + 1, sizeof(*ids));
	size_t n_ids = find_ids(plan, ids);
	struct rows_sums sums = { 0 };
	uint64_t h = r->n;		/* a sum: the order of rows says nothing */

	for (size_t i = 0; i < r->n; i++) {
		size_t row = r->pick != NULL ? r->pick[i] : i;

		h += digest_row(r, row, ids, n_ids);
		sums.packets += rowset_counter(r->rs, row, EC_PACKETS);
		sums.bytes += rowset_counter(r->rs, row, EC_BYTES);
		sums.flows += rowset_counter(r->rs, row, EC_FLOWS);
	}
	mem_free(ids);
	*ret_sums = sums;
	return h;
}
