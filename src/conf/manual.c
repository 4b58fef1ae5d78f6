/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waybill.conf(5): the grammar in words, then every key from its row, in groups by what becomes of
 * them. docs/man/waybill.conf.5 is this output; a test holds the two together.
 */
#include "conf/manual.h"

#include <inttypes.h>
#include <string.h>

#include "conf/key_table.h"
#include "conf/value.h"
#include "core/mem.h"

static const char head[] =
    ".\\\" Made from src/conf/keys by `make manual`; change the rows, not this file.\n"
    ".TH WAYBILL.CONF 5 \"\" \"Waybill\" \"Configuration\"\n"
    ".SH NAME\n"
    "waybill.conf \\- configuration of waybilld, in pmacct's language\n"
    ".SH DESCRIPTION\n"
    "One key per line:\n"
    ".PP\n"
    ".nf\n"
    ".RS\n"
    "key: value\n"
    "key[name]: value\n"
    "include: file\n"
    ".RE\n"
    ".fi\n"
    ".PP\n"
    "The first colon ends the key; blanks around key and value do not count. A line whose first\n"
    "character is ! or # is a comment; there are no comments behind a value. Keys may be written\n"
    "in either case. A key with a name holds for the output of that name; without a name it holds\n"
    "for all outputs and overwrites what stood above for single ones. The\n"
    ".B plugins\n"
    "line, which names the outputs, may stand anywhere. An included file is looked for beside the\n"
    "file that includes it.\n"
    ".PP\n"
    "All that is wrong is said at once, with file and line; then nothing starts, and a running\n"
    "daemon keeps the configuration it has. Under the name waybilld a key that is unknown or\n"
    "without effect is an error; under pmacct's names it is a warning.\n";

static const struct section {
	enum conf_status status;
	const char *title, *text;
} sections[] = {
	{ CONF_ACTS, "KEYS", "Keys that do something." },
	{ CONF_MOOT, "KEYS WITH NOTHING TO TUNE",
	  "Accepted from pmacct's configurations; there is nothing here that they would change." },
	{ CONF_LATER, "KEYS THAT ARE NOT SUPPORTED",
	  "Functions of pmacct that this version lacks. Asking for one of them is an error." },
	{ CONF_DEAD, "KEYS WITHOUT EFFECT",
	  "Words that pmacct itself only carried along." },
};

/* Text for roff: backslashes doubled, a line that begins like a request shielded. */
static void
add_text(struct sbuf *b, const char *text)
{
	if (*text == '.' || *text == '\'')
		sbuf_str(b, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			sbuf_str(b, "\\e");
		else if (*text == '-')
			sbuf_str(b, "\\-");
		else
			sbuf_char(b, *text);
	}
}

static void
add_facts(struct sbuf *b, const struct conf_key *key)
{
	struct sbuf facts = { 0 };

	sbuf_str(&facts, "Takes ");
	conf_value_rule(key, &facts);
	if (key->dflt != NULL)
		sbuf_printf(&facts, "; default %s", key->dflt);
	if (key->scope == CONF_OUTPUT)
		sbuf_str(&facts, "; per output");
	if (key->scope == CONF_OUTPUT_ONLY)
		sbuf_str(&facts, "; per output, with its name only");
	if (strpbrk(key->programs, "*W") == NULL) {
		sbuf_str(&facts, "; of ");
		conf_key_programs(key, &facts);
	}
	if (key->status == CONF_ACTS && !key->reload)
		sbuf_str(&facts, "; a change needs a restart");
	add_text(b, sbuf_text(&facts));
	sbuf_str(b, ".\n");
	sbuf_done(&facts);
}

static void
add_key(struct sbuf *b, const struct conf_key *key)
{
	sbuf_str(b, ".TP\n.B ");
	add_text(b, key->word);
	sbuf_char(b, '\n');
	add_text(b, key->doc);
	sbuf_char(b, '\n');
	if (key->better != NULL) {
		add_text(b, key->better);
		sbuf_char(b, '\n');
	}
	if (key->status == CONF_ACTS || key->status == CONF_LATER)
		add_facts(b, key);
}

void
conf_manual(struct sbuf *b)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	sbuf_str(b, head);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		sbuf_printf(b, ".SH %s\n", sections[i].title);
		add_text(b, sections[i].text);
		sbuf_char(b, '\n');
		for (size_t k = 0; k < n; k++)
			if (keys[k].status == sections[i].status)
				add_key(b, &keys[k]);
	}
	sbuf_str(b, ".SH SEE ALSO\n.BR waybilld (8),\n.BR waybill (1)\n");
}
