/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RIB: what every teller announced, one writer (control), lookups from any thread (rib/view.h).
 *
 *   table    one (route distinguisher, AFI); holds prefixes, each with an id and a parent
 *   teller   whoever announces: a BGP peer, a monitored peer of a BMP router, an imported table
 *   column   path[prefix id] of one (teller, SAFI, table)
 *
 * Everything here is called by control only and does at most a slice of work; what takes longer
 * is done by rib_work. Order of publication makes every race with readers benign: fill in, then
 * publish; unpublish, then destroy after a grace period.
 */
#ifndef WB_RIB_RIB_H
#define WB_RIB_RIB_H

#include "core/clock.h"
#include "core/counter.h"
#include "core/epoch.h"
#include "rib/attr.h"
#include "rib/view.h"

enum rib_afi { RIB_IP4, RIB_IP6, RIB_AFIS };
/* EVPN: IP prefixes that came in EVPN (RFC 9136); in the tables of their RDs, beside VPN. */
enum rib_safi { RIB_UNICAST, RIB_LABELLED, RIB_VPN, RIB_EVPN, RIB_SAFIS };

enum teller_kind { TELLER_BGP, TELLER_BMP, TELLER_ISIS, TELLER_FILE, TELLER_KINDS };

/* Which of a router's RIBs a BMP teller tells (RFC 7854 2, RFC 8671, RFC 9069). */
enum teller_rib {
	TELLER_RIB_ONE,			/* not BMP: the teller has one */
	TELLER_LOC_RIB, TELLER_IN_POST, TELLER_IN_PRE, TELLER_OUT_POST, TELLER_OUT_PRE,
	TELLER_RIBS
};

#define TELLER_UNSEEN	UINT8_MAX	/* rank: flows do not see its routes */

struct rib_conf {
	size_t pool_bytes;		/* most memory of interned attributes, 0: 8 GiB */
	size_t teller_bytes;		/* new pool bytes a teller may cause between two markings,
					   0: 256 MiB */
};

struct rib *rib_new(struct epoch *ep, const struct rib_conf *conf);
void	rib_free(struct rib *rib);	/* no reader left */

struct teller_info {
	enum teller_kind kind;
	struct addr router;		/* session address of the router that tells */
	struct addr router_id;		/* its BGP identifier, as a mapped IPv4 address */
	uint32_t as;			/* the teller's AS */
	uint16_t port;			/* of its side of the session, 0: none */
	const char *name;		/* for people; copied */
	struct addr peer;		/* BMP: whose routes; unset for a Loc-RIB */
	enum teller_rib rib;
	uint8_t rank;			/* among a router's RIBs: the lowest one that has an answer
					   gives it; TELLER_UNSEEN: none of a view */
};

struct teller;
struct teller *teller_new(struct rib *rib, const struct teller_info *info);
const struct teller_info *teller_info(const struct teller *t);

/*
 * Its routes are surely gone: lookups no longer see them when this returns (within 1 ms), memory
 * comes back by rib_work. The pointer is given back with this call.
 */
void	teller_gone(struct teller *t);

/*
 * Routes outlive sessions. An orphan's session is lost, perhaps with the daemon that had it: its
 * routes are stale and answer on. One that comes back takes it over; whatever has not been told
 * again or swept until `until` is withdrawn then, and an orphan that nobody took is gone.
 */
void	teller_orphan(struct teller *t, mono_t until);
bool	teller_is_orphan(const struct teller *t);

/* The orphan of the same kind, router, router id, AS and name, now `info`'s own; NULL: none. */
struct teller *teller_adopt(struct rib *rib, const struct teller_info *info);

/* A route's name within a teller. */
struct nlri {
	uint64_t rd;			/* 0: global table */
	uint8_t safi;			/* enum rib_safi */
	struct prefix prefix;		/* its address says the AFI */
	uint32_t path_id;		/* ADD-PATH (RFC 7911), 0: none */
	uint32_t label;			/* 20 bits, or a VNI of 24 (EVPN over VXLAN); 0: none */
};

/*
 * Intern attributes, once per UPDATE. The id is good until the teller's next call of attrs_put or
 * the end of the slice of control, whichever is earlier, unless an announce has stored it.
 * 0 where the teller's budget or the pool is used up: stop reading its socket and try again after
 * rib_work.
 */
uint32_t attrs_put(struct teller *t, const struct attrs *attrs);

/*
 * The same in three steps, for one who sees attributes coming: hash them, which prefetches where
 * they will be looked for; some hundred nanoseconds later warm them, which prefetches what is
 * there; then put them. The second step may be left out.
 */
void	attrs_hash(const struct teller *t, const struct attrs *attrs, struct attrs_hash *ret);
void	attrs_warm(const struct teller *t, const struct attrs_hash *hash);
uint32_t attrs_put_hashed(struct teller *t, const struct attrs *attrs, const struct attrs_hash *hash);

