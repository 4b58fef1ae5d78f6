/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours that are dialled (active=true in the neighbors file): when they have no session, after
 * a pause that doubles from 1 s to a minute while they cannot be reached. They may dial us as well;
 * which connection stays is RFC 4271 6.8, in fsm.c.
 */
#include "bgp/session.h"

#include <net/if.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MOST_S	60

static void
arm(struct peer *p)
{
	struct timeval tv = { .tv_sec = p->dial_wait_s };

	if (!evtimer_pending(p->dial, NULL))
		evtimer_add(p->dial, &tv);
	p->dial_wait_s = p->dial_wait_s == 0 ? 1 : 2 * p->dial_wait_s;
	if (p->dial_wait_s > WAIT_MOST_S)
		p->dial_wait_s = WAIT_MOST_S;
}

static void
on_dial(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	struct bgp *bgp = p->bgp;
	struct sbuf err = { 0 };
	struct tcp_conf conf = {
		.local = p->conf.source, .ip_precedence = bgp->conf.ip_precedence,
		.rcvbuf = bgp->conf.rcvbuf,
		.interface = p->conf.interface[0] != '\0' ? p->conf.interface : bgp->conf.interface,
	};

	(void)what;
	if (!p->conf.active || p->session_count > 0)
		return;
	if (mono_since(p->barred, mono_now()) > 0) {
		arm(p);
		return;
	}
	fd = tcp_dialler(&conf, &p->addr);
	if (fd >= 0 && access_sign(&bgp->access, NULL, fd, &err) == 0 &&
	    (p->conf.hops == 0 || tcp_ttl_security(fd, p->conf.hops) == 0) &&
	    tcp_connect(fd, &p->addr, p->conf.port, p->scope) == 0) {
		session_dial(p, fd);
	} else {
		peer_log(p, LOG_LVL_WARN, "cannot be dialled: %s",
		    err.len > 0 ? sbuf_text(&err) : strerror(errno));
		if (fd >= 0)
			close(fd);
		arm(p);
	}
	sbuf_done(&err);
}

void
dial_soon(struct peer *p)
{
	if (!p->conf.active || p->bgp->stopping)
		return;
	if (p->dial == NULL)
		p->dial = evtimer_new(p->bgp->base, on_dial, p);
	arm(p);
}

void
dial_forget(struct peer *p)
{
	if (p->dial != NULL)
		event_free(p->dial);
	p->dial = NULL;
}

void
dial_all(struct bgp *bgp)
{
	for (size_t i = 0; i < bgp->neighbors.count; i++) {
		const struct neighbor *n = &bgp->neighbors.row[i];
		struct peer *p;

		if (!n->active)
			continue;
		p = peer_of(bgp, &n->ip.addr, addr_is_link_local(&n->ip.addr) ?
		    if_nametoindex(n->interface) : 0);
		if (p->session_count == 0)
			dial_soon(p);
	}
}
