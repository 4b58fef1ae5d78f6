/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BMP station: routers connect and tell what their neighbours told them, before and after
 * policy, what they made of it, and what they tell others. Runs in the control thread on its libevent
 * loop; each monitored peer and RIB kind is a teller. Nothing is ever sent to a router.
 * RFC 7854, 8671, 9069; TLS where it is configured.
 *
 * Routes of a session that is lost stay for `stale_s` and answer meanwhile; what the router does not
 * tell again by its End-of-RIB, or by then, is withdrawn.
 */
#ifndef WB_BMP_BMP_H
#define WB_BMP_BMP_H

#include "bgp/turns.h"
#include "bgp/update.h"
#include "bmp/message.h"
#include "core/clock.h"
#include "core/counter.h"

struct event_base;
struct bmp;

/*
 * What happened, for those who write it down. A message is told once it was acted upon; everything in
 * it is borrowed until the callback returns, which must not call back into the station.
 */
enum bmp_event_kind {
	BMP_EVENT_UP,
	BMP_EVENT_BEGIN,		/* a message of Route Monitoring is about to be acted upon */
	BMP_EVENT_MESSAGE,
	BMP_EVENT_DOWN
};

struct bmp_event {
	enum bmp_event_kind kind;
	struct addr router;
	uint16_t port;
	const char *sysname;			/* "" before its Initiation */
	wall_t when;
	const struct bmp_message *message;	/* of BEGIN and MESSAGE: with its peer header, TLVs,
						   statistics; never one that is malformed */
	const struct bgp_update *update;	/* of Route Monitoring, whatever its verdict */
	enum teller_rib rib;
};

struct bmp_conf {
	const struct addr *listen;	/* bmp_daemon_ip, several; none: any */
	size_t listens;
	uint16_t port;			/* 1790 */
	size_t max_peers;		/* bmp_daemon_max_peers: routers; 0: no limit but memory */
	const char *allow_file;		/* NULL: all */
	bool ipv6_only;			/* where no address is given */
	const char *interface;
	uint8_t ip_precedence;
	size_t rcvbuf;
	uint32_t stale_s;		/* bmp_daemon_stale_time; 0: routes end with their session */
	uint8_t rank[TELLER_RIBS];	/* of each RIB in a view, TELLER_UNSEEN for none of it */
	const char *tls_cert, *tls_key;	/* PEM; NULL: no TLS */
	const char *tls_ca;		/* NULL: routers show no certificate */
	void (*event)(void *ctx, const struct bmp_event *e);	/* NULL: nobody listens */
	void *event_ctx;
};

/* NULL with a sentence in err. The configuration is copied. */
struct bmp *bmp_start(struct event_base *base, struct rib *rib, const struct bmp_conf *conf,
	    struct sbuf *err);
void	bmp_stop(struct bmp *bmp);
/* allow file and certificates again (SIGUSR2). -1 with err: the old ones stay. */
int	bmp_reload(struct bmp *bmp, struct sbuf *err);
uint16_t bmp_port(const struct bmp *bmp);	/* as bound */

struct bmp_counters {
	counter_t accepted, not_allowed, too_many, replaced, tls_failed, streams_broken;
};
extern const struct counter_row bmp_counter_rows[];
extern const size_t bmp_counter_count;
const struct bmp_counters *bmp_counters(const struct bmp *bmp);

struct stay bmp_longest(const struct bmp *bmp);	/* the longest it kept control in one go */

struct bmp_router_counters {
	counter_t sessions, messages, bytes;
	counter_t route_monitoring, statistics, peer_down, peer_up, initiation, termination, mirroring;
	counter_t unknown_message, malformed;
	counter_t unknown_peer_type, too_many_peers;	/* messages that were not acted upon */
	counter_t no_initiation, no_peer_up;		/* accepted all the same */
	counter_t unknown_tlv, unknown_statistic, cut_statistic, unknown_down_reason;
	counter_t announced, withdrawn, refused;	/* NLRIs */
	counter_t nlri_skipped, attr_discarded, treated_as_withdraw, updates_lost;	/* RFC 7606 */
	counter_t inferred_addpath;	/* UPDATEs read with path ids that no Peer Up told of */
	counter_t ends_of_rib, mirrored, mirrored_lost, waits;
};
extern const struct counter_row bmp_router_counter_rows[];
extern const size_t bmp_router_counter_count;

/* For `waybill peers`: routers known, also those down for a day. */
struct bmp_router_info {
	const struct router *router;	/* for bmp_peers */
	struct addr addr;
	uint16_t port;
	const char *sysname, *sysdescr;
	const char *state;		/* "up", "stale", "down" */
	bool up, tls;
	mono_t since;
	size_t peers;
	const struct bmp_router_counters *c;
	const char *last_error;		/* "" or a sentence */
};

void	bmp_routers(const struct bmp *bmp, void (*each)(const struct bmp_router_info *r, void *ctx),
	    void *ctx);

struct bmp_value {
	uint16_t type, afi;
	uint8_t safi;
	uint64_t value;
};

/* A monitored peer of a router. */
struct bmp_peer_info {
	const struct bmp_peer_header *header;	/* of its last message */
	const char *state;		/* "up", "no peer up", "stale", "down" */
	mono_t since;
	const char *table;		/* VRF or table name, "" */
	const char *last_error;		/* why it went down */
	const struct teller *teller[TELLER_RIBS];	/* NULL: tells nothing of this RIB */
	uint64_t updates;
	const struct bmp_value *value;	/* the last of each statistic */
	size_t values;
};

void	bmp_peers(const struct bmp_router_info *of,
	    void (*each)(const struct bmp_peer_info *p, void *ctx), void *ctx);

/* What came with a number that no row has, how often. */
enum bmp_unknown_kind {
	BMP_UNKNOWN_MESSAGE, BMP_UNKNOWN_PEER_TYPE, BMP_UNKNOWN_INFORMATION, BMP_UNKNOWN_TERMINATION,
	BMP_UNKNOWN_MIRRORING, BMP_UNKNOWN_MONITORING, BMP_UNKNOWN_STATISTIC, BMP_UNKNOWN_REASON,
	BMP_UNKNOWN_KINDS
};

struct bmp_unknown {
	enum bmp_unknown_kind kind;
	uint32_t number;
	uint64_t times;
};

const char *bmp_unknown_name(enum bmp_unknown_kind kind);
const struct bmp_unknown *bmp_unknowns(const struct bmp *bmp, size_t *ret_n);

#endif
