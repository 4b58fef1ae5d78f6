/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What records show of an exporter's setup, for `waybill exporters`: does it report the traffic of
 * an interface both ways or one way only, where does it meter, which rate do records carry.
 *
 * The first records are all looked at; later it is one of a block now and then, each time at
 * another place, so that a change is seen within seconds and the hot path does not pay for it.
 */
#include "flow/source.h"

#define LOOK_AT_ALL	4096		/* blocks of records */
#define LOOK_EVERY	16		/* of the blocks that follow */

enum { WAY_IN = 1, WAY_OUT = 2, WAY_BOTH = 3 };

static counter_t *
way_counter(struct source_shown *shown, uint64_t ways)
{
	return ways == WAY_BOTH ? &shown->both_ways :
	    ways == WAY_IN ? &shown->in_only : &shown->out_only;
}

/* Interface 0 is none: unknown, the router itself, or dropped. */
static void
interface_seen(struct source *src, uint32_t iface, uint64_t way)
{
	uint64_t before, now;

	if (iface == 0)
		return;
	before = idmap_value(&src->ways, iface);
	now = before | way;
	if (now == before || !idmap_put(&src->ways, iface, now))
		return;
	if (before != 0)
		count_add(way_counter(&src->shown, before), (uint64_t)-1);
	count(way_counter(&src->shown, now));
}

static void
record_seen(struct source *src, const struct flow *flow)
{
	interface_seen(src, flow->in_iface, WAY_IN);
	interface_seen(src, flow->out_iface, WAY_OUT);
	if (flow->has & FLOW_HAS_DIRECTION)
		counter_set(&src->shown.metered, counter_get(&src->shown.metered) |
		    (flow->direction == 0 ? WAY_IN : WAY_OUT));
	if (flow->has & FLOW_HAS_RATE)
		rates_seen(src, RATE_RECORD, flow->sampling_rate);
}

void
records_seen(struct source *src, const struct message *m, const struct flow *flow, unsigned n)
{
	unsigned turn = src->looked++;

	if (turn >= LOOK_AT_ALL) {
		if (turn % LOOK_EVERY != 0)
			return;
		flow += turn / LOOK_EVERY % n;
		n = 1;
	}
	if (m->head_rate != 0)
		rates_seen(src, RATE_HEAD, m->head_rate);
	for (unsigned i = 0; i < n; i++)
		record_seen(src, &flow[i]);
}

/* --- any thread ---------------------------------------------------------------------------------- */

static const char *
metered_name(const struct source *src)
{
	static const char *const names[] = { "", "ingress", "egress", "ingress and egress" };

	return names[counter_get(&src->shown.metered) & WAY_BOTH];
}

void
seen_describe(const struct source *src, struct json *j)
{
	json_object(j, "interfaces");
	json_u64(j, "both_ways", counter_get(&src->shown.both_ways));
	json_u64(j, "in_only", counter_get(&src->shown.in_only));
	json_u64(j, "out_only", counter_get(&src->shown.out_only));
	json_end(j, '}');
	json_str(j, "metered", metered_name(src));
}

/* "both", "one", "both on 3 of 4"; "?" where no interface is named. */
void
seen_text(const struct source *src, struct sbuf *out)
{
	uint64_t both = counter_get(&src->shown.both_ways);
	uint64_t all = both + counter_get(&src->shown.in_only) +
	    counter_get(&src->shown.out_only);

	if (all == 0)
		sbuf_str(out, "?");
	else if (both == all)
		sbuf_str(out, "both");
	else if (both == 0)
		sbuf_str(out, "one");
	else
		sbuf_printf(out, "both on %llu of %llu", (unsigned long long)both,
		    (unsigned long long)all);
	if (counter_get(&src->shown.metered) == WAY_BOTH)
		sbuf_str(out, ", metered in and out");
}
