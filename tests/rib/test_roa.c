/* SPDX-License-Identifier: BSD-2-Clause */
/* Origin validation as RFC 6811 2 has it, beside a plain list; files of validators, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "rib/vrps.h"

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p), 0);
	return p;
}

static void
states_of_rfc6811(void **state)
{
	static const struct { const char *prefix; uint8_t max; uint32_t as; } roas[] = {
		{ "10.0.0.0/16", 20, 1 }, { "10.0.0.0/16", 16, 2 }, { "10.0.0.0/18", 24, 3 },
		{ "192.0.2.0/24", 24, 0 }, { "2001:db8::/32", 48, 4 },
	};
	static const struct { const char *route; uint32_t origin; char want; } rows[] = {
		{ "10.0.0.0/16", 1, 'v' }, { "10.0.0.0/16", 2, 'v' }, { "10.0.0.0/16", 3, 'i' },
		{ "10.0.16.0/20", 1, 'v' }, { "10.0.16.0/21", 1, 'i' }, { "10.0.16.0/20", 2, 'i' },
		{ "10.0.1.0/24", 3, 'v' }, { "10.0.64.0/24", 3, 'i' }, { "10.0.0.0/15", 1, 'u' },
		{ "10.0.0.0/16", 0, 'i' }, { "192.0.2.0/24", 0, 'i' }, { "192.0.2.0/24", 9, 'i' },
		{ "192.0.3.0/24", 9, 'u' }, { "2001:db8:1::/48", 4, 'v' }, { "2001:db8:1::/49", 4, 'i' },
		{ "2001:db9::/32", 4, 'u' }, { "0.0.0.0/0", 1, 'u' }, { "::/0", 4, 'u' },
	};
	struct roa_table *t = roa_new();
	struct prefix p = prefix("10.0.0.0/16");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(roas); i++) {
		struct prefix q = prefix(roas[i].prefix);

		assert_int_equal(roa_add(t, &q, roas[i].max, roas[i].as), 0);
	}
	assert_int_equal(roa_add(t, &p, 15, 1), -1);
	assert_int_equal(roa_add(t, &p, 33, 1), -1);
	assert_int_equal(roa_count(t), ARRAY_LEN(roas));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct prefix q = prefix(rows[i].route);

		assert_int_equal(roa_check(t, &q, rows[i].origin), rows[i].want);
	}
	roa_free(t);
}

#define LIST	2000

/* Random entries in few prefixes, so that they overlap; every answer as by a walk over all. */
static void
as_a_plain_list(void **state)
{
	static struct { struct prefix p; uint8_t max; uint32_t as; } list[LIST];
	struct roa_table *t = roa_new();

	(void)state;
	srandom(1);
	for (size_t i = 0; i < LIST; i++) {
		uint8_t len = (uint8_t)(8 + random() % 17);
		struct addr a = addr_of_v4(0x0a000000 | ((uint32_t)random() & 0x00ff00ff));

		list[i].p = (struct prefix){ addr_masked(&a, len), len };
		list[i].max = (uint8_t)(len + random() % (33 - len));
		list[i].as = (uint32_t)(random() % 5);
		assert_int_equal(roa_add(t, &list[i].p, list[i].max, list[i].as), 0);
	}
	for (size_t n = 0; n < 5000; n++) {
		uint8_t len = (uint8_t)(8 + random() % 25);
		struct addr a = addr_of_v4(0x0a000000 | ((uint32_t)random() & 0x00ff00ff));
		struct prefix route = { addr_masked(&a, len), len };
		uint32_t origin = (uint32_t)(random() % 6);
		char want = 'u';

		for (size_t i = 0; i < LIST && want != 'v'; i++) {
			if (list[i].p.len > len || !prefix_covers(&list[i].p, &route.addr))
				continue;
			want = 'i';
			if (list[i].as == origin && origin != 0 && len <= list[i].max)
				want = 'v';
		}
		assert_int_equal(roa_check(t, &route, origin), want);
	}
	roa_free(t);
}

