/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The enrichment of a batch, stage by stage: whose routes each exporter's flows see, routes of
 * both ends, networks files, and then the fields. Each stage runs over the whole batch, so that
 * the memory it will touch is on its way before it is needed; only stages that a plan asks for
 * run. Who wins between sources is decided in enrich_end.h.
 */
#include "flow/enrich.h"

#include <string.h>

#include "core/mem.h"
#include "flow/enrich_worker.h"

/* Plans with one of these want the fields of an end filled in. */
#define SRC_NEEDS	(ENRICH_SRC_ROUTE | ENRICH_SRC_ATTRS)
#define DST_NEEDS	(ENRICH_DST_ROUTE | ENRICH_PEER_DST_IP)

#define ROW(field, help)	\
	{ #field, offsetof(struct enrich_counters, field), COUNTER_INFO, help }

const struct counter_row enrich_counter_rows[] = {
	ROW(flows, "flows enriched, once for each profile"),
	ROW(no_view, "flows whose exporter is no router whose routes are known"),
	ROW(no_src_route, "flows without a route to their source"),
	ROW(no_dst_route, "flows without a route to their destination"),
	ROW(default_only, "ends for which there is only a default route"),
	ROW(own_prefix, "ends in a network of the router's own AS"),
	ROW(filtered_hosts, "ends outside of the networks file, zeroed"),
	ROW(filtered_bytes, "bytes of those ends (a flow has two)"),
	ROW(filtered_flow_bytes, "bytes of flows with both ends zeroed"),
};
const size_t enrich_counter_count = ARRAY_LEN(enrich_counter_rows);

struct enrich *
enrich_new(const struct rib *rib)
{
	struct enrich *en = mem_new(sizeof(*en));

	en->rib = rib;
	return en;
}

void
enrich_free(struct enrich *en)
{
	if (en == NULL)
		return;
	mem_free(en->seen);
	mem_free(en->rd_memo);
	mem_free(en->roa_memos);
	mem_free(en->after);
	tagging_room_free(en->tagging);
	mem_free(en);
}

const struct enrich_counters *
enrich_counters(const struct enrich *en)
{
	return &en->c;
}

/* ---- routes of both ends: stage 6 -------------------------------------------------------- */

/* What stands where nothing was looked up. */
static void
no_routes(struct route *route, unsigned n)
{
	static const struct path none;

	for (unsigned i = 0; i < n; i++)
		route[i] = (struct route){ .kind = ROUTE_NONE, .record = &none };
}

/* What is to be looked up of an end. The exported next hop is a hint for the way to the destination. */
static struct view_end
end_to_look_up(struct enrich *en, const struct profile *p, const struct flow *flow, enum end end)
{
	const size_t stride = sizeof(*flow);

	if (end == END_SRC)
		return (struct view_end){ { &flow->src, stride }, { NULL, 0 }, en->route[end] };
	if (p->map[FLOWMAP_PEER_DST_IP] != NULL)
		return (struct view_end){ { &flow->dst, stride },
		    { en->after->hint, sizeof(en->after->hint[0]) }, en->route[end] };
	return (struct view_end){ { &flow->dst, stride }, { &flow->bgp_next_hop, stride },
	    en->route[end] };
}

static void
look_up(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n)
{
	const bool ask[ENDS] = { (p->set.ask_src & TRUTH_BGP) != 0,
	    (p->set.ask_dst & TRUTH_BGP) != 0 };
	struct view_end wanted[ENDS];
	size_t ends = 0;

	for (enum end end = END_SRC; end < ENDS; end++)
		if (!ask[end] || en->rib == NULL)
			no_routes(en->route[end], n);
	if (!ask[END_SRC] && !ask[END_DST])
		return;
	if (en->rib == NULL) {
		memset(en->view, 0, n * sizeof(en->view[0]));
		count_add(&en->c.no_view, n);
		return;
	}
	enrich_views(en, p, flow, n);
	if (p->map[FLOWMAP_PEER_DST_IP] != NULL)
		enrich_hints(en, p, flow, n);
	for (enum end end = END_SRC; end < ENDS; end++)
		if (ask[end])
			wanted[ends++] = end_to_look_up(en, p, flow, end);
	view_lookup_ends(en->rib, en->view, wanted, ends, n);
	if (p->set.after & (AFTER_DEFAULT | AFTER_HOPS))
		enrich_follow(en, p, flow, n);
	if (p->set.after & (AFTER_ASN | AFTER_SUBAS))
		enrich_replace(en, p, n);
	if (p->set.needs & ENRICH_COMMS)
		rib_comm_sets_prefetch(en->rib, en->route[END_DST], n);
}

static void
ask_networks(struct enrich *en, const struct profile *p, const struct flow *flow, unsigned n)
{
	const struct addr *addr[FLOW_BATCH];

	for (enum end end = END_SRC; end < ENDS; end++) {
		uint8_t ask = end == END_SRC ? p->set.ask_src : p->set.ask_dst;

		if ((ask & TRUTH_FILE) == 0 || p->networks == NULL) {
			memset(en->net[end], 0, n * sizeof(en->net[end][0]));
			continue;
		}
		for (unsigned i = 0; i < n; i++)
			addr[i] = end == END_SRC ? &flow[i].src : &flow[i].dst;
		networks_find_many(p->networks, addr, en->net[end], n);
	}
}

/* ---- the fields: stage 8 ----------------------------------------------------------------- */

/* What a whole batch adds to the counters. */
struct tally {
	uint64_t no_route[ENDS], default_only, own_prefix;
	uint64_t filtered_hosts, filtered_bytes, filtered_flow_bytes;
};

/* 0.0.0.0 or ::, of the family of an address. */
static inline struct addr
zero_of(const struct addr *a)
{
	return addr_is_v4(a) ? addr_of_v4(0) : (struct addr){ { 0 } };
}

static inline void
fill_end(const struct settings *set, struct flow *flow, enum end end, const struct said *said,
    const struct choice *choice)
{
	bool outside = set->filter == FILTER_ALL && said->net == NULL;
	uint8_t len = outside ? 0 : choice->len;
	struct addr net = { { 0 } };

	if (set->needs & ENRICH_NETS)
		net = len != 0 ? addr_first_bits(said->addr, len + (addr_is_v4(said->addr) ? 96u : 0)) :
		    set->keep_unmasked && !outside ? *said->addr : zero_of(said->addr);
	if (end == END_SRC) {
		flow->r.src_as = choice->as;
		flow->r.src_len = len;
		flow->r.src_net = net;
		flow->r.src_kind = said->route->kind;
		flow->r.src_path = said->route->path;
	} else {
		flow->r.dst_as = choice->as;
		flow->r.dst_len = len;
		flow->r.dst_net = net;
		flow->r.dst_kind = said->route->kind;
		flow->r.dst_path = said->route->path;
	}
}

/* Attributes of the way to the destination. Any route has them, a default route as well. */
static inline void
fill_attributes(const struct enrich *en, const struct settings *set, struct flow *flow,
    const struct said *said)
{
	static const struct path none;
	const struct path *path = set->as_from & TRUTH_BGP ? said->path : &none;
	struct comm_set comms;

	flow->r.aspath = path->aspath;
	flow->r.local_pref = path->local_pref;
	flow->r.med = path->med;
	flow->r.comms = flow->r.ecomms = flow->r.lcomms = 0;
	if ((set->needs & ENRICH_COMMS) == 0 || path->comm_set == 0)
		return;
	comms = rib_comms(en->rib, path);
	flow->r.comms = comms.comms;
	flow->r.ecomms = comms.ecomms;
	flow->r.lcomms = comms.lcomms;
}

enum truth
enrich_source_number(const struct enrich *en, const struct profile *p, enum source_field field,
    const struct flow *flow, const struct said *said, uint32_t *ret, unsigned *ret_line)
{
	static const enum flowmap_kind kinds[] = { FLOWMAP_PEER_SRC_AS, FLOWMAP_SRC_LOCAL_PREF,
	    FLOWMAP_SRC_MED };
	uint8_t from = p->set.source_from[field];
	const struct flowmap_result *rule = NULL;

	*ret = 0;
	*ret_line = 0;
	if (from == TRUTH_MAP && p->map[kinds[field]] != NULL) {
		struct flowmap_subject subject = { .flow = flow, .peer_as = said->path->peer_as };

		if (said->path->next_hop != 0)
			subject.bgp_next_hop = rib_addr(en->rib, said->path->next_hop);
		rule = flowmap_match(p->map[kinds[field]], &subject);
		if (rule == NULL)
			return TRUTH_NONE;
		*ret_line = rule->line;
		*ret = rule->number;
		if (!rule->from_bgp)
			return TRUTH_MAP;
		from = TRUTH_BGP;
	}
	if ((from & TRUTH_BGP) && said->route->kind != ROUTE_NONE) {
		*ret = field == SOURCE_PEER_AS ? said->path->peer_as :
		    field == SOURCE_LOCAL_PREF ? said->path->local_pref : said->path->med;
		return TRUTH_BGP;
	}
	if ((from & TRUTH_EXPORT) && (flow->has & FLOW_HAS_PEER_SRC_AS)) {
		*ret = flow->peer_src_as;
		return TRUTH_EXPORT;
	}
	return TRUTH_NONE;
}

/* Fields of the source's route, each as its own key says. */
static void
fill_source(const struct enrich *en, const struct profile *p, struct flow *flow,
    const struct said *said)
{
	const uint8_t *from = p->set.source_from;
	struct comm_set comms;
	unsigned line;

	enrich_source_number(en, p, SOURCE_PEER_AS, flow, said, &flow->r.peer_src_as, &line);
	enrich_source_number(en, p, SOURCE_LOCAL_PREF, flow, said, &flow->r.src_local_pref, &line);
	enrich_source_number(en, p, SOURCE_MED, flow, said, &flow->r.src_med, &line);
	flow->r.src_aspath = from[SOURCE_AS_PATH] & TRUTH_BGP ? said->path->aspath : 0;
	flow->r.src_comms = flow->r.src_ecomms = flow->r.src_lcomms = 0;
	if (said->path->comm_set == 0)
		return;
	comms = rib_comms(en->rib, said->path);
	flow->r.src_comms = from[SOURCE_COMMS] & TRUTH_BGP ? comms.comms : 0;
	flow->r.src_ecomms = from[SOURCE_ECOMMS] & TRUTH_BGP ? comms.ecomms : 0;
	flow->r.src_lcomms = from[SOURCE_LCOMMS] & TRUTH_BGP ? comms.lcomms : 0;
}

static inline void
fill_peer_dst_ip(const struct enrich *en, const struct profile *p, const struct settings *set,
    struct flow *flow, const struct said *said, const struct choice *choice)
{
	struct addr hop = { { 0 } };

	switch (choose_hop(set, choice, said, flow)) {
	case TRUTH_BGP:
		hop = rib_addr(en->rib, said->path->next_hop);
		break;
	case TRUTH_EXPORT:
		hop = *exported_hop(set, flow);
		break;
	case TRUTH_FILE:
		hop = *networks_hop(p->networks, said->net);
		break;
	case TRUTH_NONE:
	case TRUTH_MASK:
	case TRUTH_MAP:
		break;
	}
	flow->r.peer_dst_ip = hop;
}

/* Hosts outside of the networks file lose their addresses; without a filter nobody asks here. */
static void
fill_hosts(const struct enrich *en, struct flow *flow, unsigned n, struct tally *tally)
{
	for (unsigned i = 0; i < n; i++) {
		bool src = en->net[END_SRC][i] == NULL;
		bool dst = en->net[END_DST][i] == NULL;

		flow[i].r.src_host = src ? zero_of(&flow[i].src) : flow[i].src;
		flow[i].r.dst_host = dst ? zero_of(&flow[i].dst) : flow[i].dst;
		tally->filtered_hosts += src + dst;
		tally->filtered_bytes += (src + dst) * flow[i].bytes;
		tally->filtered_flow_bytes += src && dst ? flow[i].bytes : 0;
	}
}

static void
fill_lists(const struct profile *p, struct flow *flow, unsigned n)
{
	const struct list *ports = p->list[LIST_PORTS], *protos = p->list[LIST_PROTOS],
	    *tos = p->list[LIST_TOS];

	for (unsigned i = 0; i < n; i++) {
		struct flow *f = &flow[i];

		f->r.src_port = ports != NULL ? list_apply(ports, f->src_port) : f->src_port;
		f->r.dst_port = ports != NULL ? list_apply(ports, f->dst_port) : f->dst_port;
		f->r.proto = protos != NULL ? (uint8_t)list_apply(protos, f->proto) : f->proto;
		f->r.tos = tos != NULL ? (uint8_t)list_apply(tos, f->tos) : f->tos;
	}
}

static void
fill_rd(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rd_said said = enrich_rd(en, p, &flow[i]);

		flow[i].r.rd = said.rd;
		flow[i].r.rd_origin = said.origin;
	}
}

