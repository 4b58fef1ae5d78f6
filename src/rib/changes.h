/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of changes of a RIB, for readers with threads of their own: what was announced, withdrawn
 * and swept, which tellers came and went, in order. Control copies a change into a batch of each
 * reader and formats nothing.
 *
 * A batch is a reader of epochs (core/epoch.h), as slices are: what it names stays good until
 * changes_done. What is on its way to a reader is bounded; one that is too far behind finds `lost`
 * in the batch that comes next: a history says so, current routes are taken from the RIB anew
 * (rib/scan.h).
 */
#ifndef WB_RIB_CHANGES_H
#define WB_RIB_CHANGES_H

#include "rib/rib.h"

/* A teller as readers see it: theirs as long as a batch names it, the same pointer for its whole life. */
struct change_teller {
	struct teller_info info;	/* with its name */
	uint32_t number;		/* counts up from 1; never used again */
	/* private: how many batches name it */
};

enum change_kind {
	CHANGE_ROUTE,			/* see `what`: RIB_NEW to RIB_REMOVED, RIB_SWEPT */
	CHANGE_TELLER,			/* see `event` */
};

struct change {
	const struct change_teller *teller;
	wall_t when;
	uint64_t seq;			/* the process's number of records */
	struct nlri nlri;
	uint32_t old, path;		/* 0: none */
	uint8_t kind, what, event;
};

struct change_batch {
	const struct change *change;
	size_t count;
	uint64_t lost;			/* changes before the first one that found no room */
};

struct changes;				/* control's side; becomes the RIB's watcher */
struct changes_reader;

struct changes_conf {
	uint32_t kinds;			/* bits 1 << enum teller_kind: whose changes */
	size_t most_bytes;		/* on their way; 0: 64 MiB */
};

struct changes *changes_new(struct rib *rib, struct epoch *ep);
void	changes_free(struct changes *c);		/* no reader left */
/* For who watches the RIB in its place, to pass on to it all there is. */
const struct rib_watcher *changes_watcher(const struct changes *c);
/* Control: begins with TELLER_UP of the tellers that are there. */
/* NULL: there are too many readers. */
struct changes_reader *changes_join(struct changes *c, const struct changes_conf *conf);
void	changes_leave(struct changes *c, struct changes_reader *r);
/* Control, some times a second: hand over what has been collected. */
void	changes_flush(struct changes *c);

/* The reader's thread. The next batch, or NULL; changes_fd is readable while there may be one. */
const struct change_batch *changes_take(struct changes_reader *r);
void	changes_done(struct changes_reader *r, const struct change_batch *b);
int	changes_fd(const struct changes_reader *r);

#endif
