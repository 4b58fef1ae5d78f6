/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VRFs and what they import (vrf_map). With an RD for each PE, as most networks have it, the route to a
 * customer's other site carries the RD of the other PE: a flow that is known by the RD of its own VRF would
 * not find it. What makes a VRF of routes is its import route targets (RFC 4364 4.3.1), so each VRF has a
 * table of its own:
 *
 *	! the VRF's RD on its PE, and the route targets it imports
 *	rd=0:65000:1 import=65000:100,65000:900
 *
 * The routes of its own RD belong to it as well. Made by the loader, then given to the RIB (rib_import).
 */
#ifndef WB_RIB_VRFMAP_H
#define WB_RIB_VRFMAP_H

#include "conf/conf.h"
#include "rib/attr.h"

#define VRFS_MOST	8192

struct vrfmap;

struct vrfmap *vrfmap_new(void);
void	vrfmap_free(struct vrfmap *map);

/* The VRF of this RD imports rt. -1: there are VRFS_MOST others already. */
int	vrfmap_add(struct vrfmap *map, uint64_t rd, uint64_t rt);
void	vrfmap_seal(struct vrfmap *map);	/* no more are added; now it may be asked */

/* Read a file; errors go to notes with file and line and give NULL. Sealed. */
struct vrfmap *vrfmap_load(const char *path, struct conf_notes *notes);

uint64_t vrfmap_digest(const struct vrfmap *map);	/* equal for equal maps; 0 for NULL */
size_t	vrfmap_count(const struct vrfmap *map);
uint64_t vrfmap_rd(const struct vrfmap *map, uint16_t vrf);

/*
 * The VRFs that a route of this RD with these extended communities belongs to, each once; gives their
 * number. ret has room for VRFS_MOST. The writer's alone: it keeps marks in the map.
 */
size_t	vrfmap_members(struct vrfmap *map, uint64_t rd, const uint8_t *ecomms, size_t len,
	    uint16_t *ret);

/* Was this VRF among those that vrfmap_members gave last? */
bool	vrfmap_was_found(const struct vrfmap *map, uint16_t vrf);

#endif
