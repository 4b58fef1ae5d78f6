/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left to do for a flow when its template's program has run: fields that follow from
 * others, times, names told by options, the sampling rate. What is the same for all records of a
 * set stands in a prototype whose head every one of them starts from.
 */
#include <string.h>

#include "flow/source.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_ICMP6 = 58 };

void
record_prototype(const struct source *src, const struct message *m, const struct template *t,
    struct flow *ret)
{
	bool agent = addr_is_set(&src->agent) && !src->col->conf.ignore_exporter_address;

	memset(ret, 0, FLOW_HEAD);
	ret->kind = t->kind;
	ret->lines = t->lines;
	ret->has = t->has;
	ret->flows = 1;
	ret->exporter = &src->pub;
	ret->peer_src_ip = agent ? src->agent : src->pub.addr;
	ret->arrival = m->arrival;
	ret->export_time = m->export_time;
	ret->export_seqno = m->seqno;
	ret->export_sysid = src->pub.version == 5 ? 0 : src->pub.domain;
	ret->export_version = src->pub.version;
	ret->template_id = t->id;
	ret->engine_type = m->engine_type;
	ret->engine_id = m->engine_id;
}

/* --- times -------------------------------------------------------------------------------------- */

/*
 * A stamp told in the exporter's uptime. v5 and v9 say the uptime at export as well; pmacct's
 * arithmetic is in whole seconds, and its bins and stamps depend on it: the age is cut off. IPFIX
 * needs the time the exporter started (IE 160), in the record or in options data.
 */
static int64_t
uptime_ns(const struct source *src, const struct message *m, const struct ie_extra *extra,
    uint64_t raw)
{
	uint32_t up = (uint32_t)raw;
	int32_t age = (int32_t)(m->uptime_ms - up);
	uint64_t init_ms = extra->init_ms ? extra->init_ms : src->init_ms;

	if (src->pub.version == 10)
		return init_ms > 0 && init_ms < INT64_MAX / NS_PER_MS - UINT32_MAX ?
		    (int64_t)(init_ms + up) * NS_PER_MS : 0;
	return ((int64_t)m->export_sec - (src->col->conf.time_secs ? age : age / 1000)) * NS_PER_SEC;
}

/*
 * nfacctd sorts such a flow into bins by another sum of the same numbers, with both uptimes cut off
 * first; it may be a second earlier than the stamp.
 */
static wall_t
uptime_bin(const struct source *src, const struct message *m, uint64_t raw)
{
	uint32_t up = (uint32_t)raw;
	int64_t apart = (int64_t)(m->uptime_ms / 1000) - up / 1000;

	if (src->pub.version == 10 || src->col->conf.time_secs)
		return (wall_t){ 0 };
	if (m->uptime_ms < up && (int32_t)(m->uptime_ms - up) > 0)
		apart += (INT64_C(1) << 32) / 1000;		/* the uptime has wrapped since */
	return wall_of_sec((int64_t)m->export_sec - apart);
}

static int64_t
stamp_ns(const struct source *src, const struct message *m, const struct ie_extra *extra,
    uint8_t form, int64_t raw)
{
	switch ((enum time_form)form) {
	case TIME_UPTIME:
		return uptime_ns(src, m, extra, (uint64_t)raw);
	case TIME_DELTA:
		return m->export_time.ns - (raw & UINT32_MAX) * NS_PER_USEC;
	case TIME_NONE:
	case TIME_ABSOLUTE:
		break;
	}
	return raw;
}

static inline void
finish_times(const struct source *src, const struct message *m, const struct template *t,
    const struct ie_extra *extra, struct flow *flow)
{
	if (t->start_form == TIME_UPTIME)
		flow->bin_time = uptime_bin(src, m, (uint64_t)flow->start.ns);
	if (t->start_form > TIME_ABSOLUTE)
		flow->start.ns = stamp_ns(src, m, extra, t->start_form, flow->start.ns);
	if (t->end_form > TIME_ABSOLUTE)
		flow->end.ns = stamp_ns(src, m, extra, t->end_form, flow->end.ns);
	if (flow->end.ns == 0)
		flow->has &= ~(uint32_t)FLOW_HAS_END;
	if (flow->start.ns == 0) {
		flow->has &= ~(uint32_t)FLOW_HAS_START;
		flow->start = m->export_time;
	}
}

/* --- fields that follow from others ---------------------------------------------------------- */

/* Many exporters put ICMP type and code where the destination port belongs; it stays there too. */
static inline void
finish_icmp(struct flow *flow)
{
	if ((flow->proto == PROTO_ICMP || flow->proto == PROTO_ICMP6) &&
	    flow->icmp_type == 0 && flow->icmp_code == 0) {
		flow->icmp_type = (uint8_t)(flow->dst_port >> 8);
		flow->icmp_code = (uint8_t)flow->dst_port;
	}
}

/* Label stack entries are 20 bits of label, 3 of class, 1 that marks the bottom (RFC 3032). */
static void
finish_labels(struct flow *flow)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FLOW_LABELS; i++) {
		uint32_t raw = flow->mpls_label[i];

		flow->mpls_label[i] = n > i || raw == 0 ? 0 : raw >> 4;
		if (raw != 0)
			n = i + 1;
		if (raw & 1) {
			memset(&flow->mpls_label[n], 0,
			    (FLOW_LABELS - n) * sizeof(flow->mpls_label[0]));
			break;
		}
	}
	flow->mpls_labels = (uint8_t)n;
}

