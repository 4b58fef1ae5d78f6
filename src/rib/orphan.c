/* SPDX-License-Identifier: BSD-2-Clause */
/* Tellers whose session is lost: kept for a while, taken over by who comes back (RFC 4724 4.2). */
#include <string.h>

#include "rib/rib_priv.h"

static void
each_family(struct teller *t, void (*run)(struct teller *t, enum rib_afi afi, enum rib_safi safi))
{
	for (int afi = 0; afi < RIB_AFIS; afi++)
		for (int safi = 0; safi < RIB_SAFIS; safi++)
			run(t, (enum rib_afi)afi, (enum rib_safi)safi);
}

void
teller_orphan(struct teller *t, mono_t until)
{
	teller_say(t, false);
	each_family(t, rib_stale);
	t->orphan = true;
	t->stale_until = until;
}

bool
teller_is_orphan(const struct teller *t)
{
	return t->orphan;
}

static bool
is_same(const struct teller_info *a, const struct teller_info *b)
{
	return a->kind == b->kind && a->as == b->as && addr_eq(&a->router, &b->router) &&
	    addr_eq(&a->router_id, &b->router_id) &&
	    strcmp(a->name, b->name != NULL ? b->name : "") == 0;
}

struct teller *
teller_adopt(struct rib *rib, const struct teller_info *info)
{
	struct teller *t = rib->first;

	while (t != NULL && !(t->orphan && is_same(&t->info, info)))
		t = t->next;
	if (t == NULL)
		return NULL;
	t->orphan = false;
	t->info.port = info->port;
	teller_say(t, true);
	return t;
}

void
orphans_work(struct rib *rib, mono_t until)
{
	mono_t now = mono_now();
	struct teller *t, *next;

	for (t = rib->first; t != NULL && mono_since(now, until) < 0; t = next, now = mono_now()) {
		next = t->next;
		if (!mono_due(now, t->stale_until))
			continue;
		t->stale_until = (mono_t){ 0 };
		if (t->orphan)
			teller_gone(t);
		else
			each_family(t, rib_sweep);
	}
}
