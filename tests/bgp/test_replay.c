/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real captures through the codec: what comes out, as text, is compared with replay.expected,
 * which was checked by hand against another reader's reading of the same files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgp/open.h"
#include "bgp/update.h"
#include "capture.h"
#include "core/mem.h"
#include "expected.h"

/*
 * as4, paths: for captures without OPEN. Not here: bgp/pcapplusplus-BgpPackets.pcap, which libpcap
 * does not read.
 */
static const struct {
	const char *file;
	bool as4, paths;
} files[] = {
	{ "bgp/netgauze-bgp.pcap", false },
	{ "bgp/tcpdump-bgp-4byte-asn.pcap", false },
	{ "bgp/tcpdump-bgp-addpath.pcap", true },
	{ "bgp/tcpdump-bgp-cease-hard-reset.pcap", false },
	{ "bgp/tcpdump-bgp-evpn.pcap", false },
	{ "bgp/tcpdump-bgp-large-community.pcap", true },
	{ "bgp/tcpdump-bgp-lu-multiple-labels.pcap", false },
	{ "bgp/tcpdump-bgp-role.pcapng", true },
	{ "bgp/tcpdump-bgp-rt-prefix.pcap", false },
	{ "bgp/tcpdump-bgp-shutdown-communication.pcapng", false },
	{ "bgp/tcpdump-bgp_vpn_attrset.pcap", false },
	{ "bgp-hex/exabgp-conf-addpath.ci", true, true },
	{ "bgp-hex/exabgp-conf-aggregator.ci", true },
	{ "bgp-hex/exabgp-conf-ipv6grouping.ci", true },
	{ "bgp-hex/exabgp-conf-largecommunity.ci", true },
	{ "bgp-hex/exabgp-conf-vpn.ci", true },
	{ "malformed/tcpdump-bgp-as-path-oobr.pcap", false },
	{ "malformed/tcpdump-bgp-infinite-loop.pcap", false },
};

struct replay {
	struct sbuf out;
	bool as4, paths;
	struct bgp_open opens[64];	/* of each direction, by its place in the capture */
};

static void
add_attrs(struct sbuf *b, const struct attrs *a)
{
	struct rd r = rd_of(a->aspath, a->aspath_len);

	sbuf_str(b, " path");
	while (rd_left(&r) > 0) {
		static const char *const open[] = { "", " {", "", " (", " [" };
		static const char *const end[] = { "", " }", "", " )", " ]" };
		uint8_t type = rd_u8(&r), n = rd_u8(&r);

		sbuf_str(b, open[type]);
		while (n-- > 0)
			sbuf_printf(b, " %u", rd_u32(&r));
		sbuf_str(b, end[type]);
	}
	sbuf_printf(b, " origin %u", a->origin);
	if (a->has_med)
		sbuf_printf(b, " med %u", a->med);
	if (a->has_local_pref)
		sbuf_printf(b, " pref %u", a->local_pref);
	r = rd_of(a->comms, a->comms_len);
	while (rd_left(&r) > 0) {
		uint16_t high = rd_u16(&r);

		sbuf_printf(b, " %u:%u", high, rd_u16(&r));
	}
	r = rd_of(a->ecomms, a->ecomms_len);
	while (rd_left(&r) > 0)
		sbuf_printf(b, " ext:%016llx", (unsigned long long)rd_u64(&r));
	r = rd_of(a->lcomms, a->lcomms_len);
	while (rd_left(&r) > 0) {
		uint32_t global = rd_u32(&r), local = rd_u32(&r);

		sbuf_printf(b, " %u:%u:%u", global, local, rd_u32(&r));
	}
}

static void
add_nlri(struct sbuf *b, const struct nlri *n)
{
	char text[PREFIX_TEXT];

	if (n->rd != 0)
		sbuf_printf(b, " rd %llx", (unsigned long long)n->rd);
	sbuf_printf(b, " %s", prefix_text(&n->prefix, text));
	if (n->path_id != 0)
		sbuf_printf(b, " id %u", n->path_id);
	if (n->label != 0)
		sbuf_printf(b, " label %u", n->label);
}

static void
add_part(struct sbuf *b, const struct bgp_update *u, int part)
{
	const struct update_part_nlri *p = &u->part[part];
	bool gone = part < PART_NLRI || u->verdict == VERDICT_WITHDRAW;
	struct rd field = p->nlri;
	struct nlri nlri;
	char text[ADDR_TEXT];

	if (p->family == NULL)
		return;
	while (nlri_take(p->family, p->form, &field, &nlri, 1) == 1) {
		sbuf_printf(b, "  %c", gone ? '-' : '+');
		add_nlri(b, &nlri);
		if (!gone) {
			sbuf_printf(b, " via %s", addr_text(&p->next_hop, text));
			add_attrs(b, &u->attrs);
		}
		sbuf_char(b, '\n');
	}
}

static void
add_update(struct sbuf *b, struct rd body, const struct bgp_context *context)
{
	static const char *const verdicts[] = { "", "discard", "withdraw", "reset" };
	static struct bgp_update u;

	update_decode(body, context, &u);
	if (u.verdict != VERDICT_OK)
		sbuf_printf(b, "  %s: %s %u: %s: %u\n", verdicts[u.verdict],
		    attribute_name(u.fault_attr), u.fault_attr, u.fault.why, u.fault.value);
	if (u.verdict == VERDICT_RESET)
		return;
	for (int i = 0; i < UPDATE_PARTS; i++)
		add_part(b, &u, i);
	for (unsigned i = 0; i < u.skipped; i++)
		sbuf_printf(b, "  skipped: family %u/%u\n", u.skip[i].afi, u.skip[i].safi);
	if (u.others_seen > 0)
		sbuf_printf(b, "  no routes: %u\n", u.others_seen);
	if (u.end_of_rib != NULL)
		sbuf_printf(b, "  end of RIB, %s\n", u.end_of_rib->name);
}

