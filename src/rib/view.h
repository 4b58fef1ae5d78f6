/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking routes up: the one way from flows into the RIB. Safe on any thread that is inside an
 * epoch (core/epoch.h); what comes back is good until the end of the batch.
 *
 * A view is what an exporter resolves to: an ordered list of columns. Those of one tier (a BGP
 * session; of a router that speaks BMP, one of its RIBs) are tried together: the longest match decides,
 * ties go to the earlier column. A tier that has no answer leaves it to the next one.
 */
#ifndef WB_RIB_VIEW_H
#define WB_RIB_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "rib/attr.h"

struct rib;
struct view;

/* Raised whenever what view_find may answer has changed: resolve an exporter again then. */
uint32_t rib_generation(const struct rib *rib);

/*
 * The view of the router at this address: the teller group whose router-id it is (unless
 * !by_router_id), else whose session address it is. NULL where no such teller is known.
 * rd 0 is the global table; another one puts that VPN table before the unicast ones: that of the VRF
 * where there is one of this RD (rib_import), else that of the RD alone.
 * The pointer is good while rib_generation stays the same and the epoch lasts.
 */
const struct view *view_find(const struct rib *rib, const struct addr *router, uint64_t rd,
	    bool by_router_id);

/* Of its tellers, at least one keeps its routes up to date (teller_down). */
bool	view_is_up(const struct view *view);

/* Which table answers first: 0 the global one, else that of an RD, with RD_VRF set that of a VRF. */
uint64_t view_rd(const struct view *view);

enum route_kind {
	ROUTE_NONE,			/* nothing matched */
	ROUTE_DEFAULT,			/* only 0.0.0.0/0 or ::/0 matched */
	ROUTE_OWN,			/* an empty AS path: the router's own prefix */
	ROUTE_FOUND,
};

struct route {
	uint32_t path;			/* its id; 0: none */
	uint8_t len;			/* of the matched prefix, in the family's own bits */
	uint8_t kind;			/* enum route_kind */
	uint16_t column;		/* which of the view's columns answered */
	const struct path *record;	/* of the path, on its way to the cache; zeros for none */
};

/* Addresses that lie `stride` bytes apart: one field of neighbouring structs. */
struct addr_field {
	const struct addr *first;	/* NULL: there are none */
	size_t stride;
};

/*
 * Look n addresses up in one view, 1 <= n; any n, 20 to 128 at a time is best. They may be of
 * either family, mixed. The hint is the flow's exported BGP next hop, which chooses in a
 * set of several paths (ADD-PATH); without one, or where it is unset, the RIB's preference decides.
 */
void	view_lookup(const struct rib *rib, const struct view *view, struct addr_field addr,
	    struct addr_field hint, struct route *ret, size_t n);

/* One end of the flows of a batch: its addresses, their hints (first may be NULL), where answers go. */
struct view_end {
	struct addr_field addr, hint;
	struct route *ret;
};

#define VIEW_ENDS	2

/*
 * The same for one or both ends of n flows, each in a view of its own: view[i] is that of flow i, NULL
 * for none, which is answered by ROUTE_NONE. Flows that share a view had better stand together.
 */
void	view_lookup_ends(const struct rib *rib, const struct view *const view[],
	    const struct view_end *end, size_t ends, size_t n);

/*
 * For people, control only: which of the router's RIBs answered a lookup, why this path, and all
 * paths that were there for the prefix, of whom. Gives how many; at most `room` are written.
 */
enum view_why { VIEW_ALONE, VIEW_NEXT_HOP, VIEW_PREFERRED };

struct view_answer {
	unsigned rib;			/* enum teller_rib */
	enum view_why why;
};

struct view_candidate {
	const char *teller;		/* its name */
	uint32_t path;
};

size_t	view_candidates(const struct rib *rib, const struct view *view, const struct addr *addr,
	    const struct addr *hint, struct view_candidate *ret, size_t room,
	    struct view_answer *ret_answer);

/* The name of an enum teller_rib: "Loc-RIB"; "RIB" where a teller has but one. */
const char *teller_rib_name(unsigned rib);

/*
 * The longest match shorter than `len` bits, the router's next less specific route. False, and *ret as it
 * was, where there is none. For what is asked rarely.
 */
bool	view_shorter(const struct rib *rib, const struct view *view, const struct addr *a, uint8_t len,
	    struct route *ret);

/* The record of a path; id 0 is a record of zeros. */
const struct path *rib_path(const struct rib *rib, uint32_t id);
const struct comm_set *rib_comm_set(const struct rib *rib, uint32_t id);	/* see rib_comms */

/* The bytes of an interned attribute, as in struct attrs; id 0: none, len 0. */
const uint8_t *rib_attr(const struct rib *rib, enum attr_kind kind, uint32_t id, size_t *ret_len);

/* Its address, unset for id 0. */
struct addr rib_addr(const struct rib *rib, uint32_t id);

/* The communities of a path. Most have only standard ones, whose id then stands in the record. */
static inline struct comm_set
rib_comms(const struct rib *rib, const struct path *path)
{
	if (path->flags & PATH_COMMS_ALONE)
		return (struct comm_set){ .comms = path->comm_set };
	return path->comm_set != 0 ? *rib_comm_set(rib, path->comm_set) : (struct comm_set){ 0 };
}

/* Prefetch what rib_comms will be asked for of these routes. */
void	rib_comm_sets_prefetch(const struct rib *rib, const struct route *route, size_t n);

#endif
