/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns: a word per prefix id, in pages of 1,024 that exist where there is something to say.
 *
 * A cell is 0 for no route, else the id of a path, or with CELL_SET an interned set of several
 * paths (attrstore.h). One writer; readers see a page when it is published and never a mixture.
 */
#ifndef WB_RIB_COLUMN_H
#define WB_RIB_COLUMN_H

#include "rib/limbo.h"
#include "rib/lpm.h"

#define CELL_SET	(UINT32_C(1) << 31)
#define CELL_OWN	(UINT32_C(1) << 30)	/* of a path: its AS path is empty */
#define CELL_INDEX	(CELL_OWN - 1)

#define PAGE_CELLS	1024
#define PAGES_MOST	(LPM_IDS / PAGE_CELLS)

struct page {
	cell_t cell[PAGE_CELLS];
};

/* Pages come from large chunks, so that large tables are backed by large pages of the machine. */
struct pagepool {
	struct page **chunk;
	uint32_t chunks;
	uint32_t at;			/* next never used page of the last chunk */
	size_t touched;			/* of the last chunk, ahead of its use */
	struct page **free;
	uint32_t frees, free_room;
	uint32_t in_use;
};

void	pagepool_done(struct pagepool *pool);
bool	pagepool_ahead(struct pagepool *pool);	/* as slabs_ahead */

struct pages {
	struct page *_Atomic *dir;	/* by id / PAGE_CELLS; reserved space */
	uint16_t *count;		/* cells in use, by page */
	uint32_t empty;			/* pages without a cell in use */
	uint32_t top;			/* pages at and above this one were never there */
};

void	pages_init(struct pages *p);

/* A cell as any thread may see it; dir as loaded by the caller. */
static inline uint32_t
pages_cell(struct page *const _Atomic *dir, uint32_t id)
{
	struct page *page = atomic_load_explicit(
	    &((struct page *_Atomic *)(uintptr_t)dir)[id / PAGE_CELLS], memory_order_acquire);

	return page != NULL ? cell_get(&page->cell[id % PAGE_CELLS]) : 0;
}

static inline uint32_t
pages_get(const struct pages *p, uint32_t id)
{
	return pages_cell(p->dir, id);
}

/* Writer. */
void	pages_put(struct pages *p, struct pagepool *pool, uint32_t id, uint32_t cell);

/* Take page n out, to be freed after a grace period. */
void	pages_unhook(struct pages *p, struct pagepool *pool, struct limbo *limbo, uint32_t n);

/*
 * For walks over a column that look at the clock: the run of cells to go through next, from *from on,
 * which moves to its begin; gives its end, 0 where there is nothing more. Runs are short, for of a cell
 * with many paths, or of many tellers, each takes its time.
 */
#define RUN_CELLS	32

static inline uint32_t
pages_run(const struct pages *p, uint32_t *from)
{
	while (*from / PAGE_CELLS < p->top && p->count[*from / PAGE_CELLS] == 0)
		*from = (*from / PAGE_CELLS + 1) * PAGE_CELLS;
	return *from / PAGE_CELLS < p->top ? (*from / RUN_CELLS + 1) * RUN_CELLS : 0;
}

/* Unhook all pages without a cell in use. */
void	pages_trim(struct pages *p, struct pagepool *pool, struct limbo *limbo);

/* The directory itself, after a grace period; its pages are out already. */
void	pages_retire(struct pages *p, struct limbo *limbo);
void	pages_done(struct pages *p);

#endif
