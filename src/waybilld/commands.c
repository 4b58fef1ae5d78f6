/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands, and the small ones: reload and flush. */
#include "core/mem.h"
#include "waybilld/commands.h"

static int
run_reload(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	(void)argc;
	(void)argv;
	(void)json;
	return daemon_reload(ctx, false, out);
}

/* How the last reload ended; `waybill reload` asks until it has. */
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
	{ "status", "status", "health, the books of input and outputs", run_status, true },
	{ "peers", "peers", "BGP peers and what they told", run_peers, true },
	{ "exporters", "exporters", "exporters: loss, sampling, shares of workers", run_exporters, true },
	{ "top", "top [N]", "the busiest exporters", run_top, true },
	{ "rib", "rib ADDRESS [--peer P]", "all routes that cover an address", run_rib, true },
	{ "explain", "explain EXPORTER SOURCE DESTINATION [IN [OUT]]",
	  "what a flow would be given, by which rule", run_explain, true },
	{ "reload", "reload", "read the configuration again: all or nothing", run_reload, false },
	{ "reload-state", "reload-state", "how the last reload ended", run_reload_state, false },
	{ "flush", "flush", "purge all outputs now", run_flush, false },
};

const size_t daemon_command_count = ARRAY_LEN(daemon_commands);
