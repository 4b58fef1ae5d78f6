/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011) as the simulator writes them. Records are laid out
 * from one table of fields, which also writes the templates.
 */
#include "sim/wire.h"

#include <assert.h>

#define TEMPLATE4	256
#define TEMPLATE6	257
#define TEMPLATE_OPT	258
#define SET_HEADER	4
#define RECORD5_LEN	48
#define RECORDS5_MOST	30

/* Where the message header has what changes with each sending; 0: it has no such field. */
static const struct dialect {
	unsigned version, header;
	unsigned uptime_at, seconds_at, ns_at, sequence_at;
	bool by_message;		/* the sequence counts messages, not records */
	unsigned time_len;
} dialects[] = {
	{ 5, 24, 4, 8, 12, 16, false, 4 },
	{ 9, 20, 4, 8, 0, 12, true, 4 },
	{ 10, 16, 0, 4, 0, 8, false, 8 },
};

static const struct dialect *
dialect_of(const struct wire *wire)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (dialects[i].version == wire->version)
			return &dialects[i];
	assert(!"a version without a row");
	return NULL;
}

/* The fields of a v9 or IPFIX record, in order. */
enum field {
	F_SRC, F_DST, F_BYTES, F_PACKETS, F_IN, F_OUT, F_SRC_PORT, F_DST_PORT, F_PROTO, F_TOS,
	F_FLAGS, F_SRC_MASK, F_DST_MASK, F_SRC_AS, F_DST_AS, F_NEXT_HOP, F_FIRST, F_LAST,
	F_DIRECTION, F_SAMPLER, FIELDS
};

static const struct field_row {
	uint16_t id4, id6, id_v9;	/* elements; id_v9 0: the same */
	uint8_t len4, len6, len_v9;
} fields[FIELDS] = {
	[F_SRC] = { 8, 27, 0, 4, 16, 0 },
	[F_DST] = { 12, 28, 0, 4, 16, 0 },
	[F_BYTES] = { 1, 1, 0, 8, 8, 0 },
	[F_PACKETS] = { 2, 2, 0, 8, 8, 0 },
	[F_IN] = { 10, 10, 0, 4, 4, 0 },
	[F_OUT] = { 14, 14, 0, 4, 4, 0 },
	[F_SRC_PORT] = { 7, 7, 0, 2, 2, 0 },
	[F_DST_PORT] = { 11, 11, 0, 2, 2, 0 },
	[F_PROTO] = { 4, 4, 0, 1, 1, 0 },
	[F_TOS] = { 5, 5, 0, 1, 1, 0 },
	[F_FLAGS] = { 6, 6, 0, 1, 1, 0 },
	[F_SRC_MASK] = { 9, 29, 0, 1, 1, 0 },
	[F_DST_MASK] = { 13, 30, 0, 1, 1, 0 },
	[F_SRC_AS] = { 16, 16, 0, 4, 4, 0 },
	[F_DST_AS] = { 17, 17, 0, 4, 4, 0 },
	[F_NEXT_HOP] = { 18, 63, 0, 4, 16, 0 },
	[F_FIRST] = { 152, 152, 22, 8, 8, 4 },
	[F_LAST] = { 153, 153, 21, 8, 8, 4 },
	[F_DIRECTION] = { 61, 61, 0, 1, 1, 0 },
	[F_SAMPLER] = { 48, 48, 0, 2, 2, 0 },
};

static unsigned
field_len(const struct wire *wire, enum field f, bool v6)
{
	if (wire->version == 9 && fields[f].len_v9 != 0)
		return fields[f].len_v9;
	return v6 ? fields[f].len6 : fields[f].len4;
}

/* The sampler field stands in the template only where sampling is announced. */
static unsigned
field_count(const struct wire *wire)
{
	return wire->sampling > 0 ? FIELDS : FIELDS - 1;
}

static unsigned
fields_len(const struct wire *wire, unsigned count, bool v6)
{
	unsigned len = 0;

	for (unsigned f = 0; f < count; f++)
		len += field_len(wire, f, v6);
	return len;
}

static unsigned
record_len(const struct wire *wire, bool v6)
{
	return wire->version == 5 ? RECORD5_LEN : fields_len(wire, field_count(wire), v6);
}

/* Where the times of a record lie. */
static unsigned
time_at(const struct wire *wire, bool v6)
{
	return wire->version == 5 ? 24 : fields_len(wire, F_FIRST, v6);
}

