/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of primitives and looking a word of `aggregate` up in it. */
#include "agg/prim.h"

#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "flow/enrich.h"
#include "flow/flow.h"

#define F(field)	offsetof(struct flow, field)
#define NO_OLD		NULL, 0
#define NO_TYPES	NULL, NULL, NULL

enum {
	FIRST = PRIM_FIRST_REGISTER,
	COUNTER = PRIM_COUNTER,
	KEPT = PRIM_KEPT_BY_SUM,
	BGP_TABLE = PRIM_BGP_TABLE,

	DST_PATH = ENRICH_DST_ROUTE | ENRICH_ATTRS,
	DST_COMMS = DST_PATH | ENRICH_COMMS,
	SRC_PATH = ENRICH_SRC_ROUTE | ENRICH_ATTRS | ENRICH_SRC_ATTRS,
	SRC_COMMS = SRC_PATH | ENRICH_COMMS,
};

static const struct prim table[] = {
#include "agg/prim_table.h"
};

/* Known to pmacct, not to this build. */
static const struct {
	const char *word, *waits_for;
} missing[] = {
	{ "src_host_country", "GeoIP data" },
	{ "dst_host_country", "GeoIP data" },
	{ "src_host_pocode", "GeoIP data" },
	{ "dst_host_pocode", "GeoIP data" },
	{ "src_host_coords", "GeoIP data" },
	{ "dst_host_coords", "GeoIP data" },
	{ "class_frame", "classification of frames" },
	{ "srv6_seg_ipv6_list", "decoding of SRv6 segment lists" },
	{ "mpls_label_stack", "keys that hold lists of labels" },
};

const struct prim *
prims(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(table);
	return table;
}

const struct prim *
prim_by_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcasecmp(table[i].word, word) == 0)
			return &table[i];
	return NULL;
}

const char *
prim_missing(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(missing); i++)
		if (strcasecmp(missing[i].word, word) == 0)
			return missing[i].waits_for;
	return NULL;
}

const struct prim *
prim_of_sum(const struct prim *sum)
{
	if (sum->take == TAKE_NOTHING)
		return NULL;
	for (const struct prim *p = table; p < table + ARRAY_LEN(table); p++)
		if (p->group != PRIM_SUM && p->at == sum->at && p->sum_at == sum->sum_at)
			return p;
	return NULL;
}
