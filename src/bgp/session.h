/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the session half: the speaker, its neighbours and their connections. Everything is of the
 * control thread.
 *
 *   struct bgp      the speaker: listeners, neighbours, the turns of sessions that have work
 *   struct peer     a neighbour, by its address; outlives its connections for a day
 *   struct session  one TCP connection and its state machine; a teller once it is established
 *
 * bgp.c starts and stops, turns.h shares out time, peer.c knows the neighbours, dial.c calls those that
 * are to be called, session.c moves bytes, fsm.c decides, stale.c keeps the routes of a lost session
 * until they are told again; routes.h tells the RIB.
 */
#ifndef WB_BGP_SESSION_H
#define WB_BGP_SESSION_H

#include <sys/queue.h>

#include <event2/event.h>

#include "bgp/acceptor.h"
#include "bgp/access.h"
#include "bgp/bgp.h"
#include "bgp/neighbors.h"
#include "bgp/open.h"
#include "bgp/routes.h"
#include "bgp/turns.h"
#include "core/log.h"

enum bgp_state {
	BGP_STATE_IDLE, BGP_STATE_CONNECT, BGP_STATE_ACTIVE, BGP_STATE_OPENSENT, BGP_STATE_OPENCONFIRM,
	BGP_STATE_ESTABLISHED, BGP_STATE_COUNT,
};

enum bgp_event {
	BGP_EVENT_TCP_UP, BGP_EVENT_OPEN, BGP_EVENT_UPDATE, BGP_EVENT_NOTIFICATION,
	BGP_EVENT_KEEPALIVE, BGP_EVENT_REFRESH, BGP_EVENT_HOLD_OVER, BGP_EVENT_TCP_DOWN,
	BGP_EVENT_STOP, BGP_EVENT_COUNT,
};

/* What a step left behind. */
enum step { STEP_DONE, STEP_WAIT, STEP_CLOSED };	/* CLOSED: the session is no more */

#define SESSION_IN	65536		/* bytes read ahead: many messages, far above one */
#define SESSION_OUT	1024		/* bytes of ours that the neighbour has not taken yet */

/*
 * UPDATEs are decoded a few ahead of the one that is told to the RIB, so that the RIB's memory is on
 * its way here meanwhile: where their attributes are looked for first, what is there a step later.
 */
#define AHEAD	4			/* a power of two */

struct ahead {
	const uint8_t *body;		/* the message's, in the session's buffer */
	struct bgp_update update;
	struct attrs_hash hash;		/* of the routes of this part; UPDATE_PARTS: none come */
	unsigned part;
};

struct aheads {
	struct ahead ring[AHEAD];
	unsigned first, n;
	const uint8_t *next;		/* where the message behind the last one begins */
};

struct session {
	TAILQ_ENTRY(session) of_peer;
	struct turn turn;
	struct bgp *bgp;
	struct peer *peer;
	int fd;
	uint16_t port;
	struct event *read, *write, *hold, *keepalive;
	enum bgp_state state;
	bool counted;			/* the message at hand, which had to wait */
	bool dialled;			/* by us */
	bool lost;			/* it ends without a reason that concerns its routes */
	size_t most;			/* longest message it may send */
	mono_t heard;			/* last message */
	int64_t hold_ns;		/* 0: for ever */
	struct bgp_open ours, theirs;
	struct bgp_context context;
	struct teller *teller;		/* the peer's, while established */
	size_t in_start, in_end, out_len;
	uint8_t in[SESSION_IN];
	uint8_t out[SESSION_OUT];
};

TAILQ_HEAD(session_list, session);

