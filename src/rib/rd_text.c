/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Route distinguishers (RFC 4364 4.2) and route targets (RFC 4360 4, RFC 5668 2) as people write them. Both
 * are a kind of administrator and 6 bytes laid out by it, so they are read by the same lines.
 */
#include "rib/attr.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

const char *
rd_text(uint64_t rd, char room[RD_TEXT])
{
	unsigned type = (unsigned)(rd >> 48);
	uint32_t high = (uint32_t)(rd >> 16), low = (uint32_t)rd;

	if (type == RD_TYPE_VRFID)
		snprintf(room, RD_TEXT, "vrfid:%" PRIu32, low);
	else if (type == 0)
		snprintf(room, RD_TEXT, "0:%u:%" PRIu32, (unsigned)(rd >> 32) & 0xffff, low);
	else if (type == 1)
		snprintf(room, RD_TEXT, "1:%u.%u.%u.%u:%u", high >> 24, high >> 16 & 0xff,
		    high >> 8 & 0xff, high & 0xff, low & 0xffff);
	else
		snprintf(room, RD_TEXT, "%u:%" PRIu32 ":%u", type, high, low & 0xffff);
	return room;
}

/* A decimal number of at most `most`, ended by `end`; moves the text behind that. */
static int
number(const char **text, uint64_t most, char end, uint64_t *ret)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > most)
			return -1;
	}
	if (*p != end)
		return -1;
	*text = end != '\0' ? p + 1 : p;
	*ret = n;
	return 0;
}

static int
dotted(const char **text, uint64_t *ret)
{
	static const char end[] = { '.', '.', '.', ':' };
	uint64_t ip = 0, part;

	for (size_t i = 0; i < ARRAY_LEN(end); i++) {
		if (number(text, 255, end[i], &part) != 0)
			return -1;
		ip = ip << 8 | part;
	}
	*ret = ip;
	return 0;
}

int
rd_parse(const char *text, uint64_t *ret_rd)
{
	uint64_t type, high, low;

	if (strncmp(text, "vrfid:", 6) == 0) {
		text += 6;
		if (number(&text, UINT32_MAX, '\0', &low) != 0)
			return -1;
		*ret_rd = RD_OF_VRFID(low);
		return 0;
	}
	if (number(&text, UINT16_MAX, ':', &type) != 0)
		return -1;
	if ((type == 1 ? dotted(&text, &high) :
	    number(&text, type == 0 ? UINT16_MAX : UINT32_MAX, ':', &high)) != 0)
		return -1;
	if (number(&text, type == 0 ? UINT32_MAX : UINT16_MAX, '\0', &low) != 0)
		return -1;
	*ret_rd = type << 48 | high << (type == 0 ? 32 : 16) | low;
	return 0;
}

/* The type that a text without one has: by the look of its administrator. */
static int
type_of(const char *text, unsigned *ret_type)
{
	const char *colon = strchr(text, ':');
	uint64_t as;

	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return -1;
	if (memchr(text, '.', (size_t)(colon - text)) != NULL)
		*ret_type = 1;
	else if (number(&text, UINT32_MAX, ':', &as) == 0)
		*ret_type = as > UINT16_MAX ? 2 : 0;
	else
		return -1;
	return 0;
}

int
rd_parse_any(const char *text, uint64_t *ret_rd)
{
	char full[RD_TEXT + 3];
	unsigned type;

	if (type_of(text, &type) != 0)
		return rd_parse(text, ret_rd);
	if (snprintf(full, sizeof(full), "%u:%s", type, text) >= (int)sizeof(full))
		return -1;
	return rd_parse(full, ret_rd);
}

int
rt_parse(const char *text, uint64_t *ret_rt)
{
	uint64_t rd;

	if (strncasecmp(text, "RT:", 3) == 0)
		text += 3;
	if (rd_parse_any(text, &rd) != 0 || rd >> 48 > 2)
		return -1;
	*ret_rt = rd >> 48 << 56 | RT_SUBTYPE << 48 | (rd & RD_VALUE);
	return 0;
}
