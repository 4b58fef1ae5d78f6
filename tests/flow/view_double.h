/* SPDX-License-Identifier: BSD-2-Clause */
/* A stand-in for the RIB in tests of the enrichment: a few routers, a plain list of routes each. */
#ifndef WB_TESTS_VIEW_DOUBLE_H
#define WB_TESTS_VIEW_DOUBLE_H

#include "rib/view.h"

struct rib *rib_double_new(void);
void	rib_double_free(struct rib *rib);

/* A router by session address and router-id (NULL: none), with the routes of one RD. */
unsigned rib_double_router(struct rib *rib, const char *session, const char *id, uint64_t rd);

/* A route of a router; peer_as and origin 0: an empty AS path. Gives the path's id. */
uint32_t rib_double_route(struct rib *rib, unsigned router, const char *prefix, uint32_t peer_as,
	    uint32_t origin_as, const char *next_hop);
void	rib_double_down(struct rib *rib, unsigned router, bool down);	/* its tellers are down */
struct path *rib_double_path(struct rib *rib, uint32_t id);
uint32_t rib_double_finds(const struct rib *rib);	/* how often view_find was asked */

#endif
