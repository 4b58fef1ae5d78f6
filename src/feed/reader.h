/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader: one thread for what walks the RIB and waits for disks: snapshots, dumps, exports,
 * searches. Jobs run one after the other; when one is over, control is woken and told, and gives
 * back what it had prepared for it (a scan, above all).
 */
#ifndef WB_FEED_READER_H
#define WB_FEED_READER_H

#include <stdbool.h>

#include "core/epoch.h"

struct reader;

struct reader_job {
	void (*run)(struct reader *r, void *arg);	/* the reader's thread; offline at first */
	void (*over)(void *arg, bool ran);		/* control; !ran: the reader ended before */
	void *arg;
};

struct reader *reader_start(struct epoch *ep);

/* Let the job at hand end early where it minds reader_is_ending; jobs behind it do not run. */
void	reader_stop(struct reader *r);

/* Control: take a job; false where too many wait, and nothing of it was called. */
bool	reader_ask(struct reader *r, const struct reader_job *job);

/* Control: readable when jobs are over; reader_collect calls their `over`. */
int	reader_fd(const struct reader *r);
void	reader_collect(struct reader *r);

/* For jobs: the thread's own slot, to be offline at the end of a job and while it blocks. */
struct epoch *reader_epoch(const struct reader *r);
struct epoch_reader *reader_slot(const struct reader *r);
bool	reader_is_ending(const struct reader *r);

#endif