/* Of the message, where its first record begins. */
static unsigned
records_at(const struct wire *wire)
{
	return dialect_of(wire)->header + (wire->version == 5 ? 0 : SET_HEADER);
}

unsigned
wire_fits(const struct wire *wire, unsigned bytes, bool v6)
{
	unsigned header = wire->version == 10 ? 20 : 24;
	unsigned n = (bytes - header - 3) / record_len(wire, v6);

	return wire->version == 5 && n > RECORDS5_MOST ? RECORDS5_MOST : n;
}

/* --- messages ----------------------------------------------------------------------------------- */

static void
put_header(struct wr *w, const struct wire *wire, unsigned records)
{
	switch (wire->version) {
	case 5:
		wr_u16(w, 5);
		wr_u16(w, (uint16_t)records);
		wr_u32(w, 0);			/* uptime, seconds, ns, sequence: patched */
		wr_u64(w, 0);
		wr_u32(w, 0);
		wr_u16(w, (uint16_t)wire->domain);
		wr_u16(w, (uint16_t)(wire->sampling > 0 ? 0x4000 | wire->sampling : 0));
		break;
	case 9:
		wr_u16(w, 9);
		wr_u16(w, (uint16_t)records);
		wr_u64(w, 0);			/* uptime, seconds */
		wr_u32(w, 0);			/* sequence */
		wr_u32(w, wire->domain);
		break;
	default:
		wr_u16(w, 10);
		wr_u16(w, 0);			/* length: filled at the end */
		wr_u64(w, 0);			/* export time, sequence */
		wr_u32(w, wire->domain);
	}
}

static void
put_addr(struct wr *w, const struct addr *a)
{
	if (addr_is_v4(a))
		wr_bytes(w, a->b + 12, 4);
	else
		wr_bytes(w, a->b, 16);
}

static void
put_record5(struct wr *w, const struct record *r)
{
	put_addr(w, &r->src);
	put_addr(w, &r->dst);
	put_addr(w, &r->next_hop);
	wr_u16(w, (uint16_t)r->in_iface);
	wr_u16(w, (uint16_t)r->out_iface);
	wr_u32(w, (uint32_t)r->packets);
	wr_u32(w, (uint32_t)r->bytes);
	wr_u64(w, 0);				/* first, last: patched */
	wr_u16(w, r->src_port);
	wr_u16(w, r->dst_port);
	wr_u8(w, 0);
	wr_u8(w, r->tcp_flags);
	wr_u8(w, r->proto);
	wr_u8(w, r->tos);
	wr_u32(w, 0);				/* 16-bit ASNs: what the router does not know */
	wr_u8(w, r->src_mask);
	wr_u8(w, r->dst_mask);
	wr_u16(w, 0);
}

static void
put_record(struct wr *w, const struct wire *wire, const struct record *r)
{
	unsigned time_len = dialect_of(wire)->time_len;

	put_addr(w, &r->src);
	put_addr(w, &r->dst);
	wr_u64(w, r->bytes);
	wr_u64(w, r->packets);
	wr_u32(w, r->in_iface);
	wr_u32(w, r->out_iface);
	wr_u16(w, r->src_port);
	wr_u16(w, r->dst_port);
	wr_u8(w, r->proto);
	wr_u8(w, r->tos);
	wr_u8(w, r->tcp_flags);
	wr_u8(w, r->src_mask);
	wr_u8(w, r->dst_mask);
	wr_u32(w, 0);
	wr_u32(w, 0);
	put_addr(w, &r->next_hop);
	wr_uint(w, 0, time_len);
	wr_uint(w, 0, time_len);
	wr_u8(w, 0);
	if (wire->sampling > 0)
		wr_u16(w, 1);
}

static void
end_message(struct wr *w, const struct wire *wire)
{
	if (wire->version == 10)
		wr_fill16(w, 2, 4);
}

void
wire_data(struct wr *w, const struct wire *wire, const struct record *r, unsigned n, bool v6)
{
	size_t mark = 0;

	put_header(w, wire, n);
	if (wire->version != 5) {
		wr_u16(w, v6 ? TEMPLATE6 : TEMPLATE4);
		mark = wr_mark16(w);
	}
	for (unsigned i = 0; i < n; i++)
		if (wire->version == 5)
			put_record5(w, &r[i]);
		else
			put_record(w, wire, &r[i]);
	while (wire->version == 9 && wr_len(w) % 4 != 0)
		wr_u8(w, 0);
	if (wire->version != 5)
		wr_fill16(w, mark, SET_HEADER);
	end_message(w, wire);
}

