/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmmyplay and pmpgplay: play one segment of a journal by hand, with the options that pmacct's
 * players have (compat/interface.md 1.3). What pmacct keeps in the head of its files, the place and
 * the table, stands in the configuration. The ledger knows a segment whether the daemon, `waybill
 * journal replay` or a player sent it; a part of one (-o, -n) is known as that part only.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/mem.h"
#include "out/render.h"
#include "out/segment.h"
#include "sql/backend.h"
#include "waybill/play.h"
#include "waybill/tool.h"
#include "waybill/waybill.h"

static void
usage(const char *self, FILE *f)
{
	fprintf(f, "usage: %s -f SEGMENT [-c CONF] [-C OUTPUT] [-o FIRST] [-n COUNT] [-t] [-d] ...\n\n%s",
	    self,
"  -f FILE   segment of a journal (see `waybill journal`); as in pmacct, needed\n"
"  -c FILE   configuration (" WB_SYSCONFDIR "/waybill/waybilld.conf)\n"
"  -C NAME   output; without it the one whose folder the segment lies in\n"
"  -o N      begin with row N, from 1, in the order of keys\n"
"  -n N      so many rows\n"
"  -t        test: say what would be written, write nothing\n"
"  -d        print the rows\n"
"  -H HOST -D DATABASE -U USER -P PASSWORD -T TABLE   instead of the configuration's\n"
"  -i        INSERT only, never UPDATE\n"
"  -e        stamps as seconds since 1970\n");
}

/* --- one segment ---------------------------------------------------------------------------------- */

/* The lock of the journal that the segment lies in, if it lies in one. -1: somebody has it. */
static int
lock_journal(int dir, int *ret_lock)
{
	*ret_lock = openat(dir, "instance", O_RDWR | O_CLOEXEC);
	return *ret_lock >= 0 ? flock(*ret_lock, LOCK_EX | LOCK_NB) : 0;
}

struct printing {
	struct render *render;
	const struct play *play;
	size_t seen;
};

static int
print_bin(const struct rowset *rs, void *ctx)
{
	struct printing *p = ctx;
	struct sbuf text = { 0 };

	for (size_t i = 0; i < rs->rows; i++, p->seen++)
		if (p->seen >= p->play->skip && (p->play->most == 0 ||
		    p->seen < p->play->skip + p->play->most))
			render_row(p->render, rs, i, wall_now(), &text);
	fputs(sbuf_text(&text), stdout);
	sbuf_done(&text);
	return 0;
}

static void
print_rows(const struct out_env *env, const struct play *play, struct bintab *tab)
{
	struct render_conf conf = { .format = RENDER_CSV, .stamps = true, .style = env->style };
	struct printing p = { .render = render_new(env->plan, &conf), .play = play };
	struct sbuf head = { 0 };

	render_header(p.render, &head);
	fputs(sbuf_text(&head), stdout);
	bintab_each(tab, print_bin, &p);
	sbuf_done(&head);
	render_free(p.render);
}

static int
write_rows(const struct out_env *env, struct play *play, const struct segment_head *head,
    struct bintab *tab, struct sbuf *err)
{
	struct out_env as = *env;
	struct sbuf name = { 0 };
	char instance[33];
	int ret;

	for (size_t i = 0; i < sizeof(head->instance); i++)
		snprintf(instance + 2 * i, 3, "%02x", head->instance[i]);
	/* A part is not the purge: the ledger has it under a name of its own. */
	if (play->skip > 0 || play->most > 0)
		sbuf_printf(&name, "%.24s@%" PRIu64 "+%" PRIu64, env->name, play->skip + 1,
		    play->most);
	if (name.len > 0)
		as.name = name.text;
	play->env = &as;
	play->purge.seq = head->number;
	play->purge.instance = instance;
	ret = play_open(play, err);
	if (ret == 0)
		ret = play_table(play, tab, err);
	play_close(play);
	sbuf_done(&name);
	return ret;
}

static int
play_segment(const struct tool_args *args, const struct out_env *env, int dir, const char *name,
    struct sbuf *out, struct sbuf *err)
{
	struct names *names = (struct names *)(uintptr_t)env->names;
	struct play play = { .env = env, .skip = args->skip, .most = args->most };
	struct segment_head head;
	struct bintab *tab;
	uint64_t size;
	size_t rows;
	int ret = -1;

	if (segment_read_head(dir, name, &head, &size) != 0) {
		sbuf_printf(err, "%s is no segment of a journal (what pmacct wrote as "
		    "sql_recovery_logfile only its own players read)", args->file);
		return -1;
	}
	if (head.kind != SEGMENT_BATCH || head.plan != segment_plan(env->plan)) {
		sbuf_printf(err, head.kind != SEGMENT_BATCH ? "%s is a checkpoint, not a purge: "
		    "`waybill journal replay` takes it" : "%s was made under another aggregate",
		    args->file);
		return -1;
	}
	tab = bintab_new(env->plan);
	if (segment_load(dir, name, env->plan, names, tab, &rows, err) == 0) {
		if (args->check)
			print_rows(env, &play, tab);
		ret = args->test ? 0 : write_rows(env, &play, &head, tab, err);
		if (ret == 0 && args->test)
			sbuf_printf(out, "%s: %zu rows of purge %" PRIu64 "; nothing was written\n",
			    env->name, rows, head.number);
		else if (ret == 0)
			sbuf_printf(out, "%s: played %zu rows of purge %" PRIu64 ", %" PRIu64
			    " of them set aside\n", env->name, play.rows, head.number,
			    play.aside.rows);
	}
	bintab_free(tab);
	return ret;
}

