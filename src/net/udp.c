/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP sockets: what Linux and plain POSIX have in common. Making, binding and naming them; the
 * receive loops, steering and kernel drops are in udp_linux.c and udp_posix.c, of which a build
 * has one.
 */
#include "net/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/udp_sock.h"

const struct counter_row udp_counter_rows[] = {
	{ "datagrams", offsetof(struct udp_counters, datagrams), COUNTER_INFO,
	  "Datagrams taken from the socket." },
	{ "bytes", offsetof(struct udp_counters, bytes), COUNTER_INFO,
	  "Bytes of UDP payload taken from the socket." },
	{ "kernel_drops", offsetof(struct udp_counters, kernel_drops), COUNTER_INFO,
	  "What the kernel dropped because the socket buffer was full. Datagrams that it had joined "
	  "(UDP_GRO) count once: exact is sequence_lost." },
	{ "truncated", offsetof(struct udp_counters, truncated), COUNTER_INFO,
	  "Datagrams longer than the receive buffer; what fitted was handed on." },
};
const size_t udp_counter_count = ARRAY_LEN(udp_counter_rows);

static int
close_failed(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static int
to_device(int fd, const char *interface)
{
	if (interface == NULL)
		return 0;
#ifdef SO_BINDTODEVICE
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
	    (socklen_t)strnlen(interface, IFNAMSIZ - 1) + 1);
#else
	(void)fd;
	errno = ENOTSUP;
	return -1;
#endif
}

/* Options that have to stand before bind. */
static int
prepare(int fd, const struct udp_conf *conf, int family, bool shared)
{
	int on = 1, v6only = addr_is_set(&conf->local);

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) != 0)
		return -1;
#ifdef SO_REUSEPORT
	if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
		return -1;
#else
	(void)on;
	(void)shared;
#endif
	return to_device(fd, conf->interface);
}

static int
bind_to(const struct udp_conf *conf, const struct addr *local, uint16_t port, bool shared)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_sockaddr(local, port, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	if (prepare(fd, conf, sa.ss_family, shared) != 0 ||
	    bind(fd, (struct sockaddr *)&sa, len) != 0)
		return close_failed(fd);
	return fd;
}

int
udp_bind(const struct udp_conf *conf, uint16_t port, bool shared)
{
	const struct addr any4 = addr_of_v4(INADDR_ANY);
	int fd = bind_to(conf, &conf->local, port, shared);

	if (fd < 0 && !addr_is_set(&conf->local) &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bind_to(conf, &any4, port, shared);
	return fd;
}

uint16_t
udp_bound_port(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	uint16_t port = 0;

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
		addr_of_sockaddr((struct sockaddr *)&sa, &port);
	return port;
}

struct udp_sock *
udp_sock_new(int fd, struct udp_side *side)
{
	struct udp_sock *s = mem_new(sizeof(*s));

	s->fd = fd;
	s->port = udp_bound_port(fd);
	s->ring = mem_reserve(UDP_RING_BYTES, 0);
	s->side = side;
	return s;
}

void
udp_place(const struct udp_conf *conf, uint16_t port, struct sbuf *b)
{
	char text[ADDR_TEXT];

	if (addr_is_set(&conf->local))
		sbuf_printf(b, "UDP %s port %u", addr_text(&conf->local, text), port);
	else
		sbuf_printf(b, "UDP port %u", port);
}

void
udp_close(struct udp_sock *s)
{
	if (s == NULL)
		return;
	close(s->fd);
	mem_unreserve(s->ring, UDP_RING_BYTES);
	mem_free(s->side);
	mem_free(s);
}

int
udp_fd(const struct udp_sock *s)
{
	return s->fd;
}

bool
udp_drained(const struct udp_sock *s)
{
	return s->drained;
}

size_t
udp_rcvbuf(const struct udp_sock *s)
{
	return s->rcvbuf;
}

uint16_t
udp_port(const struct udp_sock *s)
{
	return s->port;
}

const struct udp_counters *
udp_counters(const struct udp_sock *s)
{
	return &s->counters;
}
