/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that have a file of their own; see struct command. ctx is the daemon. */
#ifndef WB_WAYBILLD_COMMANDS_H
#define WB_WAYBILLD_COMMANDS_H

#include "waybilld/daemon.h"

int	run_status(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_exporters(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_top(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_peers(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_rib(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_explain(void *ctx, int argc, char **argv, bool json, struct sbuf *out);

#endif