static int
player_tool(const struct tool_args *args, const struct out_env *env, struct sbuf *out,
    struct sbuf *err)
{
	char *path = mem_strdup(args->file), *copy = mem_strdup(args->file);
	int dir = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock = -1, ret = -1;

	if (strcmp(env->type, args->engine) != 0)
		sbuf_printf(err, "is of type %s, this player is for %s", env->type, args->engine);
	else if (dir < 0)
		sbuf_printf(err, "%s: %s", args->file, strerror(errno));
	else if (lock_journal(dir, &lock) != 0)
		sbuf_printf(err, "%s: the journal is in use by another process: the daemon sends it "
		    "by itself, or has to be stopped first", args->file);
	else
		ret = play_segment(args, env, dir, basename(copy), out, err);
	if (lock >= 0)
		close(lock);
	if (dir >= 0)
		close(dir);
	mem_free(path);
	mem_free(copy);
	return ret == 0 ? TOOL_FINE : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------------------------------- */

/* JOURNAL/output/plan/segment: the output's name, to be freed; NULL: it does not lie so. */
static char *
output_of(const char *file)
{
	char *whole = realpath(file, NULL), *name = NULL;

	for (unsigned up = 0; whole != NULL && up < 2; up++) {
		char *slash = strrchr(whole, '/');

		if (slash == NULL)
			break;
		*slash = '\0';
	}
	if (whole != NULL && strrchr(whole, '/') != NULL)
		name = mem_strdup(strrchr(whole, '/') + 1);
	free(whole);
	return name;
}

/* A setting that takes the place of the configuration's. */
static void
add_line(struct tool_args *args, struct sbuf line[TOOL_LINES], const char *key, const char *value)
{
	if (args->lines == TOOL_LINES)
		return;
	sbuf_printf(&line[args->lines], "%s: %s", key, value);
	args->line[args->lines] = line[args->lines].text;
	args->lines++;
}

/* 0, or the letter that ends it: 'h', '?'. */
static int
read_options(int argc, char **argv, struct tool_args *args, struct sbuf line[TOOL_LINES])
{
	static const struct { char letter; const char *key, *value; } keys[] = {
		{ 'H', "sql_host", NULL }, { 'D', "sql_db", NULL }, { 'U', "sql_user", NULL },
		{ 'P', "sql_passwd", NULL }, { 'T', "sql_table", NULL },
		{ 'i', "sql_dont_try_update", "true" }, { 'e', "timestamps_since_epoch", "true" },
	};
	static const struct option longs[] = { { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 } };
	uint64_t first;
	int c;

	while ((c = getopt_long(argc, argv, "f:c:C:o:n:tdhH:D:U:P:T:ie", longs, NULL)) != -1) {
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			if (keys[i].letter == c)
				add_line(args, line, keys[i].key,
				    keys[i].value != NULL ? keys[i].value : optarg);
		switch (c) {
		case 'f': args->file = optarg; break;
		case 'c': args->conf = optarg; break;
		case 'C': args->output = optarg; break;
		case 'o':
			first = strtoull(optarg, NULL, 10);
			args->skip = first > 0 ? first - 1 : 0;
			break;
		case 'n': args->most = strtoull(optarg, NULL, 10); break;
		case 't': args->test = true; break;
		case 'd': args->check = true; break;
		case 'h': case '?': return c;
		}
	}
	return args->file != NULL && optind == argc ? 0 : '?';
}

int
waybill_player(const char *type, int argc, char **argv)
{
	struct tool_args args = { .conf = WB_SYSCONFDIR "/waybill/waybilld.conf", .engine = type };
	struct sbuf line[TOOL_LINES] = { 0 };
	char *output = NULL;
	int c = read_options(argc, argv, &args, line), status = TOOL_FAILED;

	if (c != 0) {
		usage(argv[0], c == 'h' ? stdout : stderr);
		status = c == 'h' ? TOOL_FINE : TOOL_FAILED;
	} else {
		if (args.output == NULL)
			args.output = output = output_of(args.file);
		if (args.output == NULL)
			fprintf(stderr, "%s: %s: %s\n", argv[0], args.file, strerror(errno));
		else
			status = tool_outputs(&args, player_tool);
	}
	for (size_t i = 0; i < TOOL_LINES; i++)
		sbuf_done(&line[i]);
	mem_free(output);
	return status;
}
