/* SPDX-License-Identifier: BSD-2-Clause */
#include "agg_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agg/plan.h"
#include "core/mem.h"

static void
die(const struct conf_notes *notes, const char *lines)
{
	struct sbuf b = { 0 };

	conf_notes_print(notes, &b);
	fprintf(stderr, "%s\n%s\n", lines, sbuf_text(&b));
	abort();
}

struct conf *
agg_conf(const char *lines)
{
	const char *option[32] = { "plugins: print[out]" };
	struct conf_notes notes = { 0 };
	char *copy = mem_strdup(lines), *save = NULL;
	struct conf *conf;
	size_t n = 1;

	for (char *l = strtok_r(copy, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
		option[n++] = l;
	conf = conf_read(CONF_WAYBILLD, NULL, option, n, &notes);
	if (conf == NULL)
		die(&notes, lines);
	conf_notes_done(&notes);
	mem_free(copy);
	return conf;
}

struct plan *
agg_plan(const char *lines, wall_t start)
{
	struct conf_notes notes = { 0 };
	struct conf *conf = agg_conf(lines);
	struct plan *plan = plan_compile(conf, 0, start, &notes);

	if (plan == NULL)
		die(&notes, lines);
	conf_notes_done(&notes);
	conf_free(conf);
	return plan;
}

uint64_t
rand_next(struct rand *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void
rand_flow(struct rand *r, struct flow *flow)
{
	uint8_t *b = (uint8_t *)flow;

	for (size_t i = 0; i < sizeof(*flow); i++)
		b[i] = (uint8_t)rand_next(r);
	flow->exporter = NULL;
	flow->kind = rand_next(r) % 8 == 0 ? FLOW_EVENT : FLOW_TRAFFIC;
	flow->bytes = rand_next(r) % 100000;
	flow->packets = rand_next(r) % 100;
	flow->flows = 1 + rand_next(r) % 3;
	flow->arrival = wall_of_sec(1700000000 + (int64_t)(rand_next(r) % 7200));
	flow->start = wall_add(flow->arrival, -(int64_t)(rand_next(r) % (600 * NS_PER_SEC)));
	flow->end = flow->arrival;
	flow->export_time = flow->arrival;
	flow->mpls_labels = (uint8_t)(rand_next(r) % (FLOW_LABELS + 1));
}
