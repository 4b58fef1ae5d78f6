/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of changes: every announce and withdraw as a JSON line, a file per teller or however the
 * name says (bgp_daemon_msglog_file). A thread of its own reads the changes of the RIB
 * (rib/changes.h), makes the records and writes them; control does not wait for it. What it is too
 * slow for is dropped and counted, and said.
 */
#ifndef WB_FEED_MSGLOG_H
#define WB_FEED_MSGLOG_H

#include "core/counter.h"
#include "feed/record.h"
#include "rib/changes.h"

struct msglog;

struct msglog_conf {
	const char *file;
	enum teller_kind kind;		/* whose tellers */
	struct record_style style;
	mode_t umask;
	size_t most_bytes;		/* of changes on their way; 0: as of rib/changes.h */
};

struct msglog_counters {
	counter_t records, written, dropped, failed, held;
};
extern const struct counter_row msglog_counter_rows[];
extern const size_t msglog_counter_count;

/* All of it is control's to call. NULL: too many readers of changes. */
struct msglog *msglog_start(const struct rib *rib, struct changes *c, const struct msglog_conf *conf);
void	msglog_stop(struct msglog *m);		/* writes what it has; NULL is fine */
void	msglog_reopen(struct msglog *m);
void	msglog_use_tags(struct msglog *m, struct tagmap *tags);	/* from the next batch on; shares it */
void	msglog_counters(struct msglog *m, struct msglog_counters *ret);	/* as of one moment */

#endif
