/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each message does: a row per type. Routes go to the teller of the peer and RIB that the
 * per-peer header names; what was agreed on comes from the OPENs of the Peer Up and the header's flags.
 * RFC 7854 4 to 6, RFC 8671 5, RFC 9069 5 and 6.
 */
#include "bmp/station.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

/* What a message left behind beside its step. */
struct deed {
	struct conn *c;
	struct router *r;
	struct monitored *p;		/* NULL: the message is of no peer */
	const struct bmp_message *m;
	const struct bgp_update *update;	/* set by Route Monitoring */
};

typedef enum step handle_fn(struct deed *d);

/* --- texts and numbers ----------------------------------------------------------------------------- */

static void
keep_text(char *to, size_t room, struct rd value)
{
	size_t n = rd_left(&value) < room ? rd_left(&value) : room - 1;

	memcpy(to, value.at, n);
	to[n] = '\0';
}

/* Count TLVs without a row. */
static void
count_tlvs(struct deed *d)
{
	static const enum bmp_unknown_kind kinds[BMP_TLV_KINDS] = {
		[BMP_TLV_INFORMATION] = BMP_UNKNOWN_INFORMATION,
		[BMP_TLV_TERMINATION] = BMP_UNKNOWN_TERMINATION,
		[BMP_TLV_MIRRORING] = BMP_UNKNOWN_MIRRORING,
		[BMP_TLV_MONITORING] = BMP_UNKNOWN_MONITORING,
	};
	struct bmp_tlvs walk = d->m->tlvs;
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&walk, &tlv)) {
		if (tlv.pen == 0 && bmp_tlv_row(walk.kind, tlv.type) != NULL)
			continue;
		count(&d->r->c.unknown_tlv);
		unknown_count(d->c->bmp, kinds[walk.kind], tlv.type);
	}
}

/* --- a peer's life --------------------------------------------------------------------------------- */

/* It told something in this connection: what was stale of it is kept up to date again. */
static void
meet_peer(struct deed *d)
{
	char text[96];

	if (d->p->up)
		return;
	monitored_up(d->p);
	if (d->p->announced)
		return;
	count(&d->r->c.no_peer_up);
	router_log(d->r, LOG_LVL_INFO, "%s tells routes without a Peer Up",
	    monitored_text(&d->p->header, text));
}

/* RFC 7854 4.10. A second one without a Peer Down between: the session was made anew meanwhile. */
static enum step
peer_up(struct deed *d)
{
	struct monitored *p = d->p;
	bool again = p->up && p->announced;
	struct bmp_tlv tlv;
	char text[96];

	if (p->local_id != 0 && p->local_id != d->m->up.sent.id)
		monitored_gone(p);
	p->sent = d->m->up.sent;
	p->received = d->m->up.received;
	p->local_as = p->sent.as;
	p->local_id = p->sent.id;
	p->announced = true;
	p->table[0] = p->last_error[0] = '\0';
	memset(p->paths, 0, sizeof(p->paths));
	if (bmp_tlv_find(d->m->tlvs, BMP_INFO_TABLE, &tlv))
		keep_text(p->table, sizeof(p->table), tlv.value);
	if (!p->up)
		monitored_up(p);
	if (again) {
		monitored_stale(p);
		router_sweep_later(d->r);
	}
	router_log(d->r, LOG_LVL_DEBUG, "%s AS %u is up", monitored_text(&p->header, text),
	    p->header.as);
	return STEP_DONE;
}

static void
say_reason(struct deed *d, struct sbuf *b)
{
	const struct bmp_row *row = bmp_down_reason(d->m->reason.code);
	struct bgp_notification n;

	if (row == NULL) {
		sbuf_printf(b, "reason %u", d->m->reason.code);
		return;
	}
	sbuf_str(b, row->name);
	if (row->form == BMP_FORM_U16)
		sbuf_printf(b, ", FSM event %u", d->m->reason.event);
	if (row->form == BMP_FORM_BGP && notification_decode(d->m->bgp, &n) == 0) {
		sbuf_str(b, ": ");
		notification_text(b, &n);
	}
}

/* RFC 7854 4.9: its routes are gone, none is withdrawn one by one. */
static enum step
peer_down(struct deed *d)
{
	struct sbuf why = { 0 };
	char text[96];

	if (bmp_down_reason(d->m->reason.code) == NULL) {
		count(&d->r->c.unknown_down_reason);
		unknown_count(d->c->bmp, BMP_UNKNOWN_REASON, d->m->reason.code);
	}
	say_reason(d, &why);
	snprintf(d->p->last_error, sizeof(d->p->last_error), "%s", sbuf_text(&why));
	router_log(d->r, LOG_LVL_INFO, "%s AS %u is down: %s",
	    monitored_text(&d->p->header, text), d->p->header.as, sbuf_text(&why));
	sbuf_done(&why);
	monitored_gone(d->p);
	return STEP_DONE;
}

