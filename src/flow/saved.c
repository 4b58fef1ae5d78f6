/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Templates and options over a restart, as lines of words:
 *
 *	waybill-flow 1
 *	exporter ADDRESS VERSION DOMAIN		what follows is this one's
 *	template ID FIELDS HEX			the specifiers as they were told
 *	options ID FIELDS SCOPES HEX
 *	rate KEY RATE
 *	agent ADDRESS
 *	init MS
 *	ifname | app | vrf ID NAME		the name goes to the end of the line, in hex
 *	rd ID RD
 *
 * A line that cannot be used is said and passed over: better some templates than none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "flow/source.h"

#define FIRST_LINE	"waybill-flow 1"
#define LINE_WORDS	5

/* --- writing ------------------------------------------------------------------------------------ */

static void
add_hex(struct sbuf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		sbuf_printf(out, "%02x", p[i]);
	sbuf_char(out, '\n');
}

static void
save_template(const struct template *t, struct sbuf *out)
{
	if (t->options)
		sbuf_printf(out, "options %u %u %u ", t->id, t->fields, t->scopes);
	else
		sbuf_printf(out, "template %u %u ", t->id, t->fields);
	add_hex(out, t->wire, t->wire_len);
}

static void
save_names(const struct collector *col, const char *word, const struct idmap *m, struct sbuf *out)
{
	for (uint32_t i = 0; col->names != NULL && i < m->count; i++) {
		const char *name = names_get(col->names, (uint32_t)m->entry[i].value);

		sbuf_printf(out, "%s %" PRIu64 " ", word, m->entry[i].key);
		add_hex(out, name, strlen(name));
	}
}

/* A rate of 0 was waited for in vain: nothing to be remembered. */
static void
save_numbers(const char *word, const struct idmap *m, bool zeros, struct sbuf *out)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (zeros || m->entry[i].value != 0)
			sbuf_printf(out, "%s %" PRIu64 " %" PRIu64 "\n", word,
			    m->entry[i].key, m->entry[i].value);
}

static void
save_source(const struct source *src, struct sbuf *out)
{
	char text[ADDR_TEXT];

	sbuf_printf(out, "exporter %s %u %u\n", addr_text(&src->pub.addr, text), src->pub.version,
	    src->pub.domain);
	for (unsigned i = 0; i < src->templates; i++)
		save_template(src->tpl[i], out);
	save_numbers("rate", &src->rates, false, out);
	if (addr_is_set(&src->agent))
		sbuf_printf(out, "agent %s\n", addr_text(&src->agent, text));
	if (src->init_ms != 0)
		sbuf_printf(out, "init %" PRIu64 "\n", src->init_ms);
	save_names(src->col, "ifname", &src->if_names, out);
	save_names(src->col, "app", &src->apps, out);
	save_names(src->col, "vrf", &src->vrf_names, out);
	save_numbers("rd", &src->vrf_rds, true, out);
}

int
collector_save(const struct collector *col, struct sbuf *out)
{
	sbuf_str(out, FIRST_LINE "\n");
	for (size_t i = 0; i < collector_exporters(col); i++)
		if (col->source[i]->format->layout == NULL)
			save_source(col->source[i], out);
	return 0;
}

/* --- reading ------------------------------------------------------------------------------------ */

struct loader {
	struct collector *col;
	struct source *src;
	char *word[LINE_WORDS];
	unsigned words;
};

static int
number(const char *text, uint64_t most, uint64_t *ret)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n > most)
		return -1;
	*ret = n;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: the text becomes its bytes. Gives their number, -1 for what is not hex. */
static int
unhex(char *text)
{
	size_t n = strlen(text) / 2;

	if (strlen(text) % 2 != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		text[i] = (char)(high << 4 | low);
	}
	return (int)n;
}

static int
load_exporter(struct loader *l)
{
	const struct format *format;
	struct addr addr;
	uint64_t version, domain;

	l->src = NULL;
	if (addr_parse(l->word[1], &addr) != 0 || number(l->word[2], UINT16_MAX, &version) != 0 ||
	    (format = format_find(version)) == NULL || format->layout != NULL ||
	    number(l->word[3], UINT32_MAX, &domain) != 0)
		return -1;
	l->src = source_find(l->col, &addr, (uint16_t)version, (uint32_t)domain);
	return l->src != NULL ? 0 : -1;
}

