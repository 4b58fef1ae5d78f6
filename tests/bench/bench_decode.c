/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time per record from datagram to finished flow: IPFIX and v9 records of 20 fields and 75
 * bytes (those of a router's main template), and v5. The flows are thrown away.
 *
 *	bench_decode [SECONDS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "flow/collector.h"

#define DATAGRAMS	7000		/* about 11 MB: more than the caches near a core hold */
#define ROOM		1472

static const uint16_t fields[][2] = {
	{ 8, 4 }, { 12, 4 }, { 15, 4 }, { 10, 4 }, { 14, 4 }, { 2, 8 }, { 1, 8 }, { 22, 4 }, { 21, 4 },
	{ 7, 2 }, { 11, 2 }, { 6, 1 }, { 4, 1 }, { 5, 1 }, { 16, 4 }, { 17, 4 }, { 9, 1 }, { 13, 1 },
	{ 152, 8 }, { 18, 6 },
};

static uint64_t sum;

static void
throw_away(struct flow_batch *batch, void *ctx)
{
	(void)ctx;
	for (unsigned i = 0; i < batch->count; i++)
		sum += batch->flow[i].bytes;
	batch->count = 0;
}

static void
head(struct wr *w, uint16_t version, uint16_t records)
{
	wr_u16(w, version);
	wr_u16(w, version == 10 ? 0 : records);
	if (version != 10)
		wr_u32(w, 1000);
	wr_u32(w, 1700000000);
	if (version == 5)
		wr_u32(w, 0);
	wr_u32(w, 0);
	wr_u32(w, 1);
}

static size_t
make_template(uint16_t version, uint8_t *room)
{
	struct wr w = wr_of(room, ROOM);
	size_t place;

	head(&w, version, 1);
	wr_u16(&w, version == 9 ? 0 : 2);
	place = wr_mark16(&w);
	wr_u16(&w, 300);
	wr_u16(&w, ARRAY_LEN(fields));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		wr_u16(&w, fields[i][0]);
		wr_u16(&w, fields[i][1]);
	}
	wr_fill16(&w, place, 4);
	if (version == 10)
		room[3] = (uint8_t)wr_len(&w);
	return wr_len(&w);
}

static size_t
make_data(uint16_t version, uint8_t *room, unsigned *ret_records)
{
	struct wr w = wr_of(room, ROOM);
	size_t rec = version == 5 ? 48 : 75, n = version == 5 ? 30 : (ROOM - 24) / rec, place = 0;

	head(&w, version, (uint16_t)n);
	if (version != 5) {
		wr_u16(&w, 300);
		place = wr_mark16(&w);
	}
	for (size_t i = 0; i < n * rec; i++)
		wr_u8(&w, (uint8_t)random());
	if (version != 5)
		wr_fill16(&w, place, 4);
	if (version == 10) {
		room[2] = (uint8_t)(wr_len(&w) >> 8);
		room[3] = (uint8_t)wr_len(&w);
	}
	*ret_records = (unsigned)n;
	return wr_len(&w);
}

static void
measure(uint16_t version, double seconds)
{
	struct collector_conf conf = { .names = NULL };
	struct collector *col = collector_new(&conf);
	struct flow_batch batch = { .flow = mem_array(FLOW_BATCH, sizeof(struct flow)),
	    .full = throw_away };
	uint8_t *rooms = mem_array(DATAGRAMS, ROOM);
	struct dgram d = { .bytes = rooms, .from = addr_of_v4(0x0a000001) };
	uint64_t records = 0;
	unsigned n = 0;
	int64_t start;

	if (version != 5) {
		d.len = make_template(version, rooms);
		collector_datagram(col, &d, &batch);
	}
	for (size_t i = 0; i < DATAGRAMS; i++)
		d.len = make_data(version, rooms + i * ROOM, &n);
	start = cpu_ns();
	while ((double)(cpu_ns() - start) < seconds * 1e9)
		for (size_t i = 0; i < DATAGRAMS; i++, records += n) {
			d.bytes = rooms + i * ROOM;
			collector_datagram(col, &d, &batch);
		}
	printf("version %2u: %5.1f ns a record, %u records a datagram\n", version,
	    (double)(cpu_ns() - start) / (double)records, n);
	collector_free(col);
	mem_free(batch.flow);
	mem_free(rooms);
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;

	measure(5, seconds);
	measure(9, seconds);
	measure(10, seconds);
	printf("struct flow: %zu bytes (sum of bytes %" PRIu64 ")\n", sizeof(struct flow), sum);
	return 0;
}
