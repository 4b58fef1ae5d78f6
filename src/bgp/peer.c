/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours: who is known, since when, and what was last wrong with them. One is known by its
 * address from its first good OPEN until a day after its last session.
 */
#include "bgp/session.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/mem.h"

#define REMEMBER_NS	(24 * 3600 * NS_PER_SEC)
#define MOST_DOWN	4096		/* neighbours without a session that are remembered */

#define ROW(field, kind, text) \
	{ #field, offsetof(struct bgp_peer_counters, field), COUNTER_##kind, text }
const struct counter_row bgp_peer_counter_rows[] = {
	ROW(messages, INFO, "messages received"),
	ROW(bytes, INFO, "bytes of messages received"),
	ROW(opens, INFO, "OPEN received"),
	ROW(updates, INFO, "UPDATE received"),
	ROW(keepalives, INFO, "KEEPALIVE received"),
	ROW(notifications_in, INFO, "NOTIFICATION received"),
	ROW(notifications_out, INFO, "NOTIFICATION sent"),
	ROW(refreshes, INFO, "ROUTE-REFRESH received, and ignored: nothing is announced"),
	ROW(announced, INFO, "routes announced"),
	ROW(withdrawn, INFO, "routes withdrawn"),
	ROW(refused, INFO, "routes announced that the full table did not take"),
	ROW(nlri_skipped, INFO, "fields of routes of families nobody asked for"),
	ROW(nlri_other, INFO, "NLRIs that are no routes: EVPN but for IP prefixes, RD 0"),
	ROW(kept, INFO, "times its session was lost and its routes were kept"),
	ROW(swept, INFO, "times the routes of a family that were not told again were swept"),
	ROW(attr_discarded, INFO, "attributes discarded (RFC 7606)"),
	ROW(treated_as_withdraw, INFO, "UPDATEs treated as withdraw (RFC 7606)"),
	ROW(sessions_reset, INFO, "sessions closed for what the neighbor sent"),
	ROW(waits, INFO, "times the budget of new attributes was used up"),
};
#undef ROW
const size_t bgp_peer_counter_count = ARRAY_LEN(bgp_peer_counter_rows);

struct peer *
peer_of(struct bgp *bgp, const struct addr *addr, unsigned scope)
{
	struct peer *p;

	TAILQ_FOREACH(p, &bgp->peers, entry)
		if (addr_eq(&p->addr, addr) && p->scope == scope)
			return p;
	p = mem_new(sizeof(*p));
	p->bgp = bgp;
	p->addr = *addr;
	p->scope = scope;
	p->since = mono_now();
	peer_configure(p);
	TAILQ_INIT(&p->sessions);
	TAILQ_INSERT_TAIL(&bgp->peers, p, entry);
	return p;
}

void
peer_configure(struct peer *p)
{
	p->conf = *neighbors_find(&p->bgp->neighbors, &p->addr);
	p->barred = (mono_t){ 0 };
	p->over_max = false;
}

void
peer_skip(struct peer *p, uint16_t afi, uint8_t safi)
{
	struct bgp_skipped *k = p->skipped;

	while (k < p->skipped + SKIPPED_FAMILIES - 1 && k->fields > 0 &&
	    (k->afi != afi || k->safi != safi))
		k++;
	if (k->fields == 0 && k < p->skipped + SKIPPED_FAMILIES - 1) {
		k->afi = afi;
		k->safi = safi;
	}
	k->fields++;
	count(&p->c.nlri_skipped);
}

static void
peer_free(struct peer *p)
{
	stale_drop(p);
	dial_forget(p);
	TAILQ_REMOVE(&p->bgp->peers, p, entry);
	mem_free(p);
}

struct session *
peer_best(const struct peer *p)
{
	struct session *s, *best = NULL;

	TAILQ_FOREACH(s, &p->sessions, of_peer)
		if (best == NULL || s->state > best->state)
			best = s;
	return best;
}

void
peer_unless_used(struct peer *p)
{
	if (p->session_count == 0 && !p->proven && !p->conf.active)
		peer_free(p);
}

void
peer_attach(struct peer *p, struct session *s)
{
	TAILQ_INSERT_TAIL(&p->sessions, s, of_peer);
	if (p->session_count++ == 0)
		p->bgp->peers_up++;
}

void
peer_detach(struct peer *p, struct session *s)
{
	TAILQ_REMOVE(&p->sessions, s, of_peer);
	if (--p->session_count > 0)
		return;
	p->bgp->peers_up--;
	p->since = mono_now();
	dial_soon(p);
	peer_unless_used(p);
}

/* The list is in the order of first contact, so the excess that goes is the oldest. */
void
peers_forget(struct bgp *bgp, mono_t now)
{
	struct peer *p, *next;
	size_t down = 0;

	TAILQ_FOREACH(p, &bgp->peers, entry)
		down += p->session_count == 0;
	for (p = TAILQ_FIRST(&bgp->peers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (p->session_count > 0 || p->conf.active)
			continue;
		if (down > MOST_DOWN || (mono_since(now, p->since) > REMEMBER_NS && p->teller == NULL)) {
			peer_free(p);
			down--;
		}
	}
}

void
peers_done(struct bgp *bgp)
{
	struct peer *p;

	while ((p = TAILQ_FIRST(&bgp->peers)) != NULL)
		peer_free(p);
}

void
peer_log(struct peer *p, enum log_level level, const char *fmt, ...)
{
	char text[sizeof(p->last_error)], addr[ADDR_TEXT], as[16] = "", held[48] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level <= LOG_LVL_WARN)
		memcpy(p->last_error, text, sizeof(text));
	if (!log_allowed(&p->limit, mono_now()))
		return;
	if (p->limit.held > 0)
		snprintf(held, sizeof(held), " (%u lines before it held back)", p->limit.held);
	p->limit.held = 0;
	if (p->as != 0)
		snprintf(as, sizeof(as), " AS %u", p->as);
	log_write(level, NULL, "BGP neighbor %s%s: %s%s", addr_text(&p->addr, addr), as, text, held);
}

static void
count_routes(const struct teller *t, struct bgp_peer_info *info)
{
	info->routes4 = teller_routes(t, RIB_IP4, RIB_UNICAST);
	info->routes6 = teller_routes(t, RIB_IP6, RIB_UNICAST);
	for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++) {
		info->labelled += teller_routes(t, afi, RIB_LABELLED);
		info->vpn += teller_routes(t, afi, RIB_VPN) + teller_routes(t, afi, RIB_EVPN);
	}
	info->stale = teller_is_stale(t);
}

void
bgp_peers(const struct bgp *bgp, void (*each)(const struct bgp_peer_info *p, void *ctx), void *ctx)
{
	const struct peer *p;

	TAILQ_FOREACH(p, &bgp->peers, entry) {
		const struct session *s = peer_best(p);
		struct bgp_peer_info info = {
			.addr = p->addr, .id = p->id, .port = p->port, .hold_s = p->hold_s,
			.as = p->as, .since = p->since, .c = &p->c, .last_error = p->last_error,
			.state = bgp_state_name(s != NULL ? s->state : BGP_STATE_IDLE),
		};

		info.role = p->open.has_role ? bgp_role_name(p->open.role) : "";
		info.skipped = p->skipped;
		if (p->teller != NULL)
			count_routes(p->teller, &info);
		each(&info, ctx);
	}
}
