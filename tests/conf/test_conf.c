/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations: grammar, tolerance, order of overriding, sharing, scopes, include, printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "conf/options.h"
#include "core/mem.h"
#include "files.h"

static struct conf *
read_as(enum conf_program program, const char *text, struct conf_notes *notes)
{
	return conf_read(program, files_write("a.conf", text), NULL, 0, notes);
}

static struct conf *
read_good(enum conf_program program, const char *text)
{
	struct conf_notes notes = { 0 };
	struct conf *conf = read_as(program, text, &notes);
	struct sbuf b = { 0 };

	if (conf == NULL) {
		conf_notes_print(&notes, &b);
		fail_msg("%s", sbuf_text(&b));
	}
	conf_notes_done(&notes);
	sbuf_done(&b);
	return conf;
}

#define HEAD "plugins: sqlite3[in], print[out]\naggregate: src_as\n"	/* two lines */

/* One line under two names: what is said, and whether it is an error. */
static const struct {
	const char *line;
	char waybilld, nfacctd;		/* E, W, N: the worst note; '-': none */
	const char *said;		/* part of the first note, under waybilld */
} lines[] = {
	/* grammar */
	{ "", '-', '-', NULL },
	{ "   ! comment: x", '-', '-', NULL },
	{ "\t# comment", '-', '-', NULL },
	{ "nfacctd_port: 2055", '-', '-', NULL },
	{ "  NFACCTD_Port :2055  ", '-', '-', NULL },
	{ "aggregate_filter[out]: net 10.0.0.0/8 and port 53", '-', '-', NULL },
	{ "print_output_file[out] : /tmp/a:b", '-', '-', NULL },
	{ "no colon here", 'E', 'E', "syntax error: a colon is missing" },
	{ "[out]: x", 'E', 'E', "no key in front" },
	{ ": x", 'E', 'E', "no key in front" },
	{ "aggregate[out: x", 'E', 'E', "do not pair up" },
	{ "aggregate]out[: x", 'E', 'E', "do not pair up" },
	{ "aggregate[[out]]: x", 'E', 'E', "do not pair up" },
	{ "aggregate[]: x", 'E', 'E', "no name between" },
	{ "aggregate[out]x: y", 'E', 'E', "only a colon may follow" },
	/* unknown, misplaced, dead, moot, lacking */
	{ "nfacctd_prot: 2055", 'E', 'W', "Unknown key: nfacctd_prot. Did you mean nfacctd_port?" },
	{ "xyzzyplughquux: 1", 'E', 'W', "Unknown key: xyzzyplughquux." },
	{ "mongo_host: x", 'E', 'W', "mongo_host has no effect" },
	{ "plugin_pipe_size: 4096000", 'N', 'N', "nothing to tune" },
	{ "kafka_topic: x", 'E', 'E', "not supported by this build" },
	{ "bmp_daemon: true", '-', '-', NULL },
	{ "bmp_daemon_ha: true", 'E', 'E', "not supported by this build" },
	{ "bmp_daemon: false", '-', '-', NULL },
	{ "sfacctd_renormalize: true", 'E', 'W', "not supported by this build" },
	{ "aggregate[oot]: src_as", 'E', 'W', "Unknown symbol 'oot': no output has that name; did you "
	  "mean out?" },
	{ "aggregate_filter: port 53", 'E', 'W', "write aggregate_filter[NAME]" },
	{ "logfile[out]: /tmp/x", 'W', 'W', "Globalized" },
	{ "plugins: print[z]", 'W', 'W', "a second plugins line" },
	/* values */
	{ "debug: yes", 'E', 'E', "debug takes true or false, not \"yes\"" },
	{ "debug: TRUE", '-', '-', NULL },
	{ "debug:", 'E', 'E', "debug has no value; it takes true or false" },
	{ "nfacctd_port: 0", 'E', 'E', "takes ports from 1 to 65535" },
	{ "nfacctd_port: 2055, 65536", 'E', 'E', "takes ports" },
	{ "nfacctd_port: 2055, 4739", '-', '-', NULL },
	{ "nfacctd_ip: 192.0.2.1, 2001:db8::1", '-', '-', NULL },
	{ "nfacctd_ip: 192.0.2.300", 'E', 'E', "addresses" },
	{ "nfacctd_ip: 192.0.2.1,", 'E', 'E', "addresses" },
	{ "bgp_daemon_as: 4294967295", '-', '-', NULL },
	{ "bgp_daemon_as: 4294967296", 'E', 'E', "takes a number from 1 to 4294967295" },
	{ "bgp_daemon_as: 0", 'E', 'E', "takes a number from 1" },
	{ "bgp_daemon_as: 65000x", 'E', 'E', "takes a number" },
	{ "nfacctd_as: BGP", '-', '-', NULL },
	{ "nfacctd_as: longets", 'E', 'E', "did you mean longest?" },
	{ "sql_history: 5m", '-', '-', NULL },
	{ "sql_history: 5 m", 'E', 'E', "a unit of s, m, h, d, w or M" },
	{ "sql_history: 0m", 'E', 'E', "a unit of" },
	{ "sql_history_roundoff: mh", '-', '-', NULL },
	{ "sql_history_roundoff: mx", 'E', 'E', "made of the letters mhdwM" },
	{ "print_refresh_time: 0", 'E', 'E', "takes seconds from 1" },
	{ "files_umask: 022", '-', '-', NULL },
	{ "files_umask: 0", 'E', 'E', "octal number from 002" },
	{ "files_umask: 089", 'E', 'E', "octal" },
	{ "print_output_separator: \\t", '-', '-', NULL },
	{ "print_output_separator: ab", 'E', 'E', "one character" },
	{ "print_output: jsno", 'E', 'E', "did you mean json?" },
	{ "input[out]: nfacctd", '-', '-', NULL },
	{ "input[out]: sfacctd", 'E', 'E', "not supported by this build" },
	{ "input[out]: netflow", 'E', 'E', "words separated by commas" },
	{ "include:", 'E', 'E', "include takes one file" },
	{ "include: nowhere.conf", 'E', 'E', "nowhere.conf: No such file" },
};

