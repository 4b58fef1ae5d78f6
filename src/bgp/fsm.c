/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine of a session, RFC 4271 8.2.2, of a connection that was accepted or, where the
 * neighbors file says so, dialled (Connect). Active is a connection whose OPEN we wait for before we
 * send ours (the DelayOpen option of 8.1.1): our AS number may have to be the neighbour's own, and
 * what we offer is cut to what it has. Where we know our AS, the wait is short.
 *
 * Also: collisions (6.8), the hold time (6.5), what a NOTIFICATION says (RFC 9003), what we offer.
 */
#include "bgp/session.h"

#include <errno.h>
#include <string.h>

#include "core/mem.h"

#define OPENING_HOLD_S	60		/* RFC 4271 8.2.2 asks for "a large value" */
#define DELAY_OPEN_S	1		/* until we speak first */
#define BARRED_S	300		/* a neighbour that told too many routes */

typedef enum step fsm_step(struct session *s, const struct bgp_message *m);

static const char *const state_names[] = {
	[BGP_STATE_IDLE] = "Idle", [BGP_STATE_CONNECT] = "Connect", [BGP_STATE_ACTIVE] = "Active",
	[BGP_STATE_OPENSENT] = "OpenSent", [BGP_STATE_OPENCONFIRM] = "OpenConfirm",
	[BGP_STATE_ESTABLISHED] = "Established",
};

const char *
bgp_state_name(enum bgp_state state)
{
	return state_names[state];
}

void
session_state(struct session *s, enum bgp_state state)
{
	s->state = state;
	if (peer_best(s->peer) == s)
		s->peer->since = mono_now();
}

/* Our AS as far as it is known before the neighbour has said its own; 0: not yet. */
static uint32_t
known_as(const struct session *s)
{
	const struct neighbor *n = &s->peer->conf;

	return n->local_as != 0 ? n->local_as : s->bgp->conf.as != 0 ? s->bgp->conf.as : n->as;
}

/*
 * What we offer: everything, and to be of help when the neighbour restarts (RFC 4724 3: no family of
 * ours, for we have no routes to keep). There are speakers that drop a whole ADD-PATH capability for
 * one family in it that they do not know, without a word, and others that take any family they do
 * not have amiss; so where the neighbour has spoken, only its own ones are named in the lists, and
 * where it has not, labelled ones are not.
 */
static void
make_offer(struct session *s)
{
	const struct neighbor *n = &s->peer->conf;
	bool keeps = stale_offered(s->peer), spoken = s->theirs.id != 0;
	uint32_t paths = spoken ? s->theirs.path_send : ~families_labels() | families_vpn();

	s->ours = (struct bgp_open){
		.as = known_as(s) != 0 ? known_as(s) : s->theirs.as, .id = s->bgp->id,
		.hold_s = n->hold_s != 0 ? n->hold_s : s->bgp->conf.hold_s,
		.families = families_all(), .multiprotocol = true, .as4 = true, .refresh = true,
		.path_receive = s->bgp->conf.one_path ? 0 : families_add_path() & paths,
		.labels = families_labels() & (spoken ? s->theirs.labels : 0),
		.ext_hop = families_ext_hop() & (spoken ? s->theirs.ext_hop : UINT32_MAX),
		.enhanced_refresh = true, .ext_message = true,
		.can_restart = keeps, .can_llgr = keeps,
	};
}

static void
encode_open(struct wr *w, const struct session *s)
{
	open_encode(w, &s->ours);
}

static void
encode_keepalive(struct wr *w, const struct session *s)
{
	(void)s;
	keepalive_encode(w);
}

/* Tell both sides what was wrong with a message, and close. */
static enum step
refuse(struct session *s, const char *what, const struct bgp_fault *fault)
{
	peer_log(s->peer, LOG_LVL_WARN, "closed: %s: %s: %u", what, fault->why, fault->value);
	count(&s->peer->c.sessions_reset);
	return session_refuse(s, fault);
}

