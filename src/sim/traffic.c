/* SPDX-License-Identifier: BSD-2-Clause */
/* Drawing flow records from the table, popular prefixes more often, and adding them up; see traffic.h. */
#include "sim/traffic.h"

#include <math.h>

/* Ranks with a Zipf distribution, drawn by inverting the continuous form of the sum. */
static uint32_t
draw_rank(const struct traffic *t, uint64_t random)
{
	double u = (double)(random >> 11) / 9007199254740992.0;
	double n = table_count(t->table), s = t->zipf, x;

	if (s <= 0)
		return (uint32_t)(u * n);
	if (fabs(s - 1) < 1e-9)
		x = exp(u * log(n + 1));
	else
		x = pow(1 + u * (pow(n + 1, 1 - s) - 1), 1 / (1 - s));
	return x - 1 >= n ? (uint32_t)n - 1 : (uint32_t)(x - 1);
}

/* A host in a prefix of the wanted family, popular prefixes more often. */
static struct addr
draw_host(const struct traffic *t, uint64_t random, bool v6)
{
	uint32_t n = table_count(t->table);
	uint32_t at = (uint32_t)(sim_mix(t->seed, draw_rank(t, random)) % n);
	const struct prefix *p;
	struct addr a;
	uint64_t host = sim_mix(random, 99);
	unsigned keep;

	for (uint32_t i = 0; i < n && addr_is_v4(&table_prefix(t->table, at)->addr) == v6; i++)
		at = (at + 7919) % n;
	p = table_prefix(t->table, at);
	a = p->addr;
	keep = p->len + (addr_is_v4(&a) ? 96u : 0u);
	for (unsigned bit = keep; bit < 128; bit++)
		if (host >> (bit % 61) & 1)
			a.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return a;
}

void
traffic_draw(const struct traffic *t, unsigned router, uint64_t i, bool v6, struct record *ret)
{
	uint64_t r = sim_mix(t->seed + 1, i), q = sim_mix(t->seed + 2, i);
	struct sim_route route;
	static const uint8_t protos[] = { 6, 6, 6, 17, 17, 1, 47, 50 };

	*ret = (struct record){ 0 };
	ret->src = draw_host(t, sim_mix(r, 1), v6);
	ret->dst = draw_host(t, sim_mix(r, 2), v6);
	ret->src_prefix = (int32_t)table_match(t->table, router, &ret->src);
	ret->dst_prefix = (int32_t)table_match(t->table, router, &ret->dst);
	ret->packets = 1 + q % 40 * (q >> 8 & 1);
	ret->bytes = ret->packets * (40 + (q >> 16) % 1460);
	ret->in_iface = 1 + (uint32_t)(q >> 32) % 8;
	ret->out_iface = 1 + (uint32_t)(q >> 36) % 8;
	ret->proto = protos[q >> 40 & 7];
	if (ret->proto == 6 || ret->proto == 17) {
		ret->src_port = (uint16_t)(1024 + (r >> 32) % 64000);
		ret->dst_port = (uint16_t[]){ 443, 80, 53, 22, 8080, 123, 25, 993 }[q >> 44 & 7];
	}
	if (ret->proto == 6)
		ret->tcp_flags = 0x10 | (q >> 48 & 0x0b);
	ret->next_hop = v6 ? (struct addr){ { 0 } } : addr_of_v4(0);
	if (ret->src_prefix >= 0)
		ret->src_mask = table_prefix(t->table, (uint32_t)ret->src_prefix)->len;
	if (ret->dst_prefix >= 0) {
		ret->dst_mask = table_prefix(t->table, (uint32_t)ret->dst_prefix)->len;
		table_route(t->table, router, (uint32_t)ret->dst_prefix, &route);
		ret->next_hop = route.next_hop;
	}
}

/* --- what must come out ------------------------------------------------------------------------- */

static void
expect_path(FILE *f, const struct sim_route *route)
{
	for (unsigned i = 0; i < route->hops; i++)
		fprintf(f, "%s%u", i > 0 ? "_" : "", route->aspath[i]);
}

static void
expect_comms(FILE *f, const struct sim_route *route)
{
	for (unsigned i = 0; i < route->n_comms; i++)
		fprintf(f, "%s%u:%u", i > 0 ? "_" : "", route->comms[i] >> 16,
		    route->comms[i] & 0xffff);
}

static uint32_t
origin_of(const struct sim_route *route)
{
	return route->hops > 0 ? route->aspath[route->hops - 1] : 0;
}

/* Network and mask of one end. */
static void
expect_net(const struct traffic *t, FILE *f, int32_t i)
{
	char text[ADDR_TEXT];
	const struct prefix *p;

	if (i < 0) {
		fprintf(f, ",,0");
		return;
	}
	p = table_prefix(t->table, (uint32_t)i);
	fprintf(f, ",%s,%u", addr_text(&p->addr, text), p->len);
}

void
traffic_expect_header(FILE *f)
{
	fprintf(f, "exporter,src_as,dst_as,as_path,peer_dst_as,local_pref,med,next_hop,comms,"
	    "src_net,src_mask,dst_net,dst_mask,flows,packets,bytes\n");
}

void
traffic_expect(const struct traffic *t, FILE *f, const struct addr *exporter, unsigned router,
    const struct record *r, uint64_t times, uint64_t scale)
{
	struct sim_route src = { 0 }, dst = { 0 };
	char text[ADDR_TEXT];

	if (r->src_prefix >= 0)
		table_route(t->table, router, (uint32_t)r->src_prefix, &src);
	if (r->dst_prefix >= 0)
		table_route(t->table, router, (uint32_t)r->dst_prefix, &dst);
	fprintf(f, "%s,%u,%u,", addr_text(exporter, text), origin_of(&src), origin_of(&dst));
	expect_path(f, &dst);
	fprintf(f, ",%u,%u,%u,%s,", dst.hops > 0 ? dst.aspath[0] : 0, dst.local_pref, dst.med,
	    dst.hops > 0 ? addr_text(&dst.next_hop, text) : "");
	expect_comms(f, &dst);
	expect_net(t, f, r->src_prefix);
	expect_net(t, f, r->dst_prefix);
	fprintf(f, ",%llu,%llu,%llu\n", (unsigned long long)times,
	    (unsigned long long)(times * r->packets * scale),
	    (unsigned long long)(times * r->bytes * scale));
}
