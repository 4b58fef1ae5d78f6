/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal of an output that acknowledges (DESIGN.md 7): a folder with
 *
 *   instance              128 random bits as hex, made with the folder; locked while in use
 *   batch-<seq>.seg       the rows of a purge, written before they are sent, gone when acknowledged
 *   slice-<number>.seg    rows of a checkpoint, gone when a batch holds them
 *   acked.log             last acknowledged seq, so that no number is used twice
 *
 * What a crash leaves is found at the next start: batches are sent again, slices are added to the
 * open table. The ledger of the database says which of the batches had landed.
 *
 * Owned by the output's thread; the status may be read by any.
 */
#ifndef WB_OUT_JOURNAL_H
#define WB_OUT_JOURNAL_H

#include "core/counter.h"
#include "out/bintab.h"

struct journal;

#define JOURNAL_MOST	(UINT64_C(8) << 30)	/* bytes on disk, for an output that does not say */

enum journal_sync { JOURNAL_SYNC_NONE, JOURNAL_SYNC_BATCH, JOURNAL_SYNC_SLICE };

struct journal_conf {
	const char *dir;
	const char *subject;		/* for log lines */
	uint64_t most_bytes;		/* on disk; 0: no bound */
	enum journal_sync sync;
};

struct journal_status {
	counter_t bytes;		/* on disk now */
	counter_t batches;		/* not acknowledged yet */
	counter_t slices;		/* not yet in a batch */
	counter_t written, acked;
	counter_t recovered_rows;	/* of slices, at the start */
	counter_t refused;		/* segments that the bound or the disk did not take */
	counter_t bad;			/* segments set aside: torn, changed */
	counter_t foreign;		/* of another aggregate: kept, not read */
};
extern const struct counter_row journal_rows[];
extern const size_t journal_row_count;

/* Opens or makes the folder, its parents too. NULL with a sentence. */
struct journal *journal_open(const struct journal_conf *conf, const struct plan *plan,
	    struct names *names, struct sbuf *err);
void	journal_close(struct journal *j);
const char *journal_instance(const struct journal *j);		/* 32 hex digits */
const char *journal_dir(const struct journal *j);
const struct plan *journal_plan(const struct journal *j);
struct journal_status *journal_status(struct journal *j);

/* At the start, once: add the rows of left-over slices to the table. Gives how many. */
size_t	journal_recover(struct journal *j, struct bintab *tab);

/*
 * The oldest batch that is not acknowledged, into an empty table. false: none. What cannot be
 * read is set aside and said.
 */
bool	journal_next(struct journal *j, struct bintab *tab, uint64_t *ret_seq);

/* A checkpoint: rows that came since the last one. -1 with a sentence: they are in memory only. */
int	journal_slice(struct journal *j, const struct bintab *tab, struct sbuf *err);

/*
 * The rows of a purge, which take the place of all slices so far. Gives the number of the purge in
 * any case; -1 with a sentence where the rows are in memory only.
 */
int	journal_batch(struct journal *j, const struct bintab *tab, uint64_t *ret_seq,
	    struct sbuf *err);

/* The database has the batch for good. */
void	journal_ack(struct journal *j, uint64_t seq);

#endif
