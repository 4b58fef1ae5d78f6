/* SPDX-License-Identifier: BSD-2-Clause */
#include "rib_double.h"

#include <stdlib.h>

const uint8_t rib_double_path[22] = { 2, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
	0, 0, 0, 5 };

const uint8_t *
rib_attr(const struct rib *rib, enum attr_kind kind, uint32_t id, size_t *ret_len)
{
	(void)rib;
	if (kind != ATTR_ASPATH)
		abort();
	*ret_len = id == 0 ? 0 : 2 + 4 * ((id - 1) % 5 + 1);
	return rib_double_path;
}

void
aspath_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	for (size_t i = 2; i < len; i += 4)
		sbuf_printf(b, "%.*s%u", i > 2, &separator, bytes[i + 3]);
}

void
comms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	(void)b, (void)bytes, (void)len, (void)separator, (void)numeric;
}

void
ecomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	(void)b, (void)bytes, (void)len, (void)separator, (void)numeric;
}

void
lcomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	(void)b, (void)bytes, (void)len, (void)separator;
}

const char *
rd_text(uint64_t rd, char room[RD_TEXT])
{
	(void)rd;
	room[0] = '\0';
	return room;
}

int
rd_parse(const char *text, uint64_t *ret_rd)
{
	(void)text, (void)ret_rd;
	return -1;
}
