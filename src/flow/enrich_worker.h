/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one worker's enrichment, for the files that are it: which views its exporters
 * resolve to, and what the stages of a batch hand to each other. No other thread writes here.
 */
#ifndef WB_FLOW_ENRICH_WORKER_H
#define WB_FLOW_ENRICH_WORKER_H

#include "flow/enrich_end.h"

#define ROUTED	1024		/* cached (router, RD) pairs, a power of two */

/* What an exporter, by its index, resolved to. */
struct seen {
	uint64_t rules;			/* by which rules; 0: nothing yet */
	const struct view *view;	/* of the global table */
	struct addr addr;		/* the exporter's address then, and ... */
	struct addr router;		/* ... whose routes its flows see */
	const char *map;		/* by which map, and ... */
	unsigned line;			/* ... its line; 0: the exporter's own address */
	uint32_t generation;
	bool per_flow;			/* the map looks at interfaces: ask it for each flow */
};

struct routed {
	uint64_t rules, rd;
	const struct view *view;
	struct addr router;
	uint32_t generation;
};

struct enrich {
	const struct rib *rib;
	struct enrich_counters c;
	struct seen *seen;
	size_t seen_room;
	struct routed routed[ROUTED];

	/* between the stages of a batch */
	const struct view *view[FLOW_BATCH];
	struct route route[ENDS][FLOW_BATCH];
	const struct network *net[ENDS][FLOW_BATCH];
};

/* Whose routes a flow sees. The line is that of the rule that said so, 0 for none. */
struct whose {
	const struct view *view;
	struct addr router;
	const char *map;
	unsigned line;
};

/* The maps that name agents, in the order they are asked. */
#define AGENT_MAPS	2
extern const struct agent_map {
	enum flowmap_kind kind;
	const char *word;
} agent_maps[AGENT_MAPS];

struct whose enrich_whose(struct enrich *en, const struct profile *p, const struct flow *flow);

/* The three fields of the source's route that a map may give; `field` up to SOURCE_MED. */
enum truth enrich_source_number(const struct enrich *en, const struct profile *p,
	    enum source_field field, const struct flow *flow, const struct said *said,
	    uint32_t *ret, unsigned *ret_line);

#endif
