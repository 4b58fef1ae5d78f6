/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP as any POSIX system has it: one socket per port, one worker, a datagram per call. No
 * steering, and no word from the kernel about what it dropped; sequence gaps show that. The Linux
 * side is udp_linux.c; what both need is in udp.c.
 */
#include "net/udp.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "net/udp_sock.h"

#define RCVBUF_ASKED	(64 << 20)

unsigned
udp_most_workers(void)
{
	return 1;
}

/* Systems differ in their limit and some refuse what is above it, so ask for less and less. */
static void
size_buffer(struct udp_sock *s, size_t asked)
{
	int want = asked != 0 && asked < INT_MAX ? (int)asked : RCVBUF_ASKED;
	socklen_t len = sizeof(want);

	while (want > 65536 &&
	    setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof(want)) != 0)
		want /= 2;
	if (getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &want, &len) == 0)
		s->rcvbuf = (size_t)want;
}

int
udp_open(const struct udp_conf *conf, unsigned n, struct udp_sock *ret[], struct sbuf *err)
{
	int fd;

	assert(n == 1);
	fd = udp_bind(conf, conf->port, false);
	if (fd < 0) {
		int why = errno;

		udp_place(conf, conf->port, err);
		if (why == EADDRINUSE)
			sbuf_str(err, " is in use by another process");
		else
			sbuf_printf(err, ": %s", strerror(why));
		return -1;
	}
	ret[0] = udp_sock_new(fd, NULL);
	size_buffer(ret[0], conf->rcvbuf);
	return 0;
}

size_t
udp_receive(struct udp_sock *s, struct dgram ret[UDP_BATCH])
{
	struct sockaddr_storage from;
	uint64_t bytes = 0;
	size_t n;

	for (n = 0; n < UDP_BATCH; n++) {
		uint8_t *room = s->ring + n * UDP_STRIDE;
		struct iovec iov = { .iov_base = room, .iov_len = UDP_LONGEST };
		struct msghdr hdr = { .msg_name = &from, .msg_namelen = sizeof(from),
		    .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t len = recvmsg(s->fd, &hdr, 0);

		if (len < 0)
			break;
		ret[n].bytes = room;
		ret[n].len = (size_t)len;
		ret[n].from = addr_of_sockaddr((struct sockaddr *)&from, &ret[n].from_port);
		ret[n].to_port = s->port;
		ret[n].arrival = n == 0 ? wall_now() : ret[0].arrival;
		bytes += (uint64_t)len;
		if ((hdr.msg_flags & MSG_TRUNC) != 0)
			count(&s->counters.truncated);
	}
	s->drained = n < UDP_BATCH;
	count_add(&s->counters.datagrams, n);
	count_add(&s->counters.bytes, bytes);
	return n;
}
