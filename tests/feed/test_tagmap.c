/* SPDX-License-Identifier: BSD-2-Clause */
/* Tag maps: which rules fit, where jumps lead, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mem.h"
#include "feed/tagmap.h"

static struct tagmap *
load(const char *text, struct conf_notes *notes)
{
	char path[] = "/tmp/waybill-tagmap.XXXXXX";
	int fd = mkstemp(path);
	struct tagmap *map;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	map = tagmap_load(path, notes);
	unlink(path);
	return map;
}

static void
rules_fit_in_order(void **state)
{
	static const char map_text[] =
	    "! a comment\n"
	    "set_tag=7 ip=192.0.2.1 comms=65001:9,65001:1 jeq=more\n"
	    "set_tag=18446744073709551615 ip=192.0.2.0/24\n"
	    "set_label=never ip=192.0.2.1\n"
	    "set_label=first label=more jeq=next\n"
	    "set_label=second ip=192.0.2.1\n"
	    "id=3 ip=2001:db8::/32 jeq=next\n";
	static const struct {
		const char *peer;
		uint8_t comms[8];
		size_t len;
		bool has_tag;
		uint64_t tag;
		const char *label;
	} rows[] = {
		{ "192.0.2.1", { 0xff, 0xff, 0, 1, 0xfd, 0xe9, 0, 1 }, 8, true, 7, "first,second" },
		{ "192.0.2.1", { 0xfd, 0xe9, 0, 2 }, 4, true, UINT64_MAX, "" },
		{ "192.0.2.1", { 0xff, 0xfd, 0xe9, 0, 1, 0, 0, 0 }, 8, true, UINT64_MAX, "" },
		{ "192.0.2.1", { 0 }, 0, true, UINT64_MAX, "" },
		{ "198.51.100.1", { 0xfd, 0xe9, 0, 1 }, 4, false, 0, "first" },
		{ "2001:db8::1", { 0 }, 0, true, 3, "first" },
	};
	struct conf_notes notes = { 0 };
	struct tagmap *map = load(map_text, &notes), *shared = tagmap_share(map);

	(void)state;
	assert_non_null(map);
	tagmap_release(map);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tagmap_subject s = { .comms = rows[i].comms, .comms_len = rows[i].len };
		struct sbuf label = { 0 };
		struct tagmap_result r = { .label = &label };

		assert_int_equal(addr_parse(rows[i].peer, &s.peer), 0);
		tagmap_ask(shared, &s, &r);
		assert_int_equal(r.has_tag, rows[i].has_tag);
		assert_true(r.tag == rows[i].tag);
		assert_string_equal(sbuf_text(&label), rows[i].label);
		sbuf_done(&label);
	}
	tagmap_release(shared);
	conf_notes_done(&notes);
}

static void
faults_are_said(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "set_tag=x\n", ":1: error: set_tag=x: expected a number" },
		{ "set_tag=18446744073709551616\n", "expected a number" },
		{ "set_tag=-1\n", "expected a number" },
		{ "#\nset_tag=1 ip=router\n", ":2: error: ip=router: expected an address" },
		{ "set_tag=1 comms=65001\n", "expected up to 16 communities" },
		{ "set_tag=1 comms=1:65536\n", "expected up to 16 communities" },
		{ "set_tag=1 comms=1:1,\n", "expected up to 16 communities" },
		{ "set_tag=1 comms=1:1,1:2,1:3,1:4,1:5,1:6,1:7,1:8,1:9,1:10,1:11,1:12,1:13,1:14,1:15,"
		  "1:16,1:17\n", "expected up to 16 communities" },
		{ "set_tag=1 in=3\n", "this map has no key 'in'" },
		{ "set_tag=1 label=a\nset_tag=2 jeq=a\n", ":2: error: jeq=a: no rule further down" },
		{ "set_tag=1 label=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "up to 31 letters" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_notes notes = { 0 };
		struct sbuf said = { 0 };

		assert_null(load(rows[i].text, &notes));
		conf_notes_print(&notes, &said);
		assert_non_null(strstr(sbuf_text(&said), rows[i].said));
		sbuf_done(&said);
		conf_notes_done(&notes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_fit_in_order),
		cmocka_unit_test(faults_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
