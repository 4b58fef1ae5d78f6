/* SPDX-License-Identifier: BSD-2-Clause */
/* The networks file and the lists: lines, errors, and the table against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "flow/lists.h"
#include "flow/networks.h"

static const char path[] = "test_networks.tmp";

static void
write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static uint32_t
random32(void)
{
	static uint64_t state = 42;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) ^ (uint32_t)(state >> 13);
}

static void
lines_are_read(void **state)
{
	static const struct {
		const char *line, *prefix, *hop;
		uint32_t as, peer_as;
		const char *why;		/* part of the complaint */
	} rows[] = {
		{ "10.0.0.0/8", "10.0.0.0/8", "", 0, 0, NULL },
		{ "65500,10.0.0.0/8", "10.0.0.0/8", "", 65500, 0, NULL },
		{ "64512_65500,10.0.0.0/8", "10.0.0.0/8", "", 65500, 64512, NULL },
		{ "192.0.2.1,65500,10.0.0.0/8", "10.0.0.0/8", "192.0.2.1", 65500, 0, NULL },
		{ "192.0.2.1,1_2,10.1.2.3/8", "10.0.0.0/8", "192.0.2.1", 2, 1, NULL },
		{ "192.0.2.1,10.0.0.0/8", "10.0.0.0/8", "192.0.2.1", 0, 0, NULL },
		{ "x,192.0.2.1,7,10.0.0.0/8", "10.0.0.0/8", "192.0.2.1", 7, 0, NULL },
		{ " 2001:db8::1 , 1.10 , 2001:db8::/32 ", "2001:db8::/32", "2001:db8::1", 65546, 0,
		  NULL },
		{ "4294967295,::/0", "::/0", "", 4294967295, 0, NULL },
		{ "65535.65535_1.0,0.0.0.0/0", "0.0.0.0/0", "", 65536, 4294967295, NULL },
		{ "10.0.0.7", "10.0.0.7/32", "", 0, 0, NULL },
		{ "", NULL, NULL, 0, 0, "prefix" },
		{ ",", NULL, NULL, 0, 0, "prefix" },
		{ "10.0.0.0/33", NULL, NULL, 0, 0, "prefix" },
		{ "10.0.0.0/8,65500", NULL, NULL, 0, 0, "prefix" },
		{ ",10.0.0.0/8", NULL, NULL, 0, 0, "AS" },
		{ "_,10.0.0.0/8", NULL, NULL, 0, 0, "AS" },
		{ "1_,10.0.0.0/8", NULL, NULL, 0, 0, "AS" },
		{ "4294967296,10.0.0.0/8", NULL, NULL, 0, 0, "AS" },
		{ "1.65536,10.0.0.0/8", NULL, NULL, 0, 0, "AS" },
		{ "1.2.3,10.0.0.0/8", NULL, NULL, 0, 0, "AS" },
		{ "65500,65501,10.0.0.0/8", NULL, NULL, 0, 0, "address" },
		{ "a,b,c,d,10.0.0.0/8", NULL, NULL, 0, 0, "more than" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct network_line net;
		const char *why = NULL;
		char copy[64], text[PREFIX_TEXT];

		snprintf(copy, sizeof(copy), "%s", rows[i].line);
		if (rows[i].why != NULL) {
			assert_int_equal(network_parse(copy, &net, &why), -1);
			assert_non_null(strstr(why, rows[i].why));
			continue;
		}
		assert_int_equal(network_parse(copy, &net, &why), 0);
		assert_string_equal(prefix_text(&net.prefix, text), rows[i].prefix);
		assert_int_equal(net.as, rows[i].as);
		assert_int_equal(net.peer_as, rows[i].peer_as);
		assert_int_equal(addr_is_set(&net.next_hop), rows[i].hop[0] != '\0');
		if (rows[i].hop[0] != '\0')
			assert_string_equal(addr_text(&net.next_hop, text), rows[i].hop);
	}
}

