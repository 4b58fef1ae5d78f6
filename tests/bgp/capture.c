/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture.h"

#include <pcap/pcap.h>

#include "core/mem.h"

static struct flow_side *
side_of(struct capture *c, const uint8_t key[37])
{
	for (size_t i = 0; i < c->sides; i++)
		if (memcmp(c->side[i].key, key, 37) == 0)
			return &c->side[i];
	if (c->sides == ARRAY_LEN(c->side))
		return NULL;
	memset(&c->side[c->sides], 0, sizeof(c->side[0]));
	memcpy(c->side[c->sides].key, key, 37);
	return &c->side[c->sides++];
}

struct flow_side *
capture_other_way(struct capture *c, const struct flow_side *side)
{
	uint8_t key[37];

	memcpy(key, side->key + 16, 16);
	memcpy(key + 16, side->key, 16);
	memcpy(key + 32, side->key + 34, 2);
	memcpy(key + 34, side->key + 32, 2);
	key[36] = side->key[36];
	return side_of(c, key);
}

static void
take_bytes(struct capture *c, struct flow_side *s, const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	s->bytes = mem_grow(s->bytes, s->len + len, 1);
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	if (c->stream != NULL)
		at = c->stream(c->ctx, s, s->bytes, s->len);
	while (c->stream == NULL && !s->broken) {
		struct bgp_fault fault = { 0 };
		struct bgp_message m;
		int got = bgp_frame(s->bytes + at, s->len - at, BGP_MESSAGE_MAX, &m, &fault);

		if (got == 0)
			break;
		s->broken = got < 0;
		c->each(c->ctx, c, s, got, &m, &fault);
		at += got > 0 ? m.len : 0;
	}
	memmove(s->bytes, s->bytes + at, s->len - at);
	s->len -= at;
}

static void
take_tcp(struct capture *c, uint8_t key[37], struct rd r)
{
	const uint8_t *start = r.at;
	struct flow_side *s;
	uint32_t seq;
	uint8_t words, flags;

	rd_copy(&r, key + 32, 4);
	seq = rd_u32(&r);
	rd_skip(&r, 4);
	words = rd_u8(&r) >> 4;
	flags = rd_u8(&r);
	rd_skip(&r, (size_t)words * 4 > 14 ? (size_t)words * 4 - (size_t)(r.at - start) : 0);
	if (r.bad || (s = side_of(c, key)) == NULL)
		return;
	if (flags & 0x02) {			/* SYN: a new connection */
		s->len = 0;
		s->broken = false;
		s->begun = true;
		s->next_seq = ++seq;		/* bytes may come with it */
	}
	if (rd_left(&r) == 0 || (s->begun && (int32_t)(seq - s->next_seq) < 0))
		return;
	if (seq != s->next_seq)			/* the capture has a hole: begin anew behind it */
		s->len = 0;
	s->begun = true;
	s->next_seq = seq + (uint32_t)rd_left(&r);
	take_bytes(c, s, r.at, rd_left(&r));
}

static void
take_ip(struct capture *c, struct rd r)
{
	uint8_t key[37] = { 0 }, version = rd_left(&r) > 0 ? r.at[0] >> 4 : 0;
	size_t head = version == 4 ? (r.at[0] & 15) * 4u : 40, total;
	struct rd ip = r, packet;

	key[36] = version;
	if (version == 4) {
		rd_skip(&ip, 2);
		total = rd_u16(&ip);
		rd_skip(&ip, 5);
		if (rd_u8(&ip) != 6)
			return;
		rd_skip(&ip, 2);
		rd_copy(&ip, key, 4);
		rd_copy(&ip, key + 16, 4);
	} else {
		rd_skip(&ip, 4);
		total = 40u + rd_u16(&ip);
		if (rd_u8(&ip) != 6)
			return;
		rd_skip(&ip, 1);
		rd_copy(&ip, key, 16);
		rd_copy(&ip, key + 16, 16);
	}
	packet = rd_sub(&r, total < rd_left(&r) ? total : rd_left(&r));
	rd_skip(&packet, head);
	if (!ip.bad && !packet.bad)
		take_tcp(c, key, packet);
}

static void
take_frame(struct capture *c, int link, struct rd r)
{
	uint16_t type = 0x0800;

	switch (link) {
	case DLT_EN10MB:
		rd_skip(&r, 12);
		while ((type = rd_u16(&r)) == 0x8100 || type == 0x88a8)
			rd_skip(&r, 2);
		break;
	case DLT_LINUX_SLL:
		rd_skip(&r, 14);
		type = rd_u16(&r);
		break;
	case DLT_NULL:
		rd_skip(&r, 4);
		break;
	case DLT_PPP:
		if (rd_left(&r) > 1 && r.at[0] == 0xff)
			rd_skip(&r, 2);
		type = rd_u16(&r) == 0x0021 ? 0x0800 : 0;
		break;
	case DLT_C_HDLC:
		rd_skip(&r, 2);
		type = rd_u16(&r);
		break;
	}
	if (!r.bad && (type == 0x0800 || type == 0x86dd))
		take_ip(c, r);
}

int
capture_read(struct capture *c, const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, err);
	struct pcap_pkthdr *hdr;
	const u_char *bytes;
	int got;

	if (p == NULL)
		return -1;
	while ((got = pcap_next_ex(p, &hdr, &bytes)) == 1)
		take_frame(c, pcap_datalink(p), rd_of(bytes, hdr->caplen));
	pcap_close(p);
	for (size_t i = 0; i < c->sides; i++)
		mem_free(c->side[i].bytes);
	return got == PCAP_ERROR_BREAK ? 0 : -1;
}
