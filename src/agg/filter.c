/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters of an output: lists of tags and of labels, which cost a comparison, and libpcap expressions
 * over a packet made from the flow (flow/flow_packet.c), which are asked last. All must agree.
 */
#include <pcap/pcap.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/flow_packet.h"
#include "agg/slice.h"
#include "core/mem.h"

/* "10, 20-30, -40": what is not named by a '-' and, if anything is named without, is among those. */
struct tag_range {
	uint64_t from, to;
	bool not;
};

struct tag_list {
	struct tag_range *range;
	size_t count;
	bool has_positive;
};

struct label_list {
	char **word;			/* "" is written null */
	bool *not;
	size_t count;
	bool has_positive;
};

struct filter {
	struct tag_list tag, tag2;
	struct label_list label;
	const struct names *names;
	struct bpf_program *prog;	/* one that says yes is enough */
	size_t progs;
};

/* Where a value stands, for messages. */
struct source {
	const struct conf *conf;
	size_t output;
	const char *var;
	struct conf_notes *notes;
};

static void
filter_error(const struct source *src, const char *text, const char *rule)
{
	const char *file;
	unsigned line = conf_where(src->conf, src->output, src->var, &file);

	conf_note(src->notes, CONF_NOTE_ERROR, file, line, "%s: \"%s\" %s", src->var, text, rule);
}

/* Calls `each` for every comma-separated part, without blanks around it. */
static void
split(const char *text, bool minds_parentheses, void (*each)(char *part, void *ctx), void *ctx)
{
	int depth = 0;
	const char *from = text;

	for (const char *c = text;; c++) {
		if (minds_parentheses)
			depth += (*c == '(') - (*c == ')');
		if (*c == '\0' || (*c == ',' && depth <= 0)) {
			size_t blanks = strspn(from, " \t"), len;
			char *part;

			from += blanks < (size_t)(c - from) ? blanks : (size_t)(c - from);
			len = (size_t)(c - from);
			while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
				len--;
			part = mem_new(len + 1);
			memcpy(part, from, len);
			if (len > 0)
				each(part, ctx);
			mem_free(part);
			from = c + 1;
		}
		if (*c == '\0')
			return;
	}
}

static int
parse_tag(const char **text, uint64_t *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -1;
	errno = 0;
	*ret = strtoull(*text, &end, 10);
	if (errno != 0)
		return -1;
	*text = end;
	return 0;
}

struct tag_reading {
	const struct source *src;
	struct tag_list *list;
};

static void
add_tag(char *part, void *ctx)
{
	const struct tag_reading *reading = ctx;
	struct tag_list *list = reading->list;
	const char *text = part;
	struct tag_range range = { .not = *part == '-' };
	bool bad;

	text += range.not;
	bad = parse_tag(&text, &range.from) < 0;
	range.to = range.from;
	if (!bad && *text == '-') {
		text++;
		bad = parse_tag(&text, &range.to) < 0;
	}
	if (bad || *text != '\0' || range.to < range.from) {
		filter_error(reading->src, part, "is not a number or a range, nor '-' and one");
		return;
	}
	list->range = mem_grow(list->range, list->count + 1, sizeof(*list->range));
	list->range[list->count++] = range;
	list->has_positive |= !range.not;
}

static void
add_label(char *part, void *ctx)
{
	struct label_list *list = ctx;
	bool not = *part == '-';
	const char *word = part + not;

	list->word = mem_grow(list->word, list->count + 1, sizeof(*list->word));
	list->not = mem_grow(list->not, list->count + 1, sizeof(*list->not));
	list->word[list->count] = mem_strdup(strcmp(word, "null") == 0 ? "" : word);
	list->not[list->count++] = not;
	list->has_positive |= !not;
}

struct expr_reading {
	const struct source *src;
	struct filter *filter;
	pcap_t *handle;
};

