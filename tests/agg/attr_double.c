/* SPDX-License-Identifier: BSD-2-Clause */
/* A stand-in for the texts of src/rib, for tests that do not look at them. */
#include <stdio.h>

#include "rib/attr.h"

void
aspath_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	(void)bytes;
	sbuf_printf(b, "path%c%zu", separator, len);
}

void
comms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	(void)bytes;
	sbuf_printf(b, "comms%c%zu%c%d", separator, len, separator, numeric);
}

void
ecomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	comms_text(b, bytes, len, separator, numeric);
}

void
lcomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	comms_text(b, bytes, len, separator, false);
}

const char *
rd_text(uint64_t rd, char room[RD_TEXT])
{
	snprintf(room, RD_TEXT, "%u:%u:%u", (unsigned)(rd >> 48), (unsigned)(rd >> 32) & 0xffff,
	    (unsigned)rd);
	return room;
}

int
rd_parse(const char *text, uint64_t *ret_rd)
{
	unsigned type, as, number;

	if (sscanf(text, "%u:%u:%u", &type, &as, &number) != 3)
		return -1;
	*ret_rd = (uint64_t)type << 48 | (uint64_t)as << 32 | number;
	return 0;
}
