/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures written here packet by packet, and the datagrams that come out of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "net/reasm.h"
#include "net/savefile.h"

#define PAYLOAD	40

/* How a packet is wrapped. */
struct shape {
	const char *name;
	int dlt;
	unsigned vlans;
	bool six;
	bool options;			/* IPv4 options, IPv6 hop-by-hop + destination headers */
	size_t frag;			/* bytes per fragment, 0: whole */
	bool backwards;			/* the last fragment first */
	size_t pad;			/* behind the packet, as Ethernet has it */
	bool tcp;
	unsigned count;			/* datagrams that come out */
	uint64_t skipped;
};

static const struct shape shapes[] = {
	{ "plain", DLT_EN10MB, .count = 1 },
	{ "padded", DLT_EN10MB, .pad = 6, .count = 1 },
	{ "vlan", DLT_EN10MB, .vlans = 1, .count = 1 },
	{ "qinq", DLT_EN10MB, .vlans = 2, .options = true, .count = 1 },
	{ "ipv6", DLT_EN10MB, .six = true, .count = 1 },
	{ "ipv6 extension headers", DLT_EN10MB, .six = true, .options = true, .count = 1 },
	{ "fragments", DLT_EN10MB, .frag = 16, .count = 1, .skipped = 2 },
	{ "fragments, last first", DLT_EN10MB, .frag = 24, .backwards = true, .count = 1,
	  .skipped = 1 },
	{ "ipv6 fragments", DLT_EN10MB, .six = true, .options = true, .frag = 8, .backwards = true,
	  .count = 1, .skipped = 5 },
	{ "raw", DLT_RAW, .count = 1 },
	{ "raw ipv6", DLT_RAW, .six = true, .count = 1 },
	{ "cooked", DLT_LINUX_SLL, .count = 1 },
	{ "cooked 2", DLT_LINUX_SLL2, .count = 1 },
	{ "bsd loopback", DLT_NULL, .count = 1 },
	{ "tcp", DLT_EN10MB, .tcp = true, .skipped = 1 },
};

static __attribute__((noinline)) void
put_link(struct wr *w, const struct shape *s)
{
	static const uint8_t zeros[20];
	uint16_t etype = s->six ? 0x86dd : 0x0800;

	switch (s->dlt) {
	case DLT_EN10MB:
		wr_bytes(w, zeros, 12);
		for (unsigned i = 0; i < s->vlans; i++) {
			wr_u16(w, i == 0 && s->vlans > 1 ? 0x88a8 : 0x8100);
			wr_u16(w, 7);
		}
		wr_u16(w, etype);
		break;
	case DLT_LINUX_SLL:
		wr_bytes(w, zeros, 14);
		wr_u16(w, etype);
		break;
	case DLT_LINUX_SLL2:
		wr_u16(w, etype);
		wr_bytes(w, zeros, 18);
		break;
	case DLT_NULL:
		wr_u32(w, 2);
		break;
	}
}

