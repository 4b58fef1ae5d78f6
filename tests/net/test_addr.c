/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and prefixes: text both ways, masks, covering, socket addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/mem.h"
#include "net/addr.h"

static void
text_both_ways(void **state)
{
	static const struct {
		const char *in, *out;		/* NULL: refused */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "::", "::" },
		{ "2001:DB8:0:0::1", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "192.0.2", NULL },
		{ "192.0.2.256", NULL },
		{ "192.0.2.1 ", NULL },
		{ "2001:db8::1::2", NULL },
		{ "fe80::1%lo", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a;
		char room[ADDR_TEXT];
		int ret = addr_parse(rows[i].in, &a);

		assert_int_equal(ret, rows[i].out != NULL ? 0 : -1);
		if (ret == 0)
			assert_string_equal(addr_text(&a, room), rows[i].out);
	}
}

static void
prefixes(void **state)
{
	static const struct {
		const char *in, *out, *inside, *outside;
	} rows[] = {
		{ "192.0.2.77/24", "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
		{ "192.0.2.77", "192.0.2.77/32", "192.0.2.77", "192.0.2.76" },
		{ "0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "::1" },
		{ "::/0", "::/0", "2001:db8::1", "10.0.0.1" },
		{ "128.0.0.0/1", "128.0.0.0/1", "200.0.0.1", "127.255.255.255" },
		{ "2001:db8:ffff::/33", "2001:db8:8000::/33", "2001:db8:9000::1", "2001:db8::1" },
		{ "192.0.2.0/33", NULL, NULL, NULL },
		{ "2001:db8::/129", NULL, NULL, NULL },
		{ "192.0.2.0/", NULL, NULL, NULL },
		{ "192.0.2.0/-1", NULL, NULL, NULL },
		{ "192.0.2.0/ 8", NULL, NULL, NULL },
		{ "192.0.2.0/24x", NULL, NULL, NULL },
		{ "/24", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct prefix p;
		struct addr a;
		char room[PREFIX_TEXT];
		int ret = prefix_parse(rows[i].in, &p);

		assert_int_equal(ret, rows[i].out != NULL ? 0 : -1);
		if (ret != 0)
			continue;
		assert_string_equal(prefix_text(&p, room), rows[i].out);
		assert_int_equal(addr_parse(rows[i].inside, &a), 0);
		assert_true(prefix_covers(&p, &a));
		assert_int_equal(addr_parse(rows[i].outside, &a), 0);
		assert_false(prefix_covers(&p, &a));
	}
}

/* Masking by bits, one at a time, is the model. */
static void
masks_match_the_model(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned n = 0; n < 20000; n++) {
		struct addr a = n % 2 != 0 ? addr_of_v4((uint32_t)random() << 1) : (struct addr){ { 0 } };
		uint8_t len = (uint8_t)((unsigned long)random() % (addr_bits(&a) + 1u));
		struct addr got, want;

		if (n % 2 == 0)
			for (unsigned i = 0; i < 16; i++)
				a.b[i] = (uint8_t)random();
		if (n % 2 == 0)
			len = (uint8_t)(random() % 129);
		want = a;
		for (unsigned bit = len + 128u - addr_bits(&a); bit < 128; bit++)
			want.b[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
		got = addr_masked(&a, len);
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

static void
socket_addresses(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "::" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sockaddr_storage sa;
		struct addr a, b;
		uint16_t port = 0;
		socklen_t len;

		assert_int_equal(addr_parse(texts[i], &a), 0);
		len = addr_sockaddr(&a, 2100, &sa);
		assert_int_equal(len, addr_is_v4(&a) ? sizeof(struct sockaddr_in) :
		    sizeof(struct sockaddr_in6));
		b = addr_of_sockaddr((struct sockaddr *)&sa, &port);
		assert_true(addr_eq(&a, &b));
		assert_int_equal(port, 2100);
		assert_int_equal(addr_is_set(&a), i != 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_both_ways),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(masks_match_the_model),
		cmocka_unit_test(socket_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
