/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector's frame: which source a datagram belongs to, which format it has, what is due each
 * second. The formats are in files of their own, their table is in format.c.
 */
#include "flow/collector.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/mem.h"
#include "flow/source.h"

#define MOST_EXPORTERS	100000
#define EXPIRY_NS	(60 * NS_PER_SEC)

#define ROW(field, kind, help) \
	{ #field, offsetof(struct collector_counters, field), COUNTER_##kind, help }

const struct counter_row collector_counter_rows[] = {
	ROW(datagrams, IN, "datagrams received"),
	ROW(accepted, OUT, "datagrams that an exporter's books took"),
	ROW(not_allowed, DROP, "datagrams of exporters that are not allowed"),
	ROW(unknown_version, DROP, "datagrams of an unknown version"),
	ROW(too_short, DROP, "datagrams without a whole head"),
	ROW(exporters_refused, DROP, "datagrams of exporters there was no room for"),
};
const size_t collector_counter_count = ARRAY_LEN(collector_counter_rows);

/* The row of a version; NULL: nobody reads it. */
const struct format *
format_find(uint64_t version)
{
	for (size_t i = 0; i < format_count; i++)
		if (formats[i].version == version)
			return &formats[i];
	return NULL;
}

/* The records of formats that have one layout, as if a template had told it. */
static struct template *
layout_template(const struct format *format)
{
	const struct template_conf conf = { .version = format->version };
	struct template *t;

	if (format->layout == NULL)
		return NULL;
	t = template_of(format->layout, format->fields, 0, &conf);
	assert(t != NULL);
	return t;
}

static size_t
most_exporters(const struct collector *col)
{
	return col->conf.most_exporters ? col->conf.most_exporters : MOST_EXPORTERS;
}

struct collector *
collector_new(const struct collector_conf *conf)
{
	struct collector *col = mem_new(sizeof(*col));

	col->conf = *conf;
	col->names = conf->names;
	counter_set(&col->ext_rate, conf->ext_rate);
	col->source = mem_reserve(most_exporters(col) * sizeof(*col->source), 0);
	col->now = mono_now();
	col->layout = mem_array(format_count, sizeof(*col->layout));
	for (size_t i = 0; i < format_count; i++)
		col->layout[i] = layout_template(&formats[i]);
	slots_init(&col->index, 64);
	return col;
}

void
collector_configure(struct collector *col, const struct collector_conf *conf)
{
	const struct collector_conf was = col->conf;

	col->conf = *conf;
	col->conf.names = was.names;
	col->conf.most_exporters = was.most_exporters;
	col->conf.most_templates = was.most_templates;
	col->conf.held_bytes = was.held_bytes;
	counter_set(&col->ext_rate, conf->ext_rate);
}

static void
source_free(struct source *src)
{
	held_free(src);
	source_templates_free(src);
	idmap_done(&src->rates);
	idmap_done(&src->if_names);
	idmap_done(&src->vrf_names);
	idmap_done(&src->vrf_rds);
	idmap_done(&src->apps);
	idmap_done(&src->ways);
	mem_free(src);
}

void
collector_free(struct collector *col)
{
	if (col == NULL)
		return;
	for (size_t i = 0; i < col->sources; i++)
		source_free(col->source[i]);
	mem_unreserve(col->source, most_exporters(col) * sizeof(*col->source));
	slots_done(&col->index);
	for (size_t i = 0; i < format_count; i++)
		if (col->layout[i] != NULL)
			template_free(col->layout[i]);
	mem_free(col->layout);
	mem_free(col);
}

/* --- sources --------------------------------------------------------------------------------- */

static uint64_t
hash_of_source(const struct addr *addr, uint16_t version, uint32_t domain)
{
	uint64_t word[3];

	memcpy(word, addr, sizeof(*addr));
	word[2] = (uint64_t)version << 32 | domain;
	return hash_words(word, 3, hash_seed());
}

static uint64_t
hash_of_index(const void *ctx, uint32_t index)
{
	const struct collector *col = ctx;
	const struct exporter *ex = &col->source[index]->pub;

	return hash_of_source(&ex->addr, ex->version, ex->domain);
}

static struct source *
source_new(struct collector *col, const struct addr *addr, uint16_t version, uint32_t domain)
{
	size_t index = atomic_load_explicit(&col->sources, memory_order_relaxed);
	struct source *src;

	if (index == most_exporters(col)) {
		count(&col->c.exporters_refused);
		return NULL;
	}
	src = mem_new(sizeof(*src));
	src->col = col;
	src->format = format_find(version);
	assert(src->format != NULL);
	src->pub.addr = *addr;
	src->pub.version = version;
	src->pub.domain = domain;
	src->pub.index = (uint32_t)index;
	src->pub.first_seen = src->pub.last_seen = col->now;
	src->held.last = &src->held.first;
	col->source[index] = src;
	slots_put(&col->index, hash_of_source(addr, version, domain), (uint32_t)index,
	    hash_of_index, col);
	atomic_store_explicit(&col->sources, index + 1, memory_order_release);
	return src;
}

struct source *
source_find(struct collector *col, const struct addr *addr, uint16_t version, uint32_t domain)
{
	struct slots_at at;
	uint64_t hash = hash_of_source(addr, version, domain);
	uint32_t i;

	for (i = slots_first(&col->index, hash, &at); i != SLOTS_NONE;
	    i = slots_next(&col->index, &at)) {
		struct source *src = col->source[i];

		if (src->pub.version == version && src->pub.domain == domain &&
		    addr_eq(&src->pub.addr, addr)) {
			src->pub.last_seen = col->now;
			return src;
		}
	}
	return source_new(col, addr, version, domain);
}

struct template *
source_layout(const struct source *src)
{
	return src->col->layout[src->format - formats];
}

/*
 * Each exporter may say so much; but whoever makes up addresses and domains, and never sends anything
 * that can be read, shares one allowance with all of that kind.
 */
static struct log_limit *
limit_of(struct source *src)
{
	const struct exporter_counters *c = &src->pub.c;
	bool known = counter_get(&c->flows) > 0 || counter_get(&c->templates) > 0;

	return known ? &src->limit : &src->col->strangers;
}

void
source_warn(struct source *src, const char *fmt, ...)
{
	struct log_limit *limit = limit_of(src);
	char who[ADDR_TEXT], what[256];
	va_list ap;

	if (!log_allowed(limit, src->col->now))
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	log_warn("exporter %s, %s, domain %u: %s (%u like this held back)",
	    addr_text(&src->pub.addr, who), src->format->name, src->pub.domain, what,
	    limit->held);
	limit->held = 0;
}

void
source_malformed(struct source *src, const char *why)
{
	count(&src->pub.c.datagrams_malformed);
	count(&src->pub.c.records);
	count(&src->pub.c.drop_malformed);
	source_warn(src, "rest of a datagram refused: %s", why);
}

/* --- datagrams and ticks ---------------------------------------------------------------------- */

void
collector_datagram(struct collector *col, const struct dgram *d, struct flow_batch *out)
{
	struct rd r = rd_of(d->bytes, d->len);
	const struct format *format = format_find(rd_u16(&r));

	count(&col->c.datagrams);
	if (col->conf.allowed != NULL && !col->conf.allowed(col->conf.allow_ctx, &d->from)) {
		count(&col->c.not_allowed);
		return;
	}
	if (r.bad) {
		count(&col->c.too_short);
		return;
	}
	if (format != NULL)
		format->take(col, d, r, out);
	else
		count(&col->c.unknown_version);
}

static void
source_tick(struct source *src, bool expiry, wall_t wall, struct flow_batch *out)
{
	mono_t now = src->col->now;

	if (counter_get(&src->pub.c.held) > 0)
		held_retry(src, now, out);
	if (src->seq.gaps > 0)
		sequence_settle(&src->seq, wall, &src->pub.c);
	if (expiry)
		source_templates_expire(src, now);
	counter_set(&src->shown.templates, src->templates);
	counter_set(&src->shown.interface_names, src->if_names.count);
	counter_set(&src->shown.applications, src->apps.count);
	counter_set(&src->shown.held_bytes, src->held.bytes);
}

void
collector_tick(struct collector *col, mono_t now, wall_t wall, struct flow_batch *out)
{
	bool expiry = now.ns >= col->next_expiry.ns;

	col->now = now;
	if (expiry)
		col->next_expiry = mono_add(now, EXPIRY_NS);
	for (size_t i = 0; i < col->sources; i++)
		source_tick(col->source[i], expiry, wall, out);
}

/* --- looking in --------------------------------------------------------------------------------- */

size_t
collector_exporters(const struct collector *col)
{
	return atomic_load_explicit(&((struct collector *)(uintptr_t)col)->sources,
	    memory_order_acquire);
}

const struct exporter *
collector_exporter(const struct collector *col, size_t i)
{
	return &col->source[i]->pub;
}

const struct collector_counters *
collector_counters(const struct collector *col)
{
	return &col->c;
}

void
collector_describe(const struct collector *col, const struct exporter *ex, struct json *j)
{
	const struct source *src = col->source[ex->index];

	json_u64(j, "templates_held", counter_get(&src->shown.templates));
	json_u64(j, "interface_names", counter_get(&src->shown.interface_names));
	json_u64(j, "applications", counter_get(&src->shown.applications));
	json_u64(j, "held_bytes", counter_get(&src->shown.held_bytes));
	rates_describe(src, j);
	seen_describe(src, j);
}

void
collector_sampling_text(const struct collector *col, const struct exporter *ex, struct sbuf *out)
{
	rates_text(col->source[ex->index], out);
}

void
collector_ways_text(const struct collector *col, const struct exporter *ex, struct sbuf *out)
{
	seen_text(col->source[ex->index], out);
}
