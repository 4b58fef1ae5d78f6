/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading templates (RFC 3954 5.2 and 6.1, RFC 7011 3.4) and compiling them. Compiling decides all
 * that can be decided once: which of several elements fills a place, what kind of record it is,
 * how its times count. Where two elements of a record may fill one place and only the value tells
 * (a mixed record of both IP versions), the worse one is stored first and the better one after it
 * unless it is zero.
 */
#include "flow/template.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "flow/flow.h"

/* An element of this template that would like to fill a place. */
struct wish {
	const struct ie *ie;
	uint16_t field;			/* its number, and its place where records have one length */
	uint16_t offset;
	uint16_t len;
	uint8_t rank;
};

#define MOST_WISHES	(2 * TEMPLATE_MOST_FIELDS)

static bool
is_time(const struct ie *ie)
{
	return ie->into == IE_FLOW &&
	    (ie->at == offsetof(struct flow, start) || ie->at == offsetof(struct flow, end));
}

static uint8_t
form_of(const struct ie *ie)
{
	if (ie->type == IE_UPTIME)
		return TIME_UPTIME;
	return ie->type == IE_DELTA ? TIME_DELTA : TIME_ABSOLUTE;
}

static bool
length_fits(const struct ie *ie, uint16_t len)
{
	if (ie->type == IE_MARK)
		return len > 0;
	return len == FIELD_VARIABLE || (len >= ie->len_min && len <= ie->len_max) ||
	    (ie->type == IE_NAME && len > 0);
}

static bool
template_has(const struct template *t, uint16_t id)
{
	for (unsigned i = 0; i < t->fields; i++)
		if (t->spec[i].pen == 0 && t->spec[i].id == id && t->spec[i].len > 0)
			return true;
	return false;
}

/* By place, the least wanted first; of two of the same rank the later one in the record wins. */
static int
wish_order(const void *va, const void *vb)
{
	const struct wish *a = va, *b = vb;

	if (a->ie->into != b->ie->into)
		return (int)a->ie->into - (int)b->ie->into;
	if (a->ie->at != b->ie->at)
		return (int)a->ie->at - (int)b->ie->at;
	if (a->rank != b->rank)
		return (int)b->rank - (int)a->rank;
	return (int)a->field - (int)b->field;
}

/* What of the flow's tail a row's value goes to, and what record.c makes of it. */
static uint8_t
lines_of(const struct ie *ie)
{
	size_t width = ie->type == IE_VNI ? 2 * ie->width : ie->width;
	uint8_t lines;

	if (ie->into == IE_OPTION)
		return 0;
	if (ie->into == IE_EXTRA)
		return FLOW_LINES_OF(delay_avg);
	if (ie->type == IE_BYTES)
		width = ie->len_max;
	lines = flow_lines(ie->at, width);
	if (ie->at == offsetof(struct flow, in_vlan) || ie->at == offsetof(struct flow, out_vlan))
		lines |= FLOW_LINES_OF(in_vlan) | FLOW_LINES_OF(out_vlan) | FLOW_LINES_OF(vlan);
	if (ie->at >= offsetof(struct flow, mpls_label) &&
	    ie->at < offsetof(struct flow, mpls_label[FLOW_LABELS]))
		lines |= FLOW_LINES_OF(mpls_label) | FLOW_LINES_OF(mpls_labels);
	return lines;
}

static void
note_field(struct template *t, const struct ie *ie)
{
	if (ie->into == IE_OPTION)
		t->option_has |= ie->has;
	else
		t->has |= ie->has;
	t->lines |= lines_of(ie);
	if (ie->pen == 0 && ie->id >= 70 && ie->id <= 79)
		t->labels = true;
	if (ie->into == IE_FLOW && (ie->at == offsetof(struct flow, in_vlan) ||
	    ie->at == offsetof(struct flow, out_vlan)))
		t->vlans = true;
	if (ie->into == IE_EXTRA && ie->at == offsetof(struct ie_extra, delay_sum_us))
		t->delay_sum = true;
}