static void
add_expression(char *part, void *ctx)
{
	const struct expr_reading *reading = ctx;
	struct filter *f = reading->filter;
	struct bpf_program prog;

	if (pcap_compile(reading->handle, &prog, part, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		filter_error(reading->src, part, pcap_geterr(reading->handle));
		return;
	}
	f->prog = mem_grow(f->prog, f->progs + 1, sizeof(*f->prog));
	f->prog[f->progs++] = prog;
}

static void
read_expressions(struct source *src, struct filter *f)
{
	struct expr_reading reading = { .src = src, .filter = f };
	const char *text;

	src->var = "aggregate_filter";
	text = conf_text(src->conf, src->output, src->var);
	if (text == NULL)
		return;
	reading.handle = pcap_open_dead(DLT_EN10MB, FLOW_PACKET);
	if (reading.handle == NULL) {
		filter_error(src, text, "cannot be compiled: libpcap gave no handle");
		return;
	}
	split(text, true, add_expression, &reading);
	pcap_close(reading.handle);
}

static void
read_tags(struct source *src, const char *var, struct tag_list *list)
{
	struct tag_reading reading = { src, list };
	const char *text;

	src->var = var;
	text = conf_text(src->conf, src->output, var);
	if (text != NULL)
		split(text, false, add_tag, &reading);
}

struct filter *
filter_compile(const struct conf *conf, size_t output, struct conf_notes *notes)
{
	struct source src = { .conf = conf, .output = output, .notes = notes };
	struct filter *f = mem_new(sizeof(*f));
	size_t errors = notes->errors;
	const char *labels = conf_text(conf, output, "pre_tag_label_filter");

	read_tags(&src, "pre_tag_filter", &f->tag);
	read_tags(&src, "pre_tag2_filter", &f->tag2);
	if (labels != NULL)
		split(labels, false, add_label, &f->label);
	read_expressions(&src, f);
	if (notes->errors == errors && f->tag.count + f->tag2.count + f->label.count + f->progs > 0)
		return f;
	filter_free(f);
	return NULL;
}

struct filter *
filter_of_ignored(void)
{
	return mem_new(sizeof(struct filter));
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->progs; i++)
		pcap_freecode(&f->prog[i]);
	for (size_t i = 0; i < f->label.count; i++)
		mem_free(f->label.word[i]);
	mem_free(f->prog);
	mem_free(f->label.word);
	mem_free(f->label.not);
	mem_free(f->tag.range);
	mem_free(f->tag2.range);
	mem_free(f);
}

void
filter_names(struct filter *f, const struct names *names)
{
	f->names = names;
}

static bool
tag_passes(const struct tag_list *list, uint64_t tag)
{
	bool named = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct tag_range *r = &list->range[i];

		if (tag < r->from || tag > r->to)
			continue;
		if (r->not)
			return false;
		named = true;
	}
	return named || !list->has_positive;
}

/* A label may be several, joined by commas: one of them named is enough, either way. */
static bool
label_is(const char *label, const char *word)
{
	size_t len = strlen(word);

	if (*label == '\0' || len == 0)
		return *label == '\0' && len == 0;
	for (;;) {
		size_t n = strcspn(label, ",");

		if (n == len && memcmp(label, word, n) == 0)
			return true;
		if (label[n] == '\0')
			return false;
		label += n + 1;
	}
}

static bool
label_passes(const struct filter *f, uint32_t id)
{
	const struct label_list *list = &f->label;
	const char *label;
	bool named = false;

	if (list->count == 0)
		return true;
	label = id != 0 ? names_get(f->names, id) : "";
	for (size_t i = 0; i < list->count; i++) {
		if (!label_is(label, list->word[i]))
			continue;
		if (list->not[i])
			return false;
		named = true;
	}
	return named || !list->has_positive;
}

static bool
expression_passes(const struct filter *f, const struct flow *flow)
{
	uint8_t packet[FLOW_PACKET];
	struct pcap_pkthdr header = { 0 };

	if (f->progs == 0)
		return true;
	header.len = header.caplen = (bpf_u_int32)flow_packet(flow, packet);
	for (size_t i = 0; i < f->progs; i++)
		if (pcap_offline_filter(&f->prog[i], &header, packet) != 0)
			return true;
	return false;
}

/* FILTER_REASONS: it passes. */
static enum filter_reason
why_not(const struct filter *f, const struct flow *flow)
{
	if (flow->has & FLOW_IGNORED)
		return FILTERED_IGNORED;
	if (!tag_passes(&f->tag, flow->r.tag))
		return FILTERED_TAG;
	if (!tag_passes(&f->tag2, flow->r.tag2))
		return FILTERED_TAG2;
	if (!label_passes(f, flow->r.label))
		return FILTERED_LABEL;
	return expression_passes(f, flow) ? FILTER_REASONS : FILTERED_EXPRESSION;
}

unsigned
filter_run(const struct filter *f, const struct flow *flow, unsigned n, uint16_t *pass,
    uint64_t reason[FILTER_REASONS])
{
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++) {
		enum filter_reason why = why_not(f, &flow[i]);

		if (why == FILTER_REASONS)
			pass[passed++] = (uint16_t)i;
		else
			reason[why]++;
	}
	return passed;
}
