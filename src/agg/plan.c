/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the words of `aggregate` to the layout of a key and the programs that fill it in. Bins of
 * time are bins.c's, gathering is pack.c's. What pmacct does with sum_* beside other primitives:
 * compat/interface.md 5.
 */
#include "agg/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agg/pack.h"
#include "core/mem.h"
#include "core/names.h"
#include "flow/enrich.h"

#define BIGINT_U	"BIGINT UNSIGNED", "BIGINT", "INT(8)"
#define STAMP		"DATETIME", "timestamp without time zone", "DATETIME"

const struct entry_counter_row entry_counter_rows[EC_COUNT] = {
	[EC_BYTES] = { "bytes", OP_ADD, "bytes", "BYTES", "bytes", BIGINT_U },
	[EC_PACKETS] = { "packets", OP_ADD, "packets", "PACKETS", "packets",
	    "INT UNSIGNED", "INT", "INT" },
	[EC_FLOWS] = { "flows", OP_ADD, "flows", "FLOWS", "flows", "INT UNSIGNED", "INT", "INT" },
	[EC_TCP_FLAGS] = { "tcp_flags", OP_OR, "tcp_flags", "TCP_FLAGS", "tcp_flags",
	    "INT(4) UNSIGNED", "SMALLINT", "INT(4)" },
	[EC_FIRST] = { "first", OP_MIN, "timestamp_min", "TIMESTAMP_MIN", "timestamp_min", STAMP },
	[EC_LAST] = { "last", OP_MAX, "timestamp_max", "TIMESTAMP_MAX", "timestamp_max", STAMP },
	[EC_SAMPLES] = { "samples", OP_ADD, "samples", "SAMPLES", "samples", BIGINT_U },
	[EC_SUMSQ] = { "sumsq", OP_ADD, "sumsq", "SUMSQ", "sumsq", BIGINT_U },
	[EC_UNRATED] = { "unrated", OP_ADD, "unrated_bytes", "UNRATED_BYTES", "unrated_bytes",
	    BIGINT_U },
	[EC_LATE] = { "late", OP_ADD, "late", "LATE", "late", BIGINT_U },
};

/* The counter that a word of `aggregate` stands for. */
static const struct {
	const char *word;
	enum entry_counter counter;
} counter_words[] = {
	{ "flows", EC_FLOWS },
	{ "tcpflags", EC_TCP_FLAGS },
};

/* Where several sums are asked for, the first of these is left; the others go. */
static const char *const sum_order[] = {
	"sum_mac", "sum_host", "sum", "sum_net", "sum_as", "sum_port", "none",
};

/* What `aggregate` asks for: a mark per row of the table of primitives. */
struct asked {
	const struct prim *table;
	size_t count;
	bool *is;
	const struct prim *sum;
};

struct reading {
	const struct conf *conf;
	size_t output;
	struct conf_notes *notes;
	const char *file;
	unsigned line;
};

static const char *
nth_word(const void *ctx, size_t i)
{
	return ((const struct prim *)ctx)[i].word;
}

static void
unknown_word(const struct reading *rd, const struct asked *asked, const char *word)
{
	bool ours = conf_program(rd->conf) == CONF_WAYBILLD;
	const char *waits_for = prim_missing(word);
	const char *near = nearest_word(word, nth_word, asked->table, asked->count);

	if (waits_for != NULL)
		conf_note(rd->notes, CONF_NOTE_ERROR, rd->file, rd->line,
		    "aggregate: \"%s\" is known, but not built in yet: it needs %s", word, waits_for);
	else
		conf_note(rd->notes, ours ? CONF_NOTE_ERROR : CONF_NOTE_WARNING, rd->file, rd->line,
		    "aggregate: unknown primitive \"%s\"%s%s%s%s", word,
		    near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
		    near != NULL ? "\"?" : "", ours ? "" : " (ignored)");
}

/* Spaces are ignored wherever they stand, as is an empty word. */
static void
read_words(const struct reading *rd, const char *list, struct asked *asked)
{
	char *room = mem_strdup(list), *to = room, *save = NULL;

	for (const char *c = list; *c != '\0'; c++)
		if (*c != ' ' && *c != '\t')
			*to++ = *c;
	*to = '\0';
	for (char *w = strtok_r(room, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save)) {
		const struct prim *prim = prim_by_word(w);

		if (prim != NULL)
			asked->is[prim - asked->table] = true;
		else
			unknown_word(rd, asked, w);
	}
	mem_free(room);
}

/*
 * A sum stands alone: other sums go, and so do pmacct's first-register primitives except those that
 * are kept by it. Later ones (timestamps, NAT, tunnels, ...) stay.
 */
