/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets (RFC 7011 3.3) and FlowSets (RFC 3954 5): templates in, withdrawn and changed, data taken
 * apart. Both versions have the same sets under other numbers, and options templates whose heads
 * differ. A set whose length cannot be right ends its datagram.
 */
#include <string.h>

#include "core/mem.h"
#include "flow/source.h"

#define FIRST_DATA_SET	256
#define MOST_TEMPLATES	4096
#define TEMPLATE_LIFE	(24 * 3600 * NS_PER_SEC)	/* neither told again nor used */

/* --- the templates of a source -------------------------------------------------------------- */

static unsigned
template_place(const struct source *src, uint16_t id)
{
	unsigned low = 0, high = src->templates;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (src->tpl[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct template *
source_template(const struct source *src, uint16_t id)
{
	unsigned i = template_place(src, id);

	return i < src->templates && src->tpl[i]->id == id ? src->tpl[i] : NULL;
}

static void
template_drop(struct source *src, unsigned i)
{
	src->col->memory -= template_memory(src->tpl[i]);
	template_free(src->tpl[i]);
	memmove(&src->tpl[i], &src->tpl[i + 1], (--src->templates - i) * sizeof(*src->tpl));
}

/* Takes t: in the place of the one of the same id, or as a new one where there is room. */
void
source_template_set(struct source *src, struct template *t)
{
	struct collector *col = src->col;
	size_t most = col->conf.most_templates ? col->conf.most_templates : MOST_TEMPLATES;
	unsigned i = template_place(src, t->id);
	bool there = i < src->templates && src->tpl[i]->id == t->id;

	t->told = t->used = col->now;
	if (there)
		template_drop(src, i);
	if (src->templates >= most || col->memory + template_memory(t) > COLLECTOR_MEMORY) {
		count(&src->pub.c.template_errors);
		source_warn(src, "template %u refused: there are %u already", t->id, src->templates);
		template_free(t);
		return;
	}
	src->tpl = mem_grow(src->tpl, src->templates + 1, sizeof(*src->tpl));
	memmove(&src->tpl[i + 1], &src->tpl[i], (src->templates - i) * sizeof(*src->tpl));
	src->tpl[i] = t;
	src->templates++;
	col->memory += template_memory(t);
	src->held.retry = true;
	count(&src->pub.c.templates);
}

void
source_templates_expire(struct source *src, mono_t now)
{
	for (unsigned i = src->templates; i-- > 0; ) {
		const struct template *t = src->tpl[i];

		if (mono_since(now, t->told) > TEMPLATE_LIFE &&
		    mono_since(now, t->used) > TEMPLATE_LIFE)
			template_drop(src, i);
	}
}

void
source_templates_free(struct source *src)
{
	while (src->templates > 0)
		template_drop(src, src->templates - 1);
	mem_free(src->tpl);
}

/* RFC 7011 8.1: a template of no fields takes one back; under the set's own id, all of its kind. */
static void
template_withdraw(struct source *src, uint16_t id, bool options)
{
	bool all = id == (options ? 3 : 2);

	for (unsigned i = src->templates; i-- > 0; )
		if (src->tpl[i]->options == options && (all || src->tpl[i]->id == id))
			template_drop(src, i);
}

static void
template_refused(struct source *src, uint16_t id)
{
	count(&src->pub.c.template_errors);
	source_warn(src, "template %u refused: its form is wrong", id);
}

/* --- sets of templates ---------------------------------------------------------------------- */

/* One template's head: id and number of fields; of options templates also how many are scopes. */
struct template_head {
	uint16_t id, fields, scopes;
};

static struct template_head
template_head(struct rd *r, uint16_t version, bool options)
{
	struct template_head h = { .id = rd_u16(r) };
	uint16_t scope_bytes;

	if (options && version == 9) {		/* RFC 3954 6.1: lengths in bytes */
		scope_bytes = rd_u16(r);
		h.scopes = scope_bytes / 4;
		h.fields = h.scopes + rd_u16(r) / 4;
		return h;
	}
	h.fields = rd_u16(r);
	if (options && h.fields > 0)
		h.scopes = rd_u16(r);
	return h;
}

/* False when the rest of the set cannot be read any more. */
static bool
template_take(struct source *src, struct rd *set, bool options)
{
	const struct template_conf conf = { .version = src->pub.version,
	    .asa_bi_flow = src->col->conf.asa_bi_flow };
	struct template_head h = template_head(set, src->pub.version, options);
	struct template *t;

	if (!set->bad && h.fields == 0 && src->pub.version == 10) {
		template_withdraw(src, h.id, options);
		return true;
	}
	if (h.id < FIRST_DATA_SET) {
		template_refused(src, h.id);
		return false;
	}
	t = source_template(src, h.id);
	if (t != NULL && template_repeats(t, set, options, h.fields, h.scopes)) {
		t->told = src->col->now;
		return true;
	}
	t = template_read(set, h.id, options, h.fields, h.scopes, &conf);
	if (t == NULL) {
		template_refused(src, h.id);
		return !set->bad && h.fields > 0 && h.fields <= TEMPLATE_MOST_FIELDS;
	}
	source_template_set(src, t);
	return true;
}

static void
templates_take(struct source *src, struct rd set, bool options)
{
	while (rd_left(&set) >= 4) {
		struct rd peek = set;

		if (rd_u32(&peek) == 0)		/* padding */
			return;
		if (!template_take(src, &set, options))
			return;
	}
}

/* --- sets of data --------------------------------------------------------------------------- */

static void
option_records(struct source *src, const struct template *t, const uint8_t *const *at,
    const uint16_t *len, const uint8_t *rec)
{
	struct ie_option opt = { 0 };
	struct decode_to to = { .base = { [IE_OPTION] = &opt }, .names = src->col->names };

	if (t->variable)
		decode_run_fields(&t->option, at, len, &to);
	else
		decode_run(&t->option, rec, t->rec_len, 1, &to);
	options_take(src, t, &opt);
}

/* Make the tails of elements what records expect: zero. */
static void
clear_tails(struct flow *flow, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned lines = flow[i].lines; lines != 0; lines &= lines - 1)
			memset((unsigned char *)&flow[i] + FLOW_TAIL +
			    (unsigned)__builtin_ctz(lines) * FLOW_LINE, 0, FLOW_LINE);
}

/* Room for the next flows of the batch, at most a block. */
static unsigned
batch_room(struct flow_batch *out, unsigned wanted)
{
	unsigned n;

	if (out->count == FLOW_BATCH)
		out->full(out, out->ctx);
	n = FLOW_BATCH - out->count;
	if (n > DECODE_BLOCK)
		n = DECODE_BLOCK;
	if (n > wanted)
		n = wanted;
	clear_tails(&out->flow[out->count], n);
	return n;
}

static void
decode_fixed(struct source *src, const struct message *m, const struct template *t,
    const uint8_t *rec, uint32_t n, struct flow_batch *out)
{
	struct flow proto;

	record_prototype(src, m, t, &proto);
	while (n > 0) {
		struct ie_extra extra[DECODE_BLOCK] = { { 0 } };
		unsigned k = batch_room(out, n);
		struct flow *flow = &out->flow[out->count];
		struct decode_to to = { .base = { flow, extra, NULL },
		    .stride = { sizeof(*flow), sizeof(*extra), 0 }, .names = src->col->names };

		template_decode(t, rec, k, &proto, &to);
		records_finish(src, m, t, flow, extra, k);
		out->count += k;
		rec += (size_t)k * t->rec_len;
		n -= k;
	}
}

static void
decode_fields(struct source *src, const struct message *m, const struct template *t,
    const uint8_t *const *at, const uint16_t *len, struct flow_batch *out)
{
	struct ie_extra extra = { 0 };
	struct flow proto, *flow;
	struct decode_to to = { .base = { NULL, &extra, NULL }, .names = src->col->names };

	record_prototype(src, m, t, &proto);
	(void)batch_room(out, 1);
	to.base[IE_FLOW] = flow = &out->flow[out->count];
	template_decode_fields(t, at, len, &proto, &to);
	records_finish(src, m, t, flow, &extra, 1);
	out->count++;
}

/* Records of variable length, one by one. -1: the last one ran past the end of its set. */
static int
decode_variable(struct source *src, const struct message *m, const struct template *t,
    struct rd body, uint32_t *records, bool as_flow, struct flow_batch *out)
{
	const uint8_t *at[TEMPLATE_MOST_FIELDS];
	uint16_t len[TEMPLATE_MOST_FIELDS];

	while (rd_left(&body) >= t->rec_len) {
		if (template_walk(t, &body, at, len) != 0)
			return -1;
		++*records;
		if (t->options)
			option_records(src, t, at, len, NULL);
		if (as_flow)
			decode_fields(src, m, t, at, len, out);
	}
	return 0;
}

int
set_decode(struct source *src, const struct message *m, struct template *t, struct rd body,
    uint32_t *ret_records, struct flow_batch *out)
{
	bool as_flow = !t->options || src->col->conf.account_options;
	size_t left = rd_left(&body);
	uint32_t n = 0;
	int ret = 0;

	t->used = src->col->now;
	if (t->variable)
		ret = decode_variable(src, m, t, body, &n, as_flow, out);
	else {
		n = (uint32_t)(left / t->rec_len);
		for (uint32_t i = 0; t->options && i < n; i++)
			option_records(src, t, NULL, NULL, body.at + (size_t)i * t->rec_len);
		if (as_flow)
			decode_fixed(src, m, t, body.at, n, out);
	}
	count_add(as_flow ? &src->pub.c.flows : &src->pub.c.option_records, n);
	*ret_records = n;
	return ret;
}

/* How many records a set has, without reading them; 0 where only reading tells. */
static uint32_t
data_records(const struct template *t, const struct rd *body)
{
	return t->variable ? 0 : (uint32_t)(rd_left(body) / t->rec_len);
}

static int
data_take(struct source *src, const struct message *m, uint16_t id, struct rd body,
    struct set_result *res, struct flow_batch *out)
{
	struct template *t = source_template(src, id);
	uint32_t n = 0;
	int ret;

	if (t == NULL || rates_wait(src, m, t, body)) {
		n = t != NULL ? data_records(t, &body) : 0;
		res->records += n;
		res->unknown |= n == 0;
		held_add(src, m, id, body, n > 0 ? n : 1, t != NULL, out);
		return 0;
	}
	ret = set_decode(src, m, t, body, &n, out);
	count_add(&src->pub.c.records, n);
	res->records += n;
	return ret;
}

/* --- a datagram's sets ---------------------------------------------------------------------- */

static int
set_take(struct source *src, const struct message *m, uint16_t id, struct rd body,
    struct set_result *res, struct flow_batch *out)
{
	uint16_t templates = src->pub.version == 9 ? 0 : 2;

	if (id >= FIRST_DATA_SET)
		return data_take(src, m, id, body, res, out);
	if (id == templates || id == templates + 1) {
		templates_take(src, body, id != templates);
		return 0;
	}
	return -1;
}

void
sets_take(struct source *src, const struct message *m, struct rd *r, struct set_result *ret,
    struct flow_batch *out)
{
	while (rd_left(r) >= 4) {
		uint16_t id = rd_u16(r);
		uint16_t length = rd_u16(r);
		struct rd body;

		if (id == 0 && length == 0 && src->pub.version == 9)
			break;				/* padding behind the last set */
		if (length < 4 || length - 4 > rd_left(r)) {
			source_malformed(src, "a set is longer than its datagram");
			ret->unknown = true;
			break;
		}
		body = rd_sub(r, length - 4);
		if (set_take(src, m, id, body, ret, out) != 0) {
			source_malformed(src, "a record is longer than its set");
			ret->unknown = true;
			break;
		}
	}
	if (src->held.retry)
		held_retry(src, src->col->now, out);
}
