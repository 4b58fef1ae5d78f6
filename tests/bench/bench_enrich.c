/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time of the enrichment per flow, over the real RIB: `bench_enrich [prefixes [tellers]]`,
 * 900,000 and 10 by default. Each teller misses 3 % of the prefixes and has a path of its own for
 * every fourth; 24 flows in a row come from one exporter, as a datagram brings them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "flow/enrich.h"
#include "rib/rib.h"

enum { ROUNDS = 4000, FLOWS_OF_A_DATAGRAM = 24, MOST_TELLERS = 200,
    INTERFACES = 10000 };

struct bench {
	uint64_t seed;
	unsigned prefixes, tellers;
	struct prefix *prefix;
	struct rib *rib;
	struct epoch *ep;
	struct epoch_reader *reader;
	struct exporter exporter[MOST_TELLERS];
	struct flow *flow;
};

static uint32_t
random32(struct bench *b)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(b->seed >> 33) ^ (uint32_t)(b->seed >> 12);
}

/* Lengths as in a full table: mostly /24, then /22, /23, /16 to /21. */
static void
make_prefixes(struct bench *b)
{
	b->prefix = mem_array(b->prefixes, sizeof(*b->prefix));
	for (unsigned i = 0; i < b->prefixes; i++) {
		uint32_t dice = random32(b) % 100;
		uint8_t len = dice < 60 ? 24 : dice < 72 ? 22 : dice < 82 ? 23 :
		    (uint8_t)(16 + dice % 6);
		struct addr a = addr_of_v4(((1 + random32(b) % 222) << 24) |
		    (random32(b) & 0xffffff));

		b->prefix[i] = (struct prefix){ .addr = addr_masked(&a, len), .len = len };
	}
}

static uint32_t
make_path(struct bench *b, struct teller *teller)
{
	uint8_t path[2 + 4 * 4] = { 2, 4 };
	struct attrs attrs = { .aspath = path, .aspath_len = sizeof(path), .has_med = true,
	    .med = random32(b) % 4, .next_hop = addr_of_v4(0xc0000200 + random32(b) % 8) };

	for (unsigned h = 0; h < 4; h++) {
		path[2 + 4 * h + 1] = (uint8_t)(random32(b) % 5);
		path[2 + 4 * h + 2] = (uint8_t)random32(b);
		path[2 + 4 * h + 3] = (uint8_t)random32(b);
	}
	return attrs_put(teller, &attrs);
}

static void
fill_rib(struct bench *b)
{
	int64_t cpu = cpu_ns();
	uint64_t routes = 0;

	for (unsigned t = 0; t < b->tellers; t++) {
		struct teller *teller;

		b->exporter[t] = (struct exporter){ .addr = addr_of_v4(0xac100001 + t),
		    .index = t };
		teller = teller_new(b->rib, &(struct teller_info){ .kind = TELLER_BGP,
		    .router = b->exporter[t].addr, .as = 64496, .name = "bench" });
		for (unsigned i = 0; i < b->prefixes; i += 4) {
			uint32_t path = make_path(b, teller);

			for (unsigned k = i; k < i + 4 && k < b->prefixes; k++, routes++)
				if (random32(b) % 100 >= 3)
					rib_announce(teller, &(struct nlri){ .safi = RIB_UNICAST,
					    .prefix = b->prefix[k] }, path);
		}
		while (rib_work(b->rib, mono_add(mono_now(), NS_PER_SEC)))
			continue;
	}
	printf("%u tellers with %u prefixes: %.0f ns per route announced\n", b->tellers,
	    b->prefixes, (double)(cpu_ns() - cpu) / (double)routes);
}

/* A batch as the decoder leaves it: warm in the cache. */
static void
next_batch(struct bench *b)
{
	for (unsigned i = 0; i < FLOW_BATCH; i++) {
		struct flow *flow = &b->flow[i];
		const struct prefix *src = &b->prefix[random32(b) % b->prefixes];
		const struct prefix *dst = &b->prefix[random32(b) % b->prefixes];

		memset(flow, 0, sizeof(*flow));
		flow->src = addr_of_v4(addr_v4(&src->addr) | (random32(b) & 0xff));
		flow->dst = addr_of_v4(addr_v4(&dst->addr) | (random32(b) & 0xff));
		if (i % FLOWS_OF_A_DATAGRAM == 0 || i == 0)
			flow->exporter = &b->exporter[random32(b) % b->tellers];
		else
			flow->exporter = flow[-1].exporter;
		flow->peer_src_ip = flow->exporter->addr;
		flow->in_iface = random32(b) % INTERFACES;
		flow->src_as = 100;
		flow->dst_as = 200;
		flow->src_mask = flow->dst_mask = 20;
		flow->bytes = 1000;
		flow->has = FLOW_HAS_SRC_AS | FLOW_HAS_DST_AS | FLOW_HAS_SRC_MASK |
		    FLOW_HAS_DST_MASK;
	}
}

