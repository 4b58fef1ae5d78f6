/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waybill.maps(5): how rules are written, then every key from its row (flow/flowkeys.c), those
 * that test before those that say something. docs/man/waybill.maps.5 is this output; a test holds
 * the two together.
 */
#include "flow/maps_manual.h"

#include "core/mem.h"
#include "flow/flowkeys.h"

static const char head[] =
    ".\\\" Made from src/flow/flowkeys.c by `make manual`; change the rows, not this file.\n"
    ".TH WAYBILL.MAPS 5 \"\" \"Waybill\" \"Configuration\"\n"
    ".SH NAME\n"
    "waybill.maps \\- files of rules over flows: tags, agents, RDs\n"
    ".SH DESCRIPTION\n"
    "A rule is a line of key=value words; the first rule that fits a flow counts. A line whose first\n"
    "character is ! or # is a comment. '...' holds a value with blanks. A value with a - in front turns\n"
    "a test around, where the key allows it.\n"
    ".B include=FILE\n"
    "alone in its line stands for the rules of that file. In pre_tag_map\n"
    ".B label=NAME\n"
    "names a rule and\n"
    ".B jeq=NAME\n"
    "goes on, after a rule that fitted, at the next one further down with that name;\n"
    ".B jeq=next\n"
    "at the next one. A rule has one of set_tag, set_tag2 and set_label.\n"
    ".PP\n"
    "What is wrong is said with file and line, all of it at once; then nothing starts, and a running\n"
    "daemon keeps the maps it has. docs/maps.md tells more.\n";

/* In the order of enum flowmap_kind. */
static const char *const map_words[] = {
	[FLOWMAP_AGENT] = "bgp_agent_map", [FLOWMAP_PEER_SRC_AS] = "bgp_peer_src_as_map",
	[FLOWMAP_SRC_LOCAL_PREF] = "bgp_src_local_pref_map", [FLOWMAP_SRC_MED] = "bgp_src_med_map",
	[FLOWMAP_BMP_AGENT] = "bmp_agent_map", [FLOWMAP_RD] = "flow_to_rd_map",
	[FLOWMAP_PEER_DST_IP] = "bgp_peer_dst_ip_map", [FLOWMAP_TAGS] = "pre_tag_map",
};

static void
add_maps(struct sbuf *b, unsigned maps)
{
	const char *before = "";

	for (size_t i = 0; i < ARRAY_LEN(map_words); i++)
		if (maps >> i & 1) {
			sbuf_printf(b, "%s%s", before, map_words[i]);
			before = ", ";
		}
}

/* A word has several rows where maps differ in what it is: they follow each other. */
static void
add_key(struct sbuf *b, const struct rules_key *key)
{
	sbuf_printf(b, ".TP\n.B %s\n%s Takes %s%s. In ", key->word, key->doc, key->expected,
	    key->negatable ? "; may be turned around" : "");
	add_maps(b, key->maps);
	sbuf_str(b, ".\n");
}

void
maps_manual(struct sbuf *b)
{
	static const char *const titles[] = { "WHAT A RULE TESTS", "WHAT A RULE SAYS" };

	sbuf_str(b, head);
	for (unsigned says = 0; says < 2; says++) {
		sbuf_printf(b, ".SH %s\n", titles[says]);
		for (size_t i = 0; i < flow_key_count; i++)
			if ((flow_keys[i].set != NULL) == says)
				add_key(b, &flow_keys[i]);
	}
	sbuf_str(b, ".SH SEE ALSO\n.BR waybill.conf (5),\n.BR waybilld (8)\n");
}
