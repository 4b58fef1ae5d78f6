/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The example of docs/extending.md: a format of datagrams as short as one can be. A head of 14 bytes
 * (version, domain, export time, number of the datagram), then records of 20 up to the end.
 */
#include "toy_input.h"

#define RECORD_LEN	20

/* Ids are those of the information elements that mean the same. */
const struct field_spec toy_layout[TOY_FIELDS] = {
	{ 0, 8, 4 }, { 0, 12, 4 },	/* source, destination */
	{ 0, 1, 4 }, { 0, 2, 4 },	/* bytes, packets */
	{ 0, 150, 4 },			/* start in seconds */
};

void
toy_datagram(struct collector *col, const struct dgram *d, struct rd r, struct flow_batch *out)
{
	struct message m = { .arrival = d->arrival };
	uint32_t domain = rd_u32(&r), decoded = 0;
	struct source *src;

	m.export_sec = rd_u32(&r);
	m.seqno = rd_u32(&r);
	m.export_time = wall_of_sec(m.export_sec);
	if (r.bad) {
		count(&col->c.too_short);
		return;
	}
	src = source_find(col, &d->from, TOY_VERSION, domain);
	if (src == NULL)
		return;
	count(&col->c.accepted);
	count(&src->pub.c.datagrams);
	count_add(&src->pub.c.bytes, d->len);
	if (rd_left(&r) % RECORD_LEN != 0) {
		source_malformed(src, "the last record is cut short");
		return;
	}
	sequence_take(&src->seq, &(struct sequence_mark){ .number = m.seqno, .count = 1,
	    .count_known = true, .export_time = m.export_time, .arrival = m.arrival }, &src->pub.c);
	count_add(&src->pub.c.records, rd_left(&r) / RECORD_LEN);
	(void)set_decode(src, &m, source_layout(src), r, &decoded, out);
}
