/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation that returns or ends the daemon, and reserved address space. */
#include "core/mem.h"

#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE_PAGE	((size_t)2 << 20)
#define RELEASE_STEP	((size_t)16 << 20)

static void
out_of_memory(size_t size)
{
	fprintf(stderr, "out of memory: %zu bytes were refused\n", size);
	abort();
}

void *
mem_new(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

void *
mem_array(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(count);
	return p;
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	void *p;

	if (size != 0 && count > SIZE_MAX / size)
		out_of_memory(SIZE_MAX);
	p = realloc(old, count * size > 0 ? count * size : 1);
	if (p == NULL)
		out_of_memory(count * size);
	return p;
}

void *
mem_dup(const void *bytes, size_t len)
{
	void *p = mem_new(len);

	if (len > 0)
		memcpy(p, bytes, len);
	return p;
}

char *
mem_strdup(const char *text)
{
	return mem_dup(text, strlen(text) + 1);
}

void
mem_free(void *p)
{
	free(p);
}

void *
mem_aligned(size_t size)
{
	size_t whole = (size + 63) & ~(size_t)63;
	void *p = aligned_alloc(64, whole > 0 ? whole : 64);

	if (p == NULL)
		out_of_memory(size);
	memset(p, 0, whole);
	return p;
}

void *
mem_reserve(size_t size, int huge)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_NORESERVE
	    | MAP_NORESERVE
#endif
	    , -1, 0);

	if (p == MAP_FAILED)
		out_of_memory(size);
#ifdef MADV_HUGEPAGE
	if (huge)
		(void)madvise(p, size, MADV_HUGEPAGE);
#else
	(void)huge;
#endif
	return p;
}

void
mem_prefer_huge(void *p, size_t len)
{
#ifdef MADV_HUGEPAGE
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)p + len) & ~(page - 1);

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
	(void)p;
	(void)len;
#endif
}

bool
mem_touch_ahead(void *base, size_t size, size_t used, size_t *touched)
{
	size_t from = *touched > used ? *touched : used;
	size_t next = ((uintptr_t)base + from + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE -
	    (uintptr_t)base;

	if (used == 0 || next > used + LARGE_PAGE || next >= size)
		return false;
	*((volatile char *)base + next) = 0;
	*touched = next + 1;
	return true;
}

void
mem_unreserve(void *base, size_t size)
{
	if (base != NULL)
		munmap(base, size);
}

void
mem_release(void *p, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)p + len) & ~(page - 1);

	if (to <= from)
		return;
#ifdef __linux__
	(void)madvise((void *)from, to - from, MADV_DONTNEED);
#else
	/* Elsewhere MADV_DONTNEED may keep the old bytes: map fresh zero pages over them. */
	(void)mmap((void *)from, to - from, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
#endif
}

bool
mem_release_some(const struct mem_area *area, size_t n, size_t *at)
{
	size_t skip = *at;

	for (size_t i = 0; i < n; skip -= area[i++].len) {
		size_t len = area[i].len;

		if (skip >= len)
			continue;
		len = len - skip < RELEASE_STEP ? len - skip : RELEASE_STEP;
		mem_release((char *)area[i].base + skip, len);
		*at += len;
		return true;
	}
	return false;
}
