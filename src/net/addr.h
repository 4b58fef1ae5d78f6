/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and prefixes. An address is 16 bytes in network order; an IPv4 address is held in its
 * IPv4-mapped form (RFC 4291 2.5.5.2), so one type serves both families and a key needs no family
 * word. All zero bytes ("::") mean "not set"; 0.0.0.0 proper is ::ffff:0.0.0.0.
 */
#ifndef WB_NET_ADDR_H
#define WB_NET_ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct addr {
	uint8_t b[16];
};

/* len counts bits of the family's own address: 0..32 for IPv4, 0..128 for IPv6. */
struct prefix {
	struct addr addr;		/* bits behind len are zero */
	uint8_t len;
};

#define ADDR_TEXT	46		/* room for the text of any address */
#define PREFIX_TEXT	50

static inline bool
addr_is_v4(const struct addr *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, mapped, 12) == 0;
}

static inline bool
addr_is_set(const struct addr *a)
{
	static const struct addr none;

	return memcmp(a, &none, sizeof(none)) != 0;
}

static inline bool
addr_is_link_local(const struct addr *a)	/* of IPv6: fe80::/10 */
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline uint32_t
addr_v4(const struct addr *a)		/* host order; of a mapped address */
{
	return (uint32_t)a->b[12] << 24 | (uint32_t)a->b[13] << 16 | (uint32_t)a->b[14] << 8 | a->b[15];
}

static inline struct addr
addr_of_v4(uint32_t host_order)
{
	struct addr a = { .b = { [10] = 0xff, [11] = 0xff } };

	a.b[12] = (uint8_t)(host_order >> 24);
	a.b[13] = (uint8_t)(host_order >> 16);
	a.b[14] = (uint8_t)(host_order >> 8);
	a.b[15] = (uint8_t)host_order;
	return a;
}

struct addr addr_of_bytes4(const uint8_t bytes[4]);
struct addr addr_of_bytes16(const uint8_t bytes[16]);	/* kept as it is */

/* "192.0.2.1", "2001:db8::1"; -1 for anything else. */
int	addr_parse(const char *text, struct addr *ret);
/* An unset address prints as "::". Gives `room`. */
const char *addr_text(const struct addr *a, char room[ADDR_TEXT]);

/* Clear the bits behind len (of the family's own count). */
struct addr addr_masked(const struct addr *a, uint8_t len);
static inline uint8_t
addr_bits(const struct addr *a)		/* 32 or 128 */
{
	return addr_is_v4(a) ? 32 : 128;
}

/* The first n of the 128 bits; for an IPv4 address 96 more than its own count. */
static inline struct addr
addr_first_bits(const struct addr *a, unsigned n)
{
	const uint64_t all = UINT64_MAX;
	uint64_t half[2], keep[2] = { n >= 64 ? all : ~(all >> n),
	    n <= 64 ? 0 : n >= 128 ? all : ~(all >> (n - 64)) };
	struct addr ret;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	keep[0] = __builtin_bswap64(keep[0]);
	keep[1] = __builtin_bswap64(keep[1]);
#endif
	memcpy(half, a, sizeof(half));
	half[0] &= keep[0];
	half[1] &= keep[1];
	memcpy(&ret, half, sizeof(ret));
	return ret;
}

/* "192.0.2.0/24"; without "/len" a host. Host bits are cleared. -1 for anything else. */
int	prefix_parse(const char *text, struct prefix *ret);
const char *prefix_text(const struct prefix *p, char room[PREFIX_TEXT]);
bool	prefix_covers(const struct prefix *p, const struct addr *a);

/* Between an address and a socket address; scope ids of link-local addresses are not kept. */
struct addr addr_of_sockaddr(const struct sockaddr *sa, uint16_t *ret_port);
socklen_t addr_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *ret);

#endif
