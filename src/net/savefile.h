/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture of export datagrams as input (`pcap_savefile` for the collectors): the UDP payloads of
 * a pcap or pcapng file, IPv4 and IPv6, VLAN tags skipped, fragments put together.
 */
#ifndef WB_NET_SAVEFILE_H
#define WB_NET_SAVEFILE_H

#include "core/sbuf.h"
#include "net/udp.h"

struct savefile;

struct savefile *savefile_open(const char *path, struct sbuf *err);
void	savefile_close(struct savefile *sf);

/* 1: a datagram (borrowed until the next call), 0: the end, -1: a broken file, said in err. */
int	savefile_next(struct savefile *sf, struct dgram *ret, struct sbuf *err);
uint64_t savefile_skipped(const struct savefile *sf);	/* packets that were not UDP */

#endif
