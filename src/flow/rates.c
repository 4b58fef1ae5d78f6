/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sampling: what an exporter told, what a flow stands for (DESIGN.md section 6, Rates; RFC 5477,
 * RFC 7270). A rate is N where one packet in N was seen. Declared: somebody told it. Implied: the
 * record names a sampler whose rate nobody told yet. None: nothing speaks of sampling.
 *
 * Order: configuration; the record's sampler; the record's own interval; the interface's rate;
 * the exporter's; the rate of the record's template.
 */
#include "flow/source.h"

#define HOLD_NS		(60 * NS_PER_SEC)
#define GAVE_UP		0		/* as a rate in the map: waited for in vain */

/* For people and programs: where a rate came from, and whom it holds for, NULL: all records. */
static const struct scope_row { const char *from, *of; } scope_rows[RATE_SCOPES] = {
	[RATE_EXPORTER] = { "options", "exporter" },
	[RATE_SAMPLER] = { "options", "sampler" },
	[RATE_INTERFACE] = { "options", "interface" },
	[RATE_TEMPLATE] = { "options", "template" },
	[RATE_RECORD] = { "records", NULL },
	[RATE_HEAD] = { "datagram heads", NULL },
};

static uint64_t
rate_key(enum rate_scope scope, uint32_t id)
{
	return (uint64_t)scope << 32 | id;
}

enum rate_kind { RATE_DECLARED, RATE_IMPLIED, RATE_NONE, RATE_NEVER_CAME };

/* What decides about a record's rate. */
struct rate_ask {
	uint32_t sampler;		/* 0: none is named */
	uint32_t inline_rate;		/* 0: none */
	uint32_t iface;
	uint16_t template_id;
};

static struct rate_ask
ask_of(const struct template *t, const struct flow *flow)
{
	return (struct rate_ask){ .sampler = flow->sampler_id, .iface = flow->in_iface,
	    .inline_rate = flow->has & FLOW_HAS_RATE ? flow->sampling_rate : 0,
	    .template_id = t->id };
}

static uint32_t
told(const struct source *src, enum rate_scope scope, uint32_t id)
{
	return (uint32_t)idmap_value(&src->rates, rate_key(scope, id));
}

static enum rate_kind
rate_of(const struct source *src, const struct message *m, const struct rate_ask *ask,
    uint32_t *ret_rate)
{
	uint64_t gave_up;
	uint32_t rate;

	if ((rate = src->col->conf.ext_rate) != 0 ||
	    (ask->sampler != 0 && (rate = told(src, RATE_SAMPLER, ask->sampler)) != 0) ||
	    (rate = ask->inline_rate) != 0 ||
	    (rate = m->head_rate) != 0 ||
	    (rate = told(src, RATE_INTERFACE, ask->iface)) != 0 ||
	    (rate = told(src, RATE_EXPORTER, 0)) != 0 ||
	    (rate = told(src, RATE_TEMPLATE, ask->template_id)) != 0) {
		*ret_rate = rate;
		return RATE_DECLARED;
	}
	if (ask->sampler == 0)
		return RATE_NONE;
	return idmap_get(&src->rates, rate_key(RATE_SAMPLER, ask->sampler), &gave_up) ?
	    RATE_NEVER_CAME : RATE_IMPLIED;
}

static uint64_t
times(uint64_t a, uint32_t by)
{
	uint64_t product;

	return __builtin_mul_overflow(a, by, &product) ? UINT64_MAX : product;
}

static void
say_unsampled(struct source *src)
{
	if (src->said_unsampled)
		return;
	src->said_unsampled = true;
	source_warn(src, "tells no sampling rate: its flows are taken as not sampled");
}

void
rates_apply(struct source *src, const struct message *m, const struct template *t,
    struct flow *flow)
{
	struct rate_ask ask = ask_of(t, flow);
	uint32_t rate = 0;