/* --- routes ---------------------------------------------------------------------------------------- */

/*
 * What holds for the UPDATEs of a RIB. The A flag says how wide AS numbers are (RFC 7854 4.2). Before
 * inbound policy an UPDATE is as the peer sent it; behind it, and in a Loc-RIB, the router may add what
 * only internal peers send (LOCAL_PREF), so that is not held against an external one.
 */
static struct bgp_context
context_of(const struct monitored *p, enum teller_rib rib)
{
	const struct bmp_peer_header *h = &p->header;
	bool out = rib == TELLER_OUT_PRE || rib == TELLER_OUT_POST;
	struct bgp_context agreed = { .families = 0 };

	if (p->announced)
		agreed = out ? context_agree(&p->received, &p->sent) :
		    context_agree(&p->sent, &p->received);
	return (struct bgp_context){
		.families = families_all(), .labels = agreed.labels,
		.add_path = p->announced ? agreed.add_path : p->paths[rib],
		.guess_paths = !p->announced,
		.as4 = rib == TELLER_LOC_RIB || (h->flags & BMP_FLAG_A) == 0,
		.internal = rib != TELLER_IN_PRE || !p->announced || p->local_as == h->as,
	};
}

static void
log_update(struct deed *d, const struct bgp_update *u)
{
	static const char *const results[] = {
		[VERDICT_OK] = "", [VERDICT_DISCARD] = "it is discarded",
		[VERDICT_WITHDRAW] = "its routes are taken as withdrawn",
		[VERDICT_RESET] = "the message is passed over",
	};
	char text[96];

	if (u->verdict == VERDICT_OK)
		return;
	router_log(d->r, LOG_LVL_WARN, "UPDATE of %s: %s (%u): %s: %u; %s",
	    monitored_text(&d->p->header, text), attribute_name(u->fault_attr), u->fault_attr,
	    u->fault.why, u->fault.value, results[u->verdict]);
}

/*
 * Without a Peer Up nobody knows whether path ids were agreed on (RFC 7911): how its NLRIs were read is
 * what the next ones are expected to look like.
 */
static void
learn_paths(struct deed *d, enum teller_rib rib, const struct bgp_update *u)
{
	uint32_t *paths = &d->p->paths[rib], before = *paths, seen = 0;
	char text[96];

	if (d->p->announced)
		return;
	for (unsigned i = 0; i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];

		if (part->family == NULL || part->count == 0)
			continue;
		*paths &= ~family_bit(part->family);
		if (part->form & NLRI_PATH_ID)
			seen |= family_bit(part->family);
	}
	*paths |= seen;
	if (seen != 0)
		count(&d->r->c.inferred_addpath);
	if (*paths != before)
		router_log(d->r, LOG_LVL_INFO, "%s, without a Peer Up: its NLRIs %s path ids",
		    monitored_text(&d->p->header, text), seen != 0 ? "seem to have" : "have no");
}

static void
end_of_rib(struct deed *d, struct teller *t, enum teller_rib rib, const struct family *f)
{
	char text[96];

	count(&d->r->c.ends_of_rib);
	rib_sweep(t, f->rib_afi, f->rib_safi);
	router_log(d->r, LOG_LVL_DEBUG, "%s: end of %s of %s: %llu routes",
	    monitored_text(&d->p->header, text), teller_rib_name(rib), f->name,
	    (unsigned long long)teller_routes(t, f->rib_afi, f->rib_safi));
}

/* RFC 7854 4.6 and 5. What cannot be read cannot end the session it was heard in: it is not ours. */
static enum step
route_monitoring(struct deed *d)
{
	enum teller_rib rib = bmp_rib_of(&d->m->peer);
	struct bgp_context context = context_of(d->p, rib);
	struct bmp_router_counters *rc = &d->r->c;
	struct bmp *bmp = d->c->bmp;
	struct bgp_update *u = &bmp->update;
	struct telling t = { .rd = d->m->peer.rd };
	struct told told = { 0 };

	meet_peer(d);
	update_decode(d->m->bgp, &context, u);
	t.teller = monitored_teller(d->r, d->p, rib);
	if (u->verdict == VERDICT_RESET)
		count(&rc->updates_lost);
	else if (!routes_tell(&t, u, &told))
		return STEP_WAIT;
	d->update = u;
	d->p->updates++;
	count_add(&rc->announced, told.announced);
	count_add(&rc->refused, told.refused);
	count_add(&rc->withdrawn, told.withdrawn);
	log_update(d, u);
	if (u->verdict == VERDICT_RESET)
		return STEP_DONE;
	learn_paths(d, rib, u);
	count_add(&rc->nlri_skipped, u->skipped);
	count_add(&rc->attr_discarded, u->discarded);
	if (u->verdict == VERDICT_WITHDRAW)
		count(&rc->treated_as_withdraw);
	if (u->end_of_rib != NULL)
		end_of_rib(d, t.teller, rib, u->end_of_rib);
	return STEP_DONE;
}

