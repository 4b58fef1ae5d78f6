/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending many datagrams through one connected socket by few calls: sendmmsg and UDP_SEGMENT on Linux. */
#ifndef WB_SIM_SENDER_H
#define WB_SIM_SENDER_H

#include <sys/uio.h>

#define SENDER_BURST	64

/*
 * Send up to n datagrams, 1..SENDER_BURST, waiting while the kernel's buffer is full.
 *
 * segments   up to so many neighbours of equal length become one message to the kernel, which cuts
 *            it into datagrams as late as it can (1: none)
 *
 * Gives how many were sent, from the first on; 0 where the first one was refused.
 */
unsigned sender_send(int fd, struct iovec *part, unsigned n, unsigned segments);

#endif