/* As exported, or by the map, which may look at all that was filled in before. */
static void
fill_tags(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n)
{
	const struct list *tos = p->list[LIST_TOS];

	if (p->tagging == NULL) {
		for (unsigned i = 0; i < n; i++) {
			flow[i].r.tag = flow[i].tag;
			flow[i].r.tag2 = flow[i].tag2;
			flow[i].r.label = flow[i].label;
			flow[i].has &= ~(uint32_t)FLOW_IGNORED;
		}
		return;
	}
	if (en->tagging == NULL)
		en->tagging = tagging_room_new();
	tagging_run(p->tagging, en->tagging, en->rib, flow, n);
	if (tagging_sets(p->tagging) & SETS_TOS && tos != NULL)
		for (unsigned i = 0; i < n; i++)
			flow[i].r.tos = (uint8_t)list_apply(tos, flow[i].r.tos);
}

/* What is said about one end of flow i, and the count of how its route was found. */
static inline struct said
gather(const struct enrich *en, const struct flow *flow, enum end end, unsigned i,
    struct tally *tally)
{
	const struct route *route = &en->route[end][i];

	tally->no_route[end] += route->kind == ROUTE_NONE && en->view[i] != NULL;
	tally->default_only += route->kind == ROUTE_DEFAULT;
	tally->own_prefix += route->kind == ROUTE_OWN;
	return said_of(flow, end, en->net[end][i], route);
}

