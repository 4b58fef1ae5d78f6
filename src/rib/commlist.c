/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of communities. */
#include "rib/commlist.h"

#include <string.h>

/* Half of a community, up to `end`, or to the end of the text where `last` may be it. */
static int
take_half(const char **text, char end, bool last, uint8_t *ret)
{
	unsigned n = 0, digits = 0;

	for (; **text >= '0' && **text <= '9' && digits < 6; ++*text, digits++)
		n = n * 10 + (unsigned)(**text - '0');
	if (digits == 0 || n > 65535 || !(**text == end || (last && **text == '\0')))
		return -1;
	ret[0] = (uint8_t)(n >> 8);
	ret[1] = (uint8_t)n;
	return 0;
}

int
commlist_parse(const char *text, struct commlist *ret)
{
	struct commlist list = { .count = 0 };

	for (; list.count < COMMLIST_MOST; text++) {
		uint8_t *to = list.comm[list.count++];

		if (take_half(&text, ':', false, to) != 0)
			return -1;
		text++;
		if (take_half(&text, ',', true, to + 2) != 0)
			return -1;
		if (*text == '\0') {
			*ret = list;
			return 0;
		}
	}
	return -1;
}

bool
commlist_any(const struct commlist *list, const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at + 4 <= len; at += 4)
		for (unsigned i = 0; i < list->count; i++)
			if (memcmp(bytes + at, list->comm[i], 4) == 0)
				return true;
	return false;
}
