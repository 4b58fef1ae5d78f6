/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routers: found by the address they connect from and the sysName they give, so that two
 * instances on one router are two (RFC 7854 8.1). What is known of one outlives its connection: its
 * routes for the time they may be stale, its name and counters for a day.
 */
#include "bmp/station.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

#define MOST_DOWN	1000
#define REMEMBER_NS	(24 * 3600 * NS_PER_SEC)
#define SWEEP_NS	(4 * NS_PER_MS)		/* before the loop runs again */

#define ROW(field, text) \
	{ #field, offsetof(struct bmp_router_counters, field), COUNTER_INFO, text }
const struct counter_row bmp_router_counter_rows[] = {
	ROW(sessions, "connections"),
	ROW(messages, "messages"),
	ROW(bytes, "bytes of messages"),
	ROW(route_monitoring, "Route Monitoring messages"),
	ROW(statistics, "Statistics Reports"),
	ROW(peer_down, "Peer Down messages"),
	ROW(peer_up, "Peer Up messages"),
	ROW(initiation, "Initiation messages"),
	ROW(termination, "Termination messages"),
	ROW(mirroring, "Route Mirroring messages"),
	ROW(unknown_message, "messages of types without a row"),
	ROW(malformed, "messages that could not be read"),
	ROW(unknown_peer_type, "messages of peers of types without a row"),
	ROW(too_many_peers, "messages of peers above 65536"),
	ROW(no_initiation, "connections whose first message was no Initiation"),
	ROW(no_peer_up, "peers that told routes without a Peer Up before"),
	ROW(unknown_tlv, "TLVs of types without a row"),
	ROW(unknown_statistic, "statistics of types without a row"),
	ROW(cut_statistic, "statistics shorter than their type asks for"),
	ROW(unknown_down_reason, "Peer Down messages with reasons without a row"),
	ROW(announced, "routes announced"),
	ROW(withdrawn, "routes withdrawn"),
	ROW(refused, "routes that the full table did not take"),
	ROW(nlri_skipped, "fields of routes of families without a row"),
	ROW(attr_discarded, "attributes discarded (RFC 7606)"),
	ROW(treated_as_withdraw, "UPDATEs treated as withdraw (RFC 7606)"),
	ROW(updates_lost, "UPDATEs that could not be read"),
	ROW(inferred_addpath, "UPDATEs read with path ids that no Peer Up told of"),
	ROW(ends_of_rib, "End-of-RIB markers"),
	ROW(mirrored, "BGP messages mirrored"),
	ROW(mirrored_lost, "reports of mirrored messages that were lost"),
	ROW(waits, "times its budget in the RIB was used up"),
};
#undef ROW
const size_t bmp_router_counter_count = ARRAY_LEN(bmp_router_counter_rows);

void
router_log(struct router *r, enum log_level level, const char *fmt, ...)
{
	char text[sizeof(r->last_error)], addr[ADDR_TEXT], held[48] = "";
	struct sbuf name = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level <= LOG_LVL_WARN)
		memcpy(r->last_error, text, sizeof(text));
	if (!log_allowed(&r->limit, mono_now()))
		return;
	if (r->limit.held > 0)
		snprintf(held, sizeof(held), " (%u lines before it held back)", r->limit.held);
	r->limit.held = 0;
	if (r->sysname[0] != '\0') {
		sbuf_char(&name, ' ');
		sbuf_quoted(&name, r->sysname, strlen(r->sysname));
	}
	log_write(level, NULL, "BMP router %s%s: %s%s", addr_text(&r->addr, addr), sbuf_text(&name),
	    text, held);
	sbuf_done(&name);
}

static void
free_peers(struct router *r)
{
	while (!TAILQ_EMPTY(&r->peers))
		monitored_free(r, TAILQ_FIRST(&r->peers));
}

/* Peers that did not come back end, and what others did not tell again. True: there are more. */
static bool
sweep(struct router *r, mono_t until)
{
	struct monitored *p, *next;

	for (p = TAILQ_FIRST(&r->peers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (p->up && !p->stale)
			continue;
		if (mono_due(mono_now(), until))
			return true;
		if (p->up)
			monitored_sweep(p);
		else
			monitored_free(r, p);
	}
	return false;
}

/* Their time is over. */
static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct router *r = arg;
	struct stay_watch watch = stay_begin();
	struct timeval soon = { 0 };

	(void)fd;
	(void)what;
	if (sweep(r, mono_add(watch.began, SWEEP_NS)))
		evtimer_add(r->sweep, &soon);
	if (r->conn == NULL)
		r->since = mono_now();
	stay_end(turns_stay(r->bmp->turns), &watch);
}

