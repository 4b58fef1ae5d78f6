/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of columns: where they come from and where they go. */
#include "rib/column.h"

#include <assert.h>

#include "core/mem.h"

#define CHUNK_PAGES	4096			/* 16 MiB */

static struct page *
page_new(struct pagepool *pool)
{
	pool->in_use++;
	if (pool->frees > 0)
		return pool->free[--pool->frees];
	if (pool->chunks == 0 || pool->at == CHUNK_PAGES) {
		pool->chunk = mem_grow(pool->chunk, pool->chunks + 1, sizeof(pool->chunk[0]));
		pool->chunk[pool->chunks++] = mem_reserve(CHUNK_PAGES * sizeof(struct page), 1);
		pool->at = 0;
		pool->touched = 0;
	}
	return &pool->chunk[pool->chunks - 1][pool->at++];
}

/* The kernel takes the memory back and gives zeros at the next touch. */
static void
page_free(void *owner, void *thing, uint32_t number)
{
	struct pagepool *pool = owner;

	(void)number;
	mem_release(thing, sizeof(struct page));
	if (pool->frees == pool->free_room) {
		pool->free_room = pool->free_room > 0 ? 2 * pool->free_room : 64;
		pool->free = mem_grow(pool->free, pool->free_room, sizeof(pool->free[0]));
	}
	pool->free[pool->frees++] = thing;
	pool->in_use--;
}

bool
pagepool_ahead(struct pagepool *pool)
{
	return pool->chunks > 0 && mem_touch_ahead(pool->chunk[pool->chunks - 1],
	    CHUNK_PAGES * sizeof(struct page), pool->at * sizeof(struct page), &pool->touched);
}

void
pagepool_done(struct pagepool *pool)
{
	for (uint32_t i = 0; i < pool->chunks; i++)
		mem_unreserve(pool->chunk[i], CHUNK_PAGES * sizeof(struct page));
	mem_free(pool->chunk);
	mem_free(pool->free);
}

void
pages_init(struct pages *p)
{
	*p = (struct pages){ 0 };
	p->dir = mem_reserve(PAGES_MOST * sizeof(p->dir[0]), 0);
	p->count = mem_reserve(PAGES_MOST * sizeof(p->count[0]), 0);
}

void
pages_put(struct pages *p, struct pagepool *pool, uint32_t id, uint32_t cell)
{
	uint32_t n = id / PAGE_CELLS;
	struct page *page = atomic_load_explicit(&p->dir[n], memory_order_relaxed);
	uint32_t old;

	if (page == NULL) {
		if (cell == 0)
			return;
		page = page_new(pool);
		atomic_store_explicit(&p->dir[n], page, memory_order_release);
		p->empty++;
		if (n >= p->top)
			p->top = n + 1;
	}
	old = cell_get(&page->cell[id % PAGE_CELLS]);
	cell_put(&page->cell[id % PAGE_CELLS], cell);
	if (old == 0 && cell != 0 && p->count[n]++ == 0)
		p->empty--;
	else if (old != 0 && cell == 0 && --p->count[n] == 0)
		p->empty++;
}

void
pages_unhook(struct pages *p, struct pagepool *pool, struct limbo *limbo, uint32_t n)
{
	struct page *page = atomic_load_explicit(&p->dir[n], memory_order_relaxed);

	if (page == NULL)
		return;
	if (p->count[n] == 0)
		p->empty--;
	p->count[n] = 0;
	atomic_store_explicit(&p->dir[n], NULL, memory_order_release);
	limbo_put(limbo, (struct limbo_item){ page_free, pool, page, 0 });
}

void
pages_trim(struct pages *p, struct pagepool *pool, struct limbo *limbo)
{
	for (uint32_t n = 0; n < p->top && p->empty > 0; n++)
		if (p->count[n] == 0)
			pages_unhook(p, pool, limbo, n);
}

static void
dir_free(void *owner, void *thing, uint32_t number)
{
	(void)owner;
	(void)number;
	mem_unreserve(thing, PAGES_MOST * sizeof(struct page *));
}

void
pages_retire(struct pages *p, struct limbo *limbo)
{
	limbo_put(limbo, (struct limbo_item){ dir_free, NULL, p->dir, 0 });
	mem_unreserve(p->count, PAGES_MOST * sizeof(p->count[0]));
	*p = (struct pages){ 0 };
}

void
pages_done(struct pages *p)
{
	mem_unreserve(p->dir, PAGES_MOST * sizeof(p->dir[0]));
	mem_unreserve(p->count, PAGES_MOST * sizeof(p->count[0]));
}
