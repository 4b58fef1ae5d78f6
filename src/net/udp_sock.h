/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two sides of net/udp.h share: the socket, how it is made and bound, its counters. For
 * udp_linux.c and udp_posix.c only; nobody else includes this.
 */
#ifndef WB_NET_UDP_SOCK_H
#define WB_NET_UDP_SOCK_H

#include <stdbool.h>

#include "net/udp.h"

#define UDP_LONGEST	65535		/* bytes of payload that fit a datagram, and some */

/*
 * From one buffer of the ring to the next: 25 cache lines more than a power of two, so that the
 * first bytes of 64 datagrams do not all fall into the same sets of the cache.
 */
#define UDP_STRIDE	(65536 + 1600)
#define UDP_RING_BYTES	((size_t)UDP_STRIDE * UDP_BATCH)

struct udp_side;			/* what one side keeps beside the ring */

struct udp_sock {
	int fd;
	uint16_t port;
	size_t rcvbuf;
	bool drained;			/* nothing was left behind by the last receive */
	uint8_t *ring;			/* UDP_BATCH buffers, backed by memory where touched */
	struct udp_counters counters;
	struct udp_side *side;
};

/*
 * A socket bound to conf's address and `port`; `shared` asks for SO_REUSEPORT. -1 with errno.
 * An unset address is "any" of both families, or of IPv4 where the machine has no IPv6.
 */
int	udp_bind(const struct udp_conf *conf, uint16_t port, bool shared);
uint16_t udp_bound_port(int fd);

/* Wrap a bound descriptor, which then belongs to the result. `side` is of mem_new, or NULL. */
struct udp_sock *udp_sock_new(int fd, struct udp_side *side);

/* "UDP [192.0.2.1]:2100", for messages. */
void	udp_place(const struct udp_conf *conf, uint16_t port, struct sbuf *b);

#endif
