/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One flow's enrichment in words: what each source said and which of them set each field. The
 * decisions are those of the batch; only the telling is here.
 */
#include "flow/enrich.h"

#include "core/mem.h"
#include "flow/enrich_worker.h"

#define CANDIDATES	64		/* shown at most */

static const char *
truth_text(enum truth truth)
{
	switch (truth) {
	case TRUTH_NONE:
		return "nothing";
	case TRUTH_FILE:
		return "networks_file";
	case TRUTH_EXPORT:
		return "export";
	case TRUTH_BGP:
		return "bgp";
	case TRUTH_MASK:
		return "networks_mask";
	case TRUTH_MAP:
		return "map";
	}
	return "";
}

static const char *
route_text(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_NONE:
		return "no route";
	case ROUTE_DEFAULT:
		return "default route only";
	case ROUTE_OWN:
		return "own prefix (empty AS path)";
	case ROUTE_FOUND:
		return "route";
	}
	return "";
}

static void
tell_addr(struct json *j, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT];

	json_str(j, name, addr_is_set(a) ? addr_text(a, text) : NULL);
}

static void
tell_prefix(struct json *j, const char *name, const struct addr *a, uint8_t len)
{
	struct prefix prefix = { .addr = addr_masked(a, len), .len = len };
	char text[PREFIX_TEXT];

	json_str(j, name, prefix_text(&prefix, text));
}

static const char *
state_text(const struct view *view)
{
	return view == NULL ? "unknown" : view_is_up(view) ? "up" : "stale";
}

/* All that the maps name for the flow, in the order they would be taken. */
static void
tell_agents(const struct enrich *en, const struct profile *p, const struct flow *flow, struct json *j)
{
	const struct flowmap_subject subject = { .flow = flow };

	json_array(j, "agents");
	for (size_t i = 0; i < AGENT_MAPS; i++) {
		const struct flowmap *map = p->map[agent_maps[i].kind];
		const struct flowmap_result *result;
		size_t at = 0;

		while (map != NULL && (result = flowmap_next(map, &subject, &at)) != NULL) {
			json_object(j, NULL);
			tell_addr(j, "router", &result->addr);
			json_str(j, "map", agent_maps[i].word);
			json_u64(j, "line", result->line);
			json_str(j, "state", state_text(view_find(en->rib, &result->addr, 0,
			    p->set.by_router_id)));
			json_end(j, '}');
		}
	}
	json_end(j, ']');
}

static const char *
table_text(const struct view *view)
{
	uint64_t rd = view != NULL ? view_rd(view) : 0;

	return view == NULL ? "nothing" : rd == 0 ? "the global table" :
	    rd_is_vrf(rd) ? "the VRF's imports (vrf_map)" : "routes of this RD";
}

/* In which VPN the routes are looked up; nothing where no one said. */
static void
tell_rd(struct enrich *en, const struct profile *p, const struct flow *flow, struct json *j)
{
	static const char *const origins[] = {
		[RD_UNKNOWN] = "number of the VRF", [RD_FLOW] = "export", [RD_MAP] = "flow_to_rd_map",
	};
	struct rd_said said = enrich_rd(en, p, flow);
	char text[RD_TEXT];

	if (said.rd == 0 && said.origin == RD_UNKNOWN)
		return;
	json_object(j, "rd");
	json_str(j, "value", rd_text(said.rd, text));
	json_str(j, "from", origins[said.origin]);
	if (said.line != 0)
		json_u64(j, "line", said.line);
	json_str(j, "looked_up_in", table_text(en->rib != NULL ? en->view[0] : NULL));
	json_end(j, '}');
}

/* Stage 5: whose routes the flow sees, and why. */
static void
tell_whose(struct enrich *en, const struct profile *p, const struct flow *flow, struct json *j)
{
	struct whose whose;

	json_object(j, "routes_of");
	if (en->rib == NULL || ((p->set.ask_src | p->set.ask_dst) & TRUTH_BGP) == 0) {
		json_str(j, "why", en->rib == NULL ? "there is neither a BGP nor a BMP daemon" :
		    "nothing asks for BGP");
		json_end(j, '}');
		return;
	}
	whose = enrich_whose(en, p, flow);
	tell_addr(j, "router", &whose.router);
	if (whose.line != 0) {
		json_str(j, "why", whose.map);
		json_u64(j, "line", whose.line);
		tell_agents(en, p, flow, j);
	} else
		json_str(j, "why", "the exporter's own address");
	json_bool(j, "known", whose.view != NULL);
	json_str(j, "state", state_text(whose.view));
	json_end(j, '}');
}