/* Gather the rows of all elements of the template that go to one of the wanted structs. */
static unsigned
gather(struct template *t, const struct template_conf *conf, struct wish *wish)
{
	bool init_known = conf->version != 10 || template_has(t, IE_SYSTEM_INIT);
	unsigned n = 0;
	uint32_t offset = 0;

	for (uint16_t i = 0; i < t->fields; i++) {
		const struct field_spec *spec = &t->spec[i];
		const struct ie *ie;
		size_t rows = ie_find(spec->pen, spec->id, &ie);
		unsigned before = n;

		for (; rows > 0; rows--, ie++) {
			if (!length_fits(ie, spec->len) || n == MOST_WISHES ||
			    (ie->into == IE_OPTION && !t->options) ||
			    (ie->when == IE_ASA && !conf->asa_bi_flow))
				continue;
			wish[n++] = (struct wish){ .ie = ie, .field = i, .offset = (uint16_t)offset,
			    .len = spec->len, .rank = ie->rank };
			/* Time since a start that nobody told: any other time is better. */
			if (ie->type == IE_UPTIME && !init_known)
				wish[n - 1].rank = UINT8_MAX;
			note_field(t, ie);
		}
		if (n == before)
			t->ignored++;
		offset += spec->len;
	}
	return n;
}

static bool
same_place(const struct wish *a, const struct wish *b)
{
	return a->ie->into == b->ie->into && a->ie->at == b->ie->at;
}

/* wish[] is sorted: each place's best wish is the last of its run. */
static void
compile(struct template *t, const struct wish *wish, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct wish *w = &wish[i];
		bool last = i + 1 == n || !same_place(w, w + 1);
		bool first = i == 0 || !same_place(w, w - 1);
		struct program *p = w->ie->into == IE_OPTION ? &t->option : &t->flow;
		/* A record stands for one flow where it says 0. */
		bool preset = w->ie->into == IE_FLOW && w->ie->at == offsetof(struct flow, flows);
		uint16_t len = w->len == FIELD_VARIABLE ? 0 : w->len;

		if (w->ie->type == IE_MARK)
			continue;
		if (is_time(w->ie)) {
			if (!last)
				continue;
			first = true;
			if (w->ie->at == offsetof(struct flow, start))
				t->start_form = form_of(w->ie);
			else
				t->end_form = form_of(w->ie);
		}
		p->step[p->n++] = step_of(w->ie, t->variable ? w->field : w->offset, len,
		    !first || preset);
	}
}

static void
finish(struct template *t, const struct template_conf *conf)
{
	struct wish wish[MOST_WISHES];
	unsigned n = gather(t, conf, wish);

	qsort(wish, n, sizeof(*wish), wish_order);
	t->flow.step = mem_array(n + 1, sizeof(struct step));
	t->option.step = mem_array(n + 1, sizeof(struct step));
	compile(t, wish, n);
	if (!t->variable)
		t->permute = permute_of(&t->flow, t->rec_len, conf->permute);
	if (t->options)
		t->kind = FLOW_OPTION;
	else if (t->has & FLOW_HAS_BYTES)
		t->kind = FLOW_TRAFFIC;
	else
		t->kind = template_has(t, IE_NAT_EVENT) ? FLOW_NAT_EVENT : FLOW_EVENT;
}

/* Lengths of all fields: false where a record would have none, or more than a set can have. */
static bool
measure(struct template *t)
{
	for (unsigned i = 0; i < t->fields; i++) {
		if (t->spec[i].len == FIELD_VARIABLE) {
			t->variable = true;
			t->rec_len += 1;
		} else
			t->rec_len += t->spec[i].len;
	}
	return t->rec_len > 0 && t->rec_len < 65536;
}

static struct template *
template_new(uint16_t id, bool options, uint16_t fields, uint16_t scopes)
{
	struct template *t = mem_new(sizeof(*t));

	t->id = id;
	t->options = options;
	t->fields = fields;
	t->scopes = scopes;
	t->spec = mem_array(fields, sizeof(*t->spec));
	return t;
}

