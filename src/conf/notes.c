/* SPDX-License-Identifier: BSD-2-Clause */
/* What was found wrong or worth saying about a configuration, kept until all of it is known. */
#include "conf/conf.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"

void
conf_note(struct conf_notes *notes, int kind, const char *file, unsigned line,
    const char *fmt, ...)
{
	struct sbuf text = { 0 };
	struct conf_note *note;
	va_list ap;

	assert(kind == CONF_NOTE_ERROR || kind == CONF_NOTE_WARNING || kind == CONF_NOTE_INFO);
	va_start(ap, fmt);
	sbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	notes->note = mem_grow(notes->note, notes->count + 1, sizeof(*notes->note));
	note = &notes->note[notes->count++];
	note->kind = kind;
	note->file = file != NULL ? mem_strdup(file) : NULL;
	note->line = line;
	note->text = mem_strdup(sbuf_text(&text));
	notes->errors += kind == CONF_NOTE_ERROR;
	sbuf_done(&text);
}

void
conf_notes_print(const struct conf_notes *notes, struct sbuf *b)
{
	static const char *const kinds[] = {
		[CONF_NOTE_ERROR] = "error",
		[CONF_NOTE_WARNING] = "warning",
		[CONF_NOTE_INFO] = "note",
	};

	for (size_t i = 0; i < notes->count; i++) {
		const struct conf_note *note = &notes->note[i];

		if (note->file != NULL && note->line != 0)
			sbuf_printf(b, "%s:%u: ", note->file, note->line);
		else if (note->file != NULL)
			sbuf_printf(b, "%s: ", note->file);
		sbuf_printf(b, "%s: %s\n", kinds[note->kind], note->text);
	}
}

void
conf_notes_done(struct conf_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		mem_free((void *)(uintptr_t)notes->note[i].file);
		mem_free(notes->note[i].text);
	}
	mem_free(notes->note);
	memset(notes, 0, sizeof(*notes));
}
