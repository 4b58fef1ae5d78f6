/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that read a configuration themselves and look at what its SQL outputs left: tables,
 * ledger, journals. A row of `tools` each; the daemon need not run.
 */
#ifndef WB_WAYBILL_TOOL_H
#define WB_WAYBILL_TOOL_H

#include "out/output.h"

#define TOOL_LINES	16

/* The command line. */
struct tool_args {
	const char *word;		/* behind the command: list, show, replay; NULL */
	const char *conf, *as, *output, *engine, *table, *dir, *from, *to, *file;
	const char *line[TOOL_LINES];	/* settings that override the file's */
	size_t lines;
	bool check, json, plain, test;
	uint64_t days, skip, most;	/* most 0: no bound */
};

enum { TOOL_FINE, TOOL_DIFFERS, TOOL_FAILED };	/* exit codes; the worst of all outputs wins */

/* One output; `err` has a sentence with TOOL_FAILED. */
typedef int tool_run(const struct tool_args *args, const struct out_env *env, struct sbuf *out,
    struct sbuf *err);

tool_run schema_tool, verify_tool, journal_tool;

/* The SQL outputs of a configuration (args->output: that one), each by `run`. Gives an exit code. */
int	tool_outputs(const struct tool_args *args, tool_run *run);

/* "2026-11-23 22:30", "2026-11-23", or seconds since 1970. -1: neither. */
int	tool_time(const char *text, bool utc, int64_t *ret_sec);

/* The journals below a folder, without a configuration. */
int	journal_list_dir(const struct tool_args *args);

#endif
