/* SPDX-License-Identifier: BSD-2-Clause */
#include "waybilld/routeouts.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "sql/routeout.h"
#include "waybilld/feeds.h"
#include "waybilld/inputs.h"
#include "waybilld/metrics.h"
#include "waybilld/table.h"

struct routeouts {
	struct conf *conf;		/* shared: texts of the outputs are its own */
	struct routeout **output;
	size_t outputs;
	struct sbuf settings;		/* of all of them */
};

static void
add_settings(const struct conf *conf, struct sbuf *out)
{
	for (size_t i = 0; i < conf_outputs(conf); i++) {
		const struct conf_output *co = conf_output(conf, i);

		if (!routeout_wanted(conf, i))
			continue;
		sbuf_printf(out, "%s/%s\n", co->name, co->type);
		setup_settings(conf, i, out);
	}
}

static int
start_one(struct routeouts *r, struct daemon *d, size_t i, struct sbuf *err)
{
	const struct conf_output *co = conf_output(r->conf, i);
	struct sbuf subject = { 0 };
	struct routeout_conf rc = {
		.env = {
			.conf = r->conf, .output = i, .name = co->name, .type = co->type,
			.style = out_style(r->conf, i, d->names), .names = d->names,
		},
		.rib = d->rib, .epoch = d->epoch, .changes = feeds_changes(d->feeds),
		.bgp = inputs_want_bgp(r->conf), .bmp = inputs_want_bmp(r->conf),
		.stale_s = conf_int(r->conf, CONF_ALL, inputs_want_bgp(r->conf) ?
		    "bgp_daemon_stale_time" : "bmp_daemon_stale_time"),
	};
	struct routeout *out;

	sbuf_printf(&subject, "%s/%s", co->name, co->type);
	rc.env.subject = subject.text;	/* the output's from here on */
	out = routeout_start(&rc, err);
	if (out == NULL) {
		sbuf_done(&subject);
		return -1;
	}
	r->output[r->outputs++] = out;
	return 0;
}

struct routeouts *
routeouts_start(struct daemon *d, struct conf *conf, struct sbuf *err)
{
	struct routeouts *r = mem_new(sizeof(*r));

	r->conf = conf_share(conf);
	r->output = mem_array(conf_outputs(conf) + 1, sizeof(*r->output));
	add_settings(conf, &r->settings);
	for (size_t i = 0; i < conf_outputs(conf); i++) {
		int ret = 0;

		if (!routeout_wanted(conf, i))
			continue;
		if (d->rib == NULL) {
			sbuf_printf(err, "output %s is one of routes, but there is neither "
			    "bgp_daemon nor bmp_daemon", conf_output(conf, i)->name);
			ret = -1;
		} else {
			ret = start_one(r, d, i, err);
		}
		if (ret != 0) {
			routeouts_stop(r);
			return NULL;
		}
	}
	return r;
}

void
routeouts_stop(struct routeouts *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->outputs; i++) {
		char *subject = (char *)(uintptr_t)routeout_env(r->output[i])->subject;

		routeout_stop(r->output[i]);
		mem_free(subject);
	}
	sbuf_done(&r->settings);
	conf_free(r->conf);
	mem_free(r->output);
	mem_free(r);
}

void
routeouts_tick(struct routeouts *r)
{
	for (size_t i = 0; r != NULL && i < r->outputs; i++)
		routeout_tick(r->output[i]);
}

bool
routeouts_differ(const struct routeouts *r, const struct conf *conf)
{
	struct sbuf settings = { 0 };
	bool differ;

	add_settings(conf, &settings);
	differ = strcmp(sbuf_text(&settings),
	    sbuf_text((struct sbuf *)(uintptr_t)&r->settings)) != 0;
	sbuf_done(&settings);
	return differ;
}

/* --- what they tell ---------------------------------------------------------------------------------- */

static const struct books_of {
	const char *name;
	bool history;
	const struct counter_row *rows;
	const size_t *count;
} books[] = {
	{ "current", false, routes_current_rows, &routes_current_count },
	{ "history", true, routes_history_rows, &routes_history_count },
};

static uint64_t
value_of(const struct routes_counters *c, const struct counter_row *row)
{
	return counter_get((const counter_t *)((const char *)c + row->at));
}

static void
json_books(const struct books_of *b, const struct routes_counters *c, struct json *j)
{
	json_object(j, b->name);
	for (size_t i = 0; i < *b->count; i++)
		json_u64(j, b->rows[i].name, value_of(c, &b->rows[i]));
	json_i64(j, "balance", counter_balance(c, b->rows, *b->count));
	json_end(j, '}');
}

