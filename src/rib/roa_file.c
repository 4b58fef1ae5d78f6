/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a validator, in JSON (RFC 8259), for the loader's thread: a reader that knows where it
 * is and passes over what it was not asked for. The first thing that is not JSON is the end.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "rib/roa.h"

#define FILE_MOST	(UINT64_C(256) << 20)
#define DEPTH_MOST	32
#define WORD_MOST	64		/* of a text or number that means something here */

struct scanner {
	const char *p;			/* the text ends with a NUL */
	unsigned depth;
	bool bad;
};

/* What stands next, behind white space; 0 at the end and once it was bad. */
static char
peek(struct scanner *s)
{
	while (!s->bad && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
	return s->bad ? '\0' : *s->p;
}

static bool
take(struct scanner *s, char c)
{
	if (peek(s) != c || c == '\0')
		return false;
	s->p++;
	return true;
}

static void
want(struct scanner *s, char c)
{
	if (!take(s, c))
		s->bad = true;
}

/* A text, without its quotes and with escapes as they stand; cut where it is longer than room. */
static void
take_text(struct scanner *s, char room[WORD_MOST])
{
	size_t n = 0;

	want(s, '"');
	for (; !s->bad && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p[1] != '\0')
			s->p++;
		if ((unsigned char)*s->p < ' ') {
			s->bad = true;	/* the end is such a one, and nothing reads on behind it */
			break;
		}
		if (n < WORD_MOST - 1)
			room[n++] = *s->p;
	}
	room[n] = '\0';
	want(s, '"');
}

/* A number, true, false or null, as it stands. */
static void
take_word(struct scanner *s, char room[WORD_MOST])
{
	size_t n = 0;

	(void)peek(s);
	for (; isalnum((unsigned char)*s->p) || *s->p == '-' || *s->p == '+' || *s->p == '.'; s->p++)
		if (n < WORD_MOST - 1)
			room[n++] = *s->p;
	room[n] = '\0';
	s->bad |= n == 0;
}

/* Each member of an object or array: `each` takes its value. */
static void
take_members(struct scanner *s, bool object,
    void (*each)(struct scanner *s, const char *name, void *ctx), void *ctx)
{
	char end = object ? '}' : ']', name[WORD_MOST] = "";

	want(s, object ? '{' : '[');
	s->bad |= ++s->depth > DEPTH_MOST;
	for (bool first = true; !s->bad && !take(s, end); first = false) {
		if (!first)
			want(s, ',');
		if (object) {
			take_text(s, name);
			want(s, ':');
		}
		if (!s->bad)
			each(s, name, ctx);
	}
	s->depth--;
}

static void
pass(struct scanner *s, const char *name, void *ctx)
{
	char c = peek(s), word[WORD_MOST];

	(void)name;
	if (c == '{' || c == '[')
		take_members(s, c == '{', pass, ctx);
	else if (c == '"')
		take_text(s, word);
	else
		take_word(s, word);
}

/* --- what is asked for ---------------------------------------------------------------------------- */

struct entry {
	char prefix[WORD_MOST], as[WORD_MOST], max_len[WORD_MOST];
};

static void
entry_member(struct scanner *s, const char *name, void *ctx)
{
	struct entry *e = ctx;

	if (strcmp(name, "prefix") == 0)
		take_text(s, e->prefix);
	else if (strcmp(name, "asn") == 0 && peek(s) == '"')
		take_text(s, e->as);
	else if (strcmp(name, "asn") == 0)
		take_word(s, e->as);
	else if (strcmp(name, "maxLength") == 0)
		take_word(s, e->max_len);
	else
		pass(s, name, NULL);
}

/* A whole decimal number of at most `most`; -1 for anything else. */
static int
number(const char *text, uint64_t most, uint64_t *ret)
{
	uint64_t n = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || (n = n * 10 + (uint64_t)(*text - '0')) > most)
			return -1;
	}
	*ret = n;
	return 0;
}

static int
add_entry(struct roa_table *t, const struct entry *e)
{
	const char *as = strncasecmp(e->as, "AS", 2) == 0 ? e->as + 2 : e->as;
	struct prefix p;
	uint64_t n, len;

	if (prefix_parse(e->prefix, &p) != 0 || number(as, UINT32_MAX, &n) != 0)
		return -1;
	len = p.len;
	if (e->max_len[0] != '\0' && number(e->max_len, 128, &len) != 0)
		return -1;
	return roa_add(t, &p, (uint8_t)len, (uint32_t)n);
}

struct file {
	struct roa_table *t;
	bool has_roas;
	size_t entries;
};

static void
roa_entry(struct scanner *s, const char *name, void *ctx)
{
	struct file *f = ctx;
	struct entry e = { .prefix = "" };

	(void)name;
	f->entries++;
	take_members(s, true, entry_member, &e);
	s->bad |= !s->bad && add_entry(f->t, &e) != 0;
}

static void
file_member(struct scanner *s, const char *name, void *ctx)
{
	struct file *f = ctx;

	if (strcmp(name, "roas") != 0) {
		pass(s, name, NULL);
		return;
	}
	f->has_roas = true;
	take_members(s, false, roa_entry, f);
}

static char *
read_text(const char *path, struct sbuf *err)
{
	FILE *f = fopen(path, "r");
	struct sbuf b = { 0 };
	char bytes[65536];
	size_t n;

	if (f == NULL) {
		sbuf_printf(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	while (b.len < FILE_MOST && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		sbuf_add(&b, bytes, n);
	fclose(f);
	sbuf_char(&b, ' ');
	return b.text;
}

struct roa_table *
roa_read(const char *path, struct sbuf *err)
{
	char *text = read_text(path, err);
	struct scanner s = { .p = text };
	struct file f = { 0 };

	if (text == NULL)
		return NULL;
	f.t = roa_new();
	take_members(&s, true, file_member, &f);
	if (!s.bad && peek(&s) == '\0' && f.has_roas) {
		mem_free(text);
		return f.t;
	}
	if (f.entries > 0 && s.bad)
		sbuf_printf(err, "%s: entry %zu is malformed", path, f.entries);
	else
		sbuf_printf(err, "%s: it is no object with an array \"roas\"", path);
	roa_free(f.t);
	mem_free(text);
	return NULL;
}