static inline __attribute__((always_inline)) void
fill_src(const struct enrich *en, const struct profile *p, const struct settings *set,
    struct flow *flow, unsigned n, struct tally *tally)
{
	for (unsigned i = 0; i < n; i++) {
		struct said said = gather(en, &flow[i], END_SRC, i, tally);
		struct choice choice = choose(set, &said);

		fill_end(set, &flow[i], END_SRC, &said, &choice);
		if (set->needs & ENRICH_SRC_ATTRS)
			fill_source(en, p, &flow[i], &said);
	}
}

static inline __attribute__((always_inline)) void
fill_dst(const struct enrich *en, const struct profile *p, const struct settings *set,
    struct flow *flow, unsigned n, struct tally *tally)
{
	for (unsigned i = 0; i < n; i++) {
		struct said said = gather(en, &flow[i], END_DST, i, tally);
		struct choice choice = choose(set, &said);

		fill_end(set, &flow[i], END_DST, &said, &choice);
		if (set->needs & ENRICH_AS)
			choose_peer_as(set, &choice, &said, &flow[i], &flow[i].r.peer_dst_as);
		if (set->needs & (ENRICH_ATTRS | ENRICH_COMMS))
			fill_attributes(en, set, &flow[i], &said);
		if (set->needs & ENRICH_PEER_DST_IP)
			fill_peer_dst_ip(en, p, set, &flow[i], &said, &choice);
	}
}