static int
load_any_template(struct loader *l, bool options)
{
	const struct template_conf conf = { .version = l->src->pub.version,
	    .asa_bi_flow = l->col->conf.asa_bi_flow };
	char *hex = l->word[options ? 4 : 3];
	uint64_t id, fields, scopes = 0;
	struct template *t;
	struct rd r;
	int len;

	if (number(l->word[1], 65535, &id) != 0 || id < 256 ||
	    number(l->word[2], TEMPLATE_MOST_FIELDS, &fields) != 0 ||
	    (options && number(l->word[3], fields, &scopes) != 0) || (len = unhex(hex)) < 0)
		return -1;
	r = rd_of(hex, (size_t)len);
	t = template_read(&r, (uint16_t)id, options, (uint16_t)fields, (uint16_t)scopes, &conf);
	if (t == NULL)
		return -1;
	source_template_set(l->src, t);
	return 0;
}

static int
load_template(struct loader *l)
{
	return load_any_template(l, false);
}

static int
load_options(struct loader *l)
{
	return load_any_template(l, true);
}

static int
load_rate(struct loader *l)
{
	uint64_t key, rate;

	if (number(l->word[1], UINT64_MAX, &key) != 0 || number(l->word[2], UINT32_MAX, &rate) != 0)
		return -1;
	rates_restore(l->src, key, rate);
	return 0;
}

static int
load_agent(struct loader *l)
{
	return addr_parse(l->word[1], &l->src->agent);
}

static int
load_init(struct loader *l)
{
	return number(l->word[1], UINT64_MAX, &l->src->init_ms);
}

static int
load_name(struct loader *l, struct idmap *m)
{
	uint64_t key;
	int len = unhex(l->word[2]);
	uint32_t name;

	if (number(l->word[1], UINT64_MAX, &key) != 0 || len < 0)
		return -1;
	name = l->col->names ? names_put(l->col->names, l->word[2], (size_t)len) : 0;
	if (name != 0)
		(void)idmap_put(m, key, name);
	return 0;
}

static int load_ifname(struct loader *l) { return load_name(l, &l->src->if_names); }
static int load_app(struct loader *l)	 { return load_name(l, &l->src->apps); }
static int load_vrf(struct loader *l)	 { return load_name(l, &l->src->vrf_names); }

static int
load_rd(struct loader *l)
{
	uint64_t key, value;

	if (number(l->word[1], UINT32_MAX, &key) != 0 || number(l->word[2], UINT64_MAX, &value) != 0)
		return -1;
	(void)idmap_put(&l->src->vrf_rds, key, value);
	return 0;
}

static const struct line_kind {
	const char *word;
	unsigned words;
	int (*load)(struct loader *);
} line_kinds[] = {
	{ "exporter", 4, load_exporter },
	{ "template", 4, load_template },
	{ "options", 5, load_options },
	{ "rate", 3, load_rate },
	{ "agent", 2, load_agent },
	{ "init", 2, load_init },
	{ "ifname", 3, load_ifname },
	{ "app", 3, load_app },
	{ "vrf", 3, load_vrf },
	{ "rd", 3, load_rd },
};

static int
load_line(struct loader *l, char *line)
{
	char *rest = line, *word;

	l->words = 0;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (l->words == LINE_WORDS)
			return -1;
		l->word[l->words++] = word;
	}
	for (size_t i = 0; i < ARRAY_LEN(line_kinds); i++)
		if (strcmp(l->word[0], line_kinds[i].word) == 0)
			return l->words == line_kinds[i].words && (i == 0 || l->src != NULL) ?
			    line_kinds[i].load(l) : -1;
	return -1;
}

/* 0 when every line could be used; -1 with a sentence about the first that could not. */
int
collector_load(struct collector *col, const char *text, size_t len, struct sbuf *err)
{
	char *copy = mem_new(len + 1), *rest = copy, *line;
	struct loader l = { .col = col };
	unsigned at = 0, wrong = 0, first = 0;

	memcpy(copy, text, len);
	while ((line = strsep(&rest, "\n")) != NULL) {
		at++;
		if (at == 1 ? strcmp(line, FIRST_LINE) != 0 : *line && load_line(&l, line) != 0) {
			first = wrong++ == 0 ? at : first;
			if (at == 1)
				break;
		}
	}
	mem_free(copy);
	if (wrong == 0)
		return 0;
	sbuf_printf(err, "saved templates: line %u cannot be used (%u such lines)", first, wrong);
	return -1;
}
