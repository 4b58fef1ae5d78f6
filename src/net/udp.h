/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batched UDP for the workers. A port has one socket per worker; datagrams are steered so that all
 * of one source address reach one worker (DESIGN.md decision 2). What only Linux has (recvmmsg,
 * SO_REUSEPORT with a classic BPF program, SO_RXQ_OVFL, SO_RCVBUFFORCE) is behind this header; the
 * plain POSIX twin has one socket per port and one worker.
 */
#ifndef WB_NET_UDP_H
#define WB_NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/counter.h"
#include "core/sbuf.h"
#include "net/addr.h"

/* One datagram, borrowed until the next receive on the same ring. */
struct dgram {
	const uint8_t *bytes;
	size_t len;
	struct addr from;
	uint16_t from_port;
	uint16_t to_port;
	wall_t arrival;
};

struct udp_sock;

struct udp_counters {
	counter_t datagrams, bytes;
	counter_t kernel_drops;		/* SO_RXQ_OVFL: the socket buffer was full */
	counter_t truncated;		/* longer than 65,535 bytes can be: never, but counted */
};
extern const struct counter_row udp_counter_rows[];
extern const size_t udp_counter_count;

struct udp_conf {
	struct addr local;		/* unset: any, both families (IPv6 socket, v4-mapped) */
	uint16_t port;
	size_t rcvbuf;			/* bytes asked for, 0: 64 MiB */
	const char *interface;		/* SO_BINDTODEVICE, NULL: none */
};

/* How many workers this build can steer to (1 on the plain POSIX twin). */
unsigned udp_most_workers(void);

/*
 * Bind n sockets of one port, in worker order, and attach the steering program. All or none: -1
 * with a sentence in err ("port 2100 is in use by ...").
 */
int	udp_open(const struct udp_conf *conf, unsigned n, struct udp_sock *ret[], struct sbuf *err);
void	udp_close(struct udp_sock *s);
int	udp_fd(const struct udp_sock *s);
size_t	udp_rcvbuf(const struct udp_sock *s);		/* what the kernel granted, bytes */
uint16_t udp_port(const struct udp_sock *s);		/* as bound: for port 0 */
const struct udp_counters *udp_counters(const struct udp_sock *s);

#define UDP_BATCH	64

/* Up to UDP_BATCH datagrams without waiting; 0 when there is none. */
size_t	udp_receive(struct udp_sock *s, struct dgram ret[UDP_BATCH]);
bool	udp_drained(const struct udp_sock *s);		/* the last receive left nothing behind */

#endif
