/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waybill: the client. Most words are commands of the daemon, sent over its control socket; `check` and
 * `report` work by themselves.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "ctl/command.h"
#include "waybill/waybill.h"

static void
usage(FILE *f)
{
	fputs(
"usage: waybill [-s SOCKET] [--json] COMMAND [ARGUMENTS]\n"
"\n"
"  status                     health and the books: what came in and where it went\n"
"  peers                      BGP peers, BMP routers, and what they told\n"
"  exporters                  exporters: rates, loss, sampling, worker\n"
"  top [N]                    the busiest exporters, again every two seconds\n"
"  rib ADDRESS [--longest]    all routes that cover an address; --peer P: of one peer\n"
"  rib --longer PREFIX | --path EXPRESSION | --community C | --diff PEER PEER | --all\n"
"                             search all routes; --peer P, --limit N\n"
"  rib import FILE --router ADDRESS [--as N] [--peer P]\n"
"                             take an MRT file as what a router tells; forget ADDRESS\n"
"  rib export FILE            write all routes as an MRT file\n"
"  lglass peers | PEER PREFIX [RD]   the queries of pmacct's looking glass\n"
"  explain EXPORTER SRC DST   what a flow would be given, by which rule\n"
"  reload                     read the configuration again: all or nothing\n"
"  flush                      purge all outputs now\n"
"  check [--as NAME] FILE     find every fault of a configuration, as waybilld or as pmacct's\n"
"                             nfacctd, pmbgpd ... would read it\n"
"  report NAME --db FILE      traffic per AS, peer or path; see `waybill report --help`\n"
"\n"
"  -s SOCKET                  control socket (" WB_RUNDIR "/control)\n"
"  --json                     for programs\n", f);
}

static int
ask(const char *path, int argc, char **argv, bool json, struct sbuf *out)
{
	int status;

	if (ctl_request(path, argc, argv, json, out, &status) != 0) {
		fprintf(stderr, "waybill: no daemon answers on %s: %s\n", path, strerror(errno));
		return 2;
	}
	return status;
}

static int
ask_and_print(const char *path, int argc, char **argv, bool json)
{
	struct sbuf out = { 0 };
	int status = ask(path, argc, argv, json, &out);

	fputs(sbuf_text(&out), status == 1 ? stderr : stdout);
	sbuf_done(&out);
	return status;
}

static int
top(const char *path, int argc, char **argv, bool json)
{
	if (json || !isatty(STDOUT_FILENO))
		return ask_and_print(path, argc, argv, json);
	for (;;) {
		int status;

		fputs("\033[H\033[2J", stdout);
		status = ask_and_print(path, argc, argv, false);
		if (status != 0)
			return status;
		fflush(stdout);
		sleep(2);
	}
}

/* The daemon's own check: found beside us, else by PATH. It goes by the name it is run under. */
/*
 * "rib import FILE" and its like are commands of their own, and the daemon reads and writes files by
 * whole paths. Gives how many words there are then.
 */
static int
rib_words(int words, char **word)
{
	static char names[][12] = { "rib-import", "rib-export", "rib-forget" };
	static char path[PATH_MAX + 4096];
	size_t i = 0;
	while (i < ARRAY_LEN(names) && strcmp(names[i] + strlen("rib-"), word[1]) != 0)
		i++;
	if (i == ARRAY_LEN(names))
		return words;
	memmove(word, word + 1, (size_t)(words - 1) * sizeof(*word));
	word[0] = names[i];
	if (words > 2 && i < 2 && word[1][0] != '/' && getcwd(path, PATH_MAX) != NULL) {
		snprintf(path + strlen(path), 4096, "/%s", word[1]);
		word[1] = path;
	}
	return words - 1;
}
/* The daemon's own check: found beside us, else by PATH. */
static int
run_check(const char *self, const char *name, const char *file)
{
	const char *slash = strrchr(self, '/');
	static const char *const places[] = { "waybilld", "../sbin/waybilld" };

	for (size_t i = 0; slash != NULL && i < ARRAY_LEN(places); i++) {
		struct sbuf path = { 0 };

		sbuf_printf(&path, "%.*s/%s", (int)(slash - self), self, places[i]);
		if (access(sbuf_text(&path), X_OK) == 0)
			execl(sbuf_text(&path), name, "--check", "-f", file, (char *)NULL);
		sbuf_done(&path);
	}
	execlp("waybilld", name, "--check", "-f", file, (char *)NULL);
	fprintf(stderr, "waybill: waybilld was not found: %s\n", strerror(errno));
	return 2;
}

static int
check(const char *self, int argc, char **argv)
{
	static const char *const names[] = { "waybilld", "nfacctd", "sfacctd", "pmacctd", "uacctd",
	    "pmbgpd", "pmbmpd" };

	if (argc == 2)
		return run_check(self, names[0], argv[1]);
	for (size_t i = 0; argc == 4 && strcmp(argv[1], "--as") == 0 && i < ARRAY_LEN(names); i++)
		if (strcmp(argv[2], names[i]) == 0)
			return run_check(self, names[i], argv[3]);
	usage(stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
		{ "socket", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
	};
	const char *path = getenv("WAYBILL_SOCKET");
	char *word[64];
	bool json = false;
	int words = 0, c;

	if (path == NULL)
		path = WB_RUNDIR "/control";
	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return waybill_report(argc - 1, argv + 1);
	/* Our own options stand before the command; behind it only --json is ours. */
	opterr = 0;
	while (optind < argc && words < 63) {
		if (argv[optind][0] != '-' || words > 0) {
			if (strcmp(argv[optind], "--json") == 0)
				json = true;
			else
				word[words++] = argv[optind];
			optind++;
			continue;
		}
		c = getopt_long(argc, argv, "+s:hV", longs, NULL);
		if (c == -1)
			continue;
		switch (c) {
		case 'j': json = true; break;
		case 's': path = optarg; break;
		case 'V': puts("waybill " PACKAGE_VERSION); return 0;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (words == 0 || strcmp(word[0], "help") == 0) {
		usage(words == 0 ? stderr : stdout);
		return words == 0 ? 2 : 0;
	}
	if (strcmp(word[0], "check") == 0)
		return check(argv[0], words, word);
	if (strcmp(word[0], "rib") == 0 && words > 1)
		words = rib_words(words, word);
	if (strcmp(word[0], "top") == 0)
		return top(path, words, word, json);
	return ask_and_print(path, words, word, json);
}
