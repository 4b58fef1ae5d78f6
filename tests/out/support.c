/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* The keys as the lines of a configuration, all for one output. */
static struct conf *
read_keys(const struct key *key, struct conf_notes *notes)
{
	const char *line[32];
	bool memory = false;
	struct conf *conf;
	size_t n = 1;

	for (; key->word != NULL; key++) {
		struct sbuf text = { 0 };

		memory |= strcmp(key->word, "imt_path") == 0;
		if (key->value == NULL)
			continue;
		sbuf_printf(&text, "%s[x]: %s", key->word, key->value);
		assert(n < ARRAY_LEN(line));
		line[n++] = text.text;
	}
	line[0] = memory ? "plugins: memory[x]" : "plugins: print[x]";
	conf = conf_read(CONF_NFACCTD, NULL, line, n, notes);
	for (size_t i = 1; i < n; i++)
		mem_free((char *)(uintptr_t)line[i]);
	return conf;
}

void
bench_open(struct bench *b, const struct key *key)
{
	struct conf_notes notes = { 0 };
	struct sbuf text = { 0 };

	*b = (struct bench){ .names = names_new(1000), .epoch = epoch_new() };
	b->reader = epoch_join(b->epoch);
	epoch_tick(b->epoch, b->reader);
	b->conf = read_keys(key, &notes);
	if (b->conf != NULL)
		b->plan = plan_compile(b->conf, 0, wall_of_sec(1600000000), &notes);
	if (b->plan == NULL || notes.errors > 0) {
		conf_notes_print(&notes, &text);
		fprintf(stderr, "the test's configuration: %s\n", sbuf_text(&text));
		abort();
	}
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
	struct slice *s = slice_open(b->plan, 0, b->epoch, b->reader, n, NULL);
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
