/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory. mem_* return or end the daemon, so a size that comes from the wire is bounded before it
 * is allocated. What is indexed by ids lives in reserved address space (mem_reserve): it grows in
 * place and never moves, so that a reader on another thread may keep its base pointer.
 */
#ifndef WB_CORE_MEM_H
#define WB_CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void	*mem_new(size_t size);				/* zeroed */
void	*mem_array(size_t count, size_t size);		/* zeroed; checks the product */
void	*mem_grow(void *old, size_t count, size_t size);	/* realloc; new part not zeroed */
char	*mem_strdup(const char *text);
void	*mem_dup(const void *bytes, size_t len);
void	 mem_free(void *p);				/* NULL is fine */

/* Ask for large pages wherever they fit into [p, p + len); a wish, never an error. */
void	 mem_prefer_huge(void *p, size_t len);

/* Cache-line aligned and zeroed; given back with mem_free. */
void	*mem_aligned(size_t size);

/*
 * size bytes of address space, readable and zero, backed by memory only where touched. `huge`
 * asks for large pages. Given back whole with mem_unreserve.
 */
void	*mem_reserve(size_t size, int huge);
void	 mem_unreserve(void *base, size_t size);

/*
 * Touch the next large page of reserved space that is filled from its start, `used` bytes by now, unless
 * one is ready already: the kernel clears it at the first touch, which can take milliseconds that
 * whoever is in a hurry should not meet. touched: how far that went, 0 at first. True: one was touched.
 */
bool	 mem_touch_ahead(void *base, size_t size, size_t used, size_t *touched);

/* Give the pages wholly inside [p, p+len) of reserved space back; they read as zero again. */
void	 mem_release(void *p, size_t len);

/*
 * The same of several areas for whoever must not stay long: 16 MiB at a time. *at: how far it has come, 0 at
 * first. False: there was nothing left.
 */
struct mem_area {
	void *base;
	size_t len;
};
bool	 mem_release_some(const struct mem_area *area, size_t n, size_t *at);

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

#endif
