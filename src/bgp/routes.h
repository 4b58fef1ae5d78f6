/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a decoded UPDATE to the RIB: for sessions of our own and for those that are monitored elsewhere.
 */
#ifndef WB_BGP_ROUTES_H
#define WB_BGP_ROUTES_H

#include "bgp/update.h"

struct telling {
	struct teller *teller;
	uint64_t rd;			/* of NLRIs that have none of their own */
	const struct attrs_hash *hash;	/* of the attributes of part `hashed`; NULL: not known */
	unsigned hashed;
};

struct told {
	uint64_t announced, refused, withdrawn;		/* NLRIs; refused: the table is full */
};

/* False where the RIB takes no more attributes for now: to be told whole again later. */
bool	routes_tell(const struct telling *t, const struct bgp_update *u, struct told *ret);

#endif
