/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of routes on their way into a history: batches in a folder, each a file from before it is
 * sent until a database has it for good. A batch that a file does not take stays in memory, within
 * bounds; what goes beyond them is dropped, counted, and told by the next batch.
 *
 * One thread fills and puts, another takes and is done; put, first and done may be called by any.
 */
#ifndef WB_SQL_ROUTESPOOL_H
#define WB_SQL_ROUTESPOOL_H

#include <sys/queue.h>

#include "sql/route.h"

/* pmacct's words of log_type and event_type, and one more: changes are missing here. */
enum route_event {
	ROUTE_UPDATE, ROUTE_WITHDRAW, ROUTE_DELETE, ROUTE_LOG_INIT, ROUTE_LOG_CLOSE, ROUTE_LOST,
	ROUTE_EVENTS,
	ROUTE_TELLER = ROUTE_EVENTS,	/* no row: what key.teller of later ones stands for */
};

/* In a batch, with attributes (or a teller) behind it. */
struct route_record {
	uint32_t size;			/* of all, a multiple of 8 */
	uint32_t event;			/* enum route_event */
	uint64_t seq;
	wall_t when;
	struct route_key key;		/* its teller: where in the batch the teller stands, in 8 bytes;
					   a lost one has none */
	uint64_t label;
	uint64_t entries;		/* lost: how many */
};

_Static_assert(sizeof(struct route_record) == 80, "no holes");

struct routebatch {
	struct sbuf bytes;		/* records; empty while they are on disk only */
	uint64_t rows, seq, digest;
	uint64_t run;			/* of the daemon */
	wall_t bin;			/* all rows are of this bin, or the time of the first one */
	char instance[33];
	char *file;			/* NULL: in memory only */
	size_t size;			/* bytes */
	TAILQ_ENTRY(routebatch) entry;
};

struct routebatch *routebatch_new(uint64_t run, wall_t bin);
void	routebatch_free(struct routebatch *b);
/* Give the place of the teller in this batch, for keys. */
uint32_t routebatch_teller(struct routebatch *b, const struct route_teller *t);
/* r->size and what stands behind it are set here; attrs NULL: none. */
void	routebatch_add(struct routebatch *b, struct route_record *r, const struct route_attrs *attrs);

static inline const struct route_record *
routebatch_at(const struct routebatch *b, size_t offset)
{
	return (const void *)(b->bytes.text + offset);
}

static inline const struct route_attrs *
route_record_attrs(const struct route_record *r)	/* NULL: none */
{
	return r->size > sizeof(*r) ? (const void *)(r + 1) : NULL;
}

static inline const struct route_teller *
route_record_teller(const struct routebatch *b, const struct route_record *r)
{
	return (const void *)(routebatch_at(b, (size_t)r->key.teller * 8) + 1);
}

struct routespool_conf {
	const char *dir;		/* made where it is missing */
	const char *subject;		/* for log lines */
	uint64_t most_bytes;		/* on disk */
	bool sync;			/* force files to disk */
};

struct routespool;

/* Batches of earlier runs come first. NULL with a sentence: somebody else is at it, or no folder. */
struct routespool *routespool_open(const struct routespool_conf *conf, struct sbuf *err);
void	routespool_close(struct routespool *s);

/* Takes the batch. False: there is no room, the batch is gone, and so are its rows. */
bool	routespool_put(struct routespool *s, struct routebatch *b);

/* The oldest batch, to be read; NULL: none. It stays the first until it is done. */
struct routebatch *routespool_first(struct routespool *s);
void	routespool_done(struct routespool *s, struct routebatch *b);

struct routespool_held {
	uint64_t rows, batches, bytes;
	uint64_t recovered;		/* rows that were there at the start */
	uint64_t bad;			/* files set aside */
	uint64_t bad_rows;		/* ... their rows, as far as they say */
};

void	routespool_held(struct routespool *s, struct routespool_held *ret);

#endif
