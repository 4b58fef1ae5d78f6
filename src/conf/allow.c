/* SPDX-License-Identifier: BSD-2-Clause */
/* Allow files: lists of prefixes, walked in order; they are short and asked once per exporter. */
#include "conf/allow.h"

#include "conf/mapfile.h"
#include "core/mem.h"

struct allow {
	struct prefix *prefix;
	size_t count;
};

struct allow *
allow_read(const char *path, struct conf_notes *notes)
{
	size_t errors = notes->errors;
	struct mapfile *mf = mapfile_open(path, notes);
	struct allow *a = mem_new(sizeof(*a));
	unsigned line_no;
	char *line;

	while (mf != NULL && (line = mapfile_line(mf, &line_no)) != NULL) {
		struct prefix p;

		if (prefix_parse(line, &p) != 0) {
			conf_note(notes, CONF_NOTE_ERROR, path, line_no,
			    "\"%s\" is neither an address nor a prefix", line);
			continue;
		}
		a->prefix = mem_grow(a->prefix, a->count + 1, sizeof(*a->prefix));
		a->prefix[a->count++] = p;
	}
	mapfile_close(mf);
	if (notes->errors == errors)
		return a;
	allow_free(a);
	return NULL;
}

void
allow_free(struct allow *a)
{
	if (a == NULL)
		return;
	mem_free(a->prefix);
	mem_free(a);
}

bool
allow_has(const struct allow *a, const struct addr *from)
{
	for (size_t i = 0; i < a->count; i++)
		if (prefix_covers(&a->prefix[i], from))
			return true;
	return false;
}