/* VRPs come and go at random, told twice or never told as well; the table holds those of a plain list. */
static void
vrps_come_and_go(void **state)
{
	static bool is[16][5][4];
	struct vrps *set = vrps_new();
	size_t count = 0;

	(void)state;
	srandom(2);
	for (size_t n = 0; n < 20000; n++) {
		size_t i = (size_t)random() % 16, m = (size_t)random() % 5, as = (size_t)random() % 4;
		struct vrp vrp = { { addr_of_v4(0x0a000000 | (uint32_t)i << 16), 16 },
		    (uint8_t)(16 + m), (uint32_t)as };
		bool add = random() % 2;
		int want = is[i][m][as] == add ? -1 : 0;

		assert_int_equal(add ? vrps_add(set, &vrp) : vrps_remove(set, &vrp), want);
		if (want == 0)
			count = add ? count + 1 : count - 1;
		is[i][m][as] = add;
		assert_int_equal(vrps_count(set), count);
		if (n % 500 == 0) {
			struct roa_table *t = vrps_table(set);
			struct prefix route = { vrp.prefix.addr, (uint8_t)(16 + m) };
			bool covered = false, valid = false;

			for (size_t l = 0; l < 5; l++)
				for (size_t a = 0; a < 4; a++) {
					covered |= is[i][l][a];
					valid |= is[i][l][a] && a == as && as != 0 && l >= m;
				}
			assert_int_equal(roa_count(t), count);
			assert_int_equal(roa_check(t, &route, (uint32_t)as),
			    valid ? 'v' : covered ? 'i' : 'u');
			roa_free(t);
		}
	}
	assert_int_equal(vrps_add(set, &(struct vrp){ prefix("10.0.0.0/16"), 15, 1 }), -1);
	assert_int_equal(vrps_add(set, &(struct vrp){ prefix("10.0.0.0/16"), 33, 1 }), -1);
	vrps_free(set);
}

static void
files(void **state)
{
	static const struct { const char *text; size_t count; const char *why; } rows[] = {
		{ "{\"metadata\": {}, \"roas\": [{\"asn\": 1, \"prefix\": \"10.0.0.0/8\", \"maxLength\": "
		  "9, \"ta\": \"x\"}, {\"asn\": \"AS2\", \"prefix\": \"2001:db8::/32\"}]}", 2, NULL },
		{ "{\"roas\": []}", 0, NULL },
		{ "{\"roas\": [{\"asn\": \"ASX\", \"prefix\": \"10.0.0.0/8\"}]}", 0, "entry 1 is" },
		{ "{\"roas\": [{\"asn\": 1, \"prefix\": \"10.0.0.0/8\", \"maxLength\": 7}]}", 0, "entry 1" },
		{ "{\"roas\": [{\"asn\": 1, \"prefix\": \"10.0.0.0/8\", \"maxLength\": \"9\"}]}", 0, "entry" },
		{ "{\"roas\": [{\"asn\": 4294967296, \"prefix\": \"10.0.0.0/8\"}]}", 0, "entry 1" },
		{ "{\"roas\": [7]}", 0, "entry 1" },
		{ "{\"roas\": {}}", 0, "no object" },
		{ "{\"x\": [[[{\"a\\\"\": null}], -1.5e3, true]], \"roas\": []} ", 0, NULL },
		{ "{\"roas\": []} x", 0, "no object" },
		{ "", 0, "no object" },
		{ "[]", 0, "no object" },
		{ "{\"roas\": [", 0, "entry 1" },
	};
	char name[] = "/tmp/waybill-roa.XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		FILE *f = fopen(name, "w");
		struct sbuf err = { 0 };
		struct roa_table *t;

		fputs(rows[i].text, f);
		fclose(f);
		t = roa_read(name, &err);
		assert_int_equal(t != NULL, rows[i].why == NULL);
		if (t != NULL)
			assert_int_equal(roa_count(t), rows[i].count);
		else
			assert_non_null(strstr(sbuf_text(&err), rows[i].why));
		roa_free(t);
		sbuf_done(&err);
	}
	for (size_t n = 0; n < strlen(rows[0].text); n++) {
		FILE *f = fopen(name, "w");
		struct sbuf err = { 0 };

		fwrite(rows[0].text, 1, n, f);
		fclose(f);
		assert_null(roa_read(name, &err));
		assert_true(err.len > 0);
		sbuf_done(&err);
	}
	unlink(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_of_rfc6811),
		cmocka_unit_test(as_a_plain_list),
		cmocka_unit_test(vrps_come_and_go),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
