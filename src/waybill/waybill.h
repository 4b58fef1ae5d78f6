/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the client that work without a daemon. */
#ifndef WB_WAYBILL_WAYBILL_H
#define WB_WAYBILL_WAYBILL_H

/* argv[0] is "report". Gives the exit status. */
int	waybill_report(int argc, char **argv);

#endif
