/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the neighbors file: words key=value, a row per key. */
#include "bgp/neighbors.h"

#include <stdlib.h>

#include "conf/mapfile.h"
#include "core/mem.h"

#define BGP_PORT	179
#define WORDS_MOST	32

enum word_kind { WORD_PREFIX, WORD_ADDR, WORD_NAME, WORD_BOOL, WORD_ACTION, WORD_U8, WORD_U16,
	WORD_U32 };

#define AT(field)	offsetof(struct neighbor, field)

static const struct word {
	const char *key;
	enum word_kind kind;
	size_t at;
	uint32_t min, max;		/* of numbers */
} words[] = {
	{ "ip", WORD_PREFIX, AT(ip), 0, 0 },
	{ "active", WORD_BOOL, AT(active), 0, 0 },
	{ "port", WORD_U16, AT(port), 1, UINT16_MAX },
	{ "source", WORD_ADDR, AT(source), 0, 0 },
	{ "interface", WORD_NAME, AT(interface), 0, 0 },
	{ "as", WORD_U32, AT(as), 1, UINT32_MAX },
	{ "local_as", WORD_U32, AT(local_as), 1, UINT32_MAX },
	{ "hold_time", WORD_U16, AT(hold_s), 3, UINT16_MAX },
	{ "max_hops", WORD_U8, AT(hops), 1, UINT8_MAX },
	{ "stale_time", WORD_U32, AT(stale_s), 0, 7 * 86400 },
	{ "max_routes", WORD_U32, AT(max_routes), 1, UINT32_MAX },
	{ "max_routes_action", WORD_ACTION, AT(stop_at_max), 0, 0 },
};

static int
take_number(const struct word *w, const char *text, void *to)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v < w->min || v > w->max)
		return -1;
	if (w->kind == WORD_U8)
		*(uint8_t *)to = (uint8_t)v;
	else if (w->kind == WORD_U16)
		*(uint16_t *)to = (uint16_t)v;
	else
		*(uint32_t *)to = (uint32_t)v;
	return 0;
}

/* One of two words. */
static int
take_choice(const char *text, const char *yes, const char *no, bool *to)
{
	*to = strcmp(text, yes) == 0;
	return *to || strcmp(text, no) == 0 ? 0 : -1;
}

static int
take_word(const struct word *w, const char *text, struct neighbor *n)
{
	void *to = (char *)n + w->at;

	switch (w->kind) {
	case WORD_PREFIX:
		return prefix_parse(text, to);
	case WORD_ADDR:
		return addr_parse(text, to);
	case WORD_NAME:
		if (*text == '\0' || strlen(text) >= INTERFACE_TEXT)
			return -1;
		memcpy(to, text, strlen(text) + 1);
		return 0;
	case WORD_BOOL:
		return take_choice(text, "true", "false", to);
	case WORD_ACTION:
		return take_choice(text, "stop", "warn", to);
	case WORD_U8:
	case WORD_U16:
	case WORD_U32:
		return take_number(w, text, to);
	}
	return -1;
}

static const struct word *
word_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].key, key) == 0)
			return &words[i];
	return NULL;
}

/* Rules that concern the line as a whole; NULL, or what is wrong. */
static const char *
check_line(const struct neighbor *n, bool has_ip)
{
	if (!has_ip)
		return "a line needs ip=ADDRESS or ip=PREFIX";
	if (n->active && n->ip.len != addr_bits(&n->ip.addr))
		return "active=true needs one address, not a prefix";
	if (n->active && addr_is_link_local(&n->ip.addr) && n->interface[0] == '\0')
		return "a link-local address needs interface=NAME to be dialled";
	return NULL;
}

static void
read_line(struct neighbors *to, struct mapfile *mf, char *line, unsigned number,
    struct conf_notes *notes)
{
	struct neighbor n = { .port = BGP_PORT };
	struct mapword word[WORDS_MOST];
	int count = mapfile_words(mf, line, word, WORDS_MOST, notes);
	const char *wrong;
	bool has_ip = false;

	for (int i = 0; i < count; i++) {
		const struct word *w = word_find(word[i].key);

		if (w == NULL)
			conf_note(notes, CONF_NOTE_ERROR, mapfile_path(mf), number,
			    "\"%s\" is not a word of this file", word[i].key);
		else if (take_word(w, word[i].value, &n) != 0)
			conf_note(notes, CONF_NOTE_ERROR, mapfile_path(mf), number,
			    "\"%s\" cannot be \"%s\"", word[i].key, word[i].value);
		has_ip |= w != NULL && w->kind == WORD_PREFIX;
		n.has_stale |= w != NULL && w->at == AT(stale_s);
	}
	if (count < 0)
		return;
	wrong = check_line(&n, has_ip);
	if (wrong != NULL)
		conf_note(notes, CONF_NOTE_ERROR, mapfile_path(mf), number, "%s", wrong);
	to->row = mem_grow(to->row, to->count + 1, sizeof(*to->row));
	to->row[to->count++] = n;
}

int
neighbors_read(struct neighbors *ret, const char *file, struct conf_notes *notes)
{
	struct neighbors fresh = { .count = 0 };
	size_t before = notes->errors;
	struct mapfile *mf = file != NULL ? mapfile_open(file, notes) : NULL;
	unsigned number;
	char *line;

	while (mf != NULL && (line = mapfile_line(mf, &number)) != NULL)
		read_line(&fresh, mf, line, number, notes);
	if (mf != NULL)
		mapfile_close(mf);
	if (notes->errors > before) {
		neighbors_done(&fresh);
		return -1;
	}
	*ret = fresh;
	return 0;
}

void
neighbors_done(struct neighbors *n)
{
	mem_free(n->row);
	*n = (struct neighbors){ .count = 0 };
}

const struct neighbor *
neighbors_find(const struct neighbors *n, const struct addr *a)
{
	static const struct neighbor plain;

	for (size_t i = 0; i < n->count; i++)
		if (prefix_covers(&n->row[i].ip, a))
			return &n->row[i];
	return &plain;
}