static void
finish_vlan(struct flow *flow)
{
	flow->in_vlan &= 0xfff;
	flow->out_vlan &= 0xfff;
	if (flow->has & FLOW_HAS_DIRECTION)
		flow->vlan = flow->direction == 0 ? flow->in_vlan : flow->out_vlan;
	else
		flow->vlan = flow->in_vlan ? flow->in_vlan : flow->out_vlan;
}

/* Neither set nor other than 0.0.0.0. */
static inline bool
addr_says_nothing(const struct addr *a)
{
	static const struct addr zero4 = { { [10] = 0xff, [11] = 0xff } };

	return addr_eq(a, &zero4) || !addr_is_set(a);
}

static inline void
finish_routing(const struct collector_conf *conf, struct flow *flow)
{
	const uint32_t as = FLOW_HAS_SRC_AS | FLOW_HAS_DST_AS;

	if ((flow->has & FLOW_HAS_BGP_NEXT_HOP) && addr_says_nothing(&flow->bgp_next_hop))
		flow->has &= ~(uint32_t)FLOW_HAS_BGP_NEXT_HOP;
	if ((flow->has & FLOW_HAS_IP_NEXT_HOP) && addr_says_nothing(&flow->ip_next_hop))
		flow->has &= ~(uint32_t)FLOW_HAS_IP_NEXT_HOP;
	if (conf->peer_as && (flow->has & as)) {
		flow->peer_src_as = flow->src_as;
		flow->peer_dst_as = flow->dst_as;
		flow->src_as = flow->dst_as = 0;
		flow->has |= (flow->has & FLOW_HAS_SRC_AS ? FLOW_HAS_PEER_SRC_AS : 0) |
		    (flow->has & FLOW_HAS_DST_AS ? FLOW_HAS_PEER_DST_AS : 0);
		flow->has &= ~as;
	}
}

/* What few templates, or only one version, ask for. */
static void
finish_rare(const struct source *src, const struct template *t, const struct ie_extra *extra,
    struct flow *flow)
{
	if (t->vlans)
		finish_vlan(flow);
	if (t->labels)
		finish_labels(flow);
	if (src->pub.version == 5 && flow->proto != PROTO_TCP)
		flow->tcp_flags = 0;
	if (extra->delay_sum_us > 0 && flow->packets > 0)
		flow->delay_avg = (uint32_t)(extra->delay_sum_us / flow->packets);
}

/* --- what options data told -------------------------------------------------------------------- */

/* The RD that options gave the VRF: of the side the flow was metered on, of the other where that is 0. */
static void
finish_rd(const struct source *src, struct flow *flow)
{
	bool in = flow->direction == 0 || flow->out_vrf_id == 0;
	uint32_t side[2] = { flow->in_vrf_id, flow->out_vrf_id };
	uint64_t rd;

	for (unsigned i = 0; i < 2; i++) {
		uint32_t id = side[in ? i : 1 - i];

		if (id == 0 || !idmap_get(&src->vrf_rds, id, &rd))
			continue;
		flow->has |= FLOW_HAS_RD;
		flow->rd = rd;
		if (rd != 0)
			return;
	}
}

static void
finish_names(const struct source *src, struct flow *flow)
{
	flow->lines |= FLOW_LINES_OF(in_iface_name) | FLOW_LINES_OF(out_iface_name) |
	    FLOW_LINES_OF(class_id) | FLOW_LINES_OF(vrf_name) | FLOW_LINES_OF(in_vrf_name) |
	    FLOW_LINES_OF(out_vrf_name);
	flow->in_iface_name = (uint32_t)idmap_value(&src->if_names, flow->in_iface);
	flow->out_iface_name = (uint32_t)idmap_value(&src->if_names, flow->out_iface);
	if (flow->app_id != 0)
		flow->class_id = (uint32_t)idmap_value(&src->apps, flow->app_id);
	flow->in_vrf_name = (uint32_t)idmap_value(&src->vrf_names, flow->in_vrf_id);
	flow->out_vrf_name = (uint32_t)idmap_value(&src->vrf_names, flow->out_vrf_id);
	if (flow->vrf_name == 0)
		flow->vrf_name = flow->in_vrf_name ? flow->in_vrf_name : flow->out_vrf_name;
	if (!(flow->has & FLOW_HAS_RD) && (flow->in_vrf_id | flow->out_vrf_id) != 0)
		finish_rd(src, flow);
}

void
records_finish(struct source *src, const struct message *m, const struct template *t,
    struct flow *flow, const struct ie_extra *extra, unsigned n)
{
	const struct collector_conf *conf = &src->col->conf;
	const bool names = src->if_names.count + src->apps.count + src->vrf_names.count +
	    src->vrf_rds.count > 0;
	const bool rates = RATES_MATTER(src->col) && t->kind != FLOW_OPTION;
	const bool routing = (t->has & (FLOW_HAS_BGP_NEXT_HOP | FLOW_HAS_IP_NEXT_HOP)) != 0 ||
	    conf->peer_as;
	const bool rare = t->vlans || t->labels || t->delay_sum || src->pub.version == 5;

	if (t->kind != FLOW_OPTION)
		records_seen(src, m, flow, n);
	for (unsigned i = 0; i < n; i++, flow++, extra++) {
		finish_times(src, m, t, extra, flow);
		finish_icmp(flow);
		if (routing)
			finish_routing(conf, flow);
		if (rare)
			finish_rare(src, t, extra, flow);
		if (names)
			finish_names(src, flow);
		flow->raw_bytes = flow->bytes;
		flow->raw_packets = flow->packets;
		if (rates)
			rates_apply(src, m, t, flow);
	}
}
