/* SPDX-License-Identifier: BSD-2-Clause */
/* A collector with everything it hands on kept. See rig.h. */
#include "rig.h"

#include "core/mem.h"

static void
keep(struct flow_batch *batch, void *ctx)
{
	struct rig *r = ctx;

	for (unsigned i = 0; i < batch->count && r->flows < RIG_FLOWS; i++)
		r->flow[r->flows++] = batch->flow[i];
	batch->count = 0;
}

void
rig_start(struct rig *r, const struct collector_conf *conf)
{
	memset(r, 0, sizeof(*r));
	r->names = names_new(1000);
	r->conf = conf != NULL ? *conf : (struct collector_conf){ .names = NULL };
	r->conf.names = r->names;
	r->col = collector_new(&r->conf);
	r->flow = mem_array(RIG_FLOWS, sizeof(*r->flow));
	r->batch.flow = mem_array(FLOW_BATCH, sizeof(struct flow));
	r->batch.full = keep;
	r->batch.ctx = r;
	r->from = addr_of_v4(0xc0000201);
	r->arrival = wall_of_sec(RIG_SECONDS + 1);
	r->now = mono_now();
}

void
rig_stop(struct rig *r)
{
	collector_free(r->col);
	names_free(r->names);
	mem_free(r->flow);
	mem_free(r->batch.flow);
}

void
rig_assert_books(const struct rig *r)
{
	assert_int_equal(counter_balance(collector_counters(r->col), collector_counter_rows,
	    collector_counter_count), 0);
	for (size_t i = 0; i < collector_exporters(r->col); i++)
		assert_int_equal(counter_balance(&collector_exporter(r->col, i)->c,
		    exporter_counter_rows, exporter_counter_count), 0);
}

void
rig_feed(struct rig *r, const void *bytes, size_t len)
{
	/* As long as the datagram and not a byte longer, so that a sanitizer sees a read too far. */
	uint8_t *copy = mem_dup(bytes, len);
	struct dgram d = { .bytes = copy, .len = len, .from = r->from, .arrival = r->arrival };

	collector_datagram(r->col, &d, &r->batch);
	mem_free(copy);
	keep(&r->batch, r);
	rig_assert_books(r);
}

void
rig_feed_wr(struct rig *r, const struct wr *w)
{
	assert_false(w->bad);
	rig_feed(r, w->start, wr_len(w));
}

void
rig_tick(struct rig *r, int64_t later_s)
{
	r->now = mono_add(r->now, later_s * NS_PER_SEC);
	collector_tick(r->col, r->now, wall_add(r->arrival, later_s * NS_PER_SEC), &r->batch);
	keep(&r->batch, r);
	rig_assert_books(r);
}

const struct exporter_counters *
rig_counters(const struct rig *r)
{
	assert_int_equal(collector_exporters(r->col), 1);
	return &collector_exporter(r->col, 0)->c;
}

void
v9_head(struct wr *w, uint32_t seqno, uint32_t domain)
{
	wr_u16(w, 9);
	wr_u16(w, 1);
	wr_u32(w, RIG_UPTIME);
	wr_u32(w, RIG_SECONDS);
	wr_u32(w, seqno);
	wr_u32(w, domain);
}

void
ipfix_head(struct wr *w, uint32_t seqno, uint32_t domain)
{
	wr_u16(w, 10);
	wr_u16(w, 0);
	wr_u32(w, RIG_SECONDS);
	wr_u32(w, seqno);
	wr_u32(w, domain);
}

void
ipfix_end(struct wr *w)
{
	size_t len = wr_len(w);

	w->start[2] = (uint8_t)(len >> 8);
	w->start[3] = (uint8_t)len;
}

size_t
set_begin(struct wr *w, uint16_t id)
{
	wr_u16(w, id);
	return wr_mark16(w);
}

void
set_end(struct wr *w, size_t place)
{
	wr_fill16(w, place, 4);
}

void
template_put(struct wr *w, uint16_t id, const uint16_t (*field)[2], size_t n)
{
	wr_u16(w, id);
	wr_u16(w, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		wr_u16(w, field[i][0]);
		wr_u16(w, field[i][1]);
		if (field[i][0] & 0x8000)
			wr_u32(w, 43874);
	}
}
