/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulator's table: prefixes with realistic lengths, attributes by group, its own matching. */
#include "sim/table.h"

#include <stdlib.h>

#include "core/mem.h"

#define GROUP	6		/* prefixes that share attributes: a real session has 6.4 per UPDATE */

struct interval {
	struct addr from;		/* up to the next one's from */
	int32_t prefix;			/* longest match in the whole table, -1 none */
};

struct table {
	struct table_conf conf;
	struct prefix *prefix;		/* sorted by address, then length */
	int32_t *parent;		/* the next shorter one that covers it, -1 */
	struct interval *interval;
	size_t count, intervals;
};

/* Shares of prefix lengths per 1,000, about as in the global tables. */
static const struct { uint8_t len; uint16_t share; } lengths4[] = {
	{ 24, 600 }, { 23, 105 }, { 22, 110 }, { 21, 50 }, { 20, 45 }, { 19, 30 }, { 18, 17 },
	{ 17, 11 }, { 16, 20 }, { 15, 4 }, { 14, 3 }, { 13, 2 }, { 12, 2 }, { 11, 1 },
}, lengths6[] = {
	{ 48, 470 }, { 32, 130 }, { 44, 100 }, { 40, 90 }, { 46, 50 }, { 36, 50 }, { 47, 30 },
	{ 42, 30 }, { 29, 30 }, { 33, 20 },
};

uint64_t
sim_mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) ^ (b + UINT64_C(0xbf58476d1ce4e5b9));

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint8_t
draw_length(bool v6, uint64_t random)
{
	unsigned r = (unsigned)(random % 1000), n = v6 ? ARRAY_LEN(lengths6) : ARRAY_LEN(lengths4);

	for (unsigned i = 0; i < n; i++) {
		unsigned share = v6 ? lengths6[i].share : lengths4[i].share;

		if (r < share)
			return v6 ? lengths6[i].len : lengths4[i].len;
		r -= share;
	}
	return v6 ? 48 : 24;
}

/*
 * An IPv6 address as networks number: they hold a /32 each, several in a /24 of a registry, and give
 * sites to their customers from its start on. Few networks have many, many have few. The real table
 * has one node of 8 bits for 4.2 prefixes in an index by 24, 32, 40 and 48 bits (160,147 prefixes,
 * 38,096 nodes), a uniform draw has nearly two for each.
 */
static uint64_t
draw_v6(const struct table_conf *conf, uint64_t r)
{
	uint64_t networks = (uint64_t)conf->prefixes * conf->v6_percent / 1400 + 16;
	uint64_t skew = (r & 0xffff) * (r >> 16 & 0xffff) >> 16;	/* below 65,536, mostly small */
	uint64_t network = (skew * networks >> 16) + (r >> 32) % (networks / 16);
	uint64_t block = 0x2a0000 | (sim_mix(conf->seed + 79, network / 8) & 0xffff);
	uint64_t region = (r >> 40) % 12 != 0 ? 0 : (r >> 44) % 4;

	return block << 40 | (network % 8) << 37 | region << 24 | (r >> 48 & 0xff) << 16;
}

/* The i-th prefix as drawn; may collide with another one, which the caller sorts out. */
static struct prefix
draw_prefix(const struct table_conf *conf, uint64_t i)
{
	uint64_t r = sim_mix(conf->seed, 2 * i), s = sim_mix(conf->seed, 2 * i + 1);
	struct prefix p;

	p.len = 0;
	if (r % 100 < conf->v6_percent) {
		struct wr w = wr_of(p.addr.b, 16);

		p.len = draw_length(true, r >> 8);
		wr_u64(&w, draw_v6(conf, s));
		wr_u64(&w, 0);
	} else {
		uint32_t v4 = (uint32_t)(s >> 16);

		p.len = draw_length(false, r >> 8);
		/* 1.0.0.0 to 223.255.255.255 without 10/8 and 127/8. */
		v4 = (v4 & 0xffffff) | (uint32_t)(1 + s % 223) << 24;
		if (v4 >> 24 == 10 || v4 >> 24 == 127)
			v4 ^= 0x40000000;
		p.addr = addr_of_v4(v4);
	}
	p.addr = addr_masked(&p.addr, p.len);
	return p;
}

static int
by_address(const void *a, const void *b)
{
	const struct prefix *p = a, *q = b;
	int order = memcmp(&p->addr, &q->addr, sizeof(p->addr));

	return order != 0 ? order : (int)p->len - (int)q->len;
}

/* Draw until there are enough different ones. */
static void
draw_all(struct table *t)
{
	size_t want = t->conf.prefixes, room = want + want / 4 + 64, n = 0;
	uint64_t next = 0;

	t->prefix = mem_array(room, sizeof(*t->prefix));
	while (n < want) {
		size_t kept = 0;

		while (n < want + (want - n) / 8 && n < room)
			t->prefix[n++] = draw_prefix(&t->conf, next++);
		while (n < want)
			t->prefix[n++] = draw_prefix(&t->conf, next++);
		qsort(t->prefix, n, sizeof(*t->prefix), by_address);
		for (size_t i = 0; i < n; i++)
			if (kept == 0 || by_address(&t->prefix[i], &t->prefix[kept - 1]) != 0)
				t->prefix[kept++] = t->prefix[i];
		n = kept;
	}
	t->count = want;
}