/* All paths there were for the prefix that answered, and why it was this one. */
static void
tell_candidates(const struct enrich *en, const struct said *said, const struct addr *hint,
    struct json *j)
{
	static const char *const whys[] = {
		[VIEW_ALONE] = "the only path",
		[VIEW_NEXT_HOP] = "its next hop is the one exported with the flow",
		[VIEW_PREFERRED] = "preferred by RFC 4271 9.1.2.2",
	};
	struct view_candidate c[CANDIDATES];
	struct view_answer answer;
	size_t n = view_candidates(en->rib, en->view[0], said->addr, hint, c, ARRAY_LEN(c), &answer);

	json_str(j, "rib", teller_rib_name(answer.rib));
	json_str(j, "reason", whys[answer.why]);
	json_u64(j, "paths", n);
	json_array(j, "candidates");
	for (size_t i = 0; i < n && i < ARRAY_LEN(c); i++) {
		const struct path *path = rib_path(en->rib, c[i].path);
		struct addr hop = rib_addr(en->rib, path->next_hop);

		json_object(j, NULL);
		json_str(j, "from", c[i].teller);
		tell_addr(j, "next_hop", &hop);
		json_u64(j, "local_pref", path->local_pref);
		json_u64(j, "peer_as", path->peer_as);
		json_bool(j, "taken", c[i].path == said->route->path);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void
tell_bgp(const struct enrich *en, const struct said *said, const struct addr *hint, struct json *j)
{
	struct sbuf text = { NULL };
	const uint8_t *bytes;
	struct addr hop;
	size_t len;

	json_object(j, "bgp");
	json_str(j, "match", route_text((enum route_kind)said->route->kind));
	if (said->route->kind != ROUTE_NONE) {
		tell_prefix(j, "prefix", said->addr, said->route->len);
		json_u64(j, "column", said->route->column);
		bytes = rib_attr(en->rib, ATTR_ASPATH, said->path->aspath, &len);
		aspath_text(&text, bytes, len, ' ');
		json_str(j, "as_path", sbuf_text(&text));
		sbuf_done(&text);
		hop = rib_addr(en->rib, said->path->next_hop);
		tell_addr(j, "next_hop", &hop);
		json_u64(j, "local_pref", said->path->local_pref);
		json_u64(j, "med", said->path->med);
		tell_candidates(en, said, hint, j);
	}
	json_end(j, '}');
}

static void
tell_roa(const struct profile *p, enum end end, const struct flow *flow, struct json *j)
{
	const char state[2] = { (char)(end == END_SRC ? flow->r.src_roa : flow->r.dst_roa), '\0' };

	if (p->set.needs & ENRICH_ROA)
		json_str(j, "roa", p->roas == NULL ?
		    "u: there is no rpki_roas_file and no rpki_rtr_cache" :
		    roas_now(p->roas) == NULL ? "u: the RPKI cache has told nothing yet" : state);
}

/* The routers that a default route, or the next hop, was followed to. */
static void
tell_steps(const struct steps *steps, enum end end, bool by_default, struct json *j)
{
	unsigned told = 0;

	for (unsigned i = 0; i < steps->n; i++) {
		const struct step *s = &steps->step[i];

		if (s->end != end || s->by_default != by_default)
			continue;
		if (told++ == 0)
			json_array(j, by_default ? "default_followed_to" : "next_hop_followed_to");
		json_object(j, NULL);
		tell_addr(j, "router", &s->router);
		json_str(j, "match", route_text((enum route_kind)s->kind));
		json_end(j, '}');
	}
	if (told > 0)
		json_end(j, ']');
}

/* Why the AS numbers are others than those of the path. */
static void
tell_replaced(const struct enrich *en, enum end end, const struct said *said, struct json *j)
{
	const struct path *own;

	if (en->after == NULL || said->path != &en->after->path[end][0])
		return;
	own = rib_path(en->rib, said->route->path);
	if (own->peer_as == said->path->peer_as && own->origin_as == said->path->origin_as)
		return;
	json_str(j, "as_numbers_by", said->path->flags & PATH_CONFED ? "bgp_peer_as_skip_subas" :
	    "communities (bgp_stdcomm_pattern_to_asn, bgp_lrgcomm_pattern_to_asn)");
	json_u64(j, "peer_as", said->path->peer_as);
	json_u64(j, "origin_as", said->path->origin_as);
}

/* What the sources said about an end, and what became of it. */
static void
tell_end(const struct enrich *en, const struct profile *p, uint8_t ask, const struct said *said,
    const struct addr *hint, const struct choice *choice, struct json *j)
{
	tell_addr(j, "address", said->addr);
	if (ask & TRUTH_FILE) {
		json_object(j, "networks_file");
		json_bool(j, "covered", said->net != NULL);
		if (said->net != NULL) {
			tell_prefix(j, "prefix", said->addr, said->net->len);
			json_u64(j, "as", said->net->as);
			json_u64(j, "peer_as", said->net->peer_as);
		}
		json_end(j, '}');
	}
	json_object(j, "export");
	if (said->has_as)
		json_u64(j, "as", said->as);
	if (said->has_mask)
		json_u64(j, "mask", said->mask);
	json_end(j, '}');
	if (ask & TRUTH_BGP)
		tell_bgp(en, said, hint, j);
	json_u64(j, "as", choice->as);
	json_str(j, "as_from", truth_text((enum truth)choice->as_from));
	tell_prefix(j, "net", said->addr, choice->len);
	json_str(j, "net_from", truth_text((enum truth)choice->net_from));
	if (p->set.filter != FILTER_NONE)
		json_bool(j, "zeroed_by_networks_file", said->net == NULL);
}

static void
tell_number(struct json *j, const char *name, uint32_t n, enum truth from, unsigned line)
{
	json_object(j, name);
	json_u64(j, "value", n);
	json_str(j, "from", truth_text(from));
	if (line != 0)
		json_u64(j, "line", line);
	json_end(j, '}');
}

static void
tell_peers(const struct enrich *en, const struct profile *p, const struct flow *flow,
    const struct said said[ENDS], const struct choice choice[ENDS], struct json *j)
{
	static const struct { const char *name; enum source_field field; } numbers[] = {
		{ "peer_src_as", SOURCE_PEER_AS }, { "src_local_pref", SOURCE_LOCAL_PREF },
		{ "src_med", SOURCE_MED },
	};
	enum truth from;
	unsigned line;
	uint32_t n;

	from = choose_peer_as(&p->set, &choice[END_DST], &said[END_DST], flow, &n);
	tell_number(j, "peer_dst_as", n, from, 0);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		from = enrich_source_number(en, p, numbers[i].field, flow, &said[END_SRC], &n,
		    &line);
		tell_number(j, numbers[i].name, n, from, line);
	}
	if ((p->set.needs & ENRICH_PEER_DST_IP) == 0)
		return;
	json_object(j, "peer_dst_ip");
	tell_addr(j, "value", &flow->r.peer_dst_ip);
	from = choose_hop(&p->set, &choice[END_DST], &said[END_DST], flow);
	json_str(j, "from", truth_text(from));
	if (p->map[FLOWMAP_PEER_DST_IP] != NULL && en->after != NULL)
		tell_addr(j, "meant_by_bgp_peer_dst_ip_map", &en->after->hint[0]);
	if (from == TRUTH_BGP && p->set.after & AFTER_HOPS)
		tell_steps(en->steps, END_DST, false, j);
	json_end(j, '}');
}

/* What pre_tag_map made of it, and by which rules, one after the other. */
static void
tell_tags(const struct enrich *en, const struct profile *p, const struct flow *flow, struct json *j)
{
	struct tagging_step step[STEPS_MOST];
	size_t n;

	if (p->tagging == NULL || (p->set.needs & ENRICH_TAGS) == 0)
		return;
	json_object(j, "pre_tag_map");
	json_u64(j, "tag", flow->r.tag);
	json_u64(j, "tag2", flow->r.tag2);
	json_str(j, "label", tagging_label(p->tagging, flow->r.label));
	json_bool(j, "ignored", flow->has & FLOW_IGNORED);
	json_array(j, "rules");
	n = tagging_steps(p->tagging, en->rib, flow, step, STEPS_MOST);
	for (size_t i = 0; i < n; i++) {
		json_object(j, NULL);
		json_str(j, "file", step[i].file);
		json_u64(j, "line", step[i].line);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
}

void
enrich_explain(struct enrich *en, const struct profile *p, struct flow *flow, struct json *j)
{
	struct choice choice[ENDS];
	struct said said[ENDS];
	struct steps steps = { .n = 0 };

	en->steps = &steps;
	enrich_batch(en, p, flow, 1);
	tell_addr(j, "exporter", &flow->peer_src_ip);
	tell_whose(en, p, flow, j);
	tell_rd(en, p, flow, j);
	for (enum end end = END_SRC; end < ENDS; end++) {
		said[end] = said_of(flow, end, en->net[end][0], &en->route[end][0]);
		choice[end] = choose(&p->set, &said[end]);
		json_object(j, end == END_SRC ? "source" : "destination");
		tell_end(en, p, end == END_SRC ? p->set.ask_src : p->set.ask_dst, &said[end],
		    end == END_DST && flow->has & FLOW_HAS_BGP_NEXT_HOP ? &flow->bgp_next_hop : NULL,
		    &choice[end], j);
		tell_steps(&steps, end, true, j);
		tell_replaced(en, end, &said[end], j);
		tell_roa(p, end, flow, j);
		json_end(j, '}');
	}
	tell_peers(en, p, flow, said, choice, j);
	tell_tags(en, p, flow, j);
	en->steps = NULL;
}