static char
worst(const struct conf_notes *notes)
{
	static const char letters[] = { [CONF_NOTE_ERROR] = 'E', [CONF_NOTE_WARNING] = 'W',
	    [CONF_NOTE_INFO] = 'N' };
	char w = '-';

	for (size_t i = 0; i < notes->count; i++) {
		char c = letters[notes->note[i].kind];

		if (w == '-' || c == 'E' || (c == 'W' && w == 'N'))
			w = c;
	}
	return w;
}

static void
every_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		for (unsigned who = 0; who < 2; who++) {
			enum conf_program program = who == 0 ? CONF_WAYBILLD : CONF_NFACCTD;
			char want = who == 0 ? lines[i].waybilld : lines[i].nfacctd;
			struct conf_notes notes = { 0 };
			struct sbuf text = { 0 };
			struct conf *conf;

			sbuf_printf(&text, "%s%s\n", HEAD, lines[i].line);
			conf = read_as(program, sbuf_text(&text), &notes);
			if (worst(&notes) != want || (conf == NULL) != (want == 'E')) {
				conf_notes_print(&notes, &text);
				fail_msg("under %s: %s", conf_program_name(program), sbuf_text(&text));
			}
			if (want != '-')
				assert_int_equal(notes.note[0].line, 3);
			if (who == 0 && lines[i].said != NULL &&
			    strstr(notes.note[0].text, lines[i].said) == NULL)
				fail_msg("%s: said %s", lines[i].line, notes.note[0].text);
			conf_free(conf);
			conf_notes_done(&notes);
			sbuf_done(&text);
		}
}

