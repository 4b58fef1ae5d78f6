/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes outlive sessions. When one is lost without a stated reason, its teller stays with the
 * neighbour and its routes are stale: they answer until they are told again, until the end of a
 * family's RIB says that the rest will not be, or until time is up. RFC 4724 4.2 says so for those
 * who agreed on it; here it holds for all (bgp_daemon_stale_time), for a flow that finds an old route
 * is served better than one that finds none. So F bits are not asked for, and what was stale already
 * when a session is lost again gets more time, but never twice as much.
 *
 * RFC 9494 4.3: behind that time the routes of a family may be kept for long, but for those with
 * NO_LLGR. RFC 7313 4: a refresh between its two marks is the same thing in a session that is up.
 */
#include "bgp/session.h"

#include "core/mem.h"

#define PURGE_RUN	256		/* routes looked at between two looks at the clock */
#define PURGE_SLICE	(2 * NS_PER_MS)

static uint32_t
stale_s(const struct peer *p)
{
	return p->conf.has_stale ? p->conf.stale_s : p->bgp->conf.stale_s;
}

bool
stale_offered(const struct peer *p)
{
	return stale_s(p) > 0;
}

/* How long routes are kept: as configured, or as long as the neighbour may need to restart. */
static int64_t
keep_ns(const struct peer *p)
{
	uint32_t ours = stale_s(p), theirs = p->open.can_restart ? p->open.restart_s : 0;

	return (ours > theirs ? ours : theirs) * NS_PER_SEC;
}

static bool
is_up(const struct peer *p)
{
	const struct session *s = peer_best(p);

	return s != NULL && s->teller != NULL;
}

static mono_t
earlier(mono_t a, mono_t b)
{
	return a.ns == 0 || (b.ns != 0 && b.ns < a.ns) ? b : a;
}

/* For the first family that is due; true: there is one. */
static bool
arm(struct peer *p)
{
	mono_t first = { 0 };
	struct timeval tv;
	int64_t left;

	for (size_t i = 0; i < family_count; i++)
		first = earlier(first, p->stale_until[i]);
	if (first.ns == 0) {
		if (p->stale != NULL)
			event_del(p->stale);
		return false;
	}
	left = mono_since(first, mono_now());
	left = left > 0 ? left : 0;
	tv = (struct timeval){ .tv_sec = left / NS_PER_SEC,
		.tv_usec = left % NS_PER_SEC / NS_PER_USEC };
	event_add(p->stale, &tv);
	return true;
}

static void
for_afis(struct teller *t, const struct family *f,
    void (*act)(struct teller *t, enum rib_afi afi, enum rib_safi safi))
{
	for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++)
		if (f->both_afis || afi == f->rib_afi)
			act(t, afi, f->rib_safi);
}

static void
mark(struct peer *p, const struct family *f, mono_t until)
{
	size_t i = (size_t)(f - families);

	if (p->stale_until[i].ns == 0)
		p->stale_since[i] = mono_now();
	p->stale_until[i] = until;
	for_afis(p->teller, f, rib_stale);
}

static void
sweep(struct peer *p, const struct family *f)
{
	p->stale_until[f - families] = (mono_t){ 0 };
	p->long_lived &= ~family_bit(f);
	for_afis(p->teller, f, rib_sweep);
}

static uint64_t
routes_of(const struct peer *p, const struct family *f)
{
	uint64_t n = 0;

	for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++)
		if (f->both_afis || afi == f->rib_afi)
			n += teller_routes(p->teller, afi, f->rib_safi);
	return n;
}

/* Time is up for a family. Down and agreed on, it may become long-lived; else what is stale goes. */
static void
family_due(struct peer *p, const struct family *f, mono_t now)
{
	size_t i = (size_t)(f - families);
	uint32_t llgr_s = p->open.can_restart && p->open.can_llgr ? p->open.llgr_s[i] : 0;

	if (!is_up(p) && llgr_s > 0 && !(p->long_lived & family_bit(f))) {
		p->long_lived |= family_bit(f);
		p->stale_until[i] = mono_add(now, llgr_s * NS_PER_SEC);
		p->purge = (struct rib_cursor){ 0 };
		p->purging = true;
		peer_log(p, LOG_LVL_INFO, "%s: %llu routes are kept for %u s more (RFC 9494)",
		    f->name, (unsigned long long)routes_of(p, f), llgr_s);
		return;
	}
	peer_log(p, LOG_LVL_INFO, "%s: what was not told again is swept", f->name);
	count(&p->c.swept);
	sweep(p, f);
}

