/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, and the small ones: reload and flush. */
#include "core/mem.h"
#include "waybilld/commands.h"

static int
begin_reload(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	(void)json;
	if (daemon_reload(ctx, false, a) == 0)
		return 1;
	sbuf_str(out, "too many reloads wait\n");
	return -1;
}

/* How the last reload ended, whoever asked for it. */
static int
run_reload_state(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	struct daemon *d = ctx;

	(void)argc;
	(void)argv;
	(void)json;
	sbuf_str(out, d->reload != NULL ? "pending\n" : sbuf_text(&d->reload_report));
	return d->reload != NULL || d->reload_ok ? 0 : -1;
}

static int
run_flush(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	const struct setup *setup = daemon_setup(ctx);

	(void)argc;
	(void)argv;
	(void)json;
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);

		if (o != NULL)
			output_flush(o);
	}
	sbuf_str(out, json ? "{}\n" : "outputs asked to write what they hold\n");
	return 0;
}

const struct command daemon_commands[] = {
	{ "status", "status", "health, the books of input and outputs", run_status, true, NULL },
	{ "peers", "peers", "BGP peers, BMP routers and their peers, and what they told", run_peers, true, NULL },
	{ "exporters", "exporters", "exporters: loss, sampling, shares of workers", NULL, true,
	  begin_exporters },
	{ "top", "top [N]", "the busiest exporters", NULL, true, begin_top },
	{ "rib", "rib ADDRESS | --path EXPRESSION | ...", "routes: the looking glass", NULL, true,
	  begin_rib },
	{ "lglass", "lglass peers | PEER PREFIX [RD]", "pmacct's looking glass", run_lglass, true, NULL },
	/* Files are read and written by the daemon: never for HTTP. */
	{ "rib-import", "rib import FILE --router ADDRESS [--as N] [--peer ADDRESS]",
	  "take an MRT file as what a router tells", NULL, false, begin_import },
	{ "rib-export", "rib export FILE", "write all routes as an MRT file", NULL, false,
	  begin_export },
	{ "rib-forget", "rib forget ADDRESS", "drop an imported table", run_forget, false, NULL },
	{ "explain", "explain EXPORTER SOURCE DESTINATION [IN [OUT]] [WORD=VALUE ...]",
	  "what a flow would be given, by which rule", run_explain, true, NULL },
	{ "reload", "reload", "read the configuration again: all or nothing", NULL, false,
	  begin_reload },
	{ "reload-state", "reload-state", "how the last reload ended", run_reload_state, false, NULL },
	{ "flush", "flush", "purge all outputs now", run_flush, false, NULL },
};

const size_t daemon_command_count = ARRAY_LEN(daemon_commands);