static enum step
cease(struct session *s, uint8_t subcode, const char *why)
{
	const struct bgp_fault fault = { .code = BGP_ERR_CEASE, .subcode = subcode, .why = why,
		/* RFC 9003 2: a text may follow a shutdown; ours is empty. */
		.data_len = subcode == CEASE_SHUTDOWN };

	peer_log(s->peer, LOG_LVL_WARN, "closed: %s", why);
	return session_refuse(s, &fault);
}

static enum step
hold_over(struct session *s, const struct bgp_message *m)
{
	static const struct bgp_fault fault = { .code = BGP_ERR_HOLD };

	(void)m;
	peer_log(s->peer, LOG_LVL_WARN, "closed: silent for %lld s in state %s (RFC 4271 6.5)",
	    (long long)(mono_since(mono_now(), s->heard) / NS_PER_SEC), state_names[s->state]);
	s->lost = true;
	return session_refuse(s, &fault);
}

/* A connection came up. */
static enum step
meet(struct session *s, const struct bgp_message *m)
{
	(void)m;
	session_state(s, BGP_STATE_ACTIVE);
	session_hold(s, known_as(s) != 0 ? DELAY_OPEN_S : OPENING_HOLD_S);
	return STEP_DONE;
}

/* It waits for us to speak first. */
static enum step
speak_first(struct session *s, const struct bgp_message *m)
{
	if (known_as(s) == 0)
		return hold_over(s, m);
	make_offer(s);
	session_state(s, BGP_STATE_OPENSENT);
	session_hold(s, OPENING_HOLD_S);
	return session_send(s, encode_open);
}

/*
 * Whether an older connection has to go for this one. Of two that each side dialled, the one of the
 * speaker with the higher identifier stays (RFC 4271 6.8; equal ones: RFC 6286 2.3). Of two that the
 * same side dialled, the older one was given up.
 */
static bool
replaces(const struct session *s, const struct session *older)
{
	uint32_t ours = s->bgp->id, theirs = s->theirs.id;

	if (older->state == BGP_STATE_CONNECT || s->dialled == older->dialled)
		return true;
	if (ours == theirs) {
		ours = s->ours.as;
		theirs = s->theirs.as;
	}
	return s->dialled == (ours > theirs);
}

/*
 * Two connections with one neighbour (RFC 4271 6.8). An established one stays until it is lost; a
 * neighbour that agreed to restart has lost it when it comes anew (RFC 4724 4.2).
 */
static enum step
collide(struct session *s)
{
	struct session *other, *next;

	for (other = TAILQ_FIRST(&s->peer->sessions); other != NULL; other = next) {
		next = TAILQ_NEXT(other, of_peer);
		if (other == s)
			continue;
		count(&s->bgp->c.collisions);
		if (other->state == BGP_STATE_ESTABLISHED && other->ours.can_restart &&
		    other->theirs.can_restart) {
			other->lost = true;
			(void)session_close(other);
			continue;
		}
		if (other->state == BGP_STATE_ESTABLISHED)
			return cease(s, CEASE_COLLISION,
			    "a session is established already (RFC 4271 6.8)");
		if (!replaces(s, other))
			return cease(s, CEASE_COLLISION,
			    "the other connection stays (RFC 4271 6.8)");
		if (other->state == BGP_STATE_CONNECT)
			(void)session_close(other);
		else
			(void)cease(other, CEASE_COLLISION,
			    "another connection took its place (RFC 4271 6.8)");
	}
	return STEP_DONE;
}

static uint16_t
agreed_hold(const struct session *s)
{
	uint16_t ours = s->ours.hold_s, theirs = s->theirs.hold_s;

	return ours < theirs ? ours : theirs;
}

static void
note_neighbour(struct session *s)
{
	struct peer *p = s->peer;

	p->proven = true;
	p->open = s->theirs;
	p->as = s->theirs.as;
	p->id = addr_of_v4(s->theirs.id);
	p->port = s->port;
	p->hold_s = agreed_hold(s);
}

