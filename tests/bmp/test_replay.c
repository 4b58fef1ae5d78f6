/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real captures: every message as text, then what a station counts when the stream is sent to it. Held
 * against replay.expected, which was checked by hand against another reader's reading of the same files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bmp/bmp.h"
#include "capture.h"
#include "core/mem.h"
#include "expected.h"

#define STREAMS	16

/* `more`: the next file goes on with the same session. */
static const struct {
	const char *file;
	bool more;
} files[] = {
	{ "bmp/akvorado-bmp-init.pcap", true },
	{ "bmp/akvorado-bmp-peer-up.pcap", true },
	{ "bmp/akvorado-bmp-eor.pcap", true },
	{ "bmp/akvorado-bmp-reach.pcap", true },
	{ "bmp/akvorado-bmp-unreach.pcap", true },
	{ "bmp/akvorado-bmp-peer-down.pcap", true },
	{ "bmp/akvorado-bmp-terminate.pcap", false },
	{ "bmp/netgauze-bmp.pcapng", false },
	{ "bmp/netgauze-example.pcap", false },
	{ "bmp/netgauze-vpnv4-stateless-with-withdraw.pcap", false },
};

struct stream {
	uint8_t key[37];		/* of its side; of files that go on, of the first one */
	struct sbuf bytes;
};

struct replay {
	struct sbuf out;
	struct stream stream[STREAMS];
	size_t streams;
	bool one;			/* whatever comes is of the first stream */
};

/* --- messages as text ------------------------------------------------------------------------------ */

static void
add_tlvs(struct sbuf *b, const struct bmp_message *m)
{
	struct bmp_tlvs walk = m->tlvs;
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&walk, &tlv)) {
		const struct bmp_row *row = bmp_tlv_row(walk.kind, tlv.type);

		sbuf_printf(b, "  TLV %u %s", tlv.type, row != NULL ? row->name : "unknown");
		if (row != NULL && row->form == BMP_FORM_TEXT) {
			sbuf_char(b, ' ');
			sbuf_quoted(b, tlv.value.at, rd_left(&tlv.value));
		} else if (row != NULL && row->form == BMP_FORM_U16) {
			sbuf_printf(b, " %u", rd_u16(&tlv.value));
		} else {
			sbuf_printf(b, " %zu bytes", rd_left(&tlv.value));
		}
		sbuf_char(b, '\n');
	}
}

static void
add_stats(struct sbuf *b, const struct bmp_message *m)
{
	struct bmp_stats walk = m->stats;
	struct bmp_stat s;

	while (bmp_stat_next(&walk, &s)) {
		sbuf_printf(b, "  statistic %u", s.type);
		if (s.afi != 0)
			sbuf_printf(b, " of %u/%u", s.afi, s.safi);
		sbuf_printf(b, " %llu%s\n", (unsigned long long)s.value,
		    s.row == NULL ? " unknown" : s.cut ? " cut" : "");
	}
}

static void
add_open(struct sbuf *b, const char *who, const struct bgp_open *o)
{
	sbuf_printf(b, "  %s AS %u hold %u id %08x%s%s\n", who, o->as, o->hold_s, o->id,
	    o->as4 ? " as4" : "", o->refresh ? " refresh" : "");
}

static void
add_part(struct sbuf *b, const struct bgp_update *u, int part)
{
	const struct update_part_nlri *p = &u->part[part];
	static const char *const kinds[RIB_SAFIS] = {
		[RIB_LABELLED] = "labelled", [RIB_VPN] = "vpn", [RIB_EVPN] = "evpn",
	};
	struct rd field = p->nlri;
	struct nlri nlri;
	char text[PREFIX_TEXT], rd[RD_TEXT];

	if (p->family == NULL)
		return;
	while (nlri_take(p->family, p->form, &field, &nlri, 1) == 1) {
		sbuf_printf(b, "  %c ", part < PART_NLRI ? '-' : '+');
		if (nlri.safi != RIB_UNICAST)
			sbuf_printf(b, "%s %s label %u ", kinds[nlri.safi], rd_text(nlri.rd, rd),
			    nlri.label);
		if (p->form & NLRI_PATH_ID)
			sbuf_printf(b, "id %u ", nlri.path_id);
		sbuf_str(b, prefix_text(&nlri.prefix, text));
		if (part >= PART_NLRI) {
			sbuf_printf(b, " via %s path ", addr_text(&p->next_hop, text));
			aspath_text(b, u->attrs.aspath, u->attrs.aspath_len, ' ');
		}
		sbuf_char(b, '\n');
	}
}

static void
add_update(struct sbuf *b, const struct bmp_message *m)
{
	static const char *const verdicts[] = { "", "discard", "withdraw", "reset" };
	const struct bgp_context context = {
		.families = families_all(), .as4 = !(m->peer.flags & BMP_FLAG_A), .internal = true,
		.guess_paths = true,
	};
	static struct bgp_update u;

	update_decode(m->bgp, &context, &u);
	if (u.verdict != VERDICT_OK)
		sbuf_printf(b, "  %s: %s %u: %s: %u\n", verdicts[u.verdict],
		    attribute_name(u.fault_attr), u.fault_attr, u.fault.why, u.fault.value);
	if (u.verdict == VERDICT_RESET)
		return;
	for (int i = 0; i < UPDATE_PARTS; i++)
		add_part(b, &u, i);
	if (u.skipped > 0)
		sbuf_printf(b, "  skipped %u\n", u.skipped);
	if (u.end_of_rib != NULL)
		sbuf_printf(b, "  end of RIB, %s\n", u.end_of_rib->name);
}

