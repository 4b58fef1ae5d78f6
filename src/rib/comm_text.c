/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Communities as text, in the forms pmacct's users know: RFC 1997, 4360, 5668, 8092. Bytes that end too
 * early end the text.
 */
#include "rib/attr.h"

#include <inttypes.h>

#include "core/bytes.h"
#include "core/mem.h"

static const struct {
	uint32_t value;
	const char *name;
} comm_names[] = {
	{ 0x00000000, "internet" },
	{ 0xffffff01, "no-export" },
	{ 0xffffff02, "no-advertise" },
	{ 0xffffff03, "local-AS" },
};

static const char *
comm_name(uint32_t value)
{
	for (size_t i = 0; i < ARRAY_LEN(comm_names); i++)
		if (comm_names[i].value == value)
			return comm_names[i].name;
	return NULL;
}

/* Tables of millions of routes have several each, so it is no printf. */
static void
put_pair(struct sbuf *b, uint32_t high, uint32_t low)
{
	sbuf_u64(b, high);
	sbuf_char(b, ':');
	sbuf_u64(b, low);
}

void
comms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	struct rd r = rd_of(bytes, len);

	for (bool first = true; rd_left(&r) >= 4; first = false) {
		uint32_t v = rd_u32(&r);
		const char *name = numeric ? NULL : comm_name(v);

		if (!first)
			sbuf_char(b, separator);
		if (name != NULL)
			sbuf_str(b, name);
		else
			put_pair(b, v >> 16, v & 0xffff);
	}
}

enum { EXT_AS2, EXT_IP4, EXT_AS4 };		/* the low six bits of the type, RFC 7153 */

static void
ecomm_values(struct sbuf *b, unsigned kind, const uint8_t v[8])
{
	uint32_t high = (uint32_t)v[2] << 24 | (uint32_t)v[3] << 16 | (uint32_t)v[4] << 8 | v[5];
	uint32_t low = (uint32_t)v[4] << 24 | (uint32_t)v[5] << 16 | (uint32_t)v[6] << 8 | v[7];
	unsigned last = (unsigned)v[6] << 8 | v[7];

	if (kind == EXT_IP4)
		sbuf_printf(b, "%u.%u.%u.%u:%u", v[2], v[3], v[4], v[5], last);
	else if (kind == EXT_AS4)
		sbuf_printf(b, "%" PRIu32 ":%u", high, last);
	else
		sbuf_printf(b, "%u:%" PRIu32, (unsigned)v[2] << 8 | v[3], low);
}

static void
ecomm_text(struct sbuf *b, const uint8_t v[8], bool numeric)
{
	bool target = v[0] <= EXT_AS4 && v[1] == 2, origin = v[0] <= EXT_AS4 && v[1] == 3;

	if (numeric) {
		sbuf_printf(b, "%u:%u:", v[0], v[1]);
		ecomm_values(b, v[0] & 0x3f, v);
	} else if (target || origin) {
		sbuf_str(b, target ? "RT:" : "SoO:");
		ecomm_values(b, v[0], v);
	} else {
		sbuf_printf(b, "0x%02x%02x%02x%02x%02x%02x%02x%02x",
		    v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
	}
}

void
ecomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		if (i > 0)
			sbuf_char(b, separator);
		ecomm_text(b, bytes + i, numeric);
	}
}

void
lcomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	struct rd r = rd_of(bytes, len);

	for (bool first = true; rd_left(&r) >= 12; first = false) {
		if (!first)
			sbuf_char(b, separator);
		sbuf_u64(b, rd_u32(&r));
		sbuf_char(b, ':');
		sbuf_u64(b, rd_u32(&r));
		sbuf_char(b, ':');
		sbuf_u64(b, rd_u32(&r));
	}
}
