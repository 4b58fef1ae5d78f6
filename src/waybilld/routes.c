/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands about routes: peers, explain, and how a route is shown.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "waybilld/commands.h"
#include "waybilld/table.h"

/* --- peers ---------------------------------------------------------------------------------------- */

struct peers_walk {
	struct json *j;
	struct table *t;
};

static void
peer_json(const struct bgp_peer_info *p, void *ctx)
{
	struct json *j = ((struct peers_walk *)ctx)->j;
	char text[ADDR_TEXT];

	json_object(j, NULL);
	json_str(j, "peer", addr_text(&p->addr, text));
	json_u64(j, "port", p->port);
	json_str(j, "router_id", addr_text(&p->id, text));
	json_u64(j, "as", p->as);
	json_str(j, "state", p->state);
	json_u64(j, "since_s", (uint64_t)(mono_since(mono_now(), p->since) / NS_PER_SEC));
	json_u64(j, "hold_s", p->hold_s);
	json_u64(j, "routes_ipv4", p->routes4);
	json_u64(j, "routes_ipv6", p->routes6);
	json_u64(j, "routes_labelled", p->labelled);
	json_u64(j, "routes_vpn", p->vpn);
	json_bool(j, "stale", p->stale);
	json_str(j, "role", p->role);
	json_array(j, "skipped");
	for (size_t i = 0; i < SKIPPED_FAMILIES && p->skipped[i].fields > 0; i++) {
		json_object(j, NULL);
		json_u64(j, "afi", p->skipped[i].afi);
		json_u64(j, "safi", p->skipped[i].safi);
		json_u64(j, "fields", p->skipped[i].fields);
		json_end(j, '}');
	}
	json_end(j, ']');
	for (size_t i = 0; i < bgp_peer_counter_count; i++)
		json_u64(j, bgp_peer_counter_rows[i].name, counter_get((const counter_t *)
		    ((const char *)p->c + bgp_peer_counter_rows[i].at)));
	json_str(j, "last_error", p->last_error);
	json_end(j, '}');
}

static void
peer_text(const struct bgp_peer_info *p, void *ctx)
{
	struct table *t = ((struct peers_walk *)ctx)->t;
	char text[ADDR_TEXT];

	table_text(t, addr_text(&p->addr, text));
	table_u64(t, p->as);
	table_text(t, addr_text(&p->id, text));
	table_text(t, p->state);
	table_u64(t, (uint64_t)(mono_since(mono_now(), p->since) / NS_PER_SEC));
	table_u64(t, p->routes4);
	table_u64(t, p->routes6);
	table_u64(t, p->labelled);
	table_u64(t, p->vpn);
	table_text(t, p->stale ? "yes" : "");
	table_u64(t, counter_get(&p->c->updates));
	table_text(t, p->last_error);
	table_row(t);
}

int
run_peers(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	static const char *const heads[] = { "PEER", "AS", "ROUTER-ID", "STATE", "FOR (S)",
	    "IPV4", "IPV6", "LABELLED", "VPN", "STALE", "UPDATES", "LAST ERROR" };
	struct daemon *d = ctx;
	struct json j = json_of(out);
	struct peers_walk walk = { .j = &j };

	(void)argc;
	(void)argv;
	if (json) {
		json_array(&j, NULL);
		if (d->bgp != NULL)
			bgp_peers(d->bgp, peer_json, &walk);
		if (d->bmp != NULL)
			routers_json(d, &j);
		json_end(&j, ']');
		sbuf_char(out, '\n');
		return 0;
	}
	if (d->rib == NULL)
		sbuf_str(out, "no BGP: neither `bgp_daemon: true` nor `bmp_daemon: true` is set\n");
	if (d->bgp != NULL) {
		walk.t = table_new(heads, ARRAY_LEN(heads));
		bgp_peers(d->bgp, peer_text, &walk);
		table_print(walk.t, out);
		table_free(walk.t);
	}
	if (d->bmp != NULL)
		routers_text(d, out);
	return 0;
}

/* --- rib ------------------------------------------------------------------------------------------------ */

#define MATCHES_MOST	1024

struct path_texts {
	struct sbuf as_path, comms, ecomms, lcomms;
	char next_hop[ADDR_TEXT];
};

