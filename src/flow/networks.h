/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The networks file: prefixes with, as far as the operator says so, their origin AS, peer AS and
 * next hop. Read by the loader into a finished table that only changes by being replaced; any
 * thread may look things up.
 */
#ifndef WB_FLOW_NETWORKS_H
#define WB_FLOW_NETWORKS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "net/trie.h"
#include "net/addr.h"

/* One line of the file, as written: "[nexthop,][[peer_as_]origin_as,]net/len". */
struct network_line {
	struct prefix prefix;
	struct addr next_hop;			/* unset: not said */
	uint32_t as, peer_as;			/* 0: not said */
};

/* Parse a line in place. -1 with *ret_why saying what is wrong with it. */
int	network_parse(char *line, struct network_line *ret, const char **ret_why);

/* An AS number, "65536" or "1.0" (RFC 5396). -1 for anything else. */
int	asn_parse(const char *text, uint32_t *ret);

struct network {
	uint32_t as, peer_as;
	uint32_t hop;				/* see networks_hop */
	uint8_t len;				/* in the family's own bits */
};

enum networks_family { NETWORKS_IP4, NETWORKS_IP6, NETWORKS_FAMILIES };

struct networks {
	struct trie trie[NETWORKS_FAMILIES];
	struct network *net;			/* a trie's value counts from 1 */
	struct addr *hop;			/* the different next hops; 0: unset */
	size_t nets, hops;
	size_t prefixes[NETWORKS_FAMILIES];	/* without duplicates */
};

/* NULL when the file cannot be read or a line is wrong; notes then has every such line. */
struct networks *networks_load(const char *path, struct conf_notes *notes);
void	networks_free(struct networks *nw);
size_t	networks_bytes(const struct networks *nw);

static inline trie_key
networks_key(const struct addr *a, enum networks_family family)
{
	uint64_t hi, lo;

	if (family == NETWORKS_IP4)
		return (trie_key)addr_v4(a) << 96;
	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	hi = __builtin_bswap64(hi);
	lo = __builtin_bswap64(lo);
#endif
	return (trie_key)hi << 64 | lo;
}

/* The way back, for keys of NETWORKS_IP6 (which holds mapped IPv4 addresses as well). */
static inline struct addr
networks_addr(trie_key key)
{
	uint64_t hi = (uint64_t)(key >> 64), lo = (uint64_t)key;
	struct addr a;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	hi = __builtin_bswap64(hi);
	lo = __builtin_bswap64(lo);
#endif
	memcpy(a.b, &hi, 8);
	memcpy(a.b + 8, &lo, 8);
	return a;
}

/* The longest prefix of the file that covers an address; NULL where none does. */
static inline const struct network *
networks_find(const struct networks *nw, const struct addr *a)
{
	enum networks_family family = addr_is_v4(a) ? NETWORKS_IP4 : NETWORKS_IP6;
	uint32_t value = trie_find(&nw->trie[family], networks_key(a, family));

	return value != 0 ? &nw->net[value - 1] : NULL;
}

/* The same for n addresses of either family, whose cache misses overlap. */
void	networks_find_many(const struct networks *nw, const struct addr *const *addr,
	    const struct network **ret, size_t n);

static inline const struct addr *
networks_hop(const struct networks *nw, const struct network *net)
{
	return &nw->hop[net->hop];
}

#endif
