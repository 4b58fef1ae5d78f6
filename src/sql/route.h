/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes as they are on their way into SQL tables: who told, which one, with what. All of it is values
 * of its own, with nothing of the RIB, for it may wait on a disk and longer than the daemon runs.
 * Structs are compared and hashed as bytes, so what they do not use is zero.
 */
#ifndef WB_SQL_ROUTE_H
#define WB_SQL_ROUTE_H

#include "core/hash.h"
#include "rib/rib.h"

/* A teller as the tables name it: the same over sessions and restarts. */
struct route_teller {
	struct addr router;		/* of the session, or the BMP router */
	struct addr id;			/* the router's BGP identifier, unset: not known */
	struct addr peer;		/* BMP: the peer that it tells of; unset: Loc-RIB */
	uint64_t pd;			/* BMP: the peer's distinguisher */
	uint32_t as;
	uint8_t kind, rib;		/* enum teller_kind, enum teller_rib */
	uint8_t zero[2];
};

void	route_teller_of(const struct teller_info *info, struct route_teller *ret);
bool	route_teller_is(const struct route_teller *a, const struct route_teller *b);	/* AS apart */

/*
 * What many routes have in common besides their attributes: who tells, of which family and VRF. A history
 * has a run of the daemon as well (0 in current routes); what is of no route has no family.
 */
struct route_source {
	struct route_teller teller;	/* all zero: of nobody */
	uint64_t rd, run;
	uint8_t afi, safi;		/* as in SQL; enum rib_safi */
	uint8_t zero[6];
};

struct route_key {
	uint64_t rd;
	struct addr addr;
	uint32_t path_id;
	uint32_t teller;		/* a number of who keeps the tellers */
	uint8_t len, safi;
	uint8_t zero[6];
};

struct route_key route_key_of(const struct nlri *nlri, uint32_t teller);

static inline struct prefix
route_prefix(const struct route_key *key)
{
	return (struct prefix){ key->addr, key->len };
}

/* Attributes, with their byte strings behind them: AS path, communities of the three kinds. */
enum { ROUTE_ASPATH, ROUTE_COMMS, ROUTE_ECOMMS, ROUTE_LCOMMS, ROUTE_TEXTS };

struct route_attrs {
	struct addr next_hop;
	uint32_t med, local_pref;
	uint32_t size;			/* of all, a multiple of 8 */
	uint32_t flags;			/* enum path_flags */
	uint16_t len[ROUTE_TEXTS];
};

_Static_assert(sizeof(struct route_teller) == 64 && sizeof(struct route_source) == 88 &&
    sizeof(struct route_key) == 40 &&
    sizeof(struct route_attrs) == 40, "no holes");

/* Append what a path says; inside an epoch, or control. */
void	route_attrs_put(const struct rib *rib, uint32_t path, struct sbuf *out);
const uint8_t *route_attrs_bytes(const struct route_attrs *a, unsigned which);

/* Attributes, each once. Ids are good until the pool goes. */
struct route_pool {
	struct sbuf bytes;
	struct slots at;
};

void	route_pool_init(struct route_pool *pool);
void	route_pool_done(struct route_pool *pool);
uint32_t route_pool_put(struct route_pool *pool, const struct route_attrs *a);

static inline const struct route_attrs *
route_pool_get(const struct route_pool *pool, uint32_t id)
{
	return (const void *)(pool->bytes.text + (size_t)id * 8);
}

#endif