static void
put_template(struct wr *w, const struct wire *wire, bool v6)
{
	wr_u16(w, v6 ? TEMPLATE6 : TEMPLATE4);
	wr_u16(w, (uint16_t)field_count(wire));
	for (unsigned f = 0; f < field_count(wire); f++) {
		uint16_t id = v6 ? fields[f].id6 : fields[f].id4;

		if (wire->version == 9 && fields[f].id_v9 != 0)
			id = fields[f].id_v9;
		wr_u16(w, id);
		wr_u16(w, (uint16_t)field_len(wire, f, v6));
	}
}

/* Options: sampler 1 takes one packet in `sampling`. Scope: the whole system (domain in IPFIX). */
static void
put_options(struct wr *w, const struct wire *wire)
{
	bool v9 = wire->version == 9;
	size_t mark;

	wr_u16(w, v9 ? 1 : 3);
	mark = wr_mark16(w);
	wr_u16(w, TEMPLATE_OPT);
	if (v9) {
		wr_u16(w, 4);			/* bytes of scope fields, of option fields */
		wr_u16(w, 12);
		wr_u16(w, 1);			/* scope: system */
		wr_u16(w, 4);
	} else {
		wr_u16(w, 4);			/* fields, of these scope */
		wr_u16(w, 1);
		wr_u16(w, 149);			/* observationDomainId */
		wr_u16(w, 4);
	}
	wr_u16(w, 48);
	wr_u16(w, 2);
	wr_u16(w, 49);
	wr_u16(w, 1);
	wr_u16(w, 50);
	wr_u16(w, 4);
	if (v9)
		wr_u16(w, 0);			/* padding to 4 bytes */
	wr_fill16(w, mark, 4);
	wr_u16(w, TEMPLATE_OPT);
	mark = wr_mark16(w);
	wr_u32(w, wire->domain);
	wr_u16(w, 1);
	wr_u8(w, 2);				/* random */
	wr_u32(w, wire->sampling);
	if (v9)
		wr_u8(w, 0);
	wr_fill16(w, mark, 4);
}

void
wire_templates(struct wr *w, const struct wire *wire)
{
	size_t mark;

	put_header(w, wire, wire->sampling > 0 ? 4 : 2);
	wr_u16(w, wire->version == 9 ? 0 : 2);
	mark = wr_mark16(w);
	put_template(w, wire, false);
	put_template(w, wire, true);
	wr_fill16(w, mark, SET_HEADER);
	if (wire->sampling > 0)
		put_options(w, wire);
	end_message(w, wire);
}

/* --- what changes with each sending -------------------------------------------------------------- */

static void
set32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
set64(uint8_t *p, uint64_t v)
{
	set32(p, (uint32_t)(v >> 32));
	set32(p + 4, (uint32_t)v);
}

uint32_t
wire_stamp(const struct wire *wire, uint8_t *message, const struct wire_stamp *stamp, unsigned records)
{
	const struct dialect *d = dialect_of(wire);

	if (d->uptime_at != 0)
		set32(message + d->uptime_at, stamp->uptime_ms);
	if (d->ns_at != 0)
		set32(message + d->ns_at, (uint32_t)(stamp->now.ns % NS_PER_SEC));
	set32(message + d->seconds_at, (uint32_t)wall_sec(stamp->now));
	set32(message + d->sequence_at, stamp->sequence);
	return stamp->sequence + (d->by_message ? 1 : records);
}

void
wire_stamp_records(const struct wire *wire, uint8_t *message, const struct wire_stamp *stamp,
    unsigned records, bool v6)
{
	bool wide = dialect_of(wire)->time_len == 8;
	uint64_t ms = wide ? (uint64_t)(stamp->now.ns / NS_PER_MS) : stamp->uptime_ms;
	unsigned len = record_len(wire, v6);
	uint8_t *p = message + records_at(wire) + time_at(wire, v6);

	for (unsigned i = 0; i < records; i++, p += len) {
		if (wide) {
			set64(p, ms - 1000);
			set64(p + 8, ms);
		} else {
			set32(p, (uint32_t)ms - 1000);
			set32(p + 4, (uint32_t)ms);
		}
	}
}