/* The first address behind a prefix; false where the prefix ends at the end of all addresses. */
static bool
address_after(const struct prefix *p, struct addr *ret)
{
	unsigned bits = p->len + (addr_is_v4(&p->addr) ? 96u : 0u);
	struct addr a = p->addr;
	int byte = bits == 0 ? -1 : (int)(bits - 1) / 8;
	unsigned carry = bits == 0 ? 0 : 1u << (7 - (bits - 1) % 8);

	for (; byte >= 0 && carry != 0; byte--) {
		unsigned sum = a.b[byte] + carry;

		a.b[byte] = (uint8_t)sum;
		carry = sum >> 8;
	}
	*ret = a;
	return carry == 0 && bits != 0;
}

/* Parents and disjoint intervals by one walk with a stack over the sorted prefixes. */
static void
build_matching(struct table *t)
{
	int32_t stack[129];
	struct addr end[129];
	int top = 0;

	t->parent = mem_array(t->count, sizeof(*t->parent));
	t->interval = mem_array(2 * t->count + 2, sizeof(*t->interval));
	t->interval[t->intervals++] = (struct interval){ .prefix = -1 };
	for (size_t i = 0; i <= t->count; i++) {
		const struct prefix *p = i < t->count ? &t->prefix[i] : NULL;

		while (top > 0 && (p == NULL || memcmp(&end[top - 1], &p->addr, 16) <= 0)) {
			top--;
			t->interval[t->intervals++] = (struct interval){ end[top],
			    top > 0 ? stack[top - 1] : -1 };
		}
		if (p == NULL)
			break;
		t->parent[i] = top > 0 ? stack[top - 1] : -1;
		t->interval[t->intervals++] = (struct interval){ p->addr, (int32_t)i };
		stack[top] = (int32_t)i;
		if (address_after(p, &end[top]))
			top++;
	}
}

struct table *
table_new(const struct table_conf *conf)
{
	struct table *t = mem_new(sizeof(*t));

	t->conf = *conf;
	draw_all(t);
	build_matching(t);
	return t;
}

void
table_free(struct table *t)
{
	mem_free(t->prefix);
	mem_free(t->parent);
	mem_free(t->interval);
	mem_free(t);
}

uint32_t
table_count(const struct table *t)
{
	return (uint32_t)t->count;
}

const struct prefix *
table_prefix(const struct table *t, uint32_t i)
{
	return &t->prefix[i];
}

uint32_t
table_group(const struct table *t, uint32_t i)
{
	(void)t;
	return i / GROUP;
}

bool
table_has(const struct table *t, unsigned router, uint32_t i)
{
	return sim_mix(t->conf.seed ^ UINT64_C(0xabcdef), (uint64_t)router << 32 | i) % 100 >=
	    t->conf.miss_percent;
}

int64_t
table_match(const struct table *t, unsigned router, const struct addr *a)
{
	size_t low = 0, high = t->intervals;
	int32_t p;

	/* The last interval that begins at or before the address; of equal ones the last. */
	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (memcmp(&t->interval[mid].from, a, 16) <= 0)
			low = mid;
		else
			high = mid;
	}
	for (p = t->interval[low].prefix; p >= 0 && !table_has(t, router, (uint32_t)p);)
		p = t->parent[p];
	return p;
}

/*
 * Attributes by group. ASNs are of the documentation and private ranges (RFC 5398, 6996): upstreams
 * 64496 to 64503, transits 65536 to 65551, origins from 4200000000.
 */
void
table_route(const struct table *t, unsigned router, uint32_t i, struct sim_route *ret)
{
	uint32_t group = i / GROUP;
	uint32_t path_group = group % 8 == 7 ? group - 1 : group;	/* 14 % paths, 16 % sets */
	uint64_t r = sim_mix(t->conf.seed + 77, path_group);
	uint64_t c = sim_mix(t->conf.seed + 78, group);
	unsigned upstream = (unsigned)((r + (t->conf.shared ? 0 : router)) % 8);
	bool v4 = addr_is_v4(&t->prefix[i].addr);

	*ret = (struct sim_route){ 0 };
	ret->aspath[ret->hops++] = 64496 + upstream;
	for (unsigned k = 0; k < (r >> 8) % 4; k++)
		ret->aspath[ret->hops++] = 65536 + (uint32_t)(r >> (12 + 4 * k)) % 16;
	/* A square of a uniform number: few origins with many prefixes, many with few. */
	ret->aspath[ret->hops++] = 4200000000u +
	    (uint32_t)(((r >> 32) % 300) * ((r >> 41) % 300));
	for (unsigned k = 0; k < c % 5 && k < SIM_COMMS; k++)
		ret->comms[ret->n_comms++] = (64496 + upstream) << 16 | (100 * k + (c >> 8) % 90);
	if ((c >> 20) % 4 == 0) {
		ret->lcomm[0] = t->conf.as;
		ret->lcomm[1] = upstream;
		ret->lcomm[2] = (uint32_t)(c >> 32) % 1000;
	}
	if (v4) {
		ret->next_hop = addr_of_v4(0xc0000201 + upstream);	/* 192.0.2.1 and up */
	} else {
		addr_parse("2001:db8::1", &ret->next_hop);
		ret->next_hop.b[15] = (uint8_t)(1 + upstream);
	}
	ret->local_pref = 100 + 10 * upstream;
	ret->med = (uint32_t)(c >> 24) % 16 * 5 + (t->conf.shared ? 0 : router * 1000);
}
