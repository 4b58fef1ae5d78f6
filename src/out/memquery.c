/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queries of the memory table. A query is one value (or "*") per field of the request; numbers and
 * addresses are compared as such, everything else by its text. Rows that match are collected, put
 * into order where asked, and printed or counted (compat/interface.md 1.2).
 */
#include "out/memquery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "out/render.h"

#define FIELDS_MOST	64

/* A field of the request; in_plan NULL: a primitive that this table does not have. */
struct asked {
	const struct prim *prim;
	const struct plan_field *in_plan;
};

struct want {
	bool any;			/* "*" */
	bool by_text;
	bool none;			/* no value was given for this field */
	struct value value;
	const char *text;
};

struct query {
	struct want want[FIELDS_MOST];
};

struct run {
	const struct memreq *req;
	const struct out_env *env;
	struct value_style style;
	struct rowset rs;
	struct asked asked[FIELDS_MOST];
	size_t fields;
	struct sbuf room;		/* what values parsed from texts borrow */
	struct sbuf *out, *err;
};

static const struct plan_field *
field_in_plan(const struct plan *plan, const struct prim *prim)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (plan->field[i].prim == prim)
			return &plan->field[i];
	return NULL;
}

static int
read_fields(struct run *run)
{
	char *copy = mem_strdup(run->req->fields != NULL ? run->req->fields : ""), *next, *word;

	for (word = strtok_r(copy, ", ", &next); word != NULL; word = strtok_r(NULL, ", ", &next)) {
		/* The client's name for it differs from the configuration's. */
		const char *name = strcasecmp(word, "tunnel_protocol") == 0 ? "tunnel_proto" : word;
		const struct prim *prim = prim_by_word(name);

		if (prim == NULL || run->fields == FIELDS_MOST) {
			sbuf_printf(run->err, prim == NULL ? "unknown primitive '%s'" :
			    "too many primitives at '%s'", word);
			mem_free(copy);
			return -1;
		}
		run->asked[run->fields++] = (struct asked){ prim,
		    field_in_plan(run->env->plan, prim) };
	}
	mem_free(copy);
	if (run->fields > 0 || run->req->queries == 0)
		return 0;
	sbuf_str(run->err, "-N or -M selected but -c has not been specified or is invalid.");
	return -1;
}

static int
read_want(struct run *run, const struct asked *asked, const char *text, struct want *ret)
{
	const struct value_row *type = &value_rows[asked->prim->type];

	*ret = (struct want){ .any = strcmp(text, "*") == 0, .text = text };
	/* An RD carries its origin beside it: its text alone is what a client means. */
	ret->by_text = type->parse == NULL || asked->prim->type == VT_RD ||
	    (type->cls != VC_UINT && type->cls != VC_ADDR);
	if (ret->any || ret->by_text)
		return 0;
	if (type->parse(text, &run->style, &ret->value, &run->room) == 0)
		return 0;
	sbuf_printf(run->err, "%s: Invalid %s: '%s'", asked->prim->word,
	    type->cls == VC_ADDR ? "IP address" : "value", text);
	return -1;
}

/* "192.0.2.1,80,*" -> one want per field; the text is cut at its commas. */
static int
read_query(struct run *run, char *text, struct query *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < run->fields; i++)
		ret->want[i] = (struct want){ .none = true };
	for (char *word = text; word != NULL; n++) {
		char *comma = strchr(word, ',');

		if (comma != NULL)
			*comma++ = '\0';
		while (*word == ' ')
			word++;
		if (n == run->fields) {
			sbuf_printf(run->err, "more values than primitives at '%s'", word);
			return -1;
		}
		if (read_want(run, &run->asked[n], word, &ret->want[n]) != 0)
			return -1;
		word = comma;
	}
	return 0;
}

static bool
same_text(struct run *run, const struct value *v, const struct want *want)
{
	struct sbuf text = { 0 };
	bool same;

	value_rows[v->type].text(v, &run->style, &text);
	same = strcmp(sbuf_text(&text), want->text) == 0;
	sbuf_done(&text);
	return same;
}

static bool
row_matches(struct run *run, const struct query *q, size_t row)
{
	for (size_t i = 0; i < run->fields; i++) {
		const struct want *want = &q->want[i];
		struct value v;

		if (want->any)
			continue;
		if (want->none)
			return false;
		/* What the table does not have is unset in all its rows. */
		v = (struct value){ .type = run->asked[i].prim->type };
		if (run->asked[i].in_plan != NULL)
			rowset_value(&run->rs, row, run->asked[i].in_plan, &v);
		if (want->by_text) {
			if (!same_text(run, &v, want))
				return false;
		} else if (value_rows[v.type].cls == VC_ADDR) {
			if (!addr_eq(&v.addr, &want->value.addr))
				return false;
		} else if (v.u != want->value.u) {
			return false;
		}
	}
	return true;
}

struct totals {
	uint64_t bytes, packets, flows, entries;
};

static void
print_totals(struct run *run, const struct totals *t)
{
	switch ((enum memreq_counter)run->req->counter) {
	case MEMREQ_BYTES:
		sbuf_u64(run->out, t->bytes);
		break;
	case MEMREQ_PACKETS:
		sbuf_u64(run->out, t->packets);
		break;
	case MEMREQ_FLOWS:
		sbuf_u64(run->out, t->flows);
		break;
	case MEMREQ_ALL:
	case MEMREQ_COUNTERS:
		sbuf_printf(run->out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, t->packets,
		    t->bytes, t->flows, t->entries);
		break;
	}
	sbuf_char(run->out, '\n');
}