static struct router *
router_new(struct bmp *bmp, const struct addr *addr, const char *sysname)
{
	struct router *r = mem_new(sizeof(*r));

	r->bmp = bmp;
	r->addr = *addr;
	r->since = mono_now();
	snprintf(r->sysname, sizeof(r->sysname), "%s", sysname);
	TAILQ_INIT(&r->peers);
	r->sweep = evtimer_new(bmp->base, on_sweep, r);
	TAILQ_INSERT_TAIL(&bmp->routers, r, entry);
	return r;
}

static void
router_free(struct router *r)
{
	free_peers(r);
	event_free(r->sweep);
	TAILQ_REMOVE(&r->bmp->routers, r, entry);
	mem_free(r);
}

struct router *
router_of(struct bmp *bmp, const struct addr *addr, const char *sysname)
{
	struct router *r;

	TAILQ_FOREACH(r, &bmp->routers, entry)
		if (addr_eq(&r->addr, addr) && strcmp(r->sysname, sysname) == 0)
			return r;
	return router_new(bmp, addr, sysname);
}

void
router_attach(struct router *r, struct conn *c)
{
	if (r->conn != NULL) {
		count(&r->bmp->c.replaced);
		router_log(r, LOG_LVL_WARN, "closed: a newer connection took its place");
		(void)conn_close(r->conn);
	}
	r->conn = c;
	r->port = c->port;
	r->since = mono_now();
	c->router = r;
	count(&r->c.sessions);
	if (!TAILQ_EMPTY(&r->peers))
		router_sweep_later(r);		/* it has its time to tell again */
	router_log(r, LOG_LVL_INFO, "connected%s", c->tls ? " by TLS" : "");
}

void
router_sweep_later(struct router *r)
{
	struct timeval tv = { .tv_sec = r->bmp->conf.stale_s };

	evtimer_add(r->sweep, &tv);
}

void
router_detach(struct router *r, bool gone)
{
	struct monitored *p;

	r->conn = NULL;
	r->since = mono_now();
	if (gone || r->bmp->conf.stale_s == 0) {
		router_log(r, LOG_LVL_INFO, "disconnected; its routes end");
		evtimer_del(r->sweep);
		free_peers(r);
		return;
	}
	router_log(r, LOG_LVL_WARN, "connection lost; its routes are stale for %u s",
	    r->bmp->conf.stale_s);
	TAILQ_FOREACH(p, &r->peers, entry) {
		p->up = p->announced = false;
		p->since = r->since;
		monitored_stale(p);
	}
	router_sweep_later(r);
}

/* Those that are down without routes; the list is in the order of first contact. */
void
routers_forget(struct bmp *bmp, mono_t now)
{
	struct router *r, *next;
	size_t down = 0;

	TAILQ_FOREACH(r, &bmp->routers, entry)
		down += r->conn == NULL;
	for (r = TAILQ_FIRST(&bmp->routers); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->conn != NULL || !TAILQ_EMPTY(&r->peers))
			continue;
		if (down > MOST_DOWN || mono_since(now, r->since) > REMEMBER_NS) {
			router_free(r);
			down--;
		}
	}
}

void
routers_done(struct bmp *bmp)
{
	while (!TAILQ_EMPTY(&bmp->routers))
		router_free(TAILQ_FIRST(&bmp->routers));
}

void
bmp_routers(const struct bmp *bmp, void (*each)(const struct bmp_router_info *r, void *ctx),
    void *ctx)
{
	const struct router *r;

	TAILQ_FOREACH(r, &bmp->routers, entry) {
		bool up = r->conn != NULL;
		struct bmp_router_info info = {
			.router = r,
			.addr = r->addr, .port = r->port, .sysname = r->sysname,
			.sysdescr = r->sysdescr, .up = up, .since = r->since,
			.tls = up && r->conn->tls,
			.state = up ? "up" : TAILQ_EMPTY(&r->peers) ? "down" : "stale",
			.peers = r->peer_count, .c = &r->c, .last_error = r->last_error,
		};

		each(&info, ctx);
	}
}
