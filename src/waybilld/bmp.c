/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What BMP adds to the commands: routers and their monitored peers for `peers`, counters for `status`.
 */
#include <string.h>

#include "core/mem.h"
#include "waybilld/commands.h"
#include "waybilld/table.h"

static uint64_t
seconds_since(mono_t then)
{
	return (uint64_t)(mono_since(mono_now(), then) / NS_PER_SEC);
}

/* Of one teller, all SAFIs together. */
static uint64_t
routes_of(const struct teller *t, enum rib_afi afi)
{
	uint64_t n = 0;

	for (enum rib_safi safi = RIB_UNICAST; t != NULL && safi < RIB_SAFIS; safi++)
		n += teller_routes(t, afi, safi);
	return n;
}

static uint64_t
counter_of(const void *family, const struct counter_row *row)
{
	return counter_get(counter_at((void *)(uintptr_t)family, row));
}

/* --- peers, JSON ----------------------------------------------------------------------------------- */

struct walk {
	struct json *j;
	struct table *t;
	const struct bmp_router_info *router;
	uint64_t routes[RIB_AFIS];	/* of all peers and RIBs of a router */
};

static void
add_routes(const struct bmp_peer_info *p, void *ctx)
{
	struct walk *w = ctx;

	for (unsigned rib = 0; rib < TELLER_RIBS; rib++)
		for (enum rib_afi afi = RIB_IP4; afi < RIB_AFIS; afi++)
			w->routes[afi] += routes_of(p->teller[rib], afi);
}

static const char *
stat_name(uint16_t type)
{
	for (size_t i = 0; i < bmp_stat_count; i++)
		if (bmp_stat_rows[i].code == type)
			return bmp_stat_rows[i].name;
	return "";
}