static void
read_path(const struct rib *rib, uint32_t id, struct path_texts *t)
{
	const struct path *p = rib_path(rib, id);
	const struct comm_set set = rib_comms(rib, p);
	struct addr next_hop = rib_addr(rib, p->next_hop);
	const uint8_t *bytes;
	size_t len;

	*t = (struct path_texts){ 0 };
	bytes = rib_attr(rib, ATTR_ASPATH, p->aspath, &len);
	aspath_text(&t->as_path, bytes, len, ' ');
	bytes = rib_attr(rib, ATTR_COMMS, set.comms, &len);
	comms_text(&t->comms, bytes, len, ' ', false);
	bytes = rib_attr(rib, ATTR_ECOMMS, set.ecomms, &len);
	ecomms_text(&t->ecomms, bytes, len, ' ', false);
	bytes = rib_attr(rib, ATTR_LCOMMS, set.lcomms, &len);
	lcomms_text(&t->lcomms, bytes, len, ' ');
	addr_text(&next_hop, t->next_hop);
}

static void
done_path(struct path_texts *t)
{
	sbuf_done(&t->as_path);
	sbuf_done(&t->comms);
	sbuf_done(&t->ecomms);
	sbuf_done(&t->lcomms);
}

static void
match_json(const struct daemon *d, const struct rib_match *m, struct json *j)
{
	const struct path *p = rib_path(d->rib, m->path);
	struct path_texts t;
	char text[PREFIX_TEXT];

	read_path(d->rib, m->path, &t);
	json_object(j, NULL);
	json_str(j, "ip_prefix", prefix_text(&m->prefix, text));
	json_str(j, "peer", addr_text(&teller_info(m->teller)->router, text));
	if (teller_info(m->teller)->kind == TELLER_BMP) {
		json_str(j, "bmp_peer", teller_info(m->teller)->name);
		json_str(j, "rib", teller_rib_name(teller_info(m->teller)->rib));
	}
	json_str(j, "bgp_nexthop", t.next_hop);
	json_str(j, "as_path", sbuf_text(&t.as_path));
	json_str(j, "comms", sbuf_text(&t.comms));
	json_str(j, "ecomms", sbuf_text(&t.ecomms));
	json_str(j, "lcomms", sbuf_text(&t.lcomms));
	if (p->flags & PATH_HAS_LOCAL_PREF)
		json_u64(j, "local_pref", p->local_pref);
	if (p->flags & PATH_HAS_MED)
		json_u64(j, "med", p->med);
	json_str(j, "origin", (const char *[]){ "i", "e", "u", "u" }[p->flags & PATH_ORIGIN]);
	json_bool(j, "stale", m->stale);
	json_end(j, '}');
	done_path(&t);
}

void
put_route_cells(struct table *tab, const struct rib *rib, const struct prefix *prefix,
    const struct teller_info *info, uint32_t path)
{
	const struct path *p = rib_path(rib, path);
	struct path_texts t;
	char text[PREFIX_TEXT];

	read_path(rib, path, &t);
	table_text(tab, prefix_text(prefix, text));
	table_text(tab, addr_text(&info->router, text));
	table_text(tab, info->kind == TELLER_BMP ? info->name : "");
	table_text(tab, teller_rib_name(info->rib));
	table_text(tab, t.next_hop);
	table_u64(tab, p->local_pref);
	table_u64(tab, p->med);
	table_text(tab, sbuf_text(&t.as_path));
	table_text(tab, sbuf_text(&t.comms));
	table_row(tab);
	done_path(&t);
}

struct teller *
find_teller(const struct daemon *d, const struct addr *a)
{
	for (struct teller *t = teller_next(d->rib, NULL); t != NULL; t = teller_next(d->rib, t))
		if (addr_eq(&teller_info(t)->router, a) || addr_eq(&teller_info(t)->router_id, a))
			return t;
	return NULL;
}

int
answer_matches(struct daemon *d, const struct addr *a, const struct teller *teller, bool longest,
    bool json, struct sbuf *out)
{
	static const char *const heads[] = { "PREFIX", "ROUTER", "PEER", "RIB", "NEXT HOP", "LOCAL_PREF", "MED",
	    "AS PATH", "COMMUNITIES" };
	struct rib_match *m = mem_array(MATCHES_MOST, sizeof(*m));
	size_t n = rib_matches(d->rib, teller, 0, a, m, MATCHES_MOST);

	if (n > MATCHES_MOST)
		n = MATCHES_MOST;
	while (longest && n > 0 && m[n - 1].prefix.len < m[0].prefix.len)
		n--;
	if (json) {
		struct json j = json_of(out);

		json_array(&j, NULL);
		for (size_t i = 0; i < n; i++)
			match_json(d, &m[i], &j);
		json_end(&j, ']');
		sbuf_char(out, '\n');
	} else {
		struct table *t = table_new(heads, ARRAY_LEN(heads));

		for (size_t i = 0; i < n; i++)
			put_route_cells(t, d->rib, &m[i].prefix, teller_info(m[i].teller),
			    m[i].path);
		table_print(t, out);
		table_free(t);
	}
	mem_free(m);
	return 0;
}

/* --- explain ------------------------------------------------------------------------------------------ */

