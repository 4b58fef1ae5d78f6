/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and prefixes: text, masks, socket addresses. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>

struct addr
addr_of_bytes4(const uint8_t bytes[4])
{
	struct addr a = { .b = { [10] = 0xff, [11] = 0xff } };

	memcpy(a.b + 12, bytes, 4);
	return a;
}

struct addr
addr_of_bytes16(const uint8_t bytes[16])
{
	struct addr a;

	memcpy(a.b, bytes, 16);
	return a;
}

int
addr_parse(const char *text, struct addr *ret)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		*ret = addr_of_bytes4(b);
	else if (inet_pton(AF_INET6, text, b) == 1)
		*ret = addr_of_bytes16(b);
	else
		return -1;
	return 0;
}

/* 0 to 255 without leading zeros. Gives the place behind. */
static char *
put_u8(char *p, unsigned n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

/* inet_ntop is a printf inside, and rows of millions of routes have several addresses each. */
static void
put_v4(const uint8_t b[4], char *p)
{
	for (int i = 0; i < 4; i++) {
		p = put_u8(p, b[i]);
		*p++ = i < 3 ? '.' : '\0';
	}
}

const char *
addr_text(const struct addr *a, char room[ADDR_TEXT])
{
	if (addr_is_v4(a))
		put_v4(a->b + 12, room);
	else
		inet_ntop(AF_INET6, a->b, room, ADDR_TEXT);
	return room;
}

struct addr
addr_masked(const struct addr *a, uint8_t len)
{
	return addr_first_bits(a, len + (addr_is_v4(a) ? 96u : 0u));
}

int
prefix_parse(const char *text, struct prefix *ret)
{
	char copy[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct addr a;
	unsigned long len;
	char *end;

	if (n == 0 || n >= sizeof(copy))
		return -1;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (addr_parse(copy, &a) != 0)
		return -1;
	len = addr_bits(&a);
	if (slash != NULL) {
		if (slash[1] < '0' || slash[1] > '9')
			return -1;
		len = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || len > addr_bits(&a))
			return -1;
	}
	ret->addr = addr_masked(&a, (uint8_t)len);
	ret->len = (uint8_t)len;
	return 0;
}

const char *
prefix_text(const struct prefix *p, char room[PREFIX_TEXT])
{
	char *end;

	addr_text(&p->addr, room);
	end = room + strlen(room);
	*end++ = '/';
	*put_u8(end, p->len) = '\0';
	return room;
}

bool
prefix_covers(const struct prefix *p, const struct addr *a)
{
	struct addr m;

	if (addr_is_v4(&p->addr) != addr_is_v4(a))
		return false;
	m = addr_masked(a, p->len);
	return addr_eq(&m, &p->addr);
}

struct addr
addr_of_sockaddr(const struct sockaddr *sa, uint16_t *ret_port)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;
	struct addr a = { { 0 } };
	uint16_t port = 0;

	if (sa->sa_family == AF_INET) {
		a = addr_of_bytes4((const uint8_t *)&in->sin_addr);
		port = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		a = addr_of_bytes16((const uint8_t *)&in6->sin6_addr);
		port = ntohs(in6->sin6_port);
	}
	if (ret_port != NULL)
		*ret_port = port;
	return a;
}

socklen_t
addr_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (addr_is_v4(a)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->b + 12, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, 16);
	return sizeof(*in6);
}
