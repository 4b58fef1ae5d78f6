/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux has for TCP: MD5 signatures (RFC 2385), sockets bound to an interface, least TTLs. */
#include "net/tcp.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>

#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT	73	/* linux/in6.h, which cannot stand beside netinet/in.h */
#endif

/*
 * An IPv6 socket that carries IPv4 as well knows its peers by their mapped addresses. False for a
 * peer that cannot reach this socket.
 */
static bool
peer_address(int fd, const struct addr *peer, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *in6 = (void *)ret;
	int domain = AF_INET;
	socklen_t len = sizeof(domain);

	addr_sockaddr(peer, 0, ret);
	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	if (domain == AF_INET6 && ret->ss_family == AF_INET) {
		memset(ret, 0, sizeof(*ret));
		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, peer->b, 16);
	}
	return ret->ss_family == domain;
}

int
tcp_md5_key(int fd, const struct addr *peer, const char *key, size_t len)
{
	struct tcp_md5sig sig = { .tcpm_keylen = (uint16_t)len };
	struct sockaddr_storage sa;

	if (len > TCP_MD5_KEY_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (!peer_address(fd, peer, &sa))
		return 0;
	memcpy(&sig.tcpm_addr, &sa, sizeof(sig.tcpm_addr));
	memcpy(sig.tcpm_key, key, len);
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig));
}

/* An IPv6 socket may carry IPv4 as well: what one family of options does not take the other may. */
int
tcp_ttl_security(int fd, uint8_t hops)
{
	int ttl = 255, least = hops != 0 ? 256 - hops : 0;
	bool four, six;

	four = setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) == 0 &&
	    (least == 0 || setsockopt(fd, IPPROTO_IP, IP_MINTTL, &least, sizeof(least)) == 0);
	six = setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)) == 0 &&
	    (least == 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &least, sizeof(least)) == 0);
	return four || six ? 0 : -1;
}

int
tcp_bind_interface(int fd, const char *interface)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
	    (socklen_t)strlen(interface) + 1);
}