static inline __attribute__((always_inline)) void
fill_ends(const struct enrich *en, const struct profile *p, const struct settings *set,
    struct flow *flow, unsigned n, struct tally *tally)
{
	if (set->needs & SRC_NEEDS)
		fill_src(en, p, set, flow, n, tally);
	if (set->needs & DST_NEEDS)
		fill_dst(en, p, set, flow, n, tally);
}

/* The same code for what most ask for, in which most questions are answered when it is compiled. */
static void
fill_from_bgp(const struct enrich *en, const struct profile *p, struct flow *flow, unsigned n,
    struct tally *tally)
{
	struct settings set = p->set;

	set.as_from = set.net_from = TRUTH_BGP;
	set.filter = FILTER_NONE;
	set.keep_unmasked = set.default_origin = set.file_first = false;
	fill_ends(en, p, &set, flow, n, tally);
}

static void
fill_from_any(const struct enrich *en, const struct profile *p, struct flow *flow, unsigned n,
    struct tally *tally)
{
	fill_ends(en, p, &p->set, flow, n, tally);
}

static bool
is_from_bgp(const struct settings *set)
{
	return set->as_from == TRUTH_BGP && set->net_from == TRUTH_BGP &&
	    set->filter == FILTER_NONE && !set->keep_unmasked && !set->default_origin;
}

