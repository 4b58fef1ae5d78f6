/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the station. Everything is of the control thread.
 *
 *   struct bmp        the station: listeners, routers, the turns of connections that have work
 *   struct conn       a TCP or TLS connection; has a router from its first message on
 *   struct router     a BMP router, by address and sysName; outlives its connections for a day
 *   struct monitored  a peer of a router, with a teller per RIB it tells of
 *
 * bmp.c starts and stops, bgp/turns.h shares out time, conn.c moves bytes, router.c and monitored.c know who is
 * there, handle.c acts on messages, unknown.c counts what has no row, tls.c has the certificates.
 */
#ifndef WB_BMP_STATION_H
#define WB_BMP_STATION_H

#include <sys/queue.h>

#include <event2/event.h>

#include "bgp/acceptor.h"
#include "bgp/routes.h"
#include "bmp/bmp.h"
#include "conf/allow.h"
#include "core/log.h"

struct bufferevent;
struct ssl_ctx_st;
struct router;

/* What a message left behind. */
enum step { STEP_DONE, STEP_WAIT, STEP_CLOSED };	/* WAIT: again later; CLOSED: no conn any more */

struct conn {
	TAILQ_ENTRY(conn) entry;
	struct turn turn;
	struct bmp *bmp;
	struct router *router;		/* NULL before the first message */
	struct bufferevent *bev;
	struct addr addr;
	uint16_t port;
	bool tls, handshaking, ended;	/* ended: nothing more comes, what is there is still read */
	bool counted;			/* the message at hand, which had to wait */
	bool gone;			/* the router said that it does not come back */
};

TAILQ_HEAD(conn_list, conn);

#define VALUES_MOST	256		/* statistics kept per peer */
#define NAME_MOST	256

struct monitored {
	TAILQ_ENTRY(monitored) entry;
	struct monitored *in_bucket;
	struct bmp_peer_header header;	/* of the last message; type, rd and addr are its name */
	bool up;			/* in the connection at hand */
	bool announced;			/* by a Peer Up */
	bool stale;			/* some of its routes are */
	uint32_t local_as, local_id;	/* of the router, from the OPEN it sent */
	struct bgp_open sent, received;
	uint32_t paths[TELLER_RIBS];	/* without a Peer Up: families that seem to have path ids */
	mono_t since;
	struct teller *teller[TELLER_RIBS];
	uint64_t updates;
	struct bmp_value *value;
	size_t values;
	char table[NAME_MOST];
	char last_error[160];
};

TAILQ_HEAD(monitored_list, monitored);

#define PEER_BUCKETS	256
#define PEERS_MOST	65536		/* of a router */

struct router {
	TAILQ_ENTRY(router) entry;
	struct bmp *bmp;
	struct conn *conn;		/* NULL: down */
	struct addr addr;
	uint16_t port;
	mono_t since;
	struct monitored_list peers;
	struct monitored *bucket[PEER_BUCKETS];
	size_t peer_count;
	struct event *sweep;		/* when what is stale has had its time */
	struct bmp_router_counters c;
	struct log_limit limit;
	char sysname[NAME_MOST], sysdescr[NAME_MOST];
	char last_error[200];
};

TAILQ_HEAD(router_list, router);

#define UNKNOWN_MOST	256

struct bmp {
	struct event_base *base;
	struct rib *rib;
	struct bmp_conf conf;		/* its texts are copies; the addresses are not kept */
	struct acceptor *acceptor;
	struct allow *allow;		/* NULL: no file, everybody */
	struct ssl_ctx_st *tls;		/* NULL: no TLS */
	struct router_list routers;
	struct conn_list conns;
	size_t conn_count;
	struct turns *turns;
	struct event *tidy;
	struct bmp_counters c;
	struct log_limit limit;
	struct bmp_unknown unknown[UNKNOWN_MOST];
	size_t unknowns;
	struct bgp_update update;	/* scratch */
};

/* bmp.c */
void	bmp_tell(struct bmp *bmp, const struct conn *c, struct bmp_event *e);

/* conn.c */
void	conn_new(struct bmp *bmp, int fd, const struct addr *from, uint16_t port);
void	conn_turn(void *conn, mono_t until);
enum step conn_close(struct conn *c);

/* router.c */
struct router *router_of(struct bmp *bmp, const struct addr *addr, const char *sysname);
void	router_attach(struct router *r, struct conn *c);
void	router_detach(struct router *r, bool gone);	/* gone: its routes end as well */
void	router_sweep_later(struct router *r);		/* something of it is stale */
void	routers_forget(struct bmp *bmp, mono_t now);
void	routers_done(struct bmp *bmp);
void	router_log(struct router *r, enum log_level level, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* monitored.c */
struct monitored *monitored_of(struct router *r, const struct bmp_peer_header *h); /* NULL: too many */
struct teller *monitored_teller(struct router *r, struct monitored *p, enum teller_rib rib);
void	monitored_up(struct monitored *p);		/* its tellers are kept up to date again */
void	monitored_stale(struct monitored *p);
void	monitored_sweep(struct monitored *p);
void	monitored_gone(struct monitored *p);		/* all its routes */
void	monitored_free(struct router *r, struct monitored *p);
void	monitored_value(struct monitored *p, const struct bmp_stat *stat);
const char *monitored_text(const struct bmp_peer_header *h, char room[96]);

/* handle.c */
enum step handle(struct conn *c, const struct bmp_message *m);

/* unknown.c */
void	unknown_count(struct bmp *bmp, enum bmp_unknown_kind kind, uint32_t number);

/* tls.c: the context for a certificate and its key; NULL with err. */
struct ssl_ctx_st *tls_new(const struct bmp_conf *conf, struct sbuf *err);
void	tls_free(struct ssl_ctx_st *tls);
struct bufferevent *tls_accept(struct event_base *base, struct ssl_ctx_st *tls, int fd);
const char *tls_error(struct bufferevent *bev, char room[160]);

#endif
