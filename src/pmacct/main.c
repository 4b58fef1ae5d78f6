/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pmacct`: the client of `memory` outputs, with the command line that scripts know
 * (compat/interface.md 1.2). It reads options, sends one request (out/memproto.h) and prints the
 * answer; tables, matching and formats are the daemon's business. Complaints go to standard output,
 * where pmacct's users look for them; the exit code is 1 for any of them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/local.h"
#include "out/memproto.h"

struct client {
	struct memreq req;
	const char *path;
	unsigned modes;			/* how many of -s -t -M -N -C -U -i were given */
	enum { SHOW_NOTHING, SHOW_CLASSES, SHOW_PRIMITIVES } show;
};

static const char help[] =
    "pmacct of waybill " PACKAGE_VERSION ": asks the table of a `memory` output\n"
    "Usage: pmacct [query]\n"
    "\n"
    "Queries:\n"
    "  -s              print the whole table\n"
    "  -c NAMES        the primitives that -M and -N match, separated by ','\n"
    "  -M VALUES       print the entries that match; values in the order of -c, separated by ','\n"
    "                  ('*': any), queries by ';', or file:PATH with a query per line\n"
    "  -N VALUES       print one counter per query, 0 where nothing matches\n"
    "  -n COUNTER      what -N prints: bytes (default), packets, flows or all\n"
    "  -S              with -N: one sum over all queries\n"
    "  -r              with -M and -N: remove what matched, in the same step\n"
    "  -T COUNTER[,N]  with -s and -M: the N greatest by bytes, packets or flows\n"
    "  -e              clear the table\n"
    "  -i              seconds since it was last cleared\n"
    "  -t              state of the table\n"
    "  -C, -U          classes; custom primitives\n"
    "Looks:\n"
    "  -O FORMAT       formatted (default), csv, json, event_formatted or event_csv\n"
    "  -E SEPARATOR    of CSV (default ',')\n"
    "  -a              all columns, also those the table does not have\n"
    "  -u              protocols as numbers\n"
    "  -I, -0          times since the epoch; in UTC\n"
    "Others:\n"
    "  -p PATH         the table's socket (default " MEMPROTO_PATH ")\n"
    "  -l              accepted: every query sees one moment of the table\n"
    "  -V, -h          version; this page\n";

static void
complain(const char *text)
{
	printf("ERROR: %s\n", text);
}

static int
counter_of(const char *word, size_t len, unsigned *ret)
{
	static const char *const words[] = { "bytes", "packets", "flows", "all" };

	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], word, len) == 0) {
			*ret = i;
			return 0;
		}
	return -1;
}

static int
take_query(struct memreq *req, const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
		len--;
	if (len == 0)
		return 0;
	if (req->queries == MEMPROTO_QUERIES) {
		complain("too many queries (4096 at most).");
		return -1;
	}
	memreq_add_query(req, text, len);
	return 0;
}

static int
take_file(struct memreq *req, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret = 0;

	if (f == NULL) {
		printf("ERROR: '%s' not found: %s\n", path, strerror(errno));
		return -1;
	}
	while (ret == 0 && (len = getline(&line, &room, f)) > 0)
		ret = take_query(req, line, (size_t)len);
	free(line);
	fclose(f);
	return ret;
}

/* "a;b;c" or "file:PATH". */
static int
take_queries(struct memreq *req, const char *text)
{
	if (strncmp(text, "file:", 5) == 0)
		return take_file(req, text + 5);
	for (;;) {
		size_t len = strcspn(text, ";");

		if (take_query(req, text, len) != 0)
			return -1;
		if (text[len] == '\0')
			return 0;
		text += len + 1;
	}
}

/* "bytes" or "bytes,10". */
static void
take_top(struct memreq *req, const char *text)
{
	size_t len = strcspn(text, ",");
	unsigned counter;

	if (counter_of(text, len, &counter) != 0 || counter == MEMREQ_ALL) {
		printf("WARN: -T, ignoring unknown counter type: %s.\n", text);
		return;
	}
	req->sorted = 1;
	req->top = counter;
	if (text[len] == ',')
		req->top_n = (unsigned)strtoul(text + len + 1, NULL, 10);
}

static void
take_format(struct memreq *req, const char *word)
{
	static const char *const words[] = { "formatted", "csv", "json", "event_formatted",
	    "event_csv", "event_json" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(words[i], word) == 0) {
			mem_free(req->format);
			req->format = mem_strdup(word);
			return;
		}
	printf("WARN: -O, ignoring unknown output value: '%s'.\n", word);
}

static void
take_separator(struct memreq *req, const char *text)
{
	if (strcmp(text, "\\t") == 0)
		req->separator = '\t';
	else if (strcmp(text, "\\s") == 0)
		req->separator = ' ';
	else if (text[0] > ' ' && text[0] < 0x7f)
		req->separator = (unsigned char)text[0];
}

static void
take_mode(struct client *cl, enum memreq_op op)
{
	cl->req.op = op;
	cl->modes++;
}

static int
take_option(struct client *cl, int opt, const char *arg)
{
	struct memreq *req = &cl->req;

	switch (opt) {
	case 's': take_mode(cl, MEMREQ_TABLE); return 0;
	case 't': take_mode(cl, MEMREQ_STATUS); return 0;
	case 'i': take_mode(cl, MEMREQ_SINCE); return 0;
	case 'M': take_mode(cl, MEMREQ_MATCH); return take_queries(req, arg);
	case 'N': take_mode(cl, MEMREQ_COUNT); return take_queries(req, arg);
	case 'C': cl->show = SHOW_CLASSES; cl->modes++; return 0;
	case 'U': cl->show = SHOW_PRIMITIVES; cl->modes++; return 0;
	case 'e': req->erase = 1; return 0;
	case 'r': req->reset = 1; return 0;
	case 'S': req->sum = 1; return 0;
	case 'a': req->all = 1; return 0;
	case 'u': req->num_protos = 1; return 0;
	case 'I': req->epoch = 1; return 0;
	case '0': req->utc = 1; return 0;
	case 'l': return 0;
	case 'P': return 0;		/* imt_passwd of old: the socket's permissions do that now */
	case 'T': take_top(req, arg); return 0;
	case 'O': take_format(req, arg); return 0;
	case 'E': take_separator(req, arg); return 0;
	case 'p': cl->path = arg; return 0;
	case 'c':
		mem_free(req->fields);
		req->fields = mem_strdup(arg);
		return 0;
	case 'n':
		if (counter_of(arg, strlen(arg), &req->counter) != 0)
			printf("WARN: -n, ignoring unknown counter type: %s.\n", arg);
		return 0;
	default:
		return -1;
	}
}

static int
check_options(const struct client *cl)
{
	const struct memreq *req = &cl->req;

	if (cl->modes > 1) {
		complain("-s, -t, -N, -M and -C options are each mutually exclusive.\n");
		return -1;
	}
	if (cl->modes == 0 && !req->erase) {
		complain("no options specified. Either -s, -e, -t, -M, -N or -C must be supplied. \n"
		    "  Exiting...\n");
		fputs(help, stdout);
		return -1;
	}
	if ((req->op == MEMREQ_MATCH || req->op == MEMREQ_COUNT) && req->fields == NULL) {
		complain("-N or -M selected but -c has not been specified or is invalid.\n"
		    "  Exiting...\n");
		fputs(help, stdout);
		return -1;
	}
	return 0;
}

/* Connect and send the request; -1 was said. */
static int
ask(const struct client *cl)
{
	int fd = local_dial(cl->path);
	struct sbuf text = { 0 };

	if (fd < 0) {
		printf("ERROR: Unable to connect to '%s'\n\n", cl->path);
		return -1;
	}
	memreq_put(&cl->req, &text);
	(void)local_send(fd, text.text, text.len);
	sbuf_done(&text);
	return fd;		/* an early refusal can be read even if not all was taken */
}

/* The answer's first line says how it went; the rest is printed as it comes. */
static int
print_answer(int fd)
{
	char first[1024], room[65536];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(first) - 1 && read(fd, first + len, 1) == 1 && first[len] != '\n')
		len++;
	first[len] = '\0';
	if (strcmp(first, "ok") != 0) {
		if (strncmp(first, "error ", 6) == 0)
			complain(first + 6);
		else
			complain("the daemon did not answer.");
		return -1;
	}
	while ((n = read(fd, room, sizeof(room))) > 0)
		if (fwrite(room, 1, (size_t)n, stdout) != (size_t)n)
			return -1;
	return n == 0 && fflush(stdout) == 0 ? 0 : -1;
}

static int
run(const struct client *cl)
{
	int fd, ret;

	if (check_options(cl) != 0)
		return -1;
	if (cl->show == SHOW_CLASSES)
		puts("CLASS_ID\tCLASS_NAME");
	if (cl->show == SHOW_PRIMITIVES)
		printf("%-32s  %-5s  %s\n", "NAME", "LEN", "OFF");
	if (cl->show != SHOW_NOTHING && !cl->req.erase)
		return 0;
	fd = ask(cl);
	if (fd < 0)
		return -1;
	ret = print_answer(fd);
	close(fd);
	return ret;
}

int
main(int argc, char **argv)
{
	struct client cl = { .path = MEMPROTO_PATH };
	int opt, ret = 0;

	while (ret == 0 && (opt = getopt(argc, argv, "hSsc:Cetp:P:M:arN:n:lT:O:E:uVUiI0")) != -1) {
		if (opt == 'h' || opt == 'V') {
			fputs(opt == 'h' ? help : "pmacct of waybill " PACKAGE_VERSION "\n", stdout);
			memreq_done(&cl.req);
			return 0;
		}
		ret = take_option(&cl, opt, optarg);
		if (opt == '?')
			fputs(help, stdout);
	}
	if (ret == 0)
		ret = run(&cl);
	memreq_done(&cl.req);
	return ret == 0 ? 0 : 1;
}
