/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain twin of tcp_linux.c: POSIX has neither signatures nor binding to an interface. */
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
tcp_bind_interface(int fd, const char *interface)
{
	(void)fd;
	(void)interface;
	errno = ENOSYS;
	return -1;
}