static void
all_errors_at_once(void **state)
{
	struct conf_notes notes = { 0 };
	struct sbuf b = { 0 };
	char want[600];

	(void)state;
	assert_null(read_as(CONF_WAYBILLD, "plugins: prnt[a]\n! fine\ndaemonise: true\n"
	    "nfacctd_port: x\nbroken\n", &notes));
	conf_notes_print(&notes, &b);
	snprintf(want, sizeof(want),
	    "%1$s/a.conf:5: error: syntax error: a colon is missing between key and value\n"
	    "%1$s/a.conf:1: error: plugins: unknown output type prnt; did you mean print?\n"
	    "%1$s/a.conf:3: error: Unknown key: daemonise. Did you mean daemonize?\n"
	    "%1$s/a.conf:4: error: nfacctd_port takes ports from 1 to 65535 separated by commas, "
	    "not \"x\"\n", files_folder);
	assert_string_equal(sbuf_text(&b), want);
	assert_int_equal(notes.errors, 4);
	conf_notes_done(&notes);
	sbuf_done(&b);
}

static void
plugins_lines(void **state)
{
	static const struct {
		const char *text, *outputs;	/* NULL: refused */
	} rows[] = {
		{ "", "memory default_memory" },
		{ "plugins: print\n", "print default_print" },
		{ "plugins: sqlite3[in], print[out],memory\n",
		  "sqlite3 in,print out,memory default_memory" },
		{ "aggregate[b]: src_as\nplugins: print[ a ] , PRINT[b]\n", "print a,print b" },
		{ "plugins: print[a], sqlite3[a]\n", "print a" },
		{ "plugins: print, print\n", "print default_print" },
		{ "plugins: print\nplugins: memory\n", "print default_print" },
		{ "plugins: kafka[a], print[b]\n", NULL },
		{ "plugins: core[a]\n", NULL },
		{ "plugins: print[a\n", NULL },
		{ "plugins: print[]\n", NULL },
		{ "plugins: ,\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_notes notes = { 0 };
		struct conf *conf = read_as(CONF_NFACCTD, rows[i].text, &notes);
		struct sbuf b = { 0 };

		assert_int_equal(conf != NULL, rows[i].outputs != NULL);
		for (size_t k = 0; conf != NULL && k < conf_outputs(conf); k++)
			sbuf_printf(&b, "%s%s %s", k > 0 ? "," : "", conf_output(conf, k)->type,
			    conf_output(conf, k)->name);
		if (conf != NULL)
			assert_string_equal(sbuf_text(&b), rows[i].outputs);
		conf_free(conf);
		conf_notes_done(&notes);
		sbuf_done(&b);
	}
}

/* The last line wins; a line for all overwrites those for one. Words of one variable share it. */
static void
overriding_and_sharing(void **state)
{
	struct conf *conf = read_good(CONF_NFACCTD, HEAD
	    "sql_refresh_time: 60\n"
	    "sql_refresh_time[in]: 30\n"
	    "aggregate[in]: dst_as\n"
	    "print_refresh_time[out]: 300\n"
	    "networks_mask[in]: 24\n"
	    "networks_mask: 16\n"
	    "sql_table[in]: acct_%Y\n"
	    "timestamps_rfc3339: true\n"
	    "sql_history: 1h\n");
	const char *file;

	(void)state;
	assert_int_equal(conf_int(conf, CONF_ALL, "refresh_time"), 60);
	assert_int_equal(conf_int(conf, 0, "refresh_time"), 30);
	assert_int_equal(conf_int(conf, 1, "refresh_time"), 300);
	assert_int_equal(conf_int(conf, 1, "sql_refresh_time"), 300);
	assert_string_equal(conf_text(conf, 0, "aggregate"), "dst_as");
	assert_string_equal(conf_text(conf, 1, "aggregate"), "src_as");
	assert_int_equal(conf_int(conf, 0, "networks_mask"), 16);
	assert_string_equal(conf_text(conf, 0, "table"), "acct_%Y");
	assert_null(conf_text(conf, 1, "table"));
	assert_true(conf_bool(conf, 1, "timestamps_rfc9557"));
	assert_int_equal(conf_int(conf, 1, "history"), 3600);
	assert_string_equal(conf_text(conf, 1, "print_history"), "1h");
	assert_int_equal(conf_where(conf, 0, "refresh_time", &file), 4);
	assert_non_null(strstr(file, "a.conf"));
	assert_int_equal(conf_where(conf, 0, "nfacctd_port", &file), 0);
	assert_null(file);
	conf_free(conf);
}

static void
defaults(void **state)
{
	struct conf *conf = read_good(CONF_NFACCTD, "plugins: sqlite3[in], print[out], memory[m]\n");

	(void)state;
	assert_int_equal(conf_int(conf, CONF_ALL, "nfacctd_port"), 2100);
	assert_null(conf_text(conf, CONF_ALL, "nfacctd_ip"));
	assert_string_equal(conf_text(conf, 0, "aggregate"), "src_host");
	assert_false(conf_given(conf, 0, "aggregate"));
	assert_int_equal(conf_int(conf, 0, "refresh_time"), 60);
	assert_string_equal(conf_text(conf, 0, "db"), "/tmp/pmacct.db");
	assert_string_equal(conf_text(conf, 1, "message_output"), "formatted");
	assert_int_equal(conf_int(conf, 1, "files_umask"), 077);
	assert_int_equal(conf_int(conf, 1, "print_output_separator"), ',');
	assert_string_equal(conf_text(conf, 2, "imt_path"), "/tmp/collect.pipe");
	assert_int_equal(conf_int(conf, CONF_ALL, "bgp_daemon_port"), 179);
	assert_int_equal(conf_int(conf, 0, "bin_past"), 86400);
	assert_int_equal(conf_int(conf, 0, "bin_future"), 300);
	assert_int_equal(conf_int(conf, CONF_ALL, "sampling_hold"), 60);
	assert_int_equal(conf_program(conf), CONF_NFACCTD);
	conf_free(conf);
}

static void
included_files(void **state)
{
	struct conf_notes notes = { 0 };
	struct conf *conf;
	const char *file;

	(void)state;
	files_write("b.conf", "aggregate: dst_as\nnfacctd_port: 9995\n");
	conf = read_good(CONF_WAYBILLD, "plugins: print[a]\nnfacctd_port: 2055\ninclude: b.conf\n");
	assert_int_equal(conf_int(conf, CONF_ALL, "nfacctd_port"), 9995);
	assert_int_equal(conf_where(conf, CONF_ALL, "nfacctd_port", &file), 2);
	assert_non_null(strstr(file, "/b.conf"));
	conf_free(conf);

	files_write("b.conf", "include: c.conf\n");
	files_write("c.conf", "debug: true\ninclude: a.conf\n");
	assert_null(read_as(CONF_WAYBILLD, "aggregate: src_as\ninclude: b.conf\n", &notes));
	assert_int_equal(notes.errors, 1);
	assert_int_equal(notes.note[0].line, 2);
	assert_non_null(strstr(notes.note[0].file, "/c.conf"));
	assert_non_null(strstr(notes.note[0].text, "includes itself"));
	conf_notes_done(&notes);
}

static void
includes_are_bounded(void **state)
{
	struct conf_notes notes = { 0 };

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "deep%u.conf", i);
		snprintf(text, sizeof(text), "include: deep%u.conf\n", i + 1);
		files_write(name, text);
	}
	files_write("deep20.conf", "debug: true\n");
	assert_null(read_as(CONF_WAYBILLD, "aggregate: src_as\ninclude: deep0.conf\n", &notes));
	assert_int_equal(notes.errors, 1);
	assert_non_null(strstr(notes.note[0].text, "more than 16 deep"));
	conf_notes_done(&notes);
	assert_null(conf_read(CONF_WAYBILLD, files_folder, NULL, 0, &notes));
	assert_non_null(strstr(notes.note[0].text, "not a regular file"));
	conf_notes_done(&notes);
}