static void
values_json(const struct bmp_peer_info *p, struct json *j)
{
	json_array(j, "statistics");
	for (size_t i = 0; i < p->values; i++) {
		json_object(j, NULL);
		json_u64(j, "type", p->value[i].type);
		json_str(j, "name", stat_name(p->value[i].type));
		if (p->value[i].afi != 0) {
			json_u64(j, "afi", p->value[i].afi);
			json_u64(j, "safi", p->value[i].safi);
		}
		json_u64(j, "value", p->value[i].value);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void
peer_json(const struct bmp_peer_info *p, void *ctx)
{
	struct json *j = ((struct walk *)ctx)->j;
	char text[ADDR_TEXT], rd[RD_TEXT];
	struct addr id = addr_of_v4(p->header->id);

	json_object(j, NULL);
	json_str(j, "peer_ip", addr_is_set(&p->header->addr) ? addr_text(&p->header->addr, text) : "");
	json_str(j, "peer_type", bmp_peer_type_name(p->header->type));
	if (p->header->rd != 0)
		json_str(j, "distinguisher", rd_text(p->header->rd, rd));
	json_u64(j, "as", p->header->as);
	json_str(j, "bgp_id", addr_text(&id, text));
	json_str(j, "state", p->state);
	json_u64(j, "since_s", seconds_since(p->since));
	json_str(j, "table", p->table);
	json_u64(j, "updates", p->updates);
	json_array(j, "ribs");
	for (unsigned rib = 0; rib < TELLER_RIBS; rib++) {
		if (p->teller[rib] == NULL)
			continue;
		json_object(j, NULL);
		json_str(j, "rib", teller_rib_name(rib));
		json_u64(j, "routes_ipv4", routes_of(p->teller[rib], RIB_IP4));
		json_u64(j, "routes_ipv6", routes_of(p->teller[rib], RIB_IP6));
		json_bool(j, "stale", teller_is_stale(p->teller[rib]));
		json_end(j, '}');
	}
	json_end(j, ']');
	values_json(p, j);
	json_str(j, "last_error", p->last_error);
	json_end(j, '}');
}

static void
router_json(const struct bmp_router_info *r, void *ctx)
{
	struct walk *w = ctx;
	struct json *j = w->j;
	char text[ADDR_TEXT];

	memset(w->routes, 0, sizeof(w->routes));
	bmp_peers(r, add_routes, w);
	json_object(j, NULL);
	json_str(j, "bmp_router", addr_text(&r->addr, text));
	json_u64(j, "port", r->port);
	json_str(j, "sysname", r->sysname);
	json_str(j, "sysdescr", r->sysdescr);
	json_str(j, "state", r->state);
	json_bool(j, "tls", r->tls);
	json_u64(j, "since_s", seconds_since(r->since));
	json_u64(j, "routes_ipv4", w->routes[RIB_IP4]);
	json_u64(j, "routes_ipv6", w->routes[RIB_IP6]);
	for (size_t i = 0; i < bmp_router_counter_count; i++)
		json_u64(j, bmp_router_counter_rows[i].name,
		    counter_of(r->c, &bmp_router_counter_rows[i]));
	json_str(j, "last_error", r->last_error);
	json_array(j, "peers");
	bmp_peers(r, peer_json, w);
	json_end(j, ']');
	json_end(j, '}');
}

void
routers_json(const struct daemon *d, struct json *j)
{
	struct walk w = { .j = j };

	bmp_routers(d->bmp, router_json, &w);
}

/* --- peers, text ----------------------------------------------------------------------------------- */

static void
peer_rows(const struct bmp_peer_info *p, void *ctx)
{
	const struct walk *w = ctx;
	char text[ADDR_TEXT], rd[RD_TEXT];
	bool any = false;

	for (unsigned rib = 0; rib < TELLER_RIBS; rib++) {
		/* A peer without a RIB has a row as well. */
		if (p->teller[rib] == NULL && (any || rib + 1 < TELLER_RIBS))
			continue;
		any = true;
		table_text(w->t, addr_text(&w->router->addr, text));
		table_text(w->t, w->router->sysname);
		table_text(w->t, w->router->state);
		table_text(w->t, addr_is_set(&p->header->addr) ?
		    addr_text(&p->header->addr, text) : "-");
		table_text(w->t, p->header->rd != 0 ? rd_text(p->header->rd, rd) : "");
		table_u64(w->t, p->header->as);
		table_text(w->t, p->state);
		table_text(w->t, p->teller[rib] != NULL ? teller_rib_name(rib) : "-");
		table_u64(w->t, routes_of(p->teller[rib], RIB_IP4));
		table_u64(w->t, routes_of(p->teller[rib], RIB_IP6));
		table_u64(w->t, p->updates);
		table_text(w->t, p->last_error);
		table_row(w->t);
	}
}

static void
router_rows(const struct bmp_router_info *r, void *ctx)
{
	struct walk *w = ctx;
	char text[ADDR_TEXT];

	w->router = r;
	bmp_peers(r, peer_rows, w);
	if (r->peers > 0)
		return;
	table_text(w->t, addr_text(&r->addr, text));
	table_text(w->t, r->sysname);
	table_text(w->t, r->state);
	for (unsigned i = 0; i < 8; i++)
		table_text(w->t, "");
	table_text(w->t, r->last_error);
	table_row(w->t);
}

void
routers_text(const struct daemon *d, struct sbuf *out)
{
	static const char *const heads[] = { "BMP ROUTER", "NAME", "STATE", "PEER", "VRF", "AS", "PEER IS",
	    "RIB", "IPV4", "IPV6", "UPDATES", "LAST ERROR" };
	struct walk w = { .t = table_new(heads, ARRAY_LEN(heads)) };

	bmp_routers(d->bmp, router_rows, &w);
	table_print(w.t, out);
	table_free(w.t);
}

/* --- status ---------------------------------------------------------------------------------------- */

struct sums {
	uint64_t *counter;		/* by row */
	uint64_t up, peers;
};

static void
add_router(const struct bmp_router_info *r, void *ctx)
{
	struct sums *s = ctx;

	for (size_t i = 0; i < bmp_router_counter_count; i++)
		s->counter[i] += counter_of(r->c, &bmp_router_counter_rows[i]);
	s->up += r->up;
	s->peers += r->peers;
}

void
bmp_status_json(const struct daemon *d, struct json *j)
{
	struct sums s = { .counter = mem_array(bmp_router_counter_count, sizeof(*s.counter)) };
	const struct bmp_unknown *unknown;
	size_t n;

	bmp_routers(d->bmp, add_router, &s);
	json_object(j, "bmp");
	json_u64(j, "routers", s.up);
	json_u64(j, "peers", s.peers);
	json_u64(j, "slowest_slice_us", bmp_longest(d->bmp).ns / 1000);
	json_u64(j, "slowest_slice_cpu_us", bmp_longest(d->bmp).cpu_ns / 1000);
	for (size_t i = 0; i < bmp_counter_count; i++)
		json_u64(j, bmp_counter_rows[i].name,
		    counter_of(bmp_counters(d->bmp), &bmp_counter_rows[i]));
	for (size_t i = 0; i < bmp_router_counter_count; i++)
		json_u64(j, bmp_router_counter_rows[i].name, s.counter[i]);
	json_array(j, "unknown");
	unknown = bmp_unknowns(d->bmp, &n);
	for (size_t i = 0; i < n; i++) {
		json_object(j, NULL);
		json_str(j, "what", bmp_unknown_name(unknown[i].kind));
		json_u64(j, "number", unknown[i].number);
		json_u64(j, "times", unknown[i].times);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
	mem_free(s.counter);
}

void
bmp_status_text(const struct daemon *d, struct sbuf *out)
{
	struct sums s = { .counter = mem_array(bmp_router_counter_count, sizeof(*s.counter)) };
	const struct bmp_unknown *unknown;
	size_t n;

	bmp_routers(d->bmp, add_router, &s);
	sbuf_printf(out, "BMP: %llu routers, %llu monitored peers\n", (unsigned long long)s.up,
	    (unsigned long long)s.peers);
	for (size_t i = 0; i < bmp_router_counter_count; i++)
		if (s.counter[i] > 0)
			sbuf_printf(out, "  %-44s %20llu\n", bmp_router_counter_rows[i].help,
			    (unsigned long long)s.counter[i]);
	unknown = bmp_unknowns(d->bmp, &n);
	for (size_t i = 0; i < n; i++)
		sbuf_printf(out, "  unknown %s %u: %llu times\n", bmp_unknown_name(unknown[i].kind),
		    unknown[i].number, (unsigned long long)unknown[i].times);
	mem_free(s.counter);
}
