/* SPDX-License-Identifier: BSD-2-Clause */
/* Trimming values: which keys there are, and what each does to its type of value. */
#include "agg/trim.h"

#include "core/mem.h"
#include "rib/commpat.h"

static const struct {
	const char *var;
	enum value_type type;
	enum attr_kind kind;
} patterns[] = {
	{ "bgp_stdcomm_pattern", VT_COMMS, ATTR_COMMS },
	{ "bgp_extcomm_pattern", VT_ECOMMS, ATTR_ECOMMS },
	{ "bgp_lrgcomm_pattern", VT_LCOMMS, ATTR_LCOMMS },
};

struct trim {
	unsigned hops;				/* 0: all */
	struct commpat *keep[ARRAY_LEN(patterns)];
};

struct trim *
trim_compile(const struct conf *conf)
{
	struct trim *trim = mem_new(sizeof(*trim));
	bool any;

	trim->hops = (unsigned)conf_int(conf, CONF_ALL, "bgp_aspath_radius");
	any = trim->hops > 0;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		trim->keep[i] = commpat_new(conf_text(conf, CONF_ALL, patterns[i].var));
		any = any || trim->keep[i] != NULL;
	}
	if (any)
		return trim;
	trim_free(trim);
	return NULL;
}

void
trim_free(struct trim *trim)
{
	if (trim == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		commpat_free(trim->keep[i]);
	mem_free(trim);
}

bool
trim_touches(const struct trim *trim, enum value_type type)
{
	if (trim == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (patterns[i].type == type)
			return trim->keep[i] != NULL;
	return type == VT_ASPATH && trim->hops > 0;
}

size_t
trim_apply(const struct trim *trim, enum value_type type, const uint8_t *bytes, size_t len,
    uint8_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (patterns[i].type == type)
			return commpat_keep(trim->keep[i], patterns[i].kind, bytes, len, ret);
	return aspath_cut(bytes, len, trim->hops, ret);
}
