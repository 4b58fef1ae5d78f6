/* SPDX-License-Identifier: BSD-2-Clause */
/* A path is judged once for all neighbouring routes that have it; ids hold within a batch. */
#include "feed/search.h"

#include <string.h>

#include "core/mem.h"

#define BATCH		256
#define EXPRESSION_MOST	256

bool
search_path(struct search *s, const char *expression, struct sbuf *err)
{
	char text[128];
	int result;

	if (strlen(expression) > EXPRESSION_MOST) {
		sbuf_printf(err, "an expression may have %d characters\n", EXPRESSION_MOST);
		return false;
	}
	result = regcomp(&s->path, expression, REG_EXTENDED | REG_NOSUB);
	s->has_path = result == 0;
	if (result == 0)
		return true;
	regerror(result, &s->path, text, sizeof(text));
	sbuf_printf(err, "\"%s\": %s\n", expression, text);
	return false;
}

void
search_done(struct search *s)
{
	if (s->has_path)
		regfree(&s->path);
	mem_free(s->community);
}

static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = strstr(text, word); p != NULL; p = strstr(p + 1, word))
		if ((p == text || p[-1] == ' ') && (p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

static bool
has_community(const struct search *s, const struct rib *rib, const struct path *p)
{
	const struct comm_set set = rib_comms(rib, p);
	const uint8_t *bytes;
	struct sbuf text = { 0 };
	size_t len;
	bool found;

	bytes = rib_attr(rib, ATTR_COMMS, set.comms, &len);
	comms_text(&text, bytes, len, ' ', false);
	sbuf_char(&text, ' ');
	comms_text(&text, bytes, len, ' ', true);	/* a well-known one has two spellings */
	sbuf_char(&text, ' ');
	bytes = rib_attr(rib, ATTR_ECOMMS, set.ecomms, &len);
	ecomms_text(&text, bytes, len, ' ', false);
	sbuf_char(&text, ' ');
	bytes = rib_attr(rib, ATTR_LCOMMS, set.lcomms, &len);
	lcomms_text(&text, bytes, len, ' ');
	found = has_word(sbuf_text(&text), s->community);
	sbuf_done(&text);
	return found;
}

static bool
path_fits(const struct search *s, const struct rib *rib, uint32_t path)
{
	const struct path *p = rib_path(rib, path);
	struct sbuf text = { 0 };
	const uint8_t *bytes;
	bool fits = true;
	size_t len;

	if (s->has_path) {
		bytes = rib_attr(rib, ATTR_ASPATH, p->aspath, &len);
		aspath_text(&text, bytes, len, ' ');
		fits = regexec(&s->path, sbuf_text(&text), 0, NULL, 0) == 0;
		sbuf_done(&text);
	}
	return fits && (s->community == NULL || has_community(s, rib, p));
}

static bool
prefix_fits(const struct search *s, const struct prefix *p)
{
	return !s->has_within || (p->len >= s->within.len && prefix_covers(&s->within, &p->addr) &&
	    addr_is_v4(&p->addr) == addr_is_v4(&s->within.addr));
}

/* How the two tellers differ about a route of one of them; 0: they do not, or it was said. */
static char
difference(const struct rib_scan *scan, const struct rib_scanned *r)
{
	const struct rib *rib = rib_scan_rib(scan);
	uint32_t other = rib_scan_path(scan, r, r->teller == 0 ? 1 : 0);

	if (other == 0)
		return r->teller == 0 ? '-' : '+';
	if (r->teller != 0 || rib_path(rib, other)->aspath == rib_path(rib, r->path)->aspath)
		return 0;
	return '~';
}

static void
judge_batch(struct search *s, const struct rib_scan *scan, const struct rib_scanned *r, size_t n)
{
	const struct rib *rib = rib_scan_rib(scan);
	uint32_t last = 0;
	bool fits = false;

	for (size_t i = 0; i < n; i++) {
		char mark = ' ';

		if (!prefix_fits(s, &r[i].nlri.prefix))
			continue;
		if (r[i].path != last)
			fits = path_fits(s, rib, r[i].path);
		last = r[i].path;
		if (!fits || (s->differ && (mark = difference(scan, &r[i])) == 0))
			continue;
		if (s->results++ < s->most)
			s->found(s->ctx, scan, &r[i], mark);
	}
}

void
search_run(struct search *s, struct rib_scan *scan, struct reader *reader)
{
	struct rib_scanned batch[BATCH];
	size_t n;

	epoch_tick(reader_epoch(reader), reader_slot(reader));
	while ((n = rib_scan_next(scan, batch, BATCH)) > 0 && !reader_is_ending(reader)) {
		judge_batch(s, scan, batch, n);
		s->seen += n;
		epoch_tick(reader_epoch(reader), reader_slot(reader));
	}
	epoch_offline(reader_slot(reader));
}