static void
add_totals(struct run *run, size_t row, struct totals *t)
{
	t->bytes += rowset_counter(&run->rs, row, EC_BYTES);
	t->packets += rowset_counter(&run->rs, row, EC_PACKETS);
	t->flows += rowset_counter(&run->rs, row, EC_FLOWS);
	t->entries++;
}

/* Run every query over the table; marks what matched. Prints the counters where those are asked. */
static int
run_queries(struct run *run, uint8_t *matched)
{
	struct query *q = mem_new(sizeof(*q));
	struct totals sum = { 0 };
	int ret = 0;

	for (size_t i = 0; i < run->req->queries && ret == 0; i++) {
		struct totals one = { 0 };

		ret = read_query(run, run->req->query[i], q);
		for (size_t row = 0; ret == 0 && row < run->rs.rows; row++) {
			if (!row_matches(run, q, row))
				continue;
			matched[row] = 1;
			add_totals(run, row, run->req->sum ? &sum : &one);
		}
		if (ret == 0 && run->req->op == MEMREQ_COUNT && !run->req->sum)
			print_totals(run, &one);
	}
	if (ret == 0 && run->req->op == MEMREQ_COUNT && run->req->sum)
		print_totals(run, &sum);
	mem_free(q);
	return ret;
}

struct ranked {
	uint64_t n;
	size_t row;
};

static int
greater_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* The matched rows, in order; gives how many are to be printed. */
static size_t
rank_rows(struct run *run, const uint8_t *matched, struct ranked *ret)
{
	static const enum entry_counter by[] = { EC_BYTES, EC_PACKETS, EC_FLOWS };
	const struct memreq *req = run->req;
	size_t n = 0;

	for (size_t row = 0; row < run->rs.rows; row++)
		if (matched[row])
			ret[n++] = (struct ranked){ 0, row };
	if (!req->sorted)
		return n;
	for (size_t i = 0; i < n; i++)
		ret[i].n = rowset_counter(&run->rs, ret[i].row, by[req->top]);
	qsort(ret, n, sizeof(*ret), greater_first);
	return req->top_n > 0 && req->top_n < n ? req->top_n : n;
}

static int
print_rows(struct run *run, const uint8_t *matched)
{
	struct render_conf rc = { .style = run->style, .all = run->req->all, .client = true,
	    .separator = (char)run->req->separator };
	const char *format = run->req->format != NULL ? run->req->format : "formatted";
	struct ranked *ranked;
	struct render *render;
	size_t n;

	if (render_parse_format(format, &rc) != 0) {
		sbuf_printf(run->err, "unknown output '%s'", format);
		return -1;
	}
	ranked = mem_array(run->rs.rows + 1, sizeof(*ranked));
	render = render_new(run->env->plan, &rc);
	n = rank_rows(run, matched, ranked);
	render_header(render, run->out);
	for (size_t i = 0; i < n; i++)
		render_row(render, &run->rs, ranked[i].row, (wall_t){ 0 }, run->out);
	if (rc.format == RENDER_FORMATTED)
		sbuf_printf(run->out, "\nFor a total of: %zu entries\n", n);
	render_free(render);
	mem_free(ranked);
	return 0;
}

static void
print_status(struct run *run, const struct bintab *tab)
{
	sbuf_printf(run->out, "* = element\n\nBUCKET\tCHAIN_STATUS\n");
	sbuf_printf(run->out, "-\t%zu entries in one dense table of %zu bytes\n", run->rs.rows,
	    bintab_bytes(tab));
}

static int
run_op(struct run *run, struct bintab *tab, mono_t last_erase, uint8_t *matched)
{
	switch ((enum memreq_op)run->req->op) {
	case MEMREQ_TABLE:
		memset(matched, 1, run->rs.rows);
		return print_rows(run, matched);
	case MEMREQ_MATCH:
		return run_queries(run, matched) == 0 ? print_rows(run, matched) : -1;
	case MEMREQ_COUNT:
		return run_queries(run, matched);
	case MEMREQ_STATUS:
		print_status(run, tab);
		return 0;
	case MEMREQ_SINCE:
		if (last_erase.ns == 0)
			sbuf_str(run->out, "never\n");
		else
			sbuf_printf(run->out, "%" PRId64 "\n",
			    mono_since(mono_now(), last_erase) / NS_PER_SEC);
		return 0;
	case MEMREQ_NONE:
	case MEMREQ_OPS:
		if (run->req->erase)
			sbuf_str(run->out, "OK: Clearing stats.\n");
		return 0;
	}
	return 0;
}

int
memquery_run(const struct memreq *req, const struct out_env *env, struct bintab *tab,
    mono_t last_erase, bool *ret_erased, struct sbuf *out, struct sbuf *err)
{
	struct run *run = mem_new(sizeof(*run));
	uint8_t *matched = mem_new(bintab_rows(tab) + 1);
	int ret;

	run->req = req;
	run->env = env;
	run->out = out;
	run->err = err;
	run->style = env->style;
	run->style.num_protos |= req->num_protos != 0;
	run->style.epoch = req->epoch != 0;
	run->style.utc |= req->utc != 0;
	run->style.rfc9557 = !run->style.epoch;
	bintab_all(tab, &run->rs);
	ret = read_fields(run);
	if (ret == 0)
		ret = run_op(run, tab, last_erase, matched);
	*ret_erased = ret == 0 && req->erase;
	if (*ret_erased)
		bintab_clear(tab);
	else if (ret == 0 && req->reset)
		bintab_remove(tab, matched);
	sbuf_done(&run->room);
	mem_free(matched);
	mem_free(run);
	return ret;
}
