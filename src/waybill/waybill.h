/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the client that work without a daemon. */
#ifndef WB_WAYBILL_WAYBILL_H
#define WB_WAYBILL_WAYBILL_H

/* argv[0] is "report". Gives the exit status. */
int	waybill_report(int argc, char **argv);

/* One of waybill/tool.c's commands; -1: argv[0] is none. */
int	waybill_tool(int argc, char **argv, int *ret_status);

/* pmmyplay and pmpgplay: `type` is the kind of output. */
int	waybill_player(const char *type, int argc, char **argv);

#endif