void
routeouts_json(const struct routeouts *r, struct json *j)
{
	json_array(j, "routes");
	for (size_t i = 0; r != NULL && i < r->outputs; i++) {
		struct routes_counters c;
		struct sbuf state = { 0 };

		routeout_counters(r->output[i], &c);
		json_object(j, NULL);
		json_str(j, "name", routeout_env(r->output[i])->name);
		json_str(j, "type", routeout_env(r->output[i])->type);
		for (size_t k = 0; k < ARRAY_LEN(books); k++)
			if (routeout_has(r->output[i], books[k].history))
				json_books(&books[k], &c, j);
		json_str(j, "state", routeout_state(r->output[i], &state));
		json_end(j, '}');
		sbuf_done(&state);
	}
	json_end(j, ']');
}

/* A family per row of a book, a series per output that keeps it. */
static void
metrics_of(const struct routeouts *r, const struct books_of *b, struct sbuf *out)
{
	for (size_t k = 0; k < *b->count; k++) {
		const bool gauge = counter_is_level(b->rows[k].kind);
		char name[80];

		snprintf(name, sizeof(name), "routes_%s_%s", b->name, b->rows[k].name);
		metric_family(out, name, gauge, b->rows[k].help);
		for (size_t i = 0; i < r->outputs; i++) {
			const struct out_env *env = routeout_env(r->output[i]);
			struct routes_counters c;
			char labels[160];

			if (!routeout_has(r->output[i], b->history))
				continue;
			routeout_counters(r->output[i], &c);
			snprintf(labels, sizeof(labels), "output=\"%.60s\",type=\"%.30s\"", env->name,
			    env->type);
			metric_series(out, name, gauge, labels, value_of(&c, &b->rows[k]));
		}
	}
}

void
routeouts_metrics(const struct routeouts *r, struct sbuf *out)
{
	for (size_t i = 0; r != NULL && r->outputs > 0 && i < ARRAY_LEN(books); i++)
		metrics_of(r, &books[i], out);
}

static uint64_t
sum_of(const struct books_of *b, const struct routes_counters *c, unsigned kinds)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < *b->count; i++)
		if ((kinds & 1u << b->rows[i].kind) != 0)
			sum += value_of(c, &b->rows[i]);
	return sum;
}

void
routeouts_text(const struct routeouts *r, struct sbuf *out)
{
	static const char *const heads[] = { "ROUTES", "TABLE", "CHANGES", "WRITTEN", "CONFLATED",
	    "HELD", "LOST", "BALANCE", "STATE" };
	struct table *t;

	if (r == NULL || r->outputs == 0)
		return;
	t = table_new(heads, ARRAY_LEN(heads));
	for (size_t i = 0; i < r->outputs * ARRAY_LEN(books); i++) {
		struct routeout *o = r->output[i / ARRAY_LEN(books)];
		const struct books_of *b = &books[i % ARRAY_LEN(books)];
		struct routes_counters c;
		struct sbuf state = { 0 };
		uint64_t conflated;

		if (!routeout_has(o, b->history))
			continue;
		routeout_counters(o, &c);
		conflated = b->history ? 0 : counter_get(&c.conflated);
		table_text(t, routeout_env(o)->subject);
		table_text(t, b->name);
		table_u64(t, sum_of(b, &c, 1u << COUNTER_IN | 1u << COUNTER_MADE));
		table_u64(t, sum_of(b, &c, 1u << COUNTER_OUT) - conflated);
		table_u64(t, conflated);
		table_u64(t, sum_of(b, &c, 1u << COUNTER_HELD));
		table_u64(t, sum_of(b, &c, 1u << COUNTER_DROP));
		table_i64(t, counter_balance(&c, b->rows, *b->count));
		table_text(t, routeout_state(o, &state));
		table_row(t);
		sbuf_done(&state);
	}
	sbuf_char(out, '\n');
	table_print(t, out);
	table_free(t);
}

void
routeouts_faults(const struct routeouts *r, struct sbuf *why)
{
	for (size_t i = 0; r != NULL && i < r->outputs; i++) {
		struct sbuf state = { 0 };

		if (strcmp(routeout_state(r->output[i], &state), "ok") != 0)
			sbuf_printf(why, "%s%s: %s", why->len > 0 ? "; " : "",
			    routeout_env(r->output[i])->subject, state.text);
		sbuf_done(&state);
	}
}
