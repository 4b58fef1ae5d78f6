/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time per flow of packing keys and of adding them to a slice that has all of them already.
 *
 *	bench_agg [seconds per figure]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agg/slice.h"
#include "core/mem.h"

#define BATCH	FLOW_BATCH
#define ROUNDS	25			/* the best one counts */

struct figure {
	double pack_ns, add_ns;
};

static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct plan *
make_plan(const char *aggregate)
{
	const char *option[] = { "plugins: print[out]", aggregate };
	struct conf_notes notes = { 0 };
	struct conf *conf = conf_read(CONF_WAYBILLD, NULL, option, ARRAY_LEN(option), &notes);
	struct plan *plan = conf != NULL ? plan_compile(conf, 0, wall_now(), &notes) : NULL;
	struct sbuf b = { 0 };

	if (plan == NULL) {
		conf_notes_print(&notes, &b);
		fprintf(stderr, "%s\n", sbuf_text(&b));
		exit(1);
	}
	conf_notes_done(&notes);
	conf_free(conf);
	return plan;
}

/* What makes the key: every field of a usual aggregate follows from the number. */
static void
fill(struct flow *flow, uint64_t key)
{
	uint64_t mix = key * UINT64_C(0x9e3779b97f4a7c15);

	flow->r.src_host = addr_of_v4((uint32_t)key);
	flow->r.dst_host = addr_of_v4((uint32_t)mix);
	flow->r.src_net = addr_of_v4((uint32_t)key & 0xffffff00);
	flow->r.dst_net = addr_of_v4((uint32_t)mix & 0xffffff00);
	flow->r.src_port = (uint16_t)(mix >> 32);
	flow->r.dst_port = (uint16_t)(mix >> 48);
	flow->r.proto = 6;
	flow->r.src_as = (uint32_t)(mix >> 40);
	flow->r.dst_as = (uint32_t)(mix >> 20);
	flow->r.peer_dst_as = (uint32_t)mix & 63;
	flow->r.comms = (uint32_t)mix & 0xffff;
	flow->r.aspath = (uint32_t)(mix >> 8) & 0xffff;
	flow->in_iface = (uint32_t)key & 31;
	flow->out_iface = (uint32_t)mix & 31;
	flow->bytes = 1000;
	flow->packets = 2;
	flow->flows = 1;
	flow->kind = FLOW_TRAFFIC;
}

static void
measure_round(const struct plan *plan, struct slice *s, struct flow *flow, uint64_t *keys,
    uint64_t n_keys, double seconds, struct figure *ret)
{
	int64_t pack = 0, add = 0, until = mono_now().ns + (int64_t)(seconds * 1e9);
	uint64_t state = 1, flows = 0, late;

	while (mono_now().ns < until) {
		int64_t a, b;

		for (unsigned i = 0; i < BATCH; i++)
			fill(&flow[i], next(&state) % n_keys);
		a = cpu_ns();
		plan_pack(plan, 0, flow, BATCH, keys, &late);
		b = cpu_ns();
		slice_add(s, flow, keys, BATCH);
		add += cpu_ns() - b;
		pack += b - a;
		flows += BATCH;
	}
	if ((double)pack / (double)flows < ret->pack_ns)
		ret->pack_ns = (double)pack / (double)flows;
	if ((double)add / (double)flows < ret->add_ns)
		ret->add_ns = (double)add / (double)flows;
}

/* All keys once; gives the CPU time of the longest batch. */
static int64_t
fill_slice(const struct plan *plan, struct slice *s, struct flow *flow, uint64_t *keys,
    uint64_t n_keys)
{
	int64_t worst = 0;
	uint64_t late;

	for (uint64_t k = 0; k < n_keys; k += BATCH) {
		int64_t one = cpu_ns();

		for (unsigned i = 0; i < BATCH; i++)
			fill(&flow[i], k + i < n_keys ? k + i : 0);
		plan_pack(plan, 0, flow, BATCH, keys, &late);
		slice_add(s, flow, keys, BATCH);
		one = cpu_ns() - one;
		if (one > worst)
			worst = one;
	}
	return worst;
}

/* First a slice that has to grow, then one opened as a worker opens the second. */
static void
measure(const char *name, const char *aggregate, uint64_t n_keys, double seconds)
{
	struct plan *plan = make_plan(aggregate);
	struct slice *s = slice_open(plan, 0, NULL, NULL, 0, NULL);
	struct flow *flow = mem_array(BATCH, sizeof(*flow));
	uint64_t *keys = mem_array(BATCH * plan->key_words, sizeof(*keys));
	struct figure best = { 1e9, 1e9 };
	int64_t grown = cpu_ns(), worst = fill_slice(plan, s, flow, keys, n_keys);

	grown = cpu_ns() - grown;
	slice_free(s, NULL);
	s = slice_open(plan, 0, NULL, NULL, n_keys + n_keys / 8, NULL);
	(void)fill_slice(plan, s, flow, keys, n_keys);
	for (unsigned r = 0; r < ROUNDS; r++)
		measure_round(plan, s, flow, keys, n_keys, seconds / ROUNDS, &best);
	printf("%-10s %9zu keys of %3zu bytes: pack %5.1f  add %5.1f ns/flow; growing %5.1f ns/key, "
	    "longest batch %.1f ms; %.0f bytes/key\n", name, s->entries, plan->key_words * 8,
	    best.pack_ns, best.add_ns, (double)grown / (double)n_keys, (double)worst / 1e6,
	    ((double)s->entries * (double)s->stride * 8 + (double)growslots_bytes(&s->slots)) /
	    (double)s->entries);
	mem_free(flow);
	mem_free(keys);
	slice_free(s, NULL);
	plan_free(plan);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name, *aggregate;
	} plans[] = {
		{ "five-tuple", "aggregate: src_host, dst_host, src_port, dst_port, proto" },
		{ "as", "aggregate: src_as, dst_as, in_iface, out_iface" },
		{ "bgp-wide", "aggregate: src_net, dst_net, src_mask, dst_mask, src_as, dst_as, "
		    "peer_dst_as, peer_dst_ip, peer_src_ip, std_comm, as_path, in_iface, out_iface, "
		    "proto, tos" },
	};
	static const uint64_t counts[] = { 100000, 1000000, 10000000 };
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;

	for (size_t p = 0; p < ARRAY_LEN(plans); p++)
		for (size_t c = 0; c < ARRAY_LEN(counts); c++)
			measure(plans[p].name, plans[p].aggregate, counts[c], seconds);
	return 0;
}
