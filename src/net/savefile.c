/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UDP payloads of a capture file. libpcap reads the file (pcap and pcapng); here are the link
 * layers, VLAN tags (IEEE 802.1Q, 802.1ad), IPv4 (RFC 791), IPv6 with its extension headers
 * (RFC 8200 4) and UDP (RFC 768). Putting fragments together is net/reasm.h.
 */
#include "net/savefile.h"

#include <pcap/pcap.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "net/reasm.h"

#define ETYPE_IP4	0x0800
#define ETYPE_IP6	0x86dd

struct savefile {
	pcap_t *pcap;
	struct reasm *reasm;
	uint64_t skipped;
};

/*
 * Link layers: what stands in front of the network header. `etype` is where its 2-byte type is,
 * -1 where the version in the first byte of IP tells.
 */
static const struct link {
	int dlt;
	int header;
	int etype;
} links[] = {
	{ DLT_EN10MB,     14, 12 },
	{ DLT_RAW,         0, -1 },
	{ DLT_IPV4,        0, -1 },
	{ DLT_IPV6,        0, -1 },
	{ DLT_NULL,        4, -1 },
	{ DLT_LOOP,        4, -1 },
	{ DLT_LINUX_SLL,  16, 14 },
	{ DLT_LINUX_SLL2, 20,  0 },
	{ DLT_PPP,         4, -1 },
};

static const struct link *
link_of(int dlt)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (links[i].dlt == dlt)
			return &links[i];
	return NULL;
}

struct savefile *
savefile_open(const char *path, struct sbuf *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path,
	    PCAP_TSTAMP_PRECISION_NANO, why);
	struct savefile *sf;

	if (pcap == NULL) {
		sbuf_printf(err, "%s: %s", path, why);
		return NULL;
	}
	if (link_of(pcap_datalink(pcap)) == NULL) {
		const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));

		sbuf_printf(err, "%s: link layer %s is not known here", path,
		    name != NULL ? name : "of an unknown number");
		pcap_close(pcap);
		return NULL;
	}
	sf = mem_new(sizeof(*sf));
	sf->pcap = pcap;
	sf->reasm = reasm_new();
	return sf;
}

void
savefile_close(struct savefile *sf)
{
	if (sf == NULL)
		return;
	pcap_close(sf->pcap);
	reasm_free(sf->reasm);
	mem_free(sf);
}

uint64_t
savefile_skipped(const struct savefile *sf)
{
	return sf->skipped;
}

/* The network packet of a frame; the reader is bad where it is neither IPv4 nor IPv6. */
static struct rd
network_of(struct rd frame, const struct link *link)
{
	struct rd peek;
	uint16_t etype;

	if (link->etype < 0) {
		rd_skip(&frame, (size_t)link->header);
		return frame;
	}
	peek = frame;
	rd_skip(&peek, (size_t)link->etype);
	etype = rd_u16(&peek);
	rd_skip(&frame, (size_t)link->header);
	while (!frame.bad && (etype == 0x8100 || etype == 0x88a8 || etype == 0x9100)) {
		rd_skip(&frame, 2);
		etype = rd_u16(&frame);
	}
	if (etype != ETYPE_IP4 && etype != ETYPE_IP6)
		frame.bad = true;
	return frame;
}

static struct rd
ip4_payload(struct rd r, struct ip_part *part)
{
	struct rd body = r;
	size_t header = (size_t)(rd_u8(&r) & 15) * 4, total;
	uint16_t offset;

	rd_skip(&r, 1);
	total = rd_u16(&r);
	part->id = rd_u16(&r);
	offset = rd_u16(&r);
	rd_skip(&r, 1);
	part->proto = rd_u8(&r);
	rd_skip(&r, 2);
	part->src = addr_of_v4(rd_u32(&r));
	part->dst = addr_of_v4(rd_u32(&r));
	part->offset = (size_t)(offset & 0x1fff) * 8;
	part->more = (offset & 0x2000) != 0;
	if (total == 0)			/* left to the network card by the sender */
		total = rd_left(&body);
	if (r.bad || header < 20 || total < header)
		return (struct rd){ .bad = true };
	body = rd_sub(&body, total);
	rd_skip(&body, header);
	return body;
}

