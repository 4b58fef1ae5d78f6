/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of `*_preprocess` that look at one row alone: least and most packets, flows, bytes,
 * bytes per packet and packets per flow. A "min" passes from its bound on, a "max" below it.
 */
#include "out/preprocess.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

enum measure { PACKETS, FLOWS, BYTES, BYTES_PER_PACKET, PACKETS_PER_FLOW };

static const struct check {
	const char *word;
	enum measure measure;
	bool most;
} checks[PREPROCESS_CHECKS] = {
	{ "minp", PACKETS, false },
	{ "minf", FLOWS, false },
	{ "minb", BYTES, false },
	{ "maxp", PACKETS, true },
	{ "maxf", FLOWS, true },
	{ "maxb", BYTES, true },
	{ "minbpp", BYTES_PER_PACKET, false },
	{ "maxbpp", BYTES_PER_PACKET, true },
	{ "minppf", PACKETS_PER_FLOW, false },
	{ "maxppf", PACKETS_PER_FLOW, true },
};

static int
parse_one(const char *word, struct preprocess *pre, struct sbuf *err)
{
	const char *eq = strchr(word, '=');
	char *end;

	for (size_t i = 0; eq != NULL && i < ARRAY_LEN(checks); i++) {
		size_t len = strlen(checks[i].word);

		if ((size_t)(eq - word) != len || strncasecmp(word, checks[i].word, len) != 0)
			continue;
		errno = 0;
		pre->bound[i] = strtoull(eq + 1, &end, 10);
		if (!isdigit((unsigned char)eq[1]) || *end != '\0' || errno != 0)
			break;
		pre->checks += !pre->on[i];
		pre->on[i] = true;
		return 0;
	}
	sbuf_str(err, "preprocess: ");
	sbuf_quoted(err, word, strlen(word));
	sbuf_str(err, " is not one of minp minf minb maxp maxf maxb minbpp maxbpp minppf maxppf"
	    " with a number");
	return -1;
}

int
preprocess_parse(const char *text, const char *type, struct preprocess *ret, struct sbuf *err)
{
	struct preprocess pre = { .all = type != NULL && strcasecmp(type, "all") == 0 };
	char *copy, *next, *word;
	int bad = 0;

	copy = mem_strdup(text != NULL ? text : "");
	for (word = strtok_r(copy, ", \t", &next); word != NULL && bad == 0;
	    word = strtok_r(NULL, ", \t", &next))
		bad = parse_one(word, &pre, err);
	mem_free(copy);
	if (bad == 0)
		*ret = pre;
	return bad;
}

static uint64_t
measured(enum measure measure, const struct rowset *rs, size_t row)
{
	uint64_t packets = rowset_counter(rs, row, EC_PACKETS);
	uint64_t flows = rowset_counter(rs, row, EC_FLOWS);
	uint64_t bytes = rowset_counter(rs, row, EC_BYTES);

	switch (measure) {
	case PACKETS:
		return packets;
	case FLOWS:
		return flows;
	case BYTES:
		return bytes;
	case BYTES_PER_PACKET:
		return packets > 0 ? bytes / packets : 0;
	case PACKETS_PER_FLOW:
		return flows > 0 ? packets / flows : 0;
	}
	return 0;
}

bool
preprocess_pass(const struct preprocess *pre, const struct rowset *rs, size_t row)
{
	if (pre->checks == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		uint64_t n;
		bool pass;

		if (!pre->on[i])
			continue;
		n = measured(checks[i].measure, rs, row);
		pass = checks[i].most ? n < pre->bound[i] : n >= pre->bound[i];
		if (pass != pre->all)
			return pass;	/* any: the first that passes; all: the first that fails */
	}
	return pre->all;
}

struct rowset
preprocess_rows(const struct preprocess *pre, const struct rowset *rs, uint64_t **ret_room)
{
	struct rowset pass = *rs;
	uint64_t *to = mem_array(rs->rows, rs->stride * sizeof(*to));

	*ret_room = to;
	pass.row = to;
	pass.rows = 0;
	pass.bytes = pass.packets = pass.flows = 0;
	for (size_t i = 0; i < rs->rows; i++) {
		if (!preprocess_pass(pre, rs, i))
			continue;
		memcpy(to, rs->row + i * rs->stride, rs->stride * sizeof(*to));
		to += rs->stride;
		pass.rows++;
		pass.bytes += rowset_counter(rs, i, EC_BYTES);
		pass.packets += rowset_counter(rs, i, EC_PACKETS);
		pass.flows += rowset_counter(rs, i, EC_FLOWS);
	}
	return pass;
}
