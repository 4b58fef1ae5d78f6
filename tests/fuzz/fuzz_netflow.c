/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sequence of datagrams, each with its length (two bytes) in front, through one collector that
 * has every option on; then what it keeps is saved and loaded. The books are asserted throughout.
 */
#include <assert.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "flow/collector.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
forget(struct flow_batch *batch, void *ctx)
{
	(void)ctx;
	batch->count = 0;
}

static void
check_books(const struct collector *col)
{
	assert(counter_balance(collector_counters(col), collector_counter_rows,
	    collector_counter_count) == 0);
	for (size_t i = 0; i < collector_exporters(col); i++)
		assert(counter_balance(&collector_exporter(col, i)->c, exporter_counter_rows,
		    exporter_counter_count) == 0);
}

/* What was saved loads without complaint and is saved as the same text again. */
static void
check_saved(const struct collector *col, const struct collector_conf *conf)
{
	struct sbuf text = { 0 }, again = { 0 }, err = { 0 };
	struct collector *other = collector_new(conf);

	collector_save(col, &text);
	assert(collector_load(other, text.text, text.len, &err) == 0);
	collector_save(other, &again);
	assert(text.len == again.len);
	collector_free(other);
	sbuf_done(&text);
	sbuf_done(&again);
	sbuf_done(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct collector_conf conf = { .names = names_new(1000), .renormalize = true,
	    .account_options = true, .asa_bi_flow = true, .most_exporters = 16,
	    .most_templates = 16, .held_bytes = 4096 };
	struct flow_batch batch = { .flow = mem_array(FLOW_BATCH, sizeof(struct flow)),
	    .full = forget };
	struct collector *col = collector_new(&conf);
	struct rd r = rd_of(bytes, len);
	mono_t now = mono_now();

	while (rd_left(&r) > 2) {
		size_t n = rd_u16(&r);
		struct rd one = rd_sub(&r, n < rd_left(&r) ? n : rd_left(&r));
		struct dgram d = { .len = rd_left(&one), .from = addr_of_v4(1),
		    .arrival = wall_of_sec(1700000000) };
		uint8_t *copy = mem_dup(one.at, d.len);

		d.bytes = copy;
		collector_datagram(col, &d, &batch);
		mem_free(copy);
		check_books(col);
		now = mono_add(now, 7 * NS_PER_SEC);
		collector_tick(col, now, d.arrival, &batch);
	}
	check_books(col);
	check_saved(col, &conf);
	collector_free(col);
	names_free(conf.names);
	mem_free(batch.flow);
	return 0;
}