/* Leave out NO_LLGR, a slice; true: there is more. Sets may shift meanwhile: a later walk sees it. */
static bool
purge(struct peer *p, mono_t until)
{
	struct nlri nlri[PURGE_RUN];
	uint32_t path[PURGE_RUN];
	size_t n;

	do {
		size_t out = 0;

		n = rib_walk(p->teller, &p->purge, nlri, path, PURGE_RUN);
		for (size_t i = 0; i < n; i++)
			if (rib_path(p->bgp->rib, path[i])->flags & PATH_NO_LLGR)
				nlri[out++] = nlri[i];
		for (size_t i = 0; i < out; i++)
			(void)rib_withdraw(p->teller, &nlri[i]);
		if (out > 0)
			p->purge = (struct rib_cursor){ .column = p->purge.column,
				.prefix = p->purge.prefix };
	} while (n > 0 && !mono_due(mono_now(), until));
	return n > 0;
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	mono_t now = mono_now();

	(void)fd;
	(void)what;
	for (const struct family *f = families; f < families + family_count; f++)
		if (mono_due(now, p->stale_until[f - families]))
			family_due(p, f, now);
	if (p->purging && !is_up(p)) {
		p->purging = purge(p, mono_add(now, PURGE_SLICE));
		if (p->purging) {
			struct timeval soon = { .tv_usec = 1000 };

			event_add(p->stale, &soon);
			return;
		}
	}
	if (!arm(p) && !is_up(p))
		stale_drop(p);
}

void
stale_keep(struct peer *p)
{
	mono_t now = mono_now();
	int64_t keep = keep_ns(p);

	if (p->teller == NULL)
		return;
	if (!stale_offered(p)) {
		stale_drop(p);
		return;
	}
	if (p->stale == NULL)
		p->stale = evtimer_new(p->bgp->base, on_due, p);
	for (const struct family *f = families; f < families + family_count; f++) {
		size_t i = (size_t)(f - families);
		mono_t until = mono_add(now, keep), most = mono_add(p->stale_since[i], 2 * keep);

		if (p->stale_until[i].ns != 0 && most.ns < until.ns)
			until = most;
		if (routes_of(p, f) > 0)
			mark(p, f, until);
	}
	if (!arm(p)) {
		stale_drop(p);
		return;
	}
	teller_down(p->teller, true);
	count(&p->c.kept);
	peer_log(p, LOG_LVL_INFO, "its routes are kept for up to %lld s",
	    (long long)(keep / NS_PER_SEC));
}

void
stale_drop(struct peer *p)
{
	memset(p->stale_until, 0, sizeof(p->stale_until));
	p->long_lived = 0;
	p->purging = false;
	if (p->stale != NULL)
		event_free(p->stale);
	p->stale = NULL;
	if (p->teller != NULL)
		teller_gone(p->teller);
	p->teller = NULL;
}

/* A family that is not agreed on any more cannot be told again. */
static void
resume(struct peer *p, const struct bgp_context *context)
{
	mono_t until = mono_add(mono_now(), keep_ns(p));

	p->purging = false;
	for (const struct family *f = families; f < families + family_count; f++) {
		size_t i = (size_t)(f - families);

		if (p->stale_until[i].ns == 0)
			continue;
		if (!(context->families & family_bit(f)))
			sweep(p, f);
		else if (p->long_lived & family_bit(f))
			p->stale_until[i] = until;
		else
			p->stale_until[i] = earlier(until,
			    mono_add(p->stale_since[i], 2 * keep_ns(p)));
	}
	p->long_lived = 0;
	(void)arm(p);
}

/* Routes of an earlier run of the daemon are as stale as those of a lost session. */
static void
take_over(struct peer *p)
{
	p->stale = evtimer_new(p->bgp->base, on_due, p);
	for (const struct family *f = families; f < families + family_count; f++)
		if (routes_of(p, f) > 0)
			mark(p, f, mono_add(mono_now(), keep_ns(p)));
}

struct teller *
stale_resume(struct peer *p, const struct bgp_context *context)
{
	char name[ADDR_TEXT];
	struct teller_info info = {
		.kind = TELLER_BGP, .router = p->addr, .router_id = p->id, .as = p->as,
		.port = p->port, .name = addr_text(&p->addr, name),
	};

	if (p->teller != NULL && (!addr_eq(&teller_info(p->teller)->router_id, &p->id) ||
	    teller_info(p->teller)->as != p->as))
		stale_drop(p);
	if (p->teller != NULL)
		teller_down(p->teller, false);
	else if ((p->teller = teller_adopt(p->bgp->rib, &info)) != NULL)
		take_over(p);
	else
		p->teller = teller_new(p->bgp->rib, &info);
	if (p->stale != NULL)
		resume(p, context);
	return p->teller;
}

void
stale_begin(struct peer *p, const struct family *f)
{
	int64_t keep = keep_ns(p) > 0 ? keep_ns(p) : 300 * NS_PER_SEC;

	if (p->stale == NULL)
		p->stale = evtimer_new(p->bgp->base, on_due, p);
	mark(p, f, mono_add(mono_now(), keep));
	(void)arm(p);
}

void
stale_end(struct peer *p, const struct family *f)
{
	if (p->stale_until[f - families].ns == 0)
		return;
	count(&p->c.swept);
	sweep(p, f);
	(void)arm(p);
}
