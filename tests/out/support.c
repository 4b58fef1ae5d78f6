/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"

void
bench_open(struct bench *b, const struct conf_double_row *row)
{
	static const char *const outputs[] = { "x", NULL };
	struct conf_notes notes = { 0 };

	*b = (struct bench){ .names = names_new(1000), .epoch = epoch_new() };
	b->reader = epoch_join(b->epoch);
	epoch_tick(b->epoch, b->reader);
	b->conf = conf_double(outputs, row);
	b->plan = plan_compile(b->conf, 0, wall_of_sec(1600000000), &notes);
	for (size_t i = 0; i < notes.count; i++)
		fprintf(stderr, "%s\n", notes.note[i].text);
	if (b->plan == NULL)
		abort();
	conf_notes_done(&notes);
	b->env = (struct out_env){
		.conf = b->conf,
		.name = "x",
		.type = "test",
		.plan = b->plan,
		.names = b->names,
		.subject = "x/test",
		.style = { .names = b->names, .as_path_separator = '_', .utc = true },
	};
}

void
bench_close(struct bench *b)
{
	plan_free(b->plan);
	conf_free(b->conf);
	names_free(b->names);
	epoch_leave(b->epoch, b->reader);
	epoch_free(b->epoch);
}

struct slice *
bench_slice(struct bench *b, const struct flow *flow, unsigned n)
{
	struct slice *s = slice_open(b->plan, 0, b->epoch, b->reader, n);
	uint64_t *keys = mem_array(n + 1, b->plan->key_words * sizeof(*keys));
	uint64_t late = 0;

	for (unsigned side = 0; side < b->plan->sides; side++) {
		plan_pack(b->plan, side, flow, n, keys, &late);
		slice_add(s, flow, keys, n);
	}
	mem_free(keys);
	s->offered = n;
	s->made = s->flows_in - n;
	return s;
}

struct flow
a_flow(uint8_t src, uint8_t dst, uint64_t packets, uint64_t bytes, int64_t start_s)
{
	struct flow f = {
		.src = addr_of_v4(0xc0000200u + src),
		.dst = addr_of_v4(0xc6336400u + dst),
		.packets = packets,
		.bytes = bytes,
		.flows = 1,
		.src_port = (uint16_t)(1000 + src),
		.dst_port = 443,
		.proto = 6,
		.tcp_flags = 0x10,
		.has = FLOW_HAS_START | FLOW_HAS_BYTES | FLOW_HAS_PACKETS,
		.start = wall_of_sec(start_s),
		.end = wall_of_sec(start_s),
		.arrival = wall_of_sec(start_s),
		.raw_bytes = bytes,
		.raw_packets = packets,
	};

	f.peer_src_ip = addr_of_v4(0xcb007101u);
	f.r.src_host = f.src;
	f.r.dst_host = f.dst;
	f.r.src_port = f.src_port;
	f.r.dst_port = f.dst_port;
	f.r.proto = f.proto;
	return f;
}

char *
file_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct sbuf text = { 0 };
	char room[4096];
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(room, 1, sizeof(room), f)) > 0)
		sbuf_add(&text, room, n);
	fclose(f);
	sbuf_str(&text, "");
	return text.text;
}
