/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes as text: the first byte says which, the rest is its value as it came from the wire. */
#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "rib/attr.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
try_aspath(struct sbuf *b, const uint8_t *bytes, size_t len)
{
	aspath_text(b, bytes, len, '_');
	assert(strpbrk(sbuf_text(b), " ;") == NULL);
	assert(aspath_hops(bytes, len) <= len);
	if (len == 0)
		assert(aspath_first(bytes, len) == 0 && aspath_last(bytes, len) == 0);
}

/* What is read as a route distinguisher is written as one that reads the same. */
static void
try_rd(const uint8_t *bytes, size_t len)
{
	char *text = mem_new(len + 1), room[RD_TEXT];
	uint64_t rd, again;

	memcpy(text, bytes, len);
	if (rd_parse(text, &rd) == 0) {
		assert(rd_parse(rd_text(rd, room), &again) == 0);
		assert(rd == again);
	}
	mem_free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sbuf b = { 0 };

	if (len == 0)
		return 0;
	switch (bytes[0] % 7) {
	case 0: try_aspath(&b, bytes + 1, len - 1); break;
	case 1: comms_text(&b, bytes + 1, len - 1, ' ', false); break;
	case 2: comms_text(&b, bytes + 1, len - 1, ' ', true); break;
	case 3: ecomms_text(&b, bytes + 1, len - 1, ' ', false); break;
	case 4: ecomms_text(&b, bytes + 1, len - 1, ' ', true); break;
	case 5: lcomms_text(&b, bytes + 1, len - 1, ' '); break;
	case 6: try_rd(bytes + 1, len - 1); break;
	}
	sbuf_done(&b);
	return 0;
}