static struct profile *
compile(const char *settings, uint32_t needs)
{
	static const char name[] = "bench_enrich.conf";
	struct conf_notes notes = { 0 };
	FILE *file = fopen(name, "w");
	struct profile *p;
	struct conf *conf;

	if (file == NULL)
		exit(1);
	fprintf(file, "plugins: print[one]\nbgp_daemon: true\n%s", settings);
	fclose(file);
	conf = conf_read(CONF_WAYBILLD, name, NULL, 0, &notes);
	p = conf != NULL ? profile_compile(conf, 0, "nfacctd", needs, &notes) : NULL;
	unlink(name);
	if (p == NULL)
		exit(1);
	conf_free(conf);
	conf_notes_done(&notes);
	return p;
}

static void
measure(struct bench *b, const char *what, const char *settings, uint32_t needs)
{
	struct profile *p = compile(settings, needs);
	struct enrich *en = enrich_new(b->rib);
	int64_t cpu, best = INT64_MAX, all = 0;
	uint64_t found = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		next_batch(b);
		epoch_tick(b->ep, b->reader);
		cpu = cpu_ns();
		enrich_batch(en, p, b->flow, FLOW_BATCH);
		cpu = cpu_ns() - cpu;
		all += cpu;
		best = cpu < best ? cpu : best;
		for (unsigned i = 0; i < FLOW_BATCH; i++)
			found += b->flow[i].r.dst_as != 0;
	}
	printf("%-44s %6.1f ns per flow (best batch %.1f), %.0f %% with a destination AS\n", what,
	    (double)all / (ROUNDS * FLOW_BATCH), (double)best / FLOW_BATCH,
	    100.0 * (double)found / (ROUNDS * FLOW_BATCH));
	enrich_free(en);
	profile_free(p);
}

/* Rules that flows hit, spread over all of them: by exporter and interface, or by network. */
static void
measure_tags(struct bench *b, unsigned rules, bool by_network)
{
	static const char name[] = "bench_enrich.map";
	FILE *file = fopen(name, "w");
	char what[64], room[PREFIX_TEXT];

	if (file == NULL)
		exit(1);
	for (unsigned i = 0; i < rules; i++)
		if (by_network)
			fprintf(file, "set_tag=%u dst_net=%s\n", i + 1,
			    prefix_text(&b->prefix[i % b->prefixes], room));
		else
			fprintf(file, "set_tag=%u in=%u ip=%s\n", i + 1, i % INTERFACES,
			    addr_text(&b->exporter[i / INTERFACES % b->tellers].addr, room));
	fclose(file);
	snprintf(what, sizeof(what), "five-tuple, tag by one of %u %s", rules,
	    by_network ? "networks" : "interfaces");
	measure(b, what, "pre_tag_map: bench_enrich.map\n", ENRICH_HOSTS | ENRICH_PORTS | ENRICH_TAGS);
	unlink(name);
}

int
main(int argc, char **argv)
{
	const uint32_t ends = ENRICH_SRC_ROUTE | ENRICH_DST_ROUTE, as = ends | ENRICH_AS;
	const char *bgp = "nfacctd_as: bgp\nnfacctd_net: bgp\n";
	struct bench b = { .seed = 1 };

	b.prefixes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 900000;
	b.tellers = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10;
	if (b.prefixes == 0 || b.tellers == 0 || b.tellers > MOST_TELLERS)
		return 2;
	b.ep = epoch_new();
	b.reader = epoch_join(b.ep);
	b.rib = rib_new(b.ep, &(struct rib_conf){ 0 });
	b.flow = mem_array(FLOW_BATCH, sizeof(*b.flow));
	make_prefixes(&b);
	fill_rib(&b);
	measure(&b, "five-tuple", "", ENRICH_HOSTS | ENRICH_PORTS);
	measure(&b, "AS and networks as exported", "", as | ENRICH_NETS);
	measure(&b, "AS of both ends from BGP", bgp, as);
	measure(&b, "AS, path, med, peers, networks from BGP", bgp,
	    as | ENRICH_ATTRS | ENRICH_NETS | ENRICH_PEER_DST_IP);
	for (unsigned rules = 0; rules <= 100000; rules = rules == 0 ? 10 : rules * 10000)
		for (unsigned by = 0; by < 2; by++)
			measure_tags(&b, rules, by);
	mem_free(b.flow);
	mem_free(b.prefix);
	epoch_offline(b.reader);
	epoch_leave(b.ep, b.reader);
	rib_free(b.rib);
	epoch_free(b.ep);
	return 0;
}
