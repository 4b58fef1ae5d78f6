/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening and accepting, as any POSIX system does it. The rest is in tcp_linux.c or its twin. */
#include "net/tcp.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define BACKLOG	256

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int
no_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Any address of both families; only IPv4 where there is no IPv6, unless IPv6 alone is asked for. */
static int
open_any(uint16_t port, bool ipv6_only, struct sockaddr_storage *ret_sa, socklen_t *ret_len)
{
	static const struct addr any6;
	struct addr any4 = addr_of_v4(INADDR_ANY);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd >= 0 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, ipv6_only) == 0) {
		*ret_len = addr_sockaddr(&any6, port, ret_sa);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	if (ipv6_only)
		return -1;
	*ret_len = addr_sockaddr(&any4, port, ret_sa);
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
open_socket(const struct tcp_conf *conf, struct sockaddr_storage *ret_sa, socklen_t *ret_len)
{
	if (!addr_is_set(&conf->local))
		return open_any(conf->port, conf->ipv6_only, ret_sa, ret_len);
	*ret_len = addr_sockaddr(&conf->local, conf->port, ret_sa);
	return socket(ret_sa->ss_family, SOCK_STREAM, 0);
}

static int
prepare(int fd, const struct tcp_conf *conf, sa_family_t family)
{
	int rcvbuf = conf->rcvbuf < INT_MAX ? (int)conf->rcvbuf : INT_MAX;
	int tos = conf->ip_precedence << 5;

	if (no_block(fd) != 0 || set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		return -1;
	if (conf->interface != NULL && tcp_bind_interface(fd, conf->interface) != 0)
		return -1;
	if (rcvbuf > 0 && set_int(fd, SOL_SOCKET, SO_RCVBUF, rcvbuf) != 0)
		return -1;
	/* An IPv6 socket may carry IPv4 as well; where it cannot, the option is not missed. */
	if (tos != 0 && set_int(fd, IPPROTO_IP, IP_TOS, tos) != 0 && family == AF_INET)
		return -1;
	if (tos != 0 && family == AF_INET6 && set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, tos) != 0)
		return -1;
	return 0;
}

int
tcp_listen(const struct tcp_conf *conf, struct sbuf *err)
{
	struct sockaddr_storage sa;
	char text[ADDR_TEXT];
	socklen_t len = 0;
	int fd = open_socket(conf, &sa, &len);

	if (fd >= 0 && prepare(fd, conf, sa.ss_family) == 0 &&
	    bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	sbuf_printf(err, "TCP port %u of %s: %s", conf->port,
	    addr_is_set(&conf->local) ? addr_text(&conf->local, text) : "any address",
	    strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int
tcp_accept(int listener, struct addr *ret_from, uint16_t *ret_port, struct addr *ret_to)
{
	struct sockaddr_storage from, to;
	socklen_t from_len = sizeof(from), to_len = sizeof(to);
	int fd = accept(listener, (struct sockaddr *)&from, &from_len);

	if (fd < 0)
		return -1;
	if (no_block(fd) != 0 || getsockname(fd, (struct sockaddr *)&to, &to_len) != 0) {
		close(fd);
		errno = ECONNABORTED;
		return -1;
	}
	*ret_from = addr_of_sockaddr((struct sockaddr *)&from, ret_port);
	*ret_to = addr_of_sockaddr((struct sockaddr *)&to, NULL);
	return fd;
}

int
tcp_dialler(const struct tcp_conf *conf, const struct addr *to)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_sockaddr(to, 0, &sa);
	sa_family_t family = sa.ss_family;
	int fd = socket(family, SOCK_STREAM, 0), saved;

	if (fd < 0)
		return -1;
	if (addr_is_set(&conf->local))
		len = addr_sockaddr(&conf->local, 0, &sa);
	if (prepare(fd, conf, family) == 0 && (!addr_is_set(&conf->local) ||
	    bind(fd, (struct sockaddr *)&sa, len) == 0))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
tcp_connect(int fd, const struct addr *to, uint16_t port, unsigned scope)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_sockaddr(to, port, &sa);

	if (sa.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&sa)->sin6_scope_id = scope;
	return connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS ? 0 : -1;
}

int
tcp_outcome(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

unsigned
tcp_scope(int fd)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	const struct sockaddr_in6 *in6 = (const void *)&sa;
	socklen_t len = sizeof(sa);

	if (getpeername(fd, (struct sockaddr *)&sa, &len) != 0 || sa.ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
		return 0;
	return in6->sin6_scope_id;
}

uint16_t
tcp_port(int fd)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	uint16_t port = 0;

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
		(void)addr_of_sockaddr((struct sockaddr *)&sa, &port);
	return port;
}
