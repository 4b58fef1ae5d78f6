/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of changes of a RIB, for readers with threads of their own: what was announced, withdrawn
 * and swept, which tellers came and went, in order. Control copies a change into a batch of each
 * reader and formats nothing.
 *
 * A batch is a reader of epochs (core/epoch.h), as slices are: what it names stays good until
 * changes_done. What is on its way to a reader is bounded, in bytes and in time: a batch that waits
 * too long loses its routes, so that a reader that stands still does not keep attributes for ever.
 * One that is too far behind finds `lost` in the batch that comes next: a history says so, current
 * routes are taken from the RIB anew (rib/scan.h). Tellers are never lost: what was not told of them
 * is made up for as soon as there is room.
 */
#ifndef WB_RIB_CHANGES_H
#define WB_RIB_CHANGES_H

#include "rib/rib.h"

#define CHANGES_READERS	8		/* at most, of one log */

/*
 * A teller as readers see it: the same pointer for its whole life, good from the first batch that
 * names it until the one with its TELLER_END is given back.
 */
struct change_teller {
	struct teller_info info;	/* with its name; the port is that of its first session */
	uint32_t number;		/* counts up from 1; never used again */
};

enum change_kind {
	CHANGE_ROUTE,			/* see `what`: RIB_NEW to RIB_REMOVED, RIB_SWEPT */
	CHANGE_TELLER,			/* see `event` */
	CHANGE_OTHER,			/* see `bytes`: changes_tell */
};

struct change {
	const struct change_teller *teller;	/* NULL: of none, CHANGE_OTHER only */
	wall_t when;
	uint64_t seq;			/* the process's number of records */
	struct nlri nlri;
	wall_t told;			/* of CHANGE_ROUTE: by its router's clock (BMP); 0: not known */
	uint32_t old, path;		/* 0: none */
	uint8_t kind, what, event;	/* enum change_kind, rib_change, teller_event */
	uint8_t flags;			/* of CHANGE_ROUTE: as changes_context has them */
	uint16_t port;			/* of TELLER_UP: of the session from now on */
	uint32_t len;
	void *bytes;			/* the batch's own */
};

struct change_batch {
	const struct change *change;
	size_t count;
	uint64_t lost;			/* changes before the first one that found no room */
};

struct changes;				/* control's side; the RIB's watcher while it has readers */
struct changes_reader;

struct changes_conf {
	uint32_t kinds;			/* bits 1 << enum teller_kind: whose changes */
	size_t most_bytes;		/* on their way; 0: 64 MiB */
	uint32_t most_s;		/* that they wait; 0: 30 */
};

struct changes *changes_new(struct rib *rib, struct epoch *ep);
void	changes_free(struct changes *c);		/* no reader left; NULL is fine */

/* The next of the process's numbers of records, for those that are not of a change. Control. */
uint64_t changes_number(struct changes *c);

/* Control: begins with TELLER_UP of the tellers that are up. NULL: too many readers. */
struct changes_reader *changes_join(struct changes *c, const struct changes_conf *conf);
/* Control: the last batch, in which all tellers go down. Nothing comes after it. */
void	changes_close(struct changes *c, struct changes_reader *r);
/* Control, when the reader's thread is over and has given back what it took. */
void	changes_leave(struct changes *c, struct changes_reader *r);

/* Control: another thing in its place among the changes of a kind of tellers; bytes are copied. */
void	changes_tell(struct changes *c, enum teller_kind kind, const void *bytes, size_t len);

/* Control: what routes are told with from now on. */
void	changes_context(struct changes *c, wall_t told, uint8_t flags);

/* Control, some times a second: hand over what has been collected. */
void	changes_flush(struct changes *c);

/* The reader's thread. The next batch, or NULL; changes_fd is readable while there may be one. */
const struct change_batch *changes_take(struct changes_reader *r);
void	changes_done(struct changes_reader *r, const struct change_batch *b);
int	changes_fd(const struct changes_reader *r);
/*
 * Wait until there may be a batch, or changes_wake was called since changes_take last found nothing:
 * what a waker wishes is looked at in between.
 */
void	changes_wait(struct changes_reader *r, int timeout_ms);
void	changes_wake(struct changes_reader *r);

/* Control: a reader's books, TELLER_END apart: told = given + lost + held, always. */
struct changes_figures {
	uint64_t told, given, lost, held;
	size_t held_bytes;
};

void	changes_figures(struct changes_reader *r, struct changes_figures *ret);

#endif