static __attribute__((noinline)) void
put_ip4(struct wr *w, const struct shape *s, size_t offset, size_t len, bool more)
{
	static const uint8_t nops[4] = { 1, 1, 1, 1 };
	unsigned words = s->options ? 6 : 5;

	wr_u8(w, (uint8_t)(0x40 | words));
	wr_u8(w, 0);
	wr_u16(w, (uint16_t)(words * 4 + len));
	wr_u16(w, 99);
	wr_u16(w, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
	wr_u8(w, 64);
	wr_u8(w, s->tcp ? 6 : 17);
	wr_u16(w, 0);
	wr_u32(w, 0xc0000201);
	wr_u32(w, 0xc0000202);
	if (s->options)
		wr_bytes(w, nops, 4);
}

static __attribute__((noinline)) void
put_ip6(struct wr *w, const struct shape *s, size_t offset, size_t len, bool more)
{
	static const uint8_t addr[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const uint8_t pad[6] = { 1, 4 };		/* PadN */
	uint8_t last = s->frag != 0 ? 44 : 17;
	size_t extra = (s->options ? 16u : 0) + (s->frag != 0 ? 8u : 0);

	wr_u32(w, 0x60000000);
	wr_u16(w, (uint16_t)(len + extra));
	wr_u8(w, s->options ? 0 : last);
	wr_u8(w, 64);
	wr_bytes(w, addr, 16);
	wr_bytes(w, addr, 16);
	if (s->options) {
		wr_u8(w, 60);
		wr_u8(w, 0);
		wr_bytes(w, pad, 6);
		wr_u8(w, last);
		wr_u8(w, 0);
		wr_bytes(w, pad, 6);
	}
	if (s->frag != 0) {
		wr_u8(w, 17);
		wr_u8(w, 0);
		wr_u16(w, (uint16_t)(offset | (more ? 1 : 0)));
		wr_u32(w, 99);
	}
}

static void
put_packet(pcap_dumper_t *out, const struct shape *s, const uint8_t *udp, size_t offset,
    size_t len, bool more)
{
	uint8_t *room = mem_new(256);
	struct wr w = wr_of(room, 256);
	struct pcap_pkthdr hdr = { .ts = { 1700000000, 250000 } };

	put_link(&w, s);
	if (s->six)
		put_ip6(&w, s, offset, len, more);
	else
		put_ip4(&w, s, offset, len, more);
	wr_bytes(&w, udp + offset, len);
	for (size_t i = 0; i < s->pad; i++)
		wr_u8(&w, 0);
	assert_false(w.bad);
	hdr.caplen = hdr.len = (bpf_u_int32)wr_len(&w);
	pcap_dump((u_char *)out, &hdr, room);
	mem_free(room);
}

static void
put_datagram(pcap_dumper_t *out, const struct shape *s)
{
	uint8_t udp[8 + PAYLOAD];
	struct wr w = wr_of(udp, sizeof(udp));
	size_t step = s->frag != 0 ? s->frag : sizeof(udp);
	size_t n = (sizeof(udp) + step - 1) / step;

	wr_u16(&w, 5000);
	wr_u16(&w, 2055);
	wr_u16(&w, sizeof(udp));
	wr_u16(&w, 0);
	for (uint8_t i = 0; i < PAYLOAD; i++)
		wr_u8(&w, i);
	for (size_t i = 0; i < n; i++) {
		size_t at = (s->backwards ? n - 1 - i : i) * step;
		size_t len = sizeof(udp) - at < step ? sizeof(udp) - at : step;

		put_packet(out, s, udp, at, len, at + len < sizeof(udp));
	}
}

static void
write_capture(const char *path, const struct shape *s)
{
	pcap_t *p = pcap_open_dead(s->dlt, 65535);
	pcap_dumper_t *out = pcap_dump_open(p, path);

	assert_non_null(out);
	put_datagram(out, s);
	pcap_dump_close(out);
	pcap_close(p);
}

static void
every_shape(void **state)
{
	char path[] = "/tmp/waybill-savefile.XXXXXX";
	struct sbuf err = { 0 };

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		const struct shape *s = &shapes[i];
		struct savefile *sf;
		struct dgram d;
		char text[ADDR_TEXT];
		unsigned got = 0;

		print_message("%s\n", s->name);
		write_capture(path, s);
		sf = savefile_open(path, &err);
		assert_non_null(sf);
		while (savefile_next(sf, &d, &err) == 1) {
			got++;
			assert_int_equal(d.len, PAYLOAD);
			for (uint8_t k = 0; k < PAYLOAD; k++)
				assert_int_equal(d.bytes[k], k);
			assert_string_equal(addr_text(&d.from, text),
			    s->six ? "2001:db8::1" : "192.0.2.1");
			assert_int_equal(d.from_port, 5000);
			assert_int_equal(d.to_port, 2055);
			assert_int_equal(d.arrival.ns, INT64_C(1700000000250000000));
		}
		assert_int_equal(got, s->count);
		assert_int_equal(savefile_skipped(sf), s->skipped);
		savefile_close(sf);
	}
	unlink(path);
	sbuf_done(&err);
}

/* A file cut at any length gives no datagram that was not whole, and says what is wrong. */
static void
every_shorter_file(void **state)
{
	char path[] = "/tmp/waybill-savefile.XXXXXX";
	struct sbuf err = { 0 };

	(void)state;
	close(mkstemp(path));
	write_capture(path, &shapes[0]);
	for (long len = 24 + 16 + 14 + 20 + 8 + PAYLOAD; len-- > 0;) {
		struct savefile *sf;
		struct dgram d;

		assert_int_equal(truncate(path, len), 0);
		sbuf_clear(&err);
		sf = savefile_open(path, &err);
		assert_int_equal(sf != NULL, len >= 24);
		if (sf != NULL)
			assert_int_equal(savefile_next(sf, &d, &err), len == 24 ? 0 : -1);
		assert_int_equal(err.len > 0, len != 24);
		savefile_close(sf);
	}
	unlink(path);
	sbuf_done(&err);
}

/* Real captures: datagrams and bytes of payload as tshark counts them (-Y udp -e udp.length). */
static void
real_captures(void **state)
{
	static const struct {
		const char *file;
		uint64_t datagrams, bytes, skipped;
	} rows[] = {
		{ "flow/repro-ipfix-vmware.pcap", 1159, 129192, 0 },
		{ "flow/ipfixcol2-example_flows.pcap", 68, 200032, 0 },
		{ "flow/logstash-netflow9_cisco_asr9k.pcap", 7, 3172, 0 },
		{ "sflow/tcpdump-sflow-print-v6.pcap", 25, 11508, 0 },
		{ "packets/zeek-tunnels-gtp-gtp1_gn_normal_incl_fragmentation.pcap", 68, 56342, 40 },
		{ "packets/ndpi-http_ipv6.pcap", 65, 12449, 128 },
	};
	const char *data = getenv("WB_SHARED_DATA");
	struct sbuf path = { 0 }, err = { 0 };

	(void)state;
	if (data == NULL || access(data, R_OK) != 0) {
		print_message("SKIPPED: no captures (WB_SHARED_DATA)\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct savefile *sf;
		struct dgram d;
		uint64_t n = 0, bytes = 0;

		sbuf_clear(&path);
		sbuf_printf(&path, "%s/%s", data, rows[i].file);
		print_message("%s\n", rows[i].file);
		sf = savefile_open(sbuf_text(&path), &err);
		assert_non_null(sf);
		for (; savefile_next(sf, &d, &err) == 1; n++)
			bytes += d.len;
		assert_int_equal(err.len, 0);
		assert_int_equal(n, rows[i].datagrams);
		assert_int_equal(bytes, rows[i].bytes);
		assert_int_equal(savefile_skipped(sf), rows[i].skipped);
		savefile_close(sf);
	}
	sbuf_done(&path);
	sbuf_done(&err);
}

/* Fragments against a model: random pieces in random order, some lost, some twice. */
static void
pieces_in_any_order(void **state)
{
	struct reasm *r = reasm_new();
	uint8_t *bytes = mem_new(4096);
	unsigned whole = 0;

	(void)state;
	srandom(7);
	for (size_t i = 0; i < 4096; i++)
		bytes[i] = (uint8_t)random();
	for (uint32_t id = 1; id <= 3000; id++) {
		size_t len = 9 + (size_t)random() % 2000, step = 8 + 8 * ((size_t)random() % 40);
		size_t n = (len + step - 1) / step, order[256];
		bool lost = random() % 4 == 0, twice = random() % 4 == 0;
		struct rd got = { .bad = true };

		for (size_t i = 0; i < n; i++)
			order[i] = i;
		for (size_t i = n; i-- > 1;) {
			size_t k = (size_t)random() % (i + 1), keep = order[i];

			order[i] = order[k];
			order[k] = keep;
		}
		for (size_t i = 0; i < n - lost; i++) {
			size_t at = order[i] * step, piece = len - at < step ? len - at : step;
			struct ip_part part = { .id = id, .proto = 17, .offset = at,
			    .more = at + piece < len };

			assert_true(got.bad);
			got = reasm_add(r, &part, rd_of(bytes + at, piece));
			if (twice && i == 0 && n > 1)	/* overlaps: the packet is given up */
				assert_true(reasm_add(r, &part, rd_of(bytes + at, piece)).bad);
		}
		if (lost || (twice && n > 1)) {
			assert_true(got.bad);
			continue;
		}
		assert_int_equal(rd_left(&got), len);
		assert_memory_equal(got.at, bytes, len);
		whole++;
	}
	assert_true(whole > 1000);
	mem_free(bytes);
	reasm_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape),
		cmocka_unit_test(every_shorter_file),
		cmocka_unit_test(real_captures),
		cmocka_unit_test(pieces_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