/* The neighbour's OPEN, RFC 4271 6.2 and RFC 6286 2.2; what we sent or will send is known. */
static enum step
read_open(struct session *s, const struct bgp_message *m)
{
	const struct neighbor *n = &s->peer->conf;
	struct bgp_fault fault;

	if (open_decode(m->body, &s->theirs, &fault) != 0)
		return refuse(s, "OPEN", &fault);
	if (n->as != 0 && n->as != s->theirs.as) {
		fault = (struct bgp_fault){ .code = BGP_ERR_OPEN, .subcode = OPEN_PEER_AS,
			.value = s->theirs.as, .why = "its AS is not that of the neighbors file" };
		return refuse(s, "OPEN", &fault);
	}
	if (s->state == BGP_STATE_ACTIVE)
		make_offer(s);
	s->context = context_agree(&s->ours, &s->theirs);
	if (s->theirs.ext_message)
		s->most = BGP_MESSAGE_EXTENDED;
	if (s->context.internal && s->theirs.id == s->bgp->id) {
		fault = (struct bgp_fault){ .code = BGP_ERR_OPEN, .subcode = OPEN_ID,
			.value = s->theirs.id, .why = "its identifier is our own (RFC 6286 2.1)" };
		return refuse(s, "OPEN", &fault);
	}
	if (collide(s) == STEP_CLOSED)
		return STEP_CLOSED;
	note_neighbour(s);
	return STEP_DONE;
}

static enum step
confirm(struct session *s)
{
	session_state(s, BGP_STATE_OPENCONFIRM);
	session_hold(s, agreed_hold(s));
	return session_send(s, encode_keepalive);
}

static enum step
take_open(struct session *s, const struct bgp_message *m)
{
	if (read_open(s, m) == STEP_CLOSED)
		return STEP_CLOSED;
	return confirm(s);
}

static enum step
answer_open(struct session *s, const struct bgp_message *m)
{
	if (read_open(s, m) == STEP_CLOSED || session_send(s, encode_open) == STEP_CLOSED)
		return STEP_CLOSED;
	return confirm(s);
}

/*
 * We announce nothing, and say so at once: who restarts waits for it before it tells us anything
 * (RFC 4724 4.1).
 */
static void
encode_ends(struct wr *w, const struct session *s)
{
	for (const struct family *f = families; f < families + family_count; f++)
		if (s->context.families & family_bit(f))
			end_of_rib_encode(w, f);
}

static enum step
come_up(struct session *s, const struct bgp_message *m)
{
	struct peer *p = s->peer;
	struct sbuf families_text = { 0 };

	(void)m;
	s->teller = stale_resume(p, &s->context);
	p->dial_wait_s = 0;
	session_state(s, BGP_STATE_ESTABLISHED);
	for (size_t i = 0; i < family_count; i++)
		if (s->context.families & family_bit(&families[i]))
			sbuf_printf(&families_text, ", %s%s", families[i].name,
			    s->context.add_path & family_bit(&families[i]) ? " with path ids" : "");
	peer_log(p, LOG_LVL_INFO, "established: hold time %u s%s%s", p->hold_s,
	    families_text.len > 0 ? sbuf_text(&families_text) : ", no family in common",
	    s->context.as4 ? "" : ", 2-byte AS numbers");
	sbuf_done(&families_text);
	return s->ours.can_restart && s->theirs.can_restart ? session_send(s, encode_ends)
	    : STEP_DONE;
}

static void
log_update(struct session *s, const struct bgp_update *u)
{
	if (u->verdict == VERDICT_OK)
		return;
	peer_log(s->peer, LOG_LVL_WARN, "UPDATE: %s (%u): %s: %u; %s",
	    attribute_name(u->fault_attr), u->fault_attr, u->fault.why, u->fault.value,
	    u->verdict == VERDICT_DISCARD ? "it is discarded" : "its routes are taken as withdrawn");
}

/* False where the RIB takes no more attributes for now; then nothing was counted. */
static bool
tell(struct session *s, const struct ahead *a)
{
	const struct telling t = { s->teller, 0, &a->hash, a->part };
	struct bgp_peer_counters *c = &s->peer->c;
	struct told told;

	if (!routes_tell(&t, &a->update, &told))
		return false;
	count_add(&c->announced, told.announced);
	count_add(&c->refused, told.refused);
	count_add(&c->withdrawn, told.withdrawn);
	if (told.refused > 0)
		peer_log(s->peer, LOG_LVL_WARN, "%llu routes refused: the table is full",
		    (unsigned long long)told.refused);
	return true;
}