/* Extension headers are walked to the first that is none of them, at most 16 (RFC 8200 4.1). */
static struct rd
ip6_payload(struct rd r, struct ip_part *part)
{
	struct rd body;
	uint16_t len;
	uint8_t b[16];

	rd_skip(&r, 4);
	len = rd_u16(&r);
	part->proto = rd_u8(&r);
	rd_skip(&r, 1);
	rd_copy(&r, b, 16);
	part->src = addr_of_bytes16(b);
	rd_copy(&r, b, 16);
	part->dst = addr_of_bytes16(b);
	body = rd_sub(&r, len);
	for (unsigned n = 0; n < 16 && !body.bad; n++) {
		uint8_t next, units;

		if (part->proto == 44) {		/* fragment: what follows is a piece */
			uint16_t offset;

			part->proto = rd_u8(&body);
			rd_skip(&body, 1);
			offset = rd_u16(&body);
			part->id = rd_u32(&body);
			part->offset = offset & 0xfff8;
			part->more = (offset & 1) != 0;
			if (part->offset != 0 || part->more)
				return body;
			continue;
		}
		if (part->proto != 0 && part->proto != 43 && part->proto != 60 &&
		    part->proto != 51)
			return body;
		next = rd_u8(&body);
		units = rd_u8(&body);
		rd_skip(&body, part->proto == 51 ? (size_t)units * 4 + 6 : (size_t)units * 8 + 6);
		part->proto = next;
	}
	return (struct rd){ .bad = true };
}

static struct rd
ip_payload(struct rd packet, struct ip_part *part)
{
	struct rd peek = packet;

	switch (rd_u8(&peek) >> 4) {
	case 4:
		return ip4_payload(packet, part);
	case 6:
		return ip6_payload(packet, part);
	default:
		return (struct rd){ .bad = true };
	}
}

/* true with ret filled in where the frame holds, or completes, a UDP datagram. */
static bool
datagram_of(struct savefile *sf, const struct pcap_pkthdr *hdr, const uint8_t *bytes,
    struct dgram *ret)
{
	struct ip_part part = { .proto = 0 };
	struct rd body;
	uint16_t len;

	body = network_of(rd_of(bytes, hdr->caplen), link_of(pcap_datalink(sf->pcap)));
	if (!body.bad)
		body = ip_payload(body, &part);
	if (body.bad)
		return false;
	if (part.offset != 0 || part.more)
		body = reasm_add(sf->reasm, &part, body);
	if (body.bad || part.proto != 17)
		return false;
	ret->from_port = rd_u16(&body);
	ret->to_port = rd_u16(&body);
	len = rd_u16(&body);
	rd_skip(&body, 2);
	if (body.bad || len < 8 || len - 8u > rd_left(&body))
		return false;
	ret->len = len - 8u;
	ret->bytes = body.at;
	ret->from = part.src;
	ret->arrival = (wall_t){ hdr->ts.tv_sec * NS_PER_SEC + hdr->ts.tv_usec };
	return true;
}

int
savefile_next(struct savefile *sf, struct dgram *ret, struct sbuf *err)
{
	struct pcap_pkthdr *hdr;
	const u_char *bytes;
	int more;

	while ((more = pcap_next_ex(sf->pcap, &hdr, &bytes)) == 1) {
		struct dgram d;

		if (datagram_of(sf, hdr, bytes, &d)) {
			*ret = d;
			return 1;
		}
		sf->skipped++;
	}
	if (more == PCAP_ERROR_BREAK)
		return 0;
	sbuf_str(err, pcap_geterr(sf->pcap));
	return -1;
}