static void
apply_sums(const struct reading *rd, struct asked *asked)
{
	struct sbuf gone = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(sum_order) && asked->sum == NULL; i++) {
		const struct prim *prim = prim_by_word(sum_order[i]);

		if (asked->is[prim - asked->table])
			asked->sum = prim;
	}
	for (size_t i = 0; asked->sum != NULL && i < asked->count; i++) {
		const struct prim *p = &asked->table[i];
		bool first = (p->flags & PRIM_FIRST_REGISTER) && !(p->flags & PRIM_KEPT_BY_SUM);

		if (!asked->is[i] || p == asked->sum || (p->group != PRIM_SUM && !first))
			continue;
		asked->is[i] = false;
		sbuf_printf(&gone, "%s%s", gone.len > 0 ? ", " : "", p->word);
	}
	if (gone.len > 0)
		conf_note(rd->notes, CONF_NOTE_WARNING, rd->file, rd->line,
		    "aggregate: %s is to be used alone; left out: %s", asked->sum->word,
		    sbuf_text(&gone));
	sbuf_done(&gone);
}

/* The sum's column is that of the source: the key holds src_host for sum_host. */
static void
add_sum_column(struct asked *asked)
{
	const struct prim *column;

	if (asked->sum == NULL)
		return;
	asked->is[asked->sum - asked->table] = false;
	column = prim_of_sum(asked->sum);
	if (column != NULL)
		asked->is[column - asked->table] = true;
}

/* Fields by falling size, equal ones in the table's order, so that no field crosses a word. */
static void
lay_out(struct plan *plan, const struct asked *asked)
{
	static const uint8_t sizes[] = { 16, 8, 4, 2, 1 };
	size_t at = sizeof(uint64_t);		/* behind the bin */

	plan->field = mem_array(asked->count, sizeof(*plan->field));
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
		for (size_t i = 0; i < asked->count; i++) {
			const struct prim *prim = &asked->table[i];

			if (!asked->is[i] || (prim->flags & PRIM_COUNTER) ||
			    value_rows[prim->type].key_bytes != sizes[s])
				continue;
			plan->field[plan->fields++] = (struct plan_field){ prim, (uint16_t)at };
			plan->needs |= prim->needs;
			at += sizes[s];
		}
	plan->key_words = (at + sizeof(uint64_t) - 1) / sizeof(uint64_t);
	assert(plan->key_words <= PLAN_KEY_WORDS);
}

/* Bytes, packets and flows are always kept: the books and the ledger need them. */
static void
choose_counters(struct plan *plan, const struct asked *asked)
{
	for (size_t i = 0; i < ARRAY_LEN(counter_words); i++) {
		const struct prim *prim = prim_by_word(counter_words[i].word);

		if (asked->is[prim - asked->table])
			plan->asked |= 1u << counter_words[i].counter;
	}
	plan->counter[plan->counters++] = EC_BYTES;
	plan->counter[plan->counters++] = EC_PACKETS;
	plan->counter[plan->counters++] = EC_FLOWS;
	if (plan->asked & 1u << EC_TCP_FLAGS)
		plan->counter[plan->counters++] = EC_TCP_FLAGS;
}

/* What the enrichment makes of a field of the record, and who may ask for it. */
static const struct {
	size_t made, said;
	uint32_t by;			/* enum enrich_needs */
} as_said[] = {
#define SAID(field, by)	{ offsetof(struct flow, r.field), offsetof(struct flow, field), by }
	{ offsetof(struct flow, r.src_host), offsetof(struct flow, src), ENRICH_HOSTS },
	{ offsetof(struct flow, r.dst_host), offsetof(struct flow, dst), ENRICH_HOSTS },
	SAID(src_port, ENRICH_PORTS),
	SAID(dst_port, ENRICH_PORTS),
	SAID(proto, ENRICH_PORTS),
	SAID(tos, ENRICH_PORTS),
	SAID(tag, ENRICH_TAGS),
	SAID(tag2, ENRICH_TAGS),
	SAID(label, ENRICH_TAGS),
#undef SAID
};

/* Where a value is taken from: the record itself where nothing that is decided stands between. */
static size_t
taken_from(size_t at, uint32_t decides)
{
	for (size_t i = 0; i < ARRAY_LEN(as_said); i++)
		if (as_said[i].made == at && (as_said[i].by & decides) == 0)
			return as_said[i].said;
	return at;
}

/* post_tag and post_tag2 stand for whatever the flow's tag is; 0: there is none. */
static uint64_t
post_tag_of(const struct pack_style *style, const struct prim *prim)
{
	return prim->at == offsetof(struct flow, r.tag) ? style->post_tag :
	    prim->at == offsetof(struct flow, r.tag2) ? style->post_tag2 : 0;
}

static struct pack_program *
make_program(const struct plan *plan, unsigned side, const struct pack_style *style,
    uint32_t decides)
{
	/* An address is two parts, every other field one. */
	struct pack_program *prog = pack_new(2 * plan->fields, style);

	for (size_t i = 0; i < plan->fields; i++) {
		const struct plan_field *f = &plan->field[i];
		bool other = side == 1 && plan->sum != NULL && f->prim == prim_of_sum(plan->sum);

		if (post_tag_of(style, f->prim) != 0)
			pack_constant(prog, f->prim, f->at, post_tag_of(style, f->prim));
		else
			pack_field(prog, f->prim, f->at,
			    taken_from(other ? f->prim->sum_at : f->prim->at, decides));
	}
	pack_seal(prog);
	return prog;
}

