/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of BGP messages: frames, OPEN, NOTIFICATION, ROUTE-REFRESH. */
#include <assert.h>

#include "bgp/open.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What was understood is written again and must come back the same. */
static void
check_open(struct rd body)
{
	struct bgp_fault fault = { 0 };
	struct bgp_open o, again;
	struct bgp_message m;
	uint8_t room[512];
	struct wr w = wr_of(room, sizeof(room));

	if (open_decode(body, &o, &fault) != 0) {
		assert(fault.code == BGP_ERR_OPEN && fault.why != NULL);
		return;
	}
	open_encode(&w, &o);
	assert(!w.bad && bgp_frame(room, wr_len(&w), BGP_MESSAGE_MAX, &m, &fault) == 1);
	assert(o.as > UINT16_MAX || open_decode(m.body, &again, &fault) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct bgp_notification n;
	struct bgp_fault fault;
	struct bgp_refresh r;
	struct bgp_message m;
	struct sbuf text = { 0 };

	check_open(rd_of(bytes, len));
	while (bgp_frame(bytes, len, BGP_MESSAGE_MAX, &m, &fault) == 1) {
		if (m.type == BGP_OPEN)
			check_open(m.body);
		if (m.type == BGP_NOTIFICATION && notification_decode(m.body, &n) == 0)
			notification_text(&text, &n);
		if (m.type == BGP_REFRESH)
			(void)refresh_decode(m.body, &r, &fault);
		bytes += m.len;
		len -= m.len;
	}
	sbuf_done(&text);
	return 0;
}
