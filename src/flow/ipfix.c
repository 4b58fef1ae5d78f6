/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPFIX (RFC 7011): the head of a message; its sets are read in sets.c. Over UDP a datagram is one
 * message (10.3.3); what stands behind the message's length is not looked at.
 */
#include "flow/source.h"

#define HEAD_LEN	16

void
ipfix_datagram(struct collector *col, const struct dgram *d, struct rd r,
    struct flow_batch *out)
{
	struct message m = { .arrival = d->arrival };
	struct set_result sets = { 0 };
	uint16_t length = rd_u16(&r);
	struct source *src;
	struct rd body;
	uint32_t domain;

	m.export_sec = rd_u32(&r);
	m.seqno = rd_u32(&r);
	domain = rd_u32(&r);
	m.export_time = wall_of_sec(m.export_sec);
	if (r.bad) {
		count(&col->c.too_short);
		return;
	}
	src = source_find(col, &d->from, 10, domain);
	if (src == NULL)
		return;
	count(&col->c.accepted);
	count(&src->pub.c.datagrams);
	count_add(&src->pub.c.bytes, d->len);
	if (length < HEAD_LEN || length > d->len) {
		source_malformed(src, "message length is not that of the datagram (RFC 7011 3.1)");
		return;
	}
	body = rd_sub(&r, length - HEAD_LEN);
	sets_take(src, &m, &body, &sets, out);
	sequence_take(&src->seq, &(struct sequence_mark){ .number = m.seqno,
	    .count = sets.records, .count_known = !sets.unknown, .export_time = m.export_time,
	    .arrival = m.arrival }, &src->pub.c);
}
