/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain twin of tcp_linux.c: POSIX has no signatures, bindings to interfaces or least TTLs. */
#include "net/tcp.h"

#include <errno.h>

int
tcp_md5_key(int fd, const struct addr *peer, const char *key, size_t len)
{
	(void)fd;
	(void)peer;
	(void)key;
	(void)len;
	errno = ENOSYS;
	return -1;
}

int
tcp_ttl_security(int fd, uint8_t hops)
{
	(void)fd;
	(void)hops;
	errno = ENOSYS;
	return -1;
}

int
tcp_bind_interface(int fd, const char *interface)
{
	(void)fd;
	(void)interface;
	errno = ENOSYS;
	return -1;
}
