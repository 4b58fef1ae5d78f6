/* SPDX-License-Identifier: BSD-2-Clause */
/* The input of docs/extending.md is built and run. Its table of formats stands in for flow/format.c. */
#include "rig.h"

#include "core/mem.h"
#include "toy_input.h"

const struct format formats[] = {
	{ 5, "NetFlow version 5", netflow5_layout, NETFLOW5_FIELDS, netflow5_datagram },
	{ TOY_VERSION, "toy", toy_layout, TOY_FIELDS, toy_datagram },
	{ 9, "NetFlow version 9", NULL, 0, netflow9_datagram },
};
const size_t format_count = ARRAY_LEN(formats);

static const uint8_t two[] = {
	0x1e, 0x45, 0, 0, 0, 7,				/* 7749, domain 7 */
	0x65, 0x53, 0xf1, 0, 0, 0, 0, 1,		/* 1700000000, the first datagram */
	10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 2, 88, 0, 0, 0, 5, 0x65, 0x53, 0xf0, 0xff,
	10, 0, 0, 3, 10, 0, 0, 4, 0, 0, 0, 40, 0, 0, 0, 1, 0x65, 0x53, 0xf0, 0xfe,
};

static void
toy_flows_come_out(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, NULL);
	rig_feed(&r, two, sizeof(two));
	assert_int_equal(r.flows, 2);
	assert_int_equal(addr_v4(&r.flow[0].src), 0x0a000001);
	assert_int_equal(addr_v4(&r.flow[1].dst), 0x0a000004);
	assert_int_equal(r.flow[0].bytes, 600);
	assert_int_equal(r.flow[1].packets, 1);
	assert_int_equal(wall_sec(r.flow[0].start), 1699999999);
	assert_int_equal(r.flow[0].export_version, TOY_VERSION);
	assert_int_equal(r.flow[0].export_sysid, 7);
	assert_int_equal(N(&r, records), 2);
	rig_stop(&r);
}

/* Cut anywhere: a datagram without a whole head, with whole records, or refused; the books balance. */
static void
toy_is_tried_at_every_length(void **state)
{
	(void)state;
	for (size_t n = 0; n <= sizeof(two); n++) {
		struct rig r;

		rig_start(&r, NULL);
		rig_feed(&r, two, n);
		assert_int_equal(r.flows, n == 34 ? 1 : n == 54 ? 2 : 0);
		assert_int_equal(counter_get(&collector_counters(r.col)->accepted), n >= 14);
		rig_stop(&r);
	}
}

static void
toy_loss_is_seen(void **state)
{
	uint8_t later[sizeof(two)];
	struct rig r;

	(void)state;
	memcpy(later, two, sizeof(two));
	later[13] = 4;
	rig_start(&r, NULL);
	rig_feed(&r, two, sizeof(two));
	rig_feed(&r, later, sizeof(later));
	rig_tick(&r, 60);
	assert_int_equal(N(&r, seq_lost), 2);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toy_flows_come_out),
		cmocka_unit_test(toy_is_tried_at_every_length),
		cmocka_unit_test(toy_loss_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
