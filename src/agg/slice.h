/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slice: what one plan collected in one worker since the last hand-over. Dense append-only
 * entries (key words, then counters) behind slots of (tag, index). It keeps the ids of the RIB
 * that lie in its keys alive by its own epoch slot, from its opening to slice_free.
 *
 * Owned by the worker while open, by the output after the hand-over.
 */
#ifndef WB_AGG_SLICE_H
#define WB_AGG_SLICE_H

#include "agg/plan.h"
#include "agg/rack.h"
#include "core/epoch.h"
#include "core/growslots.h"
#include "core/names.h"

/* Why a filter held a flow back: the first of them that did. */
enum filter_reason {
	FILTERED_IGNORED,		/* by a rule of pre_tag_map */
	FILTERED_TAG, FILTERED_TAG2, FILTERED_LABEL, FILTERED_EXPRESSION, FILTER_REASONS
};

struct slice;
typedef void slice_adder(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n);

struct slice {
	const struct plan *plan;
	slice_adder *add;		/* up to a block of flows, for keys of the plan's length */
	struct growslots slots;
	uint64_t *entry;		/* entries of `stride` words: key_words, then counters; in
					   reserved space for `room` of them */
	size_t entries, room, stride;
	bool huge;			/* large pages were asked for */
	uint64_t seed;
	struct epoch *epoch;
	struct epoch_reader *pin;	/* NULL when the plan has nothing by reference */
	unsigned worker;
	wall_t opened, closed;
	uint64_t offered, filtered, made;	/* by the worker: flows seen, kept out by filters, added
					   once more under their other end */
	uint64_t reason[FILTER_REASONS];	/* of those filtered */
	uint64_t flows_in;		/* flows (times sides) added: offered - filtered + made */
	uint64_t late;			/* of offered: went to the bin of their arrival */
	uint64_t bytes_in, packets_in;	/* their sums: must equal the sums over the entries */
};

/* Most entries before the worker hands over early (nothing is lost by it). */
#define SLICE_MOST	(1u << 24)

/*
 * Entries lie in reserved address space, so that they never move: room for twice SLICE_MOST, as an
 * output may be behind and its slice grow on. Beyond that they are copied to twice the space. What
 * adopts the entries of a slice gives them back.
 */
#define ENTRIES_ROOM	(2 * (size_t)SLICE_MOST)
uint64_t *entries_reserve(size_t room, size_t stride);
uint64_t *entries_double(uint64_t *entry, size_t *room, size_t stride);
void	entries_give_back(uint64_t *entry, size_t room, size_t stride);

/* `follow`: the worker's own reader, online (see epoch_follow). Memory is of the rack where it has some. */
struct slice *slice_open(const struct plan *plan, unsigned worker, struct epoch *ep,
	    const struct epoch_reader *follow, size_t expected, struct rack *rack);
void	slice_free(struct slice *s, struct rack *rack);	/* leaves its memory on the rack */

/*
 * Add n flows with their packed keys (plan_pack, same order), in batches with prefetch. Events
 * count as entries without bytes.
 */
void	slice_add(struct slice *s, const struct flow *flow, const uint64_t *keys, unsigned n);

static inline const uint64_t *
slice_key(const struct slice *s, size_t i)
{
	return s->entry + i * s->stride;
}

static inline const uint64_t *
slice_counters(const struct slice *s, size_t i)
{
	return s->entry + i * s->stride + s->plan->key_words;
}

/*
 * Filters of an output in front of its plan: flows that pre_tag_map ignores, tag and label filters,
 * `aggregate_filter` (libpcap expressions over a packet made from the flow; ',' is OR). All must agree.
 */
struct filter;
/* NULL where the output has none; errors are in notes. */
struct filter *filter_compile(const struct conf *conf, size_t output, struct conf_notes *notes);
struct filter *filter_of_ignored(void);	/* for outputs without filters whose pre_tag_map ignores flows */
void	filter_free(struct filter *f);
/* Where labels are spelled; to be said before the first filter_run. */
void	filter_names(struct filter *f, const struct names *names);

/* Gives which flows pass, compacted into `pass` as indices; adds the others to `reason`. */
unsigned filter_run(const struct filter *f, const struct flow *flow, unsigned n, uint16_t *pass,
	    uint64_t reason[FILTER_REASONS]);

#endif