static void
add_tally(struct enrich *en, const struct profile *p, const struct tally *tally, unsigned n)
{
	count_add(&en->c.flows, n);
	if (p->set.ask_src & TRUTH_BGP)
		count_add(&en->c.no_src_route, tally->no_route[END_SRC]);
	if (p->set.ask_dst & TRUTH_BGP)
		count_add(&en->c.no_dst_route, tally->no_route[END_DST]);
	count_add(&en->c.default_only, tally->default_only);
	count_add(&en->c.own_prefix, tally->own_prefix);
	count_add(&en->c.filtered_hosts, tally->filtered_hosts);
	count_add(&en->c.filtered_bytes, tally->filtered_bytes);
	count_add(&en->c.filtered_flow_bytes, tally->filtered_flow_bytes);
}

/* At most FLOW_BATCH of them. */
static void
enrich_some(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n)
{
	const uint32_t needs = p->set.needs, decides = profile_decides(p);
	struct tally tally = { .default_only = 0 };

	if ((p->set.ask_src | p->set.ask_dst) != 0 || needs & (SRC_NEEDS | DST_NEEDS)) {
		look_up(en, p, flow, n);
		ask_networks(en, p, flow, n);
		if (is_from_bgp(&p->set))
			fill_from_bgp(en, p, flow, n, &tally);
		else
			fill_from_any(en, p, flow, n, &tally);
	}
	if (needs & decides & ENRICH_HOSTS)
		fill_hosts(en, flow, n, &tally);
	if (needs & decides & ENRICH_PORTS)
		fill_lists(p, flow, n);
	if (needs & ENRICH_ROA)
		enrich_roa(en, p, flow, n);
	if (needs & ENRICH_RD)
		fill_rd(en, p, flow, n);
	if (needs & ENRICH_TAGS)
		fill_tags(en, p, flow, n);
	add_tally(en, p, &tally, n);
}

void
enrich_batch(struct enrich *en, const struct profile *p, struct flow *flow, unsigned n)
{
	for (unsigned at = 0; at < n; at += FLOW_BATCH)
		enrich_some(en, p, flow + at, n - at < FLOW_BATCH ? n - at : FLOW_BATCH);
}