/* max_routes of the neighbors file: say so once, or close and bar it for a while (RFC 4486 4). */
static enum step
check_max(struct session *s)
{
	struct peer *p = s->peer;
	uint64_t n = 0;

	for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++)
		for (enum rib_safi safi = RIB_UNICAST; safi < RIB_SAFIS; safi++)
			n += teller_routes(s->teller, afi, safi);
	if (n <= p->conf.max_routes)
		return STEP_DONE;
	if (p->conf.stop_at_max) {
		p->barred = mono_add(mono_now(), BARRED_S * NS_PER_SEC);
		return cease(s, CEASE_MAX_ROUTES, "it told more routes than max_routes allows");
	}
	if (!p->over_max)
		peer_log(p, LOG_LVL_WARN, "it told %llu routes, more than max_routes %u",
		    (unsigned long long)n, p->conf.max_routes);
	p->over_max = true;
	return STEP_DONE;
}

static enum step
take_update(struct session *s, const struct bgp_message *m)
{
	struct bgp_peer_counters *c = &s->peer->c;
	const struct ahead *a = ahead_take(s, m);
	const struct bgp_update *u = &a->update;

	if (u->verdict == VERDICT_RESET)
		return refuse(s, u->fault_attr != 0 ? attribute_name(u->fault_attr) : "UPDATE",
		    &u->fault);
	if (!tell(s, a))
		return STEP_WAIT;
	log_update(s, u);
	for (unsigned i = 0; i < u->skipped; i++)
		peer_skip(s->peer, u->skip[i].afi, u->skip[i].safi);
	count_add(&c->nlri_other, u->others_seen);
	count_add(&c->attr_discarded, u->discarded);
	if (u->verdict == VERDICT_WITHDRAW)
		count(&c->treated_as_withdraw);
	if (u->end_of_rib != NULL) {
		peer_log(s->peer, LOG_LVL_INFO, "end of RIB of %s: %llu routes",
		    u->end_of_rib->name, (unsigned long long)teller_routes(s->teller,
		    u->end_of_rib->rib_afi, u->end_of_rib->rib_safi));
		stale_end(s->peer, u->end_of_rib);
	}
	return s->peer->conf.max_routes != 0 ? check_max(s) : STEP_DONE;
}

/* Its time was noted when it came. */
static enum step
note_alive(struct session *s, const struct bgp_message *m)
{
	(void)s;
	(void)m;
	return STEP_DONE;
}

/*
 * We have nothing to announce again; but one that is malformed ends the session (RFC 7313 5), and
 * two mark where a family is told again (RFC 7313 4).
 */
static enum step
take_refresh(struct session *s, const struct bgp_message *m)
{
	struct bgp_refresh refresh;
	struct bgp_fault fault;
	const struct family *f;

	if (refresh_decode(m->body, &refresh, &fault) != 0)
		return refuse(s, "ROUTE-REFRESH", &fault);
	f = family_find(refresh.afi, refresh.safi);
	if (f == NULL || !(s->context.families & family_bit(f)) || !s->theirs.enhanced_refresh)
		return STEP_DONE;
	if (refresh.subtype == REFRESH_BEGIN)
		stale_begin(s->peer, f);
	else if (refresh.subtype == REFRESH_END)
		stale_end(s->peer, f);
	return STEP_DONE;
}

static enum step
told_off(struct session *s, const struct bgp_message *m)
{
	struct bgp_notification n = { 0 };
	struct sbuf text = { 0 };

	(void)notification_decode(m->body, &n);
	notification_text(&text, &n);
	peer_log(s->peer, LOG_LVL_WARN, "closed by it: %s", sbuf_text(&text));
	sbuf_done(&text);
	/* A timer that ran out over there says nothing about its routes. */
	s->lost = n.code == BGP_ERR_HOLD || n.code == BGP_ERR_SEND_HOLD;
	return session_close(s);
}

static enum step
line_lost(struct session *s, const struct bgp_message *m)
{
	(void)m;
	peer_log(s->peer, LOG_LVL_WARN, "connection lost in state %s", state_names[s->state]);
	s->lost = true;
	return session_close(s);
}

