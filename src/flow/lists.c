/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of ports, protocols and ToS values: a row per kind, one reader for all. */
#include "flow/lists.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/mapfile.h"
#include "core/mem.h"

static const struct list_row {
	const char *what;
	uint32_t numbers;
	uint16_t rest;
	bool named;			/* protocol names are understood */
} list_rows[LIST_KINDS] = {
	[LIST_PORTS] = { "port", 65536, 0, false },
	[LIST_PROTOS] = { "protocol", 256, 255, true },
	[LIST_TOS] = { "ToS value", 256, 255, false },
};

/* Keywords of the IANA registry "Assigned Internet Protocol Numbers", as far as met on the wire. */
static const struct { const char *name; uint8_t number; } protos[] = {
	{ "ip", 0 }, { "hopopt", 0 }, { "icmp", 1 }, { "igmp", 2 }, { "ggp", 3 }, { "ipencap", 4 },
	{ "ipip", 4 }, { "ipv4", 4 }, { "st", 5 }, { "tcp", 6 }, { "cbt", 7 }, { "egp", 8 },
	{ "igp", 9 }, { "pup", 12 }, { "chaos", 16 }, { "udp", 17 }, { "hmp", 20 },
	{ "xns-idp", 22 }, { "rdp", 27 }, { "iso-tp4", 29 }, { "dccp", 33 }, { "xtp", 36 },
	{ "ddp", 37 }, { "ipv6", 41 }, { "ipv6-route", 43 }, { "ipv6-frag", 44 }, { "idrp", 45 },
	{ "rsvp", 46 }, { "gre", 47 }, { "esp", 50 }, { "ipsec-esp", 50 }, { "ah", 51 },
	{ "ipsec-ah", 51 }, { "mobile", 55 }, { "tlsp", 56 }, { "skip", 57 }, { "ipv6-icmp", 58 },
	{ "icmpv6", 58 }, { "ipv6-nonxt", 59 }, { "ipv6-opts", 60 }, { "rspf", 73 },
	{ "vmtp", 81 }, { "eigrp", 88 }, { "ospf", 89 }, { "ax.25", 93 }, { "etherip", 97 },
	{ "encap", 98 }, { "pim", 103 }, { "ipcomp", 108 }, { "vrrp", 112 }, { "pgm", 113 },
	{ "l2tp", 115 }, { "isis", 124 }, { "sctp", 132 }, { "fc", 133 }, { "udplite", 136 },
	{ "mpls-in-ip", 137 }, { "hip", 139 }, { "shim6", 140 },
};

/* A number below the row's limit, or the name of a protocol. -1 for anything else. */
static int
parse_entry(const struct list_row *row, const char *text, uint32_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && *end == '\0' && n < row->numbers) {
		*ret = (uint32_t)n;
		return 0;
	}
	for (size_t i = 0; row->named && i < ARRAY_LEN(protos); i++)
		if (strcasecmp(protos[i].name, text) == 0) {
			*ret = protos[i].number;
			return 0;
		}
	return -1;
}

struct list *
list_load(enum list_kind kind, const char *path, struct conf_notes *notes)
{
	const struct list_row *row = &list_rows[kind];
	struct mapfile *mf = mapfile_open(path, notes);
	size_t errors = notes->errors;
	struct list *list;
	unsigned line;
	uint32_t n;
	char *text;

	if (mf == NULL)
		return NULL;
	list = mem_new(sizeof(*list) + row->numbers / 8);
	list->rest = row->rest;
	while ((text = mapfile_line(mf, &line)) != NULL)
		if (parse_entry(row, text, &n) == 0)
			list->bits[n / 64] |= UINT64_C(1) << (n % 64);
		else
			conf_note(notes, CONF_NOTE_ERROR, path, line, "'%s' is not a %s: "
			    "expected 0 to %u%s", text, row->what, row->numbers - 1,
			    row->named ? " or a protocol's name" : "");
	mapfile_close(mf);
	if (notes->errors == errors)
		return list;
	list_free(list);
	return NULL;
}

void
list_free(struct list *list)
{
	mem_free(list);
}