	switch (rate_of(src, m, &ask, &rate)) {
	case RATE_DECLARED:
		break;
	case RATE_NONE:
		rate = 1;
		if (src->pub.version != 5)
			say_unsampled(src);
		break;
	case RATE_IMPLIED:
	case RATE_NEVER_CAME:
		flow->has |= FLOW_UNRATED;
		count(&src->pub.c.unrated);
		break;
	}
	flow->sampling_rate = rate;
	if (src->col->conf.renormalize && rate > 1) {
		flow->bytes = times(flow->bytes, rate);
		flow->packets = times(flow->packets, rate);
	}
}

/* --- may a set be accounted yet? --------------------------------------------------------------- */

/* What of a record decides about its rate, taken out by the template's own program. */
static void
rate_fields(const struct template *t, const uint8_t *const *at, const uint16_t *len,
    const uint8_t *rec, struct flow *flow)
{
	const struct flow proto = { .has = t->has };
	struct ie_extra extra;
	struct decode_to to = { .base = { flow, &extra, NULL } };

	if (t->variable)
		template_decode_fields(t, at, len, &proto, &to);
	else
		template_decode(t, rec, 1, &proto, &to);
}

/* Call `each` for the records of a set until it says true; was there one? */
static bool
any_record(struct source *src, const struct message *m, const struct template *t, struct rd body,
    bool (*each)(struct source *src, const struct message *m, const struct template *t,
    const struct flow *flow))
{
	const uint8_t *at[TEMPLATE_MOST_FIELDS];
	uint16_t len[TEMPLATE_MOST_FIELDS];

	while (rd_left(&body) >= t->rec_len) {
		const uint8_t *rec = body.at;
		struct flow flow = { .has = 0 };

		if (!t->variable)
			rd_skip(&body, t->rec_len);
		else if (template_walk(t, &body, at, len) != 0)
			return false;
		rate_fields(t, at, len, rec, &flow);
		if (each(src, m, t, &flow))
			return true;
	}
	return false;
}

static bool
record_waits(struct source *src, const struct message *m, const struct template *t,
    const struct flow *flow)
{
	struct rate_ask ask = ask_of(t, flow);
	uint32_t rate;

	return rate_of(src, m, &ask, &rate) == RATE_IMPLIED;
}

static bool
record_gives_up(struct source *src, const struct message *m, const struct template *t,
    const struct flow *flow)
{
	if (record_waits(src, m, t, flow))
		idmap_put(&src->rates, rate_key(RATE_SAMPLER, flow->sampler_id), GAVE_UP);
	return false;
}

static int64_t
hold_ns(const struct source *src)
{
	int64_t ns = src->col->conf.sampling_hold_ns;

	return ns > 0 ? ns : HOLD_NS;
}

bool
rates_wait(struct source *src, const struct message *m, const struct template *t, struct rd body)
{
	if (!RATES_MATTER(src->col) || src->col->conf.ext_rate > 0 || t->kind == FLOW_OPTION ||
	    m->give_up_rate || src->col->conf.sampling_hold_ns < 0)
		return false;
	if (t->has & FLOW_HAS_SAMPLER)
		return any_record(src, m, t, body, record_waits);
	if ((t->has & FLOW_HAS_RATE) || src->rate_declared)
		return false;
	return mono_since(src->col->now, src->pub.first_seen) < hold_ns(src);
}

/* The hold of this set is over: its unknown samplers are not waited for again. */
void
rates_give_up(struct source *src, const struct message *m, const struct template *t,
    struct rd body)
{
	if (t->has & FLOW_HAS_SAMPLER)
		(void)any_record(src, m, t, body, record_gives_up);
}

/* --- declarations ------------------------------------------------------------------------------ */

/* One packet in how many, from what an options record has; 0: it does not say. */
static uint64_t
declared_rate(const struct ie_option *opt)
{
	if (opt->interval > 0)
		return opt->interval;
	if (opt->random_interval > 0)
		return opt->random_interval;
	if (opt->packet_interval > 0 && opt->packet_space < UINT32_MAX &&
	    opt->packet_interval < UINT32_MAX)
		return (opt->packet_interval + opt->packet_space) / opt->packet_interval;
	if (opt->size > 0)
		return opt->population / opt->size;
	return 0;
}

