/* SPDX-License-Identifier: BSD-2-Clause */
/* NetFlow v9 (RFC 3954): the head of a datagram; its FlowSets are read in sets.c. */
#include "flow/source.h"

void
netflow9_datagram(struct collector *col, const struct dgram *d, struct rd r,
    struct flow_batch *out)
{
	struct message m = { .arrival = d->arrival };
	struct set_result sets = { 0 };
	struct source *src;
	uint32_t domain;

	rd_skip(&r, 2);				/* count of records: the lengths say it better */
	m.uptime_ms = rd_u32(&r);
	m.export_sec = rd_u32(&r);
	m.seqno = rd_u32(&r);
	domain = rd_u32(&r);
	m.export_time = wall_of_sec(m.export_sec);
	m.engine_type = (uint8_t)(domain >> 8);	/* where pmacct's users look for them */
	m.engine_id = (uint8_t)domain;
	if (r.bad) {
		count(&col->c.too_short);
		return;
	}
	src = source_find(col, &d->from, 9, domain);
	if (src == NULL)
		return;
	count(&col->c.accepted);
	count(&src->pub.c.datagrams);
	count_add(&src->pub.c.bytes, d->len);
	sequence_take(&src->seq, &(struct sequence_mark){ .number = m.seqno, .count = 1,
	    .count_known = true, .has_uptime = true, .uptime_ms = m.uptime_ms,
	    .export_time = m.export_time, .arrival = m.arrival }, &src->pub.c);
	sets_take(src, &m, &r, &sets, out);
}