/* What conf_print says reads back as the same configuration. */
static void
printed_reads_back(void **state)
{
	struct conf *conf = read_good(CONF_NFACCTD,
	    "Plugins: sqlite3[in], PRINT[out]\naggregate: src_as,  dst_as\naggregate[in]: dst_as\n"
	    "nfacctd_port: 2055 ,9995\nsql_refresh_time[in]: 30\nDEBUG: True\nsql_history: 05m\n"
	    "aggregate_filter[in]: src net 10.0.0.0/8 or (vlan and src net 10.0.0.0/8)\n");
	struct sbuf first = { 0 }, second = { 0 };
	struct conf *again;

	(void)state;
	conf_print(conf, &first);
	assert_string_equal(sbuf_text(&first),
	    "plugins: sqlite3[in], print[out]\n"
	    "aggregate: src_as,dst_as\n"
	    "aggregate[in]: dst_as\n"
	    "aggregate_filter[in]: src net 10.0.0.0/8 or (vlan and src net 10.0.0.0/8)\n"
	    "sql_history: 5m\n"
	    "sql_refresh_time[in]: 30\n"
	    "debug: true\n"
	    "nfacctd_port: 2055,9995\n");
	again = read_good(CONF_NFACCTD, sbuf_text(&first));
	conf_print(again, &second);
	assert_string_equal(sbuf_text(&first), sbuf_text(&second));
	conf_free(again);
	conf_free(conf);
	sbuf_done(&first);
	sbuf_done(&second);
}

