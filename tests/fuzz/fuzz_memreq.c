/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of `pmacct` clients: whatever parses is written and read again as the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "out/memproto.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbuf once = { 0 }, twice = { 0 }, err = { 0 };
	struct memreq req, again;

	if (memreq_parse((const char *)data, size, &req, &err) == 0) {
		memreq_put(&req, &once);
		assert(memreq_is_whole(&once));
		assert(memreq_parse(once.text, once.len, &again, &err) == 0);
		memreq_put(&again, &twice);
		assert(strcmp(sbuf_text(&once), sbuf_text(&twice)) == 0);
		memreq_done(&again);
	}
	memreq_done(&req);
	sbuf_done(&once);
	sbuf_done(&twice);
	sbuf_done(&err);
	return 0;
}