enum rib_change {
	RIB_NEW, RIB_REPLACED, RIB_SAME, RIB_REMOVED, RIB_UNKNOWN, RIB_FULL,
	RIB_SWEPT,			/* of watchers only: it was stale and is removed */
};

enum rib_change rib_announce(struct teller *t, const struct nlri *nlri, uint32_t path);
enum rib_change rib_withdraw(struct teller *t, const struct nlri *nlri);

/*
 * Several NLRIs with one path: the batch form, which prefetches. Counts as n announces; stops
 * early (returning how many it took) only when the table is full.
 */
size_t	rib_announce_many(struct teller *t, const struct nlri *nlri, size_t n, uint32_t path);

/*
 * VRFs by import route target: from now on VPN routes are also in the tables of those that they belong
 * to, which view_find gives for the VRF's RD. Takes the map; NULL: no VRFs. An equal one changes nothing,
 * another one is brought into force by rib_work. RDs with RD_VRF set are refused from then and before.
 */
struct vrfmap;
void	rib_import(struct rib *rib, struct vrfmap *map);

/*
 * From now on what is not told again is stale. Stale routes answer until rib_sweep has withdrawn
 * them, which rib_work goes on with where they are many. Where it is not at the end when they are said
 * to be stale again, what it has left is as stale as the rest, and goes with the next sweep.
 */
void	rib_stale(struct teller *t, enum rib_afi afi, enum rib_safi safi);
void	rib_sweep(struct teller *t, enum rib_afi afi, enum rib_safi safi);
bool	teller_is_stale(const struct teller *t);

/*
 * Who is told of every change: one watcher, called by control at once. Paths are good until it
 * returns; `old` is 0 where there was none. Routes of a teller that is gone are told as swept, by
 * rib_work; it is down after the last of them, or was when it became an orphan.
 */
struct rib_event {
	const struct teller *teller;
	const struct nlri *nlri;
	enum rib_change change;
	uint32_t old, path;
};

enum teller_event {
	TELLER_UP,			/* new, or taken over */
	TELLER_DOWN,			/* gone, an orphan, or down (teller_down) */
	TELLER_END,			/* the pointer is good no longer; the last event */
};

struct rib_watcher {
	void (*route)(void *ctx, const struct rib_event *e);
	void (*teller)(void *ctx, const struct teller *t, enum teller_event event);
	void *ctx;
};

void	rib_watch(struct rib *rib, const struct rib_watcher *w);	/* borrowed; NULL: nobody */

/*
 * Nobody keeps its routes up to date at the moment, or somebody does again. They answer as before;
 * but of several routers that an exporter may see, one that has a teller up goes before (view_is_up).
 */
void	teller_down(struct teller *t, bool down);

/*
 * Background work: emptied prefixes, columns of tellers that are gone, marking of attributes,
 * freeing after grace periods. Stops at `until`. True when there is more to do now.
 */
bool	rib_work(struct rib *rib, mono_t until);

/* Figures for status and metrics; control only. */
struct rib_stats {
	uint64_t prefixes[RIB_AFIS];
	uint64_t routes;		/* over all tellers */
	uint64_t imported;		/* their copies in the tables of VRFs */
	uint64_t paths, aspaths, comm_lists, addrs;
	uint64_t prefix_bytes, column_bytes, pool_bytes;
	uint64_t pool_held;		/* memory that the pool has from the kernel for its bytes */
	uint64_t announces, withdraws, markings, paths_freed, refused;
	uint64_t merged, merged_full;	/* merged columns; paths that a full set of one had no room for */
};

void	rib_stats(const struct rib *rib, struct rib_stats *ret);
uint64_t teller_routes(const struct teller *t, enum rib_afi afi, enum rib_safi safi);

/* Walk the tellers; NULL starts, NULL ends. Control only. */
struct teller *teller_next(const struct rib *rib, const struct teller *after);

/* One teller's answer for an address, every match from longest to shortest; for `waybill rib`. */
struct rib_match {
	struct prefix prefix;
	const struct teller *teller;
	uint32_t path;
	uint32_t path_id;
	bool stale;
};

/* Control only. Gives how many there are; at most `room` are written. teller NULL: of all. */
size_t	rib_matches(const struct rib *rib, const struct teller *t, uint64_t rd,
	    const struct addr *a, struct rib_match *ret, size_t room);

/*
 * Walk a teller's routes, copies of VRFs apart, in slices: up to `most` routes per call, `cursor` starts zeroed and is the
 * walk's own; 0 at the end. Control only.
 */
struct rib_cursor { uint32_t column, prefix, sub; };
size_t	rib_walk(const struct teller *t, struct rib_cursor *cursor, struct nlri *ret_nlri,
	    uint32_t *ret_path, size_t most);

#endif