static void
add_message(struct sbuf *b, const uint8_t *bytes, size_t len)
{
	struct bmp_message m;
	const char *why = NULL;
	int got = bmp_decode(bytes, len, &m, &why);
	const struct bmp_peer_header *h = &m.peer;
	char addr[ADDR_TEXT], rd[RD_TEXT];

	sbuf_printf(b, "v%u %s", m.version, bmp_type_name(m.type));
	if (m.has_peer)
		sbuf_printf(b, ": type %u flags %02x rd %s peer %s AS %u id %08x at %u.%06u", h->type,
		    h->flags, rd_text(h->rd, rd), addr_text(&h->addr, addr), h->as, h->id, h->sec,
		    h->usec);
	sbuf_char(b, '\n');
	if (got != 0) {
		sbuf_printf(b, "  malformed: %s\n", why);
		return;
	}
	if (m.type == BMP_PEER_UP) {
		sbuf_printf(b, "  local %s ports %u %u\n", addr_text(&m.up.local, addr),
		    m.up.local_port, m.up.remote_port);
		add_open(b, "sent", &m.up.sent);
		add_open(b, "received", &m.up.received);
	}
	if (m.type == BMP_PEER_DOWN)
		sbuf_printf(b, "  reason %u event %u\n", m.reason.code, m.reason.event);
	add_stats(b, &m);
	add_tlvs(b, &m);
	if (m.type == BMP_ROUTE_MONITORING)
		add_update(b, &m);
}

static struct stream *
stream_of(struct replay *rp, const struct flow_side *side)
{
	size_t i = 0;

	while (i < rp->streams && !rp->one && memcmp(rp->stream[i].key, side->key, 37) != 0)
		i++;
	assert_true(i < STREAMS);
	if (i == rp->streams) {
		memcpy(rp->stream[i].key, side->key, 37);
		rp->streams++;
	}
	return &rp->stream[i];
}

static size_t
take(void *ctx, struct flow_side *side, const uint8_t *bytes, size_t len)
{
	struct replay *rp = ctx;
	struct stream *s = stream_of(rp, side);
	const char *why;
	size_t whole, at = 0;
	int got;

	while ((got = bmp_frame(bytes + at, len - at, &whole, &why)) == 1) {
		add_message(&rp->out, bytes + at, whole);
		sbuf_add(&s->bytes, bytes + at, whole);
		at += whole;
	}
	if (got < 0)
		sbuf_printf(&rp->out, "broken: %s\n", why);
	return got < 0 ? len : at;
}

/* --- what a station makes of it -------------------------------------------------------------------- */

static void
add_counters(const struct bmp_router_info *r, void *ctx)
{
	struct sbuf *b = ctx;

	sbuf_printf(b, "station: \"%s\"", r->sysname);
	for (size_t i = 0; i < bmp_router_counter_count; i++) {
		uint64_t n = counter_get(counter_at((void *)(uintptr_t)r->c,
		    &bmp_router_counter_rows[i]));

		if (n > 0)
			sbuf_printf(b, " %s %llu", bmp_router_counter_rows[i].name,
			    (unsigned long long)n);
	}
	sbuf_char(b, '\n');
}

static void
count_up(const struct bmp_router_info *r, void *ctx)
{
	*(unsigned *)ctx += r->up;
}

/* Send one stream to a station of its own and let it end. */
static void
send_stream(struct replay *rp, const struct stream *s)
{
	struct event_base *base = event_base_new();
	struct epoch *ep = epoch_new();
	struct rib *rib = rib_new(ep, NULL);
	struct addr local = addr_of_v4(0x7f000001);
	struct bmp_conf conf = { .listen = &local, .listens = 1, .stale_s = 300 };
	struct sbuf err = { 0 };
	struct bmp *bmp = bmp_start(base, rib, &conf, &err);
	mono_t end = mono_add(mono_now(), 10 * NS_PER_SEC);
	struct sockaddr_storage sa;
	size_t unknowns;
	unsigned still = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len;

	assert_non_null(bmp);
	len = addr_sockaddr(&local, bmp_port(bmp), &sa);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(send(fd, s->bytes.text, s->bytes.len, 0), s->bytes.len);
	close(fd);
	while (still > 0 || counter_get(&bmp_counters(bmp)->accepted) == 0) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		still = 0;
		bmp_routers(bmp, count_up, &still);
		assert_false(mono_due(mono_now(), end));
	}
	event_base_loop(base, EVLOOP_NONBLOCK);
	bmp_routers(bmp, add_counters, &rp->out);
	for (const struct bmp_unknown *u = bmp_unknowns(bmp, &unknowns); unknowns > 0; u++, unknowns--)
		sbuf_printf(&rp->out, "station: unknown %s %u: %llu\n", bmp_unknown_name(u->kind),
		    u->number, (unsigned long long)u->times);
	bmp_stop(bmp);
	rib_free(rib);
	epoch_free(ep);
	event_base_free(base);
	sbuf_done(&err);
}

static void
captures(void **state)
{
	const char *data = replay_data();
	struct replay rp = { .streams = 0 };
	char path[1200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct capture c = { .stream = take, .ctx = &rp };

		snprintf(path, sizeof(path), "%.1000s/%s", data, files[i].file);
		sbuf_printf(&rp.out, "%s\n", files[i].file);
		rp.one = files[i].more || rp.one;
		assert_int_equal(capture_read(&c, path), 0);
		if (files[i].more)
			continue;
		for (size_t k = 0; k < rp.streams; k++) {
			send_stream(&rp, &rp.stream[k]);
			sbuf_done(&rp.stream[k].bytes);
		}
		rp.streams = 0;
		rp.one = false;
	}
	replay_compare("tests/bmp/replay.expected", sbuf_text(&rp.out));
	sbuf_done(&rp.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(captures) };

	return cmocka_run_group_tests_name("bmp replay", tests, NULL, NULL);
}
