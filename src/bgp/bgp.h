/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BGP speaker: listens, keeps sessions, and tells the RIB. Runs in the control thread on its
 * libevent loop; each session is a teller. Sessions only ever receive routes: nothing is announced.
 * RFC 4271, 4760, 6793, 2918, 7606, 5492, 6286, 9003, 4724, 9494, 7313, 7911, 8654, 5082.
 */
#ifndef WB_BGP_BGP_H
#define WB_BGP_BGP_H

#include "bgp/turns.h"
#include "conf/conf.h"
#include "core/counter.h"
#include "core/sbuf.h"
#include "net/addr.h"
#include "rib/rib.h"

struct event_base;
struct bgp;

struct bgp_conf {
	struct addr *listen;		/* bgp_daemon_ip, several; none: any */
	size_t listens;
	uint16_t port;			/* 179 */
	uint32_t as;			/* bgp_daemon_as; 0: the peer's own (looks like iBGP) */
	struct addr id;			/* bgp_daemon_id; unset: the listen address, else 1.2.3.4 */
	size_t max_peers;		/* bgp_daemon_max_peers; 0: no limit but memory */
	const char *allow_file;		/* NULL: all */
	const char *md5_file;		/* "IP, key" per line */
	const char *neighbors_file;	/* bgp/neighbors.h; NULL: none */
	uint32_t stale_s;		/* routes of a lost session are kept so long; 0: not at all */
	bool one_path;			/* do not offer ADD-PATH */
	uint16_t hold_s;		/* proposed hold time */
	bool ipv6_only;			/* where no address is given */
	const char *interface;
	uint8_t ip_precedence;
	size_t rcvbuf;
};

struct bgp_peer_counters {
	counter_t opens, updates, keepalives, notifications_in, notifications_out, refreshes;
	counter_t announced, withdrawn;			/* NLRIs */
	counter_t refused;				/* NLRIs that the full table did not take */
	counter_t nlri_skipped;				/* fields of families nobody asked for */
	counter_t nlri_other;				/* NLRIs that are no routes (bgp/family.h) */
	counter_t kept, swept;				/* times routes went stale, and were swept */
	counter_t attr_discarded, treated_as_withdraw, sessions_reset;	/* RFC 7606 */
	counter_t bytes, messages;
	counter_t waits;				/* its budget in the RIB was used up */
};
extern const struct counter_row bgp_peer_counter_rows[];
extern const size_t bgp_peer_counter_count;

/* Fields of NLRIs of a family nobody asked for; in the last place those that found no other. */
#define SKIPPED_FAMILIES	8
struct bgp_skipped {
	uint16_t afi;
	uint8_t safi;
	uint64_t fields;
};

struct bgp *bgp_start(struct event_base *base, struct rib *rib, const struct bgp_conf *conf,
	    struct sbuf *err);
void	bgp_stop(struct bgp *bgp);		/* Cease to all, then close */
/* Can it start by this, as far as its files can tell? What is wrong with them is noted. */
void	bgp_check(const struct bgp_conf *conf, struct conf_notes *notes);
/*
 * Take allow file, MD5 file, neighbors file (all read again) and max_peers from conf; the rest of it stays as it
 * was. -1 with err: all of it stays.
 */
int	bgp_reload(struct bgp *bgp, const struct bgp_conf *conf, struct sbuf *err);

/* Ask a neighbor to tell all families again (RFC 2918). -1: it is not up, or cannot. */
int	bgp_refresh(struct bgp *bgp, const struct addr *peer);

/* For `waybill peers`. */
struct bgp_peer_info {
	struct addr addr, id;
	uint16_t port, hold_s;
	uint32_t as;
	const char *state;			/* "Established" */
	mono_t since;				/* in this state */
	uint64_t routes4, routes6;		/* of unicast */
	uint64_t labelled, vpn;			/* of both; VPN with EVPN */
	bool stale;				/* some of its routes are */
	const char *role;			/* "customer" (RFC 9234); "": none was told */
	const struct bgp_skipped *skipped;	/* SKIPPED_FAMILIES, up to the first without a count */
	const struct bgp_peer_counters *c;
	const char *last_error;			/* "" or a sentence */
};

/* Calls `each` for every peer known (also those down, for a day). */
void	bgp_peers(const struct bgp *bgp, void (*each)(const struct bgp_peer_info *p, void *ctx),
	    void *ctx);

struct bgp_counters {
	counter_t accepted, not_allowed, too_many, collisions;
};
extern const struct counter_row bgp_counter_rows[];
extern const size_t bgp_counter_count;
const struct bgp_counters *bgp_counters(const struct bgp *bgp);

/* The longest that one pass over its sessions kept the loop. */
struct stay bgp_longest(const struct bgp *bgp);

#endif
