/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options as a table: letter, programs that have it, and the keys it sets. The same letter may
 * stand in several rows with different programs. Values from here override the file's.
 */
#include "conf/options.h"

#include <string.h>

#include "conf/lines.h"
#include "core/mem.h"

enum flag { NO_FLAG, FLAG_FILE, FLAG_HELP, FLAG_VERSION, FLAG_LIST, FLAG_CHECK, FLAG_REPORT };

/*
 * programs: letters as in conf_key (W waybilld). key: may name several, separated by blanks.
 * value: what a letter without argument sets its key to.
 */
static const struct option {
	char letter;			/* '\0': only the long name */
	const char *longer;
	const char *programs;
	bool argument;
	const char *key, *value;
	enum flag flag;
	const char *what;
} options[] = {
	{ 'f', NULL, "WNSPUBM", true,  NULL, NULL, FLAG_FILE, "configuration file" },
	{ 'h', "help", "WNSPUBM", false, NULL, NULL, FLAG_HELP, "this help" },
	{ 'V', "version", "WNSPUBM", false, NULL, NULL, FLAG_VERSION, "version, what is built in" },
	{ '\0', "check", "WNSPUBM", false, NULL, NULL, FLAG_CHECK,
	  "say all that is wrong with the configuration, then exit" },
	{ '\0', "compat-report", "WNSPUBM", true, NULL, NULL, FLAG_REPORT,
	  "what becomes of each key of a pmacct configuration" },
	{ 'a', NULL, "NSPU", false, NULL, NULL, FLAG_LIST, "list of primitives" },
	{ 'D', NULL, "WNSPUBM", false, "daemonize", "true", 0, "go into the background" },
	{ 'd', NULL, "WNSPUBM", false, "debug", "true", 0, "log in detail" },
	{ 'F', NULL, "NSPUBM", true, "pidfile", NULL, 0, "file for the process id" },
	{ 'S', NULL, "NSPUBM", true, "syslog", NULL, 0, "syslog facility" },
	{ 'T', NULL, "NSPUBM", true, "dry_run", NULL, 0, "config or setup: then exit" },
	{ 'c', NULL, "NSPU", true, "aggregate", NULL, 0, "primitives" },
	{ 'P', NULL, "NSPU", true, "plugins", NULL, 0, "outputs" },
	{ 'n', NULL, "NSPU", true, "networks_file", NULL, 0, "networks file" },
	{ 't', NULL, "NSPU", true, "ports_file", NULL, 0, "ports file" },
	{ 'r', NULL, "NSPU", true, "sql_refresh_time", NULL, 0, "seconds between purges" },
	{ 'p', NULL, "NSPU", true, "imt_path", NULL, 0, "socket of the memory output" },
	{ 'b', NULL, "NSPU", true, "imt_buckets", NULL, 0, "accepted, nothing to tune" },
	{ 'm', NULL, "NSPU", true, "imt_mem_pools_number", NULL, 0, "accepted, nothing to tune" },
	{ 's', NULL, "NSPU", true, "imt_mem_pools_size", NULL, 0, "accepted, nothing to tune" },
	{ 'O', NULL, "NSPU", true, "print_output", NULL, 0, "format of the print output" },
	{ 'o', NULL, "NSPU", true, "print_output_file", NULL, 0, "file of the print output" },
	{ 'E', NULL, "NSPU", true, "print_output_separator", NULL, 0, "separator of CSV" },
	{ 'M', NULL, "NSPU", false, "print_markers", "true", 0, "mark where purges begin and end" },
	{ 'A', NULL, "NSPU", false, "print_output_file_append", "true", 0, "add to the file" },
	{ 'u', NULL, "NSPU", false, "print_num_protos", "true", 0, "protocols as numbers" },
	{ 'v', NULL, "NSPU", true, "sql_table_version", NULL, 0, "layout of SQL tables" },
	{ 'L', NULL, "N", true, "nfacctd_ip", NULL, 0, "address to listen on" },
	{ 'l', NULL, "N", true, "nfacctd_port", NULL, 0, "port to listen on" },
	{ 'L', NULL, "S", true, "sfacctd_ip", NULL, 0, "address to listen on" },
	{ 'l', NULL, "S", true, "sfacctd_port", NULL, 0, "port to listen on" },
	{ 'L', NULL, "PU", true, "snaplen", NULL, 0, "bytes captured of each packet" },
	{ 'R', NULL, "N", false, "nfacctd_renormalize", "true", 0, "multiply by sampling rates" },
	{ 'R', NULL, "S", false, "sfacctd_renormalize", "true", 0, "multiply by sampling rates" },
	{ 'R', NULL, "P", false, "pmacctd_renormalize", "true", 0, "multiply by sampling rates" },
	{ 'R', NULL, "U", false, "uacctd_renormalize", "true", 0, "multiply by sampling rates" },
	{ 'I', NULL, "NSPM", true, "pcap_savefile", NULL, 0, "capture file to read" },
	{ 'W', NULL, "NSP", false, "pcap_savefile_wait", "true", 0, "stay after its end" },
	{ 'Z', NULL, "NSPM", true, "pcap_savefile_delay", NULL, 0, "seconds to wait before it" },
	{ 'Y', NULL, "NSPM", true, "pcap_savefile_replay", NULL, 0, "how often it is read" },
	{ 'i', NULL, "P", true, "pcap_interface", NULL, 0, "interface to capture on" },
	{ 'w', NULL, "P", false, "pcap_interface_wait", "true", 0, "wait for the interface" },
	{ 'N', NULL, "P", false, "promisc", "false", 0, "capture what is for us only" },
	{ 'z', NULL, "P", false, "pmacctd_nonroot", "true", 0, "accepted, root is not asked for" },
	{ 'g', NULL, "U", true, "uacctd_group", NULL, 0, "NFLOG group" },
	{ 'L', NULL, "B", true, "bgp_daemon_ip", NULL, 0, "address to listen on" },
	{ 'l', NULL, "B", true, "bgp_daemon_port", NULL, 0, "port to listen on" },
	{ 'o', NULL, "B", true, "bgp_daemon_msglog_file", NULL, 0, "file for messages" },
	{ 'O', NULL, "B", true, "bgp_table_dump_file", NULL, 0, "file for dumps" },
	{ 'i', NULL, "B", true, "bgp_table_dump_refresh_time", NULL, 0, "seconds between dumps" },
	{ 'g', NULL, "B", false, "bgp_daemon_lg", "true", 0, "looking glass" },
	{ 'm', NULL, "B", true, "bgp_daemon_xconnect_map", NULL, 0, "sessions passed through" },
	{ 'L', NULL, "M", true, "bmp_daemon_ip", NULL, 0, "address to listen on" },
	{ 'l', NULL, "M", true, "bmp_daemon_port", NULL, 0, "port to listen on" },
	{ 'o', NULL, "M", true, "bmp_daemon_msglog_file", NULL, 0, "file for messages" },
	{ 'O', NULL, "M", true, "bmp_dump_file", NULL, 0, "file for dumps" },
	{ 'i', NULL, "M", true, "bmp_dump_refresh_time", NULL, 0, "seconds between dumps" },
};

