/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BGP messages of the simulator's speakers, written by hand: the daemon's own codec is what they
 * are to test.
 */
#ifndef WB_SIM_MESSAGES_H
#define WB_SIM_MESSAGES_H

#include "sim/table.h"

#define HOLD_S		90
#define MSG_BYTES	4096		/* RFC 4271 4.1 */
#define PATHS_MOST	8		/* an UPDATE of each fits into MSG_BYTES together */
#define CHURN_GROUP	6		/* prefixes of one step of churn */

enum { MSG_OPEN = 1, MSG_UPDATE, MSG_NOTIFICATION, MSG_KEEPALIVE };

/* In which families the table is told: both address families of each. */
enum tell_kind { TELL_UNICAST, TELL_LABELLED, TELL_VPN, TELL_KINDS };

struct telling {
	const struct table *table;
	uint32_t as;
	unsigned kinds;			/* a bit per enum tell_kind */
	unsigned vrfs;			/* the table is told in each, under RD 0:AS:1, 0:AS:2, ... */
	unsigned paths;			/* by prefix, 1..PATHS_MOST; more than one: ADD-PATH */
	bool restarts;			/* graceful restart is offered */
};

/* How far a router is: prefixes of pass `pass` before `next` were told. */
struct place {
	unsigned pass;
	uint32_t next;
};

unsigned telling_passes(const struct telling *t);	/* all was told when pass is this */

/* again: it had a session before and lost it (the R bit of RFC 4724 3). */
void	put_open(struct wr *w, const struct telling *t, const struct addr *id, bool again);
void	put_keepalive(struct wr *w);
void	put_cease(struct wr *w);

/* What makes a route another one: that of a monitored peer (sim/monitor.h). */
struct twist {
	unsigned like;			/* the router whose attributes are told */
	uint32_t local_pref;		/* instead of theirs; 0: theirs */
	uint32_t med;			/* added to theirs */
};

/* The next group of prefixes that a router has, from `at` on, twisted; gives how many. */
unsigned put_update(struct wr *w, const struct telling *t, unsigned router,
	    const struct twist *twist, struct place *at);
void	put_end_of_rib(struct wr *w, enum tell_kind kind, unsigned afi);

/* The next group of prefixes, all its paths, at most MSG_BYTES; the ends of RIB behind the last one. */
unsigned put_updates(struct wr *w, const struct telling *t, unsigned router, struct place *at);

/*
 * One step of churn: all prefixes are announced in turn, then announced with other attributes, then
 * withdrawn. The attributes are new ones in each round.
 */
void	put_change(struct wr *w, const struct telling *t, unsigned router, uint64_t step);

#endif