static void
a_file_answers_by_longest_match(void **state)
{
	static const struct { const char *addr; int as, len; const char *hop; } rows[] = {
		{ "10.1.2.3", 2, 16, "192.0.2.1" },
		{ "10.2.2.3", 1, 8, NULL },
		{ "11.0.0.0", -1, 0, NULL },
		{ "10.1.2.128", 4, 32, NULL },
		{ "2001:db8::1", 3, 32, "2001:db8::9" },
		{ "2001:db8:0:1::1", 5, 64, NULL },
		{ "2001:db9::", -1, 0, NULL },
		{ "::ffff:10.1.2.3", 2, 16, "192.0.2.1" },
	};
	struct conf_notes notes = { 0 };
	struct networks *nw;

	(void)state;
	write_file("! networks\n1,10.0.0.0/8\n192.0.2.1,2,10.1.0.0/16\n\n# six\n"
	    "2001:db8::9,3,2001:db8::/32\n4,10.1.2.128/32\n5,2001:db8:0:1::/64\n");
	nw = networks_load(path, &notes);
	assert_non_null(nw);
	assert_int_equal(notes.count, 0);
	assert_int_equal(nw->prefixes[NETWORKS_IP4], 3);
	assert_int_equal(nw->prefixes[NETWORKS_IP6], 2);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a = addr(rows[i].addr);
		const struct network *net = networks_find(nw, &a);
		char text[ADDR_TEXT];

		if (rows[i].as < 0) {
			assert_null(net);
			continue;
		}
		assert_non_null(net);
		assert_int_equal(net->as, rows[i].as);
		assert_int_equal(net->len, rows[i].len);
		if (rows[i].hop != NULL)
			assert_string_equal(addr_text(networks_hop(nw, net), text), rows[i].hop);
		else
			assert_false(addr_is_set(networks_hop(nw, net)));
	}
	networks_free(nw);
}

static void
all_errors_are_said_at_once_with_their_lines(void **state)
{
	struct conf_notes notes = { 0 };

	(void)state;
	write_file("1,10.0.0.0/8\nnonsense\n! fine\n2,10.0.0.0/99\nx_1,10.0.0.0/8\n");
	assert_null(networks_load(path, &notes));
	assert_int_equal(notes.errors, 3);
	assert_int_equal(notes.note[0].line, 2);
	assert_int_equal(notes.note[1].line, 4);
	assert_int_equal(notes.note[2].line, 5);
	assert_string_equal(notes.note[0].file, path);
	conf_notes_done(&notes);
	assert_null(networks_load("no/such/file", &notes));
	assert_int_equal(notes.errors, 1);
	conf_notes_done(&notes);
}

static void
of_two_lines_for_a_network_the_later_one_counts(void **state)
{
	struct conf_notes notes = { 0 };
	struct addr a = addr("10.1.1.1");
	struct networks *nw;

	(void)state;
	write_file("1,10.0.0.0/8\n9,0.0.0.0/0\n2,10.9.9.9/8\n3,10.0.0.0/8\n");
	nw = networks_load(path, &notes);
	assert_non_null(nw);
	assert_int_equal(networks_find(nw, &a)->as, 3);
	assert_int_equal(nw->prefixes[NETWORKS_IP4], 2);
	assert_int_equal(notes.count, 2);
	assert_int_equal(notes.errors, 0);
	assert_int_equal(notes.note[0].line, 1);
	assert_int_equal(notes.note[1].line, 3);
	networks_free(nw);
	conf_notes_done(&notes);
}

static void
an_empty_file_covers_nothing(void **state)
{
	struct conf_notes notes = { 0 };
	struct addr a = addr("10.1.1.1"), b = addr("::1");
	struct networks *nw;

	(void)state;
	write_file("! nothing\n");
	nw = networks_load(path, &notes);
	assert_non_null(nw);
	assert_null(networks_find(nw, &a));
	assert_null(networks_find(nw, &b));
	networks_free(nw);
}

/* ---- the table against a plain list ------------------------------------------------------ */

/* Addresses that lie near each other, so that prefixes nest. */
static trie_key
random_key(unsigned bits)
{
	trie_key key = 0;

	for (unsigned i = 0; i < 8; i++)
		key = key << 16 | (random32() % 4 == 0 ? random32() & 0xffff : random32() & 0x3);
	return bits == 32 ? key << 96 : key;
}

static void
compare_with_list(unsigned bits, size_t n, size_t lookups)
{
	struct trie_row *row = mem_array(n, sizeof(*row));
	struct trie trie;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		row[i].len = (uint8_t)(random32() % (bits + 1));
		row[i].key = random_key(bits);
		row[i].key = row[i].len == 0 ? 0 :
		    row[i].key >> (128 - row[i].len) << (128 - row[i].len);
	}
	for (size_t i = 0; i < n; i++)
		row[i].value = (uint32_t)i;
	trie_sort(row, n);
	for (size_t i = 1; i < n; i++) {
		int cmp = trie_row_cmp(&row[i - 1], &row[i]);

		assert_true(cmp < 0 || (cmp == 0 && row[i - 1].value < row[i].value));
	}
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || trie_row_cmp(&row[kept - 1], &row[i]) != 0)
			row[kept++] = row[i];
	for (size_t i = 0; i < kept; i++)
		row[i].value = (uint32_t)i + 1;
	trie_build(&trie, row, kept);
	for (size_t i = 0; i < lookups; i++) {
		trie_key key = i % 2 == 0 ? random_key(bits) :
		    row[random32() % kept].key + (bits == 32 ? 0 : random32() % 4);
		uint32_t best = 0;

		for (size_t r = 0; r < kept; r++)
			if (row[r].len == 0 || (row[r].key ^ key) >> (128 - row[r].len) == 0)
				if (best == 0 || row[r].len >= row[best - 1].len)
					best = row[r].value;
		assert_int_equal(trie_find(&trie, key), best);
	}
	trie_done(&trie);
	mem_free(row);
}