static const char letters[CONF_PROGRAMS] = {
	[CONF_WAYBILLD] = 'W', [CONF_NFACCTD] = 'N', [CONF_SFACCTD] = 'S', [CONF_PMACCTD] = 'P',
	[CONF_UACCTD] = 'U', [CONF_PMBGPD] = 'B', [CONF_PMBMPD] = 'M',
};

enum conf_program
options_program(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	const char *name = slash != NULL ? slash + 1 : argv0;

	for (unsigned p = 0; p < CONF_PROGRAMS; p++)
		if (strcmp(name, conf_program_name(p)) == 0)
			return p;
	return CONF_WAYBILLD;
}

static bool
has(const struct option *o, enum conf_program program)
{
	return strchr(o->programs, letters[program]) != NULL;
}

static const struct option *
by_letter(enum conf_program program, char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].letter == letter && has(&options[i], program))
			return &options[i];
	return NULL;
}

static const struct option *
by_name(enum conf_program program, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].longer != NULL && has(&options[i], program) &&
		    strlen(options[i].longer) == len && memcmp(options[i].longer, name, len) == 0)
			return &options[i];
	return NULL;
}

static void
add_line(struct options *ret, const char *key, const char *value)
{
	struct sbuf line = { 0 };

	sbuf_printf(&line, "%s: %s", key, value);
	ret->line = mem_grow(ret->line, ret->n_lines + 1, sizeof(*ret->line));
	ret->line[ret->n_lines++] = mem_strdup(sbuf_text(&line));
	sbuf_done(&line);
}

