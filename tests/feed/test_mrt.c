/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written as MRT is read back as the same routes; at every shorter length it is no record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "feed/mrt.h"

static const struct row {
	const char *prefix;
	uint8_t safi;
	uint64_t rd;
	uint32_t label, path_id;
	const char *hop;
	const char *want;		/* as show() puts it */
} rows[] = {
	{ "10.1.0.0/16", RIB_UNICAST, 0, 0, 0, "192.0.2.9",
	  "0/0 10.1.0.0/16 rd 0 label 0 hop 192.0.2.9 path 65001 {65002} med 7 pref 50 c 8 e 8 l 12" },
	{ "0.0.0.0/0", RIB_UNICAST, 0, 0, 9, "192.0.2.9",
	  "1/9 0.0.0.0/0 rd 0 label 0 hop 192.0.2.9 path 65001 {65002} med 7 pref 50 c 8 e 8 l 12" },
	{ "2001:db8::/33", RIB_UNICAST, 0, 0, 0, "2001:db8::9",
	  "0/0 2001:db8::/33 rd 0 label 0 hop 2001:db8::9 path 65001 {65002} med 7 pref 50 c 8 e 8 l 12" },
	{ "2001:db8::/128", RIB_UNICAST, 0, 0, 7, "2001:db8::9",
	  "1/7 2001:db8::/128 rd 0 label 0 hop 2001:db8::9 path 65001 {65002} med 7 pref 50 c 8 e 8 l 12" },
};

struct seen {
	struct sbuf text;
};

static void
show(void *ctx, const struct mrt *m, uint32_t peer, uint32_t path_id, const struct bgp_update *u)
{
	struct sbuf *b = &((struct seen *)ctx)->text;

	(void)m;
	assert_int_equal(u->verdict, VERDICT_OK);
	for (int i = PART_NLRI; i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];
		struct rd field = part->nlri;
		char p[PREFIX_TEXT], h[ADDR_TEXT];
		struct nlri n;

		while (part->family != NULL && nlri_take(part->family, part->form, &field,
		    &n, 1) > 0) {
			sbuf_printf(b, "%u/%u %s rd %llx label %u hop %s path ", peer, path_id,
			    prefix_text(&n.prefix, p), (unsigned long long)n.rd, n.label,
			    addr_text(&part->next_hop, h));
			aspath_text(b, u->attrs.aspath, u->attrs.aspath_len, ' ');
			sbuf_printf(b, " med %u pref %u c %u e %u l %u", u->attrs.med,
			    u->attrs.local_pref, u->attrs.comms_len, u->attrs.ecomms_len,
			    u->attrs.lcomms_len);
		}
	}
}

static uint32_t
path_to(struct teller *t, const char *hop)
{
	static const uint8_t aspath[] = { 2, 1, 0, 0, 0xfd, 0xe9, 1, 1, 0, 0, 0xfd, 0xea };
	static const uint8_t comms[12] = { 0, 1, 0, 2, 0, 3, 0, 4 };
	struct attrs a = {
		.aspath = aspath, .aspath_len = sizeof(aspath), .comms = comms, .comms_len = 8,
		.ecomms = comms, .ecomms_len = 8, .lcomms = comms, .lcomms_len = 12,
		.has_med = true, .med = 7, .has_local_pref = true, .local_pref = 50,
	};

	assert_int_equal(addr_parse(hop, &a.next_hop), 0);
	return attrs_put(t, &a);
}

static void
routes_come_back(void **state)
{
	struct epoch *ep = epoch_new();
	struct rib *rib = rib_new(ep, NULL);
	struct teller_info info = { .name = "x" };
	struct teller *t = teller_new(rib, &info);
	struct mrt_peer peers[2] = { { .as = 65001 }, { .as = 4200000000 } };
	uint8_t bytes[4096];

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &peers[0].addr), 0);
	assert_int_equal(addr_parse("2001:db8::1", &peers[1].addr), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wr w = wr_of(bytes, sizeof(bytes));
		struct nlri n = { .rd = rows[i].rd, .safi = rows[i].safi, .label = rows[i].label,
			.path_id = rows[i].path_id };
		struct mrt_route r = { .sequence = 1, .peer = n.path_id != 0, .rib = rib,
			.nlri = &n, .path = path_to(t, rows[i].hop), .time = wall_of_sec(1000) };
		size_t len, head;

		assert_int_equal(prefix_parse(rows[i].prefix, &n.prefix), 0);
		mrt_put_peers(&w, peers, 2, r.time);
		head = wr_len(&w);
		mrt_put_route(&w, &r);
		assert_false(w.bad);
		len = wr_len(&w);
		for (size_t at = 0; at <= len; at++) {
			struct mrt *m = mem_new(sizeof(*m));
			struct seen seen = { 0 };
			struct rd in = rd_of(bytes, at);

			m->update = show;
			m->ctx = &seen;
			while (mrt_take(m, &in) > 0)
				;
			assert_int_equal(m->c.records, (at >= head) + (at == len));
			assert_int_equal(m->c.malformed, 0);
			assert_int_equal(m->c.announced, at == len);
			if (at == len) {
				assert_string_equal(sbuf_text(&seen.text), rows[i].want);
				assert_int_equal(m->peers, 2);
				assert_int_equal(m->peer[1].as, 4200000000);
			}
			sbuf_done(&seen.text);
			mrt_done(m);
			mem_free(m);
		}
	}
	rib_free(rib);
	epoch_free(ep);
}

static void
nothing(void *ctx, const struct mrt *m, uint32_t peer, uint32_t path_id, const struct bgp_update *u)
{
	(void)ctx;
	(void)m;
	(void)peer;
	(void)path_id;
	(void)u;
}

/* Records that lie about what they have: counted, and the stream goes on. */
static void
lies_are_counted(void **state)
{
	static const struct {
		uint8_t bytes[48];
		size_t len;
		int result;
		unsigned malformed, other;
	} lies[] = {
		/* A RIB_IPV4_UNICAST of a peer that no index has. */
		{ { 0,0,0,1, 0,13, 0,2, 0,0,0,16, 0,0,0,1, 8,10, 0,1, 0,0, 0,0,0,0, 0,0 }, 28, 1, 1, 0 },
		/* BGP4MP_MESSAGE without a message. */
		{ { 0,0,0,1, 0,16, 0,1, 0,0,0,16, 0,1, 0,1, 0,0, 0,1, 1,1,1,1, 2,2,2,2 }, 28, 1, 1, 0 },
		/* OSPF. */
		{ { 0,0,0,1, 0,11, 0,0, 0,0,0,0 }, 12, 1, 0, 1 },
		/* A length beyond all reason. */
		{ { 0,0,0,1, 0,13, 0,2, 0xff,0,0,0 }, 12, -1, 0, 0 },
		/* More peers than the record has. */
		{ { 0,0,0,1, 0,13, 0,1, 0,0,0,8, 0,0,0,0, 0,0, 0,9 }, 20, 1, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct mrt *m = mem_new(sizeof(*m));
		struct rd r = rd_of(lies[i].bytes, lies[i].len);

		m->update = nothing;
		assert_int_equal(mrt_take(m, &r), lies[i].result);
		assert_int_equal(m->c.malformed, lies[i].malformed);
		assert_int_equal(m->c.other, lies[i].other);
		mrt_done(m);
		mem_free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_come_back),
		cmocka_unit_test(lies_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
