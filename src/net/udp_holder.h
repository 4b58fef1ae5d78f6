/* SPDX-License-Identifier: BSD-2-Clause */
/* Who holds a UDP port? For the message of a bind that failed. Linux: reads /proc. */
#ifndef WB_NET_UDP_HOLDER_H
#define WB_NET_UDP_HOLDER_H

#include <stdint.h>

#include "core/sbuf.h"

/* Adds "nfacctd (pid 4711)", or "another process" where /proc does not tell. */
void	udp_holder(uint16_t port, struct sbuf *b);

#endif
