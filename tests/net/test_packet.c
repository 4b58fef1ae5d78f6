/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet headers: tags, both families, a tunnel, and every cut of a packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "net/packet.h"

/* QinQ, IPv4, UDP to 4789, VXLAN 7, Ethernet, IPv6 with a fragment header, TCP. */
static const uint8_t bytes[] = {
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xa8, 0x60, 100, 0x81, 0, 0, 200, 8, 0,
	0x45, 0xb8, 0, 132, 0, 9, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
	0x30, 0x39, 0x12, 0xb5, 0, 112, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0,
	2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 4, 0x86, 0xdd,
	0x60, 0x10, 0, 5, 0, 28, 44, 63,
	0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	6, 0, 0, 1, 0, 0, 0, 77,
	0, 80, 1, 187, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x12, 0, 0, 0, 0, 0, 0,
};

static void
tags_and_tunnel(void **state)
{
	struct packet p;
	char room[ADDR_TEXT];

	(void)state;
	packet_read(PACKET_ETHERNET, bytes, sizeof(bytes), &p);
	assert_false(p.cut);
	assert_int_equal(p.outer.vlan, 100);
	assert_int_equal(p.outer.cos, 3);
	assert_int_equal(p.outer.cvlan, 200);
	assert_string_equal(addr_text(&p.outer.src, room), "192.0.2.1");
	assert_int_equal(p.outer.tos, 0xb8);
	assert_int_equal(p.outer.dst_port, 4789);
	assert_int_equal(p.outer.vni, 7);
	assert_true(p.tunnel);
	assert_string_equal(addr_text(&p.inner.dst, room), "2001:db8::2");
	assert_int_equal(p.inner.tos, 1);
	assert_int_equal(p.inner.flow_label, 5);
	assert_int_equal(p.inner.frag_id, 77);
	assert_true(p.inner.more_frags);
	assert_int_equal(p.inner.proto, 6);
	assert_int_equal(p.inner.dst_port, 443);
	assert_int_equal(p.inner.tcp_flags, 0x12);
}

/* In memory of just that size, so that a read past the end shows. */
static void
every_cut(void **state)
{
	struct packet p;

	(void)state;
	for (size_t len = 1; len < sizeof(bytes); len++) {
		uint8_t *some = malloc(len);

		assert_non_null(some);
		memcpy(some, bytes, len);
		for (enum packet_link link = 0; link < PACKET_LINK_COUNT; link++)
			packet_read(link, some, len, &p);
		free(some);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_and_tunnel),
		cmocka_unit_test(every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