/* RFC 7854 4.7: verbatim copies, for people; what they did is told by Route Monitoring. */
static enum step
route_mirroring(struct deed *d)
{
	struct bmp_tlvs walk = d->m->tlvs;
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&walk, &tlv)) {
		if (tlv.pen != 0)
			continue;
		if (tlv.type == BMP_MIRROR_MESSAGE)
			count(&d->r->c.mirrored);
		else if (tlv.type == BMP_MIRROR_INFORMATION && rd_u16(&tlv.value) == 1)
			count(&d->r->c.mirrored_lost);
	}
	return STEP_DONE;
}

static enum step
statistics(struct deed *d)
{
	struct bmp_stats walk = d->m->stats;
	struct bmp_stat stat;

	while (bmp_stat_next(&walk, &stat)) {
		if (stat.row == NULL) {
			count(&d->r->c.unknown_statistic);
			unknown_count(d->c->bmp, BMP_UNKNOWN_STATISTIC, stat.type);
		} else if (stat.cut) {
			count(&d->r->c.cut_statistic);
		} else {
			monitored_value(d->p, &stat);
		}
	}
	return STEP_DONE;
}

/* --- the router itself ----------------------------------------------------------------------------- */

static enum step
initiation(struct deed *d)
{
	struct bmp_tlv tlv;

	if (bmp_tlv_find(d->m->tlvs, BMP_INFO_SYSDESCR, &tlv))
		keep_text(d->r->sysdescr, sizeof(d->r->sysdescr), tlv.value);
	return STEP_DONE;
}

/*
 * RFC 7854 4.5: nothing follows, and we close. Where the router was told to stop its routes end with
 * it; in all other cases they may be told again soon.
 */
static enum step
termination(struct deed *d)
{
	struct bmp_tlv tlv;
	uint16_t reason = 1;

	if (bmp_tlv_find(d->m->tlvs, 1, &tlv))
		reason = rd_u16(&tlv.value);
	d->c->gone = reason == 0 || reason == 4;
	router_log(d->r, LOG_LVL_INFO, "ends the session: %s", bmp_termination_reason(reason));
	return STEP_CLOSED;
}

static const struct {
	handle_fn *run;
	size_t counter;
} rows[BMP_TYPES] = {
#define C(field)	offsetof(struct bmp_router_counters, field)
	[BMP_ROUTE_MONITORING] = { route_monitoring, C(route_monitoring) },
	[BMP_STATISTICS]       = { statistics,       C(statistics) },
	[BMP_PEER_DOWN]        = { peer_down,        C(peer_down) },
	[BMP_PEER_UP]          = { peer_up,          C(peer_up) },
	[BMP_INITIATION]       = { initiation,       C(initiation) },
	[BMP_TERMINATION]      = { termination,      C(termination) },
	[BMP_ROUTE_MIRRORING]  = { route_mirroring,  C(mirroring) },
#undef C
};

/* The peer of a message. False where nothing can be done with it. */
static bool
find_peer(struct deed *d)
{
	const struct bmp_peer_header *h = &d->m->peer;

	if (!d->m->has_peer)
		return true;
	if (h->type >= BMP_PEER_TYPES) {
		count(&d->r->c.unknown_peer_type);
		unknown_count(d->c->bmp, BMP_UNKNOWN_PEER_TYPE, h->type);
		return false;
	}
	d->p = monitored_of(d->r, h);
	if (d->p == NULL)
		count(&d->r->c.too_many_peers);
	return d->p != NULL;
}

enum step
handle(struct conn *c, const struct bmp_message *m)
{
	struct deed d = { .c = c, .r = c->router, .m = m };
	struct bmp_event e = { .kind = BMP_EVENT_BEGIN, .message = m };
	enum step step;

	if (m->type >= BMP_TYPES) {
		count(&d.r->c.unknown_message);
		unknown_count(c->bmp, BMP_UNKNOWN_MESSAGE, m->type);
		return STEP_DONE;
	}
	if (!find_peer(&d))
		return STEP_DONE;
	if (m->type == BMP_ROUTE_MONITORING)
		bmp_tell(c->bmp, c, &e);
	step = rows[m->type].run(&d);
	if (step == STEP_WAIT)
		return step;
	count((counter_t *)((char *)&d.r->c + rows[m->type].counter));
	count_tlvs(&d);
	e.kind = BMP_EVENT_MESSAGE;
	e.update = d.update;
	e.rib = m->has_peer ? bmp_rib_of(&m->peer) : TELLER_RIB_ONE;
	bmp_tell(c->bmp, c, &e);
	return step == STEP_CLOSED ? conn_close(c) : STEP_DONE;
}