/* A connection that did not come up, or is not wanted any more. */
static enum step
give_up(struct session *s, const struct bgp_message *m)
{
	(void)m;
	return session_close(s);
}

static enum step
shut_down(struct session *s, const struct bgp_message *m)
{
	(void)m;
	return cease(s, CEASE_SHUTDOWN, "this daemon shuts down");
}

/* RFC 6608 3: a message that has no place in this state. */
static enum step
out_of_place(struct session *s, const struct bgp_message *m)
{
	const struct bgp_fault fault = {
		.code = BGP_ERR_FSM, .value = m != NULL ? m->type : 0,
		.subcode = s->state < BGP_STATE_OPENSENT ? 0
		    : (uint8_t)(s->state - BGP_STATE_OPENSENT + 1),
		.why = "a message out of place (RFC 4271 6.6)",
	};

	return refuse(s, m != NULL ? bgp_type_name(m->type) : state_names[s->state], &fault);
}

static fsm_step *const fsm[BGP_STATE_COUNT][BGP_EVENT_COUNT] = {
	[BGP_STATE_IDLE]       [BGP_EVENT_TCP_UP]       = meet,

	[BGP_STATE_CONNECT]    [BGP_EVENT_TCP_UP]       = meet,
	[BGP_STATE_CONNECT]    [BGP_EVENT_HOLD_OVER]    = give_up,
	[BGP_STATE_CONNECT]    [BGP_EVENT_TCP_DOWN]     = give_up,
	[BGP_STATE_CONNECT]    [BGP_EVENT_STOP]         = give_up,

	[BGP_STATE_ACTIVE]     [BGP_EVENT_OPEN]         = answer_open,
	[BGP_STATE_ACTIVE]     [BGP_EVENT_NOTIFICATION] = told_off,
	[BGP_STATE_ACTIVE]     [BGP_EVENT_HOLD_OVER]    = speak_first,
	[BGP_STATE_ACTIVE]     [BGP_EVENT_TCP_DOWN]     = line_lost,
	[BGP_STATE_ACTIVE]     [BGP_EVENT_STOP]         = shut_down,

	[BGP_STATE_OPENSENT]   [BGP_EVENT_OPEN]         = take_open,
	[BGP_STATE_OPENSENT]   [BGP_EVENT_NOTIFICATION] = told_off,
	[BGP_STATE_OPENSENT]   [BGP_EVENT_HOLD_OVER]    = hold_over,
	[BGP_STATE_OPENSENT]   [BGP_EVENT_TCP_DOWN]     = line_lost,
	[BGP_STATE_OPENSENT]   [BGP_EVENT_STOP]         = shut_down,

	[BGP_STATE_OPENCONFIRM][BGP_EVENT_KEEPALIVE]    = come_up,
	[BGP_STATE_OPENCONFIRM][BGP_EVENT_NOTIFICATION] = told_off,
	[BGP_STATE_OPENCONFIRM][BGP_EVENT_HOLD_OVER]    = hold_over,
	[BGP_STATE_OPENCONFIRM][BGP_EVENT_TCP_DOWN]     = line_lost,
	[BGP_STATE_OPENCONFIRM][BGP_EVENT_STOP]         = shut_down,

	[BGP_STATE_ESTABLISHED][BGP_EVENT_UPDATE]       = take_update,
	[BGP_STATE_ESTABLISHED][BGP_EVENT_KEEPALIVE]    = note_alive,
	[BGP_STATE_ESTABLISHED][BGP_EVENT_REFRESH]      = take_refresh,
	[BGP_STATE_ESTABLISHED][BGP_EVENT_NOTIFICATION] = told_off,
	[BGP_STATE_ESTABLISHED][BGP_EVENT_HOLD_OVER]    = hold_over,
	[BGP_STATE_ESTABLISHED][BGP_EVENT_TCP_DOWN]     = line_lost,
	[BGP_STATE_ESTABLISHED][BGP_EVENT_STOP]         = shut_down,
};

enum step
fsm_event(struct session *s, enum bgp_event event, const struct bgp_message *m)
{
	fsm_step *step = fsm[s->state][event];

	return step != NULL ? step(s, m) : out_of_place(s, m);
}