static int
take_number(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n > UINT32_MAX)
		return -1;
	*ret = (uint32_t)n;
	return 0;
}

static int say_in(struct flow *flow, const char *text) { return take_number(text, &flow->in_iface); }
static int say_out(struct flow *flow, const char *text) { return take_number(text, &flow->out_iface); }
static int say_vrf(struct flow *flow, const char *text) { return take_number(text, &flow->in_vrf_id); }

static int
say_label(struct flow *flow, const char *text)
{
	flow->mpls_labels = 1;
	return take_number(text, &flow->mpls_label[0]);
}

static int
say_next_hop(struct flow *flow, const char *text)
{
	flow->has |= FLOW_HAS_BGP_NEXT_HOP;
	return addr_parse(text, &flow->bgp_next_hop);
}

static int
say_rd(struct flow *flow, const char *text)
{
	flow->has |= FLOW_HAS_RD;
	return rd_parse_any(text, &flow->rd);
}

static int
say_u16(const char *text, uint16_t *ret)
{
	uint32_t n;

	if (take_number(text, &n) != 0 || n > UINT16_MAX)
		return -1;
	*ret = (uint16_t)n;
	return 0;
}

static int say_src_port(struct flow *flow, const char *text) { return say_u16(text, &flow->src_port); }
static int say_dst_port(struct flow *flow, const char *text) { return say_u16(text, &flow->dst_port); }
static int say_vlan(struct flow *flow, const char *text) { return say_u16(text, &flow->vlan); }

static int
say_proto(struct flow *flow, const char *text)
{
	uint16_t n;

	if (say_u16(text, &n) != 0 || n > UINT8_MAX)
		return -1;
	flow->proto = (uint8_t)n;
	return 0;
}

/* What an exporter may say of a flow beside its addresses, in the words of the maps; the first ones may
 * stand without their word. */
static const struct explain_word {
	const char *word;
	int (*say)(struct flow *flow, const char *text);
} explain_words[] = {
	{ "in", say_in }, { "out", say_out }, { "mpls_vpn_id", say_vrf },
	{ "mpls_label_bottom", say_label }, { "bgp_nexthop", say_next_hop }, { "mpls_vpn_rd", say_rd },
	{ "ip_proto", say_proto }, { "src_port", say_src_port }, { "dst_port", say_dst_port },
	{ "vlan", say_vlan },
};

/* Word `n` behind the addresses. */
static int
explain_say(struct flow *flow, size_t n, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals != NULL ? (size_t)(equals - text) : 0;

	if (equals == NULL)
		return n < 2 ? explain_words[n].say(flow, text) : -1;
	for (const struct explain_word *w = explain_words;
	    w < explain_words + ARRAY_LEN(explain_words); w++)
		if (strlen(w->word) == len && strncmp(w->word, text, len) == 0)
			return w->say(flow, equals + 1);
	return -1;
}

static int
explain_flow(struct flow *flow, struct exporter *ex, int argc, char **argv)
{
	if (argc < 4 || addr_parse(argv[1], &ex->addr) != 0 || addr_parse(argv[2], &flow->src) != 0 ||
	    addr_parse(argv[3], &flow->dst) != 0)
		return -1;
	flow->peer_src_ip = ex->addr;
	flow->bytes = flow->packets = flow->flows = 1;
	for (int i = 4; i < argc; i++)
		if (explain_say(flow, (size_t)(i - 4), argv[i]) != 0)
			return -1;
	return 0;
}

int
run_explain(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	struct daemon *d = ctx;
	const struct setup *setup = daemon_setup(d);
	struct exporter ex = { .version = 10 };
	struct flow flow = { .exporter = &ex };
	struct json j = json ? json_of(out) : json_plain(out);

	if (explain_flow(&flow, &ex, argc, argv) != 0) {
		sbuf_str(out, "usage: explain EXPORTER SOURCE DESTINATION [IN [OUT]] [mpls_vpn_id=N]"
		    " [mpls_label_bottom=N] [bgp_nexthop=IP] [mpls_vpn_rd=RD] [ip_proto=N]"
		    " [src_port=N] [dst_port=N] [vlan=N]\n");
		return -1;
	}
	json_array(&j, NULL);
	for (size_t i = 0; i < setup->outputs; i++) {
		/* A fresh one: the exporter is asked about for the first time. */
		struct enrich *en = enrich_new(d->rib);

		json_object(&j, NULL);
		json_str(&j, "output", setup->output[i].env.name);
		enrich_explain(en, setup->profile[setup->output[i].profile], &flow, &j);
		json_end(&j, '}');
		enrich_free(en);
	}
	json_end(&j, ']');
	sbuf_char(out, '\n');
	return 0;
}
