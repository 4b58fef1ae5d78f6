/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of changes: every announce and withdraw as a JSON line, a file per teller or however the
 * name says (bgp_daemon_msglog_file). Control's own; files are written by a spool's thread. A record
 * that finds no room is dropped and counted, and the log says so when there is room again.
 */
#ifndef WB_FEED_MSGLOG_H
#define WB_FEED_MSGLOG_H

#include "core/counter.h"
#include "feed/record.h"
#include "feed/spool.h"

struct msglog;

struct msglog_conf {
	const char *file;
	enum teller_kind kind;		/* whose tellers */
	struct record_style style;
	mode_t umask;
	size_t most_bytes;		/* records made and not yet written; 0: 64 MiB */
	uint64_t *seq;			/* the process's numbers of records, shared with dumps */
};

struct msglog_counters {
	counter_t records, written, dropped, held;	/* records = written + dropped + held */
};
extern const struct counter_row msglog_counter_rows[];
extern const size_t msglog_counter_count;

struct msglog *msglog_start(const struct rib *rib, const struct msglog_conf *conf);
void	msglog_stop(struct msglog *m);		/* writes what it has */

/* What struct rib_watcher calls. */
void	msglog_route(struct msglog *m, const struct rib_event *e);
void	msglog_teller(struct msglog *m, const struct teller *t, enum teller_event event);

/* To be called some times a second: hand over what has been made. */
void	msglog_flush(struct msglog *m);
void	msglog_reopen(struct msglog *m);
const struct msglog_counters *msglog_counters(const struct msglog *m);

#endif