static void
read_aggregate(struct reading *rd, struct asked *asked)
{
	const char *list = conf_text(rd->conf, rd->output, "aggregate");

	rd->line = conf_where(rd->conf, rd->output, "aggregate", &rd->file);
	/* Without one it is src_host, as the configuration has warned. */
	read_words(rd, list != NULL ? list : "src_host", asked);
	apply_sums(rd, asked);
}

struct plan *
plan_compile(const struct conf *conf, size_t output, wall_t start, struct conf_notes *notes)
{
	struct reading rd = { .conf = conf, .output = output, .notes = notes };
	size_t errors = notes->errors;
	struct asked asked = { 0 };
	struct plan *plan = mem_new(sizeof(*plan));
	struct pack_style style = {
		.time_unit_ns = conf_bool(conf, output, "timestamps_secs") ? NS_PER_SEC :
		    NS_PER_USEC,
		.tos_shift = conf_bool(conf, output, "tos_encode_as_dscp") ? 2 : 0,
		.post_tag = (uint64_t)conf_int(conf, output, "post_tag"),
		.post_tag2 = (uint64_t)conf_int(conf, output, "post_tag2"),
	};

	asked.table = prims(&asked.count);
	asked.is = mem_array(asked.count, sizeof(*asked.is));
	read_aggregate(&rd, &asked);
	(void)bins_compile(conf, output, start, &plan->bins, notes);
	plan->name = mem_strdup(conf_output(conf, output)->name);
	plan->timed_events = true;
	plan->trim = trim_compile(conf);
	plan->sum = asked.sum;
	plan->needs = asked.sum != NULL ? asked.sum->needs : 0;
	plan->sides = asked.sum != NULL && prim_of_sum(asked.sum) != NULL ? 2 : 1;
	add_sum_column(&asked);
	lay_out(plan, &asked);
	choose_counters(plan, &asked);
	for (unsigned side = 0; side < plan->sides; side++)
		plan->program[side] = make_program(plan, side, &style, UINT32_MAX);
	mem_free(asked.is);
	if (notes->errors == errors)
		return plan;
	plan_free(plan);
	return NULL;
}

void
plan_take_from_record(struct plan *plan, uint32_t decides)
{
	for (unsigned side = 0; side < plan->sides; side++) {
		struct pack_program *old = plan->program[side];

		plan->program[side] = make_program(plan, side, &old->style, decides);
		pack_free(old);
	}
}

void
plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	pack_free(plan->program[0]);
	pack_free(plan->program[1]);
	trim_free(plan->trim);
	mem_free(plan->field);
	mem_free(plan->name);
	mem_free(plan);
}

bool
plan_has(const struct plan *plan, const char *word)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (strcasecmp(plan->field[i].prim->word, word) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(counter_words); i++)
		if (strcasecmp(counter_words[i].word, word) == 0)
			return plan->asked >> counter_words[i].counter & 1;
	return plan->sum != NULL && strcasecmp(plan->sum->word, word) == 0;
}

/* The time that decides a flow's bin; its arrival where its own time is out of bounds. */
static int64_t
flow_time(const struct bins *bins, const struct flow *flow, uint64_t *late)
{
	int64_t start = flow->bin_time.ns != 0 ? flow->bin_time.ns : flow->start.ns;
	int64_t arrival = flow->arrival.ns;

	if (bins->by_arrival || start == 0)
		return arrival;
	if ((bins->past_ns > 0 && start < arrival - bins->past_ns) ||
	    (bins->future_ns > 0 && start > arrival + bins->future_ns)) {
		++*late;
		return arrival;
	}
	return start;
}

/* Most flows fall into the bin of the one before. */
static void
pack_bins(const struct bins *bins, const struct flow *flow, unsigned n, uint64_t *keys,
    size_t stride, uint64_t *late)
{
	int64_t from = 0, to = 0;

	for (unsigned i = 0; i < n; i++) {
		int64_t t = flow_time(bins, &flow[i], late);

		if (t < from || t >= to) {
			from = bins_start(bins, t);
			to = bins_next(bins, from);
		}
		keys[i * stride] = (uint64_t)from;
	}
}

void
plan_pack(const struct plan *plan, unsigned side, const struct flow *flow, unsigned n,
    uint64_t *keys, uint64_t *ret_late)
{
	*ret_late = 0;
	if (plan->bins.length_ns > 0)
		pack_bins(&plan->bins, flow, n, keys, plan->key_words, ret_late);
	else
		for (unsigned i = 0; i < n; i++)
			keys[i * plan->key_words] = 0;
	pack_run(plan->program[side], flow, n, keys, plan->key_words);
}
