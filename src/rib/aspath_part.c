/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of an AS path: its first hops, and the first AS outside of a confederation (RFC 5065 3). */
#include "rib/attr.h"

#include <string.h>

#include "core/bytes.h"

enum { SEG_SEQUENCE = 2, SEG_CONFED_SEQUENCE = 3, SEG_CONFED_SET = 4 };

#define AS_BYTES	4

/* A set is one hop, of whatever length; what is neither is printed as one. */
static bool
is_set(uint8_t type)
{
	return type != SEG_SEQUENCE && type != SEG_CONFED_SEQUENCE;
}

size_t
aspath_cut(const uint8_t *bytes, size_t len, unsigned hops, uint8_t *ret)
{
	size_t at = 0, used = 0;

	while (hops > 0 && at + 2 <= len) {
		size_t count = bytes[at + 1], kept;

		if (len - at - 2 < count * AS_BYTES)
			break;
		kept = is_set(bytes[at]) || count < hops ? count : hops;
		hops -= is_set(bytes[at]) ? 1 : (unsigned)kept;
		memcpy(ret + used, bytes + at, 2 + kept * AS_BYTES);
		ret[used + 1] = (uint8_t)kept;
		used += 2 + kept * AS_BYTES;
		at += 2 + count * AS_BYTES;
	}
	return used;
}

uint32_t
aspath_first_external(const uint8_t *bytes, size_t len)
{
	struct rd path = rd_of(bytes, len);
	uint32_t member = 0;

	while (rd_left(&path) > 0) {
		uint8_t type = rd_u8(&path), count = rd_u8(&path);
		struct rd segment = rd_sub(&path, (size_t)count * AS_BYTES);
		uint32_t first = rd_u32(&segment);

		if (path.bad || count == 0)
			continue;
		if (type != SEG_CONFED_SEQUENCE && type != SEG_CONFED_SET)
			return first;
		member = member == 0 ? first : member;
	}
	return member;
}

bool
aspath_is_confed(const uint8_t *bytes, size_t len)
{
	return len > 0 && (bytes[0] == SEG_CONFED_SEQUENCE || bytes[0] == SEG_CONFED_SET);
}