struct peer {
	TAILQ_ENTRY(peer) entry;
	struct bgp *bgp;
	struct addr addr, id;
	unsigned scope;			/* interface of a link-local address, else 0 */
	struct neighbor conf;		/* its line of the neighbors file */
	uint16_t port, hold_s;
	uint32_t as;
	struct bgp_open open;		/* its last one */
	mono_t since;			/* of its best session's state, or of its end */
	bool proven;			/* it has sent a good OPEN */
	struct session_list sessions;	/* more than one only while they collide */
	unsigned session_count;
	struct teller *teller;		/* of the session that is up or, while stale, of the last one */
	mono_t stale_until[FAMILIES_MOST];	/* by family: when what was not told again goes */
	mono_t stale_since[FAMILIES_MOST];
	uint32_t long_lived;		/* families whose routes are stale by RFC 9494 by now */
	struct rib_cursor purge;	/* where leaving out NO_LLGR goes on */
	bool purging;
	struct event *stale;		/* when the first of these is due */
	struct event *dial;		/* when it is to be dialled, or tried again */
	unsigned dial_wait_s;
	mono_t barred;			/* not let in before: it told too many routes */
	bool over_max;			/* which was said */
	struct bgp_skipped skipped[SKIPPED_FAMILIES];
	struct bgp_peer_counters c;
	struct log_limit limit;
	char last_error[200];
};

TAILQ_HEAD(peer_list, peer);

struct bgp {
	struct event_base *base;
	struct rib *rib;
	struct bgp_conf conf;		/* its texts and addresses are copies */
	uint32_t id;
	struct access access;
	struct neighbors neighbors;
	struct acceptor *acceptor;
	struct peer_list peers;
	size_t peers_up;		/* with a session in any state */
	struct turns *turns;
	struct event *tidy;
	bool stopping;
	struct bgp_counters c;
	struct log_limit limit;
	struct aheads aheads;		/* of the session whose turn it is */
};

/* peer.c */
/* Made where it was not known; scope: the interface of a link-local address. */
struct peer *peer_of(struct bgp *bgp, const struct addr *addr, unsigned scope);
void	peer_configure(struct peer *p);		/* its line of the neighbors file, once more */
void	peer_skip(struct peer *p, uint16_t afi, uint8_t safi);
struct session *peer_best(const struct peer *p);	/* its session that got farthest, or NULL */
void	peer_attach(struct peer *p, struct session *s);
void	peer_detach(struct peer *p, struct session *s);	/* may end an unproven peer */
void	peer_unless_used(struct peer *p);	/* forget one that has neither session nor past */
void	peers_forget(struct bgp *bgp, mono_t now);	/* those down for a day */
void	peers_done(struct bgp *bgp);
/* Log a line about it and, for warnings, keep it as its last error. Floods are cut. */
void	peer_log(struct peer *p, enum log_level level, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* session.c */
void	session_new(struct peer *p, int fd, uint16_t port);	/* accepted */
void	session_dial(struct peer *p, int fd);			/* being dialled */
/* Work until the bytes at hand are used up or the time is; what it says next is queued by it. */
void	session_turn(void *session, mono_t until);
/* Queue one message for the neighbour; STEP_CLOSED where it takes none any more. */
enum step session_send(struct session *s, void (*encode)(struct wr *w, const struct session *s));
void	session_hold(struct session *s, uint16_t hold_s);	/* start its timers; 0: none */
enum step session_close(struct session *s);
/* Tell the neighbour what was wrong, then close. */
enum step session_refuse(struct session *s, const struct bgp_fault *fault);

/* fsm.c */
enum step fsm_event(struct session *s, enum bgp_event event, const struct bgp_message *m);
const char *bgp_state_name(enum bgp_state state);
void	session_state(struct session *s, enum bgp_state state);

/* ahead.c: an UPDATE decoded, and those behind it begun with; good until the next call. */
const struct ahead *ahead_take(struct session *s, const struct bgp_message *m);
void	ahead_forget(struct bgp *bgp);	/* the turn is over, or the buffer has moved */

/* dial.c */
void	dial_soon(struct peer *p);		/* where it is to be dialled and has no session */
void	dial_all(struct bgp *bgp);		/* all that the neighbors file says */
void	dial_forget(struct peer *p);

/*
 * stale.c. A session that came up: its teller, with the routes kept from the last one. One that was
 * lost: keep them (stale_keep), or not (stale_drop).
 */
struct teller *stale_resume(struct peer *p, const struct bgp_context *context);
void	stale_keep(struct peer *p);
void	stale_drop(struct peer *p);
bool	stale_offered(const struct peer *p);	/* whether routes of it are ever kept */
/* All of this family will be told again from here (RFC 7313 4); all was (RFC 4724 2, RFC 7313 4). */
void	stale_begin(struct peer *p, const struct family *f);
void	stale_end(struct peer *p, const struct family *f);

#endif
