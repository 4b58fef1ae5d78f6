/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Outputs. A kind of output is a row: how it opens, how it writes a row set, how it closes. The
 * frame (out/frame.c) is the thread around it: takes slices, keeps the bin table, purges on time,
 * retries with the data kept, counts. Adding an output is one file and one row in
 * waybilld/kinds.c.
 */
#ifndef WB_OUT_OUTPUT_H
#define WB_OUT_OUTPUT_H

#include <poll.h>

#include "core/chan.h"
#include "core/counter.h"
#include "out/bintab.h"

struct out_env {
	const struct conf *conf;	/* of the configuration in force when the output started */
	size_t output;			/* its index there */
	const char *name, *type;
	const struct plan *plan;
	struct value_style style;
	const struct names *names;
	const char *subject;		/* for log lines: "name/type" */
};

/* Rows that a database does not take as they are; the output set them aside. */
struct out_rejected {
	uint64_t rows, bytes, packets;
};

/* The looks of an output's values, as its configuration has them; any output. */
struct value_style out_style(const struct conf *conf, size_t output, const struct names *names);

/* One purge. */
struct purge {
	uint64_t seq;			/* counts up per output over restarts, for outputs with a
					   journal; else from 1 */
	wall_t now;			/* stamp_updated */
	bool last;			/* the daemon ends after this */
	const char *instance;		/* of the journal, 32 hex digits; NULL: no journal */
	bool left_over;			/* an earlier run may have written it */
	struct out_rejected *rejected;	/* write says here what it set aside; NULL: nobody asks */
};

struct out_kind {
	const char *type;
	bool journal;			/* acknowledges: slices are journalled, batches exactly once */
	/* NULL with a sentence in err. Runs in the output's thread. */
	void *(*open)(const struct out_env *env, struct sbuf *err);
	/* Settings that cannot work, found before anything starts (and by `waybill check`). */
	void (*check)(const struct out_env *env, struct conf_notes *notes);
	/* All rows of one bin. 0: done, they are there for good. -1: not done, and nothing of it is
	   there; the frame keeps the rows and gives the same ones again under the same purge.
	   May be NULL (memory). */
	int (*write)(void *self, const struct purge *purge, const struct rowset *rs,
	    struct sbuf *err);
	/* After the last bin of a purge: latest links, triggers. May be NULL. */
	void (*purged)(void *self, const struct purge *purge, size_t rows);
	void (*reopen)(void *self);	/* SIGHUP. May be NULL */
	void (*close)(void *self);
	/* `memory`: serves its clients between slices, in the output's thread. May be NULL. */
	int (*fds)(void *self, struct pollfd *fd, int most);
	void (*serve)(void *self, struct bintab *tab);
};

const struct out_kind *const *out_kinds(size_t *ret_count);	/* waybilld/kinds.c */
const struct out_kind *out_kind(const char *type);

/*
 * The output books: handed + made = added + filtered; bytes (packets) added = purged + rejected +
 * held. The output's thread writes all of them.
 */
struct out_counters {
	counter_t flows_in;		/* handed to this output by the workers */
	counter_t made;			/* by sum_*: the second side */
	counter_t filtered;		/* by pre_tag_map, aggregate_filter and the tag filters */
	counter_t reason[FILTER_REASONS];	/* of those */
	counter_t flows_added;		/* went into entries */
	counter_t late;			/* of those handed: out of bin_past..bin_future */
	counter_t bytes_added, packets_added;
	counter_t bytes_held, packets_held;	/* in slices and the bin table, not yet purged */
	counter_t bytes_purged, packets_purged;
	counter_t rows_purged, purges, retries, slices, early_slices;
	counter_t rows_rejected;	/* by *_preprocess or the table, with what they held: */
	counter_t bytes_rejected, packets_rejected;
};
extern const struct counter_row out_counter_rows[];
extern const size_t out_counter_count;

/* The frame. */
struct output;

struct output *output_start(const struct out_kind *kind, const struct out_env *env,
	    const struct rib *rib, struct sbuf *err);

/* Worker: hand a slice over (takes it). false: the output is behind; keep it and go on. */
bool	output_give(struct output *o, struct slice *s);
/* Where slices are to be opened: on memory of those that are through. */
struct rack *output_rack(struct output *o);
/* How long a slice of this output may stay open, ns. */
int64_t	output_slice_ns(const struct output *o);

/*
 * Control: ask for a purge now / reopen files; flush what was given, close, and end the thread
 * (counters and state can still be read then); the same where it was not done, and free.
 */
void	output_flush(struct output *o);
void	output_reopen(struct output *o);
void	output_finish(struct output *o);
void	output_stop(struct output *o);

struct out_counters *output_counters(struct output *o);
struct journal_status;
/* NULL: the output has no journal, or could not make one. See out/journal.h for the rows. */
struct journal_status *output_journal(const struct output *o);
const struct out_env *output_env(const struct output *o);
const char *output_state(const struct output *o, struct sbuf *b);	/* "ok", or what is wrong */

#endif
