/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the tools, and the outputs of a configuration one after the other. */
#include "waybill/tool.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "sql/verify.h"
#include "waybill/waybill.h"

#define NAMES_MOST	(1u << 20)

static const struct tool {
	const char *name;
	tool_run *run;
	const char *usage;
} tools[] = {
	{ "schema", schema_tool,
"usage: waybill schema --conf FILE [--output NAME] [--engine mysql|pgsql|sqlite3] [--days N] [--plain]\n"
"       waybill schema --conf FILE [--output NAME] --check [--table TABLE]\n"
"\n"
"Print the tables that Waybill recommends for the outputs of a configuration: narrow types, a key on\n"
"the aggregate, partitions by day where the engine has them (--days: for so many days from today,\n"
"--plain: none), indexes for the reports. --check compares the table that is there.\n" },
	{ "verify", verify_tool,
"usage: waybill verify --conf FILE [--output NAME] [--from TIME] [--to TIME] [--json]\n"
"\n"
"Compare the tables of the outputs with waybill_ledger: packets, bytes and flows per bin. TIME is\n"
"\"2026-11-23 22:30\", \"2026-11-23\" or seconds since 1970.\n" },
	{ "journal", journal_tool,
"usage: waybill journal --conf FILE [--output NAME] [list|show|replay] [--json]\n"
"       waybill journal --dir DIR [list] [--json]\n"
"\n"
"The segments of the journals: list them (landed: the database has them), show their rows as CSV or\n"
"JSON, or replay them into the database, each row once. For replay the daemon has to be stopped.\n" },
};

static const struct option longs[] = {
	{ "conf", required_argument, NULL, 'f' }, { "as", required_argument, NULL, 'a' },
	{ "output", required_argument, NULL, 'o' }, { "engine", required_argument, NULL, 'e' },
	{ "table", required_argument, NULL, 't' }, { "dir", required_argument, NULL, 'd' },
	{ "from", required_argument, NULL, 'F' }, { "to", required_argument, NULL, 'T' },
	{ "days", required_argument, NULL, 'n' }, { "check", no_argument, NULL, 'c' },
	{ "plain", no_argument, NULL, 'p' }, { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
};

/* 0: go on; else '?' or 'h'. */
static int
read_args(int argc, char **argv, struct tool_args *a)
{
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "f:o:jh", longs, NULL)) != -1) {
		switch (c) {
		case 'f': a->conf = optarg; break;
		case 'a': a->as = optarg; break;
		case 'o': a->output = optarg; break;
		case 'e': a->engine = optarg; break;
		case 't': a->table = optarg; a->check = true; break;
		case 'd': a->dir = optarg; break;
		case 'F': a->from = optarg; break;
		case 'T': a->to = optarg; break;
		case 'n': a->days = strtoull(optarg, NULL, 10); break;
		case 'c': a->check = true; break;
		case 'p': a->plain = true; break;
		case 'j': a->json = true; break;
		default: return c;
		}
	}
	if (optind < argc)
		a->word = argv[optind++];
	return optind == argc ? 0 : '?';
}

int
waybill_tool(int argc, char **argv, int *ret_status)
{
	struct tool_args args = { .days = 7 };
	const struct tool *t = NULL;
	int c;

	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (strcmp(tools[i].name, argv[0]) == 0)
			t = &tools[i];
	if (t == NULL)
		return -1;
	c = read_args(argc, argv, &args);
	if (c == 0 && t->run == journal_tool && args.conf == NULL && args.dir != NULL) {
		*ret_status = journal_list_dir(&args);
	} else if (c != 0 || args.conf == NULL) {
		fputs(t->usage, c == 'h' ? stdout : stderr);
		*ret_status = c == 'h' ? TOOL_FINE : TOOL_FAILED;
	} else {
		*ret_status = tool_outputs(&args, t->run);
	}
	return 0;
}

/* --- outputs -------------------------------------------------------------------------------------- */

