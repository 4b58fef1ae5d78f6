/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the RIB share: tables, tellers, columns and views as they are inside.
 *
 * rib.c tables and background work, teller.c announcing, orphan.c tellers without a session,
 * merged.c columns of several tellers, view.c lookups, walk.c and scan.c reading for people and
 * files.
 */
#ifndef WB_RIB_PRIV_H
#define WB_RIB_PRIV_H

#include "core/hash.h"
#include "rib/attrstore.h"
#include "rib/column.h"
#include "rib/prefixset.h"
#include "rib/rib.h"
#include "rib/vrfmap.h"

#define TABLES_MOST	16384
#define COLUMN_BYTES	(UINT64_C(24) << 10)	/* what an empty column is charged with */

struct table {
	uint64_t rd;
	enum rib_afi afi;
	uint32_t number;
	struct prefixset prefixes;
};

struct column {
	struct page *_Atomic *_Atomic dir;	/* the readers' way in; NULL: detached */
	struct teller *teller;		/* NULL: gone; see ghost */
	struct teller *ghost;		/* of a dead column: whose routes the watcher is told of */
	struct table *table;
	enum rib_safi safi;
	uint32_t tier;			/* in a view; also for readers, who must not ask the teller */
	uint32_t number;		/* in rib->column */
	struct pages path;
	struct pages label;		/* cold; dir NULL where the SAFI has no labels */
	uint64_t routes;
	struct column *next;		/* of the teller; then of the dead ones */
	struct merged *merged;		/* what its routes go into as well; NULL: views list it itself */
	struct column *next_source;	/* of that */
	/* Stale routes: */
	uint64_t *told;			/* by prefix id: told again; NULL unless rib_stale was called */
	uint32_t told_ids;
	uint32_t sweep_at;		/* next id to look at, 0: no sweep under way */
	uint32_t clear_at;		/* of a dead column: next cell to empty */
	unsigned pins;			/* walks that are at it (scan.c): it stays until they end */
};

struct teller {
	struct rib *rib;
	struct teller_info info;
	char *name;
	uint64_t number;
	struct teller *prev, *next;
	struct column *columns, **columns_end;	/* in the order they were made */
	struct column *last;		/* the column asked for most recently */
	size_t spent;			/* pool bytes caused since the last marking */
	size_t told;			/* pool bytes caused ever */
	struct attr_owner *owner;	/* NULL: it has not told much yet */
	bool orphan;
	bool said_down;			/* to the watcher */
	unsigned buried;		/* columns not yet emptied, of one gone while it was watched */
	mono_t stale_until;		/* 0: nothing to sweep by time */
	bool down;
	bool merges;			/* owns a merged column, is in no list */
};

enum gc_phase { GC_IDLE, GC_MARK, GC_SWEEP, GC_GRACE, GC_RECLAIM };

struct rib {
	struct epoch *ep;
	struct rib_conf conf;
	_Atomic uint32_t generation;
	struct limbo limbo;
	struct attrstore attrs;
	struct pagepool pool;
	struct table **table;
	uint32_t tables;
	struct slots table_at;
	struct column **column;		/* by number; NULL: free */
	uint32_t columns, columns_room;
	uint32_t *free_number, free_numbers;
	struct slots column_at;
	struct column *dead;
	struct teller *first, *last;
	uint64_t tellers;		/* ever */
	uint64_t routes;
	struct views *views;
	struct merges *merges;
	uint64_t merged, merged_full;	/* as in struct rib_stats */
	struct imports *imports;	/* import.c; NULL: there are no VRFs */
	uint32_t work_table, work_column;	/* where background work goes on */
	enum gc_phase gc;
	bool gc_wanted;
	uint32_t gc_column, gc_cell;	/* where marking goes on */
	uint64_t gc_epoch;
	size_t gc_floor;		/* pool bytes after the last marking */
	uint64_t gc_routes;		/* routes then */
	uint64_t gc_loosened;		/* cells since then that no longer name what they named */
	unsigned ghosts;		/* dead columns whose routes a watcher is still told of */
	uint64_t announces, withdraws, markings, refused;
	const struct rib_watcher *watcher;	/* NULL: nobody */
	uint32_t was;			/* the path that the last announce or withdraw met */
};

static inline enum rib_afi
afi_of(const struct addr *a)
{
	return addr_is_v4(a) ? RIB_IP4 : RIB_IP6;
}

struct table *table_find(const struct rib *rib, uint64_t rd, enum rib_afi afi);
struct table *table_get(struct rib *rib, uint64_t rd, enum rib_afi afi);	/* NULL: no room */

/* The column for a teller's routes; `make` one where it is missing. NULL: none, or no room. */
struct column *column_of(struct teller *t, enum rib_safi safi, uint64_t rd, enum rib_afi afi,
	    bool make);
void	column_detach(struct rib *rib, struct column *col);

/* Withdraw what was not told again, until `until` but a run of it at least; true: more to do. In teller.c. */
bool	column_sweep(struct column *col, mono_t until);

/* A column that is detached is emptied by background work; one that is walked waits for that. */
void	column_bury(struct rib *rib, struct column *col);

/* End what is due; sweeps go on as work of their columns. In orphan.c. */
void	orphans_work(struct rib *rib, mono_t until);

void	nlri_of(const struct column *c, uint32_t id, const struct member *m, struct nlri *ret);

static inline void
tell_watcher(const struct rib *rib, const struct teller *t, enum teller_event event)
{
	if (rib->watcher != NULL && rib->watcher->teller != NULL)
		rib->watcher->teller(rib->watcher->ctx, t, event);
}

/* The watcher is told that a route went with its teller, or by a sweep. */
void	tell_swept(const struct rib *rib, const struct teller *t, const struct column *col,
	    uint32_t id, const struct member *m);
void	teller_say(struct teller *t, bool up);
void	teller_free(struct teller *t);

/*
 * Merged columns, in merged.c: what several tellers of one router tell of one of its RIBs, as one
 * column. A column either joins one and is no part of views itself, or is listed in them.
 */
void	merges_init(struct rib *rib);
void	merges_done(struct rib *rib);
bool	merged_join(struct column *col);	/* false: it stands for itself */
void	merged_leave(struct column *col);	/* its teller goes; its routes follow by merged_change */
void	merged_change(struct column *col, uint32_t id, uint32_t old, uint32_t cell);
void	merged_forget(struct column *col);	/* the last of its routes went */
struct column *merged_sources(const struct column *merged);	/* linked by next_source */

/* What a teller caused in the pool since `before` bytes of it were in use. In teller.c. */
void	teller_charge(struct teller *t, size_t before);

/* Views, in view.c. */
void	views_init(struct rib *rib);
void	views_done(struct rib *rib);
void	views_teller(struct rib *rib, const struct teller *t, int by);	/* +1 came, -1 went */
void	views_column(struct rib *rib, struct column *col, bool add);
void	views_down(struct rib *rib, const struct teller *t, int by);	/* +1 went down, -1 is back */

#endif
