/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of keys: sorted, whole, its defaults valid by their own rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/key_table.h"
#include "conf/manual.h"
#include "conf/options.h"
#include "conf/value.h"
#include "core/mem.h"

static void
sorted_and_whole(void **state)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	(void)state;
	assert_true(n >= 697);
	for (size_t i = 0; i < n; i++) {
		const struct conf_key *key = &keys[i];

		if (i > 0 && strcmp(keys[i - 1].word, key->word) >= 0)
			fail_msg("%s stands behind %s", key->word, keys[i - 1].word);
		assert_ptr_equal(conf_key(key->word), key);
		assert_non_null(key->var);
		assert_non_null(key->programs);
		assert_true(strspn(key->programs, "*NSPUBMTW") == strlen(key->programs));
		if (key->doc == NULL || strlen(key->doc) < 5 || key->doc[strlen(key->doc) - 1] != '.')
			fail_msg("%s has no line for the manual", key->word);
		assert_true(key->max == 0 || key->min <= key->max);
		if (key->type == CONF_WORD)
			assert_non_null(key->words);
	}
	assert_null(conf_key("nfacctd"));
	assert_null(conf_key("zzz"));
}

static void
defaults_are_valid(void **state)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct conf_value value;
		struct sbuf err = { 0 };

		if (keys[i].dflt == NULL)
			continue;
		if (conf_value_parse(&keys[i], keys[i].dflt, &value, &err) != 0)
			fail_msg("%s: default %s", keys[i].word, sbuf_text(&err));
		mem_free(value.text);
		sbuf_done(&err);
	}
}

/* Words of one variable are values of one type, so that a reader need not know which was used. */
static void
words_of_a_variable_agree(void **state)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			const struct conf_key *a = &keys[i], *b = &keys[k];

			if (strcmp(a->var, b->var) != 0 || a->status != CONF_ACTS ||
			    b->status != CONF_ACTS)
				continue;
			if ((a->type != b->type && !(a->type <= CONF_PATH && b->type <= CONF_PATH &&
			    a->type >= CONF_TEXT && b->type >= CONF_TEXT)) || a->scope != b->scope)
				fail_msg("%s and %s differ", a->word, b->word);
		}
}

static void
which_programs(void **state)
{
	static const struct {
		const char *word;
		enum conf_program program;
		bool fits;
	} rows[] = {
		{ "nfacctd_port", CONF_NFACCTD, true },
		{ "nfacctd_port", CONF_SFACCTD, false },
		{ "nfacctd_port", CONF_WAYBILLD, true },
		{ "debug", CONF_PMBMPD, true },
		{ "bgp_daemon", CONF_NFACCTD, true },
		{ "bgp_daemon", CONF_PMBGPD, true },
		{ "bmp_daemon_ip", CONF_PMBGPD, false },
		{ "workers", CONF_NFACCTD, true },
		{ "telemetry_daemon", CONF_NFACCTD, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(conf_key_fits(conf_key(rows[i].word), rows[i].program),
		    rows[i].fits);
}

/* The page in the tree is what the table says today; `make manual` makes it so. */
static void
the_manual_is_current(void **state)
{
	const char *src = getenv("srcdir");
	struct sbuf want = { 0 }, path = { 0 };
	char *got;
	FILE *f;

	(void)state;
	conf_manual(&want);
	sbuf_printf(&path, "%s/docs/man/waybill.conf.5", src != NULL ? src : "..");
	f = fopen(sbuf_text(&path), "r");
	if (f == NULL)
		fail_msg("%s is missing", sbuf_text(&path));
	got = mem_new(want.len + 2);
	assert_int_equal(fread(got, 1, want.len + 1, f), want.len);
	assert_memory_equal(got, want.text, want.len);
	fclose(f);
	mem_free(got);
	sbuf_done(&path);
	sbuf_done(&want);
}

/* Every option that -h prints, of every program, has an item in waybilld(8). */
static void
the_manual_has_every_option(void **state)
{
	const char *src = getenv("srcdir");
	struct sbuf help = { 0 }, path = { 0 };
	char *manual = mem_new(1u << 16), *line, *save = NULL;
	unsigned options = 0;
	FILE *f;

	(void)state;
	sbuf_printf(&path, "%s/docs/man/waybilld.8", src != NULL ? src : "..");
	f = fopen(sbuf_text(&path), "r");
	assert_non_null(f);
	assert_in_range(fread(manual, 1, (1u << 16) - 1, f), 1, (1u << 16) - 2);
	fclose(f);
	for (int program = 0; program < CONF_PROGRAMS; program++)
		options_help((enum conf_program)program, &help);
	for (line = strtok_r(help.text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		char item[64];
		int n;

		if (strncmp(line, "  -", 3) != 0)
			continue;
		n = (int)strcspn(line + 3, " ,");
		snprintf(item, sizeof(item), "\n.It Fl %.*s", n, line + 3);
		if (strstr(manual, item) == NULL)
			fail_msg("waybilld(8) does not mention %s", line);
		options++;
	}
	assert_in_range(options, 60, 1000);
	mem_free(manual);
	sbuf_done(&help);
	sbuf_done(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_and_whole),
		cmocka_unit_test(defaults_are_valid),
		cmocka_unit_test(words_of_a_variable_agree),
		cmocka_unit_test(which_programs),
		cmocka_unit_test(the_manual_is_current),
		cmocka_unit_test(the_manual_has_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
