/* SPDX-License-Identifier: BSD-2-Clause */
/* Tellers, and routers that have none, are sorted by router; where the router changes a unit begins. */
#include "feed/dumpplan.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

struct member {
	struct addr router;
	size_t at;			/* keeps the order of tellers */
	const struct teller *teller;	/* NULL: the router itself */
};

struct members {
	struct member *m;
	size_t count, room;
};

static void
add_member(struct members *list, const struct dump_who *who, const struct addr *router,
    const struct teller *t)
{
	uint64_t word[2];

	memcpy(word, router->b, sizeof(word));
	if (who->slots > 1 && hash_words(word, 2, 0) % who->slots != who->slot)
		return;
	if (list->count == list->room) {
		list->room = list->room > 0 ? 2 * list->room : 64;
		list->m = mem_grow(list->m, list->room, sizeof(*list->m));
	}
	list->m[list->count] = (struct member){ *router, list->count, t };
	list->count++;
}

static int
by_router(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = memcmp(x->router.b, y->router.b, sizeof(x->router.b));

	return order != 0 ? order : x->at < y->at ? -1 : 1;
}

static void
add_unit(struct dump_plan *p, const struct member *m, enum teller_kind kind)
{
	struct dump_unit *u;

	if ((p->units & (p->units - 1)) == 0)
		p->unit = mem_grow(p->unit, p->units > 0 ? 2 * p->units : 1, sizeof(*p->unit));
	u = &p->unit[p->units++];
	*u = (struct dump_unit){ .info = { .kind = kind, .router = m->router } };
	if (m->teller != NULL && kind != TELLER_BMP)
		u->info = *teller_info(m->teller);
	u->info.name = NULL;
}

static void
scan_teller(struct dump_plan *p, const struct teller *t, const struct dump_who *who)
{
	struct dump_unit *u = &p->unit[p->units - 1];
	size_t i = p->scan != NULL ? rib_scan_tellers(p->scan) : 0;

	if (p->scan == NULL)
		p->scan = rib_scan_begin((struct rib *)(uintptr_t)p->rib, t);
	else
		rib_scan_add(p->scan, t);
	if (u->tellers++ == 0)
		u->first = (uint32_t)i;
	p->filtered[i] = who->is_filtered != NULL && who->is_filtered(who->ctx, t);
}

/* Its notes go with its unit. */
static void
take_notes(struct dump_plan *p, struct kept *kept)
{
	struct dump_unit *u = &p->unit[p->units - 1];
	struct kept_router r;

	if (!kept_take(kept, &u->info.router, &r))
		return;
	u->notes = r.notes;
	u->info.port = r.port;
	p->notes += r.count;
	if (r.up || u->tellers > 0)
		return;
	/* A router that is gone is told of once more, where there is something to tell. */
	kept_forget(kept, &u->info.router);
	if (r.count == 0) {
		sbuf_done(&u->notes);
		p->units--;
	}
}

static void
make_units(struct dump_plan *p, const struct members *list, const struct dump_who *who)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct member *m = &list->m[i];
		bool last = i + 1 == list->count || who->kind != TELLER_BMP ||
		    !addr_eq(&m[1].router, &m->router);

		if (i == 0 || who->kind != TELLER_BMP || !addr_eq(&m[-1].router, &m->router))
			add_unit(p, m, who->kind);
		if (m->teller != NULL)
			scan_teller(p, m->teller, who);
		if (last && who->kept != NULL)
			take_notes(p, who->kept);
	}
}

struct dump_plan *
dump_plan_begin(struct rib *rib, const struct dump_who *who)
{
	struct dump_plan *p = mem_new(sizeof(*p));
	struct members list = { 0 };

	p->rib = rib;
	p->kept = who->kept;
	for (const struct teller *t = teller_next(rib, NULL); t != NULL; t = teller_next(rib, t))
		if (teller_info(t)->kind == who->kind)
			add_member(&list, who, &teller_info(t)->router, t);
	for (size_t i = 0; who->kept != NULL && i < kept_routers(who->kept); i++)
		add_member(&list, who, &kept_router(who->kept, i)->addr, NULL);
	if (who->kind == TELLER_BMP && list.count > 0)
		qsort(list.m, list.count, sizeof(*list.m), by_router);
	p->filtered = mem_array(list.count, sizeof(*p->filtered));
	make_units(p, &list, who);
	mem_free(list.m);
	return p;
}

void
dump_plan_end(struct dump_plan *p, uint64_t notes_written)
{
	if (p->scan != NULL)
		rib_scan_end(p->scan);
	for (size_t i = 0; i < p->units; i++)
		sbuf_done(&p->unit[i].notes);
	if (p->kept != NULL)
		kept_over(p->kept, p->notes, notes_written);
	mem_free(p->filtered);
	mem_free(p->unit);
	mem_free(p);
}