static int
run_output(const struct tool_args *args, tool_run *run, const struct conf *conf, size_t i,
    struct names *names)
{
	const struct conf_output *co = conf_output(conf, i);
	struct conf_notes notes = { 0 };
	struct sbuf subject = { 0 }, out = { 0 }, err = { 0 };
	struct plan *plan = plan_compile(conf, i, wall_now(), &notes);
	int status = TOOL_FAILED;

	sbuf_printf(&subject, "%s/%s", co->name, co->type);
	if (plan != NULL) {
		struct out_env env = { .conf = conf, .output = i, .name = co->name,
			.type = co->type, .plan = plan, .style = out_style(conf, i, names),
			.names = names, .subject = subject.text };

		status = run(args, &env, &out, &err);
	} else {
		conf_notes_print(&notes, &err);
	}
	fputs(sbuf_text(&out), stdout);
	if (status == TOOL_FAILED)
		fprintf(stderr, "waybill: %s: %s\n", subject.text, sbuf_text(&err));
	conf_notes_done(&notes);
	plan_free(plan);
	sbuf_done(&subject);
	sbuf_done(&out);
	sbuf_done(&err);
	return status;
}

static struct conf *
read_conf(const struct tool_args *args)
{
	enum conf_program program = CONF_WAYBILLD;
	struct conf_notes notes = { 0 };
	struct sbuf text = { 0 };
	struct conf *conf;

	for (unsigned i = 0; args->as != NULL && i < CONF_PROGRAMS; i++)
		if (strcmp(conf_program_name((enum conf_program)i), args->as) == 0)
			program = (enum conf_program)i;
	conf = conf_read(program, args->conf, args->line, args->lines, &notes);
	if (conf == NULL) {
		conf_notes_print(&notes, &text);
		fputs(sbuf_text(&text), stderr);
	}
	conf_notes_done(&notes);
	sbuf_done(&text);
	return conf;
}

int
tool_outputs(const struct tool_args *args, tool_run *run)
{
	struct conf *conf = read_conf(args);
	struct names *names = names_new(NAMES_MOST);
	int worst = TOOL_FINE;
	size_t runs = 0;

	for (size_t i = 0; conf != NULL && i < conf_outputs(conf); i++) {
		const struct conf_output *co = conf_output(conf, i);
		bool wanted = args->output != NULL ? strcmp(args->output, co->name) == 0 :
		    args->engine != NULL || sql_backend(co->type) != NULL;
		int status;

		if (!wanted)
			continue;
		runs++;
		status = run_output(args, run, conf, i, names);
		worst = status > worst ? status : worst;
	}
	if (conf != NULL && runs == 0)
		fprintf(stderr, "waybill: %s: no output %s\n", args->conf,
		    args->output != NULL ? args->output : "that writes to a database");
	conf_free(conf);
	names_free(names);
	return runs == 0 ? TOOL_FAILED : worst;
}

int
tool_time(const char *text, bool utc, int64_t *ret_sec)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d" };
	char *end;

	*ret_sec = strtoll(text, &end, 10);
	if (*end == '\0' && end != text)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };

		end = strptime(text, forms[i], &tm);
		if (end == NULL || *end != '\0')
			continue;
		*ret_sec = (int64_t)(utc ? timegm(&tm) : mktime(&tm));
		return 0;
	}
	return -1;
}

int
verify_tool(const struct tool_args *args, const struct out_env *env, struct sbuf *out,
    struct sbuf *err)
{
	struct verify_conf conf = { .json = args->json };
	int64_t differ;

	if (sql_backend(env->type) == NULL) {
		sbuf_str(err, "does not write to a database that this build knows");
		return TOOL_FAILED;
	}
	if ((args->from != NULL && tool_time(args->from, env->style.utc, &conf.from) != 0) ||
	    (args->to != NULL && tool_time(args->to, env->style.utc, &conf.to) != 0)) {
		sbuf_str(err, "times are \"2026-11-23 22:30\", \"2026-11-23\" or seconds since 1970");
		return TOOL_FAILED;
	}
	differ = verify_output(env, &conf, out, err);
	return differ < 0 ? TOOL_FAILED : differ > 0 ? TOOL_DIFFERS : TOOL_FINE;
}
