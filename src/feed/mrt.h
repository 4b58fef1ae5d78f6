/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MRT files: tables and messages of other collectors (RFC 6396, RFC 8050). Reading goes through the
 * codec of BGP: every entry of a table is looked at as the UPDATE it stands for, under the same
 * rules (RFC 7606). Pure functions from bytes to calls; nothing is logged or kept but the peers.
 */
#ifndef WB_FEED_MRT_H
#define WB_FEED_MRT_H

#include "bgp/update.h"
#include "core/clock.h"
#include "core/sbuf.h"
#include "rib/rib.h"

#define MRT_RECORD_MOST	(16u << 20)	/* bytes of a record that is looked at */
#define MRT_PEERS_MOST	4096

struct mrt_peer {
	struct addr addr, id;
	uint32_t as;
};

struct mrt_counters {
	uint64_t records;
	uint64_t entries;		/* of tables */
	uint64_t updates;		/* messages */
	uint64_t states;		/* changes of sessions, and messages that are no UPDATE */
	uint64_t announced, withdrawn;	/* NLRIs, of both */
	uint64_t skipped;		/* entries and fields of families that we do not keep */
	uint64_t other;			/* records of other types */
	uint64_t malformed;		/* records, entries or messages that cannot be believed */
};

struct mrt {
	struct mrt_peer *peer;
	uint32_t peers;
	bool index;			/* the peers are those of a PEER_INDEX_TABLE */
	struct mrt_counters c;
	/* Called for each entry and each UPDATE; u is good until it returns. */
	void (*update)(void *ctx, const struct mrt *m, uint32_t peer, uint32_t path_id,
		    const struct bgp_update *u);
	void *ctx;
	/* While decoding: */
	struct bgp_context context;
	struct bgp_update u;
	uint8_t room[BGP_MESSAGE_MAX];
};

void	mrt_done(struct mrt *m);

/*
 * The next record of a stream, of which `r` has what is there. 1: taken, 0: more bytes are needed,
 * -1: its length is beyond all reason, the stream is no MRT.
 */
int	mrt_take(struct mrt *m, struct rd *r);

/*
 * Writing a table (TABLE_DUMP_V2): first the peers, then a record per route, its peer by number.
 * A record takes at most MRT_ROUTE_MOST bytes.
 */
#define MRT_ROUTE_MOST	(5 * 65536)

struct mrt_route {
	uint32_t sequence;
	uint16_t peer;
	wall_t time;
	const struct rib *rib;
	const struct nlri *nlri;
	uint32_t path;
};

void	mrt_put_peers(struct wr *w, const struct mrt_peer *peer, size_t peers, wall_t time);
void	mrt_put_route(struct wr *w, const struct mrt_route *r);

#endif
