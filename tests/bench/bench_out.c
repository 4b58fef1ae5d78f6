/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time of a bin table per row: adding rows of slices that mostly meet rows that are there,
 * adopting the first slice, sorting by key, and rendering CSV. Usage: bench_out [rows, default 1000000].
 */
#include <stdio.h>
#include <stdlib.h>

#include "../out/support.h"
#include "core/mem.h"
#include "out/render.h"

static struct slice *
slice_of(struct bench *b, size_t rows)
{
	struct slice *s = slice_open(b->plan, 0, b->epoch, b->reader, rows, NULL);
	uint64_t *keys = mem_array(FLOW_BATCH, b->plan->key_words * sizeof(*keys));
	struct flow *flow = mem_array(FLOW_BATCH, sizeof(*flow));
	uint64_t late = 0;

	for (size_t at = 0; at < rows; at += FLOW_BATCH) {
		for (unsigned i = 0; i < FLOW_BATCH; i++) {
			size_t n = (at + i) * 2654435761u % rows;

			flow[i] = a_flow(1, 1, 1, 100, 1600000000);
			flow[i].r.src_host = addr_of_v4(0x0a000000u + (uint32_t)(n / 16));
			flow[i].r.src_port = (uint16_t)(n % 16);
		}
		plan_pack(b->plan, 0, flow, FLOW_BATCH, keys, &late);
		slice_add(s, flow, keys, FLOW_BATCH);
	}
	mem_free(flow);
	mem_free(keys);
	return s;
}

static void
say(const char *what, int64_t since, size_t rows)
{
	printf("%-28s %6.1f ns per row\n", what, (double)(cpu_ns() - since) / (double)rows);
}

static int
render_rows(const struct rowset *rs, void *ctx)
{
	struct sbuf out = { 0 };

	for (size_t i = 0; i < rs->rows; i++) {
		render_row(ctx, rs, i, (wall_t){ 0 }, &out);
		if (out.len > 65536)
			sbuf_clear(&out);
	}
	sbuf_done(&out);
	return 0;
}

static int
nothing(const struct rowset *rs, void *ctx)
{
	(void)rs, (void)ctx;
	return 0;
}

int
main(int argc, char **argv)
{
	const struct key keys[] = { { "aggregate", "src_host, dst_host, src_port, dst_port, proto" },
		{ 0 } };
	size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct render_conf rc = { .format = RENDER_CSV };
	struct render *render;
	struct bintab *tab;
	struct slice *s[3];
	struct bench b;
	int64_t t;

	bench_open(&b, keys);
	tab = bintab_new(b.plan);
	for (unsigned i = 0; i < 3; i++)
		s[i] = slice_of(&b, rows);
	t = cpu_ns();
	bintab_add(tab, NULL, s[0]);
	say("adopt the first slice", t, rows);
	t = cpu_ns();
	bintab_add(tab, NULL, s[1]);
	say("add, making the slots", t, rows);
	t = cpu_ns();
	bintab_add(tab, NULL, s[2]);
	say("add", t, rows);
	t = cpu_ns();
	bintab_each(tab, nothing, NULL);
	say("sort by key", t, rows);
	rc.style = b.env.style;
	render = render_new(b.plan, &rc);
	t = cpu_ns();
	bintab_each(tab, render_rows, render);
	say("sort again, render CSV", t, rows);
	printf("%-28s %6zu rows, %.1f MB\n", "the table", bintab_rows(tab),
	    (double)bintab_bytes(tab) / 1e6);
	render_free(render);
	for (unsigned i = 0; i < 3; i++)
		slice_free(s[i], NULL);
	bintab_free(tab);
	bench_close(&b);
	return 0;
}
