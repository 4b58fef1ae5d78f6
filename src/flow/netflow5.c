/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetFlow v5: a head of 24 bytes and records of 48, whose layout is written down here as if a
 * template had told it. Length and count have to agree exactly.
 */
#include <assert.h>

#include "flow/source.h"

#define HEAD_LEN	24
#define RECORD_LEN	48

/* Ids are those of the information elements that mean the same. 210: padding. */
const struct field_spec netflow5_layout[NETFLOW5_FIELDS] = {
	{ 0, 8, 4 }, { 0, 12, 4 }, { 0, 15, 4 },	/* source, destination, next hop */
	{ 0, 10, 2 }, { 0, 14, 2 },			/* interfaces */
	{ 0, 2, 4 }, { 0, 1, 4 },			/* packets, bytes */
	{ 0, 22, 4 }, { 0, 21, 4 },			/* first, last */
	{ 0, 7, 2 }, { 0, 11, 2 }, { 0, 210, 1 },	/* ports */
	{ 0, 6, 1 }, { 0, 4, 1 }, { 0, 5, 1 },		/* TCP flags, protocol, TOS */
	{ 0, 16, 2 }, { 0, 17, 2 },			/* AS numbers */
	{ 0, 9, 1 }, { 0, 13, 1 }, { 0, 210, 2 },	/* masks */
};

void
netflow5_datagram(struct collector *col, const struct dgram *d, struct rd r,
    struct flow_batch *out)
{
	struct message m = { .arrival = d->arrival };
	uint16_t records = rd_u16(&r);
	struct source *src;
	uint32_t nsec, decoded = 0;

	m.uptime_ms = rd_u32(&r);
	m.export_sec = rd_u32(&r);
	nsec = rd_u32(&r);
	m.seqno = rd_u32(&r);
	m.engine_type = rd_u8(&r);
	m.engine_id = rd_u8(&r);
	m.head_rate = rd_u16(&r) & 0x3fff;		/* the upper two bits are the mode */
	m.export_time = wall_add(wall_of_sec(m.export_sec), nsec < NS_PER_SEC ? nsec : 0);
	if (r.bad) {
		count(&col->c.too_short);
		return;
	}
	src = source_find(col, &d->from, 5, (uint32_t)m.engine_type << 8 | m.engine_id);
	if (src == NULL)
		return;
	count(&col->c.accepted);
	count(&src->pub.c.datagrams);
	count_add(&src->pub.c.bytes, d->len);
	if (d->len != HEAD_LEN + RECORD_LEN * (size_t)records) {
		source_malformed(src, "length and count do not agree");
		return;
	}
	sequence_take(&src->seq, &(struct sequence_mark){ .number = m.seqno, .count = records,
	    .count_known = true, .has_uptime = true, .uptime_ms = m.uptime_ms,
	    .export_time = m.export_time, .arrival = m.arrival }, &src->pub.c);
	count_add(&src->pub.c.records, records);
	(void)set_decode(src, &m, source_layout(src), r, &decoded, out);
	assert(decoded == records);
}
