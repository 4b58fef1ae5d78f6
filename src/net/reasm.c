/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments in, whole packets out. See net/reasm.h. */
#include "net/reasm.h"

#include "core/mem.h"

#define PACKETS		64
#define LONGEST		65535
#define BLOCKS		8192		/* of 8 bytes: the unit of offsets */

struct packet {
	struct ip_part part;		/* of the first piece that came: whose packet it is */
	uint64_t age;			/* 0: free */
	size_t whole;			/* length, once the last piece is there; else 0 */
	size_t blocks;			/* that are filled */
	uint64_t have[BLOCKS / 64];
	uint8_t *bytes;
};

struct reasm {
	struct packet packet[PACKETS];
	uint64_t age;
};

struct reasm *
reasm_new(void)
{
	return mem_new(sizeof(struct reasm));
}

void
reasm_free(struct reasm *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < PACKETS; i++)
		mem_free(r->packet[i].bytes);
	mem_free(r);
}

static bool
same_packet(const struct ip_part *a, const struct ip_part *b)
{
	return a->id == b->id && a->proto == b->proto && addr_eq(&a->src, &b->src) &&
	    addr_eq(&a->dst, &b->dst);
}

/* The packet a piece belongs to; a new one takes the place that was longest without change. */
static struct packet *
packet_for(struct reasm *r, const struct ip_part *part)
{
	struct packet *oldest = &r->packet[0];

	for (size_t i = 0; i < PACKETS; i++) {
		struct packet *p = &r->packet[i];

		if (p->age != 0 && same_packet(&p->part, part))
			return p;
		if (p->age < oldest->age)
			oldest = p;
	}
	if (oldest->bytes == NULL)
		oldest->bytes = mem_new(LONGEST + 8);
	oldest->part = *part;
	oldest->whole = 0;
	oldest->blocks = 0;
	memset(oldest->have, 0, sizeof(oldest->have));
	return oldest;
}

/* Mark the blocks of a piece; false where one of them was there before. */
static bool
claim(struct packet *p, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		uint64_t bit = UINT64_C(1) << (i % 64);

		if ((p->have[i / 64] & bit) != 0)
			return false;
		p->have[i / 64] |= bit;
	}
	p->blocks += n;
	return true;
}

struct rd
reasm_add(struct reasm *r, const struct ip_part *part, struct rd piece)
{
	const struct rd nothing = { .bad = true };
	size_t len = rd_left(&piece), end = part->offset + len;
	struct packet *p;

	if (len == 0 || end > LONGEST || (part->more && len % 8 != 0))
		return nothing;
	p = packet_for(r, part);
	p->age = ++r->age;
	if (!claim(p, part->offset / 8, (len + 7) / 8) || (!part->more && p->whole != 0)) {
		p->age = 0;
		return nothing;
	}
	rd_copy(&piece, p->bytes + part->offset, len);
	if (!part->more)
		p->whole = end;
	if (p->whole == 0 || p->blocks < (p->whole + 7) / 8)
		return nothing;
	p->age = 0;
	if (p->blocks > (p->whole + 7) / 8)	/* something lies behind the end */
		return nothing;
	return rd_of(p->bytes, p->whole);
}
