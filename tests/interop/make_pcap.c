/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a capture of UDP packets of known sizes, for exporters that read captures:
 *
 *   make_pcap FILE SRC,DST,SPORT,DPORT,PACKETS,SIZE ...      SIZE: bytes of the IP packet
 */
#include <pcap/pcap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/bytes.h"
#include "net/addr.h"

static void
put_packet(struct wr *w, const struct addr *src, const struct addr *dst, unsigned sport,
    unsigned dport, unsigned size)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	bool v4 = addr_is_v4(src);
	unsigned head = v4 ? 20 : 40;
	uint32_t sum = 0;
	uint8_t *ip;

	wr_bytes(w, macs, 12);
	wr_u16(w, v4 ? 0x0800 : 0x86dd);
	ip = w->at;
	if (v4) {
		wr_u16(w, 0x4500);
		wr_u16(w, (uint16_t)size);
		wr_u32(w, 0);
		wr_u32(w, 0x40110000);
		wr_bytes(w, src->b + 12, 4);
		wr_bytes(w, dst->b + 12, 4);
		for (int i = 0; i < 20; i += 2)
			sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
		sum = ~((sum & 0xffff) + (sum >> 16));
		ip[10] = (uint8_t)(sum >> 8);
		ip[11] = (uint8_t)sum;
	} else {
		wr_u32(w, 0x60000000);
		wr_u16(w, (uint16_t)(size - 40));
		wr_u16(w, 0x1140);
		wr_bytes(w, src->b, 16);
		wr_bytes(w, dst->b, 16);
	}
	wr_u16(w, (uint16_t)sport);
	wr_u16(w, (uint16_t)dport);
	wr_u16(w, (uint16_t)(size - head));
	wr_u16(w, 0);
	memset(wr_room(w, size - head - 8), 'x', size - head - 8);
}

static int
write_flow(pcap_dumper_t *out, char *text, time_t now)
{
	struct pcap_pkthdr h = { 0 };
	unsigned n[4] = { 0 };
	struct addr src, dst;
	uint8_t bytes[2048];
	struct wr w = wr_of(bytes, sizeof(bytes));
	char *word[6];

	for (int i = 0; i < 6; i++)
		if ((word[i] = strtok(i == 0 ? text : NULL, ",")) == NULL)
			return -1;
	if (addr_parse(word[0], &src) != 0 || addr_parse(word[1], &dst) != 0)
		return -1;
	for (int i = 0; i < 4; i++)
		n[i] = (unsigned)atoi(word[2 + i]);
	if (n[3] < 48 || n[3] > 1500)
		return -1;
	put_packet(&w, &src, &dst, n[0], n[1], n[3]);
	h.caplen = h.len = (bpf_u_int32)wr_len(&w);
	h.ts.tv_sec = now;
	for (unsigned i = 0; i < n[2]; i++) {
		h.ts.tv_usec = (suseconds_t)i;
		pcap_dump((u_char *)out, &h, bytes);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *out = argc > 2 ? pcap_dump_open(p, argv[1]) : NULL;

	if (out == NULL)
		return 2;
	for (int i = 2; i < argc; i++)
		if (write_flow(out, argv[i], time(NULL)) != 0) {
			fprintf(stderr, "make_pcap: what is \"%s\"?\n", argv[i]);
			return 2;
		}
	pcap_dump_close(out);
	pcap_close(p);
	return 0;
}
