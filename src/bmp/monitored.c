/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peers of a router, by type, distinguisher and address (RFC 7854 4.2), and their tellers: one
 * for each RIB that is told of a peer, made when its first message comes.
 */
#include "bmp/station.h"

#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"

const char *
monitored_text(const struct bmp_peer_header *h, char room[96])
{
	char addr[ADDR_TEXT], rd[RD_TEXT];
	const char *who = h->type == BMP_PEER_LOC_RIB ? "Loc-RIB" : addr_text(&h->addr, addr);

	if (h->rd == 0)
		snprintf(room, 96, "%s", who);
	else
		snprintf(room, 96, "%s of %s", who, rd_text(h->rd, rd));
	return room;
}

static struct monitored **
bucket_of(struct router *r, const struct bmp_peer_header *h)
{
	uint64_t word[4] = { 0, 0, h->rd, h->type };

	memcpy(word, h->addr.b, sizeof(h->addr));
	return &r->bucket[hash_words(word, ARRAY_LEN(word), hash_seed()) % PEER_BUCKETS];
}

struct monitored *
monitored_of(struct router *r, const struct bmp_peer_header *h)
{
	struct monitored **bucket = bucket_of(r, h), *p;

	for (p = *bucket; p != NULL; p = p->in_bucket)
		if (p->header.type == h->type && p->header.rd == h->rd &&
		    addr_eq(&p->header.addr, &h->addr))
			break;
	if (p == NULL && r->peer_count < PEERS_MOST) {
		p = mem_new(sizeof(*p));
		p->since = mono_now();
		p->in_bucket = *bucket;
		*bucket = p;
		TAILQ_INSERT_TAIL(&r->peers, p, entry);
		r->peer_count++;
	}
	if (p != NULL)
		p->header = *h;
	return p;
}

/* The router's own identifier in that instance: what it sent in its OPEN, or says of its Loc-RIB. */
static uint32_t
router_id(const struct monitored *p)
{
	return p->header.type == BMP_PEER_LOC_RIB ? p->header.id : p->local_id;
}

struct teller *
monitored_teller(struct router *r, struct monitored *p, enum teller_rib rib)
{
	uint32_t id = router_id(p);
	char text[96], name[128];
	struct teller_info info = {
		.kind = TELLER_BMP, .router = r->addr, .as = p->header.as, .rib = rib,
		.peer = p->header.addr,
		.rank = r->bmp->conf.rank[rib], .name = name,
	};

	if (p->teller[rib] != NULL)
		return p->teller[rib];
	if (id != 0)
		info.router_id = addr_of_v4(id);
	snprintf(name, sizeof(name), "%s", monitored_text(&p->header, text));
	p->teller[rib] = teller_new(r->bmp->rib, &info);
	return p->teller[rib];
}

void
monitored_up(struct monitored *p)
{
	p->up = true;
	p->since = mono_now();
	for (unsigned i = 0; i < TELLER_RIBS; i++)
		if (p->teller[i] != NULL)
			teller_down(p->teller[i], false);
}

/* All it told, by all families there are. */
static void
each_family(struct monitored *p, void (*run)(struct teller *t, enum rib_afi, enum rib_safi))
{
	for (unsigned i = 0; i < TELLER_RIBS; i++)
		for (enum rib_afi afi = RIB_IP4; p->teller[i] != NULL && afi < RIB_AFIS; afi++)
			for (enum rib_safi safi = RIB_UNICAST; safi < RIB_SAFIS; safi++)
				run(p->teller[i], afi, safi);
}

void
monitored_stale(struct monitored *p)
{
	each_family(p, rib_stale);
	p->stale = true;
	for (unsigned i = 0; i < TELLER_RIBS; i++)
		if (p->teller[i] != NULL && !p->up)
			teller_down(p->teller[i], true);
}

void
monitored_sweep(struct monitored *p)
{
	each_family(p, rib_sweep);
	p->stale = false;
}

void
monitored_gone(struct monitored *p)
{
	for (unsigned i = 0; i < TELLER_RIBS; i++) {
		if (p->teller[i] != NULL)
			teller_gone(p->teller[i]);
		p->teller[i] = NULL;
	}
	p->up = p->announced = false;
	memset(p->paths, 0, sizeof(p->paths));
	p->since = mono_now();
}

void
monitored_free(struct router *r, struct monitored *p)
{
	struct monitored **at = bucket_of(r, &p->header);

	while (*at != p)
		at = &(*at)->in_bucket;
	*at = p->in_bucket;
	TAILQ_REMOVE(&r->peers, p, entry);
	r->peer_count--;
	monitored_gone(p);
	mem_free(p->value);
	mem_free(p);
}

void
monitored_value(struct monitored *p, const struct bmp_stat *stat)
{
	struct bmp_value v = { stat->type, stat->afi, stat->safi, stat->value };
	size_t i = 0;

	while (i < p->values && (p->value[i].type != v.type || p->value[i].afi != v.afi ||
	    p->value[i].safi != v.safi))
		i++;
	if (i == VALUES_MOST)
		return;
	if (i == p->values) {
		p->value = mem_grow(p->value, i + 1, sizeof(*p->value));
		p->values++;
	}
	p->value[i] = v;
}

static const char *
state_of(const struct monitored *p)
{
	if (p->up)
		return p->announced ? "up" : "no peer up";
	for (unsigned i = 0; i < TELLER_RIBS; i++)
		if (p->teller[i] != NULL)
			return "stale";
	return "down";
}

void
bmp_peers(const struct bmp_router_info *of, void (*each)(const struct bmp_peer_info *p, void *ctx),
    void *ctx)
{
	const struct monitored *p;

	TAILQ_FOREACH(p, &of->router->peers, entry) {
		struct bmp_peer_info info = {
			.header = &p->header, .state = state_of(p), .since = p->since,
			.table = p->table, .last_error = p->last_error, .updates = p->updates,
			.value = p->value, .values = p->values,
		};

		for (unsigned i = 0; i < TELLER_RIBS; i++)
			info.teller[i] = p->teller[i];
		each(&info, ctx);
	}
}
