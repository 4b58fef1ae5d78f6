/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a pmacct configuration here, key by key: all of it from the table of keys. */
#include "conf/conf.h"

#include <string.h>

#include "conf/key_table.h"
#include "conf/lines.h"
#include "conf/value.h"

enum fate { FATE_SAME, FATE_BETTER, FATE_MOOT, FATE_LACKING, FATE_DEAD, FATE_UNKNOWN, FATES };

static const char *const fates[FATES] = {
	[FATE_SAME]    = "same",
	[FATE_BETTER]  = "better",
	[FATE_MOOT]    = "nothing to tune",
	[FATE_LACKING] = "not supported",
	[FATE_DEAD]    = "no effect",
	[FATE_UNKNOWN] = "unknown",
};

static enum fate
fate_of(const struct conf_key *key, const char *value)
{
	if (key == NULL)
		return FATE_UNKNOWN;
	if (key->lacking != NULL && conf_word_in(key->lacking, value, strlen(value)))
		return FATE_LACKING;
	switch (key->status) {
	case CONF_ACTS:
		return key->better != NULL ? FATE_BETTER : FATE_SAME;
	case CONF_MOOT:
		return FATE_MOOT;
	case CONF_LATER:
		return FATE_LACKING;
	case CONF_DEAD:
		return FATE_DEAD;
	}
	return FATE_UNKNOWN;
}

static const char *
remark(const struct conf_key *key, enum fate fate)
{
	if (key == NULL)
		return "No version of pmacct had this key.";
	if (fate == FATE_SAME)
		return "";
	return key->better != NULL ? key->better : key->doc;
}

int
conf_compat_report(const char *file, struct sbuf *b)
{
	struct conf_notes notes = { 0 };
	struct conf_lines lines = { 0 };
	size_t count[FATES] = { 0 };
	int ret;

	conf_lines_read(&lines, file, &notes);
	for (size_t i = 0; i < lines.count; i++) {
		const struct conf_line *line = &lines.line[i];
		const struct conf_key *key = conf_key(line->key);
		enum fate fate = fate_of(key, line->value);
		struct sbuf word = { 0 };

		sbuf_str(&word, line->key);
		if (line->name != NULL)
			sbuf_printf(&word, "[%s]", line->name);
		sbuf_printf(b, "%s:%u: %-32s %-16s %s\n", line->file, line->line,
		    sbuf_text(&word), fates[fate], remark(key, fate));
		sbuf_done(&word);
		count[fate]++;
	}
	for (unsigned fate = 0; fate < FATES; fate++)
		if (count[fate] > 0)
			sbuf_printf(b, "%5zu %s\n", count[fate], fates[fate]);
	conf_notes_print(&notes, b);
	ret = notes.errors == 0 ? 0 : -1;
	conf_lines_done(&lines);
	conf_notes_done(&notes);
	return ret;
}
