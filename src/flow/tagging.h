/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pre_tag_map: tags and labels for flows, by rules that may look at all that the record and the
 * routes say (compat/interface.md 8.4). A rule that fits says something and is the last one,
 * unless it jumps. Compiled and indexed by the loader (conf/rules.h), shared by all workers.
 */
#ifndef WB_FLOW_TAGGING_H
#define WB_FLOW_TAGGING_H

#include "core/names.h"
#include "flow/flowkeys.h"

struct tagging;

struct tagging *tagging_load(const char *path, struct conf_notes *notes);	/* NULL: noted */
void	tagging_free(struct tagging *tagging);

/* Before it is in force: where labels get their ids. Without it there are none. */
void	tagging_use_names(struct tagging *tagging, struct names *names);

const char *tagging_label(const struct tagging *tagging, uint32_t id);

uint32_t tagging_needs(const struct tagging *tagging);	/* enum enrich_needs */

/* What some rule says, enum tag_sets. */
uint8_t	tagging_sets(const struct tagging *tagging);

/* What one worker keeps of it between batches. */
struct tagging_room;
struct tagging_room *tagging_room_new(void);
void	tagging_room_free(struct tagging_room *room);

/*
 * Fill r.tag, r.tag2, r.label and FLOW_IGNORED of n flows; also r.tos where a rule says so. What
 * no rule says stays as exported. The fields that tagging_needs names have to be there already.
 */
void	tagging_run(const struct tagging *tagging, struct tagging_room *room, const struct rib *rib,
	    struct flow *flow, unsigned n);

/* For one flow, for people: the lines of the rules that fitted, in their order. At most `room`. */
struct tagging_step {
	const char *file;
	unsigned line;
};
size_t	tagging_steps(const struct tagging *tagging, const struct rib *rib, const struct flow *flow,
	    struct tagging_step *ret, size_t room);

#endif