struct template *
template_read(struct rd *r, uint16_t id, bool options, uint16_t fields, uint16_t scopes,
    const struct template_conf *conf)
{
	const uint8_t *start = r->at;
	struct template *t;

	if (r->bad || fields == 0 || fields > TEMPLATE_MOST_FIELDS || scopes > fields)
		return NULL;
	t = template_new(id, options, fields, scopes);
	for (unsigned i = 0; i < fields; i++) {
		t->spec[i].id = rd_u16(r);
		t->spec[i].len = rd_u16(r);
		if (conf->version == 10 && (t->spec[i].id & 0x8000)) {
			t->spec[i].id &= 0x7fff;
			t->spec[i].pen = rd_u32(r);
		} else if (conf->version == 9 && i < scopes)
			t->spec[i].pen = IE_PEN_SCOPE;
	}
	if (r->bad || !measure(t)) {
		template_free(t);
		return NULL;
	}
	t->wire_len = (uint32_t)(r->at - start);
	t->wire = mem_dup(start, t->wire_len);
	finish(t, conf);
	return t;
}

struct template *
template_of(const struct field_spec *spec, uint16_t fields, uint16_t id,
    const struct template_conf *conf)
{
	struct template *t = template_new(id, false, fields, 0);

	memcpy(t->spec, spec, fields * sizeof(*spec));
	if (!measure(t)) {
		template_free(t);
		return NULL;
	}
	finish(t, conf);
	return t;
}

void
template_free(struct template *t)
{
	if (t == NULL)
		return;
	mem_free(t->flow.step);
	mem_free(t->option.step);
	permute_free(t->permute);
	mem_free(t->spec);
	mem_free(t->wire);
	mem_free(t);
}

bool
template_repeats(const struct template *t, struct rd *r, bool options, uint16_t fields,
    uint16_t scopes)
{
	if (t->options != options || t->fields != fields || t->scopes != scopes ||
	    rd_left(r) < t->wire_len || memcmp(r->at, t->wire, t->wire_len) != 0)
		return false;
	rd_skip(r, t->wire_len);
	return true;
}

size_t
template_memory(const struct template *t)
{
	return sizeof(*t) + t->wire_len + t->fields * sizeof(*t->spec) +
	    (t->flow.n + t->option.n) * sizeof(struct step) + permute_memory(t->permute);
}

int
template_walk(const struct template *t, struct rd *r, const uint8_t **at, uint16_t *len)
{
	for (unsigned i = 0; i < t->fields; i++) {
		len[i] = t->spec[i].len;
		if (len[i] == FIELD_VARIABLE) {
			len[i] = rd_u8(r);		/* RFC 7011 7: 255 announces two bytes */
			if (len[i] == 255)
				len[i] = rd_u16(r);
		}
		at[i] = rd_bytes(r, len[i]);
	}
	return r->bad ? -1 : 0;
}

/* Line by line: the compiler makes a slow string instruction of one long copy of known length. */
static void
copy_heads(struct flow *flow, unsigned n, const struct flow *proto)
{
	for (unsigned i = 0; i < n; i++)
		for (size_t at = 0; at < FLOW_HEAD; at += FLOW_LINE)
			memcpy((unsigned char *)&flow[i] + at, (const unsigned char *)proto + at,
			    FLOW_LINE);
}

void
template_decode(const struct template *t, const uint8_t *rec, unsigned n, const struct flow *proto,
    const struct decode_to *to)
{
	if (t->permute != NULL)
		permute_run(t->permute, rec, t->rec_len, n, proto, to->base[IE_FLOW]);
	else
		copy_heads(to->base[IE_FLOW], n, proto);
	decode_run(&t->flow, rec, t->rec_len, n, to);
}

void
template_decode_fields(const struct template *t, const uint8_t *const *at, const uint16_t *len,
    const struct flow *proto, const struct decode_to *to)
{
	copy_heads(to->base[IE_FLOW], 1, proto);
	decode_run_fields(&t->flow, at, len, to);
}