/* Let other threads see it, as far as there is room. */
static void
rate_show(struct source *src, uint64_t key, uint64_t rate)
{
	uint64_t n = counter_get(&src->shown.rates), i = 0;

	while (i < n && counter_get(&src->shown.rate[i].key) != key)
		i++;
	if (i == RATES_SHOWN)
		return;
	counter_set(&src->shown.rate[i].key, key);
	counter_set(&src->shown.rate[i].rate, rate);
	if (i == n)
		atomic_store_explicit(&src->shown.rates.n, n + 1, memory_order_release);
}

void
rates_declare(struct source *src, const struct template *t, const struct ie_option *opt)
{
	uint64_t rate = declared_rate(opt);
	uint32_t sampler = opt->selector_id ? (uint32_t)opt->selector_id : opt->sampler_id;
	uint64_t key = rate_key(RATE_EXPORTER, 0);

	if (rate == 0 || rate > UINT32_MAX)
		return;
	if (sampler != 0)
		key = rate_key(RATE_SAMPLER, sampler);
	else if (src->col->conf.disable_opt_scope_check)
		;
	else if (t->option_has & OPTION_HAS_TEMPLATE)
		key = rate_key(RATE_TEMPLATE, opt->template_id);
	else if (t->option_has & OPTION_HAS_IFACE)
		key = rate_key(RATE_INTERFACE, opt->if_index);
	src->rate_declared = true;
	if (idmap_put(&src->rates, key, rate)) {
		rate_show(src, key, rate);
		src->held.retry = true;
	}
}

void
rates_restore(struct source *src, uint64_t key, uint64_t rate)
{
	if (rate == GAVE_UP || rate > UINT32_MAX || key >> 32 > RATE_TEMPLATE)
		return;
	src->rate_declared = true;
	(void)idmap_put(&src->rates, key, rate);
	rate_show(src, key, rate);
}

void
rates_seen(struct source *src, enum rate_scope scope, uint32_t rate)
{
	if (rate > 0)
		rate_show(src, rate_key(scope, 0), rate);
}

/* --- any thread ---------------------------------------------------------------------------------- */

static void
put_rate(struct json *j, uint64_t rate, const char *from, const char *of, uint32_t id)
{
	json_object(j, NULL);
	json_u64(j, "rate", rate);
	json_str(j, "from", from);
	if (of != NULL) {
		json_str(j, "of", of);
		json_u64(j, "id", id);
	}
	json_end(j, '}');
}

void
rates_describe(const struct source *src, struct json *j)
{
	uint64_t n = counter_get(&src->shown.rates);

	json_array(j, "sampling");
	if (counter_get(&src->col->ext_rate) > 0)
		put_rate(j, counter_get(&src->col->ext_rate), "configuration", NULL, 0);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t key = counter_get(&src->shown.rate[i].key);

		put_rate(j, counter_get(&src->shown.rate[i].rate), scope_rows[key >> 32].from,
		    scope_rows[key >> 32].of, (uint32_t)key);
	}
	json_end(j, ']');
}

/*
 * In few words: "1:1000 options, sampler 3 (of 4)" is the first of four rates that were told; the
 * configuration's own outdoes them all.
 */
void
rates_text(const struct source *src, struct sbuf *out)
{
	uint64_t n = counter_get(&src->shown.rates), key;
	uint64_t ext_rate = counter_get(&src->col->ext_rate);
	const struct scope_row *row;

	if (ext_rate > 0) {
		sbuf_printf(out, "1:%llu configuration", (unsigned long long)ext_rate);
		return;
	}
	if (n == 0) {
		sbuf_str(out, "none told");
		return;
	}
	key = counter_get(&src->shown.rate[0].key);
	row = &scope_rows[key >> 32];
	sbuf_printf(out, "1:%llu %s", (unsigned long long)counter_get(&src->shown.rate[0].rate),
	    row->from);
	if (row->of != NULL && key >> 32 != RATE_EXPORTER)
		sbuf_printf(out, ", %s %u", row->of, (uint32_t)key);
	if (n > 1)
		sbuf_printf(out, " (of %llu)", (unsigned long long)n);
}
