/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns of communities: which fit, and what is made of those that do. */
#include "rib/commpat.h"

#include <string.h>

#include "core/bytes.h"
#include "core/mem.h"

struct pattern {
	char *text;
	size_t len;
	bool to_end;			/* it has a '.', so it has to reach to the end */
};

struct commpat {
	struct pattern *pattern;
	size_t patterns;
};

struct commpat *
commpat_new(const char *list)
{
	struct commpat *cp = mem_new(sizeof(*cp));

	while (list != NULL && *list != '\0') {
		size_t skip = strspn(list, ", \t"), len = strcspn(list + skip, ", \t");
		char *text;

		list += skip;
		if (len > 0) {
			text = mem_new(len + 1);
			memcpy(text, list, len);
			cp->pattern = mem_grow(cp->pattern, cp->patterns + 1, sizeof(*cp->pattern));
			cp->pattern[cp->patterns++] = (struct pattern){ text, len,
			    strchr(text, '.') != NULL };
		}
		list += len;
	}
	if (cp->patterns > 0)
		return cp;
	commpat_free(cp);
	return NULL;
}

void
commpat_free(struct commpat *cp)
{
	if (cp == NULL)
		return;
	for (size_t i = 0; i < cp->patterns; i++)
		mem_free(cp->pattern[i].text);
	mem_free(cp->pattern);
	mem_free(cp);
}

static bool
fits(const struct pattern *p, const char *text, size_t len)
{
	if (!p->to_end)
		return strstr(text, p->text) != NULL;
	if (len < p->len)
		return false;
	text += len - p->len;
	for (size_t i = 0; i < p->len; i++)
		if (p->text[i] != '.' && p->text[i] != text[i])
			return false;
	return true;
}

static size_t
width_of(enum attr_kind kind)
{
	return kind == ATTR_COMMS ? 4 : kind == ATTR_ECOMMS ? 8 : 12;
}

static void
text_of(struct sbuf *b, enum attr_kind kind, const uint8_t *comm)
{
	sbuf_clear(b);
	if (kind == ATTR_COMMS)
		comms_text(b, comm, 4, ' ', false);
	else if (kind == ATTR_ECOMMS)
		ecomms_text(b, comm, 8, ' ', false);
	else
		lcomms_text(b, comm, 12, ' ');
}

size_t
commpat_keep(const struct commpat *cp, enum attr_kind kind, const uint8_t *bytes, size_t len,
    uint8_t *ret)
{
	size_t width = width_of(kind), n = len / width, used = 0;
	bool *taken = mem_array(n + 1, sizeof(*taken));
	struct sbuf text = { 0 };

	for (size_t p = 0; p < cp->patterns; p++)
		for (size_t i = 0; i < n; i++) {
			if (taken[i])
				continue;
			text_of(&text, kind, bytes + i * width);
			if (!fits(&cp->pattern[p], sbuf_text(&text), text.len))
				continue;
			taken[i] = true;
			memcpy(ret + used, bytes + i * width, width);
			used += width;
		}
	sbuf_done(&text);
	mem_free(taken);
	return used;
}

bool
commpat_as(const struct commpat *cp, enum attr_kind kind, const uint8_t *bytes, size_t len,
    uint32_t *ret_peer, uint32_t *ret_origin)
{
	size_t width = width_of(kind), n = len / width;
	uint8_t *kept = mem_new(len + 1);
	struct rd first;

	n = n > 0 ? commpat_keep(cp, kind, bytes, n * width, kept) / width : 0;
	first = rd_of(kept, n > 0 ? width : 0);
	if (n > 0 && kind == ATTR_LCOMMS) {
		*ret_peer = rd_u32(&first);
		*ret_origin = rd_u32(&first);
	} else if (n > 0) {
		*ret_peer = rd_u16(&first);
		*ret_origin = rd_u16(&first);
	}
	mem_free(kept);
	return n > 0;
}