static bool
add_open(struct sbuf *b, struct rd body, struct bgp_open *o)
{
	struct bgp_fault fault;

	if (open_decode(body, o, &fault) != 0) {
		sbuf_printf(b, "  OPEN refused: %s: %u\n", fault.why, fault.value);
		return false;
	}
	sbuf_printf(b, "  OPEN AS %u hold %u id %08x families %x%s%s", o->as, o->hold_s, o->id,
	    o->families, o->as4 ? " as4" : "", o->refresh ? " refresh" : "");
	if (o->enhanced_refresh)
		sbuf_str(b, " enhanced-refresh");
	if (o->ext_message)
		sbuf_str(b, " extended-message");
	if (o->path_send != 0 || o->path_receive != 0)
		sbuf_printf(b, " paths send %x receive %x", o->path_send, o->path_receive);
	if (o->labels != 0)
		sbuf_printf(b, " labels %x", o->labels);
	if (o->ext_hop != 0)
		sbuf_printf(b, " ext-hop %x", o->ext_hop);
	if (o->can_restart)
		sbuf_printf(b, " restart %x time %u%s", o->restart, o->restart_s,
		    o->restarting ? " now" : "");
	if (o->can_llgr)
		sbuf_printf(b, " llgr %x", o->llgr);
	if (o->has_role)
		sbuf_printf(b, " role %s", bgp_role_name(o->role));
	sbuf_printf(b, " unknown %u\n", o->unknown);
	return true;
}

static void
add_message(struct sbuf *b, const struct bgp_message *m, const struct bgp_context *context)
{
	struct bgp_notification n;

	if (m->type == BGP_UPDATE) {
		add_update(b, m->body, context);
	} else if (m->type == BGP_NOTIFICATION && notification_decode(m->body, &n) == 0) {
		sbuf_str(b, "  NOTIFICATION ");
		notification_text(b, &n);
		sbuf_char(b, '\n');
	} else if (m->type != BGP_OPEN) {
		sbuf_printf(b, "  %s\n", bgp_type_name(m->type));
	}
}

/* What is assumed where a capture has no OPEN. */
static struct bgp_context
context_without_opens(const struct replay *rp)
{
	return (struct bgp_context){ .families = families_all(), .as4 = rp->as4,
		.add_path = rp->paths ? families_add_path() : 0, .internal = true };
}

/*
 * What both sides said in their OPENs decides how UPDATEs are read, but for the families: what was
 * not agreed on is read all the same.
 */
static void
each_message(void *ctx, struct capture *c, struct flow_side *side, int got,
    const struct bgp_message *m, const struct bgp_fault *fault)
{
	struct replay *rp = ctx;
	const struct flow_side *other = capture_other_way(c, side);
	struct bgp_open *open = &rp->opens[side - c->side];
	struct bgp_context context = context_without_opens(rp);

	if (got < 0) {
		sbuf_printf(&rp->out, "  broken: %s: %u\n", fault->why, fault->value);
		return;
	}
	if (m->type == BGP_OPEN)
		side->user = add_open(&rp->out, m->body, open) ? open : NULL;
	if (side->user != NULL && other->user != NULL) {
		context = context_agree(other->user, side->user);
		context.families = families_all();
	}
	add_message(&rp->out, m, &context);
}

/* Lines "1:raw:FFFF...:0040:02:..." */
static void
replay_hex(struct replay *rp, FILE *f)
{
	const struct bgp_context context = context_without_opens(rp);
	char line[20000];

	while (fgets(line, sizeof(line), f) != NULL) {
		const char *at = strstr(line, ":raw:");
		uint8_t bytes[BGP_MESSAGE_MAX];
		struct bgp_message m;
		struct bgp_fault fault;
		size_t n = 0;
		unsigned x;

		for (at = at != NULL ? at + 5 : ""; *at != '\0' && *at != '\n'; ) {
			if (*at == ':') {
				at++;
				continue;
			}
			assert_int_equal(sscanf(at, "%2x", &x), 1);
			bytes[n++] = (uint8_t)x;
			at += 2;
		}
		if (n > 0 && bgp_frame(bytes, n, BGP_MESSAGE_MAX, &m, &fault) == 1)
			add_message(&rp->out, &m, &context);
	}
}

static void
replay_file(struct replay *rp, const char *path)
{
	struct capture c = { .each = each_message, .ctx = rp };
	FILE *f;

	if (strstr(path, ".pcap") != NULL) {
		assert_int_equal(capture_read(&c, path), 0);
		return;
	}
	f = fopen(path, "r");
	assert_non_null(f);
	replay_hex(rp, f);
	fclose(f);
}

static void
captures(void **state)
{
	const char *data = replay_data();
	struct replay rp = { .as4 = false };
	char path[1200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%.1000s/%s", data, files[i].file);
		sbuf_printf(&rp.out, "%s\n", files[i].file);
		rp.as4 = files[i].as4;
		rp.paths = files[i].paths;
		replay_file(&rp, path);
	}
	replay_compare("tests/bgp/replay.expected", sbuf_text(&rp.out));
	sbuf_done(&rp.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(captures) };

	return cmocka_run_group_tests_name("bgp replay", tests, NULL, NULL);
}