static void
table_equals_plain_list(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		compare_with_list(32, 1 + random32() % 300, 500);
		compare_with_list(128, 1 + random32() % 300, 500);
	}
	compare_with_list(32, 20000, 1000);	/* the wide root */
	compare_with_list(128, 20000, 1000);
}

static void
a_million_networks_load_below_a_second(void **state)
{
	enum { NETS = 1000000, LOOKUPS = 1 << 20 };
	struct conf_notes notes = { 0 };
	FILE *file = fopen(path, "w");
	struct addr *a = mem_array(LOOKUPS, sizeof(*a));
	const struct addr **at = mem_array(LOOKUPS, sizeof(*at));
	const struct network **found = mem_array(LOOKUPS, sizeof(*found));
	struct networks *nw;
	int64_t load, find;
	uint64_t sum = 0;

	(void)state;
	assert_non_null(file);
	for (unsigned i = 0; i < NETS; i++) {
		uint32_t net = random32();
		unsigned len = i % 10 < 6 ? 24 : 16 + random32() % 8;

		if (i % 6 == 5)
			fprintf(file, "%u,2001:%x:%x::/48\n", random32() % 70000, net >> 16,
			    net & 0xffff);
		else
			fprintf(file, "192.0.2.%u,64512_%u,%u.%u.%u.0/%u\n", net % 200,
			    random32() % 70000, 1 + (net >> 24) % 222, net >> 16 & 255,
			    net >> 8 & 255, len);
	}
	fclose(file);
	load = cpu_ns();
	nw = networks_load(path, &notes);
	load = cpu_ns() - load;
	assert_non_null(nw);
	for (size_t i = 0; i < LOOKUPS; i++) {
		a[i] = addr_of_v4(random32());
		if (i % 8 == 0)
			a[i] = addr_of_bytes16((const uint8_t[16]){ 0x20, 0x01, random32() & 255,
			    random32() & 255, random32() & 255, random32() & 255 });
		at[i] = &a[i];
	}
	find = cpu_ns();
	networks_find_many(nw, at, found, LOOKUPS - 5);
	find = cpu_ns() - find;
	for (size_t i = 0; i < LOOKUPS - 5; i++) {
		assert_ptr_equal(found[i], networks_find(nw, &a[i]));
		sum += found[i] != NULL;
	}
	assert_null(found[LOOKUPS - 1]);
	print_message("%zu IPv4 and %zu IPv6 networks: loaded in %.0f ms of CPU, %.1f MB, "
	    "%.1f ns per lookup (%llu found)\n", nw->prefixes[0], nw->prefixes[1],
	    (double)load / 1e6, (double)networks_bytes(nw) / 1e6, (double)find / LOOKUPS,
	    (unsigned long long)sum);
	networks_free(nw);
	mem_free(a);
	mem_free(at);
	mem_free(found);
	conf_notes_done(&notes);
}

static void
lists_keep_what_is_listed(void **state)
{
	struct conf_notes notes = { 0 };
	struct list *list;

	(void)state;
	write_file("! ports\n80\n443\n65535\n0\n");
	list = list_load(LIST_PORTS, path, &notes);
	assert_non_null(list);
	assert_int_equal(list_apply(list, 80), 80);
	assert_int_equal(list_apply(list, 65535), 65535);
	assert_int_equal(list_apply(list, 81), 0);
	list_free(list);
	write_file("tcp\n17\nIPv6-ICMP\n");
	list = list_load(LIST_PROTOS, path, &notes);
	assert_non_null(list);
	assert_int_equal(list_apply(list, 6), 6);
	assert_int_equal(list_apply(list, 17), 17);
	assert_int_equal(list_apply(list, 58), 58);
	assert_int_equal(list_apply(list, 1), 255);
	list_free(list);
	assert_int_equal(notes.count, 0);
	write_file("1\nx\n-1\n256\n1 2\n");
	assert_null(list_load(LIST_TOS, path, &notes));
	assert_int_equal(notes.errors, 4);
	assert_int_equal(notes.note[0].line, 2);
	assert_int_equal(notes.note[3].line, 5);
	conf_notes_done(&notes);
}

static int
remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(a_file_answers_by_longest_match),
		cmocka_unit_test(all_errors_are_said_at_once_with_their_lines),
		cmocka_unit_test(of_two_lines_for_a_network_the_later_one_counts),
		cmocka_unit_test(an_empty_file_covers_nothing),
		cmocka_unit_test(table_equals_plain_list),
		cmocka_unit_test(a_million_networks_load_below_a_second),
		cmocka_unit_test(lists_keep_what_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, remove_file);
}