static void
command_lines(void **state)
{
	static const struct {
		const char *argv[10];
		const char *lines;		/* NULL: refused */
		const char *err;
	} rows[] = {
		{ { "nfacctd" }, "", NULL },
		{ { "/usr/sbin/nfacctd", "-f", "x.conf", "-dD", "-l2055" },
		  "debug: true;daemonize: true;nfacctd_port: 2055;", NULL },
		{ { "nfacctd", "-L", "192.0.2.1", "-c", "src_as,dst_as", "-P", "print" },
		  "nfacctd_ip: 192.0.2.1;aggregate: src_as,dst_as;plugins: print;", NULL },
		{ { "pmacctd", "-i", "eth0", "port", "53" }, "pcap_interface: eth0;pcap_filter: port 53;",
		  NULL },
		{ { "pmbgpd", "-l", "1179" }, "bgp_daemon_port: 1179;", NULL },
		{ { "waybilld", "--check", "-f", "x" }, "", NULL },
		{ { "waybilld", "-l", "2055" }, NULL, "unknown option -l" },
		{ { "nfacctd", "-l" }, NULL, "option -l needs a value" },
		{ { "nfacctd", "what" }, NULL, "what is not an option" },
		{ { "waybilld", "--chekc" }, NULL, "unknown option --chekc" },
		{ { "waybilld", "--check=x" }, NULL, "takes no value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options o;
		struct sbuf err = { 0 }, got = { 0 };
		int argc = 0, ret;

		while (rows[i].argv[argc] != NULL)
			argc++;
		ret = options_parse(argc, (char *const *)(uintptr_t)rows[i].argv, &o, &err);
		assert_int_equal(ret, rows[i].lines != NULL ? 0 : -1);
		for (size_t k = 0; k < o.n_lines; k++)
			sbuf_printf(&got, "%s;", o.line[k]);
		if (rows[i].lines != NULL)
			assert_string_equal(sbuf_text(&got), rows[i].lines);
		else
			assert_non_null(strstr(sbuf_text(&err), rows[i].err));
		options_done(&o);
		sbuf_done(&err);
		sbuf_done(&got);
	}
}

static void
options_win_over_the_file(void **state)
{
	static const char *const option[] = { "plugins: print", "nfacctd_port: 9995",
	    "aggregate: dst_as" };
	struct conf_notes notes = { 0 };
	struct conf *conf = conf_read(CONF_NFACCTD, files_write("a.conf",
	    "plugins: memory\naggregate: src_as\nnfacctd_port: 2055\n"), option, 3, &notes);
	const char *file;

	(void)state;
	assert_non_null(conf);
	assert_int_equal(conf_outputs(conf), 1);
	assert_string_equal(conf_output(conf, 0)->type, "print");
	assert_int_equal(conf_int(conf, CONF_ALL, "nfacctd_port"), 9995);
	assert_string_equal(conf_text(conf, 0, "aggregate"), "dst_as");
	assert_int_equal(conf_where(conf, CONF_ALL, "nfacctd_port", &file), 2);
	assert_string_equal(file, "command line");
	conf_free(conf);
	conf_notes_done(&notes);
}

/* A value a row takes: its default, its first word, or something of its type. */
static const char *
sample(const struct conf_key *key, char room[64])
{
	static const char *const by_type[] = {
		[CONF_BOOL] = "true", [CONF_SPAN] = "5m", [CONF_TEXT] = "x", [CONF_PATH] = "/x",
		[CONF_ADDR] = "192.0.2.1", [CONF_ADDRS] = "192.0.2.1, ::1", [CONF_PORT] = "2055",
		[CONF_PORTS] = "2055", [CONF_LIST] = "a, b", [CONF_OCTAL] = "022",
		[CONF_CHAR] = ";",
	};

	if (key->words != NULL) {
		size_t n = key->type == CONF_TEXT ? 1 : strcspn(key->words, "|");

		snprintf(room, 64, "%.*s", (int)n, key->words);
	} else if (key->type == CONF_INT || key->type == CONF_SECONDS) {
		snprintf(room, 64, "%lld", (long long)(key->min > 0 ? key->min : 1));
	} else {
		snprintf(room, 64, "%s", by_type[key->type]);
	}
	return room;
}

/* Every key of every version of pmacct, under waybilld and under each program it belongs to. */
static void
every_key(void **state)
{
	static const char letters[] = { [CONF_WAYBILLD] = 'W', [CONF_NFACCTD] = 'N',
	    [CONF_SFACCTD] = 'S', [CONF_PMACCTD] = 'P', [CONF_UACCTD] = 'U', [CONF_PMBGPD] = 'B',
	    [CONF_PMBMPD] = 'M' };
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (unsigned p = 0; p < CONF_PROGRAMS; p++) {
			const struct conf_key *key = &keys[i];
			bool ours = p == CONF_WAYBILLD || strpbrk(key->programs, "*W") != NULL ||
			    strchr(key->programs, letters[p]) != NULL;
			bool refused = ours && (key->status == CONF_LATER ||
			    (key->status == CONF_DEAD && p == CONF_WAYBILLD));
			bool traffic = p != CONF_PMBGPD && p != CONF_PMBMPD;
			struct conf_notes notes = { 0 };
			char line[256], room[64];
			struct conf *conf;

			if (strcmp(key->word, "plugins") == 0 || strcmp(key->word, "include") == 0 ||
			    (key->scope == CONF_OUTPUT_ONLY && !traffic))
				continue;
			snprintf(line, sizeof(line), "plugins: %s[a]\n%s%s: %s\n",
			    traffic ? "print" : "sqlite3", key->word,
			    key->scope == CONF_OUTPUT_ONLY ? "[a]" : "", sample(key, room));
			if (key->dflt != NULL && strcmp(key->dflt, room) == 0)
				refused = refused && key->status != CONF_LATER;
			conf = read_as(p, line, &notes);
			if ((conf == NULL) != refused)
				fail_msg("%s under %s: %s", key->word, conf_program_name(p),
				    notes.count > 0 ? notes.note[0].text : "nothing said");
			if (!ours)
				assert_non_null(strstr(notes.note[0].text, "means nothing to"));
			conf_free(conf);
			conf_notes_done(&notes);
		}
}

/* Daemons without flows have outputs that take routes, if they ask for any. */
static void
outputs_without_flows(void **state)
{
	struct conf_notes notes = { 0 };
	struct conf *conf = read_as(CONF_PMBGPD, "plugins: print[a], sqlite3[b], kafka[c]\n", &notes);

	(void)state;
	assert_non_null(conf);
	assert_int_equal(conf_outputs(conf), 1);
	assert_string_equal(conf_output(conf, 0)->name, "b");
	assert_int_equal(notes.count, 2);
	assert_non_null(strstr(notes.note[0].text, "print takes no routes"));
	conf_free(conf);
	conf_notes_done(&notes);
	conf = read_as(CONF_PMBMPD, "", &notes);
	assert_int_equal(conf_outputs(conf), 0);
	conf_free(conf);
	conf_notes_done(&notes);
}

/* Every letter of pmacct's daemons, with a value where it takes one. */
static void
every_letter(void **state)
{
	static const struct {
		const char *program, *letters;
	} rows[] = {
		{ "nfacctd", "n:dDhP:b:f:F:c:m:p:r:s:S:L:l:o:t:O:MuRVaAE:I:WZ:Y:T:v:" },
		{ "sfacctd", "n:dDhP:b:f:F:c:m:p:r:s:S:L:l:o:t:O:MuRVaAE:I:WZ:Y:T:v:" },
		{ "pmacctd", "n:NdDhP:b:f:F:c:i:I:m:p:r:s:S:o:t:O:MuwWZ:Y:L:RVazAE:T:v:" },
		{ "uacctd", "n:dDhP:b:f:F:c:m:p:r:s:S:o:t:O:MuRg:L:VaAE:T:v:" },
		{ "pmbgpd", "hVL:l:f:dDS:F:o:O:i:gm:T:" },
		{ "pmbmpd", "hVL:l:f:dDS:F:o:O:i:I:Z:Y:T:" },
		{ "waybilld", "hVf:dD" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (const char *c = rows[i].letters; *c != '\0'; c += 1 + (c[1] == ':')) {
			char letter[] = { '-', *c, '\0' }, value[] = "1";
			char *argv[] = { (char *)(uintptr_t)rows[i].program, letter, value, NULL };
			struct sbuf err = { 0 };
			struct options o;

			if (options_parse(2 + (c[1] == ':'), argv, &o, &err) != 0)
				fail_msg("%s: %s", rows[i].program, sbuf_text(&err));
			options_done(&o);
			if (c[1] == ':')
				assert_int_equal(options_parse(2, argv, &o, &err), -1);
			options_done(&o);
			sbuf_done(&err);
		}
}

static void
compat_report(void **state)
{
	struct sbuf b = { 0 };

	(void)state;
	assert_int_equal(conf_compat_report(files_write("a.conf",
	    "plugins: print[a]\nnfacctd_port: 2055\nimt_buckets[a]: 7\nkafka_topic: x\nmongo_db: y\n"
	    "nonsense: 1\n"), &b), 0);
	assert_non_null(strstr(sbuf_text(&b), "nfacctd_port                     better"));
	assert_non_null(strstr(sbuf_text(&b), "imt_buckets[a]                   nothing to tune"));
	assert_non_null(strstr(sbuf_text(&b), "kafka_topic                      not supported"));
	assert_non_null(strstr(sbuf_text(&b), "nonsense                         unknown"));
	assert_non_null(strstr(sbuf_text(&b), "1 same\n"));
	sbuf_clear(&b);
	assert_int_equal(conf_compat_report("/nonexistent", &b), -1);
	sbuf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line),
		cmocka_unit_test(all_errors_at_once),
		cmocka_unit_test(plugins_lines),
		cmocka_unit_test(overriding_and_sharing),
		cmocka_unit_test(defaults),
		cmocka_unit_test(included_files),
		cmocka_unit_test(includes_are_bounded),
		cmocka_unit_test(printed_reads_back),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(options_win_over_the_file),
		cmocka_unit_test(every_key),
		cmocka_unit_test(outputs_without_flows),
		cmocka_unit_test(every_letter),
		cmocka_unit_test(compat_report),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
