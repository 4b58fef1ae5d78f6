/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking ahead in a session's buffer. Memory is far away and an UPDATE's attributes may lie
 * anywhere in it, but the next UPDATEs are mostly here already: they are decoded early, and the
 * RIB is told to fetch what it will need of them while this one is taken in.
 */
#include "bgp/session.h"

void
ahead_forget(struct bgp *bgp)
{
	bgp->aheads.n = 0;
}

static struct ahead *
nth(struct aheads *q, unsigned n)
{
	return &q->ring[(q->first + n) % AHEAD];
}

/* Decode a message behind the others. */
static void
begin(struct session *s, const struct bgp_message *m)
{
	struct aheads *q = &s->bgp->aheads;
	struct ahead *a = nth(q, q->n++);
	struct bgp_update *u = &a->update;
	struct attrs attrs;

	a->body = m->body.at;
	q->next = m->body.at - BGP_HEADER_LEN + m->len;
	update_decode(m->body, &s->context, u);
	a->part = UPDATE_PARTS;
	if (u->verdict >= VERDICT_WITHDRAW)
		return;
	for (unsigned part = PART_NLRI; part < UPDATE_PARTS && a->part == UPDATE_PARTS; part++)
		if (u->part[part].family != NULL && u->part[part].count > 0)
			a->part = part;
	if (a->part == UPDATE_PARTS)
		return;
	attrs = u->attrs;
	attrs.next_hop = u->part[a->part].next_hop;
	attrs_hash(s->teller, &attrs, &a->hash);
}

/* As many UPDATEs as follow each other in the buffer; what else comes waits for its turn. */
static void
look(struct session *s)
{
	struct aheads *q = &s->bgp->aheads;
	struct bgp_fault fault;
	struct bgp_message m;

	while (q->n < AHEAD) {
		size_t len = (size_t)(s->in + s->in_end - q->next);

		if (bgp_frame(q->next, len, s->most, &m, &fault) != 1 ||
		    m.type != BGP_UPDATE)
			return;
		begin(s, &m);
	}
}

const struct ahead *
ahead_take(struct session *s, const struct bgp_message *m)
{
	struct aheads *q = &s->bgp->aheads;

	if (q->n > 0) {
		q->first++;
		q->n--;
	}
	if (q->n == 0 || nth(q, 0)->body != m->body.at) {
		q->n = 0;
		begin(s, m);
	}
	look(s);
	if (q->n > 2 && nth(q, 2)->part != UPDATE_PARTS)
		attrs_warm(s->teller, &nth(q, 2)->hash);
	return nth(q, 0);
}
