/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waybilld, and under their names nfacctd, pmbgpd and pmbmpd: the command line, the configuration, the log,
 * the background; then the daemon.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agg/prim.h"
#include "conf/options.h"
#include "core/log.h"
#include "core/mem.h"
#include "waybilld/daemon.h"
#include "waybilld/process.h"

#define NAMES_MOST	(1u << 20)

/* By program: the letter in key and primitive tables, the prefix of its keys, is it built in? */
static const struct program {
	const char *name, *prefix;
	char letter;
	bool built;
} programs[CONF_PROGRAMS] = {
	[CONF_WAYBILLD] = { "waybilld", "nfacctd", 'N', true },
	[CONF_NFACCTD] = { "nfacctd", "nfacctd", 'N', true },
	[CONF_SFACCTD] = { "sfacctd", "sfacctd", 'S', false },
	[CONF_PMACCTD] = { "pmacctd", "pmacctd", 'P', false },
	[CONF_UACCTD] = { "uacctd", "uacctd", 'U', false },
	[CONF_PMBGPD] = { "pmbgpd", "nfacctd", 'N', true },
	[CONF_PMBMPD] = { "pmbmpd", "nfacctd", 'N', true },
};

static void
print_and_clear(struct sbuf *b, FILE *f)
{
	fputs(sbuf_text(b), f);
	sbuf_clear(b);
}

/* Options that print something and end. True when there was one; its exit status in ret. */
static bool
answer(const struct options *o, int *ret_status)
{
	const struct program *p = &programs[o->program];
	struct sbuf b = { 0 };

	*ret_status = 0;
	if (o->help)
		options_help(o->program, &b);
	else if (o->version)
		sbuf_printf(&b, "%s (Waybill " PACKAGE_VERSION ")\nbuilt in: " WB_FEATURES "\n",
		    p->name);
	else if (o->list_primitives)
		prim_list(p->letter, &b);
	else if (o->report != NULL)
		*ret_status = conf_compat_report(o->report, &b) == 0 ? 0 : 1;
	else
		return false;
	print_and_clear(&b, stdout);
	sbuf_done(&b);
	return true;
}

static void
say_notes(const struct conf_notes *notes)
{
	struct sbuf b = { 0 };

	conf_notes_print(notes, &b);
	print_and_clear(&b, stderr);
	sbuf_done(&b);
}

/* Read and compile; NULL when it has faults, which are printed. */
static struct setup *
read_setup(const struct options *o, struct names *names)
{
	struct conf_notes notes = { 0 };
	struct conf *conf = conf_read_faulty(o->program, o->file, (const char *const *)o->line,
	    o->n_lines, &notes);
	struct setup *setup = setup_compile(conf, names, programs[o->program].prefix, wall_now(),
	    &notes);

	say_notes(&notes);
	if (setup == NULL)
		fprintf(stderr, "%s: %zu error%s; not started\n",
		    o->file != NULL ? o->file : "command line", notes.errors,
		    notes.errors == 1 ? "" : "s");
	conf_notes_done(&notes);
	return setup;
}

static void
on_started(struct daemon *d)
{
	const struct setup *setup = daemon_setup(d);

	process_pidfiles(conf_text(setup->conf, CONF_ALL, "pidfile"), setup, NULL);
	if (d->ready_fd >= 0)
		process_started(d->ready_fd);
}

static int
run(const struct options *o, struct names *names, struct setup *setup)
{
	struct sbuf err = { 0 };
	struct daemon d = {
		.names = names, .program = o->program,
		.prefix = programs[o->program].prefix,
		.config_file = o->file != NULL ? mem_strdup(o->file) : NULL,
		.option = o->line, .options = o->n_lines,
		.ready_fd = -1, .on_started = on_started,
	};
	char *pidfile = NULL;
	int result;

	if (conf_text(setup->conf, CONF_ALL, "pidfile") != NULL)
		pidfile = mem_strdup(conf_text(setup->conf, CONF_ALL, "pidfile"));
	if (conf_bool(setup->conf, CONF_ALL, "daemonize") &&
	    process_background(&d.ready_fd) != 0) {
		log_error("daemonize: %s", strerror(errno));
		return 1;
	}
	result = daemon_run(&d, setup, pidfile, &err);
	if (result != 0)
		log_error("%s", sbuf_text(&err));
	else
		log_info("ended");
	sbuf_done(&err);
	mem_free(d.config_file);
	mem_free(pidfile);
	return result != 0 ? 1 : d.exit_code;
}

int
main(int argc, char **argv)
{
	struct sbuf err = { 0 };
	struct options o;
	struct names *names;
	struct setup *setup;
	int status = 2;

	if (options_parse(argc, argv, &o, &err) != 0) {
		fprintf(stderr, "%s: %s\n", argv[0], sbuf_text(&err));
	} else if (!answer(&o, &status)) {
		const bool built = programs[o.program].built;

		if (!built) {
			fprintf(stderr, "%s: this input is not built into this version\n",
			    programs[o.program].name);
			status = 1;
		}
		/* A check finds what else there is. */
		if (built || o.check) {
			names = names_new(NAMES_MOST);
			setup = read_setup(&o, names);
			status = setup == NULL || !built;
			if (setup != NULL && (o.check ||
			    conf_given(setup->conf, CONF_ALL, "dry_run"))) {
				setup_discard(setup);
			} else if (setup != NULL) {
				status = process_log(setup->conf) == 0 ? run(&o, names, setup) : 1;
			}
			names_free(names);
		}
	}
	options_done(&o);
	sbuf_done(&err);
	log_close();
	return status;
}