static void
take(struct options *ret, const struct option *o, const char *value)
{
	if (o->key != NULL)
		add_line(ret, o->key, o->argument ? value : o->value);
	switch (o->flag) {
	case NO_FLAG:
		break;
	case FLAG_FILE:
		ret->file = value;
		break;
	case FLAG_HELP:
		ret->help = true;
		break;
	case FLAG_VERSION:
		ret->version = true;
		break;
	case FLAG_LIST:
		ret->list_primitives = true;
		break;
	case FLAG_CHECK:
		ret->check = true;
		break;
	case FLAG_REPORT:
		ret->report = value;
		break;
	}
}

/* Where argv is being read: the next word is argv[at]. */
struct reading {
	int argc, at;
	char *const *argv;
	struct options *ret;
	struct sbuf *err;
};

static int
take_with_argument(struct reading *r, const struct option *o, const char *joined,
    const char *spelt)
{
	if (!o->argument && joined != NULL) {
		sbuf_printf(r->err, "option %s takes no value", spelt);
		return -1;
	}
	if (o->argument && joined == NULL) {
		if (r->at == r->argc) {
			sbuf_printf(r->err, "option %s needs a value: %s", spelt, o->what);
			return -1;
		}
		joined = r->argv[r->at++];
	}
	take(r->ret, o, joined);
	return 0;
}

/* "--check", "--compat-report FILE", "--compat-report=FILE". */
static int
take_long(struct reading *r, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option *o = by_name(r->ret->program, word + 2, len);

	if (o == NULL) {
		sbuf_printf(r->err, "unknown option %s", word);
		return -1;
	}
	return take_with_argument(r, o, word[2 + len] == '=' ? word + 3 + len : NULL, word);
}

/* "-dD", "-fFILE", "-f FILE". */
static int
take_short(struct reading *r, const char *word)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct option *o = by_letter(r->ret->program, *c);
		char spelt[3] = { '-', *c, '\0' };

		if (o == NULL) {
			sbuf_printf(r->err, "unknown option -%c", *c);
			return -1;
		}
		if (o->argument)
			return take_with_argument(r, o, c[1] != '\0' ? c + 1 : NULL, spelt);
		take(r->ret, o, NULL);
	}
	return 0;
}

/* pmacctd takes the words that are left as a filter for what is captured. */
static int
take_rest(struct reading *r)
{
	struct sbuf filter = { 0 };

	if (r->at == r->argc)
		return 0;
	if (r->ret->program != CONF_PMACCTD) {
		sbuf_printf(r->err, "%s is not an option", r->argv[r->at]);
		return -1;
	}
	for (; r->at < r->argc; r->at++)
		sbuf_printf(&filter, "%s%s", filter.len > 0 ? " " : "", r->argv[r->at]);
	add_line(r->ret, "pcap_filter", sbuf_text(&filter));
	sbuf_done(&filter);
	return 0;
}

int
options_parse(int argc, char *const argv[], struct options *ret, struct sbuf *err)
{
	struct reading r = { .argc = argc, .at = 1, .argv = argv, .ret = ret, .err = err };

	memset(ret, 0, sizeof(*ret));
	ret->program = options_program(argc > 0 ? argv[0] : "");
	while (r.at < argc && argv[r.at][0] == '-' && argv[r.at][1] != '\0') {
		const char *word = argv[r.at++];

		if (strcmp(word, "--") == 0)
			break;
		if ((word[1] == '-' ? take_long(&r, word) : take_short(&r, word)) != 0)
			return -1;
	}
	return take_rest(&r);
}

void
options_done(struct options *ret)
{
	for (size_t i = 0; i < ret->n_lines; i++)
		mem_free(ret->line[i]);
	mem_free(ret->line);
	memset(ret, 0, sizeof(*ret));
}

void
options_help(enum conf_program program, struct sbuf *b)
{
	sbuf_printf(b, "usage: %s [options]%s\n\n", conf_program_name(program),
	    program == CONF_PMACCTD ? " [filter]" : "");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct option *o = &options[i];
		struct sbuf left = { 0 };

		if (!has(o, program))
			continue;
		if (o->letter != '\0')
			sbuf_printf(&left, "-%c", o->letter);
		if (o->longer != NULL)
			sbuf_printf(&left, "%s--%s", o->letter != '\0' ? ", " : "", o->longer);
		if (o->argument)
			sbuf_str(&left, " VALUE");
		sbuf_printf(b, "  %-24s %s%s%s%s\n", sbuf_text(&left), o->what,
		    o->key != NULL ? " (" : "", o->key != NULL ? o->key : "",
		    o->key != NULL ? ")" : "");
		sbuf_done(&left);
	}
}
