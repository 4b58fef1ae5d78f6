/* SPDX-License-Identifier: BSD-2-Clause */
/* Map and list files: lines, words, quotes, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/mapfile.h"
#include "core/mem.h"
#include "files.h"

#define ROOM	4

static void
lines_without_comments(void **state)
{
	struct conf_notes notes = { 0 };
	struct mapfile *mf = mapfile_open(files_write("a.map",
	    "! comment\n\n  10.0.0.0/8  \n# another\n\t! and one\n65000,192.0.2.0/24 ! kept\nlast"),
	    &notes);
	unsigned line;

	(void)state;
	assert_non_null(mf);
	assert_string_equal(mapfile_line(mf, &line), "10.0.0.0/8");
	assert_int_equal(line, 3);
	assert_string_equal(mapfile_line(mf, &line), "65000,192.0.2.0/24 ! kept");
	assert_int_equal(line, 6);
	assert_string_equal(mapfile_line(mf, &line), "last");
	assert_null(mapfile_line(mf, &line));
	mapfile_close(mf);
	assert_null(mapfile_open("/nonexistent/x", &notes));
	assert_int_equal(notes.errors, 1);
	conf_notes_done(&notes);
}

static void
words(void **state)
{
	static const struct {
		const char *line;
		const char *words;		/* NULL: refused */
	} rows[] = {
		{ "id=65000 ip=192.0.2.1", "id<65000>ip<192.0.2.1>" },
		{ "  id=1\t\tin=2   out=3 ", "id<1>in<2>out<3>" },
		{ "set_tag=1 filter='src net 10.0.0.0/8 and port = 1'",
		  "set_tag<1>filter<src net 10.0.0.0/8 and port = 1>" },
		{ "filter='' ip=1", "filter<>ip<1>" },
		{ "set_label=a=b", "set_label<a=b>" },
		{ "in=-2 a=' x '", "in<-2>a< x >" },
		{ "a=1 b=2 c=3 d=4", "a<1>b<2>c<3>d<4>" },
		{ "a=1 b=2 c=3 d=4 e=5", NULL },
		{ "id", NULL },
		{ "id =1", NULL },
		{ "id= 1", NULL },
		{ "id=", NULL },
		{ "=1", NULL },
		{ "id=1 x", NULL },
		{ "filter='open", NULL },
		{ "filter='a'b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_notes notes = { 0 };
		struct mapfile *mf = mapfile_open(files_write("a.map", rows[i].line), &notes);
		struct mapword word[ROOM];
		struct sbuf b = { 0 };
		int n = mapfile_words(mf, mapfile_line(mf, NULL), word, ROOM, &notes);

		assert_int_equal(n >= 0, rows[i].words != NULL);
		assert_int_equal(notes.errors, n < 0);
		for (int k = 0; k < n; k++)
			sbuf_printf(&b, "%s<%s>", word[k].key, word[k].value);
		if (n >= 0)
			assert_string_equal(sbuf_text(&b), rows[i].words);
		mapfile_close(mf);
		conf_notes_done(&notes);
		sbuf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_without_comments),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
